#include "parse/quantity.h"

#include "base/error.h"
#include "parse/decimal.h"

struct suffix {
    struct text name;
    int ten;       // power of ten
    unsigned two;  // power of two
};

static int
find_suffix(struct text name, struct suffix *suffix)
{
    static const struct suffix suffixes[] = {
        {TEXT(""), 0, 0},    {TEXT("m"), -3, 0},  {TEXT("Mi"), 0, 20}, {TEXT("Gi"), 0, 30},
        {TEXT("Ki"), 0, 10}, {TEXT("n"), -9, 0},  {TEXT("u"), -6, 0},  {TEXT("k"), 3, 0},
        {TEXT("M"), 6, 0},   {TEXT("G"), 9, 0},   {TEXT("T"), 12, 0},  {TEXT("P"), 15, 0},
        {TEXT("E"), 18, 0},  {TEXT("Ti"), 0, 40}, {TEXT("Pi"), 0, 50}, {TEXT("Ei"), 0, 60},
    };
    for (size_t i = 0; i < ARRAY_COUNT(suffixes); i++) {
        if (text_equal(suffixes[i].name, name)) {
            *suffix = suffixes[i];
            return 0;
        }
    }
    return -ERR_BAD_NUMBER;
}

// Whole binary units are shifted; fractions of them are rare, and of those
// only ones whose digits leave room ("1.5Gi") are exact.
static int
binary(struct decimal *decimal, unsigned two)
{
    while (decimal->exponent < 0 && decimal->digits % 10 == 0 && decimal->digits != 0) {
        decimal->digits /= 10;
        decimal->exponent++;
    }
    for (unsigned i = 0; i < two; i++) {
        while (decimal->digits > UINT64_MAX / 2) {
            if (decimal->exponent >= 0) {
                return -ERR_BAD_NUMBER;
            }
            decimal->inexact |= decimal->digits % 10 != 0;
            decimal->digits /= 10;
            decimal->exponent++;
        }
        decimal->digits *= 2;
    }
    return 0;
}

static int
quantity(struct text text, int power, uint64_t *value)
{
    struct decimal decimal;
    size_t size;
    int error = decimal_read(text, &decimal, &size);
    if (error != 0) {
        return error;
    }
    struct suffix suffix;
    error = find_suffix(text_sub(text, size, SIZE_MAX), &suffix);
    bool exponent = text_find(text_sub(text, 0, size), 'e', 0) != SIZE_MAX ||
                    text_find(text_sub(text, 0, size), 'E', 0) != SIZE_MAX;
    if (error == 0 && exponent && suffix.name.size != 0) {
        error = -ERR_BAD_NUMBER;
    }
    if (error == 0) {
        error = binary(&decimal, suffix.two);
    }
    return error != 0 ? error : decimal_ceiling(decimal, suffix.ten + power, value);
}

int
quantity_units(struct text text, uint64_t *units)
{
    return quantity(text, 0, units);
}

int
quantity_milli(struct text text, uint64_t *milli)
{
    return quantity(text, 3, milli);
}
