// Decimal numbers as digits and a power of ten, so that seconds become
// nanoseconds without passing through a double.
#ifndef SKERRY_PARSE_DECIMAL_H
#define SKERRY_PARSE_DECIMAL_H

#include "base/text.h"

// digits * 10^exponent.
struct decimal {
    uint64_t digits;
    int exponent;  // within -1000 ... 1000
    bool negative;
    bool cut;      // digits were left out, for they did not fit
    bool inexact;  // and not all of them were zero
};

// Reads `[+-] digits [. digits] [e [+-] digits]` from the start of `text`, at
// least one digit before or after the point, and says in `*size` how far it
// went; an `e` without a number behind it is not taken. -ERR_BAD_NUMBER.
int decimal_read(struct text text, struct decimal *decimal, size_t *size) MUST_USE;

// digits * 10^(exponent + power), rounded up or to the nearest. Negative ones
// and what does not fit: -ERR_BAD_NUMBER.
int decimal_ceiling(struct decimal decimal, int power, uint64_t *value) MUST_USE;
int decimal_nearest(struct decimal decimal, int power, uint64_t *value) MUST_USE;

#endif
