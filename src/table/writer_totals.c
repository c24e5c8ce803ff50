// The end of a cycle: sums of nodes, namespaces and the cluster; rows that are
// gone for long enough are given back.
#include <string.h>

#include "base/check.h"
#include "table/writer_state.h"

static uint32_t
cycle_seconds(const struct table_writer *writer)
{
    return writer->header->resolution_ms / (uint32_t)MS_PER_S;
}

// Also right when the wall clock was set back: a sample may seem to lie ahead.
static bool
is_fresh(const struct table_writer *writer, uint32_t cycle_s, const struct sample_head *head)
{
    int64_t age = (int64_t)cycle_s - (int64_t)head->cycle_s;
    int64_t oldest = (int64_t)STALE_CYCLES * cycle_seconds(writer);
    return head->cycle_s != 0 && age <= oldest && age >= -oldest;
}

static void
add_requested(struct totals *sums, const struct resource_row *by)
{
    sums->cpu_request += by->cpu_request;
    sums->cpu_limit += by->cpu_limit;
    sums->memory_request += by->memory_request;
    sums->memory_limit += by->memory_limit;
    sums->ephemeral_request += by->ephemeral_request;
    sums->ephemeral_limit += by->ephemeral_limit;
}

static void
add_used(struct totals *sums, struct sample sample)
{
    struct metric_value value;
    if (sample_get(sample, METRIC_CPU_USAGE_RATE, &value)) {
        sums->cpu_usage_milli += value.real;
    }
    if (sample_get(sample, METRIC_MEMORY_USAGE, &value)) {
        sums->memory_usage += value.u64;
    }
    if (sample_get(sample, METRIC_MEMORY_WORKING_SET, &value)) {
        sums->memory_working_set += value.u64;
    }
}

static void
add_totals(struct totals *sums, const struct totals *by)
{
    sums->pod_count += by->pod_count;
    sums->container_count += by->container_count;
    sums->cpu_usage_milli += by->cpu_usage_milli;
    sums->memory_usage += by->memory_usage;
    sums->memory_working_set += by->memory_working_set;
    sums->cpu_request += by->cpu_request;
    sums->cpu_limit += by->cpu_limit;
    sums->memory_request += by->memory_request;
    sums->memory_limit += by->memory_limit;
    sums->ephemeral_request += by->ephemeral_request;
    sums->ephemeral_limit += by->ephemeral_limit;
}

// The row is there, and no kubelet named its pod yet.
static bool
awaits_sample(const struct table_writer *writer, row_index pod)
{
    const struct pod_row *row = pod_row_at(writer->header, pod);
    return row->head.state == ROW_LIVE && !writer_is_finished((enum pod_phase)row->phase) &&
           row->samples[row->head.newest].head.cycle_s == 0;
}

static void
add_refused_pod(struct table_writer *writer, const struct overflow_counted *pod)
{
    struct totals *sums = &writer->sums[pod->space];
    struct node_sums *node = &writer->node_sums[pod->node];
    if (pod->row == 0 || awaits_sample(writer, pod->row)) {
        sums->cpu_usage_milli += pod->cpu_usage_milli;
        sums->memory_usage += pod->memory_usage;
        sums->memory_working_set += pod->memory_working_set;
    }
    if (pod->row == 0) {
        sums->pod_count++;
        sums->container_count += pod->container_count;
        add_requested(sums, &pod->resources);
        node->pod_count++;
        node->container_count += pod->container_count;
        writer_add_resources(&node->resources, &pod->resources);
    }
}

// Pods without a row belong to the sums like all others.
static void
sum_overflow(struct table_writer *writer)
{
    const struct overflow *overflow = &writer->overflow;
    for (uint32_t i = 1; i < overflow->fresh; i++) {
        struct overflow_counted pod;
        if (overflow_count(overflow, i, &pod)) {
            add_refused_pod(writer, &pod);
        }
    }
    for (uint32_t i = 0; i <= writer->header->capacity.namespaces; i++) {
        const struct overflow_used *used = &overflow->unrecorded[i];
        writer->sums[i].cpu_usage_milli += used->cpu_usage_milli;
        writer->sums[i].memory_usage += used->memory_usage;
        writer->sums[i].memory_working_set += used->memory_working_set;
    }
}

void
writer_publish_overflow(struct table_writer *writer)
{
    const struct overflow *overflow = &writer->overflow;
    struct pool_use *use = &writer->header->refused_pods;
    use->limit = overflow->limit;
    use->used = overflow_waiting_count(overflow);
    use->peak = overflow->peak;
    use->refused_total = overflow->refused_total;
    use->row_bytes = sizeof(struct overflow_record);
}

// A pod or container that only a kubelet named leaves when no kubelet
// has named it for STALE_CYCLES.
static bool
is_forgotten(const struct table_writer *writer, uint32_t cycle_s, const struct row_head *head,
             const struct sample_head *newest)
{
    bool api = (head->flags & ROW_FROM_API) != 0;
    return head->state == ROW_LIVE && !api && !is_fresh(writer, cycle_s, newest);
}

// Its containers may have come line by line, before any word on the pod itself.
static bool
has_fresh_container(const struct table_writer *writer, uint32_t cycle_s, const struct pod_row *pod)
{
    for (row_index at = pod->first_container; at != 0;) {
        const struct container_row *row = pool_row_const(writer->header, POOL_CONTAINERS, at);
        if (is_fresh(writer, cycle_s, &row->samples[row->head.newest].head)) {
            return true;
        }
        at = row->next;
    }
    return false;
}

static bool
is_over(const struct table_writer *writer, uint32_t cycle_s, const struct row_head *head)
{
    int64_t age = (int64_t)cycle_s - (int64_t)head->gone_cycle_s;
    int64_t kept = (int64_t)GONE_CYCLES * cycle_seconds(writer);
    return head->state == ROW_GONE && (age > kept || age < 0);
}

static void
sum_pod(struct table_writer *writer, uint32_t cycle_s, struct pod_row *row)
{
    struct totals *sums = &writer->sums[row->namespace_index];
    if (writer_is_finished((enum pod_phase)row->phase)) {
        return;
    }
    struct sample sample = sample_of_pod(&row->samples[row->head.newest]);
    uint32_t containers = row->container_count;
    if (containers == 0 && (row->head.flags & ROW_FROM_API) == 0) {
        for (row_index at = row->first_container; at != 0;
             at = container_row_at(writer->header, at)->next) {
            containers++;
        }
    }
    sums->pod_count++;
    sums->container_count += containers;
    // A pod that waits for a node requests nothing of the cluster yet, unless a
    // kubelet knows better.
    if ((row->head.flags & ROW_WAITING) == 0 || row->node_index != 0) {
        add_requested(sums, &row->resources);
    }
    if (is_fresh(writer, cycle_s, sample.head)) {
        add_used(sums, sample);
    }
    if (row->node_index != 0) {
        struct node_sums *node = &writer->node_sums[row->node_index];
        node->pod_count++;
        node->container_count += containers;
        writer_add_resources(&node->resources, &row->resources);
    }
}

// `heard_s` is the last cycle in which their owner was told of.
static void
drop_forgotten_containers(struct table_writer *writer, uint32_t cycle_s, uint32_t heard_s,
                          row_index *first)
{
    row_index *link = first;
    while (*link != 0) {
        struct container_row *row = container_row_at(writer->header, *link);
        const struct sample_head *newest = &row->samples[row->head.newest].head;
        if (is_forgotten(writer, cycle_s, &row->head, newest) &&
            !is_fresh(writer, heard_s, newest)) {
            writer_drop_container(writer, link);
        } else {
            link = &row->next;
        }
    }
}

static void
turn_pods(struct table_writer *writer, uint32_t cycle_s)
{
    struct table_header *header = writer->header;
    for (row_index i = 0; (i = pool_next(header, POOL_PODS, i)) != 0;) {
        struct pod_row *row = pod_row_at(header, i);
        if (is_forgotten(writer, cycle_s, &row->head, &row->samples[row->head.newest].head) &&
            !has_fresh_container(writer, cycle_s, row)) {
            writer_mark_gone(writer, &row->head);
        }
        if (row->head.state == ROW_LIVE && (row->head.flags & ROW_FROM_API) == 0) {
            structure_begin(header);
            drop_forgotten_containers(writer, cycle_s, cycle_s, &row->first_container);
            structure_end(header);
        }
        if (is_over(writer, cycle_s, &row->head)) {
            structure_begin(header);
            writer_free_pod(writer, i);
            structure_end(header);
        } else if (row->head.state == ROW_LIVE) {
            sum_pod(writer, cycle_s, row);
        }
    }
}

// The last cycle in which the node or a system container of it was told of. While
// a node that the API server names is silent, these containers stay as its pods
// do: only what a node leaves out when it speaks is gone.
static uint32_t
node_heard_s(const struct table_writer *writer, uint32_t cycle_s, const struct node_row *row)
{
    uint32_t heard_s = row->samples[row->head.newest].head.cycle_s;
    for (row_index at = row->first_container; at != 0;) {
        const struct container_row *container = pool_row_const(writer->header, POOL_CONTAINERS, at);
        uint32_t told_s = container->samples[container->head.newest].head.cycle_s;
        if (told_s > heard_s && told_s <= cycle_s) {
            heard_s = told_s;
        }
        at = container->next;
    }
    return (row->head.flags & ROW_FROM_API) != 0 && heard_s != 0 ? heard_s : cycle_s;
}

static void
turn_nodes(struct table_writer *writer, uint32_t cycle_s, struct totals *cluster)
{
    uint32_t known[SOURCES_MAX + 1] = {0};
    for (row_index i = 0; (i = pool_next(writer->header, POOL_NODES, i)) != 0;) {
        struct node_row *row = node_row_at(writer->header, i);
        structure_begin(writer->header);
        uint32_t heard_s = node_heard_s(writer, cycle_s, row);
        drop_forgotten_containers(writer, cycle_s, heard_s, &row->first_container);
        structure_end(writer->header);
        if (is_over(writer, cycle_s, &row->head)) {
            structure_begin(writer->header);
            writer_free_node(writer, i);
            structure_end(writer->header);
            continue;
        }
        const struct node_sums *sums = &writer->node_sums[i];
        row_write_begin(&row->head);
        row->pod_count = sums->pod_count;
        row->container_count = sums->container_count;
        row->resources = sums->resources;
        row_write_end(&row->head);
        if (row->head.state == ROW_LIVE) {
            cluster->node_count++;
            cluster->node_ready_count += row->ready == CONDITION_TRUE;
            known[row->head.source]++;
        }
    }
    for (unsigned i = 1; i <= SOURCES_MAX; i++) {
        writer->header->source[i].nodes_known = known[i] + writer->overflow_nodes[i];
        cluster->node_count += writer->overflow_nodes[i];
        cluster->node_ready_count += writer->overflow_nodes_ready[i];
    }
}

static void
turn_namespace(struct table_writer *writer, uint32_t cycle_s, row_index index)
{
    struct namespace_row *row = namespace_row_at(writer->header, index);
    bool unknown = (row->head.flags & ROW_FROM_API) == 0;
    struct totals *sums = &writer->sums[index];
    // Pods without a row name it by its index, too.
    bool empty = row->first_pod == 0 && sums->pod_count == 0;
    if (unknown && row->head.state == ROW_LIVE && empty) {
        writer_mark_gone(writer, &row->head);
    }
    if (is_over(writer, cycle_s, &row->head) && empty) {
        structure_begin(writer->header);
        writer_free_namespace(writer, index);
        structure_end(writer->header);
        return;
    }
    row_write_begin(&row->head);
    uint8_t next = row->totals[row->head.newest].cycle_s == cycle_s
                       ? row->head.newest
                       : (uint8_t)(1 - row->head.newest);
    row->totals[next] = *sums;
    row->totals[next].cycle_s = cycle_s;
    row->head.newest = next;
    row_write_end(&row->head);
}

static void
publish_cluster(struct table_header *header, const struct totals *cluster)
{
    atomic_fetch_add_explicit(&header->totals_seq, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    uint8_t next = header->totals[header->totals_newest].cycle_s == cluster->cycle_s
                       ? header->totals_newest
                       : (uint8_t)(1 - header->totals_newest);
    header->totals[next] = *cluster;
    header->totals_newest = next;
    atomic_fetch_add_explicit(&header->totals_seq, 1, memory_order_release);
    atomic_store_explicit(&header->cycle_done_s, cluster->cycle_s, memory_order_release);
}

void
table_cycle_end(struct table_writer *writer, uint32_t cycle_s)
{
    ASSERT(cycle_s != 0);
    struct table_header *header = writer->header;
    writer_forget_lost_sources(writer);
    size_t namespaces = (size_t)header->capacity.namespaces + 1;
    memset(writer->sums, 0, namespaces * sizeof writer->sums[0]);
    size_t nodes = (size_t)header->capacity.nodes + 1;
    memset(writer->node_sums, 0, nodes * sizeof writer->node_sums[0]);
    turn_pods(writer, cycle_s);
    sum_overflow(writer);
    struct totals cluster = {.cycle_s = cycle_s};
    turn_nodes(writer, cycle_s, &cluster);
    for (uint32_t i = 0; i < namespaces; i++) {
        add_totals(&cluster, &writer->sums[i]);
    }
    for (row_index i = 0; (i = pool_next(header, POOL_NAMESPACES, i)) != 0;) {
        turn_namespace(writer, cycle_s, i);
    }
    overflow_turn(&writer->overflow);
    writer_publish_overflow(writer);
    publish_cluster(header, &cluster);
    table_count(writer, COUNTER_CYCLES, 1);
}
