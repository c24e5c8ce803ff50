#include "platform/block.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/error.h"
#include "platform/linux.h"

// Pages are at least this large, so touching every so many bytes meets all.
#define PAGE_BYTES_MIN ((size_t)4096)

static size_t
page_bytes(void)
{
    long bytes = sysconf(_SC_PAGESIZE);
    ASSERT(bytes >= (long)PAGE_BYTES_MIN);
    return (size_t)bytes;
}

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

// MAP_POPULATE does not tell failures and madvise does, from Linux 5.14 on.
// Where it is not known the pages are touched one by one.
static int
populate(unsigned char *base, size_t bytes)
{
    if (madvise(base, bytes, MADV_POPULATE_WRITE) == 0) {
        return 0;
    }
    if (errno == ENOMEM || errno == EFAULT) {
        return -ERR_NO_MEMORY;
    }
    for (size_t at = 0; at < bytes; at += PAGE_BYTES_MIN) {
        *(volatile unsigned char *)(base + at) = 0;
    }
    return 0;
}

int
block_map(size_t bytes, struct arena *arena, bool *locked)
{
    size_t page = page_bytes();
    if (bytes == 0 || bytes > SIZE_MAX - page) {
        return -ERR_NO_MEMORY;
    }
    size_t size = (bytes + page - 1) / page * page;
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) {
        return -ERR_NO_MEMORY;
    }
    int error = populate(base, size);
    if (error != 0) {
        (void)munmap(base, size);
        return error;
    }
    *locked = mlock(base, size) == 0;
    arena_init(arena, base, size);
    return 0;
}

// The stack grows by itself down to its limit; writing below the frames in use
// is how Linux is asked for it (since 5.0 at any distance). This function calls
// nothing while it writes, and its own frame is far smaller than a page.
int
block_touch_stack(size_t bytes)
{
    struct rlimit limit;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    // Arguments, environment and the callers' frames lie in the stack too.
    const size_t above_bytes = 128 * 1024;
    if (bytes > SIZE_MAX - above_bytes || getrlimit(RLIMIT_STACK, &limit) != 0 ||
        limit.rlim_cur < bytes + above_bytes) {
        return -ERR_NO_MEMORY;
    }
    for (size_t below = PAGE_BYTES_MIN; below <= bytes; below += PAGE_BYTES_MIN) {
        *(volatile unsigned char *)(here - below) = 0;
    }
    return 0;
}

static int
map_file(int file, int protection, struct block_shared *shared)
{
    void *base = mmap(NULL, shared->bytes, protection, MAP_SHARED | MAP_POPULATE, file, 0);
    if (base == MAP_FAILED) {
        return -ERR_NO_MEMORY;
    }
    shared->base = base;
    return 0;
}

static int
fill_with_zeros(int file, size_t bytes)
{
    static const unsigned char zeros[PAGE_BYTES_MIN];
    for (size_t at = 0; at < bytes;) {
        size_t left = bytes - at;
        ssize_t put = pwrite(file, zeros, left < sizeof zeros ? left : sizeof zeros, (off_t)at);
        if (put <= 0) {
            return put < 0 ? linux_error(errno) : -ERR_IO;
        }
        at += (size_t)put;
    }
    return 0;
}

// Every block of the file is there after this.
static int
allocate(int file, size_t bytes, bool fresh)
{
    int error_number = posix_fallocate(file, 0, (off_t)bytes);
    if (error_number == 0) {
        return 0;
    }
    bool unsupported = error_number == EOPNOTSUPP || error_number == EINVAL;
    if (unsupported && fresh) {
        return fill_with_zeros(file, bytes);
    }
    return unsupported ? 0 : linux_error(error_number);
}

// Opens the file at `path` if it has the right size and kind, else -1.
static int
open_same_size(const char *path, size_t bytes)
{
    struct stat found;
    int file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) {
        return -1;
    }
    if (fstat(file, &found) == 0 && S_ISREG(found.st_mode) && (size_t)found.st_size == bytes) {
        return file;
    }
    (void)close(file);
    return -1;
}

// Prepares a new file beside the old one and puts it in its place when it is
// complete; a reader finds the old or the new one, of full size.
static int
make_fresh(const char *path, size_t bytes, unsigned mode, int *file)
{
    char name[1024];
    int length = snprintf(name, sizeof name, "%s.new", path);
    if (length < 0 || (size_t)length >= sizeof name) {
        return -ERR_TOO_LONG;
    }
    (void)unlink(name);
    *file = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
    if (*file < 0) {
        return linux_error(errno);
    }
    int error = 0;
    if (fchmod(*file, (mode_t)mode) < 0 || ftruncate(*file, (off_t)bytes) < 0) {
        error = linux_error(errno);
    }
    if (error == 0) {
        error = allocate(*file, bytes, true);
    }
    if (error == 0 && rename(name, path) < 0) {
        error = linux_error(errno);
    }
    if (error != 0) {
        (void)close(*file);
        (void)unlink(name);
    }
    return error;
}

int
block_map_writer(const char *path, size_t bytes, unsigned mode, struct block_shared *shared)
{
    int error = 0;
    ASSERT(bytes > 0);
    *shared = (struct block_shared){.bytes = bytes};
    int file = open_same_size(path, bytes);
    if (file >= 0) {
        error = allocate(file, bytes, false);
        if (error == 0 && fchmod(file, (mode_t)mode) < 0) {
            error = linux_error(errno);
        }
    } else {
        shared->fresh = true;
        error = make_fresh(path, bytes, mode, &file);
        if (error != 0) {
            return error;
        }
    }
    if (error == 0) {
        error = map_file(file, PROT_READ | PROT_WRITE, shared);
    }
    (void)close(file);
    return error;
}

int
block_map_reader(const char *path, size_t bytes_least, struct block_shared *shared)
{
    struct stat found;
    int error = 0;
    *shared = (struct block_shared){0};
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) {
        return linux_error(errno);
    }
    if (fstat(file, &found) < 0) {
        error = linux_error(errno);
    } else if (!S_ISREG(found.st_mode) || found.st_size <= 0 ||
               (size_t)found.st_size < bytes_least) {
        error = -ERR_LAYOUT;
    } else {
        shared->bytes = (size_t)found.st_size;
        error = map_file(file, PROT_READ, shared);
    }
    (void)close(file);
    return error;
}

void
block_unmap_reader(struct block_shared *shared)
{
    int result = munmap(shared->base, shared->bytes);
    ASSERT(result == 0);
    *shared = (struct block_shared){0};
}

void
block_unmap(struct arena *arena)
{
    int result = munmap(arena->base, arena->size);
    ASSERT(result == 0);
    *arena = (struct arena){0};
}
