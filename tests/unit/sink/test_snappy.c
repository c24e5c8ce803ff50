#include "../test.h"

#include <stdlib.h>
#include <string.h>

#include "sink/snappy.h"
#include "unsnappy.h"

static struct snappy_table table;
static char text_bytes[200000];
static char back_bytes[sizeof text_bytes];

// Packs into a block of exactly the promised size, and reads it back.
static size_t
round_trip(struct text body)
{
    size_t room = SNAPPY_BYTES_MAX(body.size);
    char *packed = malloc(room);
    struct out out = out_of(packed, room);
    struct out back = out_of(back_bytes, sizeof back_bytes);
    snappy_pack(&table, body, &out);
    CHECK(!out.full);
    unsnappy(out_view(&out), &back);
    CHECK(back.used == body.size);
    CHECK(body.size == 0 || memcmp(back.at, body.at, body.size) == 0);
    free(packed);
    return out.used;
}

// Checked against the reference library: it gives the same text back.
TEST(bytes_of_a_small_text)
{
    static const struct text body = TEXT("node_cpu node_mem node_cpu node_mem node_cpu end of it");
    static const char packed[] = "6 node_cpu \x05\t\x08mem\t\tV\x12\0 end of it";
    char buffer[200];
    struct out out = out_of(buffer, sizeof buffer);
    round_trip(body);
    snappy_pack(&table, body, &out);
    CHECK_EQUAL_TEXT(out_view(&out), ((struct text){packed, sizeof packed - 1}));
}

TEST(every_small_size)
{
    memset(text_bytes, 'a', 300);
    for (size_t size = 0; size < 300; size++) {
        round_trip((struct text){text_bytes, size});
    }
}

// Repeats of every length at every kind of distance.
TEST(copies)
{
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof text_bytes; i++) {
        text_bytes[i] = (char)test_random(&seed);
    }
    static const size_t distances[] = {90, 2047, 2048, 2049, 65400};
    for (size_t d = 0; d < ARRAY_COUNT(distances); d++) {
        for (size_t length = 4; length < 90; length++) {
            memcpy(text_bytes + distances[d], text_bytes, length);
            round_trip((struct text){text_bytes, distances[d] + length + 20});
        }
    }
}

TEST(fragments)
{
    memset(text_bytes, 'b', sizeof text_bytes);
    CHECK(round_trip((struct text){text_bytes, sizeof text_bytes}) < 10000);
    round_trip((struct text){text_bytes, 65535});
    round_trip((struct text){text_bytes, 65536});
    round_trip((struct text){text_bytes, 65537});
}

TEST(random_texts)
{
    uint64_t seed = test_seed();
    for (unsigned turn = 0; turn < 300; turn++) {
        size_t size = (size_t)test_random_below(&seed, turn < 280 ? 3000 : sizeof text_bytes);
        uint64_t letters = 1 + test_random_below(&seed, 256);
        size_t at = 0;
        while (at < size) {
            size_t length = 1 + (size_t)test_random_below(&seed, 100);
            size_t from = at == 0 ? 0 : (size_t)test_random_below(&seed, at);
            bool copies = at > 0 && test_random_below(&seed, 2) == 0;
            for (size_t i = 0; i < length && at < size; i++) {
                text_bytes[at++] =
                    copies ? text_bytes[from + i] : (char)test_random_below(&seed, letters);
            }
        }
        round_trip((struct text){text_bytes, size});
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"bytes_of_a_small_text", bytes_of_a_small_text},
        {"every_small_size", every_small_size},
        {"copies", copies},
        {"fragments", fragments},
        {"random_texts", random_texts},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
