// Samples: what a source said about a node, its pods and their containers.
#include <string.h>

#include "base/check.h"
#include "table/writer_state.h"

static struct folding
begin_node(struct table_writer *writer, struct node_row *row)
{
    uint8_t newest = row->head.newest;
    uint8_t next = writer_turn(row->samples[newest].head.cycle_s, newest, writer->cycle_s);
    struct folding folding = {sample_of_node(&row->samples[next]),
                              sample_of_node(&row->samples[1 - next])};
    if (folding.now.head->cycle_s != writer->cycle_s) {
        sample_begin(folding.now, writer->cycle_s);
    }
    if (!writer_is_earlier(folding.before.head, writer->cycle_s)) {
        folding.before = sample_of_node(&writer->no_node_sample);
    }
    row->head.newest = next;
    return folding;
}

static struct folding
begin_pod(struct table_writer *writer, struct pod_row *row)
{
    uint8_t newest = row->head.newest;
    uint8_t next = writer_turn(row->samples[newest].head.cycle_s, newest, writer->cycle_s);
    struct folding folding = {sample_of_pod(&row->samples[next]),
                              sample_of_pod(&row->samples[1 - next])};
    if (folding.now.head->cycle_s != writer->cycle_s) {
        sample_begin(folding.now, writer->cycle_s);
        row->summed = 0;
    }
    if (!writer_is_earlier(folding.before.head, writer->cycle_s)) {
        folding.before = sample_of_pod(&writer->no_pod_sample);
    }
    row->head.newest = next;
    return folding;
}

// Pods

// A pod that has no row still counts in the totals of its namespace.
static void
observe_overflow(struct table_writer *writer, row_index space, const struct pod_seen *seen)
{
    struct container_sums sums = {0};
    for (uint32_t i = 0; i < seen->container_count; i++) {
        writer_sum_seen(&sums, &seen->containers[i]);
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

static void
put_pod_values(struct table_writer *writer, struct pod_row *row, const struct pod_seen *seen,
               const struct container_sums *refused)
{
    struct folding folding = begin_pod(writer, row);
    row->head.flags |= ROW_FROM_SCRAPE;
    if (row->start_s == 0) {
        row->start_s = writer_seconds(seen->start_time);
    }
    writer_forget_sums(row, folding.now);
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
        writer_sum_containers(writer, row, folding.now, refused);
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
            writer_observe_container(writer, at, container);
        } else {
            writer_sum_seen(&refused, container);
        }
    }
    writer_set_owner(writer, POOL_PODS, index);
    struct pod_row *row = pod_row_at(writer->header, index);
    row_write_begin(&row->head);
    if ((row->head.flags & ROW_FROM_API) == 0 && seen->container_count != 0) {
        row->container_count = (uint16_t)seen->container_count;
    }
    put_pod_values(writer, row, seen, &refused);
    row_write_end(&row->head);
    table_count(writer, COUNTER_SAMPLES, 1);
}

static void
observe_placed_pod(struct table_writer *writer, const struct pod_seen *seen)
{
    row_index space;
    row_index pod;
    enum writer_place place =
        writer_place_of(writer, seen->namespace_name, seen->name, &space, &pod);
    if (place == WRITER_PLACE_OVERFLOW) {
        observe_overflow(writer, space, seen);
    }
    if (place != WRITER_PLACE_ROW || writer_is_leftover(writer, pod, seen)) {
        return;
    }
    observe_pod_row(writer, pod, seen);
    // Lines come in one order, summaries in none.
    if (seen->container_count == 0) {
        writer_hint_note_pod(writer, pod);
    }
}

void
table_observe_pod(struct table_writer *writer, const struct pod_seen *seen)
{
    ASSERT(writer->cycle_s != 0);
    writer_hint_begin(writer);
    structure_begin(writer->header);
    row_index pod = 0;
    if (seen->container_count == 0) {
        pod = writer_hint_pod(writer, seen->namespace_name, seen->name);
    }
    if (pod != 0 && !writer_is_leftover(writer, pod, seen)) {
        observe_pod_row(writer, pod, seen);
        writer_hint_note_pod(writer, pod);
    } else if (pod == 0) {
        observe_placed_pod(writer, seen);
    }
    structure_end(writer->header);
}

static void
observe_container_row(struct table_writer *writer, row_index index,
                      const struct container_seen *seen)
{
    row_index pod = container_row_at(writer->header, index)->pod;
    if (writer->node != 0) {
        writer_attach_pod_to_node(writer, pod, writer->node);
        node_row_at(writer->header, writer->node)->head.flags |= ROW_PARTIAL;
        pod_row_at(writer->header, pod)->head.flags |= ROW_PARTIAL;
    }
    writer_observe_container(writer, index, seen);
    writer_hint_note_container(writer, index);
}

static void
observe_placed_container(struct table_writer *writer, struct text namespace_name, struct text pod,
                         const struct container_seen *seen)
{
    row_index space;
    row_index of;
    row_index index = 0;
    enum writer_place place = writer_place_of(writer, namespace_name, pod, &space, &of);
    if (place == WRITER_PLACE_ROW) {
        index = writer_need_container(writer, of, 0, seen->name);
    }
    if (index != 0) {
        observe_container_row(writer, index, seen);
    } else if (place != WRITER_PLACE_NOWHERE) {
        // The pod's own line says what it uses.
        table_count(writer, COUNTER_OVERFLOW_SAMPLES, 1);
    }
}

void
table_observe_container(struct table_writer *writer, struct text namespace_name, struct text pod,
                        const struct container_seen *seen)
{
    ASSERT(writer->cycle_s != 0);
    writer_hint_begin(writer);
    structure_begin(writer->header);
    row_index index = writer_hint_container(writer, namespace_name, pod, seen->name);
    if (index != 0) {
        observe_container_row(writer, index, seen);
    } else {
        observe_placed_container(writer, namespace_name, pod, seen);
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
        writer_hint_reset(writer);
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
            writer_observe_container(writer, index, container);
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
        writer_put_filesystems(writer, &row->filesystems, seen->filesystems,
                               seen->filesystem_count);
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
        writer_set_owner(writer, POOL_NODES, writer->node);
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
    row_write_begin(&row->head);
    row->head.flags = (uint8_t)(row->head.flags & ~ROW_PARTIAL);
    struct folding folding = begin_pod(writer, row);
    writer_forget_sums(row, folding.now);
    writer_sum_containers(writer, row, folding.now, NULL);
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
