// malloc and its kin for the libraries, over one fixed region.
//
// memory.c is linked into the static musl binary and defines malloc, calloc,
// realloc, free, aligned_alloc, posix_memalign, memalign and
// malloc_usable_size over a struct heap. Until memory_open they serve from a
// small static region, because libc may allocate before main; blocks from there
// stay valid and may be freed or resized at any time. When the region is full,
// malloc gives NULL with ENOMEM, and the failure is counted.
//
// memory_hosted.c stands in where the system's malloc must stay (sanitizers,
// unit tests): memory_open takes nothing and all counters are 0.
//
// One thread only, by design: nothing here locks, and seccomp forbids threads.
// Not to be called from signal handlers.
#ifndef SKERRY_PLATFORM_MEMORY_H
#define SKERRY_PLATFORM_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#define MEMORY_BOOT_BYTES ((size_t)64 * 1024)

struct memory_use {
    size_t size;  // bytes of the region
    size_t now;   // bytes taken
    size_t peak;
    size_t largest_free;  // the largest request sure to succeed now
    uint64_t allocations_total;
    uint64_t failures_total;  // requests that got NULL, boot region included
    size_t boot_now;          // bytes taken of the boot region
};

// Once, before the libraries are initialised; the region is the process's own
// for ever. At least 4096 bytes.
void memory_open(void *region, size_t size);

void memory_use(struct memory_use *use);

#endif
