#include "../test.h"

#include <string.h>

#include "platform/fake.h"
#include "sink/cursor.h"

#define STEP 15

static struct fake machine;
static bool machine_is_open;
static struct cursor cursor;

static void
end(void)
{
    if (machine_is_open) {
        CHECK_EQUAL_U64(fake_open_handles(&machine), 0);
        fake_close(&machine);
    }
    machine_is_open = false;
}

static void
begin(void)
{
    end();
    machine_is_open = true;
    fake_open(&machine, test_seed());
    fake_add_directory(&machine, "/state");
    cursor_init(&cursor, &machine.platform, "/state/sink-a", STEP);
}

static void
reopen(void)
{
    cursor_init(&cursor, &machine.platform, "/state/sink-a", STEP);
}

static void
check_range(unsigned at, uint32_t first_s, uint32_t last_s)
{
    CHECK(at < cursor.range_count);
    CHECK_EQUAL_U64(cursor.range[at].first_s, first_s);
    CHECK_EQUAL_U64(cursor.range[at].last_s, last_s);
}

TEST(cycles_in_a_row)
{
    begin();
    for (uint32_t cycle = 150; cycle < 3000; cycle += STEP) {
        cursor_see(&cursor, cycle);
        CHECK_EQUAL_U64(cursor.range_count, 1);
        CHECK_EQUAL_U64(cursor_count(&cursor), 1);
        CHECK(cursor_owes(&cursor, cycle));
        cursor_remove(&cursor, cycle, cycle);
        CHECK_EQUAL_U64(cursor.range_count, 0);
    }
}

TEST(an_outage_is_one_range)
{
    begin();
    for (uint32_t cycle = 150; cycle <= 1500; cycle += STEP) {
        cursor_see(&cursor, cycle);
    }
    CHECK_EQUAL_U64(cursor.range_count, 1);
    check_range(0, 150, 1500);
    CHECK_EQUAL_U64(cursor_count(&cursor), 91);
}

// What was delivered must not be owed again by what comes later.
TEST(live_beside_a_gap)
{
    begin();
    for (uint32_t cycle = 150; cycle <= 300; cycle += STEP) {
        cursor_see(&cursor, cycle);
    }
    cursor_remove(&cursor, 300, 300);
    for (uint32_t cycle = 315; cycle <= 600; cycle += STEP) {
        cursor_see(&cursor, cycle);
        cursor_remove(&cursor, cycle, cycle);
        CHECK(!cursor_owes(&cursor, cycle - STEP));
    }
    CHECK_EQUAL_U64(cursor.range_count, 1);
    check_range(0, 150, 299);
    CHECK_EQUAL_U64(cursor_count(&cursor), 10);
}

TEST(cycles_that_nobody_saw)
{
    begin();
    cursor_see(&cursor, 150);
    cursor_remove(&cursor, 150, 150);
    cursor_see(&cursor, 600);
    check_range(0, 151, 600);
    cursor_remove(&cursor, 600, 600);
    check_range(0, 151, 599);
}

TEST(a_clock_set_back)
{
    begin();
    cursor_see(&cursor, 9000);
    cursor_remove(&cursor, 9000, 9000);
    cursor_see(&cursor, 150);
    CHECK_EQUAL_U64(cursor.range_count, 1);
    check_range(0, 150, 150);
    CHECK_EQUAL_U64(cursor.seen_s, 150);
}

// What is owed of times yet to come is given up; older gaps are not.
TEST(a_clock_set_back_by_a_day)
{
    uint32_t day = 86400;
    begin();
    CHECK_EQUAL_U64(cursor_see(&cursor, 150), 0);
    CHECK_EQUAL_U64(cursor_see(&cursor, day + 150), 0);
    CHECK_EQUAL_U64(cursor_see(&cursor, day + 300), 0);
    cursor_remove(&cursor, 301, day);
    CHECK_EQUAL_U64(cursor_see(&cursor, 300), 20);
    CHECK_EQUAL_U64(cursor.range_count, 1);
    check_range(0, 150, 300);
    cursor_remove(&cursor, 150, 300);
    CHECK_EQUAL_U64(cursor_see(&cursor, 315), 0);
    check_range(0, 315, 315);
    CHECK_EQUAL_U64(cursor_see(&cursor, 300), 0);
    CHECK_EQUAL_U64(cursor_count(&cursor), 2);
}

TEST(kept_across_restarts)
{
    begin();
    CHECK(cursor_load(&cursor) == -ERR_NO_FILE);
    cursor_see(&cursor, 150);
    cursor_see(&cursor, 165);
    cursor_remove(&cursor, 150, 150);
    CHECK(cursor_store(&cursor, machine.mono, false) == 0);
    reopen();
    CHECK(cursor_load(&cursor) == 0);
    CHECK_EQUAL_U64(cursor.seen_s, 165);
    CHECK_EQUAL_U64(cursor.range_count, 1);
    check_range(0, 151, 165);
}

TEST(damage_is_told)
{
    struct text content;
    begin();
    cursor_see(&cursor, 150);
    CHECK(cursor_store(&cursor, machine.mono, true) == 0);
    CHECK(fake_content(&machine, "/state/sink-a", &content));
    for (size_t at = 0; at < content.size; at += 7) {
        char copy[4096];
        memcpy(copy, content.at, content.size);
        copy[at] = (char)(copy[at] ^ 4);
        fake_drop(&machine, "/state/sink-b");
        fake_add_file(&machine, "/state/sink-b", (struct text){copy, content.size});
        cursor_init(&cursor, &machine.platform, "/state/sink-b", STEP);
        CHECK(cursor_load(&cursor) == -ERR_MALFORMED);
        CHECK_EQUAL_U64(cursor.seen_s, 0);
    }
    fake_drop(&machine, "/state/sink-b");
    fake_add_file(&machine, "/state/sink-b", text_sub(content, 0, content.size - 1));
    CHECK(cursor_load(&cursor) == -ERR_MALFORMED);
}

// After a power cut at any step: nothing that was not delivered counts as that.
TEST(power_cut)
{
    for (uint64_t nth = 1; nth < 40; nth++) {
        uint32_t delivered_s = 0;
        begin();
        CHECK(cursor_store(&cursor, machine.mono, true) == 0);
        fake_fail(&machine, FAKE_CHANGE, nth, true, ERR_IO);
        for (uint32_t cycle = 150; cycle <= 300; cycle += STEP) {
            cursor_see(&cursor, cycle);
            cursor_remove(&cursor, cycle, cycle);
            fake_advance(&machine, 10000);
            delivered_s = cycle;
            (void)cursor_store(&cursor, machine.mono, true);
        }
        fake_power_cut(&machine);
        reopen();
        int error = cursor_load(&cursor);
        CHECK(error == 0 || error == -ERR_NO_FILE);
        CHECK(cursor.seen_s <= delivered_s);
        CHECK_EQUAL_U64(cursor.range_count, 0);
    }
}

TEST(a_full_disk_is_tried_again)
{
    begin();
    cursor_see(&cursor, 150);
    fake_fail(&machine, FAKE_FILE_WRITE, 1, false, ERR_DISK_FULL);
    CHECK(cursor_store(&cursor, machine.mono, false) == -ERR_DISK_FULL);
    CHECK(cursor.changed);
    CHECK(cursor_store(&cursor, machine.mono, false) == 0);
    CHECK(cursor.changed);
    fake_advance(&machine, 6000);
    CHECK(cursor_store(&cursor, machine.mono, false) == 0);
    CHECK(!cursor.changed);
}

// Against a bit a second. Only one way is held when ranges run out: nothing that
// is owed is forgotten.
#define SPAN 4000
TEST(random_against_bits)
{
    static bool owed[SPAN];
    uint64_t random = test_seed();
    begin();
    memset(owed, 0, sizeof owed);
    for (unsigned i = 0; i < 20000; i++) {
        uint32_t first = 1 + (uint32_t)test_random_below(&random, SPAN - 200);
        uint32_t last = first + (uint32_t)test_random_below(&random, 120);
        bool adds = test_random_below(&random, 2) == 0;
        if (adds) {
            cursor_add(&cursor, first, last);
        } else {
            cursor_remove(&cursor, first, last);
        }
        for (uint32_t s = first; s <= last; s++) {
            owed[s] = adds;
        }
        for (uint32_t s = 1; s < SPAN; s++) {
            CHECK(!owed[s] || cursor_owes(&cursor, s));
        }
        for (unsigned r = 1; r < cursor.range_count; r++) {
            CHECK(cursor.range[r - 1].last_s < cursor.range[r].first_s);
        }
        CHECK(cursor.range_count <= CURSOR_RANGES_MAX);
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"cycles in a row leave nothing", cycles_in_a_row},
        {"an outage is one range", an_outage_is_one_range},
        {"live cycles beside a gap do not grow it", live_beside_a_gap},
        {"cycles that nobody saw are owed", cycles_that_nobody_saw},
        {"a clock set back", a_clock_set_back},
        {"a clock set back by a day", a_clock_set_back_by_a_day},
        {"kept across restarts", kept_across_restarts},
        {"damage is told", damage_is_told},
        {"a power cut forgets nothing that is owed", power_cut},
        {"a full disk is tried again", a_full_disk_is_tried_again},
        {"random ranges against bits", random_against_bits},
    };
    int failed = test_run(cases, ARRAY_COUNT(cases));
    end();
    return failed;
}
