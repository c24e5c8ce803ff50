#include "test.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct {
    jmp_buf back;
    const char *name;
    pid_t process;
    bool seeded;
    uint64_t seed;
} current;

enum outcome { PASSED, FAILED, SKIPPED };

static enum outcome
run_one(const struct test_case *test)
{
    current.name = test->name;
    int outcome = setjmp(current.back);
    if (outcome == 0) {
        test->run();
        printf("PASS %s\n", test->name);
        return PASSED;
    }
    return (enum outcome)outcome;
}

int
test_run(const struct test_case *cases, size_t count)
{
    int result = 0;
    current.process = getpid();
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < count; i++) {
        result |= run_one(&cases[i]) == FAILED;
    }
    return result;
}

static _Noreturn void
leave(enum outcome outcome)
{
    fflush(stdout);
    if (getpid() != current.process) {
        _exit(outcome == FAILED ? 1 : 0);
    }
    longjmp(current.back, (int)outcome);
}

void
test_fail(const char *file, int line, const char *what)
{
    printf("FAIL %s %s:%d %s\n", current.name, file, line, what);
    leave(FAILED);
}

void
test_skip(const char *why)
{
    printf("SKIP %s %s\n", current.name, why);
    leave(SKIPPED);
}

struct text
test_text_of_text(struct text text)
{
    return text;
}

struct text
test_text_of_string(const char *string)
{
    return (struct text){string, strlen(string)};
}

void
test_equal_u64(uint64_t a, uint64_t b, const char *file, int line, const char *what)
{
    if (a != b) {
        printf("FAIL %s %s:%d %s: %llu and %llu\n", current.name, file, line, what,
               (unsigned long long)a, (unsigned long long)b);
        leave(FAILED);
    }
}

void
test_equal_text(struct text a, struct text b, const char *file, int line, const char *what)
{
    if (a.size != b.size || (a.size > 0 && memcmp(a.at, b.at, a.size) != 0)) {
        printf("FAIL %s %s:%d %s: '" TEXT_FORMAT "' and '" TEXT_FORMAT "'\n", current.name, file,
               line, what, TEXT_ARGS(a), TEXT_ARGS(b));
        leave(FAILED);
    }
}

uint64_t
test_seed(void)
{
    if (!current.seeded) {
        const char *given = getenv("SKERRY_TEST_SEED");
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        current.seed = given != NULL ? strtoull(given, NULL, 10)
                                     : (uint64_t)now.tv_sec * 1000003U + (uint64_t)now.tv_nsec;
        current.seeded = true;
        printf("SEED %llu\n", (unsigned long long)current.seed);
    }
    return current.seed;
}

uint64_t
test_random(uint64_t *state)
{
    // Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators".
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t word = *state;
    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

uint64_t
test_random_below(uint64_t *state, uint64_t limit)
{
    return test_random(state) % limit;
}

int
test_child_status(void (*body)(void *), void *argument)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        close(STDERR_FILENO);
        body(argument);
        fflush(stdout);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    return status;
}

bool
test_aborts(void (*body)(void *), void *argument)
{
    int status = test_child_status(body, argument);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}
