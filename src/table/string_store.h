// Texts of the live table: interned, counted, in chains of 32-byte cells.
//
// Equal texts share one chain. A text lives as long as something refers to it;
// a count that saturates keeps it for ever. When cells run out, the text is
// refused (0). Callers are inside structure_begin/structure_end.
#ifndef SKERRY_TABLE_STRING_STORE_H
#define SKERRY_TABLE_STRING_STORE_H

#include "base/text.h"
#include "table/table.h"

// A reference to `text`, which is cut at UINT16_MAX bytes; 0 for the empty text
// and when the cells are used up (*full is then set).
string_ref string_take(struct table_header *header, struct text text, bool *full);
void string_drop(struct table_header *header, string_ref ref);
bool string_equals(const struct table_header *header, string_ref ref, struct text text);
// Copies at most `room` bytes; safe on a table under writing or damaged: sizes
// and links are checked. Returns the bytes copied.
size_t string_copy(const struct table_header *header, string_ref ref, char *to, size_t room);

#endif
