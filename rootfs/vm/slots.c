#include "vm.h"
#include "slots.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"
#include "options.h"

#define PATH_BYTES 128
#define SAID_BYTES 1024
#define MOUNT_POINT VM_RUN "/boot"
#define BOOT_LABEL "SKERRY-EFI "
#define SECTOR 512
#define BLOCK_BYTES 1024

// The first partition of a disk of ours: its label says so.
static bool
is_boot_partition(const char *device)
{
    unsigned char sector[SECTOR];
    int file = open(device, O_RDONLY | O_CLOEXEC);
    bool is = file >= 0 && pread(file, sector, sizeof sector, 0) == (ssize_t)sizeof sector &&
              memcmp(sector + 43, BOOT_LABEL, strlen(BOOT_LABEL)) == 0;
    if (file >= 0) {
        close(file);
    }
    return is;
}

// Where grubenv lies in the partition, from its start; -1 when it is not there in
// one piece. Read-only: what is written later is these bytes and nothing else.
static long
find_block(const char *device)
{
    int first = 0;
    int second = 1;
    mkdir(MOUNT_POINT, 0700);
    if (mount(device, MOUNT_POINT, "vfat", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) !=
        0) {
        return -1;
    }
    int file = open(MOUNT_POINT "/grubenv", O_RDONLY | O_CLOEXEC);
    struct stat status;
    bool is_whole = file >= 0 && fstat(file, &status) == 0 && status.st_size == BLOCK_BYTES &&
                    ioctl(file, FIBMAP, &first) == 0 && ioctl(file, FIBMAP, &second) == 0 &&
                    first > 0 && second == first + 1;
    if (file >= 0) {
        close(file);
    }
    umount(MOUNT_POINT);
    return is_whole ? (long)first * SECTOR : -1;
}

static void
write_file(const char *boot, const char *a, const char *b, long block_at)
{
    char text[512];
    snprintf(text, sizeof text,
             "running=%.1s\nslot_a=%s\nslot_b=%s\nslot_bytes=%llu\nboot_block=%s\n"
             "boot_block_at=%ld\n",
             options_find("slot"), a, b, disk_partition_bytes(a), boot, block_at);
    if (vm_write(SLOTS_FILE, text) != 0) {
        vm_say("%s cannot be written: %s", SLOTS_FILE, strerror(errno));
    }
}

void
slots_find(void)
{
    char boot[PATH_BYTES];
    char a[PATH_BYTES];
    char b[PATH_BYTES];
    char found[PATH_BYTES] = "";
    if (options_find("slot") == NULL) {
        return;
    }
    for (unsigned i = 0; disk_partition(i, 1, boot, sizeof boot); i++) {
        if (*boot == '\0' || !is_boot_partition(boot)) {
            continue;
        }
        if (*found != '\0') {
            vm_say("%s and %s both look like the disk this machine was started from: neither is "
                   "updated; take one away",
                   found, boot);
            unlink(SLOTS_FILE);
            return;
        }
        snprintf(found, sizeof found, "%s", boot);
        long at = find_block(boot);
        if (at > 0 && disk_partition(i, 2, a, sizeof a) && disk_partition(i, 3, b, sizeof b) &&
            *a != '\0' && *b != '\0' && disk_partition_bytes(a) == disk_partition_bytes(b)) {
            write_file(boot, a, b, at);
            vm_say("slots on %s and %s, started from %s", a, b, options_find("slot"));
        }
    }
}

// What it says goes to the console, each line a sentence.
static int
run_said(const char *const words[])
{
    char said[SAID_BYTES];
    char *rest = said;
    int code = vm_run_text_all(words, said, sizeof said);
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        if (*line != '\0') {
            vm_say("%s", line);
        }
    }
    return code;
}

void
slots_update(const char *file)
{
    char downgrade[64];
    const char *version = options_find("downgrade");
    snprintf(downgrade, sizeof downgrade, "--downgrade=%s", version == NULL ? "" : version);
    const char *const words[] = {VM_SKERRY, "update", file, "--at-start", downgrade, NULL};
    if (options_find("trial") == NULL && run_said(words) == 0) {
        vm_say("starting again with the update");
        vm_halt("reboot");
    }
}

static long
uptime_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return (long)time.tv_sec;
}

void
slots_watch_trial(bool is_well)
{
    static long well_since = -1;
    static bool is_over;
    const char *const keep[] = {VM_SKERRY, "update", "--keep", NULL};
    long now = uptime_s();
    if (is_over || options_find("trial") == NULL) {
        return;
    }
    well_since = !is_well ? -1 : well_since < 0 ? now : well_since;
    if (well_since >= 0 && now - well_since >= SLOTS_WELL_S) {
        is_over = run_said(keep) == 0;
    } else if (now >= SLOTS_GIVE_UP_S) {
        vm_say("the version on trial was not well for %d s at a time: back to the one before",
               SLOTS_WELL_S);
        is_over = true;
        vm_write(VM_HALT, "reboot");
        kill(1, SIGTERM);
    }
}
