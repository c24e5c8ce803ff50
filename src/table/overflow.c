#include "table/overflow.h"

#include <string.h>

#include "base/check.h"

#define CPU_MILLI_MAX ((UINT32_C(1) << 24) - 1)

// A quarter as many buckets as records at least: chains are short enough, and looked
// at only while there are pods without a row.
static uint32_t
buckets_of(uint32_t limit)
{
    uint32_t count = 16;
    while (count < limit / 4) {
        count *= 2;
    }
    return count;
}

size_t
overflow_footprint(const struct capacity *capacity)
{
    size_t records = capacity->overflow_pods;
    return arena_bytes((records + 1) * sizeof(struct overflow_record)) +
           arena_bytes(buckets_of(capacity->overflow_pods) * sizeof(uint32_t)) +
           arena_bytes(((size_t)capacity->namespaces + 1) * sizeof(struct overflow_used));
}

void
overflow_init(struct overflow *overflow, struct arena *arena, const struct capacity *capacity)
{
    *overflow = (struct overflow){
        .namespace_limit = capacity->namespaces,
        .bucket_count = buckets_of(capacity->overflow_pods),
        .limit = capacity->overflow_pods,
        .fresh = 1,
    };
    overflow->records = arena_take_array(arena, (size_t)capacity->overflow_pods + 1,
                                         sizeof(struct overflow_record));
    overflow->buckets = arena_take_array(arena, overflow->bucket_count, sizeof(uint32_t));
    overflow->unrecorded = arena_take_array(arena, (size_t)capacity->namespaces + 1,
                                            sizeof(struct overflow_used));
}

// Bytes in 40 bits: below 2^39 as they are, more in units of 512, which have the
// highest bit.

#define LARGE (UINT64_C(1) << 39)
#define LARGE_SHIFT 9

static uint64_t
pack_bytes(uint64_t bytes)
{
    if (bytes < LARGE) {
        return bytes;
    }
    uint64_t units = bytes >> LARGE_SHIFT;
    return LARGE | (units < LARGE ? units : LARGE - 1);
}

static uint64_t
unpack_bytes(uint32_t low, uint32_t high)
{
    uint64_t packed = (uint64_t)high << 32 | low;
    return (packed & LARGE) != 0 ? (packed & (LARGE - 1)) << LARGE_SHIFT : packed;
}

static uint32_t
pack_milli(uint32_t milli)
{
    return milli < CPU_MILLI_MAX ? milli : CPU_MILLI_MAX;
}

static void
set_requests(struct overflow_record *record, const struct resource_row *resources,
             uint32_t container_count)
{
    const uint64_t amounts[] = {resources->memory_request, resources->memory_limit,
                                resources->ephemeral_request, resources->ephemeral_limit};
    for (size_t i = 0; i < ARRAY_COUNT(amounts); i++) {
        uint64_t packed = pack_bytes(amounts[i]);
        record->requested_low[i] = (uint32_t)packed;
        record->requested_high[i] = (uint8_t)(packed >> 32);
    }
    record->cpu_request = pack_milli(resources->cpu_request) & CPU_MILLI_MAX;
    record->cpu_limit = pack_milli(resources->cpu_limit) & CPU_MILLI_MAX;
    record->containers = container_count & 127;
}

static uint64_t
requested(const struct overflow_record *record, unsigned i)
{
    return unpack_bytes(record->requested_low[i], record->requested_high[i]);
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
    return &overflow->buckets[hash & (overflow->bucket_count - 1)];
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
    return overflow->used == 0 ? 0 : *link_of(overflow, hash);
}

bool
overflow_is_from_api(const struct overflow *overflow, uint32_t record)
{
    return record != 0 && overflow->records[record].from_api;
}

bool
overflow_is_empty(const struct overflow *overflow)
{
    return overflow->used == 0;
}

uint32_t
overflow_waiting_count(const struct overflow *overflow)
{
    return overflow->used - overflow->gone - overflow->with_row;
}

static void
drop_record(struct overflow *overflow, uint32_t *link)
{
    uint32_t index = *link;
    struct overflow_record *record = &overflow->records[index];
    *link = record->next;
    overflow->gone -= record->gone;
    overflow->with_row -= record->has_row;
    *record = (struct overflow_record){.next = overflow->free_list};
    overflow->free_list = index;
    overflow->used--;
}

// The bucket of a record is not kept with it, so a sweep goes bucket by bucket.
static void
sweep(struct overflow *overflow, bool (*leaves)(const struct overflow_record *, uint32_t, uint32_t),
      uint32_t a, uint32_t b)
{
    for (uint32_t i = 0; overflow->used != 0 && i < overflow->bucket_count; i++) {
        uint32_t *link = &overflow->buckets[i];
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

// A record that is kept for accuracy alone.
static bool
is_spare(const struct overflow_record *record, uint32_t unused_a, uint32_t unused_b)
{
    (void)unused_a;
    (void)unused_b;
    return record->gone || record->has_row;
}

// Spare records make room before a pod is refused.
static uint32_t
take_record(struct overflow *overflow, uint64_t hash)
{
    bool full = overflow->free_list == 0 && overflow->fresh > overflow->limit;
    if (full && overflow->gone + overflow->with_row != 0) {
        sweep(overflow, is_spare, 0, 0);
    }
    uint32_t index = overflow->free_list;
    if (index != 0) {
        overflow->free_list = overflow->records[index].next;
    } else if (overflow->fresh <= overflow->limit) {
        index = overflow->fresh++;
    } else {
        overflow->refused_total++;
        return 0;
    }
    overflow->used++;
    overflow->peak = overflow->used > overflow->peak ? overflow->used : overflow->peak;
    uint32_t *bucket = bucket_of(overflow, hash);
    overflow->records[index] = (struct overflow_record){
        .next = *bucket, .tag = (uint32_t)(hash >> 32), .live = 1};
    *bucket = index;
    return index;
}

static uint32_t
need_record(struct overflow *overflow, uint64_t hash)
{
    uint32_t index = overflow_find(overflow, hash);
    return index != 0 ? index : take_record(overflow, hash);
}

static void
place(struct overflow_record *record, const struct overflow_pod *pod)
{
    record->space = pod->space & 0xffff;
    record->source = pod->source & 0x1f;
    record->node = pod->node & 0x7fff;
}

static uint16_t
uid_of(const struct overflow_record *record)
{
    return (uint16_t)((uint32_t)record->uid_high << 8 | record->uid_low);
}

static void
set_uid(struct overflow_record *record, uint16_t uid)
{
    record->uid_low = uid & 0xffU;
    record->uid_high = (uid >> 8) & 0xffU;
}

// Another pod of the same name: nothing of the one before counts any more.
static void
begin_anew(struct overflow *overflow, struct overflow_record *record)
{
    overflow->gone -= record->gone;
    overflow->with_row -= record->has_row;
    *record = (struct overflow_record){.next = record->next, .tag = record->tag, .live = 1};
}

void
overflow_put(struct overflow *overflow, const struct overflow_pod *pod,
             const struct resource_row *resources, uint32_t container_count)
{
    uint32_t index = need_record(overflow, pod->hash);
    if (index == 0) {
        return;
    }
    struct overflow_record *record = &overflow->records[index];
    if (is_spare(record, 0, 0) || (record->from_api && uid_of(record) != pod->uid)) {
        begin_anew(overflow, record);
    }
    place(record, pod);
    record->from_api = 1;
    set_uid(record, pod->uid);
    record->generation = pod->generation & 7;
    set_requests(record, resources, container_count);
}

void
overflow_remove(struct overflow *overflow, uint64_t hash)
{
    uint32_t index = overflow_find(overflow, hash);
    if (index == 0 || overflow->records[index].gone) {
        return;
    }
    struct overflow_record *record = &overflow->records[index];
    overflow->with_row -= record->has_row;
    record->has_row = 0;
    record->from_api = 1;
    record->gone = 1;
    record->silent = 0;
    overflow->gone++;
}

void
overflow_give_row(struct overflow *overflow, uint64_t hash, uint16_t uid, row_index row)
{
    uint32_t index = overflow_find(overflow, hash);
    struct overflow_record *record = &overflow->records[index];
    if (index == 0) {
        return;
    }
    bool another = record->from_api && uid_of(record) != uid;
    if (record->has_row && record->requested_low[0] == row && !another) {
        return;
    }
    if (is_spare(record, 0, 0) || record->silent > STALE_CYCLES || another) {
        drop_record(overflow, link_of(overflow, hash));
        return;
    }
    record->from_api = 1;
    set_uid(record, uid);
    record->has_row = 1;
    record->requested_low[0] = row;
    overflow->with_row++;
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
    return record->from_api && !is_spare(record, 0, 0) && record->source == source &&
           record->generation != generation;
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
    uint32_t fresh = overflow->used != 0 ? overflow->fresh : 0;
    for (uint32_t i = 1; i < fresh; i++) {
        if (overflow->records[i].node == node) {
            overflow->records[i].node = 0;
        }
    }
}

// Usage

// A time that lies further back is a clock that was set back.
#define CLOCK_BACK_MS 30000

// Counters are kept to 56 bits. One that went back seems to have run on almost a
// whole turn, which is more than any machine can do.
#define COUNTER_MASK ((UINT64_C(1) << 56) - 1)

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
    uint64_t before_ns = (uint64_t)record->cpu_ns_high << 32 | record->cpu_ns_low;
    double ns = (double)((cpu->usage_ns - before_ns) & COUNTER_MASK);
    if (known && elapsed_ms > 0) {
        double milli = ns * 1e-3 / (double)elapsed_ms;
        record->cpu_milli = milli <= CPU_MILLI_MAX ? (float)milli : 0;
    } else if (!known && (cpu->has & HAS_CPU_NANOCORES)) {
        record->cpu_milli = (float)((double)cpu->usage_nanocores * 1e-6);
    } else {
        record->cpu_milli = 0;
    }
    if (cpu->has & HAS_CPU_USAGE) {
        record->counted = 1;
        record->cpu_ns_low = (uint32_t)cpu->usage_ns;
        record->cpu_ns_high = (cpu->usage_ns >> 32) & 0xffffff;
        record->cpu_time_ms = (uint32_t)time_ms;
    }
}

static void
keep_memory(struct overflow_record *record, const struct memory_seen *memory)
{
    uint64_t usage = pack_bytes((memory->has & HAS_MEMORY_USAGE) ? memory->usage : 0);
    uint64_t set = pack_bytes((memory->has & HAS_MEMORY_WORKING_SET) ? memory->working_set : 0);
    record->memory_usage_low = (uint32_t)usage;
    record->memory_usage_high = (usage >> 32) & 0xff;
    record->memory_working_set_low = (uint32_t)set;
    record->memory_working_set_high = (set >> 32) & 0xff;
}

static void
add_unrecorded(struct overflow_used *used, const struct cpu_seen *cpu,
               const struct memory_seen *memory)
{
    used->cpu_usage_milli += (double)cpu->usage_nanocores * 1e-6;
    used->memory_usage += (memory->has & HAS_MEMORY_USAGE) ? memory->usage : 0;
    used->memory_working_set += (memory->has & HAS_MEMORY_WORKING_SET) ? memory->working_set : 0;
}

static void
place_seen(struct overflow_record *record, const struct overflow_pod *pod,
           uint32_t container_count)
{
    static const struct resource_row none;
    struct overflow_pod placed = *pod;
    placed.node = pod->node != 0 ? pod->node : record->node;
    place(record, &placed);
    record->silent = 0;
    if (!record->from_api && container_count != 0) {
        set_requests(record, &none, container_count);
    }
}

void
overflow_observe(struct overflow *overflow, const struct overflow_pod *pod,
                 const struct cpu_seen *cpu, const struct memory_seen *memory,
                 uint32_t container_count, struct wall_ms arrival)
{
    ASSERT(pod->space <= overflow->namespace_limit);
    uint32_t index = need_record(overflow, pod->hash);
    if (index == 0) {
        add_unrecorded(&overflow->unrecorded[pod->space], cpu, memory);
        return;
    }
    struct overflow_record *record = &overflow->records[index];
    if (is_spare(record, 0, 0)) {
        return;
    }
    place_seen(record, pod, container_count);
    if (cpu->has != 0 && !record->cpu_seen) {
        fold_cpu(record, cpu, arrival);
        record->cpu_seen = 1;
    }
    if ((memory->has & (HAS_MEMORY_USAGE | HAS_MEMORY_WORKING_SET)) && !record->memory_seen) {
        keep_memory(record, memory);
        record->memory_seen = 1;
    }
}

static void
count_requests(const struct overflow_record *record, struct overflow_counted *to)
{
    to->container_count = record->containers;
    to->resources = (struct resource_row){
        .memory_request = requested(record, 0),
        .memory_limit = requested(record, 1),
        .ephemeral_request = requested(record, 2),
        .ephemeral_limit = requested(record, 3),
        .cpu_request = record->cpu_request,
        .cpu_limit = record->cpu_limit,
    };
}

bool
overflow_count(const struct overflow *overflow, uint32_t index, struct overflow_counted *to)
{
    ASSERT(index >= 1 && index < overflow->fresh);
    const struct overflow_record *record = &overflow->records[index];
    if (!record->live || record->gone) {
        return false;
    }
    *to = (struct overflow_counted){.space = record->space, .node = record->node};
    if (record->has_row) {
        to->row = record->requested_low[0];
    } else {
        count_requests(record, to);
    }
    if (record->silent <= STALE_CYCLES) {
        to->cpu_usage_milli = (double)record->cpu_milli;
        to->memory_usage = unpack_bytes(record->memory_usage_low, record->memory_usage_high);
        to->memory_working_set =
            unpack_bytes(record->memory_working_set_low, record->memory_working_set_high);
    }
    return true;
}

static bool
is_over(const struct overflow_record *record, uint32_t unused_a, uint32_t unused_b)
{
    (void)unused_a;
    (void)unused_b;
    return record->gone ? record->silent > GONE_CYCLES
                        : (record->has_row || !record->from_api) && record->silent > STALE_CYCLES;
}

void
overflow_turn(struct overflow *overflow)
{
    uint32_t fresh = overflow->used != 0 ? overflow->fresh : 0;
    bool any_over = false;
    for (uint32_t i = 1; i < fresh; i++) {
        struct overflow_record *record = &overflow->records[i];
        record->silent = record->silent < 7 ? (record->silent + 1U) & 7U : 7U;
        record->cpu_seen = 0;
        record->memory_seen = 0;
        any_over |= is_over(record, 0, 0);
    }
    if (any_over) {
        sweep(overflow, is_over, 0, 0);
    }
    memset(overflow->unrecorded, 0,
           ((size_t)overflow->namespace_limit + 1) * sizeof overflow->unrecorded[0]);
}
