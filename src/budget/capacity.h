// What the appliance is planned for: the numbers from which all memory follows.
//
// The first group is what people set; capacity_derive() computes the second
// from it. Nothing here changes after start.
#ifndef SKERRY_BUDGET_CAPACITY_H
#define SKERRY_BUDGET_CAPACITY_H

#include <stdbool.h>
#include <stdint.h>

enum pressure_level { PRESSURE_OFF, PRESSURE_NODES, PRESSURE_PODS, PRESSURE_CONTAINERS };

struct capacity {
    // Set by flags, or chosen to fit a memory limit.
    uint32_t nodes;
    uint32_t namespaces;
    uint32_t pods;
    uint32_t containers;   // of pods, plus system containers of nodes
    uint32_t connections;  // kept alive to kubelets and API servers
    uint32_t clients;      // of the HTTP server
    uint32_t events;       // of Kubernetes that are kept, 496 bytes each; 0: none
    enum pressure_level pressure;

    // Derived.
    uint32_t filesystems;   // rows of labelled file systems and volumes
    uint32_t disks;         // rows of block devices
    uint32_t extras;        // values without a column of their own
    uint32_t pressures;     // rows of pressure stall information
    uint32_t string_cells;  // 32 bytes each
    uint32_t overflow_nodes;  // nodes beyond `nodes` that still count in totals
    uint32_t overflow_pods;   // pods beyond `pods` whose requests still count
    uint32_t transfers;     // requests under way at once, waiting ones included
    uint32_t streams;       // answers being decoded at once
};

// For 100 nodes, 3,000 pods, 6,000 containers and pressure of pods.
struct capacity capacity_default(void);

// Fills the second group; idempotent.
void capacity_derive(struct capacity *capacity);

// The capacity of `nodes` nodes in the usual proportions (30 pods of 2
// containers a node, a connection a node).
struct capacity capacity_for_nodes(uint32_t nodes);

// Those proportions one by one, for what is not given.
uint32_t capacity_pods_of(uint32_t nodes);
uint32_t capacity_containers_of(uint32_t nodes, uint32_t pods);
uint32_t capacity_namespaces_of(uint32_t pods);
uint32_t capacity_connections_of(uint32_t nodes);

#endif
