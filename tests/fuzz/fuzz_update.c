// An update file's head, the boot loader's block, and what the machine says of its
// slots: the first byte chooses.
#include "update/update.h"

#include "fuzz.h"

static void
check_head(struct text bytes)
{
    struct update_head head;
    int error = update_head_read(bytes, &head);
    FUZZ_CHECK(error <= 0 && error > -ERR_COUNT);
    if (error != 0) {
        return;
    }
    const struct text texts[] = {head.version, head.digest, head.signed_part, head.signature};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        FUZZ_CHECK(texts[i].size > 0 && fuzz_within(texts[i], bytes.at, bytes.size));
    }
    FUZZ_CHECK(update_version_is_valid(head.version));
    FUZZ_CHECK(update_version_compare(head.version, head.version) == 0);
    FUZZ_CHECK(update_version_compare(head.version, TEXT("0")) >= 0);
}

// What was read is what is read again once it was written.
static void
check_block(struct text bytes)
{
    struct boot_block block;
    struct boot_block again;
    char written[BOOT_BLOCK_BYTES];
    if (boot_block_read(bytes, &block) != 0) {
        return;
    }
    FUZZ_CHECK(block.slot == SLOT_A || block.slot == SLOT_B);
    boot_block_write(&block, written);
    FUZZ_CHECK(boot_block_read((struct text){written, sizeof written}, &again) == 0);
    FUZZ_CHECK(again.slot == block.slot && again.trial == block.trial &&
               again.tried == block.tried);
    FUZZ_CHECK(memcmp(again.mark, block.mark, sizeof block.mark) == 0);
}

static void
check_machine(struct text bytes)
{
    struct update_machine machine;
    if (update_machine_read(bytes, &machine) == 0) {
        FUZZ_CHECK(machine.running != SLOT_NONE && machine.slot_bytes > 0);
        FUZZ_CHECK(machine.slot[SLOT_A][0] == '/' && machine.slot[SLOT_B][0] == '/');
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct text bytes = {(const char *)data + 1, size - 1};
    switch (data[0] % 3) {
    case 0:
        check_head(bytes);
        break;
    case 1:
        check_block(bytes);
        break;
    default:
        check_machine(bytes);
        break;
    }
    return 0;
}
