// A recorded cycle as metric sets, one after the other, with the labels that
// they had then: what sinks catch up from, and what serves "all of one moment".
//
// Reads a history (history.h) that this process has opened for reading. Bounded
// memory: one group of entities at a time.
#ifndef SKERRY_HISTORY_REPLAY_H
#define SKERRY_HISTORY_REPLAY_H

#include "base/arena.h"
#include "history/history.h"
#include "model/metric_set.h"

struct replay;

size_t replay_footprint(void);
struct replay *replay_new(struct arena *arena);

// The first recorded cycle after `after_s` (0: the oldest), raw resolution. 0 and
// *cycle_s; -ERR_NO_FILE when there is none (yet); other errors of history.h.
int replay_next_cycle(struct replay *replay, struct history *history, uint32_t after_s,
                      uint32_t *cycle_s) MUST_USE;
// Begins at the first set of that cycle.
int replay_begin(struct replay *replay, struct history *history, uint32_t cycle_s) MUST_USE;
// 1 and the next set, valid until the next call; 0 at the end; -ERR_... when the
// cycle cannot be read (a damaged group is skipped and counted, not an error).
int replay_next(struct replay *replay, const struct metric_set **set) MUST_USE;

#endif
