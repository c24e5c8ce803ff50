#include "sets.h"

TEST(writes_a_line_a_set)
{
    struct metric_set set = sets_node();
    struct sink *sink = sets_sink_of("log");
    CHECK_EQUAL_TEXT(sets_encode(sink, &set),
                     "2026-11-22T17:47:00Z node:node1 hostname=\"node1.example.com\" "
                     "nodename=\"node1\" type=\"node\": memory/node_capacity=8589934592 "
                     "filesystem/usage{/}=1000 filesystem/limit{/}=2000 "
                     "nvidia.com/gpu/request=2\n");
    CHECK_EQUAL_U64(sink->kind->transport, SINK_LOG);
}

TEST(says_since_when_an_entity_is)
{
    struct metric_set set = sets_node();
    set.created_s = 1795360000;
    struct sink *sink = sets_sink_of("log");
    CHECK_HAS(sets_encode(sink, &set), "Z node:node1 created=2026-11-22T15:06:40Z hostname=");
    set.start_s = 1795360001;
    CHECK_HAS(sets_encode(sink, &set),
              "Z node:node1 created=2026-11-22T15:06:40Z started=2026-11-22T15:06:41Z hostname=");
}

TEST(hostile_names_stay_in_their_line)
{
    struct metric_set set = sets_hostile();
    struct text body = sets_encode(sets_sink_of("log:"), &set);
    CHECK_EQUAL_U64(text_find(body, '\n', 0), body.size - 1);
    CHECK_HAS(body, "pod_name=\"line_end___\"");
    CHECK_HAS(body, " filesystem/usage{Volume:x_y__{}=2\n");
}

TEST(long_sets_take_several_lines)
{
    static struct labelled_value many[600];
    struct metric_set set = sets_node();
    for (unsigned i = 0; i < 600; i++) {
        many[i] = set.labelled[0];
    }
    set.labelled = many;
    set.labelled_count = 600;
    struct text body = sets_encode(sets_sink_of("log"), &set);
    unsigned lines = 0;
    struct text line;
    while (body.size != 0) {
        text_cut(body, '\n', &line, &body);
        CHECK(line.size < 4096 + 256);
        CHECK(text_starts(line, TEXT("2026-11-22T17:47:00Z node:node1 ")));
        lines++;
    }
    CHECK(lines > 3);
}

static void
check_lines(struct text body, uint32_t points)
{
    uint32_t values = 0;
    struct text line;
    CHECK(text_ends(body, TEXT("\n")));
    while (body.size != 0) {
        text_cut(body, '\n', &line, &body);
        CHECK(text_starts(line, TEXT("2026-11-22T17:47:00Z namespace:shop/pod:web-0/c")));
        for (size_t i = 0; i + 1 < line.size; i++) {
            values += line.at[i] == '=' && line.at[i + 1] != '"' ? 1 : 0;
        }
    }
    CHECK_EQUAL_U64(values, points);
}

TEST(batches_hold_whole_lines)
{
    struct metric_set set = sets_container();
    struct sink *sink = sets_sink_of("log");
    sets_sweep(sink, &set, sets_encode(sink, &set).size, 5, check_lines);
}

int
main(void)
{
    fake_open(&sets_machine, test_seed());
    static const struct test_case cases[] = {
        {"writes a line a set", writes_a_line_a_set},
        {"says since when an entity is", says_since_when_an_entity_is},
        {"hostile names stay in their line", hostile_names_stay_in_their_line},
        {"long sets take several lines", long_sets_take_several_lines},
        {"batches of every size hold whole lines", batches_hold_whole_lines},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
