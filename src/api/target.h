// What a path of the model API names: the cluster, a node, a namespace, a pod,
// a container; its values, and what to say when it does not exist.
//
// The values of the path stand in exchange->match in the order of the path:
// node | node, container | namespace | namespace, pod | namespace, pod, container.
#ifndef SKERRY_API_TARGET_H
#define SKERRY_API_TARGET_H

#include "api/exchange.h"

struct target {
    enum entity entity;
    const struct table_reader *table;
    union {
        struct node_view node;
        struct namespace_view namespace_row;
        struct pod_view pod;
        struct container_view container;
    };
};

struct point {
    struct wall_ms time;
    struct metric_value value;
};

// Reads what the path names. False: it does not exist (any more).
bool target_read(const struct exchange *exchange, enum entity entity, struct target *target);
// The same; when it does not exist, answers 404 with what is near.
bool target_find(struct exchange *exchange, enum entity entity, struct target *target);

// Understands metric name and labels=; fills exchange->ask. False: answered
// with 404 or 400 and the reason.
bool target_ask(struct exchange *exchange, const struct target *target, struct text metric);

// The points of exchange->ask that lie in its range and behind `after` (0 = from
// the start), oldest first, at most `room`: those of the live table, and what is
// older than they from the history, if there is one. Without a start the history
// gives what Heapster kept, the last TARGET_PAST_MS. *more: ask again, behind the
// last one; a pause is due when there was none.
#define TARGET_PAST_MS INT64_C(900000)
unsigned target_points(struct exchange *exchange, const struct target *target,
                       struct wall_ms after, struct point *points, unsigned room, bool *more);

// The least name of a metric with a value and without labels that lies behind
// `after` in the alphabet. Written to `room`; empty: no more.
#define TARGET_NAME_BYTES_MAX SHORT_NAME_BYTES_MAX
struct text target_next_metric(const struct target *target, struct text after,
                               char room[TARGET_NAME_BYTES_MAX]);
// The same for containers of a pod or system containers of a node.
struct text target_next_container(const struct target *target, struct text after,
                                  char room[TARGET_NAME_BYTES_MAX]);

// Any metric of the catalogue; `sample` 0 = newest.
bool target_metric(const struct target *target, enum metric metric, struct text resource_id,
                   unsigned sample, struct metric_value *value, struct wall_ms *time);

#endif
