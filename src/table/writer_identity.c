// Identity: what the API server says of nodes, namespaces and pods.
#include <string.h>

#include "base/check.h"
#include "table/writer_state.h"

// Longest "key:value,..." text first-fit into the limit; what does not fit is
// counted. Kubernetes sends labels sorted by key; that order is kept.
static struct text
join_labels(struct table_writer *writer, const struct label *labels, uint32_t count,
            struct out *out)
{
    for (uint32_t i = 0; i < count; i++) {
        size_t need = labels[i].key.size + labels[i].value.size + 2;
        if (need > out->size - out->used) {
            table_count_error(writer, ERR_TOO_LONG, 1);
            continue;
        }
        if (out->used != 0) {
            out_byte(out, ',');
        }
        out_text(out, labels[i].key);
        out_byte(out, ':');
        out_text(out, labels[i].value);
    }
    return out_view(out);
}

static void
set_labels(struct table_writer *writer, string_ref *ref, const struct label *labels,
           uint32_t count)
{
    char buffer[LABELS_BYTES_MAX];
    struct out out = out_of(buffer, sizeof buffer);
    writer_set_text(writer, ref, join_labels(writer, labels, count, &out));
}

static uint32_t
seconds_of(struct wall_ms time)
{
    return time.ms <= 0 ? 0 : (uint32_t)(time.ms / MS_PER_S);
}

static int
hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    if (byte >= 'a' && byte <= 'f') {
        return byte - 'a' + 10;
    }
    return -1;
}

// UUIDs (36 bytes) and the hex hashes of static pods (32) are kept in 16
// bytes; anything else is not kept. Returns enum uid_form.
static uint8_t
pack_uid(struct text text, uint8_t uid[16])
{
    memset(uid, 0, 16);
    bool dashed = text.size == 36;
    if (!dashed && text.size != 32) {
        return UID_NONE;
    }
    size_t digits = 0;
    for (size_t i = 0; i < text.size; i++) {
        bool dash = dashed && (i == 8 || i == 13 || i == 18 || i == 23);
        int digit = hex_digit(text.at[i]);
        if (dash ? text.at[i] != '-' : digit < 0) {
            return UID_NONE;
        }
        if (!dash) {
            uid[digits / 2] = (uint8_t)(uid[digits / 2] << 4 | digit);
            digits++;
        }
    }
    return dashed ? UID_UUID : UID_HEX;
}

static void
mark_listed(struct table_writer *writer, struct row_head *head, unsigned source,
            enum object_kind kind)
{
    head->state = ROW_LIVE;
    head->source = (uint8_t)source;
    head->flags |= ROW_FROM_API;
    head->list_generation = writer->lists[source][kind].generation;
}


static void
set_node_texts(struct table_writer *writer, struct node_row *row, const struct node_object *node,
               struct text host_id)
{
    struct text hostname = node->name;
    for (uint32_t i = node->address_count; i-- > 0;) {
        if (node->addresses[i].type == ADDRESS_HOSTNAME) {
            hostname = node->addresses[i].address;
        }
    }
    writer_set_text(writer, &row->hostname, text_sub(hostname, 0, NAME_BYTES_MAX));
    writer_set_text(writer, &row->host_id, text_sub(host_id, 0, SHORT_NAME_BYTES_MAX));
    writer_set_text(writer, &row->kubelet_version,
                    text_sub(node->kubelet_version, 0, SHORT_NAME_BYTES_MAX));
    writer_set_text(writer, &row->os_image, text_sub(node->os_image, 0, SHORT_NAME_BYTES_MAX));
    set_labels(writer, &row->labels, node->labels, node->label_count);
}

static void
set_node_values(struct node_row *row, const struct node_object *node)
{
    row->created_s = seconds_of(node->created);
    row->kubelet_port = node->kubelet_port;
    row->ready = (uint8_t)node->ready;
    row->memory_pressure = (uint8_t)node->memory_pressure;
    row->disk_pressure = (uint8_t)node->disk_pressure;
    row->pid_pressure = (uint8_t)node->pid_pressure;
    row->network_unavailable = (uint8_t)node->network_unavailable;
    row->pods_allocatable = (uint32_t)node->allocatable.pods;
    row->cpu_capacity_milli = node->capacity.cpu_milli;
    row->cpu_allocatable_milli = node->allocatable.cpu_milli;
    row->memory_capacity = node->capacity.memory;
    row->memory_allocatable = node->allocatable.memory;
    row->ephemeral_capacity = node->capacity.ephemeral;
    row->ephemeral_allocatable = node->allocatable.ephemeral;
    uint8_t cordoned = node->unschedulable ? ROW_UNSCHEDULABLE : 0;
    row->head.flags = (uint8_t)((row->head.flags & ~ROW_UNSCHEDULABLE) | cordoned);
}

row_index
table_put_node(struct table_writer *writer, unsigned source, const struct node_object *node,
               struct text host_id)
{
    ASSERT(source >= 1);
    ASSERT(source <= SOURCES_MAX);
    structure_begin(writer->header);
    row_index index = writer_find(writer, POOL_NODES, 0, node->name);
    if (index == 0) {
        index = writer_take_named(writer, POOL_NODES, 0, node->name, ERR_NODES_FULL);
    }
    if (index != 0) {
        struct node_row *row = node_row_at(writer->header, index);
        row_write_begin(&row->head);
        if (row->head.state != ROW_LIVE) {
            memset(row->samples, 0, sizeof row->samples);
        }
        mark_listed(writer, &row->head, source, OBJECT_NODE);
        set_node_texts(writer, row, node, host_id);
        set_node_values(row, node);
        row_write_end(&row->head);
    }
    structure_end(writer->header);
    return index;
}

row_index
table_put_pseudo_node(struct table_writer *writer, unsigned source, struct text name)
{
    structure_begin(writer->header);
    row_index index = writer_find(writer, POOL_NODES, 0, name);
    if (index == 0) {
        index = writer_take_named(writer, POOL_NODES, 0, name, ERR_NODES_FULL);
    }
    if (index != 0) {
        struct node_row *row = node_row_at(writer->header, index);
        row_write_begin(&row->head);
        row->head.state = ROW_LIVE;
        row->head.source = (uint8_t)source;
        row->head.flags |= ROW_PSEUDO;
        row->ready = CONDITION_TRUE;
        writer_set_text(writer, &row->hostname, text_sub(name, 0, NAME_BYTES_MAX));
        row_write_end(&row->head);
    }
    structure_end(writer->header);
    return index;
}

row_index
table_find_node(const struct table_writer *writer, struct text name)
{
    row_index index = writer_find(writer, POOL_NODES, 0, name);
    if (index == 0 || node_row_at(writer->header, index)->head.state != ROW_LIVE) {
        return 0;
    }
    return index;
}

void
table_remove_node(struct table_writer *writer, unsigned source, struct text name)
{
    row_index index = table_find_node(writer, name);
    if (index != 0 && node_row_at(writer->header, index)->head.source == source) {
        writer_mark_gone(writer, &node_row_at(writer->header, index)->head);
    }
}


row_index
writer_need_namespace(struct table_writer *writer, unsigned source, struct text name)
{
    row_index index = writer_find(writer, POOL_NAMESPACES, 0, name);
    if (index == 0) {
        index = writer_take_named(writer, POOL_NAMESPACES, 0, name, ERR_NAMESPACES_FULL);
        if (index == 0) {
            return 0;
        }
    }
    struct namespace_row *row = namespace_row_at(writer->header, index);
    if (row->head.state != ROW_LIVE) {
        row_write_begin(&row->head);
        row->head.state = ROW_LIVE;
        row->head.source = (uint8_t)source;
        row_write_end(&row->head);
    }
    return index;
}

row_index
table_put_namespace(struct table_writer *writer, unsigned source,
                    const struct namespace_object *object)
{
    structure_begin(writer->header);
    row_index index = writer_need_namespace(writer, source, object->name);
    if (index != 0) {
        struct namespace_row *row = namespace_row_at(writer->header, index);
        row_write_begin(&row->head);
        mark_listed(writer, &row->head, source, OBJECT_NAMESPACE);
        row->created_s = seconds_of(object->created);
        row->terminating = object->terminating;
        row->uid_form = pack_uid(object->uid, row->uid);
        set_labels(writer, &row->labels, object->labels, object->label_count);
        row_write_end(&row->head);
    }
    structure_end(writer->header);
    return index;
}

void
table_remove_namespace(struct table_writer *writer, unsigned source, struct text name)
{
    row_index index = writer_find(writer, POOL_NAMESPACES, 0, name);
    if (index == 0) {
        return;
    }
    struct row_head *head = &namespace_row_at(writer->header, index)->head;
    if (head->state == ROW_LIVE && head->source == source) {
        writer_mark_gone(writer, head);
    }
}


void
writer_attach_pod_to_node(struct table_writer *writer, row_index pod, row_index node)
{
    struct table_header *header = writer->header;
    struct pod_row *row = pod_row_at(header, pod);
    if (row->node_index == node) {
        return;
    }
    if (row->node_previous != 0) {
        pod_row_at(header, row->node_previous)->node_next = row->node_next;
    } else if (row->node_index != 0) {
        node_row_at(header, row->node_index)->first_pod = row->node_next;
    }
    if (row->node_next != 0) {
        pod_row_at(header, row->node_next)->node_previous = row->node_previous;
    }
    row->node_index = node;
    row->node_previous = 0;
    row->node_next = 0;
    if (node != 0) {
        struct node_row *to = node_row_at(header, node);
        row->node_next = to->first_pod;
        if (to->first_pod != 0) {
            pod_row_at(header, to->first_pod)->node_previous = pod;
        }
        to->first_pod = pod;
    }
}

row_index
writer_need_pod(struct table_writer *writer, unsigned source, row_index namespace_index,
                struct text name)
{
    struct table_header *header = writer->header;
    row_index index = writer_find(writer, POOL_PODS, namespace_index, name);
    if (index == 0) {
        index = writer_take_named(writer, POOL_PODS, namespace_index, name, ERR_PODS_FULL);
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
    }
    struct pod_row *row = pod_row_at(header, index);
    if (row->head.state != ROW_LIVE) {
        row_write_begin(&row->head);
        row->head.state = ROW_LIVE;
        row->head.source = (uint8_t)source;
        row->head.flags = 0;
        row->uid_form = UID_NONE;
        row->phase = POD_UNKNOWN;
        memset(row->samples, 0, sizeof row->samples);
        row_write_end(&row->head);
        writer_free_container_list(writer, &row->first_container);
    }
    return index;
}

row_index
writer_need_container(struct table_writer *writer, row_index pod, row_index node,
                      struct text name)
{
    struct table_header *header = writer->header;
    row_index *first = pod != 0 ? &pod_row_at(header, pod)->first_container
                                : &node_row_at(header, node)->first_container;
    row_index index = writer_find_container(writer, *first, name);
    if (index != 0) {
        return index;
    }
    bool full = false;
    string_ref ref = string_take(header, text_sub(name, 0, NAME_BYTES_MAX), &full);
    if (ref == 0) {
        table_count_error(writer, full ? ERR_STRINGS_FULL : ERR_MISSING, 1);
        return 0;
    }
    index = pool_take(header, POOL_CONTAINERS);
    if (index == 0) {
        string_drop(header, ref);
        table_count_error(writer, ERR_CONTAINERS_FULL, 1);
        return 0;
    }
    struct container_row *row = container_row_at(header, index);
    row_write_begin(&row->head);
    row->head.state = ROW_LIVE;
    row->head.source = (uint8_t)writer->source;
    row->head.name = ref;
    row->pod = pod;
    row->node = node;
    row->rootfs_backing = BACKING_NONE;
    row->logs_backing = BACKING_NONE;
    row->next = *first;
    row_write_end(&row->head);
    *first = index;
    return index;
}

static struct resource_row
resources_of(const struct container_object *container)
{
    uint64_t cpu_request = container->requests.cpu_milli;
    uint64_t cpu_limit = container->limits.cpu_milli;
    return (struct resource_row){
        .memory_request = container->requests.memory,
        .memory_limit = container->limits.memory,
        .ephemeral_request = container->requests.ephemeral,
        .ephemeral_limit = container->limits.ephemeral,
        .cpu_request = cpu_request < UINT32_MAX ? (uint32_t)cpu_request : UINT32_MAX,
        .cpu_limit = cpu_limit < UINT32_MAX ? (uint32_t)cpu_limit : UINT32_MAX,
    };
}

static void
put_other_requests(struct table_writer *writer, row_index *extras,
                   const struct container_object *container)
{
    for (uint32_t i = 0; i < container->requests.other_count; i++) {
        char name[SHORT_NAME_BYTES_MAX];
        struct out out = out_of(name, sizeof name);
        out_text(&out, container->requests.others[i].name);
        out_string(&out, "/request");
        double value = (double)container->requests.others[i].value;
        writer_put_extra(writer, extras, out_view(&out), TEXT(""), value, 0);
    }
}

static void
put_container(struct table_writer *writer, row_index pod, const struct container_object *container)
{
    row_index index = writer_need_container(writer, pod, 0, container->name);
    if (index == 0) {
        return;
    }
    struct container_row *row = container_row_at(writer->header, index);
    row_write_begin(&row->head);
    row->head.flags |= ROW_FROM_API;
    row->head.list_generation = UINT32_MAX;  // named by this object
    row->role = (uint8_t)container->role;
    row->container_state = (uint8_t)container->state;
    row->ready = container->ready;
    row->restart_count = container->restart_count;
    row->last_finished_s = seconds_of(container->last_finished);
    row->last_exit_code = container->last_exit_code;
    row->resources = resources_of(container);
    writer_set_text(writer, &row->image, text_sub(container->image, 0, IMAGE_BYTES_MAX));
    writer_set_text(writer, &row->last_reason,
                    text_sub(container->last_termination_reason, 0, SHORT_NAME_BYTES_MAX));
    writer_set_text(writer, &row->waiting_reason,
                    text_sub(container->waiting_reason, 0, SHORT_NAME_BYTES_MAX));
    writer_drop_requests(writer, &row->extras);
    put_other_requests(writer, &row->extras, container);
    row_write_end(&row->head);
}

// Containers that the object no longer names leave, unless the object was cut.
static void
drop_unnamed_containers(struct table_writer *writer, row_index *first)
{
    row_index *link = first;
    while (*link != 0) {
        struct container_row *row = container_row_at(writer->header, *link);
        if (row->head.list_generation == UINT32_MAX) {
            row->head.list_generation = 0;
            link = &row->next;
        } else {
            writer_drop_container(writer, link);
        }
    }
}

void
writer_add_resources(struct resource_row *sum, const struct resource_row *by)
{
    sum->cpu_request += by->cpu_request;
    sum->cpu_limit += by->cpu_limit;
    sum->memory_request += by->memory_request;
    sum->memory_limit += by->memory_limit;
    sum->ephemeral_request += by->ephemeral_request;
    sum->ephemeral_limit += by->ephemeral_limit;
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
        if (container->role != CONTAINER_MAIN && container->role != CONTAINER_SIDECAR) {
            continue;
        }
        struct resource_row resources = resources_of(container);
        writer_add_resources(&sum, &resources);
        put_other_requests(writer, &row->extras, container);
        count++;
    }
    row->resources = sum;
    row->restart_count = restarts;
    row->container_count = count;
}

static void
set_pod(struct table_writer *writer, struct pod_row *row, const struct pod_object *pod)
{
    uint8_t uid[16];
    uint8_t form = pack_uid(pod->uid, uid);
    bool known = row->uid_form != UID_NONE && form != UID_NONE;
    if (known && (form != row->uid_form || memcmp(uid, row->uid, sizeof uid) != 0)) {
        memset(row->samples, 0, sizeof row->samples);  // same name, another pod
    }
    memcpy(row->uid, uid, sizeof uid);
    row->uid_form = form;
    row->phase = (uint8_t)pod->phase;
    row->created_s = seconds_of(pod->created);
    uint8_t flags = (uint8_t)(row->head.flags & ~(ROW_HOST_NETWORK | ROW_DELETING));
    flags = (uint8_t)(flags | (pod->host_network ? ROW_HOST_NETWORK : 0));
    flags = (uint8_t)(flags | (pod->deleting ? ROW_DELETING : 0));
    row->head.flags = flags;
    if (pod->start_time.ms != 0) {
        row->start_s = seconds_of(pod->start_time);
    }
    char owner[SHORT_NAME_BYTES_MAX];
    struct out out = out_of(owner, sizeof owner);
    if (pod->owner_name.size != 0) {
        out_text(&out, pod->owner_kind);
        out_byte(&out, '/');
        out_text(&out, pod->owner_name);
    }
    writer_set_text(writer, &row->owner, out_view(&out));
    writer_set_text(writer, &row->reason, text_sub(pod->reason, 0, SHORT_NAME_BYTES_MAX));
    set_labels(writer, &row->labels, pod->labels, pod->label_count);
}

static bool
is_finished(const struct pod_object *pod)
{
    return pod->phase == POD_SUCCEEDED || pod->phase == POD_FAILED;
}

// Finished pods may fill three quarters of the plan, so that they never keep
// running ones out for long.
static bool
has_room_for_finished(const struct table_header *header)
{
    const struct pool_use *use = &header->pool[POOL_PODS];
    return use->used < use->limit - use->limit / 4;
}

static row_index
put_pod(struct table_writer *writer, unsigned source, const struct pod_object *pod)
{
    writer->source = source;
    row_index space = writer_need_namespace(writer, source, pod->namespace_name);
    row_index index = space != 0 ? writer_find(writer, POOL_PODS, space, pod->name) : 0;
    bool finished = is_finished(pod);
    if (finished) {
        overflow_remove(writer, space, pod);
        if (index == 0 && !has_room_for_finished(writer->header)) {
            return 0;
        }
    }
    index = space != 0 ? writer_need_pod(writer, source, space, pod->name) : 0;
    if (index == 0) {
        if (!finished) {
            overflow_add(writer, space, pod);
        }
        return 0;
    }
    overflow_remove(writer, space, pod);
    struct pod_row *row = pod_row_at(writer->header, index);
    writer_attach_pod_to_node(writer, index,
                              writer_find(writer, POOL_NODES, 0, pod->node_name));
    row_write_begin(&row->head);
    mark_listed(writer, &row->head, source, OBJECT_POD);
    set_pod(writer, row, pod);
    sum_containers(writer, row, pod);
    row_write_end(&row->head);
    for (uint32_t i = 0; i < pod->container_count; i++) {
        put_container(writer, index, &pod->containers[i]);
    }
    drop_unnamed_containers(writer, &row->first_container);
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
    row_index space = writer_find(writer, POOL_NAMESPACES, 0, pod->namespace_name);
    overflow_remove(writer, space, pod);
    row_index index = space != 0 ? writer_find(writer, POOL_PODS, space, pod->name) : 0;
    if (index == 0) {
        return;
    }
    struct row_head *head = &pod_row_at(writer->header, index)->head;
    if (head->state == ROW_LIVE && head->source == source) {
        writer_mark_gone(writer, head);
    }
}
