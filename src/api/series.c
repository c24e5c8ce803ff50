#include "api/series.h"

#include "api/historical_read.h"
#include "base/calendar.h"
#include "base/error.h"

#define POINTS_PER_STEP 16

// Values of cursor.inner.
enum { AT_HEAD, AT_POINTS, AT_TAIL };

struct form {
    const char *head, *first, *next, *time, *value, *real, *point_end, *empty, *tail;
    const char *truncated, *error, *end;
};

static const struct form forms[] = {
    [SERIES_INDENTED] =
        {
            .head = "{\n \"metrics\": [",
            .first = "\n  {\n",
            .next = ",\n  {\n",
            .time = "   \"timestamp\": \"",
            .value = "\",\n   \"value\": ",
            .real = ",\n   \"floatValue\": ",
            .point_end = "\n  }",
            .empty = "],\n \"latestTimestamp\": \"",
            .tail = "\n ],\n \"latestTimestamp\": \"",
            .truncated = ",\n \"truncated\": true",
            .error = ",\n \"error\": ",
            .end = "\n}",
        },
    [SERIES_COMPACT] =
        {
            .head = "{\"metrics\":[",
            .first = "{",
            .next = ",{",
            .time = "\"timestamp\":\"",
            .value = "\",\"value\":",
            .real = ",\"floatValue\":",
            .point_end = "}",
            .empty = "],\"latestTimestamp\":\"",
            .tail = "],\"latestTimestamp\":\"",
            .truncated = ",\"truncated\":true",
            .error = ",\"error\":",
            .end = "}",
        },
};

uint64_t
series_integer(const struct metric_value *value)
{
    if (!value->is_double) {
        return value->u64;
    }
    if (!(value->real > 0)) {
        return 0;
    }
    return value->real < 18446744073709551616.0 ? (uint64_t)value->real : UINT64_MAX;
}

// Rates are kept as floats; more digits than those have would only be noise.
void
series_write_float(struct out *out, double value)
{
    float narrow = (float)value;
    if ((double)narrow >= value && (double)narrow <= value) {
        out_float(out, narrow);
    } else {
        out_double(out, value);
    }
}

void
series_write_real(struct out *out, double value)
{
    const double exact = 9007199254740992.0;  // 2^53
    if (value > -exact && value < exact && (double)(int64_t)value >= value &&
        (double)(int64_t)value <= value) {
        out_double(out, value);
    } else {
        series_write_float(out, value);
    }
}

static void
write_point(struct out *out, const struct form *form, const struct point *point, bool first)
{
    out_string(out, first ? form->first : form->next);
    out_string(out, form->time);
    calendar_write(out, point->time);
    out_string(out, form->value);
    out_u64(out, series_integer(&point->value));
    if (point->value.is_double) {
        out_string(out, form->real);
        series_write_float(out, point->value.real);
    }
    out_string(out, form->point_end);
}

static enum step
write_points(struct exchange *exchange, struct out *out, const struct target *target,
             const struct form *form)
{
    struct cursor *cursor = &exchange->cursor;
    struct point points[POINTS_PER_STEP];
    unsigned count = 0;
    bool more = false;
    if (exchange->ask.recorded) {
        more = historical_points(exchange, cursor->time, exchange->ask.range.end.ms, points,
                                 POINTS_PER_STEP, &count);
    } else if (target != NULL) {
        count = target_points(exchange, target, cursor->time, points, POINTS_PER_STEP, &more);
    }
    for (unsigned i = 0; i < count; i++) {
        write_point(out, form, &points[i], cursor->written++ == 0);
        cursor->time = points[i].time;
    }
    if (!more) {
        cursor->inner = AT_TAIL;
    }
    return more && count == 0 ? STEP_PAUSE : STEP_MORE;
}

static void
write_tail(struct exchange *exchange, struct out *out, const struct form *form)
{
    const struct historical_ask *past = &exchange->past;
    bool empty = exchange->cursor.written == 0;
    out_string(out, empty ? form->empty : form->tail);
    if (empty) {
        out_string(out, "0001-01-01T00:00:00Z");
    } else {
        calendar_write(out, exchange->cursor.time);
    }
    out_byte(out, '"');
    if (past->cut || past->error != 0) {
        out_string(out, form->truncated);
    }
    if (past->error != 0) {
        out_format(out, "%s\"%s\"", form->error, history_sentence(past->error));
    }
    out_string(out, form->end);
}

enum step
series_step(struct exchange *exchange, struct out *out, const struct target *target,
            enum series_style style)
{
    struct cursor *cursor = &exchange->cursor;
    const struct form *form = &forms[style];
    switch (cursor->inner) {
    case AT_HEAD:
        out_string(out, form->head);
        cursor->time.ms = 0;
        cursor->written = 0;
        cursor->inner = AT_POINTS;
        return STEP_MORE;
    case AT_POINTS:
        return write_points(exchange, out, target, form);
    default:
        write_tail(exchange, out, form);
        return STEP_DONE;
    }
}
