// Buckets against a sort of all their points.
#include "api/historical_bucket.h"

#include <stdlib.h>
#include <string.h>

#include "../test.h"

#define POINTS_MAX 30000
#define ALL ((1u << AGGREGATION_COUNT) - 1)

static double values[POINTS_MAX];
static double sorted[POINTS_MAX];
static struct historical_bucket bucket;

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static struct history_point
point_of(double value, bool is_double)
{
    return (struct history_point){
        .last = {.is_double = is_double, .u64 = is_double ? 0 : (uint64_t)value,
                 .real = is_double ? value : 0},
        .least = value, .greatest = value, .average = value};
}

static unsigned
gather(unsigned count, bool is_double, unsigned wanted)
{
    unsigned passes = 0;
    historical_bucket_begin(&bucket, wanted);
    do {
        for (unsigned i = 0; i < count; i++) {
            struct history_point point = point_of(values[i], is_double);
            CHECK(historical_bucket_add(&bucket, &point));
        }
        passes++;
        CHECK(passes < 12);
    } while (!historical_bucket_pass(&bucket));
    return passes;
}

static double
value_of(enum aggregation aggregation)
{
    struct metric_value value = historical_bucket_value(&bucket, aggregation);
    return value.is_double ? value.real : (double)value.u64;
}

static void
equals(double a, double b)
{
    if (!(a <= b && a >= b)) {
        CHECK_EQUAL_U64(a * 1000, b * 1000);
    }
    CHECK(a <= b && a >= b);
}

static void
check(unsigned count)
{
    memcpy(sorted, values, count * sizeof sorted[0]);
    qsort(sorted, count, sizeof sorted[0], compare);
    equals(value_of(AGGREGATION_LEAST), sorted[0]);
    equals(value_of(AGGREGATION_GREATEST), sorted[count - 1]);
    equals(value_of(AGGREGATION_POINTS), count);
    equals(value_of(AGGREGATION_MEDIAN),
           sorted[(count - 1) / 2] / 2 + sorted[count / 2] / 2);
    static const unsigned percent[] = {50, 95, 99};
    static const enum aggregation which[] = {
        AGGREGATION_PERCENTILE_50, AGGREGATION_PERCENTILE_95, AGGREGATION_PERCENTILE_99};
    for (unsigned i = 0; i < 3; i++) {
        unsigned rank = (count * percent[i] + 50) / 100;
        equals(value_of(which[i]), sorted[rank == 0 ? 0 : rank - 1]);
    }
}

TEST(few_points)
{
    for (unsigned count = 1; count <= 8; count++) {
        for (unsigned i = 0; i < count; i++) {
            values[i] = (double)((i * 5) % 8) - 3;
        }
        CHECK_EQUAL_U64(gather(count, true, ALL), 1);
        check(count);
    }
}

// Values of every sort: equal ones, negative ones, wide and narrow, integers.
TEST(any_points)
{
    uint64_t state = test_seed();
    unsigned passes_max = 0;
    for (unsigned turn = 0; turn < 60; turn++) {
        unsigned count = 1 + (unsigned)test_random_below(&state, turn < 50 ? 2000 : POINTS_MAX);
        uint64_t spread = 1 + test_random_below(&state, UINT64_C(1) << (turn % 50));
        bool is_double = turn % 2 == 0;
        for (unsigned i = 0; i < count; i++) {
            double value = (double)test_random_below(&state, spread);
            values[i] = is_double ? (double)((float)(value / 7) - (turn % 4 == 0 ? 100 : 0))
                                  : value * 2;
        }
        unsigned passes = gather(count, is_double, ALL);
        passes_max = passes > passes_max ? passes : passes_max;
        check(count);
    }
    CHECK(passes_max <= 6);
}

TEST(one_pass_without_percentiles)
{
    for (unsigned i = 0; i < 5000; i++) {
        values[i] = i;
    }
    unsigned wanted = 1u << AGGREGATION_AVERAGE | 1u << AGGREGATION_LEAST;
    CHECK_EQUAL_U64(gather(5000, false, wanted), 1);
    equals(value_of(AGGREGATION_AVERAGE), 2499.5);
    equals(value_of(AGGREGATION_LEAST), 0);
}

TEST(large_integers_are_exact)
{
    historical_bucket_begin(&bucket, ALL);
    for (uint64_t i = 0; i < 1000; i++) {
        struct history_point point = point_of(0, false);
        point.last.u64 = UINT64_C(9223372036854775807) + i;
        point.least = point.greatest = point.average = (double)point.last.u64;
        CHECK(historical_bucket_add(&bucket, &point));
    }
    CHECK(!historical_bucket_pass(&bucket));
    do {
        for (uint64_t i = 0; i < 1000; i++) {
            struct history_point point = point_of(0, false);
            point.last.u64 = UINT64_C(9223372036854775807) + i;
            point.least = point.greatest = point.average = (double)point.last.u64;
            CHECK(historical_bucket_add(&bucket, &point));
        }
    } while (!historical_bucket_pass(&bucket));
    CHECK_EQUAL_U64(historical_bucket_value(&bucket, AGGREGATION_GREATEST).u64,
                    UINT64_C(9223372036854775807) + 999);
    CHECK_EQUAL_U64(historical_bucket_value(&bucket, AGGREGATION_PERCENTILE_95).u64,
                    UINT64_C(9223372036854775807) + 949);
}

// A point of an interval gives its extremes to the extremes.
TEST(intervals)
{
    struct history_point point = {.last = {.u64 = 10}, .least = 2, .greatest = 40, .average = 12.6};
    historical_bucket_begin(&bucket, ALL);
    CHECK(historical_bucket_add(&bucket, &point));
    CHECK(historical_bucket_pass(&bucket));
    equals(value_of(AGGREGATION_LEAST), 2);
    equals(value_of(AGGREGATION_GREATEST), 40);
    equals(value_of(AGGREGATION_AVERAGE), 12.6);
    equals(value_of(AGGREGATION_MEDIAN), 13);
}

// Other points in later passes, as when the oldest go meanwhile: some value, no
// endless search.
TEST(points_that_change)
{
    uint64_t state = test_seed();
    historical_bucket_begin(&bucket, ALL);
    unsigned passes = 0;
    do {
        for (unsigned i = 0; i < 3000; i++) {
            struct history_point point =
                point_of((double)test_random_below(&state, UINT64_C(1) << 50), false);
            CHECK(historical_bucket_add(&bucket, &point));
        }
        CHECK(++passes < 14);
    } while (!historical_bucket_pass(&bucket));
    (void)historical_bucket_value(&bucket, AGGREGATION_MEDIAN);
}

TEST(a_bucket_has_a_limit)
{
    struct history_point point = point_of(1, true);
    historical_bucket_begin(&bucket, ALL);
    for (unsigned i = 0; i < HISTORICAL_BUCKET_POINTS_MAX; i++) {
        CHECK(historical_bucket_add(&bucket, &point));
    }
    CHECK(!historical_bucket_add(&bucket, &point));
}

TEST(names)
{
    char room[256];
    unsigned wanted;
    struct out why = out_of(room, sizeof room);
    CHECK(aggregation_parse(TEXT("max,99-perc"), &wanted, &why) == 0);
    CHECK_EQUAL_U64(wanted, 1u << AGGREGATION_GREATEST | 1u << AGGREGATION_PERCENTILE_99);
    CHECK(aggregation_parse(TEXT("max,,min"), &wanted, &why) != 0);
    why.used = 0;
    CHECK(aggregation_parse(TEXT("mean"), &wanted, &why) != 0);
    CHECK_EQUAL_TEXT(out_view(&why), "there is no aggregation called mean; known are average, max, "
                                     "min, median, count, 50-perc, 95-perc, 99-perc");
}

TEST(starts_are_multiples_since_1970)
{
    CHECK_EQUAL_U64(historical_bucket_start(1795008400123, 60000), 1795008360000);
    CHECK_EQUAL_U64(historical_bucket_start(1795008360000, 60000), 1795008360000);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"few_points", few_points},
        {"any_points", any_points},
        {"one_pass_without_percentiles", one_pass_without_percentiles},
        {"large_integers_are_exact", large_integers_are_exact},
        {"intervals", intervals},
        {"points_that_change", points_that_change},
        {"a_bucket_has_a_limit", a_bucket_has_a_limit},
        {"names", names},
        {"starts_are_multiples_since_1970", starts_are_multiples_since_1970},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
