// The frame of every unit test: one program a module, one line a case.
//
//   TEST(adds) { CHECK(1 + 1 == 2); }
//   int main(void) { return test_run((struct test_case[]){{"adds", adds}}, 1); }
//
// Prints `PASS name`, `FAIL name file:line what` or `SKIP name why` for each
// case; test_run gives 1 if one failed. A failed CHECK ends its case at once,
// also from a function that the case called; in a child process that the case
// forked it prints and ends the child with 1. Include as "../test.h".
#ifndef SKERRY_TESTS_UNIT_TEST_H
#define SKERRY_TESTS_UNIT_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define TEST(name) static void name(void)

struct test_case {
    const char *name;
    void (*run)(void);
};

int test_run(const struct test_case *cases, size_t count);

_Noreturn void test_fail(const char *file, int line, const char *what);
_Noreturn void test_skip(const char *why);

#define CHECK(condition) ((condition) ? (void)0 : test_fail(__FILE__, __LINE__, #condition))

// Any integers; shown as unsigned.
#define CHECK_EQUAL_U64(a, b)                                                                      \
    test_equal_u64((uint64_t)(a), (uint64_t)(b), __FILE__, __LINE__, #a " == " #b)

// Each side a struct text or a C string.
#define CHECK_EQUAL_TEXT(a, b)                                                                     \
    test_equal_text(TEST_AS_TEXT(a), TEST_AS_TEXT(b), __FILE__, __LINE__, #a " == " #b)

#define TEST_AS_TEXT(value)                                                                        \
    _Generic((value),                          \
        struct text: test_text_of_text,        \
        char *: test_text_of_string,           \
        const char *: test_text_of_string)(value)

#define SKIP(why) test_skip(why)

struct text test_text_of_text(struct text text);
struct text test_text_of_string(const char *string);
void test_equal_u64(uint64_t a, uint64_t b, const char *file, int line, const char *what);
void test_equal_text(struct text a, struct text b, const char *file, int line, const char *what);

// The seed of this run, from SKERRY_TEST_SEED or a new one; printed once as
// `SEED number`, so that a failure can be had again.
uint64_t test_seed(void);
// Splitmix64: moves `state` on and gives the next number.
uint64_t test_random(uint64_t *state);
// 0 to `limit` - 1.
uint64_t test_random_below(uint64_t *state, uint64_t limit);

// Runs `body` in a child process with its stderr closed; the status as waitpid
// gives it.
int test_child_status(void (*body)(void *), void *argument);
// True if `body` ends by SIGABRT, as a failed ASSERT does.
bool test_aborts(void (*body)(void *), void *argument);

#endif
