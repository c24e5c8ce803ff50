#include "parse/decode_space.h"

#include <string.h>

#include "base/calendar.h"
#include "base/error.h"

#define HOUR_BYTES (sizeof "2026-11-22T17:" - 1)
#define SECOND_BYTES (sizeof "2026-11-22T17:47:14Z" - 1)

// Kubelets that never looked say that they did so in 1970.
#define YEAR_1970_MS (365 * 24 * 3600 * MS_PER_S)

size_t
decode_space_footprint(void)
{
    return arena_bytes(sizeof(struct decode_space)) + arena_bytes(DECODE_TEXT_BYTES);
}

struct decode_space *
decode_space_new(struct arena *arena)
{
    struct decode_space *space = arena_take(arena, sizeof *space);
    space->texts = arena_take(arena, DECODE_TEXT_BYTES);
    return space;
}

char *
decode_space_take(struct decode_space *space, size_t size)
{
    if (size > DECODE_TEXT_BYTES - space->texts_used) {
        return NULL;
    }
    char *taken = space->texts + space->texts_used;
    space->texts_used += size;
    return taken;
}

void
decode_space_reset(struct decode_space *space)
{
    space->texts_used = 0;
}

// Two digits below 60, or -1.
static inline int
sixty(const char *at)
{
    unsigned tens = (unsigned)at[0] - '0';
    unsigned ones = (unsigned)at[1] - '0';
    return tens < 6 && ones < 10 ? (int)(tens * 10 + ones) : -1;
}

static int
time_slowly(struct decode_space *space, struct text text, struct wall_ms *time)
{
    int error = calendar_parse(text, time);
    if (error == 0 && time->ms < YEAR_1970_MS) {
        time->ms = 0;
    }
    if (error != 0 || time->ms == 0 || text.size != SECOND_BYTES) {
        return error;
    }
    int minute = sixty(text.at + HOUR_BYTES);
    int second = sixty(text.at + HOUR_BYTES + 3);
    if (minute >= 0 && second >= 0) {
        memcpy(space->hour, text.at, HOUR_BYTES);
        space->hour_start.ms = time->ms - (minute * 60 + second) * MS_PER_S;
    }
    return 0;
}

int
decode_space_time(struct decode_space *space, struct text text, struct wall_ms *time)
{
    if (text.size == SECOND_BYTES && memcmp(text.at, space->hour, HOUR_BYTES) == 0 &&
        text.at[SECOND_BYTES - 1] == 'Z' && text.at[HOUR_BYTES + 2] == ':') {
        int minute = sixty(text.at + HOUR_BYTES);
        int second = sixty(text.at + HOUR_BYTES + 3);
        if (minute >= 0 && second >= 0) {
            time->ms = space->hour_start.ms + (minute * 60 + second) * MS_PER_S;
            return 0;
        }
    }
    return time_slowly(space, text, time);
}
