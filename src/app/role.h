// What app/main.c asks of each role: to say its memory, and to run.
//
// X_plan adds the role's parts, named "X", for a derived capacity: everything
// that X_run takes, library heap included; it reads nothing but its arguments.
// X_run is called once with a complete configuration (config->capacity is
// final), after this process waited out its restart delay. It maps, initialises,
// calls role_ready() once, seals, and loops. It returns the exit code:
//   0    asked to stop (SIGTERM)
//   100  the configuration is bad: one sentence was said (role_say); the role is
//        not started again until the configuration changes
//   111  a system call failed that must not: said; it is started again
#ifndef SKERRY_APP_ROLE_H
#define SKERRY_APP_ROLE_H

#include "app/config.h"
#include "budget/plan.h"
#include "platform/notify.h"
#include "platform/platform.h"

#define EXIT_ASKED 0
#define EXIT_BAD_CONFIG 100
#define EXIT_SYSTEM 111

enum role {
#define ROLE(id, name, uid_offset, help) ROLE_##id,
#include "app/roles.tbl.h"
#undef ROLE
    ROLE_COUNT
};

// The descriptor on which s6 waits for a newline (supervise/*/notification-fd).
#define ROLE_NOTIFY_FD 3

const char *role_name(enum role role);
// Whether this configuration has any use for it. Others have no service directory
// and no memory.
bool role_is_wanted(enum role role, const struct config *config);

void collect_plan(struct plan *plan, const struct config *config, const struct capacity *capacity);
int collect_run(const struct config *config);

void serve_plan(struct plan *plan, const struct config *config, const struct capacity *capacity);
int serve_run(const struct config *config);

void record_plan(struct plan *plan, const struct config *config, const struct capacity *capacity);
int record_run(const struct config *config);

void export_plan(struct plan *plan, const struct config *config, const struct capacity *capacity);
int export_run(const struct config *config);

void guard_plan(struct plan *plan, const struct config *config, const struct capacity *capacity);
int guard_run(const struct config *config);

// The live table below --run-dir. collect makes it; it is the state that is set
// aside when collect dies too often.
#define ROLE_TABLE_FILE "table"
// The history below --state-dir, written by record.
#define ROLE_HISTORY_FILE "history.db"

// One line "ROLE: sentence" on stderr in one write, so that lines of several
// roles do not mix in the log. Cut at 1,000 bytes; control bytes become blanks.
// A log that nobody reads loses the line and never holds up the role.
void role_say(const char *role, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Opens the role's heartbeat where the guard looks for it; before the seal, and
// before role_drop_rights when the run directory is root's. role_beat() is then
// to be called at least once in a second: without a beat for three resolutions
// the guard ends the role.
int role_open_beat(enum role role, const struct config *config,
                   struct notify_beat **beat) MUST_USE;
// A sign of life, and how full the library heap of this process is.
void role_beat(struct notify_beat *beat, struct mono_ns now);
// Its path, as a C string in `out`; NULL when it does not fit.
const char *role_beat_path(enum role role, const struct config *config, struct out *out);

// Tells the supervisor that the role is ready, and notes the time for the
// restart delay (life.h). Called once, after initialisation and before the seal.
void role_ready(enum role role, const struct config *config);

// With --uid-base: becomes the role's own user, for good (not the guard). Without
// it only the limits are set. 0 or -ERR_...; called before the seal.
int role_drop_rights(enum role role, const struct config *config) MUST_USE;

// The whole life of a role's process, restart delay included; the exit code.
int role_run(enum role role, const struct config *config, const struct platform *platform);

// How the life before this one ended (enum life_end).
unsigned role_last_end(void);

// Whether this life begins with a check of what the role keeps, after too many
// deaths of the lives before it.
bool role_is_suspect(void);

// Notes how this life ends, at once; safe after the seal (one pwrite).
void role_note_end(unsigned end);

#endif
