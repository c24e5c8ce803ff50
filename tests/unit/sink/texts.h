// Texts for encoders: every size, every repeat at every kind of distance, and by
// chance. Each is given to `round_trip`, which packs it and reads it back.
#ifndef SKERRY_TESTS_UNIT_SINK_TEXTS_H
#define SKERRY_TESTS_UNIT_SINK_TEXTS_H

#include <stdlib.h>
#include <string.h>

#include "../test.h"
#include "sink/repeat.h"

#define TEXTS_BYTES 200000

static char texts_bytes[TEXTS_BYTES];

typedef size_t texts_round_trip(struct text body);
typedef void texts_pack(struct repeat_table *table, struct text body, struct out *out);
typedef void texts_unpack(struct text packed, struct out *out);

// Packs into a block of exactly the promised size, and reads it back: how many bytes
// were packed.
static inline size_t
texts_there_and_back(texts_pack *pack, texts_unpack *unpack, struct text body, size_t room)
{
    static struct repeat_table table;
    static char back_bytes[TEXTS_BYTES];
    char *packed = malloc(room);
    struct out out = out_of(packed, room);
    struct out back = out_of(back_bytes, sizeof back_bytes);
    pack(&table, body, &out);
    CHECK(!out.full);
    unpack(out_view(&out), &back);
    CHECK(back.used == body.size);
    CHECK(body.size == 0 || memcmp(back.at, body.at, body.size) == 0);
    free(packed);
    return out.used;
}

static inline void
texts_small(texts_round_trip *round_trip)
{
    memset(texts_bytes, 'a', 300);
    for (size_t size = 0; size < 300; size++) {
        round_trip((struct text){texts_bytes, size});
    }
}

static inline void
texts_repeats(texts_round_trip *round_trip)
{
    static const size_t distances[] = {90, 2047, 2048, 2049, 65400};
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof texts_bytes; i++) {
        texts_bytes[i] = (char)test_random(&seed);
    }
    for (size_t d = 0; d < ARRAY_COUNT(distances); d++) {
        for (size_t length = 4; length < 90; length++) {
            memcpy(texts_bytes + distances[d], texts_bytes, length);
            round_trip((struct text){texts_bytes, distances[d] + length + 20});
        }
    }
}

static inline void
texts_large(texts_round_trip *round_trip)
{
    memset(texts_bytes, 'b', sizeof texts_bytes);
    CHECK(round_trip((struct text){texts_bytes, sizeof texts_bytes}) < 10000);
    round_trip((struct text){texts_bytes, 65535});
    round_trip((struct text){texts_bytes, 65536});
    round_trip((struct text){texts_bytes, 65537});
}

static inline void
texts_by_chance(texts_round_trip *round_trip)
{
    uint64_t seed = test_seed();
    for (unsigned turn = 0; turn < 300; turn++) {
        size_t size = (size_t)test_random_below(&seed, turn < 280 ? 3000 : sizeof texts_bytes);
        uint64_t letters = 1 + test_random_below(&seed, 256);
        size_t at = 0;
        while (at < size) {
            size_t length = 1 + (size_t)test_random_below(&seed, 100);
            size_t from = at == 0 ? 0 : (size_t)test_random_below(&seed, at);
            bool copies = at > 0 && test_random_below(&seed, 2) == 0;
            for (size_t i = 0; i < length && at < size; i++) {
                texts_bytes[at++] =
                    copies ? texts_bytes[from + i] : (char)test_random_below(&seed, letters);
            }
        }
        round_trip((struct text){texts_bytes, size});
    }
}

#endif
