// Finding rows: the next of a pool or list, and by name.
#include "base/check.h"
#include "table/pool.h"
#include "table/reader_state.h"

row_index
table_next_row(const struct table_reader *reader, enum table_pool pool, row_index after)
{
    const struct pool_place *place = &reader->place[pool];
    const void *taken = reader->memory + place->taken_offset;
    row_index index = after;
    while (index < place->limit) {
        index = pool_first_taken(taken, index + 1, place->limit);
        const struct row_head *head = reader_row(reader, pool, index);
        if (head == NULL || head->state == ROW_LIVE) {
            return index;
        }
    }
    return 0;
}

row_index
table_next_pod_of_namespace(const struct table_reader *reader, row_index pod)
{
    const struct pod_row *row = reader_row(reader, POOL_PODS, pod);
    return row != NULL ? reader_link(&row->namespace_next) : 0;
}

row_index
table_next_pod_of_node(const struct table_reader *reader, row_index pod)
{
    const struct pod_row *row = reader_row(reader, POOL_PODS, pod);
    return row != NULL ? reader_link(&row->node_next) : 0;
}

row_index
table_next_container(const struct table_reader *reader, row_index container)
{
    const struct container_row *row = reader_row(reader, POOL_CONTAINERS, container);
    return row != NULL ? reader_link(&row->next) : 0;
}

static row_index
bucket_of(const struct table_reader *reader, enum table_pool pool, row_index parent,
          struct text name)
{
    struct hash_key key = reader->header->hash_key;
    uint64_t hash = hash_mix(hash_bytes(key, name.at, name.size), parent);
    const struct pool_place *place = &reader->place[pool];
    size_t offset = place->bucket_offset + (hash & (place->bucket_count - 1)) * sizeof(row_index);
    return reader_link((const row_index *)(const void *)(reader->memory + offset));
}

static bool
is_named(const struct table_reader *reader, enum table_pool pool, const struct row_head *head,
         row_index parent, struct text name)
{
    if (head->state != ROW_LIVE || !string_cells_equal(reader_cells(reader), head->name, name)) {
        return false;
    }
    const struct pod_row *pod = (const struct pod_row *)(const void *)head;
    return pool != POOL_PODS || pod->namespace_index == parent;
}

// Bounded by the pool's size, so that a chain that changes meanwhile cannot
// hold the reader; a miss is believed only if no chain changed meanwhile.
static row_index
lookup(const struct table_reader *reader, enum table_pool pool, row_index parent, struct text name)
{
    const struct table_header *header = reader->header;
    name = string_cut(name, NAME_BYTES_MAX);
    for (unsigned i = 0; i < READ_TRIES; i++) {
        uint32_t seq = atomic_load_explicit(&header->structure_seq, memory_order_acquire);
        row_index index = bucket_of(reader, pool, parent, name);
        for (uint32_t hops = 0; hops <= reader->place[pool].limit; hops++) {
            const struct row_head *head = reader_row(reader, pool, index);
            if (head == NULL) {
                break;
            }
            if (is_named(reader, pool, head, parent, name)) {
                return index;
            }
            index = reader_link(&head->hash_next);
        }
        atomic_thread_fence(memory_order_acquire);
        uint32_t now = atomic_load_explicit(&header->structure_seq, memory_order_acquire);
        if (now == seq && (seq & 1U) == 0) {
            break;
        }
    }
    return 0;
}

row_index
table_lookup_node(const struct table_reader *reader, struct text name)
{
    return lookup(reader, POOL_NODES, 0, name);
}

row_index
table_lookup_namespace(const struct table_reader *reader, struct text name)
{
    return lookup(reader, POOL_NAMESPACES, 0, name);
}

row_index
table_lookup_pod(const struct table_reader *reader, row_index namespace_index, struct text name)
{
    return lookup(reader, POOL_PODS, namespace_index, name);
}

static row_index
lookup_in_list(const struct table_reader *reader, row_index first, struct text name)
{
    name = string_cut(name, NAME_BYTES_MAX);
    row_index index = first;
    for (uint32_t hops = 0; hops <= reader->place[POOL_CONTAINERS].limit; hops++) {
        const struct row_head *head = reader_row(reader, POOL_CONTAINERS, index);
        if (head == NULL) {
            return 0;
        }
        if (is_named(reader, POOL_CONTAINERS, head, 0, name)) {
            return index;
        }
        index = table_next_container(reader, index);
    }
    return 0;
}

row_index
table_lookup_container(const struct table_reader *reader, const struct pod_view *pod,
                       struct text name)
{
    return lookup_in_list(reader, pod->row.first_container, name);
}

row_index
table_lookup_system_container(const struct table_reader *reader, const struct node_view *node,
                              struct text name)
{
    return lookup_in_list(reader, node->row.first_container, name);
}
