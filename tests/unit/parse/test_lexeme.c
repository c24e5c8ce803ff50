#include "parse/lexeme.h"

#include <string.h>

#include "base/error.h"
#include "../test.h"

static bool
is_number(const char *text)
{
    enum number_state state = NUMBER_START;
    for (; *text != '\0' && state != NUMBER_NONE; text++) {
        state = number_next(state, *text);
    }
    return number_is_whole(state);
}

TEST(knows_numbers)
{
    static const char *const good[] = {
        "0", "-0", "7", "1234567890", "0.5", "-12.25", "1e3", "1E+3", "0e-0", "1.5e10",
    };
    static const char *const bad[] = {
        "",    "-",     "+1",  "01", "-01", ".5",    "1.",  "1.e3", "1e",
        "1e+", "1e1.5", "0x1", "1-", "--1", "1e--1", "NaN", "1 ",
    };
    for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
        CHECK(is_number(good[i]));
    }
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        CHECK(!is_number(bad[i]));
    }
}

static int
decode(const char *raw, char *room, size_t size, struct text *text)
{
    struct out out = out_of(room, size);
    int error = unescape(text_of(raw), &out);
    *text = out_view(&out);
    return error;
}

TEST(decodes_escapes)
{
    static const struct {
        const char *raw;
        const char *text;
    } rows[] = {
        {"", ""},
        {"plain", "plain"},
        {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
        {"\\u0041\\u00e4\\u20AC", "A\xc3\xa4\xe2\x82\xac"},
        {"x\\ud83c\\udf0ay", "x\xf0\x9f\x8c\x8ay"},
        {"\\uDBFF\\uDFFF", "\xf4\x8f\xbf\xbf"},
        {"\\u003ca\\u003e", "<a>"},
    };
    char room[64];
    struct text text;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        CHECK_EQUAL_U64(decode(rows[i].raw, room, sizeof room, &text), 0);
        CHECK_EQUAL_TEXT(text, rows[i].text);
        CHECK(text_is_utf8(text));
    }
    CHECK_EQUAL_U64(decode("\\u0000", room, sizeof room, &text), 0);
    CHECK_EQUAL_U64(text.size, 1);
}

TEST(refuses_half_surrogates)
{
    static const char *const bad[] = {
        "\\ud83c",        "\\ud83cx",       "\\ud83c\\n",    "\\udf0a",
        "\\ud83c\\ud83c", "\\ud83c\\u0041", "\\ud83c\\udf0",
    };
    char room[64];
    struct text text;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        CHECK_EQUAL_U64(decode(bad[i], room, sizeof room, &text), -ERR_BAD_UTF8);
    }
}

TEST(says_when_there_is_no_room)
{
    char room[2];
    struct text text;
    CHECK_EQUAL_U64(decode("ab", room, sizeof room, &text), 0);
    CHECK_EQUAL_U64(decode("a\\u00e4", room, sizeof room, &text), -ERR_TOO_LONG);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"knows_numbers", knows_numbers},
        {"decodes_escapes", decodes_escapes},
        {"refuses_half_surrogates", refuses_half_surrogates},
        {"says_when_there_is_no_room", says_when_there_is_no_room},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
