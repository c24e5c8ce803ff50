#include "terminal/top_rows.h"

#include "kit.h"

static struct text
name_at(struct top_rows *rows, struct world *world, uint32_t at)
{
    CHECK(at < rows->count);
    CHECK(top_item_read(&rows->item, &world->reader, rows->ask.kind, rows->entry[at].row));
    return rows->item.name;
}

static void
scan(struct top_rows *rows, struct world *world, struct top_ask ask)
{
    top_rows_scan(rows, &world->reader, &ask);
}

TEST(what_uses_most_comes_first)
{
    struct world *world = world_make(0);
    struct top_rows *rows = kit_rows(KIT_ROWS);
    scan(rows, world, (struct top_ask){.kind = TOP_PODS, .sort = TOP_SORT_CPU});
    CHECK_EQUAL_U64(rows->count, 3);
    top_rows_select(rows, &world->reader, 0, 3);
    CHECK_EQUAL_TEXT(name_at(rows, world, 0), "web-7594557864-x2x9k");
    CHECK_EQUAL_TEXT(name_at(rows, world, 1), "db-0");
    CHECK_EQUAL_TEXT(name_at(rows, world, 2), "<b>&\"odd");  // unknown is below all
    scan(rows, world, (struct top_ask){.kind = TOP_PODS, .sort = TOP_SORT_RESTARTS});
    top_rows_select(rows, &world->reader, 0, 1);
    CHECK_EQUAL_TEXT(name_at(rows, world, 0), "db-0");
    scan(rows, world, (struct top_ask){.kind = TOP_PODS, .sort = TOP_SORT_NAME});
    top_rows_select(rows, &world->reader, 0, 3);
    CHECK_EQUAL_TEXT(name_at(rows, world, 0), "<b>&\"odd");  // namespace kube-system
    CHECK_EQUAL_TEXT(name_at(rows, world, 1), "db-0");
    scan(rows, world, (struct top_ask){.kind = TOP_PODS, .sort = TOP_SORT_NAME, .reversed = true});
    top_rows_select(rows, &world->reader, 0, 3);
    CHECK_EQUAL_TEXT(name_at(rows, world, 2), "<b>&\"odd");
}

TEST(filters)
{
    struct world *world = world_make(30);
    struct top_rows *rows = kit_rows(KIT_ROWS);
    scan(rows, world, (struct top_ask){.kind = TOP_PODS, .filter = TEXT("pod-00002")});
    CHECK_EQUAL_U64(rows->count, 10);
    CHECK_EQUAL_U64(rows->total, 33);
    scan(rows, world, (struct top_ask){.kind = TOP_PODS, .filter = TEXT("node-a sho")});
    CHECK_EQUAL_U64(rows->count, 2);
    scan(rows, world, (struct top_ask){.kind = TOP_PODS, .filter = TEXT(" shop  nowhere")});
    CHECK_EQUAL_U64(rows->count, 0);
    scan(rows, world, (struct top_ask){.kind = TOP_PODS, .space = TEXT("man")});
    CHECK_EQUAL_U64(rows->count, 0);  // a namespace is named in full
    scan(rows, world, (struct top_ask){.kind = TOP_PODS, .space = TEXT("many")});
    CHECK_EQUAL_U64(rows->count, 30);
    scan(rows, world, (struct top_ask){.kind = TOP_PODS, .node = TEXT("node-a")});
    CHECK_EQUAL_U64(rows->count, 2);
    scan(rows, world, (struct top_ask){.kind = TOP_NODES, .node = TEXT("node-a")});
    CHECK_EQUAL_U64(rows->count, 1);
    scan(rows, world, (struct top_ask){.kind = TOP_CONTAINERS, .filter = TEXT("db-0")});
    CHECK_EQUAL_U64(rows->count, 2);
    CHECK_EQUAL_U64(rows->name_bytes, 6);  // "backup"
}

TEST(says_why_there_are_none)
{
    static const struct {
        struct top_ask ask;
        const char *sentence;
    } cases[] = {
        {{.kind = TOP_PODS, .filter = TEXT("db x")}, "there are no pods with `db x` in their names"},
        {{.kind = TOP_CONTAINERS, .space = TEXT("nix"), .node = TEXT("node-a")},
         "there are no containers in namespace nix on node node-a"},
        {{.kind = TOP_NODES, .node = TEXT("nix")}, "there are no nodes called nix"},
    };
    struct world *world = world_make(3);
    struct top_rows *rows = kit_rows(KIT_ROWS);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        char room[128];
        struct out out = out_of(room, sizeof room);
        scan(rows, world, cases[i].ask);
        CHECK_EQUAL_U64(rows->count, 0);
        top_rows_say_none(rows, &out);
        CHECK_EQUAL_TEXT(out_view(&out), cases[i].sentence);
    }
}

// Any window of any order is what a full sort gives.
TEST(windows_are_those_of_the_whole_order)
{
    static char whole[KIT_ROWS][64];
    uint64_t random = test_seed();
    struct world *world = world_make(1500);
    struct top_rows *rows = kit_rows(KIT_ROWS);
    static const enum top_sort sorts[] = {TOP_SORT_NAME, TOP_SORT_CPU, TOP_SORT_AGE,
                                          TOP_SORT_RESTARTS};
    for (int i = 0; i < 12; i++) {
        struct top_ask ask = {.kind = TOP_PODS, .sort = sorts[i % 4], .reversed = i % 3 == 2};
        scan(rows, world, ask);
        CHECK_EQUAL_U64(rows->count, 1503);
        top_rows_select(rows, &world->reader, 0, rows->count);
        for (uint32_t at = 0; at < rows->count; at++) {
            struct text name = name_at(rows, world, at);
            CHECK(name.size < sizeof whole[at]);
            memset(whole[at], 0, sizeof whole[at]);
            memcpy(whole[at], name.at, name.size);
        }
        scan(rows, world, ask);
        for (int window = 0; window < 10; window++) {
            uint32_t first = (uint32_t)test_random_below(&random, 1510);
            uint32_t count = (uint32_t)test_random_below(&random, 60);
            top_rows_select(rows, &world->reader, first, count);
            for (uint32_t at = first; at < first + count && at < rows->count; at++) {
                CHECK_EQUAL_TEXT(name_at(rows, world, at), (const char *)whole[at]);
            }
        }
    }
    // And that order is one: names of one namespace go up.
    scan(rows, world, (struct top_ask){.kind = TOP_PODS, .sort = TOP_SORT_NAME,
                                       .space = TEXT("many")});
    top_rows_select(rows, &world->reader, 0, rows->count);
    for (uint32_t at = 0; at < rows->count; at++) {
        char expected[32];
        struct out out = out_of(expected, sizeof expected);
        out_format(&out, "pod-%06u", (unsigned)at);
        CHECK_EQUAL_TEXT(name_at(rows, world, at), out_view(&out));
    }
}

TEST(what_has_no_room_is_counted)
{
    struct world *world = world_make(100);
    struct top_rows *rows = kit_rows(40);
    scan(rows, world, (struct top_ask){.kind = TOP_PODS});
    CHECK_EQUAL_U64(rows->count, 40);
    CHECK_EQUAL_U64(rows->dropped, 63);
    CHECK_EQUAL_U64(rows->total, 103);
    top_rows_select(rows, &world->reader, 0, 1000);
    top_rows_select(rows, &world->reader, 40, 1);
}

// Rows that go while they are compared: nothing but another order comes of it.
TEST(rows_go_meanwhile)
{
    struct world *world = world_make(200);
    struct top_rows *rows = kit_rows(KIT_ROWS);
    scan(rows, world, (struct top_ask){.kind = TOP_PODS, .sort = TOP_SORT_NAME});
    for (unsigned i = 0; i < 200; i += 2) {
        char name[32];
        struct out out = out_of(name, sizeof name);
        out_format(&out, "pod-%06u", i);
        world_remove_pod(world, out_c_string(&out));
    }
    top_rows_select(rows, &world->reader, 10, 50);
    CHECK_EQUAL_U64(rows->count, 203);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"what_uses_most_comes_first", what_uses_most_comes_first},
        {"filters", filters},
        {"says_why_there_are_none", says_why_there_are_none},
        {"windows_are_those_of_the_whole_order", windows_are_those_of_the_whole_order},
        {"what_has_no_room_is_counted", what_has_no_room_is_counted},
        {"rows_go_meanwhile", rows_go_meanwhile},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
