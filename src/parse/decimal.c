#include "parse/decimal.h"

#include "base/error.h"

#define EXPONENT_MAX 1000

// One more digit fits for certain.
#define DIGITS_MAX ((UINT64_MAX - 9) / 10)

static inline bool
is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

// Takes in a digit that may be one too many, behind the point when `step` is 1.
static void
take_digit(struct decimal *decimal, char byte, int step)
{
    uint64_t ones = (uint64_t)(byte - '0');
    uint64_t more;
    bool fits = !decimal->cut && !__builtin_mul_overflow(decimal->digits, 10U, &more) &&
                !__builtin_add_overflow(more, ones, &more);
    if (fits) {
        decimal->digits = more;
        decimal->exponent -= step;
    } else {
        decimal->cut = true;
        decimal->inexact |= ones != 0;
        decimal->exponent += 1 - step;
    }
    if (decimal->exponent > EXPONENT_MAX) {
        decimal->exponent = EXPONENT_MAX;
    } else if (decimal->exponent < -EXPONENT_MAX) {
        decimal->exponent = -EXPONENT_MAX;
    }
}

// Behind the digits that start at `at`.
static inline size_t
read_digits(struct text text, size_t at, struct decimal *decimal, int step)
{
    uint64_t digits = decimal->digits;
    size_t end = at;
    while (end < text.size && is_digit(text.at[end]) && digits <= DIGITS_MAX) {
        digits = digits * 10 + (uint64_t)(text.at[end] - '0');
        end++;
    }
    decimal->digits = digits;
    // Leading zeros of a fraction have no end; exact only while they are few.
    size_t count = end - at < EXPONENT_MAX ? end - at : EXPONENT_MAX;
    decimal->exponent -= step * (int)count;
    for (; end < text.size && is_digit(text.at[end]); end++) {
        take_digit(decimal, text.at[end], step);
    }
    return end;
}

// Behind the exponent that starts at `at`, or `at` when it is none.
static size_t
read_exponent(struct text text, size_t at, struct decimal *decimal)
{
    size_t from = at + 1;
    bool negative = from < text.size && text.at[from] == '-';
    if (from < text.size && (text.at[from] == '-' || text.at[from] == '+')) {
        from++;
    }
    size_t end = from;
    int exponent = 0;
    for (; end < text.size && is_digit(text.at[end]); end++) {
        exponent = exponent * 10 + (text.at[end] - '0');
        exponent = exponent > EXPONENT_MAX ? EXPONENT_MAX : exponent;
    }
    if (end == from) {
        return at;
    }
    decimal->exponent += negative ? -exponent : exponent;
    return end;
}

int
decimal_read(struct text text, struct decimal *decimal, size_t *size)
{
    size_t at = 0;
    *decimal = (struct decimal){0};
    if (text.size > 0 && (text.at[0] == '-' || text.at[0] == '+')) {
        decimal->negative = text.at[0] == '-';
        at++;
    }
    size_t start = at;
    at = read_digits(text, at, decimal, 0);
    size_t digits = at - start;
    if (at < text.size && text.at[at] == '.') {
        size_t fraction = ++at;
        at = read_digits(text, at, decimal, 1);
        digits += at - fraction;
    }
    if (digits == 0) {
        return -ERR_BAD_NUMBER;
    }
    if (at < text.size && (text.at[at] | 0x20) == 'e') {
        at = read_exponent(text, at, decimal);
    }
    *size = at;
    return 0;
}

static const uint64_t powers[] = {
    UINT64_C(1),
    UINT64_C(10),
    UINT64_C(100),
    UINT64_C(1000),
    UINT64_C(10000),
    UINT64_C(100000),
    UINT64_C(1000000),
    UINT64_C(10000000),
    UINT64_C(100000000),
    UINT64_C(1000000000),
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
    UINT64_C(100000000000000000),
    UINT64_C(1000000000000000000),
    UINT64_C(10000000000000000000),
};
#define POWER_MAX ((int)ARRAY_COUNT(powers) - 1)

// The whole part, and what is left over as a part of `*divisor`; a zero
// divisor stands for one that is larger than any rest.
static int
scale(struct decimal decimal, int power, uint64_t *value, uint64_t *rest, uint64_t *divisor)
{
    *value = 0;
    *rest = 0;
    *divisor = 1;
    if (decimal.digits == 0 && !decimal.inexact) {
        return 0;
    }
    if (decimal.negative) {
        return -ERR_BAD_NUMBER;
    }
    int exponent = decimal.exponent + power;
    if (exponent > POWER_MAX || (exponent > 0 && decimal.inexact)) {
        return -ERR_BAD_NUMBER;
    }
    if (exponent >= 0) {
        bool over = __builtin_mul_overflow(decimal.digits, powers[exponent], value);
        return over ? -ERR_BAD_NUMBER : 0;
    }
    if (-exponent > POWER_MAX) {
        *rest = decimal.digits;
        *divisor = 0;
        return 0;
    }
    *divisor = powers[-exponent];
    *value = decimal.digits / *divisor;
    *rest = decimal.digits % *divisor;
    return 0;
}

static int
add(uint64_t *value, bool one)
{
    return __builtin_add_overflow(*value, one ? 1U : 0U, value) ? -ERR_BAD_NUMBER : 0;
}

int
decimal_ceiling(struct decimal decimal, int power, uint64_t *value)
{
    uint64_t rest;
    uint64_t divisor;
    int error = scale(decimal, power, value, &rest, &divisor);
    return error != 0 ? error : add(value, rest != 0 || decimal.inexact);
}

int
decimal_nearest(struct decimal decimal, int power, uint64_t *value)
{
    uint64_t rest;
    uint64_t divisor;
    int error = scale(decimal, power, value, &rest, &divisor);
    bool up = divisor != 0 && rest != 0 && rest >= divisor - rest;
    return error != 0 ? error : add(value, up);
}
