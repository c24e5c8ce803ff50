#include "table/table.h"

#include <stddef.h>
#include <string.h>

#include "base/check.h"

#define CACHE_LINE ((size_t)64)

static size_t
align_up(size_t bytes)
{
    return (bytes + CACHE_LINE - 1) & ~(CACHE_LINE - 1);
}

static uint32_t
limit_of(const struct capacity *capacity, enum table_pool pool)
{
    switch (pool) {
#define POOL(id, name, type, member) \
    case POOL_##id:                  \
        return capacity->member;
        TABLE_POOLS(POOL)
#undef POOL
    case POOL_COUNT:
        break;
    }
    ASSERT(pool < POOL_COUNT);
    return 0;
}

static const struct {
    const char *name;
    uint32_t row_bytes;
} pools[POOL_COUNT] = {
#define POOL(id, name, type, member) [POOL_##id] = {name, (uint32_t)sizeof(type)},
    TABLE_POOLS(POOL)
#undef POOL
};

const char *
table_pool_name(enum table_pool pool)
{
    ASSERT(pool < POOL_SHOWN_COUNT);
    return pool == POOL_REFUSED_PODS ? "refused_pods" : pools[pool].name;
}

static const struct {
    const char *name;
    const char *help;
} counters[COUNTER_COUNT] = {
#define COUNTER(id, name, help) [COUNTER_##id] = {name, help},
#include "table/counter.tbl.h"
#undef COUNTER
};

const char *
table_counter_name(enum counter counter)
{
    ASSERT(counter < COUNTER_COUNT);
    return counters[counter].name;
}

const char *
table_counter_help(enum counter counter)
{
    ASSERT(counter < COUNTER_COUNT);
    return counters[counter].help;
}

// Buckets of the name index of a pool: a power of two of at least the limit,
// so that chains hold one row on average; 0 for pools found by other ways.
static uint32_t
buckets_of(const struct capacity *capacity, enum table_pool pool)
{
    bool indexed = pool == POOL_NODES || pool == POOL_NAMESPACES || pool == POOL_PODS ||
                   pool == POOL_STRINGS;
    if (!indexed) {
        return 0;
    }
    uint32_t limit = limit_of(capacity, pool);
    if (pool == POOL_STRINGS) {
        limit /= 2;  // a text takes two cells or more
    }
    uint32_t count = 16;
    while (count < limit) {
        count *= 2;
    }
    return count;
}

size_t
table_places(const struct capacity *capacity, struct pool_place places[POOL_COUNT])
{
    size_t at = align_up(sizeof(struct table_header));
    for (unsigned i = 0; i < POOL_COUNT; i++) {
        enum table_pool pool = (enum table_pool)i;
        struct pool_place *place = &places[i];
        place->limit = limit_of(capacity, pool);
        place->row_bytes = pools[i].row_bytes;
        place->bucket_count = buckets_of(capacity, pool);
        place->bucket_offset = at;
        at = align_up(at + place->bucket_count * sizeof(row_index));
        place->taken_offset = at;
        at = align_up(at + ((size_t)place->limit / TAKEN_WORD_BITS + 1) * sizeof(uint64_t));
        place->offset = at;
        at = align_up(at + ((size_t)place->limit + 1) * place->row_bytes);
    }
    return at;
}

size_t
table_bytes(const struct capacity *capacity)
{
    struct pool_place places[POOL_COUNT];
    return table_places(capacity, places);
}

uint64_t
table_layout_hash(const struct capacity *capacity)
{
    uint64_t hash = hash_mix(sizeof(struct table_header), TABLE_MAGIC);
    for (unsigned i = 0; i < POOL_COUNT; i++) {
        hash = hash_mix(hash, pools[i].row_bytes);
        hash = hash_mix(hash, limit_of(capacity, (enum table_pool)i));
    }
    // Names in order stand for the meaning of the slots.
    const struct hash_key key = {1, 2};
#define VALUE(kind, metric) hash = hash_mix(hash, hash_bytes(key, #kind #metric, sizeof #kind #metric));
#define RATE(kind, metric, of) VALUE(kind, metric)
#include "model/sample.tbl.h"
#undef RATE
#undef VALUE
    return hash;
}

static bool
is_placed(const struct table_header *header, const struct pool_place places[POOL_COUNT])
{
    for (unsigned i = 0; i < POOL_COUNT; i++) {
        const struct pool_use *use = &header->pool[i];
        bool same = use->offset == places[i].offset && use->limit == places[i].limit &&
                    use->taken_offset == places[i].taken_offset &&
                    use->row_bytes == places[i].row_bytes &&
                    header->bucket_offset[i] == places[i].bucket_offset &&
                    header->bucket_count[i] == places[i].bucket_count;
        if (!same) {
            return false;
        }
    }
    return true;
}

static void
place(struct table_header *header, const struct pool_place places[POOL_COUNT])
{
    memset(header, 0, sizeof *header);
    for (unsigned i = 0; i < POOL_COUNT; i++) {
        struct pool_use *use = &header->pool[i];
        use->offset = places[i].offset;
        use->taken_offset = places[i].taken_offset;
        use->limit = places[i].limit;
        use->row_bytes = places[i].row_bytes;
        header->bucket_offset[i] = places[i].bucket_offset;
        header->bucket_count[i] = places[i].bucket_count;
    }
}

// Empties pools, counters, indexes and rows. The places stay as they are at
// every moment, for readers that look at the same time.
static void
clear(struct table_header *header)
{
    for (unsigned i = 0; i < POOL_COUNT; i++) {
        struct pool_use *use = &header->pool[i];
        use->used = use->peak = 0;
        use->refused_total = 0;
        use->free_from = 1;
        use->fresh = 1;
    }
    size_t from = offsetof(struct table_header, writer_birth_ms);
    memset((unsigned char *)header + from, 0, header->total_bytes - from);
}

void
table_format(void *memory, size_t size, const struct capacity *capacity, struct hash_key key,
             uint32_t resolution_ms)
{
    struct table_header *header = memory;
    struct pool_place places[POOL_COUNT];
    size_t bytes = table_places(capacity, places);
    ASSERT(memory != NULL);
    ASSERT(size >= bytes);
    atomic_store_explicit(&header->magic, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    if (!is_placed(header, places)) {
        place(header, places);
    }
    header->total_bytes = bytes;
    clear(header);
    header->layout_hash = table_layout_hash(capacity);
    header->capacity = *capacity;
    header->hash_key = key;
    header->resolution_ms = resolution_ms;
    // Last: from now on it is a table.
    atomic_store_explicit(&header->magic, TABLE_MAGIC, memory_order_release);
}

int
table_check(const void *memory, size_t size, struct capacity *capacity)
{
    const struct table_header *header = memory;
    if (size < sizeof *header ||
        atomic_load_explicit(&header->magic, memory_order_acquire) != TABLE_MAGIC) {
        return -ERR_LAYOUT;
    }
    *capacity = header->capacity;
    if (capacity->nodes > NODES_MAX || capacity->pods > PODS_MAX ||
        capacity->containers > CONTAINERS_MAX || capacity->namespaces > NAMESPACES_MAX) {
        return -ERR_LAYOUT;
    }
    struct pool_place places[POOL_COUNT];
    size_t bytes = table_places(capacity, places);
    bool same = header->layout_hash == table_layout_hash(capacity) &&
                header->total_bytes == bytes && bytes <= size && is_placed(header, places);
    return same ? 0 : -ERR_LAYOUT;
}
