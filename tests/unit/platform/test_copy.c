// The file under test is taken in whole under other names, because the harness
// keeps the C library's functions.
#define memcpy copy_tested_memcpy
#define memmove copy_tested_memmove
#include "src/platform/copy.c"
#undef memcpy
#undef memmove

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

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"every small size", every_small_size_at_every_alignment},
            {"large sizes", large_sizes},
            {"moves overlap", moves_overlap},
        },
        3);
}

#else
int
main(void)
{
    return 0;
}
#endif
