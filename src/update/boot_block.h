// What the boot loader remembers: GRUB's environment block of 1,024 bytes, as text.
// Pure.
//
//   slot      the one that is known to be good: a or b
//   trial     the other one, written and not yet up
//   tried     1 once the trial was started: the next start is the good slot again
//   mark_a, mark_b   which image lies in a slot (update_mark_write)
//
// Everything lies in the first 512 bytes, so that a disk writes all or nothing.
#ifndef SKERRY_UPDATE_BOOT_BLOCK_H
#define SKERRY_UPDATE_BOOT_BLOCK_H

#include "base/error.h"
#include "base/text.h"
#include "update/update_file.h"

#define BOOT_BLOCK_BYTES 1024

enum slot { SLOT_A, SLOT_B, SLOT_NONE };

struct boot_block {
    enum slot slot;  // never SLOT_NONE
    enum slot trial;
    bool tried;
    char mark[2][UPDATE_MARK_BYTES + 1];  // "": unknown
};

// -ERR_MALFORMED: no such block. Variables that are not ours are left out; one of
// ours with a value that it cannot have counts as not there.
int boot_block_read(struct text bytes, struct boot_block *block) MUST_USE;
void boot_block_write(const struct boot_block *block, char bytes[static BOOT_BLOCK_BYTES]);

// 'a' or 'b'.
char slot_letter(enum slot slot);
enum slot slot_of_text(struct text text);
static inline enum slot
slot_other(enum slot slot)
{
    return slot == SLOT_A ? SLOT_B : SLOT_A;
}

#endif
