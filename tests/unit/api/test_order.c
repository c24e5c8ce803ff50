#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "world.h"

static struct order_cursor cursor;

static struct text
next_name(struct world *world, enum order_kind kind)
{
    row_index row = order_next(world->api.order, &world->reader, kind, &cursor);
    return row == 0 ? (struct text){"", 0} : (struct text){cursor.name, cursor.name_bytes};
}

static void
begin(struct world *world)
{
    memset(&cursor, 0, sizeof cursor);
    order_refresh(world->api.order, &world->reader, world->now);
}

TEST(sorts_each_kind)
{
    struct world *world = world_make(3);
    begin(world);
    CHECK_EQUAL_TEXT(next_name(world, ORDER_NODES), "node-a");
    CHECK_EQUAL_TEXT(next_name(world, ORDER_NODES), "node-b");
    CHECK_EQUAL_TEXT(next_name(world, ORDER_NODES), "");
    begin(world);
    CHECK_EQUAL_TEXT(next_name(world, ORDER_NAMESPACES), "kube-system");
    CHECK_EQUAL_TEXT(next_name(world, ORDER_NAMESPACES), "many");
    CHECK_EQUAL_TEXT(next_name(world, ORDER_NAMESPACES), "shop");
    begin(world);
    CHECK_EQUAL_TEXT(next_name(world, ORDER_PODS), "<b>&\"odd");
    CHECK_EQUAL_TEXT(next_name(world, ORDER_PODS), "pod-000000");
    CHECK_EQUAL_TEXT(next_name(world, ORDER_PODS), "pod-000001");
    CHECK_EQUAL_TEXT(next_name(world, ORDER_PODS), "pod-000002");
    CHECK_EQUAL_TEXT(next_name(world, ORDER_PODS), "db-0");
    CHECK_EQUAL_TEXT(((struct text){cursor.group, cursor.group_bytes}), "shop");
    CHECK_EQUAL_TEXT(next_name(world, ORDER_PODS), "web-7594557864-x2x9k");
    CHECK_EQUAL_TEXT(next_name(world, ORDER_PODS), "");
    CHECK_EQUAL_U64(order_count(world->api.order, ORDER_PODS), 6);
}

TEST(begins_at_a_namespace)
{
    struct world *world = world_make(3);
    begin(world);
    order_begin_namespace(world->api.order, &world->reader, TEXT("shop"), &cursor);
    CHECK_EQUAL_TEXT(next_name(world, ORDER_PODS), "db-0");
    order_begin_namespace(world->api.order, &world->reader, TEXT("zzz"), &cursor);
    CHECK_EQUAL_TEXT(next_name(world, ORDER_PODS), "");
}

// Pods come and go between two pieces of a list: what stays is given once and
// in order.
TEST(goes_on_by_name)
{
    struct world *world = world_make(6);
    begin(world);
    order_begin_namespace(world->api.order, &world->reader, TEXT("many"), &cursor);
    CHECK_EQUAL_TEXT(next_name(world, ORDER_PODS), "pod-000000");
    CHECK_EQUAL_TEXT(next_name(world, ORDER_PODS), "pod-000001");
    world_remove_pod(world, "pod-000000");
    world_remove_pod(world, "pod-000003");
    world_put_pod(world, "pod-000001a");
    world->now.ms += 2000;
    order_refresh(world->api.order, &world->reader, world->now);
    CHECK_EQUAL_TEXT(next_name(world, ORDER_PODS), "pod-000001a");
    CHECK_EQUAL_TEXT(next_name(world, ORDER_PODS), "pod-000002");
    CHECK_EQUAL_TEXT(next_name(world, ORDER_PODS), "pod-000004");
    CHECK_EQUAL_TEXT(next_name(world, ORDER_PODS), "pod-000005");
}

static void
check_sorted(struct world *world, unsigned expected)
{
    char last[NAME_BYTES_MAX];
    size_t last_size = 0;
    unsigned count = 0;
    begin(world);
    order_begin_namespace(world->api.order, &world->reader, TEXT("many"), &cursor);
    for (;;) {
        struct text name = next_name(world, ORDER_PODS);
        if (name.size == 0 ||
            !text_equal((struct text){cursor.group, cursor.group_bytes}, TEXT("many"))) {
            break;
        }
        CHECK(text_compare((struct text){last, last_size}, name) < 0);
        memcpy(last, name.at, name.size);
        last_size = name.size;
        count++;
    }
    CHECK_EQUAL_U64(count, expected);
}

// Random churn: the order always holds exactly what lives.
TEST(holds_under_churn)
{
    uint64_t state = test_seed();
    static bool there[400];
    struct world *world = world_make(400);
    unsigned count = ARRAY_COUNT(there);
    memset(there, 1, sizeof there);
    for (int round = 0; round < 60; round++) {
        for (int i = 0; i < 40; i++) {
            char name[32];
            size_t pod = test_random_below(&state, ARRAY_COUNT(there));
            (void)snprintf(name, sizeof name, "pod-%06u", (unsigned)pod);
            if (there[pod]) {
                world_remove_pod(world, name);
            } else {
                world_put_pod(world, name);
            }
            count += there[pod] ? -1u : 1u;
            there[pod] = !there[pod];
        }
        table_cycle_end(world->writer, WORLD_NEXT_S + 15 * (unsigned)(round + 1));
        world->now.ms += 15000;
        check_sorted(world, count);
    }
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"sorts_each_kind", sorts_each_kind},
            {"begins_at_a_namespace", begins_at_a_namespace},
            {"goes_on_by_name", goes_on_by_name},
            {"holds_under_churn", holds_under_churn},
        },
        4);
}
