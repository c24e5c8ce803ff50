// Two clocks, two types, so that they cannot be mixed.
//
// mono_ns: CLOCK_MONOTONIC, for schedules and durations; never leaves the
// process. wall_ms: Unix time in milliseconds (UTC), for samples and people.
#ifndef SKERRY_BASE_TIMES_H
#define SKERRY_BASE_TIMES_H

#include <stdbool.h>
#include <stdint.h>

struct mono_ns {
    int64_t ns;
};

struct wall_ms {
    int64_t ms;  // 0 = unknown
};

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)
#define MS_PER_S INT64_C(1000)

static inline struct mono_ns
mono_add_ms(struct mono_ns time, int64_t ms)
{
    return (struct mono_ns){time.ns + ms * NS_PER_MS};
}

// `later` - `earlier` in milliseconds, rounded down.
static inline int64_t
mono_ms_between(struct mono_ns earlier, struct mono_ns later)
{
    return (later.ns - earlier.ns) / NS_PER_MS;
}

static inline bool
mono_before(struct mono_ns a, struct mono_ns b)
{
    return a.ns < b.ns;
}

#endif
