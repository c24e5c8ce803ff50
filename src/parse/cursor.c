#include "parse/cursor.h"

#include <string.h>

#include "base/error.h"
#include "parse/lexeme.h"
#include "parse/scan.h"

struct cursor
cursor_of(struct text json, struct decode_space *space)
{
    ASSERT(json.size > 0);
    decode_space_reset(space);
    return (struct cursor){.at = json.at, .space = space};
}

bool
cursor_null(struct cursor *cursor)
{
    if (*cursor->at != 'n') {
        return false;
    }
    cursor->at += sizeof "null" - 1;
    return true;
}

// From behind the opening quote to the closing one.
static inline const char *
text_close(const char *at, bool *escaped)
{
    char copy[SCAN_BYTES];
    unsigned high_bytes = 0;
    for (;;) {
        unsigned plain = scan_plain(at, copy, &high_bytes);
        at += plain;
        if (plain < SCAN_BYTES) {
            if (*at == '"') {
                return at;
            }
            *escaped = true;
            at += 2;  // the splitter saw that something follows
        }
    }
}

// The text at the cursor as it is written, without its quotes.
static inline struct text
text_raw(struct cursor *cursor, bool *escaped)
{
    const char *start = cursor->at + 1;
    const char *close = text_close(start, escaped);
    cursor->at = close + 1;
    return (struct text){start, (size_t)(close - start)};
}

static int
text_decode(struct cursor *cursor, struct text raw, struct text *value)
{
    char *decoded = decode_space_take(cursor->space, raw.size);
    if (decoded == NULL) {
        return -ERR_TOO_LONG;
    }
    struct out out = out_of(decoded, raw.size);
    int error = unescape(raw, &out);
    *value = out_view(&out);
    return error;
}

int
cursor_text(struct cursor *cursor, struct text *value)
{
    if (*cursor->at != '"') {
        return -ERR_BAD_TYPE;
    }
    bool escaped = false;
    *value = text_raw(cursor, &escaped);
    return escaped ? text_decode(cursor, *value, value) : 0;
}

int
cursor_time(struct cursor *cursor, struct wall_ms *value)
{
    struct text text;
    int error = cursor_text(cursor, &text);
    return error != 0 ? error : decode_space_time(cursor->space, text, value);
}

// Behind the number, literal or text at `at`.
static inline const char *
scalar_end(const char *at)
{
    while (*at != ',' && *at != '}' && *at != ']' && *at != '\0') {
        at++;
    }
    return at;
}

void
cursor_skip(struct cursor *cursor)
{
    const char *at = cursor->at;
    unsigned depth = 0;
    do {
        bool escaped;
        switch (*at) {
        case '"':
            at = text_close(at + 1, &escaped) + 1;
            break;
        case '{':
        case '[':
            depth++;
            at++;
            break;
        case '}':
        case ']':
            depth--;
            at++;
            break;
        case ',':
        case ':':
            at++;
            break;
        default:
            at = scalar_end(at);
            break;
        }
    } while (depth > 0);
    cursor->at = at;
}

struct text
cursor_raw(struct cursor *cursor)
{
    const char *start = cursor->at;
    cursor_skip(cursor);
    return (struct text){start, (size_t)(cursor->at - start)};
}

// Eight digits at once: pairs, then fours, then eight, each by one multiply
// (Lemire: "Quickly parsing eight digits", 2018).
static inline uint64_t
eight_digits(uint64_t word)
{
    word -= SCAN_EACH('0');
    word = word * 10 + (word >> 8);
    uint64_t mask = UINT64_C(0x000000ff000000ff);
    uint64_t even = (word & mask) * UINT64_C(0x000f424000000064);
    uint64_t odd = (word >> 16 & mask) * UINT64_C(0x0000271000000001);
    return (even + odd) >> 32;
}

static inline bool
is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

// The digits at *at; false when there are more than a uint64_t holds.
static inline bool
digits_value(const char **at, uint64_t *value)
{
    const char *digit = *at;
    uint64_t sum = 0;
    bool fits = true;
    uint64_t word = scan_word(digit);
    if (scan_word_not_digit(word) == 0) {
        sum = eight_digits(word);
        digit += 8;
    }
    for (; is_digit(*digit); digit++) {
        uint64_t ones = (uint64_t)(*digit - '0');
        fits = fits && !__builtin_mul_overflow(sum, 10U, &sum) &&
               !__builtin_add_overflow(sum, ones, &sum);
    }
    *at = digit;
    *value = sum;
    return fits;
}

static inline bool
is_number(char first)
{
    return is_digit(first) || first == '-';
}

int
cursor_u64(struct cursor *cursor, uint64_t *value)
{
    const char *at = cursor->at;
    if (!is_digit(*at)) {
        return *at == '-' ? -ERR_BAD_NUMBER : -ERR_BAD_TYPE;
    }
    uint64_t sum;
    bool fits = digits_value(&at, &sum);
    bool whole = *at != '.' && (*at | 0x20) != 'e';
    if (!fits || !whole) {
        return -ERR_BAD_NUMBER;
    }
    cursor->at = at;
    *value = sum;
    return 0;
}

int
cursor_i32(struct cursor *cursor, int32_t *value)
{
    bool negative = *cursor->at == '-';
    cursor->at += negative;
    uint64_t size;
    int error = cursor_u64(cursor, &size);
    if (error != 0) {
        return error;
    }
    if (size > (uint64_t)INT32_MAX + negative) {
        return -ERR_BAD_NUMBER;
    }
    *value = (int32_t)(negative ? -(int64_t)size : (int64_t)size);
    return 0;
}

int
cursor_double(struct cursor *cursor, double *value)
{
    if (!is_number(*cursor->at)) {
        return -ERR_BAD_TYPE;
    }
    return text_to_double(cursor_raw(cursor), value);
}

int
cursor_bool(struct cursor *cursor, bool *value)
{
    if (*cursor->at != 't' && *cursor->at != 'f') {
        return -ERR_BAD_TYPE;
    }
    *value = *cursor->at == 't';
    cursor->at = scalar_end(cursor->at);
    return 0;
}

static int
cursor_u32(struct cursor *cursor, uint32_t *value)
{
    uint64_t wide;
    int error = cursor_u64(cursor, &wide);
    if (error == 0 && wide > UINT32_MAX) {
        error = -ERR_BAD_NUMBER;
    }
    if (error == 0) {
        *value = (uint32_t)wide;
    }
    return error;
}

int
cursor_prefixed(struct cursor *cursor, struct text prefix, struct text *text)
{
    size_t size = prefix.size + text->size;
    char *room = decode_space_take(cursor->space, size);
    if (room == NULL) {
        return -ERR_TOO_LONG;
    }
    memcpy(room, prefix.at, prefix.size);
    memcpy(room + prefix.size, text->at, text->size);
    *text = (struct text){room, size};
    return 0;
}

struct members
members_of(struct cursor *cursor, const struct shape *shape, void *target)
{
    return (struct members){
        .cursor = cursor,
        .shape = shape,
        .target = target,
        .error = *cursor->at == '{' ? 0 : -ERR_BAD_TYPE,
    };
}

static inline int
member_read(struct members *members, const struct field *field)
{
    struct cursor *cursor = members->cursor;
    char *value = (char *)members->target + field->offset;
    switch ((enum field_type)field->type) {
    case FIELD_U64:
        return cursor_u64(cursor, (void *)value);
    case FIELD_U32:
        return cursor_u32(cursor, (void *)value);
    case FIELD_I32:
        return cursor_i32(cursor, (void *)value);
    case FIELD_BOOL:
        return cursor_bool(cursor, (void *)value);
    case FIELD_DOUBLE:
        return cursor_double(cursor, (void *)value);
    case FIELD_TIME:
        return cursor_time(cursor, (void *)value);
    case FIELD_TEXT:
        return cursor_text(cursor, (void *)value);
    default:
        return 0;
    }
}

// On `{` or behind a member: passes what separates; false at the end.
static inline bool
next_in_object(struct cursor *cursor)
{
    if (*cursor->at == '}') {
        cursor->at++;
        return false;
    }
    cursor->at++;
    if (*cursor->at == '}') {
        cursor->at++;
        return false;
    }
    return true;
}

// The field of the key at the cursor, which is passed with its colon; -1 for
// one that the shape does not name, whose value is passed too.
static inline int
member_key(struct members *members)
{
    struct cursor *cursor = members->cursor;
    int index = shape_find(members->shape, members->next, cursor->at);
    if (index >= 0) {
        cursor->at += members->shape->fields[index].key_size + 1U;
        members->next = (unsigned)index + 1U;
        return index;
    }
    bool escaped;
    text_raw(cursor, &escaped);
    cursor->at++;
    cursor_skip(cursor);
    return -1;
}

int
members_next(struct members *members)
{
    while (members->error == 0 && next_in_object(members->cursor)) {
        int index = member_key(members);
        if (index < 0) {
            continue;
        }
        uint64_t bit = UINT64_C(1) << index;
        if ((members->seen & bit) != 0) {
            members->error = -ERR_DUPLICATE;
            break;
        }
        members->seen |= bit;
        if (cursor_null(members->cursor)) {
            continue;
        }
        const struct field *field = &members->shape->fields[index];
        if (field->type == FIELD_OTHER) {
            return index;
        }
        members->error = member_read(members, field);
        if (field->has != 0) {
            char *has = (char *)members->target + members->shape->has_offset;
            *(unsigned *)(void *)has |= field->has;
        }
    }
    return -1;
}

struct pairs
pairs_of(struct cursor *cursor)
{
    return (struct pairs){
        .cursor = cursor,
        .error = *cursor->at == '{' ? 0 : -ERR_BAD_TYPE,
    };
}

bool
pairs_next(struct pairs *pairs, struct text *key)
{
    if (pairs->error != 0 || !next_in_object(pairs->cursor)) {
        return false;
    }
    pairs->error = cursor_text(pairs->cursor, key);
    pairs->cursor->at++;
    return pairs->error == 0;
}

struct items
items_of(struct cursor *cursor)
{
    return (struct items){
        .cursor = cursor,
        .error = *cursor->at == '[' ? 0 : -ERR_BAD_TYPE,
    };
}

bool
items_next(struct items *items)
{
    struct cursor *cursor = items->cursor;
    if (items->error != 0 || *cursor->at == ']') {
        cursor->at += items->error == 0;
        return false;
    }
    cursor->at++;
    if (*cursor->at == ']') {
        cursor->at++;
        return false;
    }
    return true;
}
