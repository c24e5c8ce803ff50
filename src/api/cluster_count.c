#include "api/cluster_count.h"

static void
count_node(struct cluster_counts *counts, const struct table_reader *table, row_index index)
{
    struct node_view view;
    if (!table_read_node(table, index, VIEW_NAMES, &view)) {
        return;
    }
    bool answers = view.row.scrape.failure_streak == 0;
    // Nobody tells of a host or a cAdvisor whether it is ready.
    bool pseudo = (view.row.head.flags & ROW_PSEUDO) != 0;
    counts->nodes++;
    counts->nodes_ready += view.row.ready == CONDITION_TRUE || (pseudo && answers) ? 1 : 0;
    counts->nodes_failing += answers ? 0 : 1;
}

static void
count_pod(struct cluster_counts *counts, const struct table_reader *table, row_index index)
{
    struct pod_view view;
    if (!table_read_pod(table, index, VIEW_NAMES, &view)) {
        return;
    }
    unsigned phase = view.row.phase < CLUSTER_POD_PHASES ? view.row.phase : POD_UNKNOWN;
    counts->pods[phase]++;
    counts->pods_deleting += (view.row.head.flags & ROW_DELETING) != 0 ? 1 : 0;
    counts->restarts += view.row.restart_count;
}

static void
count_container(struct cluster_counts *counts, const struct table_reader *table, row_index index)
{
    struct container_view view;
    if (!table_read_container(table, index, VIEW_NAMES, &view) || view.row.pod == 0) {
        return;
    }
    unsigned state = view.row.container_state;
    counts->containers[state < CLUSTER_CONTAINER_STATES ? state : CONTAINER_UNKNOWN]++;
    bool has_reason = view.row.last_reason != 0 || view.row.waiting_reason != 0;
    if (has_reason && table_read_container(table, index, VIEW_DETAILS, &view)) {
        counts->oom_killed += text_equal(view.last_reason, TEXT("OOMKilled")) ? 1 : 0;
        counts->crash_looping += text_equal(view.waiting_reason, TEXT("CrashLoopBackOff")) ? 1 : 0;
    }
}

static const struct {
    enum table_pool pool;
    void (*count)(struct cluster_counts *counts, const struct table_reader *table,
                  row_index index);
} stages[] = {
    {POOL_NODES, count_node},
    {POOL_PODS, count_pod},
    {POOL_CONTAINERS, count_container},
};

bool
cluster_count(struct cluster_counts *counts, const struct table_reader *table, unsigned rows)
{
    for (unsigned i = 0; i < rows && counts->stage < ARRAY_COUNT(stages); i++) {
        counts->row = table_next_row(table, stages[counts->stage].pool, counts->row);
        if (counts->row == 0) {
            counts->stage++;
        } else {
            stages[counts->stage].count(counts, table, counts->row);
        }
    }
    return counts->stage >= ARRAY_COUNT(stages);
}

const char *
cluster_phase_name(unsigned phase)
{
    static const char *const names[CLUSTER_POD_PHASES] = {
        [POD_UNKNOWN] = "unknown",     [POD_PENDING] = "pending", [POD_RUNNING] = "running",
        [POD_SUCCEEDED] = "succeeded", [POD_FAILED] = "failed",
    };
    return names[phase < CLUSTER_POD_PHASES ? phase : POD_UNKNOWN];
}

const char *
cluster_container_state_name(unsigned state)
{
    static const char *const names[CLUSTER_CONTAINER_STATES] = {
        [CONTAINER_UNKNOWN] = "unknown",
        [CONTAINER_WAITING] = "waiting",
        [CONTAINER_RUNNING] = "running",
        [CONTAINER_TERMINATED] = "terminated",
    };
    return names[state < CLUSTER_CONTAINER_STATES ? state : CONTAINER_UNKNOWN];
}
