// How every role is doing, as the guard sees it: the file RUN_DIR/roles.
//
// The guard replaces its content about twice a second by one write of a fixed
// size; serve and `skerry status` read it. A checksum tells a torn read from a
// whole one, so roles_read() tries again a few times. The file outlives the
// guard, which goes on counting where it ended.
#ifndef SKERRY_APP_ROLES_H
#define SKERRY_APP_ROLES_H

#include <stdbool.h>
#include <stdint.h>

#include "app/config.h"
#include "app/life.h"
#include "app/role.h"
#include "platform/platform.h"

#define ROLES_MAGIC UINT64_C(0x736b65726f6c6534)  // "skerole4"
// The newest deaths of all roles together.
#define ROLES_DEATHS_MAX 32

enum role_state {
    ROLE_DOWN,      // somebody asked for it
    ROLE_WAITING,   // its restart delay is not over
    ROLE_STARTING,  // not ready yet
    ROLE_READY,
    ROLE_STUCK,     // being killed by the guard
    ROLE_ENDED,     // died; its supervisor is about to start it again
    ROLE_REFUSED,   // bad configuration: down until that changes
    ROLE_UNKNOWN,   // no supervisor to be seen
    ROLE_ABSENT,    // this configuration has no use for it; nobody shows it
};

enum death_cause {
    DEATH_EXIT,           // by itself, with an exit code
    DEATH_SIGNAL,         // by a signal from outside, or an abort of its own
    DEATH_HANG,           // killed by the guard: its heartbeat had stopped
    DEATH_NOT_READY,      // killed by the guard: it did not become ready in time
    DEATH_OUT_OF_MEMORY,  // killed by the kernel; cannot happen within the plan
    DEATH_BAD_CONFIG,     // exit 100
};

struct role_death {
    int64_t time_ms;  // Unix ms
    uint8_t role;     // enum role
    uint8_t cause;    // enum death_cause
    uint8_t exit_code;
    uint8_t signal;   // 0: it exited
    uint32_t spare;
};

struct role_status {
    char name[16];  // NUL-terminated
    uint32_t pid;   // 0 when down
    uint32_t state; // enum role_state
    int64_t changed_ms;     // when it went up or down
    int64_t ready_ms;       // of the present life; 0 = not ready
    int64_t wait_until_ms;  // ROLE_WAITING: when it begins
    int64_t heartbeat_age_ms;  // -1 = none yet
    uint64_t start_total;
    uint64_t death_total;   // without those that were asked for
    uint64_t hang_total;
    uint64_t set_aside_total;  // times its own state was renewed
    uint32_t deaths_last_minute;
    uint32_t spare;
    struct role_death last_death;  // time_ms 0 = none
    struct notify_heap heap;  // limit 0: it has none, or has not told yet
    char refusal[LIFE_REFUSAL_BYTES];  // NUL-terminated; what a refused role said
};

enum watchdog_state { WATCHDOG_NONE, WATCHDOG_FED, WATCHDOG_STARVED, WATCHDOG_FAILED };

struct roles {
    uint64_t magic;
    uint64_t checksum;  // of all that follows
    int64_t written_ms; // Unix ms
    uint64_t out_of_memory_total;  // kills by the kernel in our cgroup
    uint32_t role_count;
    uint32_t watchdog;  // enum watchdog_state
    uint32_t death_count;  // of death[]
    uint32_t spare;
    struct role_status role[ROLE_COUNT];
    struct role_death death[ROLES_DEATHS_MAX];  // oldest first
};

// 0; -ERR_NO_FILE while no guard has written; -ERR_LAYOUT for another version's
// file; -ERR_IO when it cannot be read whole. Does not allocate or map: allowed
// after the seal.
int roles_read(struct roles *roles, const struct platform *platform,
               const struct config *config) MUST_USE;

// Only the guard calls it.
int roles_write(struct roles *roles, const struct platform *platform,
                const struct config *config) MUST_USE;

// Appends to death[], the oldest goes.
void roles_add_death(struct roles *roles, const struct role_death *death);

const char *role_state_name(uint32_t state);   // "ready"
const char *death_cause_name(uint8_t cause);   // "hang", a label
// "killed by SIGKILL", "exit 111", "stuck: no heartbeat, killed by SIGABRT".
void role_death_write(struct out *out, const struct role_death *death);
// Why it is refused or, else, how it died last; nothing when it never did.
void role_status_write_reason(struct out *out, const struct role_status *status);

#endif
