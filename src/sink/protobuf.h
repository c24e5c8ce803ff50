// Protocol Buffers' wire format (developers.google.com/protocol-buffers,
// "Encoding"), written and read by hand: the few messages that sinks send have
// fixed fields, so that generated code would be more than the format itself.
//
// Writing goes into a struct out and never fails; what does not fit sets `full`.
// Zero values are written too: leaving them out is the caller's business. Reading
// never looks beyond the text that it was given. Pure.
#ifndef SKERRY_SINK_PROTOBUF_H
#define SKERRY_SINK_PROTOBUF_H

#include "base/text.h"

#define PROTOBUF_VARINT_BYTES_MAX 10

void protobuf_varint(struct out *out, uint64_t value);
size_t protobuf_varint_size(uint64_t value);

// Fields; numbers are below 2^29. int64 and int32 go through _u64 (negative ones
// take ten bytes), sint64 through _sint64 (zigzag).
void protobuf_u64(struct out *out, uint32_t field, uint64_t value);
void protobuf_sint64(struct out *out, uint32_t field, int64_t value);
void protobuf_bool(struct out *out, uint32_t field, bool value);
void protobuf_fixed64(struct out *out, uint32_t field, uint64_t value);
void protobuf_double(struct out *out, uint32_t field, double value);
void protobuf_float(struct out *out, uint32_t field, float value);
void protobuf_text(struct out *out, uint32_t field, struct text value);
// The same for string fields, whose bytes must be UTF-8: what is not becomes
// U+FFFD.
void protobuf_string(struct out *out, uint32_t field, struct text value);

// A message in a message: begin, write its fields, end. `about` is how long it
// probably gets; a wrong guess costs a move of its bytes and nothing else.
struct protobuf_message {
    size_t from;     // of the length
    unsigned width;  // bytes reserved for the length
};
struct protobuf_message protobuf_begin(struct out *out, uint32_t field, size_t about);
void protobuf_end(struct out *out, struct protobuf_message message);

enum protobuf_type {
    PROTOBUF_VARINT = 0,
    PROTOBUF_FIXED64 = 1,
    PROTOBUF_BYTES = 2,
    PROTOBUF_FIXED32 = 5,
};

struct protobuf_field {
    uint32_t number;
    enum protobuf_type type;
    uint64_t value;     // of all but PROTOBUF_BYTES
    struct text bytes;  // of PROTOBUF_BYTES
};

// Takes the next field from `rest`. False at the end and at the first byte that
// makes no sense; *rest is empty at the end only.
bool protobuf_next(struct text *rest, struct protobuf_field *field);

#endif
