// Updating a machine that has two slots: checks an update file, writes the slot
// that is not running, and lets the boot loader try it once.
//
// Nothing is written before the signature and every byte of the image are
// checked. The running slot is never written. The boot loader hears of the new
// image only after it was read back from the disk and found the same: a power
// cut at any moment leaves the machine as it was, or with the whole image on
// trial. Memory is one buffer, whatever the file's size.
#ifndef SKERRY_UPDATE_UPDATE_H
#define SKERRY_UPDATE_UPDATE_H

#include "platform/platform.h"
#include "update/boot_block.h"

// A path of a device.
#define UPDATE_PATH_BYTES 128
#define UPDATE_BUFFER_BYTES 65536

// Where the machine keeps its slots, as it said itself when it started.
struct update_machine {
    enum slot running;
    char slot[2][UPDATE_PATH_BYTES];
    uint64_t slot_bytes;  // of each
    char boot_block[UPDATE_PATH_BYTES];
    uint64_t boot_block_at;  // bytes from its start
};

// Lines `name=value`: running, slot_a, slot_b, slot_bytes, boot_block,
// boot_block_at. -ERR_MISSING, -ERR_MALFORMED.
int update_machine_read(struct text text, struct update_machine *machine) MUST_USE;

struct update {
    const struct platform *platform;
    const struct update_machine *machine;
    const char *file;
    struct text key;      // PEM
    struct text version;  // that runs
    // A version older than that: only if it is named here. "": none.
    struct text downgrade;
    // Nobody asked for just this file: one that lies in a slot already, as it does
    // after it failed, is left alone.
    bool unattended;
    char *buffer;  // UPDATE_BUFFER_BYTES
};

enum update_result {
    UPDATE_WRITTEN,  // to be tried at the next start
    UPDATE_REFUSED,  // `why` has a sentence; what runs is intact
    UPDATE_NOT_NEW,  // unattended, and in a slot already; `why` says so
};

enum update_result update_run(struct update *update, struct out *why);

// What runs was on trial and is good: it is what starts from now on.
int update_keep(const struct platform *platform, const struct update_machine *machine) MUST_USE;
int update_block_read(const struct platform *platform, const struct update_machine *machine,
                      struct boot_block *block) MUST_USE;

#endif
