// Which columns a line of `skerry top` has, how wide they are, and what stands in
// them. Pure.
#ifndef SKERRY_TERMINAL_TOP_LINE_H
#define SKERRY_TERMINAL_TOP_LINE_H

#include "terminal/top_rows.h"

enum top_column {
#define COLUMN(id, title, width, kinds, drop) TOP_COLUMN_##id,
#include "terminal/top_column.tbl.h"
#undef COLUMN
    TOP_COLUMN_COUNT
};

// The longest cell, its NUL not counted.
#define TOP_CELL_BYTES_MAX NAME_BYTES_MAX

struct top_layout {
    unsigned count;
    struct {
        enum top_column column;
        unsigned at;     // where it begins
        unsigned width;
    } place[TOP_COLUMN_COUNT];
};

// For lines of `columns` characters; texts too long for their column are cut at
// the end. UINT_MAX: everything in full.
void top_layout(struct top_layout *layout, const struct top_rows *rows, unsigned columns);

const char *top_column_title(enum top_column column);
// Numbers stand at the right of their column.
bool top_column_is_number(enum top_column column);
// The column that a sort orders by.
enum top_column top_sort_column(enum top_sort sort);

// What stands in a column, in `out` of at least TOP_CELL_BYTES_MAX bytes, and its
// style. "-" for what is unknown.
enum style top_cell(const struct top_item *item, enum top_column column, struct wall_ms now,
                    struct out *out);

// A whole line as plain text with its line break: the titles, and an item.
void top_write_titles(const struct top_layout *layout, struct out *out);
void top_write_line(const struct top_layout *layout, const struct top_item *item,
                    struct wall_ms now, struct out *out);
// An item as a JSON object.
void top_write_json(const struct top_item *item, struct out *out);

// "512", "1.2Ki", "37Mi": at most five characters below 1,000 Pi.
void top_write_bytes(struct out *out, double bytes);

#endif
