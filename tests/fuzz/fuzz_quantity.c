// Quantities, decimals and everything of base/ that reads a number or a time
// from text; what can be written again must read the same.
#include "parse/quantity.h"

#include <math.h>

#include "base/calendar.h"
#include "fuzz.h"
#include "parse/decimal.h"

static void
try_quantity(struct text text)
{
    uint64_t units = 0;
    uint64_t milli = 0;
    bool is_units = quantity_units(text, &units) == 0;
    bool is_milli = quantity_milli(text, &milli) == 0;
    FUZZ_CHECK(!is_milli || is_units);
    // Rounded up, both: units - 1 < milli / 1000 <= units.
    FUZZ_CHECK(!is_milli || (milli + 999) / 1000 == units || milli > UINT64_MAX - 999);
}

static void
try_decimal(struct text text)
{
    struct decimal decimal;
    size_t size;
    if (decimal_read(text, &decimal, &size) != 0) {
        return;
    }
    FUZZ_CHECK(size > 0 && size <= text.size);
    uint64_t up = 0;
    uint64_t near = 0;
    if (decimal_ceiling(decimal, 0, &up) == 0) {
        FUZZ_CHECK(decimal_nearest(decimal, 0, &near) == 0);
        FUZZ_CHECK(near == up || near + 1 == up);
    }
}

static void
try_numbers(struct text text)
{
    uint64_t number;
    if (text_to_u64(text, &number) == 0) {
        char digits[32];
        struct out out = out_of(digits, sizeof digits);
        out_u64(&out, number);
        uint64_t again;
        FUZZ_CHECK(text_to_u64(out_view(&out), &again) == 0);
        FUZZ_CHECK(again == number);
    }
    double value;
    if (text_to_double(text, &value) == 0) {
        FUZZ_CHECK(isfinite(value));
        char digits[64];
        struct out out = out_of(digits, sizeof digits);
        out_double(&out, value);
        double again;
        FUZZ_CHECK(text_to_double(out_view(&out), &again) == 0);
        FUZZ_CHECK(again == value);
    }
}

static void
try_times(struct text text)
{
    struct wall_ms time = {0};
    if (calendar_parse(text, &time) == 0 && time.ms != 0) {
        FUZZ_CHECK(time.ms > 0);
        char written[64];
        struct out out = out_of(written, sizeof written);
        calendar_write(&out, time);
        struct wall_ms again;
        FUZZ_CHECK(calendar_parse(out_view(&out), &again) == 0);
        FUZZ_CHECK(again.ms == time.ms);
    }
    int64_t ms;
    FUZZ_CHECK(calendar_duration_ms(text, &ms) != 0 || ms >= 0);
    bool flag;
    FUZZ_CHECK(text_to_bool(text, &flag) <= 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    // An exact copy that ends where it ends.
    char *copy = malloc(size == 0 ? 1 : size);
    FUZZ_CHECK(copy != NULL);
    memcpy(copy, data, size);
    struct text text = {copy, size};
    try_quantity(text);
    try_decimal(text);
    try_numbers(text);
    try_times(text);
    free(copy);
    return 0;
}
