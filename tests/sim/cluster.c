#include "cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster_make.h"
#include "incident.h"
#include "mix.h"
#include "objects.h"
#include "workload.h"

#define FIRST_VERSION 1000

void
cluster_init(struct cluster *cluster, const struct options *options, struct sim_clock *clock)
{
    *cluster = (struct cluster){.options = options, .clock = clock};
    cluster->version = FIRST_VERSION;
    cluster->start_ms = clock_now_ms(clock);
    cluster->seed_next = mix64(options->seed);
    workload_container_names(cluster);
}

static void
emit(struct cluster *cluster, const char *type, struct object *object)
{
    struct buf *line = &cluster->scratch;
    object->version = ++cluster->version;
    buf_clear(line);
    buf_printf(line, "{\"type\":\"%s\",\"object\":", type);
    objects_write(line, cluster, object, true);
    BUF_LIT(line, "}\n");
    struct logged_event event = {.version = object->version,
                                 .kind = object->kind,
                                 .key = object->key,
                                 .line = line->data,
                                 .line_len = (uint32_t)line->len};
    event_log_append(&cluster->log, &event);
    cluster->dirty = true;
}

/* Born by an event: lists from before it do not show the object. */
static void
emit_added(struct cluster *cluster, struct object *object)
{
    object->born = cluster->version + 1;
    emit(cluster, "ADDED", object);
    if (object->kind != KIND_EVENT) {
        cluster_bury(cluster);
    }
}

static void
emit_deleted(struct cluster *cluster, struct object *object)
{
    emit(cluster, "DELETED", object);
    object->died = object->version;
    cluster->sets[object->kind].live--;
    if (cluster->dead_count == cluster->dead_cap) {
        uint32_t cap = cluster->dead_cap == 0 ? 64 : cluster->dead_cap * 2;
        struct object **dead = xcalloc(cap, sizeof(struct object *));
        if (cluster->dead_count > 0) {
            memcpy(dead, cluster->dead, cluster->dead_count * sizeof(struct object *));
        }
        free(cluster->dead);
        cluster->dead = dead;
        cluster->dead_cap = cap;
    }
    cluster->dead[cluster->dead_count++] = object;
}

static void
free_object(struct object *object)
{
    if (object->kind == KIND_EVENT) {
        free(((struct incident *)(void *)object)->about_key);
    }
    if (object->kind == KIND_NODE) {
        free(((struct node *)(void *)object)->pods);
    }
    free(object->key);
    free(object);
}

void
cluster_bury(struct cluster *cluster)
{
    uint32_t gone = 0;
    while (gone < cluster->dead_count && cluster->dead[gone]->died < cluster->log.floor_version) {
        struct object *object = cluster->dead[gone++];
        collection_remove(&cluster->sets[object->kind], object);
        free_object(object);
    }
    if (gone > 0) {
        cluster->dead_count -= gone;
        memmove(cluster->dead, cluster->dead + gone, cluster->dead_count * sizeof(struct object *));
    }
}

static void
touch(struct cluster *cluster, struct node *node)
{
    node->change_count++;
    node->changed_ms = clock_now_ms(cluster->clock);
}

static void
node_drop_pod(struct node *node, const struct pod *pod)
{
    for (uint32_t i = 0; i < node->pod_count; i++) {
        if (node->pods[i] == pod) {
            node->pod_count--;
            memmove(&node->pods[i], &node->pods[i + 1],
                    (node->pod_count - i) * sizeof(struct pod *));
            return;
        }
    }
}

struct node *
cluster_node(const struct cluster *cluster, const char *name)
{
    return (struct node *)(void *)collection_find(&cluster->sets[KIND_NODE], name);
}

struct node *
cluster_node_at(const struct cluster *cluster, uint32_t address)
{
    uint32_t index = address - NODE_ADDRESS_BASE;
    return index < cluster->node_index_next ? cluster->nodes[index] : NULL;
}

struct space *
cluster_space(const struct cluster *cluster, const char *name)
{
    return (struct space *)(void *)collection_find(&cluster->sets[KIND_NAMESPACE], name);
}

struct pod *
cluster_pod(const struct cluster *cluster, const char *space, const char *name)
{
    char key[600];
    snprintf(key, sizeof(key), "%s/%s", space, name);
    return (struct pod *)(void *)collection_find(&cluster->sets[KIND_POD], key);
}

struct pod *
cluster_add_pod(struct cluster *cluster, struct space *space, const char *name)
{
    struct pod *pod = cluster_new_pod(cluster, space, name);
    while (name == NULL && collection_find(&cluster->sets[KIND_POD], pod->object.key) != NULL) {
        free_object(&pod->object);
        pod = cluster_new_pod(cluster, space, NULL);
    }
    pod->object.kind = KIND_POD;
    pod->object.created_ms = clock_now_ms(cluster->clock);
    pod->phase = POD_PENDING;
    collection_insert(&cluster->sets[KIND_POD], &pod->object);
    emit_added(cluster, &pod->object);
    return pod;
}

void
cluster_schedule_pod(struct cluster *cluster, struct pod *pod, struct node *node)
{
    pod->node = node;
    emit(cluster, "MODIFIED", &pod->object);
    pod->start_ms = clock_now_ms(cluster->clock);
    pod->containers_created = true;
    cluster_place_pod(node, pod);
    emit(cluster, "MODIFIED", &pod->object);
    incident_report(cluster,
                    &(struct incident_report){.about = &pod->object,
                                              .reason = "Scheduled",
                                              .component = "default-scheduler",
                                              .new_style = true,
                                              .message = "Successfully assigned to a node"});
}

void
cluster_run_pod(struct cluster *cluster, struct pod *pod)
{
    int64_t now = clock_now_ms(cluster->clock);
    pod->phase = POD_RUNNING;
    for (uint32_t i = 0; i < pod->container_count; i++) {
        pod->containers[i].start_ms = now;
    }
    touch(cluster, pod->node);
    emit(cluster, "MODIFIED", &pod->object);
}

void
cluster_restart(struct cluster *cluster, struct pod *pod, uint32_t index,
                enum restart_reason reason)
{
    struct container *container = &pod->containers[index];
    int64_t now = clock_now_ms(cluster->clock);
    container->last_start_ms = container->start_ms;
    container->last_finish_ms = now;
    container->start_ms = now;
    container->restart_count++;
    container->reason = reason;
    touch(cluster, pod->node);
    emit(cluster, "MODIFIED", &pod->object);
    incident_report(cluster,
                    &(struct incident_report){
                        .about = &pod->object,
                        .reason = reason == RESTART_OOM ? "OOMKilling" : "BackOff",
                        .component = "kubelet",
                        .warning = true,
                        .message = reason == RESTART_OOM ? "Memory cgroup out of memory"
                                                         : "Back-off restarting failed container"});
}

void
cluster_stop_pod(struct cluster *cluster, struct pod *pod)
{
    pod->deleted_ms = clock_now_ms(cluster->clock);
    emit(cluster, "MODIFIED", &pod->object);
    incident_report(cluster, &(struct incident_report){.about = &pod->object,
                                                       .reason = "Killing",
                                                       .component = "kubelet",
                                                       .message = "Stopping container"});
}

void
cluster_remove_pod(struct cluster *cluster, struct pod *pod)
{
    if (pod->node != NULL) {
        node_drop_pod(pod->node, pod);
        touch(cluster, pod->node);
    }
    emit_deleted(cluster, &pod->object);
    pod->node = NULL;
}

struct node *
cluster_add_node(struct cluster *cluster)
{
    if (cluster->node_index_next >= NODES_MAX) {
        return NULL;
    }
    struct node *node = cluster_new_node(cluster);
    node->object.kind = KIND_NODE;
    node->object.created_ms = clock_now_ms(cluster->clock);
    node->transition_ms = node->object.created_ms;
    node->heartbeat_ms = node->object.created_ms;
    collection_insert(&cluster->sets[KIND_NODE], &node->object);
    emit_added(cluster, &node->object);
    return node;
}

void
cluster_remove_node(struct cluster *cluster, struct node *node)
{
    while (node->pod_count > 0) {
        cluster_remove_pod(cluster, node->pods[node->pod_count - 1]);
    }
    cluster->nodes[node->index] = NULL;
    emit_deleted(cluster, &node->object);
}

void
cluster_set_ready(struct cluster *cluster, struct node *node, bool ready)
{
    int64_t now = clock_now_ms(cluster->clock);
    node->ready = ready;
    node->transition_ms = now;
    if (ready) {
        node->heartbeat_ms = now;
    }
    emit(cluster, "MODIFIED", &node->object);
    incident_report(cluster,
                    &(struct incident_report){.about = &node->object,
                                              .reason = ready ? "NodeReady" : "NodeNotReady",
                                              .component = "node-controller",
                                              .warning = !ready,
                                              .message = "Node status changed"});
}

void
cluster_heartbeat(struct cluster *cluster, struct node *node)
{
    node->heartbeat_ms = clock_now_ms(cluster->clock);
    emit(cluster, "MODIFIED", &node->object);
}

struct space *
cluster_add_space(struct cluster *cluster, const char *name)
{
    struct space *space = cluster_new_space(cluster, name);
    space->object.kind = KIND_NAMESPACE;
    space->object.created_ms = clock_now_ms(cluster->clock);
    collection_insert(&cluster->sets[KIND_NAMESPACE], &space->object);
    emit_added(cluster, &space->object);
    return space;
}

void
cluster_remove_space(struct cluster *cluster, struct space *space)
{
    const struct collection *pods = &cluster->sets[KIND_POD];
    for (uint32_t i = 0; i < pods->count; i++) {
        struct pod *pod = (struct pod *)(void *)pods->at[i];
        if (pod->space == space && pod->object.died == 0) {
            cluster_remove_pod(cluster, pod);
        }
    }
    for (uint32_t i = 0; i < cluster->space_count; i++) {
        if (cluster->spaces[i] == space) {
            cluster->space_count--;
            memmove(&cluster->spaces[i], &cluster->spaces[i + 1],
                    (cluster->space_count - i) * sizeof(struct space *));
        }
    }
    emit_deleted(cluster, &space->object);
}

void
cluster_add_incident(struct cluster *cluster, struct incident *incident)
{
    incident->object.kind = KIND_EVENT;
    collection_insert(&cluster->sets[KIND_EVENT], &incident->object);
    emit_added(cluster, &incident->object);
}

void
cluster_change_incident(struct cluster *cluster, struct incident *incident)
{
    emit(cluster, "MODIFIED", &incident->object);
}

void
cluster_forget_incident(struct cluster *cluster, struct incident *incident)
{
    emit_deleted(cluster, &incident->object);
}

void
cluster_drop_events(struct cluster *cluster)
{
    cluster->version++;
    event_log_drop(&cluster->log, cluster->version);
    cluster_bury(cluster);
}
