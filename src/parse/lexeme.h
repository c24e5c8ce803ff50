// The letters of JSON, one byte at a time: numbers and escapes (RFC 8259,
// sections 6 and 7). Pure; the splitter checks with it, the reader decodes.
#ifndef SKERRY_PARSE_LEXEME_H
#define SKERRY_PARSE_LEXEME_H

#include <stdbool.h>

#include "base/text.h"

// How far into a number we are. The order matters: see number_is_whole.
enum number_state {
    NUMBER_NONE,  // the byte does not belong to the number
    NUMBER_START,
    NUMBER_MINUS,
    NUMBER_DOT,
    NUMBER_E,
    NUMBER_SIGN,  // of the exponent
    NUMBER_ZERO,
    NUMBER_DIGITS,
    NUMBER_FRACTION,
    NUMBER_EXPONENT,
};

enum number_state number_next(enum number_state state, char byte);

// Whether the number may end here.
static inline bool
number_is_whole(enum number_state state)
{
    return state >= NUMBER_ZERO;
}

// How many bytes of an escape are still to come, plus one; 0 = not in one.
#define ESCAPE_NONE 0U
#define ESCAPE_LETTER 1U  // behind the backslash
#define ESCAPE_HEX 5U     // behind the u

// The state behind `byte`; false when it may not stand there.
bool escape_next(unsigned *state, char byte);

// What a JSON text without its quotes says. -ERR_BAD_UTF8 for half of a
// surrogate pair, -ERR_TOO_LONG when `out` is full. `raw` must be a text whose
// escapes are well-formed.
int unescape(struct text raw, struct out *out) MUST_USE;

#endif
