#include "scrape/schedule.h"

#include "base/check.h"
#include "base/hash.h"

// The last part of the interval stays free, so that slow answers still belong
// to their cycle.
#define SPREAD_PERCENT 80
// And a first part, for those who read the cycle that ended: the live table keeps
// file systems and the like of the newest sample only.
#define LEAD_PARTS 8
#define LEAD_MS_MAX 1500

// Targets of one batch are begun together.
#define BATCHES_PER_INTERVAL 64
#define BATCH_MS_MAX 250

static int64_t
batch_ns(int64_t resolution_ms)
{
    int64_t ns = resolution_ms * NS_PER_MS / BATCHES_PER_INTERVAL;
    int64_t most = BATCH_MS_MAX * NS_PER_MS;
    return ns < 1 ? 1 : ns > most ? most : ns;
}

int64_t
schedule_lead_ms(int64_t resolution_ms)
{
    int64_t lead = resolution_ms / LEAD_PARTS;
    return lead < LEAD_MS_MAX ? lead : LEAD_MS_MAX;
}

size_t
schedule_footprint(uint32_t slots)
{
    return arena_bytes(slots * sizeof(struct schedule_slot))
           + arena_bytes(slots * sizeof(uint32_t));
}

void
schedule_init(struct schedule *schedule, struct arena *arena, uint32_t slots,
              int64_t resolution_ms, int64_t first_ms, uint64_t seed)
{
    int64_t spread = resolution_ms * SPREAD_PERCENT / 100;
    *schedule = (struct schedule){
        .limit = slots,
        .spread_ms = spread,
        .lead_ms = schedule_lead_ms(resolution_ms),
        .first_ms = first_ms < spread ? first_ms : spread,
        .batch_ns = batch_ns(resolution_ms),
        .random = seed,
    };
    schedule->slot = arena_take_array(arena, slots, sizeof(*schedule->slot));
    schedule->heap = arena_take_array(arena, slots, sizeof(*schedule->heap));
    for (uint32_t i = 0; i < slots; i++) {
        schedule->slot[i].position = SCHEDULE_NONE;
    }
}

static struct schedule_slot *
slot_at(struct schedule *schedule, uint32_t slot)
{
    ASSERT(slot < schedule->limit);
    return &schedule->slot[slot];
}

static int64_t
due_of(const struct schedule *schedule, uint32_t position)
{
    return schedule->slot[schedule->heap[position]].due_ns;
}

static void
place(struct schedule *schedule, uint32_t position, uint32_t slot)
{
    schedule->heap[position] = slot;
    schedule->slot[slot].position = position;
}

static void
sift_up(struct schedule *schedule, uint32_t position)
{
    uint32_t slot = schedule->heap[position];
    int64_t due = schedule->slot[slot].due_ns;
    while (position > 0 && due_of(schedule, (position - 1) / 2) > due) {
        place(schedule, position, schedule->heap[(position - 1) / 2]);
        position = (position - 1) / 2;
    }
    place(schedule, position, slot);
}

static void
sift_down(struct schedule *schedule, uint32_t position)
{
    uint32_t slot = schedule->heap[position];
    int64_t due = schedule->slot[slot].due_ns;
    for (;;) {
        uint32_t child = 2 * position + 1;
        if (child >= schedule->count) {
            break;
        }
        if (child + 1 < schedule->count
            && due_of(schedule, child + 1) < due_of(schedule, child)) {
            child++;
        }
        if (due_of(schedule, child) >= due) {
            break;
        }
        place(schedule, position, schedule->heap[child]);
        position = child;
    }
    place(schedule, position, slot);
}

static void
insert(struct schedule *schedule, uint32_t slot, int64_t due_ns)
{
    struct schedule_slot *row = slot_at(schedule, slot);
    ASSERT(row->used);
    ASSERT(row->position == SCHEDULE_NONE);
    row->due_ns = due_ns;
    place(schedule, schedule->count++, slot);
    sift_up(schedule, row->position);
}

static void
extract(struct schedule *schedule, uint32_t slot)
{
    uint32_t position = schedule->slot[slot].position;
    uint32_t last = schedule->heap[--schedule->count];
    schedule->slot[slot].position = SCHEDULE_NONE;
    if (last == slot) {
        return;
    }
    place(schedule, position, last);
    sift_down(schedule, position);
    sift_up(schedule, schedule->slot[last].position);
}

static uint32_t
next_random(struct schedule *schedule)
{
    schedule->random = hash_mix(schedule->random, UINT64_C(0x9e3779b97f4a7c15));
    return (uint32_t)(schedule->random >> 32);
}

static int64_t
share_ns(int64_t ms, uint32_t share)
{
    return ms * (int64_t)(share >> 16) / 65536 * NS_PER_MS;
}

static int64_t
on_grid(const struct schedule *schedule, int64_t due_ns)
{
    return (due_ns + schedule->batch_ns - 1) / schedule->batch_ns * schedule->batch_ns;
}

void
schedule_add(struct schedule *schedule, uint32_t slot, uint64_t hash, struct mono_ns now)
{
    struct schedule_slot *row = slot_at(schedule, slot);
    ASSERT(!row->used);
    *row = (struct schedule_slot){
        .used = true,
        .phase = (uint32_t)(hash >> 32),
        .position = SCHEDULE_NONE,
    };
    insert(schedule, slot, on_grid(schedule, now.ns + share_ns(schedule->first_ms, row->phase)));
}

void
schedule_remove(struct schedule *schedule, uint32_t slot)
{
    struct schedule_slot *row = slot_at(schedule, slot);
    ASSERT(row->used);
    if (row->position == SCHEDULE_NONE) {
        row->removed = true;
        return;
    }
    extract(schedule, slot);
    row->used = false;
}

struct mono_ns
schedule_next(const struct schedule *schedule)
{
    return (struct mono_ns){schedule->count == 0 ? INT64_MAX : due_of(schedule, 0)};
}

uint32_t
schedule_take(struct schedule *schedule, const struct cycle *cycle, struct mono_ns now)
{
    if (schedule->count == 0 || due_of(schedule, 0) > now.ns) {
        return SCHEDULE_NONE;
    }
    uint32_t slot = schedule->heap[0];
    extract(schedule, slot);
    schedule->slot[slot].cycle = cycle->number;
    return slot;
}

// True when the slot was removed meanwhile; then it is free.
static bool
was_removed(struct schedule_slot *row)
{
    ASSERT(row->used);
    ASSERT(row->position == SCHEDULE_NONE);
    if (row->removed) {
        row->used = false;
        row->removed = false;
        return true;
    }
    return false;
}

static int64_t
cycles_to_skip(uint16_t failures)
{
    if (failures <= 1) {
        return 1;
    }
    return failures == 2 ? 2 : SCHEDULE_SKIP_MAX;
}

void
schedule_done(struct schedule *schedule, uint32_t slot, const struct cycle *cycle,
              struct mono_ns now, bool failed)
{
    struct schedule_slot *row = slot_at(schedule, slot);
    if (was_removed(row)) {
        return;
    }
    uint32_t share = row->phase;
    int64_t turns = row->cycle == cycle->number ? 1 : 0;
    if (failed) {
        row->failures = row->failures < UINT16_MAX ? (uint16_t)(row->failures + 1) : UINT16_MAX;
        turns += cycles_to_skip(row->failures) - 1;
        share = row->failures > 1 ? next_random(schedule) : share;
    } else {
        row->failures = 0;
    }
    int64_t due = cycle->begin.ns + turns * cycle->resolution_ms * NS_PER_MS
                  + schedule->lead_ms * NS_PER_MS + share_ns(schedule->spread_ms, share);
    // The next cycle begins where the wall clock says.
    if (turns > 0) {
        due += cycle->end.ns - cycle->begin.ns - cycle->resolution_ms * NS_PER_MS;
    }
    insert(schedule, slot, on_grid(schedule, due < now.ns ? now.ns : due));
}

void
schedule_defer(struct schedule *schedule, uint32_t slot, struct mono_ns now, int64_t ms)
{
    if (!was_removed(slot_at(schedule, slot))) {
        insert(schedule, slot, now.ns + ms * NS_PER_MS);
    }
}
