#include "scrape/schedule.h"

#include <string.h>

#include "base/hash.h"
#include "test.h"

#define COUNT 500
#define RESOLUTION_MS 15000
#define FIRST_MS 4000

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
    schedule_init(&schedule, &arena, COUNT, RESOLUTION_MS, FIRST_MS, test_seed());
    now_ms = 0;
    cycle_init(&cycle, RESOLUTION_MS, now(), (struct wall_ms){wall_off});
}

static uint32_t
take(void)
{
    return schedule_take(&schedule, &cycle, now());
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
        for (uint32_t id = take(); id != SCHEDULE_NONE; id = take()) {
            taken[id]++;
            window++;
            schedule_done(&schedule, id, &cycle, now(), fails(id));
        }
        now_ms += 10;
        if (now_ms % 100 == 0) {
            most_at_once = window > most_at_once ? window : most_at_once;
            window = 0;
        }
        bool stepped;
        done += cycle_turn(&cycle, now(), (struct wall_ms){wall_off + now_ms}, &stepped);
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
add_all(void)
{
    begin();
    for (uint32_t i = 0; i < COUNT; i++) {
        schedule_add(&schedule, i, name_hash(i), now());
    }
}

static void
test_the_first_come_soon_and_spread(void)
{
    add_all();
    unsigned at_once = 0;
    for (; take() != SCHEDULE_NONE; at_once++) {
    }
    CHECK(at_once < 10);
    now_ms += FIRST_MS + schedule.batch_ns / NS_PER_MS;
    unsigned soon = at_once;
    for (; take() != SCHEDULE_NONE; soon++) {
    }
    CHECK_EQUAL_U64(soon, COUNT);
}

static void
test_failing_nodes_back_off(void)
{
    add_all();
    run(64, odd);
    for (uint32_t i = 0; i < COUNT; i++) {
        unsigned least = 64 / SCHEDULE_SKIP_MAX;
        CHECK(i % 2 == 0 ? taken[i] == 64 : taken[i] >= least && taken[i] <= least + 3);
    }
    run(2 * SCHEDULE_SKIP_MAX, never);
    for (uint32_t i = 0; i < COUNT; i++) {
        CHECK(taken[i] >= SCHEDULE_SKIP_MAX);  // it came back, and stayed
    }
}

// One wake-up begins several.
static void
test_turns_lie_on_a_grid(void)
{
    add_all();
    for (uint32_t i = 0; i < COUNT; i++) {
        CHECK_EQUAL_U64((uint64_t)(schedule.slot[i].due_ns % schedule.batch_ns), 0);
    }
    run(2, never);
    for (uint32_t i = 0; i < COUNT; i++) {
        CHECK_EQUAL_U64((uint64_t)(schedule.slot[i].due_ns % schedule.batch_ns), 0);
    }
    CHECK(schedule.batch_ns > NS_PER_MS);
}

static void
test_a_deferred_one_comes_then(void)
{
    begin();
    schedule_add(&schedule, 3, name_hash(3), now());
    now_ms += FIRST_MS;
    CHECK_EQUAL_U64(take(), 3);
    CHECK_EQUAL_U64(schedule_next(&schedule).ns, INT64_MAX);
    schedule_defer(&schedule, 3, now(), 70);
    CHECK_EQUAL_U64(take(), SCHEDULE_NONE);
    CHECK_EQUAL_U64(schedule_next(&schedule).ns, (now_ms + 70) * NS_PER_MS);
    now_ms += 70;
    CHECK_EQUAL_U64(take(), 3);
}

// However the wall clock jumps: nobody is taken twice in a cycle, nobody starves.
static void
test_clock_steps(void)
{
    static int64_t last_ms[COUNT];
    add_all();
    uint64_t seed = test_seed();
    int64_t off = wall_off;
    memset(last_ms, 0, sizeof last_ms);
    run(2, never);
    for (uint32_t i = 0; i < COUNT; i++) {
        last_ms[i] = now_ms;
    }
    unsigned steps = 0;
    for (int turn = 0; turn < 60 * 100; turn++) {
        unsigned at_once = 0;
        for (uint32_t id = take(); id != SCHEDULE_NONE; id = take()) {
            CHECK(now_ms - last_ms[id] <= 3 * RESOLUTION_MS);
            last_ms[id] = now_ms;
            at_once++;
            schedule_done(&schedule, id, &cycle, now(), false);
        }
        CHECK(at_once < COUNT / 2);
        now_ms += 100;
        if (test_random_below(&seed, 100) == 0) {
            off += (int64_t)test_random_below(&seed, 200000) - 100000;
            steps++;
        }
        bool stepped;
        (void)cycle_turn(&cycle, now(), (struct wall_ms){off + now_ms}, &stepped);
    }
    CHECK(steps > 10);
    for (uint32_t i = 0; i < COUNT; i++) {
        CHECK(now_ms - last_ms[i] <= 3 * RESOLUTION_MS);
    }
}

static void
test_removal_at_any_moment(void)
{
    add_all();
    now_ms += RESOLUTION_MS;
    uint32_t id = take();
    CHECK(id != SCHEDULE_NONE);
    schedule_remove(&schedule, id);
    schedule_done(&schedule, id, &cycle, now(), false);  // its answer came afterwards
    for (uint32_t i = 0; i < COUNT; i += 3) {
        if (i != id) {
            schedule_remove(&schedule, i);
        }
    }
    unsigned count = 0;
    int64_t before = 0;
    now_ms += 10 * RESOLUTION_MS;
    for (uint32_t taken_id = take(); taken_id != SCHEDULE_NONE; taken_id = take()) {
        CHECK(taken_id % 3 != 0);
        CHECK(schedule.slot[taken_id].due_ns >= before);
        before = schedule.slot[taken_id].due_ns;
        count++;
    }
    CHECK_EQUAL_U64(count, COUNT - (COUNT + 2) / 3 - (id % 3 != 0));
    schedule_add(&schedule, id, name_hash(id), now());  // the slot is free again
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"each node once a cycle", test_each_node_once_a_cycle},
        {"the first come soon and spread", test_the_first_come_soon_and_spread},
        {"failing nodes back off", test_failing_nodes_back_off},
        {"turns lie on a grid", test_turns_lie_on_a_grid},
        {"a deferred one comes then", test_a_deferred_one_comes_then},
        {"clock steps", test_clock_steps},
        {"removal at any moment", test_removal_at_any_moment},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
