#include "sink/snappy.h"

#include "texts.h"
#include "unsnappy.h"

static struct repeat_table table;

static size_t
round_trip(struct text body)
{
    return texts_there_and_back(snappy_pack, unsnappy, body, SNAPPY_BYTES_MAX(body.size));
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
    texts_small(round_trip);
}

TEST(copies)
{
    texts_repeats(round_trip);
}

TEST(fragments)
{
    texts_large(round_trip);
}

TEST(random_texts)
{
    texts_by_chance(round_trip);
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
