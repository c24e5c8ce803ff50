/* The values of the simulated world as functions of time.
 *
 * A wave is a rate that alternates between two levels; what it has summed up
 * to at any time has a closed form in whole numbers, so a counter can be read
 * at any time without having been counted. Times are milliseconds since
 * SIGNAL_EPOCH_MS; sums may wrap, their differences are right. */
#ifndef SIM_SIGNALS_H
#define SIM_SIGNALS_H

#include <stdint.h>

#include "mix.h"

#define SIGNAL_EPOCH_MS INT64_C(1704067200000) /* 2024-01-01 */

struct wave {
    uint64_t low;     /* units a millisecond in the first half */
    uint64_t high;    /* and in the second */
    uint64_t half_ms; /* length of a half */
};

static inline struct wave
wave_of(uint64_t seed, uint64_t low_max, uint64_t rise_max)
{
    uint64_t draw = mix64(seed);
    uint64_t low = 1 + mix_below(draw, low_max);
    uint64_t high = low + mix_below(draw << 16, rise_max);
    return (struct wave){low, high, 40000 + mix_below(draw << 32, 50000)};
}

static inline uint64_t
wave_sum(const struct wave *wave, int64_t time_ms)
{
    uint64_t since = (uint64_t)(time_ms - SIGNAL_EPOCH_MS);
    uint64_t halves = since / wave->half_ms;
    uint64_t rest = since - halves * wave->half_ms;
    uint64_t full = (halves / 2) * (wave->low + wave->high) * wave->half_ms;
    if (halves & 1) {
        return full + wave->low * wave->half_ms + wave->high * rest;
    }
    return full + wave->low * rest;
}

static inline uint64_t
wave_rate(const struct wave *wave, int64_t time_ms)
{
    uint64_t since = (uint64_t)(time_ms - SIGNAL_EPOCH_MS);
    return (since / wave->half_ms) & 1 ? wave->high : wave->low;
}

/* A count that rises evenly: milli-units a second over milliseconds. */
static inline uint64_t
linear_count(uint64_t per_kilosecond, int64_t elapsed_ms)
{
    return elapsed_ms <= 0 ? 0 : per_kilosecond * (uint64_t)elapsed_ms / 1000000;
}

/* A level that jumps every step_ms to another multiple of 4096 below span. */
static inline uint64_t
gauge_level(uint64_t seed, int64_t time_ms, int64_t step_ms, uint64_t span)
{
    uint64_t step = (uint64_t)(time_ms / step_ms);
    return mix_below(mix_with(seed, step), span >> 12) << 12;
}

#endif
