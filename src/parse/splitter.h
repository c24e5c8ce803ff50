// Cuts a stream of JSON into elements as it arrives.
//
// Fed with pieces of any size, it checks the grammar of every byte (RFC 8259),
// keeps the members that a shape names, drops the others, and hands each
// element (one pod, one node) to a callback as compact JSON: no white space
// outside strings, member names that shapes name without escapes, strings
// otherwise as they came. Memory is one element, whatever the document's size.
//
// An element that is too large, malformed, too deep or not UTF-8 is counted
// by its enum error and left out, and the stream goes on behind its closing
// bracket. Where that cannot be told (brackets do not match, or the fault is
// outside of any element) feeding fails with -ERR_MALFORMED or -ERR_TOO_DEEP
// and stays failed. Members that stand twice are found by the reader.
#ifndef SKERRY_PARSE_SPLITTER_H
#define SKERRY_PARSE_SPLITTER_H

#include "base/arena.h"
#include "base/text.h"
#include "limits.h"
#include "parse/decoder.h"
#include "parse/shape.h"

// What a whole document is.
enum root_kind {
    ROOT_OBJECT,    // an object whose shape says where the elements are
    ROOT_ARRAY,     // an array, each member of which is an element
    ROOT_ELEMENT,   // one element
    ROOT_ELEMENTS,  // elements one after another, as a watch sends them
};

struct document {
    enum root_kind kind;
    const struct shape *shape;
};

// Names that shapes with `wanted` keep, given at run time.
#define WANTED_MAX 4

struct wanted {
    uint32_t count;
    struct text keys[WANTED_MAX];  // must outlive the document
};

// `tag` is the index of the field in the document's shape, or 0. `json` lies in
// the element buffer, which is followed by readable bytes (see scan.h) and is
// used again after the call. What is returned is counted, not passed on: 0, or
// -ERR_... when the element is not what the format says.
typedef int splitter_take(void *context, unsigned tag, struct text json);

struct splitter {
    const struct document *document;
    struct wanted wanted;
    splitter_take *take;
    void *context;
    char *buffer;  // the element; SCAN_PAD bytes lie behind
    size_t size;   // bytes an element may have
    struct parse_counters counters;

    int error;            // sticky
    unsigned state;       // enum state in splitter.c
    unsigned escape;      // within a text: see escape_next
    unsigned number;      // enum number_state
    const char *literal;  // rest of true, false or null
    bool key_escaped;
    bool dropping;    // within a member or item that is left out
    bool high_bytes;  // the element may have bytes above 0x7f
    unsigned depth;   // open brackets
    // These are depths, or NO_DEPTH.
    unsigned element;   // around the element
    unsigned boundary;  // around the element, or around what is dropped
    unsigned stream;    // within the array of elements
    unsigned tag;
    unsigned stream_tag;
    enum error fault;             // why the element is left out
    size_t used;                  // bytes of the element or key in the buffer
    size_t key_start;             // of the name and the comma before it
    size_t keep;                  // all ones while bytes are kept, else 0
    const struct field *field;    // of the member whose value comes
    const struct shape *pending;  // shape of the value that comes
    uint64_t objects;             // bit d - 1: level d is an object
    const struct shape *shapes[JSON_NESTING_MAX + 1];
    uint16_t items_max[JSON_NESTING_MAX + 1];
    // Of an object: where to look for the next key. Of an array: its items.
    uint16_t next[JSON_NESTING_MAX + 1];
};

size_t splitter_footprint(size_t element_bytes);
// `context` is passed to `take`.
void splitter_init(struct splitter *splitter, struct arena *arena, size_t element_bytes,
                   splitter_take *take, void *context);
// Forgets everything and starts with a document of this kind; `wanted` may be
// NULL.
void splitter_begin(struct splitter *splitter, const struct document *document,
                    const struct wanted *wanted);
int splitter_feed(struct splitter *splitter, const void *bytes, size_t size) MUST_USE;
int splitter_end(struct splitter *splitter) MUST_USE;

#endif
