// A stand-alone cAdvisor's /api/v1.1/subcontainers/ (asked for with
// num_stats=1) -> observations, one container at a time.
//
// The array of ContainerInfo streams element by element, which the maps of
// v2.x do not. Of each, the newest sample is read. What it becomes:
//   "/"                              on_node
//   labels io.kubernetes.pod.*       on_pod, with its network only, for the
//                                    sandbox ("POD" or without a container
//                                    name); else on_container
//   anything else                    on_node with this system container alone,
//                                    named by its first alias or by its path
//                                    without the leading slash
// Network counts are sums over all interfaces. cAdvisor does not tell mount
// points: the node's file systems are named by device, the largest first; a
// container's first one is its "/". Pressure is in microseconds there.
// Accelerators and custom metrics are not read.
#ifndef SKERRY_PARSE_CADVISOR_H
#define SKERRY_PARSE_CADVISOR_H

#include "model/observation.h"
#include "parse/cursor.h"
#include "parse/decoder.h"
#include "parse/splitter.h"

struct cadvisor {
    struct splitter splitter;
    struct decode_space *space;
    struct observer observer;
    struct text node_name;
};

size_t cadvisor_footprint(void);
void cadvisor_init(struct cadvisor *cadvisor, struct arena *arena, struct decode_space *space);
// cAdvisor does not know the machine's name; `node_name` must outlive the
// document.
void cadvisor_begin(struct cadvisor *cadvisor, struct observer observer, struct text node_name);
int cadvisor_feed(struct cadvisor *cadvisor, const void *bytes, size_t size) MUST_USE;
int cadvisor_end(struct cadvisor *cadvisor) MUST_USE;
const struct parse_counters *cadvisor_counters(const struct cadvisor *cadvisor);
struct decoder cadvisor_decoder(struct cadvisor *cadvisor);

#endif
