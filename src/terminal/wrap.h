// Lines of a report broken at the edge of a terminal. Pure.
#ifndef SKERRY_TERMINAL_WRAP_H
#define SKERRY_TERMINAL_WRAP_H

#include "base/text.h"

// Writes `text` with no line longer than `columns` where a blank allows it; what
// goes on stands two columns further in than its line. Texts are ASCII; a word
// without blanks stays whole.
void wrap_write(struct out *out, struct text text, unsigned columns);

#endif
