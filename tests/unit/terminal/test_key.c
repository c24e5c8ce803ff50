#include "terminal/key.h"

#include "../test.h"

TEST(printable_bytes_are_themselves)
{
    struct text bytes = TEXT("q/~ ");
    CHECK_EQUAL_U64(key_next(&bytes), 'q');
    CHECK_EQUAL_U64(key_next(&bytes), '/');
    CHECK_EQUAL_U64(key_next(&bytes), '~');
    CHECK_EQUAL_U64(key_next(&bytes), ' ');
    CHECK_EQUAL_U64(bytes.size, 0);
    CHECK_EQUAL_U64(key_next(&bytes), KEY_NONE);
}

TEST(sequences_of_common_terminals)
{
    struct text bytes = TEXT("\033[A\033OB\033[5~\033[6~\033[H\033[4~\t\r\x7f\b\x15\x0cj");
    static const int keys[] = {KEY_UP,  KEY_DOWN,  KEY_PAGE_UP,   KEY_PAGE_DOWN, KEY_HOME,
                               KEY_END, KEY_TAB,   KEY_ENTER,     KEY_BACKSPACE, KEY_BACKSPACE,
                               KEY_ERASE_LINE, KEY_REDRAW, 'j'};
    for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
        CHECK_EQUAL_U64(key_next(&bytes), keys[i]);
    }
    CHECK_EQUAL_U64(bytes.size, 0);
}

// Keys that mean nothing here must not be taken for the letters inside them.
TEST(unknown_sequences_are_left_out_whole)
{
    struct text bytes = TEXT("\033[1;5Cq\033[24~q\033xq\033[?1;2cq");
    for (int i = 0; i < 4; i++) {
        CHECK_EQUAL_U64(key_next(&bytes), KEY_NONE);
        CHECK_EQUAL_U64(key_next(&bytes), 'q');
    }
    CHECK_EQUAL_U64(bytes.size, 0);
}

TEST(a_lone_escape_is_the_key)
{
    struct text bytes = TEXT("\033");
    CHECK_EQUAL_U64(key_next(&bytes), KEY_ESCAPE);
    CHECK_EQUAL_U64(bytes.size, 0);
}

// Whatever comes, every call takes something and stays inside.
TEST(any_bytes)
{
    uint64_t random = test_seed();
    for (int i = 0; i < 2000; i++) {
        char buffer[16];
        size_t size = test_random_below(&random, sizeof buffer);
        for (size_t at = 0; at < size; at++) {
            buffer[at] = "\033[O1;~A\x80"[test_random_below(&random, 9)];
        }
        struct text bytes = {buffer, size};
        while (bytes.size > 0) {
            size_t before = bytes.size;
            (void)key_next(&bytes);
            CHECK(bytes.size < before);
            CHECK(bytes.at + bytes.size == buffer + size || bytes.size == 0);
        }
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"printable_bytes_are_themselves", printable_bytes_are_themselves},
        {"sequences_of_common_terminals", sequences_of_common_terminals},
        {"unknown_sequences_are_left_out_whole", unknown_sequences_are_left_out_whole},
        {"a_lone_escape_is_the_key", a_lone_escape_is_the_key},
        {"any_bytes", any_bytes},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
