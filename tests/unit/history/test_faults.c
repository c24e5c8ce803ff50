// What the machine may do to a history, and what is left of it.
#include "kit.h"

#define START (1700000000u - 1700000000u % 960)
#define BYTES (64 << 20)

static struct kit kit;
static uint64_t seed;

static void
open_small(uint64_t of_seed)
{
    kit_open(&kit, of_seed, 60, BYTES);
    kit.pods = 4;
    kit.containers = 3;
}

// The newest cycle that was acknowledged, 0 = none.
static uint32_t acknowledged_s;

static void
record_some(uint32_t first, unsigned cycles)
{
    for (unsigned i = 0; i < cycles; i++) {
        uint32_t cycle_s = first + i * 60;
        if (kit_record(&kit, cycle_s) == 0) {
            acknowledged_s = cycle_s;
        }
        (void)kit_maintain(&kit);
    }
}

// Everything that was acknowledged is there and right, and what else is there is
// right. Returns the cycles.
static unsigned
check_all(uint32_t acknowledged)
{
    struct replay *replay = replay_new(&kit.arena);
    uint32_t cycle_s = 0;
    uint32_t last_s = 0;
    unsigned count = 0;
    while (replay_next_cycle(replay, kit.history, cycle_s, &cycle_s) == 0) {
        CHECK_EQUAL_U64(kit_check_cycle(replay, kit.history, cycle_s), kit_sets_of(&kit, cycle_s));
        last_s = cycle_s;
        count++;
    }
    CHECK(last_s >= acknowledged);
    return count;
}

TEST(power_cut_at_every_change)
{
    for (uint64_t nth = 1;; nth++) {
        open_small(seed + nth);
        CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
        record_some(START, 14);
        fake_fail(&kit.fake, FAKE_CHANGE, nth, true, 0);
        record_some(START + 14 * 60, 4);
        bool met = kit.fake.faults_met > 0;
        history_close(kit.history);
        fake_power_cut(&kit.fake);
        CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
        CHECK(!kit.set_aside);
        unsigned count = check_all(acknowledged_s);
        CHECK(count >= (acknowledged_s - START) / 60 + 1);
        record_some(START + 30 * 60, 20);
        CHECK_EQUAL_U64(acknowledged_s, START + 49 * 60);
        CHECK_EQUAL_U64(check_all(acknowledged_s), count + 20);
        CHECK_EQUAL_U64((uint64_t)-history_reopen(kit.history, &(struct out){0}), 0);
        kit_close(&kit);
        if (!met) {
            printf("power cut at %llu changes\n", (unsigned long long)nth);
            return;
        }
    }
}

// Also while the file is made: then there is a history or none, never half a one.
TEST(power_cut_at_the_beginning)
{
    for (uint64_t nth = 1;; nth++) {
        open_small(seed + nth);
        fake_fail(&kit.fake, FAKE_CHANGE, nth, true, 0);
        int error = kit_open_history(&kit);
        bool met = kit.fake.faults_met > 0;
        CHECK(error == 0 || met);
        history_close(kit.history);
        fake_power_cut(&kit.fake);
        CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
        CHECK(!kit.set_aside);
        acknowledged_s = 0;
        record_some(START, 2);
        CHECK_EQUAL_U64(check_all(acknowledged_s), 2);
        kit_close(&kit);
        if (!met) {
            return;
        }
    }
}

// Each operation fails once or for ever; afterwards the history goes on.
TEST(every_operation_fails)
{
    struct fake_sweep sweep = {0};
    while (fake_sweep_next(&sweep)) {
        open_small(seed);
        fake_plan(&kit.fake, &sweep);
        int error = kit_open_history(&kit);
        acknowledged_s = 0;
        if (error == 0) {
            record_some(START + 12 * 60, 6);
        }
        fake_done(&kit.fake, &sweep);
        fake_heal(&kit.fake);
        uint32_t before = acknowledged_s;
        CHECK_EQUAL_U64((uint64_t)-history_reopen(kit.history, &(struct out){0}), 0);
        record_some(START + 40 * 60, 2);
        CHECK_EQUAL_U64(acknowledged_s, START + 41 * 60);
        unsigned count = check_all(acknowledged_s);
        CHECK(count >= 2 && (before == 0 || count > 2));
        kit_close(&kit);
    }
}

TEST(a_full_disk)
{
    open_small(seed);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    record_some(START, 10);
    struct text content;
    CHECK(fake_content(&kit.fake, KIT_PATH, &content));
    kit.fake.disk_limit = content.size + 3000;
    uint32_t before = acknowledged_s;
    record_some(START + 10 * 60, 10);
    struct history_use use;
    CHECK(history_use(kit.history, &use) == 0);
    CHECK_EQUAL_U64((uint64_t)-use.last_error, ERR_DISK_FULL);
    CHECK(acknowledged_s >= before);
    kit.fake.disk_limit = 0;
    record_some(START + 20 * 60, 10);
    CHECK_EQUAL_U64(acknowledged_s, START + 29 * 60);
    CHECK(check_all(acknowledged_s) >= 20);
    CHECK(history_use(kit.history, &use) == 0);
    CHECK_EQUAL_U64(use.last_error, 0);
    kit_close(&kit);
}

TEST(a_file_that_may_not_be_written)
{
    open_small(seed);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    record_some(START, 2);
    history_close(kit.history);
    fake_set_mode(&kit.fake, KIT_PATH, 0444);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), ERR_NO_ACCESS);
    CHECK(text_of(kit.why).size > 20);
    CHECK_EQUAL_U64((uint64_t)-kit_record(&kit, START + 6000), ERR_NO_ACCESS);
    fake_set_mode(&kit.fake, KIT_PATH, 0644);
    CHECK_EQUAL_U64((uint64_t)-history_reopen(kit.history, &(struct out){0}), 0);
    kit_close(&kit);
}

// The file system itself turns read-only, at any change: what was acknowledged is still
// read meanwhile, and afterwards recording goes on.
TEST(a_disk_that_turns_read_only)
{
    bool met = true;
    for (uint64_t nth = 1; met; nth++) {
        open_small(seed + nth);
        CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
        record_some(START, 14);
        fake_fail(&kit.fake, FAKE_CHANGE, nth, true, ERR_NO_ACCESS);
        for (uint32_t i = 14; i < 17; i++) {
            record_some(START + i * 60, 1);
            struct history_use use;
            if (acknowledged_s < START + i * 60 && history_use(kit.history, &use) == 0) {
                CHECK(use.last_error == -ERR_NO_ACCESS || use.last_error == -ERR_IO);
            }
            int error = history_reopen(kit.history, &(struct out){0});
            CHECK(error == 0 || error == -ERR_NO_ACCESS || error == -ERR_IO);
        }
        met = kit.fake.faults_met > 0;
        fake_heal(&kit.fake);
        CHECK_EQUAL_U64((uint64_t)-history_reopen(kit.history, &(struct out){0}), 0);
        CHECK(check_all(acknowledged_s) >= (acknowledged_s - START) / 60 + 1);
        record_some(START + 40 * 60, 2);
        CHECK_EQUAL_U64(acknowledged_s, START + 41 * 60);
        (void)check_all(acknowledged_s);
        kit_close(&kit);
    }
}

// Somebody puts an older copy back, as from a backup: recording goes on in it.
TEST(a_file_that_is_replaced_by_an_older_one)
{
    static char copy[4 << 20];
    struct text content;
    open_small(seed);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    record_some(START, 5);
    history_close(kit.history);
    CHECK(fake_content(&kit.fake, KIT_PATH, &content) && content.size <= sizeof copy);
    memcpy(copy, content.at, content.size);
    content.at = copy;
    CHECK_EQUAL_U64((uint64_t)-history_reopen(kit.history, &(struct out){0}), 0);
    record_some(START + 5 * 60, 5);
    fake_drop(&kit.fake, KIT_PATH);
    fake_add_file(&kit.fake, KIT_PATH, content);
    CHECK_EQUAL_U64((uint64_t)-kit_record(&kit, START + 10 * 60), ERR_NO_FILE);
    CHECK_EQUAL_U64((uint64_t)-history_reopen(kit.history, &(struct out){0}), 0);
    record_some(START + 11 * 60, 2);
    CHECK_EQUAL_U64(acknowledged_s, START + 12 * 60);
    CHECK_EQUAL_U64(check_all(acknowledged_s), 5 + 2);
    struct history_use use;
    CHECK(history_use(kit.history, &use) == 0);
    CHECK_EQUAL_U64(use.set_aside_total, 0);
    kit_close(&kit);
}

TEST(a_file_that_goes_away)
{
    open_small(seed);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    record_some(START, 2);
    fake_drop(&kit.fake, KIT_PATH);
    CHECK_EQUAL_U64((uint64_t)-kit_record(&kit, START + 300), ERR_NO_FILE);
    CHECK_EQUAL_U64((uint64_t)-history_reopen(kit.history, &(struct out){0}), 0);
    record_some(START + 600, 2);
    CHECK_EQUAL_U64(check_all(START + 660), 2);
    fake_drop(&kit.fake, KIT_PATH);
    fake_add_file(&kit.fake, KIT_PATH,
                  TEXT("this is no history at all, whatever its name may say"));
    CHECK_EQUAL_U64((uint64_t)-kit_record(&kit, START + 800), ERR_NO_FILE);
    CHECK_EQUAL_U64((uint64_t)-history_reopen(kit.history, &(struct out){0}), 0);
    struct text content;
    CHECK(fake_content(&kit.fake, KIT_PATH ".damaged", &content));
    record_some(START + 1200, 2);
    CHECK_EQUAL_U64(check_all(START + 1260), 2);
    kit_close(&kit);
}

TEST(a_file_that_is_cut_off)
{
    open_small(seed);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    record_some(START, 20);
    int file;
    CHECK(platform_file_open(&kit.fake.platform, KIT_PATH, PLATFORM_WRITE, 0, &file) == 0);
    CHECK(platform_file_truncate(&kit.fake.platform, file, 10000) == 0);
    platform_file_close(&kit.fake.platform, file);
    CHECK_EQUAL_U64((uint64_t)-kit_record(&kit, START + 2000), ERR_MALFORMED);
    CHECK_EQUAL_U64((uint64_t)-history_reopen(kit.history, &(struct out){0}), 0);
    struct history_use use;
    CHECK(history_use(kit.history, &use) == 0);
    CHECK_EQUAL_U64(use.set_aside_total, 1);
    record_some(START + 3000, 2);
    CHECK_EQUAL_U64(check_all(START + 3060), 2);
    kit_close(&kit);
}

static void
spoil_last_pages(unsigned count)
{
    static const char zeros[4096];
    struct platform_status status;
    int file;
    CHECK(platform_file_status(&kit.fake.platform, KIT_PATH, &status) == 0);
    CHECK(platform_file_open(&kit.fake.platform, KIT_PATH, PLATFORM_WRITE, 0, &file) == 0);
    for (unsigned i = 1; i <= count; i++) {
        int64_t at = (int64_t)(status.size - i * sizeof zeros);
        CHECK(platform_file_write(&kit.fake.platform, file, zeros, sizeof zeros, at) == 0);
    }
    platform_file_close(&kit.fake.platform, file);
}

static bool
is_set_aside(bool is_suspect)
{
    history_close(kit.history);
    kit.config.is_suspect = is_suspect;
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    return kit.set_aside;
}

// SQLite reads pages when it needs them: what is damaged where nobody looks yet is
// found by a suspicious writer alone. The seed is fixed, for what lies in the pages.
TEST(a_suspect_file_is_checked)
{
    struct text content;
    open_small(1);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    record_some(START, 40);
    CHECK(!is_set_aside(true));
    CHECK_EQUAL_U64(check_all(START + 39 * 60), 40);
    spoil_last_pages(4);
    CHECK(!is_set_aside(false));
    CHECK(is_set_aside(true));
    CHECK(fake_content(&kit.fake, KIT_PATH ".damaged", &content));
    record_some(START + 3000, 2);
    CHECK_EQUAL_U64(check_all(START + 3060), 2);
    CHECK(!is_set_aside(true));
    kit_close(&kit);
}

// --- Clocks

static void
record_steps(uint32_t first, unsigned cycles)
{
    uint32_t step = kit.config.resolution_s;
    for (uint32_t cycle_s = first; cycle_s < first + cycles * step; cycle_s += step) {
        CHECK_EQUAL_U64((uint64_t)-kit_record(&kit, cycle_s), 0);
        CHECK_EQUAL_U64((uint64_t)-kit_maintain(&kit), 0);
        acknowledged_s = cycle_s;
    }
}

// The first cycle after the clock was set back: refused until what bears times
// yet to come is forgotten.
static void
set_back(uint32_t to_s, uint64_t forgotten)
{
    static const uint32_t steps[TIER_COUNT] = {1, 60, 600};
    struct history_use use;
    CHECK(history_use(kit.history, &use) == 0);
    forgotten += use.cycles_forgotten_total;
    CHECK_EQUAL_U64((uint64_t)-kit_record(&kit, to_s), ERR_NOT_READY);
    CHECK_EQUAL_U64((uint64_t)-kit_maintain(&kit), 0);
    CHECK(history_use(kit.history, &use) == 0);
    CHECK_EQUAL_U64(use.cycles_forgotten_total, forgotten);
    for (unsigned tier = 0; tier < TIER_COUNT; tier++) {
        CHECK(use.newest_s[tier] < to_s);
        bool is_whole = use.newest_s[tier] == 0 || (use.newest_s[tier] + 1) % steps[tier] == 0;
        CHECK(tier == TIER_RAW || is_whole);
    }
}

static bool
check_order(void *context, const struct history_point *point)
{
    int64_t *last_ms = context;
    CHECK(point->time.ms > *last_ms);
    *last_ms = point->time.ms;
    return true;
}

// Points come in order, up to the newest cycle and no further.
static void
check_series(int64_t step_ms)
{
    int64_t last_ms = 0;
    bool known;
    struct history_ask ask = {.name = {.entity = ENTITY_NODE, .node = TEXT("node-1")},
                              .metric = TEXT("memory/usage"),
                              .end = {(int64_t)UINT32_MAX * 1000},
                              .step_ms = step_ms};
    CHECK_EQUAL_U64((uint64_t)-history_read(kit.history, &ask, check_order, &last_ms, &known), 0);
    CHECK(known);
    CHECK(last_ms <= (int64_t)acknowledged_s * 1000);
    CHECK(last_ms >= ((int64_t)acknowledged_s - 1200) * 1000);
}

TEST(a_clock_that_ran_a_day_ahead)
{
    open_small(seed);
    kit.config.resolution_s = 20;
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    record_steps(START, 105);
    record_steps(START + 86400, 1300);  // windows of all tiers
    CHECK_EQUAL_U64(check_all(acknowledged_s), 1405);
    set_back(START + 105 * 20, 1300);
    record_steps(START + 105 * 20, 700);
    CHECK_EQUAL_U64(check_all(acknowledged_s), 805);
    check_series(0);
    check_series(60000);
    check_series(600000);
    record_steps(START + 86400, 40);
    CHECK_EQUAL_U64(check_all(acknowledged_s), 845);
    check_series(60000);
    kit_close(&kit);
}

// Within a window, whatever work on it was under way.
TEST(a_clock_that_ran_a_little_ahead)
{
    for (unsigned cycles = 60; cycles < 140; cycles += 7) {
        open_small(seed);
        kit.config.resolution_s = 20;
        CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
        record_steps(START, cycles);
        CHECK_EQUAL_U64((uint64_t)-kit_record(&kit, START + (cycles - 31) * 20), ERR_BAD_TIME);
        set_back(START + (cycles - 40) * 20, 40);
        record_steps(START + (cycles - 40) * 20, 90);
        CHECK_EQUAL_U64(check_all(acknowledged_s), cycles + 50);
        check_series(0);
        check_series(60000);
        struct history_use use;
        CHECK(history_use(kit.history, &use) == 0);
        CHECK_EQUAL_U64(use.cycles_refused_total, 1);
        CHECK_EQUAL_U64(use.bad_blocks_total, 0);
        kit_close(&kit);
    }
}

static bool
count_point(void *context, const struct history_point *point)
{
    (void)point;
    ++*(unsigned *)context;
    return true;
}

// Who was first seen in times that are yet to come again is found all the same.
TEST(a_pod_of_times_yet_to_come)
{
    unsigned count = 0;
    bool known;
    open_small(seed);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    record_steps(START, 20);
    kit.pods = 6;
    record_steps(START + 86400, 20);
    set_back(START + 20 * 60, 20);
    record_steps(START + 20 * 60, 20);
    struct history_ask ask = {
        .name = {.entity = ENTITY_POD, .space = TEXT("space-1"), .pod = TEXT("pod-6")},
        .metric = TEXT("uptime"),
        .end = {(int64_t)acknowledged_s * 1000}};
    unsigned wanted = 0;
    for (uint32_t at = START + 20 * 60; at <= acknowledged_s; at += 60) {
        wanted += kit_has(ENTITY_POD, 6, METRIC_UPTIME, at);
    }
    CHECK_EQUAL_U64((uint64_t)-history_read(kit.history, &ask, count_point, &count, &known), 0);
    CHECK(known && wanted > 0);
    CHECK_EQUAL_U64(count, wanted);
    kit_close(&kit);
}

TEST(power_cut_while_it_forgets)
{
    for (uint64_t nth = 1;; nth++) {
        open_small(seed + nth);
        CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
        record_some(START, 14);
        record_some(START + 86400, 20);
        fake_fail(&kit.fake, FAKE_CHANGE, nth, true, 0);
        record_some(START + 14 * 60, 2);
        bool met = kit.fake.faults_met > 0;
        history_close(kit.history);
        fake_power_cut(&kit.fake);
        CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
        CHECK(!kit.set_aside);
        record_some(START + 16 * 60, 3);
        CHECK_EQUAL_U64(acknowledged_s, START + 18 * 60);
        unsigned count = check_all(acknowledged_s);
        CHECK(count >= 16 && count <= 19);
        CHECK_EQUAL_U64((uint64_t)-replay_begin(replay_new(&kit.arena), kit.history,
                                                START + 86400), ERR_NO_FILE);
        kit_close(&kit);
        if (!met) {
            return;
        }
    }
}

// --- Damage

static bool
value_is_right(const struct metric_set *set, const struct metric_set *truth)
{
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        if (set->present[i] &&
            (!truth->present[i] || !kit_equal(&set->value[i], &truth->value[i]))) {
            return false;
        }
    }
    for (unsigned i = 0; i < set->labelled_count; i++) {
        if (!kit_has_labelled(truth, &set->labelled[i])) {
            return false;
        }
    }
    return true;
}

// What can still be read is right; how much that is depends on what was hit.
static unsigned
check_readable(void)
{
    struct replay *replay = replay_new(&kit.arena);
    const struct metric_set *set;
    uint32_t cycle_s = 0;
    unsigned count = 0;
    for (unsigned i = 0; i < 64; i++) {
        if (replay_next_cycle(replay, kit.history, cycle_s, &cycle_s) != 0 ||
            replay_begin(replay, kit.history, cycle_s) != 0) {
            break;
        }
        while (replay_next(replay, &set) > 0) {
            static struct metric_set copy;
            copy = *set;
            CHECK(value_is_right(&copy, kit_set(copy.entity, kit_index(&copy), cycle_s)));
            count++;
        }
    }
    return count;
}

static void
overwrite(uint64_t at, const void *bytes, size_t size)
{
    int file;
    CHECK(platform_file_open(&kit.fake.platform, KIT_PATH, PLATFORM_WRITE, 0, &file) == 0);
    CHECK(platform_file_write(&kit.fake.platform, file, bytes, size, (int64_t)at) == 0);
    platform_file_close(&kit.fake.platform, file);
}

static void
spoil(uint64_t *random, uint64_t size)
{
    int file;
    char page[512];
    uint64_t at = test_random_below(random, size / sizeof page) * sizeof page;
    CHECK(platform_file_open(&kit.fake.platform, KIT_PATH, PLATFORM_READ, 0, &file) == 0);
    CHECK(platform_file_read(&kit.fake.platform, file, page, sizeof page, (int64_t)at) > 0);
    if (test_random_below(random, 2) == 0) {
        memset(page, 0, sizeof page);
    } else {
        page[test_random_below(random, sizeof page)] ^= (char)(1 << test_random_below(random, 8));
    }
    platform_file_close(&kit.fake.platform, file);
    overwrite(at, page, sizeof page);
}

// What can be read, before and after more is written.
static void
record_and_read(void)
{
    (void)check_readable();
    for (unsigned i = 0; i < 8; i++) {
        if (kit_record(&kit, START + (30 + i) * 60) != 0) {
            CHECK_EQUAL_U64((uint64_t)-history_reopen(kit.history, &(struct out){0}), 0);
        }
        (void)kit_maintain(&kit);
    }
    (void)check_readable();
}

TEST(spoiled_bytes)
{
    uint64_t random = seed;
    for (unsigned round = 0; round < 150; round++) {
        struct text content;
        open_small(seed + round);
        CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
        record_some(START, 20);
        history_close(kit.history);
        CHECK(fake_content(&kit.fake, KIT_PATH, &content));
        spoil(&random, content.size);
        CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
        record_and_read();
        kit_close(&kit);
    }
}

// Two cells of the cycles' page (the fourth that is made; a leaf's head has 8 bytes,
// behind it two for each cell) stand in the other's place: who asks for the next cycle
// gets one of before, and must not go round for ever.
TEST(cycles_out_of_order)
{
    enum { PAGE_AT = 3 * 4096, LEAF = 13, HEAD = 8 };
    for (unsigned cell = 0; cell < 18; cell++) {
        struct text content;
        unsigned char pairs[2][2];
        open_small(seed + cell);
        CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
        record_some(START, 20);
        history_close(kit.history);
        CHECK(fake_content(&kit.fake, KIT_PATH, &content));
        const unsigned char *page = (const unsigned char *)content.at + PAGE_AT;
        CHECK(page[0] == LEAF && page[3] * 256 + page[4] == 20);
        memcpy(pairs[1], page + HEAD + 2 * cell, 2);
        memcpy(pairs[0], page + HEAD + 2 * cell + 2, 2);
        overwrite(PAGE_AT + HEAD + 2 * cell, pairs, sizeof pairs);
        CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
        record_and_read();
        kit_close(&kit);
    }
}

// A key that is none any more goes without SQLite's notice: it is a type that nobody
// knows, and numbers of entities begin anew.
TEST(a_spoiled_schema)
{
    static const char word[] = "entity(id INTEGER PRIMARY KEY";
    struct text content;
    open_small(seed);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    record_some(START, 5);
    history_close(kit.history);
    CHECK(fake_content(&kit.fake, KIT_PATH, &content));
    unsigned spoiled = 0;
    for (size_t at = 0; at + sizeof word <= content.size; at++) {
        if (memcmp(content.at + at, word, sizeof word - 1) == 0) {
            overwrite(at + strlen("entity(id INTEGER PRIMA"), "P", 1);
            spoiled++;
        }
    }
    CHECK(spoiled > 0);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    CHECK(kit.set_aside);
    record_some(START + 600, 5);
    CHECK_EQUAL_U64(check_all(START + 840), 5);
    kit_close(&kit);
}

// --- A reader beside a recorder that died

static int
open_reader(struct history **reader)
{
    struct out why = out_of(kit.why, sizeof kit.why);
    bool set_aside;
    struct history_config config = kit.config;
    config.writer = false;
    return history_open(&kit.arena, &config, reader, &set_aside, &why);
}

// Dies at the nth change of a cycle and leaves all locks: was something under way?
static bool
die_in_a_cycle(uint64_t nth)
{
    fake_fail(&kit.fake, FAKE_CHANGE, nth, true, 0);
    (void)kit_record(&kit, START + 14 * 60);
    bool met = kit.fake.faults_met > 0;
    history_close(kit.history);
    fake_heal(&kit.fake);
    return met;
}

// What is half written is the next writer's work: a reader, which may not write,
// waits for that, whether it was open or opens now. It is neither told that it has
// no access nor that the file is damaged, and never sees half a cycle.
TEST(a_reader_beside_a_journal_that_is_left)
{
    unsigned busy = 0;
    bool met = true;
    for (uint64_t nth = 1; met; nth++) {
        uint32_t cycle_s;
        open_small(seed + nth);
        CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
        record_some(START, 14);
        struct history *reader;
        CHECK_EQUAL_U64((uint64_t)-open_reader(&reader), 0);
        struct replay *replay = replay_new(&kit.arena);
        met = die_in_a_cycle(nth);
        int error = replay_next_cycle(replay, reader, 0, &cycle_s);
        if (error != 0) {
            CHECK_EQUAL_U64((uint64_t)-error, ERR_BUSY);
            CHECK_EQUAL_U64((uint64_t)-history_reopen(reader, &(struct out){0}), ERR_BUSY);
            busy++;
        }
        CHECK_EQUAL_U64((uint64_t)-history_reopen(kit.history, &(struct out){0}), 0);
        CHECK_EQUAL_U64((uint64_t)-history_reopen(reader, &(struct out){0}), 0);
        for (cycle_s = START; cycle_s < START + 14 * 60; cycle_s += 60) {
            CHECK_EQUAL_U64(kit_check_cycle(replay, reader, cycle_s), kit_sets_of(&kit, cycle_s));
        }
        history_close(reader);
        kit_close(&kit);
    }
    printf("a journal was left %u times\n", busy);
    CHECK(busy > 0);
}

// One that opens the file while the writer makes it knows no column yet.
TEST(a_reader_that_was_there_before_the_columns)
{
    unsigned early = 0;
    bool met = true;
    for (uint64_t nth = 1; met; nth++) {
        open_small(seed + nth);
        fake_fail(&kit.fake, FAKE_CHANGE, nth, true, 0);
        (void)kit_open_history(&kit);
        met = kit.fake.faults_met > 0;
        history_close(kit.history);
        fake_heal(&kit.fake);
        struct history *reader;
        int error = open_reader(&reader);
        CHECK_EQUAL_U64((uint64_t)-history_reopen(kit.history, &(struct out){0}), 0);
        record_some(START, 3);
        if (error == 0) {
            struct replay *replay = replay_new(&kit.arena);
            CHECK_EQUAL_U64(kit_check_cycle(replay, reader, START), kit_sets_of(&kit, START));
            early += met;
        }
        history_close(reader);
        kit_close(&kit);
    }
    printf("was there first %u times\n", early);
    CHECK(early > 0);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"power_cut_at_every_change", power_cut_at_every_change},
        {"power_cut_at_the_beginning", power_cut_at_the_beginning},
        {"every_operation_fails", every_operation_fails},
        {"a_full_disk", a_full_disk},
        {"a_file_that_may_not_be_written", a_file_that_may_not_be_written},
        {"a_disk_that_turns_read_only", a_disk_that_turns_read_only},
        {"a_file_that_is_replaced_by_an_older_one", a_file_that_is_replaced_by_an_older_one},
        {"a_file_that_goes_away", a_file_that_goes_away},
        {"a_file_that_is_cut_off", a_file_that_is_cut_off},
        {"a_suspect_file_is_checked", a_suspect_file_is_checked},
        {"a_clock_that_ran_a_day_ahead", a_clock_that_ran_a_day_ahead},
        {"a_clock_that_ran_a_little_ahead", a_clock_that_ran_a_little_ahead},
        {"a_pod_of_times_yet_to_come", a_pod_of_times_yet_to_come},
        {"power_cut_while_it_forgets", power_cut_while_it_forgets},
        {"spoiled_bytes", spoiled_bytes},
        {"cycles_out_of_order", cycles_out_of_order},
        {"a_spoiled_schema", a_spoiled_schema},
        {"a_reader_beside_a_journal_that_is_left", a_reader_beside_a_journal_that_is_left},
        {"a_reader_that_was_there_before_the_columns",
         a_reader_that_was_there_before_the_columns},
    };
    seed = test_seed();
    return test_run(cases, ARRAY_COUNT(cases));
}
