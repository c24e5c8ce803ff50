// A table of events, a server that counts what it gets, and a delivery between them that
// may be killed. The clock stands until the world turns.
#include "../table/kit.h"

#include "../platform/fake.h"
#include "../platform/fake_fetch.h"
#include "sink/event_cursor.h"
#include "sink/event_delivery.h"
#include "sink/sink_event.h"
#include "table/event_ring.h"
#include "table/event_view.h"

#define HOUR_S 1700000040
#define TURN_MS 100
#define NAMES 400  // more than two tables hold
#define PATH "/state/event-sink"

enum mode { UP, DOWN, SILENT, LOSES_ANSWERS };

static struct fake machine;
static struct fake_fetch net;
static struct kit kit;
static bool has_table;
static enum mode mode;
static long status;
static const char *saying;
static uint32_t requests, setups, most_lines;
static uint32_t got[NAMES];     // times
static uint32_t counts[NAMES];  // the last count
static char order[4096];        // names as they came
static size_t order_used;
static struct sink sink;
static struct event_delivery *delivery;
static char said[300];
static unsigned char memory[1 << 17] __attribute__((aligned(16)));

// The kind: a line "NAME COUNT" an event.

static bool
kind_add_event(struct sink *its, struct sink_batch *batch, const struct sink_event *event)
{
    if (text_equal(event->reason, TEXT("Unsayable"))) {
        its->skipped_total++;
        return true;
    }
    if (batch->points == batch->limit_points) {
        return false;
    }
    CHECK(!batch->body.full);
    CHECK_EQUAL_U64(event->uid.size, 36);
    CHECK(text_starts(event->uid, TEXT("8b95273a-369c-499f-9bd0-")));
    CHECK_EQUAL_TEXT(event->message, "waits");
    CHECK(event->last.ms >= HOUR_S * INT64_C(1000));
    out_text(&batch->body, event->name);
    out_format(&batch->body, " %u\n", event->count);
    batch->points++;
    return true;
}

static int
kind_finish(struct sink *its, struct sink_batch *batch, struct sink_request *request)
{
    (void)its;
    *request = (struct sink_request){
        .method = TEXT("POST"), .path = TEXT("/write"), .body = out_view(&batch->body)};
    return 0;
}

static bool
kind_setup(struct sink *its, unsigned number, struct sink_request *request)
{
    (void)its;
    *request = (struct sink_request){.method = TEXT("POST"), .path = TEXT("/setup")};
    return number < 2;
}

static enum sink_verdict
kind_judge(struct sink *its, const struct sink_answer *answer, size_t *used,
           struct sink_result *result)
{
    (void)its;
    *used = answer->body.size;
    if (answer->status == 404) {
        *result = (struct sink_result){.error = ERR_HTTP_404};
        return SINK_SETUP;
    }
    enum sink_verdict verdict = sink_judge_status(answer, result);
    if (verdict == SINK_TAKEN && answer->body.size != 0) {
        *result = (struct sink_result){.refused = 1, .error = ERR_BAD_TYPE, .why = "one is bad"};
    }
    return verdict;
}

static const struct sink_kind kind = {
    .name = "test", .transport = SINK_HTTP, .default_port = 80, .default_host = "h",
    .batch_bytes = 16 * 1024, .batch_points = 1000, .add_event = kind_add_event,
    .finish = kind_finish, .setup = kind_setup, .judge = kind_judge,
};

// The world

static void
say(const struct sink *its, const char *sentence)
{
    (void)its;
    (void)snprintf(said, sizeof said, "%s", sentence);
}

static void
start(void)
{
    char sentence[200];
    struct arena arena;
    struct out why = out_of(sentence, sizeof sentence);
    memset(memory, 0, sizeof memory);
    fake_fetch_open(&net);
    sink = (struct sink){.kind = &kind, .uri = {.kind = TEXT("test"), .name = TEXT("test:h")},
                         .number = 1, .host = TEXT("h"), .port = 80, .events = true};
    struct event_delivery_config config = {
        .platform = &machine.platform, .sink = &sink, .cursor_path = PATH, .timeout_ms = 5000,
        .fetch = &net.fetch, .say = say,
    };
    size_t bytes = event_delivery_footprint(&sink);
    CHECK(bytes <= sizeof memory);
    arena_init(&arena, memory, bytes);
    CHECK(event_delivery_open(&arena, &config, &delivery, &why) == 0);
    CHECK_EQUAL_U64(arena.used, arena.size);
}

static void
forget_server(void)
{
    memset(got, 0, sizeof got);
    memset(counts, 0, sizeof counts);
    order_used = 0;
    order[0] = '\0';
}

static void
begin(void)
{
    fake_open(&machine, test_seed());
    machine.wall.ms = HOUR_S * MS_PER_S;
    fake_add_directory(&machine, "/state");
    kit_open(&kit, kit_capacity(1, 4, 4, 4));
    has_table = true;
    mode = UP;
    status = 204;
    saying = "";
    requests = setups = most_lines = 0;
    said[0] = '\0';
    forget_server();
    start();
}

static void
end(void)
{
    CHECK_EQUAL_U64(fake_open_handles(&machine), 0);
    kit_close(&kit);
    fake_close(&machine);
}

static void
put_of(unsigned number, uint32_t last_s, uint64_t count, const char *reason)
{
    char name[16];
    char uid[40];
    (void)snprintf(name, sizeof name, "e%u", number);
    (void)snprintf(uid, sizeof uid, "8b95273a-369c-499f-9bd0-%012u", number);
    struct event_object event = {
        .uid = text_of(uid), .namespace_name = TEXT("team"), .kind = TEXT("Pod"),
        .name = text_of(name), .reason = text_of(reason), .message = TEXT("waits"),
        .component = TEXT("kubelet"), .node = TEXT("n1"), .count = count,
        .first = {HOUR_S * INT64_C(1000)}, .last = {last_s * INT64_C(1000)},
    };
    table_put_event(kit.writer, 1, &event, false);
}

static void
put(unsigned number, uint64_t count)
{
    put_of(number, HOUR_S + number + 1, count, "BackOff");
}

static void
take_lines(struct text body)
{
    uint32_t lines = 0;
    while (body.size > 0) {
        struct text line;
        char text[64];
        unsigned number;
        unsigned count;
        (void)text_cut(body, '\n', &line, &body);
        (void)snprintf(text, sizeof text, TEXT_FORMAT, TEXT_ARGS(line));
        CHECK(sscanf(text, "e%u %u", &number, &count) == 2);
        CHECK(number < NAMES);
        got[number]++;
        CHECK(count >= counts[number]);
        counts[number] = count;
        order_used += (size_t)snprintf(order + order_used, sizeof order - order_used, "%u ",
                                       number);
        CHECK(order_used < sizeof order);
        lines++;
    }
    most_lines = lines > most_lines ? lines : most_lines;
}

static void
serve(void)
{
    struct fake_request *request = fake_fetch_find_host(&net, "h");
    if (request == NULL || mode == SILENT) {
        return;
    }
    bool is_setup = text_equal(request->request.path, TEXT("/setup"));
    requests++;
    setups += is_setup;
    if (mode == DOWN) {
        fake_fetch_end(request, ERR_CONNECT);
        return;
    }
    if (status / 100 == 2 && !is_setup) {
        take_lines(request->request.body);
    }
    if (mode == LOSES_ANSWERS && !is_setup) {
        fake_fetch_end(request, ERR_TIMEOUT);
    } else {
        fake_fetch_answer(request, is_setup ? 200 : status,
                          is_setup ? TEXT("") : text_of(saying));
    }
}

static void
turn(void)
{
    struct mono_ns now = machine.mono;
    for (unsigned i = 0; i < 8; i++) {
        (void)event_delivery_turn(delivery, now, has_table ? &kit.reader : NULL);
        (void)fetch_step(&net.fetch, now);
        serve();
    }
    fake_advance(&machine, TURN_MS);
}

static void
run(unsigned seconds)
{
    for (unsigned i = 0; i < seconds * 1000 / TURN_MS; i++) {
        turn();
    }
}

static struct sink_status
status_now(void)
{
    struct sink_status now;
    event_delivery_status(delivery, &now);
    CHECK_EQUAL_U64(now.events, 1);
    CHECK_EQUAL_TEXT(text_of(now.name), "events test:h");
    return now;
}

static void
expect_each(unsigned first, unsigned last, uint32_t times)
{
    for (unsigned i = first; i <= last; i++) {
        CHECK_EQUAL_U64(got[i], times);
    }
}

TEST(sends_in_the_order_of_changes)
{
    begin();
    CHECK_EQUAL_U64(status_now().state, SINK_STATE_WAITING);
    run(1);
    CHECK_EQUAL_U64(requests, 0);  // nothing is due: nobody is asked anything
    put(3, 1);
    put(1, 1);
    put(2, 1);
    run(1);
    CHECK_EQUAL_TEXT(text_of(order), "3 1 2 ");
    CHECK_EQUAL_U64(setups, 2);
    put(1, 4);
    put(2, 1);  // nothing new
    run(1);
    CHECK_EQUAL_TEXT(text_of(order), "3 1 2 1 ");
    CHECK_EQUAL_U64(counts[1], 4);
    CHECK_EQUAL_U64(setups, 2);
    struct sink_status now = status_now();
    CHECK_EQUAL_U64(now.state, SINK_STATE_LIVE);
    CHECK_EQUAL_U64(now.points_total, 4);
    CHECK_EQUAL_U64(now.backlog_cycles, 0);
    CHECK_EQUAL_U64(now.missed_total, 0);
    CHECK_EQUAL_U64(now.lag_ms, 0);
    end();
}

TEST(batches_are_bounded)
{
    begin();
    for (unsigned i = 0; i < 150; i++) {
        put(i, 1);
    }
    run(1);
    expect_each(0, 149, 1);
    CHECK(most_lines <= 100);
    CHECK_EQUAL_U64(requests - setups, 2);
    end();
}

TEST(tries_again_for_ever)
{
    begin();
    mode = DOWN;
    put(1, 1);
    run(3600);
    struct sink_status now = status_now();
    CHECK(requests > 60 && requests < 140);  // once in 30 to 60 s in the end
    CHECK_EQUAL_U64(now.state, SINK_STATE_RETRYING);
    CHECK_EQUAL_U64(now.retried_total[ERR_CONNECT], requests);
    CHECK_EQUAL_U64(now.backlog_cycles, 1);
    CHECK(now.lag_ms > 3000 * INT64_C(1000));
    CHECK_EQUAL_TEXT(text_of(said), "fake: connect");
    put(2, 1);
    mode = UP;
    run(61);
    CHECK_EQUAL_TEXT(text_of(said), "takes events again");
    CHECK_EQUAL_TEXT(text_of(order), "1 2 ");
    status = 503;
    put(3, 1);
    run(10);
    CHECK_EQUAL_U64(got[3], 0);
    status = 204;
    run(20);
    expect_each(1, 3, 1);
    CHECK_EQUAL_U64(status_now().missed_total, 0);
    end();
}

TEST(what_is_refused_is_passed_over)
{
    begin();
    status = 400;
    put(1, 1);
    put(2, 1);
    run(1);
    CHECK_EQUAL_U64(status_now().refused_total[ERR_HTTP_400], 2);
    status = 204;
    saying = "one is bad";
    put(3, 1);
    put(4, 1);
    run(1);
    struct sink_status now = status_now();
    CHECK_EQUAL_U64(now.refused_total[ERR_BAD_TYPE], 1);
    CHECK_EQUAL_U64(now.points_total, 1);
    saying = "";
    put_of(5, HOUR_S + 9, 1, "Unsayable");
    run(1);
    put(6, 1);
    run(1);
    CHECK_EQUAL_TEXT(text_of(order), "3 4 6 ");
    CHECK_EQUAL_U64(status_now().skipped_total, 1);
    CHECK_EQUAL_U64(status_now().backlog_cycles, 0);
    end();
}

TEST(setup_is_made_again)
{
    begin();
    put(1, 1);
    run(1);
    CHECK_EQUAL_U64(setups, 2);
    status = 404;
    put(2, 1);
    turn();
    status = 204;
    run(5);
    CHECK(setups >= 4);
    expect_each(1, 2, 1);
    end();
}

TEST(goes_on_after_a_restart)
{
    begin();
    for (unsigned i = 0; i < 10; i++) {
        put(i, 1);
    }
    run(3);
    put(10, 1);
    put(2, 5);
    start();
    run(3);
    expect_each(0, 1, 1);
    expect_each(3, 10, 1);
    CHECK_EQUAL_U64(got[2], 2);
    // Killed before anything was taken: nothing is lost.
    mode = SILENT;
    put(11, 1);
    run(3);
    mode = UP;
    start();
    run(3);
    expect_each(11, 11, 1);
    // The answer got lost, and then the process: twice is all that may happen.
    mode = LOSES_ANSWERS;
    put(12, 1);
    turn();
    mode = UP;
    start();
    run(3);
    expect_each(12, 12, 2);
    CHECK_EQUAL_U64(status_now().missed_total, 0);
    // In order: even what was taken in this very moment is known.
    put(13, 1);
    turn();
    event_delivery_stop(delivery);
    start();
    run(3);
    expect_each(13, 13, 1);
    end();
}

TEST(what_makes_room_is_counted)
{
    begin();
    uint32_t limit = kit.capacity.events;
    for (unsigned i = 0; i < limit; i++) {
        put(i, 1);
    }
    run(3);
    CHECK_EQUAL_U64(status_now().missed_total, 0);
    mode = DOWN;
    // Those that the server has make room first; one batch is under way.
    for (unsigned i = limit; i < 2 * limit; i++) {
        put(i, 1);
        turn();
    }
    CHECK_EQUAL_U64(status_now().missed_total, 0);
    for (unsigned i = 2 * limit; i < 2 * limit + 20; i++) {
        put(i, 1);
        turn();
    }
    // The batch that is under way was read, and comes.
    uint64_t missed = status_now().missed_total;
    mode = UP;
    run(90);
    CHECK_EQUAL_U64(status_now().missed_total, missed);
    uint64_t never = 0;
    for (unsigned i = 0; i < 2 * limit + 20; i++) {
        never += got[i] == 0;
    }
    CHECK_EQUAL_U64(missed, never);
    CHECK(missed >= 19 && missed <= 20);
    // Kept across restarts.
    start();
    CHECK_EQUAL_U64(status_now().missed_total, missed);
    run(1);
    CHECK_EQUAL_U64(status_now().missed_total, missed);
    end();
}

TEST(what_makes_room_in_its_absence_is_counted_at_most)
{
    begin();
    uint32_t limit = kit.capacity.events;
    for (unsigned i = 0; i < limit; i++) {
        put(i, 1);
    }
    run(3);
    for (unsigned i = limit; i < 2 * limit + 80; i++) {
        put(i, 1);
    }
    start();
    run(3);
    uint64_t never = 0;
    for (unsigned i = 0; i < 2 * limit + 80; i++) {
        never += got[i] == 0;
    }
    CHECK_EQUAL_U64(never, 80);
    uint64_t missed = status_now().missed_total;
    CHECK(missed >= never && missed <= limit + 80);
    end();
}

// The cluster lists its events again.
static void
make_table_anew(uint64_t key)
{
    kit_close(&kit);
    kit_open(&kit, kit_capacity(1, 4, 4, 4));
    table_writer_header(kit.writer)->hash_key = (struct hash_key){key, 1};
}

TEST(a_table_made_anew_starts_over)
{
    begin();
    put(1, 1);
    put(2, 1);
    put(3, 2);
    run(3);
    has_table = false;
    run(3);
    make_table_anew(77);
    has_table = true;
    put(2, 1);
    put(4, 1);
    put(3, 3);
    run(3);
    CHECK_EQUAL_TEXT(text_of(order), "1 2 3 4 3 ");
    // The same after a restart.
    make_table_anew(78);
    put(1, 1);
    put(3, 3);
    put(5, 1);
    start();
    run(3);
    CHECK_EQUAL_TEXT(text_of(order), "1 2 3 4 3 5 ");
    CHECK_EQUAL_U64(status_now().missed_total, 0);
    // A batch of the old table is under way: it counts, but not for the new one.
    mode = DOWN;
    put(6, 1);
    put(7, 1);
    run(1);
    make_table_anew(79);
    put(8, 1);
    put(7, 1);
    mode = UP;
    run(61);
    CHECK_EQUAL_TEXT(text_of(order), "1 2 3 4 3 5 6 7 8 ");
    end();
}

TEST(a_damaged_file_starts_over)
{
    struct text content;
    begin();
    put(1, 1);
    run(3);
    CHECK(fake_content(&machine, PATH, &content));
    fake_add_file(&machine, PATH, text_sub(content, 0, content.size - 1));
    start();
    CHECK(strstr(said, "not usable") != NULL);
    CHECK_EQUAL_U64(status_now().last_error, ERR_MALFORMED);
    run(3);
    expect_each(1, 1, 2);
    end();
}

TEST(a_disk_that_cannot_be_written)
{
    begin();
    fake_fail(&machine, FAKE_FILE_WRITE, 1, true, 0);
    put(1, 1);
    run(3);
    expect_each(1, 1, 1);
    CHECK(strstr(said, "cannot be written to --state-dir") != NULL);
    CHECK_EQUAL_U64(status_now().cursor_error, ERR_DISK_FULL);
    fake_heal(&machine);
    run(10);
    CHECK_EQUAL_U64(status_now().cursor_error, 0);
    start();
    run(3);
    expect_each(1, 1, 1);
    end();
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"sends in the order of changes", sends_in_the_order_of_changes},
        {"batches are bounded", batches_are_bounded},
        {"tries again for ever", tries_again_for_ever},
        {"what is refused is passed over", what_is_refused_is_passed_over},
        {"setup is made again", setup_is_made_again},
        {"goes on after a restart", goes_on_after_a_restart},
        {"what makes room is counted", what_makes_room_is_counted},
        {"what makes room in its absence is counted at most",
         what_makes_room_in_its_absence_is_counted_at_most},
        {"a table made anew starts over", a_table_made_anew_starts_over},
        {"a disk that cannot be written", a_disk_that_cannot_be_written},
        {"a damaged file starts over", a_damaged_file_starts_over},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
