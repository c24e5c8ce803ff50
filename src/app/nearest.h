// Which known word somebody meant who typed an unknown one.
#ifndef SKERRY_APP_NEAREST_H
#define SKERRY_APP_NEAREST_H

#include <stddef.h>

#include "base/text.h"

// Longer words are never near.
#define NEAREST_BYTES_MAX 48

// Insertions, deletions, replacements and swaps of neighbours that turn `a` into
// `b` (Damerau 1964, optimal string alignment); SIZE_MAX when one is too long.
size_t nearest_distance(struct text a, struct text b);

// How far a typing mistake in `word` may be from what was meant: a third of it.
size_t nearest_limit(struct text word);

#endif
