// The history of 100 nodes, 3,000 pods and 6,000 containers on this machine's
// disk: bytes per sample all included, CPU to record a cycle and to make the
// coarser tiers, and to read a day of one pod's CPU at steps of a minute: `name
// value unit` lines.
//
// Containers are recorded for the first cycles only, pods for a day of cycles of
// a minute; the day is read once more from the tier of minutes, after a day of cycles
// of 15 s. Most rows are idle; counters are in ns and bytes, memory in pages,
// rates floats, requests and limits constant.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "history/history.h"
#include "history/replay.h"
#include "platform/linux.h"

enum { NODES = 100, PODS = 3000, CONTAINERS = 6000, DAY_S = 86400, FULL_CYCLES = 64 };

#define START (1700000000u - 1700000000u % 9600)

static struct history *history;
static struct replay *replay;
static uint64_t random_state = 42;
static uint32_t cycle_step_s = 60;

// Of this process: a disk that is busy with others' work is no matter of ours.
static int64_t
cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
report(const char *name, double value, const char *unit)
{
    printf("history_%s %.3f %s\n", name, value, unit);
    fflush(stdout);
}

static void
must(int result, const char *what)
{
    if (result < 0) {
        fprintf(stderr, "bench_history: %s: %s\n", what, error_sentence(result));
        exit(1);
    }
}

static uint64_t
draw(uint64_t below)
{
    random_state = hash_mix(random_state, 1);
    return (random_state >> 11) % below;
}

// How one row behaves; the last value of what it counts.
struct life {
    uint64_t cpu_per_s, bytes_per_s, cpu, rx, tx, faults, pages;
    bool is_idle;
};
static struct life pods[PODS + 1], containers[CONTAINERS + 1], nodes[NODES + 1];

static void
be_born(struct life *life, unsigned scale)
{
    static const uint64_t cores[] = {500000, 1000000, 2000000, 20000000, 100000000, 500000000};
    life->is_idle = draw(3) == 0;
    life->cpu_per_s = life->is_idle ? 100000 : cores[draw(6)] * scale;
    life->bytes_per_s = life->is_idle ? 20 : life->cpu_per_s / 5000;
    life->cpu = life->cpu_per_s * draw(800000);
    life->rx = life->bytes_per_s * draw(700000);
    life->tx = life->bytes_per_s * draw(700000);
    life->faults = draw(1000000);
    life->pages = 1000 + draw(60000);
}

static void
put_value(struct metric_set *set, enum metric metric, uint64_t value)
{
    set->present[metric] = true;
    set->value[metric] = (struct metric_value){.u64 = value};
}

static void
put_real(struct metric_set *set, enum metric metric, double value)
{
    set->present[metric] = true;
    set->value[metric] = (struct metric_value){.is_double = true, .real = (double)(float)value};
}

static void
live(struct metric_set *set, struct life *life, bool has_network)
{
    uint64_t cpu = life->cpu_per_s * (45 + draw(30));
    uint64_t rx = life->bytes_per_s * (45 + draw(30));
    uint64_t faults = life->is_idle ? 0 : draw(5000);
    life->cpu += cpu;
    life->rx += rx;
    life->tx += rx / 2;
    life->faults += faults;
    life->pages += life->is_idle || draw(2) == 0 ? 0 : draw(64);
    put_value(set, METRIC_CPU_USAGE, life->cpu);
    put_real(set, METRIC_CPU_USAGE_RATE, (double)cpu / 60e6);
    put_value(set, METRIC_CPU_REQUEST, 100);
    put_value(set, METRIC_CPU_LIMIT, 400);
    put_value(set, METRIC_MEMORY_USAGE, (life->pages + 300) << 12);
    put_value(set, METRIC_MEMORY_WORKING_SET, (life->pages + 200) << 12);
    put_value(set, METRIC_MEMORY_RSS, life->pages << 12);
    put_value(set, METRIC_MEMORY_PAGE_FAULTS, life->faults);
    put_real(set, METRIC_MEMORY_PAGE_FAULTS_RATE, (double)faults / 60);
    put_value(set, METRIC_MEMORY_MAJOR_PAGE_FAULTS, 3);
    put_real(set, METRIC_MEMORY_MAJOR_PAGE_FAULTS_RATE, 0);
    put_value(set, METRIC_MEMORY_REQUEST, 1 << 27);
    put_value(set, METRIC_MEMORY_LIMIT, 1 << 28);
    put_value(set, METRIC_UPTIME, (uint64_t)set->time.ms - 1690000000000);
    put_value(set, METRIC_RESTART_COUNT, 0);
    if (has_network) {
        put_value(set, METRIC_NETWORK_RX, life->rx);
        put_real(set, METRIC_NETWORK_RX_RATE, (double)rx / 60);
        put_value(set, METRIC_NETWORK_TX, life->tx);
        put_real(set, METRIC_NETWORK_TX_RATE, (double)rx / 120);
        put_value(set, METRIC_NETWORK_RX_ERRORS, 0);
        put_value(set, METRIC_NETWORK_TX_ERRORS, 0);
    }
}

static void
put_volume(struct metric_set *set, const char *resource, uint64_t used)
{
    static const struct {
        enum metric metric;
        uint64_t value;
    } rest[] = {{METRIC_FILESYSTEM_LIMIT, UINT64_C(100) << 30},
                {METRIC_FILESYSTEM_AVAILABLE, UINT64_C(60) << 30},
                {METRIC_FILESYSTEM_INODES, 6000000},
                {METRIC_FILESYSTEM_INODES_FREE, 5500000}};
    struct labelled_value *at = &set->labelled[set->labelled_count];
    at[0] = (struct labelled_value){
        METRIC_FILESYSTEM_USAGE, TEXT(""), text_of(resource), {.u64 = used}};
    for (unsigned i = 0; i < ARRAY_COUNT(rest); i++) {
        at[i + 1] = (struct labelled_value){
            rest[i].metric, TEXT(""), text_of(resource), {.u64 = rest[i].value}};
    }
    set->labelled_count += 5;
}

static char names[5][96];

static void
name(struct metric_set *set, unsigned index)
{
    enum entity entity = set->entity;
    unsigned pod = entity == ENTITY_CONTAINER ? (index - 1) / 2 + 1 : index;
    unsigned node = entity == ENTITY_NODE ? index : pod % NODES + 1;
    snprintf(names[0], sizeof names[0], "worker-%04u.example.internal", node);
    set->label[SET_LABEL_NODE] = set->label[SET_LABEL_HOSTNAME] = text_of(names[0]);
    if (entity != ENTITY_NODE) {
        snprintf(names[1], sizeof names[1], "team-%u", pod % 30);
        snprintf(names[2], sizeof names[2], "service-%u-7594557864-%05x", pod % 400, pod);
        snprintf(names[3], sizeof names[3], "%08x-1111-2222-3333-444444444444", pod);
        set->label[SET_LABEL_NAMESPACE] = text_of(names[1]);
        set->label[SET_LABEL_POD] = text_of(names[2]);
        set->label[SET_LABEL_POD_ID] = text_of(names[3]);
        set->label[SET_LABEL_LABELS] = TEXT("app:service,pod-template-hash:7594557864");
    }
    if (entity == ENTITY_CONTAINER) {
        set->label[SET_LABEL_CONTAINER] = index % 2 == 0 ? TEXT("main") : TEXT("proxy");
        set->label[SET_LABEL_IMAGE] = TEXT("registry.example.com/team/service:v1.2.3");
    }
}

// Labels only where the history asks for them, as record does it.
static void
put(enum entity entity, unsigned index, struct life *life, uint32_t cycle_s)
{
    static struct labelled_value values[16];
    static char volume[96];
    struct metric_set set = {.entity = entity,
                             .time = {(int64_t)cycle_s * 1000},
                             .start_s = 1690000000,
                             .created_s = 1690000000,
                             .identity = hash_mix(entity, index),
                             .labelled = values};
    if (!history_knows(history, index, &set)) {
        name(&set, index);
    }
    live(&set, life, entity != ENTITY_CONTAINER);
    if (entity == ENTITY_CONTAINER) {
        put_volume(&set, "/", 20480 + (life->is_idle ? 0 : draw(8) << 12));
        put_volume(&set, "logs", life->faults / 1000 << 12);
    } else {
        snprintf(volume, sizeof volume, "Volume:kube-api-access-%05x", index);
        put_volume(&set, entity == ENTITY_POD ? volume : "/", 12288);
    }
    must(history_put(history, index, &set), "put");
}

static int64_t
record(uint32_t cycle_s, bool is_full)
{
    int64_t begin = cpu_ns();
    must(history_begin_cycle(history, cycle_s), "begin");
    for (unsigned i = 1; i <= NODES; i++) {
        put(ENTITY_NODE, i, &nodes[i], cycle_s);
    }
    for (unsigned i = 1; i <= PODS; i++) {
        put(ENTITY_POD, i, &pods[i], cycle_s);
    }
    for (unsigned i = 1; i <= CONTAINERS && is_full; i++) {
        put(ENTITY_CONTAINER, i, &containers[i], cycle_s);
    }
    must(history_end_cycle(history), "end");
    return cpu_ns() - begin;
}

static unsigned maintain_calls;

static int64_t
maintain(int64_t *longest)
{
    int64_t begin = cpu_ns();
    int more = 1;
    while (more > 0) {
        int64_t call = cpu_ns();
        more = history_maintain(history);
        call = cpu_ns() - call;
        *longest = call > *longest ? call : *longest;
        maintain_calls++;
    }
    must(more, "maintain");
    return cpu_ns() - begin;
}

static bool
count_point(void *context, const struct history_point *point)
{
    (void)point;
    ++*(unsigned *)context;
    return true;
}

static void
read_day(const char *tier, uint32_t first_s)
{
    char name[3][40];
    snprintf(name[0], sizeof name[0], "read_day%s_points", tier);
    snprintf(name[1], sizeof name[1], "read_day%s_cpu_mean", tier);
    snprintf(name[2], sizeof name[2], "read_day%s_cpu_worst", tier);
    int64_t worst = 0;
    int64_t sum = 0;
    unsigned count = 0;
    enum { READS = 20 };
    for (unsigned i = 0; i < READS; i++) {
        char space[32];
        char pod[64];
        unsigned index = 1 + i * 149;
        bool known;
        snprintf(space, sizeof space, "team-%u", index % 30);
        snprintf(pod, sizeof pod, "service-%u-7594557864-%05x", index % 400, index);
        struct history_ask ask = {
            .name = {.entity = ENTITY_POD, .space = text_of(space), .pod = text_of(pod)},
            .metric = TEXT("cpu/usage_rate"),
            .start = {(int64_t)first_s * 1000},
            .end = {(int64_t)(first_s + DAY_S - 1) * 1000},
            .step_ms = 60000};
        int64_t begin = cpu_ns();
        must(history_read(history, &ask, count_point, &count, &known), "read");
        begin = cpu_ns() - begin;
        worst = begin > worst ? begin : worst;
        sum += begin;
    }
    report(name[0], (double)count / READS, "points");
    report(name[1], (double)sum / READS / 1e6, "ms");
    report(name[2], (double)worst / 1e6, "ms");
}

static double
replay_cycle(uint32_t cycle_s)
{
    const struct metric_set *set;
    unsigned count = 0;
    int64_t begin = cpu_ns();
    must(replay_begin(replay, history, cycle_s), "replay");
    int more = replay_next(replay, &set);
    for (; more > 0; more = replay_next(replay, &set)) {
        count++;
    }
    must(more, "replay");
    return (double)(cpu_ns() - begin) / 1e3 / count;
}

static void
report_size(const char *name, const char *path)
{
    struct history_use use;
    struct stat status;
    must(history_use(history, &use), "use");
    if (stat(path, &status) == 0) {
        report(name, (double)status.st_size / (double)use.samples_total, "bytes/sample");
    }
    report("samples", (double)use.samples_total, "samples");
    report("blocks_alone", (double)use.sample_bytes_total / (double)use.samples_total,
           "bytes/sample");
}

static void
open_new(const struct platform *platform, const char *path, bool writer)
{
    static struct capacity capacity = {
        .nodes = NODES, .namespaces = 30, .pods = PODS, .containers = CONTAINERS};
    static unsigned char memory[2][8 << 20] __attribute__((aligned(16)));
    struct arena arena;
    char text[256];
    struct out why = out_of(text, sizeof text);
    bool set_aside;
    struct history_config config = {.platform = platform,
                                    .path = path,
                                    .bytes_limit = UINT64_C(4) << 30,
                                    .capacity = &capacity,
                                    .resolution_s = cycle_step_s,
                                    .writer = writer};
    arena_init(&arena, memory[writer], sizeof memory[writer]);
    must(history_open(&arena, &config, &history, &set_aside, &why), "open");
    report(writer ? "writer_footprint" : "reader_footprint", (double)arena.used / 1024, "KiB");
    replay = replay_new(&arena);
}

static void
record_day(uint32_t first_s)
{
    int64_t longest = 0;
    for (uint32_t s = 0; s < DAY_S; s += cycle_step_s) {
        (void)record(first_s + s, false);
        (void)maintain(&longest);
    }
}

int
main(void)
{
    struct platform platform = linux_platform();
    const char *folder = getenv("TMPDIR");
    char path[256];
    char journal[300];
    int64_t record_ns = 0;
    int64_t maintain_ns = 0;
    int64_t longest = 0;
    snprintf(path, sizeof path, "%s/skerry-bench-history.%d", folder != NULL ? folder : "/tmp",
             (int)getpid());
    snprintf(journal, sizeof journal, "%s-journal", path);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 1);
    for (unsigned i = 1; i <= CONTAINERS; i++) {
        be_born(&containers[i], 1);
        be_born(&pods[i <= PODS ? i : 0], 1);
        be_born(&nodes[i <= NODES ? i : 0], 10);
    }
    open_new(&platform, path, true);
    (void)record(START, true);
    for (unsigned i = 1; i < FULL_CYCLES; i++) {
        record_ns += record(START + i * cycle_step_s, true);
        maintain_ns += maintain(&longest);
    }
    report("record_cycle_cpu", (double)record_ns / (FULL_CYCLES - 1) / 1e6, "ms");
    report("maintain_cpu_per_cycle", (double)maintain_ns / (FULL_CYCLES - 1) / 1e6, "ms");
    report("maintain_call_cpu_worst", (double)longest / 1e6, "ms");
    report("maintain_calls", maintain_calls, "calls");
    report_size("file", path);
    report("replay_fresh", replay_cycle(START + (FULL_CYCLES - 1) * cycle_step_s), "us/set");
    report("replay_packed", replay_cycle(START + 10 * cycle_step_s), "us/set");
    report("heap_peak", (double)sqlite3_memory_highwater(1) / 1024, "KiB");
    record_day(START + FULL_CYCLES * cycle_step_s);
    report_size("file_after_a_day", path);
    history_close(history);
    open_new(&platform, path, false);
    (void)sqlite3_memory_highwater(1);
    read_day("", START + FULL_CYCLES * cycle_step_s);
    report("reader_heap_peak", (double)sqlite3_memory_highwater(0) / 1024, "KiB");
    history_close(history);
    (void)unlink(path);
    (void)unlink(journal);
    // Cycles of which four make a minute.
    cycle_step_s = 15;
    open_new(&platform, path, true);
    record_day(START);
    history_close(history);
    open_new(&platform, path, false);
    read_day("_minutes", START);
    history_close(history);
    (void)unlink(path);
    (void)unlink(journal);
    return 0;
}
