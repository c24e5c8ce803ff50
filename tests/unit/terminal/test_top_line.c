#include "terminal/top_line.h"

#include <limits.h>

#include "kit.h"

static struct top_layout layout;

static unsigned
width(void)
{
    unsigned last = layout.count - 1;
    return layout.place[last].at + layout.place[last].width;
}

static bool
has(enum top_column column)
{
    for (unsigned i = 0; i < layout.count; i++) {
        if (layout.place[i].column == column) {
            return true;
        }
    }
    return false;
}

static struct top_rows *
rows_of(enum top_kind kind)
{
    struct top_rows *rows = kit_rows(10);
    rows->ask.kind = kind;
    rows->space_bytes = 11;
    rows->pod_bytes = 47;
    rows->name_bytes = kind == TOP_NODES ? 30 : 45;
    rows->node_bytes = 30;
    return rows;
}

// A common terminal has use, share and status of everything.
TEST(eighty_columns)
{
    for (unsigned kind = 0; kind < TOP_KIND_COUNT; kind++) {
        top_layout(&layout, rows_of((enum top_kind)kind), 80);
        CHECK(width() <= 80);
        CHECK(has(TOP_COLUMN_NAME) && has(TOP_COLUMN_CPU) && has(TOP_COLUMN_MEMORY));
        CHECK(has(TOP_COLUMN_CPU_SHARE) && has(TOP_COLUMN_STATUS));
        CHECK(!has(TOP_COLUMN_NODE));
    }
}

// Every width: columns follow each other, and none goes over the edge while
// there is room for those that stay.
TEST(any_width)
{
    for (unsigned kind = 0; kind < TOP_KIND_COUNT; kind++) {
        unsigned before = 0;
        for (unsigned columns = 60; columns <= 300; columns++) {
            top_layout(&layout, rows_of((enum top_kind)kind), columns);
            CHECK(columns < 70 || width() <= columns);
            for (unsigned i = 1; i < layout.count; i++) {
                CHECK(layout.place[i].at == layout.place[i - 1].at + layout.place[i - 1].width + 1);
                CHECK(layout.place[i].column > layout.place[i - 1].column);
            }
            CHECK(layout.count >= before);  // more room, no fewer columns
            before = layout.count;
        }
        CHECK(kind == TOP_NODES || has(TOP_COLUMN_NODE));
    }
    top_layout(&layout, rows_of(TOP_PODS), 1);
    CHECK(has(TOP_COLUMN_NAME));
}

static const char *
bytes_text(double bytes)
{
    static char buffer[32];
    struct out out = out_of(buffer, sizeof buffer);
    top_write_bytes(&out, bytes);
    return out_c_string(&out);
}

TEST(sizes)
{
    CHECK_EQUAL_TEXT(bytes_text(0), "0");
    CHECK_EQUAL_TEXT(bytes_text(999), "999");
    CHECK_EQUAL_TEXT(bytes_text(1000), "1.0Ki");
    CHECK_EQUAL_TEXT(bytes_text(1536), "1.5Ki");
    CHECK_EQUAL_TEXT(bytes_text(37.2 * 1048576), "37Mi");
    CHECK_EQUAL_TEXT(bytes_text(9.96 * 1048576), "10Mi");
    CHECK_EQUAL_TEXT(bytes_text(1e18), "888Pi");
    double bytes = 1;
    for (int i = 0; i < 500; i++, bytes *= 1.08) {
        CHECK(strlen(bytes_text(bytes)) <= 6);
    }
}

TEST(lines_of_text)
{
    char buffer[1024];
    struct out out = out_of(buffer, sizeof buffer);
    struct world *world = world_make(0);
    struct top_rows *rows = kit_rows(10);
    struct top_ask ask = {.kind = TOP_NODES, .sort = TOP_SORT_NAME};
    top_rows_scan(rows, &world->reader, &ask);
    top_rows_select(rows, &world->reader, 0, rows->count);
    top_layout(&layout, rows, UINT_MAX);
    top_write_titles(&layout, &out);
    CHECK(top_item_read(&rows->item, &world->reader, TOP_NODES, rows->entry[0].row));
    top_item_describe(&rows->item, &world->reader, world->now);
    top_write_line(&layout, &rows->item, world->now, &out);
    CHECK_EQUAL_TEXT(out_view(&out),
                     "NAME       CPU  CPU%  MEMORY  MEM%   RX/s   TX/s  PODS    AGE STATUS\n"
                     "node-a   1500m   39%   2.0Gi   29%      -      -     2    24h ready\n");
    out.used = 0;
    top_write_json(&rows->item, &out);
    CHECK(text_starts(out_view(&out), TEXT("{\"name\":\"node-a\",\"cpuMillicores\":1500,"
                                           "\"cpuAllocatable\":3800,\"memoryBytes\":2147483648,")));
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"eighty_columns", eighty_columns},
        {"any_width", any_width},
        {"sizes", sizes},
        {"lines_of_text", lines_of_text},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
