#include "base/arena.h"

#include "base/check.h"

void
arena_init(struct arena *arena, void *base, size_t size)
{
    ASSERT(arena != NULL);
    ASSERT(base != NULL || size == 0);
    ASSERT(((uintptr_t)base & (ARENA_ALIGN - 1)) == 0);
    *arena = (struct arena){.base = base, .size = size};
}

size_t
arena_bytes(size_t size)
{
    ASSERT(size <= SIZE_MAX - ARENA_ALIGN);
    return (size + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1);
}

void *
arena_take(struct arena *arena, size_t size)
{
    size_t bytes = arena_bytes(size);
    ASSERT(bytes <= arena->size - arena->used);
    void *taken = arena->base + arena->used;
    arena->used += bytes;
    ASSERT(arena->used <= arena->size);
    return taken;
}

void *
arena_take_array(struct arena *arena, size_t count, size_t size)
{
    ASSERT(size == 0 || count <= SIZE_MAX / size);
    return arena_take(arena, count * size);
}

void
workspace_init(struct workspace *space, struct arena *arena, size_t size)
{
    *space = (struct workspace){.base = arena_take(arena, size), .size = size};
}

void *
workspace_take(struct workspace *space, size_t size)
{
    if (size > SIZE_MAX - ARENA_ALIGN) {
        return NULL;
    }
    size_t bytes = arena_bytes(size);
    if (bytes > space->size - space->used) {
        return NULL;
    }
    void *taken = space->base + space->used;
    space->used += bytes;
    if (space->used > space->peak) {
        space->peak = space->used;
    }
    return taken;
}

void
workspace_reset(struct workspace *space)
{
    space->used = 0;
}
