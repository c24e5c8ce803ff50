#include "app/appliance.h"

#include <string.h>

#include "app/memory_limit.h"
#include "configured.h"
#include "limits.h"

static struct configured it;
static const struct appliance_limit no_limit = {MEMORY_LIMIT_NONE, MEMORY_LIMIT_NONE};

static uint64_t
plan_of(void)
{
    static struct plan plan;
    appliance_plan(&plan, &it.config, &it.config.capacity);
    return plan_bytes(&plan, NULL);
}

static int
fit(const struct appliance_limit *limit, enum appliance_basis *basis)
{
    it.why = out_of(it.sentence, sizeof it.sentence);
    int error = appliance_fit(&it.config, limit, basis, &it.why);
    out_c_string(&it.why);
    return error;
}

TEST(flags_decide)
{
    enum appliance_basis basis;
    fake_open(&it.fake, 1);
    CHECK(configured_flags(&it, "--nodes=50", "--pods=99", NULL) == 0);
    CHECK(fit(&no_limit, &basis) == 0);
    CHECK_EQUAL_U64(basis, BASIS_FLAGS);
    CHECK_EQUAL_U64(it.config.capacity.nodes, 50);
    CHECK_EQUAL_U64(it.config.capacity.pods, 99);
    CHECK_EQUAL_U64(it.config.capacity.containers, 2 * 99 + 4 * 50);
    CHECK_EQUAL_U64(it.config.capacity.connections, 50);
    fake_close(&it.fake);
}

TEST(memory_takes_the_largest_that_fits)
{
    static const uint64_t sizes[] = {12, 16, 64, 256, 1024};
    fake_open(&it.fake, 1);
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        enum appliance_basis basis;
        char flag[32];
        struct out out = out_of(flag, sizeof flag);
        out_format(&out, "--memory=%lluM", (unsigned long long)sizes[i]);
        CHECK(configured_flags(&it, out_c_string(&out), NULL) == 0);
        CHECK(fit(&no_limit, &basis) == 0);
        CHECK_EQUAL_U64(basis, BASIS_MEMORY);
        CHECK(plan_of() <= sizes[i] << 20);
        if (it.config.capacity.nodes < NODES_MAX) {
            it.config.capacity = appliance_capacity(&it.config, it.config.capacity.nodes + 1);
            CHECK(plan_of() > sizes[i] << 20);
        }
    }
    fake_close(&it.fake);
}

TEST(refusals_say_what_to_change)
{
    struct appliance_limit small = {4 << 20, MEMORY_LIMIT_NONE};
    struct appliance_limit machine = {MEMORY_LIMIT_NONE, 64 << 20};
    enum appliance_basis basis;
    fake_open(&it.fake, 1);
    CHECK(configured_flags(&it, "--memory=1M", NULL) == 0);
    CHECK(fit(&no_limit, &basis) == -ERR_BAD_CONFIG);
    CHECK(strstr(it.sentence, "the plan for 1 node takes ") != NULL);
    CHECK(strstr(it.sentence, "--memory is 1.0 MiB: raise that limit, or lower --nodes") != NULL);
    CHECK(configured_flags(&it, "--nodes=100", NULL) == 0);
    CHECK(fit(&small, &basis) == -ERR_BAD_CONFIG);
    CHECK(strstr(it.sentence, "the plan for 100 nodes takes ") != NULL);
    CHECK(strstr(it.sentence, "the cgroup's limit is 4.0 MiB") != NULL);
    CHECK(configured_flags(&it, "--nodes=5000", NULL) == 0);
    CHECK(fit(&machine, &basis) == -ERR_BAD_CONFIG);
    CHECK(strstr(it.sentence, "the machine has 64.0 MiB") != NULL);
    CHECK(configured_flags(&it, "--nodes=5000", "--memory=64M", NULL) == 0);
    CHECK(fit(&no_limit, &basis) == -ERR_BAD_CONFIG);
    CHECK(strstr(it.sentence, "the plan for 5000 nodes takes ") != NULL);
    fake_close(&it.fake);
}

TEST(a_cgroup_decides_when_nothing_is_said)
{
    struct appliance_limit container = {32 << 20, MEMORY_LIMIT_NONE};
    struct appliance_limit large = {1ull << 40, MEMORY_LIMIT_NONE};
    enum appliance_basis basis;
    fake_open(&it.fake, 1);
    CHECK(configured_flags(&it, NULL) == 0);
    CHECK(fit(&container, &basis) == 0);
    CHECK_EQUAL_U64(basis, BASIS_CGROUP);
    CHECK(plan_of() <= 32 << 20);
    CHECK(fit(&large, &basis) == 0);
    CHECK_EQUAL_U64(it.config.capacity.nodes, APPLIANCE_NODES_UNASKED);
    CHECK(fit(&no_limit, &basis) == 0);
    CHECK_EQUAL_U64(it.config.capacity.nodes, 100);
    fake_close(&it.fake);
}

TEST(more_nodes_never_take_less)
{
    static struct plan plan;
    uint64_t last = 0;
    fake_open(&it.fake, 1);
    CHECK(configured_flags(&it, NULL) == 0);
    for (uint32_t nodes = 1; nodes <= NODES_MAX; nodes += 1 + nodes / 10) {
        struct capacity capacity = appliance_capacity(&it.config, nodes);
        appliance_plan(&plan, &it.config, &capacity);
        CHECK(plan_bytes(&plan, NULL) >= last);
        last = plan_bytes(&plan, NULL);
    }
    fake_close(&it.fake);
}

int
main(void)
{
    struct test_case cases[] = {
        {"appliance_flags_decide", flags_decide},
        {"appliance_memory_takes_the_largest_that_fits", memory_takes_the_largest_that_fits},
        {"appliance_refusals_say_what_to_change", refusals_say_what_to_change},
        {"appliance_a_cgroup_decides_when_nothing_is_said", a_cgroup_decides_when_nothing_is_said},
        {"appliance_more_nodes_never_take_less", more_nodes_never_take_less},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
