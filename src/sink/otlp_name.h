// What OpenTelemetry users call a point: the name, unit and attribute that the
// collector's receivers give it (otlp_name.tbl.h), with its value in base units,
// or, where none of them has it, skerry.<level>.<metric>. Pure.
#ifndef SKERRY_SINK_OTLP_NAME_H
#define SKERRY_SINK_OTLP_NAME_H

#include "model/metric_set.h"

#define OTLP_NAME_BYTES_MAX 256

struct otlp_attribute {
    struct text key;    // empty: none
    struct text value;  // as it came, perhaps no UTF-8
};

struct otlp_point {
    struct text name;
    struct text unit;
    bool is_sum;  // cumulative and monotonic; otherwise a gauge
    bool is_integer;
    int64_t integer;
    double real;
    struct otlp_attribute attribute[2];
    char buffer[OTLP_NAME_BYTES_MAX + 64];  // of made names
};

// False: this cannot be said. `named` is not copied.
bool otlp_name(const struct metric_set *set, const struct set_point *point,
               struct otlp_point *named);

#endif
