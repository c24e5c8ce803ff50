// The sum of the parts is the whole: every total against a model, under churn.
#include "churn.h"

static struct churn churn;

static void
run(bool by_line, unsigned cycles)
{
    memset(&churn, 0, sizeof churn);
    churn.spaces = 12;
    churn.nodes = 6;
    churn.pods = 120;
    churn.by_line = by_line;
    churn.may_miss = true;
    churn_open(&churn, kit_capacity(8, 30, 400, 1600));
    churn_run(&churn, cycles, 25);
    for (unsigned i = 0; i < POOL_COUNT; i++) {
        CHECK_EQUAL_U64(table_read_pool(&churn.kit.reader, (enum table_pool)i).refused_total, 0);
    }
    kit_close(&churn.kit);
}

TEST(sums_under_churn_from_summaries)
{
    run(false, 200);
}

TEST(sums_under_churn_from_lines)
{
    run(true, 200);
}

TEST(an_empty_cluster_has_empty_sums)
{
    struct kit kit;
    struct totals totals;
    kit_open(&kit, kit_capacity(2, 2, 2, 2));
    CHECK(!table_read_totals(&kit.reader, 0, &totals));
    kit_end_cycle(&kit);
    CHECK(table_read_totals(&kit.reader, 0, &totals));
    CHECK(!table_read_totals(&kit.reader, 1, &totals));
    churn_compare(totals, (struct totals){0});
    kit_close(&kit);
}

static void
check_requested(struct kit *kit, uint32_t pods, uint64_t cpu_request)
{
    kit_end_cycle(kit);
    struct totals space = kit_namespace_totals(kit, "ns");
    struct totals cluster = kit_cluster_totals(kit);
    CHECK_EQUAL_U64(space.pod_count, pods);
    CHECK_EQUAL_U64(space.cpu_request, cpu_request);
    CHECK_EQUAL_U64(cluster.pod_count, pods);
    CHECK_EQUAL_U64(cluster.cpu_request, cpu_request);
}

// With and without a row.
TEST(what_waits_for_a_node_requests_nothing_yet)
{
    for (uint32_t rows = 1; rows <= 3; rows += 2) {
        struct kit kit;
        kit_open(&kit, kit_capacity(2, 2, rows, 8));
        row_index node = kit_put_node(&kit, "n1");
        kit_put_pod(&kit, "ns", "runs", "n1", 2);
        kit_put_pod(&kit, "ns", "waits", "", 1);
        check_requested(&kit, 2, 200);
        // A node that has no row is one.
        kit_put_pod(&kit, "ns", "elsewhere", "unknown", 1);
        check_requested(&kit, 3, 300);
        kit_put_pod(&kit, "ns", "waits", "n1", 1);
        check_requested(&kit, 3, 400);
        kit_put_pod(&kit, "ns", "waits", "", 1);
        check_requested(&kit, 3, 300);
        if (rows == 3) {
            // A kubelet has it before the API server says so.
            kit_node_begin(&kit, node);
            table_observe_pod(kit.writer, kit_seen(&kit, "ns", "waits", 1, 1));
            table_node_end(kit.writer);
            check_requested(&kit, 3, 400);
        }
        kit_close(&kit);
    }
}

TEST(the_sums_before_stay_readable)
{
    struct kit kit;
    struct totals totals;
    kit_open(&kit, kit_capacity(2, 2, 2, 2));
    kit_put_pod(&kit, "ns", "a", "", 1);
    kit_end_cycle(&kit);
    kit_put_pod(&kit, "ns", "b", "", 1);
    kit_end_cycle(&kit);
    CHECK(table_read_totals(&kit.reader, 0, &totals));
    CHECK_EQUAL_U64(totals.pod_count, 2);
    CHECK(table_read_totals(&kit.reader, 1, &totals));
    CHECK_EQUAL_U64(totals.pod_count, 1);
    // The same cycle once more replaces its own sums, not the ones before.
    kit.cycle_s -= CYCLE_S;
    kit_remove_pod(&kit, "ns", "b");
    kit_end_cycle(&kit);
    CHECK(table_read_totals(&kit.reader, 0, &totals));
    CHECK_EQUAL_U64(totals.pod_count, 1);
    CHECK(table_read_totals(&kit.reader, 1, &totals));
    CHECK_EQUAL_U64(totals.pod_count, 1);
    CHECK_EQUAL_U64(totals.cycle_s, FIRST_CYCLE_S);
    kit_close(&kit);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"sums_under_churn_from_summaries", sums_under_churn_from_summaries},
        {"sums_under_churn_from_lines", sums_under_churn_from_lines},
        {"an_empty_cluster_has_empty_sums", an_empty_cluster_has_empty_sums},
        {"what_waits_for_a_node_requests_nothing_yet", what_waits_for_a_node_requests_nothing_yet},
        {"the_sums_before_stay_readable", the_sums_before_stay_readable},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
