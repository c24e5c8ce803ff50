/* Simulated time: the machine's clock plus an offset, which can be frozen.
 * Times of the simulated world are milliseconds since 1970 (`_ms`); timers of
 * the program itself use mono_ms, which never stops. */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct sim_clock {
    int64_t offset_ms;
    int64_t frozen_ms;
    bool frozen;
};

int64_t mono_ms(void);
int64_t wall_ms(void);

int64_t clock_now_ms(const struct sim_clock *clock);
/* Stops simulated time, or lets it go on from where it stands. */
void clock_freeze(struct sim_clock *clock, bool frozen);
void clock_advance(struct sim_clock *clock, int64_t ms);

#endif
