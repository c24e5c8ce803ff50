// Slots of a sample, made from sample.tbl.h: for each kind of row an enum of
// the stored integers (NODE_VALUE_CPU_USAGE ...), one of the stored rates
// (NODE_RATE_CPU_USAGE_RATE ...) and their counts.
#ifndef SKERRY_MODEL_SLOT_H
#define SKERRY_MODEL_SLOT_H

enum slot_kind { SLOT_NODE, SLOT_POD, SLOT_CONTAINER, SLOT_KIND_COUNT };

#define RATE(kind, metric, of)
#define VALUE(kind, metric) VALUE_##kind(metric)
#define VALUE_POD(metric)
#define VALUE_CONTAINER(metric)
#define VALUE_NODE(metric) NODE_VALUE_##metric,
enum node_value {
#include "model/sample.tbl.h"
    NODE_VALUE_COUNT
};
#undef VALUE_NODE
#undef VALUE_POD
#define VALUE_NODE(metric)
#define VALUE_POD(metric) POD_VALUE_##metric,
enum pod_value {
#include "model/sample.tbl.h"
    POD_VALUE_COUNT
};
#undef VALUE_POD
#undef VALUE_CONTAINER
#define VALUE_POD(metric)
#define VALUE_CONTAINER(metric) CONTAINER_VALUE_##metric,
enum container_value {
#include "model/sample.tbl.h"
    CONTAINER_VALUE_COUNT
};
#undef VALUE_NODE
#undef VALUE_POD
#undef VALUE_CONTAINER
#undef VALUE
#undef RATE

#define VALUE(kind, metric)
#define RATE(kind, metric, of) RATE_##kind(metric)
#define RATE_POD(metric)
#define RATE_CONTAINER(metric)
#define RATE_NODE(metric) NODE_RATE_##metric,
enum node_rate {
#include "model/sample.tbl.h"
    NODE_RATE_COUNT
};
#undef RATE_NODE
#undef RATE_POD
#define RATE_NODE(metric)
#define RATE_POD(metric) POD_RATE_##metric,
enum pod_rate {
#include "model/sample.tbl.h"
    POD_RATE_COUNT
};
#undef RATE_POD
#undef RATE_CONTAINER
#define RATE_POD(metric)
#define RATE_CONTAINER(metric) CONTAINER_RATE_##metric,
enum container_rate {
#include "model/sample.tbl.h"
    CONTAINER_RATE_COUNT
};
#undef RATE_NODE
#undef RATE_POD
#undef RATE_CONTAINER
#undef VALUE
#undef RATE

#endif
