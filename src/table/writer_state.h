// What the files of the writer share; for them only.
#ifndef SKERRY_TABLE_WRITER_STATE_H
#define SKERRY_TABLE_WRITER_STATE_H

#include "table/event_ring.h"
#include "table/overflow.h"
#include "table/pool.h"
#include "table/string_store.h"
#include "table/writer.h"

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
    struct overflow overflow;     // pods that have no row
    struct event_ring events;
    struct totals *sums;          // [namespaces + 1]; scratch of a cycle's end
    struct node_sums *node_sums;  // [nodes + 1]
    struct list_sync lists[SOURCES_MAX + 1][OBJECT_KIND_COUNT];
    uint32_t overflow_nodes[SOURCES_MAX + 1];
    uint32_t overflow_nodes_ready[SOURCES_MAX + 1];
    uint32_t adopted_source_count;  // sources of the table that was taken over

    // Empty samples, for rows that have nothing to be compared with.
    struct node_sample no_node_sample;
    struct pod_sample no_pod_sample;
    struct container_sample no_container_sample;

    // The node under observation.
    unsigned source;
    row_index node;
    uint32_t cycle_s;
    struct wall_ms arrival;
    enum table_pool owner_pool;  // the row under change: what it is given lies near
    row_index owner;
    row_index last_namespace;  // the next pod is often in the same one
    // Where to look first; 0 = nowhere.
    row_index last_pod, last_container;  // those told last
    row_index fetched_node;              // the one whose rows were fetched ahead
    row_index *pod_after;  // [pods + 1], copies of pod_row.node_next, may be old
};

// A row under a new observation: its sample of this cycle, and the one to compare
// with, an empty one when there is none.
struct folding {
    struct sample now;
    struct sample before;
};

// Which of a row's samples is the present cycle's.
static inline uint8_t
writer_turn(uint32_t newest_cycle_s, uint8_t newest, uint32_t cycle_s)
{
    return newest_cycle_s == cycle_s ? newest : (uint8_t)(1 - newest);
}

// Whether the sample that is not the newest lies before the present cycle.
static inline bool
writer_is_earlier(const struct sample_head *head, uint32_t cycle_s)
{
    return head->cycle_s != 0 && head->cycle_s < cycle_s;
}

// writer.c: sources that the table taken over had and the configuration has not.
void writer_forget_lost_sources(struct table_writer *writer);

// writer_row.c: rows and their names.

// Lookups by name; 0 when absent. Rows that are gone are found too.
row_index writer_find(const struct table_writer *writer, enum table_pool pool, row_index parent,
                      struct text name);
row_index writer_find_container(const struct table_writer *writer, row_index first,
                                struct text name);
// Whether the row is live and has this name.
bool writer_is_named(const struct table_writer *writer, enum table_pool pool, row_index index,
                     struct text name);
// Takes a row of an indexed pool, from `near` on, and names it; counts a refusal as
// `full`.
row_index writer_take_named(struct table_writer *writer, enum table_pool pool, row_index near,
                            row_index parent, struct text name, int full);
struct row_head *writer_head(struct table_writer *writer, enum table_pool pool, row_index index);
// Says whose the rows and texts are that are taken from now on.
void writer_set_owner(struct table_writer *writer, enum table_pool pool, row_index index);
// Where what the owner needs of a pool is looked for first.
row_index writer_near(const struct table_writer *writer, enum table_pool pool);
// Replaces a text; counts when it is refused.
void writer_set_text(struct table_writer *writer, string_ref *ref, struct text text);
void writer_mark_gone(struct table_writer *writer, struct row_head *head);
void writer_mark_listed(struct table_writer *writer, struct row_head *head, unsigned source,
                        enum object_kind kind);
void writer_free_node(struct table_writer *writer, row_index index);
void writer_free_namespace(struct table_writer *writer, row_index index);
void writer_free_pod(struct table_writer *writer, row_index index);
void writer_free_container_list(struct table_writer *writer, row_index *first);
void writer_drop_container(struct table_writer *writer, row_index *link);

// writer_identity.c, writer_pod.c: rows that are made when they are new (live
// again when they were gone); 0 when refused.
row_index writer_need_namespace(struct table_writer *writer, unsigned source, struct text name);
// `node` (0: not known) is where the pod runs: its row lies near those of the others.
row_index writer_need_pod(struct table_writer *writer, unsigned source, row_index node,
                          row_index namespace_index, struct text name);
// Another pod of the same name: nothing of the one before counts any more.
void writer_begin_pod_anew(struct table_writer *writer, row_index index);
void writer_attach_pod_to_node(struct table_writer *writer, row_index pod, row_index node);
// Moves a pod in its node's list behind `previous`, which is the same node's; with
// 0 to the front.
void writer_follow_pod(struct table_writer *writer, row_index previous, row_index pod);
void writer_set_labels(struct table_writer *writer, string_ref *ref, const struct label *labels,
                       uint32_t count);
// Keeps a UUID or hex hash in 16 bytes; returns enum uid_form.
uint8_t writer_pack_uid(struct text text, uint8_t uid[16]);

// writer_container.c: containers.

// A container in the list of the pod or, with pod 0, of the node.
row_index writer_need_container(struct table_writer *writer, row_index pod, row_index node,
                                struct text name);
struct resource_row writer_resources_of(const struct container_object *container);
void writer_put_other_requests(struct table_writer *writer, row_index *extras,
                               const struct container_object *container);
// What the API server says of one, and those that it no longer names.
void writer_put_container(struct table_writer *writer, row_index pod,
                          const struct container_object *container);
void writer_drop_unnamed_containers(struct table_writer *writer, row_index *first, bool cut);
// What a kubelet says of one.
void writer_observe_container(struct table_writer *writer, row_index index,
                              const struct container_seen *seen);

// writer_sum.c: a pod's containers, as far as their values were given.
struct container_sums {
    struct cpu_seen cpu;
    struct memory_seen memory;
    uint64_t ephemeral;
    bool has_ephemeral;
};
void writer_sum_seen(struct container_sums *sums, const struct container_seen *seen);
// Sums of the containers leave the sample before it is looked at anew.
void writer_forget_sums(struct pod_row *row, struct sample now);
// Sums gauges and rates of the pod's containers into the pod where it lacks them.
// `refused` (or NULL) are the containers that have no row.
void writer_sum_containers(struct table_writer *writer, struct pod_row *row, struct sample now,
                           const struct container_sums *refused);

// writer_hint.c: guesses about an answer that comes line by line, in the same order
// every time; and all rows of a node, fetched ahead. 0 when the guess is wrong.
void writer_hint_begin(struct table_writer *writer);
void writer_hint_reset(struct table_writer *writer);
row_index writer_hint_container(const struct table_writer *writer, struct text namespace_name,
                                struct text pod, struct text name);
row_index writer_hint_pod(const struct table_writer *writer, struct text namespace_name,
                          struct text name);
// These lines came next.
void writer_hint_note_container(struct table_writer *writer, row_index index);
void writer_hint_note_pod(struct table_writer *writer, row_index pod);

// writer_place.c: where what a kubelet says of a pod belongs. The namespace's row
// (0: it has none) and the pod's are made when they are new.
enum writer_place { WRITER_PLACE_ROW, WRITER_PLACE_OVERFLOW, WRITER_PLACE_NOWHERE };
enum writer_place writer_place_of(struct table_writer *writer, struct text namespace_name,
                                  struct text name, row_index *space, row_index *pod);
// A kubelet may know a pod of the same name before or after the API server does.
// True when it speaks of one that is gone already.
bool writer_is_leftover(struct table_writer *writer, row_index index,
                        const struct pod_seen *seen);

// writer_storage.c: what lies beside the samples. Callers are writing the row.
void writer_put_pressure(struct table_writer *writer, row_index *index,
                         const struct pressure_seen *seen, enum pressure_level level);
void writer_put_filesystems(struct table_writer *writer, row_index *first,
                            const struct filesystem_seen *seen, uint32_t count);
void writer_put_disk(struct table_writer *writer, row_index *first, const struct disk_seen *seen);
// Index of the node's backing with these sizes, or BACKING_NONE.
uint8_t writer_backing_of(struct table_writer *writer, const struct filesystem_seen *seen);

// writer_lists.c: the short lists that hang on rows.
void writer_drop_filesystems(struct table_writer *writer, row_index *first, uint32_t keep_cycle_s);
void writer_drop_extras(struct table_writer *writer, row_index *first, uint32_t keep_cycle_s);
void writer_drop_disks(struct table_writer *writer, row_index *first, uint32_t keep_cycle_s);
void writer_drop_pressure(struct table_writer *writer, row_index *pressure);
void writer_drop_requests(struct table_writer *writer, row_index *first);
// The value `metric{label}` of a list. With `cycle_s` 0 it is a request: it
// stays until writer_drop_requests, and values of one name add up.
void writer_put_extra(struct table_writer *writer, row_index *first, struct text metric,
                      struct text label, double value, uint32_t cycle_s);

// writer_totals.c: readers see the use of the overflow beside the table's pools.
void writer_publish_overflow(struct table_writer *writer);

// Sums stop at the largest value instead of starting again at zero.
void writer_add_resources(struct resource_row *sum, const struct resource_row *by);

static inline uint64_t
writer_add(uint64_t a, uint64_t b)
{
    return a + b < a ? UINT64_MAX : a + b;
}

static inline uint32_t
writer_seconds(struct wall_ms time)
{
    int64_t seconds = time.ms / MS_PER_S;
    if (seconds <= 0) {
        return 0;
    }
    return seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}

static inline bool
writer_is_finished(enum pod_phase phase)
{
    return phase == POD_SUCCEEDED || phase == POD_FAILED;
}

#endif
