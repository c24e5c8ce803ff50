// The metric catalogue: names, types, units, levels (metric.tbl.h).
#ifndef SKERRY_MODEL_METRIC_H
#define SKERRY_MODEL_METRIC_H

#include <stdbool.h>

#include "base/text.h"

enum metric {
#define METRIC(id, name, type, value, unit, entities, description) METRIC_##id,
#include "model/metric.tbl.h"
#undef METRIC
    METRIC_COUNT
};

enum metric_type { METRIC_CUMULATIVE, METRIC_GAUGE };
enum metric_value_type { METRIC_INT64, METRIC_DOUBLE };
enum metric_unit { METRIC_UNIT_NONE, METRIC_UNIT_BYTES, METRIC_UNIT_MS, METRIC_UNIT_NS };

// The levels at which values exist; the letters of metric.tbl.h in order.
enum entity {
    ENTITY_NODE,              // N
    ENTITY_POD,               // P
    ENTITY_CONTAINER,         // C
    ENTITY_SYSTEM_CONTAINER,  // S
    ENTITY_NAMESPACE,         // A
    ENTITY_CLUSTER,           // T
    ENTITY_COUNT
};

struct metric_info {
    const char *name;
    enum metric_type type;
    enum metric_value_type value_type;
    enum metric_unit unit;
    const char *description;
};

const struct metric_info *metric_info(enum metric metric);
bool metric_has_entity(enum metric metric, enum entity entity);
// The same for the history, which has more of the cluster.
bool metric_is_recorded(enum metric metric, enum entity entity);

// True for filesystem/* and disk/*: a value exists per resource_id only.
bool metric_is_labelled(enum metric metric);

// Finds a metric by name; accepts Heapster's deprecated names too (cpu-usage,
// cpu-limit, memory-limit, memory-usage, memory-working). False: unknown.
bool metric_find(struct text name, enum metric *metric);

// "node", "pod", "pod_container", "sys_container", "ns", "cluster": Heapster's
// `type` label.
const char *entity_type_label(enum entity entity);
// "bytes", "ms", "ns" or "".
const char *metric_unit_text(enum metric_unit unit);

// A value as read from a row: exactly one of the two members counts.
struct metric_value {
    bool is_double;
    uint64_t u64;
    double real;
};

#endif
