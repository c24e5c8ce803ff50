// Pods beyond the plan: they have no row, but their requests and limits still
// belong to the totals. A set of uid hashes tells which of them are in the
// sums, so that no event counts a pod twice or subtracts it twice.
#include <string.h>

#include "base/check.h"
#include "table/writer_state.h"

size_t
overflow_set_bytes(const struct capacity *capacity)
{
    size_t count = 16;
    while (count * 3 < (size_t)capacity->overflow_pods * 4) {
        count *= 2;  // at most three quarters full
    }
    return count * sizeof(uint64_t);
}

static uint64_t
pod_hash(const struct table_writer *writer, const struct pod_object *pod)
{
    struct hash_key key = writer->header->hash_key;
    uint64_t hash = hash_bytes(key, pod->uid.at, pod->uid.size);
    hash = hash_mix(hash, hash_bytes(key, pod->name.at, pod->name.size));
    return hash != 0 ? hash : 1;
}

// The slot of `hash`, or the free slot where it would go.
static uint32_t
slot_of(const struct overflow_set *set, uint64_t hash)
{
    uint32_t slot = (uint32_t)hash & set->mask;
    while (set->entries[slot] != 0 && set->entries[slot] != hash) {
        slot = (slot + 1) & set->mask;
    }
    return slot;
}

// Closes the gap that a removed entry leaves, so that probing stays right
// (Knuth, The Art of Computer Programming 3, 6.4, algorithm R).
static void
remove_slot(struct overflow_set *set, uint32_t slot)
{
    uint32_t gap = slot;
    uint32_t at = (slot + 1) & set->mask;
    while (set->entries[at] != 0) {
        uint32_t home = (uint32_t)set->entries[at] & set->mask;
        bool movable = ((at - home) & set->mask) >= ((at - gap) & set->mask);
        if (movable) {
            set->entries[gap] = set->entries[at];
            gap = at;
        }
        at = (at + 1) & set->mask;
    }
    set->entries[gap] = 0;
    set->used--;
}

static struct requested_sums
requests_of(const struct pod_object *pod)
{
    struct requested_sums sums = {.pod_count = 1};
    for (uint32_t i = 0; i < pod->container_count; i++) {
        const struct container_object *container = &pod->containers[i];
        if (container->role != CONTAINER_MAIN && container->role != CONTAINER_SIDECAR) {
            continue;
        }
        sums.container_count++;
        sums.cpu_request += container->requests.cpu_milli;
        sums.cpu_limit += container->limits.cpu_milli;
        sums.memory_request += container->requests.memory;
        sums.memory_limit += container->limits.memory;
        sums.ephemeral_request += container->requests.ephemeral;
        sums.ephemeral_limit += container->limits.ephemeral;
    }
    return sums;
}

void
overflow_add(struct table_writer *writer, row_index namespace_index, const struct pod_object *pod)
{
    struct overflow_set *set = &writer->overflow_set;
    uint64_t hash = pod_hash(writer, pod);
    uint32_t slot = slot_of(set, hash);
    if (set->entries[slot] == hash) {
        return;
    }
    if (set->used >= set->limit) {
        set->incomplete = true;
        return;
    }
    set->entries[slot] = hash;
    set->used++;
    struct requested_sums *sums = &writer->overflow[namespace_index].requested;
    struct requested_sums by = requests_of(pod);
    sums->cpu_request += by.cpu_request;
    sums->cpu_limit += by.cpu_limit;
    sums->memory_request += by.memory_request;
    sums->memory_limit += by.memory_limit;
    sums->ephemeral_request += by.ephemeral_request;
    sums->ephemeral_limit += by.ephemeral_limit;
    sums->pod_count += by.pod_count;
    sums->container_count += by.container_count;
}

// Resources may have been resized since the pod was added: never below zero.
static uint64_t
less(uint64_t from, uint64_t by)
{
    return from > by ? from - by : 0;
}

void
overflow_remove(struct table_writer *writer, row_index namespace_index,
                const struct pod_object *pod)
{
    struct overflow_set *set = &writer->overflow_set;
    if (set->used == 0) {
        return;
    }
    uint64_t hash = pod_hash(writer, pod);
    uint32_t slot = slot_of(set, hash);
    if (set->entries[slot] != hash) {
        return;
    }
    remove_slot(set, slot);
    struct requested_sums *sums = &writer->overflow[namespace_index].requested;
    struct requested_sums by = requests_of(pod);
    sums->cpu_request = less(sums->cpu_request, by.cpu_request);
    sums->cpu_limit = less(sums->cpu_limit, by.cpu_limit);
    sums->memory_request = less(sums->memory_request, by.memory_request);
    sums->memory_limit = less(sums->memory_limit, by.memory_limit);
    sums->ephemeral_request = less(sums->ephemeral_request, by.ephemeral_request);
    sums->ephemeral_limit = less(sums->ephemeral_limit, by.ephemeral_limit);
    sums->pod_count = (uint32_t)less(sums->pod_count, by.pod_count);
    sums->container_count = (uint32_t)less(sums->container_count, by.container_count);
}

void
overflow_clear(struct table_writer *writer)
{
    struct overflow_set *set = &writer->overflow_set;
    memset(set->entries, 0, ((size_t)set->mask + 1) * sizeof set->entries[0]);
    set->used = 0;
    set->incomplete = false;
    for (uint32_t i = 0; i <= writer->header->capacity.namespaces; i++) {
        writer->overflow[i].requested = (struct requested_sums){0};
    }
}
