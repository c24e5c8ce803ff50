#include "app/watch.h"

#include <signal.h>

#include "../test.h"

#define LIMIT_MS 15000

static struct watch watch;
static struct watch_seen seen;

// A role that runs since just now, not yet ready.
static void
begin(void)
{
    watch = (struct watch){0};
    seen = (struct watch_seen){
        .now = {100 * NS_PER_S},
        .supervised = {.pid = 50, .up = true, .wanted_up = true},
        .supervised_known = true,
        .heartbeat_limit_ms = LIMIT_MS,
    };
}

// Judges in turns of half a second, as the guard does, for `ms`; the last verdict
// or the first one with an action.
static struct watch_verdict
pass(int64_t ms)
{
    struct watch_verdict verdict = watch_judge(&watch, &seen);
    for (int64_t at = 0; at < ms && verdict.action == WATCH_NOTHING; at += 500) {
        seen.now = mono_add_ms(seen.now, 500);
        verdict = watch_judge(&watch, &seen);
    }
    return verdict;
}

static void
beat(void)
{
    seen.heartbeat_ns = seen.now.ns;
}

TEST(a_beating_role_is_left_alone)
{
    begin();
    seen.supervised.ready = true;
    for (unsigned i = 0; i < 100; i++) {
        beat();
        struct watch_verdict verdict = pass(LIMIT_MS - 500);
        CHECK_EQUAL_U64(verdict.state, ROLE_READY);
        CHECK_EQUAL_U64(verdict.action, WATCH_NOTHING);
    }
}

TEST(a_silent_role_is_aborted_then_killed)
{
    begin();
    seen.supervised.ready = true;
    beat();
    CHECK_EQUAL_U64(pass(LIMIT_MS).action, WATCH_NOTHING);
    struct watch_verdict verdict = pass(500);
    CHECK_EQUAL_U64(verdict.action, WATCH_ABORT);
    CHECK_EQUAL_U64(verdict.state, ROLE_STUCK);
    CHECK(verdict.heartbeat_age_ms > LIMIT_MS);
    // The grace of two seconds, then KILL at every turn until it is gone.
    seen.now = mono_add_ms(seen.now, 500);
    CHECK_EQUAL_U64(pass(1000).action, WATCH_NOTHING);
    CHECK_EQUAL_U64(pass(500).action, WATCH_KILL);
    CHECK_EQUAL_U64(pass(0).action, WATCH_KILL);
    // A beat that comes too late does not save it: it has been told to end.
    beat();
    CHECK_EQUAL_U64(pass(0).action, WATCH_KILL);
}

TEST(a_ready_role_that_never_beat)
{
    begin();
    seen.supervised.ready = true;
    CHECK_EQUAL_U64(pass(LIMIT_MS).action, WATCH_NOTHING);
    CHECK_EQUAL_U64(pass(500).action, WATCH_ABORT);
}

TEST(not_ready_in_time)
{
    begin();
    CHECK_EQUAL_U64(pass(WATCH_READY_MS).state, ROLE_STARTING);
    CHECK_EQUAL_U64(pass(500).action, WATCH_ABORT);
    struct supervised_death death = {.signal = SIGABRT, .exit_code = 134};
    CHECK_EQUAL_U64(watch_cause(&watch, &death, false), DEATH_NOT_READY);
}

TEST(the_restart_delay_does_not_count)
{
    begin();
    seen.life = (struct life){.magic = LIFE_MAGIC, .go_ns = mono_add_ms(seen.now, 30000).ns};
    CHECK_EQUAL_U64(pass(29500).state, ROLE_WAITING);
    CHECK_EQUAL_U64(pass(500 + WATCH_READY_MS).state, ROLE_STARTING);
    CHECK_EQUAL_U64(pass(500).action, WATCH_ABORT);
}

TEST(a_new_process_starts_clean)
{
    begin();
    seen.supervised.ready = true;
    CHECK_EQUAL_U64(pass(LIMIT_MS + 500).action, WATCH_ABORT);
    seen.supervised = (struct supervised){.pid = 51, .up = true, .wanted_up = true, .ready = true};
    CHECK_EQUAL_U64(pass(LIMIT_MS).action, WATCH_NOTHING);
    // The cause of the old one's death is still known, once.
    struct supervised_death death = {.signal = SIGKILL, .exit_code = 137};
    CHECK_EQUAL_U64(watch_cause(&watch, &death, false), DEATH_HANG);
    CHECK_EQUAL_U64(watch_cause(&watch, &death, false), DEATH_SIGNAL);
}

TEST(a_gap_of_the_guard_gives_a_full_limit)
{
    begin();
    seen.supervised.ready = true;
    beat();
    watch_judge(&watch, &seen);
    seen.now = mono_add_ms(seen.now, 3600 * 1000);
    CHECK_EQUAL_U64(pass(LIMIT_MS).action, WATCH_NOTHING);
    CHECK_EQUAL_U64(pass(500).action, WATCH_ABORT);
}

TEST(being_stopped_is_no_hang)
{
    begin();
    seen.supervised.ready = true;
    seen.supervised.wanted_up = false;
    CHECK_EQUAL_U64(pass(10 * LIMIT_MS).action, WATCH_NOTHING);
}

static void
refuse(void)
{
    begin();
    seen.supervised = (struct supervised){0};
    seen.last_death = (struct supervised_death){.time = {5000}, .exit_code = EXIT_BAD_CONFIG};
    seen.config_print = 7;
    seen.config_changed_ms = 4000;
}

TEST(refused_until_the_files_change)
{
    refuse();
    struct watch_verdict verdict = pass(600 * 1000);
    CHECK_EQUAL_U64(verdict.state, ROLE_REFUSED);
    CHECK_EQUAL_U64(verdict.action, WATCH_NOTHING);
    seen.config_print = 8;
    CHECK_EQUAL_U64(pass(0).action, WATCH_UP);
    CHECK_EQUAL_U64(pass(600 * 1000).action, WATCH_NOTHING);
}

// The file was mended between the death and the guard's first look.
TEST(refused_but_already_mended)
{
    refuse();
    seen.config_changed_ms = 5001;
    CHECK_EQUAL_U64(pass(0).action, WATCH_UP);
    CHECK_EQUAL_U64(pass(60 * 1000).action, WATCH_NOTHING);
}

// A file from the future: it is refused again and again, but started only once.
TEST(a_time_in_the_future_is_no_loop)
{
    refuse();
    seen.config_changed_ms = INT64_C(1) << 50;
    CHECK_EQUAL_U64(pass(0).action, WATCH_UP);
    for (unsigned i = 0; i < 5; i++) {
        seen.supervised = (struct supervised){.pid = 60 + i, .up = true, .wanted_up = true};
        pass(0);
        seen.supervised = (struct supervised){0};
        CHECK_EQUAL_U64(pass(60 * 1000).action, WATCH_NOTHING);
    }
    seen.config_print = 8;
    CHECK_EQUAL_U64(pass(0).action, WATCH_UP);
}

TEST(down_by_hand_stays_down)
{
    refuse();
    seen.last_death.exit_code = 0;
    seen.config_print = 9;
    CHECK_EQUAL_U64(pass(5000).state, ROLE_DOWN);
    CHECK_EQUAL_U64(pass(0).action, WATCH_NOTHING);
    seen.supervised.wanted_up = true;
    CHECK_EQUAL_U64(pass(0).state, ROLE_ENDED);
    seen.supervised_known = false;
    CHECK_EQUAL_U64(pass(0).state, ROLE_UNKNOWN);
}

TEST(causes)
{
    struct supervised_death killed = {.signal = SIGKILL, .exit_code = 137};
    struct supervised_death fault = {.signal = SIGSEGV, .exit_code = 139};
    struct supervised_death refused = {.exit_code = EXIT_BAD_CONFIG};
    struct supervised_death system = {.exit_code = EXIT_SYSTEM};
    begin();
    CHECK_EQUAL_U64(watch_cause(&watch, &killed, false), DEATH_SIGNAL);
    CHECK_EQUAL_U64(watch_cause(&watch, &killed, true), DEATH_OUT_OF_MEMORY);
    CHECK_EQUAL_U64(watch_cause(&watch, &fault, true), DEATH_SIGNAL);
    CHECK_EQUAL_U64(watch_cause(&watch, &refused, false), DEATH_BAD_CONFIG);
    CHECK_EQUAL_U64(watch_cause(&watch, &system, false), DEATH_EXIT);
}

int
main(void)
{
    struct test_case cases[] = {
        {"watch_a_beating_role_is_left_alone", a_beating_role_is_left_alone},
        {"watch_a_silent_role_is_aborted_then_killed", a_silent_role_is_aborted_then_killed},
        {"watch_a_ready_role_that_never_beat", a_ready_role_that_never_beat},
        {"watch_not_ready_in_time", not_ready_in_time},
        {"watch_the_restart_delay_does_not_count", the_restart_delay_does_not_count},
        {"watch_a_new_process_starts_clean", a_new_process_starts_clean},
        {"watch_a_gap_of_the_guard_gives_a_full_limit", a_gap_of_the_guard_gives_a_full_limit},
        {"watch_being_stopped_is_no_hang", being_stopped_is_no_hang},
        {"watch_refused_until_the_files_change", refused_until_the_files_change},
        {"watch_refused_but_already_mended", refused_but_already_mended},
        {"watch_a_time_in_the_future_is_no_loop", a_time_in_the_future_is_no_loop},
        {"watch_down_by_hand_stays_down", down_by_hand_stays_down},
        {"watch_causes", causes},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
