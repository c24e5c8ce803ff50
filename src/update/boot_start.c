#include "update/boot_start.h"

#include <string.h>

// UEFI specification 2.10, section 10.3: a node is its kind, its subkind, and its
// length in two bytes, which counts these four.
#define NODE_HEAD 4
#define KIND_MEDIA 4
#define MEDIA_PARTITION 1
#define MEDIA_FILE 4
#define KIND_END 0x7f
#define PARTITION_BYTES 42
#define PARTITION_NUMBER_AT 4
#define PARTITION_MARK_AT 24

// Of the kernel's head: its magic, and the bytes it needs from where it begins,
// which is more than what it unpacks.
#define HEAD_MAGIC_AT 0x202
#define HEAD_ROOM_AT 0x260

struct boot_start
boot_start_choose(const struct boot_block *block)
{
    struct boot_start start = {.slot = block->slot};
    if (block->trial == SLOT_NONE) {
        return start;
    }
    if (block->tried) {
        start.is_retreat = true;
    } else {
        start.is_trial = true;
        start.slot = block->trial;
    }
    return start;
}

void
boot_start_line(const struct boot_start *start, struct out *out)
{
    out_string(out, "initrd=\\initramfs console=tty0 console=ttyS0,115200 quiet skerry.slot=");
    out_byte(out, slot_letter(start->slot));
    if (start->is_trial) {
        out_string(out, " skerry.trial=");
        out_byte(out, slot_letter(start->slot));
    }
}

size_t
boot_kernel_room(struct text head)
{
    if (head.size < BOOT_HEAD_BYTES ||
        !text_equal(text_sub(head, HEAD_MAGIC_AT, 4), TEXT("HdrS"))) {
        return 0;
    }
    uint64_t needed = text_little_endian(head, HEAD_ROOM_AT, 4);
    if (needed > BOOT_ROOM_BYTES_MAX) {
        return 0;
    }
    return (size_t)(needed + BOOT_ROOM_STEP - 1) / BOOT_ROOM_STEP * BOOT_ROOM_STEP;
}

static size_t
node_bytes(struct text bytes, size_t at)
{
    return (size_t)text_little_endian(bytes, at + 2, 2);
}

// Where the node that ends a path begins, and the one before, SIZE_MAX if none is.
static bool
find_end(struct text bytes, size_t *last, size_t *end)
{
    *last = SIZE_MAX;
    *end = 0;
    while (bytes.size - *end >= NODE_HEAD) {
        size_t size = node_bytes(bytes, *end);
        if (size < NODE_HEAD || size > bytes.size - *end) {
            return false;
        }
        if (bytes.at[*end] == KIND_END) {
            return true;
        }
        *last = *end;
        *end += size;
    }
    return false;
}

size_t
boot_path_bytes(const char *at)
{
    size_t last;
    size_t end;
    struct text bytes = {at, BOOT_PATH_BYTES_MAX};
    return find_end(bytes, &last, &end) ? end + node_bytes(bytes, end) : 0;
}

int
boot_path_read(struct text bytes, struct boot_path *path)
{
    size_t end;
    size_t last;
    if (!find_end(bytes, &last, &end) || last == SIZE_MAX || end - last != PARTITION_BYTES || bytes.at[last] != KIND_MEDIA ||
        bytes.at[last + 1] != MEDIA_PARTITION) {
        return -ERR_MALFORMED;
    }
    *path = (struct boot_path){
        .disk = text_sub(bytes, 0, last),
        .whole = text_sub(bytes, 0, end),
        .number = (uint32_t)text_little_endian(bytes, last + PARTITION_NUMBER_AT, 4),
        .mark = text_sub(bytes, last + PARTITION_MARK_AT, PARTITION_BYTES - PARTITION_MARK_AT),
    };
    return 0;
}

bool
boot_path_is_slot(const struct boot_path *path, const struct boot_path *own, enum slot slot)
{
    return path->number == (slot == SLOT_A ? 2 : 3) && text_equal(path->disk, own->disk) &&
           text_equal(path->mark, own->mark);
}

static void
out_u16(struct out *out, size_t value)
{
    out_byte(out, (char)(value & 0xff));
    out_byte(out, (char)(value >> 8 & 0xff));
}

void
boot_path_of_file(const struct boot_path *path, const char *name, struct out *out)
{
    size_t letters = strlen(name) + 1;
    out_text(out, path->whole);
    out_byte(out, KIND_MEDIA);
    out_byte(out, MEDIA_FILE);
    out_u16(out, NODE_HEAD + 2 * letters);
    for (size_t i = 0; i < letters; i++) {
        out_u16(out, (unsigned char)name[i]);
    }
    out_byte(out, KIND_END);
    out_byte(out, (char)0xff);
    out_u16(out, NODE_HEAD);
}
