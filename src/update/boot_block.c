#include "update/boot_block.h"

#include <string.h>

#include "base/check.h"

#define HEAD TEXT("# GRUB Environment Block\n")

char
slot_letter(enum slot slot)
{
    return slot == SLOT_A ? 'a' : slot == SLOT_B ? 'b' : '?';
}

enum slot
slot_of_text(struct text text)
{
    if (text_equal(text, TEXT("a"))) {
        return SLOT_A;
    }
    return text_equal(text, TEXT("b")) ? SLOT_B : SLOT_NONE;
}

static void
take_mark(struct text value, char mark[static UPDATE_MARK_BYTES + 1])
{
    if (value.size != UPDATE_MARK_BYTES) {
        return;
    }
    for (size_t i = 0; i < value.size; i++) {
        if (strchr("0123456789abcdef", value.at[i]) == NULL || value.at[i] == '\0') {
            return;
        }
    }
    memcpy(mark, value.at, value.size);
    mark[value.size] = '\0';
}

static void
take(struct boot_block *block, struct text name, struct text value)
{
    if (text_equal(name, TEXT("slot"))) {
        block->slot = slot_of_text(value) == SLOT_B ? SLOT_B : SLOT_A;
    } else if (text_equal(name, TEXT("trial"))) {
        block->trial = slot_of_text(value);
    } else if (text_equal(name, TEXT("tried"))) {
        block->tried = text_equal(value, TEXT("1"));
    } else if (text_equal(name, TEXT("mark_a"))) {
        take_mark(value, block->mark[SLOT_A]);
    } else if (text_equal(name, TEXT("mark_b"))) {
        take_mark(value, block->mark[SLOT_B]);
    }
}

int
boot_block_read(struct text bytes, struct boot_block *block)
{
    struct text line;
    struct text name;
    struct text value;
    *block = (struct boot_block){.slot = SLOT_A, .trial = SLOT_NONE};
    if (bytes.size != BOOT_BLOCK_BYTES || !text_starts(bytes, HEAD)) {
        return -ERR_MALFORMED;
    }
    struct text rest = text_sub(bytes, HEAD.size, SIZE_MAX);
    // What fills the block up begins like a comment.
    while (rest.size > 0 && rest.at[0] != '#' && text_cut(rest, '\n', &line, &rest)) {
        if (text_cut(line, '=', &name, &value)) {
            take(block, name, value);
        }
    }
    return 0;
}

static void
put_slot(struct out *out, const char *name, enum slot slot)
{
    out_string(out, name);
    out_byte(out, slot_letter(slot));
    out_byte(out, '\n');
}

void
boot_block_write(const struct boot_block *block, char bytes[static BOOT_BLOCK_BYTES])
{
    struct out out = out_of(bytes, BOOT_BLOCK_BYTES);
    out_text(&out, HEAD);
    put_slot(&out, "slot=", block->slot);
    if (block->trial != SLOT_NONE) {
        put_slot(&out, "trial=", block->trial);
    }
    if (block->tried) {
        out_string(&out, "tried=1\n");
    }
    for (enum slot slot = SLOT_A; slot < SLOT_NONE; slot++) {
        if (block->mark[slot][0] != '\0') {
            out_string(&out, slot == SLOT_A ? "mark_a=" : "mark_b=");
            out_string(&out, block->mark[slot]);
            out_byte(&out, '\n');
        }
    }
    ASSERT(out.used <= BOOT_BLOCK_BYTES / 2);
    memset(bytes + out.used, '#', BOOT_BLOCK_BYTES - out.used);
}
