#include "base/heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../test.h"

#define REGION_BYTES ((size_t)1 << 20)
#define SLOTS 4096

static _Alignas(4096) unsigned char region[REGION_BYTES];
static struct heap heap;

static void
fresh(size_t size)
{
    memset(region, 0xa5, sizeof region);
    heap_init(&heap, region, size);
    heap_check(&heap);
}

TEST(gives_and_takes_back)
{
    fresh(REGION_BYTES);
    size_t most = heap_largest_free(&heap);
    void *a = heap_alloc(&heap, 100);
    void *b = heap_alloc(&heap, 0);
    void *c = heap_alloc(&heap, 5000);
    CHECK(a != NULL && b != NULL && c != NULL);
    CHECK(a != b && b != c);
    CHECK(heap_usable(&heap, a) >= 100);
    CHECK_EQUAL_U64(heap.use.count, 3);
    CHECK(heap.use.now >= 5100 && heap.use.now <= 5100 + 3 * HEAP_OVERHEAD_MAX);
    heap_free(&heap, b);
    heap_free(&heap, NULL);
    heap_check(&heap);
    heap_free(&heap, a);
    heap_free(&heap, c);
    heap_check(&heap);
    CHECK_EQUAL_U64(heap.use.now, 0);
    CHECK_EQUAL_U64(heap.use.allocations_total, 3);
    CHECK(heap.use.peak >= 5100);
    CHECK_EQUAL_U64(heap_largest_free(&heap), most);
}

TEST(takes_any_region)
{
    for (size_t skew = 0; skew < 32; skew++) {
        for (size_t size = 64; size < 200; size += 7) {
            memset(region, 0x5a, 512);
            heap_init(&heap, region + 64 + skew, size);
            void *block = heap_alloc(&heap, heap_largest_free(&heap));
            CHECK(block != NULL);
            memset(block, 1, heap_usable(&heap, block));
            heap_check(&heap);
            heap_free(&heap, block);
            CHECK(region[63 + skew] == 0x5a);
            CHECK(region[64 + skew + size] == 0x5a);
        }
    }
}

TEST(aligns)
{
    uint64_t state = test_seed();
    fresh(REGION_BYTES);
    for (int round = 0; round < 2000; round++) {
        void *blocks[8];
        for (size_t i = 0; i < 8; i++) {
            size_t align = (size_t)1 << test_random_below(&state, 14);
            size_t size = (size_t)test_random_below(&state, 3000);
            blocks[i] = heap_aligned(&heap, align, size);
            CHECK(blocks[i] != NULL);
            CHECK(((uintptr_t)blocks[i] & (align - 1)) == 0);
            CHECK(((uintptr_t)blocks[i] & (HEAP_ALIGN - 1)) == 0);
            CHECK(heap_usable(&heap, blocks[i]) >= size);
            memset(blocks[i], 0xee, size);
        }
        heap_check(&heap);
        for (size_t i = 0; i < 8; i++) {
            heap_free(&heap, blocks[(i * 5) % 8]);
        }
    }
    heap_check(&heap);
    CHECK_EQUAL_U64(heap.use.now, 0);
    CHECK(heap_aligned(&heap, (size_t)1 << 40, 1) == NULL);
    CHECK(heap_aligned(&heap, 4096, SIZE_MAX - 4096) == NULL);
}

TEST(runs_out_and_recovers)
{
    static void *blocks[REGION_BYTES / 32];
    size_t count = 0;
    fresh(REGION_BYTES);
    for (;; count++) {
        void *block = heap_alloc(&heap, 24);
        if (block == NULL) {
            break;
        }
        memset(block, 0x11, 24);
        blocks[count] = block;
    }
    CHECK_EQUAL_U64(heap.use.failures_total, 1);
    CHECK_EQUAL_U64(count, REGION_BYTES / 32 - 1);
    CHECK_EQUAL_U64(heap_largest_free(&heap), 0);
    CHECK(heap_alloc(&heap, 1) == NULL);
    CHECK(heap_realloc(&heap, blocks[7], 4000) == NULL);
    heap_check(&heap);
    for (size_t i = 0; i < count; i += 2) {
        heap_free(&heap, blocks[i]);
    }
    heap_check(&heap);
    CHECK(heap_largest_free(&heap) <= 40);  // the last one took the rest
    CHECK(heap_alloc(&heap, 41) == NULL);
    for (size_t i = 1; i < count; i += 2) {
        heap_free(&heap, blocks[i]);
    }
    heap_check(&heap);
    CHECK(heap_largest_free(&heap) > REGION_BYTES - 64);
}

TEST(refuses_sizes_beyond_all)
{
    fresh(REGION_BYTES);
    CHECK(heap_alloc(&heap, SIZE_MAX) == NULL);
    CHECK(heap_alloc(&heap, SIZE_MAX - 15) == NULL);
    CHECK(heap_alloc(&heap, HEAP_REGION_MAX + 1) == NULL);
    CHECK(heap_alloc(&heap, HEAP_REGION_MAX) == NULL);
    CHECK(heap_alloc(&heap, REGION_BYTES) == NULL);
    void *block = heap_alloc(&heap, 10);
    CHECK(heap_realloc(&heap, block, SIZE_MAX) == NULL);
    CHECK(heap_usable(&heap, block) >= 10);
    CHECK_EQUAL_U64(heap.use.failures_total, 6);
}

TEST(resizes_in_place)
{
    fresh(REGION_BYTES);
    unsigned char *a = heap_alloc(&heap, 1000);
    unsigned char *b = heap_alloc(&heap, 1000);
    unsigned char *c = heap_alloc(&heap, 1000);
    memset(a, 'a', 1000);
    memset(c, 'c', 1000);
    CHECK(heap_realloc(&heap, a, 100) == a);
    heap_check(&heap);
    CHECK(heap_realloc(&heap, a, 990) == a);
    heap_free(&heap, b);
    CHECK(heap_realloc(&heap, a, 1800) == a);
    heap_check(&heap);
    for (size_t i = 0; i < 100; i++) {
        CHECK(a[i] == 'a');
    }
    CHECK(c[0] == 'c' && c[999] == 'c');
    unsigned char *moved = heap_realloc(&heap, a, 5000);
    CHECK(moved != NULL && moved != a);
    CHECK(moved[99] == 'a');
    CHECK(heap_realloc(&heap, NULL, 10) != NULL);
    heap_check(&heap);
}

TEST(takes_the_same_size_again)
{
    // A size in the middle of its list's range, freed between two taken blocks.
    fresh(REGION_BYTES);
    void *block = heap_alloc(&heap, 16500);
    void *fence = heap_alloc(&heap, 10);
    CHECK(fence != NULL);
    heap_free(&heap, block);
    CHECK(heap_alloc(&heap, 16500) == block);
}

struct shadow {
    unsigned char *block;
    size_t size;
    unsigned char mark;
};

static struct shadow shadows[SLOTS];

static void
fill(struct shadow *shadow, size_t from)
{
    for (size_t i = from; i < shadow->size; i++) {
        shadow->block[i] = (unsigned char)(shadow->mark + i);
    }
}

static void
check_content(const struct shadow *shadow, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        CHECK(shadow->block[i] == (unsigned char)(shadow->mark + i));
    }
}

static size_t
random_size(uint64_t *state)
{
    return (size_t)(test_random(state) & ((UINT64_C(1) << test_random_below(state, 16)) - 1));
}

static void
step(uint64_t *state, size_t slots)
{
    struct shadow *shadow = &shadows[test_random_below(state, slots)];
    size_t size = random_size(state);
    if (shadow->block == NULL) {
        shadow->size = size;
        shadow->mark = (unsigned char)test_random(state);
        shadow->block = test_random_below(state, 8) == 0
                            ? heap_aligned(&heap, (size_t)16 << test_random_below(state, 7), size)
                            : heap_alloc(&heap, size);
        if (shadow->block != NULL) {
            CHECK(heap_usable(&heap, shadow->block) >= size);
            fill(shadow, 0);
        }
        return;
    }
    check_content(shadow, shadow->size);
    if (test_random_below(state, 3) == 0) {
        unsigned char *moved = heap_realloc(&heap, shadow->block, size);
        if (moved != NULL) {
            size_t kept = size < shadow->size ? size : shadow->size;
            shadow->block = moved;
            shadow->size = size;
            check_content(shadow, kept);
            fill(shadow, kept);
        }
        return;
    }
    heap_free(&heap, shadow->block);
    shadow->block = NULL;
}

TEST(keeps_content_in_a_soak)
{
    uint64_t state = test_seed() + 1;
    for (unsigned life = 0; life < 6; life++) {
        size_t slots = life % 2 == 0 ? 200 : SLOTS;
        memset(shadows, 0, sizeof shadows);
        fresh(REGION_BYTES);
        for (unsigned i = 0; i < 60000; i++) {
            step(&state, slots);
            if (i % 500 == 0) {
                heap_check(&heap);
            }
        }
        CHECK(slots < SLOTS || heap.use.failures_total > 0);
        for (size_t i = 0; i < SLOTS; i++) {
            heap_free(&heap, shadows[i].block);
        }
        heap_check(&heap);
        CHECK_EQUAL_U64(heap.use.now, 0);
        CHECK(heap_largest_free(&heap) > REGION_BYTES - 64);
    }
}

// What TLS and HTTP libraries ask for: many small blocks that live long, record
// buffers, certificates and handshakes that come and go.
static size_t
library_size(uint64_t *state)
{
    static const size_t sizes[] = {16749, 4461, 16384, 4096, 1024, 2100, 520, 272, 8192};
    switch (test_random_below(state, 8)) {
    case 0:
        return sizes[test_random_below(state, ARRAY_COUNT(sizes))];
    case 1:
        return 200 + (size_t)test_random_below(state, 3000);
    default:
        return 8 + (size_t)test_random_below(state, 250);
    }
}

// The bound that heap.h tells: with four fifths of the region in use by blocks
// of these sizes, headers included, no request fails.
TEST(holds_its_fragmentation_bound)
{
    uint64_t state = test_seed() + 2;
    size_t limit = REGION_BYTES / 5 * 4;
    size_t asked = 0;
    memset(shadows, 0, sizeof shadows);
    fresh(REGION_BYTES);
    for (unsigned i = 0; i < 400000; i++) {
        struct shadow *shadow = &shadows[test_random_below(&state, SLOTS)];
        if (shadow->block != NULL) {
            heap_free(&heap, shadow->block);
            asked -= shadow->size;
            shadow->block = NULL;
        }
        size_t size = library_size(&state);
        if (asked + size + HEAP_ALIGN <= limit) {
            shadow->size = size + HEAP_ALIGN;
            shadow->block = heap_alloc(&heap, size);
            asked += shadow->size;
        }
        CHECK(heap.use.failures_total == 0);
    }
    heap_check(&heap);
}

enum damage {
    DOUBLE_FREE,
    DOUBLE_FREE_MERGED,
    OVERRUN,
    UNDERRUN,
    INNER_POINTER,
    FOREIGN_POINTER,
    BROKEN_LINK,
    BROKEN_TAG,
    NOT_A_HEAP,
};

static void
harm(void *argument)
{
    static unsigned char elsewhere[64];
    fresh(REGION_BYTES);
    unsigned char *a = heap_alloc(&heap, 40);
    unsigned char *b = heap_alloc(&heap, 40);
    unsigned char *c = heap_alloc(&heap, 40);
    unsigned char *d = heap_alloc(&heap, 40);
    CHECK(d != NULL);
    switch (*(enum damage *)argument) {
    case DOUBLE_FREE:
        heap_free(&heap, b);
        heap_free(&heap, b);
        break;
    case DOUBLE_FREE_MERGED:
        heap_free(&heap, a);
        heap_free(&heap, b);
        heap_free(&heap, b);
        break;
    case OVERRUN:
        memset(b, 0, 41);
        heap_free(&heap, b);
        break;
    case UNDERRUN:
        b[-1] ^= 1;
        heap_free(&heap, b);
        break;
    case INNER_POINTER:
        memset(b, 0, 40);
        heap_free(&heap, b + 16);
        break;
    case FOREIGN_POINTER:
        heap_free(&heap, elsewhere + 16);
        break;
    case BROKEN_LINK:
        heap_free(&heap, a);
        heap_free(&heap, c);
        memset(c, 0x41, 16);
        heap_free(&heap, b);
        break;
    case BROKEN_TAG:
        heap_free(&heap, a);
        b[-16] ^= 1;
        heap_free(&heap, b);
        break;
    case NOT_A_HEAP:
        heap.magic = 0;
        heap_free(&heap, b);
        break;
    }
}

TEST(meets_damage)
{
    for (enum damage damage = DOUBLE_FREE; damage <= NOT_A_HEAP; damage++) {
        CHECK(test_aborts(harm, &damage));
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"heap_gives_and_takes_back", gives_and_takes_back},
        {"heap_takes_any_region", takes_any_region},
        {"heap_aligns", aligns},
        {"heap_runs_out_and_recovers", runs_out_and_recovers},
        {"heap_refuses_sizes_beyond_all", refuses_sizes_beyond_all},
        {"heap_resizes_in_place", resizes_in_place},
        {"heap_takes_the_same_size_again", takes_the_same_size_again},
        {"heap_keeps_content_in_a_soak", keeps_content_in_a_soak},
        {"heap_holds_its_fragmentation_bound", holds_its_fragmentation_bound},
        {"heap_meets_damage", meets_damage},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
