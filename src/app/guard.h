// The guard: sees how every role is doing, ends stuck ones, starts refused ones
// again when their configuration changes, tells who died when and why, and feeds
// the watchdog.
//
// It knows the roles only through files: what their supervisors write (status,
// death_tally), their heartbeats and their lives; and acts only through their
// supervisors' control fifos, so that it never signals a process number that
// has been given to somebody else. guard_turn() is one look at everything;
// guard_run() (guard_run.c) does so twice a second.
#ifndef SKERRY_APP_GUARD_H
#define SKERRY_APP_GUARD_H

#include "app/roles.h"
#include "app/source_check.h"
#include "app/watch.h"

#define GUARD_TURN_MS 500
// Pages that the shadow writes before it settles.
#define GUARD_SHADOW_BYTES (96 * 1024)

struct guard {
    const struct config *config;
    const struct platform *platform;
    struct roles roles;
    struct watch watch[ROLE_COUNT];
    struct mono_ns config_turn;
    uint64_t config_print;
    int64_t config_changed_ms;
    uint64_t oom_kill_total;
    struct mono_ns progress;  // when collect last was well
    int watchdog;             // its file, -1 = none
    int write_error;          // of the last turn
    struct workspace scratch;
    _Alignas(16) unsigned char scratch_memory[SOURCE_CHECK_BYTES];
};

void guard_init(struct guard *guard, const struct config *config,
                const struct platform *platform);
void guard_turn(struct guard *guard);
void guard_close(struct guard *guard);

#endif
