#include "api/historical_api.h"

#include <string.h>

#include "api/historical_buckets.h"
#include "api/historical_path.h"
#include "api/historical_read.h"
#include "api/series.h"
#include "base/error.h"
#include "base/json.h"

// Names written before other clients have their turn: each is a look-up, of metrics
// in the values themselves.
#define NAMES_PER_TURN 8
#define BUCKET_MS_MAX (INT64_C(3660) * 24 * 3600 * 1000)

// Requests

int
historical_bucket_size(struct text text, int64_t *ms, struct out *why)
{
    static const struct {
        struct text unit;
        int64_t ms;
    } units[] = {
        {{"ms", 2}, 1}, {{"s", 1}, 1000}, {{"m", 1}, 60000}, {{"h", 1}, 3600000},
        {{"d", 1}, 86400000},
    };
    size_t digits = 0;
    uint64_t count = 0;
    while (digits < text.size && text.at[digits] >= '0' && text.at[digits] <= '9') {
        digits++;
    }
    struct text unit = text_sub(text, digits, SIZE_MAX);
    if (text_to_u64(text_sub(text, 0, digits), &count) == 0 && count > 0) {
        for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
            if (text_equal(unit, units[i].unit) &&
                count <= (uint64_t)(BUCKET_MS_MAX / units[i].ms)) {
                *ms = (int64_t)count * units[i].ms;
                return 0;
            }
        }
    }
    out_string(why, "bucket is not a whole number with ms, s, m, h or d, such as 5m, of ten "
                    "years at most: ");
    out_text(why, text_sub(text, 0, 32));
    return -ERR_MALFORMED;
}

static bool
has_history(struct exchange *exchange)
{
    const struct historical *historical = &exchange->api->historical;
    if (historical->history != NULL && historical->page != NULL) {
        return true;
    }
    if (!historical->kept) {
        exchange_fail(exchange, 404, "no history is kept here; start the appliance with "
                      "--history=1G to have one");
    } else {
        exchange_fail(exchange, 503, "the history cannot be read now: %s",
                      historical->error == 0 ? "it is not open yet"
                                             : history_sentence(historical->error));
    }
    return false;
}

static bool
read_range(struct exchange *exchange, bool start_needed)
{
    struct out why = exchange_message(exchange);
    struct time_range *range = &exchange->ask.range;
    if (start_needed && query_get(&exchange->query, TEXT("start")).size == 0) {
        exchange_fail(exchange, 400, "start is missing: give the time from which on, such as "
                      "start=2026-01-31T12:00:00Z");
        return false;
    }
    if (query_range(&exchange->query, exchange->now, range, &why) != 0) {
        exchange_fail_message(exchange, 400, &why);
        return false;
    }
    return true;
}

// From here on the answer is no message.
static void
begin_past(struct exchange *exchange, const struct historical_path *path)
{
    memset(&exchange->past, 0, sizeof exchange->past);
    exchange->past.name = path->name;
    exchange->past.of_metrics = historical_path_has_metrics(path);
    exchange->past.list = exchange->past.of_metrics ? path->metric : path->list;
    exchange->past.points_left = HISTORICAL_POINTS_MAX;
    exchange->ask.entity = path->name.entity;
    exchange->ask.recorded = true;
}

// Lists of names

static enum step
write_name(struct exchange *exchange, struct out *out, struct text name)
{
    struct order_cursor *cursor = &exchange->cursor.order;
    struct json json = json_of(out);
    if (name.size == 0 || name.size > sizeof cursor->name) {
        out_string(out, exchange->cursor.written == 0 ? "[]" : "\n]");
        return STEP_DONE;
    }
    out_string(out, exchange->cursor.written++ == 0 ? "[\n " : ",\n ");
    json_text(&json, name);
    memcpy(cursor->name, name.at, name.size);
    cursor->name_bytes = (uint16_t)name.size;
    return !out->full && exchange->cursor.written % NAMES_PER_TURN == 0 ? STEP_PAUSE : STEP_MORE;
}

static enum step
names_step(struct exchange *exchange, struct out *out)
{
    char room[SHORT_NAME_BYTES_MAX];
    struct out name = out_of(room, sizeof room);
    const struct order_cursor *cursor = &exchange->cursor.order;
    struct text after = {cursor->name, cursor->name_bytes};
    struct historical *historical = &exchange->api->historical;
    const struct time_range *range = &exchange->ask.range;
    if (historical->history == NULL) {
        return STEP_CUT;
    }
    int error = exchange->ask.extra
                    ? history_next_metric(historical->history, &exchange->past.name, range->start,
                                          range->end, after, &name)
                    : history_next_name(historical->history, &exchange->past.name, range->start,
                                        range->end, after, &name);
    if (error == -ERR_BUSY && ++exchange->past.tries < HISTORICAL_TRIES_MAX) {
        return STEP_PAUSE;
    }
    if (error < 0) {
        historical->error = error;
        historical->failures_total++;
        return STEP_CUT;
    }
    return write_name(exchange, out, out_view(&name));
}

static void
answer_names(struct exchange *exchange, bool metrics)
{
    struct historical_path path;
    if (!has_history(exchange) || !read_range(exchange, false) ||
        !historical_path_find(exchange, &path)) {
        return;
    }
    if (!metrics) {
        path.name.entity = historical_path_children(exchange->match.route);
    }
    begin_past(exchange, &path);
    exchange->ask.extra = metrics;
    exchange_answer(exchange, CONTENT_JSON, names_step);
}

void
historical_api_metrics(struct exchange *exchange)
{
    answer_names(exchange, true);
}

void
historical_api_list(struct exchange *exchange)
{
    answer_names(exchange, false);
}

// Series, one or a list of them

static enum step
one_step(struct exchange *exchange, struct out *out, enum series_style style)
{
    return exchange->past.aggregations == 0 ? series_step(exchange, out, NULL, style)
                                            : historical_buckets_step(exchange, out);
}

static enum step
single_step(struct exchange *exchange, struct out *out)
{
    return one_step(exchange, out, SERIES_INDENTED);
}

// cursor.stage of a list.
enum { LIST_BEGIN, LIST_BETWEEN, LIST_INSIDE };

static struct text
listed(const struct exchange *exchange)
{
    struct text list = exchange->past.list;
    size_t from = exchange->cursor.offset;
    size_t end = text_find(list, ',', from);
    return text_sub(list, from, (end == SIZE_MAX ? list.size : end) - from);
}

static enum step
begin_listed(struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    struct historical_ask *past = &exchange->past;
    if (cursor->stage == LIST_BETWEEN && cursor->offset > past->list.size) {
        out_string(out, "]}\n");
        return STEP_DONE;
    }
    out_string(out, cursor->stage == LIST_BEGIN ? "{\"items\":[" : ",");
    cursor->stage = LIST_INSIDE;
    cursor->inner = 0;
    if (past->of_metrics) {
        historical_path_take_metric(&exchange->ask, past->name.entity, listed(exchange));
        past->points_left = HISTORICAL_POINTS_MAX;
    } else if (past->name.space.size > 0) {
        past->name.pod = listed(exchange);
    } else {
        past->name.pod_id = listed(exchange);
    }
    historical_next_series(exchange);
    return STEP_MORE;
}

static enum step
list_step(struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    if (cursor->stage != LIST_INSIDE) {
        return begin_listed(exchange, out);
    }
    enum step step = one_step(exchange, out, SERIES_COMPACT);
    if (step != STEP_DONE) {
        return step;
    }
    cursor->offset += (uint32_t)listed(exchange).size + 1;
    cursor->stage = LIST_BETWEEN;
    return STEP_MORE;
}

static void
answer_series(struct exchange *exchange, const struct historical_path *path,
              unsigned aggregations, int64_t bucket_ms)
{
    if (!historical_path_find_metric(exchange, path)) {
        return;
    }
    begin_past(exchange, path);
    const struct time_range *range = &exchange->ask.range;
    struct historical_ask *past = &exchange->past;
    past->aggregations = aggregations;
    past->bucket_ms = bucket_ms;
    past->step_ms = historical_step(&exchange->api->historical, aggregations,
                                    bucket_ms == 0 ? INT64_MAX : bucket_ms, range->start.ms,
                                    range->end.ms);
    exchange_answer(exchange, CONTENT_JSON, past->list.size > 0 ? list_step : single_step);
}

void
historical_api_series(struct exchange *exchange)
{
    struct historical_path path;
    if (has_history(exchange) && read_range(exchange, true) &&
        historical_path_find(exchange, &path)) {
        answer_series(exchange, &path, 0, 0);
    }
}

void
historical_api_aggregated(struct exchange *exchange)
{
    struct historical_path path;
    unsigned aggregations = 0;
    int64_t bucket_ms = 0;
    if (!has_history(exchange) || !read_range(exchange, true) ||
        !historical_path_find(exchange, &path)) {
        return;
    }
    struct out why = exchange_message(exchange);
    struct text bucket = query_get(&exchange->query, TEXT("bucket"));
    if (aggregation_parse(path.aggregations, &aggregations, &why) != 0 ||
        (bucket.size > 0 && historical_bucket_size(bucket, &bucket_ms, &why) != 0)) {
        exchange_fail_message(exchange, 400, &why);
        return;
    }
    answer_series(exchange, &path, aggregations, bucket_ms);
}
