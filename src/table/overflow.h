// Pods that have no row: what they request and use still belongs to the totals
// of their namespace, their node and the cluster.
//
// One record of 68 bytes a pod, found by a hash of namespace and name, so that
// no event counts a pod twice and every change or removal is exact. What a
// kubelet said last stays for STALE_CYCLES, as in rows: a missed scrape takes
// nothing from the sums. A pod that the API server removed keeps its record for
// GONE_CYCLES, uncounted, so that a scrape under way does not revive it; one that
// got a row lends it its usage until a kubelet names it again. One that came
// before its namespace had a row is in the sums of the cluster, and in those of the
// namespace from when it is told of again. Full: the pod is refused, its usage
// counts in the cycles in which it is named, and `refused_total` says so. Only for
// the writer; lives in its own memory and dies with it (the API servers' first
// lists fill it again).
#ifndef SKERRY_TABLE_OVERFLOW_H
#define SKERRY_TABLE_OVERFLOW_H

#include "base/arena.h"
#include "model/observation.h"
#include "table/table.h"

// Bytes below 512 GiB are kept to the byte, more to 512 bytes, up to 256 TiB;
// millicores up to 16,777 cores. What is larger is kept as the largest.
struct overflow_record {
    uint32_t next;            // of the bucket; also the free list
    uint32_t tag;             // high half of the hash
    uint32_t space : 16;      // row of the namespace, 0 = it has none
    uint32_t node : 15;       // row of the node, 0 = it has none
    uint32_t live : 1;        // the record is in use
    uint32_t source : 5;
    uint32_t generation : 3;  // low bits of the list that named it
    uint32_t containers : 7;
    uint32_t silent : 3;       // cycles since a kubelet named it; since it is gone
    uint32_t from_api : 1;     // the API server named it
    uint32_t gone : 1;         // the API server removed it
    uint32_t cpu_seen : 1;     // its CPU came in this cycle
    uint32_t memory_seen : 1;  // its memory came in this cycle
    uint32_t counted : 1;      // cpu_ns and cpu_time_ms are known
    uint32_t has_row : 1;      // only its usage counts, until its row has a sample
    uint32_t uid_low : 8;      // a hash of 16 bits, to tell pods of one name apart
    uint32_t cpu_time_ms;      // low half of the counter's time
    uint32_t cpu_ns_low;       // counter as last seen, of 56 bits
    uint32_t cpu_ns_high : 24;
    uint32_t uid_high : 8;
    float cpu_milli;           // the rate as last known
    uint32_t cpu_request : 24;
    uint32_t memory_usage_high : 8;
    uint32_t cpu_limit : 24;
    uint32_t memory_working_set_high : 8;
    uint32_t memory_usage_low;
    uint32_t memory_working_set_low;
    uint32_t requested_low[4];  // memory request and limit, ephemeral storage's
    uint8_t requested_high[4];
};
_Static_assert(sizeof(struct overflow_record) == 68, "records are planned with 68 bytes");
_Static_assert(NAMESPACES_MAX < 1 << 16, "a namespace's row fits into its bits");
_Static_assert(NODES_MAX < 1 << 15, "a node's row fits into its bits");
_Static_assert(SOURCES_MAX < 1 << 5, "a source fits into its bits");
_Static_assert(POD_CONTAINERS_MAX < 1 << 7, "a pod's containers fit into their bits");
_Static_assert(STALE_CYCLES < 7 && GONE_CYCLES < 7, "silent cycles fit into their bits");

// Usage of the pods of a namespace that have no record, of the running cycle.
struct overflow_used {
    double cpu_usage_milli;
    uint64_t memory_usage, memory_working_set;
};

struct overflow {
    struct overflow_record *records;  // [0] is never used
    uint32_t *buckets;
    uint32_t bucket_count;  // power of two
    uint32_t limit;
    uint32_t fresh;  // records at and above this index were never used
    uint32_t free_list;
    uint32_t used;
    uint32_t gone;      // among the used
    uint32_t with_row;  // among the used
    uint32_t peak;
    struct overflow_used *unrecorded;  // [namespaces + 1]
    uint32_t namespace_limit;
    uint64_t refused_total;
};

// What a pod without a row is known by and belongs to.
struct overflow_pod {
    uint64_t hash;  // of namespace and name
    uint16_t uid;   // a hash
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
// The API server removes the pod, or it runs no more.
void overflow_remove(struct overflow *overflow, uint64_t hash);
// The API server's pod has this row now.
void overflow_give_row(struct overflow *overflow, uint64_t hash, uint16_t uid, row_index row);
// A kubelet's pod has a row now, which is written at once.
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

// What a record adds to the sums of its namespace and node.
struct overflow_counted {
    row_index row;          // not 0: only usage, and only while this row has no sample
    row_index space, node;  // 0 = not known
    uint32_t container_count;
    struct resource_row resources;
    double cpu_usage_milli;
    uint64_t memory_usage, memory_working_set;
};

// Of the record `index`, from 1 to below `fresh`; false when it does not count.
bool overflow_count(const struct overflow *overflow, uint32_t index, struct overflow_counted *to);

// After the sums: begins the next cycle. Pods that only a kubelet named, and
// that none named for STALE_CYCLES, leave.
void overflow_turn(struct overflow *overflow);

bool overflow_is_empty(const struct overflow *overflow);
// Pods that would have a row if there were room.
uint32_t overflow_waiting_count(const struct overflow *overflow);

#endif
