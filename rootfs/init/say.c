#include "say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES 512

static void
write_sentence(const char *format, va_list arguments)
{
    char line[LINE_BYTES];
    int head = snprintf(line, sizeof line, "init: ");
    int body = vsnprintf(line + head, sizeof line - (size_t)head, format, arguments);
    size_t size = strnlen(line, sizeof line - 2);
    line[size++] = '\n';
    ssize_t written = body < 0 ? 0 : write(STDERR_FILENO, line, size);
    (void)written;  // there is nobody to tell
}

void
say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_sentence(format, arguments);
    va_end(arguments);
}

void
end(int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_sentence(format, arguments);
    va_end(arguments);
    _exit(code);
}

void
end_of_call(const char *doing)
{
    end(END_SYSTEM, "%s: %s", doing, strerror(errno));
}
