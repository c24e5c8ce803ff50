// The writing side of the live table; only collect has one.
//
// Identity comes from the API server (put_* and remove_*, list_begin/list_end)
// and, while that is silent, from the kubelets themselves. Samples come from
// observations, one node at a time between node_begin and node_end. At the end
// of a cycle the sums of nodes, namespaces and the cluster are published.
//
// When a pool is full the new row is refused, counted in the pool and in
// error_total, and what a pod would have carried is kept in a small record
// (overflow.h), so that the totals of its namespace and node and of the cluster
// stay right. Nothing here fails otherwise; nothing here allocates. Names longer
// than NAME_BYTES_MAX are cut, and found by what is left.
#ifndef SKERRY_TABLE_WRITER_H
#define SKERRY_TABLE_WRITER_H

#include <stdbool.h>

#include "base/arena.h"
#include "model/object.h"
#include "model/observation.h"
#include "table/table.h"

struct table_writer;

size_t table_writer_footprint(const struct capacity *capacity);

// Takes over `memory` (table_bytes long, mapped writable). If it holds a table
// of this layout it is kept: *kept says so; otherwise it is formatted afresh
// with `key`. A table whose writer died in the middle of a change is not kept.
// After this, name every source with table_put_source: rows of sources that are
// not named, or are others now, leave.
struct table_writer *table_writer_init(struct arena *arena, void *memory, size_t size,
                                       const struct capacity *capacity, struct hash_key key,
                                       uint32_t resolution_ms, struct wall_ms birth, bool *kept);

struct table_header *table_writer_header(struct table_writer *writer);
void table_count(struct table_writer *writer, enum counter counter, uint64_t by);
// Counts a drop or failure by its reason; `error` may be negative.
void table_count_error(struct table_writer *writer, int error, uint64_t by);

// Sources are numbered from 1 in the order of the configuration.
void table_put_source(struct table_writer *writer, unsigned source, enum source_kind kind,
                      struct text name, bool insecure, bool proxy);
// Notes one answer of the source's API server: error 0 for success; `sentence`
// is shown to people and must hold no credentials.
void table_note_source(struct table_writer *writer, unsigned source, int error,
                       struct text sentence, struct wall_ms now);

// One complete list of a kind: every row of that source and kind which was put
// by neither the list nor a watch since list_begin is removed at list_end.
void table_list_begin(struct table_writer *writer, unsigned source, enum object_kind kind);
void table_list_end(struct table_writer *writer, unsigned source, enum object_kind kind);

// `hostname` and friends are taken from the object. Returns the row, 0 if refused.
row_index table_put_node(struct table_writer *writer, unsigned source,
                         const struct node_object *node, struct text host_id);
row_index table_put_namespace(struct table_writer *writer, unsigned source,
                              const struct namespace_object *namespace_object);
// What a pod requests counts in no total before it has a node.
row_index table_put_pod(struct table_writer *writer, unsigned source,
                        const struct pod_object *pod);
void table_remove_node(struct table_writer *writer, unsigned source, struct text name);
void table_remove_namespace(struct table_writer *writer, unsigned source, struct text name);
void table_remove_pod(struct table_writer *writer, unsigned source,
                      const struct pod_object *pod);

row_index table_find_node(const struct table_writer *writer, struct text name);

// True when pods were refused that would find room by now: their rows come with
// the next list, so the caller may ask for one.
bool table_has_room_for_refused_pods(const struct table_writer *writer);

// Nodes beyond the plan, which have no row but count in the cluster's totals.
void table_note_overflow_nodes(struct table_writer *writer, unsigned source, uint32_t count,
                               uint32_t ready);

// A source without an API server (host:, cadvisor:) names its node itself.
row_index table_put_pseudo_node(struct table_writer *writer, unsigned source, struct text name);

// Scraping one node. Between begin and end, hand over observations in any order
// and any number; partial ones (only CPU, only memory) are merged. begin may be
// called again before each part of an answer, when answers of several nodes come
// at once; end comes once, right after such a begin. `node` may be 0 for a node
// beyond the plan. A pod that the API server calls deleted is not revived.
void table_node_begin(struct table_writer *writer, unsigned source, row_index node,
                      uint32_t cycle_s, struct wall_ms arrival);
void table_observe_node(struct table_writer *writer, const struct node_seen *seen);
void table_observe_pod(struct table_writer *writer, const struct pod_seen *seen);
void table_observe_container(struct table_writer *writer, struct text namespace_name,
                             struct text pod, const struct container_seen *seen);
// Fills what pods lack from their containers, counts the samples.
void table_node_end(struct table_writer *writer);

// An observer whose context is the writer and which calls the three above.
struct observer table_writer_observer(struct table_writer *writer);

// How a scrape went, for people and metrics.
struct scrape_note {
    int error;  // 0 or enum error
    struct wall_ms attempted;
    struct wall_ms finished;
    uint32_t latency_us;
    uint32_t bytes;
    enum address_type address_type;
    struct text address;
    uint16_t port;
    uint8_t trust;
};
void table_note_scrape(struct table_writer *writer, row_index node, const struct scrape_note *note);

// Publishes the sums of the cycle and frees rows that have been gone for
// GONE_CYCLES cycles.
void table_cycle_end(struct table_writer *writer, uint32_t cycle_s);

#endif
