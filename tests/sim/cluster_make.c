#include "cluster_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mix.h"
#include "workload.h"

#define SPACE_SYSTEM 3 /* kube-system among the four */

static uint64_t
next_seed(struct cluster *cluster)
{
    cluster->seed_next++;
    return mix64(cluster->seed_next);
}

static void
birth(struct cluster *cluster, struct object *object, enum object_kind kind)
{
    object->kind = kind;
    object->version = ++cluster->version;
    object->born = object->version;
}

void
cluster_place_pod(struct node *node, struct pod *pod)
{
    if (node->pod_count == node->pod_cap) {
        uint32_t cap = node->pod_cap == 0 ? 8 : node->pod_cap * 2;
        struct pod **pods = xcalloc(cap, sizeof(struct pod *));
        if (node->pod_count > 0) {
            memcpy(pods, node->pods, node->pod_count * sizeof(struct pod *));
        }
        free(node->pods);
        node->pods = pods;
        node->pod_cap = cap;
    }
    uint32_t at = node->pod_count++;
    while (at > 0 && strcmp(node->pods[at - 1]->object.key, pod->object.key) > 0) {
        node->pods[at] = node->pods[at - 1];
        at--;
    }
    node->pods[at] = pod;
}

struct space *
cluster_new_space(struct cluster *cluster, const char *name)
{
    struct space *space = xcalloc(1, sizeof(*space));
    space->object.seed = next_seed(cluster);
    space->object.created_ms = cluster->start_ms - 86400000;
    object_name(&space->object, NULL, name);
    struct space **spaces = xcalloc(cluster->space_count + 1u, sizeof(struct space *));
    if (cluster->space_count > 0) {
        memcpy(spaces, cluster->spaces, cluster->space_count * sizeof(struct space *));
    }
    free(cluster->spaces);
    cluster->spaces = spaces;
    cluster->spaces[cluster->space_count++] = space;
    return space;
}

struct node *
cluster_new_node(struct cluster *cluster)
{
    struct node *node = xcalloc(1, sizeof(*node));
    char name[32];
    uint32_t index = cluster->node_index_next++;
    if (index >= cluster->node_cap) {
        uint32_t cap = cluster->node_cap == 0 ? 256 : cluster->node_cap * 2;
        struct node **nodes = xcalloc(cap, sizeof(struct node *));
        if (index > 0) {
            memcpy(nodes, cluster->nodes, index * sizeof(struct node *));
        }
        free(cluster->nodes);
        cluster->nodes = nodes;
        cluster->node_cap = cap;
    }
    cluster->nodes[index] = node;
    node->index = index;
    node->address = NODE_ADDRESS_BASE + index;
    node->ready = true;
    node->object.seed = next_seed(cluster);
    node->object.created_ms =
        cluster->start_ms - 3600000 - (int64_t)mix_below(node->object.seed, 864000000);
    node->transition_ms = node->object.created_ms + 10000;
    node->heartbeat_ms =
        cluster->start_ms - (int64_t)mix_below(node->object.seed << 8,
                                               1000 * (uint64_t)cluster->options->heartbeat_s + 1);
    snprintf(name, sizeof(name), "node-%05u", index);
    object_name(&node->object, NULL, name);
    return node;
}

struct pod *
cluster_new_pod(struct cluster *cluster, struct space *space, const char *name)
{
    uint32_t count = cluster->options->containers_per_pod;
    char drawn[260];
    struct pod *pod = xcalloc(1, sizeof(*pod) + count * sizeof(struct container));
    pod->container_count = count;
    pod->space = space;
    pod->object.seed = next_seed(cluster);
    workload_uid(pod->uid, pod->object.seed);
    pod->has_init = mix_below(pod->object.seed << 4, 8) == 0;
    if (name == NULL) {
        workload_pod_name(drawn, cluster->options, space, pod->object.seed);
        name = drawn;
    }
    object_name(&pod->object, space->object.name, name);
    return pod;
}

/* As if it had come, been scheduled and started long ago. */
static void
settle_pod(struct cluster *cluster, struct pod *pod, struct node *node)
{
    uint64_t age = 600000 + mix_below(pod->object.seed << 12, 864000000);
    pod->object.created_ms = cluster->start_ms - (int64_t)age;
    pod->start_ms = pod->object.created_ms + 1000;
    pod->phase = POD_RUNNING;
    pod->node = node;
    pod->containers_created = true;
    for (uint32_t i = 0; i < pod->container_count; i++) {
        struct container *container = &pod->containers[i];
        container->start_ms =
            pod->start_ms + 1000 * (i + 1) + (int64_t)mix_below(pod->object.seed << 20, 1000);
    }
    cluster_place_pod(node, pod);
}

static void
fill_node(struct cluster *cluster, struct node *node)
{
    uint32_t spaces = cluster->space_count - 4;
    for (uint32_t i = 0; i < cluster->options->pods_per_node; i++) {
        struct pod *pod = NULL;
        if (i == 0) {
            char name[64];
            snprintf(name, sizeof(name), "kube-proxy-%05x", node->index);
            pod = cluster_new_pod(cluster, cluster->spaces[SPACE_SYSTEM], name);
            pod->host_network = true;
        } else {
            uint64_t draw = mix_with(cluster->options->seed, cluster->seed_next);
            struct space *space = cluster->spaces[4 + mix_below(draw, spaces)];
            pod = cluster_new_pod(cluster, space, NULL);
        }
        settle_pod(cluster, pod, node);
        if (i == 7 && node->index % 20 == 7) {
            pod->phase = POD_SUCCEEDED;
        }
        collection_append(&cluster->sets[KIND_POD], &pod->object);
    }
}

/* Names are drawn at random: the few that met are drawn again. */
static void
part_twins(struct cluster *cluster)
{
    struct collection *pods = &cluster->sets[KIND_POD];
    bool met = true;
    while (met) {
        met = false;
        collection_sort(pods);
        for (uint32_t i = 1; i < pods->count; i++) {
            struct pod *pod = (struct pod *)(void *)pods->at[i];
            char name[260];
            if (strcmp(pods->at[i - 1]->key, pods->at[i]->key) != 0) {
                continue;
            }
            met = true;
            workload_pod_name(name, cluster->options, pod->space, next_seed(cluster));
            object_name(&pod->object, pod->space->object.name, name);
        }
    }
}

static void
sort_node_pods(struct node *node)
{
    uint32_t count = node->pod_count;
    node->pod_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        cluster_place_pod(node, node->pods[i]);
    }
}

void
cluster_fill(struct cluster *cluster)
{
    static const char *const system_spaces[] = {"default", "kube-node-lease", "kube-public",
                                                "kube-system"};
    const struct options *options = cluster->options;
    for (unsigned i = 0; i < 4; i++) {
        cluster_new_space(cluster, system_spaces[i]);
    }
    for (uint32_t i = 0; i < options->namespaces; i++) {
        char name[32];
        snprintf(name, sizeof(name), "team-%03u", i);
        cluster_new_space(cluster, name);
    }
    for (uint32_t i = 0; i < cluster->space_count; i++) {
        birth(cluster, &cluster->spaces[i]->object, KIND_NAMESPACE);
        collection_append(&cluster->sets[KIND_NAMESPACE], &cluster->spaces[i]->object);
    }
    collection_sort(&cluster->sets[KIND_NAMESPACE]);
    for (uint32_t i = 0; i < options->nodes; i++) {
        struct node *node = cluster_new_node(cluster);
        birth(cluster, &node->object, KIND_NODE);
        collection_append(&cluster->sets[KIND_NODE], &node->object);
        fill_node(cluster, node);
    }
    part_twins(cluster);
    for (uint32_t i = 0; i < options->nodes; i++) {
        sort_node_pods(cluster->nodes[i]);
    }
    for (uint32_t i = 0; i < cluster->sets[KIND_POD].count; i++) {
        birth(cluster, cluster->sets[KIND_POD].at[i], KIND_POD);
    }
    cluster->start_version = cluster->version;
    event_log_init(&cluster->log, options->event_window, cluster->version);
}
