#include "history/rollup.h"

#include <string.h>

#include "../test.h"

enum { GAUGE, COUNTER, RATE, COLUMNS };

static struct block_shape raw = {.column_count = COLUMNS, .is_real = {[RATE] = true}};
static const bool is_counter[COLUMNS] = {[COUNTER] = true};
static struct rollup_map map, coarse;
static struct rollup rollup;
static struct block_rows moment;

static uint64_t
real(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static double
as_real(uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

// One slot at one time.
static void
add(unsigned slot, uint32_t entity, uint64_t gauge, uint64_t counter, double rate)
{
    memset(&moment, 0, sizeof moment);
    moment.used = UINT32_C(1) << slot;
    moment.entity[slot] = entity;
    moment.value[GAUGE][slot] = gauge;
    moment.value[COUNTER][slot] = counter;
    moment.value[RATE][slot] = real(rate);
    for (unsigned i = 0; i < COLUMNS; i++) {
        moment.present[i] = moment.used;
    }
    rollup_add(&rollup, &moment);
}

static uint64_t
got(const struct block_rows *rows, unsigned column, enum history_stat stat, unsigned slot)
{
    uint16_t number = rollup_column(&map, column, stat);
    CHECK(number != ROLLUP_NONE);
    CHECK(rows->present[number] >> slot & 1);
    return rows->value[number][slot];
}

static void
begin(void)
{
    CHECK(rollup_map_raw(&map, &raw, is_counter) == 0);
    rollup_begin(&rollup, &map, 600);
}

TEST(a_gauge_has_four_stats_and_a_counter_one)
{
    begin();
    CHECK_EQUAL_U64(map.to.column_count, 4 + 1 + 4);
    CHECK_EQUAL_U64(rollup_column(&map, COUNTER, STAT_AVERAGE), ROLLUP_NONE);
    CHECK(!map.to.is_real[rollup_column(&map, GAUGE, STAT_LEAST)]);
    CHECK(map.to.is_real[rollup_column(&map, GAUGE, STAT_AVERAGE)]);
    CHECK(map.to.is_real[rollup_column(&map, RATE, STAT_GREATEST)]);
    add(3, 70, 100, 5, 1.5);
    add(3, 70, 40, 6, -2.5);
    add(3, 70, 61, 9, 0.25);
    const struct block_rows *rows = rollup_end(&rollup);
    CHECK_EQUAL_U64(rows->time_s, 600);
    CHECK_EQUAL_U64(rows->used, 1 << 3);
    CHECK_EQUAL_U64(rows->entity[3], 70);
    CHECK_EQUAL_U64(got(rows, GAUGE, STAT_LEAST, 3), 40);
    CHECK_EQUAL_U64(got(rows, GAUGE, STAT_GREATEST, 3), 100);
    CHECK_EQUAL_U64(got(rows, GAUGE, STAT_LAST, 3), 61);
    CHECK(as_real(got(rows, GAUGE, STAT_AVERAGE, 3)) == 67);
    CHECK_EQUAL_U64(got(rows, COUNTER, STAT_LAST, 3), 9);
    CHECK(as_real(got(rows, RATE, STAT_LEAST, 3)) == -2.5);
    CHECK(as_real(got(rows, RATE, STAT_GREATEST, 3)) == 1.5);
    CHECK(as_real(got(rows, RATE, STAT_AVERAGE, 3)) == -0.25);
}

TEST(averages_are_exact_when_all_are_equal_and_floats_otherwise)
{
    begin();
    uint64_t odd = (UINT64_C(1) << 33) + 1;
    for (unsigned i = 0; i < 3; i++) {
        add(0, 1, odd, 0, 0.1);
        add(1, 2, odd + i, 0, 0.1 * i);
    }
    const struct block_rows *rows = rollup_end(&rollup);
    CHECK(as_real(got(rows, GAUGE, STAT_AVERAGE, 0)) == (double)odd);
    CHECK(as_real(got(rows, RATE, STAT_AVERAGE, 0)) == 0.1);
    double mean = as_real(got(rows, RATE, STAT_AVERAGE, 1));
    CHECK(mean == (double)(float)mean);
    CHECK(mean > 0.0999999 && mean < 0.1000001);
}

TEST(what_is_absent_does_not_count)
{
    begin();
    add(0, 1, 10, 1, 1);
    memset(moment.present, 0, sizeof moment.present);
    moment.value[GAUGE][0] = 99;
    rollup_add(&rollup, &moment);
    const struct block_rows *rows = rollup_end(&rollup);
    CHECK_EQUAL_U64(got(rows, GAUGE, STAT_GREATEST, 0), 10);
    CHECK(as_real(got(rows, GAUGE, STAT_AVERAGE, 0)) == 10);
    CHECK_EQUAL_U64(rows->present[rollup_column(&map, GAUGE, STAT_LAST)], 1);
}

TEST(a_slot_goes_to_its_last_entity)
{
    begin();
    add(0, 1, 10, 100, 1);
    add(5, 9, 77, 7, 1);
    add(0, 2, 30, 3, 2);
    add(0, 2, 50, 4, 4);
    const struct block_rows *rows = rollup_end(&rollup);
    CHECK_EQUAL_U64(rows->entity[0], 2);
    CHECK_EQUAL_U64(got(rows, GAUGE, STAT_LEAST, 0), 30);
    CHECK(as_real(got(rows, GAUGE, STAT_AVERAGE, 0)) == 40);
    CHECK(as_real(got(rows, RATE, STAT_AVERAGE, 0)) == 3);
    CHECK_EQUAL_U64(got(rows, GAUGE, STAT_LAST, 5), 77);
}

TEST(ten_minutes_from_minutes)
{
    static struct block_rows minutes[3];
    static struct rollup next;
    begin();
    for (unsigned i = 0; i < 3; i++) {
        rollup_begin(&rollup, &map, i * 60);
        add(0, 1, 10 + i, 100 + i, 1);
        add(0, 1, 20 + i, 200 + i, 4);
        minutes[i] = *rollup_end(&rollup);
    }
    rollup_map_coarse(&coarse, &map);
    CHECK_EQUAL_U64(coarse.to.column_count, map.to.column_count);
    rollup_begin(&next, &coarse, 0);
    for (unsigned i = 0; i < 3; i++) {
        rollup_add(&next, &minutes[i]);
    }
    const struct block_rows *rows = rollup_end(&next);
    CHECK_EQUAL_U64(got(rows, GAUGE, STAT_LEAST, 0), 10);
    CHECK_EQUAL_U64(got(rows, GAUGE, STAT_GREATEST, 0), 22);
    CHECK_EQUAL_U64(got(rows, GAUGE, STAT_LAST, 0), 22);
    CHECK(as_real(got(rows, GAUGE, STAT_AVERAGE, 0)) == 16);
    CHECK_EQUAL_U64(got(rows, COUNTER, STAT_LAST, 0), 202);
    CHECK(as_real(got(rows, RATE, STAT_AVERAGE, 0)) == 2.5);
}

TEST(too_many_columns_are_refused)
{
    static const bool none[BLOCK_COLUMNS_MAX] = {false};
    struct block_shape wide = {.column_count = BLOCK_COLUMNS_MAX / STAT_COUNT};
    CHECK(rollup_map_raw(&map, &wide, none) == 0);
    wide.column_count++;
    CHECK(rollup_map_raw(&map, &wide, none) == -ERR_TOO_MANY);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"a_gauge_has_four_stats_and_a_counter_one", a_gauge_has_four_stats_and_a_counter_one},
        {"averages_are_exact_when_all_are_equal_and_floats_otherwise",
         averages_are_exact_when_all_are_equal_and_floats_otherwise},
        {"what_is_absent_does_not_count", what_is_absent_does_not_count},
        {"a_slot_goes_to_its_last_entity", a_slot_goes_to_its_last_entity},
        {"ten_minutes_from_minutes", ten_minutes_from_minutes},
        {"too_many_columns_are_refused", too_many_columns_are_refused},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
