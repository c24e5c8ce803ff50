#include "parse/namespace_object.h"

#include <string.h>

#include "base/error.h"
#include "parse/metadata.h"
#include "parse/status.h"

struct status_part_read {
    struct text phase;
};

static const struct field status_fields[] = {
    FIELD("phase", TEXT, struct status_part_read, phase),
};
static const struct shape status_shape = SHAPE(status_fields);

enum namespace_field { NAMESPACE_METADATA, NAMESPACE_STATUS };
static const struct field namespace_fields[] = {
    FIELD_NESTED("metadata", metadata_shape),
    FIELD_NESTED("status", status_shape),
    STATUS_FIELDS,
};
const struct shape namespace_object_shape = SHAPE(namespace_fields);

static int
read_metadata(struct cursor *cursor, struct namespace_object *seen, struct text *version,
              struct parse_counters *counters)
{
    struct metadata metadata;
    uint32_t no_annotations;
    struct label_list labels = {seen->labels, &seen->label_count, LABELS_MAX};
    struct label_list annotations = {NULL, &no_annotations, 0};
    int error = metadata_read(cursor, &metadata, labels, annotations, counters);
    seen->name = metadata.name;
    seen->uid = metadata.uid;
    seen->created = metadata.created;
    seen->terminating |= metadata.deleted.ms != 0;
    *version = metadata.resource_version;
    return error;
}

static int
read_status(struct cursor *cursor, struct namespace_object *seen)
{
    struct status_part_read read = {0};
    struct members members = members_of(cursor, &status_shape, &read);
    members_next(&members);
    seen->terminating |= text_equal(read.phase, TEXT("Terminating"));
    return members.error;
}

int
namespace_object_read(struct cursor *cursor, struct namespace_object *seen, struct text *version,
                      struct parse_counters *counters)
{
    memset(seen, 0, offsetof(struct namespace_object, labels));
    struct members members = members_of(cursor, &namespace_object_shape, NULL);
    int index;
    while ((index = members_next(&members)) >= 0) {
        switch (index) {
        case NAMESPACE_METADATA:
            members.error = read_metadata(cursor, seen, version, counters);
            break;
        case NAMESPACE_STATUS:
            members.error = read_status(cursor, seen);
            break;
        default:
            cursor_skip(cursor);
            break;
        }
    }
    if (members.error == 0 && seen->name.size == 0) {
        return -ERR_MISSING;
    }
    return members.error;
}
