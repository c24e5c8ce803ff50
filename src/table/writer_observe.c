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
        row->summed = 0;
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
        row->head.flags = (uint8_t)(row->head.flags & ~ROW_BEGAN_ANEW);
        row->storage_has = 0;
        row->rootfs_backing = BACKING_NONE;
        row->logs_backing = BACKING_NONE;
    }
    if (!is_earlier(folding.before.head, writer->cycle_s) ||
        (row->head.flags & ROW_BEGAN_ANEW) != 0) {
        folding.before = sample_of_container(&writer->no_container_sample);
    }
    row->head.newest = next;
    return folding;
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
        row->rootfs_backing = writer_backing_of(writer, &seen->rootfs);
    }
    if (seen->logs.has != 0) {
        row->logs_backing = writer_backing_of(writer, &seen->logs);
    }
    if (row->storage_has != 0) {
        uint64_t used = (row->storage_has & 1U) ? row->rootfs_used : 0;
        used += (row->storage_has & 2U) ? row->logs_used : 0;
        sample_set(now, METRIC_EPHEMERAL_USAGE, used);
    }
}

// A container that started anew has nothing to be compared with, also where its
// values come in parts.
static void
note_start(struct table_writer *writer, struct container_row *row, struct wall_ms start_time,
           struct folding *folding)
{
    static const enum metric rates[] = {METRIC_CPU_USAGE_RATE, METRIC_MEMORY_PAGE_FAULTS_RATE,
                                        METRIC_MEMORY_MAJOR_PAGE_FAULTS_RATE};
    uint32_t start_s = writer_seconds(start_time);
    if (start_s == 0) {
        return;
    }
    if (row->start_s != 0 && row->start_s != start_s) {
        row->head.flags |= ROW_BEGAN_ANEW;
        folding->before = sample_of_container(&writer->no_container_sample);
        for (size_t i = 0; i < ARRAY_COUNT(rates); i++) {
            sample_unset(folding->now, rates[i]);
        }
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
        writer_set_text(writer, &row->image, string_cut(seen->image, IMAGE_BYTES_MAX));
    }
    if (seen->disk.time.ms != 0) {
        writer_put_disk(writer, &row->disk, &seen->disk);
    }
    writer_put_pressure(writer, &row->pressure, &seen->pressure, PRESSURE_CONTAINERS);
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

// What containers sum up to, as far as they were given.
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
    sums->memory.has |= seen->memory.has;
    if (seen->cpu.has & HAS_CPU_NANOCORES) {
        sums->cpu.usage_nanocores += seen->cpu.usage_nanocores;
    }
    sums->memory.usage += (seen->memory.has & HAS_MEMORY_USAGE) ? seen->memory.usage : 0;
    sums->memory.working_set +=
        (seen->memory.has & HAS_MEMORY_WORKING_SET) ? seen->memory.working_set : 0;
    sums->memory.rss += (seen->memory.has & HAS_MEMORY_RSS) ? seen->memory.rss : 0;
    sums->memory.swap += (seen->memory.has & HAS_MEMORY_SWAP) ? seen->memory.swap : 0;
    if (seen->rootfs.has & HAS_FS_USED) {
        sums->ephemeral += seen->rootfs.used;
        sums->has_ephemeral = true;
    }
    if (seen->logs.has & HAS_FS_USED) {
        sums->ephemeral += seen->logs.used;
        sums->has_ephemeral = true;
    }
}

// The value of `metric` in sums; false when it is not in them.
static bool
sum_of(const struct container_sums *sums, enum metric metric, struct metric_value *value)
{
    *value = (struct metric_value){0};
    switch (metric) {
    case METRIC_CPU_USAGE_RATE:
        value->is_double = true;
        value->real = (double)sums->cpu.usage_nanocores * 1e-6;
        return (sums->cpu.has & HAS_CPU_NANOCORES) != 0;
    case METRIC_MEMORY_USAGE:
        value->u64 = sums->memory.usage;
        return (sums->memory.has & HAS_MEMORY_USAGE) != 0;
    case METRIC_MEMORY_WORKING_SET:
        value->u64 = sums->memory.working_set;
        return (sums->memory.has & HAS_MEMORY_WORKING_SET) != 0;
    case METRIC_MEMORY_RSS:
        value->u64 = sums->memory.rss;
        return (sums->memory.has & HAS_MEMORY_RSS) != 0;
    case METRIC_MEMORY_SWAP:
        value->u64 = sums->memory.swap;
        return (sums->memory.has & HAS_MEMORY_SWAP) != 0;
    case METRIC_EPHEMERAL_USAGE:
        value->u64 = sums->ephemeral;
        return sums->has_ephemeral;
    default:
        return false;
    }
}

// A pod that has no row still counts in the totals of its namespace.
static void
observe_overflow(struct table_writer *writer, row_index space, const struct pod_seen *seen)
{
    struct container_sums sums = {0};
    for (uint32_t i = 0; i < seen->container_count; i++) {
        add_container(&sums, &seen->containers[i]);
    }
    struct cpu_seen cpu = seen->cpu.has != 0 ? seen->cpu : sums.cpu;
    struct memory_seen memory = seen->memory.has != 0 ? seen->memory : sums.memory;
    struct overflow_pod pod = {
        .hash = overflow_hash(writer->header->hash_key, seen->namespace_name, seen->name),
        .source = writer->source,
        .space = space,
        .node = writer->node,
    };
    overflow_observe(&writer->overflow, &pod, &cpu, &memory, seen->container_count,
                     writer->arrival);
    table_count(writer, COUNTER_OVERFLOW_SAMPLES, 1);
}

// Adds up a metric over the pod's containers of this cycle.
static bool
sum_rows(struct table_writer *writer, const struct pod_row *row, enum metric metric,
         struct metric_value *sum)
{
    bool any = false;
    *sum = (struct metric_value){0};
    for (row_index at = row->first_container; at != 0;) {
        struct container_row *container = container_row_at(writer->header, at);
        struct sample sample = sample_of_container(&container->samples[container->head.newest]);
        struct metric_value value;
        if (sample.head->cycle_s == writer->cycle_s && sample_get(sample, metric, &value)) {
            any = true;
            sum->is_double = value.is_double;
            sum->real += value.real;
            sum->u64 += value.u64;
        }
        at = container->next;
    }
    return any;
}

static const enum metric summed_metrics[] = {
    METRIC_CPU_USAGE_RATE, METRIC_MEMORY_USAGE, METRIC_MEMORY_WORKING_SET,
    METRIC_MEMORY_RSS,     METRIC_MEMORY_SWAP,  METRIC_MEMORY_PAGE_FAULTS_RATE,
    METRIC_MEMORY_MAJOR_PAGE_FAULTS_RATE,       METRIC_EPHEMERAL_USAGE,
};

// Sums of the containers leave the sample before it is looked at anew.
static void
forget_sums(struct pod_row *row, struct sample now)
{
    now.head->present &= ~row->summed;
    row->summed = 0;
}

// Sums a gauge or rate of the pod's containers into the pod where it lacks it.
// `refused` are the containers that have no row.
static void
sum_containers(struct table_writer *writer, struct pod_row *row, struct sample now,
               const struct container_sums *refused)
{
    uint32_t given = now.head->present;
    for (size_t i = 0; i < ARRAY_COUNT(summed_metrics); i++) {
        enum metric metric = summed_metrics[i];
        struct metric_value own;
        struct metric_value sum;
        struct metric_value rest;
        if (sample_get(now, metric, &own)) {
            continue;
        }
        bool any = sum_rows(writer, row, metric, &sum);
        bool more = sum_of(refused, metric, &rest);
        if (!any && !more) {
            continue;
        }
        if ((any && sum.is_double) || (more && rest.is_double)) {
            sample_set_rate(now, metric, sum.real + (more ? rest.real : 0));
        } else {
            sample_set(now, metric, sum.u64 + (more ? rest.u64 : 0));
        }
    }
    row->summed = now.head->present & ~given;
}

static void
put_pod_values(struct table_writer *writer, struct pod_row *row, const struct pod_seen *seen,
               const struct container_sums *refused)
{
    struct folding folding = begin_pod(writer, row);
    row->head.flags |= ROW_FROM_SCRAPE;
    if (row->start_s == 0) {
        row->start_s = writer_seconds(seen->start_time);
    }
    forget_sums(row, folding.now);
    sample_fold_cpu(folding.now, folding.before, &seen->cpu, writer->arrival);
    sample_fold_memory(folding.now, folding.before, &seen->memory, writer->arrival);
    if ((row->head.flags & ROW_HOST_NETWORK) == 0) {
        sample_fold_network(folding.now, folding.before, &seen->network, writer->arrival);
    }
    if (seen->ephemeral.has & HAS_FS_USED) {
        sample_set(folding.now, METRIC_EPHEMERAL_USAGE, seen->ephemeral.used);
    }
    writer_put_pressure(writer, &row->pressure, &seen->pressure, PRESSURE_PODS);
    if (seen->volume_count != 0 || row->filesystems != 0) {
        writer_put_filesystems(writer, &row->filesystems, seen->volumes, seen->volume_count);
    }
    // Where containers come line by line the sums are due at the node's end.
    if ((row->head.flags & ROW_PARTIAL) == 0) {
        sum_containers(writer, row, folding.now, refused);
    }
}

static void
observe_pod_row(struct table_writer *writer, row_index index, const struct pod_seen *seen)
{
    struct container_sums refused = {0};
    if (writer->node != 0) {
        writer_attach_pod_to_node(writer, index, writer->node);
    }
    for (uint32_t i = 0; i < seen->container_count; i++) {
        const struct container_seen *container = &seen->containers[i];
        row_index at = writer_need_container(writer, index, 0, container->name);
        if (at != 0) {
            observe_container_row(writer, at, container);
        } else {
            add_container(&refused, container);
        }
    }
    struct pod_row *row = pod_row_at(writer->header, index);
    row_write_begin(&row->head);
    if ((row->head.flags & ROW_FROM_API) == 0 && seen->container_count != 0) {
        row->container_count = (uint16_t)seen->container_count;
    }
    put_pod_values(writer, row, seen, &refused);
    row_write_end(&row->head);
    table_count(writer, COUNTER_SAMPLES, 1);
}

void
table_observe_pod(struct table_writer *writer, const struct pod_seen *seen)
{
    ASSERT(writer->cycle_s != 0);
    structure_begin(writer->header);
    row_index space;
    row_index pod;
    bool by_line = seen->container_count == 0;
    enum writer_place place =
        writer_place_of(writer, seen->namespace_name, seen->name, by_line, &space, &pod);
    if (place == WRITER_PLACE_ROW && !writer_is_leftover(writer, pod, seen)) {
        observe_pod_row(writer, pod, seen);
    } else if (place == WRITER_PLACE_OVERFLOW) {
        observe_overflow(writer, space, seen);
    }
    structure_end(writer->header);
}

static void
observe_container(struct table_writer *writer, row_index pod, const struct container_seen *seen)
{
    row_index index = writer_need_container(writer, pod, 0, seen->name);
    if (index == 0) {
        table_count(writer, COUNTER_OVERFLOW_SAMPLES, 1);
        return;
    }
    if (writer->node != 0) {
        writer_attach_pod_to_node(writer, pod, writer->node);
        node_row_at(writer->header, writer->node)->head.flags |= ROW_PARTIAL;
        pod_row_at(writer->header, pod)->head.flags |= ROW_PARTIAL;
    }
    observe_container_row(writer, index, seen);
}

void
table_observe_container(struct table_writer *writer, struct text namespace_name, struct text pod,
                        const struct container_seen *seen)
{
    ASSERT(writer->cycle_s != 0);
    structure_begin(writer->header);
    row_index space;
    row_index index;
    enum writer_place place = writer_place_of(writer, namespace_name, pod, true, &space, &index);
    if (place == WRITER_PLACE_ROW) {
        observe_container(writer, index, seen);
    } else if (place == WRITER_PLACE_OVERFLOW) {
        // The pod's own line says what it uses.
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
    if (writer->node != node || writer->cycle_s != cycle_s) {
        writer->hints.count = 0;
    }
    writer->source = source;
    writer->node = node;
    writer->cycle_s = cycle_s;
    writer->arrival = arrival;
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
        row->start_s = writer_seconds(seen->start_time);
    }
    sample_fold_cpu(folding.now, folding.before, &seen->cpu, writer->arrival);
    sample_fold_memory(folding.now, folding.before, &seen->memory, writer->arrival);
    sample_fold_network(folding.now, folding.before, &seen->network, writer->arrival);
    writer_put_pressure(writer, &row->pressure, &seen->pressure, PRESSURE_NODES);
    if (seen->filesystem_count != 0) {
        writer_put_filesystems(writer, &row->filesystems, seen->filesystems, seen->filesystem_count);
        if (seen->filesystems[0].has & HAS_FS_USED) {
            sample_set(folding.now, METRIC_EPHEMERAL_USAGE, seen->filesystems[0].used);
        }
    }
    for (uint32_t i = 0; i < seen->disk_count; i++) {
        writer_put_disk(writer, &row->disks, &seen->disks[i]);
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

static void
end_partial_pod(struct table_writer *writer, struct pod_row *row)
{
    static const struct container_sums none;
    row_write_begin(&row->head);
    row->head.flags = (uint8_t)(row->head.flags & ~ROW_PARTIAL);
    struct folding folding = begin_pod(writer, row);
    forget_sums(row, folding.now);
    sum_containers(writer, row, folding.now, &none);
    row_write_end(&row->head);
}

void
table_node_end(struct table_writer *writer)
{
    if (writer->node == 0) {
        return;
    }
    struct table_header *header = writer->header;
    struct node_row *node = node_row_at(header, writer->node);
    if ((node->head.flags & ROW_PARTIAL) == 0) {
        return;
    }
    structure_begin(header);
    node->head.flags = (uint8_t)(node->head.flags & ~ROW_PARTIAL);
    for (row_index at = node->first_pod; at != 0; at = pod_row_at(header, at)->node_next) {
        struct pod_row *row = pod_row_at(header, at);
        if (row->head.state == ROW_LIVE && (row->head.flags & ROW_PARTIAL) != 0) {
            end_partial_pod(writer, row);
        }
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
    writer_set_text(writer, &row->address, string_cut(note->address, NAME_BYTES_MAX));
    row_write_end(&row->head);
    structure_end(writer->header);
}
