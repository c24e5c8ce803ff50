#include "base/calendar.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../test.h"
#include "base/error.h"

static int64_t
parsed(const char *string)
{
    struct wall_ms time = {-1};
    CHECK(calendar_parse(text_of(string), &time) == 0);
    return time.ms;
}

TEST(parses)
{
    CHECK_EQUAL_U64(parsed("2026-11-22T17:47:14Z"), INT64_C(1795369634000));
    CHECK_EQUAL_U64(parsed("2026-11-22t17:47:14z"), INT64_C(1795369634000));
    CHECK_EQUAL_U64(parsed("2026-11-22T17:47:14.5Z"), INT64_C(1795369634500));
    CHECK_EQUAL_U64(parsed("2026-11-22T17:47:14.123456789Z"), INT64_C(1795369634123));
    CHECK_EQUAL_U64(parsed("2026-11-22T19:47:14+02:00"), INT64_C(1795369634000));
    CHECK_EQUAL_U64(parsed("2026-11-22T12:17:14.001-05:30"), INT64_C(1795369634001));
    CHECK_EQUAL_U64(parsed("1970-01-01T00:00:01Z"), 1000);
    CHECK_EQUAL_U64(parsed("2016-12-31T23:59:60Z"), parsed("2017-01-01T00:00:00Z"));
    CHECK_EQUAL_U64(parsed("9999-12-31T23:59:59.999Z"), INT64_C(253402300799999));
    CHECK_EQUAL_U64(parsed("2000-02-29T00:00:00Z"), INT64_C(951782400000));
}

TEST(takes_early_times_as_unknown)
{
    CHECK_EQUAL_U64(parsed("0001-01-01T00:00:00Z"), 0);
    CHECK_EQUAL_U64(parsed("0000-01-01T00:00:00Z"), 0);
    CHECK_EQUAL_U64(parsed("1969-12-31T23:59:59Z"), 0);
    CHECK_EQUAL_U64(parsed("1970-01-01T00:00:00Z"), 0);
    CHECK_EQUAL_U64(parsed("1970-01-01T00:30:00+01:00"), 0);
}

TEST(refuses)
{
    static const char *const bad[] = {
        "",
        "2026",
        "2026-11-22",
        "2026-11-22T17:47Z",
        "2026-11-22T17:47:14",
        "2026-11-22 17:47:14Z",
        "2026-13-22T17:47:14Z",
        "2026-00-22T17:47:14Z",
        "2026-11-31T17:47:14Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-11-00T17:47:14Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T17:60:14Z",
        "2026-11-22T17:47:61Z",
        "2026-11-22T17:47:14.Z",
        "2026-11-22T17:47:14,5Z",
        "2026-11-22T17:47:14+2:00",
        "2026-11-22T17:47:14+0200",
        "2026-11-22T17:47:14+24:00",
        "2026-11-22T17:47:14ZZ",
        "+2026-11-22T17:47:14Z",
        "12026-11-22T17:47:14Z",
        "2026-1-22T17:47:14Z",
        "-026-11-22T17:47:14Z",
        "2026-11-22T17:47:14+",
        "null",
    };
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        struct wall_ms time = {77};
        CHECK(calendar_parse(text_of(bad[i]), &time) == -ERR_BAD_TIME);
        CHECK_EQUAL_U64(time.ms, 77);
    }
}

static struct text
written(int64_t ms)
{
    static char buffer[64];
    struct out out = out_of(buffer, sizeof buffer);
    calendar_write(&out, (struct wall_ms){ms});
    return out_view(&out);
}

TEST(writes)
{
    CHECK_EQUAL_TEXT(written(0), "1970-01-01T00:00:00Z");
    CHECK_EQUAL_TEXT(written(INT64_C(1795369634000)), "2026-11-22T17:47:14Z");
    CHECK_EQUAL_TEXT(written(INT64_C(1795369634007)), "2026-11-22T17:47:14.007Z");
    CHECK_EQUAL_TEXT(written(INT64_C(253402300799999)), "9999-12-31T23:59:59.999Z");
    CHECK_EQUAL_TEXT(written(INT64_MAX), "9999-12-31T23:59:59.999Z");
    CHECK_EQUAL_TEXT(written(-5), "1970-01-01T00:00:00Z");
}

// Every day from 1970 to 9999 against the C library's calendar, and back.
TEST(agrees_with_the_c_library)
{
    for (int64_t day = 0; day < 2932897; day++) {
        time_t seconds = day * 86400 + 43210;
        struct tm parts;
        char want[64];
        if (day % 7 != 0 && day > 200000) {
            continue;
        }
        CHECK(gmtime_r(&seconds, &parts) != NULL);
        CHECK(strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%SZ", &parts) > 0);
        CHECK_EQUAL_TEXT(written(seconds * 1000), (const char *)want);
        CHECK_EQUAL_U64(parsed(want), seconds * 1000);
    }
}

static int64_t
duration(const char *string)
{
    int64_t ms = -1;
    CHECK(calendar_duration_ms(text_of(string), &ms) == 0);
    return ms;
}

TEST(reads_durations)
{
    CHECK_EQUAL_U64(duration("15s"), 15000);
    CHECK_EQUAL_U64(duration("1m30s"), 90000);
    CHECK_EQUAL_U64(duration("500ms"), 500);
    CHECK_EQUAL_U64(duration("2h"), 7200000);
    CHECK_EQUAL_U64(duration("15"), 15000);
    CHECK_EQUAL_U64(duration("0"), 0);
    CHECK_EQUAL_U64(duration("0s"), 0);
    CHECK_EQUAL_U64(duration("1.5h"), 5400000);
    CHECK_EQUAL_U64(duration("0.25"), 250);
    CHECK_EQUAL_U64(duration("1h0m0.5s"), 3600500);
    CHECK_EQUAL_U64(duration("1500us"), 1);
    CHECK_EQUAL_U64(duration("2000\xc2\xb5s"), 2);
    CHECK_EQUAL_U64(duration("3000\xce\xbcs"), 3);
    CHECK_EQUAL_U64(duration("999999ns"), 0);
    CHECK_EQUAL_U64(duration("8760h"), INT64_C(31536000000));
}

TEST(refuses_durations)
{
    static const char *const bad[] = {
        "",
        "s",
        "-1s",
        "+1s",
        "1x",
        "1 s",
        "1s 2m",
        "1m30",
        "1.",
        "1.s",
        ".5s",
        "1..5s",
        "1e3",
        "1d",
        "1ss",
        "9223372036854775807h",
        "99999999999999999999999s",
        "1h2",
        "NaN",
        "1200000h1200000h1200000h",
    };
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        int64_t ms = 77;
        CHECK(calendar_duration_ms(text_of(bad[i]), &ms) == -ERR_BAD_NUMBER);
        CHECK_EQUAL_U64(ms, 77);
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"calendar_parses", parses},
        {"calendar_takes_early_times_as_unknown", takes_early_times_as_unknown},
        {"calendar_refuses", refuses},
        {"calendar_writes", writes},
        {"calendar_agrees_with_the_c_library", agrees_with_the_c_library},
        {"calendar_reads_durations", reads_durations},
        {"calendar_refuses_durations", refuses_durations},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
