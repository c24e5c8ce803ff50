#include "budget/capacity.h"

#include "base/check.h"
#include "limits.h"

#define NODES_DEFAULT 100
#define CLIENTS_DEFAULT 32
#define EVENTS_DEFAULT 128

// The kubelet's default maximum is 110 pods a node; fleets run about 30.
#define PODS_PER_NODE 30
#define CONTAINERS_PER_POD 2
// kubelet, runtime, pods and misc.
#define SYSTEM_CONTAINERS_PER_NODE 4
#define PODS_PER_NAMESPACE 30
#define NAMESPACES_LEAST 64

// Sums stay far below 2^32: the ceilings of limits.h are checked here once.
_Static_assert(8ull * NODES_MAX + 2ull * PODS_MAX < UINT32_MAX, "filesystems");
_Static_assert(1ull * NODES_MAX + PODS_MAX + CONTAINERS_MAX < UINT32_MAX, "pressures");
_Static_assert(40ull * NODES_MAX + 6ull * PODS_MAX + CONTAINERS_MAX / 4 +
                       8ull * NAMESPACES_MAX + 2048 < UINT32_MAX,
               "string cells");
_Static_assert(1ull * PODS_MAX * CONTAINERS_PER_POD <= CONTAINERS_MAX, "containers");

static uint32_t
clamp(uint64_t value, uint32_t least, uint32_t most)
{
    if (value < least) {
        return least;
    }
    return value > most ? most : (uint32_t)value;
}

uint32_t
capacity_pods_of(uint32_t nodes)
{
    return clamp((uint64_t)nodes * PODS_PER_NODE, 1, PODS_MAX);
}

uint32_t
capacity_containers_of(uint32_t nodes, uint32_t pods)
{
    uint64_t containers = (uint64_t)pods * CONTAINERS_PER_POD +
                          (uint64_t)nodes * SYSTEM_CONTAINERS_PER_NODE;
    return clamp(containers, 1, CONTAINERS_MAX);
}

uint32_t
capacity_namespaces_of(uint32_t pods)
{
    return clamp(pods / PODS_PER_NAMESPACE, NAMESPACES_LEAST, NAMESPACES_MAX);
}

uint32_t
capacity_connections_of(uint32_t nodes)
{
    return clamp(nodes, 1, CONNECTIONS_MAX);
}

struct capacity
capacity_for_nodes(uint32_t nodes)
{
    uint32_t pods = capacity_pods_of(nodes);
    struct capacity capacity = {
        .nodes = nodes,
        .namespaces = capacity_namespaces_of(pods),
        .pods = pods,
        .containers = capacity_containers_of(nodes, pods),
        .connections = capacity_connections_of(nodes),
        .clients = CLIENTS_DEFAULT,
        .events = EVENTS_DEFAULT,
        .pressure = PRESSURE_PODS,
    };
    capacity_derive(&capacity);
    return capacity;
}

struct capacity
capacity_default(void)
{
    return capacity_for_nodes(NODES_DEFAULT);
}

static uint32_t
pressures_of(const struct capacity *capacity)
{
    switch (capacity->pressure) {
    case PRESSURE_OFF:
        return 0;
    case PRESSURE_NODES:
        return capacity->nodes;
    case PRESSURE_PODS:
        return capacity->nodes + capacity->pods;
    case PRESSURE_CONTAINERS:
        return capacity->nodes + capacity->pods + capacity->containers;
    }
    ASSERT(false);
    return 0;
}

void
capacity_derive(struct capacity *capacity)
{
    uint32_t nodes = capacity->nodes;
    uint32_t pods = capacity->pods;
    ASSERT(nodes >= 1 && nodes <= NODES_MAX);
    ASSERT(pods >= 1 && pods <= PODS_MAX);
    ASSERT(capacity->containers >= 1 && capacity->containers <= CONTAINERS_MAX);
    ASSERT(capacity->namespaces >= 1 && capacity->namespaces <= NAMESPACES_MAX);

    // Nearly every pod has its token volume and half have another; a node has
    // its root, image and container file systems and a mount.
    capacity->filesystems = pods + pods / 2 + 4 * nodes;
    // Only host: and cadvisor: sources name block devices; 256 are enough for
    // one large machine even when one node is planned.
    capacity->disks = 2 * nodes + 256;
    // Requests of further resources and accelerators: one pod in eight has one.
    capacity->extras = pods / 8 + 4 * nodes + 256;
    capacity->pressures = pressures_of(capacity);
    // In cells of 32 bytes: a node with name, address, versions and labels
    // takes 40; a pod with name, owner and its share of shared label sets 4;
    // container names and images are mostly shared texts; a namespace 8.
    capacity->string_cells =
        40 * nodes + 4 * pods + capacity->containers / 8 + 8 * capacity->namespaces + 2048;
    // A cluster of three times the plan keeps right totals. Rows that are free are
    // filled again when a sixteenth of them is.
    capacity->overflow_nodes = 2 * nodes;
    capacity->overflow_pods = 2 * pods + pods / 16 + 64;
    // At a scrape of 100 ms every 15 s, 1,000 nodes have 7 under way; a quarter
    // of the nodes leaves room for slow ones. Small clusters start all at once.
    capacity->transfers = clamp(nodes / 4, 32, 512);
    // Decoding is bound by the one core: a stream waits for bytes, not for us.
    capacity->streams = clamp(8 + nodes / 125, 8, 32);
}
