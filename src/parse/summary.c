#include "parse/summary.h"

#include <string.h>

#include "base/error.h"
#include "parse/stats.h"

static const struct field reference_fields[] = {
    FIELD("name", TEXT, struct pod_seen, name),
    FIELD("namespace", TEXT, struct pod_seen, namespace_name),
    FIELD("uid", TEXT, struct pod_seen, uid),
};
static const struct shape reference_shape = SHAPE(reference_fields);

enum pod_field {
    POD_REFERENCE,
    POD_CONTAINERS = 2,
    POD_CPU,
    POD_MEMORY,
    POD_NETWORK,
    POD_VOLUMES,
    POD_EPHEMERAL,
    POD_SWAP,
    POD_IO,
};
static const struct field pod_fields[] = {
    FIELD_NESTED("podRef", reference_shape),
    FIELD("startTime", TIME, struct pod_seen, start_time),
    FIELD_LIST("containers", stats_container_shape, POD_CONTAINERS_MAX),
    FIELD_NESTED("cpu", stats_cpu_shape),
    FIELD_NESTED("memory", stats_memory_shape),
    FIELD_NESTED("network", stats_network_shape),
    FIELD_LIST("volume", stats_filesystem_shape, POD_VOLUMES_MAX),
    FIELD_NESTED("ephemeral-storage", stats_filesystem_shape),
    FIELD_NESTED("swap", stats_swap_shape),
    FIELD_NESTED("io", stats_io_shape),
};
static const struct shape pod_shape = SHAPE(pod_fields);

enum runtime_field { RUNTIME_IMAGES, RUNTIME_CONTAINERS };
static const struct field runtime_fields[] = {
    FIELD_NESTED("imageFs", stats_filesystem_shape),
    FIELD_NESTED("containerFs", stats_filesystem_shape),
};
static const struct shape runtime_shape = SHAPE(runtime_fields);

enum node_field {
    NODE_CONTAINERS = 1,
    NODE_CPU = 3,
    NODE_MEMORY,
    NODE_NETWORK,
    NODE_FILESYSTEM,
    NODE_RUNTIME,
    NODE_SWAP,
    NODE_IO,
};
static const struct field node_fields[] = {
    FIELD("nodeName", TEXT, struct node_seen, name),
    FIELD_LIST("systemContainers", stats_container_shape, NODE_SYSTEM_CONTAINERS_MAX),
    FIELD("startTime", TIME, struct node_seen, start_time),
    FIELD_NESTED("cpu", stats_cpu_shape),
    FIELD_NESTED("memory", stats_memory_shape),
    FIELD_NESTED("network", stats_network_shape),
    FIELD_NESTED("fs", stats_filesystem_shape),
    FIELD_NESTED("runtime", runtime_shape),
    FIELD_NESTED("swap", stats_swap_shape),
    FIELD_NESTED("io", stats_io_shape),
};
static const struct shape node_shape = SHAPE(node_fields);

enum summary_field { SUMMARY_NODE, SUMMARY_PODS };
static const struct field summary_fields[] = {
    {FIELD_KEY("node"), .type = FIELD_ELEMENT, .child = &node_shape},
    {FIELD_KEY("pods"), .type = FIELD_STREAM, .child = &pod_shape},
};
static const struct shape summary_shape = SHAPE(summary_fields);
static const struct document summary_document = {ROOT_OBJECT, &summary_shape};

static int
read_volumes(struct cursor *cursor, struct pod_seen *pod, struct parse_counters *counters)
{
    struct items items = items_of(cursor);
    while (items_next(&items)) {
        if (pod->volume_count == POD_VOLUMES_MAX) {
            counters->trimmed++;
            cursor_skip(cursor);
            continue;
        }
        struct filesystem_seen *volume = &pod->volumes[pod->volume_count];
        *volume = (struct filesystem_seen){0};
        items.error = stats_filesystem(cursor, volume);
        if (items.error == 0 && volume->name.size != 0) {
            pod->volume_count++;
            items.error = cursor_prefixed(cursor, TEXT("Volume:"), &volume->name);
        }
    }
    return items.error;
}

static int
read_reference(struct cursor *cursor, struct pod_seen *pod)
{
    struct members members = members_of(cursor, &reference_shape, pod);
    members_next(&members);
    return members.error;
}

static int
read_pod_part(struct cursor *cursor, int index, struct pod_seen *pod,
              struct parse_counters *counters)
{
    switch (index) {
    case POD_REFERENCE:
        return read_reference(cursor, pod);
    case POD_CONTAINERS:
        return stats_containers(cursor, pod->containers, &pod->container_count, POD_CONTAINERS_MAX,
                                counters);
    case POD_CPU:
        return stats_cpu(cursor, &pod->cpu, &pod->pressure);
    case POD_MEMORY:
        return stats_memory(cursor, &pod->memory, &pod->pressure);
    case POD_NETWORK:
        return stats_network(cursor, &pod->network);
    case POD_VOLUMES:
        return read_volumes(cursor, pod, counters);
    case POD_EPHEMERAL:
        return stats_filesystem(cursor, &pod->ephemeral);
    case POD_SWAP:
        return stats_swap(cursor, &pod->memory);
    default:
        return stats_io(cursor, &pod->pressure);
    }
}

static int
take_pod(struct summary *summary, struct cursor cursor)
{
    struct pod_seen *pod = &summary->space->seen.pod_seen;
    memset(pod, 0, offsetof(struct pod_seen, containers));
    struct members members = members_of(&cursor, &pod_shape, pod);
    int index;
    while ((index = members_next(&members)) >= 0) {
        members.error = read_pod_part(&cursor, index, pod, &summary->splitter.counters);
    }
    if (members.error != 0) {
        return members.error;
    }
    if (pod->name.size == 0 || pod->namespace_name.size == 0) {
        return -ERR_MISSING;
    }
    summary->observer.on_pod(summary->observer.context, pod);
    return 0;
}

static struct filesystem_seen *
node_filesystem(struct node_seen *node, struct text name)
{
    _Static_assert(NODE_FILESYSTEMS_MAX >= 3, "root, images and containers");
    struct filesystem_seen *taken = &node->filesystems[node->filesystem_count++];
    *taken = (struct filesystem_seen){.name = name};
    return taken;
}

// Two figures of one and the same file system: size and inodes agree.
static bool
is_same_filesystem(const struct filesystem_seen *a, const struct filesystem_seen *b)
{
    return a->capacity == b->capacity && a->inodes == b->inodes && a->available == b->available;
}

struct node_read {
    struct filesystem_seen root, images, containers;
};

static int
read_runtime(struct cursor *cursor, struct node_read *read)
{
    struct members members = members_of(cursor, &runtime_shape, NULL);
    int index;
    while ((index = members_next(&members)) >= 0) {
        members.error =
            stats_filesystem(cursor, index == RUNTIME_IMAGES ? &read->images : &read->containers);
    }
    return members.error;
}

static int
read_node_part(struct cursor *cursor, int index, struct node_seen *node, struct node_read *read,
               struct parse_counters *counters)
{
    switch (index) {
    case NODE_CONTAINERS:
        return stats_containers(cursor, node->system_containers, &node->system_container_count,
                                NODE_SYSTEM_CONTAINERS_MAX, counters);
    case NODE_CPU:
        return stats_cpu(cursor, &node->cpu, &node->pressure);
    case NODE_MEMORY:
        return stats_memory(cursor, &node->memory, &node->pressure);
    case NODE_NETWORK:
        return stats_network(cursor, &node->network);
    case NODE_FILESYSTEM:
        return stats_filesystem(cursor, &read->root);
    case NODE_RUNTIME:
        return read_runtime(cursor, read);
    case NODE_SWAP:
        return stats_swap(cursor, &node->memory);
    default:
        return stats_io(cursor, &node->pressure);
    }
}

static void
keep_filesystem(struct node_seen *node, const struct filesystem_seen *seen, struct text name)
{
    if (seen->has == 0) {
        return;
    }
    struct filesystem_seen *kept = node_filesystem(node, name);
    *kept = *seen;
    kept->name = name;
}

// "/" always comes first, also when nothing is known of it.
static void
keep_filesystems(struct node_seen *node, struct node_read *read)
{
    *node_filesystem(node, TEXT("/")) = read->root;
    node->filesystems[0].name = TEXT("/");
    if (!is_same_filesystem(&read->images, &read->root)) {
        keep_filesystem(node, &read->images, TEXT("runtime.imageFs"));
    }
    if (!is_same_filesystem(&read->containers, &read->root) &&
        !is_same_filesystem(&read->containers, &read->images)) {
        keep_filesystem(node, &read->containers, TEXT("runtime.containerFs"));
    }
}

static int
take_node(struct summary *summary, struct cursor cursor)
{
    struct node_seen *node = &summary->space->seen.node_seen;
    memset(node, 0, offsetof(struct node_seen, filesystems));
    struct node_read read = {0};
    struct members members = members_of(&cursor, &node_shape, node);
    int index;
    while ((index = members_next(&members)) >= 0) {
        members.error = read_node_part(&cursor, index, node, &read, &summary->splitter.counters);
    }
    if (members.error != 0) {
        return members.error;
    }
    if (node->name.size == 0) {
        return -ERR_MISSING;
    }
    keep_filesystems(node, &read);
    summary->observer.on_node(summary->observer.context, node);
    return 0;
}

static int
take_element(void *context, unsigned tag, struct text json)
{
    struct summary *summary = context;
    struct cursor cursor = cursor_of(json, summary->space);
    if (*cursor.at == 'n') {
        return -ERR_MISSING;
    }
    return tag == SUMMARY_NODE ? take_node(summary, cursor) : take_pod(summary, cursor);
}

size_t
summary_footprint(void)
{
    return splitter_footprint(ELEMENT_BYTES_MAX);
}

void
summary_init(struct summary *summary, struct arena *arena, struct decode_space *space)
{
    ASSERT(space != NULL);
    summary->space = space;
    splitter_init(&summary->splitter, arena, ELEMENT_BYTES_MAX, take_element, summary);
}

void
summary_begin(struct summary *summary, struct observer observer)
{
    ASSERT(observer.on_node != NULL);
    ASSERT(observer.on_pod != NULL);
    summary->observer = observer;
    splitter_begin(&summary->splitter, &summary_document, NULL);
}

int
summary_feed(struct summary *summary, const void *bytes, size_t size)
{
    return splitter_feed(&summary->splitter, bytes, size);
}

int
summary_end(struct summary *summary)
{
    return splitter_end(&summary->splitter);
}

const struct parse_counters *
summary_counters(const struct summary *summary)
{
    return &summary->splitter.counters;
}

static int
feed(void *self, const void *bytes, size_t size)
{
    return summary_feed(self, bytes, size);
}

static int
end(void *self)
{
    return summary_end(self);
}

static const struct parse_counters *
counters(const void *self)
{
    return summary_counters(self);
}

struct decoder
summary_decoder(struct summary *summary)
{
    static const struct decoder_calls calls = {"summary", feed, end, counters};
    return (struct decoder){summary, &calls};
}
