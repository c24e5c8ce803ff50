#include "api/cluster_state.h"

#include "api/cluster_sample.h"
#include "base/check.h"

static const struct {
    const char *name;
    const char *help;
    enum entity entity;
} states[CLUSTER_STATE_COUNT] = {
    [CLUSTER_STATE_POD_PHASE] = {"kube_pod_status_phase", "The phase of the pod", ENTITY_POD},
    [CLUSTER_STATE_NODE_CONDITION] = {"kube_node_status_condition", "The conditions of the node",
                                      ENTITY_NODE},
    [CLUSTER_STATE_CONTAINER_WAITING] = {"kube_pod_container_status_waiting_reason",
                                         "Why the container waits", ENTITY_CONTAINER},
    [CLUSTER_STATE_CONTAINER_ENDED] = {"kube_pod_container_status_last_terminated_reason",
                                       "Why the container ended last", ENTITY_CONTAINER},
};

#define NODE_CONDITIONS 5

enum entity
cluster_state_entity(enum cluster_state state)
{
    ASSERT(state < CLUSTER_STATE_COUNT);
    return states[state].entity;
}

void
cluster_state_head(struct out *out, enum cluster_state state)
{
    ASSERT(state < CLUSTER_STATE_COUNT);
    out_format(out, "# HELP %s %s\n# TYPE %s gauge\n", states[state].name, states[state].help,
               states[state].name);
}

unsigned
cluster_state_places(enum cluster_state state)
{
    return state == CLUSTER_STATE_NODE_CONDITION ? NODE_CONDITIONS : 1;
}

static struct text
phase_of(const struct target *target)
{
    static const struct text phases[] = {
        [POD_UNKNOWN] = TEXT("Unknown"),     [POD_PENDING] = TEXT("Pending"),
        [POD_RUNNING] = TEXT("Running"),     [POD_SUCCEEDED] = TEXT("Succeeded"),
        [POD_FAILED] = TEXT("Failed"),
    };
    unsigned phase = target->pod.row.phase;
    return phases[phase < ARRAY_COUNT(phases) ? phase : POD_UNKNOWN];
}

// "unknown" is also what was never said: only readiness is told so.
static bool
write_condition(struct out *out, const struct target *target, unsigned place)
{
    const struct node_row *row = &target->node.row;
    const struct {
        struct text name;
        uint8_t value;
    } conditions[NODE_CONDITIONS] = {
        {TEXT("Ready"), row->ready},
        {TEXT("MemoryPressure"), row->memory_pressure},
        {TEXT("DiskPressure"), row->disk_pressure},
        {TEXT("PIDPressure"), row->pid_pressure},
        {TEXT("NetworkUnavailable"), row->network_unavailable},
    };
    static const struct text words[] = {
        [CONDITION_UNKNOWN] = TEXT("unknown"),
        [CONDITION_TRUE] = TEXT("true"),
        [CONDITION_FALSE] = TEXT("false"),
    };
    unsigned value = conditions[place].value;
    if ((row->head.flags & ROW_FROM_API) == 0 || value >= ARRAY_COUNT(words) ||
        (value == CONDITION_UNKNOWN && place != 0)) {
        return false;
    }
    struct cluster_label labels[] = {{TEXT("condition"), conditions[place].name},
                                     {TEXT("status"), words[value]}};
    cluster_sample_state(out, target, states[CLUSTER_STATE_NODE_CONDITION].name, labels, 2);
    return true;
}

bool
cluster_state_write(struct out *out, enum cluster_state state, const struct target *target,
                    unsigned place)
{
    ASSERT(place < cluster_state_places(state));
    struct cluster_label label = {TEXT("reason"), {"", 0}};
    switch (state) {
    case CLUSTER_STATE_POD_PHASE:
        label = (struct cluster_label){TEXT("phase"), phase_of(target)};
        break;
    case CLUSTER_STATE_NODE_CONDITION:
        return write_condition(out, target, place);
    case CLUSTER_STATE_CONTAINER_WAITING:
        label.value = target->container.waiting_reason;
        break;
    case CLUSTER_STATE_CONTAINER_ENDED:
        label.value = target->container.last_reason;
        break;
    case CLUSTER_STATE_COUNT:
        break;
    }
    if (label.value.size != 0) {
        cluster_sample_state(out, target, states[state].name, &label, 1);
    }
    return label.value.size != 0;
}
