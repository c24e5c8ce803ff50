// Which cycles a sink has not been given yet: one small file a sink, below the
// state directory, replaced as a whole. A cycle counts as delivered only when
// this file says so.
//
// Times are nominal times of cycles. `seen_s` is the newest cycle that the sink
// was told of; whatever lies at or before it and in no range is delivered, or
// given up. Ranges are in order of time and apart. There are at most
// CURSOR_RANGES_MAX: when one more is needed, the two that lie closest become one,
// and what was delivered between them is sent twice.
#ifndef SKERRY_SINK_CURSOR_H
#define SKERRY_SINK_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/platform.h"

// An outage makes one range, and ranges grow together: 32 are outages that are
// all still being caught up with.
#define CURSOR_RANGES_MAX 32
#define CURSOR_PATH_BYTES_MAX 512

struct cursor_range {
    uint32_t first_s;  // both inclusive
    uint32_t last_s;
};

struct cursor {
    const struct platform *platform;
    char path[CURSOR_PATH_BYTES_MAX];
    uint32_t step_s;  // between two cycles
    uint32_t seen_s;  // 0: no cycle yet
    unsigned range_count;
    struct cursor_range range[CURSOR_RANGES_MAX];
    bool changed;      // since it was stored
    int last_error;    // of the last cursor_store
    struct mono_ns store_after;
};

// `path` is copied. `step_s` is the resolution, at least 1.
void cursor_init(struct cursor *cursor, const struct platform *platform, const char *path,
                 uint32_t step_s);
// 0; -ERR_NO_FILE: this sink was never sent to; -ERR_MALFORMED: the file is
// damaged; other errors of the file. Without 0 the cursor is as after init.
int cursor_load(struct cursor *cursor) MUST_USE;
// Replaces the file if anything changed, at most once in a second unless
// `at_once`. 0 or the error, which is tried again some seconds later.
int cursor_store(struct cursor *cursor, struct mono_ns now, bool at_once);

// Cycle `cycle_s` is complete: it and whatever may lie between it and the newest
// one seen are owed. A time that is not later than the newest one, because the
// clock was set back, is owed alone; if it was set back by more than
// CURSOR_STEP_BACK_S, the history forgets what bears times yet to come: that is
// given up. Returns how many cycles that are.
#define CURSOR_STEP_BACK_S 600  // HISTORY_STEP_BACK_S
uint32_t cursor_see(struct cursor *cursor, uint32_t cycle_s);
void cursor_add(struct cursor *cursor, uint32_t first_s, uint32_t last_s);
// Delivered, or given up.
void cursor_remove(struct cursor *cursor, uint32_t first_s, uint32_t last_s);
bool cursor_owes(const struct cursor *cursor, uint32_t cycle_s);
// Cycles in all ranges: multiples of the resolution, which nominal times are.
uint32_t cursor_count(const struct cursor *cursor);
uint32_t cursor_range_count(const struct cursor *cursor, struct cursor_range range);

#endif
