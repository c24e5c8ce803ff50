// Machines to look at, as files of a fake platform: what /proc, /sys and the
// runtimes' directories hold on systems with cgroup v1, v2 and both.
#ifndef SKERRY_TESTS_UNIT_HOST_TREE_H
#define SKERRY_TESTS_UNIT_HOST_TREE_H

#include "../platform/fake.h"
#include "../test.h"

#define ID_OF(digit)                   \
    digit digit digit digit digit digit digit digit digit digit digit digit digit digit \
    digit digit digit digit digit digit digit digit digit digit digit digit digit digit \
    digit digit digit digit digit digit digit digit digit digit digit digit digit digit \
    digit digit digit digit digit digit digit digit digit digit digit digit digit digit \
    digit digit digit digit digit digit digit digit
#define POD_UID "11223344-5566-7788-99aa-bbccddeeff00"
#define POD_UID_UNDERSCORES "11223344_5566_7788_99aa_bbccddeeff00"

// A C string that must fit.
#define tree_format(bytes, size, ...)                \
    do {                                             \
        struct out tree_out = out_of((bytes), (size)); \
        out_format(&tree_out, __VA_ARGS__);          \
        (void)out_c_string(&tree_out);               \
        CHECK(!tree_out.full);                       \
    } while (0)

static inline void
tree_proc(struct fake *fake, const char *cgroup_mounts)
{
    char mounts[2048];
    struct out out = out_of(mounts, sizeof mounts);
    out_format(&out,
                        "22 1 0:5 / /proc rw - proc proc rw\n"
                        "23 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
                        "24 1 8:2 / /data rw - xfs /dev/sda2 rw\n"
                        "25 1 8:1 /var /mnt/bind rw - ext4 /dev/sda1 rw\n%s",
                        cgroup_mounts);
    fake_add_file(fake, "/proc/self/mountinfo", out_view(&out));
    fake_add_file(fake, "/proc/sys/kernel/hostname", TEXT("rock\n"));
    fake_add_file(fake, "/proc/sys/kernel/osrelease", TEXT("6.1.0\n"));
    fake_add_file(fake, "/etc/os-release", TEXT("ID=x\nPRETTY_NAME=\"Rock Linux\"\n"));
    fake_add_file(fake, "/etc/machine-id", TEXT("0123456789abcdef0123456789abcdef\n"));
    fake_add_file(fake, "/sys/devices/system/cpu/online", TEXT("0-3\n"));
    fake_add_file(fake, "/proc/stat",
                  TEXT("cpu  100 0 50 9000 0 0 0 0 0 0\ncpu0 1 1 1 1\ncpu1 1 1 1 1\n"
                       "intr 1 2 3\nbtime 1700000000\n"));
    fake_add_file(fake, "/proc/loadavg", TEXT("0.25 0.1 0.1 1/100 5\n"));
    fake_add_file(fake, "/proc/meminfo",
                  TEXT("MemTotal: 1000 kB\nMemFree: 300 kB\nMemAvailable: 600 kB\n"));
    fake_add_file(fake, "/proc/vmstat", TEXT("nr_free_pages 1\npgfault 50\npgmajfault 5\n"));
    fake_add_file(fake, "/proc/self/net/route",
                  TEXT("Iface Destination Gateway Flags RefCnt Use Metric Mask\n"
                       "eth0 00000000 0102000A 0003 0 0 100 00000000 0 0 0\n"
                       "wlan0 00000000 0102000A 0003 0 0 600 00000000 0 0 0\n"));
    fake_add_file(fake, "/proc/self/net/dev",
                  TEXT("Inter-| Receive | Transmit\n face |bytes packets\n"
                       "  lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n"
                       "eth0: 1000 1 2 0 0 0 0 0 3000 1 4 0 0 0 0 0\n"
                       "wlan0: 7 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0\n"
                       "cni0: 5 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n"));
    fake_add_link(fake, "/proc/self/ns/net", "net:[1]");
    fake_add_file(fake, "/proc/diskstats",
                  TEXT("7 0 loop0 1 1 8 1 1 1 8 1 0 1 1\n8 0 sda 1 1 100 1 1 1 200 1 0 1 1\n"
                       "8 1 sda1 1 1 90 1 1 1 190 1 0 1 1\n"));
    fake_add_directory(fake, "/sys/block/sda");
    fake_add_file(fake, "/proc/pressure/cpu", TEXT("some avg10=0 total=11\nfull total=1\n"));
    fake_add_file(fake, "/proc/pressure/memory", TEXT("some total=12\nfull total=2\n"));
    fake_add_file(fake, "/proc/pressure/io", TEXT("some total=13\nfull total=3\n"));
    fake->space = (struct platform_space){.capacity = 10000, .free = 4500, .available = 4000, .inodes = 100,
                                          .inodes_free = 60};
}

static inline void
tree_file(struct fake *fake, const char *dir, const char *name, const char *content)
{
    char path[FAKE_PATH_BYTES];
    tree_format(path, sizeof path, "%s/%s", dir, name);
    fake_add_file(fake, path, text_of(content));
}

// One control group of v2 with `cpu_us` used and `memory` bytes.
static inline void
tree_group2(struct fake *fake, const char *dir, unsigned cpu_us, unsigned memory)
{
    char content[128];
    tree_format(content, sizeof content, "usage_usec %u\n", cpu_us);
    tree_file(fake, dir, "cpu.stat", content);
    tree_format(content, sizeof content, "%u\n", memory);
    tree_file(fake, dir, "memory.current", content);
    tree_format(content, sizeof content, "anon %u\nfile 5\ninactive_file 1\n", memory / 2);
    tree_file(fake, dir, "memory.stat", content);
    tree_file(fake, dir, "cgroup.procs", "4242\n");
}

// One control group of v1 at `path` below the hierarchies of tree_mounts1.
static inline void
tree_group1(struct fake *fake, const char *path, unsigned cpu_ns, unsigned memory)
{
    char dir[FAKE_PATH_BYTES];
    char content[128];
    tree_format(dir, sizeof dir, "/cg/cpu%s", path);
    tree_format(content, sizeof content, "%u\n", cpu_ns);
    tree_file(fake, dir, "cpuacct.usage", content);
    tree_format(dir, sizeof dir, "/cg/memory%s", path);
    tree_format(content, sizeof content, "%u\n", memory);
    tree_file(fake, dir, "memory.usage_in_bytes", content);
    tree_file(fake, dir, "memory.stat", "total_rss 1\ntotal_inactive_file 2\n");
}

#define TREE_MOUNTS1                                           \
    "31 1 0:31 / /cg/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"  \
    "32 1 0:32 / /cg/memory rw - cgroup cgroup rw,memory\n"    \
    "33 1 0:33 / /cg/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
#define TREE_MOUNTS2 "30 1 0:30 / /cg rw - cgroup2 cgroup2 rw\n"
#define TREE_MOUNTS_BOTH TREE_MOUNTS1 "34 1 0:34 / /cg/unified rw - cgroup2 cgroup2 rw\n"

#define TREE_TASKS "/run/containerd/io.containerd.runtime.v2.task/k8s.io/"

// The config.json that containerd's CRI plugin leaves.
static inline void
tree_cri(struct fake *fake, const char *id, const char *type, const char *container)
{
    char dir[FAKE_PATH_BYTES];
    char content[1024];
    tree_format(dir, sizeof dir, TREE_TASKS "%s", id);
    tree_format(content, sizeof content,
             "{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"/x\",\"{\\\"\"],"
             "\"env\":[\"annotations={}\"]},\"annotations\":{"
             "\"io.kubernetes.cri.container-type\":\"%s\","
             "\"io.kubernetes.cri.container-name\":\"%s\","
             "\"io.kubernetes.cri.image-name\":\"registry.k8s.io/box:1\","
             "\"io.kubernetes.cri.sandbox-name\":\"web-0\","
             "\"io.kubernetes.cri.sandbox-namespace\":\"shop\"},\"linux\":{\"x\":[1,2]}}",
             type, container);
    tree_file(fake, dir, "config.json", content);
}

static inline void
tree_docker(struct fake *fake, const char *id, const char *name)
{
    char dir[FAKE_PATH_BYTES];
    char content[512];
    tree_format(dir, sizeof dir, "/var/lib/docker/containers/%s", id);
    tree_format(content, sizeof content,
             "{\"StreamConfig\":{},\"State\":{\"Running\":true,\"Name\":\"no\"},"
             "\"ID\":\"%s\",\"Config\":{\"Hostname\":\"h\",\"Image\":\"nginx:1\","
             "\"Labels\":{\"Name\":\"no\"}},\"Name\":\"/%s\",\"Driver\":\"overlay2\"}",
             id, name);
    tree_file(fake, dir, "config.v2.json", content);
}

#endif
