// This machine as a source: once a cycle it reads /proc, /sys and the control
// groups and hands over the machine as a node, its pods and its containers.
//
// Pods are those below kubepods whose names the kubelet or a runtime left in
// files. Everything else that runs, containers and services alike, is a system
// container of the node: the first on_node call carries the node's own values,
// further ones only its name and up to NODE_SYSTEM_CONTAINERS_MAX containers
// each. All users together are one (user.slice), and all pods together (pods),
// as the kubelet has it; containers within those are there as well.
//
// Memory is fixed by `containers`: control groups beyond it are refused and
// counted. Everything read is somebody else's: a file that is malformed, huge
// or gone costs its value, is counted by its reason, and nothing else. Not for
// use from two threads; reads files, opens no socket.
#ifndef SKERRY_HOST_HOST_H
#define SKERRY_HOST_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/times.h"
#include "budget/capacity.h"
#include "host/container_name.h"
#include "model/object.h"
#include "model/observation.h"
#include "platform/platform.h"

// For an ordinary machine: 110 pods of 3 containers, 60 services, slices.
#define HOST_CONTAINERS_USUAL 640

struct host_config {
    // Where the machine's "/" is mounted; "/host" when we are in a container
    // that has it there. Must outlive the host.
    struct text root;
    struct text name;      // of the node; empty: the machine's host name
    uint32_t containers;   // control groups planned, slices included
    struct hash_key key;
    // Also hand over processes and limits of each container, as extras
    // (cgroup/pids, cgroup/pids_limit, cgroup/cpu_limit in millicores,
    // cgroup/memory_limit): four more files each.
    bool limits;
    // Levels whose pressure is read; the machine's own always is.
    enum pressure_level pressure;
};

struct host_counters {
    uint64_t cycles;
    uint64_t reads;               // files
    uint64_t errors[ERR_COUNT];   // reading, by reason; absent files are none
    uint64_t unnamed[ERR_COUNT];  // lookups of a name in vain, by reason
    uint64_t vanished;            // control groups gone between two reads
    uint64_t groups_refused;      // beyond the plan
    uint64_t mounts_dropped;      // at the last look
    uint64_t names_evicted;
    uint32_t group_count, group_limit;  // in the last cycle
    uint32_t container_count, pod_count;
    uint32_t duration_us;  // of the last cycle
};

struct host;

size_t host_footprint(const struct host_config *config);
// `platform` must outlive the host.
struct host *host_init(struct arena *arena, const struct host_config *config,
                       const struct platform *platform);
// One cycle that begins at `now`.
void host_collect(struct host *host, struct wall_ms now, struct observer observer);
// The node for table_put_node; its texts are good until the next call.
void host_describe(struct host *host, struct node_object *node);
struct text host_name(const struct host *host);
void host_read_counters(const struct host *host, struct host_counters *counters);

#endif
