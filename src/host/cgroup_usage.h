// What one control group has used: CPU, memory, disk, pressure, processes and
// limits, from cgroup v1 and v2 alike.
//
// A value whose controller is not enabled is absent and never 0. Memory's
// working set is usage - inactive_file, as the kubelet has it. Formats:
// Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/ of the kernel.
#ifndef SKERRY_HOST_CGROUP_USAGE_H
#define SKERRY_HOST_CGROUP_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "base/times.h"
#include "host/cgroup.h"
#include "host/host_file.h"
#include "model/observation.h"

enum {
    HAS_CGROUP_DISK = 1 << 0,
    HAS_CGROUP_PIDS = 1 << 1,
    HAS_CGROUP_PIDS_LIMIT = 1 << 2,
    HAS_CGROUP_CPU_LIMIT = 1 << 3,
    HAS_CGROUP_MEMORY_LIMIT = 1 << 4,
};

struct cgroup_usage {
    unsigned has;
    struct cpu_seen cpu;
    struct memory_seen memory;
    struct pressure_seen pressure;
    uint64_t read_bytes, write_bytes;  // all devices together
    uint64_t pids, pids_limit;
    uint64_t cpu_limit_milli;  // millicores
    uint64_t memory_limit;     // bytes
};

// What is read besides CPU and memory; each costs files.
enum {
    WANT_DISK = 1 << 0,
    WANT_PRESSURE = 1 << 1,  // three files
    WANT_LIMITS = 1 << 2,    // processes and limits: four and more
    WANT_SWAP = 1 << 3,      // v2: a file; without it the answer is 0
};

// `path` is below the mount points. Values get the time `time`; `want` is made
// of WANT_.... False when nothing could be read: the group has gone.
bool cgroup_usage_read(struct host_files *files, const struct cgroup_mounts *mounts,
                       struct text path, struct wall_ms time, unsigned want,
                       struct cgroup_usage *usage);
// CPU time of the whole machine from the root of the hierarchy, which is finer
// than /proc/stat; false when what is mounted is not the real root.
bool cgroup_root_cpu(struct host_files *files, const struct cgroup_mounts *mounts,
                     uint64_t *usage_ns);

// The parts, for tests: each takes the content of one file.
bool cgroup_cpu_stat(struct text content, uint64_t *usage_ns);  // v2 cpu.stat
void cgroup_memory_stat(struct text content, bool v1, struct memory_seen *memory,
                        uint64_t *inactive_file);
void cgroup_io_stat(struct text content, uint64_t *read_bytes, uint64_t *write_bytes);
void cgroup_blkio(struct text content, uint64_t *read_bytes, uint64_t *write_bytes);
bool cgroup_cpu_max(struct text content, uint64_t *milli);  // v2 cpu.max

#endif
