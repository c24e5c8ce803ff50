// Samples: what a source said about a node, its pods and their containers.
#include <string.h>

#include "base/check.h"
#include "table/writer_state.h"

// Moves a row to the present cycle and gives the two samples to fold with.
struct folding {
    struct sample now;
    struct sample before;  // an empty one when there is nothing to compare with
};

static uint8_t
turn(uint32_t newest_cycle_s, uint8_t newest, uint32_t cycle_s)
{
    return newest_cycle_s == cycle_s ? newest : (uint8_t)(1 - newest);
}

// Whether the sample that is not the newest lies before the present cycle.
static bool
is_earlier(const struct sample_head *head, uint32_t cycle_s)
{
    return head->cycle_s != 0 && head->cycle_s < cycle_s;
}

static struct folding
begin_node(struct table_writer *writer, struct node_row *row)
{
    uint8_t newest = row->head.newest;
    uint8_t next = turn(row->samples[newest].head.cycle_s, newest, writer->cycle_s);
    struct folding folding = {sample_of_node(&row->samples[next]),
                              sample_of_node(&row->samples[1 - next])};
    if (folding.now.head->cycle_s != writer->cycle_s) {
        sample_begin(folding.now, writer->cycle_s);
    }
    if (!is_earlier(folding.before.head, writer->cycle_s)) {
        folding.before = sample_of_node(&writer->no_node_sample);
    }
    row->head.newest = next;
    return folding;
}

static struct folding
begin_pod(struct table_writer *writer, struct pod_row *row)
{
    uint8_t newest = row->head.newest;
    uint8_t next = turn(row->samples[newest].head.cycle_s, newest, writer->cycle_s);
    struct folding folding = {sample_of_pod(&row->samples[next]),
                              sample_of_pod(&row->samples[1 - next])};
    if (folding.now.head->cycle_s != writer->cycle_s) {
        sample_begin(folding.now, writer->cycle_s);
    }
    if (!is_earlier(folding.before.head, writer->cycle_s)) {
        folding.before = sample_of_pod(&writer->no_pod_sample);
    }
    row->head.newest = next;
    return folding;
}

static struct folding
begin_container(struct table_writer *writer, struct container_row *row)
{
    uint8_t newest = row->head.newest;
    uint8_t next = turn(row->samples[newest].head.cycle_s, newest, writer->cycle_s);
    struct folding folding = {sample_of_container(&row->samples[next]),
                              sample_of_container(&row->samples[1 - next])};
    if (folding.now.head->cycle_s != writer->cycle_s) {
        sample_begin(folding.now, writer->cycle_s);
        row->storage_has = 0;
    }
    if (!is_earlier(folding.before.head, writer->cycle_s)) {
        folding.before = sample_of_container(&writer->no_container_sample);
    }
    row->head.newest = next;
    return folding;
}

// Pressure, file systems, disks

static void
put_pressure(struct table_writer *writer, row_index *index, const struct pressure_seen *seen,
             enum pressure_level level)
{
    if (seen->has == 0 || writer->header->capacity.pressure < level) {
        return;
    }
    if (*index == 0) {
        *index = pool_take(writer->header, POOL_PRESSURES);
        if (*index == 0) {
            table_count_error(writer, ERR_EXTRAS_FULL, 1);
            return;
        }
    }
    struct pressure_row *row = pressure_row_at(writer->header, *index);
    row->has = seen->has;
    row->cpu_some_us = seen->cpu_some_us;
    row->cpu_full_us = seen->cpu_full_us;
    row->memory_some_us = seen->memory_some_us;
    row->memory_full_us = seen->memory_full_us;
    row->io_some_us = seen->io_some_us;
    row->io_full_us = seen->io_full_us;
}

static row_index
need_filesystem(struct table_writer *writer, row_index *first, struct text name)
{
    struct table_header *header = writer->header;
    for (row_index at = *first; at != 0; at = filesystem_row_at(header, at)->next) {
        if (string_equals(header, filesystem_row_at(header, at)->name, name)) {
            return at;
        }
    }
    row_index index = pool_take(header, POOL_FILESYSTEMS);
    if (index == 0) {
        table_count_error(writer, ERR_FILESYSTEMS_FULL, 1);
        return 0;
    }
    struct filesystem_row *row = filesystem_row_at(header, index);
    writer_set_text(writer, &row->name, name);
    row->next = *first;
    *first = index;
    return index;
}

static void
put_filesystems(struct table_writer *writer, row_index *first, const struct filesystem_seen *seen,
                uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct text name = text_sub(seen[i].name, 0, SHORT_NAME_BYTES_MAX);
        row_index index = need_filesystem(writer, first, name);
        if (index == 0) {
            continue;
        }
        struct filesystem_row *row = filesystem_row_at(writer->header, index);
        row->cycle_s = writer->cycle_s;
        row->has = seen[i].has;
        row->used = seen[i].used;
        row->capacity = seen[i].capacity;
        row->available = seen[i].available;
        row->inodes = seen[i].inodes;
        row->inodes_free = seen[i].inodes_free;
    }
    writer_drop_filesystems(writer, first, writer->cycle_s);
}

static row_index
need_disk(struct table_writer *writer, row_index *first, struct text name)
{
    struct table_header *header = writer->header;
    for (row_index at = *first; at != 0; at = disk_row_at(header, at)->next) {
        if (string_equals(header, disk_row_at(header, at)->name, name)) {
            return at;
        }
    }
    row_index index = pool_take(header, POOL_DISKS);
    if (index == 0) {
        table_count_error(writer, ERR_FILESYSTEMS_FULL, 1);
        return 0;
    }
    struct disk_row *row = disk_row_at(header, index);
    writer_set_text(writer, &row->name, name);
    row->read_rate = -1.0F;
    row->write_rate = -1.0F;
    row->next = *first;
    *first = index;
    return index;
}

// Bytes per second, or -1 when the counter went back.
static float
disk_rate(uint64_t before, uint64_t now, int64_t elapsed_ms)
{
    return now < before ? -1.0F : (float)((double)(now - before) * 1e3 / (double)elapsed_ms);
}

static void
put_disk(struct table_writer *writer, row_index *first, const struct disk_seen *seen)
{
    struct text name = text_sub(seen->device, 0, SHORT_NAME_BYTES_MAX);
    row_index index = need_disk(writer, first, name);
    if (index == 0) {
        return;
    }
    struct disk_row *row = disk_row_at(writer->header, index);
    int64_t time_ms = seen->time.ms != 0 ? seen->time.ms : writer->arrival.ms;
    int64_t before_ms = (int64_t)row->cycle_s * MS_PER_S + row->offset_ms;
    if (row->cycle_s != 0 && time_ms > before_ms) {
        row->read_rate = disk_rate(row->read_bytes, seen->read_bytes, time_ms - before_ms);
        row->write_rate = disk_rate(row->write_bytes, seen->write_bytes, time_ms - before_ms);
    }
    int64_t offset_ms = time_ms - (int64_t)writer->cycle_s * MS_PER_S;
    bool believable = offset_ms > INT32_MIN && offset_ms < INT32_MAX;
    row->offset_ms = believable ? (int32_t)offset_ms : 0;
    row->cycle_s = writer->cycle_s;
    row->read_bytes = seen->read_bytes;
    row->write_bytes = seen->write_bytes;
}

// Containers share the file systems of their node: sizes are kept once.
static uint8_t
backing_of(struct table_writer *writer, const struct filesystem_seen *seen)
{
    unsigned sizes = HAS_FS_CAPACITY | HAS_FS_AVAILABLE | HAS_FS_INODES | HAS_FS_INODES_FREE;
    if (writer->node == 0 || (seen->has & sizes) == 0) {
        return BACKING_NONE;
    }
    struct node_row *node = node_row_at(writer->header, writer->node);
    if (node->backings_cycle_s != writer->cycle_s) {
        node->backings_cycle_s = writer->cycle_s;
        node->backing_count = 0;
    }
    struct backing_row wanted = {
        .has = seen->has & sizes,
        .capacity = seen->capacity,
        .available = seen->available,
        .inodes = seen->inodes,
        .inodes_free = seen->inodes_free,
    };
    for (uint8_t i = 0; i < node->backing_count; i++) {
        if (memcmp(&node->backings[i], &wanted, sizeof wanted) == 0) {
            return i;
        }
    }
    if (node->backing_count == NODE_BACKINGS_MAX) {
        table_count_error(writer, ERR_TOO_MANY, 1);
        return BACKING_NONE;
    }
    node->backings[node->backing_count] = wanted;
    return node->backing_count++;
}

// Containers

static void
put_storage(struct table_writer *writer, struct container_row *row, struct sample now,
            const struct container_seen *seen)
{
    if (seen->rootfs.has & HAS_FS_USED) {
        row->rootfs_used = seen->rootfs.used;
        row->storage_has |= 1U;
    }
    if (seen->logs.has & HAS_FS_USED) {
        row->logs_used = seen->logs.used;
        row->storage_has |= 2U;
    }
    if (seen->rootfs.has != 0) {
        row->rootfs_backing = backing_of(writer, &seen->rootfs);
    }
    if (seen->logs.has != 0) {
        row->logs_backing = backing_of(writer, &seen->logs);
    }
    if (row->storage_has != 0) {
        uint64_t used = (row->storage_has & 1U) ? row->rootfs_used : 0;
        used += (row->storage_has & 2U) ? row->logs_used : 0;
        sample_set(now, METRIC_EPHEMERAL_USAGE, used);
    }
}

// A container that started anew has nothing to be compared with.
static void
note_start(struct table_writer *writer, struct container_row *row, struct wall_ms start_time,
           struct folding *folding)
{
    if (start_time.ms <= 0) {
        return;
    }
    uint32_t start_s = (uint32_t)(start_time.ms / MS_PER_S);
    if (row->start_s != 0 && row->start_s != start_s) {
        folding->before = sample_of_container(&writer->no_container_sample);
    }
    row->start_s = start_s;
}

static void
put_container_values(struct table_writer *writer, struct container_row *row,
                     const struct container_seen *seen)
{
    struct folding folding = begin_container(writer, row);
    row->head.flags |= ROW_FROM_SCRAPE;
    note_start(writer, row, seen->start_time, &folding);
    sample_fold_cpu(folding.now, folding.before, &seen->cpu, writer->arrival);
    sample_fold_memory(folding.now, folding.before, &seen->memory, writer->arrival);
    put_storage(writer, row, folding.now, seen);
    if (seen->image.size != 0 && row->image == 0) {
        writer_set_text(writer, &row->image, text_sub(seen->image, 0, IMAGE_BYTES_MAX));
    }
    if (seen->disk.time.ms != 0) {
        put_disk(writer, &row->disk, &seen->disk);
    }
    put_pressure(writer, &row->pressure, &seen->pressure, PRESSURE_CONTAINERS);
    for (uint32_t i = 0; i < seen->extra_count; i++) {
        const struct extra_seen *extra = &seen->extras[i];
        writer_put_extra(writer, &row->extras, extra->metric, extra->label, extra->value,
                         writer->cycle_s);
    }
    if (row->extras != 0) {
        writer_drop_extras(writer, &row->extras, writer->cycle_s);
    }
}

static void
observe_container_row(struct table_writer *writer, row_index index,
                      const struct container_seen *seen)
{
    struct container_row *row = container_row_at(writer->header, index);
    row_write_begin(&row->head);
    put_container_values(writer, row, seen);
    row_write_end(&row->head);
    table_count(writer, COUNTER_SAMPLES, 1);
}

// Pods

// What a pod's containers sum up to, as far as they were given.
struct container_sums {
    struct cpu_seen cpu;
    struct memory_seen memory;
    uint64_t ephemeral;
    bool has_ephemeral;
};

static void
add_container(struct container_sums *sums, const struct container_seen *seen)
{
    sums->cpu.has |= seen->cpu.has & HAS_CPU_NANOCORES;
    sums->cpu.usage_nanocores += seen->cpu.usage_nanocores;
    sums->memory.has |= seen->memory.has;
    sums->memory.usage += seen->memory.usage;
    sums->memory.working_set += seen->memory.working_set;
    sums->memory.rss += seen->memory.rss;
    if (seen->rootfs.has & HAS_FS_USED) {
        sums->ephemeral += seen->rootfs.used;
        sums->has_ephemeral = true;
    }
    if (seen->logs.has & HAS_FS_USED) {
        sums->ephemeral += seen->logs.used;
        sums->has_ephemeral = true;
    }
}

static struct container_sums
sum_seen(const struct pod_seen *seen)
{
    struct container_sums sums = {0};
    for (uint32_t i = 0; i < seen->container_count; i++) {
        add_container(&sums, &seen->containers[i]);
    }
    return sums;
}

// A pod that has no row still counts in the totals of its namespace.
static void
add_overflow(struct table_writer *writer, row_index space, const struct pod_seen *seen)
{
    struct container_sums sums = sum_seen(seen);
    struct used_sums *used = &writer->overflow[space].used;
    uint64_t nanocores = (seen->cpu.has & HAS_CPU_NANOCORES) ? seen->cpu.usage_nanocores
                                                             : sums.cpu.usage_nanocores;
    used->cpu_usage_milli += (double)nanocores * 1e-6;
    used->memory_usage += (seen->memory.has & HAS_MEMORY_USAGE) ? seen->memory.usage
                                                                : sums.memory.usage;
    used->memory_working_set += (seen->memory.has & HAS_MEMORY_WORKING_SET)
                                    ? seen->memory.working_set
                                    : sums.memory.working_set;
    used->pod_count++;
    used->container_count += seen->container_count;
    table_count(writer, COUNTER_OVERFLOW_SAMPLES, 1);
}

// Sums a gauge or rate of the pod's containers into the pod where it lacks it.
static void
fill_from_containers(struct table_writer *writer, struct pod_row *row, struct sample now)
{
    static const enum metric filled[] = {
        METRIC_CPU_USAGE_RATE, METRIC_MEMORY_USAGE, METRIC_MEMORY_WORKING_SET,
        METRIC_MEMORY_RSS,     METRIC_MEMORY_SWAP,  METRIC_MEMORY_PAGE_FAULTS_RATE,
        METRIC_MEMORY_MAJOR_PAGE_FAULTS_RATE,       METRIC_EPHEMERAL_USAGE,
    };
    for (size_t i = 0; i < ARRAY_COUNT(filled); i++) {
        struct metric_value value;
        if (sample_get(now, filled[i], &value)) {
            continue;
        }
        double real = 0;
        uint64_t sum = 0;
        bool any = false;
        bool is_double = false;
        for (row_index at = row->first_container; at != 0;) {
            struct container_row *container = container_row_at(writer->header, at);
            at = container->next;
            struct sample sample =
                sample_of_container(&container->samples[container->head.newest]);
            if (sample.head->cycle_s == writer->cycle_s && sample_get(sample, filled[i], &value)) {
                any = true;
                is_double = value.is_double;
                real += value.real;
                sum += value.u64;
            }
        }
        if (any && is_double) {
            sample_set_rate(now, filled[i], real);
        } else if (any) {
            sample_set(now, filled[i], sum);
        }
    }
}

static void
put_pod_values(struct table_writer *writer, struct pod_row *row, const struct pod_seen *seen)
{
    struct folding folding = begin_pod(writer, row);
    row->head.flags |= ROW_FROM_SCRAPE;
    if (row->start_s == 0 && seen->start_time.ms > 0) {
        row->start_s = (uint32_t)(seen->start_time.ms / MS_PER_S);
    }
    sample_fold_cpu(folding.now, folding.before, &seen->cpu, writer->arrival);
    sample_fold_memory(folding.now, folding.before, &seen->memory, writer->arrival);
    if ((row->head.flags & ROW_HOST_NETWORK) == 0) {
        sample_fold_network(folding.now, folding.before, &seen->network, writer->arrival);
    }
    if (seen->ephemeral.has & HAS_FS_USED) {
        sample_set(folding.now, METRIC_EPHEMERAL_USAGE, seen->ephemeral.used);
    }
    put_pressure(writer, &row->pressure, &seen->pressure, PRESSURE_PODS);
    if (seen->volume_count != 0 || row->filesystems != 0) {
        put_filesystems(writer, &row->filesystems, seen->volumes, seen->volume_count);
    }
}

static void
observe_pod(struct table_writer *writer, const struct pod_seen *seen)
{
    struct table_header *header = writer->header;
    row_index space = writer_need_namespace(writer, writer->source, seen->namespace_name);
    row_index index =
        space != 0 ? writer_need_pod(writer, writer->source, space, seen->name) : 0;
    if (index == 0) {
        add_overflow(writer, space, seen);
        return;
    }
    if (writer->node != 0) {
        writer_attach_pod_to_node(writer, index, writer->node);
    }
    for (uint32_t i = 0; i < seen->container_count; i++) {
        row_index container =
            writer_need_container(writer, index, 0, seen->containers[i].name);
        if (container != 0) {
            observe_container_row(writer, container, &seen->containers[i]);
        }
    }
    struct pod_row *row = pod_row_at(header, index);
    row_write_begin(&row->head);
    put_pod_values(writer, row, seen);
    if (seen->cpu.has == 0 || seen->memory.has == 0 || seen->ephemeral.has == 0) {
        fill_from_containers(writer, row, sample_of_pod(&row->samples[row->head.newest]));
    }
    row_write_end(&row->head);
    table_count(writer, COUNTER_SAMPLES, 1);
}

void
table_observe_pod(struct table_writer *writer, const struct pod_seen *seen)
{
    ASSERT(writer->cycle_s != 0);
    structure_begin(writer->header);
    observe_pod(writer, seen);
    structure_end(writer->header);
}

void
table_observe_container(struct table_writer *writer, struct text namespace_name, struct text pod,
                        const struct container_seen *seen)
{
    ASSERT(writer->cycle_s != 0);
    structure_begin(writer->header);
    row_index space = writer_need_namespace(writer, writer->source, namespace_name);
    row_index index = space != 0 ? writer_need_pod(writer, writer->source, space, pod) : 0;
    row_index container = index != 0 ? writer_need_container(writer, index, 0, seen->name) : 0;
    if (container != 0) {
        if (writer->node != 0) {
            writer_attach_pod_to_node(writer, index, writer->node);
        }
        observe_container_row(writer, container, seen);
        writer->partial = true;
    } else if (index == 0) {
        struct used_sums *used = &writer->overflow[space].used;
        used->memory_usage += (seen->memory.has & HAS_MEMORY_USAGE) ? seen->memory.usage : 0;
        used->memory_working_set +=
            (seen->memory.has & HAS_MEMORY_WORKING_SET) ? seen->memory.working_set : 0;
        table_count(writer, COUNTER_OVERFLOW_SAMPLES, 1);
    }
    structure_end(writer->header);
}

// Nodes

void
table_node_begin(struct table_writer *writer, unsigned source, row_index node, uint32_t cycle_s,
                 struct wall_ms arrival)
{
    ASSERT(source >= 1);
    ASSERT(source <= SOURCES_MAX);
    ASSERT(cycle_s != 0);
    writer->source = source;
    writer->node = node;
    writer->cycle_s = cycle_s;
    writer->arrival = arrival;
    writer->partial = false;
}

// Heapster's names for the kubelet's own groups (its summary source).
static struct text
system_container_name(const struct table_writer *writer, struct text name)
{
    const struct source_row *source = &writer->header->source[writer->source];
    if (source->kind != SOURCE_KUBERNETES) {
        return name;
    }
    if (text_equal(name, TEXT("runtime"))) {
        return TEXT("docker-daemon");
    }
    return text_equal(name, TEXT("misc")) ? TEXT("system") : name;
}

static void
observe_system_containers(struct table_writer *writer, const struct node_seen *seen)
{
    for (uint32_t i = 0; i < seen->system_container_count; i++) {
        const struct container_seen *container = &seen->system_containers[i];
        struct text name = system_container_name(writer, container->name);
        row_index index = writer_need_container(writer, 0, writer->node, name);
        if (index != 0) {
            observe_container_row(writer, index, container);
        }
    }
}

static void
put_node_values(struct table_writer *writer, struct node_row *row, const struct node_seen *seen)
{
    struct folding folding = begin_node(writer, row);
    row->head.flags |= ROW_FROM_SCRAPE;
    if (seen->start_time.ms > 0) {
        row->start_s = (uint32_t)(seen->start_time.ms / MS_PER_S);
    }
    sample_fold_cpu(folding.now, folding.before, &seen->cpu, writer->arrival);
    sample_fold_memory(folding.now, folding.before, &seen->memory, writer->arrival);
    sample_fold_network(folding.now, folding.before, &seen->network, writer->arrival);
    put_pressure(writer, &row->pressure, &seen->pressure, PRESSURE_NODES);
    if (seen->filesystem_count != 0) {
        put_filesystems(writer, &row->filesystems, seen->filesystems, seen->filesystem_count);
        if (seen->filesystems[0].has & HAS_FS_USED) {
            sample_set(folding.now, METRIC_EPHEMERAL_USAGE, seen->filesystems[0].used);
        }
    }
    for (uint32_t i = 0; i < seen->disk_count; i++) {
        put_disk(writer, &row->disks, &seen->disks[i]);
    }
    if (seen->disk_count != 0) {
        writer_drop_disks(writer, &row->disks, writer->cycle_s);
    }
}

static bool
says_something_of_the_node(const struct node_seen *seen)
{
    return seen->cpu.has != 0 || seen->memory.has != 0 || seen->network.has != 0 ||
           seen->pressure.has != 0 || seen->filesystem_count != 0 || seen->disk_count != 0;
}

void
table_observe_node(struct table_writer *writer, const struct node_seen *seen)
{
    ASSERT(writer->cycle_s != 0);
    if (writer->node == 0) {
        table_count(writer, COUNTER_OVERFLOW_SAMPLES, 1);
        return;
    }
    structure_begin(writer->header);
    if (says_something_of_the_node(seen)) {
        struct node_row *row = node_row_at(writer->header, writer->node);
        row_write_begin(&row->head);
        put_node_values(writer, row, seen);
        row_write_end(&row->head);
        table_count(writer, COUNTER_SAMPLES, 1);
    }
    observe_system_containers(writer, seen);
    structure_end(writer->header);
}

void
table_node_end(struct table_writer *writer)
{
    if (!writer->partial || writer->node == 0) {
        return;
    }
    struct table_header *header = writer->header;
    structure_begin(header);
    for (row_index at = node_row_at(header, writer->node)->first_pod; at != 0;) {
        struct pod_row *row = pod_row_at(header, at);
        at = row->node_next;
        if (row->head.state != ROW_LIVE) {
            continue;
        }
        row_write_begin(&row->head);
        struct folding folding = begin_pod(writer, row);
        fill_from_containers(writer, row, folding.now);
        row_write_end(&row->head);
    }
    structure_end(header);
}

static void
on_node(void *context, const struct node_seen *seen)
{
    table_observe_node(context, seen);
}

static void
on_pod(void *context, const struct pod_seen *seen)
{
    table_observe_pod(context, seen);
}

static void
on_container(void *context, struct text namespace_name, struct text pod,
             const struct container_seen *seen)
{
    table_observe_container(context, namespace_name, pod, seen);
}

struct observer
table_writer_observer(struct table_writer *writer)
{
    return (struct observer){writer, on_node, on_pod, on_container};
}

void
table_note_scrape(struct table_writer *writer, row_index node, const struct scrape_note *note)
{
    table_count(writer, note->error == 0 ? COUNTER_SCRAPES : COUNTER_SCRAPE_FAILURES, 1);
    table_count(writer, COUNTER_SCRAPE_BYTES, note->bytes);
    if (note->error != 0) {
        table_count_error(writer, note->error, 1);
    }
    if (node == 0) {
        return;
    }
    structure_begin(writer->header);
    struct node_row *row = node_row_at(writer->header, node);
    row_write_begin(&row->head);
    struct scrape_row *scrape = &row->scrape;
    scrape->last_attempt_ms = note->attempted.ms;
    scrape->address_type = (uint8_t)note->address_type;
    scrape->trust = note->trust;
    if (note->error == 0) {
        scrape->last_success_ms = note->finished.ms;
        scrape->latency_us = note->latency_us;
        scrape->bytes = note->bytes;
        scrape->success_total++;
        scrape->failure_streak = 0;
        scrape->last_error = ERR_OK;
    } else {
        scrape->failure_total++;
        scrape->failure_streak++;
        scrape->last_error = (uint16_t)(note->error < 0 ? -note->error : note->error);
    }
    if (note->port != 0) {
        row->kubelet_port = note->port;
    }
    writer_set_text(writer, &row->address, text_sub(note->address, 0, NAME_BYTES_MAX));
    row_write_end(&row->head);
    structure_end(writer->header);
}
