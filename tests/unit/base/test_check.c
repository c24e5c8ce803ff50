#include "base/check.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../test.h"

static void
fails(void *unused)
{
    int three = 3;
    (void)unused;
    ASSERT(three == 4);
}

static void
holds(void *unused)
{
    int evaluated = 0;
    (void)unused;
    ASSERT(++evaluated == 1);
    CHECK(evaluated == 1);
}

TEST(a_failed_one_ends_the_process)
{
    CHECK(test_aborts(fails, NULL));
    int status = test_child_status(holds, NULL);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

// What a process that fails there writes to its stderr.
static size_t
said(const char *file, int line, char *bytes, size_t room)
{
    int ends[2];
    size_t used = 0;
    ssize_t got = 0;
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (dup2(ends[1], STDERR_FILENO) >= 0) {
            check_failed("a < b", file, line);
        }
        _exit(1);
    }
    CHECK(close(ends[1]) == 0);
    while (used < room && (got = read(ends[0], bytes + used, room - used)) > 0) {
        used += (size_t)got;
    }
    int status = 0;
    CHECK(close(ends[0]) == 0);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    return used;
}

static void
says(int line, const char *expected)
{
    char bytes[256];
    size_t size = said("src/x/y.c", line, bytes, sizeof bytes);
    CHECK_EQUAL_TEXT(((struct text){bytes, size}), expected);
}

// One line, whole, whatever the number.
TEST(it_says_where)
{
    says(7, "assertion failed: a < b (src/x/y.c:7)\n");
    says(0, "assertion failed: a < b (src/x/y.c:0)\n");
    says(-1, "assertion failed: a < b (src/x/y.c:0)\n");
    says(2147483647, "assertion failed: a < b (src/x/y.c:2147483647)\n");
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"a_failed_one_ends_the_process", a_failed_one_ends_the_process},
        {"it_says_where", it_says_where},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
