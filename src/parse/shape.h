// What a decoder reads of a document, as data: one row a member.
//
// A shape is the set of members that are read of one kind of object. The
// splitter keeps exactly those and drops the others before they reach the
// element buffer, so that members are matched at their own place in the
// document and nowhere else; the reader fills a struct from what was kept. A
// new member is one row, and a case where it is not a plain value.
#ifndef SKERRY_PARSE_SHAPE_H
#define SKERRY_PARSE_SHAPE_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

// One more than the longest member name with both quotes.
#define KEY_BYTES_MAX 32

enum field_type {
    FIELD_U64,     // uint64_t: digits only
    FIELD_U32,     // uint32_t
    FIELD_I32,     // int32_t
    FIELD_BOOL,    // bool
    FIELD_DOUBLE,  // double
    FIELD_TIME,    // struct wall_ms: RFC 3339
    FIELD_TEXT,    // struct text
    FIELD_OTHER,   // the decoder reads it itself
    // Only in the shape of a whole document:
    FIELD_ENTER,    // an object to go down into
    FIELD_ELEMENT,  // one element of its own
    FIELD_STREAM,   // an array, each member of which is an element
};

struct shape;

struct field {
    char key[KEY_BYTES_MAX];  // with both quotes
    uint8_t key_size;
    uint8_t type;
    uint16_t offset;     // of the value in the struct that is filled
    uint16_t has;        // set in the struct's `unsigned has`; 0 = none
    uint16_t items_max;  // members of an array that are kept; 0 = all
    // Of the object, or of the objects in the array; NULL keeps all of it.
    const struct shape *child;
};

struct shape {
    const struct field *fields;
    uint8_t field_count;  // at most 64
    // Keeps the members whose names were given to the splitter at run time.
    bool wanted;
    uint16_t has_offset;
};

// Names that are too long do not compile: the array would have a size below 0.
#define FIELD_KEY(name)                                                                            \
    .key = "\"" name "\"",                                                                         \
    .key_size =                                                                                    \
        sizeof("\"" name "\"") - 1 + 0 * sizeof(char[KEY_BYTES_MAX - (int)sizeof("\"" name "\"")])
#define FIELD(name, kind, record, member)                                                          \
    {                                                                                              \
        FIELD_KEY(name), .type = FIELD_##kind, .offset = offsetof(record, member)                  \
    }
#define FIELD_HAS(name, kind, record, member, bit)                                                 \
    {                                                                                              \
        FIELD_KEY(name), .type = FIELD_##kind, .has = (bit), .offset = offsetof(record, member)    \
    }
// Read by the decoder: a scalar of its own kind, or all of something nested.
#define FIELD_WHOLE(name)                                                                          \
    {                                                                                              \
        FIELD_KEY(name), .type = FIELD_OTHER                                                       \
    }
#define FIELD_NESTED(name, shape)                                                                  \
    {                                                                                              \
        FIELD_KEY(name), .type = FIELD_OTHER, .child = &(shape)                                    \
    }
#define FIELD_LIST(name, shape, max)                                                               \
    {                                                                                              \
        FIELD_KEY(name), .type = FIELD_OTHER, .child = &(shape), .items_max = (max)                \
    }

#define SHAPE(array)                                                                               \
    {                                                                                              \
        .fields = (array), .field_count = ARRAY_COUNT(array)                                       \
    }
#define SHAPE_HAS(array, record)                                                                   \
    {                                                                                              \
        .fields = (array), .field_count = ARRAY_COUNT(array), .has_offset = offsetof(record, has)  \
    }

// Index of the field whose quoted key starts at `key` (KEY_BYTES_MAX bytes
// must be readable there), or -1. The search starts at `start`, because
// servers write members in a fixed order.
int shape_find(const struct shape *shape, unsigned start, const char *key);
// The same for a key that is given without quotes, after its escapes.
int shape_find_text(const struct shape *shape, struct text key);

#endif
