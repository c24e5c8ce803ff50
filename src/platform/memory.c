#include "platform/memory.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"

static _Alignas(16) unsigned char boot_region[MEMORY_BOOT_BYTES];
static struct heap boot;
static struct heap main_heap;

void
memory_open(void *region, size_t size)
{
    ASSERT(main_heap.magic == 0);
    ASSERT(size >= 4096);
    heap_init(&main_heap, region, size);
}

// The heap that new blocks come from.
static struct heap *
current(void)
{
    if (main_heap.magic != 0) {
        return &main_heap;
    }
    if (boot.magic == 0) {
        heap_init(&boot, boot_region, sizeof boot_region);
    }
    return &boot;
}

// The heap that `block` came from.
static struct heap *
owner(const void *block)
{
    return boot.magic != 0 && heap_owns(&boot, block) ? &boot : &main_heap;
}

static void *
given(void *block)
{
    if (block == NULL) {
        errno = ENOMEM;
    }
    return block;
}

void *
malloc(size_t size)
{
    return given(heap_alloc(current(), size));
}

// By heap_alloc and not by malloc: a compiler would make calloc of malloc and
// memset, that is of itself.
void *
calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        bytes = SIZE_MAX;  // fails and is counted like any other
    }
    void *block = heap_alloc(current(), bytes);
    if (block != NULL) {
        memset(block, 0, bytes);
    }
    return given(block);
}

static void *
move(struct heap *from, void *old, size_t size)
{
    size_t usable = heap_usable(from, old);
    void *block = heap_alloc(current(), size);
    if (block != NULL) {
        memcpy(block, old, usable < size ? usable : size);
        heap_free(from, old);
    }
    return block;
}

void *
realloc(void *old, size_t size)
{
    if (old == NULL) {
        return malloc(size);
    }
    struct heap *from = owner(old);
    return given(from == current() ? heap_realloc(from, old, size) : move(from, old, size));
}

void
free(void *block)
{
    if (block != NULL) {
        heap_free(owner(block), block);
    }
}

static int
is_alignment(size_t align)
{
    return align != 0 && (align & (align - 1)) == 0;
}

void *
aligned_alloc(size_t align, size_t size)
{
    if (!is_alignment(align)) {
        errno = EINVAL;
        return NULL;
    }
    return given(heap_aligned(current(), align, size));
}

void *
memalign(size_t align, size_t size)
{
    return aligned_alloc(align, size);
}

int
posix_memalign(void **block, size_t align, size_t size)
{
    if (!is_alignment(align) || align < sizeof(void *)) {
        return EINVAL;
    }
    void *taken = heap_aligned(current(), align, size);
    if (taken == NULL) {
        return ENOMEM;
    }
    *block = taken;
    return 0;
}

size_t
malloc_usable_size(void *block)
{
    return block == NULL ? 0 : heap_usable(owner(block), block);
}

void
memory_use(struct memory_use *use)
{
    bool opened = main_heap.magic != 0;
    *use = (struct memory_use){
        .size = main_heap.use.size,
        .now = main_heap.use.now,
        .peak = main_heap.use.peak,
        .largest_free = opened ? heap_largest_free(&main_heap) : 0,
        .allocations_total = main_heap.use.allocations_total,
        .failures_total = main_heap.use.failures_total + boot.use.failures_total,
        .boot_now = boot.use.now,
    };
}
