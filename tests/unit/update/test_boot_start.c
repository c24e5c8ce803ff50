#include "update/boot_start.h"

#include <string.h>

#include "../test.h"

static char bytes[BOOT_PATH_BYTES_MAX + 64];

static void
node(struct out *out, int kind, int subkind, size_t size, const char *body)
{
    const char head[] = {(char)kind, (char)subkind, (char)(size & 0xff), (char)(size >> 8)};
    out_bytes(out, head, sizeof head);
    out_bytes(out, body, size - sizeof head);
}

// As a firmware has it: a controller, a partition of a disk with this mark, the end.
static struct text
path_bytes(char *at, char controller, char number, char mark)
{
    char partition[38] = {0};
    struct out out = out_of(at, sizeof bytes);
    partition[0] = number;
    partition[20] = mark;
    partition[36] = 1;
    partition[37] = 1;
    node(&out, 1, 1, 6, (char[]){controller, 0});
    node(&out, 4, 1, 42, partition);
    node(&out, 0x7f, 0xff, 4, "");
    return out_view(&out);
}

static struct boot_path
path_of(char *at, char controller, char number, char mark)
{
    struct boot_path path;
    CHECK_EQUAL_U64(boot_path_read(path_bytes(at, controller, number, mark), &path), 0);
    return path;
}

static struct boot_start
choose(enum slot slot, enum slot trial, bool tried)
{
    return boot_start_choose(&(struct boot_block){.slot = slot, .trial = trial, .tried = tried});
}

TEST(a_trial_is_started_once)
{
    struct boot_start start = choose(SLOT_B, SLOT_NONE, false);
    CHECK(start.slot == SLOT_B && !start.is_trial && !start.is_retreat);
    start = choose(SLOT_A, SLOT_B, false);
    CHECK(start.slot == SLOT_B && start.is_trial && !start.is_retreat);
    start = choose(SLOT_A, SLOT_B, true);
    CHECK(start.slot == SLOT_A && !start.is_trial && start.is_retreat);
    start = choose(SLOT_A, SLOT_NONE, true);
    CHECK(start.slot == SLOT_A && !start.is_trial && !start.is_retreat);
}

TEST(the_kernel_is_told)
{
    char line[BOOT_START_LINE_BYTES];
    struct out out = out_of(line, sizeof line);
    boot_start_line(&(struct boot_start){.slot = SLOT_B, .is_trial = true}, &out);
    CHECK(!out.full);
    CHECK_EQUAL_TEXT(out_view(&out),
                     "initrd=\\initramfs console=tty0 console=ttyS0,115200 quiet skerry.slot=b "
                     "skerry.trial=b");
    out = out_of(line, sizeof line);
    boot_start_line(&(struct boot_start){.slot = SLOT_A}, &out);
    CHECK(text_ends(out_view(&out), TEXT(" quiet skerry.slot=a")));
}

TEST(room_for_the_kernel)
{
    char head[BOOT_HEAD_BYTES] = {0};
    struct text whole = {head, sizeof head};
    memcpy(head + 0x202, "HdrS", 4);
    memcpy(head + 0x260, "\x00\xe0\x25\x01", 4);
    CHECK_EQUAL_U64(boot_kernel_room(whole), 0x1400000);
    memcpy(head + 0x260, "\x00\x00\x40\x01", 4);  // whole steps already
    CHECK_EQUAL_U64(boot_kernel_room(whole), 0x1400000);
    CHECK_EQUAL_U64(boot_kernel_room(text_sub(whole, 0, sizeof head - 1)), 0);
    memcpy(head + 0x260, "\xff\xff\xff\xff", 4);
    CHECK_EQUAL_U64(boot_kernel_room(whole), 0);
    memcpy(head + 0x260, "\x00\x00\x00\x00", 4);
    CHECK_EQUAL_U64(boot_kernel_room(whole), 0);
    memcpy(head + 0x260, "\x00\x00\x40\x01", 4);
    head[0x202] = 'h';
    CHECK_EQUAL_U64(boot_kernel_room(whole), 0);
}

TEST(slots_are_on_the_same_disk)
{
    char other[sizeof bytes];
    struct boot_path own = path_of(bytes, 1, 1, 's');
    struct boot_path slot = path_of(other, 1, 2, 's');
    CHECK(boot_path_is_slot(&slot, &own, SLOT_A) && !boot_path_is_slot(&slot, &own, SLOT_B));
    slot = path_of(other, 1, 3, 's');
    CHECK(boot_path_is_slot(&slot, &own, SLOT_B) && !boot_path_is_slot(&slot, &own, SLOT_A));
    slot = path_of(other, 2, 2, 's');
    CHECK(!boot_path_is_slot(&slot, &own, SLOT_A));
    slot = path_of(other, 1, 2, 't');
    CHECK(!boot_path_is_slot(&slot, &own, SLOT_A));
}

TEST(a_file_below_a_slot)
{
    char file[128];
    struct boot_path slot = path_of(bytes, 1, 2, 's');
    struct out out = out_of(file, sizeof file);
    boot_path_of_file(&slot, "\\k", &out);
    struct text added = text_sub(out_view(&out), slot.whole.size, SIZE_MAX);
    CHECK_EQUAL_TEXT(added, ((struct text){"\4\4\12\0\\\0k\0\0\0\x7f\xff\4\0", 14}));
    CHECK_EQUAL_U64(boot_path_bytes(file), out.used);
}

TEST(nonsense_is_no_path)
{
    struct boot_path path;
    struct text good = path_bytes(bytes, 1, 1, 's');
    CHECK_EQUAL_U64(boot_path_bytes(bytes), good.size);
    // Cut anywhere: the view's bytes alone are read.
    for (size_t size = 0; size < good.size; size++) {
        CHECK(boot_path_read(text_sub(good, 0, size), &path) == -ERR_MALFORMED);
    }
    bytes[2] = 3;  // a node shorter than its head
    CHECK(boot_path_read(good, &path) == -ERR_MALFORMED && boot_path_bytes(bytes) == 0);
    bytes[2] = 0;
    bytes[3] = 0;  // one that would be read for ever
    CHECK(boot_path_read(good, &path) == -ERR_MALFORMED && boot_path_bytes(bytes) == 0);
    bytes[3] = 0x7f;  // one that is longer than any path
    CHECK(boot_path_read(good, &path) == -ERR_MALFORMED && boot_path_bytes(bytes) == 0);
}

TEST(a_path_without_an_end)
{
    char endless[BOOT_PATH_BYTES_MAX];  // not a byte beyond it is looked at
    for (size_t at = 0; at < sizeof endless; at += 4) {
        memcpy(endless + at, "\1\1\4\0", 4);
    }
    CHECK_EQUAL_U64(boot_path_bytes(endless), 0);
}

// Whatever bytes: what is read lies inside them.
TEST(random_paths)
{
    uint64_t state = test_seed();
    for (int round = 0; round < 20000; round++) {
        struct boot_path path;
        struct text good = path_bytes(bytes, 1, 1, 's');
        for (uint64_t i = test_random_below(&state, 4); i > 0; i--) {
            bytes[test_random_below(&state, good.size)] = (char)test_random_below(&state, 256);
        }
        size_t size = boot_path_bytes(bytes);
        CHECK(size <= BOOT_PATH_BYTES_MAX);
        if (size <= good.size && boot_path_read((struct text){bytes, size}, &path) == 0) {
            CHECK(path.disk.size + 42 == path.whole.size && path.whole.size + 4 <= size);
            CHECK(path.mark.at + path.mark.size <= bytes + size);
        }
    }
}

int
main(void)
{
    const struct test_case cases[] = {
        {"a trial is started once", a_trial_is_started_once},
        {"the kernel is told", the_kernel_is_told},
        {"room for the kernel", room_for_the_kernel},
        {"slots are on the same disk", slots_are_on_the_same_disk},
        {"a file below a slot", a_file_below_a_slot},
        {"nonsense is no path", nonsense_is_no_path},
        {"a path without an end", a_path_without_an_end},
        {"random paths", random_paths},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
