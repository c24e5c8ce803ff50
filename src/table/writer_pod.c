// Pods and their containers: their rows, and what the API server says of them.
#include <string.h>

#include "base/check.h"
#include "table/writer_state.h"

static void
leave_node(struct table_header *header, struct pod_row *row)
{
    if (row->node_previous != 0) {
        pod_row_at(header, row->node_previous)->node_next = row->node_next;
    } else if (row->node_index != 0) {
        node_row_at(header, row->node_index)->first_pod = row->node_next;
    }
    if (row->node_next != 0) {
        pod_row_at(header, row->node_next)->node_previous = row->node_previous;
    }
    row->node_index = 0;
    row->node_previous = 0;
    row->node_next = 0;
}

static void
join_node(struct table_header *header, row_index pod, row_index node, row_index previous)
{
    struct pod_row *row = pod_row_at(header, pod);
    row_index *link = previous != 0 ? &pod_row_at(header, previous)->node_next
                                    : &node_row_at(header, node)->first_pod;
    row->node_index = node;
    row->node_previous = previous;
    row->node_next = *link;
    if (*link != 0) {
        pod_row_at(header, *link)->node_previous = pod;
    }
    *link = pod;
}

void
writer_attach_pod_to_node(struct table_writer *writer, row_index pod, row_index node)
{
    struct pod_row *row = pod_row_at(writer->header, pod);
    if (row->node_index == node) {
        return;
    }
    row_write_begin(&row->head);
    leave_node(writer->header, row);
    if (node != 0) {
        join_node(writer->header, pod, node, 0);
    }
    row_write_end(&row->head);
}

void
writer_follow_pod(struct table_writer *writer, row_index previous, row_index pod)
{
    struct pod_row *row = pod_row_at(writer->header, pod);
    row_index node = row->node_index;
    if (row->node_previous == previous || pod == previous) {
        return;
    }
    row_write_begin(&row->head);
    leave_node(writer->header, row);
    join_node(writer->header, pod, node, previous);
    row_write_end(&row->head);
}

void
writer_begin_pod_anew(struct table_writer *writer, row_index index)
{
    struct pod_row *row = pod_row_at(writer->header, index);
    row_write_begin(&row->head);
    writer_free_container_list(writer, &row->first_container);
    writer_drop_filesystems(writer, &row->filesystems, UINT32_MAX);
    writer_drop_extras(writer, &row->extras, UINT32_MAX);
    writer_drop_pressure(writer, &row->pressure);
    string_ref *texts[] = {&row->labels, &row->reason, &row->owner};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        writer_set_text(writer, texts[i], TEXT(""));
    }
    row->head.flags = 0;
    row->created_s = 0;
    row->start_s = 0;
    row->restart_count = 0;
    row->phase = POD_UNKNOWN;
    row->uid_form = UID_NONE;
    row->container_count = 0;
    row->summed = 0;
    row->resources = (struct resource_row){0};
    memset(row->samples, 0, sizeof row->samples);
    row_write_end(&row->head);
}

// A row of a pod of the namespace, linked into its list.
static row_index
take_pod(struct table_writer *writer, row_index node, row_index namespace_index, struct text name)
{
    struct table_header *header = writer->header;
    row_index near = pool_home(header, POOL_NODES, node, POOL_PODS);
    row_index index =
        writer_take_named(writer, POOL_PODS, near, namespace_index, name, ERR_PODS_FULL);
    if (index == 0) {
        return 0;
    }
    struct pod_row *row = pod_row_at(header, index);
    struct namespace_row *space = namespace_row_at(header, namespace_index);
    row->namespace_index = namespace_index;
    row->namespace_next = space->first_pod;
    if (space->first_pod != 0) {
        pod_row_at(header, space->first_pod)->namespace_previous = index;
    }
    space->first_pod = index;
    return index;
}

row_index
writer_need_pod(struct table_writer *writer, unsigned source, row_index node,
                row_index namespace_index, struct text name)
{
    row_index index = writer_find(writer, POOL_PODS, namespace_index, name);
    if (index == 0) {
        index = take_pod(writer, node, namespace_index, name);
        if (index == 0) {
            return 0;
        }
    }
    struct row_head *head = writer_head(writer, POOL_PODS, index);
    if (head->state == ROW_GONE) {
        writer_begin_pod_anew(writer, index);
    }
    if (head->state != ROW_LIVE) {
        row_write_begin(head);
        head->state = ROW_LIVE;
        head->source = (uint8_t)source;
        row_write_end(head);
    }
    return index;
}

// Whether a container runs as long as its pod does.
static bool
is_lasting(const struct container_object *container)
{
    return container->role == CONTAINER_MAIN || container->role == CONTAINER_SIDECAR;
}

// Requests and limits of the pod: the sum over its long-running containers,
// also of those that had no room as rows of their own.
static void
sum_containers(struct table_writer *writer, struct pod_row *row, const struct pod_object *pod)
{
    struct resource_row sum = {0};
    uint32_t restarts = 0;
    uint16_t count = 0;
    writer_drop_requests(writer, &row->extras);
    for (uint32_t i = 0; i < pod->container_count; i++) {
        const struct container_object *container = &pod->containers[i];
        restarts += container->restart_count;
        if (!is_lasting(container)) {
            continue;
        }
        struct resource_row resources = writer_resources_of(container);
        writer_add_resources(&sum, &resources);
        writer_put_other_requests(writer, &row->extras, container);
        count++;
    }
    row->resources = sum;
    row->restart_count = restarts;
    row->container_count = count;
}

// What it requests is not taken from any node yet.
static bool
is_waiting(const struct pod_object *pod)
{
    return pod->node_name.size == 0;
}

static void
set_pod(struct table_writer *writer, struct pod_row *row, const struct pod_object *pod)
{
    row->uid_form = writer_pack_uid(pod->uid, row->uid);
    row->phase = (uint8_t)pod->phase;
    row->created_s = writer_seconds(pod->created);
    uint8_t flags = (uint8_t)(row->head.flags & ~(ROW_HOST_NETWORK | ROW_DELETING | ROW_WAITING));
    flags = (uint8_t)(flags | (pod->host_network ? ROW_HOST_NETWORK : 0));
    flags = (uint8_t)(flags | (pod->deleting ? ROW_DELETING : 0));
    flags = (uint8_t)(flags | (is_waiting(pod) ? ROW_WAITING : 0));
    row->head.flags = flags;
    if (pod->start_time.ms != 0) {
        row->start_s = writer_seconds(pod->start_time);
    }
    char owner[SHORT_NAME_BYTES_MAX];
    struct out out = out_of(owner, sizeof owner);
    if (pod->owner_name.size != 0) {
        out_text(&out, pod->owner_kind);
        out_byte(&out, '/');
        out_text(&out, pod->owner_name);
    }
    writer_set_text(writer, &row->owner, out_view(&out));
    writer_set_text(writer, &row->reason, string_cut(pod->reason, SHORT_NAME_BYTES_MAX));
    writer_set_labels(writer, &row->labels, pod->labels, pod->label_count);
}

// Same name, another pod.
static bool
is_another(const struct pod_row *row, const struct pod_object *pod)
{
    uint8_t uid[16];
    uint8_t form = writer_pack_uid(pod->uid, uid);
    return row->uid_form != UID_NONE && form != UID_NONE &&
           (form != row->uid_form || memcmp(uid, row->uid, sizeof uid) != 0);
}

// Finished pods may fill three quarters of the plan, so that they never keep
// running ones out for long.
static bool
has_room_for_finished(const struct table_header *header)
{
    const struct pool_use *use = &header->pool[POOL_PODS];
    return use->used < use->limit - use->limit / 4;
}

static uint16_t
overflow_uid(const struct table_writer *writer, const struct pod_object *pod)
{
    return (uint16_t)hash_bytes(writer->header->hash_key, pod->uid.at, pod->uid.size);
}

// The pod has no row: it only counts.
static void
put_overflow(struct table_writer *writer, unsigned source, row_index node, row_index space,
             const struct pod_object *pod)
{
    struct resource_row sum = {0};
    uint32_t count = 0;
    for (uint32_t i = 0; i < pod->container_count; i++) {
        if (!is_lasting(&pod->containers[i])) {
            continue;
        }
        if (!is_waiting(pod)) {
            struct resource_row resources = writer_resources_of(&pod->containers[i]);
            writer_add_resources(&sum, &resources);
        }
        count++;
    }
    struct overflow_pod known = {
        .hash = overflow_hash(writer->header->hash_key, pod->namespace_name, pod->name),
        .uid = overflow_uid(writer, pod),
        .source = source,
        .generation = writer->lists[source][OBJECT_POD].generation,
        .space = space,
        .node = node,
    };
    overflow_put(&writer->overflow, &known, &sum, count);
}

// From now on it counts by its row or, with 0, no more.
static void
leave_overflow(struct table_writer *writer, const struct pod_object *pod, row_index row)
{
    if (overflow_is_empty(&writer->overflow)) {
        return;
    }
    uint64_t hash = overflow_hash(writer->header->hash_key, pod->namespace_name, pod->name);
    if (row != 0) {
        overflow_give_row(&writer->overflow, hash, overflow_uid(writer, pod), row);
    } else {
        overflow_remove(&writer->overflow, hash);
    }
}

// Init containers that are done leave no row: they would take the room of a
// third of the containers planned and have nothing more to say.
static bool
has_own_row(const struct container_object *container)
{
    return container->role != CONTAINER_INIT || container->state != CONTAINER_TERMINATED;
}

static void
write_pod(struct table_writer *writer, unsigned source, row_index node, row_index index,
          const struct pod_object *pod)
{
    struct pod_row *row = pod_row_at(writer->header, index);
    if (is_another(row, pod)) {
        writer_begin_pod_anew(writer, index);
    }
    writer_attach_pod_to_node(writer, index, node);
    writer_set_owner(writer, POOL_PODS, index);
    row_write_begin(&row->head);
    writer_mark_listed(writer, &row->head, source, OBJECT_POD);
    set_pod(writer, row, pod);
    sum_containers(writer, row, pod);
    row_write_end(&row->head);
    for (uint32_t i = 0; i < pod->container_count; i++) {
        if (has_own_row(&pod->containers[i])) {
            writer_put_container(writer, index, &pod->containers[i]);
        }
    }
    bool cut = pod->container_count == POD_CONTAINERS_MAX;
    writer_drop_unnamed_containers(writer, &row->first_container, cut);
}

// Known while no node was, as pods are when they are made; nothing was measured yet.
static bool
is_unplaced(const struct pod_row *row)
{
    bool measured = false;
    for (unsigned i = 0; i < SAMPLES_PER_ROW; i++) {
        measured = measured || row->samples[i].head.cycle_s != 0;
    }
    return row->head.state == ROW_LIVE && row->node_index == 0 && !measured;
}

static row_index
put_pod(struct table_writer *writer, unsigned source, const struct pod_object *pod)
{
    writer->source = source;
    bool finished = writer_is_finished(pod->phase);
    row_index space = writer_need_namespace(writer, source, pod->namespace_name);
    row_index node = writer_find(writer, POOL_NODES, 0, pod->node_name);
    row_index index = space != 0 ? writer_find(writer, POOL_PODS, space, pod->name) : 0;
    if (index != 0 && node != 0 && is_unplaced(pod_row_at(writer->header, index))) {
        writer_free_pod(writer, index);  // and is taken again where it belongs
        index = 0;
    }
    if (index == 0 && finished && !has_room_for_finished(writer->header)) {
        leave_overflow(writer, pod, 0);
        return 0;
    }
    index = space != 0 ? writer_need_pod(writer, source, node, space, pod->name) : 0;
    if (index == 0 && !finished) {
        put_overflow(writer, source, node, space, pod);
        return 0;
    }
    leave_overflow(writer, pod, index);
    if (index != 0) {
        write_pod(writer, source, node, index, pod);
    }
    return index;
}

row_index
table_put_pod(struct table_writer *writer, unsigned source, const struct pod_object *pod)
{
    ASSERT(source >= 1);
    ASSERT(source <= SOURCES_MAX);
    structure_begin(writer->header);
    row_index index = put_pod(writer, source, pod);
    structure_end(writer->header);
    return index;
}

void
table_remove_pod(struct table_writer *writer, unsigned source, const struct pod_object *pod)
{
    leave_overflow(writer, pod, 0);
    row_index space = writer_find(writer, POOL_NAMESPACES, 0, pod->namespace_name);
    row_index index = space != 0 ? writer_find(writer, POOL_PODS, space, pod->name) : 0;
    if (index == 0) {
        return;
    }
    struct pod_row *row = pod_row_at(writer->header, index);
    if (row->head.state == ROW_LIVE && row->head.source == source && !is_another(row, pod)) {
        row->head.flags |= ROW_FROM_API;  // who says so; kubelets do not revive it
        writer_mark_gone(writer, &row->head);
    }
}
