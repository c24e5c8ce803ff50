#include "clock.h"

#include <time.h>

static int64_t
read_ms(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
mono_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

int64_t
wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

int64_t
clock_now_ms(const struct sim_clock *clock)
{
    return clock->frozen ? clock->frozen_ms : wall_ms() + clock->offset_ms;
}

void
clock_freeze(struct sim_clock *clock, bool frozen)
{
    if (frozen && !clock->frozen) {
        clock->frozen_ms = clock_now_ms(clock);
    }
    if (!frozen && clock->frozen) {
        clock->offset_ms = clock->frozen_ms - wall_ms();
    }
    clock->frozen = frozen;
}

void
clock_advance(struct sim_clock *clock, int64_t ms)
{
    clock->offset_ms += ms;
    clock->frozen_ms += ms;
}
