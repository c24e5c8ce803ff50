// The file under test is taken in whole under other names, because the harness
// keeps the C library's functions.
#define memcpy copy_tested_memcpy
#define memmove copy_tested_memmove
#define memcmp copy_tested_memcmp
#include "src/platform/copy.c"
#undef memcpy
#undef memmove
#undef memcmp

#include <string.h>

#include "../test.h"

#ifdef __x86_64__

enum { ROOM = 12000, EDGE = 64 };

static unsigned char source[ROOM], target[ROOM], wanted[ROOM];

static void
fill(uint64_t *random)
{
    for (size_t i = 0; i < ROOM; i++) {
        *random = *random * 6364136223846793005u + 1442695040888963407u;
        source[i] = (unsigned char)(*random >> 56);
        target[i] = wanted[i] = (unsigned char)(*random >> 48);
    }
}

static void
one_copy(size_t to, size_t from, size_t size, uint64_t *random)
{
    fill(random);
    for (size_t i = 0; i < size; i++) {
        wanted[to + i] = source[from + i];
    }
    CHECK(copy_tested_memcpy(target + to, source + from, size) == target + to);
    CHECK(memcmp(target, wanted, ROOM) == 0);
}

TEST(every_small_size_at_every_alignment)
{
    uint64_t random = test_seed();
    for (size_t size = 0; size <= 300; size++) {
        one_copy(EDGE + size % 17, EDGE + size % 13, size, &random);
    }
}

TEST(large_sizes)
{
    uint64_t random = test_seed();
    for (size_t size = 301; size < 9000; size += 97) {
        one_copy(EDGE + size % 17, EDGE + size % 13, size, &random);
    }
    for (size_t size = COPY_STRING_MIN - 2; size <= COPY_STRING_MIN + 2; size++) {
        one_copy(EDGE + 1, EDGE + 2, size, &random);
    }
}

// Overlaps in both directions, by every distance that matters.
TEST(moves_overlap)
{
    uint64_t random = test_seed();
    for (size_t size = 0; size <= 700; size += size < 140 ? 1 : 7) {
        for (size_t shift = 0; shift <= 2 * EDGE; shift++) {
            size_t from = EDGE * 2, to = from + shift - EDGE;
            fill(&random);
            memcpy(wanted, target, ROOM);
            for (size_t i = 0; i < size; i++) {
                wanted[to + i] = target[from + i];
            }
            CHECK(copy_tested_memmove(target + to, target + from, size) == target + to);
            CHECK(memcmp(target, wanted, ROOM) == 0);
        }
    }
}

static int
sign(int value)
{
    return (value > 0) - (value < 0);
}

// What lies behind the ends differs and must not count.
static void
one_comparison(size_t a, size_t b, size_t size, size_t differs, int by)
{
    memset(source, 1, sizeof source);
    memset(target, 2, sizeof target);
    for (size_t i = 0; i < size; i++) {
        source[a + i] = target[b + i] = (unsigned char)(i * 7 + 100);
    }
    if (differs < size) {
        source[a + differs] = (unsigned char)(target[b + differs] + by);
    }
    int expected = memcmp(source + a, target + b, size);
    CHECK(sign(copy_tested_memcmp(source + a, target + b, size)) == sign(expected));
}

TEST(comparisons_find_the_first_difference)
{
    for (size_t size = 0; size <= 40; size++) {
        for (size_t differs = 0; differs <= size; differs++) {
            one_comparison(EDGE + size % 9, EDGE + size % 5, size, differs, 1);
            one_comparison(EDGE + size % 9, EDGE + size % 5, size, differs, 0x80);
        }
    }
    // Two differences in one word: the first one counts, not the larger.
    CHECK(copy_tested_memcmp("a1b9cccc", "a2b1cccc", 8) < 0);
    CHECK(copy_tested_memcmp("a2b1cccc", "a1b9cccc", 8) > 0);
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"every small size", every_small_size_at_every_alignment},
            {"large sizes", large_sizes},
            {"moves overlap", moves_overlap},
            {"comparisons find the first difference", comparisons_find_the_first_difference},
        },
        4);
}

#else
int
main(void)
{
    return 0;
}
#endif
