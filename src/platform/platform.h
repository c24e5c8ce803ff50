// What the rest of the program may ask of the machine: clocks, random bytes,
// files and directories, as a table of operations, so that tests can stand in
// for the machine and put faults in. The real side is linux.h; requests over
// the network have a table of their own (fetch.h).
//
// Paths are C strings. Every operation returns 0 or a count, or -ERR_...:
// NO_FILE, NO_ACCESS, DISK_FULL, TOO_LONG, IO. None allocates, and none keeps
// what it was given. Handles are small numbers and must be closed.
#ifndef SKERRY_PLATFORM_PLATFORM_H
#define SKERRY_PLATFORM_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/error.h"
#include "base/text.h"
#include "base/times.h"

enum platform_open {
    PLATFORM_READ = 1 << 0,
    PLATFORM_WRITE = 1 << 1,
    PLATFORM_CREATE = 1 << 2,     // with WRITE: make it if it is not there
    PLATFORM_EXCLUSIVE = 1 << 3,  // with CREATE: -ERR_NO_ACCESS if it is there
    PLATFORM_TRUNCATE = 1 << 4,   // with WRITE: empty it
    PLATFORM_NO_FOLLOW = 1 << 5,  // a symbolic link is not followed but refused
};

enum platform_kind {
    PLATFORM_FILE,
    PLATFORM_DIRECTORY,
    PLATFORM_LINK,
    PLATFORM_OTHER,    // device, socket, pipe
    PLATFORM_UNKNOWN,  // of a directory entry: the file system does not say
};

struct platform_status {
    enum platform_kind kind;
    uint64_t device;
    uint64_t inode;
    uint64_t size;           // bytes
    struct wall_ms changed;  // last modification
    uint32_t mode;           // permission bits
    // Of a directory: 2 and one for each directory in it where the file system
    // counts so (/proc, /sys, cgroups do), anything else where it does not.
    uint32_t links;
};

struct platform_space {
    uint64_t capacity;   // bytes
    uint64_t free;       // bytes, the part reserved for root included
    uint64_t available;  // bytes for an ordinary user
    uint64_t inodes;     // 0 where the file system has no such count
    uint64_t inodes_free;
};

// An open directory; entries lie in the caller's buffer.
struct platform_dir {
    int handle;
    unsigned char *buffer;
    size_t size;    // of the buffer
    size_t filled;  // bytes of it
    size_t at;      // next entry
};

// The buffer must hold one longest entry: a name of 255 bytes and its head.
#define PLATFORM_DIR_BYTES_MIN 1024

struct platform_entry {
    struct text name;  // in the buffer, until the next call
    enum platform_kind kind;
    uint64_t inode;
};

// Of a range of bytes of an open file, among all handles of all processes
// (advisory); gone with the handle. A handle's own locks are no obstacle to it.
enum platform_lock {
    PLATFORM_LOCK_NONE,
    PLATFORM_LOCK_SHARED,
    PLATFORM_LOCK_EXCLUSIVE,  // needs a handle that writes
    PLATFORM_LOCK_TEST,       // takes none: could an exclusive one be had?
};

// Read or write where the last one ended.
#define PLATFORM_STREAM INT64_C(-1)

struct platform_ops {
    struct mono_ns (*mono_now)(void *state);
    struct wall_ms (*wall_now)(void *state);
    void (*sleep_ms)(void *state, int64_t ms);
    int (*random_bytes)(void *state, void *bytes, size_t size);
    int (*file_open)(void *state, const char *path, unsigned flags, unsigned mode, int *file);
    int (*file_open_at)(void *state, int dir, const char *name, unsigned flags, int *file);
    int64_t (*file_read)(void *state, int file, void *bytes, size_t size, int64_t offset);
    int (*file_write)(void *state, int file, const void *bytes, size_t size, int64_t offset);
    int (*file_sync)(void *state, int file);
    int (*file_size)(void *state, int file, uint64_t *size);
    int (*file_truncate)(void *state, int file, uint64_t size);
    int (*file_lock)(void *state, int file, uint64_t offset, uint64_t size,
                     enum platform_lock lock);
    void (*file_close)(void *state, int file);
    int (*file_rename)(void *state, const char *from, const char *to);
    int (*file_remove)(void *state, const char *path);
    int (*file_status)(void *state, const char *path, struct platform_status *status);
    int (*file_status_at)(void *state, int dir, const char *name, struct platform_status *status);
    int (*dir_make)(void *state, const char *path, unsigned mode);
    int (*dir_open)(void *state, const char *path, void *buffer, size_t size,
                    struct platform_dir *dir);
    int (*dir_next)(void *state, struct platform_dir *dir, struct platform_entry *entry);
    void (*dir_close)(void *state, struct platform_dir *dir);
    int (*link_read)(void *state, const char *path, char *buffer, size_t size, struct text *target);
    int (*space)(void *state, const char *path, struct platform_space *space);
};

struct platform {
    const struct platform_ops *ops;
    void *state;
};

// The whole of a small file into `buffer`. A file that does not fit gives
// -ERR_TOO_LARGE. Works for /proc and /sys, whose sizes are told as 0.
int platform_read_file(const struct platform *platform, const char *path, char *buffer, size_t size,
                       struct text *content) MUST_USE;

// The same of a file in an open directory (platform_file_open_at).
int platform_read_file_at(const struct platform *platform, int dir, const char *name, char *buffer,
                          size_t size, struct text *content) MUST_USE;

// Replaces a file so that after a power cut either the old or the new content
// is there: writes PATH.new, syncs, renames, syncs the directory.
int platform_replace_file(const struct platform *platform, const char *path, const void *bytes,
                          size_t size, unsigned mode) MUST_USE;

// Never goes back, and is not set by anybody; stands still while the machine
// sleeps. The same for all processes of one boot.
static inline struct mono_ns
platform_mono_now(const struct platform *platform)
{
    return platform->ops->mono_now(platform->state);
}

static inline struct wall_ms
platform_wall_now(const struct platform *platform)
{
    return platform->ops->wall_now(platform->state);
}

// Not for loops that have other work; signals may end it early.
static inline void
platform_sleep_ms(const struct platform *platform, int64_t ms)
{
    platform->ops->sleep_ms(platform->state, ms);
}

MUST_USE static inline int
platform_random_bytes(const struct platform *platform, void *bytes, size_t size)
{
    return platform->ops->random_bytes(platform->state, bytes, size);
}

// `flags` of enum platform_open; `mode` counts only with PLATFORM_CREATE. A
// directory may be opened with PLATFORM_READ, to sync it or for _at.
MUST_USE static inline int
platform_file_open(const struct platform *platform, const char *path, unsigned flags, unsigned mode,
                   int *file)
{
    return platform->ops->file_open(platform->state, path, flags, mode, file);
}

// A file of a directory that is open: `dir` is what platform_file_open gave for
// it, or the handle of a struct platform_dir. Makes no file. Spares the kernel
// the way to the directory.
MUST_USE static inline int
platform_file_open_at(const struct platform *platform, int dir, const char *name, unsigned flags,
                      int *file)
{
    return platform->ops->file_open_at(platform->state, dir, name, flags, file);
}

// Bytes read; fewer than `size` may come before the end, 0 is the end.
MUST_USE static inline int64_t
platform_file_read(const struct platform *platform, int file, void *bytes, size_t size,
                   int64_t offset)
{
    return platform->ops->file_read(platform->state, file, bytes, size, offset);
}

// All bytes or an error.
MUST_USE static inline int
platform_file_write(const struct platform *platform, int file, const void *bytes, size_t size,
                    int64_t offset)
{
    return platform->ops->file_write(platform->state, file, bytes, size, offset);
}

// Content and size outlive a power cut after this; so do names in a directory
// after its own sync.
MUST_USE static inline int
platform_file_sync(const struct platform *platform, int file)
{
    return platform->ops->file_sync(platform->state, file);
}

MUST_USE static inline int
platform_file_size(const struct platform *platform, int file, uint64_t *size)
{
    return platform->ops->file_size(platform->state, file, size);
}

MUST_USE static inline int
platform_file_truncate(const struct platform *platform, int file, uint64_t size)
{
    return platform->ops->file_truncate(platform->state, file, size);
}

// -ERR_BUSY at once when another handle is in the way.
MUST_USE static inline int
platform_file_lock(const struct platform *platform, int file, uint64_t offset, uint64_t size,
                   enum platform_lock lock)
{
    return platform->ops->file_lock(platform->state, file, offset, size, lock);
}

static inline void
platform_file_close(const struct platform *platform, int file)
{
    platform->ops->file_close(platform->state, file);
}

MUST_USE static inline int
platform_file_rename(const struct platform *platform, const char *from, const char *to)
{
    return platform->ops->file_rename(platform->state, from, to);
}

MUST_USE static inline int
platform_file_remove(const struct platform *platform, const char *path)
{
    return platform->ops->file_remove(platform->state, path);
}

// Of a symbolic link: what it points to.
MUST_USE static inline int
platform_file_status(const struct platform *platform, const char *path,
                     struct platform_status *status)
{
    return platform->ops->file_status(platform->state, path, status);
}

MUST_USE static inline int
platform_file_status_at(const struct platform *platform, int dir, const char *name,
                        struct platform_status *status)
{
    return platform->ops->file_status_at(platform->state, dir, name, status);
}

// 0 also if the directory is there already.
MUST_USE static inline int
platform_dir_make(const struct platform *platform, const char *path, unsigned mode)
{
    return platform->ops->dir_make(platform->state, path, mode);
}

MUST_USE static inline int
platform_dir_open(const struct platform *platform, const char *path, void *buffer, size_t size,
                  struct platform_dir *dir)
{
    return platform->ops->dir_open(platform->state, path, buffer, size, dir);
}

// 1: an entry ("." and ".." are left out); 0: no more.
MUST_USE static inline int
platform_dir_next(const struct platform *platform, struct platform_dir *dir,
                  struct platform_entry *entry)
{
    return platform->ops->dir_next(platform->state, dir, entry);
}

static inline void
platform_dir_close(const struct platform *platform, struct platform_dir *dir)
{
    platform->ops->dir_close(platform->state, dir);
}

// -ERR_TOO_LONG when the target does not fit.
MUST_USE static inline int
platform_link_read(const struct platform *platform, const char *path, char *buffer, size_t size,
                   struct text *target)
{
    return platform->ops->link_read(platform->state, path, buffer, size, target);
}

MUST_USE static inline int
platform_space(const struct platform *platform, const char *path, struct platform_space *space)
{
    return platform->ops->space(platform->state, path, space);
}

#endif
