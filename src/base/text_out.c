// The part of text.h that writes: struct out.
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

// Whole numbers up to this one are exact in a double.
#define EXACT_MAX (UINT64_C(1) << 53)
// Powers of ten up to 10^22 are exact in a double; more than these many decimal
// places are never written.
#define PLACES_MAX 18

static const double powers_of_ten[PLACES_MAX + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,
    1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
};

struct out
out_of(void *at, size_t size)
{
    ASSERT(at != NULL || size == 0);
    return (struct out){.at = at, .size = size};
}

void
out_bytes(struct out *out, const void *bytes, size_t size)
{
    ASSERT(out->used <= out->size);
    size_t room = out->full ? 0 : out->size - out->used;
    size_t taken = size < room ? size : room;
    if (taken > 0) {
        memcpy(out->at + out->used, bytes, taken);
        out->used += taken;
    }
    out->full = out->full || taken < size;
}

void
out_text(struct out *out, struct text text)
{
    out_bytes(out, text.at, text.size);
}

void
out_string(struct out *out, const char *c_string)
{
    out_text(out, text_of(c_string));
}

void
out_byte(struct out *out, char byte)
{
    if (!out->full && out->used < out->size) {
        out->at[out->used++] = byte;
    } else {
        out->full = true;
    }
}

#define U64_DIGITS 20

// The digits of `value` at the end of `buffer`, at least `least` of them.
static struct text
digits_of(uint64_t value, size_t least, char buffer[static U64_DIGITS])
{
    size_t at = U64_DIGITS;
    do {
        buffer[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0 || U64_DIGITS - at < least);
    return (struct text){buffer + at, U64_DIGITS - at};
}

void
out_u64(struct out *out, uint64_t value)
{
    char buffer[U64_DIGITS];
    out_text(out, digits_of(value, 1, buffer));
}

void
out_i64(struct out *out, int64_t value)
{
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    if (value < 0) {
        out_byte(out, '-');
    }
    out_u64(out, size);
}

// `mantissa` / 10^`places`, in plain notation.
static void
out_places(struct out *out, uint64_t mantissa, unsigned places)
{
    char buffer[U64_DIGITS];
    ASSERT(places < U64_DIGITS);
    struct text digits = digits_of(mantissa, (size_t)places + 1, buffer);
    out_text(out, text_sub(digits, 0, digits.size - places));
    if (places > 0) {
        out_byte(out, '.');
        out_text(out, text_sub(digits, digits.size - places, places));
    }
}

// Below 2^51 the product below is off by less than a half, so a mantissa that
// reads back is always found; and with at most 15 digits it is the only one.
#define PLAIN_BELOW 2251799813685248.0
// Smaller values are written with an exponent.
#define PLAIN_FROM 1e-5

// The fewest decimal places that read back as `size`, where few do.
static bool
out_double_fast(struct out *out, double size)
{
    if (size < PLAIN_FROM && size > 0.0) {
        return false;
    }
    for (unsigned places = 0; places <= PLACES_MAX; places++) {
        double product = size * powers_of_ten[places];
        if (product >= PLAIN_BELOW) {
            return false;
        }
        uint64_t mantissa = (uint64_t)(product + 0.5);
        if ((double)mantissa / powers_of_ten[places] == size) {
            out_places(out, mantissa, places);
            return true;
        }
    }
    return false;
}

static void
out_double_slow(struct out *out, double size)
{
    char buffer[32];
    for (int precision = 15; precision <= 17; precision++) {
        int length = snprintf(buffer, sizeof buffer, "%.*g", precision, size);
        ASSERT(length > 0 && (size_t)length < sizeof buffer);
        if (precision == 17 || strtod(buffer, NULL) == size) {
            break;
        }
    }
    out_string(out, buffer);
}

void
out_double(struct out *out, double value)
{
    if (!isfinite(value)) {
        out_byte(out, '0');
        return;
    }
    double size = fabs(value);
    if (signbit(value)) {
        out_byte(out, '-');
    }
    if (size < (double)EXACT_MAX && size == (double)(uint64_t)size) {
        out_u64(out, (uint64_t)size);
    } else if (!out_double_fast(out, size)) {
        out_double_slow(out, size);
    }
}

// With at most 9 digits and 12 places the quotient is never so near to the
// midpoint of two floats that rounding it twice matters.
static bool
out_float_fast(struct out *out, float size)
{
    if (size < (float)PLAIN_FROM) {
        return false;
    }
    for (unsigned places = 0; places <= 12; places++) {
        double product = (double)size * powers_of_ten[places];
        if (product >= 1e9) {
            return false;
        }
        uint64_t mantissa = (uint64_t)(product + 0.5);
        if ((float)((double)mantissa / powers_of_ten[places]) == size) {
            out_places(out, mantissa, places);
            return true;
        }
    }
    return false;
}

static void
out_float_slow(struct out *out, float size)
{
    char buffer[32];
    for (int precision = 6; precision <= 9; precision++) {
        int length = snprintf(buffer, sizeof buffer, "%.*g", precision, (double)size);
        ASSERT(length > 0 && (size_t)length < sizeof buffer);
        if (precision == 9 || strtof(buffer, NULL) == size) {
            break;
        }
    }
    out_string(out, buffer);
}

void
out_float(struct out *out, float value)
{
    if (!isfinite(value)) {
        out_byte(out, '0');
        return;
    }
    float size = fabsf(value);
    if (signbit(value)) {
        out_byte(out, '-');
    }
    if (size < (float)(1U << 24) && size == (float)(uint32_t)size) {
        out_u64(out, (uint32_t)size);
    } else if (!out_float_fast(out, size)) {
        out_float_slow(out, size);
    }
}

void
out_format(struct out *out, const char *format, ...)
{
    if (out->full) {
        return;
    }
    size_t room = out->size - out->used;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(room == 0 ? NULL : out->at + out->used, room, format, arguments);
    va_end(arguments);
    ASSERT(length >= 0);
    if ((size_t)length < room || length == 0) {
        out->used += (size_t)length;
        return;
    }
    // vsnprintf has spent one byte on its NUL.
    out->used += room == 0 ? 0 : room - 1;
    out->full = true;
}

struct text
out_view(const struct out *out)
{
    return (struct text){out->at, out->used};
}

char *
out_c_string(struct out *out)
{
    ASSERT(out->size > 0);
    if (out->used == out->size) {
        out->used--;
        out->full = true;
    }
    out->at[out->used] = '\0';
    return out->at;
}
