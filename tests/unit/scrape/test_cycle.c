#include "scrape/cycle.h"

#include "test.h"

#define RESOLUTION_MS 15000

static struct mono_ns
mono(int64_t ms)
{
    return (struct mono_ns){ms * NS_PER_MS};
}

// Turns at every end from `from` on; the wall clock runs at wall = mono + off.
static void
test_nominal_times_are_multiples(void)
{
    struct cycle cycle;
    int64_t off = INT64_C(1700000000) * MS_PER_S + 4321;
    cycle_init(&cycle, RESOLUTION_MS, mono(1000), (struct wall_ms){1000 + off});
    CHECK_EQUAL_U64(cycle.nominal_s % 15, 0);
    uint32_t before = cycle.nominal_s;
    for (int i = 0; i < 100; i++) {
        bool stepped;
        struct mono_ns now = cycle.end;
        CHECK(!cycle_turn(&cycle, mono(now.ns / NS_PER_MS - 1), (struct wall_ms){0}, &stepped));
        CHECK(cycle_turn(&cycle, now, (struct wall_ms){now.ns / NS_PER_MS + off}, &stepped));
        CHECK(!stepped);
        CHECK_EQUAL_U64(cycle.nominal_s, before + 15);
        CHECK(mono_ms_between(cycle.begin, cycle.end) == RESOLUTION_MS);
        before = cycle.nominal_s;
    }
}

static void
step_by(int64_t step_ms)
{
    struct cycle cycle;
    int64_t off = INT64_C(1700000000) * MS_PER_S;
    cycle_init(&cycle, RESOLUTION_MS, mono(0), (struct wall_ms){off});
    bool stepped;
    CHECK(cycle_turn(&cycle, cycle.end, (struct wall_ms){cycle.end.ns / NS_PER_MS + off}, &stepped));
    off += step_ms;
    unsigned steps = 0;
    for (int i = 0; i < 10; i++) {
        uint32_t before = cycle.nominal_s;
        struct mono_ns now = cycle.end;
        int64_t wall = now.ns / NS_PER_MS + off;
        CHECK(cycle_turn(&cycle, now, (struct wall_ms){wall}, &stepped));
        steps += stepped ? 1 : 0;
        int64_t length = mono_ms_between(cycle.begin, cycle.end);
        CHECK(length >= RESOLUTION_MS / 2);
        CHECK(length <= RESOLUTION_MS + RESOLUTION_MS / 2);
        CHECK(cycle.nominal_s != before);
        CHECK_EQUAL_U64(cycle.nominal_s % 15, 0);
        int64_t apart = (int64_t)cycle.nominal_s * MS_PER_S - wall;
        CHECK(apart <= 2 * RESOLUTION_MS && apart >= -2 * RESOLUTION_MS);
    }
    CHECK_EQUAL_U64(steps, 1);
}

static void
test_clock_steps(void)
{
    step_by(INT64_C(24) * 3600 * MS_PER_S);
    step_by(INT64_C(-24) * 3600 * MS_PER_S);
    step_by(100 * MS_PER_S + 7);
}

static void
test_a_long_sleep_is_one_turn(void)
{
    struct cycle cycle;
    int64_t off = INT64_C(1700000000) * MS_PER_S;
    cycle_init(&cycle, RESOLUTION_MS, mono(0), (struct wall_ms){off});
    bool stepped;
    struct mono_ns late = mono(3600 * MS_PER_S);
    CHECK(cycle_turn(&cycle, late, (struct wall_ms){off + 3600 * MS_PER_S}, &stepped));
    CHECK(!cycle_turn(&cycle, late, (struct wall_ms){off + 3600 * MS_PER_S}, &stepped));
    CHECK_EQUAL_U64(cycle.nominal_s, 1700000000 / 15 * 15 + 3600 + 15 * (1700000000 % 15 >= 8));
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"nominal times are multiples", test_nominal_times_are_multiples},
        {"clock steps neither stall nor burst", test_clock_steps},
        {"a long sleep is one turn", test_a_long_sleep_is_one_turn},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
