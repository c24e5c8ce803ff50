// Rows of the small world of ../api/world.h.
#ifndef SKERRY_TESTS_UNIT_TERMINAL_KIT_H
#define SKERRY_TESTS_UNIT_TERMINAL_KIT_H

#include <string.h>

#include "../api/world.h"
#include "../test.h"
#include "terminal/top_rows.h"

#define KIT_ROWS 4000

static unsigned char kit_memory[1 << 20] __attribute__((aligned(16)));

static struct top_rows *
kit_rows(uint32_t count)
{
    struct arena arena;
    memset(kit_memory, 0, sizeof kit_memory);
    CHECK(top_rows_footprint(count) <= sizeof kit_memory);
    arena_init(&arena, kit_memory, top_rows_footprint(count));
    return top_rows_init(&arena, count);
}

#endif
