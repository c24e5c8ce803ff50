#include "base/text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../test.h"
#include "base/error.h"

TEST(compares)
{
    CHECK(text_equal(TEXT("abc"), text_of("abc")));
    CHECK(!text_equal(TEXT("abc"), TEXT("abd")));
    CHECK(!text_equal(TEXT("abc"), TEXT("ab")));
    CHECK(text_equal(TEXT(""), text_of(NULL)));
    CHECK(text_equal((struct text){NULL, 0}, TEXT("")));
    CHECK(text_compare(TEXT("a"), TEXT("b")) < 0);
    CHECK(text_compare(TEXT("ab"), TEXT("a")) > 0);
    CHECK(text_compare(TEXT("\x80"), TEXT("a")) > 0);
    CHECK(text_compare(TEXT("a"), TEXT("a")) == 0);
    CHECK(text_compare((struct text){NULL, 0}, TEXT("a")) < 0);
    CHECK(text_starts(TEXT("pod/a"), TEXT("pod/")));
    CHECK(!text_starts(TEXT("po"), TEXT("pod")));
    CHECK(text_ends(TEXT("a.slice"), TEXT(".slice")));
    CHECK(!text_ends(TEXT("slice"), TEXT(".slice")));
    CHECK(text_ends(TEXT("a"), TEXT("")));
}

TEST(takes_parts)
{
    struct text text = TEXT("name=value=x");
    struct text head;
    struct text rest;
    CHECK_EQUAL_TEXT(text_sub(text, 5, 5), "value");
    CHECK_EQUAL_TEXT(text_sub(text, 11, 99), "x");
    CHECK_EQUAL_TEXT(text_sub(text, 99, 1), "");
    CHECK_EQUAL_TEXT(text_sub((struct text){NULL, 0}, 0, 5), "");
    CHECK_EQUAL_U64(text_find(text, '=', 0), 4);
    CHECK_EQUAL_U64(text_find(text, '=', 5), 10);
    CHECK_EQUAL_U64(text_find(text, '=', 11), SIZE_MAX);
    CHECK_EQUAL_U64(text_find(text, '=', 1000), SIZE_MAX);
    CHECK(text_cut(text, '=', &head, &rest));
    CHECK_EQUAL_TEXT(head, "name");
    CHECK_EQUAL_TEXT(rest, "value=x");
    CHECK(!text_cut(text, '!', &head, &rest));
    CHECK_EQUAL_TEXT(head, text);
    CHECK_EQUAL_U64(rest.size, 0);
    CHECK(text_cut(TEXT("a="), '=', &head, &rest));
    CHECK_EQUAL_TEXT(head, "a");
    CHECK_EQUAL_TEXT(rest, "");
    CHECK_EQUAL_TEXT(text_trim(TEXT(" \t a b\r\n")), "a b");
    CHECK_EQUAL_TEXT(text_trim(TEXT(" \n ")), "");
}

TEST(knows_utf8)
{
    static const char *const good[] = {
        "",
        "plain ascii, longer than sixteen bytes",
        "\xc3\xa9",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "sixteen bytes...\xc3\xa9 and more, as long",
    };
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc3",
        "\xc3z",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xe2\x82",
        "\xe2\x82z",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xf0\x90\x80",
        "\xff",
        "\xfe",
        "sixteen bytes...\xc3",
        "aaaaaaaaaaaaaaa\x80",
    };
    for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
        CHECK(text_is_utf8(text_of(good[i])));
    }
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        CHECK(!text_is_utf8(text_of(bad[i])));
    }
    CHECK_EQUAL_U64(text_utf8_length(TEXT("a\xe2\x82\xac"), 1), 3);
    CHECK_EQUAL_U64(text_utf8_length(TEXT("a\xe2\x82\xac"), 2), 0);
    CHECK_EQUAL_U64(text_utf8_length(TEXT("a"), 1), 0);
}

// Every code point written by the definition is accepted but the surrogates.
TEST(knows_every_code_point)
{
    for (uint32_t code = 0; code < 0x110000; code++) {
        unsigned char bytes[4];
        size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        static const unsigned char marks[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
        for (size_t i = size; i > 1; i--) {
            bytes[i - 1] = (unsigned char)(0x80U | ((code >> (6 * (size - i))) & 0x3fU));
        }
        bytes[0] = (unsigned char)(marks[size] | (code >> (6 * (size - 1))));
        bool surrogate = code >= 0xd800 && code <= 0xdfff;
        CHECK(text_is_utf8((struct text){(const char *)bytes, size}) == !surrogate);
    }
}

TEST(reads_little_endian)
{
    struct text bytes = {"\x01\x80\xff\x00\x00\x00\x00\xff\xaa", 9};
    CHECK_EQUAL_U64(text_little_endian(bytes, 0, 1), 1);
    CHECK_EQUAL_U64(text_little_endian(bytes, 1, 2), 0xff80);
    CHECK_EQUAL_U64(text_little_endian(bytes, 0, 8), UINT64_C(0xff00000000ff8001));
    CHECK_EQUAL_U64(text_little_endian(bytes, 9, 0), 0);
}

TEST(reads_u64)
{
    uint64_t value = 0;
    CHECK(text_to_u64(TEXT("0"), &value) == 0 && value == 0);
    CHECK(text_to_u64(TEXT("007"), &value) == 0 && value == 7);
    CHECK(text_to_u64(TEXT("18446744073709551615"), &value) == 0 && value == UINT64_MAX);
    CHECK(text_to_u64(TEXT("18446744073709551616"), &value) == -ERR_BAD_NUMBER);
    CHECK(text_to_u64(TEXT("99999999999999999999"), &value) == -ERR_BAD_NUMBER);
    CHECK(text_to_u64(TEXT(""), &value) == -ERR_BAD_NUMBER);
    CHECK(text_to_u64(TEXT("-1"), &value) == -ERR_BAD_NUMBER);
    CHECK(text_to_u64(TEXT("+1"), &value) == -ERR_BAD_NUMBER);
    CHECK(text_to_u64(TEXT(" 1"), &value) == -ERR_BAD_NUMBER);
    CHECK(text_to_u64(TEXT("1.0"), &value) == -ERR_BAD_NUMBER);
    CHECK_EQUAL_U64(value, UINT64_MAX);
}

static uint64_t
bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

// The C library's own strtod is the oracle.
static void
check_double(const char *string)
{
    double value = 0.5;
    double want = strtod(string, NULL);
    int error = text_to_double(text_of(string), &value);
    if (isinf(want)) {
        CHECK(error == -ERR_BAD_NUMBER);
        return;
    }
    if (error != 0 || bits_of(value) != bits_of(want)) {
        printf("for %s: %.17g, not %.17g\n", string, value, want);
    }
    CHECK(error == 0);
    CHECK(bits_of(value) == bits_of(want));
}

TEST(reads_known_doubles)
{
    static const char *const known[] = {
        "0",
        "-0",
        "0.0",
        "-0.0e5",
        "1",
        "-1",
        "9.972975252",
        "6.5536e+04",
        "1e0",
        "1.7638e+09",
        "1e22",
        "1e23",
        "9007199254740993",
        "9007199254740992",
        "18446744073709551615",
        "123456789012345678901234567890",
        "0.1",
        "0.3",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "4.9e-324",
        "2e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1e309",
        "-1e400",
        "1e-400",
        "0e999999999999999999999",
        "1e99999999999999999999999",
        "1e-99999999999999999999999",
        "8.5070591730234616e37",
        "7.2057594037927933e16",
        "0.00000000000000000000000000000000000000000001e44",
        "1.00000000000000000000000",
        "100000000000000000000000000000000000000000000e-44",
        "1E5",
        "1E-5",
        "12.5E+01",
        "1763833634123",
        "0.000001",
        "179769313486231570000000000000000000000e270",
    };
    for (size_t i = 0; i < ARRAY_COUNT(known); i++) {
        check_double(known[i]);
    }
}

TEST(refuses_what_is_no_number)
{
    static const char *const bad[] = {
        "",     "-",   "+1",    "01",    "-01",  ".5",   "5.",       "1e",   "1e+",      "1e+-1",
        "1.e5", "NaN", "nan",   "Inf",   "+Inf", "-Inf", "infinity", "0x10", "1 ",       " 1",
        "1_0",  "1,0", "1.2.3", "1e5.0", "e5",   "--1",  "1e5x",     "1\n",  "\xd9\xa1",
    };
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        double value = 0.5;
        CHECK(text_to_double(text_of(bad[i]), &value) == -ERR_BAD_NUMBER);
        CHECK(value > 0.49 && value < 0.51);
    }
    double value;
    CHECK(text_to_double((struct text){NULL, 0}, &value) == -ERR_BAD_NUMBER);
    CHECK(text_to_double((struct text){"1\0002", 3}, &value) == -ERR_BAD_NUMBER);
}

// A digit far behind a midpoint decides, also behind what the reader keeps.
TEST(reads_halves_with_a_long_tail)
{
    static char buffer[4096];
    double value;
    int length = snprintf(buffer, sizeof buffer, "%.1075f", 0x1p-1074);
    CHECK(length == 1077);
    for (size_t i = strlen(buffer); i < 3000; i++) {
        buffer[i] = '0';
    }
    buffer[3000] = '1';
    buffer[3001] = '\0';
    check_double(buffer);
    // 2^53 + 1 lies between two doubles: down to even, up with any tail.
    snprintf(buffer, sizeof buffer, "9007199254740993.%02000d", 0);
    check_double(buffer);
    CHECK(text_to_double(text_of(buffer), &value) == 0 && value == 9007199254740992.0);
    buffer[strlen(buffer) - 1] = '1';
    check_double(buffer);
    CHECK(text_to_double(text_of(buffer), &value) == 0 && value == 9007199254740994.0);
    // A whole number of 3,000 digits brought back by its exponent.
    memset(buffer, '7', 3000);
    snprintf(buffer + 3000, sizeof buffer - 3000, "e-2990");
    check_double(buffer);
}

static void
append_digits(char *buffer, uint64_t *state, size_t count)
{
    size_t at = strlen(buffer);
    for (size_t i = 0; i < count; i++) {
        buffer[at++] = (char)('0' + test_random_below(state, 10));
    }
    buffer[at] = '\0';
}

TEST(reads_random_doubles)
{
    uint64_t state = test_seed();
    for (int round = 0; round < 100000; round++) {
        char buffer[128] = "";
        if (test_random_below(&state, 4) == 0) {
            strcat(buffer, "-");
        }
        char first[2] = {(char)('1' + test_random_below(&state, 9)), '\0'};
        strcat(buffer, first);
        append_digits(buffer, &state, test_random_below(&state, 21));
        if (test_random_below(&state, 2) == 0) {
            strcat(buffer, ".");
            append_digits(buffer, &state, 1 + test_random_below(&state, 21));
        }
        if (test_random_below(&state, 2) == 0) {
            size_t at = strlen(buffer);
            snprintf(buffer + at, sizeof buffer - at, "e%d",
                     (int)test_random_below(&state, 700) - 350);
        }
        check_double(buffer);
    }
}

TEST(reads_bool)
{
    bool value = false;
    CHECK(text_to_bool(TEXT("true"), &value) == 0 && value);
    CHECK(text_to_bool(TEXT("no"), &value) == 0 && !value);
    CHECK(text_to_bool(TEXT(""), &value) == 0 && value);
    CHECK(text_to_bool(TEXT("0"), &value) == 0 && !value);
    static const struct text words[] = {TEXT("True"),  TEXT("False"), TEXT("TRUE"), TEXT("FALSE"),
                                        TEXT("t"),     TEXT("f"),     TEXT("T"),    TEXT("F")};
    for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
        CHECK(text_to_bool(words[i], &value) == 0 && value == (i % 2 == 0));
    }
    CHECK(text_to_bool(TEXT("tRUE"), &value) == -ERR_BAD_CONFIG);
    CHECK(text_to_bool(TEXT("True?"), &value) == -ERR_BAD_CONFIG);
    CHECK(text_to_bool(TEXT("off"), &value) < 0);
}

static const char *
written(double value)
{
    static char buffer[64];
    struct out out = out_of(buffer, sizeof buffer);
    out_double(&out, value);
    return out_c_string(&out);
}

static const char *
written_float(float value)
{
    static char buffer[64];
    struct out out = out_of(buffer, sizeof buffer);
    out_float(&out, value);
    return out_c_string(&out);
}

TEST(writes_known_doubles)
{
    CHECK_EQUAL_TEXT(written(0), "0");
    CHECK_EQUAL_TEXT(written(-0.0), "-0");
    CHECK_EQUAL_TEXT(written(1), "1");
    CHECK_EQUAL_TEXT(written(-17.5), "-17.5");
    CHECK_EQUAL_TEXT(written(0.1), "0.1");
    CHECK_EQUAL_TEXT(written(0.1 + 0.2), "0.30000000000000004");
    CHECK_EQUAL_TEXT(written(9.972975252), "9.972975252");
    CHECK_EQUAL_TEXT(written(9007199254740991.0), "9007199254740991");
    CHECK_EQUAL_TEXT(written(0.00001), "0.00001");
    CHECK_EQUAL_TEXT(written(1e-7), "1e-07");
    CHECK_EQUAL_TEXT(written(1e300), "1e+300");
    CHECK_EQUAL_TEXT(written(5e-324), "4.94065645841247e-324");
    CHECK_EQUAL_TEXT(written((double)INFINITY), "0");
    CHECK_EQUAL_TEXT(written((double)NAN), "0");
    CHECK_EQUAL_TEXT(written_float(0.1F), "0.1");
    CHECK_EQUAL_TEXT(written_float(-2.5F), "-2.5");
    CHECK_EQUAL_TEXT(written_float(16777216.0F), "16777216");
    CHECK_EQUAL_TEXT(written_float(1.0F / 3.0F), "0.33333334");
    CHECK_EQUAL_TEXT(written_float(1e-20F), "1e-20");
}

// Significant digits of what was written.
static size_t
digits_in(const char *string)
{
    size_t digits = 0;
    size_t zeros = 0;
    for (; *string != '\0' && *string != 'e'; string++) {
        if (*string == '0') {
            zeros += digits > 0;
        } else if (*string >= '1' && *string <= '9') {
            digits += zeros + 1;
            zeros = 0;
        }
    }
    return digits;
}

static size_t
least_digits(double value)
{
    char buffer[64];
    for (int precision = 1; precision <= 17; precision++) {
        snprintf(buffer, sizeof buffer, "%.*g", precision, value);
        if (strtod(buffer, NULL) == value) {
            return (size_t)precision;
        }
    }
    return 17;
}

static void
check_written(double value)
{
    const char *string = written(value);
    double back = 0;
    if (text_to_double(text_of(string), &back) != 0 || bits_of(back) != bits_of(value)) {
        printf("%.17g was written as %s\n", value, string);
        CHECK(bits_of(back) == bits_of(value));
    }
    // The format of 15 digits may leave a shorter subnormal; all else is least.
    if (fabs(value) >= DBL_MIN && fabs(value) < 1e15) {
        CHECK_EQUAL_U64(digits_in(string), least_digits(value));
    }
}

TEST(writes_random_doubles)
{
    uint64_t state = test_seed() + 1;
    for (int round = 0; round < 50000; round++) {
        uint64_t bits = test_random(&state);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) {
            check_written(value);
        }
        check_written((double)test_random_below(&state, UINT64_C(1) << 50) / 1e9);
        check_written((double)test_random_below(&state, 1000000) / 1000.0);
        check_written((double)(test_random(&state) >> 11) * 0x1p-53);
    }
}

TEST(writes_random_floats)
{
    uint64_t state = test_seed() + 2;
    for (int round = 0; round < 100000; round++) {
        uint32_t bits = (uint32_t)test_random(&state);
        float value;
        memcpy(&value, &bits, sizeof value);
        if (round % 2 == 0) {
            value = (float)test_random_below(&state, 1 << 24) / 1000.0F;
        }
        if (isfinite(value)) {
            float back = strtof(written_float(value), NULL);
            double wide = 0;
            CHECK(memcmp(&back, &value, sizeof back) == 0);
            CHECK(text_to_double(text_of(written_float(value)), &wide) == 0);
            CHECK((float)wide == value);
        }
    }
}

TEST(writes_whole_numbers)
{
    char buffer[128];
    struct out out = out_of(buffer, sizeof buffer);
    out_u64(&out, 0);
    out_byte(&out, ' ');
    out_u64(&out, UINT64_MAX);
    out_byte(&out, ' ');
    out_i64(&out, INT64_MIN);
    out_byte(&out, ' ');
    out_i64(&out, 42);
    CHECK_EQUAL_TEXT(out_view(&out), "0 18446744073709551615 -9223372036854775808 42");
    CHECK(!out.full);
}

TEST(never_writes_past_its_end)
{
    char buffer[9] = "........";
    struct out out = out_of(buffer, 4);
    out_string(&out, "abc");
    CHECK(!out.full);
    out_string(&out, "def");
    CHECK(out.full);
    out_byte(&out, 'x');
    out_u64(&out, 1);
    out_format(&out, "%d", 1);
    CHECK_EQUAL_TEXT(out_view(&out), "abcd");
    CHECK_EQUAL_TEXT(out_c_string(&out), "abc");
    CHECK(memcmp(buffer + 4, "....", 4) == 0);
    struct out none = out_of(NULL, 0);
    out_bytes(&none, "", 0);
    CHECK(!none.full);
    out_format(&none, "%s", "");
    CHECK(!none.full);
    out_format(&none, "x");
    CHECK(none.full);
    CHECK_EQUAL_U64(none.used, 0);
}

TEST(formats_within_room)
{
    char buffer[9] = "........";
    struct out out = out_of(buffer, 6);
    out_format(&out, "%d", 12);
    out_format(&out, "%s", "345");
    CHECK(!out.full);
    CHECK_EQUAL_TEXT(out_view(&out), "12345");
    struct out small = out_of(buffer, 4);
    out_format(&small, "%s", "abcdef");
    CHECK(small.full);
    CHECK_EQUAL_TEXT(out_view(&small), "abc");
    CHECK(memcmp(buffer + 6, "..", 2) == 0);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"text_compares", compares},
        {"text_reads_little_endian", reads_little_endian},
        {"text_takes_parts", takes_parts},
        {"text_knows_utf8", knows_utf8},
        {"text_knows_every_code_point", knows_every_code_point},
        {"text_reads_u64", reads_u64},
        {"text_reads_known_doubles", reads_known_doubles},
        {"text_refuses_what_is_no_number", refuses_what_is_no_number},
        {"text_reads_halves_with_a_long_tail", reads_halves_with_a_long_tail},
        {"text_reads_random_doubles", reads_random_doubles},
        {"text_reads_bool", reads_bool},
        {"text_writes_known_doubles", writes_known_doubles},
        {"text_writes_random_doubles", writes_random_doubles},
        {"text_writes_random_floats", writes_random_floats},
        {"text_writes_whole_numbers", writes_whole_numbers},
        {"text_never_writes_past_its_end", never_writes_past_its_end},
        {"text_formats_within_room", formats_within_room},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
