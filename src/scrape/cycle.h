// The cycles of collecting: when one begins, and its nominal time.
//
// A cycle lasts one resolution. Its nominal time is a multiple of the
// resolution, in Unix seconds, so that all appliances and restarts agree. Only
// the monotonic clock makes cycles begin and end; the wall clock names them and
// pulls their borders to its multiples, by at most half a resolution at a time.
// So a step of the wall clock changes names, and neither stalls nor bursts.
//
// Pure: both clocks are arguments.
#ifndef SKERRY_SCRAPE_CYCLE_H
#define SKERRY_SCRAPE_CYCLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/times.h"

struct cycle {
    int64_t resolution_ms;
    struct mono_ns begin;  // of the running cycle
    struct mono_ns end;
    uint32_t nominal_s;    // never 0
    uint64_t number;       // from 1, one more each cycle
    // Where the wall clock was at `begin`, to notice steps.
    struct wall_ms wall_at_begin;
};

void cycle_init(struct cycle *cycle, int64_t resolution_ms, struct mono_ns now,
                struct wall_ms wall);

// True when the running cycle is over by `now`; then the one that runs now has
// begun, and those that were slept through are left out. *stepped says that the
// wall clock moved otherwise than time passed.
bool cycle_turn(struct cycle *cycle, struct mono_ns now, struct wall_ms wall, bool *stepped);

#endif
