// What the resource metrics API says of a node, a pod or a container: CPU over
// a window and working set, of the newest sample.
//
// A sample older than STALE_CYCLES and one is none: its row has nothing to say.
// A pod has a value when it runs and every container of it that runs has one,
// for autoscalers would take half a pod for a whole one; its time and window are
// those of its earliest container.
#ifndef SKERRY_API_RESOURCE_USAGE_H
#define SKERRY_API_RESOURCE_USAGE_H

#include <stdbool.h>

#include "base/times.h"
#include "table/reader.h"

struct resource_usage {
    uint64_t cpu_nanocores;
    uint64_t memory;  // bytes
    struct wall_ms time;
    int64_t window_ms;
};

// False: there is none. `view` is not changed.
bool resource_usage_of_node(const struct table_reader *table, struct node_view *view,
                            struct wall_ms now, struct resource_usage *usage);
bool resource_usage_of_container(const struct table_reader *table, struct container_view *view,
                                 struct wall_ms now, struct resource_usage *usage);
// The sum of its containers.
bool resource_usage_of_pod(const struct table_reader *table, const struct pod_view *view,
                           struct wall_ms now, struct resource_usage *usage);

#endif
