#include "parse/cursor.h"

#include "base/error.h"
#include "fixture.h"

#if __has_include(<jsmn.h>)
#define JSMN_PARENT_LINKS
#define JSMN_STATIC
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include <jsmn.h>
#pragma GCC diagnostic pop
#define HAVE_JSMN 1
#else
#define HAVE_JSMN 0
#endif

// A cursor reads up to SCAN_PAD bytes beyond the element's NUL.
static struct cursor
cursor_on(const char *json)
{
    static struct decode_space *space;
    if (space == NULL) {
        struct arena arena = fixture_arena(1 << 20);
        space = decode_space_new(&arena);
    }
    size_t size = strlen(json);
    char *copy = fixture_alloc(size + 65);
    memcpy(copy, json, size);
    return cursor_of((struct text){copy, size}, space);
}

TEST(reads_whole_numbers)
{
    static const struct {
        const char *json;
        uint64_t value;
        int error;
    } rows[] = {
        {"0", 0, 0},
        {"7", 7, 0},
        {"12345678", 12345678, 0},
        {"123456789", 123456789, 0},
        {"1234567890123456", UINT64_C(1234567890123456), 0},
        {"18446744073709551615", UINT64_MAX, 0},
        {"18446744073709551616", 0, -ERR_BAD_NUMBER},
        {"99999999999999999999", 0, -ERR_BAD_NUMBER},
        {"184467440737095516150", 0, -ERR_BAD_NUMBER},
        {"-1", 0, -ERR_BAD_NUMBER},
        {"1.0", 0, -ERR_BAD_NUMBER},
        {"1e3", 0, -ERR_BAD_NUMBER},
        {"12345678E1", 0, -ERR_BAD_NUMBER},
        {"\"1\"", 0, -ERR_BAD_TYPE},
        {"true", 0, -ERR_BAD_TYPE},
        {"{}", 0, -ERR_BAD_TYPE},
        {"[1]", 0, -ERR_BAD_TYPE},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct cursor cursor = cursor_on(rows[i].json);
        uint64_t value = 0;
        CHECK_EQUAL_U64(cursor_u64(&cursor, &value), rows[i].error);
        CHECK_EQUAL_U64(value, rows[i].value);
        CHECK(rows[i].error != 0 || *cursor.at == '\0');
    }
}

TEST(reads_other_scalars)
{
    struct cursor cursor = cursor_on("-2147483648");
    int32_t i32;
    CHECK_EQUAL_U64(cursor_i32(&cursor, &i32), 0);
    CHECK(i32 == INT32_MIN);
    cursor = cursor_on("2147483648");
    CHECK_EQUAL_U64(cursor_i32(&cursor, &i32), -ERR_BAD_NUMBER);
    cursor = cursor_on("-2147483649");
    CHECK_EQUAL_U64(cursor_i32(&cursor, &i32), -ERR_BAD_NUMBER);
    double value;
    cursor = cursor_on("[-1.5e3]");
    cursor.at++;
    CHECK_EQUAL_U64(cursor_double(&cursor, &value), 0);
    CHECK(value == -1500.0 && *cursor.at == ']');
    cursor = cursor_on("\"1\"");
    CHECK_EQUAL_U64(cursor_double(&cursor, &value), -ERR_BAD_TYPE);
    cursor = cursor_on("1e400");
    CHECK_EQUAL_U64(cursor_double(&cursor, &value), -ERR_BAD_NUMBER);
    bool flag = false;
    cursor = cursor_on("true");
    CHECK_EQUAL_U64(cursor_bool(&cursor, &flag), 0);
    CHECK(flag && *cursor.at == '\0');
    cursor = cursor_on("1");
    CHECK_EQUAL_U64(cursor_bool(&cursor, &flag), -ERR_BAD_TYPE);
}

TEST(reads_texts)
{
    struct text text;
    struct cursor cursor = cursor_on("\"a text of more than sixteen bytes\"");
    CHECK_EQUAL_U64(cursor_text(&cursor, &text), 0);
    CHECK_EQUAL_TEXT(text, "a text of more than sixteen bytes");
    cursor = cursor_on("\"a\\\"b\\\\\"");
    CHECK_EQUAL_U64(cursor_text(&cursor, &text), 0);
    CHECK_EQUAL_TEXT(text, "a\"b\\");
    CHECK(*cursor.at == '\0');
    cursor = cursor_on("\"\\ud800\"");
    CHECK_EQUAL_U64(cursor_text(&cursor, &text), -ERR_BAD_UTF8);
    cursor = cursor_on("5");
    CHECK_EQUAL_U64(cursor_text(&cursor, &text), -ERR_BAD_TYPE);
}

TEST(reads_times_alike_with_and_without_the_hour_known)
{
    static const struct {
        const char *json;
        int64_t ms;
        int error;
    } rows[] = {
        {"\"2026-11-22T17:47:14Z\"", INT64_C(1795369634000), 0},
        {"\"2026-11-22T17:47:15Z\"", INT64_C(1795369635000), 0},
        {"\"2026-11-22T17:00:00Z\"", INT64_C(1795366800000), 0},
        {"\"2026-11-22T18:00:00Z\"", INT64_C(1795370400000), 0},
        {"\"2026-11-22T17:47:14.5Z\"", INT64_C(1795369634500), 0},
        {"\"2026-11-22T17:47:60Z\"", INT64_C(1795369680000), 0},
        {"\"2026-11-22T17:6x:00Z\"", 0, -ERR_BAD_TIME},
        {"\"2026-11-22T17:47-14Z\"", 0, -ERR_BAD_TIME},
        {"\"1970-01-01T00:00:00Z\"", 0, 0},
        {"\"1970-06-01T00:00:00Z\"", 0, 0},
        {"\"0001-01-01T00:00:00Z\"", 0, 0},
        {"\"\"", 0, -ERR_BAD_TIME},
        {"5", 0, -ERR_BAD_TYPE},
    };
    uint64_t seed = test_seed();
    for (int round = 0; round < 2000; round++) {
        size_t i = test_random_below(&seed, ARRAY_COUNT(rows));
        struct cursor cursor = cursor_on(rows[i].json);
        struct wall_ms time = {0};
        int error = cursor_time(&cursor, &time);
        CHECK((error != 0) == (rows[i].error != 0));
        CHECK(error != 0 || time.ms == rows[i].ms);
    }
}

struct record {
    unsigned has;
    uint64_t a;
    struct text b;
};

static const struct field record_fields[] = {
    FIELD_HAS("a", U64, struct record, a, 4),
    FIELD("b", TEXT, struct record, b),
    FIELD_WHOLE("c"),
};
static const struct shape record_shape = SHAPE_HAS(record_fields, struct record);

static int
read_record(const char *json, struct record *record, unsigned *others)
{
    struct cursor cursor = cursor_on(json);
    *record = (struct record){0};
    *others = 0;
    struct members members = members_of(&cursor, &record_shape, record);
    while (members_next(&members) >= 0) {
        (*others)++;
        cursor_skip(&cursor);
    }
    CHECK(members.error != 0 || *cursor.at == '\0');
    return members.error;
}

TEST(reads_members_in_any_order)
{
    struct record record;
    unsigned others;
    CHECK_EQUAL_U64(read_record("{\"a\":1,\"b\":\"x\",\"c\":[1]}", &record, &others), 0);
    CHECK(record.a == 1 && record.has == 4 && others == 1);
    CHECK_EQUAL_U64(read_record("{\"c\":{\"a\":9},\"b\":\"y\",\"a\":2}", &record, &others), 0);
    CHECK(record.a == 2 && others == 1);
    CHECK_EQUAL_TEXT(record.b, "y");
    CHECK_EQUAL_U64(read_record("{}", &record, &others), 0);
    CHECK_EQUAL_U64(read_record("{\"a\":null,\"c\":null}", &record, &others), 0);
    CHECK(record.has == 0 && others == 0);
    CHECK_EQUAL_U64(read_record("{\"x\":{\"a\":[\"]\"]},\"a\":3}", &record, &others), 0);
    CHECK(record.a == 3);
}

TEST(refuses_members_that_are_wrong)
{
    struct record record;
    unsigned others;
    CHECK_EQUAL_U64(read_record("{\"a\":1,\"a\":1}", &record, &others), -ERR_DUPLICATE);
    CHECK_EQUAL_U64(read_record("{\"a\":1,\"a\":null}", &record, &others), -ERR_DUPLICATE);
    CHECK_EQUAL_U64(read_record("{\"c\":1,\"a\":2,\"c\":1}", &record, &others), -ERR_DUPLICATE);
    CHECK_EQUAL_U64(read_record("{\"a\":\"1\"}", &record, &others), -ERR_BAD_TYPE);
    CHECK_EQUAL_U64(read_record("[1]", &record, &others), -ERR_BAD_TYPE);
    CHECK_EQUAL_U64(read_record("\"a\"", &record, &others), -ERR_BAD_TYPE);
}

#if HAVE_JSMN
// Random compact JSON.
static size_t
make_json(uint64_t *seed, char *at, unsigned depth)
{
    static const char *const scalars[] = {
        "0",
        "-1.5",
        "true",
        "null",
        "\"\"",
        "\"a\"",
        "\"}\"",
        "\"\\\"\"",
        "\"0123456789abcdef\"",
        "\"\\\\\"",
        "\"0123456789abcdefg,\"",
        "17",
    };
    char *start = at;
    uint64_t kind = test_random_below(seed, depth > 5 ? 1 : 3);
    if (kind == 0) {
        const char *text = scalars[test_random_below(seed, ARRAY_COUNT(scalars))];
        memcpy(at, text, strlen(text));
        return strlen(text);
    }
    *at++ = kind == 1 ? '{' : '[';
    for (uint64_t left = test_random_below(seed, 5); left > 0; left--) {
        if (kind == 1) {
            at += sprintf(at, "\"k\\\"%u\":", (unsigned)left);
        }
        at += make_json(seed, at, depth + 1);
        if (left > 1) {
            *at++ = ',';
        }
    }
    *at++ = kind == 1 ? '}' : ']';
    return (size_t)(at - start);
}

// Every value that jsmn finds begins where it ends before it says so.
TEST(skips_values_as_jsmn_does)
{
    static char json[1 << 16];
    static jsmntok_t tokens[8192];
    uint64_t seed = test_seed();
    for (int round = 0; round < 3000; round++) {
        memset(json, 0, 4096);
        size_t size = make_json(&seed, json, 0);
        memset(json + size, 0, 64);
        jsmn_parser parser;
        jsmn_init(&parser);
        int count = jsmn_parse(&parser, json, size, tokens, 8192);
        CHECK(count > 0);
        for (int i = 0; i < count; i++) {
            int quote = tokens[i].type == JSMN_STRING;
            struct cursor cursor = {json + tokens[i].start - quote, NULL};
            cursor_skip(&cursor);
            CHECK_EQUAL_U64(cursor.at - json, tokens[i].end + quote);
        }
    }
}
#else
TEST(skips_values_as_jsmn_does)
{
    SKIP("jsmn.h is not here");
}
#endif

TEST(walks_pairs_and_items)
{
    struct cursor cursor = cursor_on("{\"a\":[1,[],{}],\"b\\n\":[]}");
    struct pairs pairs = pairs_of(&cursor);
    struct text key;
    CHECK(pairs_next(&pairs, &key));
    CHECK_EQUAL_TEXT(key, "a");
    struct items items = items_of(&cursor);
    unsigned count = 0;
    while (items_next(&items)) {
        cursor_skip(&cursor);
        count++;
    }
    CHECK_EQUAL_U64(count, 3);
    CHECK(pairs_next(&pairs, &key));
    CHECK_EQUAL_TEXT(key, "b\n");
    items = items_of(&cursor);
    CHECK(!items_next(&items));
    CHECK(!pairs_next(&pairs, &key));
    CHECK(pairs.error == 0 && *cursor.at == '\0');
    cursor = cursor_on("{}");
    pairs = pairs_of(&cursor);
    CHECK(!pairs_next(&pairs, &key) && pairs.error == 0);
    cursor = cursor_on("7");
    CHECK_EQUAL_U64(pairs_of(&cursor).error, -ERR_BAD_TYPE);
    CHECK_EQUAL_U64(items_of(&cursor).error, -ERR_BAD_TYPE);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"reads_whole_numbers", reads_whole_numbers},
        {"reads_other_scalars", reads_other_scalars},
        {"reads_texts", reads_texts},
        {"reads_times_alike_with_and_without_the_hour_known",
         reads_times_alike_with_and_without_the_hour_known},
        {"reads_members_in_any_order", reads_members_in_any_order},
        {"refuses_members_that_are_wrong", refuses_members_that_are_wrong},
        {"skips_values_as_jsmn_does", skips_values_as_jsmn_does},
        {"walks_pairs_and_items", walks_pairs_and_items},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
