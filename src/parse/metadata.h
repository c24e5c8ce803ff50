// ObjectMeta: what every object of the API server starts with.
#ifndef SKERRY_PARSE_METADATA_H
#define SKERRY_PARSE_METADATA_H

#include "model/object.h"
#include "parse/cursor.h"
#include "parse/decoder.h"

struct metadata {
    struct text name;
    struct text namespace_name;
    struct text uid;
    struct text resource_version;
    struct text owner_kind;  // of the owner that is the controller
    struct text owner_name;
    struct wall_ms created;
    struct wall_ms deleted;  // 0 = not being deleted
};

// Where pairs go; the ones that find no room are counted as trimmed.
struct label_list {
    struct label *labels;
    uint32_t *count;
    uint32_t max;
};

extern const struct shape metadata_shape;

// Zeroes and fills `metadata` and the counts of the lists. Annotations are the
// ones that the splitter was asked to keep.
int metadata_read(struct cursor *cursor, struct metadata *metadata, struct label_list labels,
                  struct label_list annotations, struct parse_counters *counters) MUST_USE;

#endif
