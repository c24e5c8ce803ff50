#include "table/overflow.h"

#include <string.h>

#include "base/check.h"

#define SHAPES_MAX ((UINT32_C(1) << 20) - 1)

// Most pods request what their siblings request: one shape for four pods.
static uint32_t
shape_limit(const struct capacity *capacity)
{
    uint32_t limit = capacity->overflow_pods / 4 + 256;
    return limit < SHAPES_MAX ? limit : SHAPES_MAX;
}

static uint32_t
buckets_of(uint32_t limit)
{
    uint32_t count = 16;
    while (count < limit) {
        count *= 2;
    }
    return count;
}

size_t
overflow_footprint(const struct capacity *capacity)
{
    size_t records = capacity->overflow_pods;
    size_t shapes = shape_limit(capacity);
    return arena_bytes((records + 1) * sizeof(struct overflow_record)) +
           arena_bytes(buckets_of(capacity->overflow_pods) * sizeof(uint32_t)) +
           arena_bytes((shapes + 1) * sizeof(struct overflow_shape)) +
           arena_bytes(buckets_of(shape_limit(capacity)) * sizeof(uint32_t)) +
           arena_bytes(((size_t)capacity->namespaces + 1) * sizeof(struct overflow_used));
}

static void
init_pool(struct overflow_pool *pool, struct arena *arena, uint32_t limit)
{
    *pool = (struct overflow_pool){
        .bucket_count = buckets_of(limit), .limit = limit, .fresh = 1};
    pool->buckets = arena_take_array(arena, pool->bucket_count, sizeof(uint32_t));
}

void
overflow_init(struct overflow *overflow, struct arena *arena, const struct capacity *capacity)
{
    *overflow = (struct overflow){.namespace_limit = capacity->namespaces};
    overflow->records = arena_take_array(arena, (size_t)capacity->overflow_pods + 1,
                                         sizeof(struct overflow_record));
    init_pool(&overflow->record_pool, arena, capacity->overflow_pods);
    overflow->shapes = arena_take_array(arena, (size_t)shape_limit(capacity) + 1,
                                        sizeof(struct overflow_shape));
    init_pool(&overflow->shape_pool, arena, shape_limit(capacity));
    overflow->used = arena_take_array(arena, (size_t)capacity->namespaces + 1,
                                      sizeof(struct overflow_used));
}

// Shapes

static uint64_t
shape_hash(const struct resource_row *resources, uint32_t container_count)
{
    uint64_t hash = hash_mix(resources->memory_request, resources->memory_limit);
    hash = hash_mix(hash, resources->ephemeral_request);
    hash = hash_mix(hash, resources->ephemeral_limit);
    hash = hash_mix(hash, (uint64_t)resources->cpu_request << 32 | resources->cpu_limit);
    return hash_mix(hash, container_count);
}

static bool
is_shape(const struct overflow_shape *shape, const struct resource_row *resources,
         uint32_t container_count)
{
    return shape->container_count == container_count &&
           memcmp(&shape->resources, resources, sizeof *resources) == 0;
}
_Static_assert(sizeof(struct resource_row) == 40, "no padding: shapes compare as bytes");

// The shape with one more reference; 0, the one of nothing, when none is free.
static uint32_t
take_shape(struct overflow *overflow, const struct resource_row *resources,
           uint32_t container_count)
{
    static const struct resource_row none;
    struct overflow_pool *pool = &overflow->shape_pool;
    if (container_count == 0 && memcmp(resources, &none, sizeof none) == 0) {
        return 0;
    }
    uint64_t hash = shape_hash(resources, container_count);
    uint32_t *bucket = &pool->buckets[hash & (pool->bucket_count - 1)];
    for (uint32_t i = *bucket; i != 0; i = overflow->shapes[i].next) {
        if (is_shape(&overflow->shapes[i], resources, container_count)) {
            overflow->shapes[i].references++;
            return i;
        }
    }
    uint32_t index = pool->free_list;
    if (index != 0) {
        pool->free_list = overflow->shapes[index].next;
    } else if (pool->fresh <= pool->limit) {
        index = pool->fresh++;
    } else {
        overflow->refused_total++;
        return 0;
    }
    pool->used++;
    overflow->shapes[index] = (struct overflow_shape){
        *resources, container_count, .references = 1, .next = *bucket};
    *bucket = index;
    return index;
}

static void
drop_shape(struct overflow *overflow, uint32_t index)
{
    struct overflow_shape *shape = &overflow->shapes[index];
    struct overflow_pool *pool = &overflow->shape_pool;
    if (index == 0 || --shape->references > 0) {
        return;
    }
    uint64_t hash = shape_hash(&shape->resources, shape->container_count);
    uint32_t *link = &pool->buckets[hash & (pool->bucket_count - 1)];
    while (*link != index) {
        ASSERT(*link != 0);
        link = &overflow->shapes[*link].next;
    }
    *link = shape->next;
    shape->next = pool->free_list;
    pool->free_list = index;
    pool->used--;
}

// Records

uint64_t
overflow_hash(struct hash_key key, struct text namespace_name, struct text name)
{
    uint64_t space = hash_bytes(key, namespace_name.at, namespace_name.size);
    return hash_mix(hash_bytes(key, name.at, name.size), space);
}

static uint32_t *
bucket_of(const struct overflow *overflow, uint64_t hash)
{
    const struct overflow_pool *pool = &overflow->record_pool;
    return &pool->buckets[hash & (pool->bucket_count - 1)];
}

// The link that leads to the record, or the one that ends the bucket.
static uint32_t *
link_of(const struct overflow *overflow, uint64_t hash)
{
    uint32_t *link = bucket_of(overflow, hash);
    while (*link != 0 && overflow->records[*link].tag != (uint32_t)(hash >> 32)) {
        link = &overflow->records[*link].next;
    }
    return link;
}

uint32_t
overflow_find(const struct overflow *overflow, uint64_t hash)
{
    return overflow->record_pool.used == 0 ? 0 : *link_of(overflow, hash);
}

bool
overflow_is_from_api(const struct overflow *overflow, uint32_t record)
{
    return record != 0 && overflow->records[record].from_api;
}

bool
overflow_is_empty(const struct overflow *overflow)
{
    return overflow->record_pool.used == 0;
}

static uint32_t
take_record(struct overflow *overflow, uint64_t hash)
{
    struct overflow_pool *pool = &overflow->record_pool;
    uint32_t index = pool->free_list;
    if (index != 0) {
        pool->free_list = overflow->records[index].next;
    } else if (pool->fresh <= pool->limit) {
        index = pool->fresh++;
    } else {
        overflow->refused_total++;
        return 0;
    }
    pool->used++;
    uint32_t *bucket = bucket_of(overflow, hash);
    overflow->records[index] = (struct overflow_record){
        .next = *bucket, .tag = (uint32_t)(hash >> 32), .live = 1};
    *bucket = index;
    return index;
}

static void
drop_record(struct overflow *overflow, uint32_t *link)
{
    struct overflow_pool *pool = &overflow->record_pool;
    uint32_t index = *link;
    struct overflow_record *record = &overflow->records[index];
    *link = record->next;
    drop_shape(overflow, record->shape);
    *record = (struct overflow_record){.next = pool->free_list};
    pool->free_list = index;
    pool->used--;
}

// The bucket of a record is not kept with it: its link is searched by the tag's
// owner, so a sweep goes bucket by bucket.
static void
sweep(struct overflow *overflow, bool (*leaves)(const struct overflow_record *, uint32_t, uint32_t),
      uint32_t a, uint32_t b)
{
    struct overflow_pool *pool = &overflow->record_pool;
    for (uint32_t i = 0; pool->used != 0 && i < pool->bucket_count; i++) {
        uint32_t *link = &pool->buckets[i];
        while (*link != 0) {
            struct overflow_record *record = &overflow->records[*link];
            if (leaves(record, a, b)) {
                drop_record(overflow, link);
            } else {
                link = &record->next;
            }
        }
    }
}

static void
set_shape(struct overflow *overflow, struct overflow_record *record,
          const struct resource_row *resources, uint32_t container_count)
{
    uint32_t before = record->shape;
    record->shape = take_shape(overflow, resources, container_count) & SHAPES_MAX;
    drop_shape(overflow, before);
}

static void
place(struct overflow_record *record, const struct overflow_pod *pod)
{
    record->space = pod->space & 0xffff;
    record->source = pod->source & 0x1f;
    if (pod->node != 0) {
        record->node = pod->node & 0x7fff;
    }
}

void
overflow_put(struct overflow *overflow, const struct overflow_pod *pod,
             const struct resource_row *resources, uint32_t container_count)
{
    uint32_t index = overflow_find(overflow, pod->hash);
    if (index == 0) {
        index = take_record(overflow, pod->hash);
    }
    if (index == 0) {
        return;
    }
    struct overflow_record *record = &overflow->records[index];
    place(record, pod);
    record->from_api = 1;
    record->generation = pod->generation & 7;
    set_shape(overflow, record, resources, container_count);
}

void
overflow_drop(struct overflow *overflow, uint64_t hash)
{
    if (overflow_find(overflow, hash) != 0) {
        drop_record(overflow, link_of(overflow, hash));
    }
}

static bool
is_unlisted(const struct overflow_record *record, uint32_t source, uint32_t generation)
{
    return record->from_api && record->source == source && record->generation != generation;
}

void
overflow_list_end(struct overflow *overflow, unsigned source, uint32_t generation)
{
    sweep(overflow, is_unlisted, source, generation & 7);
}

static bool
is_of_source(const struct overflow_record *record, uint32_t source, uint32_t unused)
{
    (void)unused;
    return record->source == source;
}

void
overflow_forget_source(struct overflow *overflow, unsigned source)
{
    sweep(overflow, is_of_source, source, 0);
}

void
overflow_forget_node(struct overflow *overflow, row_index node)
{
    uint32_t fresh = overflow->record_pool.used != 0 ? overflow->record_pool.fresh : 0;
    for (uint32_t i = 1; i < fresh; i++) {
        if (overflow->records[i].node == node) {
            overflow->records[i].node = 0;
        }
    }
}

// Usage

// A time that lies further back is a clock that was set back.
#define CLOCK_BACK_MS 30000

// Millicores by two counters, as sample_fold_cpu takes them; the source's own
// rate until two are known; the last known one while nothing new came.
static void
fold_cpu(struct overflow_record *record, const struct cpu_seen *cpu, struct wall_ms arrival)
{
    int64_t time_ms = cpu->time.ms != 0 ? cpu->time.ms : arrival.ms;
    bool known = record->counted && (cpu->has & HAS_CPU_USAGE);
    int32_t elapsed_ms = (int32_t)((uint32_t)time_ms - record->cpu_time_ms);
    if (known && elapsed_ms <= 0 && elapsed_ms > -CLOCK_BACK_MS) {
        return;
    }
    if (known && elapsed_ms > 0 && cpu->usage_ns >= record->cpu_ns) {
        double ns = (double)(cpu->usage_ns - record->cpu_ns);
        record->cpu_milli = (float)(ns * 1e-3 / (double)elapsed_ms);
    } else if (!known && (cpu->has & HAS_CPU_NANOCORES)) {
        record->cpu_milli = (float)((double)cpu->usage_nanocores * 1e-6);
    } else {
        record->cpu_milli = 0;
    }
    if (cpu->has & HAS_CPU_USAGE) {
        record->counted = 1;
        record->cpu_ns = cpu->usage_ns;
        record->cpu_time_ms = (uint32_t)time_ms;
    }
}

static void
add_memory(struct overflow_used *used, const struct memory_seen *memory)
{
    used->memory_usage += (memory->has & HAS_MEMORY_USAGE) ? memory->usage : 0;
    used->memory_working_set += (memory->has & HAS_MEMORY_WORKING_SET) ? memory->working_set : 0;
}

static uint32_t
need_record(struct overflow *overflow, const struct overflow_pod *pod, uint32_t container_count)
{
    static const struct resource_row none;
    uint32_t index = overflow_find(overflow, pod->hash);
    if (index == 0) {
        index = take_record(overflow, pod->hash);
    }
    if (index != 0) {
        struct overflow_record *record = &overflow->records[index];
        place(record, pod);
        if (!record->from_api && container_count != 0) {
            set_shape(overflow, record, &none, container_count);
        }
    }
    return index;
}

void
overflow_observe(struct overflow *overflow, const struct overflow_pod *pod,
                 const struct cpu_seen *cpu, const struct memory_seen *memory,
                 uint32_t container_count, struct wall_ms arrival)
{
    ASSERT(pod->space <= overflow->namespace_limit);
    struct overflow_used *used = &overflow->used[pod->space];
    uint32_t index = need_record(overflow, pod, container_count);
    if (index == 0) {
        used->cpu_usage_milli += (double)cpu->usage_nanocores * 1e-6;
        add_memory(used, memory);
        return;
    }
    struct overflow_record *record = &overflow->records[index];
    if (cpu->has != 0 && !record->cpu_seen) {
        fold_cpu(record, cpu, arrival);
        used->cpu_usage_milli += (double)record->cpu_milli;
        record->cpu_seen = 1;
    }
    if ((memory->has & (HAS_MEMORY_USAGE | HAS_MEMORY_WORKING_SET)) && !record->memory_seen) {
        add_memory(used, memory);
        record->memory_seen = 1;
    }
}

static bool
is_silent(const struct overflow_record *record, uint32_t unused_a, uint32_t unused_b)
{
    (void)unused_a;
    (void)unused_b;
    return !record->from_api && !record->cpu_seen && !record->memory_seen;
}

void
overflow_turn(struct overflow *overflow)
{
    sweep(overflow, is_silent, 0, 0);
    uint32_t fresh = overflow->record_pool.used != 0 ? overflow->record_pool.fresh : 0;
    for (uint32_t i = 1; i < fresh; i++) {
        overflow->records[i].cpu_seen = 0;
        overflow->records[i].memory_seen = 0;
    }
    memset(overflow->used, 0, ((size_t)overflow->namespace_limit + 1) * sizeof overflow->used[0]);
}
