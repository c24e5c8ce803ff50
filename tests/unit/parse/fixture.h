// What the tests of parse/ share: fixtures, and feeding in pieces.
#ifndef SKERRY_TESTS_UNIT_PARSE_FIXTURE_H
#define SKERRY_TESTS_UNIT_PARSE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "parse/decode_space.h"
#include "parse/decoder.h"
#include "../test.h"

// Zeroed memory that stays until the program ends, still known to the leak
// checker.
static inline void *
fixture_alloc(size_t size)
{
    struct block {
        struct block *next;
        char pad[56];
    };
    static struct block *all;
    size_t bytes = (sizeof(struct block) + size + 63) & ~(size_t)63;
    struct block *block = aligned_alloc(64, bytes);
    CHECK(block != NULL);
    memset(block, 0, bytes);
    block->next = all;
    all = block;
    return block + 1;
}

// A file of tests/fixtures/parse; tests run in the project's top folder, or
// find the folder in SKERRY_FIXTURES.
static inline struct text
fixture_read(const char *name)
{
    const char *folder = getenv("SKERRY_FIXTURES");
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder == NULL ? "tests/fixtures/parse" : folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        test_fail(__FILE__, __LINE__, path);
    }
    char *bytes = fixture_alloc(1 << 20);
    size_t size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return (struct text){bytes, size};
}

static inline struct arena
fixture_arena(size_t size)
{
    struct arena arena;
    arena_init(&arena, fixture_alloc(size), size);
    return arena;
}

// Feeds a copy of exactly these bytes, so that a sanitizer sees a step beyond.
static inline int
fixture_feed(struct decoder decoder, const char *at, size_t size)
{
    char *copy = malloc(size == 0 ? 1 : size);
    CHECK(copy != NULL);
    memcpy(copy, at, size);
    int error = decoder_feed(decoder, copy, size);
    memset(copy, 0xee, size);  // nothing may point here any more
    free(copy);
    return error;
}

// In pieces of 1 to `piece_max` bytes; all at once when it is 0.
static inline int
fixture_decode(struct decoder decoder, struct text input, size_t piece_max, uint64_t *seed)
{
    int error = 0;
    for (size_t at = 0; at < input.size;) {
        size_t rest = input.size - at;
        size_t piece = piece_max == 0 ? rest : 1 + test_random_below(seed, piece_max);
        piece = piece < rest ? piece : rest;
        error = fixture_feed(decoder, input.at + at, piece);
        at += piece;
    }
    int end = decoder_end(decoder);
    return error != 0 ? error : end;
}

// `input` with each `from` replaced by `to`; at least one must be there.
static inline struct text
fixture_replace(struct text input, const char *from, const char *to)
{
    size_t from_size = strlen(from);
    size_t to_size = strlen(to);
    char *made = fixture_alloc(input.size * (to_size + 1) + 1);
    size_t used = 0;
    bool found = false;
    for (size_t at = 0; at < input.size;) {
        if (input.size - at >= from_size && memcmp(input.at + at, from, from_size) == 0) {
            memcpy(made + used, to, to_size);
            used += to_size;
            at += from_size;
            found = true;
        } else {
            made[used++] = input.at[at++];
        }
    }
    CHECK(found);
    return (struct text){made, used};
}

// The only reason for which elements were skipped, and how many; 0 = none.
static inline uint64_t
fixture_skipped(const struct parse_counters *counters, enum error error)
{
    for (int i = 0; i < ERR_COUNT; i++) {
        CHECK(i == (int)error || counters->skipped[i] == 0);
    }
    return counters->skipped[error];
}

#endif
