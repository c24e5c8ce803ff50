// What s6-supervise says of a service, from the two files that it keeps in
// NAME/supervise: `status` (as s6-svstat reads it) and `death_tally` (as s6-svdt
// does). Pure; the bytes may be anything.
//
// Formats (s6 2.11: s6_svstatus_pack, s6_dtally_pack; big-endian):
//   status  35 bytes: TAI64N of the last change, TAI64N of readiness, pid (8),
//           wait status (2), flags: 1 paused, 2 finishing, 4 wanted up, 8 ready.
//           From 2.12 on 43 bytes: the process group (8) stands behind the pid.
//   death_tally  14 bytes a death, oldest first: TAI64N, exit code (128 + signal
//           when killed), signal (0: it exited)
#ifndef SKERRY_APP_SUPERVISED_H
#define SKERRY_APP_SUPERVISED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "base/times.h"

#define SUPERVISED_STATUS_BYTES_MAX 43
#define SUPERVISED_DEATH_BYTES 14
// max-death-tally of the services.
#define SUPERVISED_DEATHS_MAX 100

struct supervised {
    uint32_t pid;  // of the role, or of its finish script; 0 = down
    bool up;       // the role itself runs
    bool finishing;
    bool wanted_up;
    bool ready;
    bool paused;
    struct wall_ms changed;
    struct wall_ms ready_since;
};

struct supervised_death {
    struct wall_ms time;
    uint8_t exit_code;
    uint8_t signal;  // 0: it exited with exit_code
};

// -ERR_MALFORMED when the size is none that s6 writes.
int supervised_parse(struct text status, struct supervised *supervised) MUST_USE;

// The deaths after `since`, oldest first, at most `limit`; how many.
unsigned supervised_deaths(struct text tally, struct wall_ms since,
                           struct supervised_death *deaths, unsigned limit);

#endif
