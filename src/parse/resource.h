// A kubelet's /metrics/resource (Prometheus or OpenMetrics text) -> partial
// observations.
//
// What the lines say is put together by pod and by container (resource_tally.h)
// and handed over at the end, containers first, in the order of their first
// lines: of an answer that breaks off nothing is taken. on_node has no name, for
// the text has none, and comes line by line; on_pod has no containers. A
// container or pod may come more than once, with other values each time or
// with newer ones: when its labels have escapes, when it is named twice, and
// when an answer has more of them than a tally holds.
//
// Seconds of CPU become nanoseconds without passing through a double. Timestamps
// are taken in milliseconds or (OpenMetrics) seconds, whichever makes sense; a
// line without one carries the time that was given at the beginning.
//
// A line that is too long or not as it should be is counted by its enum error
// and left out; other metrics are passed over. A last line without its end is
// never read, for its number may be cut: -ERR_TRUNCATED.
#ifndef SKERRY_PARSE_RESOURCE_H
#define SKERRY_PARSE_RESOURCE_H

#include "base/arena.h"
#include "base/times.h"
#include "model/observation.h"
#include "parse/decode_space.h"
#include "parse/decoder.h"
#include "parse/resource_tally.h"

struct resource {
    struct decode_space *space;
    struct observer observer;
    struct wall_ms now;
    struct parse_counters counters;
    struct resource_tally tally;
    char *carry;  // the start of a line whose end is still to come
    size_t carry_used;
    bool passing;       // the line is too long: its rest is passed over
    bool failed;        // the kubelet could not read its containers
    unsigned expected;  // index of the metric that was met last
};

size_t resource_footprint(void);
void resource_init(struct resource *resource, struct arena *arena, struct decode_space *space);
void resource_begin(struct resource *resource, struct observer observer, struct wall_ms now);
int resource_feed(struct resource *resource, const void *bytes, size_t size) MUST_USE;
int resource_end(struct resource *resource) MUST_USE;
// Whether the kubelet said (resource_scrape_error) that values are missing.
bool resource_scrape_failed(const struct resource *resource);
const struct parse_counters *resource_counters(const struct resource *resource);
struct decoder resource_decoder(struct resource *resource);

#endif
