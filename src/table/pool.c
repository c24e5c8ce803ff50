#include "table/pool.h"

#include <string.h>

#include "base/check.h"

static bool
has_head(enum table_pool pool)
{
    return pool == POOL_NODES || pool == POOL_NAMESPACES || pool == POOL_PODS ||
           pool == POOL_CONTAINERS;
}

// Where the free list's link lies in a row: rows with a head use the member
// that chains names, all others begin with their link.
static row_index *
link_of(struct table_header *header, enum table_pool pool, row_index index)
{
    unsigned char *row = pool_row(header, pool, index);
    size_t offset = has_head(pool) ? offsetof(struct row_head, hash_next) : 0;
    return (row_index *)(void *)(row + offset);
}

row_index
pool_take(struct table_header *header, enum table_pool pool)
{
    struct pool_use *use = &header->pool[pool];
    row_index index = use->free_list;
    if (index != 0) {
        use->free_list = *link_of(header, pool, index);
    } else if (use->fresh <= use->limit) {
        index = use->fresh++;
    } else {
        use->refused_total++;
        return 0;
    }
    unsigned char *row = pool_row(header, pool, index);
    size_t keep = has_head(pool) ? sizeof(uint32_t) : 0;  // the sequence number goes on
    memset(row + keep, 0, use->row_bytes - keep);
    use->used++;
    if (use->used > use->peak) {
        use->peak = use->used;
    }
    return index;
}

void
pool_give(struct table_header *header, enum table_pool pool, row_index index)
{
    struct pool_use *use = &header->pool[pool];
    ASSERT(use->used > 0);
    *link_of(header, pool, index) = use->free_list;
    use->free_list = index;
    use->used--;
}

row_index *
pool_bucket(struct table_header *header, enum table_pool pool, uint64_t hash)
{
    uint32_t count = header->bucket_count[pool];
    ASSERT(count != 0);
    unsigned char *memory = (unsigned char *)header + header->bucket_offset[pool];
    return (row_index *)(void *)memory + (hash & (count - 1));
}

void
structure_begin(struct table_header *header)
{
    uint32_t seq = atomic_load_explicit(&header->structure_seq, memory_order_relaxed);
    ASSERT((seq & 1U) == 0);
    atomic_store_explicit(&header->structure_seq, seq + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
}

void
structure_end(struct table_header *header)
{
    uint32_t seq = atomic_load_explicit(&header->structure_seq, memory_order_relaxed);
    ASSERT((seq & 1U) == 1);
    atomic_store_explicit(&header->structure_seq, seq + 1, memory_order_release);
}

void
row_write_begin(struct row_head *head)
{
    uint32_t seq = atomic_load_explicit(&head->seq, memory_order_relaxed);
    ASSERT((seq & 1U) == 0);
    atomic_store_explicit(&head->seq, seq + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
}

void
row_write_end(struct row_head *head)
{
    uint32_t seq = atomic_load_explicit(&head->seq, memory_order_relaxed);
    ASSERT((seq & 1U) == 1);
    atomic_store_explicit(&head->seq, seq + 1, memory_order_release);
}
