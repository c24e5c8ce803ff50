#include "base/uri.h"

#include "../test.h"

static struct text decoded;
static char room[64];

static int
decode(const char *from, bool plus_is_blank)
{
    return uri_decode(room, text_of(from), plus_is_blank, &decoded);
}

TEST(decodes_escapes)
{
    CHECK(decode("cpu%2fusage%2Frate", false) == 0);
    CHECK_EQUAL_TEXT(decoded, "cpu/usage/rate");
    CHECK(decode("a+b%ff%0a", true) == 0);
    CHECK_EQUAL_TEXT(decoded, "a b\xff\n");
    CHECK(decode("a+b", false) == 0);
    CHECK_EQUAL_TEXT(decoded, "a+b");
    char own[] = "%41%42c";
    CHECK(uri_decode(own, (struct text){own, 7}, false, &decoded) == 0);
    CHECK_EQUAL_TEXT(decoded, "ABc");
    CHECK(decoded.at == own);
}

TEST(refuses_broken_escapes)
{
    static const char *const broken[] = {"%", "%1", "a%", "a%zz", "%g1", "%1g", "%00", "%%41"};
    for (size_t i = 0; i < ARRAY_COUNT(broken); i++) {
        CHECK(decode(broken[i], true) == -ERR_MALFORMED);
    }
}

TEST(escapes)
{
    struct out out = out_of(room, sizeof room);
    uri_escape(&out, TEXT("aZ0-._~ /&=\xff"));
    CHECK_EQUAL_TEXT(out_view(&out), "aZ0-._~%20%2F%26%3D%FF");
    CHECK(decode("aZ0-._~%20%2F%26%3D%FF", false) == 0);
    CHECK_EQUAL_TEXT(decoded, "aZ0-._~ /&=\xff");
}

static bool
variable(void *context, struct text name, struct text *value)
{
    (void)context;
    *value = TEXT("value");
    return text_equal(name, TEXT("NAME_1")) || text_equal(name, TEXT("odd name"));
}

static int
expand(const char *uri, uri_variable *from, size_t size, struct text *result, struct out *why)
{
    struct out copy = out_of(room, size);
    why->used = 0;
    int error = uri_expand(text_of(uri), from, NULL, &copy, why);
    *result = out_view(&copy);
    return error;
}

TEST(replaces_variables)
{
    char sentence[128];
    struct out why = out_of(sentence, sizeof sentence);
    struct text result;
    CHECK(expand("a$NAME_1/${NAME_1}x${odd name}", variable, sizeof room, &result, &why) == 0);
    CHECK_EQUAL_TEXT(result, "avalue/valuexvalue");
    CHECK(expand("a$ $/${NAME_1", variable, sizeof room, &result, &why) == 0);
    CHECK_EQUAL_TEXT(result, "a$ $/${NAME_1");
    CHECK(expand("$NAME_1", NULL, sizeof room, &result, &why) == 0);
    CHECK_EQUAL_TEXT(result, "$NAME_1");
    CHECK(expand("x$NONE", variable, sizeof room, &result, &why) == -ERR_BAD_CONFIG);
    CHECK_EQUAL_TEXT(out_view(&why), "the variable $NONE is not set");
    CHECK(expand("$NAME_1", variable, 5, &result, &why) == 0);
    CHECK(expand("$NAME_1", variable, 4, &result, &why) == -ERR_BAD_CONFIG);
    CHECK_EQUAL_TEXT(out_view(&why), "it is longer than 4 bytes");
}

TEST(splits_host_and_port)
{
    static const struct {
        const char *authority;
        const char *host;  // NULL: refused
        uint16_t port;
    } rows[] = {
        {"db", "db", 80},
        {"db.example:9092", "db.example", 9092},
        {"[fd00::1]", "fd00::1", 80},
        {"[fd00::1]:65535", "fd00::1", 65535},
        {"", NULL, 0},
        {":80", NULL, 0},
        {"[]", NULL, 0},
        {"[fd00::1", NULL, 0},
        {"[fd00::1]80", NULL, 0},
        {"fd00::1", NULL, 0},
        {"db:0", NULL, 0},
        {"db:65536", NULL, 0},
        {"db:", NULL, 0},
        {"db:8x", NULL, 0},
        {"d b", NULL, 0},
        {"db/", NULL, 0},
        {"u@db", NULL, 0},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct text host;
        uint16_t port = 80;
        int error = uri_authority(text_of(rows[i].authority), &host, &port);
        CHECK(error == (rows[i].host != NULL ? 0 : -ERR_MALFORMED));
        if (rows[i].host != NULL) {
            CHECK_EQUAL_TEXT(host, rows[i].host);
            CHECK_EQUAL_U64(port, rows[i].port);
        }
    }
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"decodes_escapes", decodes_escapes},
            {"refuses_broken_escapes", refuses_broken_escapes},
            {"escapes", escapes},
            {"replaces_variables", replaces_variables},
            {"splits_host_and_port", splits_host_and_port},
        },
        5);
}
