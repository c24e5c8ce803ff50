#include "budget/plan.h"

#include <string.h>

#include "../test.h"

static uint64_t
per_node(const void *context, uint32_t nodes)
{
    const uint64_t *each = context;
    return 1000 + *each * nodes;
}

TEST(sums)
{
    struct plan plan = {0};
    plan_add(&plan, "a", "one", 3, 10);
    plan_add(&plan, "b", "two", 1, 5);
    plan_add(&plan, "a", "nothing", 0, 10);
    plan_add(&plan, "a", "three", 2, 1);
    CHECK_EQUAL_U64(plan.part_count, 3);
    CHECK_EQUAL_U64(plan_bytes(&plan, "a"), 32);
    CHECK_EQUAL_U64(plan_bytes(&plan, "b"), 5);
    CHECK_EQUAL_U64(plan_bytes(&plan, NULL), 4096);  // whole pages
}

TEST(sums_saturate)
{
    struct plan plan = {0};
    plan_add(&plan, "a", "one", UINT64_MAX, 2);
    plan_add(&plan, "a", "two", 1, 1);
    CHECK_EQUAL_U64(plan_part_bytes(&plan.part[0]), UINT64_MAX);
    CHECK_EQUAL_U64(plan_bytes(&plan, NULL), UINT64_MAX);
}

TEST(fit_finds_the_largest)
{
    uint64_t state = test_seed();
    for (unsigned i = 0; i < 2000; i++) {
        uint64_t each = 1 + test_random_below(&state, 5000);
        uint32_t most = 1 + (uint32_t)test_random_below(&state, 20000);
        uint64_t limit = test_random_below(&state, 100000000);
        uint32_t nodes = plan_fit(most, limit, per_node, &each);
        CHECK(nodes <= most);
        CHECK(nodes == 0 || per_node(&each, nodes) <= limit);
        CHECK(nodes == most || per_node(&each, nodes + 1) > limit);
    }
}

static void
size_is(uint64_t bytes, const char *expected)
{
    char buffer[32];
    struct out out = out_of(buffer, sizeof buffer);
    plan_write_size(&out, bytes);
    CHECK_EQUAL_TEXT(out_view(&out), expected);
}

TEST(sizes)
{
    size_is(0, "0 B");
    size_is(1023, "1023 B");
    size_is(1024, "1 KiB");
    size_is(1536 * 1024, "1.5 MiB");
    size_is((1024ull * 1024 * 1024) - 1, "1023.9 MiB");
    size_is(UINT64_MAX, "15.9 EiB");
}

TEST(table_and_json)
{
    char buffer[4096];
    struct plan plan = {0};
    struct capacity capacity = capacity_default();
    struct out out = out_of(buffer, sizeof buffer);
    plan_add(&plan, "collect", "rows", 2, 2048);
    plan_add(&plan, "shared", "table", 1, 1024);
    plan_write_table(&plan, &capacity, &out);
    CHECK(strstr(out_c_string(&out), "8 KiB\n  (8192 bytes)") != NULL);
    out = out_of(buffer, sizeof buffer);
    plan_write_json(&plan, &capacity, &out);
    const char *json = out_c_string(&out);
    CHECK(strstr(json, "{\"role\":\"collect\",\"name\":\"rows\",\"count\":2,\"bytesEach\":2048,"
                       "\"bytes\":4096}") != NULL);
    CHECK(strstr(json, "\"roles\":{\"collect\":4096,\"shared\":1024},\"bytes\":8192}") != NULL);
}

int
main(void)
{
    struct test_case cases[] = {
        {"plan_sums", sums},
        {"plan_sums_saturate", sums_saturate},
        {"plan_fit_finds_the_largest", fit_finds_the_largest},
        {"plan_sizes", sizes},
        {"plan_table_and_json", table_and_json},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
