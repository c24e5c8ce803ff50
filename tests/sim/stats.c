#include "stats.h"

#include "signals.h"
#include "workload.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define FRESH_ZERO_MS 13000    /* a new container reports zeros so long */
#define FRESH_NO_RATE_MS 19000 /* and no usageNanoCores so long */
#define VOLUME_GAP_MS 83000
#define VOLUME_JITTER_MS 8000

/* Salts: one stream of draws for each kind of value. */
enum {
    DRAW_SAMPLE = 40,
    DRAW_CPU,
    DRAW_MEMORY,
    DRAW_FAULTS,
    DRAW_NET_SAMPLE,
    DRAW_RX,
    DRAW_TX,
    DRAW_ERRORS,
    DRAW_VOLUME,
    DRAW_DISK,
    DRAW_PSI,
    DRAW_SYSTEM = 60,
    DRAW_CONTAINER = 1000
};

static bool
realistic(const struct stats_view *view)
{
    return view->cluster->options->cadence == CADENCE_REALISTIC;
}

/* The last moment of measuring at or before now: every gap_ms, each time off
 * by up to jitter_ms. */
static int64_t
sample_ms(const struct stats_view *view, uint64_t seed, int64_t gap_ms, int64_t jitter_ms)
{
    int64_t now = view->now_ms;
    if (!realistic(view)) {
        return now - now % 1000;
    }
    int64_t phase = (int64_t)mix_below(seed, (uint64_t)gap_ms);
    int64_t step = (now - phase) / gap_ms;
    int64_t jitter = (int64_t)mix_below(mix_with(seed, (uint64_t)step), (uint64_t)jitter_ms + 1);
    int64_t at = step * gap_ms + phase + jitter;
    if (at > now) {
        step--;
        jitter = (int64_t)mix_below(mix_with(seed, (uint64_t)step), (uint64_t)jitter_ms + 1);
        at = step * gap_ms + phase + jitter;
    }
    return at;
}

static int64_t
usual_sample_ms(const struct stats_view *view, uint64_t seed)
{
    int64_t gap = 1000 * (int64_t)view->cluster->options->cadence_s;
    return sample_ms(view, seed, gap, gap / 3);
}

static int64_t
floor_second(int64_t time_ms)
{
    return time_ms - time_ms % 1000;
}

static uint64_t
counter(const struct stats_view *view, uint64_t value)
{
    return view->counters_back ? value / 2 : value;
}

bool
stats_pod_running(const struct pod *pod)
{
    return pod->phase == POD_RUNNING;
}

static uint64_t
container_seed(const struct pod *pod, uint32_t index)
{
    return mix_with(pod->object.seed, DRAW_CONTAINER + index);
}

static struct wave
container_wave(uint64_t seed)
{
    return wave_of(mix_with(seed, DRAW_CPU), 40000, 120000);
}

/* Memory apart from counters; below the limit where there is one. */
static void
container_memory(const struct pod *pod, uint32_t index, uint64_t seed, int64_t at_ms,
                 struct cpu_memory_stats *out)
{
    struct resources res;
    workload_resources(pod, index, &res);
    uint64_t draw = mix_with(seed, DRAW_MEMORY);
    uint64_t span = res.memory_limit > 0 ? res.memory_limit / 4 : 48 * MIB;
    uint64_t base = span / 4 + (mix_below(draw, span) & ~UINT64_C(4095));
    out->working_set = base + gauge_level(draw, at_ms, 30000, span);
    out->usage = out->working_set + (mix_below(draw << 16, span / 4) & ~UINT64_C(4095));
    out->rss = (out->working_set / 2) & ~UINT64_C(4095);
    out->has_available = res.memory_limit > 0;
    out->available = res.memory_limit - out->working_set;
    out->swap_usage = gauge_level(draw + 1, at_ms, 60000, 8 * MIB);
    out->swap_available = GIB - out->swap_usage;
}

static void
fault_counts(const struct stats_view *view, uint64_t seed, int64_t since_ms, int64_t at_ms,
             struct cpu_memory_stats *out)
{
    uint64_t draw = mix_with(seed, DRAW_FAULTS);
    uint64_t faults = 1000 * (1 + mix_below(draw, 200));
    uint64_t majors = mix_below(draw << 16, 500);
    out->page_faults = counter(view, linear_count(faults, at_ms - since_ms));
    out->major_page_faults = counter(view, linear_count(majors, at_ms - since_ms));
}

void
stats_container_use(const struct stats_view *view, const struct pod *pod, uint32_t index,
                    struct cpu_memory_stats *out)
{
    uint64_t seed = container_seed(pod, index);
    int64_t start = pod->containers[index].start_ms;
    int64_t age = view->now_ms - start;
    int64_t at = usual_sample_ms(view, seed);
    if (realistic(view) && age < FRESH_ZERO_MS) {
        *out = (struct cpu_memory_stats){.time_ms = view->now_ms + view->skew_ms};
        return;
    }
    struct wave wave = container_wave(seed);
    int64_t from = at > start ? start : at;
    out->time_ms = at + view->skew_ms;
    out->core_ns = counter(view, wave_sum(&wave, at) - wave_sum(&wave, from));
    out->nano_cores = wave_rate(&wave, at) * 1000;
    out->has_nano_cores = !realistic(view) || age >= FRESH_NO_RATE_MS;
    container_memory(pod, index, seed, at, out);
    fault_counts(view, seed, start, at, out);
}

static void
disk(const struct node *node, uint64_t used, int64_t time_ms, struct fs_stats *out)
{
    struct node_size size;
    workload_node_size(node, &size);
    out->time_ms = time_ms;
    out->capacity = size.storage;
    out->available = size.storage / 3;
    out->used = used;
    out->inodes = 16777216;
    out->inodes_free = 16096113;
    out->inodes_used = 2 + used / 4096;
}

/* A file system that fills up in steps of a page and is then cleaned. */
static uint64_t
disk_used(uint64_t draw, int64_t at_ms)
{
    uint64_t step_ms = 5000 + mix_below(draw, 20000);
    uint64_t pages = ((uint64_t)at_ms / step_ms) % (16 + mix_below(draw << 16, 4096));
    return (7 + pages) * 4096;
}

void
stats_container(const struct stats_view *view, const struct pod *pod, uint32_t index,
                struct container_stats *out)
{
    uint64_t draw = mix_with(container_seed(pod, index), DRAW_DISK);
    int64_t node_at = sample_ms(view, view->node->object.seed, 10000, 0);
    int64_t logs_at = floor_second(view->now_ms);
    stats_container_use(view, pod, index, &out->use);
    disk(view->node, disk_used(draw, node_at), node_at + view->skew_ms, &out->rootfs);
    disk(view->node, disk_used(draw + 1, logs_at), logs_at + view->skew_ms, &out->logs);
}

void
stats_pod_use(const struct stats_view *view, const struct pod *pod, struct cpu_memory_stats *out)
{
    uint64_t seed = mix_with(pod->object.seed, DRAW_SAMPLE);
    int64_t start = pod->containers[0].start_ms;
    int64_t at = usual_sample_ms(view, seed);
    int64_t from = 0;
    struct cpu_memory_stats part = {0};
    uint64_t limit = 0;
    start = pod->start_ms > start ? start : pod->start_ms;
    *out = (struct cpu_memory_stats){.time_ms = at + view->skew_ms};
    if (realistic(view) && view->now_ms - start < FRESH_ZERO_MS) {
        out->time_ms = view->now_ms + view->skew_ms;
        return;
    }
    from = at > start ? start : at;
    out->has_available = true;
    for (uint32_t i = 0; i < pod->container_count; i++) {
        struct wave wave = container_wave(container_seed(pod, i));
        out->core_ns += wave_sum(&wave, at) - wave_sum(&wave, from);
        out->nano_cores += wave_rate(&wave, at) * 1000;
        container_memory(pod, i, container_seed(pod, i), at, &part);
        out->usage += part.usage;
        out->working_set += part.working_set;
        out->rss += part.rss;
        out->swap_usage += part.swap_usage;
        out->has_available &= part.has_available;
        limit += part.available + part.working_set;
    }
    /* The pause container: 0.01 millicores and a few pages. */
    out->core_ns = counter(view, out->core_ns + 10 * (uint64_t)(at - from));
    out->nano_cores += 10000;
    out->has_nano_cores = !realistic(view) || view->now_ms - start >= FRESH_NO_RATE_MS;
    out->usage += 20 * 4096;
    out->working_set += 20 * 4096;
    out->rss += 10 * 4096;
    out->available = limit - out->working_set;
    out->swap_available = GIB - out->swap_usage;
}

static void
network_at(const struct stats_view *view, uint64_t seed, uint64_t scale, int64_t start_ms,
           int64_t at_ms, struct network_stats *out)
{
    struct wave rx = wave_of(mix_with(seed, DRAW_RX), 100 * scale, 1000 * scale);
    struct wave tx = wave_of(mix_with(seed, DRAW_TX), 80 * scale, 800 * scale);
    int64_t from = at_ms > start_ms ? start_ms : at_ms;
    uint64_t draw = mix_with(seed, DRAW_ERRORS);
    uint64_t errors = mix_below(draw, 4) == 0 ? mix_below(draw << 8, 200) : 0;
    out->time_ms = at_ms + view->skew_ms;
    out->rx_bytes = counter(view, wave_sum(&rx, at_ms) - wave_sum(&rx, from));
    out->tx_bytes = counter(view, wave_sum(&tx, at_ms) - wave_sum(&tx, from));
    out->rx_errors = counter(view, linear_count(errors, at_ms - from));
    out->tx_errors = counter(view, linear_count(errors / 2, at_ms - from));
}

void
stats_pod_network(const struct stats_view *view, const struct pod *pod, struct network_stats *out)
{
    uint64_t seed = mix_with(pod->object.seed, DRAW_NET_SAMPLE);
    int64_t at = usual_sample_ms(view, seed);
    if (pod->host_network) {
        struct network_stats node;
        stats_node_network(view, &node);
        *out = node;
        return;
    }
    network_at(view, seed, 1, pod->start_ms, at, out);
}

void
stats_volume(const struct stats_view *view, const struct pod *pod, uint32_t volume,
             struct fs_stats *out)
{
    uint64_t draw = mix_with(pod->object.seed, DRAW_VOLUME + 100u * (volume + 1u));
    int64_t at = sample_ms(view, draw, VOLUME_GAP_MS, VOLUME_JITTER_MS);
    if (volume > 0) {
        disk(view->node, disk_used(draw, at), at + view->skew_ms, out);
        return;
    }
    /* The token volume lies in memory. */
    *out = (struct fs_stats){.time_ms = at + view->skew_ms,
                             .capacity = UINT64_C(12638257152),
                             .available = UINT64_C(12638244864),
                             .used = 12288,
                             .inodes = 3085512,
                             .inodes_free = 3085503,
                             .inodes_used = 9};
}

void
stats_pod_storage(const struct stats_view *view, const struct pod *pod, struct fs_stats *out)
{
    struct container_stats part;
    uint64_t used = 0;
    for (uint32_t i = 0; i < pod->container_count; i++) {
        uint64_t draw = mix_with(container_seed(pod, i), DRAW_DISK);
        int64_t node_at = sample_ms(view, view->node->object.seed, 10000, 0);
        used += disk_used(draw, node_at);
        used += disk_used(draw + 1, floor_second(view->now_ms));
    }
    disk(view->node, used, floor_second(view->now_ms) + view->skew_ms, &part.rootfs);
    *out = part.rootfs;
}

int64_t
stats_node_start_ms(const struct stats_view *view)
{
    return view->node->object.created_ms;
}

void
stats_node_use(const struct stats_view *view, struct cpu_memory_stats *out)
{
    const struct node *node = view->node;
    struct node_size size;
    workload_node_size(node, &size);
    uint64_t seed = mix_with(node->object.seed, DRAW_SAMPLE);
    int64_t at = sample_ms(view, seed, 10000, 0);
    int64_t start = stats_node_start_ms(view);
    struct wave wave = wave_of(mix_with(node->object.seed, DRAW_CPU), size.cpus * UINT64_C(300000),
                               size.cpus * UINT64_C(400000));
    uint64_t draw = mix_with(node->object.seed, DRAW_MEMORY);
    *out = (struct cpu_memory_stats){.time_ms = at + view->skew_ms};
    at = at > start ? at : start;
    out->core_ns = counter(view, wave_sum(&wave, at) - wave_sum(&wave, start));
    out->nano_cores = wave_rate(&wave, at) * 1000;
    out->has_nano_cores = true;
    out->working_set = size.memory / 4 + gauge_level(draw, at, 30000, size.memory / 4);
    out->usage = out->working_set + size.memory / 8;
    out->rss = out->working_set / 2;
    out->has_available = true;
    out->available = size.memory - out->working_set;
    out->swap_usage = gauge_level(draw + 1, at, 60000, 256 * MIB);
    out->swap_available = 4 * GIB - out->swap_usage;
    fault_counts(view, node->object.seed, start, at, out);
}

void
stats_node_network(const struct stats_view *view, struct network_stats *out)
{
    int64_t at = sample_ms(view, mix_with(view->node->object.seed, DRAW_SAMPLE), 10000, 0);
    network_at(view, view->node->object.seed, 100, stats_node_start_ms(view), at, out);
}

void
stats_node_fs(const struct stats_view *view, struct fs_stats *out)
{
    int64_t at = sample_ms(view, mix_with(view->node->object.seed, DRAW_SAMPLE), 10000, 0);
    disk(view->node, 0, at + view->skew_ms, out);
    out->used =
        out->capacity / 3 + gauge_level(view->node->object.seed, at, 30000, out->capacity / 3);
    out->available = out->capacity - out->used;
    out->inodes_used = out->inodes - out->inodes_free;
}

void
stats_image_fs(const struct stats_view *view, struct fs_stats *out)
{
    int64_t at = sample_ms(view, view->node->object.seed, 10000, 0);
    stats_node_fs(view, out);
    out->time_ms = at + view->skew_ms;
    out->used = 9920512;
    out->inodes_used = 596;
}

const char *
stats_system_name(enum system_container which)
{
    static const char *const names[] = {"kubelet", "runtime", "pods"};
    return names[which];
}

void
stats_system(const struct stats_view *view, enum system_container which,
             struct cpu_memory_stats *out)
{
    uint64_t seed = mix_with(view->node->object.seed, DRAW_SYSTEM + which);
    int64_t at = usual_sample_ms(view, seed);
    int64_t start = stats_node_start_ms(view);
    uint64_t scale = which == SYSTEM_PODS ? 20 : 1;
    struct wave wave = wave_of(seed, 30000 * scale, 40000 * scale);
    *out = (struct cpu_memory_stats){.time_ms = at + view->skew_ms};
    at = at > start ? at : start;
    out->core_ns = counter(view, wave_sum(&wave, at) - wave_sum(&wave, start));
    out->nano_cores = wave_rate(&wave, at) * 1000;
    out->has_nano_cores = true;
    out->working_set = 48 * MIB * scale + gauge_level(seed, at, 30000, 32 * MIB * scale);
    out->usage = out->working_set + 16 * MIB * scale;
    out->rss = out->working_set / 2;
    out->has_available = which == SYSTEM_PODS;
    out->available = 8 * GIB;
    fault_counts(view, seed, start, at, out);
}

uint64_t
stats_system_seed(const struct node *node, enum system_container which)
{
    return node->object.seed + 1 + which;
}

uint64_t
stats_container_seed(const struct pod *pod, uint32_t index)
{
    return pod->object.seed + 1 + index;
}

void
stats_psi(const struct stats_view *view, uint64_t seed, enum psi_part part, int64_t time_ms,
          struct psi_stats *out)
{
    uint64_t draw = mix_with(seed, DRAW_PSI + part);
    uint64_t some = 1 + mix_below(draw, 20); /* us a ms: up to 2 % */
    int64_t age = time_ms - view->skew_ms - view->cluster->start_ms + 864000000;
    out->some_total = counter(view, some * (uint64_t)(age > 0 ? age : 0));
    out->full_total = out->some_total / 4;
    for (unsigned i = 0; i < 3; i++) {
        out->some_average[i] = some * 10 + mix_below(draw << (8 * i), 50);
        out->full_average[i] = out->some_average[i] / 4;
    }
}
