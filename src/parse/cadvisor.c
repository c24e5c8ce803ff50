#include "parse/cadvisor.h"

#include <string.h>

#include "base/error.h"
#include "parse/cadvisor_stats.h"

struct info_read {
    struct text name;
    struct text alias;
    struct text image;
    struct wall_ms created;
    struct text container;  // the labels of Kubernetes
    struct text pod;
    struct text namespace_name;
    struct text uid;
    bool has_stats;
};

static const struct field label_fields[] = {
    FIELD("io.kubernetes.container.name", TEXT, struct info_read, container),
    FIELD("io.kubernetes.pod.name", TEXT, struct info_read, pod),
    FIELD("io.kubernetes.pod.namespace", TEXT, struct info_read, namespace_name),
    FIELD("io.kubernetes.pod.uid", TEXT, struct info_read, uid),
};
static const struct shape label_shape = SHAPE(label_fields);

static const struct field spec_fields[] = {
    FIELD("creation_time", TIME, struct info_read, created),
    FIELD_NESTED("labels", label_shape),
    FIELD("image", TEXT, struct info_read, image),
};
static const struct shape spec_shape = SHAPE(spec_fields);

enum info_field { INFO_ALIASES = 1, INFO_SPEC, INFO_STATS };
static const struct field info_fields[] = {
    FIELD("name", TEXT, struct info_read, name),
    {FIELD_KEY("aliases"), .type = FIELD_OTHER, .items_max = 1},
    FIELD_NESTED("spec", spec_shape),
    FIELD_NESTED("stats", cadvisor_stats_shape),
};
static const struct shape info_shape = SHAPE(info_fields);
static const struct document cadvisor_document = {ROOT_ARRAY, &info_shape};

static int
read_alias(struct cursor *cursor, struct info_read *read)
{
    struct items items = items_of(cursor);
    while (items_next(&items)) {
        items.error = cursor_text(cursor, &read->alias);
    }
    return items.error;
}

static int
read_spec(struct cursor *cursor, struct info_read *read)
{
    struct members members = members_of(cursor, &spec_shape, read);
    while (members_next(&members) >= 0) {
        struct members labels = members_of(cursor, &label_shape, read);
        members_next(&labels);
        members.error = labels.error;
    }
    return members.error;
}

// The last one is the newest.
static int
read_stats(struct cursor *cursor, struct info_read *read, struct cadvisor_stats *stats,
           struct parse_counters *counters)
{
    struct items items = items_of(cursor);
    while (items_next(&items)) {
        if (cursor_null(cursor)) {
            continue;
        }
        items.error = cadvisor_stats_read(cursor, stats, counters);
        read->has_stats = true;
    }
    return items.error;
}

static int
read_info(struct cursor *cursor, struct info_read *read, struct cadvisor_stats *stats,
          struct parse_counters *counters)
{
    struct members members = members_of(cursor, &info_shape, read);
    int index;
    while ((index = members_next(&members)) >= 0) {
        switch (index) {
        case INFO_ALIASES:
            members.error = read_alias(cursor, read);
            break;
        case INFO_SPEC:
            members.error = read_spec(cursor, read);
            break;
        default:
            members.error = read_stats(cursor, read, stats, counters);
            break;
        }
    }
    return members.error;
}

// The largest file system first: the likeliest to be the root.
static void
put_filesystems(struct node_seen *node, const struct cadvisor_stats *stats)
{
    uint32_t largest = 0;
    for (uint32_t i = 1; i < stats->filesystem_count; i++) {
        if (stats->filesystems[i].capacity > stats->filesystems[largest].capacity) {
            largest = i;
        }
    }
    node->filesystem_count = stats->filesystem_count;
    memcpy(node->filesystems, stats->filesystems,
           stats->filesystem_count * sizeof stats->filesystems[0]);
    if (largest != 0) {
        node->filesystems[0] = stats->filesystems[largest];
        node->filesystems[largest] = stats->filesystems[0];
    }
}

static struct node_seen *
empty_node(struct cadvisor *cadvisor)
{
    struct node_seen *node = &cadvisor->space->seen.node_seen;
    memset(node, 0, offsetof(struct node_seen, filesystems));
    node->name = cadvisor->node_name;
    return node;
}

static void
give_node(struct cadvisor *cadvisor, const struct info_read *read,
          const struct cadvisor_stats *stats)
{
    struct node_seen *node = empty_node(cadvisor);
    node->start_time = read->created;
    node->cpu = stats->cpu;
    node->memory = stats->memory;
    node->network = stats->network;
    node->pressure = stats->pressure;
    put_filesystems(node, stats);
    node->disk_count = stats->disk_count;
    memcpy(node->disks, stats->disks, stats->disk_count * sizeof stats->disks[0]);
    cadvisor->observer.on_node(cadvisor->observer.context, node);
}

static void
give_pod(struct cadvisor *cadvisor, const struct info_read *read,
         const struct cadvisor_stats *stats)
{
    struct pod_seen *pod = &cadvisor->space->seen.pod_seen;
    memset(pod, 0, offsetof(struct pod_seen, containers));
    pod->namespace_name = read->namespace_name;
    pod->name = read->pod;
    pod->uid = read->uid;
    pod->start_time = read->created;
    pod->network = stats->network;
    cadvisor->observer.on_pod(cadvisor->observer.context, pod);
}

static void
sum_disks(struct container_seen *container, const struct cadvisor_stats *stats)
{
    for (uint32_t i = 0; i < stats->disk_count; i++) {
        container->disk.time = stats->disks[i].time;
        container->disk.read_bytes += stats->disks[i].read_bytes;
        container->disk.write_bytes += stats->disks[i].write_bytes;
    }
}

static void
fill_container(struct container_seen *container, struct text name, const struct info_read *read,
               const struct cadvisor_stats *stats)
{
    memset(container, 0, offsetof(struct container_seen, extras));
    container->name = name;
    container->image = read->image;
    container->start_time = read->created;
    container->cpu = stats->cpu;
    container->memory = stats->memory;
    container->pressure = stats->pressure;
    if (stats->filesystem_count > 0) {
        container->rootfs = stats->filesystems[0];
        container->rootfs.name = TEXT("/");
    }
    sum_disks(container, stats);
}

static void
give_container(struct cadvisor *cadvisor, const struct info_read *read,
               const struct cadvisor_stats *stats)
{
    struct container_seen *container = &cadvisor->space->seen.container_seen;
    fill_container(container, read->container, read, stats);
    cadvisor->observer.on_container(cadvisor->observer.context, read->namespace_name, read->pod,
                                    container);
}

static void
give_system_container(struct cadvisor *cadvisor, const struct info_read *read,
                      const struct cadvisor_stats *stats)
{
    struct node_seen *node = empty_node(cadvisor);
    struct text name = read->name;
    if (read->alias.size != 0) {
        name = read->alias;
    } else if (*name.at == '/') {
        name = text_sub(name, 1, SIZE_MAX);
    }
    fill_container(&node->system_containers[0], name, read, stats);
    node->system_container_count = 1;
    cadvisor->observer.on_node(cadvisor->observer.context, node);
}

static int
take_element(void *context, unsigned tag, struct text json)
{
    (void)tag;
    struct cadvisor *cadvisor = context;
    struct cursor cursor = cursor_of(json, cadvisor->space);
    struct info_read read = {0};
    struct cadvisor_stats stats;
    int error = read_info(&cursor, &read, &stats, &cadvisor->splitter.counters);
    if (error != 0) {
        return error;
    }
    if (read.name.size == 0 || !read.has_stats) {
        return -ERR_MISSING;
    }
    if (text_equal(read.name, TEXT("/"))) {
        give_node(cadvisor, &read, &stats);
    } else if (read.pod.size == 0 || read.namespace_name.size == 0) {
        give_system_container(cadvisor, &read, &stats);
    } else if (read.container.size == 0 || text_equal(read.container, TEXT("POD"))) {
        give_pod(cadvisor, &read, &stats);
    } else {
        give_container(cadvisor, &read, &stats);
    }
    return 0;
}

size_t
cadvisor_footprint(void)
{
    return splitter_footprint(ELEMENT_BYTES_MAX);
}

void
cadvisor_init(struct cadvisor *cadvisor, struct arena *arena, struct decode_space *space)
{
    ASSERT(space != NULL);
    cadvisor->space = space;
    splitter_init(&cadvisor->splitter, arena, ELEMENT_BYTES_MAX, take_element, cadvisor);
}

void
cadvisor_begin(struct cadvisor *cadvisor, struct observer observer, struct text node_name)
{
    ASSERT(observer.on_node != NULL);
    ASSERT(observer.on_pod != NULL);
    ASSERT(observer.on_container != NULL);
    cadvisor->observer = observer;
    cadvisor->node_name = node_name;
    splitter_begin(&cadvisor->splitter, &cadvisor_document, NULL);
}

int
cadvisor_feed(struct cadvisor *cadvisor, const void *bytes, size_t size)
{
    return splitter_feed(&cadvisor->splitter, bytes, size);
}

int
cadvisor_end(struct cadvisor *cadvisor)
{
    return splitter_end(&cadvisor->splitter);
}

const struct parse_counters *
cadvisor_counters(const struct cadvisor *cadvisor)
{
    return &cadvisor->splitter.counters;
}

static int
feed(void *self, const void *bytes, size_t size)
{
    return cadvisor_feed(self, bytes, size);
}

static int
end(void *self)
{
    return cadvisor_end(self);
}

static const struct parse_counters *
counters(const void *self)
{
    return cadvisor_counters(self);
}

struct decoder
cadvisor_decoder(struct cadvisor *cadvisor)
{
    static const struct decoder_calls calls = {"cadvisor", feed, end, counters};
    return (struct decoder){cadvisor, &calls};
}
