#include "update/boot_block.h"

#include <string.h>

#include "../test.h"

static char bytes[BOOT_BLOCK_BYTES];

static int
read_lines(const char *lines, struct boot_block *block)
{
    struct out out = out_of(bytes, sizeof bytes);
    out_string(&out, "# GRUB Environment Block\n");
    out_string(&out, lines);
    memset(bytes + out.used, '#', sizeof bytes - out.used);
    return boot_block_read((struct text){bytes, sizeof bytes}, block);
}

TEST(what_is_written_is_read)
{
    struct boot_block block = {.slot = SLOT_B, .trial = SLOT_A, .tried = true};
    struct boot_block again;
    strcpy(block.mark[SLOT_B], "0123456789abcdef0123456789abcdef");
    boot_block_write(&block, bytes);
    CHECK_EQUAL_U64(boot_block_read((struct text){bytes, sizeof bytes}, &again), 0);
    CHECK(again.slot == SLOT_B && again.trial == SLOT_A && again.tried);
    CHECK_EQUAL_TEXT(again.mark[SLOT_B], block.mark[SLOT_B]);
    CHECK_EQUAL_TEXT(again.mark[SLOT_A], "");
    // As GRUB wants it: filled up to its end.
    CHECK(bytes[BOOT_BLOCK_BYTES - 1] == '#' && memchr(bytes, '\0', sizeof bytes) == NULL);
}

TEST(what_grub_writes)
{
    struct boot_block block;
    CHECK_EQUAL_U64(read_lines("other=1\ntrial=b\ntried=1\nslot=a\n", &block), 0);
    CHECK(block.slot == SLOT_A && block.trial == SLOT_B && block.tried);
}

TEST(nonsense_is_left_out)
{
    struct boot_block block;
    CHECK_EQUAL_U64(read_lines("slot=c\ntrial=ab\ntried=2\nmark_a=xyz\n=\n\nmark_b=", &block), 0);
    CHECK(block.slot == SLOT_A && block.trial == SLOT_NONE && !block.tried);
    CHECK_EQUAL_TEXT(block.mark[SLOT_A], "");
    memset(bytes, '\0', sizeof bytes);
    CHECK(boot_block_read((struct text){bytes, sizeof bytes}, &block) == -ERR_MALFORMED);
    CHECK(boot_block_read((struct text){bytes, 10}, &block) == -ERR_MALFORMED);
}

int
main(void)
{
    return test_run((struct test_case[]){{"what is written is read", what_is_written_is_read},
                                         {"what grub writes", what_grub_writes},
                                         {"nonsense is left out", nonsense_is_left_out}},
                    3);
}
