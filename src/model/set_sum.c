#include "model/set_sum.h"

static const enum metric added[] = {
    METRIC_NETWORK_RX_RATE,      METRIC_NETWORK_TX_RATE,
    METRIC_EPHEMERAL_USAGE,      METRIC_EPHEMERAL_NODE_CAPACITY,
    METRIC_CPU_NODE_ALLOCATABLE, METRIC_MEMORY_NODE_ALLOCATABLE,
};

static double
number_of(const struct metric_set *set, enum metric metric)
{
    const struct metric_value *value = &set->value[metric];
    return value->is_double ? value->real : (double)value->u64;
}

// What is used and of how much, from the share that the node has.
static void
add_share(const struct metric_set *node, enum metric share, enum metric size, double *used,
          double *all)
{
    if (node->present[share] && node->present[size]) {
        *used += number_of(node, share) * number_of(node, size);
        *all += number_of(node, size);
    }
}

void
set_sum_add(struct set_sum *sums, const struct metric_set *node)
{
    for (size_t i = 0; i < ARRAY_COUNT(added); i++) {
        if (node->present[added[i]]) {
            sums->sum[added[i]] += number_of(node, added[i]);
            sums->present[added[i]] = true;
        }
    }
    add_share(node, METRIC_CPU_NODE_UTILIZATION, METRIC_CPU_NODE_ALLOCATABLE, &sums->cpu_used,
              &sums->cpu_size);
    add_share(node, METRIC_MEMORY_NODE_UTILIZATION, METRIC_MEMORY_NODE_ALLOCATABLE,
              &sums->memory_used, &sums->memory_size);
}

static void
put(struct metric_set *cluster, enum metric metric, double value)
{
    bool is_double = metric_info(metric)->value_type == METRIC_DOUBLE;
    cluster->present[metric] = true;
    cluster->value[metric] = (struct metric_value){
        .is_double = is_double,
        .u64 = is_double ? 0 : (uint64_t)value,
        .real = is_double ? value : 0,
    };
}

void
set_sum_put(const struct set_sum *sums, struct metric_set *cluster)
{
    for (size_t i = 0; i < ARRAY_COUNT(added); i++) {
        if (sums->present[added[i]]) {
            put(cluster, added[i], sums->sum[added[i]]);
        }
    }
    if (sums->cpu_size > 0) {
        put(cluster, METRIC_CPU_NODE_UTILIZATION, sums->cpu_used / sums->cpu_size);
    }
    if (sums->memory_size > 0) {
        put(cluster, METRIC_MEMORY_NODE_UTILIZATION, sums->memory_used / sums->memory_size);
    }
}
