#include "sink/snappy.h"

#include <string.h>

#define FRAGMENT_BYTES ((size_t)65536)
#define MATCH_BYTES_MIN ((size_t)4)
// The last bytes of a fragment are literals, so that four bytes can always be
// read.
#define TAIL_BYTES ((size_t)8)

enum tag { TAG_LITERAL = 0, TAG_COPY_1 = 1, TAG_COPY_2 = 2 };

static uint32_t
load(const char *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static size_t
slot_of(uint32_t word)
{
    return word * UINT32_C(0x1e35a7bd) >> (32 - SNAPPY_TABLE_BITS);
}

static void
write_literal(struct out *out, const char *from, size_t size)
{
    if (size == 0) {
        return;
    }
    size_t last = size - 1;
    if (last < 60) {
        out_byte(out, (char)(last << 2 | TAG_LITERAL));
    } else if (last < 256) {
        out_byte(out, (char)(60 << 2 | TAG_LITERAL));
        out_byte(out, (char)last);
    } else {
        out_byte(out, (char)(61 << 2 | TAG_LITERAL));
        out_byte(out, (char)last);
        out_byte(out, (char)(last >> 8));
    }
    out_bytes(out, from, size);
}

static void
write_copy_2(struct out *out, size_t offset, size_t size)
{
    char bytes[3] = {
        (char)((size - 1) << 2 | TAG_COPY_2),
        (char)offset,
        (char)(offset >> 8),
    };
    out_bytes(out, bytes, sizeof bytes);
}

static void
write_copy(struct out *out, size_t offset, size_t size)
{
    // Never leaves less than four bytes for the last one, which may be short.
    while (size >= 68) {
        write_copy_2(out, offset, 64);
        size -= 64;
    }
    if (size > 64) {
        write_copy_2(out, offset, 60);
        size -= 60;
    }
    if (size >= 12 || offset >= 2048) {
        write_copy_2(out, offset, size);
        return;
    }
    out_byte(out, (char)(offset >> 8 << 5 | (size - 4) << 2 | TAG_COPY_1));
    out_byte(out, (char)offset);
}

static size_t
match_length(const char *earlier, const char *now, const char *end)
{
    const char *from = now;
    while (now < end && *earlier == *now) {
        earlier++;
        now++;
    }
    return (size_t)(now - from);
}

static void
pack_fragment(struct snappy_table *table, const char *base, size_t size, struct out *out)
{
    const char *end = base + size;
    const char *pending = base;  // not written yet
    const char *at = base + 1;
    // Bytes without a match make the steps longer: what does not repeat is
    // passed quickly.
    size_t missed = 32;
    memset(table, 0, sizeof *table);
    while (size > TAIL_BYTES && at < end - TAIL_BYTES) {
        uint32_t word = load(at);
        uint16_t *slot = &table->position[slot_of(word)];
        const char *earlier = base + *slot;
        *slot = (uint16_t)(at - base);
        if (load(earlier) != word) {
            at += missed++ >> 5;
            continue;
        }
        size_t length =
            MATCH_BYTES_MIN + match_length(earlier + MATCH_BYTES_MIN, at + MATCH_BYTES_MIN, end);
        write_literal(out, pending, (size_t)(at - pending));
        write_copy(out, (size_t)(at - earlier), length);
        at += length;
        pending = at;
        missed = 32;
    }
    write_literal(out, pending, (size_t)(end - pending));
}

void
snappy_pack(struct snappy_table *table, struct text body, struct out *out)
{
    ASSERT(body.size <= UINT32_MAX);
    for (size_t size = body.size;; size >>= 7) {
        out_byte(out, (char)(size < 0x80 ? size : size | 0x80));
        if (size < 0x80) {
            break;
        }
    }
    for (size_t at = 0; at < body.size; at += FRAGMENT_BYTES) {
        struct text fragment = text_sub(body, at, FRAGMENT_BYTES);
        pack_fragment(table, fragment.at, fragment.size, out);
    }
}
