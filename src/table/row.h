// The rows of the live table, as they lie in shared memory.
//
// Fixed-width members only, no pointers: rows are named by index, texts by
// string_ref. `seq` is the row's sequence lock: odd while the writer is inside,
// changed by every write. Index 0 of each pool is never used and means "none".
// The layout hash covers all of this, so that a reader of another version
// refuses the table.
#ifndef SKERRY_TABLE_ROW_H
#define SKERRY_TABLE_ROW_H

#include <stdatomic.h>
#include <stdint.h>

#include "model/metric.h"
#include "model/object.h"
#include "model/sample.h"

typedef uint32_t string_ref;  // 0 = empty text
typedef uint32_t row_index;   // 0 = none

#define SAMPLES_PER_ROW 2

enum row_state {
    ROW_FREE = 0,
    ROW_LIVE = 1,
    ROW_GONE = 2,  // deleted; kept for GONE_CYCLES so that readers see the end
};

// What every row begins with.
struct row_head {
    _Atomic uint32_t seq;
    uint8_t state;     // enum row_state
    uint8_t source;    // index of the source row
    uint8_t newest;    // which of the two samples is the newest
    uint8_t flags;     // enum row_flag
    uint32_t list_generation;  // the last complete list that named it
    uint32_t gone_cycle_s;     // when state is ROW_GONE
    row_index hash_next;       // chain of the name index
    string_ref name;
};

enum row_flag {
    ROW_FROM_API = 1 << 0,      // the API server named it
    ROW_FROM_SCRAPE = 1 << 1,   // a kubelet named it
    ROW_HOST_NETWORK = 1 << 2,  // pod: its network figures are the node's
    ROW_DELETING = 1 << 3,      // has a deletionTimestamp
    ROW_UNSCHEDULABLE = 1 << 4, // node: cordoned
    ROW_PSEUDO = 1 << 5,        // node of a host: source, not of a cluster
    ROW_WAITING = 1 << 5,       // pod: the API server names no node for it yet
    ROW_BEGAN_ANEW = 1 << 6,    // container: it started anew in the newest sample
    ROW_PARTIAL = 1 << 7,       // pod, node: containers came line by line, sums are due
};

// Requests and limits; a value is 0 when unset.
struct resource_row {
    uint64_t memory_request, memory_limit;        // bytes
    uint64_t ephemeral_request, ephemeral_limit;  // bytes
    uint32_t cpu_request, cpu_limit;              // millicores
};

// A volume or file system; lists hang on nodes and pods.
struct filesystem_row {
    row_index next;
    string_ref name;  // resource_id
    uint32_t cycle_s;
    uint32_t has;  // HAS_FS_*
    uint64_t used, capacity, available, inodes, inodes_free;
};

struct disk_row {
    row_index next;
    string_ref name;  // resource_id
    uint32_t cycle_s;
    int32_t offset_ms;
    uint64_t read_bytes, write_bytes;
    float read_rate, write_rate;  // bytes per second; negative = unknown
};

// A value without a column: "nvidia.com/gpu/request", "accelerator/...".
struct extra_row {
    row_index next;
    string_ref metric;
    string_ref label;
    uint32_t cycle_s;
    double value;
};

struct pressure_row {
    uint32_t spare;
    uint32_t has;    // HAS_PRESSURE_*
    uint64_t cpu_some_us, cpu_full_us, memory_some_us, memory_full_us, io_some_us, io_full_us;
};

// Sizes shared by many containers of a node: the file system that their root
// file system or logs lie on.
#define NODE_BACKINGS_MAX 8
struct backing_row {
    uint32_t has;  // HAS_FS_CAPACITY ...
    uint32_t spare;
    uint64_t capacity, available, inodes, inodes_free;
};

// How the scraping of one node goes.
struct scrape_row {
    int64_t last_attempt_ms;  // Unix ms; 0 = never
    int64_t last_success_ms;
    uint32_t latency_us;      // of the last success, first byte to last included
    uint32_t bytes;           // of the last answer
    uint64_t success_total;
    uint64_t failure_total;
    uint32_t failure_streak;
    uint16_t last_error;  // enum error; ERR_OK after a success
    uint8_t address_type; // enum address_type that worked last
    uint8_t trust;        // enum kubelet_trust as used
};

struct node_row {
    struct row_head head;
    string_ref hostname;     // address of type Hostname
    string_ref host_id;      // spec.externalID, providerID or the annotation
    string_ref address;      // the one dialled
    string_ref labels;       // "k:v,k2:v2", sorted by key
    string_ref kubelet_version;
    string_ref os_image;
    row_index first_pod;        // pod_row.node_next
    row_index first_container;  // system containers; container_row.next
    row_index filesystems, disks, extras, pressure;
    uint32_t created_s, start_s;
    uint16_t kubelet_port;
    uint8_t ready, memory_pressure, disk_pressure, pid_pressure, network_unavailable;  // enum condition
    uint8_t backing_count;
    uint32_t backings_cycle_s;  // the cycle in which backings[] was filled
    uint32_t pod_count, container_count;  // as summed at the last cycle end
    uint32_t pods_allocatable;
    uint64_t cpu_capacity_milli, cpu_allocatable_milli;
    uint64_t memory_capacity, memory_allocatable;
    uint64_t ephemeral_capacity, ephemeral_allocatable;
    struct resource_row resources;  // sums of the pods
    struct scrape_row scrape;
    struct backing_row backings[NODE_BACKINGS_MAX];
    struct node_sample samples[SAMPLES_PER_ROW];
};

// Sums of a namespace or the whole cluster in one cycle.
struct totals {
    uint32_t cycle_s;  // 0 = none yet
    uint32_t pod_count, container_count;
    uint32_t node_count, node_ready_count;  // cluster only
    uint32_t spare;
    double cpu_usage_milli;
    uint64_t memory_usage, memory_working_set;
    uint64_t cpu_request, cpu_limit;  // millicores
    uint64_t memory_request, memory_limit;
    uint64_t ephemeral_request, ephemeral_limit;
};

struct namespace_row {
    struct row_head head;
    string_ref labels;
    row_index first_pod;  // pod_row.namespace_next
    uint32_t created_s;
    uint8_t uid[16];
    uint8_t terminating;
    uint8_t uid_form;  // enum uid_form
    uint16_t spare;
    struct totals totals[SAMPLES_PER_ROW];
};

enum uid_form { UID_NONE, UID_UUID, UID_HEX };

struct pod_row {
    struct row_head head;
    row_index namespace_index, namespace_next, namespace_previous;
    row_index node_index, node_next, node_previous;
    row_index first_container;  // container_row.next
    row_index filesystems, extras, pressure;
    string_ref labels;
    string_ref reason;       // "Evicted"
    string_ref owner;        // "ReplicaSet/web-7594557864"
    uint32_t created_s, start_s;
    uint32_t restart_count;  // sum of the containers
    uint8_t phase;           // enum pod_phase
    uint8_t uid_form;
    uint16_t container_count;
    uint8_t uid[16];
    uint32_t summed;  // what of the newest sample is a sum of the containers
    struct resource_row resources;  // sums of the containers
    struct pod_sample samples[SAMPLES_PER_ROW];
};

#define BACKING_NONE 255

struct container_row {
    struct row_head head;
    row_index pod;   // 0: a system container
    row_index node;
    row_index next;  // of the same pod, or of the node's system containers
    row_index extras, pressure, disk;
    string_ref image;
    uint32_t start_s;
    uint32_t restart_count;
    uint32_t last_finished_s;
    string_ref last_reason;     // last termination: "OOMKilled"
    string_ref waiting_reason;  // "CrashLoopBackOff"
    int32_t last_exit_code;
    uint8_t role;   // enum container_role
    uint8_t container_state;  // enum container_state
    uint8_t ready;
    uint8_t rootfs_backing, logs_backing;  // index into the node's, or BACKING_NONE
    uint8_t storage_has;  // bit 0: rootfs_used, bit 1: logs_used
    uint8_t spare[2];
    row_index line_next;  // the container whose line came after this one's; a guess
    uint64_t rootfs_used, logs_used;  // bytes, newest sample only
    struct resource_row resources;
    struct container_sample samples[SAMPLES_PER_ROW];
};

// The memory goal is counted in these: at 5,000 nodes 8 bytes more in a
// container are 2.4 MiB, in a pod 1.1 MiB. None has padding but the named spare.
_Static_assert(sizeof(struct node_row) == 896, "rows of nodes are planned with 896 bytes");
_Static_assert(sizeof(struct pod_row) == 440, "rows of pods are planned with 440 bytes");
_Static_assert(sizeof(struct container_row) == 352, "rows of containers are planned with 352");
_Static_assert(sizeof(struct namespace_row) == 248, "rows of namespaces are planned with 248");
_Static_assert(sizeof(struct filesystem_row) == 56, "rows of file systems are planned with 56");
_Static_assert(sizeof(struct disk_row) == 40, "rows of disks are planned with 40 bytes");
_Static_assert(sizeof(struct extra_row) == 24, "rows of extras are planned with 24 bytes");
_Static_assert(sizeof(struct pressure_row) == 56, "rows of pressure are planned with 56 bytes");

#endif
