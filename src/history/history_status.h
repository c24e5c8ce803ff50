// How recording goes: a small file in the run directory, written by record at
// every cycle and read by serve and `skerry status`.
#ifndef SKERRY_HISTORY_HISTORY_STATUS_H
#define SKERRY_HISTORY_HISTORY_STATUS_H

#include "history/history.h"
#include "platform/status_file.h"

#define HISTORY_STATUS_FILE "history-status"
#define HISTORY_STATUS_MAGIC UINT64_C(0x736b656869737431)  // "skehist1"

struct history_status {
    struct status_head head;
    struct history_use use;
    uint64_t cycles_total;       // recorded
    uint64_t cycles_lost_total;  // that could not be
    uint64_t sets_total;
    uint32_t last_cycle_s;
    int32_t last_error;          // enum error of the newest cycle, 0 = recorded
    int64_t set_aside_ms;        // when a damaged file was, 0 = never
    char last_sentence[200];     // why not, C string
};

// -ERR_NO_FILE: nothing was recorded since the start. The sentence ends.
int history_status_read(const struct platform *platform, const char *path,
                        struct history_status *status) MUST_USE;

#endif
