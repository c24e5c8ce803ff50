#include "parse/node_object.h"

#include <string.h>

#include "base/error.h"
#include "parse/metadata.h"
#include "parse/quantities.h"
#include "parse/status.h"

struct spec_read {
    struct text external_id;
    struct text provider_id;
    bool unschedulable;
};

static const struct field spec_fields[] = {
    FIELD("externalID", TEXT, struct spec_read, external_id),
    FIELD("providerID", TEXT, struct spec_read, provider_id),
    FIELD("unschedulable", BOOL, struct spec_read, unschedulable),
};
static const struct shape spec_shape = SHAPE(spec_fields);

// Of a condition its type and status, of an address its type and address.
struct pair_read {
    struct text type;
    struct text value;
};

static const struct field condition_fields[] = {
    FIELD("type", TEXT, struct pair_read, type),
    FIELD("status", TEXT, struct pair_read, value),
};
static const struct shape condition_shape = SHAPE(condition_fields);

static const struct field address_fields[] = {
    FIELD("type", TEXT, struct pair_read, type),
    FIELD("address", TEXT, struct pair_read, value),
};
static const struct shape address_shape = SHAPE(address_fields);

struct port_read {
    uint32_t port;
};

static const struct field port_fields[] = {
    FIELD("Port", U32, struct port_read, port),
};
static const struct shape port_shape = SHAPE(port_fields);

static const struct field endpoints_fields[] = {
    FIELD_NESTED("kubeletEndpoint", port_shape),
};
static const struct shape endpoints_shape = SHAPE(endpoints_fields);

static const struct field info_fields[] = {
    FIELD("kernelVersion", TEXT, struct node_object, kernel_version),
    FIELD("osImage", TEXT, struct node_object, os_image),
    FIELD("kubeletVersion", TEXT, struct node_object, kubelet_version),
};
static const struct shape info_shape = SHAPE(info_fields);

// Far more than any node has; the splitter leaves the rest out.
#define CONDITIONS_MAX 64

enum status_field {
    STATUS_CAPACITY,
    STATUS_ALLOCATABLE,
    STATUS_CONDITIONS,
    STATUS_ADDRESSES,
    STATUS_ENDPOINTS,
    STATUS_INFO,
};
static const struct field status_fields[] = {
    FIELD_WHOLE("capacity"),
    FIELD_WHOLE("allocatable"),
    FIELD_LIST("conditions", condition_shape, CONDITIONS_MAX),
    FIELD_LIST("addresses", address_shape, NODE_ADDRESSES_MAX),
    FIELD_NESTED("daemonEndpoints", endpoints_shape),
    FIELD_NESTED("nodeInfo", info_shape),
};
static const struct shape status_shape = SHAPE(status_fields);

enum node_field { NODE_METADATA, NODE_SPEC, NODE_STATUS };
static const struct field node_fields[] = {
    FIELD_NESTED("metadata", metadata_shape),
    FIELD_NESTED("spec", spec_shape),
    FIELD_NESTED("status", status_shape),
    STATUS_FIELDS,
};
const struct shape node_object_shape = SHAPE(node_fields);

static int
read_spec(struct cursor *cursor, struct node_object *node)
{
    struct spec_read read = {0};
    struct members members = members_of(cursor, &spec_shape, &read);
    members_next(&members);
    node->external_id = read.external_id.size != 0 ? read.external_id : read.provider_id;
    node->unschedulable = read.unschedulable;
    return members.error;
}

static enum condition
condition_of(struct text status)
{
    if (text_equal(status, TEXT("True"))) {
        return CONDITION_TRUE;
    }
    return text_equal(status, TEXT("False")) ? CONDITION_FALSE : CONDITION_UNKNOWN;
}

static void
keep_condition(struct node_object *node, struct pair_read read)
{
    enum condition value = condition_of(read.value);
    if (text_equal(read.type, TEXT("Ready"))) {
        node->ready = value;
    } else if (text_equal(read.type, TEXT("MemoryPressure"))) {
        node->memory_pressure = value;
    } else if (text_equal(read.type, TEXT("DiskPressure"))) {
        node->disk_pressure = value;
    } else if (text_equal(read.type, TEXT("PIDPressure"))) {
        node->pid_pressure = value;
    } else if (text_equal(read.type, TEXT("NetworkUnavailable"))) {
        node->network_unavailable = value;
    }
}

static void
keep_address(struct node_object *node, struct pair_read read, struct parse_counters *counters)
{
    static const struct text names[] = {
        [ADDRESS_HOSTNAME] = TEXT("Hostname"),        [ADDRESS_INTERNAL_IP] = TEXT("InternalIP"),
        [ADDRESS_EXTERNAL_IP] = TEXT("ExternalIP"),   [ADDRESS_INTERNAL_DNS] = TEXT("InternalDNS"),
        [ADDRESS_EXTERNAL_DNS] = TEXT("ExternalDNS"),
    };
    _Static_assert(ARRAY_COUNT(names) == ADDRESS_TYPE_COUNT, "all types");
    for (unsigned i = 0; i < ARRAY_COUNT(names); i++) {
        if (!text_equal(read.type, names[i]) || read.value.size == 0) {
            continue;
        }
        if (node->address_count == NODE_ADDRESSES_MAX) {
            counters->trimmed++;
            return;
        }
        node->addresses[node->address_count].type = (enum address_type)i;
        node->addresses[node->address_count].address = read.value;
        node->address_count++;
    }
}

static int
read_pairs(struct cursor *cursor, int index, struct node_object *node,
           struct parse_counters *counters)
{
    bool conditions = index == STATUS_CONDITIONS;
    struct items items = items_of(cursor);
    while (items_next(&items)) {
        struct pair_read read = {0};
        struct members members =
            members_of(cursor, conditions ? &condition_shape : &address_shape, &read);
        members_next(&members);
        items.error = members.error;
        if (conditions) {
            keep_condition(node, read);
        } else {
            keep_address(node, read, counters);
        }
    }
    return items.error;
}

static int
read_endpoints(struct cursor *cursor, struct node_object *node)
{
    struct port_read read = {0};
    struct members members = members_of(cursor, &endpoints_shape, NULL);
    while (members_next(&members) >= 0) {
        struct members port = members_of(cursor, &port_shape, &read);
        members_next(&port);
        members.error = port.error;
    }
    if (members.error == 0 && read.port > UINT16_MAX) {
        return -ERR_BAD_NUMBER;
    }
    node->kubelet_port = (uint16_t)read.port;
    return members.error;
}

static int
read_info(struct cursor *cursor, struct node_object *node)
{
    struct members members = members_of(cursor, &info_shape, node);
    members_next(&members);
    return members.error;
}

static int
read_status(struct cursor *cursor, struct node_object *node, struct parse_counters *counters)
{
    struct members members = members_of(cursor, &status_shape, NULL);
    int index;
    while ((index = members_next(&members)) >= 0) {
        switch (index) {
        case STATUS_CAPACITY:
            members.error = quantities_read(cursor, &node->capacity, counters);
            break;
        case STATUS_ALLOCATABLE:
            members.error = quantities_read(cursor, &node->allocatable, counters);
            break;
        case STATUS_ENDPOINTS:
            members.error = read_endpoints(cursor, node);
            break;
        case STATUS_INFO:
            members.error = read_info(cursor, node);
            break;
        default:
            members.error = read_pairs(cursor, index, node, counters);
            break;
        }
    }
    return members.error;
}

static int
read_metadata(struct cursor *cursor, struct node_object *node, struct text *version,
              struct parse_counters *counters)
{
    struct metadata metadata;
    struct label_list labels = {node->labels, &node->label_count, LABELS_MAX};
    struct label_list annotations = {node->annotations, &node->annotation_count,
                                     ARRAY_COUNT(node->annotations)};
    int error = metadata_read(cursor, &metadata, labels, annotations, counters);
    node->name = metadata.name;
    node->uid = metadata.uid;
    node->created = metadata.created;
    *version = metadata.resource_version;
    return error;
}

int
node_object_read(struct cursor *cursor, struct node_object *node, struct text *version,
                 struct parse_counters *counters)
{
    memset(node, 0, offsetof(struct node_object, labels));
    struct members members = members_of(cursor, &node_object_shape, NULL);
    int index;
    while ((index = members_next(&members)) >= 0) {
        switch (index) {
        case NODE_METADATA:
            members.error = read_metadata(cursor, node, version, counters);
            break;
        case NODE_SPEC:
            members.error = read_spec(cursor, node);
            break;
        case NODE_STATUS:
            members.error = read_status(cursor, node, counters);
            break;
        default:
            cursor_skip(cursor);
            break;
        }
    }
    if (members.error == 0 && node->name.size == 0) {
        return -ERR_MISSING;
    }
    return members.error;
}
