#include "base/crc32c.h"

#include <string.h>

#include "../test.h"

// RFC 3720 appendix B.4.
TEST(known_sums)
{
    unsigned char bytes[32];
    memset(bytes, 0, sizeof bytes);
    CHECK_EQUAL_U64(crc32c(0, bytes, sizeof bytes), 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    CHECK_EQUAL_U64(crc32c(0, bytes, sizeof bytes), 0x62a8ab43);
    for (unsigned i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)i;
    }
    CHECK_EQUAL_U64(crc32c(0, bytes, sizeof bytes), 0x46dd794e);
    CHECK_EQUAL_U64(crc32c(0, "123456789", 9), 0xe3069283);
    CHECK_EQUAL_U64(crc32c(0, "", 0), 0);
}

TEST(table_and_instruction_agree_at_every_length_and_place)
{
    static unsigned char bytes[300];
    uint64_t random = test_seed();
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)test_random(&random);
    }
    for (size_t from = 0; from < 9; from++) {
        for (size_t size = 0; from + size <= sizeof bytes; size++) {
            uint32_t begin = (uint32_t)test_random(&random);
            CHECK_EQUAL_U64(crc32c(begin, bytes + from, size),
                            crc32c_by_table(begin, bytes + from, size));
        }
    }
}

TEST(goes_on_from_a_sum)
{
    uint32_t sum = crc32c(crc32c(0, "1234", 4), "56789", 5);
    CHECK_EQUAL_U64(sum, 0xe3069283);
    CHECK_EQUAL_U64(crc32c_by_table(crc32c_by_table(0, "1", 1), "23456789", 8), 0xe3069283);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"known_sums", known_sums},
        {"table_and_instruction_agree_at_every_length_and_place",
         table_and_instruction_agree_at_every_length_and_place},
        {"goes_on_from_a_sum", goes_on_from_a_sum},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
