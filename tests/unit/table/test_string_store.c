#include "kit.h"

#include "table/pool.h"
#include "table/string_store.h"

static struct kit kit;

static struct table_header *
open_store(uint32_t cells)
{
    struct capacity capacity = kit_capacity(1, 1, 1, 1);
    capacity.string_cells = cells;
    kit_open(&kit, capacity);
    return table_writer_header(kit.writer);
}

static string_ref
take(struct table_header *header, struct text text)
{
    bool full = false;
    string_ref ref = string_take(header, text, 1, &full);
    CHECK(full == (ref == 0 && text.size != 0));
    return ref;
}

static void
check_text(const struct table_header *header, string_ref ref, struct text text)
{
    static char copy[UINT16_MAX + 1];
    CHECK(string_equals(header, ref, text));
    size_t size = string_copy(header, ref, copy, sizeof copy);
    struct text read = {copy, size};
    CHECK_EQUAL_TEXT(read, text);
}

TEST(texts_of_every_length_come_back)
{
    struct table_header *header = open_store(4000);
    static char bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)('a' + i % 26);
    }
    for (size_t size = 0; size < sizeof bytes; size++) {
        string_ref ref = take(header, (struct text){bytes, size});
        CHECK((ref == 0) == (size == 0));
        check_text(header, ref, (struct text){bytes, size});
        CHECK(!string_equals(header, ref, (struct text){bytes, size + 1}));
        CHECK(size == 0 || !string_equals(header, ref, (struct text){bytes, size - 1}));
        string_drop(header, ref);
        CHECK_EQUAL_U64(header->pool[POOL_STRINGS].used, 0);
    }
    kit_close(&kit);
}

TEST(every_byte_counts)
{
    struct table_header *header = open_store(100);
    char bytes[100];
    memset(bytes, 'x', sizeof bytes);
    string_ref ref = take(header, (struct text){bytes, sizeof bytes});
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = 'y';
        CHECK(!string_equals(header, ref, (struct text){bytes, sizeof bytes}));
        bytes[i] = 'x';
    }
    CHECK(string_equals(header, ref, (struct text){bytes, sizeof bytes}));
    kit_close(&kit);
}

TEST(equal_texts_share_their_cells)
{
    struct table_header *header = open_store(100);
    string_ref first = take(header, TEXT("registry.example/team/application:1.2.3"));
    uint32_t used = header->pool[POOL_STRINGS].used;
    string_ref second = take(header, TEXT("registry.example/team/application:1.2.3"));
    CHECK_EQUAL_U64(first, second);
    CHECK_EQUAL_U64(header->pool[POOL_STRINGS].used, used);
    string_drop(header, first);
    check_text(header, second, TEXT("registry.example/team/application:1.2.3"));
    string_drop(header, second);
    CHECK_EQUAL_U64(header->pool[POOL_STRINGS].used, 0);
    kit_close(&kit);
}

TEST(a_copy_stops_at_its_room)
{
    struct table_header *header = open_store(100);
    string_ref ref = take(header, TEXT("0123456789abcdefghijklmnopqrstuvwxyz"));
    char room[20];
    memset(room, '#', sizeof room);
    CHECK_EQUAL_U64(string_copy(header, ref, room, 18), 18);
    CHECK_EQUAL_TEXT(((struct text){room, 19}), "0123456789abcdefgh#");
    CHECK_EQUAL_U64(string_copy(header, ref, room, 0), 0);
    kit_close(&kit);
}

TEST(used_up_cells_refuse_whole_texts)
{
    struct table_header *header = open_store(4);
    string_ref first = take(header, TEXT("sixteen bytes 16"));
    CHECK(first != 0);
    static char bytes[16 + 3 * 28];
    memset(bytes, 'x', sizeof bytes);
    CHECK_EQUAL_U64(take(header, (struct text){bytes, sizeof bytes}), 0);
    CHECK_EQUAL_U64(header->pool[POOL_STRINGS].refused_total, 1);
    CHECK_EQUAL_U64(header->pool[POOL_STRINGS].used, 1);
    CHECK(take(header, (struct text){bytes, 16 + 2 * 28}) != 0);
    CHECK_EQUAL_U64(take(header, TEXT("y")), 0);
    CHECK_EQUAL_U64(take(header, TEXT("sixteen bytes 16")), first);  // needs no cell
    kit_close(&kit);
}

TEST(a_saturated_count_keeps_the_text_for_ever)
{
    struct table_header *header = open_store(10);
    string_ref ref = take(header, TEXT("app"));
    for (unsigned i = 0; i < 70000; i++) {
        CHECK_EQUAL_U64(take(header, TEXT("app")), ref);
    }
    for (unsigned i = 0; i < 70001; i++) {
        string_drop(header, ref);
    }
    check_text(header, ref, TEXT("app"));
    CHECK_EQUAL_U64(header->pool[POOL_STRINGS].used, 1);
    kit_close(&kit);
}

TEST(one_below_saturation_still_goes)
{
    struct table_header *header = open_store(10);
    string_ref ref = take(header, TEXT("app"));
    for (unsigned i = 2; i < UINT16_MAX; i++) {
        (void)take(header, TEXT("app"));
    }
    for (unsigned i = 1; i < UINT16_MAX; i++) {
        string_drop(header, ref);
    }
    CHECK_EQUAL_U64(header->pool[POOL_STRINGS].used, 0);
    kit_close(&kit);
}

TEST(longer_than_a_size_can_say_is_cut)
{
    struct table_header *header = open_store(3000);
    static char bytes[UINT16_MAX + 10];
    memset(bytes, 'x', sizeof bytes);
    string_ref ref = take(header, (struct text){bytes, sizeof bytes});
    check_text(header, ref, (struct text){bytes, UINT16_MAX});
    CHECK_EQUAL_U64(take(header, (struct text){bytes, sizeof bytes}), ref);
    kit_close(&kit);
}

TEST(a_cut_breaks_no_utf8)
{
    CHECK_EQUAL_TEXT(string_cut(TEXT("abc"), 3), "abc");
    CHECK_EQUAL_TEXT(string_cut(TEXT("abc"), 2), "ab");
    CHECK_EQUAL_TEXT(string_cut(TEXT("a\xc3\xa9"), 2), "a");
    CHECK_EQUAL_TEXT(string_cut(TEXT("a\xe2\x82\xac-"), 4), "a\xe2\x82\xac");
    CHECK_EQUAL_TEXT(string_cut(TEXT("a\xe2\x82\xac-"), 3), "a");
    CHECK_EQUAL_U64(string_cut(TEXT("\x80\x80\x80"), 2).size, 2);  // no UTF-8 anyway
}

TEST(damaged_cells_give_wrong_texts_and_nothing_worse)
{
    struct table_header *header = open_store(64);
    uint64_t random = test_seed();
    unsigned char *cells = pool_row(header, POOL_STRINGS, 1);
    for (unsigned step = 0; step < 2000; step++) {
        for (size_t i = 0; i < 64 * sizeof(struct string_cell); i++) {
            cells[i] = (unsigned char)test_random(&random);
        }
        for (string_ref ref = 0; ref < 80; ref++) {
            char room[600];
            size_t size = 1 + test_random_below(&random, sizeof room);
            CHECK(string_copy(header, ref, room, size) <= size);
            (void)string_equals(header, ref, (struct text){room, size});
        }
    }
    kit_close(&kit);
}

// Random texts against a shadow map from text to references.
enum { TEXTS = 60, CELLS = 120 };
static struct {
    char bytes[120];
    size_t size;
    uint32_t references;
    string_ref ref;
} shadow[TEXTS];

static uint32_t
cells_of_shadow(void)
{
    uint32_t cells = 0;
    for (unsigned i = 0; i < TEXTS; i++) {
        size_t size = shadow[i].size;
        size_t more = size > 16 ? (size - 16 + 27) / 28 : 0;
        cells += shadow[i].references != 0 ? (uint32_t)(1 + more) : 0;
    }
    return cells;
}

static void
soak_step(struct table_header *header, uint64_t *random)
{
    size_t i = test_random_below(random, TEXTS);
    struct text text = {shadow[i].bytes, shadow[i].size};
    if (test_random_below(random, 100) < 55) {
        bool full = false;
        uint32_t before = header->pool[POOL_STRINGS].used;
        string_ref ref = string_take(header, text, 1, &full);
        size_t need = 1 + (text.size > 16 ? (text.size - 16 + 27) / 28 : 0);
        CHECK(full == (shadow[i].references == 0 && CELLS - before < need));
        CHECK(full == (ref == 0));
        CHECK(shadow[i].references == 0 || ref == shadow[i].ref);
        shadow[i].ref = full ? shadow[i].ref : ref;
        shadow[i].references += !full;
    } else if (shadow[i].references != 0) {
        string_drop(header, shadow[i].ref);
        shadow[i].references--;
    }
}

TEST(random_soak)
{
    struct table_header *header = open_store(CELLS);
    uint64_t random = test_seed();
    for (unsigned i = 0; i < TEXTS; i++) {
        shadow[i].size = 4 + test_random_below(&random, sizeof shadow[i].bytes - 4);
        shadow[i].references = 0;
        for (size_t k = 0; k < shadow[i].size; k++) {
            shadow[i].bytes[k] = (char)('a' + test_random_below(&random, 2));
        }
        shadow[i].bytes[0] = (char)('A' + i % 26);
        shadow[i].bytes[1] = (char)('A' + i / 26);
    }
    for (unsigned step = 0; step < 40000; step++) {
        soak_step(header, &random);
        CHECK_EQUAL_U64(header->pool[POOL_STRINGS].used, cells_of_shadow());
        for (unsigned i = 0; i < TEXTS && step % 16 == 0; i++) {
            if (shadow[i].references != 0) {
                check_text(header, shadow[i].ref,
                           (struct text){shadow[i].bytes, shadow[i].size});
            }
        }
    }
    kit_close(&kit);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"texts_of_every_length_come_back", texts_of_every_length_come_back},
        {"every_byte_counts", every_byte_counts},
        {"equal_texts_share_their_cells", equal_texts_share_their_cells},
        {"a_copy_stops_at_its_room", a_copy_stops_at_its_room},
        {"used_up_cells_refuse_whole_texts", used_up_cells_refuse_whole_texts},
        {"a_saturated_count_keeps_the_text_for_ever", a_saturated_count_keeps_the_text_for_ever},
        {"one_below_saturation_still_goes", one_below_saturation_still_goes},
        {"longer_than_a_size_can_say_is_cut", longer_than_a_size_can_say_is_cut},
        {"a_cut_breaks_no_utf8", a_cut_breaks_no_utf8},
        {"damaged_cells_give_wrong_texts_and_nothing_worse",
         damaged_cells_give_wrong_texts_and_nothing_worse},
        {"random_soak", random_soak},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
