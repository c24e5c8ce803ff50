// Mapping what a process will ever use, before it is sealed: its one block of
// private memory, its stack, and the shared files of the live table.
#ifndef SKERRY_PLATFORM_BLOCK_H
#define SKERRY_PLATFORM_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"

// Maps `bytes` (rounded up to pages) of zeroed private memory, all of it
// present, and makes it the arena's. *locked tells whether the kernel agreed to
// keep it from swap, which is not needed to go on. -ERR_NO_MEMORY when the
// machine does not have it.
int block_map(size_t bytes, struct arena *arena, bool *locked) MUST_USE;

// Makes `bytes` of stack below the caller present, so that later calls never
// fault. -ERR_NO_MEMORY when the limit of the stack is smaller.
int block_touch_stack(size_t bytes) MUST_USE;

// A file that several processes map.
struct block_shared {
    void *base;
    size_t bytes;
    bool fresh;  // zeroed: it was not there, or had another size
};

// The writer's side: makes the file, or takes the one of the same size that is
// there, with its content. Every block of the file is allocated now, so that a
// full tmpfs is -ERR_DISK_FULL here and not SIGBUS later. A file of another
// size is replaced and not resized, so that nobody who maps it loses pages.
// `mode` is set as given, whatever the umask.
int block_map_writer(const char *path, size_t bytes, unsigned mode,
                     struct block_shared *shared) MUST_USE;

// The reader's side: read-only, the size that the file has. -ERR_LAYOUT when it
// is smaller than `bytes_least`; -ERR_NO_FILE when it is not there yet.
int block_map_reader(const char *path, size_t bytes_least, struct block_shared *shared) MUST_USE;

// Both for processes that are not sealed: gives a mapping back, and the memory of
// an arena that block_map made.
void block_unmap_reader(struct block_shared *shared);
void block_unmap(struct arena *arena);

#endif
