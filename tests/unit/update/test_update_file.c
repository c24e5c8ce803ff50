#include "update/update_file.h"

#include "signed.h"

static char head[UPDATE_HEAD_BYTES];

static int
read_head(struct update_head *result)
{
    return update_head_read((struct text){head, sizeof head}, result);
}

static void
make(void)
{
    head_make(head, "1.2.3", TEXT("image"));
    put_number(head + 12, 5, 4);
    memcpy(head + 512, "signs", 5);
}

TEST(all_is_read)
{
    struct update_head result;
    make();
    CHECK_EQUAL_U64(read_head(&result), 0);
    CHECK_EQUAL_TEXT(result.version, "1.2.3");
    CHECK_EQUAL_TEXT(result.signature, "signs");
    CHECK_EQUAL_U64(result.image_bytes, 5);
    CHECK_EQUAL_U64(result.signed_part.size, 512);
    CHECK(result.digest.at == head + 24 && result.digest.size == 32);
}

TEST(a_short_head_is_none)
{
    struct update_head result;
    make();
    for (size_t size = 0; size < sizeof head; size++) {
        CHECK(update_head_read((struct text){head, size}, &result) == -ERR_MALFORMED);
    }
}

// What is neither signature nor meant to be must be zero: no byte of the file is
// free to be anything.
TEST(no_byte_is_free)
{
    struct update_head result;
    for (size_t i = 0; i < sizeof head; i++) {
        bool has_meaning = i == 12 || (i >= 16 && i < 61) || (i >= 512 && i < 517);
        make();
        head[i] = (char)(head[i] ^ 0x80);
        CHECK(has_meaning || read_head(&result) != 0);
    }
}

TEST(formats_and_sizes)
{
    struct update_head result;
    make();
    put_number(head + 8, 2, 4);
    CHECK(read_head(&result) == -ERR_UNSUPPORTED);
    make();
    put_number(head + 12, 0, 4);
    CHECK(read_head(&result) == -ERR_MALFORMED);
    put_number(head + 12, 513, 4);
    CHECK(read_head(&result) == -ERR_MALFORMED);
    put_number(head + 12, UINT32_MAX, 4);
    CHECK(read_head(&result) == -ERR_MALFORMED);
    make();
    memset(head + 56, '1', 32);
    CHECK(read_head(&result) == -ERR_MALFORMED);
}

TEST(versions)
{
    static const char *const bad[] = {"",        ".",    "1.",  ".1", "1..2", "1.2.3.4.5",
                                      "1234567", "1.-2", "1.a", "v1", "1 ",   "+1"};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        CHECK(!update_version_is_valid(text_of(bad[i])));
    }
    CHECK(update_version_is_valid(TEXT("0.1.0")) && update_version_is_valid(TEXT("999999")));
    CHECK(update_version_compare(TEXT("0.1.0"), TEXT("0.1")) == 0);
    CHECK(update_version_compare(TEXT("0.10.0"), TEXT("0.9.9")) > 0);
    CHECK(update_version_compare(TEXT("1"), TEXT("1.0.0.1")) < 0);
    CHECK(update_version_compare(TEXT("2.0"), TEXT("10")) < 0);
}

int
main(void)
{
    return test_run((struct test_case[]){{"all is read", all_is_read},
                                         {"a short head is none", a_short_head_is_none},
                                         {"no byte is free", no_byte_is_free},
                                         {"formats and sizes", formats_and_sizes},
                                         {"versions", versions}},
                    5);
}
