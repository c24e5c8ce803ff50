#include "scrape/schedule.h"

#include <string.h>

#include "base/hash.h"
#include "test.h"

#define COUNT 500
#define RESOLUTION_MS 15000

static _Alignas(16) unsigned char block[64 * 1024];
static struct schedule schedule;
static struct cycle cycle;
static int64_t now_ms;
static const int64_t wall_off = INT64_C(1700000000) * MS_PER_S;

static struct mono_ns
now(void)
{
    return (struct mono_ns){now_ms * NS_PER_MS};
}

static void
begin(void)
{
    struct arena arena;
    CHECK(schedule_footprint(COUNT) <= sizeof block);
    memset(block, 0, sizeof block);
    arena_init(&arena, block, sizeof block);
    schedule_init(&schedule, &arena, COUNT);
    now_ms = 0;
    cycle_init(&cycle, RESOLUTION_MS, now(), (struct wall_ms){wall_off});
}

static uint64_t
name_hash(uint32_t id)
{
    return hash_mix(id, 99);
}

// Runs for some cycles at steps of 10 ms; counts how often each id was taken
// in each cycle, and the most in any 100 ms.
static unsigned taken[COUNT];
static unsigned most_at_once;

static void
run(int cycles, bool (*fails)(uint32_t id))
{
    memset(taken, 0, sizeof taken);
    most_at_once = 0;
    unsigned window = 0;
    for (int done = 0; done < cycles;) {
        uint32_t id;
        while (schedule_take(&schedule, now(), &id)) {
            taken[id]++;
            window++;
            schedule_done(&schedule, id, &cycle, fails(id));
        }
        now_ms += 10;
        if (now_ms % 100 == 0) {
            most_at_once = window > most_at_once ? window : most_at_once;
            window = 0;
        }
        uint32_t ended;
        done += cycle_turn(&cycle, now(), (struct wall_ms){wall_off + now_ms}, &ended);
    }
}

static bool
never(uint32_t id)
{
    (void)id;
    return false;
}

static bool
odd(uint32_t id)
{
    return id % 2 == 1;
}

static void
test_each_node_once_a_cycle(void)
{
    begin();
    for (uint32_t i = 0; i < COUNT; i++) {
        schedule_add(&schedule, i, name_hash(i), now());
    }
    run(1, never);
    for (uint32_t i = 0; i < COUNT; i++) {
        CHECK_EQUAL_U64(taken[i], 1);  // the first at once
    }
    run(10, never);
    for (uint32_t i = 0; i < COUNT; i++) {
        CHECK_EQUAL_U64(taken[i], 10);
    }
    // 500 nodes over 13 s are 4 in 100 ms; a burst would be hundreds.
    CHECK(most_at_once < 20);
}

static void
test_failing_nodes_back_off(void)
{
    begin();
    for (uint32_t i = 0; i < COUNT; i++) {
        schedule_add(&schedule, i, name_hash(i), now());
    }
    run(64, odd);
    for (uint32_t i = 0; i < COUNT; i++) {
        CHECK(i % 2 == 0 ? taken[i] == 64 : taken[i] >= 9 && taken[i] <= 12);
    }
    run(16, never);
    for (uint32_t i = 0; i < COUNT; i++) {
        CHECK(taken[i] >= 8);  // it came back within 8 cycles and stayed
    }
}

static void
test_removal_at_any_moment(void)
{
    begin();
    for (uint32_t i = 0; i < COUNT; i++) {
        schedule_add(&schedule, i, name_hash(i), now());
    }
    uint32_t id = COUNT;
    now_ms += RESOLUTION_MS;
    CHECK(schedule_take(&schedule, now(), &id));
    schedule_remove(&schedule, id);
    schedule_done(&schedule, id, &cycle, false);  // its answer came afterwards
    for (uint32_t i = 0; i < COUNT; i += 3) {
        if (i != id) {
            schedule_remove(&schedule, i);
        }
    }
    unsigned count = 0;
    struct mono_ns before = {0};
    now_ms += 10 * RESOLUTION_MS;
    for (uint32_t taken_id; schedule_take(&schedule, now(), &taken_id); count++) {
        CHECK(taken_id % 3 != 0);
        CHECK(!mono_before(schedule.entries[taken_id].due, before));
        before = schedule.entries[taken_id].due;
    }
    CHECK_EQUAL_U64(count, COUNT - (COUNT + 2) / 3 - (id % 3 != 0));
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"each node once a cycle", test_each_node_once_a_cycle},
        {"failing nodes back off", test_failing_nodes_back_off},
        {"removal at any moment", test_removal_at_any_moment},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
