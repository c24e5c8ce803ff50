#include "base/arena.h"

#include <string.h>

#include "../test.h"

static _Alignas(16) unsigned char block[256];

TEST(takes)
{
    struct arena arena;
    memset(block, 0, sizeof block);
    arena_init(&arena, block, sizeof block);
    unsigned char *a = arena_take(&arena, 1);
    unsigned char *b = arena_take(&arena, 17);
    unsigned char *c = arena_take_array(&arena, 3, 16);
    CHECK(a == block && b == block + 16 && c == block + 48);
    CHECK_EQUAL_U64(arena.used, 96);
    CHECK_EQUAL_U64(arena_bytes(0), 0);
    CHECK_EQUAL_U64(arena_bytes(1), 16);
    CHECK_EQUAL_U64(arena_bytes(16), 16);
    CHECK_EQUAL_U64(arena_bytes(17), 32);
    CHECK(arena_take(&arena, 160) == block + 96);
    CHECK_EQUAL_U64(arena.used, arena.size);
    CHECK(arena_take(&arena, 0) != NULL);
}

// Each footprint is told beforehand: the sum of arena_bytes is what is used.
TEST(uses_what_was_told)
{
    uint64_t state = test_seed();
    for (int round = 0; round < 1000; round++) {
        struct arena arena;
        size_t told = 0;
        arena_init(&arena, block, sizeof block);
        for (int i = 0; i < 6; i++) {
            size_t size = (size_t)test_random_below(&state, 33);
            told += arena_bytes(size);
            unsigned char *taken = arena_take(&arena, size);
            CHECK(((uintptr_t)taken & (ARENA_ALIGN - 1)) == 0);
        }
        CHECK_EQUAL_U64(arena.used, told);
    }
}

static void
take_too_much(void *unused)
{
    struct arena arena;
    (void)unused;
    arena_init(&arena, block, 64);
    (void)arena_take(&arena, 48);
    (void)arena_take(&arena, 17);
}

static void
take_too_many(void *unused)
{
    struct arena arena;
    (void)unused;
    arena_init(&arena, block, 64);
    (void)arena_take_array(&arena, SIZE_MAX / 8, 16);
}

static void
take_size_max(void *unused)
{
    struct arena arena;
    (void)unused;
    arena_init(&arena, block, 64);
    (void)arena_take(&arena, SIZE_MAX);
}

static void
start_crooked(void *unused)
{
    struct arena arena;
    (void)unused;
    arena_init(&arena, block + 8, 64);
}

TEST(asserts_when_the_plan_is_wrong)
{
    CHECK(test_aborts(take_too_much, NULL));
    CHECK(test_aborts(take_too_many, NULL));
    CHECK(test_aborts(take_size_max, NULL));
    CHECK(test_aborts(start_crooked, NULL));
}

TEST(workspace_fails_softly)
{
    struct arena arena;
    struct workspace space;
    arena_init(&arena, block, sizeof block);
    workspace_init(&space, &arena, 64);
    CHECK(workspace_take(&space, 40) == block);
    CHECK(workspace_take(&space, 17) == NULL);
    CHECK(workspace_take(&space, SIZE_MAX) == NULL);
    CHECK(workspace_take(&space, SIZE_MAX - 20) == NULL);
    CHECK(workspace_take(&space, 16) == block + 48);
    CHECK(workspace_take(&space, 1) == NULL);
    CHECK_EQUAL_U64(space.peak, 64);
    workspace_reset(&space);
    CHECK(workspace_take(&space, 8) == block);
    CHECK_EQUAL_U64(space.peak, 64);
    CHECK_EQUAL_U64(arena.used, 64);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"arena_takes", takes},
        {"arena_uses_what_was_told", uses_what_was_told},
        {"arena_asserts_when_the_plan_is_wrong", asserts_when_the_plan_is_wrong},
        {"arena_workspace_fails_softly", workspace_fails_softly},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
