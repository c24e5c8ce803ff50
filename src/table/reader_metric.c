// Any metric of a row by its catalogue entry: stored, derived or labelled.
#include <string.h>

#include "base/check.h"
#include "table/reader_state.h"

static struct wall_ms
cycle_time(uint32_t cycle_s)
{
    return (struct wall_ms){(int64_t)cycle_s * MS_PER_S};
}

static bool
whole(struct metric_value *value, uint64_t number)
{
    *value = (struct metric_value){.u64 = number};
    return true;
}

static bool
real(struct metric_value *value, double number)
{
    *value = (struct metric_value){.is_double = true, .real = number};
    return true;
}

static bool
share(struct metric_value *value, double part, double all)
{
    return all > 0 && real(value, part / all);
}

static bool
uptime(struct metric_value *value, uint32_t start_s, uint32_t cycle_s)
{
    if (start_s == 0 || cycle_s == 0 || start_s > cycle_s) {
        return false;
    }
    return whole(value, (uint64_t)(cycle_s - start_s) * (uint64_t)MS_PER_S);
}

static bool
resource(const struct resource_row *row, enum metric metric, struct metric_value *value)
{
    switch (metric) {
    case METRIC_CPU_REQUEST:
        return whole(value, row->cpu_request);
    case METRIC_CPU_LIMIT:
        return whole(value, row->cpu_limit);
    case METRIC_MEMORY_REQUEST:
        return whole(value, row->memory_request);
    case METRIC_MEMORY_LIMIT:
        return whole(value, row->memory_limit);
    case METRIC_EPHEMERAL_REQUEST:
        return whole(value, row->ephemeral_request);
    case METRIC_EPHEMERAL_LIMIT:
        return whole(value, row->ephemeral_limit);
    default:
        return false;
    }
}

// A list that hangs on a row of the file, which may be given back at any time:
// what is read of it counts if the row has not changed meanwhile.
struct owned {
    const struct row_head *head;
    struct text name;  // tells whether the row is still the one that was copied
    const row_index *first;
};

static bool
is_still(const struct table_reader *reader, const struct owned *owned)
{
    return owned->head->state == ROW_LIVE &&
           string_cells_equal(reader_cells(reader), owned->head->name, owned->name);
}

static bool
pressure_value(const struct pressure_row *row, enum metric metric, struct metric_value *value)
{
    const struct {
        unsigned bit;
        uint64_t us;
    } values[] = {
        {HAS_PRESSURE_CPU, row->cpu_some_us},       {HAS_PRESSURE_CPU, row->cpu_full_us},
        {HAS_PRESSURE_MEMORY, row->memory_some_us}, {HAS_PRESSURE_MEMORY, row->memory_full_us},
        {HAS_PRESSURE_IO, row->io_some_us},         {HAS_PRESSURE_IO, row->io_full_us},
    };
    size_t i = (size_t)(metric - METRIC_PRESSURE_CPU_SOME);
    return (row->has & values[i].bit) != 0 && whole(value, values[i].us);
}

static bool
pressure(const struct table_reader *reader, struct owned owned, enum metric metric,
         struct metric_value *value)
{
    if (metric < METRIC_PRESSURE_CPU_SOME || metric > METRIC_PRESSURE_IO_FULL) {
        return false;
    }
    for (unsigned i = 0; i < READ_TRIES; i++) {
        uint32_t seq = reader_seq(owned.head);
        struct pressure_row row;
        bool found = is_still(reader, &owned) &&
                     table_read_pressure(reader, reader_link(owned.first), &row) &&
                     pressure_value(&row, metric, value);
        if (reader_is_same(owned.head, seq)) {
            return found;
        }
    }
    return false;
}

static bool
filesystem_value(const struct filesystem_row *row, enum metric metric, struct metric_value *value)
{
    switch (metric) {
    case METRIC_FILESYSTEM_USAGE:
        return (row->has & HAS_FS_USED) != 0 && whole(value, row->used);
    case METRIC_FILESYSTEM_LIMIT:
        return (row->has & HAS_FS_CAPACITY) != 0 && whole(value, row->capacity);
    case METRIC_FILESYSTEM_AVAILABLE:
        return (row->has & HAS_FS_AVAILABLE) != 0 && whole(value, row->available);
    case METRIC_FILESYSTEM_INODES:
        return (row->has & HAS_FS_INODES) != 0 && whole(value, row->inodes);
    case METRIC_FILESYSTEM_INODES_FREE:
        return (row->has & HAS_FS_INODES_FREE) != 0 && whole(value, row->inodes_free);
    default:
        return false;
    }
}

static bool
disk_value(const struct disk_row *row, enum metric metric, struct metric_value *value)
{
    switch (metric) {
    case METRIC_DISK_IO_READ_BYTES:
        return whole(value, row->read_bytes);
    case METRIC_DISK_IO_WRITE_BYTES:
        return whole(value, row->write_bytes);
    case METRIC_DISK_IO_READ_BYTES_RATE:
        return row->read_rate >= 0 && real(value, (double)row->read_rate);
    case METRIC_DISK_IO_WRITE_BYTES_RATE:
        return row->write_rate >= 0 && real(value, (double)row->write_rate);
    default:
        return false;
    }
}

static bool
is_on_disk(enum metric metric)
{
    return metric >= METRIC_DISK_IO_READ_BYTES && metric <= METRIC_DISK_IO_WRITE_BYTES_RATE;
}

static bool
find_labelled(const struct table_reader *reader, row_index first, enum metric metric,
              struct text resource_id, struct metric_value *value, struct wall_ms *time)
{
    struct labelled_view view;
    bool on_disk = is_on_disk(metric);
    row_index at = first;
    uint32_t limit = reader->place[on_disk ? POOL_DISKS : POOL_FILESYSTEMS].limit;
    for (uint32_t hops = 0; hops <= limit; hops++) {
        bool more = on_disk ? table_read_disk(reader, &at, &view)
                            : table_read_filesystem(reader, &at, &view);
        if (!more) {
            return false;
        }
        if (text_equal(view.name, resource_id)) {
            *time = cycle_time(on_disk ? view.disk.cycle_s : view.filesystem.cycle_s);
            return on_disk ? disk_value(&view.disk, metric, value)
                           : filesystem_value(&view.filesystem, metric, value);
        }
    }
    return false;
}

// Labelled values are kept for the newest sample only.
static bool
labelled(const struct table_reader *reader, struct owned owned, enum metric metric,
         struct text resource_id, struct metric_value *value, struct wall_ms *time)
{
    for (unsigned i = 0; i < READ_TRIES; i++) {
        uint32_t seq = reader_seq(owned.head);
        bool found = is_still(reader, &owned) && find_labelled(reader, reader_link(owned.first), metric,
                                                       resource_id, value, time);
        if (reader_is_same(owned.head, seq)) {
            return found;
        }
    }
    return false;
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
node_size(const struct node_row *row, enum metric metric, struct metric_value *value)
{
    switch (metric) {
    case METRIC_CPU_NODE_CAPACITY:
        return row->cpu_capacity_milli != 0 && real(value, (double)row->cpu_capacity_milli);
    case METRIC_CPU_NODE_ALLOCATABLE:
        return row->cpu_allocatable_milli != 0 && real(value, (double)row->cpu_allocatable_milli);
    case METRIC_MEMORY_NODE_CAPACITY:
        return row->memory_capacity != 0 && real(value, (double)row->memory_capacity);
    case METRIC_MEMORY_NODE_ALLOCATABLE:
        return row->memory_allocatable != 0 && real(value, (double)row->memory_allocatable);
    case METRIC_EPHEMERAL_NODE_CAPACITY:
        return row->ephemeral_capacity != 0 && real(value, (double)row->ephemeral_capacity);
    case METRIC_EPHEMERAL_NODE_ALLOCATABLE:
        return row->ephemeral_allocatable != 0 && real(value, (double)row->ephemeral_allocatable);
    case METRIC_POD_COUNT:
        return whole(value, row->pod_count);
    case METRIC_CONTAINER_COUNT:
        return whole(value, row->container_count);
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
    if (!metric_has_entity(metric, ENTITY_NODE)) {
        return false;
    }
    const struct node_row *shared = reader_row(reader, POOL_NODES, view->index);
    if (shared == NULL) {
        return false;
    }
    struct owned owned = {&shared->head, view->name, &shared->pressure};
    if (metric_is_labelled(metric)) {
        owned.first = is_on_disk(metric) ? &shared->disks : &shared->filesystems;
        return sample_number == 0 && labelled(reader, owned, metric, resource_id, value, time);
    }
    struct node_sample stored = row->samples[sample_index(row->head.newest, sample_number)];
    struct sample sample = sample_of_node(&stored);
    if (stored.head.cycle_s == 0) {
        return false;
    }
    *time = cycle_time(stored.head.cycle_s);
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
           pressure(reader, owned, metric, value);
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

bool
table_pod_metric(const struct table_reader *reader, const struct pod_view *view,
                 enum metric metric, struct text resource_id, unsigned sample_number,
                 struct metric_value *value, struct wall_ms *time)
{
    const struct pod_row *row = &view->row;
    if (!metric_has_entity(metric, ENTITY_POD)) {
        return false;
    }
    const struct pod_row *shared = reader_row(reader, POOL_PODS, view->index);
    if (shared == NULL) {
        return false;
    }
    struct owned owned = {&shared->head, view->name, &shared->pressure};
    if (metric_is_labelled(metric)) {
        owned.first = &shared->filesystems;
        return sample_number == 0 && labelled(reader, owned, metric, resource_id, value, time);
    }
    struct pod_sample stored = row->samples[sample_index(row->head.newest, sample_number)];
    uint32_t cycle_s = described_cycle(reader, stored.head.cycle_s, sample_number);
    if (cycle_s == 0) {
        return false;
    }
    *time = cycle_time(cycle_s);
    if (sample_get(sample_of_pod(&stored), metric, value)) {
        return true;
    }
    bool from_api = (row->head.flags & ROW_FROM_API) != 0;
    switch (metric) {
    case METRIC_UPTIME:
        return uptime(value, row->start_s, stored.head.cycle_s);
    case METRIC_RESTART_COUNT:
        return from_api && whole(value, row->restart_count);
    default:
        return (from_api && resource(&row->resources, metric, value)) ||
               pressure(reader, owned, metric, value);
    }
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
    return filesystem_value(&merged, metric, value);
}

bool
table_container_metric(const struct table_reader *reader, const struct container_view *view,
                       enum metric metric, struct text resource_id, unsigned sample_number,
                       struct metric_value *value, struct wall_ms *time)
{
    const struct container_row *row = &view->row;
    bool of_system = row->pod == 0;
    enum entity entity = of_system ? ENTITY_SYSTEM_CONTAINER : ENTITY_CONTAINER;
    if (!metric_has_entity(metric, entity)) {
        return false;
    }
    struct container_sample stored = row->samples[sample_index(row->head.newest, sample_number)];
    uint32_t cycle_s = described_cycle(reader, stored.head.cycle_s, sample_number);
    if (cycle_s == 0) {
        return false;
    }
    *time = cycle_time(cycle_s);
    const struct container_row *shared = reader_row(reader, POOL_CONTAINERS, view->index);
    if (shared == NULL) {
        return false;
    }
    struct owned owned = {&shared->head, view->name, &shared->pressure};
    if (is_on_disk(metric)) {
        owned.first = &shared->disk;
        return sample_number == 0 && labelled(reader, owned, metric, resource_id, value, time);
    }
    if (metric_is_labelled(metric)) {
        return sample_number == 0 &&
               container_filesystem(reader, row, metric, resource_id, value);
    }
    if (sample_get(sample_of_container(&stored), metric, value)) {
        return true;
    }
    bool from_api = (row->head.flags & ROW_FROM_API) != 0;
    switch (metric) {
    case METRIC_UPTIME:
        return uptime(value, row->start_s, stored.head.cycle_s);
    case METRIC_RESTART_COUNT:
        return from_api && whole(value, row->restart_count);
    default:
        return (from_api && resource(&row->resources, metric, value)) ||
               pressure(reader, owned, metric, value);
    }
}

bool
table_totals_metric(const struct totals *totals, enum metric metric, struct metric_value *value,
                    struct wall_ms *time)
{
    if (totals->cycle_s == 0) {
        return false;
    }
    *time = cycle_time(totals->cycle_s);
    switch (metric) {
    case METRIC_CPU_USAGE_RATE:
        return real(value, totals->cpu_usage_milli);
    case METRIC_MEMORY_USAGE:
        return whole(value, totals->memory_usage);
    case METRIC_MEMORY_WORKING_SET:
        return whole(value, totals->memory_working_set);
    case METRIC_CPU_REQUEST:
        return whole(value, totals->cpu_request);
    case METRIC_CPU_LIMIT:
        return whole(value, totals->cpu_limit);
    case METRIC_MEMORY_REQUEST:
        return whole(value, totals->memory_request);
    case METRIC_MEMORY_LIMIT:
        return whole(value, totals->memory_limit);
    case METRIC_POD_COUNT:
        return whole(value, totals->pod_count);
    case METRIC_CONTAINER_COUNT:
        return whole(value, totals->container_count);
    case METRIC_NODE_COUNT:
        return totals->node_count != 0 && whole(value, totals->node_count);
    case METRIC_NODE_READY_COUNT:
        return totals->node_count != 0 && whole(value, totals->node_ready_count);
    default:
        return false;
    }
}
