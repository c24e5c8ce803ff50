#include "api/series.h"

#include "base/calendar.h"

#define POINTS_PER_STEP 16

// Values of cursor.inner.
enum { AT_HEAD, AT_POINTS, AT_TAIL };

struct form {
    const char *head, *first, *next, *time, *value, *real, *point_end, *empty, *tail, *end;
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
            .end = "\"\n}",
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
            .end = "\"}",
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
    double rounded = value->real + 0.5;
    return rounded < 18446744073709551616.0 ? (uint64_t)rounded : UINT64_MAX;
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

static unsigned
write_points(struct exchange *exchange, struct out *out, const struct target *target,
             const struct form *form)
{
    struct cursor *cursor = &exchange->cursor;
    struct point points[POINTS_PER_STEP];
    unsigned count = 0;
    if (target != NULL) {
        count = target_points(exchange, target, cursor->time, points, POINTS_PER_STEP);
    }
    for (unsigned i = 0; i < count; i++) {
        write_point(out, form, &points[i], cursor->time.ms == 0);
        cursor->time = points[i].time;
    }
    return count;
}

static void
write_tail(struct exchange *exchange, struct out *out, const struct form *form)
{
    struct wall_ms latest = exchange->cursor.time;
    out_string(out, latest.ms == 0 ? form->empty : form->tail);
    if (latest.ms == 0) {
        out_string(out, "0001-01-01T00:00:00Z");
    } else {
        calendar_write(out, latest);
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
        cursor->inner = AT_POINTS;
        return STEP_MORE;
    case AT_POINTS:
        if (write_points(exchange, out, target, form) < POINTS_PER_STEP) {
            cursor->inner = AT_TAIL;
        }
        return STEP_MORE;
    default:
        write_tail(exchange, out, form);
        return STEP_DONE;
    }
}
