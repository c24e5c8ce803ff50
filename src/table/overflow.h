// Pods that have no row: what they request and use still belongs to the totals
// of their namespace, their node and the cluster.
//
// One record of 32 bytes a pod, found by a hash of namespace and name, so that
// no event counts a pod twice and every change or removal is exact. Requests
// are kept as shapes shared by pods that request the same. What kubelets say
// of usage is added up by namespace and begins anew in every cycle. Full: the
// pod is refused, its usage still counts, and `refused_total` says so. Only
// for the writer; lives in its own memory and dies with it (the API servers'
// first lists fill it again).
#ifndef SKERRY_TABLE_OVERFLOW_H
#define SKERRY_TABLE_OVERFLOW_H

#include "base/arena.h"
#include "model/observation.h"
#include "table/table.h"

struct overflow_record {
    uint32_t next;         // of the bucket; also the free list
    uint32_t tag;          // high half of the hash
    uint64_t shape : 20;
    uint64_t space : 16;   // row of the namespace, 0 = it has none
    uint64_t node : 15;    // row of the node, 0 = it has none
    uint64_t source : 5;
    uint64_t generation : 3;   // low bits of the list that named it
    uint64_t live : 1;         // the record is in use
    uint64_t from_api : 1;     // the API server named it
    uint64_t cpu_seen : 1;     // its CPU is in this cycle's sums
    uint64_t memory_seen : 1;  // its memory is in this cycle's sums
    uint64_t counted : 1;      // cpu_ns and cpu_time_ms are known
    uint64_t cpu_ns;           // counter as last seen
    uint32_t cpu_time_ms;      // low half of its time
    float cpu_milli;           // the rate as last known
};
_Static_assert(sizeof(struct overflow_record) == 32, "records are planned with 32 bytes");
_Static_assert(NAMESPACES_MAX < 1 << 16, "a namespace's row fits into its bits");
_Static_assert(NODES_MAX < 1 << 15, "a node's row fits into its bits");
_Static_assert(SOURCES_MAX < 1 << 5, "a source fits into its bits");

struct overflow_shape {
    struct resource_row resources;
    uint32_t container_count;
    uint32_t references;
    uint32_t next;  // of the bucket; also the free list
    uint32_t spare;
};

struct overflow_used {
    double cpu_usage_milli;
    uint64_t memory_usage, memory_working_set;
};

// An array of which [0] is never used, its free list and its hash index.
struct overflow_pool {
    uint32_t *buckets;
    uint32_t bucket_count;  // power of two
    uint32_t limit;
    uint32_t fresh;
    uint32_t free_list;
    uint32_t used;
};

struct overflow {
    struct overflow_record *records;
    struct overflow_shape *shapes;
    struct overflow_used *used;  // [namespaces + 1], of the running cycle
    struct overflow_pool record_pool;
    struct overflow_pool shape_pool;
    uint32_t namespace_limit;
    uint64_t refused_total;
};

// What a pod without a row is known by and belongs to.
struct overflow_pod {
    uint64_t hash;  // of namespace and name
    unsigned source;
    uint32_t generation;  // of the list that named it
    row_index space;
    row_index node;
};

size_t overflow_footprint(const struct capacity *capacity);
void overflow_init(struct overflow *overflow, struct arena *arena,
                   const struct capacity *capacity);

uint64_t overflow_hash(struct hash_key key, struct text namespace_name, struct text name);
// 0 when it has none.
uint32_t overflow_find(const struct overflow *overflow, uint64_t hash);
bool overflow_is_from_api(const struct overflow *overflow, uint32_t record);

// The API server names the pod: takes it in, or notes what changed.
void overflow_put(struct overflow *overflow, const struct overflow_pod *pod,
                  const struct resource_row *resources, uint32_t container_count);
void overflow_drop(struct overflow *overflow, uint64_t hash);
// A list is complete: what it did not name leaves.
void overflow_list_end(struct overflow *overflow, unsigned source, uint32_t generation);
// The node's row is given back.
void overflow_forget_node(struct overflow *overflow, row_index node);
void overflow_forget_source(struct overflow *overflow, unsigned source);

// A kubelet names the pod. CPU and memory count once a cycle each.
void overflow_observe(struct overflow *overflow, const struct overflow_pod *pod,
                      const struct cpu_seen *cpu, const struct memory_seen *memory,
                      uint32_t container_count, struct wall_ms arrival);

// The records are read by the end of a cycle from 1 to record_pool.fresh; then
// this begins the next one: pods that only a kubelet named, and that none named
// in this cycle, leave.
void overflow_turn(struct overflow *overflow);

// The API server's pods among those without a row.
bool overflow_is_empty(const struct overflow *overflow);

#endif
