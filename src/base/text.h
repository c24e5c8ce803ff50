// Views of text that somebody else owns, and a bounded writer for new text.
//
// A struct text is not NUL-terminated and not necessarily UTF-8. A struct out
// never writes past its end: what does not fit is dropped and `full` is set,
// which the caller checks once at the end. Its bodies are in text.c (views),
// text_number.c (numbers from text) and text_out.c (struct out).
#ifndef SKERRY_BASE_TEXT_H
#define SKERRY_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct text {
    const char *at;
    size_t size;  // bytes
};

#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})
#define TEXT_FORMAT "%.*s"
#define TEXT_ARGS(text) (int)(text).size, (text).at

struct text text_of(const char *c_string);  // NULL gives an empty text
bool text_equal(struct text a, struct text b);
int text_compare(struct text a, struct text b);  // bytewise, as memcmp
bool text_starts(struct text text, struct text prefix);
bool text_ends(struct text text, struct text suffix);
// The part from byte `from` on, at most `size` bytes; clamps to the end.
struct text text_sub(struct text text, size_t from, size_t size);
// Offset of the first `byte` at or after `from`, or SIZE_MAX.
size_t text_find(struct text text, char byte, size_t from);
// Splits at the first `byte`: *head before it, *rest after it. False (and
// *head = text, *rest empty) when the byte is absent.
bool text_cut(struct text text, char byte, struct text *head, struct text *rest);
// A number of `size` bytes, at most 8, the lowest first; they must be there.
uint64_t text_little_endian(struct text bytes, size_t at, size_t size);
struct text text_trim(struct text text);  // ASCII blanks at both ends
bool text_is_utf8(struct text text);      // RFC 3629: no surrogates, no overlongs
// Bytes of the UTF-8 sequence that starts at `from`: 1 to 4, or 0 if none does.
size_t text_utf8_length(struct text text, size_t from);

// Decimal digits only, no sign, no blanks. -ERR_BAD_NUMBER on anything else
// or above UINT64_MAX.
int text_to_u64(struct text text, uint64_t *value) MUST_USE;
// A decimal number as JSON and Prometheus write it, with optional fraction and
// exponent, correctly rounded; strictly JSON's grammar (no "+1", "01", ".5",
// "5."). -ERR_BAD_NUMBER on anything else, on NaN, infinities and what would
// round to infinity.
int text_to_double(struct text text, double *value) MUST_USE;
// What Go's strconv.ParseBool takes ("true", "True", "TRUE", "t", "T", "1" and as many
// for false), because Heapster's options did; "yes", "no", and "" as true (a bare flag).
// -ERR_BAD_CONFIG on anything else.
int text_to_bool(struct text text, bool *value) MUST_USE;

// 0 to 15, letters of either case; -1 for any other byte.
int text_hex_digit(char byte);

struct out {
    char *at;
    size_t size;  // room, bytes
    size_t used;  // bytes written; never more than size
    bool full;    // something was dropped
};

struct out out_of(void *at, size_t size);
void out_bytes(struct out *out, const void *bytes, size_t size);
void out_text(struct out *out, struct text text);
void out_string(struct out *out, const char *c_string);
void out_byte(struct out *out, char byte);
void out_u64(struct out *out, uint64_t value);
void out_i64(struct out *out, int64_t value);
// The shortest decimal that reads back as the same double, never with more
// than 17 digits (below 1e-307 with 15 at least); whole numbers below 2^53 have
// no exponent; infinities and NaN are written as 0 (they never arise).
void out_double(struct out *out, double value);
// The same for a value that is only known to float precision (9 digits).
void out_float(struct out *out, float value);
// printf for the rare long tail; not on hot paths.
void out_format(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct text out_view(const struct out *out);
// NUL-terminates (dropping the last byte when full) and returns out->at.
char *out_c_string(struct out *out);

#endif
