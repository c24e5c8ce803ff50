// Rows of the live table's pools, taken and given back by the writer.
//
// A pool is an array of limit + 1 rows of which row 0 is never used, and a map
// with a bit for each that says which are taken; rows never used yet lie above
// `fresh`. Taking from a full pool gives 0 and counts the refusal.
//
// A row is taken near a place: what one answer of a kubelet touches should lie
// together, or each of its hundred rows waits for a page of its own. Each pool is
// shared out among the rows of the one above it (pool_home), a node's share of the
// pods and so on; where a share is full the next free row after it is taken.
#ifndef SKERRY_TABLE_POOL_H
#define SKERRY_TABLE_POOL_H

#include "base/check.h"
#include "table/table.h"

// The row's address; `index` must be within the pool.
static inline const void *
pool_row_const(const struct table_header *header, enum table_pool pool, row_index index)
{
    const struct pool_use *use = &header->pool[pool];
    ASSERT(index >= 1);
    ASSERT(index <= use->limit);
    return (const unsigned char *)header + use->offset + (size_t)index * use->row_bytes;
}

static inline void *
pool_row(struct table_header *header, enum table_pool pool, row_index index)
{
    const struct pool_use *use = &header->pool[pool];
    ASSERT(index >= 1);
    ASSERT(index <= use->limit);
    return (unsigned char *)header + use->offset + (size_t)index * use->row_bytes;
}

// The first free row from `near` on, or from the start when there is none: zeroed
// (but for its sequence number), or 0 when full. `near` is 1 to the pool's limit.
row_index pool_take_near(struct table_header *header, enum table_pool pool, row_index near);
// The first free row of all.
row_index pool_take(struct table_header *header, enum table_pool pool);
// Where the share of row `owner` of pool `of` begins in `pool`; 1 for owner 0.
row_index pool_home(const struct table_header *header, enum table_pool of, row_index owner,
                    enum table_pool pool);
// The first taken row of [from, to] as the map says, or 0; safe under writing.
row_index pool_first_taken(const uint64_t *taken, row_index from, row_index to);
// The first taken row after `after`, 0 at the end.
row_index pool_next(const struct table_header *header, enum table_pool pool, row_index after);
// Whether the figures and the map of taken rows agree; asked of a table that another
// writer left.
bool pool_is_sound(const struct table_header *header, enum table_pool pool);
void pool_give(struct table_header *header, enum table_pool pool, row_index index);

// The head of the chain for a hash in the pool's name index.
row_index *pool_bucket(struct table_header *header, enum table_pool pool, uint64_t hash);

// Between these two the lists and indexes may be inconsistent. A
// writer that dies inside leaves the table to be formatted afresh.
void structure_begin(struct table_header *header);
void structure_end(struct table_header *header);

// The sequence lock of a row.
void row_write_begin(struct row_head *head);
void row_write_end(struct row_head *head);

// Typed access, one function a pool: node_row_at(header, index) ...
#define POOL_ACCESS(id, name, type)                                \
    static inline type *name##_row_at(struct table_header *header, row_index index) \
    {                                                              \
        return pool_row(header, POOL_##id, index);                 \
    }
POOL_ACCESS(NODES, node, struct node_row)
POOL_ACCESS(NAMESPACES, namespace, struct namespace_row)
POOL_ACCESS(PODS, pod, struct pod_row)
POOL_ACCESS(CONTAINERS, container, struct container_row)
POOL_ACCESS(FILESYSTEMS, filesystem, struct filesystem_row)
POOL_ACCESS(DISKS, disk, struct disk_row)
POOL_ACCESS(EXTRAS, extra, struct extra_row)
POOL_ACCESS(PRESSURES, pressure, struct pressure_row)
POOL_ACCESS(STRINGS, string, struct string_cell)
#undef POOL_ACCESS

#endif
