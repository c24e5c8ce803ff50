#include "churn.h"

#include <stdlib.h>
#include <string.h>

#include "mix.h"

#define RUN_DELAY_MS 2000
#define REMOVE_DELAY_MS 1000
#define CHANGES_A_STEP_MAX 500

void
churn_init(struct churn *churn, struct cluster *cluster, uint32_t rate)
{
    *churn = (struct churn){.cluster = cluster, .rate = rate};
    churn->pods_at_first = cluster->sets[KIND_POD].live;
    churn->last_ms = clock_now_ms(cluster->clock);
}

static uint64_t
draw(struct churn *churn)
{
    return mix_with(churn->cluster->options->seed ^ 0x63687572u, ++churn->draws);
}

static void
enqueue(struct churn *churn, const struct pod *pod, enum pending_step step, int64_t due_ms)
{
    if (churn->queue_count == churn->queue_cap) {
        uint32_t cap = churn->queue_cap == 0 ? 64 : churn->queue_cap * 2;
        struct pending *queue = xcalloc(cap, sizeof(*queue));
        if (churn->queue_count > 0) {
            memcpy(queue, churn->queue, churn->queue_count * sizeof(*queue));
        }
        free(churn->queue);
        churn->queue = queue;
        churn->queue_cap = cap;
    }
    uint32_t at = churn->queue_count++;
    while (at > 0 && churn->queue[at - 1].due_ms > due_ms) {
        churn->queue[at] = churn->queue[at - 1];
        at--;
    }
    churn->queue[at] = (struct pending){due_ms, step, xstrdup(pod->object.key), pod->object.seed};
}

static void
take_step(struct churn *churn, const struct pending *pending)
{
    struct object *object = collection_find(&churn->cluster->sets[KIND_POD], pending->key);
    struct pod *pod = (struct pod *)(void *)object;
    if (pod == NULL || object->seed != pending->seed) {
        return;
    }
    if (pending->step == STEP_REMOVE) {
        cluster_remove_pod(churn->cluster, pod);
    } else if (pod->node != NULL && pod->phase == POD_PENDING && pod->deleted_ms == 0) {
        cluster_run_pod(churn->cluster, pod);
    }
}

static void
take_due(struct churn *churn, int64_t now_ms)
{
    uint32_t taken = 0;
    while (taken < churn->queue_count && churn->queue[taken].due_ms <= now_ms) {
        take_step(churn, &churn->queue[taken]);
        free(churn->queue[taken].key);
        taken++;
    }
    if (taken > 0) {
        churn->queue_count -= taken;
        memmove(churn->queue, churn->queue + taken, churn->queue_count * sizeof(*churn->queue));
    }
}

void
churn_settle(struct churn *churn)
{
    take_due(churn, INT64_MAX);
}

struct pod *
churn_add_pod(struct churn *churn, struct space *space, const char *name, struct node *node,
              bool at_once)
{
    struct pod *pod = cluster_add_pod(churn->cluster, space, name);
    if (node == NULL) {
        return pod; /* stays Pending */
    }
    cluster_schedule_pod(churn->cluster, pod, node);
    if (at_once) {
        cluster_run_pod(churn->cluster, pod);
    } else {
        enqueue(churn, pod, STEP_RUN, clock_now_ms(churn->cluster->clock) + RUN_DELAY_MS);
    }
    return pod;
}

void
churn_remove_pod(struct churn *churn, struct pod *pod, bool at_once)
{
    cluster_stop_pod(churn->cluster, pod);
    if (at_once) {
        cluster_remove_pod(churn->cluster, pod);
    } else {
        enqueue(churn, pod, STEP_REMOVE, clock_now_ms(churn->cluster->clock) + REMOVE_DELAY_MS);
    }
}

static struct node *
some_node(struct churn *churn)
{
    const struct cluster *cluster = churn->cluster;
    for (unsigned tries = 0; tries < 64 && cluster->node_index_next > 0; tries++) {
        struct node *node = cluster->nodes[mix_below(draw(churn), cluster->node_index_next)];
        if (node != NULL && node->ready) {
            return node;
        }
    }
    return NULL;
}

static struct pod *
some_pod(struct churn *churn)
{
    for (unsigned tries = 0; tries < 64; tries++) {
        const struct node *node = some_node(churn);
        if (node == NULL || node->pod_count == 0) {
            continue;
        }
        struct pod *pod = node->pods[mix_below(draw(churn), node->pod_count)];
        if (pod->phase == POD_RUNNING && pod->deleted_ms == 0 && !pod->host_network) {
            return pod;
        }
    }
    return NULL;
}

/* The number of pods stays the same within a thirty-second part. */
static uint64_t
kind_of_change(struct churn *churn)
{
    uint64_t live = churn->cluster->sets[KIND_POD].live;
    uint64_t kind = mix_below(draw(churn), 4);
    if (kind == 0 && live > churn->pods_at_first + churn->pods_at_first / 32) {
        return 1;
    }
    return kind == 1 && live < churn->pods_at_first - churn->pods_at_first / 32 ? 0 : kind;
}

/* Half of the moved pods keep their name, as a StatefulSet's do. */
static void
change_one(struct churn *churn)
{
    struct cluster *cluster = churn->cluster;
    struct pod *pod = some_pod(churn);
    struct node *node = some_node(churn);
    uint64_t kind = kind_of_change(churn);
    if (node == NULL) {
        return;
    }
    churn->total[kind]++;
    if (kind == 0 || pod == NULL) {
        uint64_t space = 4 + mix_below(draw(churn), cluster->space_count - 4);
        churn_add_pod(churn, cluster->spaces[space], NULL, node, false);
    } else if (kind == 1) {
        churn_remove_pod(churn, pod, false);
    } else if (kind == 2) {
        bool oom = mix_below(draw(churn), 3) == 0;
        cluster_restart(cluster, pod, (uint32_t)mix_below(draw(churn), pod->container_count),
                        oom ? RESTART_OOM : RESTART_ERROR);
    } else {
        struct space *space = pod->space;
        bool keep = mix_below(draw(churn), 2) == 0;
        char *name = xstrdup(pod->object.name);
        churn_remove_pod(churn, pod, true);
        churn_add_pod(churn, space, keep ? name : NULL, node, false);
        free(name);
    }
}

/* Looks at a few nodes each time: a late heartbeat does no harm. */
static void
beat_hearts(struct churn *churn, int64_t now_ms)
{
    struct cluster *cluster = churn->cluster;
    int64_t period_ms = 1000 * (int64_t)cluster->options->heartbeat_s;
    uint32_t looks = cluster->node_index_next < 64 ? cluster->node_index_next : 64;
    if (period_ms == 0) {
        return;
    }
    for (uint32_t i = 0; i < looks; i++) {
        churn->heartbeat_next = (churn->heartbeat_next + 1) % cluster->node_index_next;
        struct node *node = cluster->nodes[churn->heartbeat_next];
        if (node != NULL && node->ready && now_ms - node->heartbeat_ms >= period_ms) {
            cluster_heartbeat(cluster, node);
        }
    }
}

void
churn_step(struct churn *churn)
{
    int64_t now = clock_now_ms(churn->cluster->clock);
    take_due(churn, now);
    beat_hearts(churn, now);
    if (now > churn->last_ms) {
        churn->credit += (now - churn->last_ms) * churn->rate;
    }
    churn->last_ms = now;
    for (unsigned i = 0; churn->credit >= 1000; i++) {
        churn->credit -= 1000;
        if (i < CHANGES_A_STEP_MAX) {
            change_one(churn);
        }
    }
}
