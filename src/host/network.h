// Network traffic of this machine and of its pods.
//
// The machine's is that of the interfaces with the preferred default route of
// IPv4 and of IPv6, so that traffic of pods and bridges is not counted twice;
// without such a route, that of all physical interfaces. When the set changes,
// the network is absent for one cycle, so that no rate is taken between the
// counters of different interfaces.
//
// A pod's is read in the network namespace of one of its processes: eth0 as
// the kubelet has it, else everything but the loopback. A process that shares
// the machine's namespace, or whose namespace cannot be told, has none.
#ifndef SKERRY_HOST_NETWORK_H
#define SKERRY_HOST_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "host/host_file.h"
#include "model/observation.h"

// Linux: IFNAMSIZ.
#define INTERFACE_NAME_BYTES_MAX 16
#define NAMESPACE_LINK_BYTES_MAX 32

struct network_interface {
    bool found;
    uint64_t metric;
    uint32_t size;
    char name[INTERFACE_NAME_BYTES_MAX];
};

struct network {
    struct host_files *files;
    struct text task;  // directory of a process that sees the machine's network
    uint64_t set;      // of the interfaces summed last; 0 = none yet
    // The text of our network namespace; empty until a pod's is compared with it.
    uint32_t own_size;
    char own[NAMESPACE_LINK_BYTES_MAX];
    struct network_interface default4, default6;
};

void network_init(struct network *network, struct host_files *files, struct text task);
void network_observe(struct network *network, struct network_seen *seen);
void network_observe_pod(struct network *network, uint64_t pid, struct network_seen *seen);

#endif
