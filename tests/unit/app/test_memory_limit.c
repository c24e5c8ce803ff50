#include "app/memory_limit.h"

#include "../platform/fake.h"
#include "../test.h"

static struct fake fake;

static uint64_t
limit(void)
{
    return memory_limit_cgroup(&fake.platform, "");
}

TEST(none)
{
    fake_open(&fake, 1);
    CHECK(limit() == MEMORY_LIMIT_NONE);
    CHECK(memory_limit_machine(&fake.platform, "") == MEMORY_LIMIT_NONE);
    fake_add_file(&fake, "/proc/self/cgroup", TEXT("0::/\n"));
    fake_add_file(&fake, "/sys/fs/cgroup/memory.max", TEXT("max\n"));
    CHECK(limit() == MEMORY_LIMIT_NONE);
    fake_close(&fake);
}

TEST(version_2_takes_the_smallest_of_the_path)
{
    fake_open(&fake, 1);
    fake_add_file(&fake, "/proc/self/cgroup", TEXT("0::/kube/pod1/c\n"));
    fake_add_file(&fake, "/sys/fs/cgroup/kube/pod1/c/memory.max", TEXT("max\n"));
    fake_add_file(&fake, "/sys/fs/cgroup/kube/pod1/memory.max", TEXT("67108864\n"));
    fake_add_file(&fake, "/sys/fs/cgroup/kube/memory.max", TEXT("134217728\n"));
    CHECK_EQUAL_U64(limit(), 67108864);
    fake_close(&fake);
}

// In a container with its own cgroup namespace the root is the group.
TEST(version_2_in_a_namespace)
{
    fake_open(&fake, 1);
    fake_add_file(&fake, "/proc/self/cgroup", TEXT("0::/\n"));
    fake_add_file(&fake, "/sys/fs/cgroup/memory.max", TEXT("33554432\n"));
    fake_add_file(&fake, "/sys/fs/cgroup/memory.events", TEXT("low 0\noom 3\noom_kill 2\n"));
    CHECK_EQUAL_U64(limit(), 33554432);
    CHECK_EQUAL_U64(memory_limit_oom_kill_total(&fake.platform, ""), 2);
    fake_close(&fake);
}

TEST(version_1)
{
    fake_open(&fake, 1);
    fake_add_file(&fake, "/proc/self/cgroup",
                  TEXT("9:name=systemd:/\n4:cpu,memory:/docker/abc\n0::/\n"));
    fake_add_file(&fake, "/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes",
                  TEXT("50331648\n"));
    fake_add_file(&fake, "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                  TEXT("9223372036854771712\n"));
    fake_add_file(&fake, "/sys/fs/cgroup/memory/docker/abc/memory.oom_control",
                  TEXT("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n"));
    CHECK_EQUAL_U64(limit(), 50331648);
    CHECK_EQUAL_U64(memory_limit_oom_kill_total(&fake.platform, ""), 1);
    // The path is that of the host; inside the container only the mount is seen.
    fake_drop(&fake, "/sys/fs/cgroup/memory/docker");
    fake_drop(&fake, "/sys/fs/cgroup/memory/memory.limit_in_bytes");
    fake_add_file(&fake, "/sys/fs/cgroup/memory/memory.limit_in_bytes", TEXT("40000000\n"));
    CHECK_EQUAL_U64(limit(), 40000000);
    fake_close(&fake);
}

TEST(machine)
{
    fake_open(&fake, 1);
    fake_add_file(&fake, "/proc/meminfo",
                  TEXT("MemTotal:       24684084 kB\nMemFree:  1 kB\n"));
    CHECK_EQUAL_U64(memory_limit_machine(&fake.platform, ""), 24684084ull * 1024);
    fake_close(&fake);
}

TEST(odd_content)
{
    static const char *const contents[] = {"", "\n", ":", "::", "0::", "0::/..", "x:memory:",
                                           "4:memory:a//b\n\n"};
    for (size_t i = 0; i < ARRAY_COUNT(contents); i++) {
        fake_open(&fake, 1);
        fake_add_file(&fake, "/proc/self/cgroup", text_of(contents[i]));
        CHECK(limit() == MEMORY_LIMIT_NONE);
        fake_close(&fake);
    }
}

int
main(void)
{
    struct test_case cases[] = {
        {"memory_limit_none", none},
        {"memory_limit_version_2_takes_the_smallest_of_the_path",
         version_2_takes_the_smallest_of_the_path},
        {"memory_limit_version_2_in_a_namespace", version_2_in_a_namespace},
        {"memory_limit_version_1", version_1},
        {"memory_limit_machine", machine},
        {"memory_limit_odd_content", odd_content},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
