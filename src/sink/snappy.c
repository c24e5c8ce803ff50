#include "sink/snappy.h"

// No repeat begins in the last bytes of a fragment.
#define TAIL_BYTES ((size_t)8)

enum tag { TAG_LITERAL = 0, TAG_COPY_1 = 1, TAG_COPY_2 = 2 };

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

static void
pack_fragment(struct repeat_table *table, struct text fragment, struct out *out)
{
    struct repeat_search search = repeat_search(table, fragment, TAIL_BYTES, 0);
    struct repeat repeat;
    size_t pending = 0;  // not written yet
    while (repeat_next(&search, &repeat)) {
        write_literal(out, fragment.at + pending, repeat.at - pending);
        write_copy(out, repeat.distance, repeat.size);
        pending = repeat.at + repeat.size;
    }
    write_literal(out, fragment.at + pending, fragment.size - pending);
}

void
snappy_pack(struct repeat_table *table, struct text body, struct out *out)
{
    ASSERT(body.size <= UINT32_MAX);
    for (size_t size = body.size;; size >>= 7) {
        out_byte(out, (char)(size < 0x80 ? size : size | 0x80));
        if (size < 0x80) {
            break;
        }
    }
    for (size_t at = 0; at < body.size; at += REPEAT_TEXT_BYTES_MAX) {
        pack_fragment(table, text_sub(body, at, REPEAT_TEXT_BYTES_MAX), out);
    }
}
