// The query part of a URL: parameters, and the few forms that they take.
//
// Decodes in place; texts point into the caller's buffer. Parameters nobody
// knows are ignored, as Heapster did; of one given twice the first counts, as
// in Go. Errors are a sentence in `why` for the client; nothing here asserts on
// what a client sent.
#ifndef SKERRY_API_QUERY_H
#define SKERRY_API_QUERY_H

#include <stdbool.h>

#include "base/text.h"
#include "base/times.h"
#include "limits.h"

struct query {
    unsigned count;
    struct {
        struct text name;
        struct text value;
    } parameter[QUERY_PARAMETERS_MAX];
};

// Both ends belong to the range.
struct time_range {
    struct wall_ms start;
    struct wall_ms end;
};

struct label_pair {
    struct text key;
    struct text value;
};

struct label_set {
    unsigned count;
    struct label_pair pair[QUERY_LABELS_MAX];
};

// `size` bytes at `raw`, without the '?'; they are decoded in place.
int query_parse(struct query *query, char *raw, size_t size, struct out *why) MUST_USE;

bool query_has(const struct query *query, struct text name);
// Empty when absent.
struct text query_get(const struct query *query, struct text name);

// start= and end= (RFC 3339); absent: from 0 to `now`.
int query_range(const struct query *query, struct wall_ms now, struct time_range *range,
                struct out *why) MUST_USE;

// limit=N, how many elements are asked for; absent or 0: all.
int query_limit(const struct query *query, uint64_t *limit, struct out *why) MUST_USE;

// labels=key:value,key2:value2; a value may hold more colons ("Volume:data").
int query_labels(const struct query *query, struct label_set *labels, struct out *why) MUST_USE;

#endif
