/* /metrics/resource: Prometheus text, families in order of name, series in
 * order of labels, times in milliseconds. */
#include "summary.h"

#define LINE_BYTES 640 /* the longest name of a series, its value and time */

static char *
put_exponent(char *p, int exponent)
{
    *p++ = 'e';
    *p++ = exponent < 0 ? '-' : '+';
    unsigned size = (unsigned)(exponent < 0 ? -exponent : exponent);
    return fast_put(p, fast_digit_pairs + 2 * size, 2);
}

/* value * 10^(-scale) as Go prints a float: plain from 1e-4 to below 1e6, else
 * with an exponent; no zeros at the end. */
static char *
put_decimal(char *p, uint64_t value, int scale)
{
    char digits[24];
    int count = (int)(fast_u64(digits, value) - digits);
    int exponent = count - 1 - scale;
    while (count > 1 && digits[count - 1] == '0') {
        count--;
    }
    if (value == 0) {
        *p++ = '0';
        return p;
    }
    if (exponent < -4 || exponent >= 6) {
        *p++ = digits[0];
        if (count > 1) {
            *p++ = '.';
            p = fast_put(p, digits + 1, (size_t)count - 1);
        }
        return put_exponent(p, exponent);
    }
    if (exponent < 0) {
        p = fast_put(p, "0.0000", (size_t)(1 - exponent));
        return fast_put(p, digits, (size_t)count);
    }
    for (int i = 0; i <= exponent || i < count; i++) {
        if (i == exponent + 1) {
            *p++ = '.';
        }
        *p++ = i < count ? digits[i] : '0';
    }
    return p;
}

static char *
put_time(char *p, int64_t time_ms)
{
    *p++ = ' ';
    p = fast_u64(p, (uint64_t)time_ms);
    *p++ = '\n';
    return p;
}

enum family { FAMILY_CPU, FAMILY_MEMORY, FAMILY_START, FAMILY_SWAP, FAMILY_COUNT };

struct family_text {
    const char *head[3]; /* container, node, pod; NULL = none */
    const char *name[3];
};

#define HEAD(name, type, help) "# HELP " name " [ALPHA] " help "\n# TYPE " name " " type "\n"

static const struct family_text families[FAMILY_COUNT] = {
    {{HEAD("container_cpu_usage_seconds_total", "counter",
           "Cumulative cpu time consumed by the container in core-seconds"),
      HEAD("node_cpu_usage_seconds_total", "counter",
           "Cumulative cpu time consumed by the node in core-seconds"),
      HEAD("pod_cpu_usage_seconds_total", "counter",
           "Cumulative cpu time consumed by the pod in core-seconds")},
     {"container_cpu_usage_seconds_total", "node_cpu_usage_seconds_total",
      "pod_cpu_usage_seconds_total"}},
    {{HEAD("container_memory_working_set_bytes", "gauge",
           "Current working set of the container in bytes"),
      HEAD("node_memory_working_set_bytes", "gauge", "Current working set of the node in bytes"),
      HEAD("pod_memory_working_set_bytes", "gauge", "Current working set of the pod in bytes")},
     {"container_memory_working_set_bytes", "node_memory_working_set_bytes",
      "pod_memory_working_set_bytes"}},
    {{HEAD("container_start_time_seconds", "gauge",
           "Start time of the container since unix epoch in seconds"),
      NULL, NULL},
     {"container_start_time_seconds", NULL, NULL}},
    {{HEAD("container_swap_usage_bytes", "gauge",
           "Current amount of the container swap usage in bytes. Reported only on "
           "non-windows systems"),
      HEAD("node_swap_usage_bytes", "gauge",
           "Current swap usage of the node in bytes. Reported only on non-windows "
           "systems"),
      HEAD("pod_swap_usage_bytes", "gauge",
           "Current amount of the pod swap usage in bytes. Reported only on "
           "non-windows systems")},
     {"container_swap_usage_bytes", "node_swap_usage_bytes", "pod_swap_usage_bytes"}},
};

static char *
put_value(char *p, enum family family, const struct cpu_memory_stats *use)
{
    *p++ = ' ';
    if (family == FAMILY_CPU) {
        p = put_decimal(p, use->core_ns, 9);
    } else if (family == FAMILY_MEMORY) {
        p = put_decimal(p, use->working_set, 0);
    } else {
        p = put_decimal(p, use->swap_usage, 0);
    }
    return put_time(p, use->time_ms);
}

static char *
put_labels(char *p, const struct pod *pod)
{
    size_t space_len = (size_t)(pod->object.name - pod->object.key) - 1;
    p = FAST_LIT(p, "namespace=\"");
    p = fast_name(p, pod->object.key, space_len);
    p = FAST_LIT(p, "\",pod=\"");
    p = fast_name(p, pod->object.name, pod->object.name_len);
    return FAST_LIT(p, "\"}");
}

static void
put_container_line(struct buf *out, const struct stats_view *view, enum family family,
                   const struct pod *pod, uint32_t index)
{
    const struct cluster *cluster = view->cluster;
    const char *name = families[family].name[0];
    struct cpu_memory_stats use;
    buf_reserve(out, LINE_BYTES);
    char *p = out->data + out->len;
    p = fast_put(p, name, strlen(name));
    p = FAST_LIT(p, "{container=\"");
    p = fast_name(p, cluster->container_names[index], cluster->container_name_len[index]);
    p = FAST_LIT(p, "\",");
    p = put_labels(p, pod);
    if (family == FAMILY_START) {
        *p++ = ' ';
        p = put_decimal(p, (uint64_t)pod->containers[index].start_ms, 3);
        *p++ = '\n';
    } else {
        stats_container_use(view, pod, index, &use);
        p = put_value(p, family, &use);
    }
    out->len = (size_t)(p - out->data);
}

static void
put_containers(struct buf *out, const struct stats_view *view, enum family family)
{
    buf_text(out, families[family].head[0]);
    for (uint32_t c = 0; c < view->cluster->options->containers_per_pod; c++) {
        for (uint32_t i = 0; i < view->node->pod_count; i++) {
            if (stats_pod_running(view->node->pods[i])) {
                put_container_line(out, view, family, view->node->pods[i], c);
            }
        }
    }
}

static void
put_node(struct buf *out, const struct stats_view *view, enum family family)
{
    struct cpu_memory_stats use;
    stats_node_use(view, &use);
    buf_text(out, families[family].head[1]);
    buf_text(out, families[family].name[1]);
    buf_reserve(out, LINE_BYTES);
    char *p = put_value(out->data + out->len, family, &use);
    out->len = (size_t)(p - out->data);
}

static void
put_pods(struct buf *out, const struct stats_view *view, enum family family)
{
    const char *name = families[family].name[2];
    buf_text(out, families[family].head[2]);
    for (uint32_t i = 0; i < view->node->pod_count; i++) {
        const struct pod *pod = view->node->pods[i];
        struct cpu_memory_stats use;
        if (!stats_pod_running(pod)) {
            continue;
        }
        stats_pod_use(view, pod, &use);
        buf_reserve(out, LINE_BYTES);
        char *p = out->data + out->len;
        p = fast_put(p, name, strlen(name));
        *p++ = '{';
        p = put_labels(p, pod);
        p = put_value(p, family, &use);
        out->len = (size_t)(p - out->data);
    }
}

void
resource_write(struct buf *out, const struct stats_view *view)
{
    const struct options *options = view->cluster->options;
    for (unsigned part = 0; part < 3; part++) {
        for (unsigned i = 0; i < FAMILY_COUNT; i++) {
            enum family family = (enum family)i;
            if (families[i].head[part] == NULL || (family == FAMILY_SWAP && !options->swap) ||
                (family == FAMILY_START && !options->start_times)) {
                continue;
            }
            if (part == 0) {
                put_containers(out, view, family);
            } else if (part == 1) {
                put_node(out, view, family);
            } else {
                put_pods(out, view, family);
            }
        }
    }
    BUF_LIT(
        out,
        HEAD("scrape_error", "gauge",
             "1 if there was an error while getting container metrics, 0 otherwise") "scrape_error "
                                                                                     "0\n");
}
