// Picks a few strings out of a JSON document of any size as it streams by.
//
// Runtimes keep a file for each container in which we want a name or two and
// everything else (environment, mounts, labels) is somebody else's choice. The
// plan names the members that are wanted by their path; each string found
// there is kept, and every row (the document, or each object in an array of
// objects) is handed over when it ends. Memory is this struct, whatever comes.
//
// Grammar is checked only as far as needed to know where we are: brackets,
// strings and escapes. A string that is too long or not UTF-8 counts as absent
// and is noted in `fault`. Of members that stand twice the last one counts.
#ifndef SKERRY_HOST_JSON_PICK_H
#define SKERRY_HOST_JSON_PICK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "limits.h"

#define JSON_PICK_STEPS_MAX 4
#define JSON_PICK_RULES_MAX 16
// A name, an image reference, or a short JSON text within a string.
#define JSON_PICK_VALUE_BYTES_MAX 1024
#define JSON_PICK_KEY_BYTES_MAX 64

// Member names from the row inwards, ended by an empty one; "[]" stands for
// the first member of an array.
struct json_pick_rule {
    struct text steps[JSON_PICK_STEPS_MAX + 1];
};

struct json_pick_plan {
    bool rows;  // the document is an array, each object in it a row
    uint32_t rule_count;
    const struct json_pick_rule *rules;
};

struct json_pick;

// One row has ended; see json_pick_value.
typedef void json_pick_take(void *context, const struct json_pick *pick);

struct json_pick_slot {
    uint32_t size;
    bool found;
    bool cut;
    char bytes[JSON_PICK_VALUE_BYTES_MAX];
};

struct json_pick {
    const struct json_pick_plan *plan;
    json_pick_take *take;
    void *context;
    int error;         // sticky: 0 or -ERR_...
    int fault;         // the last reason why a string was left out, or 0
    unsigned depth;    // open brackets
    uint64_t objects;  // bit d - 1: level d is an object
    unsigned escape;   // see parse/lexeme.h
    bool in_string;
    bool in_key;
    bool key_cut;
    bool want_key;
    bool begun;
    uint32_t pending;  // rules that the next value may fit
    uint32_t capture;  // rules that the string now read is for
    uint32_t key_size;
    uint32_t live[JSON_NESTING_MAX + 1];  // rules that fit down to each depth
    char key[JSON_PICK_KEY_BYTES_MAX];
    char scratch[JSON_PICK_VALUE_BYTES_MAX];
    struct json_pick_slot slots[JSON_PICK_RULES_MAX];
};

void json_pick_begin(struct json_pick *pick, const struct json_pick_plan *plan,
                     json_pick_take *take, void *context);
// -ERR_MALFORMED, -ERR_TOO_DEEP; sticky.
int json_pick_feed(struct json_pick *pick, const void *bytes, size_t size) MUST_USE;
// -ERR_TRUNCATED when a bracket or string is open, or nothing came at all.
int json_pick_end(struct json_pick *pick) MUST_USE;

// What a rule found in this row, without escapes; empty when nothing. A view
// of `pick`, valid within `take`.
struct text json_pick_value(const struct json_pick *pick, uint32_t rule);

#endif
