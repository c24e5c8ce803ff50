// The memory plan: every byte that the appliance takes, by role and part.
//
// Each role offers its parts with x_plan(); app/plan_all.c puts them together
// with what the kernel takes for them (stacks, socket buffers, code, the
// supervisors). The sum is the limit to give the container or VM. Nothing here
// looks at the running system; capacities in, numbers out.
#ifndef SKERRY_BUDGET_PLAN_H
#define SKERRY_BUDGET_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "budget/capacity.h"

// About 20 parts a role, and room for the roles to come.
#define PLAN_PARTS_MAX 160

struct plan_part {
    const char *role;  // "collect", or "shared" for what all roles map
    const char *name;  // "tls connections"
    uint64_t count;
    uint64_t bytes_each;
};

struct plan {
    unsigned part_count;
    struct plan_part part[PLAN_PARTS_MAX];
};

// `role` and `name` must outlive the plan (literals). A count of 0 is left out.
void plan_add(struct plan *plan, const char *role, const char *name, uint64_t count,
              uint64_t bytes_each);

uint64_t plan_part_bytes(const struct plan_part *part);
// The sum of one role's parts, or of all, in whole pages, when `role` is NULL. Saturates.
uint64_t plan_bytes(const struct plan *plan, const char *role);

// For people: a line a part, a sum a role, and the limit at the end.
void plan_write_table(const struct plan *plan, const struct capacity *capacity, struct out *out);
void plan_write_json(const struct plan *plan, const struct capacity *capacity, struct out *out);

// What the plan for `nodes` nodes takes; from the layer that knows the roles.
typedef uint64_t plan_bytes_of(const void *context, uint32_t nodes);

// The largest number of nodes from 1 to `nodes_max` whose plan takes at most
// `limit` bytes, by bisection: `bytes_of` must not fall with the nodes. 0 when
// not even one node fits.
uint32_t plan_fit(uint32_t nodes_max, uint64_t limit, plan_bytes_of *bytes_of,
                  const void *context);

// "12.3 MiB", "640 KiB", "17 B"; at most 16 bytes.
void plan_write_size(struct out *out, uint64_t bytes);

#endif
