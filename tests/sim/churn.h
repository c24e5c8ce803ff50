/* What happens by itself as time goes: pods come, go, restart, move; nodes
 * write their status. Deterministic by seed. */
#ifndef SIM_CHURN_H
#define SIM_CHURN_H

#include "cluster.h"

enum pending_step { STEP_RUN, STEP_REMOVE };

struct pending {
    int64_t due_ms;
    enum pending_step step;
    char *key; /* of the pod, which may be gone by then */
    uint64_t seed;
};

struct churn {
    struct cluster *cluster;
    uint32_t rate;         /* pods a second */
    uint64_t pods_at_first;
    uint64_t draws;
    int64_t last_ms;
    int64_t credit;        /* thousandths of a change */
    struct pending *queue; /* in order of time */
    uint32_t queue_count;
    uint32_t queue_cap;
    uint32_t heartbeat_next; /* index of the node looked at next */
    uint64_t total[4];
};

void churn_init(struct churn *churn, struct cluster *cluster, uint32_t rate);
/* Brings the cluster up to simulated now. */
void churn_step(struct churn *churn);
/* A pod in `space` on `node`: pending at once, running 2 s later. */
struct pod *churn_add_pod(struct churn *churn, struct space *space, const char *name,
                          struct node *node, bool at_once);
/* Asked to go at once, gone 1 s later. */
void churn_remove_pod(struct churn *churn, struct pod *pod, bool at_once);
/* Ready-made pending steps happen now. */
void churn_settle(struct churn *churn);

#endif
