// Which rows `skerry top` shows, and in which order.
//
// top_rows_scan looks at all rows of a kind and keeps 16 bytes of each that passes
// the filter. Only the part of the order that is looked at is made: a selection
// (Hoare 1961, random pivots) puts the rows of the window in their place and a heap
// sort orders those. Equal values are ordered by namespace, pod and name.
//
// Memory: 16 bytes for each row of the largest pool; what is beyond `rows` is
// counted in `dropped`. Rows may be gone by the time they are read again.
#ifndef SKERRY_TERMINAL_TOP_ROWS_H
#define SKERRY_TERMINAL_TOP_ROWS_H

#include "base/arena.h"
#include "terminal/top_item.h"

struct top_ask {
    enum top_kind kind;
    enum top_sort sort;
    bool reversed;
    // Words with blanks between: each has to be part of a name. Case counts.
    struct text filter;
    struct text space;  // empty: of all
    struct text node;
};

struct top_entry {
    double value;
    row_index row;
    uint32_t spare;
};

// One side of a comparison; names are read when the values are equal.
struct top_key {
    struct top_entry entry;
    bool named;
    struct text space, pod, name;
    char buffer[NAME_BYTES_MAX * 3];
};

struct top_rows {
    struct top_entry *entry;
    uint32_t limit;
    uint32_t count;    // that pass
    uint32_t total;    // of the kind
    uint32_t dropped;  // that pass and have no room here
    struct top_ask ask;
    // The longest texts of those that pass.
    size_t space_bytes, pod_bytes, name_bytes, node_bytes;
    uint64_t random;
    struct top_key key[2];
    struct top_item item;
};

size_t top_rows_footprint(uint32_t rows);
struct top_rows *top_rows_init(struct arena *arena, uint32_t rows);

// The texts of `ask` must live until the next scan.
void top_rows_scan(struct top_rows *rows, const struct table_reader *table,
                   const struct top_ask *ask);
// What to say when no row passes: a sentence without its end.
void top_rows_say_none(const struct top_rows *rows, struct out *out);
// After this entry[first] to entry[first + count - 1] are what stands there in
// the order, as far as there are so many.
void top_rows_select(struct top_rows *rows, const struct table_reader *table, uint32_t first,
                     uint32_t count);

#endif
