#include "app/life.h"

#include <string.h>

#include "configured.h"

static struct mono_ns
at_ms(int64_t ms)
{
    return (struct mono_ns){1000 * NS_PER_S + ms * NS_PER_MS};
}

// One life from `ms` on that is ready after `ready_ms` (-1: never); the verdict.
static struct life_verdict
live(struct life *life, int64_t ms, int64_t ready_ms)
{
    struct life_verdict verdict = life_begin(life, at_ms(ms));
    if (ready_ms >= 0) {
        life->ready_ns = at_ms(ms + verdict.delay_ms + ready_ms).ns;
    }
    return verdict;
}

TEST(first_life_begins_at_once)
{
    struct life life = {0};
    struct life_verdict verdict = live(&life, 0, 10);
    CHECK_EQUAL_U64(verdict.delay_ms, 0);
    CHECK(!verdict.set_aside);
    CHECK_EQUAL_U64(life.start_total, 1);
}

TEST(delays_grow)
{
    static const int64_t expected[] = {0, 0, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000};
    struct life life = {0};
    int64_t now = 0;
    for (unsigned i = 0; i < ARRAY_COUNT(expected); i++) {
        // Spread out, so that the five deaths do not lie within a minute.
        memset(life.death_ns, 0, sizeof life.death_ns);
        struct life_verdict verdict = live(&life, now, 100);
        CHECK_EQUAL_U64(verdict.delay_ms, expected[i]);
        now += verdict.delay_ms + 5000;
    }
}

TEST(a_long_life_ends_the_row)
{
    struct life life = {0};
    live(&life, 0, 0);
    live(&life, 1000, 0);
    CHECK_EQUAL_U64(live(&life, 2000, 0).delay_ms, 1000);
    // Ready at 3 s, died at 13 s: not short.
    CHECK_EQUAL_U64(live(&life, 13000, 0).delay_ms, 0);
    CHECK_EQUAL_U64(life.short_count, 0);
    // Ready at 13 s, died just before 23 s: short.
    CHECK_EQUAL_U64(live(&life, 22999, 0).delay_ms, 0);
    CHECK_EQUAL_U64(life.short_count, 1);
}

TEST(never_ready_is_short)
{
    struct life life = {0};
    live(&life, 0, -1);
    live(&life, 60000, -1);
    CHECK_EQUAL_U64(live(&life, 120000, -1).delay_ms, 1000);
}

TEST(five_deaths_set_aside_once)
{
    struct life life = {0};
    int64_t now = 0;
    unsigned set_aside = 0;
    for (unsigned i = 0; i < 6; i++) {
        struct life_verdict verdict = live(&life, now, 0);
        CHECK(verdict.set_aside == (i == 5));
        set_aside += verdict.set_aside;
        CHECK(!verdict.set_aside || verdict.delay_ms == 0);
        now += verdict.delay_ms + 500;
    }
    CHECK_EQUAL_U64(set_aside, 1);
    CHECK_EQUAL_U64(life.set_aside_total, 1);
    CHECK(!live(&life, now, 0).set_aside);
}

TEST(five_deaths_in_more_than_a_minute)
{
    struct life life = {0};
    for (int64_t i = 0; i < 20; i++) {
        CHECK(!live(&life, i * 15001, 0).set_aside);
    }
}

TEST(ends_that_are_no_deaths)
{
    struct life life = {0};
    for (int64_t i = 0; i < 10; i++) {
        struct life_verdict verdict = live(&life, i * 100, 0);
        CHECK(!verdict.set_aside);
        CHECK_EQUAL_U64(verdict.delay_ms, 0);
        life.end = i % 2 == 0 ? LIFE_ASKED : LIFE_REFUSED;
    }
}

TEST(another_boot_is_forgotten)
{
    struct life life = {0};
    live(&life, 1000000, 0);
    live(&life, 1000001, 0);
    CHECK_EQUAL_U64(live(&life, 5, 0).delay_ms, 0);
    CHECK_EQUAL_U64(life.start_total, 1);
}

static struct configured it;

TEST(kept_in_a_file)
{
    struct life life = {0};
    struct life read;
    int file;
    fake_open(&it.fake, 1);
    fake_add_directory(&it.fake, "/run");
    CHECK(configured_flags(&it, "--run-dir=/run", NULL) == 0);
    life_load(&read, &it.fake.platform, &it.config, "collect");
    CHECK_EQUAL_U64(read.magic, 0);
    live(&life, 7, 3);
    CHECK(life_open(&it.fake.platform, &it.config, "collect", &file) == 0);
    CHECK(life_store(&life, &it.fake.platform, file) == 0);
    platform_file_close(&it.fake.platform, file);
    life_load(&read, &it.fake.platform, &it.config, "collect");
    CHECK(memcmp(&life, &read, sizeof life) == 0);
    fake_add_file(&it.fake, "/run/life-serve", TEXT("garbage"));
    life_load(&read, &it.fake.platform, &it.config, "serve");
    CHECK_EQUAL_U64(read.magic, 0);
    CHECK_EQUAL_U64(fake_open_handles(&it.fake), 0);
    fake_close(&it.fake);
}

int
main(void)
{
    struct test_case cases[] = {
        {"life_first_life_begins_at_once", first_life_begins_at_once},
        {"life_delays_grow", delays_grow},
        {"life_a_long_life_ends_the_row", a_long_life_ends_the_row},
        {"life_never_ready_is_short", never_ready_is_short},
        {"life_five_deaths_set_aside_once", five_deaths_set_aside_once},
        {"life_five_deaths_in_more_than_a_minute", five_deaths_in_more_than_a_minute},
        {"life_ends_that_are_no_deaths", ends_that_are_no_deaths},
        {"life_another_boot_is_forgotten", another_boot_is_forgotten},
        {"life_kept_in_a_file", kept_in_a_file},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
