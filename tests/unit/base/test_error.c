#include "base/error.h"

#include <stdint.h>
#include <string.h>

#include "../test.h"

TEST(names_every_code)
{
    for (int code = 0; code < ERR_COUNT; code++) {
        const char *name = error_name(code);
        const char *sentence = error_sentence(code);
        CHECK_EQUAL_TEXT(error_name(-code), name);
        CHECK_EQUAL_TEXT(error_sentence(-code), sentence);
        CHECK(strlen(name) > 0);
        CHECK_EQUAL_U64(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(name));
        CHECK(strlen(sentence) > 0);
        CHECK(sentence[strlen(sentence) - 1] != '.');
        for (int other = 0; other < code; other++) {
            CHECK(strcmp(error_name(other), name) != 0);
        }
    }
    CHECK_EQUAL_TEXT(error_name(-ERR_TIMEOUT), "timeout");
}

TEST(survives_unknown_codes)
{
    static const int odd[] = {ERR_COUNT, -ERR_COUNT, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < ARRAY_COUNT(odd); i++) {
        CHECK_EQUAL_TEXT(error_name(odd[i]), "unknown");
        CHECK(strlen(error_sentence(odd[i])) > 0);
    }
}

TEST(maps_http_status)
{
    static const struct {
        long status;
        enum error error;
    } rows[] = {
        {200, ERR_OK},         {201, ERR_OK},         {299, ERR_OK},         {400, ERR_HTTP_400},
        {401, ERR_HTTP_401},   {403, ERR_HTTP_403},   {404, ERR_HTTP_404},   {410, ERR_HTTP_410},
        {429, ERR_HTTP_429},   {418, ERR_HTTP_4XX},   {499, ERR_HTTP_4XX},   {500, ERR_HTTP_5XX},
        {503, ERR_HTTP_5XX},   {599, ERR_HTTP_5XX},   {600, ERR_HTTP_OTHER}, {0, ERR_HTTP_OTHER},
        {100, ERR_HTTP_OTHER}, {302, ERR_HTTP_OTHER}, {-1, ERR_HTTP_OTHER},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        CHECK_EQUAL_U64(error_of_http_status(rows[i].status), rows[i].error);
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"error_names_every_code", names_every_code},
        {"error_survives_unknown_codes", survives_unknown_codes},
        {"error_maps_http_status", maps_http_status},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
