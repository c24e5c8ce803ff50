#include "sink/lz4.h"

// Where the last repeat of a block may begin, and the bytes behind all repeats: the
// block format's rules of the end.
#define BEGIN_TAIL 12
#define END_TAIL 5
// Lengths of a token's halves; more is told in bytes behind it.
#define HALF_MAX ((size_t)15)
// In a block's length.
#define STORED UINT32_C(0x80000000)

static void
put_u32(char *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        at[i] = (char)(value >> (8 * i));
    }
}

static size_t
half_of(size_t length)
{
    return length < HALF_MAX ? length : HALF_MAX;
}

static void
write_rest(struct out *out, size_t length)
{
    if (length < HALF_MAX) {
        return;
    }
    for (length -= HALF_MAX; length >= 255; length -= 255) {
        out_byte(out, (char)255);
    }
    out_byte(out, (char)length);
}

static void
write_literals(struct out *out, struct text literals, size_t half)
{
    out_byte(out, (char)(half_of(literals.size) << 4 | half));
    write_rest(out, literals.size);
    out_text(out, literals);
}

static void
write_sequence(struct out *out, struct text literals, const struct repeat *repeat)
{
    size_t length = repeat->size - REPEAT_BYTES_MIN;
    write_literals(out, literals, half_of(length));
    out_byte(out, (char)repeat->distance);
    out_byte(out, (char)(repeat->distance >> 8));
    write_rest(out, length);
}

static void
pack_block(struct repeat_table *table, struct text block, struct out *out)
{
    struct repeat_search search = repeat_search(table, block, BEGIN_TAIL, END_TAIL);
    struct repeat repeat;
    size_t pending = 0;  // not written yet
    while (repeat_next(&search, &repeat)) {
        write_sequence(out, text_sub(block, pending, repeat.at - pending), &repeat);
        pending = repeat.at + repeat.size;
    }
    write_literals(out, text_sub(block, pending, SIZE_MAX), 0);
}

static void
write_block(struct repeat_table *table, struct text block, struct out *out)
{
    static const char no_length[4];
    size_t length_at = out->used;
    out_bytes(out, no_length, sizeof no_length);
    size_t from = out->used;
    pack_block(table, block, out);
    uint32_t length = (uint32_t)(out->used - from);
    if (!out->full && length >= block.size) {
        out->used = from;
        out_text(out, block);
        length = (uint32_t)block.size | STORED;
    }
    if (!out->full) {
        put_u32(out->at + length_at, length);
    }
}

void
lz4_pack(struct repeat_table *table, struct text body, struct out *out)
{
    // The magic number; version 1 with blocks that stand alone; blocks of 64 KB at
    // most; the checksum of these two bytes.
    static const char head[] = {0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, (char)0x82};
    static const char end[4];
    out_bytes(out, head, sizeof head);
    for (size_t at = 0; at < body.size; at += REPEAT_TEXT_BYTES_MAX) {
        write_block(table, text_sub(body, at, REPEAT_TEXT_BYTES_MAX), out);
    }
    out_bytes(out, end, sizeof end);
}
