// The splitter's oracle: the same rules, written in the plainest way, over a
// whole document at once. Gives a log with one line `TAG JSON` an element, or
// says that the document is not well-formed.
#ifndef SKERRY_TESTS_UNIT_PARSE_REFERENCE_JSON_H
#define SKERRY_TESTS_UNIT_PARSE_REFERENCE_JSON_H

#include <stdlib.h>
#include <string.h>

#include "parse/splitter.h"

struct reference {
    const char *at;
    const char *end;
    const struct document *document;
    const struct wanted *wanted;
    char *out;  // where kept bytes go
    char *out_start;
    size_t keep;  // 0: they do not
};

static inline void
reference_put(struct reference *r, char byte)
{
    if (r->keep != 0) {
        *r->out++ = byte;
    }
}

static inline void
reference_blanks(struct reference *r)
{
    while (r->at < r->end && strchr(" \t\r\n", *r->at) != NULL && *r->at != 0) {
        r->at++;
    }
}

static inline bool
reference_take(struct reference *r, char byte)
{
    if (r->at == r->end || *r->at != byte) {
        return false;
    }
    r->at++;
    return true;
}

static inline bool
reference_is_hex(char byte)
{
    return byte != 0 && strchr("0123456789abcdefABCDEF", byte) != NULL;
}

// From behind the opening quote to behind the closing one.
static inline bool
reference_text(struct reference *r)
{
    reference_put(r, '"');
    for (;;) {
        if (r->at == r->end || (unsigned char)*r->at < 0x20) {
            return false;
        }
        char byte = *r->at++;
        reference_put(r, byte);
        if (byte == '"') {
            return true;
        }
        if (byte != '\\') {
            continue;
        }
        if (r->at == r->end || *r->at == 0 || strchr("\"\\/bfnrtu", *r->at) == NULL) {
            return false;
        }
        byte = *r->at++;
        reference_put(r, byte);
        for (int i = 0; byte == 'u' && i < 4; i++) {
            if (r->at == r->end || !reference_is_hex(*r->at)) {
                return false;
            }
            reference_put(r, *r->at++);
        }
    }
}

static inline bool
reference_digits(struct reference *r)
{
    const char *start = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        reference_put(r, *r->at++);
    }
    return r->at > start;
}

static inline bool
reference_number(struct reference *r)
{
    if (reference_take(r, '-')) {
        reference_put(r, '-');
    }
    if (reference_take(r, '0')) {
        reference_put(r, '0');
    } else if (!reference_digits(r)) {
        return false;
    }
    if (reference_take(r, '.')) {
        reference_put(r, '.');
        if (!reference_digits(r)) {
            return false;
        }
    }
    if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
        reference_put(r, *r->at++);
        if (r->at < r->end && (*r->at == '-' || *r->at == '+')) {
            reference_put(r, *r->at++);
        }
        return reference_digits(r);
    }
    return true;
}

static inline bool
reference_literal(struct reference *r)
{
    static const char *const literals[] = {"true", "false", "null"};
    for (int i = 0; i < 3; i++) {
        size_t size = strlen(literals[i]);
        if ((size_t)(r->end - r->at) >= size && memcmp(r->at, literals[i], size) == 0) {
            for (size_t b = 0; b < size; b++) {
                reference_put(r, *r->at++);
            }
            return true;
        }
    }
    return false;
}

static bool reference_value(struct reference *r, int depth, const struct shape *shape,
                            unsigned items_max);

// An element that starts here: one line of the log.
static inline bool
reference_element(struct reference *r, int depth, const struct shape *shape, unsigned tag)
{
    r->keep = 1;
    reference_put(r, (char)('0' + tag));
    reference_put(r, ' ');
    bool good = reference_value(r, depth, shape, 0);
    reference_put(r, '\n');
    r->keep = 0;
    return good;
}

// What a shape says of the name that starts at `raw` and ends at `end`.
static inline bool
reference_find(struct reference *r, const struct shape *shape, const char *raw, const char *end,
               const struct field **field)
{
    *field = NULL;
    char decoded[1024];
    size_t used = 0;
    if ((size_t)(end - raw) > sizeof decoded) {
        return false;
    }
    for (const char *at = raw; at < end; at++) {
        if (*at != '\\') {
            decoded[used++] = *at;
            continue;
        }
        // Anything that is in no name of a shape stands for itself.
        decoded[used++] = '\x01';
        at++;
        if (*at == 'u') {
            char hex[5] = {at[1], at[2], at[3], at[4], 0};
            unsigned long code = strtoul(hex, NULL, 16);
            decoded[used - 1] = (char)(code < 0x80 ? code : 1);
            at += 4;
        } else if (*at == '/' || *at == '"' || *at == '\\') {
            decoded[used - 1] = *at;
        }
    }
    for (unsigned i = 0; i < shape->field_count; i++) {
        const struct field *f = &shape->fields[i];
        if (used + 2U == f->key_size && memcmp(f->key + 1, decoded, used) == 0) {
            *field = f;
            return true;
        }
    }
    for (uint32_t i = 0; shape->wanted && i < r->wanted->count; i++) {
        struct text name = {raw, (size_t)(end - raw)};
        if (text_equal(r->wanted->keys[i], name)) {
            return true;
        }
    }
    return false;
}

static inline bool
reference_stream(struct reference *r, int depth, const struct shape *shape, unsigned tag)
{
    r->at++;
    reference_blanks(r);
    if (reference_take(r, ']')) {
        return true;
    }
    do {
        reference_blanks(r);
        if (!reference_element(r, depth + 1, shape, tag)) {
            return false;
        }
        reference_blanks(r);
    } while (reference_take(r, ','));
    return reference_take(r, ']');
}

// A member's value, after its name was found to be `field`.
static inline bool
reference_member(struct reference *r, int depth, const struct field *field, bool outside)
{
    const struct shape *child = field == NULL ? NULL : field->child;
    unsigned tag = 0;
    if (outside && field != NULL) {
        tag = (unsigned)(field - r->document->shape->fields);
        if (field->type == FIELD_ELEMENT) {
            return reference_element(r, depth, child, tag);
        }
        if (field->type == FIELD_STREAM && r->at < r->end && *r->at == '[') {
            return reference_stream(r, depth, child, tag);
        }
        if (field->type == FIELD_STREAM) {
            child = NULL;
        }
    }
    return reference_value(r, depth, child, field == NULL ? 0 : field->items_max);
}

static inline bool
reference_object(struct reference *r, int depth, const struct shape *shape)
{
    bool outside = r->keep == 0 && depth == 1;
    bool first = true;
    reference_put(r, '{');
    r->at++;
    reference_blanks(r);
    if (reference_take(r, '}')) {
        reference_put(r, '}');
        return true;
    }
    do {
        reference_blanks(r);
        const struct field *field = NULL;
        char *before = r->out;
        size_t keep_before = r->keep;
        if (r->at == r->end || *r->at != '"') {
            return false;
        }
        const char *raw = ++r->at;
        if (keep_before != 0 && !first) {
            reference_put(r, ',');
        }
        char *name_out = r->out;
        if (!reference_text(r)) {
            return false;
        }
        bool keep = shape == NULL || reference_find(r, shape, raw, r->at - 1, &field);
        if (keep_before != 0 && keep && field != NULL) {
            memcpy(name_out, field->key, field->key_size);
            r->out = name_out + field->key_size;
        }
        reference_blanks(r);
        if (!reference_take(r, ':')) {
            return false;
        }
        reference_put(r, ':');
        if (!keep) {
            r->out = before;
            r->keep = 0;
        } else if (keep_before != 0) {
            first = false;
        }
        reference_blanks(r);
        bool enter = outside && keep;
        if (!(enter ? reference_member(r, depth, field, true)
                    : reference_member(r, depth, keep_before ? field : NULL, false))) {
            return false;
        }
        r->keep = keep_before;
        reference_blanks(r);
    } while (reference_take(r, ','));
    reference_put(r, '}');
    return reference_take(r, '}');
}

static inline bool
reference_array(struct reference *r, int depth, const struct shape *shape, unsigned items_max)
{
    size_t keep_before = r->keep;
    unsigned kept = 0;
    reference_put(r, '[');
    r->at++;
    reference_blanks(r);
    if (reference_take(r, ']')) {
        reference_put(r, ']');
        return true;
    }
    do {
        reference_blanks(r);
        if (items_max != 0 && kept == items_max) {
            r->keep = 0;
        } else if (kept++ > 0) {
            reference_put(r, ',');
        }
        if (!reference_value(r, depth, r->keep ? shape : NULL, 0)) {
            return false;
        }
        r->keep = keep_before;
        reference_blanks(r);
    } while (reference_take(r, ','));
    reference_put(r, ']');
    return reference_take(r, ']');
}

static bool
reference_value(struct reference *r, int depth, const struct shape *shape, unsigned items_max)
{
    reference_blanks(r);
    if (r->at == r->end) {
        return false;
    }
    switch (*r->at) {
    case '{':
        return depth < JSON_NESTING_MAX && reference_object(r, depth + 1, shape);
    case '[':
        return depth < JSON_NESTING_MAX && reference_array(r, depth + 1, shape, items_max);
    case '"':
        r->at++;
        return reference_text(r);
    case 't':
    case 'f':
    case 'n':
        return reference_literal(r);
    default:
        return reference_number(r);
    }
}

// Whether the document is well-formed; the log is NUL-terminated in `out`,
// which must have room for twice the input.
static inline bool
reference_split(const struct document *document, const struct wanted *wanted, struct text input,
                char *out)
{
    struct reference r = {
        .at = input.at,
        .end = input.at + input.size,
        .document = document,
        .wanted = wanted,
        .out = out,
    };
    bool good = true;
    bool any = false;
    reference_blanks(&r);
    while (good && r.at < r.end && (!any || document->kind == ROOT_ELEMENTS)) {
        any = true;
        if (document->kind == ROOT_OBJECT) {
            good = *r.at == '{' && reference_value(&r, 0, document->shape, 0);
        } else if (document->kind == ROOT_ARRAY) {
            good = *r.at == '[' && reference_stream(&r, 0, document->shape, 0);
        } else {
            good = reference_element(&r, 0, document->shape, 0);
        }
        reference_blanks(&r);
    }
    *r.out = '\0';
    return good && r.at == r.end && (any || document->kind == ROOT_ELEMENTS);
}

#endif
