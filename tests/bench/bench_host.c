// How long a cycle of the host: source takes: `name value unit` lines. Without
// an argument on made machines of 50 containers, as files under /dev/shm, once
// with cgroup v1 and once with v2; with a root ("/") on a machine as it is. The
// time is CPU time, the median of many cycles.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/host.h"
#include "platform/linux.h"

enum { CONTAINERS = 50, CYCLES = 200, PATH_BYTES = 512, GROUPS = 4096 };

static char top[] = "/dev/shm/bench-host-XXXXXX";
static struct platform platform;

static void
make_directories(const char *path)
{
    char part[PATH_BYTES];
    snprintf(part, sizeof part, "%s", path);
    for (char *at = part + strlen(top) + 1; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            mkdir(part, 0700);
            *at = '/';
        }
    }
    mkdir(part, 0700);
}

static void
put(const char *dir, const char *name, const char *content)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s%s", top, dir);
    make_directories(path);
    snprintf(path, sizeof path, "%s%s/%s", top, dir, name);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || write(file, content, strlen(content)) < 0) {
        exit(1);
    }
    close(file);
}

// Two containers a pod; the pod's own group is above both.
static const char *
group_path(const char *mount, unsigned number, bool pod)
{
    static char path[PATH_BYTES];
    int size = snprintf(path, sizeof path,
                        "%s/kubepods.slice/kubepods-burstable.slice/"
                        "kubepods-burstable-pod%08x_1111_2222_3333_444444444444.slice",
                        mount, number / 2);
    if (!pod) {
        snprintf(path + size, sizeof path - (size_t)size, "/cri-containerd-%064x.scope",
                 number + 1);
    }
    return path;
}

#define STAT_V1 "cache 1\nrss 2\nmapped_file 3\npgpgin 4\npgpgout 5\npgfault 6\npgmajfault 7\n" \
    "inactive_anon 8\nactive_anon 9\ninactive_file 10\nactive_file 11\nunevictable 12\n" \
    "hierarchical_memory_limit 13\ntotal_cache 14\ntotal_rss 15\ntotal_swap 16\n" \
    "total_mapped_file 17\ntotal_pgfault 20\ntotal_pgmajfault 21\ntotal_inactive_file 22\n"
#define STAT_V2 "anon 1\nfile 2\nkernel 3\nkernel_stack 4\npagetables 5\nsock 6\nshmem 7\n" \
    "file_mapped 8\nfile_dirty 9\nfile_writeback 10\ninactive_anon 11\nactive_anon 12\n" \
    "inactive_file 13\nactive_file 14\nunevictable 15\npgfault 16\npgmajfault 17\n"

// The links by which the kubelet names the containers.
static void
make_names(void)
{
    char dir[PATH_BYTES];
    char link[2 * PATH_BYTES];
    for (unsigned i = 0; i < CONTAINERS; i++) {
        snprintf(dir, sizeof dir, "/var/log/pods/shop_web-%u_%08x-1111-2222-3333-444444444444/c%u",
                 i / 2, i / 2, i);
        put(dir, "0.log", "");
        put("/var/log/containers", "none", "");
        snprintf(link, sizeof link, "%s/var/log/containers/web-%u_shop_c%u-%064x.log", top, i / 2,
                 i, i + 1);
        if (symlink(dir, link) != 0) {
            exit(1);
        }
    }
}

static void
make_machine(const char *mounts)
{
    make_names();
    put("/proc/1", "mountinfo", mounts);
    put("/proc/sys/kernel", "hostname", "bench\n");
    put("/proc", "stat", "cpu  100 0 50 9000 0 0 0 0 0 0\nbtime 1700000000\n");
    put("/proc", "meminfo", "MemTotal: 1000 kB\nMemFree: 300 kB\nMemAvailable: 600 kB\n"
        "SwapTotal: 0 kB\nSwapFree: 0 kB\n");
}

static void
put_v1(const char *dir)
{
    put(dir, "cgroup.procs", "12\n");
    put(dir, "cpuacct.usage", "123456789\n");
    put(dir, "memory.usage_in_bytes", "123456789\n");
    put(dir, "memory.stat", STAT_V1);
    put(dir, "blkio.throttle.io_service_bytes_recursive", "8:0 Read 1\n8:0 Write 2\n");
}

static void
put_v2(const char *dir)
{
    put(dir, "cgroup.procs", "12\n");
    put(dir, "cpu.stat", "usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567\n");
    put(dir, "memory.current", "123456789\n");
    put(dir, "memory.swap.current", "0\n");
    put(dir, "memory.stat", STAT_V2);
    put(dir, "io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n");
    put(dir, "cpu.pressure", "some avg10=0.00 total=1\nfull avg10=0.00 total=1\n");
    put(dir, "memory.pressure", "some avg10=0.00 total=1\nfull avg10=0.00 total=1\n");
    put(dir, "io.pressure", "some avg10=0.00 total=1\nfull avg10=0.00 total=1\n");
}

static void
make_v1(void)
{
    static const char *const mounts[] = {"/cg/cpu,cpuacct", "/cg/memory", "/cg/blkio", "/cg/pids",
                                         "/cg/systemd"};
    make_machine("30 1 0:30 / /cg/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                 "31 1 0:31 / /cg/memory rw - cgroup cgroup rw,memory\n"
                 "32 1 0:32 / /cg/blkio rw - cgroup cgroup rw,blkio\n"
                 "33 1 0:33 / /cg/pids rw - cgroup cgroup rw,pids\n"
                 "34 1 0:34 / /cg/systemd rw - cgroup cgroup rw,name=systemd\n");
    for (unsigned i = 0; i < CONTAINERS; i++) {
        for (size_t k = 0; k < sizeof mounts / sizeof mounts[0]; k++) {
            put_v1(group_path(mounts[k], i, false));
            put_v1(group_path(mounts[k], i, true));
        }
    }
}

static void
make_v2(void)
{
    make_machine("30 1 0:30 / /cg rw - cgroup2 cgroup2 rw\n");
    for (unsigned i = 0; i < CONTAINERS; i++) {
        put_v2(group_path("/cg", i, false));
        put_v2(group_path("/cg", i, true));
    }
}

static void
remove_all(void)
{
    char command[PATH_BYTES];
    snprintf(command, sizeof command, "rm -rf %s/cg %s/proc %s/var", top, top, top);
    if (system(command) != 0) {
        exit(1);
    }
}

static void
ignore_node(void *context, const struct node_seen *node)
{
    (void)context;
    (void)node;
}

static void
ignore_pod(void *context, const struct pod_seen *pod)
{
    (void)context;
    (void)pod;
}

static int
by_value(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

static uint32_t
cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint32_t)(now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

static void
measure(const char *name, const char *root)
{
    static uint32_t duration_us[CYCLES];
    struct host_config config = {.root = text_of(root), .containers = GROUPS,
                                 .pressure = PRESSURE_PODS};
    size_t size = host_footprint(&config);
    void *memory = aligned_alloc(64, (size + 63) / 64 * 64);
    struct arena arena;
    arena_init(&arena, memory, size);
    struct host *host = host_init(&arena, &config, &platform);
    struct observer observer = {.on_node = ignore_node, .on_pod = ignore_pod};
    struct host_counters now;
    struct host_counters before = {0};
    for (unsigned i = 0; i < CYCLES; i++) {
        host_read_counters(host, &before);
        uint32_t began_us = cpu_us();
        host_collect(host, platform_wall_now(&platform), observer);
        duration_us[i] = cpu_us() - began_us;
        host_read_counters(host, &now);
    }
    qsort(duration_us, CYCLES, sizeof duration_us[0], by_value);
    printf("host_%s_cycle %u us\n", name, duration_us[CYCLES / 2]);
    printf("host_%s_containers %u count\n", name, now.container_count);
    printf("host_%s_pods %u count\n", name, now.pod_count);
    printf("host_%s_files %llu count\n", name, (unsigned long long)(now.reads - before.reads));
    free(memory);
}

int
main(int count, char **arguments)
{
    platform = linux_platform();
    if (count > 1) {
        measure("machine", arguments[1]);
        return 0;
    }
    if (mkdtemp(top) == NULL) {
        return 1;
    }
    make_v1();
    measure("v1", top);
    remove_all();
    make_v2();
    measure("v2", top);
    remove_all();
    return rmdir(top) == 0 ? 0 : 1;
}
