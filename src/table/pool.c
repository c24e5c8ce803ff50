#include "table/pool.h"

#include <string.h>

#include "base/check.h"

static bool
has_head(enum table_pool pool)
{
    return pool == POOL_NODES || pool == POOL_NAMESPACES || pool == POOL_PODS ||
           pool == POOL_CONTAINERS;
}

static uint64_t *
taken_words(struct table_header *header, enum table_pool pool)
{
    unsigned char *words = (unsigned char *)header + header->pool[pool].taken_offset;
    return (uint64_t *)(void *)words;
}

static uint64_t
bit_of(row_index index)
{
    return UINT64_C(1) << (index % TAKEN_WORD_BITS);
}

// The first row of [from, to] whose bit, after `flip`, is set; or 0.
static row_index
first_set(const uint64_t *words, uint64_t flip, row_index from, row_index to)
{
    uint64_t mask = UINT64_MAX << (from % TAKEN_WORD_BITS);
    for (uint32_t i = from / TAKEN_WORD_BITS; i <= to / TAKEN_WORD_BITS; i++) {
        uint64_t word = (__atomic_load_n(&words[i], __ATOMIC_RELAXED) ^ flip) & mask;
        if (word != 0) {
            row_index index = i * TAKEN_WORD_BITS + (row_index)__builtin_ctzll(word);
            return index <= to ? index : 0;
        }
        mask = UINT64_MAX;
    }
    return 0;
}

row_index
pool_first_taken(const uint64_t *taken, row_index from, row_index to)
{
    return first_set(taken, 0, from, to);
}

row_index
pool_next(const struct table_header *header, enum table_pool pool, row_index after)
{
    const struct pool_use *use = &header->pool[pool];
    const void *words = (const unsigned char *)header + use->taken_offset;
    return after + 1 < use->fresh ? first_set(words, 0, after + 1, use->fresh - 1) : 0;
}

bool
pool_is_sound(const struct table_header *header, enum table_pool pool)
{
    const struct pool_use *use = &header->pool[pool];
    if (use->fresh < 1 || use->fresh > use->limit + 1 || use->used >= use->fresh ||
        use->free_from < 1 || use->free_from > use->fresh) {
        return false;
    }
    uint32_t taken = 0;
    for (row_index i = 0; (i = pool_next(header, pool, i)) != 0;) {
        taken++;
    }
    const void *words = (const unsigned char *)header + use->taken_offset;
    return taken == use->used && first_set(words, UINT64_MAX, 1, use->free_from - 1) == 0;
}

row_index
pool_home(const struct table_header *header, enum table_pool of, row_index owner,
          enum table_pool pool)
{
    if (owner == 0) {
        return 1;
    }
    uint64_t limit = header->pool[pool].limit;
    return (row_index)(1 + (owner - 1) * limit / header->pool[of].limit);
}

row_index
pool_take_near(struct table_header *header, enum table_pool pool, row_index near)
{
    struct pool_use *use = &header->pool[pool];
    if (use->used == use->limit) {
        use->refused_total++;
        return 0;
    }
    ASSERT(near >= 1);
    ASSERT(near <= use->limit);
    uint64_t *words = taken_words(header, pool);
    row_index from = near > use->free_from ? near : use->free_from;
    row_index index = first_set(words, UINT64_MAX, from, use->limit);
    if (index == 0) {
        index = first_set(words, UINT64_MAX, use->free_from, use->limit);
    }
    ASSERT(index != 0);
    uint64_t *word = &words[index / TAKEN_WORD_BITS];
    __atomic_store_n(word, *word | bit_of(index), __ATOMIC_RELAXED);
    if (index == use->free_from) {
        use->free_from = index + 1;
    }
    if (index >= use->fresh) {
        use->fresh = index + 1;
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

row_index
pool_take(struct table_header *header, enum table_pool pool)
{
    return pool_take_near(header, pool, 1);
}

void
pool_give(struct table_header *header, enum table_pool pool, row_index index)
{
    struct pool_use *use = &header->pool[pool];
    uint64_t *word = &taken_words(header, pool)[index / TAKEN_WORD_BITS];
    ASSERT((*word & bit_of(index)) != 0);
    __atomic_store_n(word, *word & ~bit_of(index), __ATOMIC_RELAXED);
    use->used--;
    if (index < use->free_from) {
        use->free_from = index;
    }
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
