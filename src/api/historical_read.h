// Recorded points of one series, read from the history in bounded pieces.
//
// A piece, a *page*, has at most HISTORICAL_PAGE_POINTS points and at most
// HISTORICAL_PAGE_TIMES intervals of the tier that it is read from: some
// milliseconds' work. The process keeps the last page, so that an answer that is
// written in small elements reads each page once; when several clients ask at
// the same time, each reads its own again.
//
// An answer takes HISTORICAL_POINTS_MAX points at most and then ends with a mark
// (past.cut). A failing read is tried again at the next turns, then ends the
// answer with past.error.
#ifndef SKERRY_API_HISTORICAL_READ_H
#define SKERRY_API_HISTORICAL_READ_H

#include "api/target.h"
#include "limits.h"

#define HISTORICAL_PAGE_POINTS 128
#define HISTORICAL_PAGE_TIMES 128

// Turns for which a read that finds the file busy is tried again: the writer holds
// it for the moment of its commit only.
#define HISTORICAL_TRIES_MAX 2000

struct historical_page {
    uint64_t serial;  // of the exchange, 0 = none
    uint32_t item;
    int64_t from_ms, to_ms;  // what it covers, inclusive
    unsigned count;
    struct history_point point[HISTORICAL_PAGE_POINTS];
};

size_t historical_read_footprint(void);
void historical_read_init(struct arena *arena, struct historical *historical);

// The tier that is read: 0 (the finest there is) or a step of one, so that
// `start` to `end` does not ask for too many points. Averages and extremes are also
// read from a coarser tier where buckets of `bucket_ms` (INT64_MAX: one) are made of its
// intervals and the range is long; all else needs every point.
int64_t historical_step(const struct historical *historical, unsigned aggregations,
                        int64_t bucket_ms, int64_t start_ms, int64_t end_ms);

struct historical_part {
    const struct history_point *point;
    unsigned count;
    int64_t next_ms;  // where to go on; beyond the range: that was all
};

// The series exchange->past names, exchange->ask says which metric: points from
// `from_ms` on, up to `end_ms`. False: nothing to be had now, pause (or, with
// past.error, for good).
bool historical_part(struct exchange *exchange, int64_t from_ms, int64_t end_ms,
                     struct historical_part *part);

// The same as points of a series behind `after`, at most `room`. *count may be 0
// although there is more (true): pause then.
bool historical_points(struct exchange *exchange, struct wall_ms after, int64_t end_ms,
                       struct point *points, unsigned room, unsigned *count);

// Of an answer with several series: the next one begins.
void historical_next_series(struct exchange *exchange);

// The oldest moment that is recorded, 0 = none.
int64_t historical_start_ms(const struct historical *historical);

// The first moment that is worth asking for: the start of the range or of what
// there is.
int64_t historical_first_ms(const struct exchange *exchange);

#endif
