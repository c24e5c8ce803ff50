// Reading the lines of /proc: each function takes one line or one small file
// and says what it holds. Pure; everything here survives any bytes.
//
// Formats: Documentation/filesystems/proc.rst, admin-guide/iostats.rst and
// accounting/psi.rst of the kernel.
#ifndef SKERRY_HOST_PROC_H
#define SKERRY_HOST_PROC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "model/observation.h"

// /proc/stat. A line `cpu  ...` gives the time in USER_HZ that was spent
// working: user, nice, system, irq, softirq and steal (guest is in user).
bool proc_cpu_line(struct text line, uint64_t *ticks);
// True for the line of one CPU: `cpu0 ...`.
bool proc_is_one_cpu(struct text line);
// `btime 1795372169`: Unix seconds.
bool proc_boot_line(struct text line, uint64_t *seconds);
// /sys/devices/system/cpu/online: "0-3,5". 0 when it is not understood.
uint64_t proc_cpu_list_count(struct text list);

// /proc/meminfo, in bytes; `found` is a set of bits by member.
enum {
    MEMINFO_TOTAL = 1 << 0,
    MEMINFO_FREE = 1 << 1,
    MEMINFO_AVAILABLE = 1 << 2,
    MEMINFO_BUFFERS = 1 << 3,
    MEMINFO_CACHED = 1 << 4,
    MEMINFO_INACTIVE_FILE = 1 << 5,
    MEMINFO_ANONYMOUS = 1 << 6,
    MEMINFO_SWAP_TOTAL = 1 << 7,
    MEMINFO_SWAP_FREE = 1 << 8,
};

struct proc_memory {
    unsigned found;
    uint64_t total, free, available, buffers, cached;
    uint64_t inactive_file, anonymous, swap_total, swap_free;
};

void proc_memory_line(struct text line, struct proc_memory *memory);
// What /proc/meminfo says, in the terms of an observation: usage = total -
// free, working set = total - available (kernels without MemAvailable: usage -
// inactive file), so that working set and available add up to the total.
void proc_memory_fill(const struct proc_memory *memory, struct memory_seen *seen);
// /proc/vmstat: pgfault and pgmajfault; others are ignored.
void proc_vmstat_line(struct text line, struct memory_seen *seen);

// /proc/loadavg: the first figure, in thousandths.
bool proc_load(struct text text, uint64_t *milli);

// A pressure file (/proc/pressure/X, cgroup X.pressure): the total stalled
// time in microseconds. False when there is no `some` line; `full` stays 0
// where the kernel does not give it (CPU before 5.13).
bool proc_pressure(struct text text, uint64_t *some_us, uint64_t *full_us);

// /proc/net/route, /proc/net/ipv6_route: true for a default route that is up,
// with the interface's name and the metric (less is preferred).
bool proc_route_line(struct text line, struct text *interface, uint64_t *metric);
bool proc_route6_line(struct text line, struct text *interface, uint64_t *metric);

struct proc_interface {
    struct text name;
    uint64_t rx, tx, rx_errors, tx_errors;
};

// /proc/net/dev; false for the heading.
bool proc_interface_line(struct text line, struct proc_interface *interface);

struct proc_disk {
    struct text name;
    uint64_t read_bytes, write_bytes;
};

// /proc/diskstats; false for what is not understood. Sectors are 512 bytes
// whatever the device says.
bool proc_disk_line(struct text line, struct proc_disk *disk);
// Devices that are memory or files: loop, ram, zram.
bool proc_disk_is_virtual(struct text name);

// /etc/os-release: the value of `key`, without quotes.
bool proc_os_release_line(struct text line, struct text key, struct text *value);

#endif
