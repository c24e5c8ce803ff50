// The text files of /proc and of control groups: any bytes, and every view
// that comes out lies inside what went in.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "host/cgroup_usage.h"
#include "host/mount.h"
#include "host/proc.h"
#include "host/word.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mount_table table;

static void
check_inside(struct text whole, struct text part)
{
    ASSERT(part.size == 0 ||
           (part.at >= whole.at && part.at + part.size <= whole.at + whole.size));
}

static void
try_mount(struct text line)
{
    struct mount_line mount;
    char bytes[512];
    struct out out = out_of(bytes, sizeof bytes);
    if (!mount_line_parse(line, &mount)) {
        return;
    }
    check_inside(line, mount.root);
    check_inside(line, mount.point);
    check_inside(line, mount.type);
    check_inside(line, mount.source);
    mount_unescape(mount.point, &out);
    ASSERT(out.used <= mount.point.size);
    mount_table_add(&table, &mount, out_view(&out));
    ASSERT(table.count <= NODE_FILESYSTEMS_MAX);
}

static void
try_line(struct text line)
{
    struct text view;
    uint64_t number;
    struct proc_memory memory = {0};
    struct memory_seen seen = {0};
    struct proc_interface interface;
    struct proc_disk disk;
    (void)proc_cpu_line(line, &number);
    (void)proc_is_one_cpu(line);
    (void)proc_boot_line(line, &number);
    (void)proc_cpu_list_count(line);
    (void)proc_load(line, &number);
    proc_memory_line(line, &memory);
    proc_memory_fill(&memory, &seen);
    proc_vmstat_line(line, &seen);
    if (proc_route_line(line, &view, &number) || proc_route6_line(line, &view, &number)) {
        check_inside(line, view);
    }
    if (proc_interface_line(line, &interface)) {
        check_inside(line, interface.name);
    }
    if (proc_disk_line(line, &disk)) {
        check_inside(line, disk.name);
    }
    if (proc_os_release_line(line, TEXT("ID"), &view)) {
        check_inside(line, view);
    }
    try_mount(line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text rest = {(const char *)data, size};
    struct text line;
    struct memory_seen memory = {.has = HAS_MEMORY_USAGE};
    uint64_t a = 0;
    uint64_t b = 0;
    (void)proc_pressure(rest, &a, &b);
    (void)cgroup_cpu_stat(rest, &a);
    cgroup_memory_stat(rest, true, &memory, &a);
    cgroup_memory_stat(rest, false, &memory, &a);
    cgroup_io_stat(rest, &a, &b);
    cgroup_blkio(rest, &a, &b);
    (void)cgroup_cpu_max(rest, &a);
    mount_table_clear(&table);
    while (line_next(&rest, &line)) {
        try_line(line);
    }
    mount_table_order(&table);
    return 0;
}
