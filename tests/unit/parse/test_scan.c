#include "parse/scan.h"

#include "../test.h"

static bool
is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte != '"' && byte != '\\';
}

static bool
is_blank(unsigned char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static bool
is_digit(unsigned char byte)
{
    return byte >= '0' && byte <= '9';
}

static unsigned
leading(const char *at, bool (*is)(unsigned char))
{
    unsigned count = 0;
    while (count < SCAN_BYTES && is((unsigned char)at[count])) {
        count++;
    }
    return count;
}

static bool
any_high(const char *at)
{
    bool high = false;
    for (unsigned i = 0; i < SCAN_BYTES; i++) {
        high |= (unsigned char)at[i] >= 0x80;
    }
    return high;
}

static void
check_block(const char *block)
{
    char copy[SCAN_BYTES];
    unsigned high = 0;
    CHECK_EQUAL_U64(scan_plain(block, copy, &high), leading(block, is_plain));
    CHECK(memcmp(copy, block, SCAN_BYTES) == 0);
    CHECK((high != 0) == any_high(block));
    unsigned high_words = 0;
    CHECK_EQUAL_U64(scan_plain_words(block, copy, &high_words), leading(block, is_plain));
    CHECK(memcmp(copy, block, SCAN_BYTES) == 0);
    CHECK((high_words != 0) == any_high(block));
    CHECK_EQUAL_U64(scan_blank(block), leading(block, is_blank));
    CHECK_EQUAL_U64(scan_blank_words(block), leading(block, is_blank));
    CHECK_EQUAL_U64(scan_digits(block, copy), leading(block, is_digit));
    CHECK_EQUAL_U64(scan_digits_words(block, copy), leading(block, is_digit));
}

// Every byte at every place, among bytes of each class.
TEST(all_versions_agree_on_every_byte)
{
    static const char around[] = {'a', ' ', '7', '\n', '"', '\x80', '\0'};
    for (size_t a = 0; a < sizeof around; a++) {
        for (unsigned place = 0; place < SCAN_BYTES; place++) {
            for (unsigned byte = 0; byte < 256; byte++) {
                char block[SCAN_BYTES];
                memset(block, around[a], sizeof block);
                block[place] = (char)byte;
                check_block(block);
            }
        }
    }
}

TEST(all_versions_agree_on_random_blocks)
{
    static const char bytes[] = "\"\\ \n\t\r09/:a\x1f\x20\x7f\x80\xff";
    uint64_t seed = test_seed();
    for (int round = 0; round < 100000; round++) {
        char block[SCAN_BYTES];
        uint64_t few = 1 + test_random_below(&seed, sizeof bytes - 1);
        for (unsigned i = 0; i < SCAN_BYTES; i++) {
            block[i] = bytes[test_random_below(&seed, few)];
        }
        check_block(block);
    }
}

TEST(equal_compares_no_more_than_the_size)
{
    char a[32];
    char b[32];
    for (unsigned size = 0; size < 32; size++) {
        memset(a, 'x', sizeof a);
        memset(b, 'x', sizeof b);
        memset(b + size, 'y', sizeof b - size);
        CHECK(scan_equal(a, b, size));
        for (unsigned i = 0; i < size; i++) {
            b[i] = 'z';
            CHECK(!scan_equal(a, b, size));
            b[i] = 'x';
        }
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"all_versions_agree_on_every_byte", all_versions_agree_on_every_byte},
        {"all_versions_agree_on_random_blocks", all_versions_agree_on_random_blocks},
        {"equal_compares_no_more_than_the_size", equal_compares_no_more_than_the_size},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
