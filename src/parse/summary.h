// A kubelet's /stats/summary (stats/v1alpha1) -> node_seen and pod_seen.
//
// Names of system containers are as on the wire. Volumes are "Volume:NAME", a
// container's file systems "/" and "logs", the node's "/" and, where images or
// containers lie on another one, "runtime.imageFs" and "runtime.containerFs".
// A pod's and node's network is the default interface; when the kubelet found
// none, the busiest one that is not obviously virtual. Accelerators and
// user-defined metrics are extras. rlimit, inodesUsed and process_stats are
// not read.
//
// Pressure: the format calls the unit of `total` nanoseconds, but kubelets pass
// the kernel's microseconds through as they are; they are read as such.
#ifndef SKERRY_PARSE_SUMMARY_H
#define SKERRY_PARSE_SUMMARY_H

#include "model/observation.h"
#include "parse/cursor.h"
#include "parse/decoder.h"
#include "parse/splitter.h"

struct summary {
    struct splitter splitter;
    struct decode_space *space;
    struct observer observer;
};

size_t summary_footprint(void);
void summary_init(struct summary *summary, struct arena *arena, struct decode_space *space);
void summary_begin(struct summary *summary, struct observer observer);
int summary_feed(struct summary *summary, const void *bytes, size_t size) MUST_USE;
int summary_end(struct summary *summary) MUST_USE;
const struct parse_counters *summary_counters(const struct summary *summary);
struct decoder summary_decoder(struct summary *summary);

#endif
