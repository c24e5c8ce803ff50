// What the files of the writer share; for them only.
#ifndef SKERRY_TABLE_WRITER_STATE_H
#define SKERRY_TABLE_WRITER_STATE_H

#include "table/pool.h"
#include "table/string_store.h"
#include "table/writer.h"

// Sums of pods that have no row. `requested` comes from the API server and
// stays until the next list; `used` is gathered anew in every cycle.
struct requested_sums {
    uint64_t cpu_request, cpu_limit;
    uint64_t memory_request, memory_limit;
    uint64_t ephemeral_request, ephemeral_limit;
    uint32_t pod_count, container_count;
};

struct used_sums {
    double cpu_usage_milli;
    uint64_t memory_usage, memory_working_set;
    uint32_t pod_count, container_count;
};

struct overflow {
    struct requested_sums requested;        // being kept up to date
    struct requested_sums requested_shown;  // what totals use while a list runs
    struct used_sums used;                  // of the running cycle
    struct used_sums used_shown;            // of the last complete one
};

// Which pods are in `requested`: an open-addressing set of uid hashes.
struct overflow_set {
    uint64_t *entries;  // 0 = free
    uint32_t mask;
    uint32_t used;
    uint32_t limit;
    bool incomplete;  // the set was full once: sums are a lower bound
};

// What the pods of a node sum up to; scratch of a cycle's end.
struct node_sums {
    uint32_t pod_count, container_count;
    struct resource_row resources;
};

struct list_sync {
    uint32_t generation;  // of the list under way or the last one
    bool running;
};

struct table_writer {
    struct table_header *header;
    struct overflow *overflow;  // [namespaces + 1]; [0] for unknown namespaces
    struct totals *sums;        // [namespaces + 1]; scratch of a cycle's end
    struct node_sums *node_sums;  // [nodes + 1]
    struct overflow_set overflow_set;
    struct list_sync lists[SOURCES_MAX + 1][OBJECT_KIND_COUNT];
    uint32_t overflow_nodes[SOURCES_MAX + 1];
    uint32_t overflow_nodes_ready[SOURCES_MAX + 1];

    // Empty samples, for rows that have nothing to be compared with.
    struct node_sample no_node_sample;
    struct pod_sample no_pod_sample;
    struct container_sample no_container_sample;

    // The node under observation.
    unsigned source;
    row_index node;
    uint32_t cycle_s;
    struct wall_ms arrival;
    bool partial;  // container values came line by line
};

// Lookups by name; 0 when absent. Rows that are gone are found too.
row_index writer_find(const struct table_writer *writer, enum table_pool pool, row_index parent,
                      struct text name);
row_index writer_find_container(const struct table_writer *writer, row_index first,
                                struct text name);
// The namespace's row, made when it is new; 0 when refused.
row_index writer_need_namespace(struct table_writer *writer, unsigned source, struct text name);
// A pod's row, made when it is new (live again when it was gone); 0 when refused.
row_index writer_need_pod(struct table_writer *writer, unsigned source,
                          row_index namespace_index, struct text name);
// A container in the list that begins at *first; 0 when refused.
row_index writer_need_container(struct table_writer *writer, row_index pod, row_index node,
                                struct text name);
// Takes a row of an indexed pool and names it; counts a refusal as `full`.
row_index writer_take_named(struct table_writer *writer, enum table_pool pool, row_index parent,
                            struct text name, int full);
struct row_head *writer_head(struct table_writer *writer, enum table_pool pool, row_index index);
// Replaces a text; counts when it is refused.
void writer_set_text(struct table_writer *writer, string_ref *ref, struct text text);
void writer_attach_pod_to_node(struct table_writer *writer, row_index pod, row_index node);

void writer_free_node(struct table_writer *writer, row_index index);
void writer_free_namespace(struct table_writer *writer, row_index index);
void writer_free_pod(struct table_writer *writer, row_index index);
void writer_free_container_list(struct table_writer *writer, row_index *first);
void writer_drop_container(struct table_writer *writer, row_index *link);
void writer_drop_filesystems(struct table_writer *writer, row_index *first, uint32_t keep_cycle_s);
void writer_drop_extras(struct table_writer *writer, row_index *first, uint32_t keep_cycle_s);
void writer_drop_disks(struct table_writer *writer, row_index *first, uint32_t keep_cycle_s);
void writer_drop_pressure(struct table_writer *writer, row_index *pressure);
void writer_drop_requests(struct table_writer *writer, row_index *first);
// The value `metric{label}` of a list. With `cycle_s` 0 it is a request: it
// stays until writer_drop_requests, and values of one name add up.
void writer_put_extra(struct table_writer *writer, row_index *first, struct text metric,
                      struct text label, double value, uint32_t cycle_s);

void writer_add_resources(struct resource_row *sum, const struct resource_row *by);
void writer_mark_gone(struct table_writer *writer, struct row_head *head);

// Adds or removes a pod without a row to the overflow sums; idempotent.
void overflow_add(struct table_writer *writer, row_index namespace_index,
                  const struct pod_object *pod);
void overflow_remove(struct table_writer *writer, row_index namespace_index,
                     const struct pod_object *pod);
void overflow_clear(struct table_writer *writer);
size_t overflow_set_bytes(const struct capacity *capacity);

#endif
