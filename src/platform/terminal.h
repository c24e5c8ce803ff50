// The terminal that a tool draws on: raw input, the alternate screen, size and
// signals. One a process; for tools only, whose process is not sealed.
//
// Between terminal_open and terminal_close the terminal is given back whatever
// ends the process: a signal that asks to stop becomes TERMINAL_QUIT, an abort or
// a fault restores the terminal before it kills. Only SIGKILL leaves it as it is.
#ifndef SKERRY_PLATFORM_TERMINAL_H
#define SKERRY_PLATFORM_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/text.h"

enum terminal_event {
    TERMINAL_TIME,    // nothing until the time was over
    TERMINAL_INPUT,   // bytes were typed
    TERMINAL_RESIZE,  // another size, or back from a stop: draw everything anew
    TERMINAL_QUIT,    // asked to stop, or the terminal is gone
};

// Standard input and output are a terminal that can move its cursor (TERM says
// so): it can be drawn on.
bool terminal_can_draw(void);
// Standard output is a terminal of any kind: a person reads what is written.
bool terminal_is_output(void);

// 0, or -ERR_IO.
int terminal_open(void) MUST_USE;
void terminal_close(void);

// In characters; 24 rows of 80 columns when it does not say.
void terminal_size(unsigned *rows, unsigned *columns);

// Waits at most `timeout_ms`; typed bytes, at most `size`, with *count. A stop
// from the keyboard (^Z) is handled here and ends as TERMINAL_RESIZE.
enum terminal_event terminal_wait(int timeout_ms, char *bytes, size_t size, size_t *count);

// False: nobody can read it any more.
bool terminal_write(struct text text);

#endif
