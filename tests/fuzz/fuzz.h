// What the fuzz targets share: two runs over one input, in one go and in
// pieces, must tell the same story.
//
// Targets hash whatever a decoder hands over; fuzz_text also checks that the
// view lies inside the element, the line, the decode space or the program's
// own constants. Build with an engine (-fsanitize=fuzzer) or with replay.c.
#ifndef SKERRY_TESTS_FUZZ_FUZZ_H
#define SKERRY_TESTS_FUZZ_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "parse/decode_space.h"
#include "parse/decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__))

static inline _Noreturn void
fuzz_fail(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}

struct fuzz {
    struct decode_space *space;
    const char *buffer;  // the decoder's own: an element or a line
    size_t buffer_size;
    const char *piece;  // what is being fed
    size_t piece_size;
    uint64_t story;
};

static inline bool
fuzz_within(struct text text, const char *base, size_t size)
{
    return text.at >= base && text.at + text.size <= base + size;
}

static inline void
fuzz_u64(struct fuzz *fuzz, uint64_t value)
{
    fuzz->story = hash_mix(fuzz->story, value);
}

// Names that decoders give themselves.
static inline bool
fuzz_is_constant(struct text text)
{
    static const struct text constants[] = {
        TEXT("/"),
        TEXT("logs"),
        TEXT("runtime.imageFs"),
        TEXT("runtime.containerFs"),
        TEXT("accelerator/memory_total"),
        TEXT("accelerator/memory_used"),
        TEXT("accelerator/duty_cycle"),
        TEXT("fuzz"),
    };
    for (size_t i = 0; i < ARRAY_COUNT(constants); i++) {
        if (text_equal(text, constants[i])) {
            return true;
        }
    }
    return false;
}

static inline void
fuzz_text(struct fuzz *fuzz, struct text text)
{
    FUZZ_CHECK(text.size == 0 || fuzz_is_constant(text) ||
               fuzz_within(text, fuzz->buffer, fuzz->buffer_size) ||
               fuzz_within(text, fuzz->piece, fuzz->piece_size) ||
               fuzz_within(text, fuzz->space->texts, DECODE_TEXT_BYTES));
    FUZZ_CHECK(text_is_utf8(text));
    struct hash_key key = {1, 2};
    fuzz_u64(fuzz, text.size == 0 ? 0 : hash_bytes(key, text.at, text.size));
}

static inline struct arena
fuzz_arena(size_t size)
{
    struct arena arena;
    void *base = aligned_alloc(64, (size + 63) & ~(size_t)63);
    FUZZ_CHECK(base != NULL);
    memset(base, 0, (size + 63) & ~(size_t)63);
    arena_init(&arena, base, size);
    return arena;
}

// The whole input, in pieces whose sizes come from `state`; 0 = in one go. Each
// piece is a copy of exactly its size, so that a sanitizer sees a step beyond.
static inline int
fuzz_feed(struct fuzz *fuzz, struct decoder decoder, const uint8_t *data, size_t size,
          uint64_t state)
{
    bool whole = state == 0;
    int error = 0;
    for (size_t at = 0; at < size;) {
        state = state * UINT64_C(6364136223846793005) + 1;
        size_t piece = whole ? size : 1 + (size_t)(state >> 33) % 40;
        piece = piece < size - at ? piece : size - at;
        char *copy = malloc(piece);
        FUZZ_CHECK(copy != NULL);
        memcpy(copy, data + at, piece);
        fuzz->piece = copy;
        fuzz->piece_size = piece;
        error = decoder_feed(decoder, copy, piece);
        fuzz->piece = NULL;
        fuzz->piece_size = 0;
        free(copy);
        at += piece;
    }
    int end = decoder_end(decoder);
    const struct parse_counters *counters = decoder_counters(decoder);
    FUZZ_CHECK(counters->bytes <= size);
    fuzz_u64(fuzz, counters->elements);
    fuzz_u64(fuzz, counters->trimmed);
    for (size_t i = 0; i < ERR_COUNT; i++) {
        fuzz_u64(fuzz, counters->skipped[i]);
    }
    fuzz_u64(fuzz, (uint64_t)(error != 0 ? error : end));
    return error != 0 ? error : end;
}

// Another way to cut for each input, never 0.
static inline uint64_t
fuzz_cuts(const uint8_t *data, size_t size)
{
    return hash_bytes((struct hash_key){3, 4}, data, size) | 1U;
}

#endif
