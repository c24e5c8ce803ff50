// The part of text.h that reads numbers.
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/text.h"

// Whole numbers up to this one are exact in a double.
#define EXACT_MAX (UINT64_C(1) << 53)
// Powers of ten up to this one are exact in a double.
#define POWER_MAX 22

static const double powers_of_ten[POWER_MAX + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

static bool
is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

int
text_hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    char lower = (char)(byte | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

int
text_to_u64(struct text text, uint64_t *value)
{
    uint64_t sum = 0;
    if (text.size == 0) {
        return -ERR_BAD_NUMBER;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (!is_digit(text.at[i])) {
            return -ERR_BAD_NUMBER;
        }
        uint64_t digit = (uint64_t)(text.at[i] - '0');
        if (sum > (UINT64_MAX - digit) / 10) {
            return -ERR_BAD_NUMBER;
        }
        sum = sum * 10 + digit;
    }
    *value = sum;
    return 0;
}

// A decimal number taken apart. The value is `mantissa` * 10^`exponent`,
// exactly so while the mantissa has fewer than 19 digits.
struct decimal {
    bool negative;
    uint64_t mantissa;     // the first 19 significant digits
    int64_t exponent;      // of ten, for `mantissa`
    struct text whole;     // digits before the point
    struct text fraction;  // digits after it
    int64_t written;       // the exponent as it was written
};

static struct text
digits_at(struct text text, size_t from)
{
    size_t end = from;
    while (end < text.size && is_digit(text.at[end])) {
        end++;
    }
    return text_sub(text, from, end - from);
}

// Far above any exponent that matters plus any length of text, and far below
// the end of int64_t, so that sums with it neither overflow nor come back.
#define EXPONENT_CLAMP INT64_C(100000000000000000)

static int
split_exponent(struct text text, int64_t *exponent)
{
    bool negative = text.size > 0 && text.at[0] == '-';
    bool sign = negative || (text.size > 0 && text.at[0] == '+');
    struct text digits = text_sub(text, sign ? 1 : 0, SIZE_MAX);
    int64_t sum = 0;
    if (digits.size == 0) {
        return -ERR_BAD_NUMBER;
    }
    for (size_t i = 0; i < digits.size; i++) {
        if (!is_digit(digits.at[i])) {
            return -ERR_BAD_NUMBER;
        }
        if (sum < EXPONENT_CLAMP) {
            sum = sum * 10 + (digits.at[i] - '0');
        }
    }
    *exponent = negative ? -sum : sum;
    return 0;
}

// The grammar of RFC 8259, section 6.
static int
split_decimal(struct text text, struct decimal *decimal)
{
    *decimal = (struct decimal){.negative = text.size > 0 && text.at[0] == '-'};
    size_t at = decimal->negative ? 1 : 0;
    decimal->whole = digits_at(text, at);
    at += decimal->whole.size;
    if (decimal->whole.size == 0 || (decimal->whole.size > 1 && decimal->whole.at[0] == '0')) {
        return -ERR_BAD_NUMBER;
    }
    if (at < text.size && text.at[at] == '.') {
        decimal->fraction = digits_at(text, at + 1);
        at += 1 + decimal->fraction.size;
        if (decimal->fraction.size == 0) {
            return -ERR_BAD_NUMBER;
        }
    }
    if (at == text.size) {
        return 0;
    }
    if (text.at[at] != 'e' && text.at[at] != 'E') {
        return -ERR_BAD_NUMBER;
    }
    return split_exponent(text_sub(text, at + 1, SIZE_MAX), &decimal->written);
}

#define MANTISSA_DIGITS 19  // 10^19 - 1 < 2^64

// Appends digits to the mantissa; how many were left out.
static size_t
gather(struct decimal *decimal, struct text digits, unsigned *taken)
{
    size_t i = 0;
    for (; i < digits.size && *taken < MANTISSA_DIGITS; i++) {
        decimal->mantissa = decimal->mantissa * 10 + (uint64_t)(digits.at[i] - '0');
        *taken += decimal->mantissa != 0;
    }
    return digits.size - i;
}

static void
gather_mantissa(struct decimal *decimal)
{
    unsigned taken = 0;
    size_t whole_left = gather(decimal, decimal->whole, &taken);
    size_t fraction_left = gather(decimal, decimal->fraction, &taken);
    decimal->exponent =
        decimal->written + (int64_t)whole_left - (int64_t)(decimal->fraction.size - fraction_left);
}

// Clinger, "How to Read Floating Point Numbers Accurately" (1990): both
// operands exact, so the one operation rounds correctly. A mantissa that left
// digits out is above 10^18 and so never passes.
static bool
to_double_fast(const struct decimal *decimal, double *value)
{
    if (decimal->mantissa > EXACT_MAX || decimal->exponent < -POWER_MAX ||
        decimal->exponent > POWER_MAX) {
        return false;
    }
    double mantissa = (double)decimal->mantissa;
    *value = decimal->exponent < 0 ? mantissa / powers_of_ten[-decimal->exponent]
                                   : mantissa * powers_of_ten[decimal->exponent];
    return true;
}

// The midpoint of two doubles has at most 767 significant digits; anything
// after them only matters as "not zero".
#define SIGNIFICANT_MAX 770

static void
copy_significant(struct out *out, struct text digits, size_t *dropped, bool *rest)
{
    for (size_t i = 0; i < digits.size; i++) {
        if (out->used < SIGNIFICANT_MAX) {
            if (out->used > 0 || digits.at[i] != '0') {
                out_byte(out, digits.at[i]);
            }
        } else {
            *rest = *rest || digits.at[i] != '0';
            *dropped += 1;
        }
    }
}

// Rewritten as DIGITSeEXPONENT: bounded, and without a point no locale matters.
static double
to_double_slow(const struct decimal *decimal)
{
    char buffer[SIGNIFICANT_MAX + 32];
    struct out out = out_of(buffer, sizeof buffer);
    size_t dropped = 0;
    bool rest = false;
    copy_significant(&out, decimal->whole, &dropped, &rest);
    copy_significant(&out, decimal->fraction, &dropped, &rest);
    int64_t exponent = decimal->written + (int64_t)dropped - (int64_t)decimal->fraction.size;
    if (rest) {
        out_byte(&out, '1');
        exponent--;
    }
    if (out.used == 0) {
        return 0.0;
    }
    // Beyond these every number of so many digits is zero or infinite.
    exponent = exponent > 9999 ? 9999 : exponent < -9999 ? -9999 : exponent;
    out_byte(&out, 'e');
    out_i64(&out, exponent);
    ASSERT(!out.full);
    return strtod(out_c_string(&out), NULL);
}

int
text_to_double(struct text text, double *value)
{
    struct decimal decimal;
    double size;
    int error = split_decimal(text, &decimal);
    if (error != 0) {
        return error;
    }
    gather_mantissa(&decimal);
    if (!to_double_fast(&decimal, &size)) {
        size = to_double_slow(&decimal);
    }
    if (isinf(size)) {
        return -ERR_BAD_NUMBER;
    }
    *value = decimal.negative ? -size : size;
    return 0;
}

int
text_to_bool(struct text text, bool *value)
{
    static const struct {
        struct text word;
        bool value;
    } words[] = {
        {{"true", 4}, true},   {{"1", 1}, true},      {{"yes", 3}, true},    {{"", 0}, true},
        {{"True", 4}, true},   {{"TRUE", 4}, true},   {{"t", 1}, true},      {{"T", 1}, true},
        {{"false", 5}, false}, {{"0", 1}, false},     {{"no", 2}, false},
        {{"False", 5}, false}, {{"FALSE", 5}, false}, {{"f", 1}, false},     {{"F", 1}, false},
    };
    for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
        if (text_equal(text, words[i].word)) {
            *value = words[i].value;
            return 0;
        }
    }
    return -ERR_BAD_CONFIG;
}
