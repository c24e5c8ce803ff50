#include "terminal/top_item.h"

#include "../api/world.h"
#include "../test.h"

static struct top_item item;

static const struct top_item *
read_named(struct world *world, enum top_kind kind, const char *name)
{
    for (row_index row = table_next_row(&world->reader, top_kind_pool(kind), 0); row != 0;
         row = table_next_row(&world->reader, top_kind_pool(kind), row)) {
        if (top_item_read(&item, &world->reader, kind, row) &&
            text_equal(item.name, text_of(name))) {
            top_item_describe(&item, &world->reader, world->now);
            return &item;
        }
    }
    test_fail(__FILE__, __LINE__, name);
}

static bool
is_near(double a, double b)
{
    return a > b - 0.5 && a < b + 0.5;
}

// The figures are those of world.c.
TEST(a_node)
{
    struct world *world = world_make(0);
    const struct top_item *node = read_named(world, TOP_NODES, "node-a");
    CHECK(is_near(node->cpu, 1500));
    CHECK(is_near(node->cpu_whole, 3800));
    CHECK(is_near(node->memory / 1048576, 2048));
    CHECK(is_near(node->memory_whole / 1048576, 7168));
    CHECK(is_near(top_share(node->cpu, node->cpu_whole) * 100, 39));
    CHECK(node->restarts < 0);
    CHECK_EQUAL_U64(node->sample_s, WORLD_NEXT_S);
    CHECK_EQUAL_TEXT(node->status, "ready");
    CHECK_EQUAL_U64(node->status_style, STYLE_GOOD);
    node = read_named(world, TOP_NODES, "node-b");
    CHECK(node->cpu < 0 && node->memory < 0);
    CHECK_EQUAL_TEXT(node->status, "not ready, scrape: timeout");
    CHECK_EQUAL_U64(node->status_style, STYLE_BAD);
    CHECK(top_share(node->cpu, node->cpu_whole) < 0);
}

TEST(a_pod)
{
    struct world *world = world_make(0);
    const struct top_item *pod = read_named(world, TOP_PODS, "web-7594557864-x2x9k");
    CHECK(is_near(pod->cpu, 100));
    CHECK(is_near(pod->cpu_whole, 500));
    CHECK(is_near(pod->memory_whole / 1048576, 256));
    CHECK_EQUAL_TEXT(pod->space, "shop");
    CHECK_EQUAL_TEXT(pod->node, "node-a");
    CHECK(is_near(pod->receive, 1500000.0 / 15));
    CHECK_EQUAL_TEXT(pod->status, "running");
    pod = read_named(world, TOP_PODS, "db-0");
    CHECK(is_near(pod->restarts, 7));
    CHECK_EQUAL_TEXT(pod->status, "running, CrashLoopBackOff");
    CHECK_EQUAL_U64(pod->status_style, STYLE_BAD);
}

TEST(a_container)
{
    struct world *world = world_make(0);
    const struct top_item *container = read_named(world, TOP_CONTAINERS, "backup");
    CHECK_EQUAL_TEXT(container->pod, "db-0");
    CHECK_EQUAL_TEXT(container->space, "shop");
    CHECK(is_near(container->restarts, 7));
    CHECK_EQUAL_TEXT(container->status, "CrashLoopBackOff");
    container = read_named(world, TOP_CONTAINERS, "kubelet");
    CHECK_EQUAL_TEXT(container->pod, "");
    CHECK_EQUAL_TEXT(container->node, "node-a");
    CHECK(container->restarts < 0);
    CHECK(is_near(container->cpu, 150));
}

TEST(old_data_say_so)
{
    struct world *world = world_make(0);
    world->now.ms += 3 * 60 * MS_PER_S;
    const struct top_item *pod = read_named(world, TOP_PODS, "web-7594557864-x2x9k");
    CHECK_EQUAL_TEXT(pod->status, "running, data 3 min old");
    CHECK_EQUAL_U64(pod->status_style, STYLE_WARN);
}

TEST(rows_that_are_none)
{
    struct world *world = world_make(0);
    CHECK(!top_item_read(&item, &world->reader, TOP_PODS, 0));
    CHECK(!top_item_read(&item, &world->reader, TOP_PODS, UINT32_MAX));
    CHECK(!top_item_read(&item, &world->reader, TOP_CONTAINERS, UINT32_MAX));
    CHECK(!top_item_read(&item, &world->reader, TOP_NODES, 3));
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"a_node", a_node},
        {"a_pod", a_pod},
        {"a_container", a_container},
        {"old_data_say_so", old_data_say_so},
        {"rows_that_are_none", rows_that_are_none},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
