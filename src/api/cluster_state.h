// States in /metrics/cluster that are words and not numbers: the phase of a pod,
// the conditions of a node, why a container waits or ended last. One sample of
// value 1 each, under the names of kube-state-metrics, with the word as a label.
// Only states that hold are written.
#ifndef SKERRY_API_CLUSTER_STATE_H
#define SKERRY_API_CLUSTER_STATE_H

#include "api/target.h"

enum cluster_state {
    CLUSTER_STATE_POD_PHASE,
    CLUSTER_STATE_NODE_CONDITION,
    CLUSTER_STATE_CONTAINER_WAITING,
    CLUSTER_STATE_CONTAINER_ENDED,
    CLUSTER_STATE_COUNT
};

// The level whose rows have it.
enum entity cluster_state_entity(enum cluster_state state);
// HELP and TYPE.
void cluster_state_head(struct out *out, enum cluster_state state);
// How many of it a row may have.
unsigned cluster_state_places(enum cluster_state state);
// Writes the row's state at `place`; false: it has none there.
bool cluster_state_write(struct out *out, enum cluster_state state, const struct target *target,
                         unsigned place);

#endif
