#include "app/source_check.h"

#include <stdlib.h>
#include <string.h>

#include "configured.h"

static struct configured it;
static unsigned char memory[SOURCE_CHECK_BYTES + 1024] __attribute__((aligned(16)));
static struct workspace space;
static char sentence[1024];

static void
begin(void)
{
    struct arena arena;
    memset(memory, 0, sizeof memory);
    arena_init(&arena, memory, sizeof memory);
    workspace_init(&space, &arena, SOURCE_CHECK_BYTES);
    fake_open(&it.fake, 1);
}

static int
check(void)
{
    struct out why = out_of(sentence, sizeof sentence);
    int error = source_check(&it.config, &space, &why);
    out_c_string(&why);
    CHECK((error == 0) == (why.used == 0));
    return error;
}

TEST(each_source_is_looked_at)
{
    begin();
    CHECK(configured_flags(&it, "--nodes=3", NULL) == 0);
    CHECK_EQUAL_U64(check(), 0);
    CHECK(configured_flags(&it, "--source=host:", "--source=cadvisor:http://h:8080",
                           "--source=kubernetes:https://h:6443?auth=/c", NULL) == 0);
    CHECK_EQUAL_U64(check(), 0);
    CHECK(configured_flags(&it, "--source=host:", "--source=kubernetes:https://h?wat=1", NULL)
          == 0);
    CHECK(check() == -ERR_BAD_CONFIG);
    CHECK(strstr(sentence, "--source=kubernetes:https://h?wat=1: ") == sentence);
    CHECK(strstr(sentence, "wat") != NULL);
    CHECK(configured_flags(&it, "--source=influxdb:http://h", NULL) == 0);
    CHECK(check() == -ERR_BAD_CONFIG);
    fake_close(&it.fake);
}

TEST(the_kubeconfig_of_each)
{
    begin();
    CHECK(configured_flags(&it, "--source=host:", "--source=kubernetes:?auth=/etc/k8s%20config",
                           "--source=kubernetes:https://h", NULL) == 0);
    CHECK_EQUAL_U64(source_check_auth(&it.config, 0, &space).size, 0);
    CHECK_EQUAL_TEXT(source_check_auth(&it.config, 1, &space), "/etc/k8s config");
    CHECK_EQUAL_U64(source_check_auth(&it.config, 2, &space).size, 0);
    fake_close(&it.fake);
}

TEST(variables_are_of_the_environment)
{
    char longest[400];
    struct text value;
    CHECK(setenv("SKERRY_TEST_AUTH", "/from/outside", 1) == 0);
    CHECK(source_check_variable(NULL, TEXT("SKERRY_TEST_AUTH"), &value));
    CHECK_EQUAL_TEXT(value, "/from/outside");
    CHECK(!source_check_variable(NULL, TEXT("SKERRY_TEST_NOT_SET"), &value));
    memset(longest, 'A', sizeof longest);
    CHECK(!source_check_variable(NULL, (struct text){longest, sizeof longest}, &value));
    CHECK_EQUAL_U64(value.size, 0);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"each_source_is_looked_at", each_source_is_looked_at},
        {"the_kubeconfig_of_each", the_kubeconfig_of_each},
        {"variables_are_of_the_environment", variables_are_of_the_environment},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
