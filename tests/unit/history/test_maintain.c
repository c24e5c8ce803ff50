// Packing, the coarser tiers, and room in a file of fixed size.
#include "kit.h"

#define START (1700000000u - 1700000000u % 9600)

static struct kit kit;
static bool has_gaps;

// With gaps a history begins and goes on within intervals and windows of every tier.
static bool
is_recorded(uint32_t cycle_s)
{
    uint32_t at = cycle_s - START;
    return !has_gaps || !(at < 340 || (at >= 1000 && at < 4540) || (at >= 6000 && at < 6380));
}

static void
record_all(uint32_t first, uint32_t cycles)
{
    for (uint32_t i = 0; i < cycles; i++) {
        uint32_t cycle_s = first + i * kit.config.resolution_s;
        if (is_recorded(cycle_s)) {
            CHECK_EQUAL_U64((uint64_t)-kit_record(&kit, cycle_s), 0);
            CHECK_EQUAL_U64((uint64_t)-kit_maintain(&kit), 0);
        }
    }
}

struct coarse {
    uint32_t index, step_s;
    unsigned metric, count;
    int64_t last_ms;
};

// The interval's figures from the values that were put.
static bool
truth_of(const struct coarse *coarse, uint32_t from_s, struct history_point *truth)
{
    unsigned count = 0;
    double sum = 0;
    for (uint32_t at = from_s; at < from_s + coarse->step_s; at += kit.config.resolution_s) {
        if (!is_recorded(at) || !kit_is_there(ENTITY_POD, coarse->index, at) ||
            !kit_has(ENTITY_POD, coarse->index, coarse->metric, at)) {
            continue;
        }
        struct metric_value value = kit_value(ENTITY_POD, coarse->index, coarse->metric, at);
        double real = value.is_double ? value.real : (double)value.u64;
        truth->least = count == 0 || real < truth->least ? real : truth->least;
        truth->greatest = count == 0 || real > truth->greatest ? real : truth->greatest;
        truth->last = value;
        sum += real;
        count++;
    }
    truth->average = count == 0 ? 0 : sum / count;
    return count > 0;
}

static bool
check_coarse(void *context, const struct history_point *point)
{
    struct coarse *coarse = context;
    struct history_point truth = {0};
    uint32_t time_s = (uint32_t)(point->time.ms / 1000);
    CHECK(point->time.ms > coarse->last_ms);
    coarse->last_ms = point->time.ms;
    if (time_s >= START + 9600) {
        return true;  // not rolled up yet
    }
    CHECK(time_s % coarse->step_s == 0);
    CHECK(truth_of(coarse, time_s, &truth));
    CHECK(kit_equal(&point->last, &truth.last));
    CHECK(point->least == truth.least);
    CHECK(point->greatest == truth.greatest);
    if (has_gaps && coarse->step_s == 600) {
        // The minutes beside a gap count as others do, however many values they have.
        truth.average = point->average;
        CHECK(point->average >= truth.least && point->average <= truth.greatest);
    }
    double difference = point->average - truth.average;
    CHECK(difference < truth.average * 1e-5 + 1e-3 && -difference < truth.average * 1e-5 + 1e-3);
    coarse->count++;
    return true;
}

// Pods that live all the time (index % 4 != 0) and keep their labels (% 5 != 0).
static void
check_tier(uint32_t step_s)
{
    for (uint32_t index = 1; index <= kit.pods; index++) {
        if (index % 4 == 0 || index % 5 == 0 ||
            !kit_has(ENTITY_POD, index, METRIC_MEMORY_USAGE, START) ||
            !kit_has(ENTITY_POD, index, METRIC_MEMORY_USAGE, START + 9599)) {
            continue;
        }
        struct coarse coarse = {index, step_s, METRIC_MEMORY_USAGE, 0, 0};
        kit_out = out_of(kit_texts, sizeof kit_texts);
        struct history_ask ask = {.name = {.entity = ENTITY_POD,
                                           .space = kit_text("space-", index % KIT_SPACES + 1),
                                           .pod = kit_text("pod-", index)},
                                  .metric = TEXT("memory/usage"),
                                  .start = {(int64_t)START * 1000},
                                  .end = {(int64_t)(START + 9599) * 1000},
                                  .step_ms = step_s * 1000};
        bool known;
        CHECK_EQUAL_U64((uint64_t)-history_read(kit.history, &ask, check_coarse, &coarse, &known),
                        0);
        unsigned wanted = 0;
        for (uint32_t at = START; at < START + 9600; at += step_s) {
            struct history_point truth;
            wanted += truth_of(&coarse, at, &truth);
        }
        CHECK_EQUAL_U64(coarse.count, wanted);
    }
}

TEST(minutes_and_ten_minutes)
{
    kit_open(&kit, 1, 20, 64 << 20);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    record_all(START, 9600 / 20 + 32);
    struct history_use use;
    CHECK(history_use(kit.history, &use) == 0);
    CHECK_EQUAL_U64(use.oldest_s[TIER_MINUTE], START);
    CHECK_EQUAL_U64(use.oldest_s[TIER_TEN_MINUTES], START);
    CHECK_EQUAL_U64(use.bad_blocks_total, 0);
    check_tier(60);
    kit_close(&kit);
}

// Where a finer tier has a gap, the coarser ones, whose windows are longer, have
// nothing that the finer tier would not say better: neither before nor after it.
TEST(gaps_are_gaps_in_every_tier)
{
    has_gaps = true;
    kit_open(&kit, 1, 20, 64 << 20);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    record_all(START, 9600 / 20 + 32);
    check_tier(20);
    check_tier(60);
    check_tier(600);
    kit_close(&kit);
    has_gaps = false;
}

// With cycles of a minute there is no tier of minutes.
TEST(ten_minutes_of_minutes)
{
    kit_open(&kit, 1, 60, 64 << 20);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    record_all(START, 9600 / 60 + 32);
    struct history_use use;
    CHECK(history_use(kit.history, &use) == 0);
    CHECK_EQUAL_U64(use.oldest_s[TIER_MINUTE], 0);
    CHECK_EQUAL_U64(use.oldest_s[TIER_TEN_MINUTES], START);
    check_tier(600);
    kit_close(&kit);
}

// --- Room

static uint64_t
file_bytes(const char *path)
{
    struct text content;
    return fake_content(&kit.fake, path, &content) ? content.size : 0;
}

TEST(the_file_keeps_its_size)
{
    enum { LIMIT = 4 << 20 };
    struct history_use use;
    uint64_t greatest = 0;
    uint32_t count = 1200;
    kit_open(&kit, 1, 60, LIMIT);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    for (uint32_t i = 0; i < count; i++) {
        record_all(START + i * 60, 1);
        uint64_t bytes = file_bytes(KIT_PATH) + file_bytes(KIT_PATH "-journal");
        greatest = bytes > greatest ? bytes : greatest;
    }
    CHECK(greatest <= LIMIT);
    CHECK(greatest > LIMIT / 2);
    CHECK(history_use(kit.history, &use) == 0);
    CHECK(use.oldest_s[TIER_RAW] > START);
    CHECK_EQUAL_U64(use.newest_s[TIER_RAW], START + (count - 1) * 60);
    struct replay *replay = replay_new(&kit.arena);
    uint32_t cycle_s = 0;
    uint32_t cycles = 0;
    while (replay_next_cycle(replay, kit.history, cycle_s, &cycle_s) == 0) {
        CHECK_EQUAL_U64(kit_check_cycle(replay, kit.history, cycle_s), kit_sets_of(&kit, cycle_s));
        cycles++;
    }
    CHECK(cycles > 100 && cycles < count);
    printf("%u of %u cycles kept, %u entities, %llu bytes\n", cycles, count, use.entities,
           (unsigned long long)greatest);
    CHECK(use.entities < 20000);
    kit_close(&kit);
}

// As record does it: what found the file full is tried again once after upkeep.
static bool
record_or_lose(uint32_t cycle_s)
{
    int error = kit_record(&kit, cycle_s);
    if (error == -ERR_DISK_FULL && kit_maintain(&kit) == 0) {
        error = kit_record(&kit, cycle_s);
    }
    CHECK(error == 0 || error == -ERR_DISK_FULL);
    (void)kit_maintain(&kit);
    return error == 0;
}

// A cycle takes more than the share of the file that is kept free: twice as much is,
// as soon as one did not fit, and none is lost.
TEST(a_cycle_larger_than_the_room)
{
    enum { LIMIT = 800 << 10, COUNT = 400 };
    unsigned lost = 0;
    struct history_use use;
    kit_open(&kit, 1, 60, LIMIT);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    for (uint32_t i = 0; i < COUNT; i++) {
        lost += !record_or_lose(START + i * 60);
    }
    CHECK_EQUAL_U64(lost, 0);
    CHECK(history_use(kit.history, &use) == 0);
    CHECK(use.oldest_s[TIER_RAW] > START);  // it was full
    kit_close(&kit);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"minutes_and_ten_minutes", minutes_and_ten_minutes},
        {"gaps_are_gaps_in_every_tier", gaps_are_gaps_in_every_tier},
        {"ten_minutes_of_minutes", ten_minutes_of_minutes},
        {"the_file_keeps_its_size", the_file_keeps_its_size},
        {"a_cycle_larger_than_the_room", a_cycle_larger_than_the_room},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
