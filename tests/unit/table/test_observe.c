// Samples: what kubelets say, whole or line by line.
#include "kit.h"

static struct kit kit;
static row_index node;

static void
open_with_node(void)
{
    kit_open(&kit, kit_capacity(4, 6, 12, 40));
    node = kit_put_node(&kit, "n1");
}

static void
observe(struct pod_seen *seen)
{
    kit_node_begin(&kit, node);
    table_observe_pod(kit.writer, seen);
    table_node_end(kit.writer);
    VERIFY(&kit);
}

static uint32_t
used(enum table_pool pool)
{
    return table_read_pool(&kit.reader, pool).used;
}

TEST(rates_come_with_the_second_scrape)
{
    open_with_node();
    for (uint64_t i = 0; i < 4; i++) {
        struct pod_seen *seen = kit_seen(&kit, "ns", "pod", i * 1500000000, 100);
        kit_add_container(&kit, seen, "c0", i * 750000000, 60);
        observe(seen);
        double rate = kit_pod_metric(&kit, "ns", "pod", METRIC_CPU_USAGE_RATE);
        CHECK(rate == (i == 0 ? -1 : 100));
        const struct container_view *container = kit_read_container(&kit, "ns", "pod", "c0");
        rate = kit_container_metric(&kit, container, METRIC_CPU_USAGE_RATE, "");
        CHECK(rate == (i == 0 ? -1 : 50));
        CHECK_EQUAL_U64(kit_pod_metric(&kit, "ns", "pod", METRIC_MEMORY_USAGE), 100);
        CHECK_EQUAL_U64(kit_read_pod(&kit, "ns", "pod")->row.samples[i % 2 == 0].head.cycle_s,
                        kit.cycle_s);
        kit_end_cycle(&kit);
    }
    kit_close(&kit);
}

TEST(a_pod_lacking_figures_is_the_sum_of_its_containers)
{
    open_with_node();
    struct pod_seen *seen = kit_seen(&kit, "ns", "pod", 0, 0);
    seen->cpu.has = 0;
    seen->memory.has = 0;
    kit_add_container(&kit, seen, "c0", 0, 60);
    kit_add_container(&kit, seen, "c1", 0, 40);
    for (unsigned i = 0; i < 2; i++) {
        seen->containers[i].cpu.has |= HAS_CPU_NANOCORES;
        seen->containers[i].cpu.usage_nanocores = 250000000;
        seen->containers[i].rootfs = (struct filesystem_seen){.has = HAS_FS_USED, .used = 7};
        seen->containers[i].logs = (struct filesystem_seen){.has = HAS_FS_USED, .used = 3};
    }
    observe(seen);
    CHECK(kit_pod_metric(&kit, "ns", "pod", METRIC_CPU_USAGE_RATE) == 500);
    CHECK(kit_pod_metric(&kit, "ns", "pod", METRIC_MEMORY_USAGE) == 100);
    CHECK(kit_pod_metric(&kit, "ns", "pod", METRIC_MEMORY_WORKING_SET) == 50);
    CHECK(kit_pod_metric(&kit, "ns", "pod", METRIC_EPHEMERAL_USAGE) == 20);
    // Seen again in the cycle: not the old sums, and not added to them.
    seen->containers[0].memory.usage = 70;
    observe(seen);
    CHECK(kit_pod_metric(&kit, "ns", "pod", METRIC_MEMORY_USAGE) == 110);
    // Its own word replaces the sum.
    seen->memory = kit_memory(&kit, 1000);
    observe(seen);
    CHECK(kit_pod_metric(&kit, "ns", "pod", METRIC_MEMORY_USAGE) == 1000);
    kit_close(&kit);
}

TEST(a_sum_leaves_out_containers_that_were_not_named)
{
    open_with_node();
    kit_put_pod(&kit, "ns", "pod", "n1", 2);
    for (uint32_t count = 2; count >= 1; count--) {
        struct pod_seen *seen = kit_seen(&kit, "ns", "pod", 0, 0);
        seen->cpu.has = 0;
        seen->memory.has = 0;
        kit_add_container(&kit, seen, "c0", 0, 60);
        kit_add_container(&kit, seen, "c1", 0, 40);
        seen->container_count = count;
        observe(seen);
        CHECK(kit_pod_metric(&kit, "ns", "pod", METRIC_MEMORY_USAGE) == (count == 2 ? 100 : 60));
        kit_end_cycle(&kit);
    }
    kit_close(&kit);
}

TEST(containers_without_rows_count_in_their_pod)
{
    kit_open(&kit, kit_capacity(4, 6, 12, 1));
    node = kit_put_node(&kit, "n1");
    struct pod_seen *seen = kit_seen(&kit, "ns", "pod", 0, 0);
    seen->cpu.has = 0;
    seen->memory.has = 0;
    kit_add_container(&kit, seen, "c0", 0, 60);
    kit_add_container(&kit, seen, "c1", 0, 40);
    seen->containers[0].cpu.has = seen->containers[1].cpu.has = HAS_CPU_NANOCORES;
    seen->containers[0].cpu.usage_nanocores = 1000000;
    seen->containers[1].cpu.usage_nanocores = 2000000;
    observe(seen);
    CHECK_EQUAL_U64(used(POOL_CONTAINERS), 1);
    CHECK(kit_error_count(&kit, ERR_CONTAINERS_FULL) != 0);
    CHECK(kit_pod_metric(&kit, "ns", "pod", METRIC_MEMORY_USAGE) == 100);
    CHECK(kit_pod_metric(&kit, "ns", "pod", METRIC_CPU_USAGE_RATE) == 3);
    kit_close(&kit);
}

// One line of the resource format.
static void
line(const char *container, uint64_t cpu_ns, uint64_t memory, int64_t start_ms)
{
    static struct container_seen seen;
    memset(&seen, 0, sizeof seen);
    seen.name = text_of(container);
    if (cpu_ns != 0) {
        seen.cpu = kit_cpu(&kit, cpu_ns, 0);
        seen.cpu.has = HAS_CPU_USAGE;
    }
    if (memory != 0) {
        seen.memory = kit_memory(&kit, memory);
        seen.memory.has = HAS_MEMORY_WORKING_SET;
        seen.memory.working_set = memory;
    }
    seen.start_time.ms = start_ms;
    kit_node_begin(&kit, node);  // as before each part of an answer
    table_observe_container(kit.writer, TEXT("ns"), TEXT("pod"), &seen);
    VERIFY(&kit);
}

static void
end_node(void)
{
    kit_node_begin(&kit, node);
    table_node_end(kit.writer);
    VERIFY(&kit);
}

TEST(lines_of_containers_merge_and_sum_up)
{
    open_with_node();
    for (uint64_t i = 1; i <= 3; i++) {
        line("c0", i * 1500000000, 0, 0);
        line("c1", i * 3000000000, 0, 0);
        line("c0", 0, 60, 0);
        end_node();  // an answer that came in two parts
        line("c1", 0, 40, 0);
        line("c0", 0, 0, 1600000000000);
        end_node();
        CHECK(kit_pod_metric(&kit, "ns", "pod", METRIC_MEMORY_WORKING_SET) == 100);
        CHECK(kit_pod_metric(&kit, "ns", "pod", METRIC_CPU_USAGE_RATE) == (i == 1 ? -1 : 300));
        const struct container_view *container = kit_read_container(&kit, "ns", "pod", "c0");
        CHECK_EQUAL_U64(container->row.start_s, 1600000000);
        kit_end_cycle(&kit);
    }
    kit_close(&kit);
}

// Lines are expected in the order of those before: names decide all the same.
TEST(lines_of_namesakes_stay_apart)
{
    static const struct {
        const char *space, *pod;
        uint64_t memory;
    } lines[] = {{"one", "pod", 1}, {"two", "pod", 2}, {"one", "pod", 3}, {"one", "other", 4},
                 {"two", "pod", 5}, {"two", "pod", 6}, {"two", "other", 7}, {"one", "pod", 8},
                 {"two", "other", 9}, {"one", "other", 10}};
    open_with_node();
    static struct container_seen seen;
    seen.name = TEXT("c0");
    for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
        seen.memory = kit_memory(&kit, lines[i].memory);
        kit_node_begin(&kit, node);
        table_observe_container(kit.writer, text_of(lines[i].space), text_of(lines[i].pod), &seen);
        VERIFY(&kit);
        const struct container_view *view =
            kit_read_container(&kit, lines[i].space, lines[i].pod, "c0");
        CHECK(kit_container_metric(&kit, view, METRIC_MEMORY_USAGE, "") ==
              (double)lines[i].memory);
    }
    end_node();
    CHECK(kit_pod_metric(&kit, "one", "pod", METRIC_MEMORY_USAGE) == 8);
    CHECK(kit_pod_metric(&kit, "two", "pod", METRIC_MEMORY_USAGE) == 6);
    CHECK(kit_pod_metric(&kit, "one", "other", METRIC_MEMORY_USAGE) == 10);
    CHECK(kit_pod_metric(&kit, "two", "other", METRIC_MEMORY_USAGE) == 9);
    CHECK_EQUAL_U64(used(POOL_PODS), 4);
    kit_close(&kit);
}

TEST(the_pods_own_lines_beat_the_sum)
{
    open_with_node();
    line("c0", 1, 60, 0);
    struct pod_seen *seen = kit_seen(&kit, "ns", "pod", 1, 0);
    seen->memory.has = 0;
    kit_node_begin(&kit, node);
    table_observe_pod(kit.writer, seen);
    end_node();
    CHECK(kit_pod_metric(&kit, "ns", "pod", METRIC_MEMORY_WORKING_SET) == 60);
    seen->cpu.has = 0;
    seen->memory = kit_memory(&kit, 0);
    seen->memory.working_set = 75;
    table_observe_pod(kit.writer, seen);
    end_node();
    CHECK(kit_pod_metric(&kit, "ns", "pod", METRIC_MEMORY_WORKING_SET) == 75);
    CHECK(kit_pod_metric(&kit, "ns", "pod", METRIC_CPU_USAGE) == 1);
    kit_close(&kit);
}

TEST(a_start_that_changed_means_no_rate_whatever_line_says_so_first)
{
    for (unsigned order = 0; order < 2; order++) {
        open_with_node();
        line("c0", 1000, 0, 1600000000000);
        end_node();
        kit_end_cycle(&kit);
        // The new counter is higher than the old one.
        if (order == 0) {
            line("c0", 9000, 0, 0);
            line("c0", 0, 0, 1700000000000);
        } else {
            line("c0", 0, 0, 1700000000000);
            line("c0", 9000, 0, 0);
        }
        end_node();
        const struct container_view *view = kit_read_container(&kit, "ns", "pod", "c0");
        CHECK(kit_container_metric(&kit, view, METRIC_CPU_USAGE_RATE, "") == -1);
        CHECK(kit_pod_metric(&kit, "ns", "pod", METRIC_CPU_USAGE_RATE) == -1);
        kit_end_cycle(&kit);
        line("c0", 1500009000, 0, 0);
        end_node();
        view = kit_read_container(&kit, "ns", "pod", "c0");
        CHECK(kit_container_metric(&kit, view, METRIC_CPU_USAGE_RATE, "") == 100);
        kit_close(&kit);
    }
}

TEST(pods_that_no_line_names_go_stale)
{
    open_with_node();
    line("c0", 1, 60, 0);
    end_node();
    kit_end_cycle(&kit);
    kit_put_pod(&kit, "ns", "other", "n1", 1);
    for (unsigned i = 0; i < STALE_CYCLES + GONE_CYCLES + 3; i++) {
        // The node answers, with another pod.
        static struct container_seen seen;
        seen.name = TEXT("c0");
        seen.cpu = kit_cpu(&kit, 1000 + i, 0);
        kit_node_begin(&kit, node);
        table_observe_container(kit.writer, TEXT("ns"), TEXT("other"), &seen);
        end_node();
        kit_end_cycle(&kit);
        VERIFY(&kit);
    }
    CHECK_EQUAL_U64(kit_find_pod(&kit, "ns", "pod"), 0);
    CHECK_EQUAL_U64(used(POOL_PODS), 1);
    CHECK_EQUAL_U64(used(POOL_CONTAINERS), 1);
    kit_close(&kit);
}

TEST(a_cycle_may_end_between_the_lines_of_an_answer)
{
    open_with_node();
    line("c0", 1, 0, 0);
    kit_end_cycle(&kit);
    VERIFY(&kit);
    CHECK(kit_find_pod(&kit, "ns", "pod") != 0);
    kit.cycle_s -= CYCLE_S;
    line("c0", 0, 60, 0);
    end_node();
    CHECK(kit_pod_metric(&kit, "ns", "pod", METRIC_MEMORY_WORKING_SET) == 60);
    kit_close(&kit);
}

TEST(stale_samples_leave_the_totals)
{
    open_with_node();
    kit_put_pod(&kit, "ns", "pod", "n1", 1);
    observe(kit_seen(&kit, "ns", "pod", 1, 100));
    for (unsigned i = 0; i <= STALE_CYCLES; i++) {
        kit_end_cycle(&kit);
        CHECK_EQUAL_U64(kit_cluster_totals(&kit).memory_usage, 100);
    }
    kit_end_cycle(&kit);
    CHECK_EQUAL_U64(kit_cluster_totals(&kit).memory_usage, 0);
    CHECK_EQUAL_U64(kit_cluster_totals(&kit).pod_count, 1);  // the API server knows it
    CHECK_EQUAL_U64(kit_cluster_totals(&kit).memory_request, 1 << 20);
    kit_close(&kit);
}

TEST(rows_that_only_a_kubelet_named_leave_when_it_stops)
{
    open_with_node();
    struct pod_seen *seen = kit_seen(&kit, "ns", "pod", 1, 100);
    kit_add_container(&kit, seen, "c0", 1, 60);
    observe(seen);
    kit_end_cycle(&kit);
    CHECK_EQUAL_U64(kit_cluster_totals(&kit).pod_count, 1);
    CHECK_EQUAL_U64(kit_cluster_totals(&kit).container_count, 1);
    for (unsigned i = 0; i < STALE_CYCLES + 1; i++) {
        kit_end_cycle(&kit);
    }
    CHECK_EQUAL_U64(kit_find_pod(&kit, "ns", "pod"), 0);
    for (unsigned i = 0; i < 2 * GONE_CYCLES + 4; i++) {
        kit_end_cycle(&kit);
        VERIFY(&kit);
    }
    CHECK_EQUAL_U64(used(POOL_PODS), 0);
    CHECK_EQUAL_U64(used(POOL_CONTAINERS), 0);
    CHECK_EQUAL_U64(used(POOL_NAMESPACES), 0);
    kit_close(&kit);
}

// As with a host: source, where one pod stands for a slice of services.
TEST(containers_of_a_lasting_pod_leave_when_no_one_names_them)
{
    open_with_node();
    static const char *const names[] = {"c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"};
    for (unsigned i = 0; i < 40; i++) {
        struct pod_seen *seen = kit_seen(&kit, "system", "slice", 1 + i, 100);
        kit_add_container(&kit, seen, names[i % 8], 1 + i, 60);
        observe(seen);
        kit_end_cycle(&kit);
        VERIFY(&kit);
        CHECK(used(POOL_CONTAINERS) <= STALE_CYCLES + 2);
    }
    kit_close(&kit);
}

TEST(a_gone_kubelet_only_pod_comes_back)
{
    open_with_node();
    observe(kit_seen(&kit, "ns", "pod", 1, 100));
    for (unsigned i = 0; i < STALE_CYCLES + 2; i++) {
        kit_end_cycle(&kit);
    }
    CHECK_EQUAL_U64(kit_find_pod(&kit, "ns", "pod"), 0);
    observe(kit_seen(&kit, "ns", "pod", 2, 100));
    CHECK(kit_find_pod(&kit, "ns", "pod") != 0);
    kit_close(&kit);
}

TEST(host_network_pods_have_no_network)
{
    open_with_node();
    struct pod_object *pod = kit_pod("ns", "host", "n1", 0);
    pod->host_network = true;
    table_put_pod(kit.writer, 1, pod);
    struct pod_seen *seen = kit_seen(&kit, "ns", "host", 1, 1);
    seen->network = (struct network_seen){.has = HAS_NETWORK_RX, .time = kit_now(&kit), .rx = 5};
    observe(seen);
    CHECK(kit_pod_metric(&kit, "ns", "host", METRIC_NETWORK_RX) == -1);
    seen = kit_seen(&kit, "ns", "own", 1, 1);
    seen->network = (struct network_seen){.has = HAS_NETWORK_RX, .time = kit_now(&kit), .rx = 5};
    observe(seen);
    CHECK(kit_pod_metric(&kit, "ns", "own", METRIC_NETWORK_RX) == 5);
    kit_close(&kit);
}

TEST(a_leftover_of_the_pod_before_is_ignored)
{
    open_with_node();
    struct pod_object *pod = kit_pod("ns", "db-0", "n1", 0);
    pod->uid = TEXT("22222222-9abc-def0-1234-56789abcdef0");
    pod->created = (struct wall_ms){1700000000000};
    table_put_pod(kit.writer, 1, pod);
    struct pod_seen *seen = kit_seen(&kit, "ns", "db-0", 1, 77);
    seen->uid = TEXT("11111111-9abc-def0-1234-56789abcdef0");
    seen->start_time = (struct wall_ms){1600000000000};
    observe(seen);
    CHECK(kit_pod_metric(&kit, "ns", "db-0", METRIC_MEMORY_USAGE) == -1);
    // A static pod has a hash at the kubelet and a UUID at the API server.
    seen->uid = TEXT("0123456789abcdef0123456789abcdef");
    observe(seen);
    CHECK(kit_pod_metric(&kit, "ns", "db-0", METRIC_MEMORY_USAGE) == 77);
    kit_close(&kit);
}

TEST(a_kubelet_may_know_the_next_pod_first)
{
    open_with_node();
    struct pod_object *pod = kit_pod("ns", "db-0", "n1", 2);
    pod->uid = TEXT("11111111-9abc-def0-1234-56789abcdef0");
    pod->created = (struct wall_ms){1600000000000};
    table_put_pod(kit.writer, 1, pod);
    observe(kit_seen(&kit, "ns", "db-0", 1000, 50));
    kit_end_cycle(&kit);
    struct pod_seen *seen = kit_seen(&kit, "ns", "db-0", 5000, 77);
    seen->uid = TEXT("22222222-9abc-def0-1234-56789abcdef0");
    seen->start_time = (struct wall_ms){1700000000000};
    observe(seen);
    CHECK(kit_pod_metric(&kit, "ns", "db-0", METRIC_CPU_USAGE_RATE) == -1);
    CHECK(kit_pod_metric(&kit, "ns", "db-0", METRIC_MEMORY_USAGE) == 77);
    CHECK_EQUAL_U64(kit_read_pod(&kit, "ns", "db-0")->row.start_s, 1700000000);
    pod->uid = TEXT("22222222-9abc-def0-1234-56789abcdef0");
    table_put_pod(kit.writer, 1, pod);  // now the API server says so too
    CHECK(kit_pod_metric(&kit, "ns", "db-0", METRIC_MEMORY_USAGE) == 77);
    VERIFY(&kit);
    kit_close(&kit);
}

TEST(volumes_come_and_go)
{
    open_with_node();
    struct pod_seen *seen = kit_seen(&kit, "ns", "pod", 1, 1);
    seen->volume_count = 2;
    seen->volumes[0] = (struct filesystem_seen){
        .has = HAS_FS_USED | HAS_FS_CAPACITY, .name = TEXT("Volume:data"), .used = 5, .capacity = 9};
    seen->volumes[1] = (struct filesystem_seen){.has = HAS_FS_USED, .name = TEXT("Volume:token")};
    observe(seen);
    observe(seen);
    CHECK_EQUAL_U64(used(POOL_FILESYSTEMS), 2);
    struct metric_value value;
    struct wall_ms time;
    CHECK(table_pod_metric(&kit.reader, kit_read_pod(&kit, "ns", "pod"), METRIC_FILESYSTEM_LIMIT,
                           TEXT("Volume:data"), 0, &value, &time));
    CHECK_EQUAL_U64(value.u64, 9);
    CHECK(!table_pod_metric(&kit.reader, kit_read_pod(&kit, "ns", "pod"), METRIC_FILESYSTEM_LIMIT,
                            TEXT("Volume:token"), 0, &value, &time));
    kit_end_cycle(&kit);
    seen->volume_count = 1;
    observe(seen);
    CHECK_EQUAL_U64(used(POOL_FILESYSTEMS), 1);
    seen->volume_count = 0;
    kit_end_cycle(&kit);
    observe(seen);
    CHECK_EQUAL_U64(used(POOL_FILESYSTEMS), 0);
    kit_close(&kit);
}

TEST(containers_share_the_sizes_of_their_node)
{
    open_with_node();
    struct pod_seen *seen = kit_seen(&kit, "ns", "pod", 1, 1);
    struct filesystem_seen disk = {.has = HAS_FS_USED | HAS_FS_CAPACITY | HAS_FS_AVAILABLE |
                                          HAS_FS_INODES | HAS_FS_INODES_FREE,
                                   .used = 1, .capacity = 100, .available = 60, .inodes = 10,
                                   .inodes_free = 4};
    kit_add_container(&kit, seen, "c0", 1, 1);
    kit_add_container(&kit, seen, "c1", 1, 1);
    seen->containers[0].rootfs = seen->containers[0].logs = seen->containers[1].rootfs = disk;
    seen->containers[1].rootfs.used = 2;
    observe(seen);
    static struct node_view view;
    CHECK(table_read_node(&kit.reader, node, VIEW_NAMES, &view));
    CHECK_EQUAL_U64(view.row.backing_count, 1);
    const struct container_view *container = kit_read_container(&kit, "ns", "pod", "c1");
    CHECK(kit_container_metric(&kit, container, METRIC_FILESYSTEM_USAGE, "/") == 2);
    CHECK(kit_container_metric(&kit, container, METRIC_FILESYSTEM_LIMIT, "/") == 100);
    CHECK(kit_container_metric(&kit, container, METRIC_FILESYSTEM_INODES_FREE, "/") == 4);
    CHECK(kit_container_metric(&kit, container, METRIC_FILESYSTEM_LIMIT, "logs") == -1);
    CHECK(kit_container_metric(&kit, container, METRIC_FILESYSTEM_LIMIT, "other") == -1);
    container = kit_read_container(&kit, "ns", "pod", "c0");
    CHECK(kit_container_metric(&kit, container, METRIC_FILESYSTEM_AVAILABLE, "logs") == 60);
    CHECK(kit_container_metric(&kit, container, METRIC_EPHEMERAL_USAGE, "") == 2);
    // The next cycle says nothing of file systems: no old sizes.
    kit_end_cycle(&kit);
    seen = kit_seen(&kit, "ns", "pod", 2, 1);
    kit_add_container(&kit, seen, "c0", 2, 1);
    kit_add_container(&kit, seen, "c1", 2, 1);
    seen->containers[1].rootfs = disk;
    observe(seen);
    container = kit_read_container(&kit, "ns", "pod", "c0");
    CHECK(kit_container_metric(&kit, container, METRIC_FILESYSTEM_LIMIT, "/") == -1);
    CHECK(kit_container_metric(&kit, container, METRIC_EPHEMERAL_USAGE, "") == -1);
    kit_close(&kit);
}

TEST(more_backings_than_planned_are_counted)
{
    open_with_node();
    struct pod_seen *seen = kit_seen(&kit, "ns", "pod", 1, 1);
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    for (uint64_t i = 0; i < 10; i++) {
        kit_add_container(&kit, seen, names[i], 1, 1);
        seen->containers[i].rootfs = (struct filesystem_seen){
            .has = HAS_FS_USED | HAS_FS_CAPACITY, .used = 1, .capacity = 1000 + i};
    }
    observe(seen);
    CHECK_EQUAL_U64(kit_error_count(&kit, ERR_TOO_MANY), 2);
    CHECK(kit_container_metric(&kit, kit_read_container(&kit, "ns", "pod", "h"),
                               METRIC_FILESYSTEM_LIMIT, "/") == 1007);
    CHECK(kit_container_metric(&kit, kit_read_container(&kit, "ns", "pod", "i"),
                               METRIC_FILESYSTEM_LIMIT, "/") == -1);
    kit_close(&kit);
}

static void
observe_system(const char *first, const char *second)
{
    static struct node_seen seen;
    memset(&seen, 0, sizeof seen);
    seen.system_container_count = second != NULL ? 2 : 1;
    seen.system_containers[0].name = text_of(first);
    seen.system_containers[0].memory = kit_memory(&kit, 8);
    seen.system_containers[1].name = text_of(second);
    seen.system_containers[1].memory = kit_memory(&kit, 9);
    kit_node_begin(&kit, node);
    table_observe_node(kit.writer, &seen);
    VERIFY(&kit);
}

static bool
has_system_container(const char *name)
{
    static struct node_view view;
    CHECK(table_read_node(&kit.reader, node, VIEW_NAMES, &view));
    return table_lookup_system_container(&kit.reader, &view, text_of(name)) != 0;
}

TEST(system_containers_have_heapsters_names)
{
    open_with_node();
    observe_system("runtime", "misc");
    CHECK(has_system_container("docker-daemon"));
    CHECK(has_system_container("system"));
    observe_system("kubelet", "pods");
    CHECK(has_system_container("kubelet"));
    CHECK(has_system_container("pods"));
    kit_add_source(&kit, 1, SOURCE_HOST);  // another source: its node anew
    node = table_put_pseudo_node(kit.writer, 1, TEXT("n1"));
    observe_system("runtime", NULL);
    CHECK(has_system_container("runtime"));
    kit_close(&kit);
}

static void
observe_node_alone(void)
{
    static struct node_seen seen;
    seen.memory = kit_memory(&kit, 100);
    kit_node_begin(&kit, node);
    table_observe_node(kit.writer, &seen);
}

TEST(system_containers_stay_while_their_node_is_silent)
{
    for (unsigned node_speaks = 0; node_speaks < 2; node_speaks++) {
        open_with_node();
        observe_system("kubelet", "pods");
        if (node_speaks) {
            observe_node_alone();
        }
        for (unsigned i = 0; i < 10 * STALE_CYCLES; i++) {
            kit_end_cycle(&kit);
            CHECK(has_system_container("kubelet"));
            CHECK(has_system_container("pods"));
        }
        // It speaks again, of one of them.
        for (unsigned i = 0; i <= STALE_CYCLES; i++) {
            CHECK_EQUAL_U64(has_system_container("pods"), i == 0);
            observe_system("kubelet", NULL);
            kit_end_cycle(&kit);
        }
        CHECK(has_system_container("kubelet"));
        // And of none.
        for (unsigned i = 0; i <= STALE_CYCLES; i++) {
            CHECK(has_system_container("kubelet"));
            observe_node_alone();
            kit_end_cycle(&kit);
        }
        CHECK(!has_system_container("kubelet"));
        kit_close(&kit);
    }
}

// What only a source's own word keeps leaves with it.
TEST(system_containers_of_a_silent_host_leave)
{
    open_with_node();
    kit_add_source(&kit, 1, SOURCE_HOST);
    node = table_put_pseudo_node(kit.writer, 1, TEXT("n2"));
    observe_system("kubelet", NULL);
    for (unsigned i = 0; i <= STALE_CYCLES + 1; i++) {
        CHECK(has_system_container("kubelet"));
        kit_end_cycle(&kit);
    }
    CHECK(!has_system_container("kubelet"));
    kit_close(&kit);
}

TEST(system_containers_leave_when_they_are_not_named)
{
    open_with_node();
    observe_system("kubelet", "pods");
    for (unsigned i = 0; i <= STALE_CYCLES + 1; i++) {
        observe_system("kubelet", NULL);
        kit_end_cycle(&kit);
        VERIFY(&kit);
    }
    CHECK(has_system_container("kubelet"));
    CHECK(!has_system_container("pods"));
    kit_close(&kit);
}

TEST(disks_have_rates_on_their_own_times)
{
    open_with_node();
    static struct node_seen seen;
    for (uint64_t i = 0; i < 3; i++) {
        memset(&seen, 0, sizeof seen);
        seen.disk_count = 1;
        seen.disks[0] = (struct disk_seen){.time = {kit_now(&kit).ms - 5000 + (int64_t)i * 1000},
                                           .device = TEXT("vda"), .read_bytes = i * 16000,
                                           .write_bytes = 100 - i};
        kit_node_begin(&kit, node);
        table_observe_node(kit.writer, &seen);
        VERIFY(&kit);
        double rate = kit_node_metric(&kit, "n1", METRIC_DISK_IO_READ_BYTES_RATE, "vda");
        CHECK(rate == -1 || i > 0);
        CHECK(i == 0 || rate == 1000);
        CHECK(kit_node_metric(&kit, "n1", METRIC_DISK_IO_WRITE_BYTES_RATE, "vda") == -1);
        CHECK(kit_node_metric(&kit, "n1", METRIC_DISK_IO_READ_BYTES, "vda") == (double)i * 16000);
        kit_end_cycle(&kit);
    }
    memset(&seen, 0, sizeof seen);
    seen.disk_count = 1;
    seen.disks[0] = (struct disk_seen){.time = {-5}, .device = TEXT("vdb")};
    kit_node_begin(&kit, node);
    table_observe_node(kit.writer, &seen);
    CHECK(kit_node_metric(&kit, "n1", METRIC_DISK_IO_READ_BYTES, "vda") == -1);
    CHECK_EQUAL_U64(used(POOL_DISKS), 1);
    kit_close(&kit);
}

TEST(extras_are_the_newest_ones)
{
    open_with_node();
    struct pod_seen *seen = kit_seen(&kit, "ns", "pod", 1, 1);
    kit_add_container(&kit, seen, "c0", 1, 1);
    seen->containers[0].extra_count = 2;
    seen->containers[0].extras[0] =
        (struct extra_seen){.metric = TEXT("accelerator/duty_cycle"), .label = TEXT("gpu0"),
                            .value = 40};
    seen->containers[0].extras[1] =
        (struct extra_seen){.metric = TEXT("accelerator/duty_cycle"), .label = TEXT("gpu1"),
                            .value = 50};
    observe(seen);
    observe(seen);
    CHECK_EQUAL_U64(used(POOL_EXTRAS), 2);
    kit_end_cycle(&kit);
    seen = kit_seen(&kit, "ns", "pod", 2, 1);
    kit_add_container(&kit, seen, "c0", 2, 1);
    observe(seen);
    CHECK_EQUAL_U64(used(POOL_EXTRAS), 0);
    kit_close(&kit);
}

// The wall clock was set back by an hour: nothing waits for it to come round.
TEST(a_clock_set_back_stalls_nothing)
{
    open_with_node();
    kit_put_pod(&kit, "ns", "pod", "n1", 0);
    kit_put_pod(&kit, "ns", "other", "n1", 0);
    kit_put_pod(&kit, "ns", "silent", "n1", 0);
    observe(kit_seen(&kit, "ns", "pod", 1000, 100));
    observe(kit_seen(&kit, "ns", "other", 1000, 100));
    observe(kit_seen(&kit, "ns", "silent", 1000, 100));
    kit_end_cycle(&kit);
    kit.cycle_s -= 3600;
    kit_remove_pod(&kit, "ns", "other");
    for (uint64_t i = 0; i < 3; i++) {
        observe(kit_seen(&kit, "ns", "pod", 1000 + i * 1500000000, 200));
        kit_end_cycle(&kit);
        VERIFY(&kit);
        CHECK_EQUAL_U64(kit_cluster_totals(&kit).memory_usage, 200);
        CHECK_EQUAL_U64(kit_cluster_totals(&kit).pod_count, 2);
    }
    CHECK(kit_pod_metric(&kit, "ns", "pod", METRIC_CPU_USAGE_RATE) == 100);
    CHECK_EQUAL_U64(used(POOL_PODS), 2);
    kit_close(&kit);
}

TEST(scrapes_are_noted)
{
    open_with_node();
    struct scrape_note note = {.attempted = {1000}, .finished = {1200}, .latency_us = 200000,
                               .bytes = 5000, .address_type = ADDRESS_INTERNAL_IP,
                               .address = TEXT("10.0.0.1"), .port = 10250, .trust = 2};
    table_note_scrape(kit.writer, node, &note);
    note.error = -ERR_TIMEOUT;
    note.attempted.ms = 2000;
    note.bytes = 10;
    table_note_scrape(kit.writer, node, &note);
    table_note_scrape(kit.writer, node, &note);
    table_note_scrape(kit.writer, 0, &note);
    static struct node_view view;
    CHECK(table_read_node(&kit.reader, node, VIEW_NAMES, &view));
    CHECK_EQUAL_TEXT(view.address, "10.0.0.1");
    CHECK_EQUAL_U64(view.row.scrape.last_success_ms, 1200);
    CHECK_EQUAL_U64(view.row.scrape.last_attempt_ms, 2000);
    CHECK_EQUAL_U64(view.row.scrape.success_total, 1);
    CHECK_EQUAL_U64(view.row.scrape.failure_total, 2);
    CHECK_EQUAL_U64(view.row.scrape.failure_streak, 2);
    CHECK_EQUAL_U64(view.row.scrape.last_error, ERR_TIMEOUT);
    CHECK_EQUAL_U64(kit_error_count(&kit, ERR_TIMEOUT), 3);
    CHECK_EQUAL_U64(kit.reader.header->counter[COUNTER_SCRAPES], 1);
    CHECK_EQUAL_U64(kit.reader.header->counter[COUNTER_SCRAPE_BYTES], 5030);
    kit_close(&kit);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"rates_come_with_the_second_scrape", rates_come_with_the_second_scrape},
        {"a_pod_lacking_figures_is_the_sum_of_its_containers",
         a_pod_lacking_figures_is_the_sum_of_its_containers},
        {"a_sum_leaves_out_containers_that_were_not_named",
         a_sum_leaves_out_containers_that_were_not_named},
        {"containers_without_rows_count_in_their_pod", containers_without_rows_count_in_their_pod},
        {"lines_of_containers_merge_and_sum_up", lines_of_containers_merge_and_sum_up},
        {"lines_of_namesakes_stay_apart", lines_of_namesakes_stay_apart},
        {"the_pods_own_lines_beat_the_sum", the_pods_own_lines_beat_the_sum},
        {"a_start_that_changed_means_no_rate_whatever_line_says_so_first",
         a_start_that_changed_means_no_rate_whatever_line_says_so_first},
        {"pods_that_no_line_names_go_stale", pods_that_no_line_names_go_stale},
        {"a_cycle_may_end_between_the_lines_of_an_answer",
         a_cycle_may_end_between_the_lines_of_an_answer},
        {"stale_samples_leave_the_totals", stale_samples_leave_the_totals},
        {"rows_that_only_a_kubelet_named_leave_when_it_stops",
         rows_that_only_a_kubelet_named_leave_when_it_stops},
        {"containers_of_a_lasting_pod_leave_when_no_one_names_them",
         containers_of_a_lasting_pod_leave_when_no_one_names_them},
        {"a_gone_kubelet_only_pod_comes_back", a_gone_kubelet_only_pod_comes_back},
        {"host_network_pods_have_no_network", host_network_pods_have_no_network},
        {"a_leftover_of_the_pod_before_is_ignored", a_leftover_of_the_pod_before_is_ignored},
        {"a_kubelet_may_know_the_next_pod_first", a_kubelet_may_know_the_next_pod_first},
        {"volumes_come_and_go", volumes_come_and_go},
        {"containers_share_the_sizes_of_their_node", containers_share_the_sizes_of_their_node},
        {"more_backings_than_planned_are_counted", more_backings_than_planned_are_counted},
        {"system_containers_have_heapsters_names", system_containers_have_heapsters_names},
        {"system_containers_stay_while_their_node_is_silent",
         system_containers_stay_while_their_node_is_silent},
        {"system_containers_of_a_silent_host_leave", system_containers_of_a_silent_host_leave},
        {"system_containers_leave_when_they_are_not_named",
         system_containers_leave_when_they_are_not_named},
        {"disks_have_rates_on_their_own_times", disks_have_rates_on_their_own_times},
        {"extras_are_the_newest_ones", extras_are_the_newest_ones},
        {"a_clock_set_back_stalls_nothing", a_clock_set_back_stalls_nothing},
        {"scrapes_are_noted", scrapes_are_noted},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
