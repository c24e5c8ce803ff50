// Assertions for our own invariants; on in every build.
//
// Only our own mistakes may trip one: bytes from outside are checked with
// ordinary code and answered with an error (see error.h). A failed ASSERT
// writes one line to stderr and aborts; the supervisor restarts the role.
#ifndef SKERRY_BASE_CHECK_H
#define SKERRY_BASE_CHECK_H

_Noreturn void check_failed(const char *expression, const char *file, int line);

#define ASSERT(expression) \
    ((expression) ? (void)0 : check_failed(#expression, __FILE__, __LINE__))

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MUST_USE __attribute__((warn_unused_result))

#endif
