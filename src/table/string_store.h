// Texts of the live table: interned, counted, in chains of 32-byte cells.
//
// Equal texts share one chain. A text lives as long as something refers to it;
// a count that saturates keeps it for ever. When cells run out, the text is
// refused (0). Callers are inside structure_begin/structure_end.
#ifndef SKERRY_TABLE_STRING_STORE_H
#define SKERRY_TABLE_STRING_STORE_H

#include "base/text.h"
#include "table/table.h"

// At most `size_max` bytes of `text`, no UTF-8 sequence broken.
struct text string_cut(struct text text, size_t size_max);

// A reference to `text`, which is cut at UINT16_MAX bytes; 0 for the empty text
// and when the cells are used up (*full is then set). A new one lies in the first
// free cells from `near` on.
string_ref string_take(struct table_header *header, struct text text, row_index near, bool *full);
void string_drop(struct table_header *header, string_ref ref);

// The two below are safe on a table under writing or damaged: sizes and links
// are checked against `limit`.
struct string_cells {
    const struct string_cell *cell;  // [0] is never used
    uint32_t limit;
};
struct string_cells string_cells_of(const struct table_header *header);
bool string_cells_equal(struct string_cells cells, string_ref ref, struct text text);
// Another number for another text, as its keyed hash goes; 0 for none.
uint64_t string_cells_stamp(struct string_cells cells, string_ref ref);
// Copies at most `room` bytes. Returns the bytes copied.
size_t string_cells_copy(struct string_cells cells, string_ref ref, char *to, size_t room);

// The same on the cells of a header that can be trusted.
bool string_equals(const struct table_header *header, string_ref ref, struct text text);
size_t string_copy(const struct table_header *header, string_ref ref, char *to, size_t room);

#endif
