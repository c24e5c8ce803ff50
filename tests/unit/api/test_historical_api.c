// The historical API, and the older ranges of the model API, over a history that
// is worked out here: every value is a function of its time, so that the answers
// can be compared with what they must be. What is asked of the history at once
// is bounded.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../test.h"
#include "api/dispatch.h"
#include "api/historical_read.h"
#include "world.h"

#define PAST "/api/v1/historical"
#define DB PAST "/namespaces/shop/pods/db-0"
#define MODEL "/api/v1/model/namespaces/shop/pods/db-0/metrics/"
#define DAY_S 86400u

// The fake

struct history {
    uint32_t phase_s;  // of the cycles
    uint32_t gap_from_s, gap_to_s;  // nothing was recorded
    uint32_t raw_from_s, minute_from_s, ten_from_s, newest_s;
    unsigned reads, read_points_max, busy, fail_after;
    int error;
    int64_t span_ms_max;  // of one read, in intervals of its tier
    int64_t last_step_ms;
};

static struct history fake;

static const struct {
    enum entity entity;
    const char *node, *space, *pod, *pod_id, *container;
} entities[] = {
    {ENTITY_CLUSTER, "", "", "", "", ""},
    {ENTITY_NODE, "node-a", "", "", "", ""},
    {ENTITY_NODE, "node-gone", "", "", "", ""},
    {ENTITY_SYSTEM_CONTAINER, "node-a", "", "", "", "kubelet"},
    {ENTITY_SYSTEM_CONTAINER, "node-gone", "", "", "", "system.slice/docker"},
    {ENTITY_NAMESPACE, "", "shop", "", "", ""},
    {ENTITY_POD, "", "shop", "db-0", "uid-db", ""},
    {ENTITY_POD, "", "shop", "web-gone", "uid-web", ""},
    {ENTITY_CONTAINER, "", "shop", "db-0", "uid-db", "main"},
};

static const char *const metrics[] = {"cpu/usage_rate", "custom/queue_length", "memory/usage"};

static bool
is_asked(size_t i, const struct history_name *name)
{
    bool by_id = name->pod_id.size > 0;
    return entities[i].entity == name->entity &&
           text_equal(name->node, text_of(entities[i].node)) &&
           text_equal(name->container, text_of(entities[i].container)) &&
           (by_id ? text_equal(name->pod_id, text_of(entities[i].pod_id))
                  : text_equal(name->space, text_of(entities[i].space)) &&
                        text_equal(name->pod, text_of(entities[i].pod)));
}

static double
value_at(uint32_t time_s, bool whole)
{
    double value = (double)((uint64_t)time_s * 2654435761u % 100003u);
    return whole ? value : (double)(float)(value / 7);
}

static uint32_t
interval_at(int64_t time_ms, int64_t step_ms)
{
    int64_t time_s = time_ms / 1000;
    if (step_ms < 60000 && time_s >= fake.raw_from_s) {
        return 15;
    }
    return step_ms < 600000 && time_s >= fake.minute_from_s ? 60 : 600;
}

static struct history_point
point_at(uint32_t time_s, bool whole)
{
    double value = value_at(time_s, whole);
    return (struct history_point){
        .time = {(int64_t)time_s * 1000},
        .last = {.is_double = !whole, .u64 = whole ? (uint64_t)value : 0, .real = whole ? 0 : value},
        .least = value, .greatest = value, .average = value};
}

int
history_read(struct history *history, const struct history_ask *ask, history_each *each,
             void *context, bool *known)
{
    bool found = false;
    unsigned points = 0;
    CHECK(history == &fake);
    *known = false;
    for (size_t i = 0; i < ARRAY_COUNT(entities); i++) {
        *known = *known || is_asked(i, &ask->name);
    }
    if (history->busy > 0) {
        history->busy--;
        return -ERR_BUSY;
    }
    if (history->error != 0 && history->reads >= history->fail_after) {
        return history->error;
    }
    for (size_t i = 0; i < ARRAY_COUNT(metrics); i++) {
        found = found || text_equal(ask->metric, text_of(metrics[i]));
    }
    CHECK(ask->end.ms >= ask->start.ms);
    if (ask->end.ms == 1) {
        return 0;
    }
    uint32_t interval = interval_at(ask->start.ms, ask->step_ms);
    int64_t span = (ask->end.ms - ask->start.ms) / (interval * 1000);
    history->span_ms_max = span > history->span_ms_max ? span : history->span_ms_max;
    history->last_step_ms = ask->step_ms;
    history->reads++;
    int64_t first_s = (ask->start.ms + 999) / 1000;
    first_s = first_s < fake.ten_from_s ? fake.ten_from_s : first_s;
    first_s = (first_s - fake.phase_s + interval - 1) / interval * interval + fake.phase_s;
    for (int64_t s = first_s; found && *known && s <= fake.newest_s && s * 1000 <= ask->end.ms;) {
        if (s >= fake.gap_from_s && s < fake.gap_to_s) {
            s = fake.gap_to_s;
            continue;
        }
        struct history_point point =
            point_at((uint32_t)s, text_equal(ask->metric, TEXT("memory/usage")));
        points++;
        if (!each(context, &point)) {
            break;
        }
        s += interval_at(s * 1000, ask->step_ms);
    }
    if (points > history->read_points_max) {
        history->read_points_max = points;
    }
    return 0;
}

static int
next_of(const char *const *names, size_t count, struct text after, struct out *name)
{
    const char *best = NULL;
    for (size_t i = 0; i < count; i++) {
        if (names[i][0] != '\0' && text_compare(text_of(names[i]), after) > 0 &&
            (best == NULL || strcmp(names[i], best) < 0)) {
            best = names[i];
        }
    }
    if (best == NULL) {
        return 0;
    }
    out_string(name, best);
    return 1;
}

int
history_next_name(struct history *history, const struct history_name *parent, struct wall_ms start,
                  struct wall_ms end, struct text after, struct out *name)
{
    const char *names[ARRAY_COUNT(entities)];
    size_t count = 0;
    CHECK(history == &fake && start.ms <= end.ms);
    if (history->error != 0 && after.size > 0) {
        return history->error;
    }
    for (size_t i = 0; i < ARRAY_COUNT(entities); i++) {
        struct history_name below = *parent;
        if (entities[i].entity != parent->entity) {
            continue;
        }
        const char *last = entities[i].container;
        if (parent->entity == ENTITY_NODE) {
            last = entities[i].node;
            below.node = text_of(last);
        } else if (parent->entity == ENTITY_NAMESPACE) {
            last = entities[i].space;
            below.space = text_of(last);
        } else if (parent->entity == ENTITY_POD) {
            last = entities[i].pod;
            below.pod = text_of(last);
        } else {
            below.container = text_of(last);
        }
        if (is_asked(i, &below)) {
            names[count++] = last;
        }
    }
    return next_of(names, count, after, name);
}

int
history_next_metric(struct history *history, const struct history_name *of, struct wall_ms start,
                    struct wall_ms end, struct text after, struct out *metric)
{
    (void)of;
    CHECK(history == &fake && start.ms <= end.ms);
    if (history->error != 0 && after.size > 0) {
        return history->error;
    }
    return next_of(metrics, ARRAY_COUNT(metrics), after, metric);
}

static struct world *
begin(void)
{
    static struct historical_page page;
    struct world *world = world_make(0);
    memset(&page, 0, sizeof page);
    fake = (struct history){
        .raw_from_s = WORLD_CYCLE_S / 60 * 60 - DAY_S,
        .minute_from_s = WORLD_CYCLE_S / 60 * 60 - 10 * DAY_S,
        .ten_from_s = WORLD_CYCLE_S / 600 * 600 - 1200 * DAY_S,
        .newest_s = WORLD_NEXT_S,
    };
    world->api.historical = (struct historical){
        .history = &fake,
        .kept = true,
        .resolution_s = 15,
        .use = {.oldest_s = {fake.raw_from_s, fake.minute_from_s, fake.ten_from_s},
                .newest_s = {fake.newest_s, fake.newest_s, fake.newest_s}},
        .page = &page,
    };
    return world;
}

// Answers are looked at as text: how often something stands there.
static unsigned
count_of(struct text answer, const char *what)
{
    unsigned count = 0;
    size_t size = strlen(what);
    for (size_t i = 0; i + size <= answer.size; i++) {
        count += memcmp(answer.at + i, what, size) == 0;
    }
    return count;
}

static bool
has(struct text answer, const char *what)
{
    if (count_of(answer, what) == 0) {
        printf("not there: %s\nin: " TEXT_FORMAT "\n", what, TEXT_ARGS(text_sub(answer, 0, 600)));
    }
    return count_of(answer, what) > 0;
}

static struct text
get(struct world *world, unsigned status, const char *target)
{
    struct text answer = world_get(world, target);
    if (world->exchange.status != status) {
        printf("%s: " TEXT_FORMAT "\n", target, TEXT_ARGS(text_sub(answer, 0, 400)));
    }
    CHECK_EQUAL_U64(world->exchange.status, status);
    return answer;
}

static void
check_bounds(void)
{
    CHECK(fake.read_points_max <= HISTORICAL_PAGE_POINTS);
    CHECK(fake.span_ms_max <= HISTORICAL_PAGE_TIMES);
}

TEST(series_have_each_point_once)
{
    struct world *world = begin();
    struct text answer = get(world, 200, DB "/metrics/cpu/usage_rate?start=2026-11-18T07:26:40Z");
    CHECK_EQUAL_U64(count_of(answer, "\"timestamp\""), 6 * 240 + 1);
    CHECK_EQUAL_U64(count_of(answer, "\"2026-11-18T13:26:45Z\""), 2);
    CHECK(has(answer, "\"latestTimestamp\": \"2026-11-18T13:26:45Z\"\n}"));
    check_bounds();
    CHECK(fake.reads <= 1441 / HISTORICAL_PAGE_POINTS + 1);
}

// Six hours of raw points begin at a multiple of 15 s.
TEST(series_across_tiers)
{
    struct world *world = begin();
    struct text answer = get(world, 200, DB "/metrics/memory/usage?start=2026-11-17T11:00:00Z"
                                            "&end=2026-11-17T14:00:00Z");
    // From 13:26:00 on every 15 s, before every minute.
    CHECK_EQUAL_U64(count_of(answer, "\"timestamp\""), 146 + 34 * 4 + 1);
    CHECK_EQUAL_U64(count_of(answer, "floatValue"), 0);
    check_bounds();
}

// Pages without any point are passed over, and what is behind them is found.
TEST(gaps)
{
    struct world *world = begin();
    fake.gap_from_s = WORLD_CYCLE_S / 60 * 60 - 18000;
    fake.gap_to_s = WORLD_CYCLE_S / 60 * 60 - 60;
    struct text answer = get(world, 200, DB "/metrics/memory/usage?start=2026-11-18T07:26:40Z");
    CHECK_EQUAL_U64(count_of(answer, "\"timestamp\""), 6 * 240 + 1 - 17940 / 15);
    answer = get(world, 200, DB "/metrics-aggregated/count/memory/usage"
                                "?start=2026-11-18T07:26:40Z&bucket=1h");
    CHECK_EQUAL_U64(count_of(answer, "\"count\""), 3);
    check_bounds();
}

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void
expect_bucket(struct out *out, int64_t start_s, int64_t from_s, int64_t to_s, bool first)
{
    static double values[8192];
    uint32_t count = 0;
    double sum = 0;
    char time[40];
    for (int64_t s = (from_s + 14) / 15 * 15; s <= to_s && s <= fake.newest_s; s += 15) {
        values[count] = value_at((uint32_t)s, true);
        sum += values[count++];
    }
    qsort(values, count, sizeof values[0], compare);
    time_t seconds = (time_t)start_s;
    struct tm parts;
    (void)gmtime_r(&seconds, &parts);
    (void)strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ", &parts);
    out_format(out, "%s{\"timestamp\":\"%s\",\"count\":%u,\"average\":{\"floatValue\":",
               first ? "" : ",", time, count);
    float narrow = (float)(sum / count);
    if ((double)narrow >= sum / count && (double)narrow <= sum / count) {
        out_float(out, narrow);
    } else {
        out_double(out, sum / count);
    }
    double median = (values[(count - 1) / 2] + values[count / 2]) / 2;
    bool whole = median >= (double)(uint64_t)median && median <= (double)(uint64_t)median;
    out_format(out, "},\"maximum\":{\"intValue\":%llu},\"minimum\":{\"intValue\":%llu},"
               "\"median\":{\"%s\":", (unsigned long long)values[count - 1],
               (unsigned long long)values[0], whole ? "intValue" : "floatValue");
    out_double(out, median);
    out_string(out, "},\"percentiles\":{");
    for (unsigned i = 0; i < 3; i++) {
        static const unsigned percent[] = {50, 95, 99};
        uint32_t rank = (count * percent[i] + 50) / 100;
        out_format(out, "%s\"%u\":{\"intValue\":%llu}", i == 0 ? "" : ",", percent[i],
                   (unsigned long long)values[rank == 0 ? 0 : rank - 1]);
    }
    out_string(out, "}}");
}

#define ALL "average,max,min,median,count,50-perc,95-perc,99-perc"

TEST(buckets_are_as_worked_out)
{
    static char expected[1 << 16];
    struct world *world = begin();
    struct out out = out_of(expected, sizeof expected);
    const int64_t start_s = 1795000000;  // 11:06:40
    const int64_t end_s = 1795007000;
    out_string(&out, "{\"buckets\":[");
    for (int64_t s = start_s / 1800 * 1800; s <= end_s; s += 1800) {
        int64_t last = s + 1799 < end_s ? s + 1799 : end_s;
        expect_bucket(&out, s, s < start_s ? start_s : s, last, s < start_s);
    }
    out_string(&out, "],\"bucketSize\":1800000000000}");
    struct text answer = get(world, 200, DB "/metrics-aggregated/" ALL "/memory/usage"
                             "?start=2026-11-18T11:06:40Z&end=2026-11-18T13:03:20Z&bucket=30m");
    CHECK_EQUAL_TEXT(answer, out_view(&out));
    check_bounds();
}

// More points than are kept: the percentiles take further passes.
TEST(one_bucket_of_a_day)
{
    static char expected[1 << 12];
    struct world *world = begin();
    struct out out = out_of(expected, sizeof expected);
    out_string(&out, "{\"buckets\":[");
    expect_bucket(&out, WORLD_CYCLE_S - DAY_S + 400, WORLD_CYCLE_S - DAY_S + 400, WORLD_NEXT_S,
                  true);
    out_format(&out, "],\"bucketSize\":%llu}", (DAY_S - 400 + 20) * 1000000000ull);
    struct text answer = get(world, 200, DB "/metrics-aggregated/" ALL "/memory/usage"
                                            "?start=2026-11-17T13:33:20Z");
    CHECK_EQUAL_TEXT(answer, out_view(&out));
    check_bounds();
}

static unsigned
ask_in_pieces(struct world *world, const char *target, struct text whole)
{
    for (size_t piece = EXCHANGE_ELEMENT_BYTES_MAX; piece < EXCHANGE_ELEMENT_BYTES_MAX + 300;
         piece += 37) {
        CHECK_EQUAL_TEXT(world_ask(world, "GET", target, piece), whole);
    }
    return world->answer.pieces;
}

TEST(answers_do_not_depend_on_the_pieces)
{
    static const char *const targets[] = {
        DB "/metrics/cpu/usage_rate?start=2026-11-18T07:26:40Z",
        DB "/metrics-aggregated/max,95-perc/cpu/usage_rate?start=2026-11-18T07:26:40Z&bucket=1m",
        PAST "/namespaces/shop/pod-list/db-0,none,web-gone/metrics-aggregated/count/memory/usage"
             "?start=2026-11-18T12:00:00Z&bucket=1m",
        PAST "/pod-id-list/uid-db,uid-web/metrics/memory/usage?start=2026-11-18T12:00:00Z",
        MODEL "memory/usage?start=2026-11-18T10:00:00Z",
        DB "/metrics/cpu/usage_rate,memory/usage?start=2026-11-18T12:00:00Z",
    };
    static char first[1 << 20];
    struct world *world = begin();
    for (size_t i = 0; i < ARRAY_COUNT(targets); i++) {
        struct text whole = world_ask(world, "GET", targets[i], sizeof first / 2);
        CHECK_EQUAL_U64(world->exchange.status, 200);
        memcpy(first, whole.at, whole.size);
        CHECK(ask_in_pieces(world, targets[i], (struct text){first, whole.size}) > 2);
    }
}

// Two clients whose answers are written in turn share one page.
TEST(clients_do_not_mix)
{
    static char room[2][1 << 18];
    static struct exchange exchanges[2];
    static char targets[2][256];
    struct world *world = begin();
    bool done[2] = {false, false};
    struct out outs[2];
    for (unsigned i = 0; i < 2; i++) {
        (void)snprintf(targets[i], sizeof targets[i],
                       DB "/metrics/%s?start=2026-11-18T10:26:40Z",
                       i == 0 ? "memory/usage" : "cpu/usage_rate");
        outs[i] = out_of(room[i], sizeof room[i]);
        exchange_begin(&exchanges[i], &world->api, world->now);
        dispatch(&exchanges[i], TEXT("GET"), targets[i], strlen(targets[i]));
        CHECK_EQUAL_U64(exchanges[i].status, 200);
    }
    while (!done[0] || !done[1]) {
        for (unsigned i = 0; i < 2; i++) {
            struct out piece = out_of(room[i] + outs[i].used, EXCHANGE_ELEMENT_BYTES_MAX);
            done[i] = done[i] || exchange_fill(&exchanges[i], &piece);
            outs[i].used += piece.used;
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        (void)snprintf(targets[i], sizeof targets[i],
                       DB "/metrics/%s?start=2026-11-18T10:26:40Z",
                       i == 0 ? "memory/usage" : "cpu/usage_rate");
        CHECK_EQUAL_TEXT(world_get(world, targets[i]), out_view(&outs[i]));
    }
}

TEST(pods_by_id_and_lists)
{
    struct world *world = begin();
    CHECK_EQUAL_U64(count_of(get(world, 200, PAST "/pod-id/uid-web/metrics/cpu/usage_rate"
                                 "?start=2026-11-18T13:00:00Z"), "timestamp"), 108);
    CHECK_EQUAL_U64(count_of(get(world, 200, PAST "/pod-id/uid-db/containers/main/metrics-aggregated/"
                                 "max/memory/usage?start=2026-11-18T13:00:00Z"), "maximum"), 1);
    struct text answer = get(world, 200, PAST "/namespaces/shop/pod-list/web-gone,none,db-0/metrics/"
                             "cpu/usage_rate?start=2026-11-18T13:26:00Z&end=2026-11-18T13:26:20Z");
    CHECK_EQUAL_U64(count_of(answer, "\"metrics\":["), 3);
    CHECK_EQUAL_U64(count_of(answer, "\"metrics\":[],\"latestTimestamp\":\"0001"), 1);
    answer = get(world, 200, PAST "/pod-id-list/uid-web,none/metrics-aggregated/count/cpu/usage_rate"
                 "?start=2026-11-18T13:20:00Z&bucket=5m");
    CHECK_EQUAL_TEXT(answer, "{\"items\":[{\"buckets\":["
                     "{\"timestamp\":\"2026-11-18T13:20:00Z\",\"count\":20},"
                     "{\"timestamp\":\"2026-11-18T13:25:00Z\",\"count\":8}],"
                     "\"bucketSize\":300000000000},"
                     "{\"buckets\":[],\"bucketSize\":300000000000}]}\n");
}

// Each item is what the metric alone answers.
TEST(several_metrics_at_once)
{
    static char whole[1 << 18], alone[1 << 18];
    static const char *const wanted[] = {"memory/usage", "cpu/usage_rate", "memory/usage"};
    const char *tail = "?start=2026-11-18T13:20:00Z&bucket=5m";
    struct world *world = begin();
    struct out expected = out_of(alone, sizeof alone);
    out_string(&expected, "{\"items\":[");
    for (size_t i = 0; i < ARRAY_COUNT(wanted); i++) {
        char target[256];
        (void)snprintf(target, sizeof target, DB "/metrics-aggregated/average,max/%s%s",
                       wanted[i], tail);
        out_string(&expected, i == 0 ? "" : ",");
        out_text(&expected, get(world, 200, target));
    }
    out_string(&expected, "]}\n");
    struct text answer = get(world, 200, DB "/metrics-aggregated/average,max/"
                             "memory/usage,cpu/usage_rate,memory/usage"
                             "?start=2026-11-18T13:20:00Z&bucket=5m");
    CHECK_EQUAL_U64(count_of(answer, "average"), 6);
    CHECK_EQUAL_TEXT(answer, out_view(&expected));
    answer = get(world, 200, DB "/metrics/memory/usage,cpu/usage_rate?start=2026-11-18T13:26:00Z"
                 "&end=2026-11-18T13:26:20Z");
    memcpy(whole, answer.at, answer.size);
    CHECK_EQUAL_U64(count_of((struct text){whole, answer.size}, "\"metrics\":["), 2);
    answer = get(world, 200, PAST "/nodes/node-a/metrics/filesystem/usage,filesystem/limit"
                 "?start=2026-11-18T13:26:00Z&labels=resource_id:/");
    CHECK_EQUAL_U64(count_of(answer, "\"metrics\":["), 2);
}

TEST(several_metrics_refused)
{
    char target[2048];
    struct world *world = begin();
    CHECK(has(get(world, 404, DB "/metrics/memory/usage,memory/usag?start=2026-11-18T13:20:00Z"), "memory/usag; near it: memory/usage"));
    CHECK(has(get(world, 404, DB "/metrics/memory/usage,?start=2026-11-18T13:20:00Z"), "no such metric was recorded"));
    CHECK(has(get(world, 400, PAST "/nodes/node-a/metrics/memory/usage,filesystem/usage"
                  "?start=2026-11-18T13:20:00Z"), "labels=resource_id:NAME"));
    struct out out = out_of(target, sizeof target);
    out_string(&out, DB "/metrics/memory/usage");
    for (unsigned i = 1; i < HISTORICAL_METRICS_MAX; i++) {
        out_string(&out, ",memory/usage");
    }
    size_t used = out.used;
    out_format(&out, "?start=2026-11-18T13:20:00Z%c", '\0');
    CHECK_EQUAL_U64(count_of(get(world, 200, target), "\"metrics\":["), HISTORICAL_METRICS_MAX);
    out.used = used;
    out_format(&out, ",memory/usage?start=2026-11-18T13:20:00Z%c", '\0');
    CHECK(has(get(world, 400, target), "more than 40 metrics"));
}

TEST(names)
{
    struct world *world = begin();
    CHECK_EQUAL_TEXT(get(world, 200, PAST "/nodes/"), "[\n \"node-a\",\n \"node-gone\"\n]");
    CHECK_EQUAL_TEXT(get(world, 200, PAST "/namespaces"), "[\n \"shop\"\n]");
    CHECK_EQUAL_TEXT(get(world, 200, PAST "/namespaces/shop/pods"),
                     "[\n \"db-0\",\n \"web-gone\"\n]");
    CHECK_EQUAL_TEXT(get(world, 200, PAST "/nodes/node-a/freecontainers"), "[\n \"kubelet\"\n]");
    CHECK_EQUAL_TEXT(get(world, 200, DB "/containers"), "[\n \"main\"\n]");
    CHECK_EQUAL_TEXT(get(world, 200, PAST "/pod-id/uid-db/containers"), "[\n \"main\"\n]");
    CHECK_EQUAL_TEXT(get(world, 200, PAST "/pod-id/uid-web/containers"), "[]");
    CHECK_EQUAL_TEXT(get(world, 200, DB "/metrics/"),
                     "[\n \"cpu/usage_rate\",\n \"custom/queue_length\",\n \"memory/usage\"\n]");
    CHECK(has(get(world, 200, DB "/metrics/custom/queue_length?start=2026-11-18T13:26:00Z"),
              "floatValue"));
}

// Heapster refused them.
TEST(names_with_slashes)
{
#define DOCKER PAST "/nodes/node-gone/freecontainers/system.slice%2Fdocker"
    struct world *world = begin();
    CHECK_EQUAL_TEXT(get(world, 200, PAST "/nodes/node-gone/freecontainers/"),
                     "[\n \"system.slice/docker\"\n]");
    CHECK(has(get(world, 200, DOCKER "/metrics/"), "\"memory/usage\""));
    CHECK_EQUAL_U64(count_of(get(world, 200, DOCKER "/metrics/memory/usage"
                                 "?start=2026-11-18T13:26:00Z&end=2026-11-18T13:26:40Z"),
                             "\"timestamp\""), 3);
    CHECK(has(get(world, 200, DOCKER "/metrics-aggregated/max/memory/usage"
                              "?start=2026-11-18T13:26:00Z"), "maximum"));
    CHECK(has(get(world, 404, PAST "/nodes/node-gone/freecontainers/system.slice%2Fdockr/metrics"),
              "near it: system.slice/docker"));
#undef DOCKER
}

TEST(mistakes)
{
    static const struct {
        unsigned status;
        const char *target, *sentence;
    } cases[] = {
        {400, DB "/metrics/cpu/usage_rate", "start is missing"},
        {400, DB "/metrics-aggregated/max/cpu/usage_rate", "start is missing"},
        {400, DB "/metrics/cpu/usage_rate?start=yesterday", "RFC 3339"},
        {400, DB "/metrics/cpu/usage_rate?start=2026-11-18T13:26:40Z&end=2026-11-18T13:26:39Z",
         "start is later than end"},
        {400, DB "/metrics-aggregated/mean/cpu/usage_rate?start=2026-11-18T13:26:40Z",
         "no aggregation called mean; known are average"},
        {400, DB "/metrics-aggregated/max/cpu/usage_rate?start=2026-11-18T13:26:40Z&bucket=5",
         "bucket is not"},
        {400, DB "/metrics-aggregated/max/cpu/usage_rate?start=2026-11-18T13:26:40Z&bucket=0m",
         "bucket is not"},
        {400, DB "/metrics-aggregated/max/cpu/usage_rate?start=2026-11-18T13:26:40Z&bucket=-5m",
         "bucket is not"},
        {400,
         DB "/metrics-aggregated/max/cpu/usage_rate?start=2026-11-18T13:26:40Z"
            "&bucket=99999999999999999999d",
         "bucket is not"},
        {400, DB "/metrics/filesystem/usage?start=2026-11-18T13:26:40Z", "labels=resource_id:NAME"},
        {400, DB "/metrics/cpu/usage_rate?start=2026-11-18T13:26:40Z&labels=a:b", "no such labels"},
        {404, DB "/metrics/cpu/usage_rat?start=2026-11-18T13:26:40Z", "near it: cpu/usage_rate"},
        {404, PAST "/namespaces/shop/pods/db-1/metrics",
         "no pod was recorded that is called db-1 in namespace shop; near it: db-0"},
        {404, PAST "/namespaces/shap/pods/db-0/metrics",
         "no namespace was recorded that is called shap; near it: shop"},
        {404, DB "/containers/mian/metrics",
         "no container was recorded that is called mian in pod db-0; near it: main"},
        {404, PAST "/nodes/node-b/freecontainers", "no node was recorded that is called node-b"},
        {404, PAST "/pod-id/uid-x/metrics", "no pod with a uid was recorded that is called uid-x"},
        {404, PAST "/nodes/node-a/freecontainers/kublet/metrics", "near it: kubelet"},
    };
    struct world *world = begin();
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        CHECK(has(get(world, cases[i].status, cases[i].target), cases[i].sentence));
    }
}

TEST(without_a_history)
{
    struct world *world = begin();
    world->api.historical.history = NULL;
    world->api.historical.error = -ERR_IO;
    CHECK(has(get(world, 503, PAST "/nodes"), "the history cannot be read now: reading or writing"));
    world->api.historical.kept = false;
    CHECK(has(get(world, 404, PAST "/nodes"), "--history=1G"));
    CHECK_EQUAL_U64(count_of(get(world, 200, MODEL "cpu/usage_rate"), "\"timestamp\""), 1);
}

TEST(reads_that_fail)
{
    struct world *world = begin();
    static const char target[] = DB "/metrics/memory/usage?start=2026-11-18T07:26:40Z";
    fake.fail_after = 2;
    fake.error = -ERR_IO;
    struct text answer = get(world, 200, target);
    CHECK(has(answer, "\"truncated\": true,\n \"error\": \"reading or writing failed\"\n}"));
    CHECK_EQUAL_U64(count_of(answer, "\"timestamp\""), 2 * HISTORICAL_PAGE_POINTS);
    CHECK(world->api.historical.error == -ERR_IO);
    answer = get(world, 503, target);
    fake.error = 0;
    fake.busy = 0;
    CHECK_EQUAL_U64(count_of(get(world, 200, target), "\"timestamp\""), 6 * 240 + 1);
}

// Lists have no place for an error: they break off, and nobody takes them for whole.
TEST(names_that_cannot_be_read_are_cut)
{
    struct world *world = begin();
    fake.error = -ERR_IO;
    fake.fail_after = 1;
    CHECK_EQUAL_TEXT(get(world, 200, PAST "/nodes/"), "[\n \"node-a\"");
    CHECK(world->exchange.cut);
    CHECK_EQUAL_TEXT(get(world, 200, DB "/metrics/"), "[\n \"cpu/usage_rate\"");
    CHECK(world->exchange.cut);
    CHECK(world->api.historical.error == -ERR_IO);
    CHECK_EQUAL_U64(world->api.historical.failures_total, 2);
    CHECK_EQUAL_U64(world->api.http.cut_total, 2);
    fake.error = 0;
    (void)get(world, 200, PAST "/nodes/");
    CHECK(!world->exchange.cut);
}

static enum step
busy_at_times(struct world *world, const char *target)
{
    char copy[512];
    (void)snprintf(copy, sizeof copy, "%s", target);
    exchange_begin(&world->exchange, &world->api, world->now);
    dispatch(&world->exchange, TEXT("GET"), copy, strlen(copy));
    world->answer.size = 0;
    for (bool done = false; !done;) {
        struct out out = out_of(world->answer.bytes + world->answer.size,
                                EXCHANGE_ELEMENT_BYTES_MAX);
        fake.busy = 3;
        done = exchange_fill(&world->exchange, &out);
        if (!done && out.used == 0) {
            fake.busy = 0;
            done = exchange_fill(&world->exchange, &out);
        }
        world->answer.size += out.used;
    }
    return STEP_DONE;
}

TEST(a_busy_file_is_waited_for)
{
    struct world *world = begin();
    (void)busy_at_times(world, DB "/metrics/memory/usage?start=2026-11-18T07:26:40Z");
    struct text answer = {world->answer.bytes, world->answer.size};
    CHECK_EQUAL_U64(count_of(answer, "\"timestamp\""), 6 * 240 + 1);
    CHECK_EQUAL_U64(count_of(answer, "truncated"), 0);
}

// Three years of ten minutes are more than one answer gives.
TEST(too_much_is_cut)
{
    struct world *world = begin();
    struct text answer = get(world, 200, DB "/metrics-aggregated/count,average/memory/usage"
                                            "?start=2023-11-18T13:26:40Z&bucket=30d");
    CHECK_EQUAL_U64(fake.last_step_ms, 600000);
    CHECK(has(answer, "\"truncated\":true}"));
    CHECK_EQUAL_U64(count_of(answer, "\"count\""), 15);
    check_bounds();
    // A month is read by the minute.
    answer = get(world, 200, DB "/metrics-aggregated/count/memory/usage"
                                "?start=2026-10-26T00:00:00Z&bucket=1d");
    CHECK_EQUAL_U64(fake.last_step_ms, 60000);
    CHECK_EQUAL_U64(count_of(answer, "truncated"), 0);
    CHECK_EQUAL_U64(count_of(answer, "\"count\""), 24);
}

// Averages and extremes are read from a coarser tier only where that tells the same: not
// where an interval lies in two buckets, or the range has few of them.
TEST(coarser_tiers_for_long_ranges)
{
    static const struct {
        const char *start, *bucket;
        int64_t step_ms;
    } cases[] = {
        {"2026-11-18T13:25:40Z", "", 0},
        {"2026-11-18T12:40:00Z", "&bucket=10m", 0},
        {"2026-11-18T08:00:00Z", "", 60000},
        {"2026-11-18T08:00:00Z", "&bucket=10m", 60000},
        {"2026-11-18T08:00:00Z", "&bucket=90s", 0},
        {"2026-11-17T14:00:00Z", "", 600000},
        {"2026-11-17T14:00:00Z", "&bucket=30m", 600000},
        {"2026-11-17T14:00:00Z", "&bucket=15m", 60000},
        {"2026-11-17T14:00:00Z", "&bucket=90s", 0},
    };
    struct world *world = begin();
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        char target[256];
        (void)snprintf(target, sizeof target, DB "/metrics-aggregated/max,min,average/memory/usage"
                       "?start=%s%s", cases[i].start, cases[i].bucket);
        CHECK(has(get(world, 200, target), "maximum"));
        CHECK_EQUAL_U64(fake.last_step_ms, cases[i].step_ms);
    }
    check_bounds();
}

// The live table has the last two cycles; the history everything up to now.
TEST(model_series_reach_into_the_history)
{
    struct world *world = begin();
    fake.phase_s = WORLD_CYCLE_S % 15;
    fake.newest_s = WORLD_NEXT_S + 15;
    struct text answer = get(world, 200, MODEL "memory/usage?start=2026-11-18T12:26:40Z");
    CHECK_EQUAL_U64(count_of(answer, "\"timestamp\""), 240 + 2);
    CHECK_EQUAL_U64(count_of(answer, "\"2026-11-18T13:26:40Z\""), 1);
    CHECK_EQUAL_U64(count_of(answer, "\"2026-11-18T13:26:55Z\""), 2);
    CHECK_EQUAL_U64(count_of(answer, "\"value\": 52429800\n"), 2);
    // Of the rate the table has one value: the history has the one before.
    answer = get(world, 200, MODEL "cpu/usage_rate?start=2026-11-18T13:26:10Z");
    CHECK_EQUAL_U64(count_of(answer, "\"timestamp\""), 4);
    CHECK_EQUAL_U64(count_of(answer, "\"2026-11-18T13:26:55Z\""), 2);
    answer = get(world, 200, MODEL "memory/usage");
    CHECK_EQUAL_U64(count_of(answer, "\"timestamp\""), 15 * 4 - 1 + 1);
    answer = get(world, 200,
                 MODEL "memory/usage?start=2026-11-18T13:00:10Z&end=2026-11-18T13:10:10Z");
    CHECK_EQUAL_U64(count_of(answer, "\"timestamp\""), 41);
    answer = get(world, 200, "/api/v1/model/namespaces/shop/pod-list/db-0,none,web-7594557864-x2x9k/"
                             "metrics/memory/usage?start=2026-11-18T13:20:10Z");
    CHECK_EQUAL_U64(count_of(answer, "\"metrics\":["), 3);
    CHECK_EQUAL_U64(count_of(answer, "\"timestamp\""), 28 + 2);
    check_bounds();
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"series_have_each_point_once", series_have_each_point_once},
        {"series_across_tiers", series_across_tiers},
        {"gaps", gaps},
        {"buckets_are_as_worked_out", buckets_are_as_worked_out},
        {"one_bucket_of_a_day", one_bucket_of_a_day},
        {"answers_do_not_depend_on_the_pieces", answers_do_not_depend_on_the_pieces},
        {"clients_do_not_mix", clients_do_not_mix},
        {"pods_by_id_and_lists", pods_by_id_and_lists},
        {"several_metrics_at_once", several_metrics_at_once},
        {"several_metrics_refused", several_metrics_refused},
        {"names", names},
        {"names_with_slashes", names_with_slashes},
        {"mistakes", mistakes},
        {"without_a_history", without_a_history},
        {"reads_that_fail", reads_that_fail},
        {"a_busy_file_is_waited_for", a_busy_file_is_waited_for},
        {"names_that_cannot_be_read_are_cut", names_that_cannot_be_read_are_cut},
        {"too_much_is_cut", too_much_is_cut},
        {"coarser_tiers_for_long_ranges", coarser_tiers_for_long_ranges},
        {"model_series_reach_into_the_history", model_series_reach_into_the_history},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
