#include "base/check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
say(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;  // nothing is left to try: the process is about to end
}

void
check_failed(const char *expression, const char *file, int line)
{
    char digits[16];
    size_t at = sizeof digits - 1;
    unsigned rest = line < 0 ? 0U : (unsigned)line;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + rest % 10U);
        rest /= 10U;
    } while (rest != 0U && at > 0U);
    say("assertion failed: ");
    say(expression);
    say(" (");
    say(file);
    say(":");
    say(&digits[at]);
    say(")\n");
    abort();
}
