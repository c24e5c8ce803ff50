#include "platform/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../test.h"
#include "base/error.h"

static bool
ends_well(void (*body)(void *))
{
    int status = test_child_status(body, NULL);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
drop(void *unused)
{
    gid_t group = 5;
    (void)unused;
    CHECK(setgroups(1, &group) == 0);
    CHECK(rights_drop(54321, 54322) == 0);
    CHECK(!rights_is_root());
    CHECK(getuid() == 54321 && geteuid() == 54321);
    CHECK(getgid() == 54322 && getegid() == 54322);
    CHECK(getgroups(0, NULL) == 0);
    CHECK(setuid(0) != 0 && seteuid(0) != 0 && setgid(0) != 0);
    CHECK(open("/proc/1/environ", O_RDONLY) < 0);
    // Being that user already is fine, becoming another is not possible.
    CHECK(rights_drop(54321, 54322) == 0);
    CHECK(rights_drop(54321, 54323) == -ERR_NO_ACCESS);
    CHECK(rights_drop(54320, 54322) == -ERR_NO_ACCESS);
}

TEST(drops_root)
{
    if (!rights_is_root()) {
        SKIP("only root can drop rights");
    }
    CHECK(ends_well(drop));
}

TEST(refuses_to_stay_root)
{
    CHECK(rights_drop(0, 100) == -ERR_NO_ACCESS);
    CHECK(rights_drop(100, 0) == -ERR_NO_ACCESS);
}

static void
limit(void *unused)
{
    struct rlimit found;
    struct rights_limits limits = {.files = 40, .stack_bytes = 1 << 20};
    (void)unused;
    CHECK(rights_limit(&limits) == 0);
    CHECK(getrlimit(RLIMIT_CORE, &found) == 0 && found.rlim_max == 0);
    CHECK(getrlimit(RLIMIT_NOFILE, &found) == 0);
    CHECK(found.rlim_max == 40 && found.rlim_cur == 40);
    CHECK(getrlimit(RLIMIT_STACK, &found) == 0 && found.rlim_cur == 1 << 20);
    CHECK(getrlimit(RLIMIT_NPROC, &found) == 0 && found.rlim_cur == 0);
    limits.files = 41;
    limits.stack_bytes = 2 << 20;
    CHECK(rights_limit(&limits) == -ERR_NO_ACCESS);
    CHECK(getrlimit(RLIMIT_STACK, &found) == 0 && found.rlim_cur == 1 << 20);
}

TEST(limits)
{
    CHECK(ends_well(limit));
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"rights_drops_root", drops_root},
        {"rights_refuses_to_stay_root", refuses_to_stay_root},
        {"rights_limits", limits},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
