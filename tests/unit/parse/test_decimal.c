#include "parse/decimal.h"

#include "base/error.h"
#include "parse/quantity.h"
#include "../test.h"

static int
nearest(const char *text, int power, uint64_t *value)
{
    struct decimal decimal;
    size_t size;
    int error = decimal_read(text_of(text), &decimal, &size);
    CHECK(error != 0 || size == text_of(text).size);
    return error != 0 ? error : decimal_nearest(decimal, power, value);
}

TEST(seconds_become_nanoseconds_exactly)
{
    static const struct {
        const char *text;
        int power;
        uint64_t value;
    } rows[] = {
        {"9.972975252", 9, UINT64_C(9972975252)},
        {"4358.456512219", 9, UINT64_C(4358456512219)},
        {"0.25788493", 9, 257884930},
        {"4.0513536e+07", 0, 40513536},
        {"2.898153472e+09", 0, UINT64_C(2898153472)},
        {"1.795369640377e+09", 3, UINT64_C(1795369640377)},
        {"438272", 0, 438272},
        {"0", 9, 0},
        {"-0", 0, 0},
        {"1e-9", 9, 1},
        {"1e-400", 9, 0},
        {"0e999999999", 0, 0},
        {"123456789.123456789", 9, UINT64_C(123456789123456789)},
        {"9007199254.740993", 9, UINT64_C(9007199254740993000)},
        {"18446744073709551615", 0, UINT64_MAX},
        {"18446744073.709551615", 9, UINT64_MAX},
        {"0.4999999999", 0, 0},
        {"0.5", 0, 1},
        {"0.00000000000000000000000000000000000005", 38, 5},
        {"10000000000000000000", 0, UINT64_C(10000000000000000000)},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        uint64_t value = 1;
        CHECK_EQUAL_U64(nearest(rows[i].text, rows[i].power, &value), 0);
        CHECK_EQUAL_U64(value, rows[i].value);
    }
}

TEST(refuses_what_is_no_number_or_does_not_fit)
{
    static const char *const bad[] = {
        "",
        "-",
        ".",
        "e5",
        "NaN",
        "+Inf",
        "-1",
        "1e400",
        "1e20",
        "18446744073709551616",
        "184467440737095516150",
    };
    uint64_t value;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        CHECK_EQUAL_U64(nearest(bad[i], 0, &value), -ERR_BAD_NUMBER);
    }
    CHECK_EQUAL_U64(nearest("18446744073.709551616", 9, &value), -ERR_BAD_NUMBER);
}

TEST(reads_as_far_as_the_number_goes)
{
    struct decimal decimal;
    size_t size;
    CHECK_EQUAL_U64(decimal_read(TEXT("12e"), &decimal, &size), 0);
    CHECK_EQUAL_U64(size, 2);
    CHECK_EQUAL_U64(decimal_read(TEXT("1.5e+x"), &decimal, &size), 0);
    CHECK_EQUAL_U64(size, 3);
    CHECK_EQUAL_U64(decimal_read(TEXT("7 8"), &decimal, &size), 0);
    CHECK_EQUAL_U64(size, 1);
}

// Against the numbers themselves, in every way of writing them.
TEST(agrees_with_what_was_written)
{
    uint64_t seed = test_seed();
    for (int round = 0; round < 20000; round++) {
        uint64_t number = test_random(&seed) >> test_random_below(&seed, 64);
        int shift = (int)test_random_below(&seed, 12);
        char digits[64];
        struct out out = out_of(digits, sizeof digits);
        out_u64(&out, number);
        size_t size = out.used;
        // number * 10^-shift, by moving the point or by an exponent.
        char text[96];
        out = out_of(text, sizeof text);
        if (test_random_below(&seed, 2) == 0 && size > (size_t)shift) {
            out_bytes(&out, digits, size - (size_t)shift);
            out_byte(&out, '.');
            out_bytes(&out, digits + size - shift, (size_t)shift);
        } else {
            out_bytes(&out, digits, size);
            out_format(&out, "e-%02d", shift);
        }
        uint64_t value;
        CHECK_EQUAL_U64(nearest(out_c_string(&out), shift, &value), 0);
        CHECK_EQUAL_U64(value, number);
    }
}

TEST(reads_quantities)
{
    static const struct {
        const char *text;
        uint64_t units;
        uint64_t milli;
    } rows[] = {
        {"100m", 1, 100},
        {"0", 0, 0},
        {"4", 4, 4000},
        {"0.5", 1, 500},
        {".5", 1, 500},
        {"1.", 1, 1000},
        {"+2", 2, 2000},
        {"1e3", 1000, 1000000},
        {"1E3", 1000, 1000000},
        {"1.5e3", 1500, 1500000},
        {"12E", UINT64_C(12000000000000000000), 0},
        {"32Mi", 33554432, UINT64_C(33554432000)},
        {"1.5Gi", 1610612736, UINT64_C(1610612736000)},
        {"0.1Ki", 103, 102400},
        {"16Gi", UINT64_C(17179869184), UINT64_C(17179869184000)},
        {"1k", 1000, 1000000},
        {"1n", 1, 1},
        {"1500u", 1, 2},
        {"999999999n", 1, 1000},
        {"8Ei", UINT64_C(9223372036854775808), 0},
        {"1Pi", UINT64_C(1125899906842624), UINT64_C(1125899906842624000)},
        {"1000m", 1, 1000},
        {"1001m", 2, 1001},
        {"123456789123456789m", UINT64_C(123456789123457), UINT64_C(123456789123456789)},
        {"0.0000000001", 1, 1},
        {"97500000Ki", UINT64_C(99840000000), UINT64_C(99840000000000)},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        uint64_t value;
        CHECK_EQUAL_U64(quantity_units(text_of(rows[i].text), &value), 0);
        CHECK_EQUAL_U64(value, rows[i].units);
        if (rows[i].milli == 0 && rows[i].units != 0) {
            CHECK_EQUAL_U64(quantity_milli(text_of(rows[i].text), &value), -ERR_BAD_NUMBER);
            continue;
        }
        CHECK_EQUAL_U64(quantity_milli(text_of(rows[i].text), &value), 0);
        CHECK_EQUAL_U64(value, rows[i].milli);
    }
}

TEST(refuses_bad_quantities)
{
    static const char *const bad[] = {
        "",      "m",    "1 Gi", "1gi",  "1GI",  "1mi",   "-1",   "-1m", "1e",
        "1e3Ki", "16Ei", "19E",  "1e20", "0x10", "1_000", "1Mib", "1,5", "NaN",
    };
    uint64_t value;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        CHECK_EQUAL_U64(quantity_units(text_of(bad[i]), &value), -ERR_BAD_NUMBER);
    }
    CHECK_EQUAL_U64(quantity_units(TEXT("-0"), &value), 0);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"seconds_become_nanoseconds_exactly", seconds_become_nanoseconds_exactly},
        {"refuses_what_is_no_number_or_does_not_fit", refuses_what_is_no_number_or_does_not_fit},
        {"reads_as_far_as_the_number_goes", reads_as_far_as_the_number_goes},
        {"agrees_with_what_was_written", agrees_with_what_was_written},
        {"reads_quantities", reads_quantities},
        {"refuses_bad_quantities", refuses_bad_quantities},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
