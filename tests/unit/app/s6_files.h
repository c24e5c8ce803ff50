// The files of s6-supervise as it writes them, for tests.
#ifndef SKERRY_TESTS_UNIT_APP_S6_FILES_H
#define SKERRY_TESTS_UNIT_APP_S6_FILES_H

#include <stdint.h>
#include <string.h>

#include "app/supervised.h"

#define S6_STATUS_BYTES 35

enum { S6_PAUSED = 1, S6_FINISHING = 2, S6_WANTED_UP = 4, S6_READY = 8 };

static inline void
s6_big_endian(unsigned char *at, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        at[i] = (unsigned char)(value >> (8 * (size - 1 - i)));
    }
}

static inline void
s6_time(unsigned char *at, int64_t unix_ms)
{
    s6_big_endian(at, (UINT64_C(1) << 62) + 37 + (uint64_t)(unix_ms / 1000), 8);
    s6_big_endian(at + 8, (uint64_t)(unix_ms % 1000) * 1000000, 4);
}

static inline struct text
s6_status(unsigned char *bytes, int64_t changed_ms, int64_t ready_ms, uint32_t pid,
          unsigned flags)
{
    memset(bytes, 0, S6_STATUS_BYTES);
    s6_time(bytes, changed_ms);
    s6_time(bytes + 12, ready_ms);
    s6_big_endian(bytes + 24, pid, 8);
    bytes[34] = (unsigned char)flags;
    return (struct text){(const char *)bytes, S6_STATUS_BYTES};
}

static inline void
s6_death(unsigned char *at, int64_t unix_ms, unsigned exit_code, unsigned signal_number)
{
    s6_time(at, unix_ms);
    at[12] = (unsigned char)(signal_number == 0 ? exit_code : 128 + signal_number);
    at[13] = (unsigned char)signal_number;
}

#endif
