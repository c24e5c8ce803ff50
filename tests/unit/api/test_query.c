#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "api/query.h"
#include "base/error.h"

#define NOW_MS INT64_C(1795008415000)

static char raw[512];
static char sentence[256];
static struct query query;
static struct time_range range;
static struct label_set labels;
static struct out why;

static int
parse(const char *text)
{
    size_t size = strlen(text);
    CHECK(size < sizeof raw);
    memcpy(raw, text, size);
    why = out_of(sentence, sizeof sentence);
    return query_parse(&query, raw, size, &why);
}

static int
parse_range(const char *text)
{
    CHECK(parse(text) == 0);
    return query_range(&query, (struct wall_ms){NOW_MS}, &range, &why);
}

static int
parse_labels(const char *text)
{
    CHECK(parse(text) == 0);
    return query_labels(&query, &labels, &why);
}

TEST(finds_parameters)
{
    CHECK(parse("a=1&verbose&&b=x%20y+z&a=2&=5") == 0);
    CHECK_EQUAL_TEXT(query_get(&query, TEXT("a")), "1");
    CHECK_EQUAL_TEXT(query_get(&query, TEXT("b")), "x y z");
    CHECK(query_has(&query, TEXT("verbose")));
    CHECK(!query_has(&query, TEXT("verbos")));
    CHECK_EQUAL_U64(query_get(&query, TEXT("c")).size, 0);
}

TEST(refuses_broken_and_too_many)
{
    CHECK(parse("a=%zz") == -ERR_MALFORMED);
    CHECK(why.used > 0);
    CHECK(parse("%00=1") == -ERR_MALFORMED);
    CHECK(parse("a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p") == 0);
    CHECK(parse("a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q") == -ERR_TOO_MANY);
    CHECK_EQUAL_TEXT(out_view(&why), "the query has more than 16 parameters");
}

TEST(reads_times)
{
    CHECK(parse_range("") == 0);
    CHECK_EQUAL_U64(range.start.ms, 0);
    CHECK_EQUAL_U64(range.end.ms, NOW_MS);
    CHECK(parse_range("start=2026-11-18T13:26:40Z&end=2026-11-18T13:26:55Z") == 0);
    CHECK_EQUAL_U64(range.start.ms, INT64_C(1795008400000));
    CHECK_EQUAL_U64(range.end.ms, INT64_C(1795008415000));
    CHECK(parse_range("start=0001-01-01T00:00:00Z") == 0);
    CHECK_EQUAL_U64(range.start.ms, 0);
}

TEST(reads_offsets_escaped_or_not)
{
    CHECK(parse_range("start=2026-11-18T15:26:40%2B02:00") == 0);
    CHECK_EQUAL_U64(range.start.ms, INT64_C(1795008400000));
    CHECK(parse_range("start=2026-11-18T15:26:40+02:00") == 0);
    CHECK_EQUAL_U64(range.start.ms, INT64_C(1795008400000));
}

TEST(refuses_bad_times)
{
    CHECK(parse_range("start=yesterday") != 0);
    CHECK(text_starts(out_view(&why), TEXT("start is not a time as RFC 3339 writes it")));
    CHECK(parse_range("end=1795008400") != 0);
    CHECK(text_starts(out_view(&why), TEXT("end is not a time")));
    CHECK(parse_range("start=2026-11-18T13:27:00Z&end=2026-11-18T13:26:55Z") == -ERR_BAD_TIME);
    CHECK_EQUAL_TEXT(out_view(&why), "start is later than end");
    // A client whose clock is ahead asks for an empty range, which is none of its faults.
    CHECK(parse_range("start=2027-01-01T00:00:00Z") == 0);
}

TEST(reads_labels)
{
    CHECK(parse_labels("") == 0);
    CHECK_EQUAL_U64(labels.count, 0);
    CHECK(parse_labels("labels=resource_id:Volume:data,make:nvidia") == 0);
    CHECK_EQUAL_U64(labels.count, 2);
    CHECK_EQUAL_TEXT(labels.pair[0].key, "resource_id");
    CHECK_EQUAL_TEXT(labels.pair[0].value, "Volume:data");
    CHECK_EQUAL_TEXT(labels.pair[1].value, "nvidia");
    CHECK(parse_labels("labels=a") == -ERR_MALFORMED);
    CHECK(parse_labels("labels=:x") == -ERR_MALFORMED);
    CHECK(parse_labels("labels=a:1,b:2,c:3,d:4,e:5,f:6,g:7,h:8,i:9") == -ERR_TOO_MANY);
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"finds_parameters", finds_parameters},
            {"refuses_broken_and_too_many", refuses_broken_and_too_many},
            {"reads_times", reads_times},
            {"reads_offsets_escaped_or_not", reads_offsets_escaped_or_not},
            {"refuses_bad_times", refuses_bad_times},
            {"reads_labels", reads_labels},
        },
        6);
}
