#include "parse/metadata.h"

#include "base/error.h"

struct owner_read {
    struct text kind;
    struct text name;
    bool controller;
};

static const struct field owner_fields[] = {
    FIELD("kind", TEXT, struct owner_read, kind),
    FIELD("name", TEXT, struct owner_read, name),
    FIELD("controller", BOOL, struct owner_read, controller),
};
static const struct shape owner_shape = SHAPE(owner_fields);

// Only the annotations that somebody asked for.
static const struct shape annotation_shape = {.wanted = true};

enum metadata_field {
    METADATA_LABELS = 6,
    METADATA_ANNOTATIONS,
    METADATA_OWNERS,
    METADATA_CONTINUE,
};
static const struct field metadata_fields[] = {
    FIELD("name", TEXT, struct metadata, name),
    FIELD("namespace", TEXT, struct metadata, namespace_name),
    FIELD("uid", TEXT, struct metadata, uid),
    FIELD("resourceVersion", TEXT, struct metadata, resource_version),
    FIELD("creationTimestamp", TIME, struct metadata, created),
    FIELD("deletionTimestamp", TIME, struct metadata, deleted),
    FIELD_WHOLE("labels"),
    FIELD_NESTED("annotations", annotation_shape),
    FIELD_LIST("ownerReferences", owner_shape, 16),
    FIELD_WHOLE("continue"),  // of a Status in the object's place
};
const struct shape metadata_shape = SHAPE(metadata_fields);

static bool
is_listed(struct label_list list, struct text key)
{
    for (uint32_t i = 0; i < *list.count; i++) {
        if (text_equal(list.labels[i].key, key)) {
            return true;
        }
    }
    return false;
}

static int
read_labels(struct cursor *cursor, struct label_list list, struct parse_counters *counters)
{
    struct pairs pairs = pairs_of(cursor);
    struct text key;
    while (pairs_next(&pairs, &key)) {
        struct text value = {0};
        if (!cursor_null(cursor)) {
            pairs.error = cursor_text(cursor, &value);
        }
        if (is_listed(list, key)) {
            pairs.error = -ERR_DUPLICATE;
        } else if (*list.count == list.max) {
            counters->trimmed++;
        } else {
            list.labels[(*list.count)++] = (struct label){key, value};
        }
    }
    return pairs.error;
}

static int
read_owners(struct cursor *cursor, struct metadata *metadata)
{
    struct items items = items_of(cursor);
    while (items_next(&items)) {
        struct owner_read owner = {0};
        struct members members = members_of(cursor, &owner_shape, &owner);
        members_next(&members);
        items.error = members.error;
        if (owner.controller) {
            metadata->owner_kind = owner.kind;
            metadata->owner_name = owner.name;
        }
    }
    return items.error;
}

int
metadata_read(struct cursor *cursor, struct metadata *metadata, struct label_list labels,
              struct label_list annotations, struct parse_counters *counters)
{
    *metadata = (struct metadata){0};
    *labels.count = 0;
    *annotations.count = 0;
    struct members members = members_of(cursor, &metadata_shape, metadata);
    int index;
    while ((index = members_next(&members)) >= 0) {
        switch (index) {
        case METADATA_LABELS:
            members.error = read_labels(cursor, labels, counters);
            break;
        case METADATA_ANNOTATIONS:
            members.error = read_labels(cursor, annotations, counters);
            break;
        case METADATA_OWNERS:
            members.error = read_owners(cursor, metadata);
            break;
        default:
            cursor_skip(cursor);
            break;
        }
    }
    return members.error;
}
