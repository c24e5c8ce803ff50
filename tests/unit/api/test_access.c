// Tokens and cookies: what lets in, and everything near it that must not.
#include "api/access.h"

#include <string.h>

#include "../test.h"

#define TOKEN "0123456789abcdef0123456789abcdef"
#define NOW_MS INT64_C(1790000000000)

static struct access
opened(const char *token)
{
    struct access access = {.key = {1, 2, 3}};
    access_set_token(&access, text_of(token));
    return access;
}

TEST(bearer)
{
    struct access access = opened(TOKEN);
    CHECK(access_has_bearer(&access, TEXT("Bearer " TOKEN)));
    CHECK(access_has_bearer(&access, TEXT("bearer  " TOKEN " ")));
    static const char *const wrong[] = {
        "", "Bearer", "Bearer ", TOKEN, "Basic " TOKEN, "Bearer " TOKEN "0",
        "Bearer 0123456789abcdef0123456789abcdee", "Bearer 0123456789abcdef", "BEARER " TOKEN,
    };
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        CHECK(!access_has_bearer(&access, text_of(wrong[i])));
    }
}

TEST(nobody_before_there_is_a_token)
{
    struct access access = {.key = {1}};
    CHECK(!access_has_token(&access, TEXT("")));
    CHECK(!access_has_bearer(&access, TEXT("Bearer ")));
    CHECK(!access_has_cookie(&access, TEXT("__Host-skerry=1-2"), (struct wall_ms){0}));
}

TEST(very_long_tokens)
{
    static char longest[ACCESS_TOKEN_BYTES_MAX + 2];
    memset(longest, 'a', sizeof longest - 2);
    struct access access = opened(longest);
    CHECK(access_has_token(&access, text_of(longest)));
    longest[ACCESS_TOKEN_BYTES_MAX] = 'a';
    CHECK(!access_has_token(&access, text_of(longest)));
}

// The value as a browser sends it back.
static struct text
cookie_of(const struct access *access, struct out *out)
{
    struct text value;
    struct text attributes;
    access_write_cookie(access, (struct wall_ms){NOW_MS}, out);
    CHECK(!out->full);
    CHECK(text_cut(out_view(out), ';', &value, &attributes));
    CHECK(text_starts(value, TEXT("__Host-skerry=")));
    CHECK(text_ends(attributes, TEXT("; Path=/; Secure; HttpOnly; SameSite=Strict")));
    return value;
}

TEST(cookie)
{
    char buffer[ACCESS_COOKIE_BYTES_MAX];
    char among[300];
    struct access access = opened(TOKEN);
    struct access other = opened(TOKEN "1");
    struct out out = out_of(buffer, sizeof buffer);
    struct text cookie = cookie_of(&access, &out);
    struct wall_ms now = {NOW_MS};
    struct wall_ms later = {NOW_MS + ACCESS_COOKIE_MS + 1000};
    CHECK(access_has_cookie(&access, cookie, now));
    CHECK(!access_has_cookie(&access, cookie, later));
    CHECK(!access_has_cookie(&other, cookie, now));
    struct out list = out_of(among, sizeof among);
    out_string(&list, "a=b; __Host-skerry=1-x; ");
    out_text(&list, cookie);
    out_string(&list, "; c");
    CHECK(access_has_cookie(&access, out_view(&list), now));
    CHECK(text_find(cookie, '0', 0) != SIZE_MAX);
    for (size_t i = sizeof "__Host-skerry=" - 1; i < cookie.size; i++) {
        buffer[i] ^= 1;
        CHECK(!access_has_cookie(&access, cookie, now));
        buffer[i] ^= 1;
    }
    CHECK(!access_has_cookie(&access, text_sub(cookie, 0, cookie.size - 1), now));
}

TEST(files)
{
    char buffer[300];
    struct out why = out_of(buffer, sizeof buffer);
    struct text token;
    CHECK(access_parse(TEXT(" " TOKEN "\r\n"), &token, &why) == 0);
    CHECK(text_equal(token, TEXT(TOKEN)));
    CHECK(access_parse(TEXT("short\n"), &token, &why) == -ERR_BAD_CONFIG);
    CHECK(access_parse(TEXT(""), &token, &why) == -ERR_BAD_CONFIG);
    CHECK(access_parse(TEXT(TOKEN "\n" TOKEN "\n"), &token, &why) == -ERR_BAD_CONFIG);
    CHECK(access_parse(TEXT(TOKEN " " TOKEN), &token, &why) == -ERR_BAD_CONFIG);
    CHECK(access_parse(TEXT(TOKEN "\xc3\xa4"), &token, &why) == -ERR_BAD_CONFIG);
}

// Against openssl's, by way of what a cookie is made of.
TEST(hmac_is_the_standard_one)
{
    char buffer[ACCESS_COOKIE_BYTES_MAX];
    struct access access = opened("key-of-sixteen-b");
    struct out out = out_of(buffer, sizeof buffer);
    access_write_cookie(&access, (struct wall_ms){0}, &out);
    // printf 'skerry login until 2592000' | openssl dgst -sha256 -hmac key-of-sixteen-b
    CHECK(text_starts(out_view(&out), TEXT("__Host-skerry=2592000-70e7abcd9e4efb51d21c94b832d665385b07d970eb4c6a9395d71eea4c5b86f0;")));
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"bearer", bearer},
            {"nobody_before_there_is_a_token", nobody_before_there_is_a_token},
            {"very_long_tokens", very_long_tokens},
            {"cookie", cookie},
            {"files", files},
            {"hmac_is_the_standard_one", hmac_is_the_standard_one},
        },
        6);
}
