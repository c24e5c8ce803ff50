// The appliance as a whole: what all roles together are planned for and take.
#ifndef SKERRY_APP_APPLIANCE_H
#define SKERRY_APP_APPLIANCE_H

#include "app/config.h"
#include "budget/plan.h"
#include "platform/platform.h"

// What decided the capacity.
enum appliance_basis {
    BASIS_FLAGS,    // capacity flags, or nothing at all
    BASIS_MEMORY,   // --memory
    BASIS_CGROUP,   // nothing was given, and the cgroup has a limit
};

struct appliance_limit {
    uint64_t cgroup_bytes;   // MEMORY_LIMIT_NONE: none
    uint64_t machine_bytes;
};

// Without any flag a cgroup's limit is used up to this many nodes: a container on
// a large machine is not meant to fill it.
#define APPLIANCE_NODES_UNASKED 1000

void appliance_read_limit(const struct platform *platform, struct appliance_limit *limit);

// The capacity that the flags give for `nodes` nodes: what is given stays, the
// rest follows the nodes.
struct capacity appliance_capacity(const struct config *config, uint32_t nodes);

// Decides config->capacity, and refuses what does not fit `limit`.
// 0, or -ERR_BAD_CONFIG with the sentence in `why`.
int appliance_fit(struct config *config, const struct appliance_limit *limit,
                  enum appliance_basis *basis, struct out *why) MUST_USE;

// Every part of every role, and what the system takes for them.
void appliance_plan(struct plan *plan, const struct config *config,
                    const struct capacity *capacity);

#endif
