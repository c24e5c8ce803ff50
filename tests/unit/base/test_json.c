#include "base/json.h"

#include <string.h>

#include "../test.h"

static char buffer[4096];
static struct out out;

static struct json
fresh(void)
{
    out = out_of(buffer, sizeof buffer);
    return json_of(&out);
}

TEST(puts_commas)
{
    struct json json = fresh();
    json_object(&json);
    json_key(&json, "empty");
    json_object(&json);
    json_object_end(&json);
    json_key(&json, "list");
    json_array(&json);
    json_u64(&json, 1);
    json_i64(&json, -2);
    json_array(&json);
    json_array_end(&json);
    json_object(&json);
    json_key(&json, "a");
    json_null(&json);
    json_key(&json, "b");
    json_bool(&json, true);
    json_object_end(&json);
    json_array_end(&json);
    json_key_text(&json, TEXT("q\"k"));
    json_bool(&json, false);
    json_key(&json, "d");
    json_double(&json, 1.5);
    json_key(&json, "f");
    json_float(&json, 0.1F);
    json_key(&json, "r");
    json_raw(&json, TEXT("[0]"));
    json_object_end(&json);
    CHECK_EQUAL_TEXT(out_view(&out), "{\"empty\":{},\"list\":[1,-2,[],{\"a\":null,\"b\":true}],"
                                     "\"q\\\"k\":false,\"d\":1.5,\"f\":0.1,\"r\":[0]}");
}

TEST(puts_commas_at_the_top)
{
    struct json json = fresh();
    json_array(&json);
    json_array_end(&json);
    CHECK_EQUAL_TEXT(out_view(&out), "[]");
    json_string(&json, "x");
    CHECK_EQUAL_TEXT(out_view(&out), "[],\"x\"");
}

static struct text
escaped(struct text text)
{
    struct json json = fresh();
    json_text(&json, text);
    return out_view(&out);
}

TEST(escapes)
{
    CHECK_EQUAL_TEXT(escaped(TEXT("")), "\"\"");
    CHECK_EQUAL_TEXT(escaped(TEXT("a\"b\\c/d")), "\"a\\\"b\\\\c/d\"");
    CHECK_EQUAL_TEXT(escaped(TEXT("\b\t\n\v\f\r\x01\x1f\x7f")),
                     "\"\\b\\t\\n\\u000b\\f\\r\\u0001\\u001f\x7f\"");
    CHECK_EQUAL_TEXT(escaped((struct text){"a\0b", 3}), "\"a\\u0000b\"");
    CHECK_EQUAL_TEXT(escaped(TEXT("\xc3\xa9\xf0\x9f\x9a\xa2")), "\"\xc3\xa9\xf0\x9f\x9a\xa2\"");
}

TEST(mends_bad_utf8)
{
    CHECK_EQUAL_TEXT(escaped(TEXT("a\xff"
                                  "b")),
                     "\"a\xef\xbf\xbd"
                     "b\"");
    CHECK_EQUAL_TEXT(escaped(TEXT("\xc3")), "\"\xef\xbf\xbd\"");
    CHECK_EQUAL_TEXT(escaped(TEXT("\xed\xa0\x80")), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    uint64_t state = test_seed();
    for (int round = 0; round < 20000; round++) {
        char bytes[24];
        size_t size = test_random_below(&state, sizeof bytes);
        for (size_t i = 0; i < size; i++) {
            uint64_t random = test_random(&state);
            bytes[i] = (char)(random % 2 == 0 ? random >> 8 : 0x80 | ((random >> 8) & 0xff));
        }
        struct text text = escaped((struct text){bytes, size});
        CHECK(text_is_utf8(text));
        for (size_t i = 0; i < text.size; i++) {
            CHECK((unsigned char)text.at[i] >= 0x20);
        }
    }
}

TEST(stops_when_full)
{
    char small[8];
    struct out tight = out_of(small, sizeof small);
    struct json json = json_of(&tight);
    json_object(&json);
    json_key(&json, "long key");
    json_string(&json, "value");
    json_object_end(&json);
    CHECK(tight.full);
    CHECK_EQUAL_TEXT(out_view(&tight), "{\"long k");
}

static void
nest(void *levels)
{
    struct json json = fresh();
    for (int i = 0; i < *(int *)levels; i++) {
        json_array(&json);
    }
}

static void
close_nothing(void *unused)
{
    struct json json = fresh();
    (void)unused;
    json_array_end(&json);
}

TEST(asserts_its_depth)
{
    int deepest = JSON_DEPTH_MAX;
    int deeper = JSON_DEPTH_MAX + 1;
    CHECK(!test_aborts(nest, &deepest));
    CHECK(test_aborts(nest, &deeper));
    CHECK(test_aborts(close_nothing, NULL));
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"json_puts_commas", puts_commas},
        {"json_puts_commas_at_the_top", puts_commas_at_the_top},
        {"json_escapes", escapes},
        {"json_mends_bad_utf8", mends_bad_utf8},
        {"json_stops_when_full", stops_when_full},
        {"json_asserts_its_depth", asserts_its_depth},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
