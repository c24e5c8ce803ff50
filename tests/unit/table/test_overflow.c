// A cluster of three times the plan: sums stay right, nothing counts twice.
#include "churn.h"
#include "table/overflow.h"

static struct churn churn;

static void
run(struct capacity capacity, bool by_line)
{
    memset(&churn, 0, sizeof churn);
    churn.spaces = 12;
    churn.nodes = 6;
    churn.pods = 150;
    churn.by_line = by_line;
    churn.may_miss = capacity.string_cells >= 200;
    churn.texts_short = capacity.string_cells < 200;
    churn_open(&churn, capacity);
    churn_run(&churn, 150, 25);
    uint64_t refused = 0;
    for (unsigned i = 0; i < POOL_COUNT; i++) {
        refused += table_read_pool(&churn.kit.reader, (enum table_pool)i).refused_total;
    }
    CHECK(refused != 0);
    kit_close(&churn.kit);
}

TEST(three_times_the_pods)
{
    run(kit_capacity(8, 30, 50, 1600), false);
}

TEST(three_times_the_pods_by_line)
{
    run(kit_capacity(8, 30, 50, 1600), true);
}

TEST(three_times_the_containers)
{
    run(kit_capacity(8, 30, 400, 100), false);
}

TEST(three_times_the_namespaces)
{
    run(kit_capacity(8, 4, 400, 1600), false);
}

TEST(three_times_everything)
{
    run(kit_capacity(8, 4, 50, 60), false);
}

TEST(too_few_texts)
{
    struct capacity capacity = kit_capacity(8, 30, 400, 1600);
    capacity.string_cells = 120;
    run(capacity, false);
}

// Small deeds, one by one

static struct kit kit;

static struct totals
end_cycle(void)
{
    kit_end_cycle(&kit);
    VERIFY(&kit);
    return kit_cluster_totals(&kit);
}

static void
open_full(void)
{
    kit_open(&kit, kit_capacity(2, 2, 1, 8));
    kit_put_node(&kit, "n1");
    CHECK(kit_put_pod(&kit, "ns", "first", "n1", 1) != 0);
    CHECK(kit_put_pod(&kit, "ns", "second", "n1", 2) == 0);
}

TEST(a_refused_pod_counts_everywhere)
{
    open_full();
    struct totals totals = end_cycle();
    CHECK_EQUAL_U64(totals.pod_count, 2);
    CHECK_EQUAL_U64(totals.container_count, 3);
    CHECK_EQUAL_U64(totals.cpu_request, 300);
    CHECK_EQUAL_U64(kit_namespace_totals(&kit, "ns").pod_count, 2);
    static struct node_view view;
    CHECK(table_read_node(&kit.reader, 1, VIEW_NAMES, &view));
    CHECK_EQUAL_U64(view.row.pod_count, 2);
    CHECK_EQUAL_U64(view.row.resources.cpu_request, 300);
    CHECK_EQUAL_U64(kit_error_count(&kit, ERR_PODS_FULL), 1);
    kit_close(&kit);
}

// Its last pods may be told of after it; another namespace must not get them.
TEST(a_namespace_stays_while_refused_pods_name_it)
{
    open_full();
    kit_put_namespace(&kit, "leaving");
    CHECK(kit_put_pod(&kit, "leaving", "last", "n1", 2) == 0);
    table_remove_namespace(kit.writer, 1, TEXT("leaving"));
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQUAL_U64(end_cycle().pod_count, 3);
    }
    CHECK(kit_put_namespace(&kit, "other") == 0);
    kit_remove_pod(&kit, "leaving", "last");
    CHECK_EQUAL_U64(end_cycle().pod_count, 2);
    CHECK(kit_put_namespace(&kit, "other") != 0);
    CHECK_EQUAL_U64(kit_namespace_totals(&kit, "other").pod_count, 0);
    kit_close(&kit);
}

TEST(put_again_counts_once)
{
    open_full();
    for (unsigned i = 0; i < 5; i++) {
        kit_put_pod(&kit, "ns", "second", "n1", 2);
    }
    CHECK_EQUAL_U64(end_cycle().pod_count, 2);
    kit_put_pod(&kit, "ns", "second", "n1", 1);  // resized
    CHECK_EQUAL_U64(end_cycle().cpu_request, 200);
    kit_close(&kit);
}

TEST(removed_twice_leaves_once)
{
    open_full();
    kit_put_pod(&kit, "ns", "third", "n1", 1);
    kit_remove_pod(&kit, "ns", "second");
    kit_remove_pod(&kit, "ns", "second");
    struct totals totals = end_cycle();
    CHECK_EQUAL_U64(totals.pod_count, 2);
    CHECK_EQUAL_U64(totals.cpu_request, 200);
    kit_close(&kit);
}

TEST(a_row_that_comes_later_takes_over)
{
    open_full();
    kit_remove_pod(&kit, "ns", "first");
    CHECK(!table_has_room_for_refused_pods(kit.writer));
    for (unsigned i = 0; i < GONE_CYCLES + 2; i++) {
        CHECK_EQUAL_U64(end_cycle().pod_count, 1);
    }
    CHECK(table_has_room_for_refused_pods(kit.writer));
    // A kubelet's word gives no row to what the API server named.
    kit_node_begin(&kit, 1);
    table_observe_pod(kit.writer, kit_seen(&kit, "ns", "second", 1, 100));
    CHECK_EQUAL_U64(kit_find_pod(&kit, "ns", "second"), 0);
    CHECK_EQUAL_U64(end_cycle().memory_usage, 100);
    CHECK(kit_put_pod(&kit, "ns", "second", "n1", 2) != 0);
    CHECK(!table_has_room_for_refused_pods(kit.writer));
    struct totals totals = end_cycle();
    CHECK_EQUAL_U64(totals.pod_count, 1);
    CHECK_EQUAL_U64(totals.cpu_request, 200);
    kit_close(&kit);
}

TEST(a_finished_pod_stops_to_count)
{
    open_full();
    struct pod_object *pod = kit_pod("ns", "second", "n1", 2);
    pod->phase = POD_FAILED;
    CHECK_EQUAL_U64(table_put_pod(kit.writer, 1, pod), 0);
    CHECK_EQUAL_U64(end_cycle().pod_count, 1);
    kit_close(&kit);
}

TEST(a_list_of_one_source_spares_the_other)
{
    open_full();
    table_put_source(kit.writer, 2, SOURCE_KUBERNETES, TEXT("kubernetes:https://b"), false, false);
    CHECK(table_put_pod(kit.writer, 2, kit_pod("other", "pod", "", 1)) == 0);
    CHECK_EQUAL_U64(end_cycle().pod_count, 3);
    table_list_begin(kit.writer, 1, OBJECT_POD);
    CHECK_EQUAL_U64(end_cycle().pod_count, 3);  // until the list is complete
    kit_put_pod(&kit, "ns", "first", "n1", 1);
    table_list_end(kit.writer, 1, OBJECT_POD);
    CHECK_EQUAL_U64(end_cycle().pod_count, 2);
    kit_close(&kit);
}

TEST(usage_counts_once_a_cycle)
{
    open_full();
    for (unsigned i = 0; i < 3; i++) {
        struct pod_seen *seen = kit_seen(&kit, "ns", "second", 1, 100);
        seen->cpu.has = HAS_CPU_NANOCORES;
        seen->cpu.usage_nanocores = 5000000;
        kit_node_begin(&kit, 1);
        table_observe_pod(kit.writer, seen);
    }
    struct totals totals = end_cycle();
    CHECK_EQUAL_U64(totals.memory_usage, 100);
    CHECK(totals.cpu_usage_milli == 5);
    CHECK_EQUAL_U64(kit.reader.header->counter[COUNTER_OVERFLOW_SAMPLES], 3);
    kit_close(&kit);
}

// As in rows: the last value stays while scrapes are missed, but not for ever.
TEST(a_missed_scrape_takes_no_usage)
{
    open_full();
    for (unsigned i = 1; i <= 2; i++) {
        kit_node_begin(&kit, 1);
        table_observe_pod(kit.writer, kit_seen(&kit, "ns", "first", 30000000 * i, 100));
        table_observe_pod(kit.writer, kit_seen(&kit, "ns", "second", 15000000 * i, 50));
        (void)end_cycle();
    }
    for (unsigned missed = 1; missed <= STALE_CYCLES; missed++) {
        struct totals totals = end_cycle();
        CHECK_EQUAL_U64(totals.memory_usage, 150);
        CHECK_EQUAL_U64(totals.memory_working_set, 75);
        CHECK(totals.cpu_usage_milli > 2.999 && totals.cpu_usage_milli < 3.001);
    }
    struct totals totals = end_cycle();
    CHECK_EQUAL_U64(totals.memory_usage, 0);
    CHECK(totals.cpu_usage_milli == 0);
    CHECK_EQUAL_U64(totals.pod_count, 2);
    CHECK_EQUAL_U64(totals.cpu_request, 300);
    kit_close(&kit);
}

TEST(a_pod_that_only_a_kubelet_names_leaves_with_its_word)
{
    open_full();
    struct pod_seen *seen = kit_seen(&kit, "ns", "stranger", 1, 100);
    kit_add_container(&kit, seen, "c0", 1, 1);
    kit_node_begin(&kit, 1);
    table_observe_pod(kit.writer, seen);
    struct totals totals = end_cycle();
    CHECK_EQUAL_U64(totals.pod_count, 3);
    CHECK_EQUAL_U64(totals.container_count, 4);
    for (unsigned missed = 1; missed <= STALE_CYCLES; missed++) {
        CHECK_EQUAL_U64(end_cycle().pod_count, 3);
    }
    CHECK_EQUAL_U64(end_cycle().pod_count, 2);
    kit_close(&kit);
}

// A scrape was under way when the API server removed the pod.
TEST(a_kubelet_does_not_revive_what_was_removed)
{
    open_full();
    kit_remove_pod(&kit, "ns", "second");
    for (unsigned i = 0; i <= GONE_CYCLES; i++) {
        kit_node_begin(&kit, 1);
        table_observe_pod(kit.writer, kit_seen(&kit, "ns", "second", 1, 100));
        struct totals totals = end_cycle();
        CHECK_EQUAL_U64(totals.pod_count, 1);
        CHECK_EQUAL_U64(totals.memory_usage, 0);
    }
    // Another of its name counts at once, and as another.
    kit_node_begin(&kit, 1);
    table_observe_pod(kit.writer, kit_seen(&kit, "ns", "second", 1, 100));
    kit_remove_pod(&kit, "ns", "second");
    kit_put_pod(&kit, "ns", "second", "", 3);
    struct totals totals = end_cycle();
    CHECK_EQUAL_U64(totals.pod_count, 2);
    CHECK_EQUAL_U64(totals.cpu_request, 100);  // it waits for a node
    CHECK_EQUAL_U64(totals.memory_usage, 0);
    static struct node_view view;
    CHECK(table_read_node(&kit.reader, 1, VIEW_NAMES, &view));
    CHECK_EQUAL_U64(view.row.pod_count, 1);
    kit_close(&kit);
}

TEST(a_row_found_by_a_kubelet_takes_over)
{
    open_full();
    kit_remove_pod(&kit, "ns", "second");
    kit_remove_pod(&kit, "ns", "first");
    for (unsigned i = 0; i < 4 * GONE_CYCLES; i++) {
        kit_node_begin(&kit, 1);
        table_observe_pod(kit.writer, kit_seen(&kit, "ns", "stranger", 1 + i, 100));
        struct totals totals = end_cycle();
        CHECK_EQUAL_U64(totals.pod_count, 1);
        CHECK_EQUAL_U64(totals.memory_usage, 100);
    }
    CHECK(kit_find_pod(&kit, "ns", "stranger") != 0);
    kit_close(&kit);
}

// Records are gone, have a row, or wait for one: each is one of these, whatever is told
// of it twice.
TEST(a_record_that_has_a_row_counts_once)
{
    static unsigned char memory[1 << 16] __attribute__((aligned(16)));
    static const struct resource_row none;
    struct capacity capacity = kit_capacity(2, 2, 4, 8);
    struct arena arena;
    struct overflow overflow;
    struct overflow_pod a = {.hash = UINT64_C(7) << 32, .uid = 1, .space = 1};
    struct overflow_pod b = {.hash = UINT64_C(8) << 32, .uid = 2, .space = 1};
    CHECK(overflow_footprint(&capacity) <= sizeof memory);
    arena_init(&arena, memory, sizeof memory);
    overflow_init(&overflow, &arena, &capacity);
    overflow_put(&overflow, &a, &none, 1);
    overflow_put(&overflow, &b, &none, 1);
    CHECK_EQUAL_U64(overflow_waiting_count(&overflow), 2);
    for (unsigned i = 0; i < 3; i++) {
        overflow_give_row(&overflow, a.hash, a.uid, 5);
        CHECK_EQUAL_U64(overflow.with_row, 1);
        CHECK_EQUAL_U64(overflow_waiting_count(&overflow), 1);
    }
    overflow_give_row(&overflow, a.hash, a.uid, 6);  // another row: nothing is known of it
    CHECK_EQUAL_U64(overflow_find(&overflow, a.hash), 0);
    CHECK_EQUAL_U64(overflow.with_row, 0);
    CHECK_EQUAL_U64(overflow_waiting_count(&overflow), 1);
    overflow_give_row(&overflow, b.hash, b.uid, 5);
    overflow_remove(&overflow, b.hash);
    overflow_remove(&overflow, b.hash);
    CHECK_EQUAL_U64(overflow.with_row, 0);
    CHECK_EQUAL_U64(overflow.gone, 1);
    overflow_give_row(&overflow, b.hash, b.uid, 5);
    CHECK_EQUAL_U64(overflow.used, 0);
    CHECK_EQUAL_U64(overflow.gone, 0);
    CHECK_EQUAL_U64(overflow_waiting_count(&overflow), 0);
}

TEST(a_node_that_leaves_takes_no_pod_with_it)
{
    open_full();
    table_remove_node(kit.writer, 1, TEXT("n1"));
    for (unsigned i = 0; i < GONE_CYCLES + 2; i++) {
        CHECK_EQUAL_U64(end_cycle().pod_count, 2);
    }
    kit_put_node(&kit, "n2");  // takes the row of n1
    (void)end_cycle();
    static struct node_view view;
    CHECK(table_read_node(&kit.reader, 1, VIEW_NAMES, &view));
    CHECK_EQUAL_TEXT(view.name, "n2");
    CHECK_EQUAL_U64(view.row.pod_count, 0);
    kit_close(&kit);
}

TEST(more_than_the_records_hold_is_counted)
{
    struct capacity capacity = kit_capacity(2, 2, 1, 8);
    capacity.overflow_pods = 2;
    kit_open(&kit, capacity);
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        kit_put_pod(&kit, "ns", names[i], "", 1);
    }
    CHECK_EQUAL_U64(end_cycle().pod_count, 3);
    CHECK_EQUAL_U64(kit_error_count(&kit, ERR_PODS_FULL), 4);
    kit_remove_pod(&kit, "ns", "b");
    kit_put_pod(&kit, "ns", "e", "", 1);
    CHECK_EQUAL_U64(end_cycle().pod_count, 3);
    kit_close(&kit);
}

TEST(what_is_gone_makes_room)
{
    struct capacity capacity = kit_capacity(2, 2, 1, 8);
    capacity.overflow_pods = 2;
    kit_open(&kit, capacity);
    CHECK_EQUAL_U64(table_read_pool(&kit.reader, POOL_REFUSED_PODS).limit, 2);
    kit_put_pod(&kit, "ns", "a", "", 1);
    kit_put_pod(&kit, "ns", "b", "", 1);
    kit_put_pod(&kit, "ns", "c", "", 1);
    kit_remove_pod(&kit, "ns", "b");
    kit_remove_pod(&kit, "ns", "c");
    kit_put_pod(&kit, "ns", "d", "", 1);
    kit_put_pod(&kit, "ns", "e", "", 1);
    CHECK_EQUAL_U64(end_cycle().pod_count, 3);
    struct pool_use use = table_read_pool(&kit.reader, POOL_REFUSED_PODS);
    CHECK_EQUAL_U64(use.used, 2);
    CHECK_EQUAL_U64(use.peak, 2);
    CHECK_EQUAL_U64(use.limit, 2);
    CHECK_EQUAL_U64(use.refused_total, 0);
    kit_put_pod(&kit, "ns", "f", "", 1);
    CHECK_EQUAL_U64(end_cycle().pod_count, 3);
    CHECK_EQUAL_U64(table_read_pool(&kit.reader, POOL_REFUSED_PODS).refused_total, 1);
    kit_close(&kit);
}

// Three times the plan, while rows are free that are not filled again yet.
TEST(three_times_the_plan_fits_while_rows_are_free)
{
    struct capacity capacity = kit_capacity(2, 2, 64, 200);
    kit_open(&kit, capacity);
    kit_put_node(&kit, "n1");
    char name[16];
    for (unsigned i = 0; i < 3 * 64; i++) {
        snprintf(name, sizeof name, "p%u", i);
        kit_put_pod(&kit, "ns", name, "n1", 1);
    }
    for (unsigned i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "p%u", i);
        kit_remove_pod(&kit, "ns", name);
        snprintf(name, sizeof name, "q%u", i);
        kit_put_pod(&kit, "ns", name, "n1", 1);
    }
    CHECK_EQUAL_U64(end_cycle().cpu_request, 3 * 64 * 100);
    for (unsigned i = 0; i < GONE_CYCLES + 1; i++) {
        (void)end_cycle();
    }
    CHECK(!table_has_room_for_refused_pods(kit.writer));
    struct totals totals = end_cycle();
    CHECK_EQUAL_U64(totals.pod_count, 3 * 64);
    CHECK_EQUAL_U64(totals.cpu_request, 3 * 64 * 100);
    kit_close(&kit);
}

// No two pods request the same.
TEST(every_request_counts_to_the_unit)
{
    struct capacity capacity = kit_capacity(2, 2, 1, 8);
    capacity.overflow_pods = 1000;
    kit_open(&kit, capacity);
    kit_put_node(&kit, "n1");
    kit_put_pod(&kit, "ns", "first", "n1", 0);
    struct totals expected = {0};
    uint64_t random = test_seed();
    for (unsigned i = 0; i < capacity.overflow_pods; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%u", i);
        struct pod_object *pod = kit_pod("ns", name, "n1", 1);
        struct container_object *container = &pod->containers[0];
        container->requests.cpu_milli = test_random_below(&random, 200000);
        container->limits.cpu_milli = test_random_below(&random, 200000);
        container->requests.memory = test_random_below(&random, UINT64_C(1) << 39);
        container->limits.memory = test_random_below(&random, UINT64_C(1) << 39) * 512;
        container->requests.ephemeral = test_random_below(&random, 1000) * 1000000000;
        container->limits.ephemeral = test_random_below(&random, 100) << 40;
        CHECK(table_put_pod(kit.writer, 1, pod) == 0);
        expected.cpu_request += container->requests.cpu_milli;
        expected.cpu_limit += container->limits.cpu_milli;
        expected.memory_request += container->requests.memory;
        expected.memory_limit += container->limits.memory;
        expected.ephemeral_request += container->requests.ephemeral;
        expected.ephemeral_limit += container->limits.ephemeral;
    }
    struct totals totals = end_cycle();
    CHECK_EQUAL_U64(totals.cpu_request, expected.cpu_request);
    CHECK_EQUAL_U64(totals.cpu_limit, expected.cpu_limit);
    CHECK_EQUAL_U64(totals.memory_request, expected.memory_request);
    CHECK_EQUAL_U64(totals.memory_limit, expected.memory_limit);
    CHECK_EQUAL_U64(totals.ephemeral_request, expected.ephemeral_request);
    CHECK_EQUAL_U64(totals.ephemeral_limit, expected.ephemeral_limit);
    kit_close(&kit);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"three_times_the_pods", three_times_the_pods},
        {"three_times_the_pods_by_line", three_times_the_pods_by_line},
        {"three_times_the_containers", three_times_the_containers},
        {"three_times_the_namespaces", three_times_the_namespaces},
        {"three_times_everything", three_times_everything},
        {"too_few_texts", too_few_texts},
        {"a_refused_pod_counts_everywhere", a_refused_pod_counts_everywhere},
        {"a_namespace_stays_while_refused_pods_name_it",
         a_namespace_stays_while_refused_pods_name_it},
        {"put_again_counts_once", put_again_counts_once},
        {"removed_twice_leaves_once", removed_twice_leaves_once},
        {"a_row_that_comes_later_takes_over", a_row_that_comes_later_takes_over},
        {"a_finished_pod_stops_to_count", a_finished_pod_stops_to_count},
        {"a_list_of_one_source_spares_the_other", a_list_of_one_source_spares_the_other},
        {"usage_counts_once_a_cycle", usage_counts_once_a_cycle},
        {"a_missed_scrape_takes_no_usage", a_missed_scrape_takes_no_usage},
        {"a_kubelet_does_not_revive_what_was_removed", a_kubelet_does_not_revive_what_was_removed},
        {"what_is_gone_makes_room", what_is_gone_makes_room},
        {"three_times_the_plan_fits_while_rows_are_free",
         three_times_the_plan_fits_while_rows_are_free},
        {"every_request_counts_to_the_unit", every_request_counts_to_the_unit},
        {"a_pod_that_only_a_kubelet_names_leaves_with_its_word",
         a_pod_that_only_a_kubelet_names_leaves_with_its_word},
        {"a_row_found_by_a_kubelet_takes_over", a_row_found_by_a_kubelet_takes_over},
        {"a_record_that_has_a_row_counts_once", a_record_that_has_a_row_counts_once},
        {"a_node_that_leaves_takes_no_pod_with_it", a_node_that_leaves_takes_no_pod_with_it},
        {"more_than_the_records_hold_is_counted", more_than_the_records_hold_is_counted},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
