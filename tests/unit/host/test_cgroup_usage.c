#include "host/cgroup_usage.h"

#include <stdlib.h>
#include <string.h>

#include "../platform/fake.h"
#include "../test.h"

static struct fake fake;
static struct host_files files;
static struct cgroup_mounts mounts;
static unsigned char block[64 * 1024] __attribute__((aligned(16)));

static void
start(void)
{
    struct arena arena;
    memset(block, 0, sizeof block);
    arena_init(&arena, block, sizeof block);
    fake_open(&fake, 1);
    host_files_init(&files, &arena, &fake.platform, TEXT("/"));
    cgroup_mounts_clear(&mounts);
}

static void
mount(const char *line, const char *point)
{
    struct mount_line one;
    CHECK(mount_line_parse(text_of(line), &one));
    cgroup_mount(&mounts, &one, text_of(point));
}

static bool
read_all(struct cgroup_usage *usage)
{
    return cgroup_usage_read(&files, &mounts, TEXT("/c"), (struct wall_ms){5},
                             WANT_DISK | WANT_PRESSURE | WANT_LIMITS | WANT_SWAP,
                             usage);
}

TEST(what_is_not_wanted_is_not_read)
{
    static const char *const names[] = {
        "io.stat",        "cpu.pressure", "memory.pressure",    "io.pressure",
        "pids.current",   "cpu.max",      "memory.swap.current",
    };
    struct cgroup_usage usage;
    start();
    mount("1 0 0:30 / /cg rw - cgroup2 cgroup2 rw", "/cg");
    fake_add_file(&fake, "/cg/c/cpu.stat", TEXT("usage_usec 1\n"));
    fake_add_file(&fake, "/cg/c/memory.current", TEXT("5000\n"));
    fake_add_file(&fake, "/cg/c/memory.stat", TEXT("anon 1000\n"));
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        char path[FAKE_PATH_BYTES];
        struct out out = out_of(path, sizeof path);
        out_format(&out, "/cg/c/%s", names[i]);
        fake_add_file(&fake, out_c_string(&out), TEXT("1 1\n"));
    }
    CHECK(cgroup_usage_read(&files, &mounts, TEXT("/c"), (struct wall_ms){5}, 0, &usage));
    CHECK_EQUAL_U64(files.reads, 3);
    CHECK_EQUAL_U64(usage.has, 0);
    CHECK_EQUAL_U64(usage.pressure.has, 0);
    CHECK((usage.memory.has & HAS_MEMORY_SWAP) != 0);
    CHECK_EQUAL_U64(usage.memory.swap, 0);
    CHECK_EQUAL_U64(fake_open_handles(&fake), 0);
    fake_close(&fake);
}

TEST(version_2)
{
    struct cgroup_usage usage;
    start();
    mount("1 0 0:30 / /cg rw - cgroup2 cgroup2 rw,nsdelegate", "/cg");
    fake_add_file(&fake, "/cg/c/cpu.stat", TEXT("usage_usec 123456\nuser_usec 1\n"));
    fake_add_file(&fake, "/cg/c/memory.current", TEXT("5000\n"));
    fake_add_file(&fake, "/cg/c/memory.stat",
                  TEXT("anon 1000\nfile 3000\nfile_mapped 5\ninactive_file 1200\n"
                       "active_file 9\npgfault 77\npgmajfault 3\n"));
    fake_add_file(&fake, "/cg/c/memory.swap.current", TEXT("44\n"));
    fake_add_file(&fake, "/cg/c/memory.max", TEXT("max\n"));
    fake_add_file(&fake, "/cg/c/io.stat",
                  TEXT("8:0 rbytes=100 wbytes=200 rios=1 wios=2\n"
                       "7:0 rbytes=999 wbytes=999 rios=1 wios=2\n"
                       "259:3 rbytes=1 wbytes=2 rios=0 wios=0 dbytes=5 dios=0\n"));
    fake_add_file(&fake, "/cg/c/cpu.pressure", TEXT("some avg10=0 total=10\nfull total=9\n"));
    fake_add_file(&fake, "/cg/c/memory.pressure", TEXT("some total=8\nfull total=7\n"));
    fake_add_file(&fake, "/cg/c/io.pressure", TEXT("some total=6\nfull total=5\n"));
    fake_add_file(&fake, "/cg/c/pids.current", TEXT("12\n"));
    fake_add_file(&fake, "/cg/c/pids.max", TEXT("100\n"));
    fake_add_file(&fake, "/cg/c/cpu.max", TEXT("150000 100000\n"));
    CHECK(read_all(&usage));
    CHECK_EQUAL_U64(usage.cpu.usage_ns, 123456000);
    CHECK_EQUAL_U64(usage.memory.usage, 5000);
    CHECK_EQUAL_U64(usage.memory.working_set, 3800);
    CHECK_EQUAL_U64(usage.memory.rss, 1000);
    CHECK_EQUAL_U64(usage.memory.cache, 3000);
    CHECK_EQUAL_U64(usage.memory.swap, 44);
    CHECK_EQUAL_U64(usage.memory.page_faults, 77);
    CHECK_EQUAL_U64(usage.memory.major_page_faults, 3);
    CHECK_EQUAL_U64(usage.read_bytes, 101);
    CHECK_EQUAL_U64(usage.write_bytes, 202);
    CHECK_EQUAL_U64(usage.pressure.cpu_some_us, 10);
    CHECK_EQUAL_U64(usage.pressure.cpu_full_us, 9);
    CHECK_EQUAL_U64(usage.pressure.io_full_us, 5);
    CHECK_EQUAL_U64(usage.pids, 12);
    CHECK_EQUAL_U64(usage.pids_limit, 100);
    CHECK_EQUAL_U64(usage.cpu_limit_milli, 1500);
    CHECK((usage.has & HAS_CGROUP_MEMORY_LIMIT) == 0);
    CHECK_EQUAL_U64(usage.memory.time.ms, 5);
    fake_close(&fake);
}

TEST(what_is_not_enabled_is_absent)
{
    struct cgroup_usage usage;
    start();
    mount("1 0 0:30 / /cg rw - cgroup2 cgroup2 rw", "/cg");
    fake_add_file(&fake, "/cg/c/cpu.stat", TEXT("usage_usec 7\n"));
    CHECK(read_all(&usage));
    CHECK_EQUAL_U64(usage.cpu.has, HAS_CPU_USAGE);
    CHECK_EQUAL_U64(usage.memory.has, 0);
    CHECK_EQUAL_U64(usage.pressure.has, 0);
    CHECK_EQUAL_U64(usage.has, 0);
    for (size_t i = 0; i < ERR_COUNT; i++) {
        CHECK_EQUAL_U64(files.errors[i], 0);
    }
    // without inactive_file there is no working set
    fake_add_file(&fake, "/cg/c/memory.current", TEXT("5000\n"));
    fake_add_file(&fake, "/cg/c/memory.stat", TEXT("anon 1\n"));
    CHECK(read_all(&usage));
    CHECK_EQUAL_U64(usage.memory.has, HAS_MEMORY_USAGE | HAS_MEMORY_RSS);
    fake_close(&fake);
}

static void
mount_version_1(void)
{
    mount("1 0 0:30 / /m rw - cgroup cgroup rw,memory", "/m");
    mount("2 0 0:31 / /a rw - cgroup cgroup rw,cpu,cpuacct", "/a");
    mount("3 0 0:32 / /b rw - cgroup cgroup rw,blkio", "/b");
    mount("4 0 0:33 / /p rw - cgroup cgroup rw,pids", "/p");
}

TEST(version_1)
{
    struct cgroup_usage usage;
    start();
    mount_version_1();
    fake_add_file(&fake, "/a/c/cpuacct.usage", TEXT("987654321\n"));
    fake_add_file(&fake, "/a/c/cpu.cfs_quota_us", TEXT("-1\n"));
    fake_add_file(&fake, "/a/c/cpu.cfs_period_us", TEXT("100000\n"));
    fake_add_file(&fake, "/m/c/memory.usage_in_bytes", TEXT("6000\n"));
    fake_add_file(&fake, "/m/c/memory.limit_in_bytes", TEXT("9223372036854771712\n"));
    fake_add_file(&fake, "/m/c/memory.stat",
                  TEXT("cache 1\nrss 1\ninactive_file 1\nhierarchical_memory_limit 5\n"
                       "total_cache 2000\ntotal_rss 900\ntotal_swap 33\ntotal_pgfault 5\n"
                       "total_pgmajfault 4\ntotal_inactive_file 1500\n"));
    fake_add_file(&fake, "/b/c/blkio.throttle.io_service_bytes_recursive",
                  TEXT("8:0 Read 10\n8:0 Write 20\n8:0 Sync 30\n8:16 Read 1\n8:16 Write 2\n"
                       "7:0 Read 500\nTotal 33\n"));
    fake_add_file(&fake, "/p/c/pids.current", TEXT("3\n"));
    fake_add_file(&fake, "/p/c/pids.max", TEXT("max\n"));
    CHECK(read_all(&usage));
    CHECK_EQUAL_U64(usage.cpu.usage_ns, 987654321);
    CHECK_EQUAL_U64(usage.memory.usage, 6000);
    CHECK_EQUAL_U64(usage.memory.working_set, 4500);
    CHECK_EQUAL_U64(usage.memory.rss, 900);
    CHECK_EQUAL_U64(usage.memory.cache, 2000);
    CHECK_EQUAL_U64(usage.memory.swap, 33);
    CHECK_EQUAL_U64(usage.read_bytes, 11);
    CHECK_EQUAL_U64(usage.write_bytes, 22);
    CHECK_EQUAL_U64(usage.has, HAS_CGROUP_DISK | HAS_CGROUP_PIDS);
    fake_add_file(&fake, "/a/c/cpu.cfs_quota_us", TEXT("25000\n"));
    fake_add_file(&fake, "/m/c/memory.limit_in_bytes", TEXT("7000\n"));
    CHECK(read_all(&usage));
    CHECK_EQUAL_U64(usage.cpu_limit_milli, 250);
    CHECK_EQUAL_U64(usage.memory_limit, 7000);
    fake_close(&fake);
}

TEST(a_group_that_has_gone)
{
    struct cgroup_usage usage;
    start();
    mount_version_1();
    CHECK(!read_all(&usage));
    cgroup_mounts_clear(&mounts);
    CHECK(!read_all(&usage));
    fake_close(&fake);
}

TEST(nonsense_is_absent)
{
    struct cgroup_usage usage;
    start();
    mount("1 0 0:30 / /cg rw - cgroup2 cgroup2 rw", "/cg");
    fake_add_file(&fake, "/cg/c/cpu.stat", TEXT("usage_usec -5\nusage_usec\n\n \nx"));
    fake_add_file(&fake, "/cg/c/memory.current", TEXT("12x\n"));
    fake_add_file(&fake, "/cg/c/io.stat", TEXT("8:0 rbytes= wbytes=-1 =\n\n8:0\nrbytes=5\n"));
    CHECK(read_all(&usage));
    CHECK_EQUAL_U64(usage.cpu.has, 0);
    CHECK_EQUAL_U64(usage.memory.has, 0);
    CHECK_EQUAL_U64(usage.read_bytes, 0);
    static char large[HOST_FILE_BYTES_MAX + 1];
    memset(large, '1', sizeof large);
    fake_add_file(&fake, "/cg/c/memory.current", (struct text){large, sizeof large});
    CHECK(read_all(&usage));
    CHECK_EQUAL_U64(usage.memory.has, 0);
    CHECK_EQUAL_U64(files.errors[ERR_TOO_LARGE], 1);
    fake_close(&fake);
}

TEST(cpu_max_rounds_up)
{
    uint64_t milli = 0;
    CHECK(cgroup_cpu_max(TEXT("1 3"), &milli));
    CHECK_EQUAL_U64(milli, 334);
    CHECK(!cgroup_cpu_max(TEXT("max 100000"), &milli));
    CHECK(!cgroup_cpu_max(TEXT("1 0"), &milli));
    CHECK(!cgroup_cpu_max(TEXT("18446744073709551615 1"), &milli));
    CHECK(!cgroup_cpu_max(TEXT(""), &milli));
}

TEST(only_the_real_root_is_the_machine)
{
    uint64_t ns = 0;
    start();
    mount("1 0 0:30 / /cg rw - cgroup2 cgroup2 rw", "/cg");
    fake_add_file(&fake, "/cg/cpu.stat", TEXT("usage_usec 5\n"));
    CHECK(cgroup_root_cpu(&files, &mounts, &ns));
    CHECK_EQUAL_U64(ns, 5000);
    fake_add_file(&fake, "/cg/cgroup.type", TEXT("domain\n"));
    CHECK(!cgroup_root_cpu(&files, &mounts, &ns));
    cgroup_mounts_clear(&mounts);
    mount("1 0 0:30 / /a rw - cgroup cgroup rw,cpuacct", "/a");
    fake_add_file(&fake, "/a/cpuacct.usage", TEXT("9\n"));
    CHECK(!cgroup_root_cpu(&files, &mounts, &ns));
    fake_add_file(&fake, "/a/release_agent", TEXT("\n"));
    CHECK(cgroup_root_cpu(&files, &mounts, &ns));
    CHECK_EQUAL_U64(ns, 9);
    cgroup_mounts_clear(&mounts);
    mount("1 0 0:30 /docker/x /a rw - cgroup cgroup rw,cpuacct", "/a");
    CHECK(!cgroup_root_cpu(&files, &mounts, &ns));
    fake_close(&fake);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"version_2", version_2},
        {"what_is_not_wanted_is_not_read", what_is_not_wanted_is_not_read},
        {"what_is_not_enabled_is_absent", what_is_not_enabled_is_absent},
        {"version_1", version_1},
        {"a_group_that_has_gone", a_group_that_has_gone},
        {"nonsense_is_absent", nonsense_is_absent},
        {"cpu_max_rounds_up", cpu_max_rounds_up},
        {"only_the_real_root_is_the_machine", only_the_real_root_is_the_machine},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
