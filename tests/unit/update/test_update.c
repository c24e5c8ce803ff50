// Whole updates on the fake machine. What must hold whatever happens: the running
// slot is as it was, and the boot loader starts it, unless all of the new image is
// in the other one.
#include "update/update.h"

#include "../platform/fake.h"
#include "signed.h"

#define SLOT_BYTES 200000
#define IMAGE_BYTES 150000
#define BLOCK_AT 512
#define FILE_PATH "/mnt/update.img"

static struct fake fake;
static struct signer signer;
static struct update_machine machine;
static struct update update;
static char buffer[UPDATE_BUFFER_BYTES];
static char image[IMAGE_BYTES];
static char old[SLOT_BYTES];
static char file[UPDATE_HEAD_BYTES + IMAGE_BYTES];
static char sentence[512];
static struct out why;

static void
put_boot_block(const char *lines)
{
    char boot[BLOCK_AT + BOOT_BLOCK_BYTES];
    struct out out = out_of(boot + BLOCK_AT, BOOT_BLOCK_BYTES);
    memset(boot, '#', sizeof boot);
    out_string(&out, "# GRUB Environment Block\n");
    out_string(&out, lines);
    fake_drop(&fake, "/dev/vda1");
    fake_add_file(&fake, "/dev/vda1", (struct text){boot, sizeof boot});
}

static void
put_file(size_t size)
{
    fake_drop(&fake, FILE_PATH);
    fake_add_file(&fake, FILE_PATH, (struct text){file, size});
}

static void
sign_file(const char *version)
{
    head_make(file, version, (struct text){image, sizeof image});
    head_sign(&signer, file);
    memcpy(file + UPDATE_HEAD_BYTES, image, sizeof image);
}

static void
open_machine(void)
{
    struct text slot = {old, sizeof old};
    fake_open(&fake, 7);
    put_boot_block("slot=a\nmark_a=00000000000000000000000000000000\n");
    fake_add_file(&fake, "/dev/vda2", slot);
    fake_add_file(&fake, "/dev/vda3", slot);
    put_file(sizeof file);
    why = out_of(sentence, sizeof sentence);
    update = (struct update){.platform = &fake.platform,
                             .machine = &machine,
                             .file = FILE_PATH,
                             .key = text_of(signer.public_key),
                             .version = TEXT("1.0.0"),
                             .buffer = buffer};
}

static struct boot_block
block_now(void)
{
    struct boot_block block;
    CHECK_EQUAL_U64(update_block_read(&fake.platform, &machine, &block), 0);
    return block;
}

static bool
slot_holds(const char *path, const char *bytes, size_t size)
{
    struct text content;
    return fake_content(&fake, path, &content) && content.size >= size &&
           memcmp(content.at, bytes, size) == 0;
}

static void
check_intact(void)
{
    struct boot_block block = block_now();
    CHECK_EQUAL_U64(block.slot, SLOT_A);
    CHECK_EQUAL_U64(block.trial, SLOT_NONE);
    CHECK(slot_holds("/dev/vda2", old, sizeof old));
}

static void
check_untouched(void)
{
    check_intact();
    CHECK(slot_holds("/dev/vda3", old, sizeof old));
    CHECK(fake.calls[FAKE_CHANGE] == 0);
    CHECK_EQUAL_U64(fake_open_handles(&fake), 0);
    CHECK(why.used > 0 && !why.full);
}

static void
check_refused(const char *says)
{
    fake_heal(&fake);
    CHECK_EQUAL_U64(update_run(&update, &why), UPDATE_REFUSED);
    check_untouched();
    if (strstr(out_c_string(&why), says) == NULL) {
        test_fail(__FILE__, __LINE__, out_c_string(&why));
    }
    fake_close(&fake);
}

TEST(written_and_kept)
{
    sign_file("1.0.1");
    open_machine();
    CHECK_EQUAL_U64(update_run(&update, &why), UPDATE_WRITTEN);
    struct boot_block block = block_now();
    CHECK(block.slot == SLOT_A && block.trial == SLOT_B && !block.tried);
    CHECK(slot_holds("/dev/vda3", image, sizeof image));
    CHECK(slot_holds("/dev/vda2", old, sizeof old));
    // The loader's neighbours are not written to.
    CHECK(slot_holds("/dev/vda1", "########", 8));

    machine.running = SLOT_B;
    CHECK_EQUAL_U64(update_keep(&fake.platform, &machine), 0);
    block = block_now();
    CHECK(block.slot == SLOT_B && block.trial == SLOT_NONE && !block.tried);
    CHECK_EQUAL_U64(strlen(block.mark[SLOT_B]), UPDATE_MARK_BYTES);
    CHECK_EQUAL_TEXT(block.mark[SLOT_A], "00000000000000000000000000000000");

    // The same file again: by itself nothing, when asked for into the other slot.
    update.unattended = true;
    CHECK_EQUAL_U64(update_run(&update, &why), UPDATE_NOT_NEW);
    update.unattended = false;
    CHECK_EQUAL_U64(update_run(&update, &why), UPDATE_WRITTEN);
    CHECK(slot_holds("/dev/vda2", image, sizeof image));
    machine.running = SLOT_A;
    CHECK_EQUAL_U64(fake_open_handles(&fake), 0);
    fake_close(&fake);
}

TEST(what_failed_is_not_tried_by_itself)
{
    sign_file("1.0.1");
    open_machine();
    update.unattended = true;
    CHECK_EQUAL_U64(update_run(&update, &why), UPDATE_WRITTEN);
    CHECK_EQUAL_U64(update_run(&update, &why), UPDATE_NOT_NEW);
    update.unattended = false;
    CHECK_EQUAL_U64(update_run(&update, &why), UPDATE_WRITTEN);
    fake_close(&fake);
}

TEST(changed_bytes_are_refused)
{
    sign_file("1.0.1");
    for (size_t i = 0; i < sizeof file; i += i < UPDATE_HEAD_BYTES + 16 ? 5 : 14983) {
        file[i] = (char)(file[i] ^ 1);
        open_machine();
        check_refused("");
        file[i] = (char)(file[i] ^ 1);
    }
}

TEST(every_other_size_is_refused)
{
    static const size_t sizes[] = {0, 1, 511, 512, 1023, 1024, 1025, 2000, 90000, sizeof file - 1};
    sign_file("1.0.1");
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        open_machine();
        put_file(sizes[i]);
        check_refused(sizes[i] < UPDATE_HEAD_BYTES ? "is no update file" : "cut off");
    }
    head_make(file, "1.0.1", (struct text){image, sizeof image});
    put_number(file + 16, UINT64_MAX - 1023, 8);
    head_sign(&signer, file);
    open_machine();
    check_refused("cut off");
    sign_file("1.0.1");
    open_machine();
    machine.slot_bytes = IMAGE_BYTES - 1;
    check_refused("a slot of this machine");
    machine.slot_bytes = SLOT_BYTES;
}

TEST(others_keys_are_refused)
{
    struct signer other;
    signer_open(&other, 99);
    sign_file("1.0.1");
    open_machine();
    update.key = text_of(other.public_key);
    check_refused("is not signed with the key");
    open_machine();
    update.key = TEXT("no key");
    check_refused("public key of this machine");
    open_machine();
    update.key = TEXT("");
    check_refused("public key of this machine");
    signer_close(&other);
}

TEST(older_ones_only_by_name)
{
    sign_file("0.9.9");
    open_machine();
    check_refused("downgrade=0.9.9");
    open_machine();
    update.downgrade = TEXT("0.9.8");
    check_refused("downgrade=0.9.9");
    open_machine();
    update.downgrade = TEXT("0.9.9");
    CHECK_EQUAL_U64(update_run(&update, &why), UPDATE_WRITTEN);
    fake_close(&fake);
}

TEST(not_while_on_trial)
{
    sign_file("1.0.1");
    open_machine();
    put_boot_block("slot=b\ntrial=a\ntried=1\n");
    fake_heal(&fake);
    CHECK_EQUAL_U64(update_run(&update, &why), UPDATE_REFUSED);
    CHECK(strstr(out_c_string(&why), "on trial itself") != NULL);
    CHECK(fake.calls[FAKE_CHANGE] == 0);
    fake_close(&fake);
}

// On trial means: all of it is there.
static bool
is_safe(void)
{
    struct boot_block block = block_now();
    return block.slot == SLOT_A && slot_holds("/dev/vda2", old, sizeof old) &&
           (block.trial == SLOT_NONE || slot_holds("/dev/vda3", image, sizeof image));
}

TEST(power_cuts)
{
    unsigned cuts = 0;
    bool is_done = false;
    sign_file("1.0.1");
    for (uint64_t nth = 1; !is_done; nth++) {
        open_machine();
        fake_fail(&fake, FAKE_CHANGE, nth, true, 0);
        is_done = update_run(&update, &why) == UPDATE_WRITTEN;
        CHECK_EQUAL_U64(fake_open_handles(&fake), 0);
        fake_power_cut(&fake);
        CHECK(is_safe());
        CHECK(!is_done || block_now().trial == SLOT_B);
        cuts++;
        fake_close(&fake);
    }
    CHECK(cuts > 6);
}

TEST(faults)
{
    struct fake_sweep sweep = {0};
    sign_file("1.0.1");
    while (fake_sweep_next(&sweep)) {
        open_machine();
        fake_plan(&fake, &sweep);
        enum update_result result = update_run(&update, &why);
        CHECK(result == UPDATE_WRITTEN || (result == UPDATE_REFUSED && why.used > 0));
        CHECK_EQUAL_U64(fake_open_handles(&fake), 0);
        fake_done(&fake, &sweep);
        fake_heal(&fake);
        CHECK(is_safe());
        fake_close(&fake);
    }
}

// A disk that says yes and keeps something else.
static int
write_wrong(void *state, int handle, const void *bytes, size_t size, int64_t offset)
{
    static char changed[UPDATE_BUFFER_BYTES];
    memcpy(changed, bytes, size);
    changed[size / 2] = (char)(changed[size / 2] ^ (size > BOOT_BLOCK_BYTES));
    return fake.platform.ops->file_write(state, handle, changed, size, offset);
}

TEST(disks_that_lie)
{
    sign_file("1.0.1");
    open_machine();
    struct platform_ops ops = *fake.platform.ops;
    struct platform lying = {&ops, fake.platform.state};
    ops.file_write = write_wrong;
    update.platform = &lying;
    CHECK_EQUAL_U64(update_run(&update, &why), UPDATE_REFUSED);
    CHECK(strstr(out_c_string(&why), "the disk fails") != NULL);
    check_intact();
    fake_close(&fake);
}

TEST(machines)
{
    static const char *const bad[] = {
        "",
        "running=a\n",
        "running=c\nslot_a=/a\nslot_b=/b\nslot_bytes=1\nboot_block=/c\nboot_block_at=0\n",
        "running=a\nslot_a=a\nslot_b=/b\nslot_bytes=1\nboot_block=/c\nboot_block_at=0\n",
        "running=a\nslot_a=/a\nslot_b=/b\nslot_bytes=-1\nboot_block=/c\nboot_block_at=0\n",
        "running=a\nslot_a=/a\nslot_b=/b\nslot_bytes=0\nboot_block=/c\nboot_block_at=0\n",
    };
    struct update_machine read;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        CHECK(update_machine_read(text_of(bad[i]), &read) != 0);
    }
    CHECK_EQUAL_U64(update_machine_read(TEXT("running=b\nslot_a=/a\nslot_b=/b\nslot_bytes=9\n"
                                             "boot_block=/c\nboot_block_at=512\nlater=x"),
                                        &read),
                    0);
    CHECK(read.running == SLOT_B && read.slot_bytes == 9 && read.boot_block_at == 512);
    CHECK_EQUAL_TEXT(read.slot[SLOT_B], "/b");
}

int
main(void)
{
    uint64_t seed = test_seed();
    signer_open(&signer, seed);
    for (size_t i = 0; i < sizeof image; i++) {
        image[i] = (char)test_random(&seed);
    }
    memset(old, 'o', sizeof old);
    machine = (struct update_machine){.running = SLOT_A,
                                      .slot = {"/dev/vda2", "/dev/vda3"},
                                      .slot_bytes = SLOT_BYTES,
                                      .boot_block = "/dev/vda1",
                                      .boot_block_at = BLOCK_AT};
    int code =
        test_run((struct test_case[]){{"written and kept", written_and_kept},
                                      {"what failed is not tried by itself",
                                       what_failed_is_not_tried_by_itself},
                                      {"changed bytes are refused", changed_bytes_are_refused},
                                      {"every other size is refused", every_other_size_is_refused},
                                      {"others' keys are refused", others_keys_are_refused},
                                      {"older ones only by name", older_ones_only_by_name},
                                      {"not while on trial", not_while_on_trial},
                                      {"power cuts", power_cuts},
                                      {"faults", faults},
                                      {"disks that lie", disks_that_lie},
                                      {"machines", machines}},
                 11);
    signer_close(&signer);
    return code;
}
