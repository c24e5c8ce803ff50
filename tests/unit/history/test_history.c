#include "history/history.h"

#include "kit.h"

static struct kit kit;

#define START 1700000000u

static struct replay *
new_replay(void)
{
    return replay_new(&kit.arena);
}

static void
record_all(uint32_t first, uint32_t cycles)
{
    for (uint32_t i = 0; i < cycles; i++) {
        CHECK_EQUAL_U64((uint64_t)-kit_record(&kit, first + i * kit.config.resolution_s), 0);
        CHECK_EQUAL_U64((uint64_t)-kit_maintain(&kit), 0);
    }
}

TEST(cycles_come_back_as_they_were)
{
    kit_open(&kit, 1, 60, 64 << 20);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    struct replay *replay = new_replay();
    uint32_t cycle_s = 0;
    unsigned count = 0;
    record_all(START - START % 60, 100);
    while (replay_next_cycle(replay, kit.history, cycle_s, &cycle_s) == 0) {
        CHECK_EQUAL_U64(kit_check_cycle(replay, kit.history, cycle_s), kit_sets_of(&kit, cycle_s));
        count++;
    }
    CHECK_EQUAL_U64(count, 100);
    struct history_use use;
    CHECK(history_use(kit.history, &use) == 0);
    CHECK_EQUAL_U64(use.bad_blocks_total, 0);
    CHECK_EQUAL_U64(use.newest_s[TIER_RAW], START - START % 60 + 99 * 60);
    kit_close(&kit);
}

// --- Series

struct seen {
    const struct history_ask *ask;
    uint32_t index;
    unsigned metric;
    unsigned count;
    int64_t last_ms;
};

static bool
check_raw(void *context, const struct history_point *point)
{
    struct seen *seen = context;
    uint32_t time_s = (uint32_t)(point->time.ms / 1000);
    struct metric_value truth = kit_value(ENTITY_POD, seen->index, seen->metric, time_s);
    CHECK(point->time.ms > seen->last_ms);
    CHECK(kit_is_there(ENTITY_POD, seen->index, time_s));
    CHECK(kit_has(ENTITY_POD, seen->index, seen->metric, time_s));
    CHECK(kit_equal(&point->last, &truth));
    seen->last_ms = point->time.ms;
    seen->count++;
    return true;
}

static struct history_ask
ask_of(uint32_t index, unsigned metric, uint32_t first_s, uint32_t last_s, int64_t step_ms)
{
    kit_out = out_of(kit_texts, sizeof kit_texts);
    return (struct history_ask){.name = {.entity = ENTITY_POD,
                                         .space = kit_text("space-", index % KIT_SPACES + 1),
                                         .pod = kit_text("pod-", index)},
                                .metric = text_of(metric_info((enum metric)metric)->name),
                                .start = {(int64_t)first_s * 1000},
                                .end = {(int64_t)last_s * 1000},
                                .step_ms = step_ms};
}

static unsigned
truth_count(uint32_t index, unsigned metric, uint32_t first_s, uint32_t last_s)
{
    unsigned count = 0;
    for (uint32_t at = first_s; at <= last_s; at += kit.config.resolution_s) {
        count += kit_is_there(ENTITY_POD, index, at) && kit_has(ENTITY_POD, index, metric, at);
    }
    return count;
}

TEST(series_are_whole)
{
    kit_open(&kit, 1, 60, 64 << 20);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    uint32_t first = START - START % 60;
    uint32_t last = first + 99 * 60;
    record_all(first, 100);
    for (uint32_t index = 1; index <= kit.pods; index++) {
        struct history_ask ask = ask_of(index, METRIC_CPU_USAGE_RATE, first, last, 0);
        struct seen seen = {&ask, index, METRIC_CPU_USAGE_RATE, 0, 0};
        bool known = false;
        char id[32];
        snprintf(id, sizeof id, "uid-%u", index);
        CHECK_EQUAL_U64((uint64_t)-history_read(kit.history, &ask, check_raw, &seen, &known), 0);
        CHECK(known);
        CHECK_EQUAL_U64(seen.count, truth_count(index, METRIC_CPU_USAGE_RATE, first, last));
        ask.name = (struct history_name){.entity = ENTITY_POD, .pod_id = text_of(id)};
        ask.start.ms += 33 * 60000;
        struct seen part = {&ask, index, METRIC_CPU_USAGE_RATE, 0, 0};
        CHECK(history_read(kit.history, &ask, check_raw, &part, &known) == 0);
        CHECK_EQUAL_U64(part.count,
                        truth_count(index, METRIC_CPU_USAGE_RATE, first + 33 * 60, last));
    }
    struct history_ask ask = ask_of(777, METRIC_CPU_USAGE_RATE, first, last, 0);
    bool known = true;
    CHECK(history_read(kit.history, &ask, check_raw, NULL, &known) == 0);
    CHECK(!known);
    kit_close(&kit);
}

static bool
count_points(void *context, const struct history_point *point)
{
    unsigned *count = context;
    (void)point;
    return ++*count < 1000;
}

TEST(labelled_series)
{
    kit_open(&kit, 1, 60, 64 << 20);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    uint32_t first = START - START % 60;
    record_all(first, 40);
    struct history_ask ask = ask_of(5, METRIC_FILESYSTEM_USAGE, first, first + 39 * 60, 0);
    unsigned count = 0;
    bool known;
    ask.resource_id = TEXT("Volume:5");
    CHECK(history_read(kit.history, &ask, count_points, &count, &known) == 0);
    CHECK_EQUAL_U64(count, 40);
    count = 0;
    ask.resource_id = TEXT("Volume:no");
    CHECK(history_read(kit.history, &ask, count_points, &count, &known) == 0);
    CHECK_EQUAL_U64(count, 0);
    ask = ask_of(9, METRIC_FILESYSTEM_USAGE, first, first + 39 * 60, 0);
    ask.metric = TEXT("nvidia.com/gpu/request");
    CHECK(history_read(kit.history, &ask, count_points, &count, &known) == 0);
    CHECK_EQUAL_U64(count, 40);
    kit_close(&kit);
}

// --- Names

// How many there are, in the alphabet's order; *is_there is set when `wanted` is one.
static unsigned
count_metrics(const struct history_name *name, uint32_t start_s, uint32_t end_s,
              const char *wanted, bool *is_there)
{
    struct wall_ms start = {(int64_t)start_s * 1000};
    struct wall_ms end = {(int64_t)end_s * 1000};
    char metric[64] = "";
    char last[64];
    unsigned count = 0;
    int more;
    for (;; count++) {
        strcpy(last, metric);
        struct out out = out_of(metric, sizeof metric);
        more = history_next_metric(kit.history, name, start, end, text_of(last), &out);
        if (more <= 0) {
            break;
        }
        CHECK(strcmp(last, out_c_string(&out)) < 0);
        *is_there |= strcmp(metric, wanted) == 0;
    }
    CHECK_EQUAL_U64((uint64_t)-more, 0);
    return count;
}

TEST(names_in_order)
{
    kit_open(&kit, 1, 60, 64 << 20);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    uint32_t first = START - START % 60;
    struct wall_ms start = {(int64_t)first * 1000};
    struct wall_ms end = {(int64_t)(first + 20 * 60) * 1000};
    struct history_name parent = {.entity = ENTITY_POD, .space = TEXT("space-2")};
    char last[64] = "";
    unsigned count = 0;
    record_all(first, 20);
    for (;;) {
        char name[64];
        struct out out = out_of(name, sizeof name);
        int more = history_next_name(kit.history, &parent, start, end, text_of(last), &out);
        CHECK(more >= 0);
        if (more == 0) {
            break;
        }
        CHECK(strcmp(last, out_c_string(&out)) < 0);
        strcpy(last, name);
        count++;
    }
    CHECK_EQUAL_U64(count, (KIT_PODS - 1 + 1) / 2);
    struct history_name pod = {
        .entity = ENTITY_POD, .space = TEXT("space-2"), .pod = TEXT("pod-17")};
    bool has_gpu = false;
    CHECK(count_metrics(&pod, first, first + 20 * 60, "nvidia.com/gpu/request", &has_gpu) > 20);
    CHECK(has_gpu);
    kit_close(&kit);
}

// While nothing answers, windows begin that have no value of anything, and what
// changes meanwhile is another version of itself without one.
TEST(names_of_metrics_outlast_silence)
{
    static const struct history_name names[] = {
        {.entity = ENTITY_CLUSTER},
        {.entity = ENTITY_NODE, .node = TEXT("node-1")},
        {.entity = ENTITY_POD, .space = TEXT("space-2"), .pod = TEXT("pod-5")},
    };
    kit_open(&kit, 1, 60, 64 << 20);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    uint32_t first = START - START % 60;
    record_all(first, 100);
    kit_silent_s = first + 100 * 60;
    for (uint32_t i = 0; i < 40; i++) {
        record_all(kit_silent_s + i * 60, 1);
        for (unsigned at = 0; at < sizeof names / sizeof *names; at++) {
            bool is_there = false;
            CHECK(count_metrics(&names[at], first, kit_silent_s + i * 60, "", &is_there) > 5);
        }
    }
    kit_close(&kit);
}

// --- Two at once

TEST(one_writer_many_readers)
{
    static struct kit other;
    static unsigned char memory[4 << 20] __attribute__((aligned(16)));
    struct arena arena;
    char text[256];
    struct out why = out_of(text, sizeof text);
    struct history *reader;
    bool set_aside;
    kit_open(&kit, 1, 60, 64 << 20);
    struct history_config config = kit.config;
    config.writer = false;
    config.capacity = NULL;
    arena_init(&arena, memory, sizeof memory);
    CHECK_EQUAL_U64((uint64_t)-history_open(&arena, &config, &reader, &set_aside, &why),
                    ERR_NO_FILE);
    CHECK_EQUAL_U64(arena.used, history_footprint(&config));
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    CHECK_EQUAL_U64(kit.arena.used, history_footprint(&kit.config));
    other.config = kit.config;
    arena_init(&other.arena, other.memory, sizeof other.memory);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&other), ERR_BUSY);
    CHECK_EQUAL_TEXT(text_of(other.why), "history /data/history: another process writes into it");
    record_all(START - START % 60, 5);
    why.used = 0;
    CHECK_EQUAL_U64((uint64_t)-history_reopen(reader, &why), 0);
    struct replay *replay = replay_new(&arena);
    uint32_t cycle_s = 0;
    for (unsigned i = 0; i < 20; i++) {
        CHECK(replay_next_cycle(replay, reader, cycle_s, &cycle_s) == 0);
        CHECK_EQUAL_U64(kit_check_cycle(replay, reader, cycle_s), kit_sets_of(&kit, cycle_s));
        record_all(START - START % 60 + (5 + i) * 60, 1);
    }
    history_close(reader);
    kit_close(&kit);
}

// The file grows between any two questions of a reader: that is no damage.
static struct {
    bool due;
    uint32_t next_s;
} growth;

static int
status_and_grow(void *state, const char *path, struct platform_status *status)
{
    int error = kit.fake.platform.ops->file_status(state, path, status);
    if (growth.due) {
        growth.due = false;
        record_all(growth.next_s, 1);
        growth.next_s += 60;
    }
    return error;
}

TEST(a_file_that_grows_while_it_is_looked_at)
{
    static unsigned char memory[4 << 20] __attribute__((aligned(16)));
    static struct platform_ops ops;
    struct arena arena;
    char text[256];
    struct out why = out_of(text, sizeof text);
    struct history *reader;
    bool set_aside;
    kit_open(&kit, 1, 60, 64 << 20);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    record_all(START - START % 60, 5);
    ops = *kit.fake.platform.ops;
    ops.file_status = status_and_grow;
    struct platform platform = kit.fake.platform;
    platform.ops = &ops;
    struct history_config config = kit.config;
    config.platform = &platform;
    config.writer = false;
    config.capacity = NULL;
    arena_init(&arena, memory, sizeof memory);
    CHECK_EQUAL_U64((uint64_t)-history_open(&arena, &config, &reader, &set_aside, &why), 0);
    struct replay *replay = replay_new(&arena);
    growth.next_s = START - START % 60 + 5 * 60;
    for (unsigned i = 0; i < 40; i++) {
        uint32_t cycle_s;
        growth.due = true;
        CHECK_EQUAL_U64((uint64_t)-replay_next_cycle(replay, reader, 0, &cycle_s), 0);
    }
    // One that is cut off is, though what is read still lies before the cut.
    int file;
    uint32_t cycle_s;
    struct platform_status status;
    CHECK(platform_file_status(&kit.fake.platform, KIT_PATH, &status) == 0);
    CHECK(platform_file_open(&kit.fake.platform, KIT_PATH, PLATFORM_WRITE, 0, &file) == 0);
    CHECK(platform_file_truncate(&kit.fake.platform, file, status.size - 4096) == 0);
    platform_file_close(&kit.fake.platform, file);
    CHECK_EQUAL_U64((uint64_t)-replay_next_cycle(replay, reader, 0, &cycle_s), ERR_MALFORMED);
    history_close(reader);
    kit_close(&kit);
}

TEST(times_only_grow)
{
    kit_open(&kit, 1, 60, 64 << 20);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    struct replay *replay = new_replay();
    uint32_t first = START - START % 60;
    record_all(first, 20);
    CHECK_EQUAL_U64((uint64_t)-kit_record(&kit, first + 19 * 60), ERR_BAD_TIME);
    CHECK_EQUAL_U64((uint64_t)-kit_record(&kit, first + 19 * 60 - HISTORY_STEP_BACK_S),
                    ERR_BAD_TIME);
    record_all(first + 86400, 20);
    CHECK_EQUAL_U64(kit_check_cycle(replay, kit.history, first + 19 * 60),
                    kit_sets_of(&kit, first + 19 * 60));
    CHECK_EQUAL_U64(kit_check_cycle(replay, kit.history, first + 86400 + 19 * 60),
                    kit_sets_of(&kit, first + 86400 + 19 * 60));
    CHECK_EQUAL_U64((uint64_t)-replay_begin(replay, kit.history, first + 40000), ERR_NO_FILE);
    kit_close(&kit);
}

static void
put_pod(uint32_t cycle_s, uint64_t identity, const char *labels)
{
    static struct metric_set set;
    set = *kit_set(ENTITY_POD, 1, cycle_s);
    set.identity = identity;
    set.label[SET_LABEL_LABELS] = text_of(labels);
    CHECK_EQUAL_U64((uint64_t)-history_begin_cycle(kit.history, cycle_s), 0);
    CHECK_EQUAL_U64((uint64_t)-history_put(kit.history, 1, &set), 0);
    CHECK(history_knows(kit.history, 1, &set) == (identity != 0));
    CHECK_EQUAL_U64((uint64_t)-history_end_cycle(kit.history), 0);
}

// Texts are looked at when the identity changed, and when there is none.
TEST(an_identity_stands_for_the_labels)
{
    struct history_use use;
    kit_open(&kit, 1, 60, 64 << 20);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    put_pod(START, 7, "app:a");
    put_pod(START + 60, 7, "");  // as known rows come
    put_pod(START + 120, 8, "app:a");
    CHECK(history_use(kit.history, &use) == 0);
    CHECK_EQUAL_U64(use.entities, 1);
    put_pod(START + 180, 9, "app:b");
    put_pod(START + 240, 0, "app:b");
    CHECK(history_use(kit.history, &use) == 0);
    CHECK_EQUAL_U64(use.entities, 2);
    put_pod(START + 300, 0, "app:c");
    CHECK(history_use(kit.history, &use) == 0);
    CHECK_EQUAL_U64(use.entities, 3);
    kit_close(&kit);
}

// A restarted writer goes on in the same window, with other resolutions too.
TEST(a_restart_goes_on)
{
    kit_open(&kit, 1, 60, 64 << 20);
    uint32_t at = START - START % 60;
    uint32_t resolutions[] = {60, 10, 60, 30};
    for (unsigned round = 0; round < ARRAY_COUNT(resolutions); round++) {
        kit.config.resolution_s = resolutions[round];
        CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
        record_all(at, 21);
        at += 21 * 60;
        history_close(kit.history);
    }
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    struct replay *replay = new_replay();
    uint32_t cycle_s = 0;
    unsigned count = 0;
    while (replay_next_cycle(replay, kit.history, cycle_s, &cycle_s) == 0) {
        CHECK_EQUAL_U64(kit_check_cycle(replay, kit.history, cycle_s), kit_sets_of(&kit, cycle_s));
        count++;
    }
    CHECK_EQUAL_U64(count, 84);
    kit_close(&kit);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"cycles_come_back_as_they_were", cycles_come_back_as_they_were},
        {"series_are_whole", series_are_whole},
        {"labelled_series", labelled_series},
        {"names_in_order", names_in_order},
        {"names_of_metrics_outlast_silence", names_of_metrics_outlast_silence},
        {"one_writer_many_readers", one_writer_many_readers},
        {"an_identity_stands_for_the_labels", an_identity_stands_for_the_labels},
        {"a_file_that_grows_while_it_is_looked_at", a_file_that_grows_while_it_is_looked_at},
        {"times_only_grow", times_only_grow},
        {"a_restart_goes_on", a_restart_goes_on},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
