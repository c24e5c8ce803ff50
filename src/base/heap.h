// A heap inside one fixed region: what the libraries get for malloc.
//
// Two-level segregated fit after Masmano, Ripoll, Crespo, Real: "TLSF: a New
// Dynamic Memory Allocator for Real-Time Systems" (ECRTS 2004): free blocks lie
// in lists by size, 32 to each power of two, found by bit maps, so every call
// takes bounded time. Unlike there, the list of the size itself is tried first
// (its newest HEAP_TRIES blocks), so that a freed block serves the next request
// of the same size, whatever that is.
//
// The region is the caller's, of any content, and is never grown; when nothing
// fits, the call gives NULL and counts a failure. One thread only.
//
// What it costs, and the bound:
// - a block is 8 bytes of header and the size rounded up to 24, 40, 56 ...,
//   and takes 16 bytes more where a rest would be too small to stand alone;
// - a request that fits no block of its own list passes over no block that is
//   larger than it by more than 1/32;
// - no allocator that cannot move blocks is safe against every order of calls:
//   Robson ("Bounds for Some Functions Concerning Dynamic Storage Allocation",
//   JACM 1974) gives one that makes any of them need about M * log2(n) / 2 for
//   M bytes in use, in sizes from m to n * m. For sizes as TLS and HTTP
//   libraries ask for, a test holds that four fifths of the region can be in
//   use, headers included, and no request fails. Plan with that.
//
// Headers carry a check of their own address and content: a block freed twice,
// a pointer that is none, or bytes written past a block's end fail an ASSERT at
// the next call that meets them.
#ifndef SKERRY_BASE_HEAP_H
#define SKERRY_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

#define HEAP_ALIGN ((size_t)16)
// What one allocation takes besides its bytes, at most (see above).
#define HEAP_OVERHEAD_MAX ((size_t)40)
#define HEAP_REGION_MAX ((size_t)1 << 34)
#define HEAP_CLASSES 26
#define HEAP_SLOTS 32
#define HEAP_TRIES 16

struct heap_use {
    size_t size;   // bytes that blocks may take together, headers included
    size_t now;    // bytes taken, headers included
    size_t peak;   // the most that `now` was
    size_t count;  // blocks taken now
    uint64_t allocations_total;
    uint64_t failures_total;
};

struct heap {
    uint64_t magic;
    unsigned char *start;  // the first header
    unsigned char *end;    // the last header, of no block: always taken
    uint32_t class_map;    // bit c: slot_map[c] is not 0
    uint32_t slot_map[HEAP_CLASSES];
    void *lists[HEAP_CLASSES][HEAP_SLOTS];
    struct heap_use use;
};

// `size` from 64 bytes to HEAP_REGION_MAX; a region that is not aligned loses
// up to 15 bytes at each end.
void heap_init(struct heap *heap, void *region, size_t size);

// At least `size` bytes (0 counts as 1), aligned to HEAP_ALIGN, not zeroed;
// NULL when full.
void *heap_alloc(struct heap *heap, size_t size) MUST_USE;
// `align` is a power of two.
void *heap_aligned(struct heap *heap, size_t align, size_t size) MUST_USE;
// In place where it can be; NULL leaves the old block as it was. An `old` of
// NULL is heap_alloc.
void *heap_realloc(struct heap *heap, void *old, size_t size) MUST_USE;
void heap_free(struct heap *heap, void *block);  // NULL is nothing

// How many bytes may be written to `block`: at least what was asked for.
size_t heap_usable(const struct heap *heap, const void *block);
// The largest `size` for which heap_alloc is sure to succeed now.
size_t heap_largest_free(const struct heap *heap);
// Whether `block` lies in the region, whatever it is.
bool heap_owns(const struct heap *heap, const void *block);
// Walks the whole heap and asserts that it is sound; for tests.
void heap_check(const struct heap *heap);

#endif
