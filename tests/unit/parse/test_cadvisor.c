#include "parse/cadvisor.h"

#include "base/error.h"
#include "fixture.h"

struct world {
    struct cadvisor cadvisor;
    char log[1 << 16];
    struct out out;
};

static void
log_parts(struct out *out, const struct cpu_seen *cpu, const struct memory_seen *memory,
          const struct pressure_seen *psi)
{
    out_format(out, " cpu %u %lld %llu load %llu", cpu->has, (long long)cpu->time.ms,
               (unsigned long long)cpu->usage_ns, (unsigned long long)cpu->load_milli);
    out_format(out, " memory %u %lld %llu %llu %llu %llu %llu %llu %llu", memory->has,
               (long long)memory->time.ms, (unsigned long long)memory->usage,
               (unsigned long long)memory->working_set, (unsigned long long)memory->rss,
               (unsigned long long)memory->cache, (unsigned long long)memory->swap,
               (unsigned long long)memory->page_faults,
               (unsigned long long)memory->major_page_faults);
    out_format(out, " psi %u %llu %llu %llu %llu %llu %llu\n", psi->has,
               (unsigned long long)psi->cpu_some_us, (unsigned long long)psi->cpu_full_us,
               (unsigned long long)psi->memory_some_us, (unsigned long long)psi->memory_full_us,
               (unsigned long long)psi->io_some_us, (unsigned long long)psi->io_full_us);
}

static void
log_network(struct out *out, const struct network_seen *network)
{
    out_format(out, " network %u %lld %llu %llu %llu %llu\n", network->has,
               (long long)network->time.ms, (unsigned long long)network->rx,
               (unsigned long long)network->tx, (unsigned long long)network->rx_errors,
               (unsigned long long)network->tx_errors);
}

static void
log_container(struct out *out, const struct container_seen *c)
{
    out_format(out, "container %.*s %.*s %lld disk %lld %llu %llu fs %u %llu\n", TEXT_ARGS(c->name),
               TEXT_ARGS(c->image), (long long)c->start_time.ms, (long long)c->disk.time.ms,
               (unsigned long long)c->disk.read_bytes, (unsigned long long)c->disk.write_bytes,
               c->rootfs.has, (unsigned long long)c->rootfs.used);
    log_parts(out, &c->cpu, &c->memory, &c->pressure);
}

static void
on_node(void *context, const struct node_seen *node)
{
    struct out *out = &((struct world *)context)->out;
    CHECK_EQUAL_TEXT(node->name, "here");
    if (node->system_container_count != 0) {
        CHECK(node->cpu.has == 0 && node->filesystem_count == 0);
        out_string(out, "system ");
        log_container(out, &node->system_containers[0]);
        return;
    }
    out_format(out, "node %lld\n", (long long)node->start_time.ms);
    log_parts(out, &node->cpu, &node->memory, &node->pressure);
    log_network(out, &node->network);
    for (uint32_t i = 0; i < node->filesystem_count; i++) {
        out_format(out, " fs %.*s %u %llu\n", TEXT_ARGS(node->filesystems[i].name),
                   node->filesystems[i].has, (unsigned long long)node->filesystems[i].used);
    }
    for (uint32_t i = 0; i < node->disk_count; i++) {
        out_format(out, " disk %.*s %llu %llu\n", TEXT_ARGS(node->disks[i].device),
                   (unsigned long long)node->disks[i].read_bytes,
                   (unsigned long long)node->disks[i].write_bytes);
    }
}

static void
on_pod(void *context, const struct pod_seen *pod)
{
    struct out *out = &((struct world *)context)->out;
    CHECK(pod->cpu.has == 0 && pod->container_count == 0);
    out_format(out, "pod %.*s/%.*s %.*s\n", TEXT_ARGS(pod->namespace_name), TEXT_ARGS(pod->name),
               TEXT_ARGS(pod->uid));
    log_network(out, &pod->network);
}

static void
on_container(void *context, struct text namespace_name, struct text pod,
             const struct container_seen *container)
{
    struct out *out = &((struct world *)context)->out;
    out_format(out, "%.*s/%.*s ", TEXT_ARGS(namespace_name), TEXT_ARGS(pod));
    log_container(out, container);
}

static struct world *
decoded(struct text input, int error)
{
    struct world *world = fixture_alloc(sizeof *world);
    size_t footprint = decode_space_footprint() + cadvisor_footprint();
    struct arena arena = fixture_arena(footprint);
    struct decode_space *space = decode_space_new(&arena);
    memset(&space->seen, 0xaa, sizeof space->seen);
    cadvisor_init(&world->cadvisor, &arena, space);
    CHECK_EQUAL_U64(arena.used, footprint);
    uint64_t seed = 1;
    char *first = fixture_alloc(sizeof world->log);
    for (size_t piece = 0; piece < 10; piece += 5) {
        world->out = out_of(world->log, sizeof world->log);
        struct observer observer = {world, on_node, on_pod, on_container};
        cadvisor_begin(&world->cadvisor, observer, TEXT("here"));
        CHECK_EQUAL_U64(fixture_decode(cadvisor_decoder(&world->cadvisor), input, piece, &seed),
                        error);
        if (piece == 0) {
            memcpy(first, world->log, world->out.used);
        }
    }
    CHECK(memcmp(first, world->log, world->out.used) == 0);
    return world;
}

TEST(maps_containers_by_their_labels)
{
    struct world *world = decoded(fixture_read("cadvisor.json"), 0);
    CHECK_EQUAL_U64(fixture_skipped(cadvisor_counters(&world->cadvisor), ERR_MISSING), 1);
    CHECK_EQUAL_TEXT(out_view(&world->out),
                     "node 1795366048123\n"
                     " cpu 5 1795369634987 4358456512219 load 1500"
                     " memory 223 1795369634987 5186928640 2898153472 1284276224 1000000000 "
                     "4096 168044 7"
                     " psi 7 2 1 4 3 6 5\n"
                     " network 15 1795369634987 1100 2200 4 6\n"
                     " fs /dev/sda1 31 29054521344\n"
                     " fs tmpfs 31 12288\n"
                     " disk /dev/sda 1000 2000\n"
                     " disk 253:1 10 20\n"
                     "system container system.slice/docker.service  1795366048000 "
                     "disk 0 0 0 fs 0 0\n"
                     " cpu 1 1795369634000 5 load 0 memory 3 1795369634000 6 4 0 0 0 0 0"
                     " psi 0 0 0 0 0 0 0\n"
                     "system container grafana grafana/grafana:10 1795366108000 "
                     "disk 1795369634000 11 22 fs 7 50\n"
                     " cpu 1 1795369634000 7 load 0 memory 1 1795369634000 8 0 0 0 0 0 0"
                     " psi 0 0 0 0 0 0 0\n"
                     "pod demo/web u-1\n"
                     " network 15 1795369634000 30 40 5 6\n"
                     "pod demo/db \n"
                     " network 3 1795369634000 3 4 0 0\n"
                     "demo/web container httpd busybox:1 1795366168000 disk 0 0 0 fs 0 0\n"
                     " cpu 1 1795369634000 70933839 load 0"
                     " memory 15 1795369634000 442368 442368 49152 1 0 0 0"
                     " psi 0 0 0 0 0 0 0\n");
}

TEST(skips_what_is_not_as_it_should_be)
{
    static const struct {
        const char *info;
        enum error error;
    } rows[] = {
        {"{}", ERR_MISSING},
        {"{\"name\":\"/x\"}", ERR_MISSING},
        {"{\"name\":\"/x\",\"stats\":null}", ERR_MISSING},
        {"{\"name\":\"/x\",\"stats\":[null]}", ERR_MISSING},
        {"{\"name\":\"/x\",\"stats\":[7]}", ERR_BAD_TYPE},
        {"{\"name\":\"/x\",\"stats\":[{\"cpu\":{\"usage\":{\"total\":-1}}}]}", ERR_BAD_NUMBER},
        {"{\"name\":\"/x\",\"stats\":[{\"cpu\":{\"load_average\":3000000000}}]}", ERR_BAD_NUMBER},
        {"{\"name\":\"/x\",\"stats\":[{\"memory\":{\"usage\":1,\"usage\":1}}]}", ERR_DUPLICATE},
        {"{\"name\":\"/x\",\"aliases\":[1]}", ERR_BAD_TYPE},
        {"{\"name\":\"/x\",\"stats\":[{\"timestamp\":\"x\"}]}", ERR_BAD_TIME},
        {"{\"name\":\"/x\",\"stats\":[{\"filesystem\":{}}]}", ERR_BAD_TYPE},
        {"{\"name\":\"/x\" \"stats\":[]}", ERR_MALFORMED},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char input[1024];
        snprintf(input, sizeof input, "[%s,{\"name\":\"/y\",\"stats\":[{}]}]", rows[i].info);
        struct world *world = decoded(text_of(input), 0);
        CHECK_EQUAL_U64(fixture_skipped(cadvisor_counters(&world->cadvisor), rows[i].error), 1);
        CHECK(text_starts(out_view(&world->out), TEXT("system container y ")));
    }
    decoded(TEXT("{}"), -ERR_MALFORMED);
    decoded(TEXT("unknown container \"/\"\n"), -ERR_MALFORMED);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"maps_containers_by_their_labels", maps_containers_by_their_labels},
        {"skips_what_is_not_as_it_should_be", skips_what_is_not_as_it_should_be},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
