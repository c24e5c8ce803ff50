#include "../test.h"

#include "model/set_sum.h"

static struct metric_set
node(double rx, uint64_t storage, double share, double size)
{
    struct metric_set set = {.entity = ENTITY_NODE};
    set.present[METRIC_NETWORK_RX_RATE] = rx >= 0;
    set.value[METRIC_NETWORK_RX_RATE] = (struct metric_value){.is_double = true, .real = rx};
    set.present[METRIC_EPHEMERAL_USAGE] = true;
    set.value[METRIC_EPHEMERAL_USAGE].u64 = storage;
    set.present[METRIC_CPU_NODE_UTILIZATION] = true;
    set.value[METRIC_CPU_NODE_UTILIZATION] =
        (struct metric_value){.is_double = true, .real = share};
    set.present[METRIC_CPU_NODE_ALLOCATABLE] = size > 0;
    set.value[METRIC_CPU_NODE_ALLOCATABLE] =
        (struct metric_value){.is_double = true, .real = size};
    return set;
}

TEST(nodes_are_added_up)
{
    struct metric_set first = node(10, 100, 0.5, 1000);
    struct metric_set second = node(2.5, 11, 0.1, 4000);
    struct metric_set cluster = {.entity = ENTITY_CLUSTER};
    struct set_sum sums = {0};
    set_sum_add(&sums, &first);
    set_sum_add(&sums, &second);
    set_sum_put(&sums, &cluster);
    CHECK(cluster.value[METRIC_NETWORK_RX_RATE].is_double);
    CHECK(cluster.value[METRIC_NETWORK_RX_RATE].real == 12.5);
    CHECK(!cluster.value[METRIC_EPHEMERAL_USAGE].is_double);
    CHECK_EQUAL_U64(cluster.value[METRIC_EPHEMERAL_USAGE].u64, 111);
    CHECK(cluster.value[METRIC_CPU_NODE_ALLOCATABLE].real == 5000);
    // 500 and 400 of 5,000.
    CHECK(cluster.value[METRIC_CPU_NODE_UTILIZATION].real > 0.1799 &&
          cluster.value[METRIC_CPU_NODE_UTILIZATION].real < 0.1801);
    CHECK(!cluster.present[METRIC_MEMORY_NODE_UTILIZATION]);
}

TEST(what_is_missing_counts_nothing)
{
    struct metric_set silent = node(-1, 5, 0.7, 0);
    struct metric_set cluster = {.entity = ENTITY_CLUSTER};
    struct set_sum sums = {0};
    set_sum_put(&sums, &cluster);
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        CHECK(!cluster.present[i]);
    }
    set_sum_add(&sums, &silent);
    set_sum_put(&sums, &cluster);
    CHECK(!cluster.present[METRIC_NETWORK_RX_RATE]);
    CHECK(!cluster.present[METRIC_CPU_NODE_UTILIZATION]);
    CHECK(!cluster.present[METRIC_CPU_NODE_ALLOCATABLE]);
    CHECK_EQUAL_U64(cluster.value[METRIC_EPHEMERAL_USAGE].u64, 5);
}

TEST(everything_that_is_put_is_recorded_and_nothing_else_of_the_cluster)
{
    struct set_sum sums = {.cpu_size = 1, .memory_size = 1};
    struct metric_set cluster = {.entity = ENTITY_CLUSTER};
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        sums.present[i] = true;
    }
    set_sum_put(&sums, &cluster);
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        bool is_only_recorded = metric_is_recorded((enum metric)i, ENTITY_CLUSTER) &&
                                !metric_has_entity((enum metric)i, ENTITY_CLUSTER);
        CHECK(cluster.present[i] == is_only_recorded);
        CHECK(metric_is_recorded((enum metric)i, ENTITY_NODE) ==
              metric_has_entity((enum metric)i, ENTITY_NODE));
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"nodes_are_added_up", nodes_are_added_up},
        {"what_is_missing_counts_nothing", what_is_missing_counts_nothing},
        {"everything_that_is_put_is_recorded_and_nothing_else_of_the_cluster",
         everything_that_is_put_is_recorded_and_nothing_else_of_the_cluster},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
