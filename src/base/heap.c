#include "base/heap.h"

#include <string.h>

// A block is a header of 8 bytes and a payload of 16 * units + 8 bytes, units at
// least 1. Payloads are aligned to 16, so headers lie 8 bytes before. A header
// word, from the low end: bit 0 this block is free, bit 1 the block before it
// is free, 38 bits units, 24 bits check. A free block holds its list's links at
// the start of its payload and its units in the last 8 bytes, where the block
// behind finds them.
#define HEADER_BYTES ((size_t)8)
#define UNIT_BYTES ((size_t)16)
#define UNITS_MIN ((size_t)1)
#define FREE UINT64_C(1)
#define FREE_BEFORE UINT64_C(2)
#define CHECK_SHIFT 40
#define FIELDS_MASK ((UINT64_C(1) << CHECK_SHIFT) - 1)
#define SLOTS_LOG2 5

#define HEAP_MAGIC UINT64_C(0x70616548796b536b)

_Static_assert(HEAP_SLOTS == 1 << SLOTS_LOG2, "slots come from so many bits");
// Units below 2^30: classes 0 (below 32) and 1 to 25 (2^5 to 2^29).
_Static_assert(HEAP_REGION_MAX / UNIT_BYTES == (size_t)1 << (HEAP_CLASSES + SLOTS_LOG2 - 1),
               "every size has a class, and no class is idle");

struct links {
    struct links *next;
    struct links *previous;  // NULL: the first of its list
};

struct slot {
    unsigned class;
    unsigned slot;
};

static uint64_t
check_of(const unsigned char *header, uint64_t fields)
{
    uint64_t word = ((uint64_t)(uintptr_t)header >> 3) ^ (fields << 21) ^ HEAP_MAGIC;
    return (word * UINT64_C(0x9e3779b97f4a7c15)) >> CHECK_SHIFT;
}

static void
header_set(unsigned char *header, uint64_t fields)
{
    uint64_t word = (check_of(header, fields) << CHECK_SHIFT) | fields;
    memcpy(header, &word, sizeof word);
}

// The fields of a header; asserts that nobody wrote over it.
static uint64_t
header_get(const unsigned char *header)
{
    uint64_t word;
    memcpy(&word, header, sizeof word);
    uint64_t fields = word & FIELDS_MASK;
    ASSERT(word >> CHECK_SHIFT == check_of(header, fields));
    return fields;
}

static size_t
units_of(uint64_t fields)
{
    return (size_t)(fields >> 2);
}

static uint64_t
fields_of(size_t units, uint64_t flags)
{
    return ((uint64_t)units << 2) | flags;
}

static size_t
payload_bytes(size_t units)
{
    return units * UNIT_BYTES + UNIT_BYTES - HEADER_BYTES;
}

static size_t
block_bytes(size_t units)
{
    return HEADER_BYTES + payload_bytes(units);
}

static unsigned char *
header_behind(unsigned char *header, size_t units)
{
    return header + block_bytes(units);
}

// The units for `size` bytes; 0 if it is beyond any region.
static size_t
units_for(size_t size)
{
    if (size > HEAP_REGION_MAX) {
        return 0;
    }
    size_t units = (size + UNIT_BYTES - HEADER_BYTES - 1) / UNIT_BYTES;
    return units < UNITS_MIN ? UNITS_MIN : units;
}

static unsigned
log2_of(size_t value)
{
    return 63U - (unsigned)__builtin_clzll(value);
}

static struct slot
slot_of(size_t units)
{
    if (units < HEAP_SLOTS) {
        return (struct slot){0, (unsigned)units};
    }
    unsigned log = log2_of(units);
    return (struct slot){log - SLOTS_LOG2 + 1,
                         (unsigned)(units >> (log - SLOTS_LOG2)) & (HEAP_SLOTS - 1)};
}

static struct links *
links_of(unsigned char *header)
{
    return (struct links *)(void *)(header + HEADER_BYTES);
}

static unsigned char *
header_of_links(struct links *links)
{
    return (unsigned char *)links - HEADER_BYTES;
}

static void
list_add(struct heap *heap, unsigned char *header, size_t units)
{
    struct slot slot = slot_of(units);
    struct links *links = links_of(header);
    struct links *next = heap->lists[slot.class][slot.slot];
    *links = (struct links){.next = next};
    if (next != NULL) {
        next->previous = links;
    }
    heap->lists[slot.class][slot.slot] = links;
    heap->slot_map[slot.class] |= 1U << slot.slot;
    heap->class_map |= 1U << slot.class;
}

static void
list_remove(struct heap *heap, unsigned char *header, size_t units)
{
    struct slot slot = slot_of(units);
    struct links *links = links_of(header);
    if (links->next != NULL) {
        ASSERT(heap_owns(heap, links->next));
        ASSERT(links->next->previous == links);
        links->next->previous = links->previous;
    }
    if (links->previous != NULL) {
        ASSERT(heap_owns(heap, links->previous));
        ASSERT(links->previous->next == links);
        links->previous->next = links->next;
        return;
    }
    ASSERT(heap->lists[slot.class][slot.slot] == links);
    heap->lists[slot.class][slot.slot] = links->next;
    if (links->next == NULL) {
        heap->slot_map[slot.class] &= ~(1U << slot.slot);
        if (heap->slot_map[slot.class] == 0) {
            heap->class_map &= ~(1U << slot.class);
        }
    }
}

// Tells the block behind whether this one is free.
static void
mark_behind(unsigned char *header, size_t units, bool free)
{
    unsigned char *behind = header_behind(header, units);
    uint64_t fields = header_get(behind) & ~FREE_BEFORE;
    header_set(behind, fields | (free ? FREE_BEFORE : 0));
}

// Makes a free block of what is in no list and has taken neighbours.
static void
make_free(struct heap *heap, unsigned char *header, size_t units)
{
    uint64_t tag = units;
    header_set(header, fields_of(units, FREE));
    memcpy(header_behind(header, units) - sizeof tag, &tag, sizeof tag);
    mark_behind(header, units, true);
    list_add(heap, header, units);
}

// The free block before `header`.
static unsigned char *
header_before(const struct heap *heap, unsigned char *header, size_t *units)
{
    uint64_t tag;
    memcpy(&tag, header - sizeof tag, sizeof tag);
    ASSERT(tag >= UNITS_MIN && tag <= (size_t)(header - heap->start) / UNIT_BYTES);
    unsigned char *before = header - block_bytes((size_t)tag);
    ASSERT(before >= heap->start);
    uint64_t fields = header_get(before);
    ASSERT((fields & FREE) != 0);
    ASSERT(units_of(fields) == tag);
    *units = (size_t)tag;
    return before;
}

// Makes a free block of a block in no list, together with free neighbours.
static void
make_free_merged(struct heap *heap, unsigned char *header, size_t units, bool free_before)
{
    unsigned char *behind = header_behind(header, units);
    uint64_t fields = header_get(behind);
    if ((fields & FREE) != 0) {
        list_remove(heap, behind, units_of(fields));
        units += units_of(fields) + 1;
    }
    if (free_before) {
        size_t before_units;
        unsigned char *before = header_before(heap, header, &before_units);
        list_remove(heap, before, before_units);
        header = before;
        units += before_units + 1;
    }
    make_free(heap, header, units);
}

// Writes the header of a taken block and frees what it has too much.
static void
take_trimmed(struct heap *heap, unsigned char *header, size_t have, size_t want,
             uint64_t free_before)
{
    bool split = have - want > UNITS_MIN;
    size_t units = split ? want : have;
    header_set(header, fields_of(units, free_before));
    if (split) {
        make_free_merged(heap, header_behind(header, want), have - want - 1, false);
    } else {
        mark_behind(header, units, false);
    }
}

static void
count_taken(struct heap *heap, size_t bytes)
{
    heap->use.now += bytes;
    ASSERT(heap->use.now <= heap->use.size);
    if (heap->use.now > heap->use.peak) {
        heap->use.peak = heap->use.now;
    }
}

void
heap_init(struct heap *heap, void *region, size_t size)
{
    uintptr_t from = (uintptr_t)region;
    ASSERT(region != NULL);
    ASSERT(size >= 64 && size <= HEAP_REGION_MAX);
    // Headers lie 8 bytes before a multiple of 16.
    uintptr_t start = ((from + HEADER_BYTES + 15) & ~(uintptr_t)15) - HEADER_BYTES;
    uintptr_t end = ((from + size) & ~(uintptr_t)15) - HEADER_BYTES;
    *heap = (struct heap){.magic = HEAP_MAGIC};
    heap->start = (unsigned char *)region + (start - from);
    heap->end = (unsigned char *)region + (end - from);
    heap->use.size = (size_t)(end - start);
    size_t units = heap->use.size / UNIT_BYTES - 1;
    ASSERT(units >= UNITS_MIN);
    header_set(heap->end, fields_of(0, 0));
    make_free(heap, heap->start, units);
}

// One of the newest blocks of the list for `units` that is large enough.
static unsigned char *
find_in_own_list(const struct heap *heap, size_t units)
{
    struct slot slot = slot_of(units);
    struct links *links = heap->lists[slot.class][slot.slot];
    for (unsigned i = 0; i < HEAP_TRIES && links != NULL; i++) {
        unsigned char *header = header_of_links(links);
        if (units_of(header_get(header)) >= units) {
            return header;
        }
        links = links->next;
        ASSERT(links == NULL || heap_owns(heap, links));
    }
    return NULL;
}

// The first block of the first list whose blocks are all large enough and
// that is not the own one.
static unsigned char *
find_larger(const struct heap *heap, size_t units)
{
    struct slot slot = slot_of(units);
    uint32_t slots = heap->slot_map[slot.class] & (UINT32_MAX << slot.slot << 1);
    if (slots == 0) {
        uint32_t classes = heap->class_map & (UINT32_MAX << slot.class << 1);
        if (classes == 0) {
            return NULL;
        }
        slot.class = (unsigned)__builtin_ctz(classes);
        slots = heap->slot_map[slot.class];
    }
    ASSERT(slots != 0);
    return header_of_links(heap->lists[slot.class][__builtin_ctz(slots)]);
}

// A free block of at least `units`, out of its list; NULL if there is none.
static unsigned char *
find(struct heap *heap, size_t units, size_t *have)
{
    ASSERT(heap->magic == HEAP_MAGIC);
    unsigned char *header = NULL;
    if (units != 0 && units <= heap->use.size / UNIT_BYTES) {
        header = find_in_own_list(heap, units);
        header = header != NULL ? header : find_larger(heap, units);
    }
    if (header == NULL) {
        heap->use.failures_total++;
        return NULL;
    }
    uint64_t fields = header_get(header);
    ASSERT(fields == fields_of(units_of(fields), FREE));
    ASSERT(units_of(fields) >= units);
    *have = units_of(fields);
    list_remove(heap, header, *have);
    return header;
}

// Counts a new block and gives its payload.
static void *
handed_out(struct heap *heap, unsigned char *header)
{
    heap->use.count++;
    heap->use.allocations_total++;
    count_taken(heap, block_bytes(units_of(header_get(header))));
    return header + HEADER_BYTES;
}

void *
heap_alloc(struct heap *heap, size_t size)
{
    size_t have;
    size_t want = units_for(size);
    unsigned char *header = find(heap, want, &have);
    if (header == NULL) {
        return NULL;
    }
    take_trimmed(heap, header, have, want, 0);
    return handed_out(heap, header);
}

// How far into a payload at `payload` an aligned one begins: 0, or enough to
// leave a free block before it.
static size_t
gap_for(const unsigned char *payload, size_t align)
{
    size_t gap = (size_t)(-(uintptr_t)payload & (align - 1));
    return gap != 0 && gap < block_bytes(UNITS_MIN) ? gap + align : gap;
}

void *
heap_aligned(struct heap *heap, size_t align, size_t size)
{
    ASSERT(align != 0 && (align & (align - 1)) == 0);
    if (align <= HEAP_ALIGN) {
        return heap_alloc(heap, size);
    }
    size_t have;
    size_t want = units_for(size);
    bool possible = want != 0 && align <= HEAP_REGION_MAX;
    unsigned char *header =
        find(heap, possible ? want + (align + UNIT_BYTES) / UNIT_BYTES : 0, &have);
    if (header == NULL) {
        return NULL;
    }
    size_t gap = gap_for(header + HEADER_BYTES, align);
    if (gap == 0) {
        take_trimmed(heap, header, have, want, 0);
        return handed_out(heap, header);
    }
    size_t gap_units = gap / UNIT_BYTES - 1;
    unsigned char *aligned = header + gap;
    take_trimmed(heap, aligned, have - gap_units - 1, want, 0);
    make_free(heap, header, gap_units);
    return handed_out(heap, aligned);
}

// The header of a taken block; asserts that it is one.
static unsigned char *
header_of_taken(const struct heap *heap, const void *block, uint64_t *fields)
{
    ASSERT(heap->magic == HEAP_MAGIC);
    ASSERT(heap_owns(heap, block));
    ASSERT(((uintptr_t)block & (HEAP_ALIGN - 1)) == 0);
    unsigned char *header =
        heap->start + ((const unsigned char *)block - heap->start) - HEADER_BYTES;
    *fields = header_get(header);
    ASSERT((*fields & FREE) == 0);
    return header;
}

void
heap_free(struct heap *heap, void *block)
{
    if (block == NULL) {
        return;
    }
    uint64_t fields;
    unsigned char *header = header_of_taken(heap, block, &fields);
    size_t units = units_of(fields);
    ASSERT(heap->use.count > 0 && heap->use.now >= block_bytes(units));
    heap->use.count--;
    heap->use.now -= block_bytes(units);
    make_free_merged(heap, header, units, (fields & FREE_BEFORE) != 0);
}

// True if the block now has `want` units: by shrinking, or by taking from a free
// block behind it.
static bool
resize_in_place(struct heap *heap, unsigned char *header, uint64_t fields, size_t want)
{
    size_t had = units_of(fields);
    size_t have = had;
    unsigned char *behind = header_behind(header, had);
    uint64_t behind_fields = header_get(behind);
    if (want > had) {
        if ((behind_fields & FREE) == 0 || had + units_of(behind_fields) + 1 < want) {
            return false;
        }
        list_remove(heap, behind, units_of(behind_fields));
        have += units_of(behind_fields) + 1;
    }
    heap->use.now -= block_bytes(had);
    take_trimmed(heap, header, have, want, fields & FREE_BEFORE);
    count_taken(heap, block_bytes(units_of(header_get(header))));
    return true;
}

void *
heap_realloc(struct heap *heap, void *old, size_t size)
{
    if (old == NULL) {
        return heap_alloc(heap, size);
    }
    uint64_t fields;
    unsigned char *header = header_of_taken(heap, old, &fields);
    size_t want = units_for(size);
    if (want != 0 && resize_in_place(heap, header, fields, want)) {
        return old;
    }
    void *moved = heap_alloc(heap, size);
    if (moved != NULL) {
        memcpy(moved, old, payload_bytes(units_of(fields)));
        heap_free(heap, old);
    }
    return moved;
}

size_t
heap_usable(const struct heap *heap, const void *block)
{
    uint64_t fields;
    (void)header_of_taken(heap, block, &fields);
    return payload_bytes(units_of(fields));
}

size_t
heap_largest_free(const struct heap *heap)
{
    if (heap->class_map == 0) {
        return 0;
    }
    unsigned class = log2_of(heap->class_map);
    struct links *links = heap->lists[class][log2_of(heap->slot_map[class])];
    size_t most = 0;
    for (unsigned i = 0; i < HEAP_TRIES && links != NULL; i++) {
        size_t units = units_of(header_get(header_of_links(links)));
        most = units > most ? units : most;
        links = links->next;
    }
    return payload_bytes(most);
}

bool
heap_owns(const struct heap *heap, const void *block)
{
    const unsigned char *at = block;
    return at >= heap->start + HEADER_BYTES && at < heap->end;
}

static size_t
listed_blocks(const struct heap *heap)
{
    size_t count = 0;
    for (unsigned i = 0; i < HEAP_CLASSES * HEAP_SLOTS; i++) {
        unsigned class = i / HEAP_SLOTS;
        unsigned slot = i % HEAP_SLOTS;
        struct links *links = heap->lists[class][slot];
        ASSERT((links != NULL) == ((heap->slot_map[class] >> slot & 1U) != 0));
        ASSERT((heap->slot_map[class] != 0) == ((heap->class_map >> class & 1U) != 0));
        for (; links != NULL; links = links->next) {
            uint64_t fields = header_get(header_of_links(links));
            struct slot want = slot_of(units_of(fields));
            ASSERT((fields & FREE) != 0);
            ASSERT(want.class == class && want.slot == slot);
            count++;
        }
    }
    return count;
}

void
heap_check(const struct heap *heap)
{
    size_t free_blocks = 0;
    size_t taken = 0;
    size_t taken_bytes = 0;
    bool free_before = false;
    unsigned char *header = heap->start;
    ASSERT(heap->magic == HEAP_MAGIC);
    while (header < heap->end) {
        uint64_t fields = header_get(header);
        bool free = (fields & FREE) != 0;
        ASSERT(units_of(fields) >= UNITS_MIN);
        ASSERT(((fields & FREE_BEFORE) != 0) == free_before);
        ASSERT(!(free && free_before));
        free_blocks += free;
        taken += !free;
        taken_bytes += free ? 0 : block_bytes(units_of(fields));
        free_before = free;
        header = header_behind(header, units_of(fields));
    }
    ASSERT(header == heap->end);
    ASSERT(((header_get(header) & FREE_BEFORE) != 0) == free_before);
    ASSERT(taken == heap->use.count);
    ASSERT(taken_bytes == heap->use.now);
    ASSERT(listed_blocks(heap) == free_blocks);
}
