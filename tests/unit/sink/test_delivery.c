#include "../test.h"

#include <stdio.h>
#include <string.h>

#include "platform/fake.h"
#include "platform/fake_fetch.h"
#include "sink/delivery.h"

// A world of one live table, one archive and servers that count what they get: a
// point is a line "cycle set point". The clock stands until the world turns.

#define STEP 15
#define FIRST_S 15000
#define CYCLES_MAX 400
#define SETS 12
#define POINTS 3
#define SINKS 3
#define TURN_MS 100

#define HOUR_MS (60 * 60 * 1000)
#define TIMEOUT_MS 5000

enum server_mode { SERVER_UP, SERVER_DOWN, SERVER_SILENT, SERVER_RANDOM, SERVER_HOUR };

struct server {
    enum server_mode mode;
    long status;             // of answers, 204 unless a test wants another
    const char *saying;
    uint32_t requests;
    uint32_t setups;
    uint32_t first_s;        // cycle of the first line since this was set to 0
    uint32_t last_s;
    bool backwards;          // a line of an older cycle than the one before
    fetch_id slow_id;        // of SERVER_HOUR: the request, and since when
    struct mono_ns slow_since;
    int64_t slow_ms_max;
    uint8_t got[CYCLES_MAX][SETS][POINTS];
};

static struct world {
    bool is_open;
    struct fake machine;
    struct fake_fetch net;
    uint64_t random;
    uint32_t cycle_s;         // newest
    uint32_t recorded_s;      // newest in the archive
    uint32_t record_lag;      // cycles
    bool has_archive;
    bool archive_broken;
    uint32_t bad_s[2];        // cycles of the archive that cannot be read
    struct mono_ns next_cycle;
    unsigned sinks;
    struct server server[SINKS];
    struct sink sink[SINKS];
    struct delivery *delivery[SINKS];
    struct delivery_archive archive;
    struct shard shard;
    uint32_t lost_from, lost_to;  // cycles that were never recorded
    char said[300];
} world;

static unsigned char memory[SINKS][1 << 18] __attribute__((aligned(16)));

// The kind

static int
kind_configure(struct sink *sink, struct out *why)
{
    (void)sink;
    (void)why;
    return 0;
}

static bool
kind_add(struct sink *sink, struct sink_batch *batch, const struct metric_set *set, unsigned *at)
{
    struct set_point point;
    unsigned before = *at;
    (void)sink;
    while (metric_set_next(set, at, &point)) {
        char line[64];
        int size = snprintf(line, sizeof line, "%u %llu %llu\n", (unsigned)(set->time.ms / 1000),
                            (unsigned long long)set->created_s,
                            (unsigned long long)point.value.u64);
        if (batch->body.size - batch->body.used < (size_t)size ||
            batch->points == batch->limit_points) {
            *at = before;
            return false;
        }
        out_bytes(&batch->body, line, (size_t)size);
        batch->points++;
        before = *at;
    }
    return true;
}

static int
kind_finish(struct sink *sink, struct sink_batch *batch, struct sink_request *request)
{
    *request = (struct sink_request){
        .method = TEXT("POST"),
        .path = TEXT("/write"),
        .content_type = TEXT("text/plain"),
        .body = out_view(&batch->body),
        .gzip = sink->gzip,
    };
    return 0;
}

static bool
kind_setup(struct sink *sink, unsigned number, struct sink_request *request)
{
    (void)sink;
    *request = (struct sink_request){.method = TEXT("POST"), .path = TEXT("/setup")};
    return number < 2;
}

static enum sink_verdict
kind_judge(struct sink *sink, const struct sink_answer *answer, size_t *used,
           struct sink_result *result)
{
    *used = answer->body.size;
    if (answer->status == 404) {
        *result = (struct sink_result){.error = ERR_HTTP_404};
        return SINK_SETUP;
    }
    (void)sink;
    return sink_judge_status(answer, result);
}

#define KIND                                                                                       \
    .name = "test", .transport = SINK_HTTP, .default_port = 80, .default_host = "h",               \
    .batch_bytes = 16 * 1024, .batch_points = 10, .configure = kind_configure, .add = kind_add,    \
    .finish = kind_finish
static const struct sink_kind plain_kind = {KIND};
static const struct sink_kind order_kind = {KIND, .in_order = true};
static const struct sink_kind timeless_kind = {KIND, .no_times = true};
static const struct sink_kind setup_kind = {KIND, .setup = kind_setup, .judge = kind_judge};

static enum sink_verdict
stream_judge(struct sink *sink, const struct sink_answer *answer, size_t *used,
             struct sink_result *result)
{
    (void)sink;
    (void)result;
    *used = answer->body.size;
    return SINK_TAKEN;
}

#define STREAM                                                                                     \
    .name = "test", .transport = SINK_STREAM, .default_port = 80, .default_host = "h",             \
    .batch_bytes = 16 * 1024, .batch_points = 10, .configure = kind_configure, .add = kind_add,    \
    .finish = kind_finish
static const struct sink_kind stream_kind = {STREAM, .judge = stream_judge};
static const struct sink_kind quiet_kind = {STREAM};

// Live table and archive

struct reader {
    uint32_t cycle_s;
    unsigned next;
    struct metric_set set;
};
static struct reader live_readers[SINKS];
static struct reader archive_reader;

static const struct metric_set *
read_next(struct reader *reader)
{
    struct metric_set *set = &reader->set;
    if (reader->next == SETS) {
        return NULL;
    }
    memset(set, 0, sizeof *set);
    set->entity = ENTITY_CONTAINER;
    set->time.ms = (int64_t)reader->cycle_s * 1000;
    set->created_s = reader->next++;
    for (unsigned i = 0; i < POINTS; i++) {
        set->present[i] = true;
        set->value[i].u64 = i;
    }
    return set;
}

static void
live_begin(void *context, uint32_t cycle_s)
{
    struct reader *reader = context;
    *reader = (struct reader){.cycle_s = cycle_s};
}

// The table keeps a cycle until the next one is complete.
static const struct metric_set *
live_next(void *context)
{
    struct reader *reader = context;
    CHECK_EQUAL_U64(reader->cycle_s, world.cycle_s);
    return read_next(reader);
}

static bool
is_recorded(uint32_t cycle_s)
{
    return cycle_s <= world.recorded_s && cycle_s >= FIRST_S &&
           !(cycle_s >= world.lost_from && cycle_s <= world.lost_to);
}

static int
archive_next_cycle(void *context, uint32_t after_s, uint32_t *cycle_s)
{
    (void)context;
    if (world.archive_broken) {
        return -ERR_IO;
    }
    for (uint32_t s = after_s / STEP * STEP + STEP; s <= world.recorded_s; s += STEP) {
        if (is_recorded(s)) {
            *cycle_s = s;
            return 0;
        }
    }
    return -ERR_NO_FILE;
}

static int
archive_begin(void *context, uint32_t cycle_s)
{
    (void)context;
    CHECK(is_recorded(cycle_s));
    archive_reader = (struct reader){.cycle_s = cycle_s};
    return world.archive_broken ? -ERR_IO : 0;
}

static int
archive_next(void *context, const struct metric_set **set)
{
    (void)context;
    if (world.archive_broken) {
        return -ERR_IO;
    }
    if (archive_reader.next > 1 && (archive_reader.cycle_s == world.bad_s[0] ||
                                    archive_reader.cycle_s == world.bad_s[1])) {
        return -ERR_MALFORMED;
    }
    *set = read_next(&archive_reader);
    return *set != NULL;
}

// Making and killing sinks

static void
say(const struct sink *sink, const char *sentence)
{
    (void)sink;
    snprintf(world.said, sizeof world.said, "%s", sentence);
}

static void
start_sink(unsigned index, const struct sink_kind *kind)
{
    char path[64];
    char why_bytes[200];
    struct arena arena;
    struct out why = out_of(why_bytes, sizeof why_bytes);
    char *host = (char *)memory[index];
    struct sink *sink = &world.sink[index];
    snprintf(path, sizeof path, "/state/sink-%u", index);
    memset(memory[index], 0, sizeof memory[index]);
    snprintf(host, 16, "h%u", index);
    *sink = (struct sink){
        .kind = kind,
        .uri = {.kind = TEXT("test"), .name = TEXT("test:h")},
        .number = index + 1,
        .host = text_of(host),
        .port = 80,
    };
    struct delivery_config config = {
        .platform = &world.machine.platform,
        .sink = sink,
        .live = {&live_readers[index], live_begin, live_next},
        .archive = world.has_archive ? &world.archive : NULL,
        .shard = world.shard,
        .cursor_path = path,
        .resolution_s = STEP,
        .timeout_ms = TIMEOUT_MS,
        .fetch = &world.net.fetch,
        .say = say,
    };
    size_t bytes = delivery_footprint(sink);
    CHECK(bytes + 16 <= sizeof memory[index]);
    arena_init(&arena, memory[index] + 16, bytes);
    CHECK(delivery_open(&arena, &config, &world.delivery[index], &why) == 0);
    CHECK_EQUAL_U64(arena.used, arena.size);
}

// As kill -9: what was in flight arrives or not, and nobody hears of it.
static void
kill_all(void)
{
    fake_fetch_open(&world.net);
    world.archive.holder = NULL;
}

static void
end(void)
{
    if (world.is_open) {
        CHECK_EQUAL_U64(fake_open_handles(&world.machine), 0);
        fake_close(&world.machine);
    }
    world.is_open = false;
}

static void
begin(unsigned sinks, const struct sink_kind *kind, bool has_archive)
{
    uint64_t seed = test_seed();
    end();
    world.is_open = true;
    fake_open(&world.machine, seed);
    world.machine.wall.ms = FIRST_S * MS_PER_S;
    fake_add_directory(&world.machine, "/state");
    fake_fetch_open(&world.net);
    world.random = seed;
    world.cycle_s = 0;
    world.recorded_s = 0;
    world.record_lag = 1;
    world.has_archive = has_archive;
    world.archive_broken = false;
    world.bad_s[0] = world.bad_s[1] = 0;
    world.sinks = sinks;
    world.lost_from = world.lost_to = 0;
    world.shard = (struct shard){1, 1};
    world.archive = (struct delivery_archive){
        .next_cycle = archive_next_cycle,
        .begin = archive_begin,
        .next = archive_next,
    };
    memset(world.server, 0, sizeof world.server);
    for (unsigned i = 0; i < sinks; i++) {
        world.server[i].status = 204;
        world.server[i].saying = "";
        start_sink(i, kind);
    }
    world.next_cycle = world.machine.mono;
}

// The servers

static void
take_lines(struct server *server, struct text body)
{
    while (body.size > 0) {
        struct text line;
        char text[64];
        unsigned cycle_s;
        unsigned set;
        unsigned point;
        (void)text_cut(body, '\n', &line, &body);
        snprintf(text, sizeof text, TEXT_FORMAT, TEXT_ARGS(line));
        CHECK(sscanf(text, "%u %u %u", &cycle_s, &set, &point) == 3);
        CHECK(cycle_s >= FIRST_S && set < SETS && point < POINTS && cycle_s % STEP == 0);
        unsigned cycle = (cycle_s - FIRST_S) / STEP;
        CHECK(cycle < CYCLES_MAX);
        uint8_t *got = &server->got[cycle][set][point];
        *got = *got < 200 ? (uint8_t)(*got + 1) : *got;
        server->backwards = server->backwards || cycle_s < server->last_s;
        server->last_s = cycle_s;
        server->first_s = server->first_s == 0 ? cycle_s : server->first_s;
    }
}

static void
answer_stream(struct server *server, struct fake_request *request)
{
    if (!request->connected) {
        fake_fetch_connect(request);
    }
    if (request->sent_size > 0) {
        take_lines(server, (struct text){request->sent, request->sent_size});
        request->sent_size = 0;
        (void)fake_fetch_body(request, TEXT("ok"));  // nobody listens to that of a quiet one
    }
}

static void
answer(struct server *server, struct fake_request *request)
{
    if (request->request.stream) {
        answer_stream(server, request);
        return;
    }
    bool is_setup = text_equal(request->request.path, TEXT("/setup"));
    server->requests++;
    server->setups += is_setup;
    if (server->status / 100 == 2 && !is_setup) {
        take_lines(server, request->request.body);
    }
    fake_fetch_answer(request, is_setup ? 200 : server->status, text_of(server->saying));
}

static void
answer_by_chance(struct server *server, struct fake_request *request)
{
    static const long statuses[] = {500, 503, 429, 408, 401};
    switch (test_random_below(&world.random, 8)) {
    case 0:
        fake_fetch_end(request, ERR_RESET);
        break;
    case 1:  // taken, but the answer is lost
        take_lines(server, request->request.body);
        fake_fetch_end(request, ERR_TIMEOUT);
        break;
    case 2:
        fake_fetch_answer(request, statuses[test_random_below(&world.random, 5)], TEXT("no"));
        break;
    case 3:
        break;  // later
    default:
        answer(server, request);
        break;
    }
}

// The answer takes an hour; the network keeps the limit that the request carries, as
// fetch.h says, and streams have none but their owner's.
static void
answer_in_an_hour(struct server *server, struct fake_request *request)
{
    struct mono_ns now = world.machine.mono;
    if (server->slow_id != request->id) {
        server->slow_id = request->id;
        server->slow_since = now;
        server->requests++;
    }
    int64_t ms = mono_ms_between(server->slow_since, now);
    int64_t limit_ms = request->request.total_timeout_ms;
    server->slow_ms_max = ms > server->slow_ms_max ? ms : server->slow_ms_max;
    if (request->request.stream && !request->connected) {
        fake_fetch_connect(request);
    } else if (ms >= HOUR_MS) {
        answer(server, request);
    } else if (limit_ms > 0 && ms >= limit_ms) {
        fake_fetch_end(request, ERR_TIMEOUT);
    }
}

static void
serve(unsigned index)
{
    char host[16];
    struct server *server = &world.server[index];
    snprintf(host, sizeof host, "h%u", index);
    struct fake_request *request = fake_fetch_find_host(&world.net, host);
    if (request == NULL) {
        return;
    }
    switch (server->mode) {
    case SERVER_UP:
        answer(server, request);
        break;
    case SERVER_DOWN:
        server->requests++;
        fake_fetch_end(request, ERR_CONNECT);
        break;
    case SERVER_SILENT:
        break;
    case SERVER_RANDOM:
        answer_by_chance(server, request);
        break;
    case SERVER_HOUR:
        answer_in_an_hour(server, request);
        break;
    }
}

static void
turn_world(void)
{
    struct mono_ns now = world.machine.mono;
    if (!mono_before(now, world.next_cycle)) {
        world.cycle_s = world.cycle_s == 0 ? FIRST_S : world.cycle_s + STEP;
        world.next_cycle = mono_add_ms(now, STEP * 1000);
        uint32_t lag_s = world.record_lag * STEP;
        world.recorded_s = world.cycle_s > lag_s ? world.cycle_s - lag_s : 0;
    }
    for (unsigned i = 0; i < world.sinks; i++) {
        for (unsigned n = 0; n < 8; n++) {
            (void)delivery_turn(world.delivery[i], now, world.cycle_s);
            (void)fetch_step(&world.net.fetch, now);
            serve(i);
        }
    }
    fake_advance(&world.machine, TURN_MS);
}

static void
run_cycles(unsigned cycles)
{
    for (unsigned i = 0; i < cycles * STEP * 1000 / TURN_MS; i++) {
        turn_world();
    }
}

static bool
has_cycle(const struct server *server, uint32_t cycle_s, unsigned times_max)
{
    unsigned cycle = (cycle_s - FIRST_S) / STEP;
    for (unsigned set = 0; set < SETS; set++) {
        for (unsigned point = 0; point < POINTS; point++) {
            unsigned got = server->got[cycle][set][point];
            if (got == 0 || got > times_max) {
                return false;
            }
        }
    }
    return true;
}

static void
check_all(const struct server *server, uint32_t first_s, uint32_t last_s, unsigned times_max)
{
    for (uint32_t s = first_s; s <= last_s; s += STEP) {
        if (!has_cycle(server, s, times_max)) {
            printf("cycle %u\n", s);
        }
        CHECK(has_cycle(server, s, times_max));
    }
}

static struct sink_status
status_of(unsigned index)
{
    struct sink_status status;
    delivery_status(world.delivery[index], &status);
    return status;
}

TEST(every_cycle_once)
{
    begin(1, &plain_kind, true);
    run_cycles(10);
    check_all(&world.server[0], FIRST_S, world.cycle_s, 1);
    struct sink_status status = status_of(0);
    CHECK_EQUAL_U64(status.state, SINK_STATE_LIVE);
    CHECK_EQUAL_U64(status.points_total, 10 * SETS * POINTS);
    CHECK_EQUAL_U64(status.cycles_total, 10);
    CHECK_EQUAL_U64(status.backlog_cycles, 0);
    CHECK_EQUAL_U64(status.lag_ms, 0);
}

TEST(live_first_then_gaps)
{
    begin(1, &plain_kind, true);
    run_cycles(5);
    world.server[0].mode = SERVER_DOWN;
    run_cycles(20);
    CHECK_EQUAL_U64(status_of(0).state, SINK_STATE_RETRYING);
    CHECK(status_of(0).lag_ms >= 19 * STEP * 1000);
    CHECK_EQUAL_U64(status_of(0).last_error, ERR_CONNECT);
    world.server[0].mode = SERVER_UP;
    world.server[0].first_s = 0;
    run_cycles(6);
    CHECK(world.server[0].first_s >= FIRST_S + 24 * STEP);
    check_all(&world.server[0], FIRST_S, world.cycle_s, 2);
    CHECK_EQUAL_U64(status_of(0).missed_total, 0);
    CHECK_EQUAL_U64(status_of(0).state, SINK_STATE_LIVE);
    CHECK_EQUAL_TEXT(world.said, "takes metrics again");
}

TEST(in_order)
{
    begin(1, &order_kind, true);
    run_cycles(5);
    world.server[0].mode = SERVER_DOWN;
    run_cycles(20);
    world.server[0].mode = SERVER_UP;
    run_cycles(8);
    check_all(&world.server[0], FIRST_S, world.cycle_s - 2 * STEP, 1);
    CHECK(!world.server[0].backwards);
    CHECK_EQUAL_U64(status_of(0).missed_total, 0);
}

// The recorder is away for long: what is live must not wait for ever, and what is
// owed still follows when it is recorded after all; what never was is missed.
TEST(in_order_gives_up)
{
    begin(1, &order_kind, true);
    run_cycles(2);
    world.server[0].mode = SERVER_DOWN;
    world.record_lag = 1000;
    run_cycles(4);
    world.server[0].mode = SERVER_UP;
    run_cycles(60);
    CHECK(has_cycle(&world.server[0], world.cycle_s, 1));
    CHECK_EQUAL_U64(status_of(0).missed_total, 0);
    CHECK(status_of(0).backlog_cycles >= 3);
    CHECK(!world.server[0].backwards);
    world.lost_from = FIRST_S + 3 * STEP;
    world.lost_to = world.lost_from;
    world.record_lag = 1;
    run_cycles(5);
    check_all(&world.server[0], FIRST_S, FIRST_S + 2 * STEP, 2);
    check_all(&world.server[0], FIRST_S + 4 * STEP, world.cycle_s, 2);
    CHECK_EQUAL_U64(status_of(0).missed_total, 1);
    CHECK_EQUAL_U64(status_of(0).backlog_cycles, 0);
}

TEST(without_an_archive)
{
    begin(1, &plain_kind, false);
    run_cycles(5);
    world.server[0].mode = SERVER_DOWN;
    run_cycles(10);
    world.server[0].mode = SERVER_UP;
    run_cycles(6);
    CHECK(has_cycle(&world.server[0], world.cycle_s, 1));
    struct sink_status status = status_of(0);
    CHECK_EQUAL_U64(status.cycles_total + status.missed_total, 21);
    CHECK(status.missed_total >= 8 && status.missed_total <= 14);
    CHECK_EQUAL_U64(status.backlog_cycles, 0);
}

// A store that takes every value as of now: after an outage, and after a restart, it
// gets the newest cycle and nothing from the history.
TEST(a_store_without_times)
{
    begin(1, &timeless_kind, true);
    run_cycles(5);
    world.server[0].mode = SERVER_DOWN;
    run_cycles(20);
    world.server[0].mode = SERVER_UP;
    run_cycles(6);
    CHECK(!world.server[0].backwards);
    CHECK(has_cycle(&world.server[0], world.cycle_s, 1));
    struct sink_status status = status_of(0);
    CHECK_EQUAL_U64(status.cycles_total + status.missed_total, 31);
    CHECK(status.missed_total >= 18 && status.missed_total <= 24);
    CHECK_EQUAL_U64(status.backlog_cycles, 0);
    kill_all();
    world.sinks = 0;
    run_cycles(5);
    world.sinks = 1;
    start_sink(0, &timeless_kind);
    run_cycles(5);
    CHECK(!world.server[0].backwards);
    CHECK(!has_cycle(&world.server[0], FIRST_S + 33 * STEP, 255));
    CHECK(has_cycle(&world.server[0], world.cycle_s, 1));
}

// Cycles that were not recorded are missed, and the rest is not held up.
TEST(holes_in_the_archive)
{
    begin(1, &plain_kind, true);
    run_cycles(3);
    world.server[0].mode = SERVER_DOWN;
    world.lost_from = FIRST_S + 5 * STEP;
    world.lost_to = FIRST_S + 7 * STEP;
    run_cycles(10);
    world.server[0].mode = SERVER_UP;
    run_cycles(6);
    check_all(&world.server[0], FIRST_S, FIRST_S + 4 * STEP, 2);
    check_all(&world.server[0], FIRST_S + 8 * STEP, world.cycle_s, 2);
    CHECK_EQUAL_U64(status_of(0).missed_total, 3);
}

TEST(an_archive_that_cannot_be_read)
{
    begin(1, &plain_kind, true);
    run_cycles(3);
    world.server[0].mode = SERVER_DOWN;
    run_cycles(5);
    world.archive_broken = true;
    world.server[0].mode = SERVER_UP;
    run_cycles(8);
    CHECK(has_cycle(&world.server[0], world.cycle_s, 1));
    CHECK(status_of(0).backlog_cycles >= 4);
    world.archive_broken = false;
    run_cycles(6);  // it is asked once a minute at least
    check_all(&world.server[0], FIRST_S, world.cycle_s, 2);
    CHECK_EQUAL_U64(status_of(0).missed_total, 0);
}

// Cycles that the archive has and that cannot be read are owed as long as it has
// them; all others, and what is live, go on.
static void
unreadable_cycles(const struct sink_kind *kind, unsigned cycles)
{
    begin(1, kind, true);
    run_cycles(3);
    world.server[0].mode = SERVER_DOWN;
    run_cycles(10);
    world.bad_s[0] = FIRST_S + 5 * STEP;
    world.bad_s[1] = FIRST_S + 7 * STEP;
    world.server[0].mode = SERVER_UP;
    run_cycles(cycles);
    check_all(&world.server[0], FIRST_S, FIRST_S + 4 * STEP, 2);
    check_all(&world.server[0], FIRST_S + 6 * STEP, FIRST_S + 6 * STEP, 2);
    check_all(&world.server[0], FIRST_S + 8 * STEP, world.cycle_s - STEP, 2);
    CHECK_EQUAL_U64(status_of(0).missed_total, 0);
    CHECK(status_of(0).unread_total >= 10);
    CHECK(strstr(status_of(0).why, "history") != NULL);
    CHECK(status_of(0).backlog_cycles >= 2 && status_of(0).backlog_cycles <= 3);
    // One is readable again, the other is dropped by the history.
    world.lost_from = world.lost_to = world.bad_s[1];
    world.bad_s[0] = world.bad_s[1] = 0;
    run_cycles(10);
    check_all(&world.server[0], FIRST_S, FIRST_S + 6 * STEP, 255);
    CHECK_EQUAL_U64(status_of(0).missed_total, 1);
    CHECK_EQUAL_U64(status_of(0).backlog_cycles, 0);
}

TEST(damaged_cycles)
{
    unreadable_cycles(&plain_kind, 40);
}

// Ten minutes for each of the two: those behind it wait for that.
TEST(damaged_cycles_in_order)
{
    unreadable_cycles(&order_kind, 160);
}

// Nobody knows what the server has: it is sent all that is recorded.
TEST(a_damaged_cursor)
{
    begin(1, &plain_kind, true);
    run_cycles(5);
    world.server[0].mode = SERVER_DOWN;
    run_cycles(5);
    kill_all();
    fake_add_file(&world.machine, "/state/sink-0", TEXT("damaged"));
    start_sink(0, &plain_kind);
    CHECK(strstr(world.said, "is sent again") != NULL);
    // Since when is not known while the history cannot be asked: that is no lag of
    // decades.
    world.archive_broken = true;
    run_cycles(5);
    CHECK(status_of(0).backlog_cycles >= 5 && status_of(0).backlog_cycles <= 7);
    CHECK(status_of(0).lag_ms <= 8 * STEP * 1000);
    world.archive_broken = false;
    world.server[0].mode = SERVER_UP;
    run_cycles(5);
    check_all(&world.server[0], FIRST_S, world.cycle_s, 3);
    CHECK_EQUAL_U64(status_of(0).missed_total, 0);
    CHECK_EQUAL_U64(status_of(0).backlog_cycles, 0);
}

TEST(refused_points_are_counted)
{
    begin(1, &plain_kind, true);
    run_cycles(2);
    world.server[0].status = 400;
    world.server[0].saying = "field type conflict";
    run_cycles(2);
    world.server[0].status = 204;
    run_cycles(2);
    struct sink_status status = status_of(0);
    CHECK_EQUAL_U64(status.refused_total[ERR_HTTP_400], 2 * SETS * POINTS);
    CHECK_EQUAL_U64(sink_status_refused(&status), 2 * SETS * POINTS);
    CHECK_EQUAL_U64(status.points_total, 4 * SETS * POINTS);
    CHECK_EQUAL_U64(sink_status_retried(&status), 0);
    CHECK(strstr(status.why, "field type conflict") != NULL);
    CHECK_EQUAL_U64(status.backlog_cycles, 0);
}

TEST(backing_off)
{
    begin(1, &plain_kind, true);
    run_cycles(1);
    world.server[0].mode = SERVER_DOWN;
    world.server[0].requests = 0;
    run_cycles(120);  // half an hour
    CHECK(world.server[0].requests >= 30);
    CHECK(world.server[0].requests <= 75);
}

static void
answers_of_an_hour(const struct sink_kind *kind)
{
    begin(1, kind, true);
    run_cycles(3);
    world.server[0].mode = SERVER_HOUR;
    world.server[0].requests = 0;
    run_cycles(HOUR_MS / 1000 / STEP + 10);
    struct sink_status status = status_of(0);
    CHECK(world.server[0].slow_ms_max >= TIMEOUT_MS - TURN_MS);
    CHECK(world.server[0].slow_ms_max <= TIMEOUT_MS + TURN_MS);
    CHECK(world.server[0].requests >= HOUR_MS / (60 * 1000 + TIMEOUT_MS));
    CHECK(status.retried_total[ERR_TIMEOUT] + 1 >= world.server[0].requests);
    CHECK_EQUAL_U64(sink_status_retried(&status), status.retried_total[ERR_TIMEOUT]);
    CHECK_EQUAL_U64(status.last_error, ERR_TIMEOUT);
    CHECK_EQUAL_U64(status.state, SINK_STATE_RETRYING);
    CHECK(status.backlog_cycles >= HOUR_MS / 1000 / STEP);
    CHECK(status.lag_ms >= HOUR_MS);
    world.server[0].mode = SERVER_UP;
    run_cycles(30);
    check_all(&world.server[0], FIRST_S, world.cycle_s, 3);
    CHECK_EQUAL_U64(status_of(0).missed_total, 0);
    CHECK_EQUAL_U64(status_of(0).backlog_cycles, 0);
}

// Given up at its limit, counted, and nothing is lost: requests, streams that are
// answered, and those whose peer's kernel confirms nothing.
TEST(an_answer_that_takes_an_hour)
{
    answers_of_an_hour(&plain_kind);
    answers_of_an_hour(&stream_kind);
    answers_of_an_hour(&quiet_kind);
}

TEST(one_bad_sink_slows_no_other)
{
    begin(3, &plain_kind, true);
    run_cycles(2);
    world.server[0].mode = SERVER_SILENT;
    world.server[1].mode = SERVER_DOWN;
    world.server[2].mode = SERVER_DOWN;
    run_cycles(10);
    world.server[2].mode = SERVER_UP;
    run_cycles(8);
    check_all(&world.server[2], FIRST_S, world.cycle_s, 2);
    CHECK_EQUAL_U64(status_of(2).backlog_cycles, 0);
    CHECK_EQUAL_U64(status_of(1).state, SINK_STATE_RETRYING);
}

// A sink that hangs in the middle of an archived cycle gives the archive away.
TEST(the_archive_is_taken_away)
{
    begin(2, &plain_kind, true);
    run_cycles(2);
    world.server[0].mode = SERVER_DOWN;
    world.server[1].mode = SERVER_DOWN;
    run_cycles(10);
    world.server[0].mode = SERVER_UP;
    for (unsigned i = 0; i < 10000 && world.archive.holder != world.delivery[0]; i++) {
        turn_world();
    }
    CHECK(world.archive.holder == world.delivery[0]);
    world.server[0].mode = SERVER_SILENT;
    world.server[1].mode = SERVER_UP;
    run_cycles(8);
    check_all(&world.server[1], FIRST_S, world.cycle_s, 2);
    CHECK_EQUAL_U64(status_of(1).backlog_cycles, 0);
}

TEST(setup_comes_first)
{
    begin(1, &setup_kind, true);
    run_cycles(2);
    CHECK_EQUAL_U64(world.server[0].setups, 2);
    world.server[0].status = 404;  // it forgot
    run_cycles(1);
    CHECK(world.server[0].setups >= 4);
    world.server[0].status = 204;
    run_cycles(4);
    check_all(&world.server[0], FIRST_S, world.cycle_s, 2);
    CHECK_EQUAL_U64(sink_status_refused(&(struct sink_status[]){status_of(0)}[0]), 0);
}

// Killed at any moment, with a server that fails in every way, a recorder that
// lags, and a disk that refuses: when all is well again, nothing is missing.
static void
random_life(const struct sink_kind *kind, uint64_t seed)
{
    begin(2, kind, true);
    world.random = seed;
    run_cycles(2);
    for (unsigned i = 0; i < 30; i++) {
        for (unsigned s = 0; s < world.sinks; s++) {
            world.server[s].mode =
                (enum server_mode)test_random_below(&world.random, SERVER_RANDOM + 1);
        }
        world.record_lag = 1 + (uint32_t)test_random_below(&world.random, 4);
        unsigned turns = (unsigned)test_random_below(&world.random, 900);
        for (unsigned turn = 0; turn < turns; turn++) {
            turn_world();
        }
        if (test_random_below(&world.random, 2) == 0) {
            kill_all();
            unsigned away = (unsigned)test_random_below(&world.random, 300);
            unsigned sinks = world.sinks;
            world.sinks = 0;
            for (unsigned turn = 0; turn < away; turn++) {
                turn_world();
            }
            world.sinks = sinks;
            for (unsigned s = 0; s < sinks; s++) {
                start_sink(s, kind);
            }
        }
    }
    world.record_lag = 1;
    for (unsigned s = 0; s < world.sinks; s++) {
        world.server[s].mode = SERVER_UP;
    }
    run_cycles(20);
    for (unsigned s = 0; s < world.sinks; s++) {
        check_all(&world.server[s], FIRST_S, world.cycle_s - 2 * STEP, 255);
        CHECK(status_of(s).backlog_cycles <= 2);
    }
}

TEST(killed_at_any_moment)
{
    uint64_t seed = test_seed();
    for (unsigned i = 0; i < 10; i++) {
        random_life(&plain_kind, test_random(&seed));
        random_life(&order_kind, test_random(&seed));
    }
}

TEST(shards_cover_everything_once)
{
    struct shard shard;
    CHECK(shard_parse(TEXT("0/3"), &shard) == -ERR_BAD_CONFIG);
    CHECK(shard_parse(TEXT("4/3"), &shard) == -ERR_BAD_CONFIG);
    CHECK(shard_parse(TEXT("1"), &shard) == -ERR_BAD_CONFIG);
    CHECK(shard_parse(TEXT("1/2/3"), &shard) == -ERR_BAD_CONFIG);
    CHECK(shard_parse(TEXT(""), &shard) == 0 && shard.count == 1);
    for (unsigned i = 0; i < 500; i++) {
        static struct metric_set set;
        static struct metric_set pod;
        char node[32];
        unsigned owners = 0;
        snprintf(node, sizeof node, "node-%u", i);
        set.entity = i % 5 == 0 ? ENTITY_CLUSTER : i % 5 == 1 ? ENTITY_NAMESPACE : ENTITY_NODE;
        set.label[SET_LABEL_NODE] = text_of(node);
        pod = set;
        pod.entity = ENTITY_POD;
        pod.label[SET_LABEL_POD] = TEXT("p");
        for (uint32_t number = 1; number <= 7; number++) {
            struct shard one = {number, 7};
            owners += shard_has(&one, &set);
            CHECK(set.entity != ENTITY_NODE || shard_has(&one, &set) == shard_has(&one, &pod));
        }
        CHECK_EQUAL_U64(owners, 1);
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"every cycle once", every_cycle_once},
        {"after an outage what is live comes first, then the gaps", live_first_then_gaps},
        {"in order: the gaps come first", in_order},
        {"in order: a broken recorder neither holds up for ever nor loses", in_order_gives_up},
        {"without an archive cycles are missed and counted", without_an_archive},
        {"a store without times is not sent the past", a_store_without_times},
        {"cycles that were not recorded are missed and counted", holes_in_the_archive},
        {"an archive that cannot be read is tried again", an_archive_that_cannot_be_read},
        {"cycles that cannot be read stay owed, others go on", damaged_cycles},
        {"in order: so, after ten minutes", damaged_cycles_in_order},
        {"a damaged cursor means that all is owed", a_damaged_cursor},
        {"refused points are counted by reason", refused_points_are_counted},
        {"a server that is away is asked once a minute at least", backing_off},
        {"an answer that takes an hour is given up at its limit", an_answer_that_takes_an_hour},
        {"one bad sink slows no other", one_bad_sink_slows_no_other},
        {"a sink that hangs loses the archive", the_archive_is_taken_away},
        {"setup comes first, and again when it is forgotten", setup_comes_first},
        {"killed at any moment nothing is lost", killed_at_any_moment},
        {"shards cover everything once", shards_cover_everything_once},
    };
    int failed = test_run(cases, ARRAY_COUNT(cases));
    end();
    return failed;
}
