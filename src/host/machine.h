// This machine as a node: what /proc, /sys and statfs() say of the whole.
//
// Choices: memory in use is total - free and the working set total -
// available, which is what people know from free(1), and adds up. CPU time
// comes from the root control group where there is one (nanoseconds or
// microseconds instead of ticks); the choice is made once, because the two
// clocks differ. The boot time is read once, because the kernel's answer moves
// with every correction of the clock.
#ifndef SKERRY_HOST_MACHINE_H
#define SKERRY_HOST_MACHINE_H

#include "base/times.h"
#include "host/cgroup.h"
#include "host/host_file.h"
#include "host/mount.h"
#include "host/network.h"
#include "model/object.h"
#include "model/observation.h"

// Mounts are read again after this long, because a machine with many pods has
// thousands of them.
#define MACHINE_MOUNTS_MS INT64_C(60000)
// Linux: DISK_NAME_LEN.
#define DEVICE_NAME_BYTES_MAX 32
#define SYSTEM_TEXT_BYTES_MAX 128

enum machine_cpu { MACHINE_CPU_UNDECIDED, MACHINE_CPU_CGROUP, MACHINE_CPU_PROC };

struct machine {
    struct host_files *files;
    struct text task;  // directory of a process that sees the machine's mounts
    enum machine_cpu cpu_source;
    struct wall_ms boot_time;
    struct wall_ms mounts_read;  // 0 = never
    uint64_t ticks;              // of /proc/stat
    uint64_t boot_seconds;
    uint64_t cpu_lines;
    bool without_swap;
    struct network network;
    struct mount_table mounts;
    struct cgroup_mounts cgroups;
    struct out name, os_image, kernel, machine_id;
    char name_bytes[NAME_BYTES_MAX];
    char os_bytes[SYSTEM_TEXT_BYTES_MAX];
    char kernel_bytes[SYSTEM_TEXT_BYTES_MAX];
    char id_bytes[UID_BYTES_MAX];
    char disks[NODE_DISKS_MAX][DEVICE_NAME_BYTES_MAX];
};

// `name` empty: the machine's own host name.
void machine_init(struct machine *machine, struct host_files *files, struct text name);
// Reads the mounts when it is time to.
void machine_mounts(struct machine *machine, struct wall_ms now);
// Everything but containers; texts are the machine's until the next call.
void machine_observe(struct machine *machine, struct wall_ms time, struct node_seen *node);
// The machine as the API server would describe a node: capacity = allocatable,
// ready. Texts are the machine's.
void machine_describe(struct machine *machine, struct node_object *node);

#endif
