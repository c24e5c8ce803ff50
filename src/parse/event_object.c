#include "parse/event_object.h"

#include "base/error.h"
#include "parse/metadata.h"
#include "parse/status.h"

struct about_read {
    struct text kind;
    struct text namespace_name;
    struct text name;
    struct text uid;
};

static const struct field about_fields[] = {
    FIELD("kind", TEXT, struct about_read, kind),
    FIELD("namespace", TEXT, struct about_read, namespace_name),
    FIELD("name", TEXT, struct about_read, name),
    FIELD("uid", TEXT, struct about_read, uid),
};
static const struct shape about_shape = SHAPE(about_fields);

struct source_read {
    struct text component;
    struct text host;
};

static const struct field source_fields[] = {
    FIELD("component", TEXT, struct source_read, component),
    FIELD("host", TEXT, struct source_read, host),
};
static const struct shape source_shape = SHAPE(source_fields);

struct series_read {
    uint64_t count;
    struct wall_ms last;
};

static const struct field series_fields[] = {
    FIELD("count", U64, struct series_read, count),
    FIELD("lastObservedTime", TIME, struct series_read, last),
};
static const struct shape series_shape = SHAPE(series_fields);

struct event_read {
    struct metadata metadata;
    struct about_read about;
    struct source_read source;
    struct series_read series;
    struct text reason;
    struct text message;
    struct text type;
    struct text reporting_component;
    struct text reporting_instance;
    uint64_t count;
    struct wall_ms first;
    struct wall_ms last;
    struct wall_ms at;
};

enum event_field { EVENT_METADATA, EVENT_ABOUT, EVENT_SOURCE, EVENT_SERIES };
static const struct field event_fields[] = {
    FIELD_NESTED("metadata", metadata_shape),
    FIELD_NESTED("involvedObject", about_shape),
    FIELD_NESTED("source", source_shape),
    FIELD_NESTED("series", series_shape),
    FIELD("reason", TEXT, struct event_read, reason),
    FIELD("message", TEXT, struct event_read, message),
    FIELD("type", TEXT, struct event_read, type),
    FIELD("reportingComponent", TEXT, struct event_read, reporting_component),
    FIELD("reportingInstance", TEXT, struct event_read, reporting_instance),
    FIELD("count", U64, struct event_read, count),
    FIELD("firstTimestamp", TIME, struct event_read, first),
    FIELD("lastTimestamp", TIME, struct event_read, last),
    FIELD("eventTime", TIME, struct event_read, at),
    STATUS_FIELDS,
};
const struct shape event_object_shape = SHAPE(event_fields);

static int
read_nested(struct cursor *cursor, const struct shape *shape, void *to)
{
    struct members members = members_of(cursor, shape, to);
    members_next(&members);
    return members.error;
}

static int
read_metadata(struct cursor *cursor, struct metadata *metadata, struct parse_counters *counters)
{
    uint32_t none;
    struct label_list nowhere = {NULL, &none, 0};
    return metadata_read(cursor, metadata, nowhere, nowhere, counters);
}

static int
read_member(struct cursor *cursor, int index, struct event_read *read,
            struct parse_counters *counters)
{
    switch (index) {
    case EVENT_METADATA:
        return read_metadata(cursor, &read->metadata, counters);
    case EVENT_ABOUT:
        return read_nested(cursor, &about_shape, &read->about);
    case EVENT_SOURCE:
        return read_nested(cursor, &source_shape, &read->source);
    case EVENT_SERIES:
        return read_nested(cursor, &series_shape, &read->series);
    default:
        cursor_skip(cursor);
        return 0;
    }
}

static struct wall_ms
later(struct wall_ms a, struct wall_ms b)
{
    return a.ms > b.ms ? a : b;
}

static struct text
either(struct text text, struct text otherwise)
{
    return text.size != 0 ? text : otherwise;
}

static struct text
node_of(const struct event_read *read)
{
    if (text_equal(read->about.kind, TEXT("Node"))) {
        return read->about.name;
    }
    bool kubelet = text_equal(read->reporting_component, TEXT("kubelet"));
    return either(read->source.host, kubelet ? read->reporting_instance : TEXT(""));
}

// The old form has a count and two times, the new one a time and a series.
static void
fill(struct event_object *event, const struct event_read *read)
{
    uint64_t count = read->count > read->series.count ? read->count : read->series.count;
    struct wall_ms first = read->first.ms != 0 ? read->first : read->at;
    first = first.ms != 0 ? first : read->metadata.created;
    *event = (struct event_object){
        .uid = read->metadata.uid,
        .namespace_name = read->about.namespace_name,
        .kind = read->about.kind,
        .name = read->about.name,
        .object_uid = read->about.uid,
        .reason = read->reason,
        .message = read->message,
        .component = either(read->source.component, read->reporting_component),
        .node = node_of(read),
        .warning = text_equal(read->type, TEXT("Warning")),
        .count = count > 0 ? count : 1,
        .first = first,
        .last = later(first, later(read->last, read->series.last)),
    };
}

int
event_object_read(struct cursor *cursor, struct event_object *event, struct text *version,
                  struct parse_counters *counters)
{
    struct event_read read = {0};
    struct members members = members_of(cursor, &event_object_shape, &read);
    int index;
    while ((index = members_next(&members)) >= 0) {
        members.error = read_member(cursor, index, &read, counters);
    }
    if (members.error != 0) {
        return members.error;
    }
    fill(event, &read);
    *version = read.metadata.resource_version;
    bool known = event->uid.size != 0 && event->last.ms > 0;
    return known ? 0 : -ERR_MISSING;
}
