#include "app/supervised.h"

#define STATUS_BYTES_OLD 35
#define STATUS_BYTES_NEW 43
#define TAI64N_BYTES 12
#define PID_OFFSET 24
#define FLAG_PAUSED 1
#define FLAG_FINISHING 2
#define FLAG_WANTED_UP 4
#define FLAG_READY 8

// TAI64 counts from 2^62 and runs ahead of Unix time by 10 s plus the leap
// seconds, 27 since 2017 and none after; skalibs adds them from its table.
#define TAI_OF_UNIX ((UINT64_C(1) << 62) + 37)

static uint64_t
big_endian(const char *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value = value << 8 | (unsigned char)at[i];
    }
    return value;
}

// Unknown (0) for what lies before 1970 or beyond what milliseconds hold.
static struct wall_ms
time_of(const char *at)
{
    uint64_t seconds = big_endian(at, 8);
    uint64_t ns = big_endian(at + 8, 4);
    if (seconds < TAI_OF_UNIX || seconds - TAI_OF_UNIX > UINT32_MAX || ns >= NS_PER_S) {
        return (struct wall_ms){0};
    }
    int64_t ms = (int64_t)(seconds - TAI_OF_UNIX) * MS_PER_S;
    return (struct wall_ms){ms + (int64_t)ns / NS_PER_MS};
}

int
supervised_parse(struct text status, struct supervised *supervised)
{
    *supervised = (struct supervised){0};
    if (status.size != STATUS_BYTES_OLD && status.size != STATUS_BYTES_NEW) {
        return -ERR_MALFORMED;
    }
    unsigned flags = (unsigned char)status.at[status.size - 1];
    uint64_t pid = big_endian(status.at + PID_OFFSET, 8);
    if (pid > INT32_MAX) {
        return -ERR_MALFORMED;
    }
    supervised->pid = (uint32_t)pid;
    supervised->finishing = (flags & FLAG_FINISHING) != 0;
    supervised->up = pid != 0 && !supervised->finishing;
    supervised->wanted_up = (flags & FLAG_WANTED_UP) != 0;
    // While the service is down the flag means that it is quite down.
    supervised->ready = supervised->up && (flags & FLAG_READY) != 0;
    supervised->paused = (flags & FLAG_PAUSED) != 0;
    supervised->changed = time_of(status.at);
    supervised->ready_since = time_of(status.at + TAI64N_BYTES);
    return 0;
}

unsigned
supervised_deaths(struct text tally, struct wall_ms since, struct supervised_death *deaths,
                  unsigned limit)
{
    unsigned count = 0;
    size_t at = 0;
    for (; tally.size - at >= SUPERVISED_DEATH_BYTES && count < limit;
         at += SUPERVISED_DEATH_BYTES) {
        struct wall_ms time = time_of(tally.at + at);
        if (time.ms > since.ms) {
            deaths[count++] = (struct supervised_death){
                .time = time,
                .exit_code = (unsigned char)tally.at[at + TAI64N_BYTES],
                .signal = (unsigned char)tally.at[at + TAI64N_BYTES + 1],
            };
        }
    }
    return count;
}
