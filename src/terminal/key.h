// Keys out of the bytes that a terminal sends. Pure.
#ifndef SKERRY_TERMINAL_KEY_H
#define SKERRY_TERMINAL_KEY_H

#include "base/text.h"

// Printable ASCII stands for itself; these lie above.
enum key {
    KEY_NONE = 0,
    KEY_UP = 256,
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_HOME,
    KEY_END,
    KEY_ENTER,
    KEY_ESCAPE,
    KEY_BACKSPACE,
    KEY_TAB,
    KEY_ERASE_LINE,  // ^U
    KEY_REDRAW,      // ^L
};

// The next key of *bytes, which moves on behind it: a printable byte, or one of
// enum key. KEY_NONE for what means nothing here, and when *bytes is empty. A
// lone escape byte at the end is KEY_ESCAPE: sequences come in one piece.
int key_next(struct text *bytes);

#endif
