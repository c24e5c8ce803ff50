#include "parse/base64.h"

#include "base/error.h"
#include "../test.h"

static int
decode(const char *encoded, char *room, size_t size, struct text *text)
{
    struct out out = out_of(room, size);
    int error = base64_decode(text_of(encoded), &out);
    *text = out_view(&out);
    return error;
}

// RFC 4648, section 10, and what people do to it.
TEST(decodes)
{
    static const struct {
        const char *encoded;
        const char *text;
    } rows[] = {
        {"", ""},
        {"Zg==", "f"},
        {"Zm8=", "fo"},
        {"Zm9v", "foo"},
        {"Zm9vYg==", "foob"},
        {"Zm9vYmE=", "fooba"},
        {"Zm9vYmFy", "foobar"},
        {"Zm9vYg", "foob"},
        {"Zm9v\nYmFy\n", "foobar"},
        {" Z m 8 = ", "fo"},
        {"+/+/", "\xfb\xff\xbf"},
    };
    char room[64];
    struct text text;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        CHECK_EQUAL_U64(decode(rows[i].encoded, room, sizeof room, &text), 0);
        CHECK_EQUAL_TEXT(text, rows[i].text);
    }
}

TEST(refuses)
{
    static const char *const bad[] = {
        "Z",    "Zm9vY", "Zg=",  "Zm8==", "Zm9v=", "Zg==Zg==", "=",
        "Zm-v", "Zm_v",  "Zh==", "Zm9=",  "Zm9v!", "Z=g=",
    };
    char room[64];
    struct text text;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        CHECK_EQUAL_U64(decode(bad[i], room, sizeof room, &text), -ERR_MALFORMED);
    }
    CHECK_EQUAL_U64(decode("Zm9v", room, 2, &text), -ERR_TOO_LONG);
}

// RFC 4648, section 10.
TEST(encodes)
{
    static const char *const rows[][2] = {
        {"", ""},         {"f", "Zg=="},         {"fo", "Zm8="},         {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xff\xfe\xfd", "//79"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char room[16];
        struct out out = out_of(room, sizeof room);
        base64_encode(text_of(rows[i][0]), &out);
        CHECK_EQUAL_TEXT(out_view(&out), rows[i][1]);
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"decodes", decodes},
        {"refuses", refuses},
        {"encodes", encodes},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
