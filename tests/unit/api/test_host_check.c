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

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"own_names_are_good", own_names_are_good},
            {"other_names_are_not", other_names_are_not},
            {"origins", origins},
        },
        3);
}
