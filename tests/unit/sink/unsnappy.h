// Snappy's block format read back, byte by byte as format_description.txt has it.
#ifndef SKERRY_TESTS_UNIT_SINK_UNSNAPPY_H
#define SKERRY_TESTS_UNIT_SINK_UNSNAPPY_H

#include "../test.h"

static inline size_t
unsnappy_number(struct text packed, size_t *at, unsigned bytes)
{
    size_t number = 0;
    for (unsigned i = 0; i < bytes; i++) {
        CHECK(*at < packed.size);
        number |= (size_t)(unsigned char)packed.at[(*at)++] << (8 * i);
    }
    return number;
}

static inline void
unsnappy(struct text packed, struct out *out)
{
    size_t at = 0;
    size_t size = 0;
    for (unsigned shift = 0;; shift += 7) {
        CHECK(at < packed.size && shift < 32);
        unsigned char byte = (unsigned char)packed.at[at++];
        size |= (size_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            break;
        }
    }
    while (at < packed.size) {
        unsigned tag = (unsigned char)packed.at[at++];
        size_t length = (tag >> 2) + 1;
        size_t offset = 0;
        if ((tag & 3) == 0) {
            length = length <= 60 ? length : unsnappy_number(packed, &at, tag / 4 - 59) + 1;
            CHECK(length <= packed.size - at);
            out_bytes(out, packed.at + at, length);
            at += length;
            continue;
        }
        if ((tag & 3) == 1) {
            length = (tag >> 2 & 7) + 4;
            offset = (size_t)(tag >> 5) << 8 | unsnappy_number(packed, &at, 1);
        } else {
            offset = unsnappy_number(packed, &at, (tag & 3) == 2 ? 2 : 4);
        }
        CHECK(offset > 0 && offset <= out->used);
        for (size_t i = 0; i < length; i++) {
            out_byte(out, out->at[out->used - offset]);
        }
    }
    CHECK(!out->full);
    CHECK_EQUAL_U64(out->used, size);
}

#endif
