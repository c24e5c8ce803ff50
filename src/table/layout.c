#include "table/table.h"

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
    ASSERT(pool < POOL_COUNT);
    return pools[pool].name;
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

// Calls for each region of the file in order; returns the total size. When
// `header` is given, the offsets are noted there.
static size_t
lay_out(const struct capacity *capacity, struct table_header *header)
{
    size_t at = align_up(sizeof(struct table_header));
    for (unsigned i = 0; i < POOL_COUNT; i++) {
        enum table_pool pool = (enum table_pool)i;
        uint32_t limit = limit_of(capacity, pool);
        uint32_t buckets = buckets_of(capacity, pool);
        if (header != NULL) {
            header->bucket_count[i] = buckets;
            header->bucket_offset[i] = at;
        }
        at = align_up(at + (size_t)buckets * sizeof(row_index));
        if (header != NULL) {
            header->pool[i] = (struct pool_use){
                .limit = limit, .row_bytes = pools[i].row_bytes, .offset = at, .fresh = 1};
        }
        at = align_up(at + ((size_t)limit + 1) * pools[i].row_bytes);
    }
    return at;
}

size_t
table_bytes(const struct capacity *capacity)
{
    return lay_out(capacity, NULL);
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

void
table_format(void *memory, size_t size, const struct capacity *capacity, struct hash_key key,
             uint32_t resolution_ms)
{
    ASSERT(memory != NULL);
    ASSERT(size >= table_bytes(capacity));
    struct table_header *header = memory;
    memset(header, 0, sizeof *header);
    header->layout_hash = table_layout_hash(capacity);
    header->total_bytes = lay_out(capacity, header);
    header->capacity = *capacity;
    header->hash_key = key;
    header->resolution_ms = resolution_ms;
    for (unsigned i = 0; i < POOL_COUNT; i++) {
        memset((unsigned char *)memory + header->bucket_offset[i], 0,
               header->bucket_count[i] * sizeof(row_index));
    }
    header->magic = TABLE_MAGIC;  // last: from now on it is a table
}

int
table_check(const void *memory, size_t size)
{
    const struct table_header *header = memory;
    if (size < sizeof *header || header->magic != TABLE_MAGIC) {
        return -ERR_LAYOUT;
    }
    const struct capacity capacity = header->capacity;
    if (capacity.nodes > NODES_MAX || capacity.pods > PODS_MAX ||
        capacity.containers > CONTAINERS_MAX || capacity.namespaces > NAMESPACES_MAX) {
        return -ERR_LAYOUT;
    }
    bool same = header->layout_hash == table_layout_hash(&capacity) &&
                header->total_bytes == table_bytes(&capacity) && header->total_bytes <= size;
    return same ? 0 : -ERR_LAYOUT;
}
