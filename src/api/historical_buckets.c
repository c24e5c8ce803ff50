#include "api/historical_buckets.h"

#include "api/historical_read.h"
#include "api/series.h"
#include "base/calendar.h"
#include "base/error.h"
#include "base/json.h"

static int64_t
bucket_end_ms(const struct exchange *exchange)
{
    const struct historical_ask *past = &exchange->past;
    int64_t end_ms = exchange->ask.range.end.ms;
    int64_t last_ms = past->bucket_start_ms + past->bucket_ms - 1;
    return past->bucket_ms == 0 || last_ms > end_ms ? end_ms : last_ms;
}

static void
begin_bucket(struct exchange *exchange, int64_t time_ms)
{
    struct historical_ask *past = &exchange->past;
    past->bucket_start_ms = past->bucket_ms == 0
                                ? exchange->ask.range.start.ms
                                : historical_bucket_start(time_ms, past->bucket_ms);
    historical_bucket_begin(&past->bucket, past->aggregations);
}

// True: the bucket is complete. False: it is read once more from its start.
static bool
end_pass(struct exchange *exchange, int64_t next_ms)
{
    struct historical_ask *past = &exchange->past;
    int64_t start_ms = exchange->ask.range.start.ms;
    if (historical_bucket_pass(&past->bucket)) {
        exchange->cursor.time.ms = next_ms;
        return true;
    }
    exchange->cursor.time.ms = past->bucket_start_ms < start_ms ? start_ms : past->bucket_start_ms;
    return false;
}

enum step
historical_gather(struct exchange *exchange)
{
    struct historical_ask *past = &exchange->past;
    struct cursor *cursor = &exchange->cursor;
    struct historical_part part;
    bool begun = past->bucket.count > 0;
    int64_t end_ms = exchange->ask.range.end.ms;
    if (!historical_part(exchange, cursor->time.ms, end_ms, &part)) {
        return past->error == 0 ? STEP_PAUSE : STEP_MORE;
    }
    for (unsigned i = 0; i < part.count; i++) {
        const struct history_point *point = &part.point[i];
        if (!begun) {
            begin_bucket(exchange, point->time.ms);
            begun = true;
        }
        if (point->time.ms > bucket_end_ms(exchange)) {
            return end_pass(exchange, point->time.ms) ? STEP_DONE : STEP_PAUSE;
        }
        past->cut = !historical_bucket_add(&past->bucket, point) || past->cut;
    }
    if (part.next_ms <= end_ms) {
        cursor->time.ms = part.next_ms;
        return STEP_PAUSE;
    }
    if (!begun) {
        return STEP_MORE;
    }
    return end_pass(exchange, INT64_MAX) ? STEP_DONE : STEP_PAUSE;
}

static void
write_value(struct json *json, struct metric_value value)
{
    json_object(json);
    if (value.is_double) {
        json_key(json, "floatValue");
        series_write_real(json->out, value.real);
    } else {
        json_key(json, "intValue");
        json_u64(json, value.u64);
    }
    json_object_end(json);
}

static void
write_percentiles(struct json *json, const struct historical_bucket *bucket)
{
    bool any = false;
    for (unsigned i = 0; i < AGGREGATION_COUNT; i++) {
        char name[8];
        struct out key = out_of(name, sizeof name);
        unsigned percentile = aggregation_percentile((enum aggregation)i);
        if ((bucket->wanted & 1u << i) == 0 || percentile == 0) {
            continue;
        }
        if (!any) {
            json_key(json, "percentiles");
            json_object(json);
            any = true;
        }
        out_u64(&key, percentile);
        json_key(json, out_c_string(&key));
        write_value(json, historical_bucket_value(bucket, (enum aggregation)i));
    }
    if (any) {
        json_object_end(json);
    }
}

static void
write_bucket(const struct historical_ask *past, struct out *out)
{
    static const struct {
        enum aggregation aggregation;
        const char *key;
    } keys[] = {
        {AGGREGATION_AVERAGE, "average"},
        {AGGREGATION_GREATEST, "maximum"},
        {AGGREGATION_LEAST, "minimum"},
        {AGGREGATION_MEDIAN, "median"},
    };
    const struct historical_bucket *bucket = &past->bucket;
    struct json json = json_of(out);
    json_object(&json);
    json_key(&json, "timestamp");
    char room[40];
    struct out time = out_of(room, sizeof room);
    calendar_write(&time, (struct wall_ms){past->bucket_start_ms});
    json_text(&json, out_view(&time));
    if ((bucket->wanted & 1u << AGGREGATION_POINTS) != 0) {
        json_key(&json, "count");
        json_u64(&json, bucket->count);
    }
    for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
        if ((bucket->wanted & 1u << keys[i].aggregation) != 0) {
            json_key(&json, keys[i].key);
            write_value(&json, historical_bucket_value(bucket, keys[i].aggregation));
        }
    }
    write_percentiles(&json, bucket);
    json_object_end(&json);
}

// cursor.inner of an aggregated series.
enum { AT_HEAD, AT_GATHER, AT_BUCKET, AT_NEXT };

static enum step
end_buckets(struct exchange *exchange, struct out *out)
{
    const struct historical_ask *past = &exchange->past;
    const struct time_range *range = &exchange->ask.range;
    int64_t size_ms = past->bucket_ms == 0 ? range->end.ms - range->start.ms : past->bucket_ms;
    out_format(out, "],\"bucketSize\":%lld", (long long)(size_ms * NS_PER_MS));
    if (past->cut || past->error != 0) {
        out_string(out, ",\"truncated\":true");
    }
    if (past->error != 0) {
        out_format(out, ",\"error\":\"%s\"", history_sentence(past->error));
    }
    out_byte(out, '}');
    return STEP_DONE;
}

enum step
historical_buckets_step(struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    enum step step;
    switch (cursor->inner) {
    case AT_HEAD:
        out_string(out, "{\"buckets\":[");
        cursor->time.ms = 0;
        cursor->written = 0;
        cursor->inner = AT_NEXT;
        return STEP_MORE;
    case AT_NEXT:
        exchange->past.bucket.count = 0;
        cursor->inner = AT_GATHER;
        return STEP_MORE;
    case AT_GATHER:
        step = historical_gather(exchange);
        if (step == STEP_MORE) {
            return end_buckets(exchange, out);
        }
        cursor->inner = step == STEP_DONE ? AT_BUCKET : AT_GATHER;
        return step == STEP_DONE ? STEP_MORE : step;
    default:
        out_string(out, cursor->written++ == 0 ? "" : ",");
        write_bucket(&exchange->past, out);
        cursor->inner = AT_NEXT;
        return STEP_MORE;
    }
}
