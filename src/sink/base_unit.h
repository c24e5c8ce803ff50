// The catalogue's values in base units (seconds, bytes, cores), for stores that
// want nothing else. Pure.
#ifndef SKERRY_SINK_BASE_UNIT_H
#define SKERRY_SINK_BASE_UNIT_H

#include "model/metric.h"

struct base_unit {
    const char *suffix;  // of names that tell their unit: "_seconds", or ""
    const char *symbol;  // of UCUM, as OpenTelemetry writes it: "s", "By", "{cpu}", "1"
    double divisor;      // a value divided by it is in that unit
};

struct base_unit base_unit_of(enum metric metric);

// 'N', 'P', 'C', 'S', 'A', 'T': the letters of metric.tbl.h.
char base_unit_letter(enum entity entity);

#endif
