// One sample line of the Prometheus text format, taken apart:
//   name{label="value",...} value [timestamp] [# exemplar]
// https://prometheus.io/docs/instrumenting/exposition_formats/ and OpenMetrics.
#ifndef SKERRY_PARSE_METRIC_LINE_H
#define SKERRY_PARSE_METRIC_LINE_H

#include "base/times.h"
#include "parse/decimal.h"
#include "parse/decode_space.h"

// What a sample of a kubelet says of whom; empty when it does not.
struct metric_labels {
    struct text container;
    struct text namespace_name;
    struct text pod;
};

// The labels that start behind `{` at the beginning of `rest`, which is moved
// behind `}`. Values with escapes are decoded into the space. SCAN_PAD bytes
// must be readable behind the line.
int metric_line_labels(struct text *rest, struct decode_space *space,
                       struct metric_labels *labels) MUST_USE;

// The value and, if there is one, the timestamp (else *time is 0) of what
// follows the labels. -ERR_BAD_NUMBER, also for NaN and infinities.
int metric_line_value(struct text rest, struct decimal *value, struct wall_ms *time) MUST_USE;

#endif
