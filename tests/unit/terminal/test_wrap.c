#include "terminal/wrap.h"

#include "../test.h"

static const char *
wrapped(const char *text, unsigned columns)
{
    static char buffer[4096];
    struct out out = out_of(buffer, sizeof buffer);
    wrap_write(&out, text_of(text), columns);
    return out_c_string(&out);
}

TEST(breaks_at_blanks)
{
    CHECK_EQUAL_TEXT(wrapped("one two three\n", 80), "one two three\n");
    CHECK_EQUAL_TEXT(wrapped("one two three\n", 13), "one two three\n");
    CHECK_EQUAL_TEXT(wrapped("one two three\n", 12), "one two\n  three\n");
    CHECK_EQUAL_TEXT(wrapped("  one two three four\nnext", 11), "  one two\n    three\n    four\nnext");
    CHECK_EQUAL_TEXT(wrapped("one two", 7), "one two");
    CHECK_EQUAL_TEXT(wrapped("\n\n", 1), "\n\n");
    CHECK_EQUAL_TEXT(wrapped("", 1), "");
}

TEST(words_stay_whole)
{
    CHECK_EQUAL_TEXT(wrapped("https://long.example/without/a/blank", 10),
                     "https://long.example/without/a/blank");
    CHECK_EQUAL_TEXT(wrapped("  https://long.example a b", 10),
                     "  https://long.example\n    a b");
}

// Nothing is lost but blanks, and no line is longer than a word needs.
TEST(any_text)
{
    uint64_t random = test_seed();
    for (int i = 0; i < 2000; i++) {
        char text[200];
        size_t size = test_random_below(&random, sizeof text);
        for (size_t at = 0; at < size; at++) {
            text[at] = "ab  c\n"[test_random_below(&random, 6)];
        }
        char buffer[8192];
        struct out out = out_of(buffer, sizeof buffer);
        unsigned columns = (unsigned)test_random_below(&random, 40) + 1;
        wrap_write(&out, (struct text){text, size}, columns);
        CHECK(!out.full);
        size_t seen = 0;
        for (size_t at = 0; at < size; at++) {
            if (text[at] == ' ' || text[at] == '\n') {
                continue;
            }
            while (seen < out.used && (buffer[seen] == ' ' || buffer[seen] == '\n')) {
                seen++;
            }
            CHECK(seen < out.used && buffer[seen] == text[at]);
            seen++;
        }
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"breaks_at_blanks", breaks_at_blanks},
        {"words_stay_whole", words_stay_whole},
        {"any_text", any_text},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
