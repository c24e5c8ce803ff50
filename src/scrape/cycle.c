#include "scrape/cycle.h"

#include "base/check.h"

// A step is at least this large; slewing stays far below in one cycle.
#define STEP_MS 500

// The multiple of the resolution that is nearest, so that a cycle which begins
// a moment early bears the right name.
static uint32_t
nominal_of(const struct cycle *cycle, struct wall_ms wall)
{
    int64_t multiple = (wall.ms + cycle->resolution_ms / 2) / cycle->resolution_ms;
    int64_t seconds = multiple * cycle->resolution_ms / MS_PER_S;
    if (seconds < 1) {
        return 1;
    }
    return seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}

// How long until the wall clock stands at a multiple: half a resolution to one
// and a half.
static int64_t
ms_to_border(const struct cycle *cycle, struct wall_ms wall)
{
    int64_t past = wall.ms % cycle->resolution_ms;
    past = past < 0 ? past + cycle->resolution_ms : past;
    int64_t left = cycle->resolution_ms - past;
    return left < cycle->resolution_ms / 2 ? left + cycle->resolution_ms : left;
}

static void
begin_at(struct cycle *cycle, struct mono_ns now, struct wall_ms wall)
{
    cycle->begin = now;
    cycle->wall_at_begin = wall;
    cycle->nominal_s = nominal_of(cycle, wall);
    cycle->end = mono_add_ms(now, ms_to_border(cycle, wall));
    cycle->number++;
}

void
cycle_init(struct cycle *cycle, int64_t resolution_ms, struct mono_ns now, struct wall_ms wall)
{
    ASSERT(resolution_ms >= MS_PER_S);
    *cycle = (struct cycle){.resolution_ms = resolution_ms};
    begin_at(cycle, now, wall);
}

bool
cycle_turn(struct cycle *cycle, struct mono_ns now, struct wall_ms wall, bool *stepped)
{
    *stepped = false;
    if (mono_before(now, cycle->end)) {
        return false;
    }
    int64_t passed = mono_ms_between(cycle->begin, now);
    int64_t moved = wall.ms - cycle->wall_at_begin.ms;
    *stepped = moved - passed > STEP_MS || passed - moved > STEP_MS;
    uint32_t before = cycle->nominal_s;
    begin_at(cycle, now, wall);
    // A name is not used twice in a row, whatever the rounding.
    if (cycle->nominal_s == before || (!*stepped && cycle->nominal_s < before)) {
        cycle->nominal_s = before + (uint32_t)(cycle->resolution_ms / MS_PER_S);
    }
    return true;
}
