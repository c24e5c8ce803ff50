// Writing JSON into a struct out: the caller gives structure, this does
// escaping and commas. No nesting state beyond one bit a level.
#ifndef SKERRY_BASE_JSON_H
#define SKERRY_BASE_JSON_H

#include <stdint.h>

#include "base/text.h"

#define JSON_DEPTH_MAX 16

struct json {
    struct out *out;
    unsigned depth;
    uint32_t started;  // bit d: level d has an element already
};

struct json json_of(struct out *out);
void json_object(struct json *json);                // {
void json_object_end(struct json *json);            // }
void json_array(struct json *json);                 // [
void json_array_end(struct json *json);             // ]
void json_key(struct json *json, const char *key);  // key needs no escaping
void json_key_text(struct json *json, struct text key);
void json_text(struct json *json, struct text value);  // escaped; bad UTF-8 -> U+FFFD
void json_string(struct json *json, const char *value);
void json_u64(struct json *json, uint64_t value);
void json_i64(struct json *json, int64_t value);
void json_double(struct json *json, double value);
void json_float(struct json *json, float value);
void json_bool(struct json *json, bool value);
void json_null(struct json *json);
// An already written JSON value.
void json_raw(struct json *json, struct text value);

#endif
