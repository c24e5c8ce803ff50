// Walks over one element that a splitter handed over: compact JSON whose
// grammar is already checked, in one pass and without tokens.
//
// A cursor stands on a value. Each reading function checks the value's type,
// gives it, and leaves the cursor behind it; after an error the element is
// given up, so the cursor is not used again. Texts are views into the element,
// or into the decode space where they had escapes. Never use it on bytes that
// no splitter has passed.
//
//   struct members members = members_of(cursor, &cpu_shape, cpu);
//   while (members_next(&members) >= 0) {
//       members.error = read_psi(cursor, ...);   // the only FIELD_OTHER
//   }
//   return members.error;
#ifndef SKERRY_PARSE_CURSOR_H
#define SKERRY_PARSE_CURSOR_H

#include "base/text.h"
#include "base/times.h"
#include "parse/decode_space.h"
#include "parse/shape.h"

struct cursor {
    const char *at;
    struct decode_space *space;
};

// Also gives the decode space's texts back.
struct cursor cursor_of(struct text json, struct decode_space *space);

static inline bool
cursor_at_object(const struct cursor *cursor)
{
    return *cursor->at == '{';
}

static inline bool
cursor_at_text(const struct cursor *cursor)
{
    return *cursor->at == '"';
}

// If it is null, passes it.
bool cursor_null(struct cursor *cursor);
void cursor_skip(struct cursor *cursor);
// The value as it is written, whatever it is.
struct text cursor_raw(struct cursor *cursor);

// -ERR_BAD_TYPE, or -ERR_BAD_NUMBER for a number of the right type that does
// not fit; numbers with a fraction or exponent are no integers.
int cursor_u64(struct cursor *cursor, uint64_t *value) MUST_USE;
int cursor_i32(struct cursor *cursor, int32_t *value) MUST_USE;
int cursor_double(struct cursor *cursor, double *value) MUST_USE;
int cursor_bool(struct cursor *cursor, bool *value) MUST_USE;
int cursor_text(struct cursor *cursor, struct text *value) MUST_USE;
int cursor_time(struct cursor *cursor, struct wall_ms *value) MUST_USE;

// `text` behind `prefix`, in the decode space.
int cursor_prefixed(struct cursor *cursor, struct text prefix, struct text *text) MUST_USE;

// The members of an object that a shape names, in any order. Plain ones are
// written into `target` at their offset, with their bit in its `has`; null
// leaves them as they are.
struct members {
    struct cursor *cursor;
    const struct shape *shape;
    void *target;
    uint64_t seen;
    unsigned next;  // where to look for the next key
    int error;
};

// -ERR_BAD_TYPE in `error` when the value is no object.
struct members members_of(struct cursor *cursor, const struct shape *shape, void *target);
// Index of a member that the caller reads itself (FIELD_OTHER, not null), or
// -1 at the end or on an error: -ERR_DUPLICATE and those of the values.
int members_next(struct members *members);

// The members of an object whose names are data.
struct pairs {
    struct cursor *cursor;
    int error;
};

struct pairs pairs_of(struct cursor *cursor);
// False at the end or on an error; the cursor stands on the value.
bool pairs_next(struct pairs *pairs, struct text *key);

// The items of an array.
struct items {
    struct cursor *cursor;
    int error;
};

struct items items_of(struct cursor *cursor);
bool items_next(struct items *items);

#endif
