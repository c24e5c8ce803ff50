#include "parse/metric_line.h"

#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/error.h"
#include "parse/scan.h"

// The text at the beginning of a room in which more of them stands behind it.
static struct text
padded(const char *text, char behind)
{
    static char room[256];
    memset(room, ' ', sizeof room);
    size_t size = strlen(text);
    CHECK(size + SCAN_PAD <= sizeof room);
    memcpy(room, text, size);
    memset(room + size, behind, 3);
    return (struct text){room, size};
}

// The same value as the plain reader gives, which takes a digit at a time.
static void
check_number(const char *text)
{
    static const char behinds[] = {'\0', '9', ' ', '.'};
    struct decimal expected;
    size_t size;
    int error = decimal_read(text_of(text), &expected, &size);
    if (error == 0 && size != strlen(text)) {
        error = -ERR_BAD_NUMBER;
    }
    for (size_t i = 0; i < sizeof behinds; i++) {
        struct decimal found;
        struct wall_ms time;
        CHECK_EQUAL_U64(metric_line_value(padded(text, behinds[i]), &found, &time), error);
        if (error == 0) {
            CHECK_EQUAL_U64(found.digits, expected.digits);
            CHECK_EQUAL_U64(found.exponent, expected.exponent);
            CHECK(found.negative == expected.negative && found.cut == expected.cut &&
                  found.inexact == expected.inexact);
            CHECK_EQUAL_U64(time.ms, 0);
        }
    }
}

TEST(reads_numbers_as_the_plain_reader_does)
{
    static const char *const texts[] = {
        "0", "00", "7", "1234567", "12345678", "123456789", "1234567890123456",
        "12345678901234567", "12345678901234567890", "123456789012345678901", ".5", "5.", ".",
        "0.0", "1.5", "0.070933839", "4358.456512219", "123456789.123456789",
        "1234567890.123456789", "1.1234567890", "12345678.12345678", "99999999.99999999",
        "1.5.5", "1..5", "-1.5", "+1.5", "4.0513536e+07", "1e3", "1e", "1e+7", "1e+07", "1e-07", "1.795369640377e+09",
        "1.5e+007", "1.5e+0x", "1.5e+", "1.5e*07", "1.5E+07", "12e+99", "1x", "1.x", "x", "",
        "/", ":", "1/", "1:", "1./", "1.:",
    };
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        check_number(texts[i]);
    }
}

TEST(reads_random_numbers_as_the_plain_reader_does)
{
    uint64_t seed = test_seed();
    for (int round = 0; round < 20000; round++) {
        char text[64];
        size_t size = 0;
        for (int part = 0; part < 2; part++) {
            for (uint64_t count = test_random_below(&seed, 21); count > 0; count--) {
                text[size++] = (char)('0' + test_random_below(&seed, 10));
            }
            if (part == 0 && test_random_below(&seed, 3) != 0) {
                text[size++] = '.';
            }
        }
        if (test_random_below(&seed, 3) == 0) {
            size += (size_t)sprintf(text + size, "e%+03d", (int)test_random_below(&seed, 199) - 99);
        }
        text[size] = '\0';
        check_number(text);
    }
}

TEST(reads_times)
{
    static const struct {
        const char *text;
        int64_t ms;
        int error;
    } rows[] = {
        {"1 1795369634447", 1795369634447, 0},
        {"1\t1795369634447 ", 1795369634447, 0},
        {"1 1795369634.447", 1795369634447, 0},
        {"1 1795369634", 1795369634000, 0},
        {"1 -5", 0, 0},
        {"1 1795369634447 # {} 1", 1795369634447, 0},
        {"1 18446744073709551615", 0, -ERR_BAD_NUMBER},
        {"1 9223372036854775807", INT64_MAX, 0},
        {"1 9223372036854775808", 0, -ERR_BAD_NUMBER},
        {"1 2 3", 0, -ERR_MALFORMED},
        {"1 2x", 0, -ERR_BAD_NUMBER},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct decimal number;
        struct wall_ms time;
        CHECK_EQUAL_U64(metric_line_value(padded(rows[i].text, '7'), &number, &time),
                        rows[i].error);
        CHECK(rows[i].error != 0 || time.ms == rows[i].ms);
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"reads_numbers_as_the_plain_reader_does", reads_numbers_as_the_plain_reader_does},
        {"reads_random_numbers_as_the_plain_reader_does",
         reads_random_numbers_as_the_plain_reader_does},
        {"reads_times", reads_times},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
