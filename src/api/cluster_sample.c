#include "api/cluster_sample.h"

#include <string.h>

#include "sink/prometheus_name.h"

// Views and sets are large: functions that have one have a frame of their own.
#define APART __attribute__((noinline))

// Prometheus takes no bytes that are not UTF-8.
static void
write_value(struct out *out, struct text value)
{
    for (size_t at = 0; at < value.size;) {
        size_t length = text_utf8_length(value, at);
        char byte = value.at[at];
        if (length == 0) {
            out_string(out, "\xef\xbf\xbd");
        } else if (byte == '\n') {
            out_string(out, "\\n");
        } else {
            if (byte == '"' || byte == '\\') {
                out_byte(out, '\\');
            }
            out_bytes(out, value.at + at, length);
        }
        at += length == 0 ? 1 : length;
    }
}

static void
write_label(struct out *out, bool *first, struct text key, struct text value)
{
    if (value.size == 0) {
        return;
    }
    out_byte(out, *first ? '{' : ',');
    *first = false;
    out_text(out, key);
    out_string(out, "=\"");
    write_value(out, value);
    out_byte(out, '"');
}

static APART void
write_pod(struct out *out, bool *first, const struct table_reader *table, row_index row)
{
    struct pod_view pod;
    if (table_read_pod(table, row, VIEW_NAMES, &pod)) {
        write_label(out, first, TEXT("namespace"), pod.namespace_name);
        write_label(out, first, TEXT("node"), pod.node_name);
        write_label(out, first, TEXT("pod"), pod.name);
    }
}

static APART void
write_node(struct out *out, bool *first, const struct table_reader *table, row_index row)
{
    struct node_view node;
    if (table_read_node(table, row, VIEW_NAMES, &node)) {
        write_label(out, first, TEXT("node"), node.name);
    }
}

// A system container is called as its cgroup.
static void
write_id(struct out *out, bool *first, struct text name)
{
    char room[NAME_BYTES_MAX + 1];
    struct out id = out_of(room, sizeof room);
    if (!text_starts(name, TEXT("/"))) {
        out_byte(&id, '/');
    }
    out_text(&id, name);
    write_label(out, first, TEXT("id"), out_view(&id));
}

// Those that tell the entity, as remote write sends them.
static void
write_entity(struct out *out, bool *first, const struct target *target, struct text name)
{
    const struct container_view *container = &target->container;
    bool with_image = text_starts(name, TEXT("container_"));
    switch (target->entity) {
    case ENTITY_NODE:
        write_label(out, first, TEXT("node"), target->node.name);
        break;
    case ENTITY_NAMESPACE:
        write_label(out, first, TEXT("namespace"), target->namespace_row.name);
        break;
    case ENTITY_POD:
        write_label(out, first, TEXT("namespace"), target->pod.namespace_name);
        write_label(out, first, TEXT("node"), target->pod.node_name);
        write_label(out, first, TEXT("pod"), target->pod.name);
        break;
    case ENTITY_CONTAINER:
        write_label(out, first, TEXT("container"), container->name);
        write_label(out, first, TEXT("image"), with_image ? container->image : (struct text){"", 0});
        write_pod(out, first, target->table, container->row.pod);
        break;
    case ENTITY_SYSTEM_CONTAINER:
        write_id(out, first, container->name);
        write_node(out, first, target->table, container->row.node);
        break;
    default:
        break;
    }
}

static uint32_t
start_of(const struct target *target)
{
    switch (target->entity) {
    case ENTITY_NODE:
        return target->node.row.start_s;
    case ENTITY_POD:
        return target->pod.row.start_s;
    case ENTITY_CONTAINER:
    case ENTITY_SYSTEM_CONTAINER:
        return target->container.row.start_s;
    default:
        return 0;
    }
}

static APART bool
name_point(const struct target *target, const struct set_point *point,
           struct prometheus_point *named)
{
    struct metric_set set = {.entity = target->entity, .start_s = start_of(target)};
    return prometheus_name(&set, point, named);
}

bool
cluster_sample_write(struct out *out, const struct target *target, const struct set_point *point,
                     struct text family)
{
    struct prometheus_point named;
    bool first = true;
    if (!name_point(target, point, &named) ||
        (family.size > 0 && !text_equal(family, named.name))) {
        return false;
    }
    out_text(out, named.name);
    for (unsigned i = 0; i < named.label_count; i++) {
        write_label(out, &first, named.label[i].key, named.label[i].value);
    }
    write_entity(out, &first, target, named.name);
    out_string(out, first ? " " : "} ");
    out_double(out, named.value);
    out_byte(out, '\n');
    return true;
}

struct text
cluster_sample_name(const struct target *target, const struct set_point *point,
                    char room[NAME_BYTES_MAX])
{
    struct prometheus_point named;
    if (!name_point(target, point, &named) || named.name.size > NAME_BYTES_MAX) {
        return (struct text){room, 0};
    }
    memcpy(room, named.name.at, named.name.size);
    return (struct text){room, named.name.size};
}

void
cluster_sample_state(struct out *out, const struct target *target, const char *name,
                     const struct cluster_label *labels, unsigned count)
{
    bool first = true;
    out_string(out, name);
    for (unsigned i = 0; i < count; i++) {
        write_label(out, &first, labels[i].key, labels[i].value);
    }
    write_entity(out, &first, target, text_of(name));
    out_string(out, "} 1\n");
}
