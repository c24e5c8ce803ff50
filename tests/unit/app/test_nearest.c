#include "app/nearest.h"

#include "../test.h"

static size_t
distance(const char *a, const char *b)
{
    return nearest_distance(text_of(a), text_of(b));
}

TEST(known_distances)
{
    CHECK_EQUAL_U64(distance("", ""), 0);
    CHECK_EQUAL_U64(distance("", "abc"), 3);
    CHECK_EQUAL_U64(distance("nodes", "nodes"), 0);
    CHECK_EQUAL_U64(distance("noeds", "nodes"), 1);  // a swap
    CHECK_EQUAL_U64(distance("node", "nodes"), 1);
    CHECK_EQUAL_U64(distance("modes", "nodes"), 1);
    CHECK_EQUAL_U64(distance("kitten", "sitting"), 3);
    CHECK_EQUAL_U64(distance("ca", "abc"), 3);  // optimal string alignment
}

TEST(too_long_is_never_near)
{
    char word[NEAREST_BYTES_MAX + 1] = {0};
    struct text text = {word, sizeof word};
    CHECK_EQUAL_U64(nearest_distance(text, text), SIZE_MAX);
    CHECK_EQUAL_U64(nearest_distance(text_sub(text, 1, SIZE_MAX), text_sub(text, 1, SIZE_MAX)), 0);
}

TEST(symmetric)
{
    uint64_t state = test_seed();
    char words[2][16];
    for (unsigned i = 0; i < 2000; i++) {
        struct text text[2];
        for (unsigned j = 0; j < 2; j++) {
            text[j] = (struct text){words[j], test_random_below(&state, 16)};
            for (size_t k = 0; k < text[j].size; k++) {
                words[j][k] = (char)('a' + test_random_below(&state, 3));
            }
        }
        size_t one = nearest_distance(text[0], text[1]);
        size_t longer = text[0].size > text[1].size ? text[0].size : text[1].size;
        CHECK_EQUAL_U64(one, nearest_distance(text[1], text[0]));
        CHECK(one <= longer);
        CHECK((one == 0) == text_equal(text[0], text[1]));
    }
}

int
main(void)
{
    struct test_case cases[] = {
        {"nearest_known_distances", known_distances},
        {"nearest_too_long_is_never_near", too_long_is_never_near},
        {"nearest_symmetric", symmetric},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
