// Containers: their rows, what the API server says of them and what kubelets do.
#include <string.h>

#include "base/check.h"
#include "table/writer_state.h"

row_index
writer_need_container(struct table_writer *writer, row_index pod, row_index node,
                      struct text name)
{
    struct table_header *header = writer->header;
    name = string_cut(name, NAME_BYTES_MAX);
    row_index *first = pod != 0 ? &pod_row_at(header, pod)->first_container
                                : &node_row_at(header, node)->first_container;
    row_index index = writer_find_container(writer, *first, name);
    if (index != 0) {
        return index;
    }
    bool full = false;
    writer_set_owner(writer, pod != 0 ? POOL_PODS : POOL_NODES, pod != 0 ? pod : node);
    string_ref ref = string_take(header, name, writer_near(writer, POOL_STRINGS), &full);
    if (ref == 0) {
        table_count_error(writer, full ? ERR_STRINGS_FULL : ERR_MISSING, 1);
        return 0;
    }
    index = pool_take_near(header, POOL_CONTAINERS, writer_near(writer, POOL_CONTAINERS));
    if (index == 0) {
        string_drop(header, ref);
        table_count_error(writer, ERR_CONTAINERS_FULL, 1);
        return 0;
    }
    struct container_row *row = container_row_at(header, index);
    row_write_begin(&row->head);
    row->head.state = ROW_LIVE;
    row->head.source = (uint8_t)writer->source;
    row->head.name = ref;
    row->pod = pod;
    row->node = node;
    row->rootfs_backing = BACKING_NONE;
    row->logs_backing = BACKING_NONE;
    row->next = *first;
    row_write_end(&row->head);
    *first = index;
    return index;
}

// What the API server says

struct resource_row
writer_resources_of(const struct container_object *container)
{
    uint64_t cpu_request = container->requests.cpu_milli;
    uint64_t cpu_limit = container->limits.cpu_milli;
    return (struct resource_row){
        .memory_request = container->requests.memory,
        .memory_limit = container->limits.memory,
        .ephemeral_request = container->requests.ephemeral,
        .ephemeral_limit = container->limits.ephemeral,
        .cpu_request = cpu_request < UINT32_MAX ? (uint32_t)cpu_request : UINT32_MAX,
        .cpu_limit = cpu_limit < UINT32_MAX ? (uint32_t)cpu_limit : UINT32_MAX,
    };
}

void
writer_put_other_requests(struct table_writer *writer, row_index *extras,
                   const struct container_object *container)
{
    for (uint32_t i = 0; i < container->requests.other_count; i++) {
        char name[SHORT_NAME_BYTES_MAX];
        struct out out = out_of(name, sizeof name);
        out_text(&out, container->requests.others[i].name);
        out_string(&out, "/request");
        double value = (double)container->requests.others[i].value;
        writer_put_extra(writer, extras, out_view(&out), TEXT(""), value, 0);
    }
}

void
writer_put_container(struct table_writer *writer, row_index pod,
                     const struct container_object *container)
{
    row_index index = writer_need_container(writer, pod, 0, container->name);
    if (index == 0) {
        return;
    }
    struct container_row *row = container_row_at(writer->header, index);
    writer_set_owner(writer, POOL_CONTAINERS, index);
    row_write_begin(&row->head);
    row->head.flags |= ROW_FROM_API;
    row->head.list_generation = UINT32_MAX;  // named by this object
    row->role = (uint8_t)container->role;
    row->container_state = (uint8_t)container->state;
    row->ready = container->ready;
    row->restart_count = container->restart_count;
    row->last_finished_s = writer_seconds(container->last_finished);
    row->last_exit_code = container->last_exit_code;
    row->resources = writer_resources_of(container);
    writer_set_text(writer, &row->image, string_cut(container->image, IMAGE_BYTES_MAX));
    writer_set_text(writer, &row->last_reason,
                    string_cut(container->last_termination_reason, SHORT_NAME_BYTES_MAX));
    writer_set_text(writer, &row->waiting_reason,
                    string_cut(container->waiting_reason, SHORT_NAME_BYTES_MAX));
    writer_drop_requests(writer, &row->extras);
    writer_put_other_requests(writer, &row->extras, container);
    row_write_end(&row->head);
}

// Containers that the object no longer names leave, unless the object was cut.
void
writer_drop_unnamed_containers(struct table_writer *writer, row_index *first, bool cut)
{
    row_index *link = first;
    while (*link != 0) {
        struct container_row *row = container_row_at(writer->header, *link);
        if (row->head.list_generation == UINT32_MAX || cut) {
            row->head.list_generation = 0;
            link = &row->next;
        } else {
            writer_drop_container(writer, link);
        }
    }
}

// What kubelets say

static struct folding
begin_container(struct table_writer *writer, struct container_row *row)
{
    uint8_t newest = row->head.newest;
    uint8_t next = writer_turn(row->samples[newest].head.cycle_s, newest, writer->cycle_s);
    struct folding folding = {sample_of_container(&row->samples[next]),
                              sample_of_container(&row->samples[1 - next])};
    if (folding.now.head->cycle_s != writer->cycle_s) {
        sample_begin(folding.now, writer->cycle_s);
        row->head.flags = (uint8_t)(row->head.flags & ~ROW_BEGAN_ANEW);
        row->storage_has = 0;
        row->rootfs_backing = BACKING_NONE;
        row->logs_backing = BACKING_NONE;
    }
    if (!writer_is_earlier(folding.before.head, writer->cycle_s) ||
        (row->head.flags & ROW_BEGAN_ANEW) != 0) {
        folding.before = sample_of_container(&writer->no_container_sample);
    }
    row->head.newest = next;
    return folding;
}

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

void
writer_observe_container(struct table_writer *writer, row_index index,
                      const struct container_seen *seen)
{
    struct container_row *row = container_row_at(writer->header, index);
    writer_set_owner(writer, POOL_CONTAINERS, index);
    row_write_begin(&row->head);
    put_container_values(writer, row, seen);
    row_write_end(&row->head);
    table_count(writer, COUNTER_SAMPLES, 1);
}
