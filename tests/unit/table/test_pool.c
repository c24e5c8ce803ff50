#include "kit.h"

#include "table/pool.h"

static struct kit kit;

TEST(rows_are_zeroed_and_counted)
{
    kit_open(&kit, kit_capacity(3, 4, 10, 20));
    struct table_header *header = table_writer_header(kit.writer);
    row_index index = pool_take(header, POOL_FILESYSTEMS);
    CHECK_EQUAL_U64(index, 1);
    memset(filesystem_row_at(header, index), 0xff, sizeof(struct filesystem_row));
    pool_give(header, POOL_FILESYSTEMS, index);
    CHECK_EQUAL_U64(pool_take(header, POOL_FILESYSTEMS), index);
    static const struct filesystem_row zero;
    CHECK(memcmp(filesystem_row_at(header, index), &zero, sizeof zero) == 0);
    CHECK_EQUAL_U64(header->pool[POOL_FILESYSTEMS].used, 1);
    CHECK_EQUAL_U64(header->pool[POOL_FILESYSTEMS].peak, 1);
    kit_close(&kit);
}

TEST(the_sequence_number_outlives_its_row)
{
    kit_open(&kit, kit_capacity(3, 4, 10, 20));
    struct table_header *header = table_writer_header(kit.writer);
    row_index index = pool_take(header, POOL_PODS);
    struct row_head *head = &pod_row_at(header, index)->head;
    row_write_begin(head);
    row_write_end(head);
    CHECK_EQUAL_U64(head->seq, 2);
    pool_give(header, POOL_PODS, index);
    CHECK_EQUAL_U64(pool_take(header, POOL_PODS), index);
    CHECK_EQUAL_U64(head->seq, 2);
    kit_close(&kit);
}

TEST(a_full_pool_refuses_and_counts)
{
    kit_open(&kit, kit_capacity(3, 4, 10, 20));
    struct table_header *header = table_writer_header(kit.writer);
    for (unsigned i = 0; i < 10; i++) {
        CHECK(pool_take(header, POOL_PODS) != 0);
    }
    CHECK_EQUAL_U64(pool_take(header, POOL_PODS), 0);
    CHECK_EQUAL_U64(pool_take(header, POOL_PODS), 0);
    CHECK_EQUAL_U64(header->pool[POOL_PODS].refused_total, 2);
    CHECK_EQUAL_U64(header->pool[POOL_PODS].used, 10);
    pool_give(header, POOL_PODS, 4);
    CHECK_EQUAL_U64(pool_take(header, POOL_PODS), 4);
    kit_close(&kit);
}

// Against a shadow: no row is handed out twice, none is lost.
TEST(random_taking_and_giving)
{
    enum { LIMIT = 20 };
    uint64_t random = test_seed();
    kit_open(&kit, kit_capacity(3, 4, 10, LIMIT));
    struct table_header *header = table_writer_header(kit.writer);
    bool taken[LIMIT + 1] = {false};
    uint32_t count = 0;
    for (unsigned step = 0; step < 20000; step++) {
        row_index index = (row_index)(1 + test_random_below(&random, LIMIT));
        if (taken[index] && test_random_below(&random, 2) == 0) {
            pool_give(header, POOL_CONTAINERS, index);
            taken[index] = false;
            count--;
        } else {
            index = pool_take_near(header, POOL_CONTAINERS, index);
            CHECK((index == 0) == (count == LIMIT));
            CHECK(index == 0 || !taken[index]);
            count += index != 0;
            taken[index] = index != 0;
        }
        CHECK_EQUAL_U64(header->pool[POOL_CONTAINERS].used, count);
    }
    kit_close(&kit);
}

// From the place asked for on, and around the end.
TEST(rows_are_taken_near)
{
    kit_open(&kit, kit_capacity(3, 4, 200, 20));
    struct table_header *header = table_writer_header(kit.writer);
    CHECK_EQUAL_U64(pool_take_near(header, POOL_PODS, 130), 130);
    CHECK_EQUAL_U64(pool_take_near(header, POOL_PODS, 130), 131);
    CHECK_EQUAL_U64(pool_take(header, POOL_PODS), 1);
    CHECK_EQUAL_U64(header->pool[POOL_PODS].fresh, 132);
    CHECK_EQUAL_U64(pool_take_near(header, POOL_PODS, 200), 200);
    CHECK_EQUAL_U64(pool_take_near(header, POOL_PODS, 200), 2);
    pool_give(header, POOL_PODS, 130);
    CHECK_EQUAL_U64(pool_take_near(header, POOL_PODS, 100), 100);
    CHECK_EQUAL_U64(pool_next(header, POOL_PODS, 0), 1);
    CHECK_EQUAL_U64(pool_next(header, POOL_PODS, 2), 100);
    CHECK_EQUAL_U64(pool_next(header, POOL_PODS, 100), 131);
    CHECK_EQUAL_U64(pool_next(header, POOL_PODS, 131), 200);
    CHECK_EQUAL_U64(pool_next(header, POOL_PODS, 200), 0);
    kit_close(&kit);
}

// Every row of a pool belongs to one owner, in order.
TEST(a_pool_is_shared_out)
{
    kit_open(&kit, kit_capacity(3, 4, 10, 20));
    struct table_header *header = table_writer_header(kit.writer);
    CHECK_EQUAL_U64(pool_home(header, POOL_NODES, 0, POOL_PODS), 1);
    CHECK_EQUAL_U64(pool_home(header, POOL_NODES, 1, POOL_PODS), 1);
    CHECK_EQUAL_U64(pool_home(header, POOL_NODES, 2, POOL_PODS), 4);
    CHECK_EQUAL_U64(pool_home(header, POOL_NODES, 3, POOL_PODS), 7);
    CHECK_EQUAL_U64(pool_home(header, POOL_PODS, 10, POOL_CONTAINERS), 19);
    kit_close(&kit);
}

static void
give_a_free_row(void *context)
{
    pool_give(context, POOL_PODS, 3);
}

static void
write_twice(void *context)
{
    row_write_begin(context);
    row_write_begin(context);
}

static void
read_row_zero(void *context)
{
    (void)pool_row(context, POOL_PODS, 0);
}

static void
read_row_behind(void *context)
{
    (void)pool_row(context, POOL_PODS, 11);
}

TEST(our_own_mistakes_abort)
{
    kit_open(&kit, kit_capacity(3, 4, 10, 20));
    struct row_head head = {0};
    CHECK(test_aborts(write_twice, &head));
    CHECK(test_aborts(give_a_free_row, table_writer_header(kit.writer)));
    CHECK(test_aborts(read_row_zero, table_writer_header(kit.writer)));
    CHECK(test_aborts(read_row_behind, table_writer_header(kit.writer)));
    kit_close(&kit);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"rows_are_zeroed_and_counted", rows_are_zeroed_and_counted},
        {"the_sequence_number_outlives_its_row", the_sequence_number_outlives_its_row},
        {"a_full_pool_refuses_and_counts", a_full_pool_refuses_and_counts},
        {"rows_are_taken_near", rows_are_taken_near},
        {"a_pool_is_shared_out", a_pool_is_shared_out},
        {"random_taking_and_giving", random_taking_and_giving},
        {"our_own_mistakes_abort", our_own_mistakes_abort},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
