// One bucket of an aggregated series: average, least, greatest, count, median and
// percentiles of its points, exact, in bounded memory.
//
// The points are given in passes: a first one over all, and, when percentiles are
// wanted of more points than are kept here (HISTORICAL_KEPT_MAX), further ones
// over the same points. Each of those narrows the range of values in which the
// ranks that are looked for lie by HISTORICAL_BINS, until what is left of the
// points can be kept (Munro, Paterson 1980); 20,000 points take three or four in
// all. Should the points change between two passes, the answer is a value near.
//
// Percentiles are InfluxDB's: the value at rank floor(count * p / 100 + 1/2), the
// median of an even count the mean of the two in the middle. Of points that stand
// for an interval (the coarser tiers) their least, greatest and average count.
#ifndef SKERRY_API_HISTORICAL_BUCKET_H
#define SKERRY_API_HISTORICAL_BUCKET_H

#include "history/history.h"

// AGGREGATION(id, "name in a request", percentile or 0)
#define AGGREGATIONS(AGGREGATION)           \
    AGGREGATION(AVERAGE, "average", 0)      \
    AGGREGATION(GREATEST, "max", 0)         \
    AGGREGATION(LEAST, "min", 0)            \
    AGGREGATION(MEDIAN, "median", 0)        \
    AGGREGATION(POINTS, "count", 0)         \
    AGGREGATION(PERCENTILE_50, "50-perc", 50) \
    AGGREGATION(PERCENTILE_95, "95-perc", 95) \
    AGGREGATION(PERCENTILE_99, "99-perc", 99)

enum aggregation {
#define AGGREGATION(id, name, percentile) AGGREGATION_##id,
    AGGREGATIONS(AGGREGATION)
#undef AGGREGATION
    AGGREGATION_COUNT
};

#define HISTORICAL_KEPT_MAX 320
#define HISTORICAL_BINS 256
// Two for the median, three percentiles.
#define HISTORICAL_RANKS_MAX 5
// Of one bucket: the bins count in 16 bits.
#define HISTORICAL_BUCKET_POINTS_MAX 65535

// A position in the order of the values, 1 = the least, and the keys between
// which its value lies.
struct historical_rank {
    uint32_t rank;
    bool found;
    uint64_t low, high;
    uint64_t seen_low, seen_high;  // of the points in between, in this pass
    uint32_t below;                // points under `low`, in this pass
};

// Values are kept as keys: integers in the order of the values.
struct historical_bucket {
    unsigned wanted;  // a bit for each aggregation
    unsigned pass;
    bool is_double;
    bool collects;    // this pass keeps what lies in the ranges
    uint32_t count;
    double sum;
    uint64_t least, greatest;
    unsigned rank_count;
    struct historical_rank rank[HISTORICAL_RANKS_MAX];
    uint32_t kept_count;
    union {
        uint64_t kept[HISTORICAL_KEPT_MAX];  // ascending
        uint16_t bin[HISTORICAL_RANKS_MAX][HISTORICAL_BINS];
    };
};

const char *aggregation_name(enum aggregation aggregation);
// 50, 95, 99; 0: it is none.
unsigned aggregation_percentile(enum aggregation aggregation);
// "average,max" as bits. -ERR_MALFORMED, with the sentence in `why`.
int aggregation_parse(struct text list, unsigned *wanted, struct out *why) MUST_USE;

void historical_bucket_begin(struct historical_bucket *bucket, unsigned wanted);
// False: there are too many points already; this one does not count.
bool historical_bucket_add(struct historical_bucket *bucket, const struct history_point *point);
// After the last point. True: the values are there; false: the same points again.
bool historical_bucket_pass(struct historical_bucket *bucket);
// Of a bucket with points, for an aggregation that was wanted.
struct metric_value historical_bucket_value(const struct historical_bucket *bucket,
                                            enum aggregation aggregation);

// The start of the bucket that `time` lies in: a multiple of the size since 1970.
int64_t historical_bucket_start(int64_t time_ms, int64_t size_ms);

// What one recorded point is worth as a single value of its metric.
struct metric_value historical_value(const struct history_point *point);

#endif
