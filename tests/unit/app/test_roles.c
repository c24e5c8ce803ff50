#include "app/roles.h"

#include <signal.h>
#include <string.h>

#include "configured.h"

static struct configured it;

static void
begin(void)
{
    fake_open(&it.fake, 1);
    fake_add_directory(&it.fake, "/run");
    CHECK(configured_flags(&it, "--run-dir=/run", NULL) == 0);
}

TEST(written_and_read)
{
    static struct roles roles;
    static struct roles read;
    begin();
    CHECK(roles_read(&read, &it.fake.platform, &it.config) == -ERR_NO_FILE);
    strcpy(roles.role[ROLE_SERVE].name, "serve");
    roles.role[ROLE_SERVE].death_total = 12;
    roles.written_ms = 99;
    CHECK(roles_write(&roles, &it.fake.platform, &it.config) == 0);
    CHECK(roles_read(&read, &it.fake.platform, &it.config) == 0);
    CHECK_EQUAL_TEXT((const char *)read.role[ROLE_SERVE].name, "serve");
    CHECK_EQUAL_U64(read.role[ROLE_SERVE].death_total, 12);
    CHECK_EQUAL_U64(fake_open_handles(&it.fake), 0);
    fake_close(&it.fake);
}

// A torn or damaged file is never taken for a whole one.
TEST(damage_is_seen)
{
    static struct roles roles;
    static struct roles read;
    uint64_t state = test_seed();
    struct text content;
    begin();
    CHECK(roles_write(&roles, &it.fake.platform, &it.config) == 0);
    for (unsigned i = 0; i < 500; i++) {
        char bytes[sizeof roles];
        CHECK(fake_content(&it.fake, "/run/roles", &content));
        memcpy(bytes, content.at, sizeof bytes);
        bytes[test_random_below(&state, sizeof bytes)] ^=
            (char)(1 + test_random_below(&state, 255));
        fake_drop(&it.fake, "/run/roles");
        fake_add_file(&it.fake, "/run/roles", (struct text){bytes, sizeof bytes});
        int error = roles_read(&read, &it.fake.platform, &it.config);
        CHECK(error == -ERR_IO || error == -ERR_LAYOUT);
        CHECK(roles_write(&roles, &it.fake.platform, &it.config) == 0);
    }
    fake_drop(&it.fake, "/run/roles");
    fake_add_file(&it.fake, "/run/roles", TEXT("short"));
    CHECK(roles_read(&read, &it.fake.platform, &it.config) == -ERR_LAYOUT);
    fake_close(&it.fake);
}

TEST(the_oldest_death_goes)
{
    static struct roles roles;
    memset(&roles, 0, sizeof roles);
    for (int64_t i = 1; i <= ROLES_DEATHS_MAX + 3; i++) {
        struct role_death death = {.time_ms = i};
        roles_add_death(&roles, &death);
    }
    CHECK_EQUAL_U64(roles.death_count, ROLES_DEATHS_MAX);
    CHECK_EQUAL_U64(roles.death[0].time_ms, 4);
    CHECK_EQUAL_U64(roles.death[ROLES_DEATHS_MAX - 1].time_ms, ROLES_DEATHS_MAX + 3);
}

static void
reads(struct role_death death, const char *expected)
{
    char buffer[96];
    struct out out = out_of(buffer, sizeof buffer);
    role_death_write(&out, &death);
    CHECK_EQUAL_TEXT(out_view(&out), expected);
}

TEST(reasons)
{
    reads((struct role_death){.cause = DEATH_SIGNAL, .signal = SIGKILL}, "killed by SIGKILL");
    reads((struct role_death){.cause = DEATH_SIGNAL, .signal = 40}, "killed by signal 40");
    reads((struct role_death){.cause = DEATH_EXIT, .exit_code = 111}, "exit 111");
    reads((struct role_death){.cause = DEATH_BAD_CONFIG, .exit_code = 100},
          "bad configuration, exit 100");
    reads((struct role_death){.cause = DEATH_HANG, .signal = SIGABRT},
          "stuck without heartbeat, killed by SIGABRT");
    reads((struct role_death){.cause = 200, .signal = SIGSYS}, "killed by SIGSYS");
    CHECK_EQUAL_TEXT(role_state_name(99), "unknown");
    CHECK_EQUAL_TEXT(death_cause_name(99), "unknown");
}

int
main(void)
{
    struct test_case cases[] = {
        {"roles_written_and_read", written_and_read},
        {"roles_damage_is_seen", damage_is_seen},
        {"roles_the_oldest_death_goes", the_oldest_death_goes},
        {"roles_reasons", reasons},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
