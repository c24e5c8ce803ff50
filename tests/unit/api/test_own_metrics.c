#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "world.h"

#define FAMILIES_MAX 200

static struct {
    unsigned count;
    struct text name[FAMILIES_MAX];
} families;

static bool
is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_';
}

static void
check_name(struct text name)
{
    CHECK(text_starts(name, TEXT("skerry_")));
    for (size_t i = 0; i < name.size; i++) {
        CHECK(is_name_byte(name.at[i]));
    }
}

static void
begin_family(struct text name, struct text type)
{
    for (unsigned i = 0; i < families.count; i++) {
        CHECK(!text_equal(families.name[i], name));
    }
    CHECK(families.count < FAMILIES_MAX);
    check_name(name);
    families.name[families.count++] = name;
    bool counter = text_equal(type, TEXT("counter"));
    CHECK(counter || text_equal(type, TEXT("gauge")));
    CHECK(counter == text_ends(name, TEXT("_total")));
}

// A sample belongs to the family above it.
static void
check_sample(struct text line)
{
    struct text name = line;
    struct text rest;
    double number;
    size_t end = 0;
    while (end < line.size && is_name_byte(line.at[end])) {
        end++;
    }
    name.size = end;
    CHECK(families.count > 0);
    CHECK_EQUAL_TEXT(name, families.name[families.count - 1]);
    rest = text_sub(line, end, line.size);
    if (rest.size > 0 && rest.at[0] == '{') {
        size_t close = line.size;
        while (close > 0 && line.at[close - 1] != '}') {
            close--;
        }
        rest = text_sub(line, close, line.size);
    }
    CHECK(rest.size > 1 && rest.at[0] == ' ');
    CHECK(text_to_double(text_sub(rest, 1, rest.size), &number) == 0);
}

static void
check_exposition(struct text rest)
{
    struct text line;
    struct text helped = {"", 0};
    families.count = 0;
    CHECK(text_ends(rest, TEXT("\n")));
    while (text_cut(rest, '\n', &line, &rest)) {
        struct text name;
        struct text tail;
        if (text_starts(line, TEXT("# HELP "))) {
            CHECK(text_cut(text_sub(line, 7, line.size), ' ', &helped, &tail));
            CHECK(tail.size > 0);
        } else if (text_starts(line, TEXT("# TYPE "))) {
            CHECK(text_cut(text_sub(line, 7, line.size), ' ', &name, &tail));
            CHECK_EQUAL_TEXT(name, helped);
            begin_family(name, tail);
        } else {
            check_sample(line);
        }
    }
}

static bool
has_line(struct text rest, const char *wanted)
{
    struct text line;
    while (text_cut(rest, '\n', &line, &rest)) {
        if (text_equal(line, text_of(wanted))) {
            return true;
        }
    }
    return false;
}

TEST(is_well_formed)
{
    struct world *world = world_make(5);
    struct text answer = world_get(world, "/metrics");
    CHECK_EQUAL_TEXT(world->exchange.content_type, CONTENT_PROMETHEUS);
    check_exposition(answer);
    CHECK(families.count > 40);
    CHECK(has_line(answer, "skerry_healthy 1"));
    CHECK(has_line(answer, "skerry_build_info{version=\"1.2.3\"} 1"));
    CHECK(has_line(answer, "skerry_errors_total{reason=\"timeout\"} 5"));
    CHECK(has_line(answer, "skerry_pool_used{pool=\"pods\"} 8"));
    CHECK(has_line(answer, "skerry_cycle_age_seconds 5"));
    CHECK(has_line(answer, "skerry_source_up{source=\"1\"} 0"));
    CHECK(has_line(answer, "skerry_role_up{role=\"collect\"} 1"));
    CHECK(has_line(answer, "skerry_role_up{role=\"serve\"} 0"));
    CHECK(has_line(answer, "skerry_heap_bytes{role=\"collect\"} 4000"));
    CHECK(has_line(answer, "skerry_heap_bytes_peak{role=\"collect\"} 5500"));
    CHECK(has_line(answer, "skerry_heap_bytes_limit{role=\"collect\"} 70000"));
    CHECK(has_line(answer, "skerry_heap_failures_total{role=\"collect\"} 3"));
    CHECK(!has_line(answer, "skerry_heap_bytes{role=\"serve\"} 0"));
    CHECK(has_line(answer,
                   "skerry_node_scrape_duration_seconds{node=\"node-a\",source=\"1\"} 0.2"));
    CHECK(has_line(answer, "skerry_cycles_total 2"));
}

TEST(is_well_formed_without_a_table)
{
    struct world *world = world_empty();
    struct text answer = world_get(world, "/metrics");
    check_exposition(answer);
    CHECK(has_line(answer, "skerry_healthy 0"));
    CHECK_EQUAL_U64(world->exchange.status, 200);
}

TEST(escapes_labels)
{
    struct world *world = world_make(0);
    world->api.version = "a\"b\\c\nd";
    struct text answer = world_get(world, "/metrics");
    check_exposition(answer);
    CHECK(has_line(answer, "skerry_build_info{version=\"a\\\"b\\\\c\\nd\"} 1"));
}

TEST(shows_the_plan)
{
    static struct plan plan;
    struct world *world = world_make(0);
    memset(&plan, 0, sizeof plan);
    plan_add(&plan, "serve", "http clients", 32, 1000);
    plan_add(&plan, "shared", "live table", 1, 5000);
    world->api.plan = &plan;
    struct text answer = world_get(world, "/metrics");
    check_exposition(answer);
    CHECK(has_line(answer, "skerry_plan_bytes{role=\"serve\",part=\"http clients\"} 32000"));
    CHECK(has_line(answer, "skerry_plan_bytes{role=\"shared\",part=\"live table\"} 5000"));
}

TEST(shows_sinks)
{
    static struct sink_statuses sinks;
    struct world *world = world_make(0);
    sinks = (struct sink_statuses){.count = 3};
    sinks.sink[0] = (struct sink_status){
        .name = "influxdb:http://a:8086",
        .state = SINK_STATE_RETRYING,
        .lag_ms = 1500,
        .backlog_cycles = 3,
        .missed_total = 4,
        .unread_total = 5,
        .retried_total[ERR_TIMEOUT] = 8,
        .refused_total[ERR_HTTP_400] = 6,
        .refused_total[ERR_TOO_LARGE] = 7,
    };
    sinks.sink[1] = (struct sink_status){.name = "log:\"", .state = SINK_STATE_LIVE};
    sinks.sink[2] = (struct sink_status){
        .name = "events log", .events = 1, .backlog_cycles = 9, .missed_total = 10};
    world->api.sinks = &sinks;
    struct text answer = world_get(world, "/metrics");
    check_exposition(answer);
    CHECK(has_line(answer, "skerry_sink_up{sink=\"influxdb:http://a:8086\"} 0"));
    CHECK(has_line(answer, "skerry_sink_up{sink=\"log:\\\"\"} 1"));
    CHECK(has_line(answer, "skerry_sink_lag_seconds{sink=\"influxdb:http://a:8086\"} 1.5"));
    CHECK(has_line(answer, "skerry_sink_backlog_cycles{sink=\"influxdb:http://a:8086\"} 3"));
    CHECK(has_line(answer, "skerry_sink_missed_cycles_total{sink=\"influxdb:http://a:8086\"} 4"));
    CHECK(has_line(answer, "skerry_sink_history_errors_total{sink=\"influxdb:http://a:8086\"} 5"));
    CHECK(has_line(answer, "skerry_sink_retries_total{sink=\"influxdb:http://a:8086\","
                           "reason=\"timeout\"} 8"));
    CHECK(has_line(answer, "skerry_sink_refused_points_total{sink=\"influxdb:http://a:8086\","
                           "reason=\"http_400\"} 6"));
    CHECK(has_line(answer, "skerry_sink_refused_points_total{sink=\"influxdb:http://a:8086\","
                           "reason=\"too_large\"} 7"));
    CHECK(has_line(answer, "skerry_sink_backlog_events{sink=\"events log\"} 9"));
    CHECK(has_line(answer, "skerry_sink_missed_events_total{sink=\"events log\"} 10"));
    CHECK(!has_line(answer, "skerry_sink_backlog_cycles{sink=\"events log\"} 9"));
    CHECK(!has_line(answer, "skerry_sink_backlog_events{sink=\"log:\\\"\"} 0"));
}

TEST(shows_the_history)
{
    struct world *world = world_make(0);
    world->api.historical.kept = true;
    world->api.historical.has_status = true;
    world->api.historical.status.cycles_lost_total = 1;
    world->api.historical.status.use.cycles_refused_total = 2;
    world->api.historical.status.use.cycles_forgotten_total = 3;
    struct text answer = world_get(world, "/metrics");
    check_exposition(answer);
    CHECK(has_line(answer, "skerry_history_cycles_lost_total 1"));
    CHECK(has_line(answer, "skerry_history_cycles_refused_total 2"));
    CHECK(has_line(answer, "skerry_history_cycles_forgotten_total 3"));
}

// Series of nodes come and go with the nodes.
TEST(forgets_nodes)
{
    struct world *world = world_make(0);
    table_remove_node(world->writer, 1, TEXT("node-a"));
    for (unsigned i = 1; i < 20; i++) {
        table_cycle_end(world->writer, WORLD_NEXT_S + 15 * i);
    }
    struct text rest = world_get(world, "/metrics");
    struct text line;
    while (text_cut(rest, '\n', &line, &rest)) {
        struct text found = line;
        while (found.size > 0 && !text_starts(found, TEXT("node-a"))) {
            found = text_sub(found, 1, found.size);
        }
        CHECK_EQUAL_U64(found.size, 0);
    }
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"is_well_formed", is_well_formed},
            {"is_well_formed_without_a_table", is_well_formed_without_a_table},
            {"escapes_labels", escapes_labels},
            {"shows_the_plan", shows_the_plan},
            {"shows_sinks", shows_sinks},
            {"shows_the_history", shows_the_history},
            {"forgets_nodes", forgets_nodes},
        },
        7);
}
