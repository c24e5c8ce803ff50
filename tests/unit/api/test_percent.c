#include <string.h>

#include "../test.h"
#include "api/percent.h"

static struct text decoded;
static char room[64];

static int
decode(const char *from, bool plus_is_blank)
{
    return percent_decode(room, text_of(from), plus_is_blank, &decoded);
}

TEST(decodes_escapes)
{
    CHECK(decode("cpu%2fusage%2Frate", false) == 0);
    CHECK_EQUAL_TEXT(decoded, "cpu/usage/rate");
    CHECK(decode("%C3%A9%25", false) == 0);
    CHECK_EQUAL_TEXT(decoded, "\xc3\xa9%");
    CHECK(decode("", false) == 0);
    CHECK_EQUAL_U64(decoded.size, 0);
}

TEST(plus_is_a_blank_in_queries_only)
{
    CHECK(decode("a+b", true) == 0);
    CHECK_EQUAL_TEXT(decoded, "a b");
    CHECK(decode("a+b", false) == 0);
    CHECK_EQUAL_TEXT(decoded, "a+b");
}

TEST(refuses_what_is_broken)
{
    static const char *const broken[] = {"%", "%1", "a%zz", "%g1", "%00", "%1f", "%7f", "%c3%28",
                                         "%ff", "a\nb"};
    for (size_t i = 0; i < ARRAY_COUNT(broken); i++) {
        CHECK(decode(broken[i], false) == -ERR_MALFORMED);
    }
}

TEST(decodes_in_place)
{
    char text[] = "%41%42c";
    CHECK(percent_decode(text, (struct text){text, 7}, false, &decoded) == 0);
    CHECK_EQUAL_TEXT(decoded, "ABc");
    CHECK(decoded.at == text);
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"decodes_escapes", decodes_escapes},
            {"plus_is_a_blank_in_queries_only", plus_is_a_blank_in_queries_only},
            {"refuses_what_is_broken", refuses_what_is_broken},
            {"decodes_in_place", decodes_in_place},
        },
        4);
}
