#include "app/supervised.h"

#include "../test.h"
#include "s6_files.h"

// Captured from s6 2.11.3: up and ready since 1795375027.503971306 (Unix).
static const unsigned char captured[S6_STATUS_BYTES] = {
    0x40, 0x00, 0x00, 0x00, 0x6b, 0x03, 0x3f, 0xd8, 0x1e, 0x09, 0xfd, 0xea,
    0x40, 0x00, 0x00, 0x00, 0x6b, 0x03, 0x3f, 0xda, 0x00, 0x65, 0x87, 0xec,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x4b, 0xee, 0x00, 0x00, 0x0c};
static const unsigned char captured_death[SUPERVISED_DEATH_BYTES] = {
    0x40, 0x00, 0x00, 0x00, 0x6b, 0x03, 0x3f, 0xdb, 0x00, 0x7c, 0x23, 0x6e, 0x89, 0x09};

TEST(as_captured)
{
    struct supervised it;
    struct supervised_death death;
    CHECK(supervised_parse((struct text){(const char *)captured, sizeof captured}, &it) == 0);
    CHECK(it.up && it.ready && it.wanted_up && !it.paused && !it.finishing);
    CHECK_EQUAL_U64(it.pid, 0x4bee);
    CHECK_EQUAL_U64(it.changed.ms, 1795375027503);
    CHECK_EQUAL_U64(it.ready_since.ms, 1795375029006);
    struct text tally = {(const char *)captured_death, sizeof captured_death};
    CHECK_EQUAL_U64(supervised_deaths(tally, (struct wall_ms){0}, &death, 1), 1);
    CHECK_EQUAL_U64(death.signal, 9);
    CHECK_EQUAL_U64(death.time.ms, 1795375030008);
}

TEST(newer_size)
{
    unsigned char bytes[SUPERVISED_STATUS_BYTES_MAX] = {0};
    struct supervised it;
    memcpy(bytes, captured, 32);
    bytes[42] = S6_WANTED_UP;
    CHECK(supervised_parse((struct text){(const char *)bytes, sizeof bytes}, &it) == 0);
    CHECK(it.up && !it.ready && it.wanted_up);
    CHECK(supervised_parse((struct text){(const char *)bytes, 36}, &it) == -ERR_MALFORMED);
    CHECK(supervised_parse((struct text){NULL, 0}, &it) == -ERR_MALFORMED);
}

TEST(down_and_finishing)
{
    unsigned char bytes[S6_STATUS_BYTES];
    struct supervised it;
    // s6 sets "ready" of a service that is quite down.
    CHECK(supervised_parse(s6_status(bytes, 5000, 5000, 0, S6_READY), &it) == 0);
    CHECK(!it.up && !it.ready && !it.wanted_up);
    CHECK(supervised_parse(s6_status(bytes, 5000, 0, 77, S6_FINISHING | S6_WANTED_UP), &it) == 0);
    CHECK(!it.up && it.finishing && it.pid == 77);
}

TEST(deaths_after)
{
    unsigned char bytes[3 * SUPERVISED_DEATH_BYTES + 5] = {0};
    struct supervised_death deaths[3];
    struct text tally = {(const char *)bytes, sizeof bytes};
    s6_death(bytes, 1000, 111, 0);
    s6_death(bytes + SUPERVISED_DEATH_BYTES, 2000, 0, 6);
    s6_death(bytes + 2 * SUPERVISED_DEATH_BYTES, 3000, 100, 0);
    CHECK_EQUAL_U64(supervised_deaths(tally, (struct wall_ms){1000}, deaths, 3), 2);
    CHECK_EQUAL_U64(deaths[0].signal, 6);
    CHECK_EQUAL_U64(deaths[1].exit_code, 100);
    CHECK_EQUAL_U64(supervised_deaths(tally, (struct wall_ms){0}, deaths, 1), 1);
    CHECK_EQUAL_U64(supervised_deaths(text_sub(tally, 0, 13), (struct wall_ms){0}, deaths, 3), 0);
}

TEST(any_bytes)
{
    uint64_t state = test_seed();
    unsigned char bytes[64];
    struct supervised it;
    struct supervised_death deaths[4];
    for (unsigned i = 0; i < 20000; i++) {
        size_t size = test_random_below(&state, sizeof bytes);
        for (size_t j = 0; j < size; j++) {
            bytes[j] = (unsigned char)test_random(&state);
        }
        struct text text = {(const char *)bytes, size};
        int error = supervised_parse(text, &it);
        CHECK(error == 0 || error == -ERR_MALFORMED);
        CHECK(supervised_deaths(text, (struct wall_ms){0}, deaths, 4) <= 4);
    }
}

int
main(void)
{
    struct test_case cases[] = {
        {"supervised_as_captured", as_captured},
        {"supervised_newer_size", newer_size},
        {"supervised_down_and_finishing", down_and_finishing},
        {"supervised_deaths_after", deaths_after},
        {"supervised_any_bytes", any_bytes},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
