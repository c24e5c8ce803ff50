// Identity: what the API server says of nodes and namespaces.
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

void
writer_set_labels(struct table_writer *writer, string_ref *ref, const struct label *labels,
                  uint32_t count)
{
    char buffer[LABELS_BYTES_MAX];
    struct out out = out_of(buffer, sizeof buffer);
    writer_set_text(writer, ref, join_labels(writer, labels, count, &out));
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
// bytes; anything else is not kept.
uint8_t
writer_pack_uid(struct text text, uint8_t uid[16])
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
set_node_texts(struct table_writer *writer, struct node_row *row, const struct node_object *node,
               struct text host_id)
{
    struct text hostname = node->name;
    for (uint32_t i = node->address_count; i-- > 0;) {
        if (node->addresses[i].type == ADDRESS_HOSTNAME) {
            hostname = node->addresses[i].address;
        }
    }
    writer_set_text(writer, &row->hostname, string_cut(hostname, NAME_BYTES_MAX));
    writer_set_text(writer, &row->host_id, string_cut(host_id, SHORT_NAME_BYTES_MAX));
    writer_set_text(writer, &row->kubelet_version,
                    string_cut(node->kubelet_version, SHORT_NAME_BYTES_MAX));
    writer_set_text(writer, &row->os_image, string_cut(node->os_image, SHORT_NAME_BYTES_MAX));
    writer_set_labels(writer, &row->labels, node->labels, node->label_count);
}

static void
set_node_values(struct node_row *row, const struct node_object *node)
{
    row->created_s = writer_seconds(node->created);
    row->kubelet_port = node->kubelet_port;
    row->ready = (uint8_t)node->ready;
    row->memory_pressure = (uint8_t)node->memory_pressure;
    row->disk_pressure = (uint8_t)node->disk_pressure;
    row->pid_pressure = (uint8_t)node->pid_pressure;
    row->network_unavailable = (uint8_t)node->network_unavailable;
    uint64_t pods = node->allocatable.pods;
    row->pods_allocatable = pods < UINT32_MAX ? (uint32_t)pods : UINT32_MAX;
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
        index = writer_take_named(writer, POOL_NODES, 1, 0, node->name, ERR_NODES_FULL);
    }
    if (index != 0) {
        struct node_row *row = node_row_at(writer->header, index);
        row_write_begin(&row->head);
        if (row->head.state != ROW_LIVE) {
            memset(row->samples, 0, sizeof row->samples);
        }
        writer_mark_listed(writer, &row->head, source, OBJECT_NODE);
        writer_set_owner(writer, POOL_NODES, index);
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
    ASSERT(source >= 1);
    ASSERT(source <= SOURCES_MAX);
    structure_begin(writer->header);
    row_index index = writer_find(writer, POOL_NODES, 0, name);
    if (index == 0) {
        index = writer_take_named(writer, POOL_NODES, 1, 0, name, ERR_NODES_FULL);
    }
    if (index != 0) {
        struct node_row *row = node_row_at(writer->header, index);
        row_write_begin(&row->head);
        if (row->head.state != ROW_LIVE) {
            memset(row->samples, 0, sizeof row->samples);
        }
        row->head.state = ROW_LIVE;
        row->head.source = (uint8_t)source;
        row->head.flags |= ROW_PSEUDO;
        row->ready = CONDITION_TRUE;
        writer_set_owner(writer, POOL_NODES, index);
        writer_set_text(writer, &row->hostname, string_cut(name, NAME_BYTES_MAX));
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
        index = writer_take_named(writer, POOL_NAMESPACES, 1, 0, name, ERR_NAMESPACES_FULL);
        if (index == 0) {
            return 0;
        }
    }
    struct namespace_row *row = namespace_row_at(writer->header, index);
    if (row->head.state != ROW_LIVE) {
        row_write_begin(&row->head);
        row->head.state = ROW_LIVE;
        row->head.source = (uint8_t)source;
        row->head.flags = 0;  // so that it leaves with its last pod
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
        writer_mark_listed(writer, &row->head, source, OBJECT_NAMESPACE);
        row->created_s = writer_seconds(object->created);
        row->terminating = object->terminating;
        row->uid_form = writer_pack_uid(object->uid, row->uid);
        writer_set_labels(writer, &row->labels, object->labels, object->label_count);
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
