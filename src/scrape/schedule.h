// When each target is fetched next.
//
// Targets are spread over the interval by a hash that the caller gives, so
// that each has its own moment in every cycle, the same after a restart. A
// target is taken once a cycle at most. A failing one is tried in the next
// cycle, then every 2nd, then every SCHEDULE_SKIP_MAX, at a random moment. A new
// one comes at once, but no more than the machine can take (first_spread_ms).
// Turns are rounded up to a common grid, so that one wake-up begins several and
// finds the code of the one before still warm: a quarter less CPU per answer.
//
// A binary heap by the due time: add, take and put back are O(log n). Pure:
// the clock and the random numbers are arguments or state from a seed. Memory
// is fixed; slots are numbered from 0 and owned by the caller.
#ifndef SKERRY_SCRAPE_SCHEDULE_H
#define SKERRY_SCRAPE_SCHEDULE_H

#include "base/arena.h"
#include "scrape/cycle.h"

#define SCHEDULE_SKIP_MAX 4
#define SCHEDULE_NONE UINT32_MAX

struct schedule_slot {
    int64_t due_ns;
    uint64_t cycle;      // number of the last cycle in which it was taken
    uint32_t phase;      // share of the spread, of 2^32
    uint32_t position;   // in the heap, or SCHEDULE_NONE
    uint16_t failures;   // in a row
    bool used;
    bool removed;        // while it was taken
};

struct schedule {
    uint32_t limit;
    uint32_t count;       // in the heap
    int64_t spread_ms;    // of the interval, over which targets lie
    int64_t lead_ms;      // no turn lies earlier in its cycle
    int64_t first_ms;     // over which new targets are spread
    int64_t batch_ns;     // turns lie on multiples of it
    uint64_t random;
    struct schedule_slot *slot;
    uint32_t *heap;       // slots
};

// How long a cycle is old before anybody is asked for it.
int64_t schedule_lead_ms(int64_t resolution_ms);

size_t schedule_footprint(uint32_t slots);
void schedule_init(struct schedule *schedule, struct arena *arena, uint32_t slots,
                   int64_t resolution_ms, int64_t first_ms, uint64_t seed);

// `hash` decides its moment in the interval.
void schedule_add(struct schedule *schedule, uint32_t slot, uint64_t hash, struct mono_ns now);
// Also while it is taken: then schedule_done does not put it back.
void schedule_remove(struct schedule *schedule, uint32_t slot);

// When the next one is due; INT64_MAX when there is none.
struct mono_ns schedule_next(const struct schedule *schedule);
// A slot that is due, which then is not in the schedule until schedule_done or
// schedule_defer; or SCHEDULE_NONE.
uint32_t schedule_take(struct schedule *schedule, const struct cycle *cycle, struct mono_ns now);

// Puts a taken slot back for its next turn.
void schedule_done(struct schedule *schedule, uint32_t slot, const struct cycle *cycle,
                   struct mono_ns now, bool failed);
// Puts it back for `ms` from now, without counting it as taken or failed.
void schedule_defer(struct schedule *schedule, uint32_t slot, struct mono_ns now, int64_t ms);

#endif
