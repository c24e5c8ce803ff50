// A picture of characters, and the bytes that turn what a terminal shows into it.
//
// A frame is drawn into cells with screen_clear and screen_put; screen_draw
// compares them with what the terminal shows and writes only what differs, so
// that nothing flickers. Pure: bytes go to the caller. Memory: two sets of
// TERMINAL_ROWS_MAX x TERMINAL_COLUMNS_MAX cells and one buffer, whatever the size
// of the terminal; a larger terminal is used up to that.
//
// Cells hold printable ASCII; every other byte of a text is shown as '?', so that
// no name from outside can steer the terminal.
#ifndef SKERRY_TERMINAL_SCREEN_H
#define SKERRY_TERMINAL_SCREEN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"

enum style {
    STYLE_PLAIN,
    STYLE_BOLD,
    STYLE_DIM,
    STYLE_BAR,   // reversed: headings
    STYLE_GOOD,  // the colours: green, yellow, red
    STYLE_WARN,
    STYLE_BAD,
    STYLE_COUNT
};

struct screen;

size_t screen_footprint(void);
// Without colour the last three styles are plain.
struct screen *screen_init(struct arena *arena, bool colour);

// Nothing is known of what the terminal shows: the next screen_draw draws all.
void screen_resize(struct screen *screen, unsigned rows, unsigned columns);
unsigned screen_rows(const struct screen *screen);
unsigned screen_columns(const struct screen *screen);

void screen_clear(struct screen *screen);
// What lies outside is left out.
void screen_put(struct screen *screen, unsigned row, unsigned column, enum style style,
                struct text text);
// A blank line in this style.
void screen_fill(struct screen *screen, unsigned row, enum style style);

// Gives the bytes in pieces to `write`. False: it said false, and the rest was
// left out.
bool screen_draw(struct screen *screen, bool (*write)(void *context, struct text bytes),
                 void *context);

#endif
