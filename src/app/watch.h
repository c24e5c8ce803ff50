// The guard's judgement of one role: what state it is in and what to do.
//
// Pure: facts in, verdict out, with a little memory of what was done before.
// The rules (supervise/README.md):
//   - a role that is ready and gave no sign of life for `heartbeat_limit_ms` is
//     stuck: ABRT, and WATCH_GRACE_MS later KILL
//   - a role that is not ready WATCH_READY_MS after its restart delay: the same
//   - a role that was refused (exit 100) is started again when a file of the
//     configuration has changed since: skerry.conf, the flags, a kubeconfig,
//     what that names, a service account, what a sink names; anything else takes s6-svc -u
// When the guard itself was not running for a while (the machine slept, somebody
// stopped it), every role first gets a full limit again.
#ifndef SKERRY_APP_WATCH_H
#define SKERRY_APP_WATCH_H

#include "app/life.h"
#include "app/roles.h"
#include "app/supervised.h"

#define WATCH_READY_MS (30 * 1000)
#define WATCH_GRACE_MS (2 * 1000)
// A gap between two turns after which the guard does not trust old heartbeats.
#define WATCH_GAP_MS (5 * 1000)

struct watch_seen {
    struct mono_ns now;
    struct supervised supervised;
    bool supervised_known;
    struct life life;           // zeroed when there is none
    int64_t heartbeat_ns;       // the last one, monotonic; 0 = none
    int64_t heartbeat_limit_ms;
    int64_t config_changed_ms;  // newest change of the configuration's files
    uint64_t config_print;      // changes whenever they do
    struct supervised_death last_death;  // time 0 = none
};

enum watch_action { WATCH_NOTHING, WATCH_ABORT, WATCH_KILL, WATCH_UP };

struct watch {
    uint32_t pid;            // the process that the rest is about
    int64_t first_seen_ns;   // of this process
    int64_t first_ready_ns;  // 0 = not seen ready
    int64_t trusted_from_ns; // heartbeats are judged from here on
    int64_t turn_ns;         // the last turn
    int64_t aborted_ns;      // 0 = not being killed
    uint8_t kill_cause;      // enum death_cause, while aborted_ns is not 0
    bool refused;
    uint64_t refused_print;
    int64_t change_used_ms;  // the change that last was a reason to start again
};

struct watch_verdict {
    enum role_state state;
    enum watch_action action;
    int64_t heartbeat_age_ms;  // -1 = none yet
};

struct watch_verdict watch_judge(struct watch *watch, const struct watch_seen *seen);

// The cause of a death that s6 noted: a kill by the guard is told by `watch`,
// and its memory of it ends here. `out_of_memory`: the kernel's count has risen.
uint8_t watch_cause(struct watch *watch, const struct supervised_death *death,
                    bool out_of_memory);

#endif
