#include "api/summary_row.h"

#include "api/html.h"
#include "base/error.h"

double
summary_value(const struct target *target, enum metric metric)
{
    struct metric_value value;
    struct wall_ms time;
    if (!target_metric(target, metric, (struct text){"", 0}, 0, &value, &time)) {
        return -1;
    }
    return value.is_double ? value.real : (double)value.u64;
}

static void
pill(struct out *out, const char *level, const char *word)
{
    out_format(out, "<span class=\"pill %s\">%s</span> ", level, word);
}

static void
cpu_cell(struct out *out, double used, double whole)
{
    out_string(out, "<td>");
    if (used < 0) {
        out_string(out, "–");
    } else {
        html_bar(out, used, whole);
        html_cpu(out, used);
    }
    out_string(out, "</td>");
}

static void
bytes_cell(struct out *out, double used, double whole)
{
    out_string(out, "<td>");
    if (used < 0) {
        out_string(out, "–");
    } else {
        html_bar(out, used, whole);
        html_bytes(out, used);
    }
    out_string(out, "</td>");
}

static void
count_cell(struct out *out, double count)
{
    if (count < 0) {
        out_string(out, "<td class=\"num\">–</td>");
    } else {
        out_format(out, "<td class=\"num\">%.0f</td>", count);
    }
}

void
summary_node_head(struct out *out)
{
    out_string(out, "<thead><tr><th>Node</th><th>State</th><th>CPU</th><th>Memory</th>"
                    "<th class=\"num wide\">Pods</th><th class=\"wide\">CPU allocatable</th>"
                    "<th class=\"wide\">Memory allocatable</th><th class=\"num wide\">Sample</th>"
                    "</tr></thead>");
}

static void
node_pressures(struct out *out, const struct node_row *row)
{
    const struct {
        uint8_t state;
        const char *word;
    } pressures[] = {
        {row->memory_pressure, "memory pressure"},
        {row->disk_pressure, "disk pressure"},
        {row->pid_pressure, "PID pressure"},
        {row->network_unavailable, "no network"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(pressures); i++) {
        if (pressures[i].state == CONDITION_TRUE) {
            pill(out, "bad", pressures[i].word);
        }
    }
}

static void
node_state(struct out *out, const struct node_row *row)
{
    bool pseudo = (row->head.flags & ROW_PSEUDO) != 0;
    out_string(out, "<td class=\"state\">");
    if (row->ready == CONDITION_TRUE) {
        pill(out, "ok", "ready");
    } else if (row->ready == CONDITION_FALSE) {
        pill(out, "bad", "not ready");
    } else if (pseudo) {
        pill(out, row->scrape.failure_streak == 0 ? "ok" : "bad", "this machine");
    } else {
        pill(out, "warn", "unknown");
    }
    if ((row->head.flags & ROW_UNSCHEDULABLE) != 0) {
        pill(out, "warn", "cordoned");
    }
    node_pressures(out, row);
    if (row->scrape.failure_streak > 0) {
        out_string(out, "<span class=\"pill bad\" title=\"");
        html_text(out, text_of(error_sentence(row->scrape.last_error)));
        out_format(out, "\">%s \u00d7%u</span>", error_name(row->scrape.last_error),
                   row->scrape.failure_streak);
    }
    out_string(out, "</td>");
}

static double
first_positive(double a, double b)
{
    return a > 0 ? a : b;
}

static void
sample_age_cell(struct out *out, const struct node_row *row, struct wall_ms now)
{
    uint32_t cycle_s = row->samples[row->head.newest % SAMPLES_PER_ROW].head.cycle_s;
    out_string(out, "<td class=\"num wide dim\">");
    if (cycle_s == 0) {
        out_string(out, "none");
    } else {
        html_duration(out, now.ms - (int64_t)cycle_s * MS_PER_S);
    }
    out_string(out, "</td>");
}

void
summary_node_row(struct out *out, const struct target *node, struct wall_ms now)
{
    const struct node_row *row = &node->node.row;
    double cpu = first_positive((double)row->cpu_allocatable_milli,
                                (double)row->cpu_capacity_milli);
    double memory = first_positive((double)row->memory_allocatable, (double)row->memory_capacity);
    out_string(out, "<tr><td class=\"name\">");
    html_text(out, node->node.name);
    if (node->node.kubelet_version.size > 0) {
        out_string(out, "<small class=\"wide\">");
        html_text(out, node->node.kubelet_version);
        out_string(out, "</small>");
    }
    out_string(out, "</td>");
    node_state(out, row);
    cpu_cell(out, summary_value(node, METRIC_CPU_USAGE_RATE), cpu);
    bytes_cell(out, summary_value(node, METRIC_MEMORY_WORKING_SET), memory);
    out_format(out, "<td class=\"num wide\">%u</td><td class=\"wide dim\">", row->pod_count);
    if (cpu > 0) {
        html_cpu(out, cpu);
    }
    out_string(out, "</td><td class=\"wide dim\">");
    if (memory > 0) {
        html_bytes(out, memory);
    }
    out_string(out, "</td>");
    sample_age_cell(out, row, now);
    out_string(out, "</tr>\n");
}

void
summary_namespace_head(struct out *out)
{
    out_string(out, "<thead><tr><th>Namespace</th><th class=\"num\">Pods</th>"
                    "<th class=\"num wide\">Containers</th><th>CPU</th><th>Memory</th>"
                    "<th class=\"wide\">CPU requested</th><th class=\"wide\">Memory requested</th>"
                    "</tr></thead>");
}

static void
wide_cell(struct out *out, double value, void (*write)(struct out *out, double value))
{
    out_string(out, "<td class=\"wide dim\">");
    if (value > 0) {
        write(out, value);
    } else {
        out_string(out, "–");
    }
    out_string(out, "</td>");
}

void
summary_namespace_row(struct out *out, const struct target *target)
{
    struct text name = target->namespace_row.name;
    out_string(out, "<tr><td class=\"name\"><a href=\"/plain?namespace=");
    html_query_text(out, name);
    out_string(out, "#pods\">");
    html_text(out, name);
    out_string(out, "</a></td>");
    count_cell(out, summary_value(target, METRIC_POD_COUNT));
    out_format(out, "<td class=\"num wide\">%.0f</td>",
               first_positive(summary_value(target, METRIC_CONTAINER_COUNT), 0));
    cpu_cell(out, summary_value(target, METRIC_CPU_USAGE_RATE), 0);
    bytes_cell(out, summary_value(target, METRIC_MEMORY_WORKING_SET), 0);
    wide_cell(out, summary_value(target, METRIC_CPU_REQUEST), html_cpu);
    wide_cell(out, summary_value(target, METRIC_MEMORY_REQUEST), html_bytes);
    out_string(out, "</tr>\n");
}

void
summary_pod_head(struct out *out)
{
    out_string(out, "<thead><tr><th>Pod</th><th>State</th><th>CPU</th><th>Memory</th>"
                    "<th class=\"num wide\">Restarts</th><th class=\"wide\">Node</th>"
                    "</tr></thead>");
}

// Why a container of the pod waits or ended last; empty when all is well.
static struct text
pod_trouble(const struct target *pod, struct container_view *view)
{
    row_index row = pod->pod.row.first_container;
    for (int i = 0; i < POD_CONTAINERS_MAX && row != 0; i++) {
        if (table_read_container(pod->table, row, VIEW_DETAILS, view)) {
            if (view->waiting_reason.size > 0) {
                return view->waiting_reason;
            }
            if (view->last_reason.size > 0 && view->row.last_exit_code != 0) {
                return view->last_reason;
            }
        }
        row = table_next_container(pod->table, row);
    }
    return (struct text){"", 0};
}

static void
pod_state(struct out *out, const struct target *pod)
{
    static const struct {
        const char *level;
        const char *word;
    } phases[] = {
        [POD_UNKNOWN] = {"", "unknown"},      [POD_PENDING] = {"warn", "pending"},
        [POD_RUNNING] = {"ok", "running"},    [POD_SUCCEEDED] = {"", "succeeded"},
        [POD_FAILED] = {"bad", "failed"},
    };
    struct container_view view;
    unsigned phase = pod->pod.row.phase;
    struct text trouble = pod->pod.reason;
    out_string(out, "<td class=\"state\">");
    if (phase < ARRAY_COUNT(phases) && phase != POD_UNKNOWN) {
        pill(out, phases[phase].level, phases[phase].word);
    }
    if (trouble.size == 0) {
        trouble = pod_trouble(pod, &view);
    }
    if (trouble.size > 0) {
        out_string(out, "<span class=\"pill bad\">");
        html_text(out, trouble);
        out_string(out, "</span>");
    }
    out_string(out, "</td>");
}

void
summary_pod_row(struct out *out, const struct target *pod)
{
    const struct resource_row *resources = &pod->pod.row.resources;
    out_string(out, "<tr><td class=\"name\">");
    html_text(out, pod->pod.name);
    out_string(out, "<small>");
    html_text(out, pod->pod.namespace_name);
    out_string(out, "</small></td>");
    pod_state(out, pod);
    cpu_cell(out, summary_value(pod, METRIC_CPU_USAGE_RATE), resources->cpu_limit);
    bytes_cell(out, summary_value(pod, METRIC_MEMORY_WORKING_SET),
               (double)resources->memory_limit);
    out_format(out, "<td class=\"num wide\">%u</td><td class=\"wide dim\">",
               pod->pod.row.restart_count);
    html_text(out, pod->pod.node_name);
    out_string(out, "</td></tr>\n");
}

void
summary_top_head(struct out *out, const char *what)
{
    out_format(out, "<thead><tr><th>%s</th><th>CPU</th><th>Memory</th></tr></thead>", what);
}

static void
top_name(struct out *out, const struct target *target)
{
    bool is_pod = target->entity == ENTITY_POD;
    out_string(out, "<tr><td class=\"name\">");
    html_text(out, is_pod ? target->pod.name : target->container.name);
    if (is_pod) {
        out_string(out, "<small>");
        html_text(out, target->pod.namespace_name);
        out_string(out, "</small>");
    }
    out_string(out, "</td>");
}

void
summary_top_row(struct out *out, const struct target *target, enum metric metric, double most)
{
    top_name(out, target);
    bool by_cpu = metric == METRIC_CPU_USAGE_RATE;
    cpu_cell(out, summary_value(target, METRIC_CPU_USAGE_RATE), by_cpu ? most : 0);
    bytes_cell(out, summary_value(target, METRIC_MEMORY_WORKING_SET), by_cpu ? 0 : most);
    out_string(out, "</tr>\n");
}
