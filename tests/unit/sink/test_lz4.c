#include "sink/lz4.h"

#include "texts.h"
#include "unlz4.h"

static struct repeat_table table;

static size_t
round_trip(struct text body)
{
    return texts_there_and_back(lz4_pack, unlz4, body, LZ4_BYTES_MAX(body.size));
}

// Checked against the reference library: it gives the same text back.
TEST(bytes_of_a_small_text)
{
    static const struct text body = TEXT("node_cpu node_mem node_cpu node_mem node_cpu end of it");
    static const char packed[] = "\x04\x22\x4d\x18\x60\x40\x82"
                                 "\x20\0\0\0"
                                 "\x91node_cpu \x09\0"
                                 "\x32mem\x09\0"
                                 "\x0f\x12\0\x03"
                                 "\x90" "end of it"
                                 "\0\0\0\0";
    char buffer[200];
    struct out out = out_of(buffer, sizeof buffer);
    round_trip(body);
    lz4_pack(&table, body, &out);
    CHECK_EQUAL_TEXT(out_view(&out), ((struct text){packed, sizeof packed - 1}));
}

TEST(every_small_size)
{
    texts_small(round_trip);
}

TEST(repeats)
{
    texts_repeats(round_trip);
}

TEST(blocks)
{
    texts_large(round_trip);
}

TEST(random_texts)
{
    texts_by_chance(round_trip);
}

// Bytes without a repeat are stored: they take their block's length more.
TEST(bytes_of_chance_are_stored)
{
    uint64_t seed = test_seed();
    for (size_t i = 0; i < 70000; i++) {
        texts_bytes[i] = (char)test_random(&seed);
    }
    CHECK_EQUAL_U64(round_trip((struct text){texts_bytes, 70000}), 7 + 4 + 65536 + 4 + 4464 + 4);
}

TEST(no_room_is_full)
{
    static char small[100];
    memset(texts_bytes, 'c', sizeof texts_bytes);
    for (size_t room = 0; room < sizeof small; room++) {
        struct out out = out_of(small, room);
        lz4_pack(&table, (struct text){texts_bytes, 100000}, &out);
        CHECK(out.full);
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"bytes_of_a_small_text", bytes_of_a_small_text},
        {"every_small_size", every_small_size},
        {"repeats", repeats},
        {"blocks", blocks},
        {"random_texts", random_texts},
        {"bytes_of_chance_are_stored", bytes_of_chance_are_stored},
        {"no_room_is_full", no_room_is_full},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
