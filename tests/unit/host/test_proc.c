#include "host/proc.h"

#include <string.h>

#include "../test.h"

TEST(cpu_line_counts_working_time)
{
    uint64_t ticks = 0;
    // user nice system idle iowait irq softirq steal guest guest_nice
    CHECK(proc_cpu_line(TEXT("cpu  100 20 30 9999 888 4 5 6 70 80"), &ticks));
    CHECK_EQUAL_U64(ticks, 100 + 20 + 30 + 4 + 5 + 6);
    CHECK(proc_cpu_line(TEXT("cpu  1 2 3 4"), &ticks));
    CHECK_EQUAL_U64(ticks, 6);
    CHECK(!proc_cpu_line(TEXT("cpu0 1 2 3 4"), &ticks));
    CHECK(!proc_cpu_line(TEXT("cpu  1 2"), &ticks));
    CHECK(!proc_cpu_line(TEXT(""), &ticks));
    CHECK(proc_cpu_line(TEXT("cpu 18446744073709551615 1 1 1"), &ticks));
    CHECK_EQUAL_U64(ticks, UINT64_MAX);
}

TEST(cpu_list)
{
    CHECK_EQUAL_U64(proc_cpu_list_count(TEXT("0\n")), 1);
    CHECK_EQUAL_U64(proc_cpu_list_count(TEXT("0-3,5\n")), 5);
    CHECK_EQUAL_U64(proc_cpu_list_count(TEXT("0-3,5,8-9")), 7);
    CHECK_EQUAL_U64(proc_cpu_list_count(TEXT("")), 0);
    CHECK_EQUAL_U64(proc_cpu_list_count(TEXT("3-1")), 0);
    CHECK_EQUAL_U64(proc_cpu_list_count(TEXT("a-b")), 0);
    CHECK_EQUAL_U64(proc_cpu_list_count(TEXT("0-18446744073709551615")), 0);
}

static void
feed_memory(struct proc_memory *memory, const char *const *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        proc_memory_line(text_of(lines[i]), memory);
    }
}

TEST(memory)
{
    const char *const lines[] = {
        "MemTotal:       1000 kB", "MemFree:         300 kB", "MemAvailable:    600 kB",
        "Buffers:          10 kB", "Cached:          200 kB", "SwapCached:      999 kB",
        "Inactive(file):  150 kB", "AnonPages:       120 kB", "SwapTotal:       500 kB",
        "SwapFree:        450 kB", "nonsense",                "MemTotal: many kB",
    };
    struct proc_memory memory = {0};
    struct memory_seen seen = {0};
    feed_memory(&memory, lines, ARRAY_COUNT(lines));
    proc_memory_fill(&memory, &seen);
    CHECK_EQUAL_U64(seen.usage, 700 * 1024);
    CHECK_EQUAL_U64(seen.working_set, 400 * 1024);
    CHECK_EQUAL_U64(seen.available, 600 * 1024);
    CHECK_EQUAL_U64(seen.working_set + seen.available, memory.total);
    CHECK_EQUAL_U64(seen.rss, 120 * 1024);
    CHECK_EQUAL_U64(seen.cache, 210 * 1024);
    CHECK_EQUAL_U64(seen.swap, 50 * 1024);
}

TEST(memory_of_old_kernels)
{
    const char *const lines[] = {"MemTotal: 1000 kB", "MemFree: 300 kB",
                                 "Inactive(file): 150 kB"};
    struct proc_memory memory = {0};
    struct memory_seen seen = {0};
    feed_memory(&memory, lines, ARRAY_COUNT(lines));
    proc_memory_fill(&memory, &seen);
    CHECK_EQUAL_U64(seen.working_set, 550 * 1024);
    CHECK_EQUAL_U64(seen.available, 450 * 1024);
    CHECK((seen.has & HAS_MEMORY_SWAP) == 0);
    seen = (struct memory_seen){0};
    proc_memory_fill(&(struct proc_memory){0}, &seen);
    CHECK_EQUAL_U64(seen.has, 0);
}

TEST(load)
{
    uint64_t milli = 0;
    CHECK(proc_load(TEXT("0.54 0.61 0.50 2/97 1234\n"), &milli));
    CHECK_EQUAL_U64(milli, 540);
    CHECK(proc_load(TEXT("12.05 0 0"), &milli));
    CHECK_EQUAL_U64(milli, 12050);
    CHECK(proc_load(TEXT("1.23456 0 0"), &milli));
    CHECK_EQUAL_U64(milli, 1234);
    CHECK(!proc_load(TEXT("none"), &milli));
    CHECK(!proc_load(TEXT("1.x"), &milli));
    CHECK(!proc_load(TEXT(""), &milli));
}

TEST(pressure)
{
    uint64_t some = 0;
    uint64_t full = 0;
    CHECK(proc_pressure(TEXT("some avg10=1.00 avg60=0.50 avg300=0.10 total=123456\n"
                             "full avg10=0.00 avg60=0.00 avg300=0.00 total=789\n"),
                        &some, &full));
    CHECK_EQUAL_U64(some, 123456);
    CHECK_EQUAL_U64(full, 789);
    CHECK(proc_pressure(TEXT("some avg10=0 total=7"), &some, &full));
    CHECK_EQUAL_U64(full, 0);
    CHECK(!proc_pressure(TEXT("full total=7\n"), &some, &full));
    CHECK(!proc_pressure(TEXT("some total=x\n"), &some, &full));
}

TEST(routes)
{
    struct text name;
    uint64_t metric = 0;
    CHECK(proc_route_line(TEXT("eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0"),
                          &name, &metric));
    CHECK_EQUAL_TEXT(name, "eth0");
    CHECK_EQUAL_U64(metric, 100);
    CHECK(!proc_route_line(TEXT("eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0"),
                           &name, &metric));
    // down; half of everything; rejected
    CHECK(!proc_route_line(TEXT("a 00000000 0 0002 0 0 0 00000000"), &name, &metric));
    CHECK(!proc_route_line(TEXT("a 00000000 0 0003 0 0 0 00000080"), &name, &metric));
    CHECK(!proc_route_line(TEXT("* 00000000 0 0201 0 0 0 00000000"), &name, &metric));
    CHECK(!proc_route_line(TEXT("Iface\tDestination\tGateway"), &name, &metric));
    const char *six = "00000000000000000000000000000000 00 "
                      "00000000000000000000000000000000 00 "
                      "fe80000000000000021122fffe334455 00000400 00000002 00000000 00000003 ens3";
    CHECK(proc_route6_line(text_of(six), &name, &metric));
    CHECK_EQUAL_TEXT(name, "ens3");
    CHECK_EQUAL_U64(metric, 0x400);
    const char *reject = "00000000000000000000000000000000 00 "
                         "00000000000000000000000000000000 00 "
                         "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200 lo";
    CHECK(!proc_route6_line(text_of(reject), &name, &metric));
}

TEST(interfaces)
{
    struct proc_interface one;
    CHECK(proc_interface_line(
        TEXT("  eth0: 1000 10 1 0 0 0 0 0 2000 20 2 0 0 0 0 0"), &one));
    CHECK_EQUAL_TEXT(one.name, "eth0");
    CHECK_EQUAL_U64(one.rx, 1000);
    CHECK_EQUAL_U64(one.rx_errors, 1);
    CHECK_EQUAL_U64(one.tx, 2000);
    CHECK_EQUAL_U64(one.tx_errors, 2);
    // old kernels leave no blank behind the colon
    CHECK(proc_interface_line(TEXT("eth0:1000 10 1 0 0 0 0 0 2000 20 2 0 0 0 0 0"), &one));
    CHECK_EQUAL_U64(one.rx, 1000);
    CHECK(!proc_interface_line(TEXT(" face |bytes    packets errs drop"), &one));
    CHECK(!proc_interface_line(TEXT("eth0: 1 2 3"), &one));
    CHECK(!proc_interface_line(TEXT(":"), &one));
}

TEST(disks)
{
    struct proc_disk disk;
    CHECK(proc_disk_line(TEXT("   8       0 sda 10 1 2000 5 20 2 4000 6 0 7 8 0 0 0 0"), &disk));
    CHECK_EQUAL_TEXT(disk.name, "sda");
    CHECK_EQUAL_U64(disk.read_bytes, 2000 * 512);
    CHECK_EQUAL_U64(disk.write_bytes, 4000 * 512);
    CHECK(!proc_disk_line(TEXT("8 0 sda 10 1"), &disk));
    CHECK(proc_disk_is_virtual(TEXT("loop0")));
    CHECK(proc_disk_is_virtual(TEXT("zram0")));
    CHECK(!proc_disk_is_virtual(TEXT("nvme0n1")));
}

TEST(os_release)
{
    struct text value;
    CHECK(proc_os_release_line(TEXT("PRETTY_NAME=\"Debian GNU/Linux 12\""),
                               TEXT("PRETTY_NAME"), &value));
    CHECK_EQUAL_TEXT(value, "Debian GNU/Linux 12");
    CHECK(proc_os_release_line(TEXT("ID=debian"), TEXT("ID"), &value));
    CHECK_EQUAL_TEXT(value, "debian");
    CHECK(!proc_os_release_line(TEXT("VERSION_ID=1"), TEXT("ID"), &value));
    CHECK(proc_os_release_line(TEXT("ID=\""), TEXT("ID"), &value));
    CHECK_EQUAL_TEXT(value, "\"");
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"cpu_line_counts_working_time", cpu_line_counts_working_time},
        {"cpu_list", cpu_list},
        {"memory", memory},
        {"memory_of_old_kernels", memory_of_old_kernels},
        {"load", load},
        {"pressure", pressure},
        {"routes", routes},
        {"interfaces", interfaces},
        {"disks", disks},
        {"os_release", os_release},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
