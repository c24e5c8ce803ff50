// Where a text repeats what stood in it before: what the encoders of Snappy and LZ4
// are made of. A table holds the position that was seen last of each hash of four
// bytes, so that a search is one step forward and keeps nothing. Pure.
#ifndef SKERRY_SINK_REPEAT_H
#define SKERRY_SINK_REPEAT_H

#include "base/text.h"

// Positions have 16 bits.
#define REPEAT_TEXT_BYTES_MAX ((size_t)65536)
#define REPEAT_BYTES_MIN ((size_t)4)
#define REPEAT_TABLE_BITS 13

// Scratch of one search; nothing is kept in it.
struct repeat_table {
    uint16_t position[1 << REPEAT_TABLE_BITS];
};

struct repeat_search {
    struct repeat_table *table;
    struct text text;
    size_t first_end;  // repeats begin before it
    size_t end;        // and end here at the latest
    size_t at;
    size_t missed;
};

// Bytes from `at` on that stand `distance` before, too.
struct repeat {
    size_t at, size, distance;
};

// Of `text`, at most REPEAT_TEXT_BYTES_MAX: repeats begin at least `begin_tail` bytes
// before its end, 4 at least, and leave its last `end_tail` bytes alone.
struct repeat_search repeat_search(struct repeat_table *table, struct text text, size_t begin_tail,
                                   size_t end_tail);
// The next one, which begins behind all before it; false: there are no more.
bool repeat_next(struct repeat_search *search, struct repeat *repeat);

#endif
