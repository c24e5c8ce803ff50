#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vm.h"

#define DISKS_MAX 64
#define NAME_BYTES 32
#define PATH_BYTES 128
#define BLOCK_BYTES 65536
#define CONFIG_LABEL "SKERRY"
#define DATA_LABEL "skerry-data"
#define MOUNT_POINT VM_RUN "/disk"
// Nobody but root can make it: no role changes what it is told.
#define DATA_CONFIG VM_DATA "/config"
// Where signatures lie: the first and last mebibyte of a disk.
#define EDGE_BYTES (1024 * 1024)
// Smaller ones cannot hold a journal.
#define DATA_BYTES_MIN (8 * 1024 * 1024)
// Configuration is text.
#define CONFIG_FILE_BYTES 65536
// Of the role that reads clusters: /etc/passwd.
#define COLLECT_ID 901

struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short size;
    unsigned char type;
    char name[];
};

enum content { CONTENT_UNKNOWN, CONTENT_EMPTY, CONTENT_VFAT, CONTENT_ISO, CONTENT_DATA };

struct disk {
    char name[NAME_BYTES];
    uint64_t bytes;
    bool is_whole;
    bool is_divided;
    bool is_read_only;
    enum content content;
};

static struct disk disks[DISKS_MAX];
static size_t disk_count;
static unsigned char block[BLOCK_BYTES];

static uint64_t
number_of(const char *name, const char *what)
{
    char path[PATH_BYTES];
    char text[32];
    uint64_t number = 0;
    snprintf(path, sizeof path, "/sys/class/block/%s/%s", name, what);
    vm_read(path, text, sizeof text);
    sscanf(text, "%lu", &number);
    return number;
}

static bool
has(const char *name, const char *what)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "/sys/class/block/%s/%s", name, what);
    return access(path, F_OK) == 0;
}

static int
open_disk(const struct disk *disk)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "/dev/%.31s", disk->name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static bool
read_at(int file, uint64_t place, size_t size)
{
    return pread(file, block, size, (off_t)place) == (ssize_t)size;
}

static bool
is_zero(int file, uint64_t from, uint64_t to)
{
    for (uint64_t place = from; place < to; place += BLOCK_BYTES) {
        size_t size = to - place < BLOCK_BYTES ? (size_t)(to - place) : BLOCK_BYTES;
        if (!read_at(file, place, size)) {
            return false;
        }
        if (block[0] != 0 || memcmp(block, block + 1, size - 1) != 0) {
            return false;
        }
    }
    return true;
}

static bool
is_vfat(void)
{
    // FAT12 and FAT16, FAT32.
    return block[510] == 0x55 && block[511] == 0xaa &&
           (memcmp(block + 43, CONFIG_LABEL "     ", 11) == 0 ||
            memcmp(block + 71, CONFIG_LABEL "     ", 11) == 0);
}

static bool
is_iso(void)
{
    const unsigned char *volume = block + 32768;
    return memcmp(volume + 1, "CD001", 5) == 0 && memcmp(volume + 40, CONFIG_LABEL " ", 7) == 0;
}

static bool
is_data(void)
{
    const unsigned char *super = block + 1024;
    return super[56] == 0x53 && super[57] == 0xef &&
           memcmp(super + 120, DATA_LABEL, sizeof DATA_LABEL) == 0;
}

static enum content
content_of(const struct disk *disk)
{
    enum content content = CONTENT_UNKNOWN;
    int file = open_disk(disk);
    size_t size = disk->bytes < BLOCK_BYTES ? (size_t)disk->bytes : BLOCK_BYTES;
    memset(block, 0, sizeof block);
    if (file >= 0 && read_at(file, 0, size)) {
        if (is_data()) {
            content = CONTENT_DATA;
        } else if (is_iso()) {
            content = CONTENT_ISO;
        } else if (is_vfat()) {
            content = CONTENT_VFAT;
        } else if (disk->bytes >= DATA_BYTES_MIN && is_zero(file, 0, EDGE_BYTES) &&
                   is_zero(file, disk->bytes - EDGE_BYTES, disk->bytes)) {
            content = CONTENT_EMPTY;
        }
    }
    if (file >= 0) {
        close(file);
    }
    return content;
}

static void
mark_divided(const char *partition)
{
    for (size_t i = 0; i < disk_count; i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "/sys/class/block/%.31s/%.31s", disks[i].name, partition);
        disks[i].is_divided = disks[i].is_divided || access(path, F_OK) == 0;
    }
}

static void
add(const char *name)
{
    struct disk *disk = &disks[disk_count];
    uint64_t bytes = number_of(name, "size") * 512;
    if (disk_count == DISKS_MAX || bytes < 2048 || strlen(name) >= NAME_BYTES ||
        strncmp(name, "ram", 3) == 0 || strncmp(name, "loop", 4) == 0) {
        return;
    }
    memset(disk, 0, sizeof *disk);
    snprintf(disk->name, sizeof disk->name, "%s", name);
    disk->bytes = bytes;
    disk->is_whole = !has(name, "partition");
    disk->is_read_only = number_of(name, "ro") != 0;
    disk->content = content_of(disk);
    disk_count++;
}

static void
find_disks(void)
{
    _Alignas(struct entry) char list[4096];
    long used = 0;
    if (disk_count > 0) {
        return;
    }
    int file = open("/sys/class/block", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (file >= 0 && (used = syscall(SYS_getdents64, file, list, sizeof list)) > 0) {
        for (long at = 0; at < used;) {
            const struct entry *entry = (const struct entry *)(const void *)(list + at);
            if (entry->name[0] != '.') {
                add(entry->name);
            }
            at += entry->size;
        }
    }
    close(file);
    for (size_t i = 0; i < disk_count; i++) {
        if (!disks[i].is_whole) {
            mark_divided(disks[i].name);
        }
    }
}

static bool
copy(const char *folder, const char *name, mode_t mode, unsigned owner)
{
    static char text[CONFIG_FILE_BYTES];
    char from[PATH_BYTES];
    char to[PATH_BYTES];
    snprintf(from, sizeof from, "%.64s/%s", folder, name);
    snprintf(to, sizeof to, VM_CONFIG "/%s", name);
    int size = vm_read(from, text, sizeof text);
    if (size < 0) {
        return false;
    }
    if (size == (int)sizeof text - 1) {
        vm_say("%s of the configuration is longer than %d bytes: it is not used", name,
               CONFIG_FILE_BYTES);
        return false;
    }
    text[size] = '\n';
    text[size + 1] = '\0';
    if (vm_write(to, text) != 0 || chown(to, owner, owner) != 0 || chmod(to, mode) != 0) {
        vm_say("%s cannot be written: %s", to, strerror(errno));
        return false;
    }
    return true;
}

// The one with the label; false when there is none that can be read.
static bool
mount_configuration(char *path, size_t size)
{
    find_disks();
    for (size_t i = 0; i < disk_count; i++) {
        bool vfat = disks[i].content == CONTENT_VFAT;
        if (!vfat && disks[i].content != CONTENT_ISO) {
            continue;
        }
        snprintf(path, size, "/dev/%.31s", disks[i].name);
        mkdir(MOUNT_POINT, 0700);
        if (mount(path, MOUNT_POINT, vfat ? "vfat" : "iso9660", MS_RDONLY | MS_NOSUID | MS_NODEV,
                  NULL) == 0) {
            return true;
        }
        vm_say("the configuration disk %s cannot be mounted: %s", path, strerror(errno));
    }
    return false;
}

static void
copy_all(const char *folder, const char *place)
{
    bool config = copy(folder, "skerry.conf", 0444, 0);
    bool kubeconfig = copy(folder, "kubeconfig", 0400, COLLECT_ID);
    bool machine = copy(folder, "machine.conf", 0444, 0);
    vm_say("configuration from %s:%s%s%s", place, config ? " skerry.conf" : "",
           kubeconfig ? " kubeconfig" : "", machine ? " machine.conf" : "");
}

bool
disk_read_configuration(void)
{
    char path[PATH_BYTES];
    if (!mount_configuration(path, sizeof path)) {
        return false;
    }
    copy_all(MOUNT_POINT, path);
    umount(MOUNT_POINT);
    return true;
}

bool
disk_read_data_configuration(void)
{
    if (access(DATA_CONFIG, F_OK) != 0) {
        return false;
    }
    copy_all(DATA_CONFIG, "the data disk");
    return true;
}

void
disk_offer_update(void (*take)(const char *path))
{
    char path[PATH_BYTES];
    if (!mount_configuration(path, sizeof path)) {
        return;
    }
    if (access(MOUNT_POINT "/update.img", F_OK) == 0) {
        take(MOUNT_POINT "/update.img");
    }
    umount(MOUNT_POINT);
}

bool
disk_partition(unsigned number_of_disk, unsigned number, char *path, size_t size)
{
    const struct disk *whole = NULL;
    unsigned seen = 0;
    find_disks();
    for (size_t i = 0; i < disk_count && whole == NULL; i++) {
        if (disks[i].is_whole && seen++ == number_of_disk) {
            whole = &disks[i];
        }
    }
    path[0] = '\0';
    for (size_t i = 0; whole != NULL && i < disk_count; i++) {
        char directory[2 * NAME_BYTES];
        snprintf(directory, sizeof directory, "%.31s/%.31s", whole->name, disks[i].name);
        if (!disks[i].is_whole && has(directory, "partition") &&
            number_of(directory, "partition") == number) {
            snprintf(path, size, "/dev/%.31s", disks[i].name);
        }
    }
    return whole != NULL;
}

unsigned long long
disk_partition_bytes(const char *path)
{
    return number_of(path + strlen("/dev/"), "size") * 512;
}

// That of the label, else an empty one; a name given decides among several.
static struct disk *
choose_data(const char *name)
{
    struct disk *empty = NULL;
    for (size_t i = 0; i < disk_count; i++) {
        struct disk *disk = &disks[i];
        bool named = name == NULL || strcmp(name, disk->name) == 0;
        if (!named || disk->is_read_only) {
            continue;
        }
        if (disk->content == CONTENT_DATA) {
            return disk;
        }
        if (disk->content == CONTENT_EMPTY && disk->is_whole && !disk->is_divided &&
            empty == NULL) {
            empty = disk;
        }
    }
    return empty;
}

static bool
make_ready(const struct disk *disk, const char *path)
{
    const char *const format[] = {"/vm/mke2fs", "-q", "-t", "ext4", "-L", DATA_LABEL, "-m", "0",
                                  "-E", "lazy_itable_init=1,nodiscard", path, NULL};
    const char *const check[] = {"/vm/e2fsck", "-p", path, NULL};
    if (disk->content == CONTENT_EMPTY) {
        vm_say("%s is empty: it is formatted as the data disk", path);
        int code = vm_run(format);
        if (code != 0) {
            vm_say("%s cannot be formatted (%d)", path, code);
        }
        return code == 0;
    }
    int code = vm_run(check);
    if (code > 1) {
        vm_say("%s: e2fsck could not mend everything (%d); it is used as it is", path, code);
    }
    return true;
}

bool
disk_mount_data(const char *name)
{
    char path[PATH_BYTES];
    find_disks();
    struct disk *disk = choose_data(name);
    if (disk != NULL) {
        snprintf(path, sizeof path, "/dev/%.31s", disk->name);
        if (make_ready(disk, path) &&
            mount(path, VM_DATA, "ext4", MS_NOATIME | MS_NOSUID | MS_NODEV | MS_NOEXEC,
                  "errors=remount-ro") == 0) {
            vm_say("data on %s", path);
            return true;
        }
        vm_say("the data disk %s cannot be used: %s", path, strerror(errno));
    }
    mount("tmpfs", VM_DATA, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=1m,mode=0755");
    vm_say("there is no data disk: nothing is kept over a restart");
    return false;
}
