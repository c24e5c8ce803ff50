// What a role remembers of its earlier lives, and what it does about them.
//
// One small file a role, RUN_DIR/life-NAME, on tmpfs: it outlives the process
// but not the machine, so that the monotonic clock is the same for all lives.
// The role itself keeps it; the guard reads it. The file is replaced by one write
// of a fixed size, which a kill cannot cut.
//
// The restart policy (supervise/README.md) is life_begin(): a role that died
// within LIFE_SHORT_MS of being ready, or before it was ready, waits 0, 1, 2, 4
// ... 30 s before it begins again; LIFE_DEATHS deaths within LIFE_WINDOW_MS mean
// that its own state is to be set aside, and then it begins again at once.
#ifndef SKERRY_APP_LIFE_H
#define SKERRY_APP_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "app/config.h"
#include "platform/platform.h"

#define LIFE_MAGIC UINT64_C(0x736b65726c696665)  // "skerlife"
#define LIFE_DEATHS 5
#define LIFE_WINDOW_MS (60 * 1000)
#define LIFE_SHORT_MS (10 * 1000)
#define LIFE_DELAY_MS_MAX (30 * 1000)
// One sentence; longer ones are cut here, and whole in the log.
#define LIFE_REFUSAL_BYTES 320

enum life_end {
    LIFE_RUNNING,  // still, or it died
    LIFE_ASKED,    // ended because it was asked to: no death
    LIFE_REFUSED,  // ended because of a bad configuration: no death
    LIFE_STUCK,    // of the guard: killed by its shadow
};

struct life {
    uint64_t magic;
    uint64_t start_total;
    uint64_t set_aside_total;
    int64_t start_ns;  // of the present life, before its delay
    int64_t go_ns;     // when its delay is over
    int64_t ready_ns;  // 0: not ready yet
    uint32_t end;      // enum life_end
    uint32_t short_count;  // short lives in a row
    int64_t death_ns[LIFE_DEATHS];  // the last ones, oldest first; 0 = none
    char refusal[LIFE_REFUSAL_BYTES];  // LIFE_REFUSED: why, NUL-terminated
};

struct life_verdict {
    int64_t delay_ms;  // wait so long before anything else
    bool set_aside;    // renew the role's own state first
};

// The policy, pure: `life` is that of the last process, or zeroed.
struct life_verdict life_begin(struct life *life, struct mono_ns now);

// Reads the file of `role`; a missing or damaged one gives a zeroed struct.
void life_load(struct life *life, const struct platform *platform, const struct config *config,
               const char *role);

// Opens it for life_store; made when it is not there.
int life_open(const struct platform *platform, const struct config *config, const char *role,
              int *file) MUST_USE;
int life_store(const struct life *life, const struct platform *platform, int file) MUST_USE;

#endif
