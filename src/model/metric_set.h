// A metric set: one entity's labels and all its values at one time. Sinks and
// history speak of nothing else, whether it comes from the live table
// (table/set_reader.h) or from the history (history/replay.h).
//
// Texts point to the reader's scratch and live until its next call.
#ifndef SKERRY_MODEL_METRIC_SET_H
#define SKERRY_MODEL_METRIC_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "base/times.h"
#include "model/metric.h"

// Labels of a set, in the order of their keys:
//   SET_LABEL(id, "key")
// Empty ones are not there. `type` is entity_type_label(entity).
#define SET_LABELS(SET_LABEL)                                \
    SET_LABEL(IMAGE, "container_base_image")                 \
    SET_LABEL(CONTAINER, "container_name")                   \
    SET_LABEL(HOST_ID, "host_id")                            \
    SET_LABEL(HOSTNAME, "hostname")                          \
    SET_LABEL(LABELS, "labels")                              \
    SET_LABEL(NAMESPACE_ID, "namespace_id")                  \
    SET_LABEL(NAMESPACE, "namespace_name")                   \
    SET_LABEL(NODE, "nodename")                              \
    SET_LABEL(POD_ID, "pod_id")                              \
    SET_LABEL(POD, "pod_name")

enum set_label {
#define SET_LABEL(id, key) SET_LABEL_##id,
    SET_LABELS(SET_LABEL)
#undef SET_LABEL
    SET_LABEL_COUNT
};

// `labels` joined as "key:value,key2:value2", sorted by key. As the live table
// keeps them: --ignore-label, --store-label and the separator are applied where
// they are written out.

// A value per resource: a file system, a volume, a device; or a metric that is
// not in the catalogue ("nvidia.com/gpu/request": metric METRIC_COUNT, `name`).
struct labelled_value {
    enum metric metric;
    struct text name;         // of the metric
    struct text resource_id;  // may be empty for extras
    struct metric_value value;
};

struct metric_set {
    enum entity entity;
    struct wall_ms time;     // nominal time of the cycle
    uint32_t start_s;        // since when its counters count; 0 = unknown
    uint32_t created_s;      // 0 = unknown
    // Tells entity, created_s and labels apart without reading texts: one that is
    // as it was means that they are; 0 = unknown.
    uint64_t identity;
    struct text label[SET_LABEL_COUNT];
    bool present[METRIC_COUNT];            // unlabelled ones
    struct metric_value value[METRIC_COUNT];
    unsigned labelled_count;
    struct labelled_value *labelled;       // the reader's
};

const char *set_label_key(enum set_label label);

// Points of a set, numbered: the unlabelled values that are present in the order
// of the catalogue, then the labelled ones.
struct set_point {
    enum metric metric;       // METRIC_COUNT: not in the catalogue
    struct text name;
    struct text resource_id;  // empty: not labelled
    struct metric_value value;
};

// The next point at or after `*at` (0 to begin), which then is behind it. False:
// there are no more.
bool metric_set_next(const struct metric_set *set, unsigned *at, struct set_point *point);

#endif
