// Adds up the metric sets of nodes: what the history keeps of the cluster beyond
// its own metrics (letter t of metric.tbl.h). Pure; no memory.
#ifndef SKERRY_MODEL_SET_SUM_H
#define SKERRY_MODEL_SET_SUM_H

#include "model/metric_set.h"

struct set_sum {
    double sum[METRIC_COUNT];
    bool present[METRIC_COUNT];
    // Of nodes with both, in the unit of what is allocatable.
    double cpu_used, cpu_size, memory_used, memory_size;
};

void set_sum_add(struct set_sum *sums, const struct metric_set *node);
// Into the set of the cluster; what no node has stays absent.
void set_sum_put(const struct set_sum *sums, struct metric_set *cluster);

#endif
