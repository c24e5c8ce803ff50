#include "history/replay.h"

#include "kit.h"

#define START (1700000000u - 1700000000u % 960)

static struct kit kit;

static void
record_all(uint32_t first, uint32_t cycles, bool with_upkeep)
{
    for (uint32_t i = 0; i < cycles; i++) {
        CHECK_EQUAL_U64((uint64_t)-kit_record(&kit, first + i * 60), 0);
        if (with_upkeep) {
            CHECK_EQUAL_U64((uint64_t)-kit_maintain(&kit), 0);
        }
    }
}

TEST(in_order_and_to_the_end)
{
    const struct metric_set *set;
    uint32_t cycle_s = 0;
    kit_open(&kit, 1, 60, 64 << 20);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    struct replay *replay = replay_new(&kit.arena);
    CHECK_EQUAL_U64((uint64_t)-replay_next_cycle(replay, kit.history, 0, &cycle_s), ERR_NO_FILE);
    record_all(START, 3, true);
    for (uint32_t i = 0; i < 3; i++) {
        CHECK(replay_next_cycle(replay, kit.history, cycle_s, &cycle_s) == 0);
        CHECK_EQUAL_U64(cycle_s, START + i * 60);
    }
    CHECK_EQUAL_U64((uint64_t)-replay_next_cycle(replay, kit.history, cycle_s, &cycle_s),
                    ERR_NO_FILE);
    CHECK(replay_begin(replay, kit.history, START) == 0);
    CHECK(replay_next(replay, &set) == 1);
    CHECK(set->entity == ENTITY_CLUSTER);
    CHECK(replay_next(replay, &set) == 1);
    CHECK(set->entity == ENTITY_NAMESPACE);
    CHECK_EQUAL_U64((uint64_t)-replay_begin(replay, kit.history, START + 1), ERR_NO_FILE);
    CHECK_EQUAL_U64((uint64_t)-replay_begin(replay, kit.history, 0), ERR_NO_FILE);
    kit_close(&kit);
}

// A window that is packed group by group while its cycles are replayed.
TEST(half_packed_windows)
{
    kit_open(&kit, 1, 60, 64 << 20);
    CHECK_EQUAL_U64((uint64_t)-kit_open_history(&kit), 0);
    struct replay *replay = replay_new(&kit.arena);
    record_all(START, 40, false);
    for (int more = 1; more > 0;) {
        more = history_maintain(kit.history);
        CHECK(more >= 0);
        for (uint32_t at = START; at < START + 40 * 60; at += 7 * 60) {
            CHECK_EQUAL_U64(kit_check_cycle(replay, kit.history, at), kit_sets_of(&kit, at));
        }
    }
    kit_close(&kit);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"in_order_and_to_the_end", in_order_and_to_the_end},
        {"half_packed_windows", half_packed_windows},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
