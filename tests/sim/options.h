/* The command line: what is simulated and where it listens. */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cadence { CADENCE_REALISTIC, CADENCE_REQUEST };
enum kubelet_cert { KUBELET_CERT_SIGNED, KUBELET_CERT_SELF, KUBELET_CERT_EXPIRED };

struct options {
    uint32_t port;
    uint32_t admin_port;
    uint32_t kubelet_port;
    uint32_t kubelet_plain_port;
    uint32_t nodes;
    uint32_t pods_per_node;
    uint32_t containers_per_pod;
    uint32_t namespaces;
    uint32_t volumes_per_pod;
    uint32_t labels;
    uint32_t pod_name_length;
    uint32_t container_name_length;
    uint32_t node_images;
    uint32_t cadence_s; /* middle of the gaps between two new values */
    uint32_t event_window;
    uint32_t heartbeat_s; /* a node's status is written this often; 0 never */
    uint32_t churn;       /* pods that change, a second */
    uint64_t seed;
    int64_t start_s; /* simulated time at start; 0 = the machine's */
    bool plain_api;
    bool psi;
    bool swap;
    bool start_times; /* container_start_time_seconds in /metrics/resource */
    bool san_address; /* the node's address in its certificate too */
    enum cadence cadence;
    enum kubelet_cert kubelet_cert;
    const char *directory;
};

#define NAMESPACES_MAX 60000u
#define CONTAINERS_PER_POD_MAX 32u
#define VOLUMES_PER_POD_MAX 16u
#define NODES_MAX 60000u
#define LABELS_MAX 64u

/* 0, or -1 after one sentence on stderr. *help is set when only the usage was
 * asked for (and printed). */
int options_parse(struct options *options, int argc, char **argv, bool *help);

#endif
