#include "parse/objects.h"

#include "base/error.h"
#include "parse/event_object.h"
#include "parse/metadata.h"
#include "parse/namespace_object.h"
#include "parse/node_object.h"
#include "parse/pod_object.h"

static const struct field page_fields[] = {
    FIELD("resourceVersion", TEXT, struct page_seen, resource_version),
    FIELD("continue", TEXT, struct page_seen, continue_token),
    FIELD("remainingItemCount", U64, struct page_seen, remaining),
};
static const struct shape page_shape = SHAPE(page_fields);

enum list_field { LIST_METADATA, LIST_ITEMS };

struct event_read {
    struct text type;
    struct cursor object;
};

enum event_field { EVENT_TYPE, EVENT_OBJECT };

// One list and one event a kind: they differ in the object's shape only.
#define KIND(name, object_shape)                                                                   \
    static const struct field name##_list_fields[] = {                                             \
        {FIELD_KEY("metadata"), .type = FIELD_ELEMENT, .child = &page_shape},                      \
        {FIELD_KEY("items"), .type = FIELD_STREAM, .child = &(object_shape)},                      \
    };                                                                                             \
    static const struct shape name##_list = SHAPE(name##_list_fields);                             \
    static const struct field name##_event_fields[] = {                                            \
        FIELD("type", TEXT, struct event_read, type),                                              \
        FIELD_NESTED("object", object_shape),                                                      \
    };                                                                                             \
    static const struct shape name##_event = SHAPE(name##_event_fields)

KIND(node, node_object_shape);
KIND(pod, pod_object_shape);
KIND(namespace, namespace_object_shape);
KIND(event, event_object_shape);

static const struct shape *const event_shapes[] = {
    [OBJECT_NODE] = &node_event,
    [OBJECT_POD] = &pod_event,
    [OBJECT_NAMESPACE] = &namespace_event,
    [OBJECT_EVENT] = &event_event,
};

static const struct document lists[] = {
    [OBJECT_NODE] = {ROOT_OBJECT, &node_list},
    [OBJECT_POD] = {ROOT_OBJECT, &pod_list},
    [OBJECT_NAMESPACE] = {ROOT_OBJECT, &namespace_list},
    [OBJECT_EVENT] = {ROOT_OBJECT, &event_list},
};

static const struct document watches[] = {
    [OBJECT_NODE] = {ROOT_ELEMENTS, &node_event},
    [OBJECT_POD] = {ROOT_ELEMENTS, &pod_event},
    [OBJECT_NAMESPACE] = {ROOT_ELEMENTS, &namespace_event},
    [OBJECT_EVENT] = {ROOT_ELEMENTS, &event_event},
};

static int
take_page(struct objects *objects, struct cursor *cursor)
{
    struct page_seen page = {0};
    struct members members = members_of(cursor, &page_shape, &page);
    members_next(&members);
    if (members.error == 0) {
        objects->observer.on_page(objects->observer.context, &page);
    }
    return members.error;
}

static int
take_node(struct objects *objects, struct cursor *cursor, enum object_change change)
{
    struct node_object *node = &objects->space->seen.node;
    struct text version = {0};
    int error = node_object_read(cursor, node, &version, &objects->splitter.counters);
    if (error == 0) {
        objects->observer.on_node(objects->observer.context, change, version, node);
    }
    return error;
}

static int
take_pod(struct objects *objects, struct cursor *cursor, enum object_change change)
{
    struct pod_object *pod = &objects->space->seen.pod;
    struct text version = {0};
    int error = pod_object_read(cursor, pod, &version, &objects->splitter.counters);
    if (error == 0) {
        objects->observer.on_pod(objects->observer.context, change, version, pod);
    }
    return error;
}

static int
take_namespace(struct objects *objects, struct cursor *cursor, enum object_change change)
{
    struct namespace_object *seen = &objects->space->seen.namespace_object;
    struct text version = {0};
    int error = namespace_object_read(cursor, seen, &version, &objects->splitter.counters);
    if (error == 0) {
        objects->observer.on_namespace(objects->observer.context, change, version, seen);
    }
    return error;
}

static int
take_event_object(struct objects *objects, struct cursor *cursor, enum object_change change)
{
    struct event_object *event = &objects->space->seen.event;
    struct text version = {0};
    int error = event_object_read(cursor, event, &version, &objects->splitter.counters);
    if (error == 0) {
        objects->observer.on_event(objects->observer.context, change, version, event);
    }
    return error;
}

static int
take_object(struct objects *objects, struct cursor *cursor, enum object_change change)
{
    switch (objects->kind) {
    case OBJECT_NODE:
        return take_node(objects, cursor, change);
    case OBJECT_POD:
        return take_pod(objects, cursor, change);
    case OBJECT_EVENT:
        return take_event_object(objects, cursor, change);
    default:
        return take_namespace(objects, cursor, change);
    }
}

static const struct field bookmark_fields[] = {FIELD_NESTED("metadata", metadata_shape)};
static const struct shape bookmark_shape = SHAPE(bookmark_fields);

static int
take_bookmark(struct objects *objects, struct cursor *cursor)
{
    struct metadata metadata = {0};
    uint32_t count;
    struct label_list none = {NULL, &count, 0};
    struct members members = members_of(cursor, &bookmark_shape, NULL);
    int index;
    while ((index = members_next(&members)) >= 0) {
        members.error = metadata_read(cursor, &metadata, none, none, &objects->splitter.counters);
    }
    if (members.error == 0 && metadata.resource_version.size == 0) {
        return -ERR_MISSING;
    }
    if (members.error == 0) {
        objects->observer.on_bookmark(objects->observer.context, metadata.resource_version);
    }
    return members.error;
}

static int
take_error(struct objects *objects, struct cursor *cursor)
{
    struct status_seen status;
    int error = status_read(cursor, &status);
    if (error == 0) {
        objects->observer.on_error(objects->observer.context, &status);
    }
    return error;
}

static int
take_event_of_type(struct objects *objects, struct event_read *read)
{
    if (text_equal(read->type, TEXT("MODIFIED"))) {
        return take_object(objects, &read->object, OBJECT_MODIFIED);
    }
    if (text_equal(read->type, TEXT("ADDED"))) {
        return take_object(objects, &read->object, OBJECT_ADDED);
    }
    if (text_equal(read->type, TEXT("DELETED"))) {
        return take_object(objects, &read->object, OBJECT_DELETED);
    }
    if (text_equal(read->type, TEXT("BOOKMARK"))) {
        return take_bookmark(objects, &read->object);
    }
    if (text_equal(read->type, TEXT("ERROR"))) {
        return take_error(objects, &read->object);
    }
    return -ERR_UNSUPPORTED;
}

static int
take_event(struct objects *objects, struct cursor *cursor)
{
    struct event_read read = {0};
    struct members members = members_of(cursor, event_shapes[objects->kind], &read);
    while (members_next(&members) >= 0) {
        read.object = *cursor;  // its type may come behind it
        cursor_skip(cursor);
    }
    if (members.error != 0) {
        return members.error;
    }
    if (read.object.at == NULL) {
        return -ERR_MISSING;
    }
    return take_event_of_type(objects, &read);
}

static int
take_element(void *context, unsigned tag, struct text json)
{
    struct objects *objects = context;
    struct cursor cursor = cursor_of(json, objects->space);
    if (objects->watch) {
        return take_event(objects, &cursor);
    }
    return tag == LIST_METADATA ? take_page(objects, &cursor)
                                : take_object(objects, &cursor, OBJECT_LISTED);
}

size_t
objects_footprint(size_t element_bytes)
{
    return splitter_footprint(element_bytes);
}

void
objects_init(struct objects *objects, struct arena *arena, struct decode_space *space,
             size_t element_bytes)
{
    ASSERT(space != NULL);
    ASSERT(element_bytes <= ELEMENT_BYTES_MAX);
    objects->space = space;
    splitter_init(&objects->splitter, arena, element_bytes, take_element, objects);
}

static void
begin(struct objects *objects, enum object_kind kind, struct objects_observer observer)
{
    ASSERT(kind < OBJECT_KIND_COUNT);
    ASSERT(kind != OBJECT_NODE || observer.on_node != NULL);
    ASSERT(kind != OBJECT_POD || observer.on_pod != NULL);
    ASSERT(kind != OBJECT_NAMESPACE || observer.on_namespace != NULL);
    ASSERT(kind != OBJECT_EVENT || observer.on_event != NULL);
    objects->kind = kind;
    objects->observer = observer;
}

void
objects_begin_list(struct objects *objects, enum object_kind kind, struct objects_observer observer,
                   const struct wanted *annotations)
{
    ASSERT(observer.on_page != NULL);
    begin(objects, kind, observer);
    objects->watch = false;
    splitter_begin(&objects->splitter, &lists[kind], annotations);
}

void
objects_begin_watch(struct objects *objects, enum object_kind kind,
                    struct objects_observer observer, const struct wanted *annotations)
{
    ASSERT(observer.on_bookmark != NULL);
    ASSERT(observer.on_error != NULL);
    begin(objects, kind, observer);
    objects->watch = true;
    splitter_begin(&objects->splitter, &watches[kind], annotations);
}

int
objects_feed(struct objects *objects, const void *bytes, size_t size)
{
    return splitter_feed(&objects->splitter, bytes, size);
}

int
objects_end(struct objects *objects)
{
    return splitter_end(&objects->splitter);
}

const struct parse_counters *
objects_counters(const struct objects *objects)
{
    return &objects->splitter.counters;
}

static int
feed(void *self, const void *bytes, size_t size)
{
    return objects_feed(self, bytes, size);
}

static int
end(void *self)
{
    return objects_end(self);
}

static const struct parse_counters *
counters(const void *self)
{
    return objects_counters(self);
}

struct decoder
objects_decoder(struct objects *objects)
{
    static const struct decoder_calls calls = {"objects", feed, end, counters};
    return (struct decoder){objects, &calls};
}
