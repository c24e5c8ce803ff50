#include "../test.h"

#include <stdlib.h>
#include <string.h>

#include "sink/protobuf.h"

#define BYTES(literal) ((struct text){(literal), sizeof(literal) - 1})

// The examples of the format's own description, and the ends of each type.
TEST(bytes_of_fields)
{
    char buffer[200];
    struct out out = out_of(buffer, sizeof buffer);
    protobuf_u64(&out, 1, 150);
    protobuf_text(&out, 2, TEXT("testing"));
    protobuf_sint64(&out, 3, -2);
    protobuf_sint64(&out, 3, INT64_MIN);
    protobuf_u64(&out, 16, UINT64_MAX);
    protobuf_fixed64(&out, 4, 0x0102030405060708);
    protobuf_double(&out, 5, 1.0);
    protobuf_float(&out, 6, 1.0F);
    protobuf_bool(&out, 7, true);
    CHECK_EQUAL_TEXT(out_view(&out), BYTES("\x08\x96\x01"
                                           "\x12\x07testing"
                                           "\x18\x03"
                                           "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                                           "\x80\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                                           "\x21\x08\x07\x06\x05\x04\x03\x02\x01"
                                           "\x29\0\0\0\0\0\0\xf0\x3f"
                                           "\x35\0\0\x80\x3f"
                                           "\x38\x01"));
}

TEST(lengths_are_as_short_as_they_can_be)
{
    static const size_t sizes[] = {0, 1, 127, 128, 16383, 16384};
    static const size_t guesses[] = {0, 127, 128, 16384, 1 << 21};
    static char body[16384];
    static char buffer[16400];
    memset(body, 'x', sizeof body);
    for (size_t s = 0; s < ARRAY_COUNT(sizes); s++) {
        for (size_t g = 0; g < ARRAY_COUNT(guesses); g++) {
            struct out out = out_of(buffer, sizeof buffer);
            struct protobuf_message message = protobuf_begin(&out, 1, guesses[g]);
            out_bytes(&out, body, sizes[s]);
            protobuf_end(&out, message);
            CHECK(!out.full);
            CHECK_EQUAL_U64(out.used, 1 + protobuf_varint_size(sizes[s]) + sizes[s]);
            struct text rest = out_view(&out);
            struct protobuf_field field;
            CHECK(protobuf_next(&rest, &field));
            CHECK_EQUAL_TEXT(field.bytes, ((struct text){body, sizes[s]}));
            CHECK_EQUAL_U64(rest.size, 0);
        }
    }
}

TEST(no_room_is_full)
{
    for (size_t size = 0; size < 135; size++) {
        char *buffer = malloc(size + 1);
        struct out out = out_of(buffer, size);
        struct protobuf_message message = protobuf_begin(&out, 1, 0);
        for (unsigned i = 0; i < 130; i++) {
            out_byte(&out, 'x');
        }
        protobuf_end(&out, message);
        CHECK(out.full == (size < 133));
        free(buffer);
    }
}

TEST(strings_are_utf8)
{
    char buffer[100];
    struct out out = out_of(buffer, sizeof buffer);
    protobuf_string(&out, 1, TEXT("\xc3\xa4"));
    protobuf_string(&out, 1,
                    TEXT("a\xff"
                         "b\xc3"));
    CHECK_EQUAL_TEXT(out_view(&out), BYTES("\x0a\x02\xc3\xa4"
                                           "\x0a\x08"
                                           "a\xef\xbf\xbd"
                                           "b\xef\xbf\xbd"));
}

// Every prefix of good bytes, and bytes that say more than there is.
TEST(nonsense_ends)
{
    static const struct text good =
        TEXT("\x08\x96\x01\x12\x07testing\x21\1\2\3\4\5\6\7\x8\x35\1\2\3\4");
    static const struct text bad[] = {
        TEXT("\x0b"),
        TEXT("\x0c"),
        TEXT("\x0e"),
        TEXT("\x0f"),
        BYTES("\0\1"),
        TEXT("\x08"),
        TEXT("\x12\x05"
             "abcd"),
        TEXT("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        TEXT("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
        TEXT("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        TEXT("\xff\xff\xff\xff\x7f\x01"),
    };
    for (size_t size = 0; size <= good.size; size++) {
        char *copy = malloc(size + 1);
        memcpy(copy, good.at, size);
        struct text rest = {copy, size};
        struct protobuf_field field;
        unsigned count = 0;
        while (protobuf_next(&rest, &field)) {
            count++;
        }
        CHECK((rest.size == 0) ==
              (size == 0 || size == 3 || size == 12 || size == 21 || size == 26));
        CHECK(count <= 4);
        free(copy);
    }
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        struct text rest = bad[i];
        struct protobuf_field field;
        CHECK(!protobuf_next(&rest, &field));
        CHECK_EQUAL_U64(rest.size, bad[i].size);
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"bytes_of_fields", bytes_of_fields},
        {"lengths_are_as_short_as_they_can_be", lengths_are_as_short_as_they_can_be},
        {"no_room_is_full", no_room_is_full},
        {"strings_are_utf8", strings_are_utf8},
        {"nonsense_ends", nonsense_ends},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
