#include "api/resource_usage.h"

static bool
is_fresh(const struct table_reader *table, struct sample newest, struct wall_ms now)
{
    int64_t limit_ms = (STALE_CYCLES + 1) * (int64_t)table->header->resolution_ms;
    uint32_t cycle_s = newest.head->cycle_s;
    return cycle_s != 0 && now.ms - (int64_t)cycle_s * MS_PER_S <= limit_ms;
}

// A part that brought nothing new carries its rate over: then its window is not
// known any more, and a cycle stands for it.
static int64_t
window_ms(const struct table_reader *table, struct sample newest, struct sample before)
{
    int64_t from = sample_part_time(before, PART_CPU).ms;
    int64_t to = sample_part_time(newest, PART_CPU).ms;
    return from > 0 && from < to ? to - from : (int64_t)table->header->resolution_ms;
}

static bool
usage_of(const struct table_reader *table, struct sample newest, struct sample before,
         struct wall_ms now, struct resource_usage *usage)
{
    struct metric_value cpu;
    struct metric_value memory;
    if (!is_fresh(table, newest, now) || !sample_get(newest, METRIC_CPU_USAGE_RATE, &cpu) ||
        !sample_get(newest, METRIC_MEMORY_WORKING_SET, &memory)) {
        return false;
    }
    // Nothing has this many cores; what would not fit an integer is none.
    double nanocores = cpu.is_double ? cpu.real * 1e6 + 0.5 : (double)cpu.u64 * 1e6;
    if (!(nanocores >= 0 && nanocores < 9e18)) {
        return false;
    }
    usage->cpu_nanocores = (uint64_t)nanocores;
    usage->memory = memory.u64;
    usage->time = sample_part_time(newest, PART_CPU);
    usage->window_ms = window_ms(table, newest, before);
    return true;
}

bool
resource_usage_of_node(const struct table_reader *table, struct node_view *view,
                       struct wall_ms now, struct resource_usage *usage)
{
    unsigned newest = view->row.head.newest & 1U;
    return usage_of(table, sample_of_node(&view->row.samples[newest]),
                    sample_of_node(&view->row.samples[newest ^ 1U]), now, usage);
}

bool
resource_usage_of_container(const struct table_reader *table, struct container_view *view,
                            struct wall_ms now, struct resource_usage *usage)
{
    unsigned newest = view->row.head.newest & 1U;
    return usage_of(table, sample_of_container(&view->row.samples[newest]),
                    sample_of_container(&view->row.samples[newest ^ 1U]), now, usage);
}

static void
add(struct resource_usage *sum, const struct resource_usage *one, bool first)
{
    sum->cpu_nanocores += one->cpu_nanocores;
    sum->memory += one->memory;
    if (first || one->time.ms < sum->time.ms) {
        sum->time = one->time;
        sum->window_ms = one->window_ms;
    }
}

static bool
is_running(const struct pod_row *row)
{
    return (row->head.flags & ROW_FROM_API) == 0 || row->phase == POD_RUNNING;
}

bool
resource_usage_of_pod(const struct table_reader *table, const struct pod_view *view,
                      struct wall_ms now, struct resource_usage *usage)
{
    struct container_view container;
    struct resource_usage one;
    row_index at = view->row.first_container;
    unsigned count = 0;
    *usage = (struct resource_usage){0};
    if (!is_running(&view->row)) {
        return false;
    }
    for (unsigned hops = 0; at != 0 && hops < POD_CONTAINERS_MAX; hops++) {
        if (!table_read_container(table, at, VIEW_NAMES, &container) ||
            container.row.pod != view->index) {
            return false;
        }
        if (resource_usage_of_container(table, &container, now, &one)) {
            add(usage, &one, count++ == 0);
        } else if (container.row.container_state == CONTAINER_RUNNING) {
            return false;
        }
        at = table_next_container(table, at);
    }
    return count > 0;
}
