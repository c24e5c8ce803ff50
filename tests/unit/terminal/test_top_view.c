#include "terminal/top_view.h"

#include "emulator.h"
#include "kit.h"
#include "terminal/key.h"

static unsigned char screen_memory[4 << 20] __attribute__((aligned(16)));
static struct top_view view;
static struct top_cluster cluster;
static struct screen *screen;
static struct top_rows *rows;
static struct world *world;

static void
begin(uint32_t pods, struct top_ask ask)
{
    struct arena arena;
    memset(screen_memory, 0, sizeof screen_memory);
    arena_init(&arena, screen_memory, screen_footprint());
    screen = screen_init(&arena, true);
    emulator_begin(24, 100);
    screen_resize(screen, 24, 100);
    world = world_make(pods);
    rows = kit_rows(KIT_ROWS);
    memset(&cluster, 0, sizeof cluster);
    cluster.now = world->now;
    CHECK(table_read_totals(&world->reader, 0, &cluster.totals));
    top_view_init(&view, &ask);
}

static void
draw(void)
{
    top_view_draw(&view, screen, rows, &world->reader, &cluster);
    CHECK(screen_draw(screen, emulator_take, &emulator));
}

// As top_tool.c does it.
static void
press(int key)
{
    enum top_change change = top_view_key(&view, key, rows);
    CHECK(change != TOP_QUIT);
    if (change == TOP_RESCAN) {
        top_rows_scan(rows, &world->reader, &view.ask);
    }
    draw();
}

static void
start(uint32_t pods, struct top_ask ask)
{
    begin(pods, ask);
    top_rows_scan(rows, &world->reader, &view.ask);
    draw();
}

TEST(shows_cluster_rows_and_keys)
{
    start(0, (struct top_ask){.kind = TOP_PODS});
    CHECK_EQUAL_U64(emulator_find("skerry top pods  "), 0);
    CHECK_EQUAL_U64(emulator_find("1 of 2 nodes ready, 3 pods"), 0);
    CHECK_EQUAL_U64(emulator_find("*CPU"), 2);
    CHECK_EQUAL_U64(emulator_find("web-7594557864-x2x9k"), 3);
    CHECK_EQUAL_U64(emulator_find("1-3 of 3"), 23);
    CHECK_EQUAL_U64(emulator_find("q quit"), 23);
}

TEST(other_kinds_and_orders)
{
    start(0, (struct top_ask){.kind = TOP_PODS});
    press('1');
    CHECK_EQUAL_U64(emulator_find("node-a"), 3);
    CHECK_EQUAL_U64(emulator_find("web-7594557864-x2x9k"), -1);
    press('n');
    CHECK_EQUAL_U64(emulator_find("*NAME"), 2);
    press('i');
    CHECK_EQUAL_U64(emulator_find("^NAME"), 2);
    CHECK_EQUAL_U64(emulator_find("node-b"), 3);
    press('3');
    press('m');
    CHECK_EQUAL_U64(emulator_find("kubelet"), 3);  // 90 MiB
    press(KEY_TAB);
    CHECK_EQUAL_U64(emulator_find("node-a   "), 3);
}

TEST(filter_is_typed)
{
    start(40, (struct top_ask){.kind = TOP_PODS});
    press('/');
    press('d');
    press('b');
    CHECK_EQUAL_U64(emulator_find("filter: db_"), 23);
    CHECK_EQUAL_U64(emulator_find("db-0"), 3);
    CHECK_EQUAL_U64(emulator_find("web-"), -1);
    press('q');  // a letter like any other
    CHECK_EQUAL_U64(emulator_find("there are no pods with `dbq` in their names; Esc takes the filter away"),
                    3);
    press(KEY_BACKSPACE);
    press(KEY_ENTER);
    CHECK_EQUAL_U64(emulator_find("1-1 of 1 with `db`"), 23);
    press(KEY_ESCAPE);
    CHECK_EQUAL_U64(emulator_find("1-20 of 43"), 23);
    press('/');
    for (int i = 0; i < TOP_FILTER_BYTES_MAX + 10; i++) {
        press('x');
    }
    CHECK_EQUAL_U64(view.filter_bytes, TOP_FILTER_BYTES_MAX);
    press(KEY_ERASE_LINE);
    CHECK_EQUAL_U64(view.filter_bytes, 0);
}

TEST(scrolls_and_stops_at_the_ends)
{
    start(100, (struct top_ask){.kind = TOP_PODS, .sort = TOP_SORT_NAME, .space = TEXT("many")});
    CHECK_EQUAL_U64(emulator_find("pod-000000"), 3);
    press(KEY_DOWN);
    CHECK_EQUAL_U64(emulator_find("pod-000001"), 3);
    press(KEY_UP);
    press(KEY_UP);
    CHECK_EQUAL_U64(emulator_find("pod-000000"), 3);
    press(KEY_PAGE_DOWN);
    CHECK_EQUAL_U64(emulator_find("pod-000019"), 3);
    press(KEY_END);
    CHECK_EQUAL_U64(emulator_find("pod-000099"), 22);
    press(KEY_PAGE_DOWN);
    CHECK_EQUAL_U64(emulator_find("pod-000099"), 22);
    // Fewer rows than before: the page is filled from the end.
    for (unsigned i = 0; i < 90; i++) {
        char name[32];
        struct out out = out_of(name, sizeof name);
        out_format(&out, "pod-%06u", i);
        world_remove_pod(world, out_c_string(&out));
    }
    top_rows_scan(rows, &world->reader, &view.ask);
    draw();
    CHECK_EQUAL_U64(emulator_find("pod-000090"), 3);
    press(KEY_HOME);
    CHECK_EQUAL_U64(emulator_find("1-10 of 10"), 23);
}

TEST(says_what_is_wrong)
{
    begin(0, (struct top_ask){.kind = TOP_PODS});
    out_string(top_cluster_notice(&cluster), "collect is not running");
    top_rows_scan(rows, &world->reader, &view.ask);
    draw();
    CHECK_EQUAL_U64(emulator_find("collect is not running"), 2);
    CHECK_EQUAL_TEXT((const char *)emulator.styles[2][0], "0;1;31");
    CHECK_EQUAL_U64(emulator_find("web-7594557864-x2x9k"), 4);
    for (int i = 1; i < TOP_NOTICES_MAX; i++) {
        CHECK(top_cluster_notice(&cluster) != NULL);
    }
    CHECK(top_cluster_notice(&cluster) == NULL);
    // No table at all, and terminals of no size.
    top_view_draw(&view, screen, rows, NULL, &cluster);
    for (unsigned size = 0; size < 8; size++) {
        screen_resize(screen, size, size);
        top_view_draw(&view, screen, rows, &world->reader, &cluster);
    }
}

TEST(help_pause_and_quit)
{
    start(0, (struct top_ask){.kind = TOP_PODS});
    press('?');
    CHECK(emulator_find("most memory (working set)") > 0);
    press('x');
    CHECK_EQUAL_U64(emulator_find("most memory"), -1);
    press('p');
    CHECK(view.paused);
    CHECK_EQUAL_U64(emulator_find("PAUSED"), 0);
    CHECK_EQUAL_U64(top_view_key(&view, 'p', rows), TOP_RESCAN);
    CHECK_EQUAL_U64(top_view_key(&view, KEY_REDRAW, rows), TOP_ANEW);
    CHECK_EQUAL_U64(top_view_key(&view, 'q', rows), TOP_QUIT);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"shows_cluster_rows_and_keys", shows_cluster_rows_and_keys},
        {"other_kinds_and_orders", other_kinds_and_orders},
        {"filter_is_typed", filter_is_typed},
        {"scrolls_and_stops_at_the_ends", scrolls_and_stops_at_the_ends},
        {"says_what_is_wrong", says_what_is_wrong},
        {"help_pause_and_quit", help_pause_and_quit},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
