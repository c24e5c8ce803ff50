// Rows: finding them by name, taking and giving them back.
#include <string.h>

#include "base/check.h"
#include "table/writer_state.h"

struct row_head *
writer_head(struct table_writer *writer, enum table_pool pool, row_index index)
{
    return pool_row(writer->header, pool, index);
}

static row_index
parent_of(const struct table_header *header, enum table_pool pool, row_index index)
{
    if (pool != POOL_PODS) {
        return 0;
    }
    const struct pod_row *pod = pool_row_const(header, POOL_PODS, index);
    return pod->namespace_index;
}

static uint64_t
name_hash(const struct table_header *header, row_index parent, struct text name)
{
    return hash_mix(hash_bytes(header->hash_key, name.at, name.size), parent);
}

row_index
writer_find(const struct table_writer *writer, enum table_pool pool, row_index parent,
            struct text name)
{
    struct table_header *header = writer->header;
    name = string_cut(name, NAME_BYTES_MAX);
    row_index index = *pool_bucket(header, pool, name_hash(header, parent, name));
    while (index != 0) {
        const struct row_head *head = pool_row_const(header, pool, index);
        if (string_equals(header, head->name, name) && parent_of(header, pool, index) == parent) {
            return index;
        }
        index = head->hash_next;
    }
    return 0;
}

row_index
writer_find_container(const struct table_writer *writer, row_index first, struct text name)
{
    row_index index = first;
    name = string_cut(name, NAME_BYTES_MAX);
    while (index != 0) {
        const struct container_row *row = container_row_at(writer->header, index);
        if (string_equals(writer->header, row->head.name, name)) {
            return index;
        }
        index = row->next;
    }
    return 0;
}

bool
writer_is_named(const struct table_writer *writer, enum table_pool pool, row_index index,
                struct text name)
{
    const struct row_head *head = pool_row_const(writer->header, pool, index);
    return head->state == ROW_LIVE &&
           string_equals(writer->header, head->name, string_cut(name, NAME_BYTES_MAX));
}

void
writer_set_owner(struct table_writer *writer, enum table_pool pool, row_index index)
{
    writer->owner_pool = pool;
    writer->owner = index;
}

row_index
writer_near(const struct table_writer *writer, enum table_pool pool)
{
    return pool_home(writer->header, writer->owner_pool, writer->owner, pool);
}

void
writer_set_text(struct table_writer *writer, string_ref *ref, struct text text)
{
    if (string_equals(writer->header, *ref, text)) {
        return;
    }
    bool full = false;
    string_drop(writer->header, *ref);
    *ref = string_take(writer->header, text, writer_near(writer, POOL_STRINGS), &full);
    if (full) {
        table_count_error(writer, ERR_STRINGS_FULL, 1);
    }
}

row_index
writer_take_named(struct table_writer *writer, enum table_pool pool, row_index near,
                  row_index parent, struct text name, int full)
{
    struct table_header *header = writer->header;
    bool strings_full = false;
    name = string_cut(name, NAME_BYTES_MAX);
    writer_set_owner(writer, pool, near);
    string_ref ref =
        string_take(header, name, writer_near(writer, POOL_STRINGS), &strings_full);
    if (ref == 0) {
        table_count_error(writer, strings_full ? ERR_STRINGS_FULL : ERR_MISSING, 1);
        return 0;
    }
    row_index index = pool_take_near(header, pool, near);
    if (index == 0) {
        string_drop(header, ref);
        table_count_error(writer, full, 1);
        return 0;
    }
    row_index *bucket = pool_bucket(header, pool, name_hash(header, parent, name));
    struct row_head *head = writer_head(writer, pool, index);
    head->name = ref;
    head->hash_next = *bucket;
    *bucket = index;
    return index;
}

static void
forget_name(struct table_writer *writer, enum table_pool pool, row_index parent, row_index index)
{
    struct table_header *header = writer->header;
    struct row_head *head = writer_head(writer, pool, index);
    char name[NAME_BYTES_MAX];
    size_t size = string_copy(header, head->name, name, sizeof name);
    row_index *link = pool_bucket(header, pool, name_hash(header, parent, (struct text){name, size}));
    while (*link != index) {
        ASSERT(*link != 0);
        link = &writer_head(writer, pool, *link)->hash_next;
    }
    *link = head->hash_next;
    string_drop(header, head->name);
    head->name = 0;
}

void
writer_mark_gone(struct table_writer *writer, struct row_head *head)
{
    row_write_begin(head);
    head->state = ROW_GONE;
    head->gone_cycle_s = atomic_load_explicit(&writer->header->cycle_done_s, memory_order_relaxed);
    row_write_end(head);
}

void
writer_mark_listed(struct table_writer *writer, struct row_head *head, unsigned source,
                   enum object_kind kind)
{
    head->state = ROW_LIVE;
    head->source = (uint8_t)source;
    head->flags |= ROW_FROM_API;
    head->list_generation = writer->lists[source][kind].generation;
}

// From now on readers refuse the row, and copies under way are taken again. Comes
// before anything that the row refers to is given back.
static void
mark_free(struct row_head *head)
{
    row_write_begin(head);
    head->state = ROW_FREE;
    row_write_end(head);
}

void
writer_drop_container(struct table_writer *writer, row_index *link)
{
    struct table_header *header = writer->header;
    row_index index = *link;
    struct container_row *row = container_row_at(header, index);
    mark_free(&row->head);
    *link = row->next;
    writer_drop_extras(writer, &row->extras, UINT32_MAX);
    writer_drop_disks(writer, &row->disk, UINT32_MAX);
    writer_drop_pressure(writer, &row->pressure);
    string_drop(header, row->head.name);
    string_drop(header, row->image);
    string_drop(header, row->last_reason);
    string_drop(header, row->waiting_reason);
    row->head.name = row->image = row->last_reason = row->waiting_reason = 0;
    pool_give(header, POOL_CONTAINERS, index);
}

void
writer_free_container_list(struct table_writer *writer, row_index *first)
{
    while (*first != 0) {
        writer_drop_container(writer, first);
    }
}

void
writer_free_pod(struct table_writer *writer, row_index index)
{
    struct table_header *header = writer->header;
    struct pod_row *row = pod_row_at(header, index);
    mark_free(&row->head);
    writer_attach_pod_to_node(writer, index, 0);
    writer_free_container_list(writer, &row->first_container);
    writer_drop_filesystems(writer, &row->filesystems, UINT32_MAX);
    writer_drop_extras(writer, &row->extras, UINT32_MAX);
    writer_drop_pressure(writer, &row->pressure);
    string_drop(header, row->labels);
    string_drop(header, row->reason);
    string_drop(header, row->owner);
    if (row->namespace_previous != 0) {
        pod_row_at(header, row->namespace_previous)->namespace_next = row->namespace_next;
    } else {
        namespace_row_at(header, row->namespace_index)->first_pod = row->namespace_next;
    }
    if (row->namespace_next != 0) {
        pod_row_at(header, row->namespace_next)->namespace_previous = row->namespace_previous;
    }
    forget_name(writer, POOL_PODS, row->namespace_index, index);
    pool_give(header, POOL_PODS, index);
}

void
writer_free_node(struct table_writer *writer, row_index index)
{
    struct table_header *header = writer->header;
    struct node_row *row = node_row_at(header, index);
    mark_free(&row->head);
    overflow_forget_node(&writer->overflow, index);
    while (row->first_pod != 0) {
        writer_attach_pod_to_node(writer, row->first_pod, 0);
    }
    writer_free_container_list(writer, &row->first_container);
    writer_drop_filesystems(writer, &row->filesystems, UINT32_MAX);
    writer_drop_disks(writer, &row->disks, UINT32_MAX);
    writer_drop_extras(writer, &row->extras, UINT32_MAX);
    writer_drop_pressure(writer, &row->pressure);
    const string_ref texts[] = {row->hostname, row->host_id,         row->address,
                                row->labels,   row->kubelet_version, row->os_image};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        string_drop(header, texts[i]);
    }
    forget_name(writer, POOL_NODES, 0, index);
    pool_give(header, POOL_NODES, index);
}

void
writer_free_namespace(struct table_writer *writer, row_index index)
{
    struct namespace_row *row = namespace_row_at(writer->header, index);
    ASSERT(row->first_pod == 0);
    mark_free(&row->head);
    string_drop(writer->header, row->labels);
    forget_name(writer, POOL_NAMESPACES, 0, index);
    pool_give(writer->header, POOL_NAMESPACES, index);
}
