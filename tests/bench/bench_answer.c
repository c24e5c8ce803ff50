// What an answer of a kubelet costs from its bytes to the live table, for 1,000
// nodes of 30 pods of 2 containers: `name value unit` lines.
//
// Scrapes are spread over time and other work lies between them, so before each
// answer 8 MB of other memory are touched: the table is cold, the bytes, which
// come right from the kernel, are not. The warm figure leaves that out and asks
// one node over and over.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "parse/resource.h"
#include "parse/summary.h"
#include "table/writer.h"

enum { NODES = 1000, PODS_PER_NODE = 30, CONTAINERS = 2, ROUNDS = 3, WARM_ROUNDS = 2000 };
enum { OTHER_BYTES = 8 << 20, ANSWER_BYTES = 1 << 20, PIECE_BYTES = 16384 };

static struct table_writer *writer;
static struct decode_space *space;
static struct resource resource;
static struct summary summary;
#define FIRST_CYCLE_S 1700000010U
static uint32_t cycle_s = FIRST_CYCLE_S;
static unsigned char *other;
static uint64_t other_sum;
static char *answer_room;

static int64_t
now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *
need(size_t size)
{
    void *block = aligned_alloc(4096, (size + 4095) / 4096 * 4096);
    if (block == NULL) {
        fprintf(stderr, "bench_answer: no memory\n");
        exit(1);
    }
    memset(block, 0, size);
    return block;
}

static void
chill(void)
{
    for (size_t i = 0; i < OTHER_BYTES; i += 64) {
        other_sum += other[i]++;
    }
}

// Texts: pods of a node are told in the order of their namespaces and names.

struct pod {
    char space[24], name[48];
};

static const struct pod *
pod_of(unsigned node, unsigned number)
{
    static struct pod pod;
    unsigned unique = (node * PODS_PER_NODE + number) * 2654435761U;
    snprintf(pod.space, sizeof pod.space, "team-%03u", number * 10 + node % 10);
    snprintf(pod.name, sizeof pod.name, "service-%04u-7594557864-%05x", number * 100,
             unique >> 12);
    return &pod;
}

static const char *const container_names[CONTAINERS] = {"main", "proxy"};

// How a family's values look; its samples have a time or have none.
struct family {
    const char *name, *before, *after;
    bool timed;
};

static void
put_value(struct out *out, const struct family *family, unsigned number)
{
    out_format(out, "} %s%u%s", family->before, cycle_s - FIRST_CYCLE_S + 10000 + number,
               family->after);
    if (family->timed) {
        out_format(out, " %llu", (cycle_s - 3) * 1000ULL + number);
    }
    out_byte(out, '\n');
}

static void
put_container_lines(struct out *out, unsigned node, const struct family *family)
{
    out_format(out, "# HELP container_%s [STABLE] Some words\n# TYPE container_%s gauge\n",
               family->name, family->name);
    for (unsigned c = 0; c < CONTAINERS; c++) {
        for (unsigned i = 0; i < PODS_PER_NODE; i++) {
            const struct pod *pod = pod_of(node, i);
            out_format(out, "container_%s{container=\"%s\",namespace=\"%s\",pod=\"%s\"",
                       family->name, container_names[c], pod->space, pod->name);
            put_value(out, family, i);
        }
    }
}

static void
put_pod_lines(struct out *out, unsigned node, const struct family *family)
{
    for (unsigned i = 0; i < PODS_PER_NODE; i++) {
        const struct pod *pod = pod_of(node, i);
        out_format(out, "pod_%s{namespace=\"%s\",pod=\"%s\"", family->name, pod->space,
                   pod->name);
        put_value(out, family, i);
    }
}

static struct text
resource_answer(unsigned node)
{
    static const struct family families[] = {
        {"cpu_usage_seconds_total", "", ".972975252", true},
        {"memory_working_set_bytes", "4.", "e+09", true},
        {"swap_usage_bytes", "", "", true},
        {"start_time_seconds", "1.7953696", "e+09", false},
    };
    struct out out = out_of(answer_room, ANSWER_BYTES);
    for (size_t i = 0; i < ARRAY_COUNT(families); i++) {
        put_container_lines(&out, node, &families[i]);
    }
    out_string(&out, "node_cpu_usage_seconds_total 4358.456512219 1795369634447\n");
    for (size_t i = 0; i < 3; i++) {
        put_pod_lines(&out, node, &families[i]);
    }
    out_string(&out, "scrape_error 0\n");
    return out_view(&out);
}

// RFC 3339, three seconds ago.
static const char *
stamp(void)
{
    static char text[32];
    time_t seconds = (time_t)cycle_s - 3;
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime(&seconds));
    return text;
}

static void
put_cpu_and_memory(struct out *out, unsigned number)
{
    out_format(out,
               "\"cpu\": {\n\"time\": \"%s\",\n\"usageNanoCores\": 5000000,"
               "\n\"usageCoreNanoSeconds\": %u000\n},\n", stamp(), cycle_s + number);
    out_format(out,
               "\"memory\": {\n\"time\": \"%s\",\n\"usageBytes\": 33554432,"
               "\n\"workingSetBytes\": %u,\n\"rssBytes\": 8388608,\n\"pageFaults\": %u,\n"
               "\"majorPageFaults\": 3\n}", stamp(), 16777216 + number, cycle_s);
}

static void
put_storage(struct out *out, const char *name)
{
    out_format(out,
               ",\n\"%s\": {\n\"time\": \"2023-11-14T22:13:20Z\",\n\"availableBytes\": 52428800,\n"
               "\"capacityBytes\": 104857600,\n\"usedBytes\": 12345,\n\"inodesFree\": 500,\n"
               "\"inodes\": 1000,\n\"inodesUsed\": 10\n}", name);
}

static void
put_pod(struct out *out, unsigned node, unsigned number)
{
    const struct pod *pod = pod_of(node, number);
    out_format(out,
               "{\n\"podRef\": {\n\"name\": \"%s\",\n\"namespace\": \"%s\",\n\"uid\": "
               "\"%08x-1111-2222-3333-444444444444\"\n},\n\"startTime\": "
               "\"2023-11-14T20:13:20Z\",\n\"containers\": [\n",
               pod->name, pod->space, node * PODS_PER_NODE + number);
    for (unsigned c = 0; c < CONTAINERS; c++) {
        out_format(out, "%s{\n\"name\": \"%s\",\n\"startTime\": \"2023-11-14T20:13:21Z\",\n",
                   c == 0 ? "" : ",\n", container_names[c]);
        put_cpu_and_memory(out, number);
        put_storage(out, "rootfs");
        put_storage(out, "logs");
        out_string(out, "\n}");
    }
    out_string(out, "\n],\n");
    put_cpu_and_memory(out, number);
    put_storage(out, "ephemeral-storage");
    out_format(out,
               ",\n\"network\": {\n\"time\": \"2023-11-14T22:13:20Z\",\n\"name\": \"eth0\",\n"
               "\"rxBytes\": %u,\n\"rxErrors\": 0,\n\"txBytes\": %u,\n\"txErrors\": 0\n}\n}",
               cycle_s, cycle_s + number);
}

// Summaries come in no order: each scrape begins with another pod.
static struct text
summary_answer(unsigned node)
{
    struct out out = out_of(answer_room, ANSWER_BYTES);
    out_string(&out, "{\n\"node\": {\n\"nodeName\": \"x\",\n");
    put_cpu_and_memory(&out, node);
    out_string(&out, "\n},\n\"pods\": [\n");
    for (unsigned i = 0; i < PODS_PER_NODE; i++) {
        out_string(&out, i == 0 ? "" : ",\n");
        put_pod(&out, node, (i * 7 + cycle_s) % PODS_PER_NODE);
    }
    out_string(&out, "\n]\n}\n");
    return out_view(&out);
}

// One answer: from its first bytes to the end of the node.

static row_index
row_of(unsigned node)
{
    char name[40];
    snprintf(name, sizeof name, "worker-%04u.example.internal", node);
    return table_find_node(writer, text_of(name));
}

static void
feed(struct decoder decoder, row_index row, struct text answer)
{
    struct wall_ms arrival = {(int64_t)cycle_s * 1000};
    int error = 0;
    for (size_t at = 0; at < answer.size; at += PIECE_BYTES) {
        struct text piece = text_sub(answer, at, PIECE_BYTES);
        table_node_begin(writer, 1, row, cycle_s, arrival);
        error |= decoder_feed(decoder, piece.at, piece.size);
    }
    table_node_begin(writer, 1, row, cycle_s, arrival);
    error |= decoder_end(decoder);
    table_node_end(writer);
    if (error != 0 || decoder_counters(decoder)->elements < PODS_PER_NODE) {
        fprintf(stderr, "bench_answer: the answer is not read\n");
        exit(1);
    }
}

static void
take_resource(row_index row, struct text answer)
{
    resource_begin(&resource, table_writer_observer(writer), (struct wall_ms){1});
    feed(resource_decoder(&resource), row, answer);
}

static void
take_summary(row_index row, struct text answer)
{
    summary_begin(&summary, table_writer_observer(writer));
    feed(summary_decoder(&summary), row, answer);
}

struct kind {
    const char *name;
    struct text (*answer)(unsigned node);
    void (*take)(row_index row, struct text answer);
};

static void
report(const char *kind, const char *name, double value, const char *unit)
{
    printf("answer_%s_%s %.1f %s\n", kind, name, value, unit);
}

static double
cold_us(const struct kind *kind)
{
    double best = 1e18;
    for (unsigned round = 0; round < ROUNDS; round++) {
        int64_t spent = 0;
        for (unsigned node = 0; node < NODES; node++) {
            row_index row = row_of(node);
            chill();
            struct text answer = kind->answer(node);
            int64_t from = now_ns();
            kind->take(row, answer);
            spent += now_ns() - from;
        }
        table_cycle_end(writer, cycle_s);
        cycle_s += 15;
        double us = (double)spent * 1e-3 / NODES;
        best = us < best ? us : best;
    }
    return best;
}

// The answer does not change: it is the parts' times that let values be carried
// over, so each round has a cycle of its own.
static double
warm_us(const struct kind *kind)
{
    double best = 1e18;
    for (unsigned round = 0; round < WARM_ROUNDS; round++) {
        struct text answer = kind->answer(7);
        row_index row = row_of(7);
        int64_t from = now_ns();
        kind->take(row, answer);
        double us = (double)(now_ns() - from) * 1e-3;
        cycle_s += 15;
        best = us < best ? us : best;
    }
    return best;
}

static void
put_objects(unsigned number)
{
    static struct node_object node;
    static struct pod_object pod;
    char name[40];
    snprintf(name, sizeof name, "worker-%04u.example.internal", number);
    node.name = text_of(name);
    node.ready = CONDITION_TRUE;
    (void)table_put_node(writer, 1, &node, TEXT(""));
    for (unsigned i = 0; i < PODS_PER_NODE; i++) {
        // The API server's order is not the kubelet's.
        const struct pod *names = pod_of(number, (i * 11 + number) % PODS_PER_NODE);
        pod.namespace_name = text_of(names->space);
        pod.name = text_of(names->name);
        pod.node_name = node.name;
        pod.phase = POD_RUNNING;
        pod.container_count = CONTAINERS;
        for (unsigned c = 0; c < CONTAINERS; c++) {
            pod.containers[c].name = text_of(container_names[c]);
            pod.containers[c].image = TEXT("registry.example.com/team/service:v1.2.3");
            pod.containers[c].requests.cpu_milli = 100;
        }
        (void)table_put_pod(writer, 1, &pod);
    }
}

static void
open_all(void)
{
    struct capacity capacity = capacity_for_nodes(NODES);
    size_t size = table_bytes(&capacity);
    size_t bytes = table_writer_footprint(&capacity) + decode_space_footprint() +
                   resource_footprint() + summary_footprint();
    struct arena arena;
    arena_init(&arena, need(bytes), bytes);
    bool kept;
    writer = table_writer_init(&arena, need(size), size, &capacity, (struct hash_key){1, 2}, 15000,
                               (struct wall_ms){1}, &kept);
    table_put_source(writer, 1, SOURCE_KUBERNETES, TEXT("kubernetes:https://api"), false, false);
    space = decode_space_new(&arena);
    resource_init(&resource, &arena, space);
    summary_init(&summary, &arena, space);
    other = need(OTHER_BYTES);
    answer_room = need(ANSWER_BYTES);
    // Nodes in turn, as lists bring them, so that a node's pods lie apart.
    for (unsigned i = 0; i < NODES; i++) {
        put_objects(i);
    }
}

// With an argument: only the answers of that name.
int
main(int argc, char **argv)
{
    static const struct kind kinds[] = {
        {"resource", resource_answer, take_resource},
        {"summary", summary_answer, take_summary},
    };
    open_all();
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        if (argc > 1 && strcmp(argv[1], kinds[i].name) != 0) {
            continue;
        }
        report(kinds[i].name, "size", (double)kinds[i].answer(0).size * 1e-3, "kB");
        report(kinds[i].name, "cold", cold_us(&kinds[i]), "us");
        report(kinds[i].name, "warm", warm_us(&kinds[i]), "us");
    }
    return other_sum == 1;
}
