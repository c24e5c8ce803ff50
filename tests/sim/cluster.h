/* The simulated cluster: its nodes, namespaces, pods, and what happens to
 * them. Every change raises the resource version and is put into the event
 * log as the API server would send it. Owns all objects. */
#ifndef SIM_CLUSTER_H
#define SIM_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "clock.h"
#include "collection.h"
#include "event_log.h"
#include "options.h"

enum pod_phase { POD_PENDING, POD_RUNNING, POD_SUCCEEDED };
enum restart_reason { RESTART_NONE, RESTART_ERROR, RESTART_OOM };

struct container {
    int64_t start_ms;
    int64_t last_start_ms;
    int64_t last_finish_ms;
    uint32_t restart_count;
    enum restart_reason reason;
};

struct space {
    struct object object; /* first: a namespace is an object */
};

struct node;

struct pod {
    struct object object;
    struct space *space;
    struct node *node; /* NULL until scheduled */
    enum pod_phase phase;
    char uid[40];
    bool host_network;
    bool has_init;
    bool containers_created;
    int64_t start_ms;
    int64_t deleted_ms; /* 0 = not asked to go */
    uint32_t container_count;
    struct container containers[];
};

struct incident {
    struct object object;
    char *about_key;
    uint64_t about_seed;
    enum object_kind about_kind;
    const char *reason;
    const char *component;
    bool warning;
    bool new_style; /* only eventTime, as the scheduler writes them */
    uint32_t count;
    int64_t last_ms;
    char message[160];
};

struct fault;

struct node {
    struct object object;
    uint32_t index;
    uint32_t address; /* host order */
    bool ready;
    struct pod **pods; /* by key */
    uint32_t pod_count;
    uint32_t pod_cap;
    uint64_t change_count; /* of what its kubelet reports */
    int64_t changed_ms;
    int64_t heartbeat_ms;
    int64_t transition_ms;
    int64_t served_ms;          /* simulated time of the last summary */
    int64_t served_before_ms;   /* and of the one before */
    uint64_t served_changes;    /* change_count then */
    int64_t resource_served_ms; /* the same of /metrics/resource */
    int64_t resource_served_before_ms;
    struct fault *fault; /* NULL = none; owned by fault.c */
    void *certs[2];      /* owned by pki.c: the usual one, another */
    int cert_variant;    /* which the other one is */
};

#define CONTAINER_NAME_BYTES 80

struct cluster {
    const struct options *options;
    struct sim_clock *clock;
    struct collection sets[KIND_COUNT];
    struct event_log log;
    uint64_t version;
    uint64_t start_version;
    int64_t start_ms;
    struct node **nodes; /* by index; NULL = removed */
    uint32_t node_cap;
    uint32_t node_index_next;
    struct space **spaces; /* the system's four come first */
    uint32_t space_count;
    uint64_t seed_next;
    uint32_t kubelet_port;
    uint32_t kubelet_plain_port;
    char container_names[CONTAINERS_PER_POD_MAX][CONTAINER_NAME_BYTES];
    uint32_t container_name_len[CONTAINERS_PER_POD_MAX];
    struct object **dead; /* in order of death */
    uint32_t dead_count;
    uint32_t dead_cap;
    struct buf scratch;
    bool dirty; /* an event was logged since the watches were last fed */
};

void cluster_init(struct cluster *cluster, const struct options *options, struct sim_clock *clock);
/* After the kubelets' port is known. */
void cluster_fill(struct cluster *cluster);

struct node *cluster_node(const struct cluster *cluster, const char *name);
struct node *cluster_node_at(const struct cluster *cluster, uint32_t address);
struct pod *cluster_pod(const struct cluster *cluster, const char *space, const char *name);
struct space *cluster_space(const struct cluster *cluster, const char *name);

/* name NULL: drawn. The pod is
 * Pending and without a node. */
struct pod *cluster_add_pod(struct cluster *cluster, struct space *space, const char *name);
void cluster_schedule_pod(struct cluster *cluster, struct pod *pod, struct node *node);
void cluster_run_pod(struct cluster *cluster, struct pod *pod);
void cluster_restart(struct cluster *cluster, struct pod *pod, uint32_t container,
                     enum restart_reason reason);
/* Asked to go: deletionTimestamp is set; then gone. */
void cluster_stop_pod(struct cluster *cluster, struct pod *pod);
void cluster_remove_pod(struct cluster *cluster, struct pod *pod);

struct node *cluster_add_node(struct cluster *cluster);
/* Its pods go with it. */
void cluster_remove_node(struct cluster *cluster, struct node *node);
void cluster_set_ready(struct cluster *cluster, struct node *node, bool ready);
void cluster_heartbeat(struct cluster *cluster, struct node *node);

struct space *cluster_add_space(struct cluster *cluster, const char *name);
/* Its pods go with it; not for the system\'s four, nor the last one. */
void cluster_remove_space(struct cluster *cluster, struct space *space);

/* For incident.c: an Event object comes, was seen again, or has had its time. */
void cluster_change_incident(struct cluster *cluster, struct incident *incident);
void cluster_add_incident(struct cluster *cluster, struct incident *incident);
void cluster_forget_incident(struct cluster *cluster, struct incident *incident);

/* Every watch and continue token of before now is too old. */
void cluster_drop_events(struct cluster *cluster);
/* Frees what died before the event window. */
void cluster_bury(struct cluster *cluster);

#endif
