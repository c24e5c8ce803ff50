#include "kit.h"

#include "table/pool.h"

static struct kit kit;

TEST(places_follow_each_other_and_fit_the_file)
{
    struct capacity capacity = capacity_for_nodes(7);
    struct pool_place places[POOL_COUNT];
    size_t size = table_places(&capacity, places);
    size_t at = sizeof(struct table_header);
    CHECK_EQUAL_U64(size, table_bytes(&capacity));
    for (unsigned i = 0; i < POOL_COUNT; i++) {
        CHECK(places[i].bucket_offset >= at);
        CHECK(places[i].offset >=
              places[i].bucket_offset + places[i].bucket_count * sizeof(row_index));
        CHECK_EQUAL_U64(places[i].offset % 64, 0);
        CHECK((places[i].bucket_count & (places[i].bucket_count - 1)) == 0);
        at = places[i].offset + ((size_t)places[i].limit + 1) * places[i].row_bytes;
    }
    CHECK(at <= size);
    CHECK(size - at < 64);
}

TEST(the_hash_knows_every_pool)
{
    struct capacity capacity = capacity_for_nodes(7);
    uint64_t hash = table_layout_hash(&capacity);
    uint32_t *const limits[] = {&capacity.nodes,       &capacity.namespaces, &capacity.pods,
                                &capacity.containers,  &capacity.filesystems, &capacity.disks,
                                &capacity.extras,      &capacity.pressures,  &capacity.string_cells};
    for (size_t i = 0; i < ARRAY_COUNT(limits); i++) {
        ++*limits[i];
        CHECK(table_layout_hash(&capacity) != hash);
        --*limits[i];
    }
    CHECK_EQUAL_U64(table_layout_hash(&capacity), hash);
}

TEST(a_formatted_table_is_empty_and_sound)
{
    kit_open(&kit, kit_capacity(3, 4, 10, 20));
    VERIFY(&kit);
    CHECK_EQUAL_U64(kit.reader.header->resolution_ms, RESOLUTION_MS);
    for (unsigned i = 0; i < POOL_COUNT; i++) {
        CHECK_EQUAL_U64(table_read_pool(&kit.reader, (enum table_pool)i).used, 0);
        CHECK(table_pool_name((enum table_pool)i)[0] != '\0');
    }
    for (unsigned i = 0; i < COUNTER_COUNT; i++) {
        CHECK(table_counter_name((enum counter)i)[0] != '\0');
        CHECK(table_counter_help((enum counter)i)[0] != '\0');
    }
    CHECK_EQUAL_U64(table_next_row(&kit.reader, POOL_NODES, 0), 0);
    kit_close(&kit);
}

TEST(what_is_no_table_is_refused)
{
    struct table_reader reader;
    kit_open(&kit, kit_capacity(3, 4, 10, 20));
    CHECK(table_reader_init(&reader, kit.memory, sizeof(struct table_header) - 1) == -ERR_LAYOUT);
    CHECK(table_reader_init(&reader, kit.memory, 0) == -ERR_LAYOUT);
    CHECK(table_reader_init(&reader, kit.memory, kit.size - 1) == -ERR_LAYOUT);
    CHECK(table_reader_init(&reader, kit.memory, kit.size) == 0);
    struct table_header *header = table_writer_header(kit.writer);
    header->magic++;
    CHECK(table_reader_init(&reader, kit.memory, kit.size) == -ERR_LAYOUT);
    header->magic--;
    header->layout_hash++;
    CHECK(table_reader_init(&reader, kit.memory, kit.size) == -ERR_LAYOUT);
    kit_close(&kit);
}

// Places in the header lead readers and the next writer astray: every one counts.
TEST(a_header_with_other_places_is_refused)
{
    struct table_reader reader;
    kit_open(&kit, kit_capacity(3, 4, 10, 20));
    struct table_header *header = table_writer_header(kit.writer);
    for (unsigned i = 0; i < POOL_COUNT; i++) {
        struct pool_use good = header->pool[i];
        header->pool[i].offset += 64;
        CHECK(table_reader_init(&reader, kit.memory, kit.size) == -ERR_LAYOUT);
        header->pool[i] = good;
        header->pool[i].limit++;
        CHECK(table_reader_init(&reader, kit.memory, kit.size) == -ERR_LAYOUT);
        header->pool[i] = good;
        header->pool[i].row_bytes++;
        CHECK(table_reader_init(&reader, kit.memory, kit.size) == -ERR_LAYOUT);
        header->pool[i] = good;
        header->bucket_count[i] += 16;
        CHECK(table_reader_init(&reader, kit.memory, kit.size) == -ERR_LAYOUT);
        header->bucket_count[i] -= 16;
        header->bucket_offset[i] += 64;
        CHECK(table_reader_init(&reader, kit.memory, kit.size) == -ERR_LAYOUT);
        header->bucket_offset[i] -= 64;
    }
    CHECK(table_reader_init(&reader, kit.memory, kit.size) == 0);
    kit_close(&kit);
}

TEST(a_capacity_beyond_the_ceilings_is_refused)
{
    struct table_reader reader;
    kit_open(&kit, kit_capacity(3, 4, 10, 20));
    struct table_header *header = table_writer_header(kit.writer);
    header->capacity.pods = PODS_MAX + 1;
    header->layout_hash = table_layout_hash(&header->capacity);
    header->total_bytes = table_bytes(&header->capacity);
    CHECK(table_reader_init(&reader, kit.memory, kit.size) == -ERR_LAYOUT);
    kit_close(&kit);
}

// A reader that looks on while the table is made anew sees an empty one.
TEST(formatting_again_leaves_readers_an_empty_table)
{
    kit_open(&kit, kit_capacity(3, 4, 10, 20));
    kit_put_node(&kit, "n1");
    kit_put_pod(&kit, "ns", "pod", "n1", 2);
    CHECK(kit_find_pod(&kit, "ns", "pod") != 0);
    table_format(kit.memory, kit.size, &kit.capacity, (struct hash_key){1, 2}, RESOLUTION_MS);
    CHECK(kit_find_pod(&kit, "ns", "pod") == 0);
    CHECK(table_lookup_node(&kit.reader, TEXT("n1")) == 0);
    CHECK(table_verify(kit.reader.header) == NULL);
    kit_close(&kit);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"places_follow_each_other_and_fit_the_file", places_follow_each_other_and_fit_the_file},
        {"the_hash_knows_every_pool", the_hash_knows_every_pool},
        {"a_formatted_table_is_empty_and_sound", a_formatted_table_is_empty_and_sound},
        {"what_is_no_table_is_refused", what_is_no_table_is_refused},
        {"a_header_with_other_places_is_refused", a_header_with_other_places_is_refused},
        {"a_capacity_beyond_the_ceilings_is_refused", a_capacity_beyond_the_ceilings_is_refused},
        {"formatting_again_leaves_readers_an_empty_table",
         formatting_again_leaves_readers_an_empty_table},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
