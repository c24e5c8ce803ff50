#include "parse/pod_object.h"

#include <string.h>

#include "base/error.h"
#include "parse/metadata.h"
#include "parse/quantities.h"
#include "parse/status.h"

enum resources_field { RESOURCES_REQUESTS, RESOURCES_LIMITS };
static const struct field resources_fields[] = {
    FIELD_WHOLE("requests"),
    FIELD_WHOLE("limits"),
};
static const struct shape resources_shape = SHAPE(resources_fields);

struct container_read {
    struct text name;
    struct text image;
    struct text restart_policy;
};

static const struct field container_fields[] = {
    FIELD("name", TEXT, struct container_read, name),
    FIELD("image", TEXT, struct container_read, image),
    FIELD("restartPolicy", TEXT, struct container_read, restart_policy),
    FIELD_NESTED("resources", resources_shape),
};
static const struct shape container_shape = SHAPE(container_fields);

struct spec_read {
    struct text node_name;
    bool host_network;
};

// Order of enum container_role, with the sidecars among the init containers.
static const enum container_role roles[] = {CONTAINER_INIT, CONTAINER_MAIN, CONTAINER_EPHEMERAL};

static const struct field spec_fields[] = {
    FIELD_LIST("initContainers", container_shape, POD_CONTAINERS_MAX),
    FIELD_LIST("containers", container_shape, POD_CONTAINERS_MAX),
    FIELD_LIST("ephemeralContainers", container_shape, POD_CONTAINERS_MAX),
    FIELD("nodeName", TEXT, struct spec_read, node_name),
    FIELD("hostNetwork", BOOL, struct spec_read, host_network),
};
static const struct shape spec_shape = SHAPE(spec_fields);

struct state_read {
    struct text reason;
    int32_t exit_code;
    struct wall_ms finished;
};

static const struct field one_state_fields[] = {
    FIELD("exitCode", I32, struct state_read, exit_code),
    FIELD("reason", TEXT, struct state_read, reason),
    FIELD("finishedAt", TIME, struct state_read, finished),
};
static const struct shape one_state_shape = SHAPE(one_state_fields);

enum state_field { STATE_WAITING, STATE_RUNNING, STATE_TERMINATED };
static const struct field state_fields[] = {
    FIELD_NESTED("waiting", one_state_shape),
    FIELD_NESTED("running", one_state_shape),
    FIELD_NESTED("terminated", one_state_shape),
};
static const struct shape state_shape = SHAPE(state_fields);

struct container_status_read {
    struct text name;
    struct text container_id;
    uint32_t restart_count;
    bool ready;
    enum container_state state;
    struct state_read current;
    bool was_terminated;
    struct state_read last;
};

enum container_status_field { CONTAINER_STATUS_NOW = 1, CONTAINER_STATUS_LAST };
static const struct field container_status_fields[] = {
    FIELD("name", TEXT, struct container_status_read, name),
    FIELD_NESTED("state", state_shape),
    FIELD_NESTED("lastState", state_shape),
    FIELD("ready", BOOL, struct container_status_read, ready),
    FIELD("restartCount", U32, struct container_status_read, restart_count),
    FIELD("containerID", TEXT, struct container_status_read, container_id),
};
static const struct shape container_status_shape = SHAPE(container_status_fields);

struct status_part_read {
    struct text phase;
    struct text reason;
    struct wall_ms start_time;
};

static const struct field status_fields[] = {
    FIELD_LIST("initContainerStatuses", container_status_shape, POD_CONTAINERS_MAX),
    FIELD_LIST("containerStatuses", container_status_shape, POD_CONTAINERS_MAX),
    FIELD_LIST("ephemeralContainerStatuses", container_status_shape, POD_CONTAINERS_MAX),
    FIELD("phase", TEXT, struct status_part_read, phase),
    FIELD("reason", TEXT, struct status_part_read, reason),
    FIELD("startTime", TIME, struct status_part_read, start_time),
};
static const struct shape status_shape = SHAPE(status_fields);

enum pod_field { POD_METADATA, POD_SPEC, POD_STATUS };
static const struct field pod_fields[] = {
    FIELD_NESTED("metadata", metadata_shape),
    FIELD_NESTED("spec", spec_shape),
    FIELD_NESTED("status", status_shape),
    STATUS_FIELDS,
};
const struct shape pod_object_shape = SHAPE(pod_fields);

// The pod's container of this name, made when there is none; NULL when there
// is no room.
static struct container_object *
container_named(struct pod_object *pod, struct text name, enum container_role role,
                struct parse_counters *counters)
{
    for (uint32_t i = 0; i < pod->container_count; i++) {
        if (text_equal(pod->containers[i].name, name)) {
            return &pod->containers[i];
        }
    }
    if (pod->container_count == POD_CONTAINERS_MAX) {
        counters->trimmed++;
        return NULL;
    }
    struct container_object *made = &pod->containers[pod->container_count++];
    *made = (struct container_object){.name = name, .role = role};
    return made;
}

static int
read_resources(struct cursor *cursor, struct container_object *container,
               struct parse_counters *counters)
{
    struct members members = members_of(cursor, &resources_shape, NULL);
    int index;
    while ((index = members_next(&members)) >= 0) {
        members.error = quantities_read(
            cursor, index == RESOURCES_REQUESTS ? &container->requests : &container->limits,
            counters);
    }
    return members.error;
}

static int
read_container(struct cursor *cursor, enum container_role role, struct pod_object *pod,
               struct parse_counters *counters)
{
    struct container_read read = {0};
    struct cursor resources = {0};
    struct members members = members_of(cursor, &container_shape, &read);
    while (members_next(&members) >= 0) {
        resources = *cursor;  // they are the only ones left to the caller
        cursor_skip(cursor);
    }
    if (members.error != 0 || read.name.size == 0) {
        return members.error != 0 ? members.error : -ERR_MISSING;
    }
    struct container_object *container = container_named(pod, read.name, role, counters);
    if (container == NULL) {
        return 0;
    }
    bool sidecar = role == CONTAINER_INIT && text_equal(read.restart_policy, TEXT("Always"));
    container->role = sidecar ? CONTAINER_SIDECAR : role;
    container->image = read.image;
    return resources.at == NULL ? 0 : read_resources(&resources, container, counters);
}

static int
read_spec(struct cursor *cursor, struct pod_object *pod, struct parse_counters *counters)
{
    struct spec_read read = {0};
    struct members members = members_of(cursor, &spec_shape, &read);
    int index;
    while ((index = members_next(&members)) >= 0) {
        struct items items = items_of(cursor);
        while (items_next(&items)) {
            items.error = read_container(cursor, roles[index], pod, counters);
        }
        members.error = items.error;
    }
    pod->node_name = read.node_name;
    pod->host_network = read.host_network;
    return members.error;
}

// Which state the container is in, and what is said of it.
static int
read_state(struct cursor *cursor, enum container_state *state, struct state_read *read)
{
    static const enum container_state states[] = {CONTAINER_WAITING, CONTAINER_RUNNING,
                                                  CONTAINER_TERMINATED};
    struct members members = members_of(cursor, &state_shape, NULL);
    int index;
    while ((index = members_next(&members)) >= 0) {
        struct members one = members_of(cursor, &one_state_shape, read);
        members_next(&one);
        members.error = one.error;
        *state = states[index];
    }
    return members.error;
}

static int
read_last_state(struct cursor *cursor, struct container_status_read *read)
{
    enum container_state state = CONTAINER_UNKNOWN;
    int error = read_state(cursor, &state, &read->last);
    read->was_terminated = state == CONTAINER_TERMINATED;
    return error;
}

static void
keep_status(struct container_object *container, const struct container_status_read *read)
{
    container->state = read->state;
    container->ready = read->ready;
    container->restart_count = read->restart_count;
    container->container_id = read->container_id;
    if (read->state == CONTAINER_WAITING) {
        container->waiting_reason = read->current.reason;
    }
    // A container that is down now ended later than in its last state.
    bool is_terminated = read->state == CONTAINER_TERMINATED;
    if (is_terminated || read->was_terminated) {
        const struct state_read *end = is_terminated ? &read->current : &read->last;
        container->last_termination_reason = end->reason;
        container->last_exit_code = end->exit_code;
        container->last_finished = end->finished;
    }
}

static int
read_container_status(struct cursor *cursor, enum container_role role, struct pod_object *pod,
                      struct parse_counters *counters)
{
    struct container_status_read read = {0};
    struct members members = members_of(cursor, &container_status_shape, &read);
    int index;
    while ((index = members_next(&members)) >= 0) {
        members.error = index == CONTAINER_STATUS_NOW
                            ? read_state(cursor, &read.state, &read.current)
                            : read_last_state(cursor, &read);
    }
    if (members.error != 0 || read.name.size == 0) {
        return members.error != 0 ? members.error : -ERR_MISSING;
    }
    struct container_object *container = container_named(pod, read.name, role, counters);
    if (container != NULL) {
        keep_status(container, &read);
    }
    return 0;
}

static enum pod_phase
phase_of(struct text phase)
{
    static const struct text names[] = {
        [POD_PENDING] = TEXT("Pending"),
        [POD_RUNNING] = TEXT("Running"),
        [POD_SUCCEEDED] = TEXT("Succeeded"),
        [POD_FAILED] = TEXT("Failed"),
    };
    for (unsigned i = POD_PENDING; i < ARRAY_COUNT(names); i++) {
        if (text_equal(phase, names[i])) {
            return (enum pod_phase)i;
        }
    }
    return POD_UNKNOWN;
}

static int
read_status(struct cursor *cursor, struct pod_object *pod, struct parse_counters *counters)
{
    struct status_part_read read = {0};
    struct members members = members_of(cursor, &status_shape, &read);
    int index;
    while ((index = members_next(&members)) >= 0) {
        struct items items = items_of(cursor);
        while (items_next(&items)) {
            items.error = read_container_status(cursor, roles[index], pod, counters);
        }
        members.error = items.error;
    }
    pod->phase = phase_of(read.phase);
    pod->reason = read.reason;
    pod->start_time = read.start_time;
    return members.error;
}

static int
read_metadata(struct cursor *cursor, struct pod_object *pod, struct text *version,
              struct parse_counters *counters)
{
    struct metadata metadata;
    uint32_t no_annotations;
    struct label_list labels = {pod->labels, &pod->label_count, LABELS_MAX};
    struct label_list annotations = {NULL, &no_annotations, 0};
    int error = metadata_read(cursor, &metadata, labels, annotations, counters);
    pod->name = metadata.name;
    pod->namespace_name = metadata.namespace_name;
    pod->uid = metadata.uid;
    pod->created = metadata.created;
    pod->deleting = metadata.deleted.ms != 0;
    pod->owner_kind = metadata.owner_kind;
    pod->owner_name = metadata.owner_name;
    *version = metadata.resource_version;
    return error;
}

int
pod_object_read(struct cursor *cursor, struct pod_object *pod, struct text *version,
                struct parse_counters *counters)
{
    memset(pod, 0, offsetof(struct pod_object, labels));
    struct members members = members_of(cursor, &pod_object_shape, NULL);
    int index;
    while ((index = members_next(&members)) >= 0) {
        switch (index) {
        case POD_METADATA:
            members.error = read_metadata(cursor, pod, version, counters);
            break;
        case POD_SPEC:
            members.error = read_spec(cursor, pod, counters);
            break;
        case POD_STATUS:
            members.error = read_status(cursor, pod, counters);
            break;
        default:
            cursor_skip(cursor);
            break;
        }
    }
    if (members.error == 0 && (pod->name.size == 0 || pod->namespace_name.size == 0)) {
        return -ERR_MISSING;
    }
    return members.error;
}
