// How long the live table's writer takes, on a table of 1,000 nodes of 30 pods
// of 2 containers: `name value unit` lines.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "table/reader.h"
#include "table/writer.h"

enum { NODES = 1000, PODS_PER_NODE = 30, CONTAINERS = 2, ROUNDS = 5 };

static struct table_writer *writer;
static void *memory;
static size_t table_size;
static uint32_t cycle_s = 1700000010;

static int64_t
now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
report(const char *name, double value, const char *unit)
{
    printf("%s %.3f %s\n", name, value, unit);
}

struct names {
    char node[40], space[40], pod[64], uid[40];
};

static const struct names *
names_of(unsigned node, unsigned pod)
{
    static struct names names;
    unsigned number = node * PODS_PER_NODE + pod;
    snprintf(names.node, sizeof names.node, "worker-%04u.example.internal", node);
    snprintf(names.space, sizeof names.space, "team-%u", number % 300);
    snprintf(names.pod, sizeof names.pod, "service-%u-7594557864-%05x", number % 4000, number);
    snprintf(names.uid, sizeof names.uid, "%08x-1111-2222-3333-444444444444", number);
    return &names;
}

static void
put_node(unsigned number)
{
    static struct node_object node;
    memset(&node, 0, sizeof node);
    node.name = text_of(names_of(number, 0)->node);
    node.ready = CONDITION_TRUE;
    node.kubelet_version = TEXT("v1.33.1");
    (void)table_put_node(writer, 1, &node, TEXT(""));
}

static const struct pod_object *
pod_object(unsigned node, unsigned number)
{
    static struct pod_object pod;
    const struct names *names = names_of(node, number);
    memset(&pod, 0, offsetof(struct pod_object, containers));
    memset(pod.containers, 0, CONTAINERS * sizeof pod.containers[0]);
    pod.namespace_name = text_of(names->space);
    pod.name = text_of(names->pod);
    pod.node_name = text_of(names->node);
    pod.uid = text_of(names->uid);
    pod.phase = POD_RUNNING;
    pod.owner_kind = TEXT("ReplicaSet");
    pod.owner_name = text_sub(pod.name, 0, pod.name.size - 6);
    pod.label_count = 2;
    pod.labels[0] = (struct label){TEXT("app"), text_sub(pod.name, 0, 12)};
    pod.labels[1] = (struct label){TEXT("pod-template-hash"), TEXT("7594557864")};
    pod.container_count = CONTAINERS;
    for (unsigned i = 0; i < CONTAINERS; i++) {
        pod.containers[i].name = i == 0 ? TEXT("main") : TEXT("proxy");
        pod.containers[i].image = TEXT("registry.example.com/team/service:v1.2.3");
        pod.containers[i].requests.cpu_milli = 100;
        pod.containers[i].requests.memory = 1 << 26;
    }
    return &pod;
}

static struct cpu_seen
cpu(uint64_t base)
{
    return (struct cpu_seen){HAS_CPU_USAGE | HAS_CPU_NANOCORES, {(int64_t)cycle_s * 1000 - 3000},
                             base + (uint64_t)cycle_s * 1000000, 5000000, 0};
}

static struct memory_seen
memory_seen(void)
{
    return (struct memory_seen){.has = 0x67 | HAS_MEMORY_PAGE_FAULTS | HAS_MEMORY_MAJOR_PAGE_FAULTS,
                                .time = {(int64_t)cycle_s * 1000 - 3000},
                                .usage = 1 << 25, .working_set = 1 << 24, .rss = 1 << 23,
                                .page_faults = cycle_s, .major_page_faults = 3};
}

static struct filesystem_seen
filesystem(void)
{
    return (struct filesystem_seen){.has = 31, .used = 12345, .capacity = 100 << 20,
                                    .available = 50 << 20, .inodes = 1000, .inodes_free = 500};
}

// A summary of one pod as it comes out of the decoder.
static struct pod_seen *
pod_seen(unsigned node, unsigned number)
{
    static struct pod_seen pod;
    const struct names *names = names_of(node, number);
    pod.namespace_name = text_of(names->space);
    pod.name = text_of(names->pod);
    pod.uid = text_of(names->uid);
    pod.start_time = (struct wall_ms){1690000000000};
    pod.cpu = cpu(1000);
    pod.memory = memory_seen();
    pod.network = (struct network_seen){15, {(int64_t)cycle_s * 1000 - 4000}, cycle_s, cycle_s,
                                        0, 0};
    pod.ephemeral = filesystem();
    pod.container_count = CONTAINERS;
    for (unsigned i = 0; i < CONTAINERS; i++) {
        struct container_seen *container = &pod.containers[i];
        container->name = i == 0 ? TEXT("main") : TEXT("proxy");
        container->start_time = (struct wall_ms){1690000001000};
        container->cpu = cpu(500);
        container->memory = memory_seen();
        container->rootfs = filesystem();
        container->logs = filesystem();
    }
    pod.volume_count = 1;
    pod.volumes[0] = filesystem();
    pod.volumes[0].name = TEXT("Volume:kube-api-access-abcde");
    return &pod;
}

static void
begin(unsigned node)
{
    row_index row = table_find_node(writer, text_of(names_of(node, 0)->node));
    table_node_begin(writer, 1, row, cycle_s, (struct wall_ms){(int64_t)cycle_s * 1000});
}

static double
put_pods(void)
{
    int64_t spent = 0;
    for (unsigned node = 0; node < NODES; node++) {
        for (unsigned pod = 0; pod < PODS_PER_NODE; pod++) {
            const struct pod_object *object = pod_object(node, pod);
            int64_t from = now_ns();
            (void)table_put_pod(writer, 1, object);
            spent += now_ns() - from;
        }
    }
    return (double)spent / (NODES * PODS_PER_NODE);
}

static double
observe_summaries(void)
{
    int64_t spent = 0;
    for (unsigned node = 0; node < NODES; node++) {
        begin(node);
        for (unsigned pod = 0; pod < PODS_PER_NODE; pod++) {
            struct pod_seen *seen = pod_seen(node, pod);
            int64_t from = now_ns();
            table_observe_pod(writer, seen);
            spent += now_ns() - from;
        }
        int64_t from = now_ns();
        table_node_end(writer);
        spent += now_ns() - from;
    }
    return (double)spent / (NODES * PODS_PER_NODE);
}

// What the resource format says of one container.
struct container_line {
    struct text space, pod;
    struct container_seen seen;
};

static void
fill_container_line(struct container_line *line, const struct names *names, unsigned container)
{
    line->space = text_of(names->space);
    line->pod = text_of(names->pod);
    line->seen.name = container == 0 ? TEXT("main") : TEXT("proxy");
    line->seen.cpu = cpu(500);
    line->seen.cpu.has = HAS_CPU_USAGE;
    line->seen.memory = memory_seen();
    line->seen.memory.has = HAS_MEMORY_WORKING_SET;
    line->seen.start_time.ms = 1690000001000;
}

static int64_t
observe_containers(const struct names *names)
{
    enum { COUNT = PODS_PER_NODE * CONTAINERS };
    static struct container_line lines[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        fill_container_line(&lines[i], &names[i % PODS_PER_NODE], i / PODS_PER_NODE);
    }
    int64_t from = now_ns();
    for (unsigned i = 0; i < COUNT; i++) {
        table_observe_container(writer, lines[i].space, lines[i].pod, &lines[i].seen);
    }
    return now_ns() - from;
}

static int64_t
observe_pods(const struct names *names)
{
    static struct pod_seen seen;
    seen.cpu = cpu(1000);
    seen.cpu.has = HAS_CPU_USAGE;
    seen.memory = memory_seen();
    seen.memory.has = HAS_MEMORY_WORKING_SET;
    int64_t from = now_ns();
    for (unsigned pod = 0; pod < PODS_PER_NODE; pod++) {
        seen.namespace_name = text_of(names[pod].space);
        seen.name = text_of(names[pod].pod);
        table_observe_pod(writer, &seen);
    }
    return now_ns() - from;
}

// Containers and pods as the decoder of the resource format hands them over.
static double
observe_resources(void)
{
    int64_t spent = 0;
    for (unsigned node = 0; node < NODES; node++) {
        static struct names names[PODS_PER_NODE];
        for (unsigned pod = 0; pod < PODS_PER_NODE; pod++) {
            names[pod] = *names_of(node, pod);
        }
        begin(node);
        spent += observe_containers(names);
        spent += observe_pods(names);
        int64_t from = now_ns();
        table_node_end(writer);
        spent += now_ns() - from;
    }
    return (double)spent / NODES;
}

// What asking the clock twice costs by itself.
static double
clock_ns(void)
{
    int64_t spent = 0;
    for (unsigned i = 0; i < 100000; i++) {
        int64_t from = now_ns();
        spent += now_ns() - from;
    }
    return (double)spent / 100000;
}

static double
end_cycle(void)
{
    int64_t from = now_ns();
    table_cycle_end(writer, cycle_s);
    double ms = (double)(now_ns() - from) * 1e-6;
    cycle_s += 15;
    return ms;
}

static double
least(double a, double b)
{
    return a < b ? a : b;
}

static void
run(void)
{
    double clock = clock_ns();
    double summary = 1e18;
    double resources = 1e18;
    double cycle = 1e18;
    double put = put_pods();
    double put_again = put_pods();
    for (unsigned i = 0; i < ROUNDS; i++) {
        summary = least(summary, observe_summaries());
        cycle = least(cycle, end_cycle());
        resources = least(resources, observe_resources());
        cycle = least(cycle, end_cycle());
    }
    report("table_put_pod_new", put - clock, "ns");
    report("table_put_pod_again", put_again - clock, "ns");
    report("table_observe_pod", summary - clock, "ns");
    report("table_observe_summary_of_30_pods", (summary - clock) * PODS_PER_NODE * 1e-3, "us");
    report("table_observe_resources_of_30_pods", resources * 1e-3, "us");
    report("table_cycle_end_30000_pods", cycle, "ms");
}

static void
report_bytes(void)
{
    static const uint32_t nodes[] = {100, 1000, 5000};
    report("table_node_row", sizeof(struct node_row), "bytes");
    report("table_pod_row", sizeof(struct pod_row), "bytes");
    report("table_container_row", sizeof(struct container_row), "bytes");
    for (size_t i = 0; i < ARRAY_COUNT(nodes); i++) {
        struct capacity capacity = capacity_for_nodes(nodes[i]);
        char name[48];
        snprintf(name, sizeof name, "table_of_%u_nodes", nodes[i]);
        report(name, (double)table_bytes(&capacity) / 1048576, "MiB");
        snprintf(name, sizeof name, "table_writer_of_%u_nodes", nodes[i]);
        report(name, (double)table_writer_footprint(&capacity) / 1048576, "MiB");
    }
}

int
main(void)
{
    struct capacity capacity = capacity_for_nodes(NODES);
    struct arena arena;
    size_t bytes = table_writer_footprint(&capacity);
    table_size = table_bytes(&capacity);
    memory = aligned_alloc(4096, (table_size + 4095) / 4096 * 4096);
    void *block = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    memset(block, 0, bytes);
    arena_init(&arena, block, bytes);
    bool kept;
    writer = table_writer_init(&arena, memory, table_size, &capacity, (struct hash_key){1, 2},
                               15000, (struct wall_ms){1}, &kept);
    table_put_source(writer, 1, SOURCE_KUBERNETES, TEXT("kubernetes:https://api"), false, false);
    for (unsigned i = 0; i < NODES; i++) {
        put_node(i);
    }
    run();
    report_bytes();
    return 0;
}
