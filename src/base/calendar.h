// RFC 3339 times <-> Unix milliseconds (proleptic Gregorian, UTC).
#ifndef SKERRY_BASE_CALENDAR_H
#define SKERRY_BASE_CALENDAR_H

#include "base/text.h"
#include "base/times.h"

// "2026-11-22T17:47:14Z", with optional fraction (any digits, cut to ms) and
// numeric offset. Years 1970 to 9999; earlier ones, and Go's zero time, give
// 0 = unknown. -ERR_BAD_TIME on anything else.
int calendar_parse(struct text text, struct wall_ms *time) MUST_USE;

// "2026-11-22T17:47:14Z"; with milliseconds only when they are not zero.
void calendar_write(struct out *out, struct wall_ms time);

// How long ago something was, for people: "42 s", "3 min", "5 h", "9 d". Negative
// ages, of clocks that differ, count as 0.
void calendar_write_age(struct out *out, int64_t ms);

// Go's time.Duration and plain seconds: "15s", "1m30s", "500ms", "2h", "15".
// -ERR_BAD_NUMBER on anything else or negative; result in milliseconds.
int calendar_duration_ms(struct text text, int64_t *ms) MUST_USE;

#endif
