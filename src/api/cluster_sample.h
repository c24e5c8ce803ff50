// One sample of /metrics/cluster as a line: name, labels, value.
#ifndef SKERRY_API_CLUSTER_SAMPLE_H
#define SKERRY_API_CLUSTER_SAMPLE_H

#include "api/target.h"
#include "model/metric_set.h"

// False: this cannot be said so, and nothing was written. With a `family` only if
// it has that name.
bool cluster_sample_write(struct out *out, const struct target *target,
                          const struct set_point *point, struct text family);
// The name alone, in `room`; empty: it has none, or one too long.
struct text cluster_sample_name(const struct target *target, const struct set_point *point,
                                char room[NAME_BYTES_MAX]);

struct cluster_label {
    struct text key, value;
};

// A state that holds: a sample of value 1 with these labels and the entity's.
void cluster_sample_state(struct out *out, const struct target *target, const char *name,
                          const struct cluster_label *labels, unsigned count);

#endif
