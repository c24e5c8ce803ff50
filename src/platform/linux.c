#include "platform/linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int
linux_error(int error_number)
{
    switch (error_number) {
    case ENOENT:
    case ENOTDIR:
        return -ERR_NO_FILE;
    case EACCES:
    case EPERM:
    case EROFS:
    case EEXIST:
    case ELOOP:
    case EISDIR:
        return -ERR_NO_ACCESS;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return -ERR_DISK_FULL;
    case ENAMETOOLONG:
        return -ERR_TOO_LONG;
    case ENOMEM:
    case EAGAIN:
        return -ERR_NO_MEMORY;
    default:
        return -ERR_IO;
    }
}

static int
result_of(int result)
{
    return result < 0 ? linux_error(errno) : 0;
}

static struct mono_ns
mono_now(void *state)
{
    struct timespec now;
    (void)state;
    int result = clock_gettime(CLOCK_MONOTONIC, &now);
    ASSERT(result == 0);
    return (struct mono_ns){(int64_t)now.tv_sec * NS_PER_S + now.tv_nsec};
}

static struct wall_ms
wall_ms_of(const struct timespec *time)
{
    return (struct wall_ms){(int64_t)time->tv_sec * MS_PER_S + time->tv_nsec / NS_PER_MS};
}

static struct wall_ms
wall_now(void *state)
{
    struct timespec now;
    (void)state;
    int result = clock_gettime(CLOCK_REALTIME, &now);
    ASSERT(result == 0);
    return wall_ms_of(&now);
}

static void
sleep_ms(void *state, int64_t ms)
{
    struct timespec time = {.tv_sec = ms / MS_PER_S, .tv_nsec = ms % MS_PER_S * NS_PER_MS};
    (void)state;
    (void)nanosleep(&time, NULL);
}

static int
random_bytes(void *state, void *bytes, size_t size)
{
    unsigned char *at = bytes;
    (void)state;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno != EINTR) {
            return linux_error(errno);
        }
        at += got > 0 ? got : 0;
        size -= got > 0 ? (size_t)got : 0;
    }
    return 0;
}

static int
flags_of(unsigned flags)
{
    bool reads = (flags & PLATFORM_READ) != 0;
    bool writes = (flags & PLATFORM_WRITE) != 0;
    int result = O_CLOEXEC | O_NOCTTY;
    result |= reads && writes ? O_RDWR : writes ? O_WRONLY : O_RDONLY;
    result |= (flags & PLATFORM_CREATE) != 0 ? O_CREAT : 0;
    result |= (flags & PLATFORM_EXCLUSIVE) != 0 ? O_EXCL : 0;
    result |= (flags & PLATFORM_TRUNCATE) != 0 ? O_TRUNC : 0;
    result |= (flags & PLATFORM_NO_FOLLOW) != 0 ? O_NOFOLLOW : 0;
    return result;
}

// openat also where open would do: musl's open makes a second call of it, to
// set O_CLOEXEC for kernels that do not know the flag.
static int
open_retried(int dir, const char *path, int flags, unsigned mode)
{
    int file;
    do {
        file = openat(dir, path, flags, (mode_t)mode);
    } while (file < 0 && errno == EINTR);
    return file;
}

static int
file_open(void *state, const char *path, unsigned flags, unsigned mode, int *file)
{
    (void)state;
    ASSERT((flags & (PLATFORM_READ | PLATFORM_WRITE)) != 0);
    *file = open_retried(AT_FDCWD, path, flags_of(flags), mode);
    return result_of(*file);
}

static int
file_open_at(void *state, int dir, const char *name, unsigned flags, int *file)
{
    (void)state;
    ASSERT((flags & (PLATFORM_READ | PLATFORM_WRITE)) != 0);
    ASSERT((flags & PLATFORM_CREATE) == 0);
    *file = open_retried(dir, name, flags_of(flags), 0);
    return result_of(*file);
}

static int64_t
file_read(void *state, int file, void *bytes, size_t size, int64_t offset)
{
    ssize_t got;
    (void)state;
    do {
        got = offset < 0 ? read(file, bytes, size) : pread(file, bytes, size, (off_t)offset);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? linux_error(errno) : got;
}

static int
file_write(void *state, int file, const void *bytes, size_t size, int64_t offset)
{
    const unsigned char *at = bytes;
    (void)state;
    while (size > 0) {
        ssize_t put = offset < 0 ? write(file, at, size) : pwrite(file, at, size, (off_t)offset);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return put < 0 ? linux_error(errno) : -ERR_IO;
        }
        at += put;
        size -= (size_t)put;
        offset += offset < 0 ? 0 : put;
    }
    return 0;
}

static int
file_sync(void *state, int file)
{
    int result;
    (void)state;
    do {
        result = fsync(file);
    } while (result < 0 && errno == EINTR);
    return result_of(result);
}

static int
file_size(void *state, int file, uint64_t *size)
{
    struct stat status;
    (void)state;
    if (fstat(file, &status) < 0) {
        return linux_error(errno);
    }
    *size = (uint64_t)status.st_size;
    return 0;
}

static int
file_truncate(void *state, int file, uint64_t size)
{
    int result;
    (void)state;
    if (size > INT64_MAX) {
        return -ERR_DISK_FULL;
    }
    do {
        result = ftruncate(file, (off_t)size);
    } while (result < 0 && errno == EINTR);
    return result_of(result);
}

// Locks of the open file, not of the process: another handle of the same file
// in this process neither shares nor drops them.
static int
file_lock(void *state, int file, uint64_t offset, uint64_t size, enum platform_lock lock)
{
    struct flock range = {.l_whence = SEEK_SET, .l_start = (off_t)offset, .l_len = (off_t)size};
    (void)state;
    range.l_type = lock == PLATFORM_LOCK_NONE     ? F_UNLCK
                   : lock == PLATFORM_LOCK_SHARED ? F_RDLCK
                                                  : F_WRLCK;
    if (fcntl(file, lock == PLATFORM_LOCK_TEST ? F_OFD_GETLK : F_OFD_SETLK, &range) < 0) {
        return errno == EAGAIN || errno == EACCES ? -ERR_BUSY : linux_error(errno);
    }
    return lock == PLATFORM_LOCK_TEST && range.l_type != F_UNLCK ? -ERR_BUSY : 0;
}

// Not retried: after EINTR the handle is closed on Linux, and may be another's.
static void
file_close(void *state, int file)
{
    (void)state;
    int result = close(file);
    ASSERT(result == 0 || errno != EBADF);
}

static int
file_rename(void *state, const char *from, const char *to)
{
    (void)state;
    return result_of(rename(from, to));
}

static int
file_remove(void *state, const char *path)
{
    (void)state;
    return result_of(unlink(path));
}

static enum platform_kind
kind_of_mode(mode_t mode)
{
    return S_ISREG(mode)   ? PLATFORM_FILE
           : S_ISDIR(mode) ? PLATFORM_DIRECTORY
           : S_ISLNK(mode) ? PLATFORM_LINK
                           : PLATFORM_OTHER;
}

static int
file_status_at(void *state, int dir, const char *path, struct platform_status *status)
{
    struct stat found;
    (void)state;
    if (fstatat(dir, path, &found, 0) < 0) {
        return linux_error(errno);
    }
    *status = (struct platform_status){
        .kind = kind_of_mode(found.st_mode),
        .device = found.st_dev,
        .inode = found.st_ino,
        .size = (uint64_t)found.st_size,
        .changed = wall_ms_of(&found.st_mtim),
        .mode = (uint32_t)found.st_mode & 07777,
        .links = (uint32_t)found.st_nlink,
    };
    return 0;
}

static int
file_status(void *state, const char *path, struct platform_status *status)
{
    return file_status_at(state, AT_FDCWD, path, status);
}

static int
dir_make(void *state, const char *path, unsigned mode)
{
    struct platform_status status;
    if (mkdir(path, (mode_t)mode) == 0) {
        return 0;
    }
    int error = linux_error(errno);
    bool there = errno == EEXIST && file_status(state, path, &status) == 0 &&
                 status.kind == PLATFORM_DIRECTORY;
    return there ? 0 : error;
}

static int
dir_open(void *state, const char *path, void *buffer, size_t size, struct platform_dir *dir)
{
    (void)state;
    ASSERT(size >= PLATFORM_DIR_BYTES_MIN);
    ASSERT(((uintptr_t)buffer & 7) == 0);
    *dir = (struct platform_dir){.buffer = buffer, .size = size};
    dir->handle = open_retried(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    return result_of(dir->handle);
}

// struct linux_dirent64 of getdents64(2).
struct entry_head {
    uint64_t inode;
    int64_t offset;
    unsigned short size;
    unsigned char kind;
};
#define ENTRY_NAME_AT 19

// DT_... of dirent.h, which is left alone because of opendir beside them.
static enum platform_kind
kind_of_entry(unsigned char kind)
{
    switch (kind) {
    case 0:
        return PLATFORM_UNKNOWN;
    case 4:
        return PLATFORM_DIRECTORY;
    case 8:
        return PLATFORM_FILE;
    case 10:
        return PLATFORM_LINK;
    default:
        return PLATFORM_OTHER;
    }
}

static int
dir_fill(struct platform_dir *dir)
{
    long got = syscall(SYS_getdents64, dir->handle, dir->buffer, dir->size);
    if (got < 0) {
        return linux_error(errno);
    }
    dir->filled = (size_t)got;
    dir->at = 0;
    return got > 0 ? 1 : 0;
}

static int
dir_next(void *state, struct platform_dir *dir, struct platform_entry *entry)
{
    (void)state;
    do {
        if (dir->at >= dir->filled) {
            int more = dir_fill(dir);
            if (more <= 0) {
                return more;
            }
        }
        struct entry_head head;
        unsigned char *at = dir->buffer + dir->at;
        memcpy(&head, at, ENTRY_NAME_AT);
        ASSERT(head.size > ENTRY_NAME_AT && head.size <= dir->filled - dir->at);
        dir->at += head.size;
        entry->name = text_of((const char *)at + ENTRY_NAME_AT);
        entry->kind = kind_of_entry(head.kind);
        entry->inode = head.inode;
    } while (text_equal(entry->name, TEXT(".")) || text_equal(entry->name, TEXT("..")));
    return 1;
}

static void
dir_close(void *state, struct platform_dir *dir)
{
    file_close(state, dir->handle);
    dir->handle = -1;
}

static int
link_read(void *state, const char *path, char *buffer, size_t size, struct text *target)
{
    (void)state;
    ssize_t got = readlink(path, buffer, size);
    if (got < 0) {
        return errno == EINVAL ? -ERR_BAD_TYPE : linux_error(errno);
    }
    if ((size_t)got == size) {
        return -ERR_TOO_LONG;
    }
    *target = (struct text){buffer, (size_t)got};
    return 0;
}

static int
space(void *state, const char *path, struct platform_space *space)
{
    struct statfs found;
    int result;
    (void)state;
    do {
        result = statfs(path, &found);
    } while (result < 0 && errno == EINTR);
    if (result < 0) {
        return linux_error(errno);
    }
    uint64_t block = (uint64_t)(found.f_frsize != 0 ? found.f_frsize : found.f_bsize);
    *space = (struct platform_space){
        .capacity = block * found.f_blocks,
        .free = block * found.f_bfree,
        .available = block * found.f_bavail,
        .inodes = found.f_files,
        .inodes_free = found.f_ffree,
    };
    return 0;
}

static const struct platform_ops linux_ops = {
    .mono_now = mono_now,
    .wall_now = wall_now,
    .sleep_ms = sleep_ms,
    .random_bytes = random_bytes,
    .file_open = file_open,
    .file_open_at = file_open_at,
    .file_read = file_read,
    .file_write = file_write,
    .file_sync = file_sync,
    .file_size = file_size,
    .file_truncate = file_truncate,
    .file_lock = file_lock,
    .file_close = file_close,
    .file_rename = file_rename,
    .file_remove = file_remove,
    .file_status = file_status,
    .file_status_at = file_status_at,
    .dir_make = dir_make,
    .dir_open = dir_open,
    .dir_next = dir_next,
    .dir_close = dir_close,
    .link_read = link_read,
    .space = space,
};

struct platform
linux_platform(void)
{
    return (struct platform){.ops = &linux_ops};
}
