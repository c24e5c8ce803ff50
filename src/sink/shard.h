// --shard=I/N: which part of a cluster one of N appliances sends.
//
// A node belongs to one shard by the hash of its name, and its system containers,
// pods and containers with it; a pod without a node by the hash of its own name.
// Namespaces and the cluster belong to shard 1, because every appliance knows all
// nodes and therefore has their whole sums: so no series is ever sent by two.
// The hash is fixed, so that all appliances agree.
#ifndef SKERRY_SINK_SHARD_H
#define SKERRY_SINK_SHARD_H

#include "base/error.h"
#include "limits.h"
#include "model/metric_set.h"

struct shard {
    uint32_t number;  // from 1
    uint32_t count;   // 1: everything
};

// "I/N" with 1 <= I <= N; "" is 1/1. -ERR_BAD_CONFIG.
int shard_parse(struct text text, struct shard *shard) MUST_USE;
bool shard_has(const struct shard *shard, const struct metric_set *set);

#endif
