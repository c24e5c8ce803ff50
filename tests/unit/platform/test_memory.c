// Both sides of memory.h: with memory.c its malloc is this program's malloc;
// with memory_hosted.c there is nothing to see, and the cases say so.
#include "platform/memory.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "../test.h"

#define REGION_BYTES ((size_t)4 << 20)

static _Alignas(4096) unsigned char region[REGION_BYTES];
static void *early;  // from before memory_open

static bool
is_ours(const void *block)
{
    const unsigned char *at = block;
    return at >= region && at < region + REGION_BYTES;
}

static void
need_ours(void)
{
    struct memory_use use;
    memory_use(&use);
    if (use.size == 0) {
        SKIP("the system's malloc is in use");
    }
}

// The compiler must not know what these do.
static void *(*volatile take)(size_t) = malloc;
static void *(*volatile take_zeroed)(size_t, size_t) = calloc;
static void *(*volatile resize)(void *, size_t) = realloc;
static void *(*volatile take_aligned)(size_t, size_t) = aligned_alloc;

TEST(serves_from_its_region)
{
    struct memory_use before;
    struct memory_use after;
    need_ours();
    memory_use(&before);
    unsigned char *block = take(1000);
    CHECK(is_ours(block));
    CHECK(malloc_usable_size(block) >= 1000);
    memset(block, 0xff, 1000);
    memory_use(&after);
    CHECK(after.now >= before.now + 1000);
    CHECK_EQUAL_U64(after.allocations_total, before.allocations_total + 1);
    free(block);
    unsigned char *zeroed = take_zeroed(10, 100);
    CHECK(is_ours(zeroed));
    for (size_t i = 0; i < 1000; i++) {
        CHECK(zeroed[i] == 0);
    }
    zeroed = resize(zeroed, 100000);
    CHECK(is_ours(zeroed) && zeroed[999] == 0);
    free(zeroed);
    free(NULL);
    memory_use(&after);
    CHECK_EQUAL_U64(after.now, before.now);
    CHECK(after.peak >= 100000);
}

TEST(aligns)
{
    void *block = NULL;
    need_ours();
    for (size_t align = 16; align <= 65536; align *= 2) {
        void *aligned = take_aligned(align, 100);
        CHECK(is_ours(aligned) && ((uintptr_t)aligned & (align - 1)) == 0);
        free(aligned);
        CHECK(posix_memalign(&block, align, 100) == 0);
        CHECK(is_ours(block) && ((uintptr_t)block & (align - 1)) == 0);
        free(block);
    }
    block = &region;
    CHECK(posix_memalign(&block, 3, 100) == EINVAL);
    CHECK(posix_memalign(&block, 64, REGION_BYTES) == ENOMEM);
    CHECK(block == &region);
    errno = 0;
    CHECK(take_aligned(48, 100) == NULL && errno == EINVAL);
}

TEST(runs_out_with_enomem)
{
    struct memory_use before;
    struct memory_use after;
    need_ours();
    memory_use(&before);
    errno = 0;
    CHECK(take(REGION_BYTES) == NULL && errno == ENOMEM);
    CHECK(take(SIZE_MAX) == NULL);
    CHECK(take_zeroed(SIZE_MAX / 2, 3) == NULL && errno == ENOMEM);
    CHECK(take_zeroed((size_t)1 << 33, (size_t)1 << 33) == NULL);
    void *block = take(10);
    CHECK(resize(block, REGION_BYTES) == NULL);
    free(block);
    memory_use(&after);
    CHECK_EQUAL_U64(after.failures_total, before.failures_total + 5);
    block = take(after.largest_free);
    CHECK(block != NULL);
    free(block);
}

// What libc took before main stays valid and moves over when it grows.
TEST(keeps_early_blocks)
{
    struct memory_use use;
    need_ours();
    memory_use(&use);
    CHECK(!is_ours(early));
    CHECK(use.boot_now >= 100);
    CHECK_EQUAL_TEXT((char *)early, "from before");
    early = resize(early, 5000);
    CHECK(is_ours(early));
    CHECK_EQUAL_TEXT((char *)early, "from before");
    struct memory_use after;
    memory_use(&after);
    CHECK(after.boot_now < use.boot_now);
    void *again = resize(early, 20);
    CHECK(again == early);
}

static void
open_again(void *unused)
{
    (void)unused;
    memory_open(region, REGION_BYTES);
}

static void
free_twice(void *unused)
{
    void *volatile block = take(100);
    (void)unused;
    free(block);
    free(block);
}

TEST(asserts)
{
    need_ours();
    CHECK(test_aborts(open_again, NULL));
    CHECK(test_aborts(free_twice, NULL));
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"memory_serves_from_its_region", serves_from_its_region},
        {"memory_aligns", aligns},
        {"memory_runs_out_with_enomem", runs_out_with_enomem},
        {"memory_keeps_early_blocks", keeps_early_blocks},
        {"memory_asserts", asserts},
    };
    early = take(100);
    strcpy(early, "from before");
    memory_open(region, REGION_BYTES);
    int result = test_run(cases, ARRAY_COUNT(cases));
    free(early);
    return result;
}
