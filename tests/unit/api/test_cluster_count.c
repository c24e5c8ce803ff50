#include <string.h>

#include "../test.h"
#include "api/cluster_count.h"
#include "world.h"

// In steps of `rows` rows; how many it took.
static unsigned
count(struct cluster_counts *counts, const struct world *world, unsigned rows)
{
    unsigned steps = 1;
    memset(counts, 0, sizeof *counts);
    while (!cluster_count(counts, &world->reader, rows)) {
        CHECK(steps++ < 10000);
    }
    return steps;
}

static void
put(struct world *world, const char *name, enum pod_phase phase, const char *last_reason,
    uint32_t restarts)
{
    static struct pod_object pod;
    memset(&pod, 0, sizeof pod);
    pod.namespace_name = TEXT("shop");
    pod.name = text_of(name);
    pod.node_name = TEXT("node-b");
    pod.phase = phase;
    pod.deleting = phase == POD_FAILED;
    pod.container_count = 1;
    pod.containers[0].name = TEXT("main");
    pod.containers[0].state = phase == POD_RUNNING ? CONTAINER_RUNNING : CONTAINER_TERMINATED;
    pod.containers[0].last_termination_reason = text_of(last_reason);
    pod.containers[0].restart_count = restarts;
    CHECK(table_put_pod(world->writer, 1, &pod) != 0);
}

TEST(each_state_is_counted)
{
    struct cluster_counts counts;
    struct world *world = world_make(0);
    put(world, "oom", POD_RUNNING, "OOMKilled", 4);
    put(world, "ended", POD_SUCCEEDED, "", 0);
    put(world, "evicted", POD_FAILED, "Error", 1);
    put(world, "waits", POD_PENDING, "", 0);
    put(world, "lost", POD_UNKNOWN, "", 0);
    (void)count(&counts, world, 4096);
    CHECK_EQUAL_U64(counts.nodes, 2);
    CHECK_EQUAL_U64(counts.nodes_ready, 1);
    CHECK_EQUAL_U64(counts.nodes_failing, 1);
    CHECK_EQUAL_U64(counts.pods[POD_RUNNING], 4);
    CHECK_EQUAL_U64(counts.pods[POD_SUCCEEDED], 1);
    CHECK_EQUAL_U64(counts.pods[POD_FAILED], 1);
    CHECK_EQUAL_U64(counts.pods[POD_PENDING], 1);
    CHECK_EQUAL_U64(counts.pods[POD_UNKNOWN], 1);
    CHECK_EQUAL_U64(counts.pods_deleting, 1);
    CHECK_EQUAL_U64(counts.oom_killed, 1);
    CHECK_EQUAL_U64(counts.crash_looping, 1);
    CHECK_EQUAL_U64(counts.restarts, 12);
    CHECK_EQUAL_U64(counts.containers[CONTAINER_WAITING], 1);
    CHECK_EQUAL_U64(counts.containers[CONTAINER_RUNNING], 4);
    CHECK_EQUAL_U64(counts.containers[CONTAINER_TERMINATED], 4);
}

TEST(steps_are_bounded_and_give_the_same)
{
    struct cluster_counts whole, parts;
    struct world *world = world_make(500);
    CHECK_EQUAL_U64(count(&whole, world, 100000), 1);
    CHECK(count(&parts, world, 7) > 100);
    CHECK_EQUAL_U64(whole.pods[POD_RUNNING], 503);
    CHECK(memcmp(&whole, &parts, sizeof whole) == 0);
}

// A damaged table gives wrong words, nothing worse.
TEST(states_out_of_range_are_unknown)
{
    struct cluster_counts counts;
    struct world *world = world_make(0);
    struct table_header *header = table_writer_header(world->writer);
    unsigned char *memory = (unsigned char *)header;
    struct pod_row *pods = (struct pod_row *)(void *)(memory + header->pool[POOL_PODS].offset);
    pods[1].phase = 200;
    (void)count(&counts, world, 4096);
    CHECK_EQUAL_U64(counts.pods[POD_UNKNOWN], 1);
    CHECK(strcmp(cluster_phase_name(200), "unknown") == 0);
    CHECK(strcmp(cluster_phase_name(POD_FAILED), "failed") == 0);
    CHECK(strcmp(cluster_container_state_name(200), "unknown") == 0);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"each_state_is_counted", each_state_is_counted},
        {"steps_are_bounded_and_give_the_same", steps_are_bounded_and_give_the_same},
        {"states_out_of_range_are_unknown", states_out_of_range_are_unknown},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
