#include "../test.h"
#include "api/host_check.h"

static const struct host_check loopback = {.count = 1, .name = {{"127.0.0.53", 10}}};
static const struct host_check any = {.any = true};

TEST(own_names_are_good)
{
    static const char *const good[] = {
        "localhost", "LocalHost:8082", "localhost.", "127.0.0.1:1", "[::1]", "[::1]:8082",
        "127.0.0.53:8082",
    };
    for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
        CHECK(host_check_host(&loopback, text_of(good[i])));
    }
}

TEST(other_names_are_not)
{
    static const char *const bad[] = {
        "",           "evil.example",   "localhost.evil.example", "127.0.0.1.evil.example",
        "127.0.0.10", "localhost:80a",  "[::1",                   "[::1]x",
        "::1",        "localhost:8082:", "localhost:808222",      "10.0.0.1",
    };
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        CHECK(!host_check_host(&loopback, text_of(bad[i])));
        CHECK(host_check_host(&any, text_of(bad[i])));
    }
}

TEST(origins)
{
    CHECK(host_check_origin(&loopback, TEXT("http://localhost:8082")));
    CHECK(host_check_origin(&loopback, TEXT("https://[::1]")));
    CHECK(!host_check_origin(&loopback, TEXT("http://evil.example")));
    CHECK(!host_check_origin(&loopback, TEXT("null")));
    CHECK(!host_check_origin(&loopback, TEXT("localhost")));
    CHECK(!host_check_origin(&loopback, TEXT("http:/")));
    CHECK(host_check_origin(&any, TEXT("null")));
}

TEST(names_may_be_allowed)
{
    struct host_check check = loopback;
    struct text bad;
    CHECK(host_check_add(&check, TEXT("skerry.example,Mon-1.example.,[fd00::1]"), &bad) == 0);
    CHECK(host_check_add(&check, TEXT("10.0.0.1"), &bad) == 0);
    CHECK(host_check_add(&check, TEXT("fd00::2"), &bad) == 0);
    CHECK(host_check_host(&check, TEXT("skerry.EXAMPLE:443")));
    CHECK(host_check_host(&check, TEXT("mon-1.example")));
    CHECK(host_check_host(&check, TEXT("[fd00::1]:8082")));
    CHECK(host_check_host(&check, TEXT("[FD00::2]")));
    CHECK(host_check_host(&check, TEXT("10.0.0.1:8082")));
    CHECK(host_check_host(&check, TEXT("localhost")));
    CHECK(host_check_origin(&check, TEXT("https://skerry.example")));
    CHECK(!host_check_host(&check, TEXT("example")));
    CHECK(!host_check_host(&check, TEXT("skerry.example.evil.example")));
    CHECK(!host_check_origin(&check, TEXT("https://evil.example")));
}

TEST(what_is_no_name_is_not_added)
{
    static const char *const wrong[] = {
        "",  "*",         "*.example",   "http://a.example", "a.example:443", "a.example/",
        ".", "a b",       "a,",          ",a",               "a,,b",          "[a.example]",
        "[", "[fd00::1", "[fd00::1]:80", "[]",               "a.example\"",
    };
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        struct host_check check = loopback;
        struct text bad;
        CHECK(host_check_add(&check, text_of(wrong[i]), &bad) == -ERR_BAD_CONFIG);
    }
}

TEST(names_are_counted)
{
    struct host_check check = {0};
    struct text bad;
    for (unsigned i = 0; i < HOST_NAMES_MAX; i++) {
        CHECK(host_check_add(&check, TEXT("a.example"), &bad) == 0);
    }
    CHECK(host_check_add(&check, TEXT("one.more"), &bad) == -ERR_TOO_MANY);
    CHECK_EQUAL_TEXT(bad, "one.more");
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"own_names_are_good", own_names_are_good},
            {"other_names_are_not", other_names_are_not},
            {"origins", origins},
            {"names_may_be_allowed", names_may_be_allowed},
            {"what_is_no_name_is_not_added", what_is_no_name_is_not_added},
            {"names_are_counted", names_are_counted},
        },
        6);
}
