#include "api/historical_bucket.h"

#include <string.h>

// Each pass narrows 64 bits by 8; more are only taken when points change.
#define PASSES_MAX 10

static const struct {
    const char *name;
    unsigned percentile;
} rows[] = {
#define AGGREGATION(id, name, percentile) {name, percentile},
    AGGREGATIONS(AGGREGATION)
#undef AGGREGATION
};

_Static_assert(sizeof(((struct historical_bucket *)0)->bin) <=
                   sizeof(((struct historical_bucket *)0)->kept),
               "the bins must cost no more than what is kept");

const char *
aggregation_name(enum aggregation aggregation)
{
    ASSERT(aggregation < AGGREGATION_COUNT);
    return rows[aggregation].name;
}

unsigned
aggregation_percentile(enum aggregation aggregation)
{
    ASSERT(aggregation < AGGREGATION_COUNT);
    return rows[aggregation].percentile;
}

static int
refuse(struct text item, struct out *why)
{
    out_string(why, "there is no aggregation called ");
    out_text(why, text_sub(item, 0, 64));
    out_string(why, "; known are");
    for (unsigned i = 0; i < AGGREGATION_COUNT; i++) {
        out_format(why, "%s %s", i == 0 ? "" : ",", rows[i].name);
    }
    return -ERR_MALFORMED;
}

int
aggregation_parse(struct text list, unsigned *wanted, struct out *why)
{
    *wanted = 0;
    do {
        struct text item;
        unsigned i = 0;
        (void)text_cut(list, ',', &item, &list);
        while (i < AGGREGATION_COUNT && !text_equal(item, text_of(rows[i].name))) {
            i++;
        }
        if (i == AGGREGATION_COUNT) {
            return refuse(item, why);
        }
        *wanted |= 1u << i;
    } while (list.size > 0);
    return 0;
}

int64_t
historical_bucket_start(int64_t time_ms, int64_t size_ms)
{
    ASSERT(size_ms > 0);
    return time_ms - time_ms % size_ms;
}

// Values and keys

#define SIGN_BIT (UINT64_C(1) << 63)

static uint64_t
key_of_real(double real)
{
    uint64_t bits;
    memcpy(&bits, &real, sizeof bits);
    return (bits & SIGN_BIT) != 0 ? ~bits : bits | SIGN_BIT;
}

static double
real_of_key(uint64_t key)
{
    uint64_t bits = (key & SIGN_BIT) != 0 ? key & ~SIGN_BIT : ~key;
    double real;
    memcpy(&real, &bits, sizeof real);
    return real;
}

static uint64_t
whole_of_real(double real)
{
    if (!(real > 0)) {
        return 0;
    }
    double rounded = real + 0.5;
    return rounded < 18446744073709551616.0 ? (uint64_t)rounded : UINT64_MAX;
}

static double
real_of(const struct metric_value *value)
{
    return value->is_double ? value->real : (double)value->u64;
}

static bool
same(double a, double b)
{
    return a <= b && a >= b;
}

// Integers beyond 53 bits are only exact as they were recorded; a point of one
// moment has no other value.
static struct metric_value
value_like(const struct history_point *point, double real)
{
    struct metric_value value = point->last;
    if (same(real, real_of(&point->last))) {
        return value;
    }
    value.real = real;
    value.u64 = value.is_double ? 0 : whole_of_real(real);
    return value;
}

struct metric_value
historical_value(const struct history_point *point)
{
    return value_like(point, point->average);
}

static uint64_t
key_of(const struct history_point *point, double real)
{
    struct metric_value value = value_like(point, real);
    return value.is_double ? key_of_real(value.real) : value.u64;
}

static struct metric_value
value_of_key(const struct historical_bucket *bucket, uint64_t key)
{
    struct metric_value value = {.is_double = bucket->is_double};
    if (value.is_double) {
        value.real = real_of_key(key);
    } else {
        value.u64 = key;
    }
    return value;
}

// Passes

static void
keep(struct historical_bucket *bucket, uint64_t key)
{
    uint32_t at = 0;
    uint32_t end = bucket->kept_count;
    if (end == HISTORICAL_KEPT_MAX) {
        return;
    }
    while (at < end) {
        uint32_t middle = at + (end - at) / 2;
        if (bucket->kept[middle] <= key) {
            at = middle + 1;
        } else {
            end = middle;
        }
    }
    memmove(&bucket->kept[at + 1], &bucket->kept[at],
            (bucket->kept_count - at) * sizeof bucket->kept[0]);
    bucket->kept[at] = key;
    bucket->kept_count++;
}

static uint64_t
bin_width(const struct historical_rank *rank)
{
    return (rank->high - rank->low) / HISTORICAL_BINS + 1;
}

static bool
is_inside(const struct historical_rank *rank, uint64_t key)
{
    return !rank->found && key >= rank->low && key <= rank->high;
}

static void
narrow(struct historical_bucket *bucket, uint64_t key)
{
    bool inside = false;
    for (unsigned i = 0; i < bucket->rank_count; i++) {
        struct historical_rank *rank = &bucket->rank[i];
        rank->below += key < rank->low;
        if (!is_inside(rank, key)) {
            continue;
        }
        inside = true;
        rank->seen_low = key < rank->seen_low ? key : rank->seen_low;
        rank->seen_high = key > rank->seen_high ? key : rank->seen_high;
        if (!bucket->collects) {
            uint16_t *bin = &bucket->bin[i][(key - rank->low) / bin_width(rank)];
            *bin = (uint16_t)(*bin + (*bin < UINT16_MAX));
        }
    }
    if (inside && bucket->collects) {
        keep(bucket, key);
    }
}

void
historical_bucket_begin(struct historical_bucket *bucket, unsigned wanted)
{
    memset(bucket, 0, sizeof *bucket);
    bucket->wanted = wanted;
}

static unsigned
ranked(void)
{
    return 1u << AGGREGATION_MEDIAN | 1u << AGGREGATION_PERCENTILE_50 |
           1u << AGGREGATION_PERCENTILE_95 | 1u << AGGREGATION_PERCENTILE_99;
}

bool
historical_bucket_add(struct historical_bucket *bucket, const struct history_point *point)
{
    uint64_t key = key_of(point, point->average);
    if (bucket->pass > 0) {
        narrow(bucket, key);
        return true;
    }
    if (bucket->count == HISTORICAL_BUCKET_POINTS_MAX) {
        return false;
    }
    uint64_t low = key_of(point, point->least);
    uint64_t high = key_of(point, point->greatest);
    bucket->is_double = point->last.is_double;
    bucket->least = bucket->count == 0 || low < bucket->least ? low : bucket->least;
    bucket->greatest = bucket->count == 0 || high > bucket->greatest ? high : bucket->greatest;
    bucket->sum += point->average;
    bucket->count++;
    if ((bucket->wanted & ranked()) != 0) {
        keep(bucket, key);
    }
    return true;
}

static uint32_t
rank_of_percentile(uint32_t count, unsigned percentile)
{
    uint32_t rank = (uint32_t)(((uint64_t)count * percentile + 50) / 100);
    return rank == 0 ? 1 : rank;
}

static void
look_for(struct historical_bucket *bucket, uint32_t rank)
{
    for (unsigned i = 0; i < bucket->rank_count; i++) {
        if (bucket->rank[i].rank == rank) {
            return;
        }
    }
    // A point of a coarser tier counts by its average, which lies in between.
    bucket->rank[bucket->rank_count++] = (struct historical_rank){
        .rank = rank,
        .low = bucket->least,
        .high = bucket->greatest,
    };
}

static void
begin_ranks(struct historical_bucket *bucket)
{
    if ((bucket->wanted & 1u << AGGREGATION_MEDIAN) != 0) {
        look_for(bucket, (bucket->count + 1) / 2);
        look_for(bucket, bucket->count / 2 + 1);
    }
    for (unsigned i = 0; i < AGGREGATION_COUNT; i++) {
        if ((bucket->wanted & 1u << i) != 0 && rows[i].percentile > 0) {
            look_for(bucket, rank_of_percentile(bucket->count, rows[i].percentile));
        }
    }
}

static void
begin_pass(struct historical_bucket *bucket)
{
    for (unsigned i = 0; i < bucket->rank_count; i++) {
        bucket->rank[i].below = 0;
        bucket->rank[i].seen_low = UINT64_MAX;
        bucket->rank[i].seen_high = 0;
    }
    bucket->kept_count = 0;
    if (!bucket->collects) {
        memset(bucket->bin, 0, sizeof bucket->bin);
    }
}

static void
settle(struct historical_rank *rank, uint64_t key)
{
    rank->found = true;
    rank->low = key;
    rank->high = key;
}

// Takes the bin in which the rank lies; how many points are in it.
static uint32_t
choose_bin(struct historical_bucket *bucket, unsigned i)
{
    struct historical_rank *rank = &bucket->rank[i];
    uint64_t width = bin_width(rank);
    uint32_t wanted = rank->rank > rank->below ? rank->rank - rank->below : 1;
    uint32_t before = 0;
    unsigned chosen = 0;
    if (rank->seen_low >= rank->seen_high) {
        settle(rank, rank->seen_low == UINT64_MAX ? rank->low : rank->seen_low);
        return 0;
    }
    for (unsigned bin = 0; bin < HISTORICAL_BINS && before < wanted; bin++) {
        if (bucket->bin[i][bin] > 0) {
            chosen = bin;
            before += bucket->bin[i][bin];
        }
    }
    uint64_t low = rank->low + chosen * width;
    rank->high = rank->high - low < width ? rank->high : low + width - 1;
    rank->low = low;
    if (rank->low == rank->high) {
        settle(rank, low);
        return 0;
    }
    return bucket->bin[i][chosen];
}

// After a pass that counted: true when all ranks are found.
static bool
end_count(struct historical_bucket *bucket)
{
    uint32_t left = 0;
    bool all = true;
    for (unsigned i = 0; i < bucket->rank_count; i++) {
        if (!bucket->rank[i].found) {
            left += choose_bin(bucket, i);
            all = all && bucket->rank[i].found;
        }
    }
    bucket->collects = left <= HISTORICAL_KEPT_MAX;
    return all;
}

static void
end_collect(struct historical_bucket *bucket)
{
    for (unsigned i = 0; i < bucket->rank_count; i++) {
        struct historical_rank *rank = &bucket->rank[i];
        uint32_t at = rank->below;
        uint64_t key = rank->low;
        for (uint32_t k = 0; k < bucket->kept_count && at < rank->rank && !rank->found; k++) {
            if (is_inside(rank, bucket->kept[k])) {
                key = bucket->kept[k];
                at++;
            }
        }
        if (!rank->found) {
            settle(rank, key);
        }
    }
}

bool
historical_bucket_pass(struct historical_bucket *bucket)
{
    bool done;
    if (bucket->pass++ == 0) {
        begin_ranks(bucket);
        bucket->collects = bucket->count <= HISTORICAL_KEPT_MAX;
        if (bucket->collects || bucket->rank_count == 0) {
            end_collect(bucket);
            return true;
        }
        begin_pass(bucket);
        return false;
    }
    if (bucket->collects || bucket->pass > PASSES_MAX) {
        end_collect(bucket);
        return true;
    }
    done = end_count(bucket);
    begin_pass(bucket);
    return done;
}

// Values

static struct metric_value
at_rank(const struct historical_bucket *bucket, uint32_t wanted)
{
    for (unsigned i = 0; i < bucket->rank_count; i++) {
        if (bucket->rank[i].rank == wanted) {
            return value_of_key(bucket, bucket->rank[i].low);
        }
    }
    ASSERT(false);
    return (struct metric_value){0};
}

static struct metric_value
median(const struct historical_bucket *bucket)
{
    struct metric_value low = at_rank(bucket, (bucket->count + 1) / 2);
    struct metric_value high = at_rank(bucket, bucket->count / 2 + 1);
    if (low.is_double) {
        return (struct metric_value){.is_double = true, .real = low.real / 2 + high.real / 2};
    }
    uint64_t apart = high.u64 - low.u64;
    if (apart % 2 == 0) {
        return (struct metric_value){.u64 = low.u64 + apart / 2};
    }
    return (struct metric_value){.is_double = true,
                                 .real = (double)low.u64 + (double)apart / 2};
}

struct metric_value
historical_bucket_value(const struct historical_bucket *bucket, enum aggregation aggregation)
{
    ASSERT(bucket->count > 0);
    switch (aggregation) {
    case AGGREGATION_AVERAGE:
        return (struct metric_value){.is_double = true, .real = bucket->sum / bucket->count};
    case AGGREGATION_GREATEST:
        return value_of_key(bucket, bucket->greatest);
    case AGGREGATION_LEAST:
        return value_of_key(bucket, bucket->least);
    case AGGREGATION_POINTS:
        return (struct metric_value){.u64 = bucket->count};
    case AGGREGATION_MEDIAN:
        return median(bucket);
    default:
        return at_rank(bucket, rank_of_percentile(bucket->count, rows[aggregation].percentile));
    }
}
