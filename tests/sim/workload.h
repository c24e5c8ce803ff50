/* Names, labels, requests and limits: what a pod's seed says of it. */
#ifndef SIM_WORKLOAD_H
#define SIM_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster.h"

/* 0 = not set. */
struct resources {
    uint32_t cpu_request_m;
    uint32_t cpu_limit_m;
    uint64_t memory_request;
    uint64_t memory_limit;
    uint64_t storage_request;
    uint64_t storage_limit;
    uint32_t gpus;
};

struct node_size {
    uint32_t cpus;
    uint64_t memory;
    uint64_t storage;
};

#define UID_TEXT_BYTES 36

void workload_resources(const struct pod *pod, uint32_t container, struct resources *out);
/* Best effort, Burstable or Guaranteed. */
const char *workload_quality(const struct pod *pod);
void workload_node_size(const struct node *node, struct node_size *out);

/* 36 bytes, no terminating zero. */
void workload_uid(char *out, uint64_t seed);
/* At least pod_name_length + 1 bytes; the ReplicaSet's name is the part before
 * the last dash. */
void workload_pod_name(char *out, const struct options *options, const struct space *space,
                       uint64_t seed);
const char *workload_app(uint64_t seed);
void workload_container_names(struct cluster *cluster);
void workload_volume_name(char *out, uint32_t volume);

#define VOLUME_NAME_BYTES 32

#endif
