#include "sink/sink_batch.h"

#include <math.h>
#include <string.h>

#include "base/check.h"

// 2^63: doubles from here on do not fit into an int64_t.
#define INT64_BEYOND 9223372036854775808.0

// Whole millicores and the load average are integers in Heapster's catalogue;
// here they are rates.
static bool
is_integer(const struct set_point *point)
{
    if (point->metric == METRIC_CPU_USAGE_RATE || point->metric == METRIC_CPU_LOAD) {
        return true;
    }
    if (point->metric < METRIC_COUNT) {
        return metric_info(point->metric)->value_type == METRIC_INT64;
    }
    return !text_starts(point->name, TEXT("custom/"));
}

bool
sink_number_of(const struct set_point *point, struct sink_number *number)
{
    const struct metric_value *value = &point->value;
    *number = (struct sink_number){.is_integer = is_integer(point)};
    if (value->is_double && !isfinite(value->real)) {
        return false;
    }
    if (!number->is_integer) {
        number->real = value->is_double ? value->real : (double)value->u64;
        return true;
    }
    if (value->is_double) {
        bool fits = value->real > -INT64_BEYOND && value->real < INT64_BEYOND;
        number->integer = fits ? (int64_t)value->real : 0;
        return fits;
    }
    number->integer = value->u64 <= INT64_MAX ? (int64_t)value->u64 : 0;
    return value->u64 <= INT64_MAX;
}

// DIGITS[.DIGITS]e[+-]EXPONENT without its exponent.
static void
write_without_exponent(struct out *out, struct text digits, long exponent)
{
    struct text whole;
    struct text places;
    text_cut(digits, '.', &whole, &places);
    if (exponent < 0) {
        out_string(out, "0.");
        for (long i = exponent + 1; i < 0; i++) {
            out_byte(out, '0');
        }
        out_text(out, whole);
        out_text(out, places);
        return;
    }
    out_text(out, whole);
    out_text(out, text_sub(places, 0, (size_t)exponent));
    for (long i = (long)places.size; i < exponent; i++) {
        out_byte(out, '0');
    }
    if ((size_t)exponent < places.size) {
        out_byte(out, '.');
        out_text(out, text_sub(places, (size_t)exponent, SIZE_MAX));
    }
}

static void
write_real(struct out *out, double real)
{
    char buffer[40];
    struct out written = out_of(buffer, sizeof buffer);
    struct text mantissa;
    struct text exponent;
    // Rates are kept as floats: more digits than those have say nothing.
    if (real != trunc(real) && (double)(float)real == real) {
        out_float(&written, fabsf((float)real));
    } else {
        out_double(&written, fabs(real));
    }
    if (real < 0.0) {
        out_byte(out, '-');
    }
    if (!text_cut(out_view(&written), 'e', &mantissa, &exponent)) {
        out_text(out, mantissa);
        return;
    }
    uint64_t size = 0;
    bool negative = text_starts(exponent, TEXT("-"));
    struct text digits = text_sub(exponent, 1, SIZE_MAX);
    int error = text_to_u64(digits, &size);
    ASSERT(error == 0 && size < 400);
    write_without_exponent(out, mantissa, negative ? -(long)size : (long)size);
}

void
sink_number_write(struct out *out, const struct sink_number *number)
{
    if (number->is_integer) {
        out_i64(out, number->integer);
    } else {
        write_real(out, number->real);
    }
}

bool
sink_is_counter_with_rate(enum metric metric)
{
    switch (metric) {
    case METRIC_CPU_USAGE:
    case METRIC_MEMORY_PAGE_FAULTS:
    case METRIC_MEMORY_MAJOR_PAGE_FAULTS:
    case METRIC_NETWORK_RX:
    case METRIC_NETWORK_RX_ERRORS:
    case METRIC_NETWORK_TX:
    case METRIC_NETWORK_TX_ERRORS:
    case METRIC_DISK_IO_READ_BYTES:
    case METRIC_DISK_IO_WRITE_BYTES:
        return true;
    default:
        return false;
    }
}

bool
sink_batch_commit(struct sink *sink, struct sink_batch *batch, size_t before, uint32_t points,
                  size_t reserve, bool *skip)
{
    struct out *body = &batch->body;
    *skip = false;
    if (!body->full && body->size - body->used >= reserve) {
        batch->points += points;
        return true;
    }
    body->used = before;
    body->full = false;
    if (batch->points == 0) {
        *skip = true;
        sink->skipped_total += points;
    }
    return false;
}

bool
sink_batch_add(struct sink *sink, struct sink_batch *batch, const struct metric_set *set,
               unsigned *at, size_t reserve, sink_point_write *write, void *context)
{
    struct set_point point;
    struct sink_number number;
    bool skip;
    for (unsigned next = *at; metric_set_next(set, &next, &point); *at = next) {
        size_t before = batch->body.used;
        if (batch->points >= batch->limit_points) {
            return false;
        }
        if (!sink_number_of(&point, &number)) {
            sink->skipped_total++;
            continue;
        }
        bool wanted = write(context, &batch->body, &point, &number);
        if (!sink_batch_commit(sink, batch, before, wanted ? 1 : 0, reserve, &skip) && !skip) {
            return false;
        }
    }
    return true;
}

struct sink_bytes
sink_bytes_without(const char *without)
{
    struct sink_bytes bytes = {{~UINT64_C(0) << ('!' & 63), ~(UINT64_C(1) << 63)}};
    for (const char *at = without; *at != '\0'; at++) {
        unsigned byte = (unsigned char)*at;
        ASSERT(byte < 0x80);
        bytes.keep[byte >> 6] &= ~(UINT64_C(1) << (byte & 63));
    }
    return bytes;
}

static size_t
kept_length(struct text text, size_t at, const struct sink_bytes *bytes)
{
    unsigned byte = (unsigned char)text.at[at];
    if (byte >= 0x80) {
        return text_utf8_length(text, at);
    }
    return bytes->keep[byte >> 6] >> (byte & 63) & 1;
}

void
sink_batch_plain(struct out *out, struct text text, const struct sink_bytes *bytes, char instead)
{
    size_t at = 0;
    while (at < text.size) {
        size_t from = at;
        size_t length = 0;
        while (at < text.size && (length = kept_length(text, at, bytes)) != 0) {
            at += length;
        }
        out_text(out, text_sub(text, from, at - from));
        if (at < text.size) {
            out_byte(out, instead);
            at++;
        }
    }
}
