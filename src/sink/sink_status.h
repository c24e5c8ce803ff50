// How each sink is doing: a small file in the run directory, written by export and
// read by serve and `skerry status`.
#ifndef SKERRY_SINK_SINK_STATUS_H
#define SKERRY_SINK_SINK_STATUS_H

#include "base/error.h"
#include "limits.h"
#include "platform/status_file.h"

#define SINK_STATUS_FILE "sinks"
#define SINK_STATUS_MAGIC UINT64_C(0x736b657273696e34)  // "skersin4"
#define SINK_NAME_BYTES 256
#define SINK_WHY_BYTES 200

enum sink_state {
    SINK_STATE_WAITING,   // for the first cycle
    SINK_STATE_LIVE,      // nothing older than the newest cycle is owed
    SINK_STATE_CATCHING,  // older cycles are being sent, or waited for
    SINK_STATE_RETRYING,  // the server cannot be reached or refuses everything
};

struct sink_status {
    char name[SINK_NAME_BYTES];  // C string, without secrets
    uint32_t state;              // enum sink_state
    uint32_t events;             // 1: an event sink: points are events, cycles none
    // Of what is owed since nobody knows when, as far as the process saw it.
    uint32_t backlog_cycles;     // owed, the newest one included; or events
    int64_t lag_ms;              // age of the oldest of them; 0: none is
    int64_t success_ms;          // when the server took something; 0 = never
    int64_t error_ms;            // when something failed; 0 = never
    uint64_t points_total;       // taken by the server
    uint64_t cycles_total;
    uint64_t bytes_total;        // of bodies that were taken, before compression
    uint64_t skipped_total;      // points that the format cannot say
    uint64_t missed_total;       // cycles that nobody can give any more; events, at most
    uint64_t unread_total;       // times that the history could not be read
    uint64_t retried_total[ERR_COUNT];  // requests, by why they were not taken
    uint64_t refused_total[ERR_COUNT];  // points, by the reason that the server gave
    int32_t last_error;          // enum error
    int32_t cursor_error;        // enum error of its file; 0: it is kept
    char why[SINK_WHY_BYTES];    // of last_error, C string
};

struct sink_statuses {
    struct status_head head;
    int64_t written_ms;
    uint32_t count;
    uint32_t spare;
    struct sink_status sink[SINKS_MAX];
};

static inline const char *
sink_state_name(uint32_t state)
{
    static const char *const names[] = {
        [SINK_STATE_WAITING] = "waiting",
        [SINK_STATE_LIVE] = "live",
        [SINK_STATE_CATCHING] = "catching_up",
        [SINK_STATE_RETRYING] = "retrying",
    };
    return state < ARRAY_COUNT(names) ? names[state] : "unknown";
}

static inline uint64_t
sink_status_sum(const uint64_t totals[ERR_COUNT])
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < ERR_COUNT; i++) {
        sum += totals[i];
    }
    return sum;
}

static inline uint64_t
sink_status_retried(const struct sink_status *status)
{
    return sink_status_sum(status->retried_total);
}

static inline uint64_t
sink_status_refused(const struct sink_status *status)
{
    return sink_status_sum(status->refused_total);
}

int sink_statuses_write(const struct platform *platform, const char *path,
                        struct sink_statuses *statuses) MUST_USE;
// Errors as status_file_read. With 0 counts are in range and texts end.
int sink_statuses_read(const struct platform *platform, const char *path,
                       struct sink_statuses *statuses) MUST_USE;

#endif
