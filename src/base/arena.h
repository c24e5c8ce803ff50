// One block of memory, handed out once at start and never given back.
//
// A module says with x_footprint(caps) how many bytes it takes and takes them
// in x_init(arena, caps). Because both sides are known before anything runs,
// running out is our own mistake: arena_take asserts. The owner of the block
// is app/, which maps it. For memory that comes and goes within one request,
// use struct workspace, which fails instead of asserting.
#ifndef SKERRY_BASE_ARENA_H
#define SKERRY_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#define ARENA_ALIGN ((size_t)16)

struct arena {
    unsigned char *base;
    size_t size;  // bytes
    size_t used;  // bytes, multiple of ARENA_ALIGN
};

// `base` must be aligned to ARENA_ALIGN and zeroed; the arena does not own it.
void arena_init(struct arena *arena, void *base, size_t size);

// Zeroed bytes, aligned to ARENA_ALIGN. Asserts that they fit.
void *arena_take(struct arena *arena, size_t size);

// What arena_take(size) uses of the block: `size` rounded up to ARENA_ALIGN.
size_t arena_bytes(size_t size);

// arena_take for `count` items of `size` bytes each; asserts against overflow.
void *arena_take_array(struct arena *arena, size_t count, size_t size);

// Scratch memory of one request or one document: bump, then reset.
struct workspace {
    unsigned char *base;
    size_t size;
    size_t used;
    size_t peak;
};

void workspace_init(struct workspace *space, struct arena *arena, size_t size);
// NULL when full: the request fails, the process does not. Not zeroed.
void *workspace_take(struct workspace *space, size_t size);
void workspace_reset(struct workspace *space);

#endif
