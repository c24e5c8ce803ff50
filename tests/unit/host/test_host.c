#include "host/host.h"

#include <stdlib.h>
#include <string.h>

#include "../test.h"
#include "host/host_file.h"
#include "tree.h"

#define GROUPS 64
#define A ID_OF("a")
#define B ID_OF("b")
#define C ID_OF("c")
#define D ID_OF("d")

static struct fake fake;
static struct host *host;
static unsigned char block[512 * 1024] __attribute__((aligned(16)));
static char said[32 * 1024];
static struct out record;
static struct node_seen node;  // of the first call

// One line a thing: "node rock", "sys NAME cpu memory working-set",
// "pod NS/NAME uid cpu rx", "box NAME image cpu".
static void
on_node(void *context, const struct node_seen *seen)
{
    (void)context;
    if (seen->cpu.time.ms != 0) {
        node = *seen;
        out_format(&record, "node " TEXT_FORMAT "\n", TEXT_ARGS(seen->name));
    }
    CHECK(seen->system_container_count <= NODE_SYSTEM_CONTAINERS_MAX);
    for (uint32_t i = 0; i < seen->system_container_count; i++) {
        const struct container_seen *one = &seen->system_containers[i];
        out_format(&record, "sys " TEXT_FORMAT " " TEXT_FORMAT " %llu %llu %llu\n",
                   TEXT_ARGS(one->name), TEXT_ARGS(one->image),
                   (unsigned long long)one->cpu.usage_ns,
                   (unsigned long long)one->memory.usage,
                   (unsigned long long)one->memory.working_set);
    }
}

// Of the last pod and container seen.
static unsigned pod_pressure;
static unsigned box_pressure;
static struct memory_seen pod_memory;
static struct wall_ms box_start;

static void
on_pod(void *context, const struct pod_seen *pod)
{
    (void)context;
    pod_pressure = pod->pressure.has;
    pod_memory = pod->memory;
    out_format(&record, "pod " TEXT_FORMAT "/" TEXT_FORMAT " " TEXT_FORMAT " %llu %llu\n",
               TEXT_ARGS(pod->namespace_name), TEXT_ARGS(pod->name), TEXT_ARGS(pod->uid),
               (unsigned long long)pod->cpu.usage_ns, (unsigned long long)pod->network.rx);
    CHECK(pod->container_count <= POD_CONTAINERS_MAX);
    for (uint32_t i = 0; i < pod->container_count; i++) {
        const struct container_seen *one = &pod->containers[i];
        box_pressure = one->pressure.has;
        box_start = one->start_time;
        out_format(&record, "box " TEXT_FORMAT " " TEXT_FORMAT " %llu\n", TEXT_ARGS(one->name),
                   TEXT_ARGS(one->image), (unsigned long long)one->cpu.usage_ns);
    }
}

static enum pressure_level level = PRESSURE_CONTAINERS;

static void
make_host(const char *root, uint32_t groups)
{
    struct arena arena;
    struct host_config config = {.root = text_of(root), .containers = groups, .key = {3, 4},
                                 .pressure = level};
    size_t size = host_footprint(&config);
    CHECK(size <= sizeof block);
    memset(block, 0, size);
    arena_init(&arena, block, size);
    host = host_init(&arena, &config, &fake.platform);
    CHECK_EQUAL_U64(arena.used, arena.size);
}

static void
start(const char *mounts)
{
    fake_open(&fake, 1);
    tree_proc(&fake, mounts);
    fake_add_directory(&fake, "/data");
    fake_add_directory(&fake, "/cg");
    make_host("/", GROUPS);
}

static void
collect(void)
{
    struct observer observer = {.on_node = on_node, .on_pod = on_pod};
    record = out_of(said, sizeof said);
    memset(&node, 0, sizeof node);
    host_collect(host, platform_wall_now(&fake.platform), observer);
    CHECK(!record.full);
    CHECK_EQUAL_U64(fake_open_handles(&fake), 0);
}

static bool
has_line(const char *line)
{
    struct text rest = out_view(&record);
    struct text one;
    while (rest.size > 0) {
        struct text all = rest;
        (void)text_cut(all, '\n', &one, &rest);
        if (text_equal(one, text_of(line))) {
            return true;
        }
    }
    return false;
}

static bool
mentions(const char *part)
{
    struct text all = out_view(&record);
    struct text wanted = text_of(part);
    for (size_t i = 0; i + wanted.size <= all.size; i++) {
        if (text_equal(text_sub(all, i, wanted.size), wanted)) {
            return true;
        }
    }
    return false;
}

static struct host_counters
counters(void)
{
    struct host_counters now;
    host_read_counters(host, &now);
    return now;
}

TEST(the_machine)
{
    start(TREE_MOUNTS2);
    fake_add_file(&fake, "/cg/cpu.stat", TEXT("usage_usec 1600000\n"));
    collect();
    CHECK(has_line("node rock"));
    CHECK_EQUAL_U64(node.start_time.ms, UINT64_C(1700000000000));
    CHECK_EQUAL_U64(node.cpu.usage_ns, 1600000000);
    CHECK_EQUAL_U64(node.cpu.load_milli, 250);
    CHECK_EQUAL_U64(node.memory.usage, 700 * 1024);
    CHECK_EQUAL_U64(node.memory.working_set, 400 * 1024);
    CHECK_EQUAL_U64(node.memory.page_faults, 50);
    CHECK_EQUAL_U64(node.memory.major_page_faults, 5);
    CHECK_EQUAL_U64(node.network.rx, 1000);
    CHECK_EQUAL_U64(node.network.tx_errors, 4);
    CHECK_EQUAL_U64(node.pressure.io_full_us, 3);
    CHECK_EQUAL_U64(node.filesystem_count, 2);
    CHECK_EQUAL_TEXT(node.filesystems[0].name, "/");
    CHECK_EQUAL_TEXT(node.filesystems[1].name, "/data");
    CHECK_EQUAL_U64(node.filesystems[0].capacity, 10000);
    CHECK_EQUAL_U64(node.filesystems[0].inodes_free, 60);
    CHECK_EQUAL_U64(node.disk_count, 1);
    CHECK_EQUAL_TEXT(node.disks[0].device, "sda");
    CHECK_EQUAL_U64(node.disks[0].write_bytes, 200 * 512);
    fake_close(&fake);
}

TEST(cpu_of_proc_when_there_is_no_root_group)
{
    start("");
    collect();
    CHECK_EQUAL_U64(node.cpu.usage_ns, UINT64_C(150) * 10000000);
    // The choice stays: the two clocks differ.
    fake_add_file(&fake, "/proc/self/mountinfo", TEXT(TREE_MOUNTS2));
    fake_add_file(&fake, "/cg/cpu.stat", TEXT("usage_usec 1\n"));
    fake_advance(&fake, 120000);
    collect();
    CHECK_EQUAL_U64(node.cpu.usage_ns, UINT64_C(150) * 10000000);
    fake_close(&fake);
}

TEST(described_as_a_node)
{
    static struct node_object object;
    start(TREE_MOUNTS2);
    host_describe(host, &object);
    CHECK_EQUAL_TEXT(object.name, "rock");
    CHECK_EQUAL_TEXT(object.os_image, "Rock Linux");
    CHECK_EQUAL_TEXT(object.kernel_version, "6.1.0");
    CHECK_EQUAL_U64(object.ready, CONDITION_TRUE);
    CHECK_EQUAL_U64(object.capacity.cpu_milli, 4000);
    CHECK_EQUAL_U64(object.allocatable.memory, 1000 * 1024);
    CHECK_EQUAL_U64(object.allocatable.ephemeral, 10000);
    fake_close(&fake);
}

TEST(version_2_with_docker_podman_and_services)
{
    start(TREE_MOUNTS2);
    tree_group2(&fake, "/cg/system.slice/docker-" A ".scope", 5, 100);
    tree_docker(&fake, A, "web");
    tree_group2(&fake, "/cg/machine.slice/libpod-" B ".scope", 6, 200);
    tree_group2(&fake, "/cg/machine.slice/libpod-" B ".scope/container", 6, 200);
    fake_add_file(&fake, "/var/lib/containers/storage/overlay-containers/containers.json",
                  TEXT("[{\"id\":\"" C "\",\"names\":[\"gone\"]},{\"id\":\"" B
                       "\",\"names\":[\"db\"],\"image\":\"abc\",\"metadata\":"
                       "\"{\\\"image-name\\\":\\\"pg:15\\\",\\\"name\\\":\\\"db\\\"}\"}]"));
    tree_group2(&fake, "/cg/system.slice/ssh.service", 7, 300);
    tree_group2(&fake, "/cg/system.slice/unnamed-" D ".scope", 8, 400);
    tree_group2(&fake, "/cg/user.slice", 9, 500);
    tree_group2(&fake, "/cg/user.slice/user-0.slice/session-1.scope", 9, 500);
    tree_group2(&fake, "/cg/dev-mqueue.mount", 1, 1);
    collect();
    CHECK(has_line("sys web nginx:1 5000 100 99"));
    CHECK(has_line("sys db pg:15 6000 200 199"));
    CHECK(has_line("sys ssh.service  7000 300 299"));
    CHECK(has_line("sys dddddddddddd  8000 400 399"));
    CHECK(has_line("sys user.slice  9000 500 499"));
    CHECK(!mentions("session"));
    CHECK(!mentions("mqueue"));
    CHECK_EQUAL_U64(counters().container_count, 5);
    CHECK_EQUAL_U64(counters().unnamed[ERR_NO_FILE], 1);
    // names are kept, the files are not read again
    fake_drop(&fake, "/var/lib/docker");
    fake_drop(&fake, "/var/lib/containers");
    collect();
    CHECK(has_line("sys web nginx:1 5000 100 99"));
    CHECK(has_line("sys db pg:15 6000 200 199"));
    fake_close(&fake);
}

TEST(version_1)
{
    start(TREE_MOUNTS1);
    tree_group1(&fake, "/docker/" A, 5, 100);
    tree_docker(&fake, A, "web");
    tree_group1(&fake, "/system.slice/ssh.service", 7, 300);
    tree_group1(&fake, "/lxc.payload.guest", 8, 400);
    tree_group1(&fake, "/batch", 9, 500);
    tree_group1(&fake, "/batch/job", 9, 500);
    collect();
    CHECK(has_line("sys web nginx:1 5 100 98"));
    CHECK(has_line("sys ssh.service  7 300 298"));
    CHECK(has_line("sys guest  8 400 398"));
    CHECK(has_line("sys batch  9 500 498"));
    CHECK_EQUAL_U64(counters().container_count, 4);
    fake_close(&fake);
}

TEST(hybrid_reads_each_value_where_it_is)
{
    start(TREE_MOUNTS_BOTH);
    tree_group1(&fake, "/system.slice/ssh.service", 7, 300);
    tree_file(&fake, "/cg/unified/system.slice/ssh.service", "cpu.pressure", "some total=5\n");
    tree_file(&fake, "/cg/unified/system.slice/ssh.service", "cpu.stat", "usage_usec 999\n");
    collect();
    CHECK(has_line("sys ssh.service  7 300 298"));
    CHECK_EQUAL_U64(counters().container_count, 1);
    fake_close(&fake);
}

#define POD2 "/cg/kubepods.slice/kubepods-pod" POD_UID_UNDERSCORES ".slice"

static void
add_pod(void)
{
    tree_group2(&fake, "/cg/kubepods.slice", 100, 1000);
    tree_group2(&fake, POD2, 50, 600);
    tree_group2(&fake, POD2 "/cri-containerd-" A ".scope", 1, 10);
    tree_group2(&fake, POD2 "/cri-containerd-" B ".scope", 40, 500);
    fake_add_link(&fake, "/proc/4242/ns/net", "net:[2]");
    fake_add_file(&fake, "/proc/4242/net/dev",
                  TEXT("  lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n"
                       "net1: 5 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n"
                       "eth0: 77 1 0 0 0 0 0 0 88 1 0 0 0 0 0 0\n"));
}

TEST(pods_named_by_containerd)
{
    start(TREE_MOUNTS2);
    add_pod();
    tree_cri(&fake, A, "sandbox", "");
    tree_cri(&fake, B, "container", "box");
    collect();
    CHECK(has_line("pod shop/web-0 " POD_UID " 50000 77"));
    CHECK(has_line("box box registry.k8s.io/box:1 40000"));
    CHECK(has_line("sys pods  100000 1000 999"));
    CHECK(!mentions("aaaaaaaaaaaa"));
    CHECK_EQUAL_U64(counters().pod_count, 1);
    CHECK_EQUAL_U64(counters().container_count, 2);
    fake_close(&fake);
}

TEST(swap_is_read_where_there_is_some)
{
    for (unsigned total = 0; total <= 1; total++) {
        start(TREE_MOUNTS2);
        add_pod();
        tree_cri(&fake, A, "sandbox", "");
        tree_cri(&fake, B, "container", "box");
        tree_file(&fake, POD2, "memory.swap.current", "4096\n");
        fake_drop(&fake, "/proc/meminfo");
        fake_add_file(&fake, "/proc/meminfo",
                      total == 0 ? TEXT("MemTotal: 9 kB\nSwapTotal: 0 kB\n")
                                 : TEXT("MemTotal: 9 kB\nSwapTotal: 8 kB\n"));
        collect();
        CHECK((pod_memory.has & HAS_MEMORY_SWAP) != 0);
        CHECK_EQUAL_U64(pod_memory.swap, total == 0 ? 0 : 4096);
        fake_close(&fake);
    }
}

TEST(containers_began_when_their_groups_did)
{
    start(TREE_MOUNTS2);
    add_pod();
    tree_cri(&fake, A, "sandbox", "");
    tree_cri(&fake, B, "container", "box");
    int64_t began_ms = fake.wall.ms;
    fake_advance(&fake, 60000);
    collect();
    CHECK_EQUAL_U64((uint64_t)box_start.ms, (uint64_t)began_ms);
    fake_close(&fake);
}

TEST(pressure_is_read_where_it_is_kept)
{
    static const char *const dirs[] = {POD2, POD2 "/cri-containerd-" B ".scope"};
    for (level = PRESSURE_OFF; level <= PRESSURE_CONTAINERS; level++) {
        start(TREE_MOUNTS2);
        add_pod();
        tree_cri(&fake, A, "sandbox", "");
        tree_cri(&fake, B, "container", "box");
        for (size_t i = 0; i < ARRAY_COUNT(dirs); i++) {
            tree_file(&fake, dirs[i], "cpu.pressure", "some total=1\nfull total=1\n");
        }
        collect();
        CHECK_EQUAL_U64(pod_pressure, level >= PRESSURE_PODS ? HAS_PRESSURE_CPU : 0);
        CHECK_EQUAL_U64(box_pressure, level >= PRESSURE_CONTAINERS ? HAS_PRESSURE_CPU : 0);
        fake_close(&fake);
    }
    level = PRESSURE_CONTAINERS;
}

TEST(pods_named_by_the_kubelets_logs)
{
    start(TREE_MOUNTS2);
    add_pod();
    fake_add_link(&fake, "/var/log/containers/web-0_shop_box-" B ".log", "/var/log/pods/x");
    fake_add_directory(&fake, "/var/log/pods/shop_web-0_" POD_UID "/box");
    collect();
    CHECK(has_line("pod shop/web-0 " POD_UID " 50000 77"));
    CHECK(has_line("box box  40000"));
    CHECK(!mentions("aaaaaaaaaaaa"));
    fake_close(&fake);
}

TEST(a_pod_on_the_machines_network_has_none)
{
    start(TREE_MOUNTS2);
    add_pod();
    tree_cri(&fake, A, "sandbox", "");
    tree_cri(&fake, B, "container", "box");
    fake_drop(&fake, "/proc/4242/ns/net");
    fake_add_link(&fake, "/proc/4242/ns/net", "net:[1]");
    collect();
    CHECK(has_line("pod shop/web-0 " POD_UID " 50000 0"));
    fake_close(&fake);
}

TEST(a_pod_without_a_name_shows_its_containers)
{
    start(TREE_MOUNTS2);
    add_pod();
    collect();
    CHECK(!mentions("pod "));
    CHECK(has_line("sys aaaaaaaaaaaa  1000 10 9"));
    CHECK(has_line("sys bbbbbbbbbbbb  40000 500 499"));
    fake_close(&fake);
}

TEST(one_unnamed_container_beside_a_known_sandbox)
{
    start(TREE_MOUNTS2);
    add_pod();
    tree_group2(&fake, POD2 "/cri-containerd-" C ".scope", 3, 30);
    tree_cri(&fake, A, "sandbox", "");
    tree_cri(&fake, B, "container", "box");
    collect();
    CHECK(has_line("box box registry.k8s.io/box:1 40000"));
    CHECK(has_line("box cccccccccccc  3000"));
    CHECK(!mentions("aaaaaaaaaaaa"));
    fake_close(&fake);
}

TEST(a_container_of_a_pod_that_cannot_be_seen)
{
    start(TREE_MOUNTS2);
    tree_group2(&fake, "/cg/system.slice/crio-" B ".scope", 3, 30);
    tree_file(&fake, "/run/containers/storage/overlay-containers/" B "/userdata",
              "config.json",
              "{\"annotations\":{\"io.kubernetes.container.name\":\"box\","
              "\"io.kubernetes.pod.name\":\"web-0\",\"io.kubernetes.pod.namespace\":\"shop\"}}");
    collect();
    CHECK(has_line("pod shop/web-0  0 0"));
    CHECK(has_line("box box  3000"));
    CHECK(!mentions("sys"));
    fake_close(&fake);
}

TEST(a_container_within_a_service_stands_for_it)
{
    start(TREE_MOUNTS2);
    tree_group2(&fake, "/cg/system.slice/web.service", 5, 100);
    tree_group2(&fake, "/cg/system.slice/web.service/libpod-payload-" A, 4, 90);
    tree_group2(&fake, "/cg/system.slice/other.service/sub", 4, 90);
    tree_group2(&fake, "/cg/system.slice/other.service", 6, 110);
    collect();
    CHECK(has_line("sys aaaaaaaaaaaa  4000 90 89"));
    CHECK(has_line("sys other.service  6000 110 109"));
    CHECK(!mentions("web.service"));
    CHECK_EQUAL_U64(counters().container_count, 2);
    fake_close(&fake);
}

static void
add_services(void)
{
    tree_group2(&fake, "/cg/system.slice/ssh.service", 7, 300);
    tree_group2(&fake, "/cg/system.slice/cron.service", 8, 400);
}

TEST(groups_without_any_below_are_not_opened)
{
    start(TREE_MOUNTS2);
    add_services();
    collect();
    // The top and system.slice.
    CHECK_EQUAL_U64(fake.calls[FAKE_DIR_OPEN], 2);
    CHECK(has_line("sys ssh.service  7000 300 299"));
    fake_close(&fake);
}

static const struct platform_ops *counting_ops;

static int
status_without_links(void *state, int dir, const char *name, struct platform_status *status)
{
    int error = counting_ops->file_status_at(state, dir, name, status);
    status->links = 1;
    return error;
}

TEST(file_systems_that_do_not_count_directories)
{
    struct platform_ops ops;
    start(TREE_MOUNTS2);
    add_services();
    add_pod();
    tree_cri(&fake, A, "sandbox", "");
    tree_cri(&fake, B, "container", "box");
    counting_ops = fake.platform.ops;
    ops = *counting_ops;
    ops.file_status_at = status_without_links;
    fake.platform.ops = &ops;
    collect();
    CHECK(has_line("sys ssh.service  7000 300 299"));
    CHECK(has_line("pod shop/web-0 " POD_UID " 50000 77"));
    CHECK(has_line("box box registry.k8s.io/box:1 40000"));
    fake_close(&fake);
}

TEST(many_services_come_in_batches)
{
    char dir[FAKE_PATH_BYTES];
    start(TREE_MOUNTS2);
    for (unsigned i = 0; i < 40; i++) {
        tree_format(dir, sizeof dir, "/cg/system.slice/s%u.service", i);
        tree_group2(&fake, dir, i, 10);
    }
    collect();
    CHECK_EQUAL_U64(counters().container_count, 40);
    CHECK(has_line("sys s0.service  0 10 9"));
    CHECK(has_line("sys s39.service  39000 10 9"));
    fake_close(&fake);
}

TEST(beyond_the_plan_is_refused_and_counted)
{
    char dir[FAKE_PATH_BYTES];
    start(TREE_MOUNTS2);
    make_host("/", 16);
    for (unsigned i = 0; i < 40; i++) {
        tree_format(dir, sizeof dir, "/cg/system.slice/s%u.service", i);
        tree_group2(&fake, dir, i, 10);
    }
    collect();
    CHECK(has_line("node rock"));
    CHECK_EQUAL_U64(counters().container_count, 15);
    CHECK_EQUAL_U64(counters().groups_refused, 25);
    CHECK_EQUAL_U64(counters().group_count, 16);
    fake_close(&fake);
}

TEST(churn_of_containers)
{
    char dir[FAKE_PATH_BYTES];
    start(TREE_MOUNTS2);
    for (unsigned cycle = 0; cycle < 300; cycle++) {
        fake_drop(&fake, "/cg/docker");
        for (unsigned i = 0; i < 10; i++) {
            tree_format(dir, sizeof dir, "/cg/docker/%064x", cycle * 10 + i);
            tree_group2(&fake, dir, i, 10);
        }
        collect();
        CHECK_EQUAL_U64(counters().container_count, 10);
        fake_advance(&fake, 15000);
    }
    CHECK(counters().names_evicted > 2000);
    fake_close(&fake);
}

TEST(another_default_route_skips_the_network_once)
{
    start(TREE_MOUNTS2);
    collect();
    CHECK(node.network.has != 0);
    fake_add_file(&fake, "/proc/self/net/route",
                  TEXT("wlan0 00000000 0102000A 0003 0 0 600 00000000 0 0 0\n"));
    collect();
    CHECK_EQUAL_U64(node.network.has, 0);
    collect();
    CHECK_EQUAL_U64(node.network.rx, 7);
    // none at all: the physical ones
    fake_drop(&fake, "/proc/self/net/route");
    fake_add_directory(&fake, "/sys/class/net/eth0/device");
    collect();
    collect();
    CHECK(node.network.has != 0);
    CHECK_EQUAL_U64(node.network.rx, 1000);
    fake_close(&fake);
}

TEST(seen_from_a_container)
{
    fake_open(&fake, 1);
    fake_add_file(&fake, "/host/etc/hostname", TEXT("outer/name\n"));
    fake_add_file(&fake, "/host/proc/sys/kernel/hostname", TEXT("inner\n"));
    fake_add_file(&fake, "/host/proc/1/mountinfo",
                  TEXT("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n" TREE_MOUNTS2));
    fake_add_file(&fake, "/host/proc/1/net/dev",
                  TEXT("eth0: 55 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n"));
    fake_add_directory(&fake, "/host/sys/class/net/eth0/device");
    tree_group2(&fake, "/host/cg/system.slice/ssh.service", 7, 300);
    make_host("/host/", GROUPS);
    collect();
    CHECK(has_line("node outer-name"));
    CHECK(has_line("sys ssh.service  7000 300 299"));
    CHECK_EQUAL_U64(node.network.rx, 55);
    CHECK_EQUAL_U64(node.filesystem_count, 1);
    // without the machine's processes our own mounts have to do
    fake_drop(&fake, "/host/proc/1");
    fake_add_file(&fake, "/host/proc/self/mountinfo",
                  TEXT("1 0 0:9 / / rw - overlay overlay rw\n"
                       "2 0 8:1 / /host rw - ext4 /dev/sda1 rw\n"
                       "3 0 0:30 / /host/cg rw - cgroup2 cgroup2 rw\n"));
    make_host("/host", GROUPS);
    collect();
    CHECK(has_line("sys ssh.service  7000 300 299"));
    CHECK_EQUAL_TEXT(node.filesystems[0].name, "/");
    fake_close(&fake);
}

TEST(an_empty_machine)
{
    static struct node_object object;
    fake_open(&fake, 1);
    make_host("/", GROUPS);
    collect();
    CHECK(has_line("node localhost"));
    CHECK_EQUAL_U64(node.cpu.has, 0);
    CHECK_EQUAL_U64(node.memory.has, 0);
    CHECK_EQUAL_U64(node.network.has, 0);
    CHECK_EQUAL_U64(node.filesystem_count, 0);
    host_describe(host, &object);
    CHECK_EQUAL_U64(object.capacity.has & (HAS_QUANTITY_CPU | HAS_QUANTITY_MEMORY), 0);
    fake_close(&fake);
}

TEST(hostile_files)
{
    static char junk[3 * HOST_FILE_BYTES_MAX];
    uint64_t random = test_seed();
    start(TREE_MOUNTS2);
    add_pod();
    for (unsigned round = 0; round < 60; round++) {
        static const char *const victims[] = {
            "/proc/meminfo",       "/proc/vmstat",          "/proc/loadavg",
            "/proc/diskstats",     "/proc/stat",            "/proc/self/net/route",
            "/proc/self/net/dev",  "/proc/pressure/io",     POD2 "/memory.stat",
            POD2 "/cpu.stat",      POD2 "/cgroup.procs",    TREE_TASKS A "/config.json",
            "/etc/os-release",     "/proc/self/mountinfo",  POD2 "/io.stat",
            "/var/lib/containers/storage/overlay-containers/containers.json",
        };
        size_t size = test_random_below(&random, sizeof junk);
        for (size_t i = 0; i < size; i++) {
            static const char alphabet[] = "0123456789 \n\t:/-=\"\\{}[],abcdef\xff";
            junk[i] = alphabet[test_random_below(&random, sizeof alphabet - 1)];
        }
        const char *victim = victims[test_random_below(&random, ARRAY_COUNT(victims))];
        fake_add_file(&fake, victim, (struct text){junk, size});
        fake_advance(&fake, 61000);
        collect();
        CHECK(has_line("node rock"));
    }
    fake_close(&fake);
}

TEST(any_failure_costs_a_value_and_nothing_else)
{
    struct fake_sweep sweep = {0};
    unsigned runs = 0;
    while (fake_sweep_next(&sweep)) {
        start(TREE_MOUNTS2);
        add_pod();
        tree_cri(&fake, A, "sandbox", "");
        tree_cri(&fake, B, "container", "box");
        fake_plan(&fake, &sweep);
        collect();
        CHECK(has_line("node rock"));
        collect();
        CHECK(has_line("node rock"));
        fake_done(&fake, &sweep);
        fake_heal(&fake);
        // all comes back, once what failed is tried again
        for (unsigned i = 0; i < 8; i++) {
            fake_advance(&fake, 61000);
            collect();
        }
        CHECK(has_line("pod shop/web-0 " POD_UID " 50000 77"));
        CHECK(has_line("box box registry.k8s.io/box:1 40000"));
        CHECK(!mentions("aaaaaaaaaaaa"));
        fake_close(&fake);
        runs++;
    }
    CHECK(runs > 50);
}

TEST(short_reads_change_nothing)
{
    static char whole[sizeof said];
    start(TREE_MOUNTS2);
    add_pod();
    tree_cri(&fake, A, "sandbox", "");
    tree_cri(&fake, B, "container", "box");
    collect();
    struct text first = out_view(&record);
    memcpy(whole, first.at, first.size);
    for (size_t limit = 1; limit < 12; limit++) {
        fake.read_limit = limit;
        make_host("/", GROUPS);
        collect();
        CHECK_EQUAL_TEXT(out_view(&record), ((struct text){whole, first.size}));
    }
    fake_close(&fake);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"the_machine", the_machine},
        {"cpu_of_proc_when_there_is_no_root_group", cpu_of_proc_when_there_is_no_root_group},
        {"described_as_a_node", described_as_a_node},
        {"version_2_with_docker_podman_and_services", version_2_with_docker_podman_and_services},
        {"version_1", version_1},
        {"hybrid_reads_each_value_where_it_is", hybrid_reads_each_value_where_it_is},
        {"pods_named_by_containerd", pods_named_by_containerd},
        {"swap_is_read_where_there_is_some", swap_is_read_where_there_is_some},
        {"containers_began_when_their_groups_did", containers_began_when_their_groups_did},
        {"pressure_is_read_where_it_is_kept", pressure_is_read_where_it_is_kept},
        {"pods_named_by_the_kubelets_logs", pods_named_by_the_kubelets_logs},
        {"a_pod_on_the_machines_network_has_none", a_pod_on_the_machines_network_has_none},
        {"a_pod_without_a_name_shows_its_containers", a_pod_without_a_name_shows_its_containers},
        {"one_unnamed_container_beside_a_known_sandbox",
         one_unnamed_container_beside_a_known_sandbox},
        {"a_container_of_a_pod_that_cannot_be_seen", a_container_of_a_pod_that_cannot_be_seen},
        {"a_container_within_a_service_stands_for_it",
         a_container_within_a_service_stands_for_it},
        {"groups_without_any_below_are_not_opened", groups_without_any_below_are_not_opened},
        {"file_systems_that_do_not_count_directories",
         file_systems_that_do_not_count_directories},
        {"many_services_come_in_batches", many_services_come_in_batches},
        {"beyond_the_plan_is_refused_and_counted", beyond_the_plan_is_refused_and_counted},
        {"churn_of_containers", churn_of_containers},
        {"another_default_route_skips_the_network_once",
         another_default_route_skips_the_network_once},
        {"seen_from_a_container", seen_from_a_container},
        {"an_empty_machine", an_empty_machine},
        {"hostile_files", hostile_files},
        {"any_failure_costs_a_value_and_nothing_else",
         any_failure_costs_a_value_and_nothing_else},
        {"short_reads_change_nothing", short_reads_change_nothing},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
