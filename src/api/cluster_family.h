// The families of /metrics/cluster: which metric of which level has which name
// (sink/prometheus_name.h), so that all samples of one name come together.
//
// A pair is a metric at a level, numbered; a family is known by the first pair
// that has its name. Rates are left out where their counter is told. Pure.
#ifndef SKERRY_API_CLUSTER_FAMILY_H
#define SKERRY_API_CLUSTER_FAMILY_H

#include "base/text.h"
#include "model/metric.h"

#define CLUSTER_PAIR_END ((unsigned)METRIC_COUNT * (unsigned)ENTITY_COUNT)

static inline enum metric
cluster_pair_metric(unsigned pair)
{
    return (enum metric)(pair / ENTITY_COUNT);
}

static inline enum entity
cluster_pair_entity(unsigned pair)
{
    return (enum entity)(pair % ENTITY_COUNT);
}

// The first family at or behind a pair.
unsigned cluster_family_next(unsigned pair);
// The next pair of the family behind `pair`.
unsigned cluster_family_member(unsigned family, unsigned pair);
// Whether a family of the catalogue has this name.
bool cluster_family_is_known(struct text name);
// Requests of containers, which extended resources join.
extern const char cluster_family_requests[];
bool cluster_family_is_requests(unsigned family);
// HELP and TYPE.
void cluster_family_head(struct out *out, unsigned family);

#endif
