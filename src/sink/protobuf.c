#include "sink/protobuf.h"

#include <string.h>

#define FIELD_MAX ((UINT32_C(1) << 29) - 1)

void
protobuf_varint(struct out *out, uint64_t value)
{
    char bytes[PROTOBUF_VARINT_BYTES_MAX];
    size_t size = 0;
    while (value >= 0x80) {
        bytes[size++] = (char)(value | 0x80);
        value >>= 7;
    }
    bytes[size++] = (char)value;
    out_bytes(out, bytes, size);
}

size_t
protobuf_varint_size(uint64_t value)
{
    size_t size = 1;
    while (value >= 0x80) {
        value >>= 7;
        size++;
    }
    return size;
}

static void
write_tag(struct out *out, uint32_t field, enum protobuf_type type)
{
    ASSERT(field >= 1);
    ASSERT(field <= FIELD_MAX);
    protobuf_varint(out, (uint64_t)field << 3 | type);
}

void
protobuf_u64(struct out *out, uint32_t field, uint64_t value)
{
    write_tag(out, field, PROTOBUF_VARINT);
    protobuf_varint(out, value);
}

void
protobuf_sint64(struct out *out, uint32_t field, int64_t value)
{
    uint64_t twice = (uint64_t)value << 1;
    protobuf_u64(out, field, value < 0 ? ~twice : twice);
}

void
protobuf_bool(struct out *out, uint32_t field, bool value)
{
    protobuf_u64(out, field, value ? 1 : 0);
}

static void
write_little_endian(struct out *out, uint64_t value, unsigned size)
{
    char bytes[8];
    for (unsigned i = 0; i < size; i++) {
        bytes[i] = (char)(value >> (8 * i));
    }
    out_bytes(out, bytes, size);
}

void
protobuf_fixed64(struct out *out, uint32_t field, uint64_t value)
{
    write_tag(out, field, PROTOBUF_FIXED64);
    write_little_endian(out, value, 8);
}

void
protobuf_double(struct out *out, uint32_t field, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    protobuf_fixed64(out, field, bits);
}

void
protobuf_float(struct out *out, uint32_t field, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    write_tag(out, field, PROTOBUF_FIXED32);
    write_little_endian(out, bits, 4);
}

void
protobuf_text(struct out *out, uint32_t field, struct text value)
{
    write_tag(out, field, PROTOBUF_BYTES);
    protobuf_varint(out, value.size);
    out_text(out, value);
}

void
protobuf_string(struct out *out, uint32_t field, struct text value)
{
    if (text_is_utf8(value)) {
        protobuf_text(out, field, value);
        return;
    }
    struct protobuf_message message = protobuf_begin(out, field, value.size);
    for (size_t at = 0; at < value.size;) {
        size_t length = text_utf8_length(value, at);
        if (length == 0) {
            out_string(out, "\xef\xbf\xbd");
            length = 1;
        } else {
            out_text(out, text_sub(value, at, length));
        }
        at += length;
    }
    protobuf_end(out, message);
}

struct protobuf_message
protobuf_begin(struct out *out, uint32_t field, size_t about)
{
    static const char zeros[PROTOBUF_VARINT_BYTES_MAX];
    write_tag(out, field, PROTOBUF_BYTES);
    struct protobuf_message message = {out->used, (unsigned)protobuf_varint_size(about)};
    out_bytes(out, zeros, message.width);
    return message;
}

void
protobuf_end(struct out *out, struct protobuf_message message)
{
    if (out->full) {
        return;
    }
    size_t body = message.from + message.width;
    ASSERT(body <= out->used);
    size_t size = out->used - body;
    size_t width = protobuf_varint_size(size);
    if (width > message.width && width - message.width > out->size - out->used) {
        out->full = true;
        return;
    }
    if (width != message.width) {
        memmove(out->at + message.from + width, out->at + body, size);
    }
    out->used = message.from;
    protobuf_varint(out, size);
    out->used += size;
}

static bool
take_varint(struct text *rest, uint64_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < rest->size && i < PROTOBUF_VARINT_BYTES_MAX; i++) {
        unsigned char byte = (unsigned char)rest->at[i];
        if (i == 9 && byte > 1) {
            return false;
        }
        *value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *rest = text_sub(*rest, i + 1, SIZE_MAX);
            return true;
        }
    }
    return false;
}

static bool
take_little_endian(struct text *rest, unsigned size, uint64_t *value)
{
    *value = 0;
    if (rest->size < size) {
        return false;
    }
    for (unsigned i = 0; i < size; i++) {
        *value |= (uint64_t)(unsigned char)rest->at[i] << (8 * i);
    }
    *rest = text_sub(*rest, size, SIZE_MAX);
    return true;
}

static bool
take_bytes(struct text *rest, struct text *bytes)
{
    uint64_t size = 0;
    if (!take_varint(rest, &size) || size > rest->size) {
        return false;
    }
    *bytes = text_sub(*rest, 0, (size_t)size);
    *rest = text_sub(*rest, (size_t)size, SIZE_MAX);
    return true;
}

static bool
take_value(struct text *rest, struct protobuf_field *field)
{
    switch (field->type) {
    case PROTOBUF_VARINT:
        return take_varint(rest, &field->value);
    case PROTOBUF_FIXED64:
        return take_little_endian(rest, 8, &field->value);
    case PROTOBUF_FIXED32:
        return take_little_endian(rest, 4, &field->value);
    case PROTOBUF_BYTES:
        return take_bytes(rest, &field->bytes);
    default:
        return false;  // groups were never in what we read
    }
}

bool
protobuf_next(struct text *rest, struct protobuf_field *field)
{
    struct text after = *rest;
    uint64_t tag = 0;
    if (!take_varint(&after, &tag) || tag >> 3 == 0 || tag >> 3 > FIELD_MAX) {
        return false;
    }
    *field = (struct protobuf_field){
        .number = (uint32_t)(tag >> 3),
        .type = (enum protobuf_type)(tag & 7),
    };
    if (!take_value(&after, field)) {
        return false;
    }
    *rest = after;
    return true;
}
