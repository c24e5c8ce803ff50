// A writer takes over what the one before it left.
#include <signal.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"
#include "table/pool.h"

static struct kit kit;

static void
open_filled(void)
{
    kit_open(&kit, kit_capacity(4, 6, 12, 40));
    row_index node = kit_put_node(&kit, "n1");
    kit_put_namespace(&kit, "ns");
    kit_put_pod(&kit, "ns", "a", "n1", 2);
    kit_put_pod(&kit, "ns", "b", "n1", 2);
    kit_node_begin(&kit, node);
    table_observe_pod(kit.writer, kit_seen(&kit, "ns", "a", 1000, 77));
    kit_end_cycle(&kit);
}

// The writer dies and its successor comes.
static bool
restart(void)
{
    kit_begin_writer(&kit);
    kit_add_source(&kit, 1, SOURCE_KUBERNETES);
    VERIFY(&kit);
    return kit.kept;
}

TEST(a_sound_table_is_kept)
{
    open_filled();
    CHECK(restart());
    CHECK(kit_pod_metric(&kit, "ns", "a", METRIC_MEMORY_USAGE) == 77);
    CHECK_EQUAL_U64(kit_cluster_totals(&kit).pod_count, 2);
    kit_end_cycle(&kit);
    CHECK_EQUAL_U64(kit_cluster_totals(&kit).pod_count, 2);
    CHECK_EQUAL_U64(kit_cluster_totals(&kit).memory_usage, 77);
    // The next sample is compared with the one from before the restart.
    kit_node_begin(&kit, 1);
    table_observe_pod(kit.writer, kit_seen(&kit, "ns", "a", 3000001000, 78));
    CHECK(kit_pod_metric(&kit, "ns", "a", METRIC_CPU_USAGE_RATE) == 100);
    kit_close(&kit);
}

TEST(the_first_list_removes_what_went_meanwhile)
{
    open_filled();
    // The writer before had its list; its generation means nothing to the next.
    table_list_begin(kit.writer, 1, OBJECT_POD);
    kit_put_pod(&kit, "ns", "a", "n1", 2);
    kit_put_pod(&kit, "ns", "b", "n1", 2);
    table_list_end(kit.writer, 1, OBJECT_POD);
    CHECK(restart());
    table_list_begin(kit.writer, 1, OBJECT_POD);
    kit_put_pod(&kit, "ns", "b", "n1", 2);
    table_list_end(kit.writer, 1, OBJECT_POD);
    CHECK(kit_find_pod(&kit, "ns", "a") == 0);
    CHECK(kit_find_pod(&kit, "ns", "b") != 0);
    kit_close(&kit);
}

static void
check_afresh(void)
{
    CHECK(!restart());
    for (unsigned i = 0; i < POOL_COUNT; i++) {
        CHECK_EQUAL_U64(table_read_pool(&kit.reader, (enum table_pool)i).used, 0);
    }
    // And it can be lived in: every row may be taken and written.
    for (unsigned round = 0; round < 2; round++) {
        static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
        kit_put_node(&kit, "n1");
        for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
            CHECK(kit_put_pod(&kit, "ns", names[i], "n1", 4) != 0);
        }
        VERIFY(&kit);
        kit_end_cycle(&kit);
    }
}

TEST(a_table_under_change_begins_afresh)
{
    open_filled();
    structure_begin(table_writer_header(kit.writer));
    check_afresh();
    kit_close(&kit);
}

TEST(a_row_under_writing_begins_afresh)
{
    static const enum table_pool pools[] = {POOL_NODES, POOL_NAMESPACES, POOL_PODS,
                                            POOL_CONTAINERS};
    for (size_t i = 0; i < ARRAY_COUNT(pools); i++) {
        open_filled();
        row_write_begin(pool_row(table_writer_header(kit.writer), pools[i], 1));
        check_afresh();
        kit_close(&kit);
    }
}

TEST(another_capacity_or_resolution_begins_afresh)
{
    open_filled();
    kit.capacity.pods--;
    CHECK(!restart());
    kit.capacity.pods++;
    CHECK(!restart());
    CHECK(restart());
    table_writer_header(kit.writer)->resolution_ms *= 2;
    CHECK(!restart());
    kit_close(&kit);
}

TEST(figures_that_cannot_be_begin_afresh)
{
    open_filled();
    table_writer_header(kit.writer)->pool[POOL_PODS].fresh = UINT32_MAX;
    CHECK(!restart());
    table_writer_header(kit.writer)->pool[POOL_PODS].used = 1;
    CHECK(!restart());
    CHECK(restart());
    table_writer_header(kit.writer)->pool[POOL_NODES].used++;
    CHECK(!restart());
    table_writer_header(kit.writer)->pool[POOL_STRINGS].free_from = 3;
    CHECK(!restart());
    table_writer_header(kit.writer)->pool[POOL_STRINGS].free_from = 0;
    CHECK(!restart());
    CHECK(restart());
    kit_close(&kit);
}

// What does not belong to the pools follows the new configuration.
TEST(connections_and_pressure_may_change)
{
    open_filled();
    kit.capacity.connections = 77;
    kit.capacity.clients = 78;
    CHECK(restart());
    CHECK_EQUAL_U64(kit.reader.header->capacity.connections, 77);
    CHECK_EQUAL_U64(kit.reader.header->capacity.clients, 78);
    kit_close(&kit);
}

TEST(a_death_while_publishing_is_mended)
{
    open_filled();
    kit_end_cycle(&kit);  // both places of the totals are filled
    struct table_header *header = table_writer_header(kit.writer);
    header->source[1].seq++;
    header->totals_seq++;
    struct source_row source;
    struct totals totals;
    CHECK(!table_read_source(&kit.reader, 1, &source));
    CHECK(!table_read_totals(&kit.reader, 0, &totals));
    CHECK(restart());
    CHECK(table_read_source(&kit.reader, 1, &source));
    table_note_source(kit.writer, 1, 0, TEXT(""), (struct wall_ms){5});
    CHECK(table_read_source(&kit.reader, 1, &source));
    CHECK(!table_read_totals(&kit.reader, 0, &totals));  // torn ones are not shown
    kit_end_cycle(&kit);
    CHECK(table_read_totals(&kit.reader, 0, &totals));
    CHECK_EQUAL_U64(totals.pod_count, 2);
    kit_close(&kit);
}

TEST(rows_of_a_source_that_is_another_now_leave)
{
    open_filled();
    kit_begin_writer(&kit);
    CHECK(kit.kept);
    table_put_source(kit.writer, 1, SOURCE_KUBERNETES, TEXT("kubernetes:https://other"), false,
                     false);
    CHECK(kit_find_pod(&kit, "ns", "a") == 0);
    CHECK(table_lookup_node(&kit.reader, TEXT("n1")) == 0);
    VERIFY(&kit);
    kit_close(&kit);
}

TEST(rows_of_a_source_that_is_not_named_any_more_leave)
{
    open_filled();
    table_put_source(kit.writer, 2, SOURCE_HOST, TEXT("host:"), false, false);
    table_put_pseudo_node(kit.writer, 2, TEXT("here"));
    CHECK(restart());
    CHECK(table_lookup_node(&kit.reader, TEXT("here")) != 0);
    kit_end_cycle(&kit);
    CHECK(table_lookup_node(&kit.reader, TEXT("here")) == 0);
    CHECK(table_lookup_node(&kit.reader, TEXT("n1")) != 0);
    kit_close(&kit);
}

// Death at any moment

static void
random_deed(uint64_t *random)
{
    static const char *const names[] = {"a-name-that-takes-two-cells", "b", "c", "d", "e"};
    const char *space = names[test_random_below(random, 3)];
    const char *pod = names[test_random_below(random, 5)];
    const char *node = test_random_below(random, 2) == 0 ? "n1" : "n2";
    uint32_t containers = (uint32_t)test_random_below(random, 5);
    switch (test_random_below(random, 6)) {
    case 0:
        kit_remove_pod(&kit, space, pod);
        break;
    case 1:
    case 2:
        kit_put_pod(&kit, space, pod, node, containers);
        break;
    case 3:
        kit_put_node(&kit, node);
        break;
    case 4: {
        struct pod_seen *seen = kit_seen(&kit, space, pod, 1, 2);
        for (uint32_t i = 0; i < containers; i++) {
            kit_add_container(&kit, seen, names[i], 1, 2);
        }
        kit_node_begin(&kit, table_find_node(kit.writer, text_of(node)));
        table_observe_pod(kit.writer, seen);
        break;
    }
    default:
        kit_end_cycle(&kit);
        break;
    }
}

static _Noreturn void
live(uint64_t seed, _Atomic uint32_t *deeds)
{
    uint64_t random = seed;
    for (;;) {
        random_deed(&random);
        atomic_fetch_add(deeds, 1);
    }
}

// A kernel that kills: at once, wherever the child is.
static void
die_somewhere(uint64_t *random, _Atomic uint32_t *deeds)
{
    uint32_t until = 1 + (uint32_t)test_random_below(random, 60);
    uint64_t spins = test_random_below(random, 3000);
    uint64_t seed = test_random(random);
    atomic_store(deeds, 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        live(seed, deeds);
    }
    while (atomic_load(deeds) < until) {
        CHECK(waitpid(child, NULL, WNOHANG) == 0);
        sched_yield();
    }
    for (_Atomic uint64_t i = 0; i < spins; i++) {
    }
    CHECK(kill(child, SIGKILL) == 0);
    CHECK(waitpid(child, NULL, 0) == child);
}

TEST(death_at_any_moment_leaves_a_sound_table_or_a_fresh_one)
{
    kit_open(&kit, kit_capacity(2, 4, 8, 20));
    void *memory = mmap(NULL, kit.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED && page != MAP_FAILED);
    free(kit.memory);
    kit.memory = memory;
    kit_begin_writer(&kit);
    kit_add_source(&kit, 1, SOURCE_KUBERNETES);
    CHECK(table_reader_init(&kit.reader, kit.memory, kit.size) == 0);
    uint64_t random = test_seed();
    unsigned kept = 0;
    for (unsigned round = 0; round < 150; round++) {
        die_somewhere(&random, page);
        kept += restart();
        for (unsigned i = 0; i < 20; i++) {
            random_deed(&random);
            VERIFY(&kit);
        }
    }
    CHECK(kept != 0);
    munmap(memory, kit.size);
    munmap(page, 4096);
    kit.memory = NULL;
    kit_close(&kit);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"a_sound_table_is_kept", a_sound_table_is_kept},
        {"the_first_list_removes_what_went_meanwhile", the_first_list_removes_what_went_meanwhile},
        {"a_table_under_change_begins_afresh", a_table_under_change_begins_afresh},
        {"a_row_under_writing_begins_afresh", a_row_under_writing_begins_afresh},
        {"another_capacity_or_resolution_begins_afresh",
         another_capacity_or_resolution_begins_afresh},
        {"figures_that_cannot_be_begin_afresh", figures_that_cannot_be_begin_afresh},
        {"connections_and_pressure_may_change", connections_and_pressure_may_change},
        {"a_death_while_publishing_is_mended", a_death_while_publishing_is_mended},
        {"rows_of_a_source_that_is_another_now_leave", rows_of_a_source_that_is_another_now_leave},
        {"rows_of_a_source_that_is_not_named_any_more_leave",
         rows_of_a_source_that_is_not_named_any_more_leave},
        {"death_at_any_moment_leaves_a_sound_table_or_a_fresh_one",
         death_at_any_moment_leaves_a_sound_table_or_a_fresh_one},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
