#include "world.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "../test.h"
#include "api/dispatch.h"

static struct world world;
static struct pages {
    void *at;
    size_t size;
} table_pages, writer_pages, order_pages;

static const struct wall_ms first_time = {(int64_t)WORLD_CYCLE_S * MS_PER_S};
static const struct wall_ms next_time = {(int64_t)WORLD_NEXT_S * MS_PER_S};

// Pages of the kernel and not of malloc, so that it works beside a planned heap.
static void *
renew(struct pages *pages, size_t size)
{
    if (pages->at != NULL) {
        CHECK(munmap(pages->at, pages->size) == 0);
    }
    pages->size = size;
    pages->at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages->at != MAP_FAILED);
    return pages->at;
}

static void
put_node(const char *name, const char *hostname, enum condition ready)
{
    static struct node_object node;
    memset(&node, 0, sizeof node);
    node.name = text_of(name);
    node.uid = text_of("11111111-2222-3333-4444-555555555555");
    node.ready = ready;
    node.created = (struct wall_ms){first_time.ms - 86400000};
    node.capacity = (struct quantities){.has = HAS_QUANTITY_CPU | HAS_QUANTITY_MEMORY,
                                        .cpu_milli = 4000,
                                        .memory = UINT64_C(8) << 30};
    node.allocatable = (struct quantities){.has = HAS_QUANTITY_CPU | HAS_QUANTITY_MEMORY,
                                           .cpu_milli = 3800,
                                           .memory = UINT64_C(7) << 30};
    node.kubelet_version = text_of("v1.32.1");
    node.address_count = 1;
    node.addresses[0].type = ADDRESS_HOSTNAME;
    node.addresses[0].address = text_of(hostname);
    CHECK(table_put_node(world.writer, 1, &node, text_of("")) != 0);
}

static void
put_namespace(const char *name)
{
    struct namespace_object object = {.name = text_of(name), .created = first_time};
    CHECK(table_put_namespace(world.writer, 1, &object) != 0);
}

static struct pod_object *
pod_named(const char *namespace_name, const char *name, const char *node)
{
    static struct pod_object pod;
    memset(&pod, 0, sizeof pod);
    pod.namespace_name = text_of(namespace_name);
    pod.name = text_of(name);
    pod.node_name = text_of(node);
    pod.phase = POD_RUNNING;
    pod.created = (struct wall_ms){first_time.ms - 3600000};
    pod.start_time = (struct wall_ms){first_time.ms - 3600000};
    pod.container_count = 1;
    pod.containers[0].name = text_of("main");
    pod.containers[0].image = text_of("registry.example/main:1");
    pod.containers[0].state = CONTAINER_RUNNING;
    pod.containers[0].ready = true;
    pod.containers[0].requests = (struct quantities){
        .has = HAS_QUANTITY_CPU | HAS_QUANTITY_MEMORY, .cpu_milli = 100, .memory = 64 << 20};
    pod.containers[0].limits = (struct quantities){
        .has = HAS_QUANTITY_CPU | HAS_QUANTITY_MEMORY, .cpu_milli = 500, .memory = 256 << 20};
    return &pod;
}

void
world_put_pod(struct world *it, const char *name)
{
    CHECK(it == &world);
    (void)table_put_pod(world.writer, 1, pod_named("many", name, "node-b"));
}

void
world_remove_pod(struct world *it, const char *name)
{
    CHECK(it == &world);
    table_remove_pod(world.writer, 1, pod_named("many", name, "node-b"));
}

static void
put_objects(uint32_t pods)
{
    put_node("node-b", "host-b", CONDITION_FALSE);
    put_node("node-a", "host-a", CONDITION_TRUE);
    put_namespace("shop");
    put_namespace("kube-system");
    put_namespace("many");
    (void)table_put_pod(world.writer, 1, pod_named("shop", "web-7594557864-x2x9k", "node-a"));
    struct pod_object *second = pod_named("shop", "db-0", "node-a");
    second->container_count = 2;
    second->containers[1] = second->containers[0];
    second->containers[1].name = text_of("backup");
    second->containers[1].state = CONTAINER_WAITING;
    second->containers[1].waiting_reason = text_of("CrashLoopBackOff");
    second->containers[1].restart_count = 7;
    (void)table_put_pod(world.writer, 1, second);
    (void)table_put_pod(world.writer, 1, pod_named("kube-system", "<b>&\"odd", "node-b"));
    for (uint32_t i = 0; i < pods; i++) {
        char name[64];
        // Not in the order of the names.
        (void)snprintf(name, sizeof name, "pod-%06u", (unsigned)((i * 7919u) % pods));
        world_put_pod(&world, name);
    }
}

static struct container_seen
container_of(const char *name, struct wall_ms time, uint64_t usage_ns, uint64_t memory)
{
    return (struct container_seen){
        .name = text_of(name),
        .start_time = {first_time.ms - 3600000},
        .cpu = {.has = HAS_CPU_USAGE, .time = time, .usage_ns = usage_ns},
        .memory = {.has = HAS_MEMORY_USAGE | HAS_MEMORY_WORKING_SET,
                   .time = time,
                   .usage = memory + 1000,
                   .working_set = memory},
        .rootfs = {.has = HAS_FS_USED | HAS_FS_CAPACITY,
                   .time = time,
                   .name = text_of("/"),
                   .used = 4096,
                   .capacity = 1 << 30},
    };
}

static void
observe_pod(const char *namespace_name, const char *name, struct wall_ms time, uint64_t usage_ns)
{
    static struct pod_seen pod;
    memset(&pod, 0, sizeof pod);
    pod.namespace_name = text_of(namespace_name);
    pod.name = text_of(name);
    pod.start_time = (struct wall_ms){first_time.ms - 3600000};
    pod.network = (struct network_seen){.has = HAS_NETWORK_RX | HAS_NETWORK_TX,
                                        .time = time,
                                        .rx = usage_ns / 1000,
                                        .tx = usage_ns / 2000};
    pod.container_count = 1;
    pod.containers[0] = container_of("main", time, usage_ns, 50 << 20);
    pod.containers[0].extra_count = 1;
    pod.containers[0].extras[0] = (struct extra_seen){
        .time = time, .metric = text_of("custom/queue_length"), .value = 12.5};
    pod.volume_count = 1;
    pod.volumes[0] = (struct filesystem_seen){.has = HAS_FS_USED | HAS_FS_CAPACITY,
                                              .time = time,
                                              .name = text_of("Volume:data"),
                                              .used = 1 << 20,
                                              .capacity = 1 << 24};
    table_observe_pod(world.writer, &pod);
}

static void
observe_node(struct wall_ms time, uint64_t usage_ns)
{
    static struct node_seen node;
    memset(&node, 0, sizeof node);
    node.name = text_of("node-a");
    node.start_time = (struct wall_ms){first_time.ms - 86400000};
    node.cpu = (struct cpu_seen){.has = HAS_CPU_USAGE, .time = time, .usage_ns = usage_ns};
    node.memory = (struct memory_seen){.has = HAS_MEMORY_USAGE | HAS_MEMORY_WORKING_SET,
                                       .time = time,
                                       .usage = UINT64_C(3) << 30,
                                       .working_set = UINT64_C(2) << 30};
    node.filesystem_count = 1;
    node.filesystems[0] = (struct filesystem_seen){.has = HAS_FS_USED | HAS_FS_CAPACITY,
                                                   .time = time,
                                                   .name = text_of("/"),
                                                   .used = 1 << 30,
                                                   .capacity = UINT64_C(20) << 30};
    node.system_container_count = 2;
    node.system_containers[0] = container_of("runtime", time, usage_ns / 20, 80 << 20);
    node.system_containers[1] = container_of("kubelet", time, usage_ns / 10, 90 << 20);
    table_observe_node(world.writer, &node);
}

// In 15 s the node uses 22.5 s of CPU (1,500 millicores), the pods 1.5 s and
// 0.15125 s.
static void
observe_cycle(uint32_t cycle_s, struct wall_ms time, uint64_t turn)
{
    struct wall_ms arrival = {time.ms + 200};
    row_index node = table_find_node(world.writer, TEXT("node-a"));
    CHECK(node != 0);
    table_node_begin(world.writer, 1, node, cycle_s, arrival);
    observe_node(time, UINT64_C(1000000000000) + turn * UINT64_C(22500000000));
    observe_pod("shop", "web-7594557864-x2x9k", time,
                UINT64_C(50000000000) + turn * UINT64_C(1500000000));
    observe_pod("shop", "db-0", time, UINT64_C(60000000000) + turn * UINT64_C(151250000));
    table_node_end(world.writer);
    struct scrape_note note = {.attempted = time,
                               .finished = arrival,
                               .latency_us = 200000,
                               .bytes = 100000,
                               .address = text_of("10.0.0.1"),
                               .port = 10250};
    table_note_scrape(world.writer, node, &note);
    note.error = ERR_TIMEOUT;
    table_note_scrape(world.writer, table_find_node(world.writer, TEXT("node-b")), &note);
    table_cycle_end(world.writer, cycle_s);
}

static void
make_api(void)
{
    struct arena arena;
    size_t bytes = order_footprint(&world.capacity);
    arena_init(&arena, renew(&order_pages, bytes), bytes);
    world.api = (struct api){
        .order = order_init(&arena, &world.capacity),
        .version = "1.2.3",
        .started = {first_time.ms - 60000},
        .heap = {.size = 100000, .now = 5000, .peak = 6000},
        .role_count = 2,
        .role = {{.name = "collect",
                  .state = "ready",
                  .up = true,
                  .pid = 12,
                  .since = first_time,
                  .deaths_total = 1,
                  .restarts_total = 1,
                  .last_death = first_time,
                  .last_reason = "killed by signal 9",
                  .heap = {.size = 70000, .now = 4000, .peak = 5500, .failures_total = 3}},
                 {.name = "serve", .state = "down", .last_reason = ""}},
        .http = {.clients_peak = 2, .clients_limit = 32},
    };
    world.now = (struct wall_ms){next_time.ms + 5000};
}

struct world *
world_empty(void)
{
    memset(&world, 0, sizeof world);
    world.capacity = capacity_for_nodes(3);
    make_api();
    return &world;
}

struct world *
world_make(uint32_t pods)
{
    struct arena arena;
    bool kept;
    memset(&world, 0, sizeof world);
    world.capacity = capacity_for_nodes(3 + pods / 30);
    make_api();
    size_t size = table_bytes(&world.capacity);
    size_t writer_size = table_writer_footprint(&world.capacity);
    void *table_memory = renew(&table_pages, size);
    arena_init(&arena, renew(&writer_pages, writer_size), writer_size);
    world.writer = table_writer_init(&arena, table_memory, size, &world.capacity,
                                     (struct hash_key){1, 2}, 15000, first_time, &kept);
    table_put_source(world.writer, 1, SOURCE_KUBERNETES, TEXT("https://10.1.2.3:6443"), false,
                     false);
    put_objects(pods);
    table_note_source(world.writer, 1, 0, TEXT(""), first_time);
    table_note_source(world.writer, 1, ERR_TIMEOUT, TEXT("the API server does not answer"),
                      next_time);
    table_count_error(world.writer, ERR_TIMEOUT, 3);
    observe_cycle(WORLD_CYCLE_S, first_time, 0);
    observe_cycle(WORLD_NEXT_S, next_time, 1);
    CHECK(table_reader_init(&world.reader, table_memory, size) == 0);
    world.api.table = &world.reader;
    return &world;
}

struct text
world_ask(struct world *it, const char *method, const char *target, size_t piece)
{
    size_t size = strlen(target);
    CHECK(size < sizeof it->target);
    memcpy(it->target, target, size);
    exchange_begin(&it->exchange, &it->api, it->now);
    dispatch(&it->exchange, text_of(method), it->target, size);
    it->answer.size = 0;
    it->answer.pieces = 0;
    size_t room = piece == 0 ? EXCHANGE_ELEMENT_BYTES_MAX : piece;
    for (bool done = false; !done; it->answer.pieces++) {
        CHECK(it->answer.size + room <= sizeof it->answer.bytes);
        struct out out = out_of(it->answer.bytes + it->answer.size, room);
        done = exchange_fill(&it->exchange, &out);
        it->answer.size += out.used;
    }
    return (struct text){it->answer.bytes, it->answer.size};
}

struct text
world_get(struct world *it, const char *target)
{
    return world_ask(it, "GET", target, 0);
}
