// LZ4's frame format read back, byte by byte as lz4_Frame_format.md and
// lz4_Block_format.md have it: what an encoder must not do fails.
#ifndef SKERRY_TESTS_UNIT_SINK_UNLZ4_H
#define SKERRY_TESTS_UNIT_SINK_UNLZ4_H

#include "../test.h"

static inline unsigned
unlz4_byte(struct text packed, size_t *at)
{
    CHECK(*at < packed.size);
    return (unsigned char)packed.at[(*at)++];
}

static inline size_t
unlz4_number(struct text packed, size_t *at, unsigned bytes)
{
    size_t number = 0;
    for (unsigned i = 0; i < bytes; i++) {
        number |= (size_t)unlz4_byte(packed, at) << (8 * i);
    }
    return number;
}

static inline size_t
unlz4_length(struct text packed, size_t *at, size_t half)
{
    unsigned more = 255;
    while (half >= 15 && more == 255) {
        more = unlz4_byte(packed, at);
        half += more;
    }
    return half;
}

// The last repeat of a block begins 12 bytes before its end or earlier, and 5 bytes
// behind it are none of it.
static inline void
unlz4_block(struct text block, struct out *out)
{
    size_t at = 0;
    size_t from = out->used;
    size_t repeat_from = SIZE_MAX;
    size_t repeat_end = 0;
    for (;;) {
        unsigned token = unlz4_byte(block, &at);
        size_t literals = unlz4_length(block, &at, token >> 4);
        CHECK(literals <= block.size - at);
        out_bytes(out, block.at + at, literals);
        at += literals;
        if (at == block.size) {
            break;
        }
        size_t distance = unlz4_number(block, &at, 2);
        size_t length = unlz4_length(block, &at, token & 15) + 4;
        CHECK(distance > 0 && distance <= out->used - from);
        repeat_from = out->used;
        repeat_end = out->used + length;
        for (size_t i = 0; i < length; i++) {
            out_byte(out, out->at[out->used - distance]);
        }
    }
    CHECK(repeat_from == SIZE_MAX || repeat_from + 12 <= out->used);
    CHECK(repeat_from == SIZE_MAX || repeat_end + 5 <= out->used);
    CHECK(out->used - from <= 65536);
}

static inline void
unlz4(struct text packed, struct out *out)
{
    size_t at = 0;
    CHECK_EQUAL_U64(unlz4_number(packed, &at, 4), 0x184d2204);
    CHECK_EQUAL_U64(unlz4_byte(packed, &at), 0x60);  // version 1, blocks stand alone
    CHECK_EQUAL_U64(unlz4_byte(packed, &at), 0x40);  // 64 KB each
    CHECK_EQUAL_U64(unlz4_byte(packed, &at), 0x82);  // of XXH32 of these two
    for (;;) {
        size_t length = unlz4_number(packed, &at, 4);
        bool stored = length >> 31 != 0;
        length &= 0x7fffffff;
        if (length == 0) {
            break;
        }
        CHECK(length <= packed.size - at);
        if (stored) {
            CHECK(length <= 65536);
            out_bytes(out, packed.at + at, length);
        } else {
            unlz4_block(text_sub(packed, at, length), out);
        }
        at += length;
    }
    CHECK_EQUAL_U64(at, packed.size);
    CHECK(!out->full);
}

#endif
