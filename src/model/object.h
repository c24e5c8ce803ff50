// What the API server said about a node, pod, namespace or event: the few members
// that Skerry keeps. Owns nothing; texts live until the callback returns.
#ifndef SKERRY_MODEL_OBJECT_H
#define SKERRY_MODEL_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "base/times.h"
#include "limits.h"

enum object_kind { OBJECT_NODE, OBJECT_POD, OBJECT_NAMESPACE, OBJECT_EVENT, OBJECT_KIND_COUNT };

// Quantities of a requests, limits, capacity or allocatable map. CPU in
// millicores rounded up, the rest in bytes or units rounded up, as
// resource.Quantity's MilliValue() and Value() do.
enum {
    HAS_QUANTITY_CPU = 1 << 0,
    HAS_QUANTITY_MEMORY = 1 << 1,
    HAS_QUANTITY_EPHEMERAL = 1 << 2,
    HAS_QUANTITY_PODS = 1 << 3,
};

struct quantities {
    unsigned has;
    uint64_t cpu_milli;
    uint64_t memory;     // bytes
    uint64_t ephemeral;  // bytes
    uint64_t pods;
    uint32_t other_count;  // e.g. nvidia.com/gpu
    struct {
        struct text name;
        uint64_t value;
    } others[RESOURCES_MAX];
};

// One label pair; `value` is decoded.
struct label {
    struct text key;
    struct text value;
};

enum pod_phase { POD_UNKNOWN, POD_PENDING, POD_RUNNING, POD_SUCCEEDED, POD_FAILED };

enum container_state { CONTAINER_UNKNOWN, CONTAINER_WAITING, CONTAINER_RUNNING, CONTAINER_TERMINATED };

enum container_role { CONTAINER_MAIN, CONTAINER_INIT, CONTAINER_SIDECAR, CONTAINER_EPHEMERAL };

struct container_object {
    struct text name;
    struct text image;
    enum container_role role;  // SIDECAR: an init container that restarts always
    struct quantities requests;
    struct quantities limits;
    // from status.containerStatuses and its siblings
    enum container_state state;
    bool ready;
    uint32_t restart_count;
    struct text waiting_reason;           // "CrashLoopBackOff"
    struct text last_termination_reason;  // "OOMKilled", "Error", "Completed"
    int32_t last_exit_code;
    struct wall_ms last_finished;
    struct text container_id;  // "containerd://…"
};

struct pod_object {
    struct text namespace_name;
    struct text name;
    struct text uid;
    struct text node_name;  // empty: not scheduled
    enum pod_phase phase;
    struct text reason;  // "Evicted"
    bool host_network;
    bool deleting;
    struct wall_ms created;
    struct wall_ms start_time;
    struct text owner_kind;  // controller owner reference
    struct text owner_name;
    uint32_t label_count;
    uint32_t container_count;
    struct label labels[LABELS_MAX];
    struct container_object containers[POD_CONTAINERS_MAX];
};

enum condition { CONDITION_UNKNOWN, CONDITION_TRUE, CONDITION_FALSE };

enum address_type {
    ADDRESS_HOSTNAME,
    ADDRESS_INTERNAL_IP,
    ADDRESS_EXTERNAL_IP,
    ADDRESS_INTERNAL_DNS,
    ADDRESS_EXTERNAL_DNS,
    ADDRESS_TYPE_COUNT
};

struct node_object {
    struct text name;
    struct text uid;
    struct text external_id;  // spec.externalID, else spec.providerID
    struct wall_ms created;
    enum condition ready, memory_pressure, disk_pressure, pid_pressure, network_unavailable;
    bool unschedulable;
    struct quantities capacity;
    struct quantities allocatable;
    uint16_t kubelet_port;  // 0 = not given
    struct text kubelet_version;
    struct text os_image;
    struct text kernel_version;
    uint32_t address_count;
    struct {
        enum address_type type;
        struct text address;
    } addresses[NODE_ADDRESSES_MAX];
    uint32_t label_count;
    uint32_t annotation_count;  // only the ones asked for (host_id_annotation)
    struct label labels[LABELS_MAX];
    struct label annotations[4];
};

struct namespace_object {
    struct text name;
    struct text uid;
    struct wall_ms created;
    bool terminating;
    uint32_t label_count;
    struct label labels[LABELS_MAX];
};

// An Event, old form or new (events.k8s.io writes both into one).
struct event_object {
    struct text uid;
    struct text namespace_name;  // of what it is about; empty where that has none
    struct text kind;            // "Pod"
    struct text name;
    struct text object_uid;      // of what it is about
    struct text reason;  // "BackOff"
    struct text message;
    struct text component;  // who says it: "kubelet"
    struct text node;       // where; empty: not told
    bool warning;           // else normal
    uint64_t count;         // times seen, at least 1
    struct wall_ms first;
    struct wall_ms last;
};

#endif
