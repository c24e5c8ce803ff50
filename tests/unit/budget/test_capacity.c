#include "budget/capacity.h"
#include "limits.h"

#include "../test.h"

TEST(defaults)
{
    struct capacity capacity = capacity_default();
    CHECK_EQUAL_U64(capacity.nodes, 100);
    CHECK_EQUAL_U64(capacity.pods, 3000);
    CHECK_EQUAL_U64(capacity.containers, 6400);
    CHECK_EQUAL_U64(capacity.namespaces, 100);
    CHECK_EQUAL_U64(capacity.connections, 100);
    CHECK_EQUAL_U64(capacity.pressure, PRESSURE_PODS);
    CHECK_EQUAL_U64(capacity.pressures, 3100);
    CHECK_EQUAL_U64(capacity.filesystems, 4900);
    CHECK_EQUAL_U64(capacity.transfers, 32);
    CHECK_EQUAL_U64(capacity.streams, 8);
}

TEST(ends_are_clamped)
{
    struct capacity one = capacity_for_nodes(1);
    struct capacity most = capacity_for_nodes(NODES_MAX);
    CHECK_EQUAL_U64(one.namespaces, 64);
    CHECK_EQUAL_U64(one.transfers, 32);
    CHECK_EQUAL_U64(most.connections, CONNECTIONS_MAX);
    CHECK_EQUAL_U64(most.transfers, 512);
    CHECK_EQUAL_U64(most.streams, 32);
    CHECK(most.pods <= PODS_MAX);
    CHECK(most.containers <= CONTAINERS_MAX);
}

TEST(deriving_twice_is_the_same)
{
    struct capacity capacity = capacity_for_nodes(777);
    struct capacity again = capacity;
    capacity_derive(&again);
    CHECK_EQUAL_U64(again.string_cells, capacity.string_cells);
    CHECK_EQUAL_U64(again.overflow_pods, capacity.overflow_pods);
}

TEST(pressure_levels)
{
    struct capacity capacity = capacity_for_nodes(10);
    const uint32_t expected[] = {0, 10, 310, 950};
    for (unsigned level = 0; level < 4; level++) {
        capacity.pressure = (enum pressure_level)level;
        capacity_derive(&capacity);
        CHECK_EQUAL_U64(capacity.pressures, expected[level]);
    }
}

static void
derive_without_nodes(void *argument)
{
    struct capacity capacity = {.pods = 1, .containers = 1, .namespaces = 1};
    (void)argument;
    capacity_derive(&capacity);
}

TEST(nothing_is_refused)
{
    CHECK(test_aborts(derive_without_nodes, NULL));
}

int
main(void)
{
    struct test_case cases[] = {
        {"capacity_defaults", defaults},
        {"capacity_ends_are_clamped", ends_are_clamped},
        {"capacity_deriving_twice_is_the_same", deriving_twice_is_the_same},
        {"capacity_pressure_levels", pressure_levels},
        {"capacity_nothing_is_refused", nothing_is_refused},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
