// The unlabelled values of a row, all at once: of its sample, of the API
// server, and what follows from both.
#include "table/set_reader_state.h"

#include <string.h>

// Slots of a sample in order, integers first (model/slot.h).
#define VALUE(kind, metric) VALUE_##kind(metric)
#define RATE(kind, metric, of) RATE_##kind(metric)
#define VALUE_NODE(metric) METRIC_##metric,
#define RATE_NODE(metric) METRIC_##metric,
#define VALUE_POD(metric)
#define RATE_POD(metric)
#define VALUE_CONTAINER(metric)
#define RATE_CONTAINER(metric)
static const uint8_t node_metrics[] = {
#include "model/sample.tbl.h"
};
#undef VALUE_NODE
#undef RATE_NODE
#undef VALUE_POD
#undef RATE_POD
#define VALUE_NODE(metric)
#define RATE_NODE(metric)
#define VALUE_POD(metric) METRIC_##metric,
#define RATE_POD(metric) METRIC_##metric,
static const uint8_t pod_metrics[] = {
#include "model/sample.tbl.h"
};
#undef VALUE_POD
#undef RATE_POD
#undef VALUE_CONTAINER
#undef RATE_CONTAINER
#define VALUE_POD(metric)
#define RATE_POD(metric)
#define VALUE_CONTAINER(metric) METRIC_##metric,
#define RATE_CONTAINER(metric) METRIC_##metric,
static const uint8_t container_metrics[] = {
#include "model/sample.tbl.h"
};
#undef VALUE
#undef RATE
_Static_assert(METRIC_COUNT <= UINT8_MAX, "a metric fits into a byte");

static void
put_sample(struct metric_set *set, struct sample sample, const uint8_t *metrics,
           unsigned value_count, unsigned slot_count)
{
    uint32_t known = (uint32_t)((UINT64_C(1) << slot_count) - 1);
    for (uint32_t rest = sample.head->present & known; rest != 0; rest &= rest - 1) {
        unsigned slot = (unsigned)__builtin_ctz(rest);
        enum metric metric = (enum metric)metrics[slot];
        if (slot < value_count) {
            set_put_whole(set, metric, sample.value[slot]);
        } else {
            set_put_real(set, metric, (double)sample.rate[slot - value_count]);
        }
    }
}

static void
put_uptime(struct metric_set *set, uint32_t start_s, uint32_t cycle_s)
{
    if (start_s != 0 && start_s <= cycle_s) {
        set_put_whole(set, METRIC_UPTIME, (uint64_t)(cycle_s - start_s) * (uint64_t)MS_PER_S);
    }
}

static void
put_resources(struct metric_set *set, const struct resource_row *row)
{
    set_put_whole(set, METRIC_CPU_REQUEST, row->cpu_request);
    set_put_whole(set, METRIC_CPU_LIMIT, row->cpu_limit);
    set_put_whole(set, METRIC_MEMORY_REQUEST, row->memory_request);
    set_put_whole(set, METRIC_MEMORY_LIMIT, row->memory_limit);
    set_put_whole(set, METRIC_EPHEMERAL_REQUEST, row->ephemeral_request);
    set_put_whole(set, METRIC_EPHEMERAL_LIMIT, row->ephemeral_limit);
}

static void
put_pressure(struct set_reader *sets, row_index index)
{
    struct pressure_row row;
    if (index == 0 || !table_read_pressure(sets->table, index, &row)) {
        return;
    }
    struct metric_set *set = &sets->set;
    if (row.has & HAS_PRESSURE_CPU) {
        set_put_whole(set, METRIC_PRESSURE_CPU_SOME, row.cpu_some_us);
        set_put_whole(set, METRIC_PRESSURE_CPU_FULL, row.cpu_full_us);
    }
    if (row.has & HAS_PRESSURE_MEMORY) {
        set_put_whole(set, METRIC_PRESSURE_MEMORY_SOME, row.memory_some_us);
        set_put_whole(set, METRIC_PRESSURE_MEMORY_FULL, row.memory_full_us);
    }
    if (row.has & HAS_PRESSURE_IO) {
        set_put_whole(set, METRIC_PRESSURE_IO_SOME, row.io_some_us);
        set_put_whole(set, METRIC_PRESSURE_IO_FULL, row.io_full_us);
    }
}

static void
drop_pressure(struct metric_set *set)
{
    for (unsigned i = METRIC_PRESSURE_CPU_SOME; i <= METRIC_PRESSURE_IO_FULL; i++) {
        set->present[i] = false;
    }
}

// What was read of lists may have been another row's.
static void
keep_if_same(struct set_reader *sets, enum table_pool pool, row_index index, uint32_t seq)
{
    if (!table_is_unchanged(sets->table, pool, index, seq)) {
        sets->left_out += sets->set.labelled_count;
        sets->set.labelled_count = 0;
        drop_pressure(&sets->set);
    }
}

void
set_values_of_totals(struct set_reader *sets, const struct totals *totals)
{
    static const enum metric summed[] = {
        METRIC_CPU_USAGE_RATE, METRIC_CPU_REQUEST,      METRIC_CPU_LIMIT,
        METRIC_MEMORY_USAGE,   METRIC_MEMORY_WORKING_SET, METRIC_MEMORY_REQUEST,
        METRIC_MEMORY_LIMIT,   METRIC_POD_COUNT,        METRIC_CONTAINER_COUNT,
        METRIC_NODE_COUNT,     METRIC_NODE_READY_COUNT,
    };
    struct metric_set *set = &sets->set;
    for (size_t i = 0; i < ARRAY_COUNT(summed); i++) {
        struct wall_ms time;
        enum metric metric = summed[i];
        set->present[metric] = metric_has_entity(metric, set->entity) &&
                               table_totals_metric(totals, metric, &set->value[metric], &time);
    }
}

static void
put_known(struct metric_set *set, enum metric metric, uint64_t size)
{
    if (size != 0) {
        set_put_real(set, metric, (double)size);
    }
}

static void
put_sizes(struct metric_set *set, const struct node_row *row)
{
    put_known(set, METRIC_CPU_NODE_CAPACITY, row->cpu_capacity_milli);
    put_known(set, METRIC_CPU_NODE_ALLOCATABLE, row->cpu_allocatable_milli);
    put_known(set, METRIC_MEMORY_NODE_CAPACITY, row->memory_capacity);
    put_known(set, METRIC_MEMORY_NODE_ALLOCATABLE, row->memory_allocatable);
    put_known(set, METRIC_EPHEMERAL_NODE_CAPACITY, row->ephemeral_capacity);
    put_known(set, METRIC_EPHEMERAL_NODE_ALLOCATABLE, row->ephemeral_allocatable);
    set_put_whole(set, METRIC_POD_COUNT, row->pod_count);
    set_put_whole(set, METRIC_CONTAINER_COUNT, row->container_count);
}

// Part / allocatable, for use and for requests.
static void
put_share(struct metric_set *set, enum metric share, double part, uint64_t all)
{
    if (all != 0) {
        set_put_real(set, share, part / (double)all);
    }
}

static void
put_shares(struct metric_set *set, const struct node_row *row)
{
    uint64_t cpu = row->cpu_allocatable_milli;
    uint64_t memory = row->memory_allocatable;
    uint64_t ephemeral = row->ephemeral_allocatable;
    const struct resource_row *requests = &row->resources;
    put_share(set, METRIC_CPU_NODE_RESERVATION, (double)requests->cpu_request, cpu);
    put_share(set, METRIC_MEMORY_NODE_RESERVATION, (double)requests->memory_request, memory);
    put_share(set, METRIC_EPHEMERAL_NODE_RESERVATION, (double)requests->ephemeral_request,
              ephemeral);
    if (set->present[METRIC_CPU_USAGE_RATE] && set->value[METRIC_CPU_USAGE_RATE].real >= 0) {
        put_share(set, METRIC_CPU_NODE_UTILIZATION, set->value[METRIC_CPU_USAGE_RATE].real, cpu);
    }
    if (set->present[METRIC_MEMORY_USAGE]) {
        put_share(set, METRIC_MEMORY_NODE_UTILIZATION,
                  (double)set->value[METRIC_MEMORY_USAGE].u64, memory);
    }
    if (set->present[METRIC_EPHEMERAL_USAGE]) {
        put_share(set, METRIC_EPHEMERAL_NODE_UTILIZATION,
                  (double)set->value[METRIC_EPHEMERAL_USAGE].u64, ephemeral);
    }
}

// The sample of the cycle; SAMPLES_PER_ROW: there is none.
static unsigned
sample_at(const struct sample_head *first, size_t sample_bytes, uint32_t cycle_s)
{
    unsigned i = 0;
    const unsigned char *at = (const void *)first;
    for (; i < SAMPLES_PER_ROW; i++, at += sample_bytes) {
        struct sample_head head;
        memcpy(&head, at, sizeof head);
        if (head.cycle_s == cycle_s) {
            break;
        }
    }
    return i;
}

void
set_values_of_node(struct set_reader *sets)
{
    struct node_row *row = &sets->node.row;
    struct metric_set *set = &sets->set;
    unsigned number = sample_at(&row->samples[0].head, sizeof row->samples[0], sets->cycle_s);
    bool is_pseudo = row->head.flags & ROW_PSEUDO;
    if (number == SAMPLES_PER_ROW && is_pseudo) {
        return;
    }
    if (number < SAMPLES_PER_ROW) {
        put_sample(set, sample_of_node(&row->samples[number]), node_metrics, NODE_VALUE_COUNT,
                   ARRAY_COUNT(node_metrics));
        put_uptime(set, row->start_s, sets->cycle_s);
    }
    if (!is_pseudo) {
        put_resources(set, &row->resources);
    }
    put_sizes(set, row);
    put_shares(set, row);
    if (number == row->head.newest) {
        put_pressure(sets, row->pressure);
    }
    set_labelled_lists(sets, (struct set_lists){row->filesystems, row->disks, row->extras});
    keep_if_same(sets, POOL_NODES, sets->node.index, row->head.seq);
}

void
set_values_of_pod(struct set_reader *sets)
{
    struct pod_row *row = &sets->pod.row;
    struct metric_set *set = &sets->set;
    unsigned number = sample_at(&row->samples[0].head, sizeof row->samples[0], sets->cycle_s);
    if (number < SAMPLES_PER_ROW) {
        put_sample(set, sample_of_pod(&row->samples[number]), pod_metrics, POD_VALUE_COUNT,
                   ARRAY_COUNT(pod_metrics));
        put_uptime(set, row->start_s, sets->cycle_s);
    }
    if (row->head.flags & ROW_FROM_API) {
        set_put_whole(set, METRIC_RESTART_COUNT, row->restart_count);
        put_resources(set, &row->resources);
    }
    if (number == row->head.newest) {
        put_pressure(sets, row->pressure);
    }
    set_labelled_lists(sets, (struct set_lists){row->filesystems, 0, row->extras});
    keep_if_same(sets, POOL_PODS, sets->pod.index, row->head.seq);
}

// Slots are the same for both kinds of container, the catalogue is not.
static void
drop_what_system_containers_have_not(struct metric_set *set)
{
    for (size_t i = 0; i < ARRAY_COUNT(container_metrics); i++) {
        enum metric metric = (enum metric)container_metrics[i];
        if (set->present[metric]) {
            set->present[metric] = metric_has_entity(metric, ENTITY_SYSTEM_CONTAINER);
        }
    }
}

void
set_values_of_container(struct set_reader *sets)
{
    struct container_row *row = &sets->container.row;
    struct metric_set *set = &sets->set;
    unsigned number = sample_at(&row->samples[0].head, sizeof row->samples[0], sets->cycle_s);
    bool is_of_pod = row->pod != 0;
    if (number < SAMPLES_PER_ROW) {
        put_sample(set, sample_of_container(&row->samples[number]), container_metrics,
                   CONTAINER_VALUE_COUNT, ARRAY_COUNT(container_metrics));
        put_uptime(set, row->start_s, sets->cycle_s);
    }
    if (is_of_pod && (row->head.flags & ROW_FROM_API)) {
        set_put_whole(set, METRIC_RESTART_COUNT, row->restart_count);
        put_resources(set, &row->resources);
    }
    if (number == row->head.newest) {
        put_pressure(sets, row->pressure);
        if (is_of_pod) {
            set_labelled_storage(sets);
        }
    }
    set_labelled_lists(sets, (struct set_lists){0, row->disk, row->extras});
    if (!is_of_pod) {
        drop_what_system_containers_have_not(set);
    }
    keep_if_same(sets, POOL_CONTAINERS, sets->container.index, row->head.seq);
}
