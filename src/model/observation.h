// What one answer of a source said about a node, pod or container.
//
// Decoders (parse/, host/) fill these, table/ folds them into rows. A struct
// here owns nothing: its texts point into the decoder's buffer and live until
// the callback that handed them over returns. Every part may be absent, and
// each part carries its own time, because kubelets refresh the parts at
// different moments. Values are as on the wire: bytes, nanoseconds, counts.
#ifndef SKERRY_MODEL_OBSERVATION_H
#define SKERRY_MODEL_OBSERVATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "base/times.h"
#include "limits.h"

// A part's `has` is a set of these bits: which of its values were given.
enum {
    HAS_CPU_USAGE = 1 << 0,      // cumulative
    HAS_CPU_NANOCORES = 1 << 1,  // the source's own rate
    HAS_CPU_LOAD = 1 << 2,
};

struct cpu_seen {
    unsigned has;
    struct wall_ms time;
    uint64_t usage_ns;         // cumulative CPU time, ns
    uint64_t usage_nanocores;  // 1e9 = one core
    uint64_t load_milli;       // load average over 1 min, 1/1000
};

enum {
    HAS_MEMORY_USAGE = 1 << 0,
    HAS_MEMORY_WORKING_SET = 1 << 1,
    HAS_MEMORY_RSS = 1 << 2,
    HAS_MEMORY_CACHE = 1 << 3,
    HAS_MEMORY_SWAP = 1 << 4,
    HAS_MEMORY_AVAILABLE = 1 << 5,
    HAS_MEMORY_PAGE_FAULTS = 1 << 6,
    HAS_MEMORY_MAJOR_PAGE_FAULTS = 1 << 7,
};

struct memory_seen {
    unsigned has;
    struct wall_ms time;
    uint64_t usage, working_set, rss, cache, swap, available;  // bytes
    uint64_t page_faults, major_page_faults;                   // cumulative
};

enum {
    HAS_NETWORK_RX = 1 << 0,
    HAS_NETWORK_TX = 1 << 1,
    HAS_NETWORK_RX_ERRORS = 1 << 2,
    HAS_NETWORK_TX_ERRORS = 1 << 3,
};

struct network_seen {
    unsigned has;
    struct wall_ms time;
    uint64_t rx, tx;                // bytes, cumulative
    uint64_t rx_errors, tx_errors;  // cumulative
};

enum {
    HAS_FS_USED = 1 << 0,
    HAS_FS_CAPACITY = 1 << 1,
    HAS_FS_AVAILABLE = 1 << 2,
    HAS_FS_INODES = 1 << 3,
    HAS_FS_INODES_FREE = 1 << 4,
};

struct filesystem_seen {
    unsigned has;
    struct wall_ms time;
    struct text name;                    // "/", "logs", "Volume:NAME", a mount point
    uint64_t used, capacity, available;  // bytes
    uint64_t inodes, inodes_free;
};

// Pressure stall information (kernel: Documentation/accounting/psi.rst),
// cumulative stalled time in microseconds.
enum {
    HAS_PRESSURE_CPU = 1 << 0,
    HAS_PRESSURE_MEMORY = 1 << 1,
    HAS_PRESSURE_IO = 1 << 2,
};

struct pressure_seen {
    unsigned has;
    struct wall_ms time;
    uint64_t cpu_some_us, cpu_full_us;
    uint64_t memory_some_us, memory_full_us;
    uint64_t io_some_us, io_full_us;
};

// Disk traffic of one device, cumulative bytes.
struct disk_seen {
    struct wall_ms time;
    struct text device;  // kernel name, or MAJOR:MINOR
    uint64_t read_bytes, write_bytes;
};

// A value that has no column of its own: an accelerator's memory, a
// user-defined metric, a request of an extended resource.
struct extra_seen {
    struct wall_ms time;
    struct text metric;  // full metric name, e.g. "accelerator/memory_used"
    struct text label;   // resource_id, or empty
    double value;
};

struct container_seen {
    struct text name;
    struct text image;          // may be empty: unknown
    struct wall_ms start_time;  // 0 = unknown
    struct cpu_seen cpu;
    struct memory_seen memory;
    struct filesystem_seen rootfs;
    struct filesystem_seen logs;
    struct pressure_seen pressure;
    struct disk_seen disk;  // sum over devices; device empty; time 0 = absent
    uint32_t extra_count;
    struct extra_seen extras[CONTAINER_EXTRAS_MAX];
};

struct pod_seen {
    struct text namespace_name;
    struct text name;
    struct text uid;  // may be empty
    struct wall_ms start_time;
    struct cpu_seen cpu;
    struct memory_seen memory;
    struct network_seen network;
    struct filesystem_seen ephemeral;
    struct pressure_seen pressure;
    uint32_t container_count;
    uint32_t volume_count;
    struct container_seen containers[POD_CONTAINERS_MAX];
    struct filesystem_seen volumes[POD_VOLUMES_MAX];
};

struct node_seen {
    struct text name;
    struct wall_ms start_time;
    struct cpu_seen cpu;
    struct memory_seen memory;
    struct network_seen network;
    struct pressure_seen pressure;
    uint32_t filesystem_count;
    uint32_t disk_count;
    uint32_t system_container_count;
    struct filesystem_seen filesystems[NODE_FILESYSTEMS_MAX];  // [0] is "/"
    struct disk_seen disks[NODE_DISKS_MAX];
    struct container_seen system_containers[NODE_SYSTEM_CONTAINERS_MAX];
};

// Where a decoder hands over what it saw. The struct and its texts are only
// valid during the call. `context` is the caller's.
struct observer {
    void *context;
    void (*on_node)(void *context, const struct node_seen *node);
    void (*on_pod)(void *context, const struct pod_seen *pod);
    // Part of a container's values (formats that come line by line).
    void (*on_container)(void *context, struct text namespace_name, struct text pod,
                         const struct container_seen *container);
};

#endif
