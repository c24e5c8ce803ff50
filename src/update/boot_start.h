// What the start program for EFI (firmware/image/efi) decides: which slot starts,
// on which partition it lies, what its kernel is told. Pure; nothing here trusts
// what disk or firmware say. GRUB does the same for BIOS: firmware/image/grub.cfg.
#ifndef SKERRY_UPDATE_BOOT_START_H
#define SKERRY_UPDATE_BOOT_START_H

#include "update/boot_block.h"

struct boot_start {
    enum slot slot;
    bool is_trial;    // to be noted as tried before it starts
    bool is_retreat;  // the trial was started before and did not come up
};

// `block` as it was read.
struct boot_start boot_start_choose(const struct boot_block *block);

// The kernel's command line.
#define BOOT_START_LINE_BYTES 128
void boot_start_line(const struct boot_start *start, struct out *out);

// The kernel unpacks itself into one piece of memory before it leaves the firmware,
// at a multiple of BOOT_ROOM_STEP, from BOOT_ROOM_FROM on (CONFIG_PHYSICAL_ALIGN and
// CONFIG_PHYSICAL_START of x86).
#define BOOT_ROOM_STEP 0x200000U
#define BOOT_ROOM_FROM 0x1000000U
#define BOOT_ROOM_END 0x80000000U
// A kernel that wants more is none of ours.
#define BOOT_ROOM_BYTES_MAX 0x10000000U

// The bytes of that piece, whole steps, from the first BOOT_HEAD_BYTES of the
// kernel's file; 0: not a kernel. Source: "The Linux/x86 Boot Protocol", init_size.
#define BOOT_HEAD_BYTES 0x264
size_t boot_kernel_room(struct text head);

// A device path of the firmware that ends with a partition of a hard disk.
struct boot_path {
    struct text disk;   // what names the disk
    struct text whole;  // without the end
    uint32_t number;    // of the partition
    struct text mark;   // of the disk's partition table
};

// A longer one is no disk of this machine.
#define BOOT_PATH_BYTES_MAX 512

// The bytes that a path takes, its end too, read node by node and never beyond
// what the nodes before promise; 0: not one, or longer than BOOT_PATH_BYTES_MAX.
size_t boot_path_bytes(const char *at);
// -ERR_MALFORMED: `bytes` is no such path.
int boot_path_read(struct text bytes, struct boot_path *path) MUST_USE;
// Whether it is the partition of the slot, on the disk that `own` lies on.
bool boot_path_is_slot(const struct boot_path *path, const struct boot_path *own, enum slot slot);
// The path of a file: `name` is ASCII and begins with a backslash.
void boot_path_of_file(const struct boot_path *path, const char *name, struct out *out);

#endif
