// Any metric of a row by its catalogue entry: stored, derived or labelled.
#include "table/reader_state.h"

static bool
share(struct metric_value *value, double part, double all)
{
    return all > 0 && reader_real(value, part / all);
}

static bool
uptime(struct metric_value *value, uint32_t start_s, uint32_t cycle_s)
{
    if (start_s == 0 || cycle_s == 0 || start_s > cycle_s) {
        return false;
    }
    return reader_whole(value, (uint64_t)(cycle_s - start_s) * (uint64_t)MS_PER_S);
}

static bool
resource(const struct resource_row *row, enum metric metric, struct metric_value *value)
{
    switch (metric) {
    case METRIC_CPU_REQUEST:
        return reader_whole(value, row->cpu_request);
    case METRIC_CPU_LIMIT:
        return reader_whole(value, row->cpu_limit);
    case METRIC_MEMORY_REQUEST:
        return reader_whole(value, row->memory_request);
    case METRIC_MEMORY_LIMIT:
        return reader_whole(value, row->memory_limit);
    case METRIC_EPHEMERAL_REQUEST:
        return reader_whole(value, row->ephemeral_request);
    case METRIC_EPHEMERAL_LIMIT:
        return reader_whole(value, row->ephemeral_limit);
    default:
        return false;
    }
}

static unsigned
sample_index(uint8_t newest, unsigned sample)
{
    return ((newest & 1U) + sample) % SAMPLES_PER_ROW;
}

static double
number_of(bool present, const struct metric_value *value)
{
    if (!present) {
        return -1;
    }
    return value->is_double ? value->real : (double)value->u64;
}

// used / allocatable and requested / allocatable, as Heapster's
// node_autoscaling_enricher.
static bool
node_share(const struct node_row *row, struct sample sample, enum metric metric,
           struct metric_value *value)
{
    struct metric_value used;
    double cpu = number_of(sample_get(sample, METRIC_CPU_USAGE_RATE, &used), &used);
    double memory = number_of(sample_get(sample, METRIC_MEMORY_USAGE, &used), &used);
    double ephemeral = number_of(sample_get(sample, METRIC_EPHEMERAL_USAGE, &used), &used);
    double cpu_all = (double)row->cpu_allocatable_milli;
    double memory_all = (double)row->memory_allocatable;
    double ephemeral_all = (double)row->ephemeral_allocatable;
    switch (metric) {
    case METRIC_CPU_NODE_UTILIZATION:
        return cpu >= 0 && share(value, cpu, cpu_all);
    case METRIC_MEMORY_NODE_UTILIZATION:
        return memory >= 0 && share(value, memory, memory_all);
    case METRIC_EPHEMERAL_NODE_UTILIZATION:
        return ephemeral >= 0 && share(value, ephemeral, ephemeral_all);
    case METRIC_CPU_NODE_RESERVATION:
        return share(value, (double)row->resources.cpu_request, cpu_all);
    case METRIC_MEMORY_NODE_RESERVATION:
        return share(value, (double)row->resources.memory_request, memory_all);
    case METRIC_EPHEMERAL_NODE_RESERVATION:
        return share(value, (double)row->resources.ephemeral_request, ephemeral_all);
    default:
        return false;
    }
}

static bool
known_size(struct metric_value *value, uint64_t size)
{
    return size != 0 && reader_real(value, (double)size);
}

static bool
node_size(const struct node_row *row, enum metric metric, struct metric_value *value)
{
    switch (metric) {
    case METRIC_CPU_NODE_CAPACITY:
        return known_size(value, row->cpu_capacity_milli);
    case METRIC_CPU_NODE_ALLOCATABLE:
        return known_size(value, row->cpu_allocatable_milli);
    case METRIC_MEMORY_NODE_CAPACITY:
        return known_size(value, row->memory_capacity);
    case METRIC_MEMORY_NODE_ALLOCATABLE:
        return known_size(value, row->memory_allocatable);
    case METRIC_EPHEMERAL_NODE_CAPACITY:
        return known_size(value, row->ephemeral_capacity);
    case METRIC_EPHEMERAL_NODE_ALLOCATABLE:
        return known_size(value, row->ephemeral_allocatable);
    case METRIC_POD_COUNT:
        return reader_whole(value, row->pod_count);
    case METRIC_CONTAINER_COUNT:
        return reader_whole(value, row->container_count);
    default:
        return false;
    }
}

bool
table_node_metric(const struct table_reader *reader, const struct node_view *view,
                  enum metric metric, struct text resource_id, unsigned sample_number,
                  struct metric_value *value, struct wall_ms *time)
{
    const struct node_row *row = &view->row;
    const struct node_row *shared = reader_row(reader, POOL_NODES, view->index);
    if (shared == NULL || !metric_has_entity(metric, ENTITY_NODE)) {
        return false;
    }
    struct owned owned = {&shared->head, view->name, &shared->pressure};
    if (metric_is_labelled(metric)) {
        owned.first = reader_is_on_disk(metric) ? &shared->disks : &shared->filesystems;
        return sample_number == 0 &&
               reader_labelled(reader, owned, metric, resource_id, value, time);
    }
    struct node_sample stored = row->samples[sample_index(row->head.newest, sample_number)];
    struct sample sample = sample_of_node(&stored);
    if (stored.head.cycle_s == 0) {
        return false;
    }
    *time = reader_cycle_time(stored.head.cycle_s);
    if (sample_get(sample, metric, value)) {
        return true;
    }
    if (metric == METRIC_UPTIME) {
        return uptime(value, row->start_s, stored.head.cycle_s);
    }
    bool of_pods = (row->head.flags & ROW_PSEUDO) == 0;
    if (of_pods && resource(&row->resources, metric, value)) {
        return true;
    }
    return node_size(row, metric, value) || node_share(row, sample, metric, value) ||
           reader_pressure(reader, owned, metric, value);
}

// The cycle that what the API server says counts for: that of the sample, or,
// for a pod or container that no kubelet has shown yet, the last one.
static uint32_t
described_cycle(const struct table_reader *reader, uint32_t sample_cycle_s, unsigned sample_number)
{
    if (sample_cycle_s != 0 || sample_number != 0) {
        return sample_cycle_s;
    }
    return atomic_load_explicit(&reader->header->cycle_done_s, memory_order_acquire);
}

// What pods and containers have alike besides their samples.
struct described {
    const struct row_head *head;
    const struct resource_row *resources;
    uint32_t start_s, restart_count;
    unsigned sample_number;
};

// A value without a label: of the sample, of the API server, or pressure.
static bool
described_value(const struct table_reader *reader, struct described row, struct sample sample,
                struct owned owned, enum metric metric, struct metric_value *value)
{
    if (sample_get(sample, metric, value)) {
        return true;
    }
    bool from_api = (row.head->flags & ROW_FROM_API) != 0;
    switch (metric) {
    case METRIC_UPTIME:
        return uptime(value, row.start_s, sample.head->cycle_s);
    case METRIC_RESTART_COUNT:
        return from_api && reader_whole(value, row.restart_count);
    default:
        return (from_api && resource(row.resources, metric, value)) ||
               reader_pressure(reader, owned, metric, value);
    }
}

// The same with the time for which it counts.
static bool
described_metric(const struct table_reader *reader, struct described row, struct sample sample,
                 struct owned owned, enum metric metric, struct metric_value *value,
                 struct wall_ms *time)
{
    uint32_t cycle_s = described_cycle(reader, sample.head->cycle_s, row.sample_number);
    *time = reader_cycle_time(cycle_s);
    return cycle_s != 0 && described_value(reader, row, sample, owned, metric, value);
}

bool
table_pod_metric(const struct table_reader *reader, const struct pod_view *view,
                 enum metric metric, struct text resource_id, unsigned sample_number,
                 struct metric_value *value, struct wall_ms *time)
{
    const struct pod_row *row = &view->row;
    const struct pod_row *shared = reader_row(reader, POOL_PODS, view->index);
    if (shared == NULL || !metric_has_entity(metric, ENTITY_POD)) {
        return false;
    }
    struct owned owned = {&shared->head, view->name, &shared->pressure};
    if (metric_is_labelled(metric)) {
        owned.first = &shared->filesystems;
        return sample_number == 0 &&
               reader_labelled(reader, owned, metric, resource_id, value, time);
    }
    struct pod_sample stored = row->samples[sample_index(row->head.newest, sample_number)];
    struct described described = {&row->head, &row->resources, row->start_s, row->restart_count,
                                  sample_number};
    return described_metric(reader, described, sample_of_pod(&stored), owned, metric, value, time);
}

// Sizes of the file system that the container's lies on, if its node kept them
// in the cycle of the container's sample.
static bool
read_backing(const struct table_reader *reader, row_index node_index, uint8_t backing,
             uint32_t cycle_s, struct backing_row *to)
{
    const struct node_row *node = reader_row(reader, POOL_NODES, node_index);
    for (unsigned i = 0; node != NULL && backing < NODE_BACKINGS_MAX && i < READ_TRIES; i++) {
        uint32_t seq = reader_seq(&node->head);
        bool kept = backing < node->backing_count && node->backings_cycle_s == cycle_s;
        *to = node->backings[backing];
        if (reader_is_same(&node->head, seq)) {
            return kept;
        }
    }
    return false;
}

// A container's root file system and logs lie on file systems of its node.
static bool
container_filesystem(const struct table_reader *reader, const struct container_row *row,
                     enum metric metric, struct text resource_id, struct metric_value *value)
{
    bool rootfs = text_equal(resource_id, TEXT("/"));
    if (!rootfs && !text_equal(resource_id, TEXT("logs"))) {
        return false;
    }
    struct filesystem_row merged = {0};
    if (row->storage_has & (rootfs ? 1U : 2U)) {
        merged.has = HAS_FS_USED;
        merged.used = rootfs ? row->rootfs_used : row->logs_used;
    }
    const struct pod_row *pod = reader_row(reader, POOL_PODS, row->pod);
    row_index node = pod != NULL ? reader_link(&pod->node_index) : row->node;
    uint8_t backing = rootfs ? row->rootfs_backing : row->logs_backing;
    uint32_t cycle_s = row->samples[row->head.newest & 1U].head.cycle_s;
    struct backing_row from;
    if (read_backing(reader, node, backing, cycle_s, &from)) {
        merged.has |= from.has;
        merged.capacity = from.capacity;
        merged.available = from.available;
        merged.inodes = from.inodes;
        merged.inodes_free = from.inodes_free;
    }
    return reader_filesystem(&merged, metric, value);
}

bool
table_container_metric(const struct table_reader *reader, const struct container_view *view,
                       enum metric metric, struct text resource_id, unsigned sample_number,
                       struct metric_value *value, struct wall_ms *time)
{
    const struct container_row *row = &view->row;
    const struct container_row *shared = reader_row(reader, POOL_CONTAINERS, view->index);
    enum entity entity = row->pod == 0 ? ENTITY_SYSTEM_CONTAINER : ENTITY_CONTAINER;
    if (shared == NULL || !metric_has_entity(metric, entity)) {
        return false;
    }
    struct owned owned = {&shared->head, view->name, &shared->pressure};
    if (reader_is_on_disk(metric)) {
        owned.first = &shared->disk;
        return sample_number == 0 &&
               reader_labelled(reader, owned, metric, resource_id, value, time);
    }
    struct container_sample stored = row->samples[sample_index(row->head.newest, sample_number)];
    if (metric_is_labelled(metric)) {
        uint32_t cycle_s = described_cycle(reader, stored.head.cycle_s, sample_number);
        *time = reader_cycle_time(cycle_s);
        return cycle_s != 0 && sample_number == 0 &&
               container_filesystem(reader, row, metric, resource_id, value);
    }
    struct described described = {&row->head, &row->resources, row->start_s, row->restart_count,
                                  sample_number};
    return described_metric(reader, described, sample_of_container(&stored), owned, metric, value,
                            time);
}

bool
table_totals_metric(const struct totals *totals, enum metric metric, struct metric_value *value,
                    struct wall_ms *time)
{
    if (totals->cycle_s == 0) {
        return false;
    }
    *time = reader_cycle_time(totals->cycle_s);
    switch (metric) {
    case METRIC_CPU_USAGE_RATE:
        return reader_real(value, totals->cpu_usage_milli);
    case METRIC_MEMORY_USAGE:
        return reader_whole(value, totals->memory_usage);
    case METRIC_MEMORY_WORKING_SET:
        return reader_whole(value, totals->memory_working_set);
    case METRIC_CPU_REQUEST:
        return reader_whole(value, totals->cpu_request);
    case METRIC_CPU_LIMIT:
        return reader_whole(value, totals->cpu_limit);
    case METRIC_MEMORY_REQUEST:
        return reader_whole(value, totals->memory_request);
    case METRIC_MEMORY_LIMIT:
        return reader_whole(value, totals->memory_limit);
    case METRIC_POD_COUNT:
        return reader_whole(value, totals->pod_count);
    case METRIC_CONTAINER_COUNT:
        return reader_whole(value, totals->container_count);
    case METRIC_NODE_COUNT:
        return totals->node_count != 0 && reader_whole(value, totals->node_count);
    case METRIC_NODE_READY_COUNT:
        return totals->node_count != 0 && reader_whole(value, totals->node_ready_count);
    default:
        return false;
    }
}
