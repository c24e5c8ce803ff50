// Words between blanks, for the text files of /proc and cgroups. Pure.
#ifndef SKERRY_HOST_WORD_H
#define SKERRY_HOST_WORD_H

#include "base/text.h"

// Takes the next word (between spaces and tabs) off the front of *rest. False
// when there is none.
static inline bool
word_next(struct text *rest, struct text *word)
{
    size_t start = 0;
    while (start < rest->size &&
           (rest->at[start] == ' ' || rest->at[start] == '\t')) {
        start++;
    }
    size_t end = start;
    while (end < rest->size && rest->at[end] != ' ' && rest->at[end] != '\t') {
        end++;
    }
    *word = text_sub(*rest, start, end - start);
    *rest = text_sub(*rest, end, SIZE_MAX);
    return word->size > 0;
}

// Leaves out `count` words. False when there are fewer.
static inline bool
word_skip(struct text *rest, unsigned count)
{
    struct text word;
    while (count > 0 && word_next(rest, &word)) {
        count--;
    }
    return count == 0;
}

// The next word as a number; false when it is none.
static inline bool
word_u64(struct text *rest, uint64_t *value)
{
    struct text word;
    return word_next(rest, &word) && text_to_u64(word, value) == 0;
}

// Takes the next line, without its end, off the front of *rest. False at the
// end.
static inline bool
line_next(struct text *rest, struct text *line)
{
    if (rest->size == 0) {
        return false;
    }
    struct text all = *rest;
    (void)text_cut(all, '\n', line, rest);
    return true;
}

// a + b and a * b, or the largest number there is.
static inline uint64_t
add_capped(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static inline uint64_t
multiply_capped(uint64_t a, uint64_t b)
{
    return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

// a - b, at least 0.
static inline uint64_t
subtract_floored(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

#endif
