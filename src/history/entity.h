// Who the rows of blocks are: names and labels of an entity as they are kept in
// the file, and how they are found again.
//
// One row in `entity` is one version: other labels, another uid, node or place
// in the live table make a new one under the same names. Rows are checked
// against their identity, a keyed hash of all that is in them.
#ifndef SKERRY_HISTORY_ENTITY_H
#define SKERRY_HISTORY_ENTITY_H

#include "base/hash.h"
#include "history/database.h"
#include "history/history.h"
#include "history/kind.h"

// Longer labels are cut, so that a version has at most so many bytes.
#define ENTITY_LABEL_BYTES_MAX 1024
#define ENTITY_DATA_BYTES_MAX (SET_LABEL_COUNT * (ENTITY_LABEL_BYTES_MAX + 2) + 5)

// Where a version stands in the index of names.
struct entity_place {
    enum history_kind kind;
    uint64_t parent;  // hash of the names above it
    uint64_t uid;     // hash of the pod's id, 0 = none or any
    struct text leaf;
};

struct text entity_encode(const struct metric_set *set, char data[ENTITY_DATA_BYTES_MAX]);
// Fills entity, created_s and labels, which point into `data`. -ERR_MALFORMED.
int entity_decode(struct text data, struct metric_set *set) MUST_USE;
uint64_t entity_identity(struct hash_key key, uint32_t row, struct text data);

struct entity_place entity_place_of_set(struct hash_key key, const struct metric_set *set);
// Of names that somebody asks for: pod_id must have been resolved.
struct entity_place entity_place_of_name(struct hash_key key, const struct history_name *name);
// Whether a version that the index of names gave has those names.
bool entity_is_at(struct hash_key key, struct text data, const struct entity_place *place);
uint64_t entity_uid(struct hash_key key, struct text pod_id);

// The number of the version with that identity, which now lives (again).
int entity_number(struct database *database, struct hash_key key, uint32_t row,
                  const struct metric_set *set, struct text data, uint32_t cycle_s,
                  uint32_t *number) MUST_USE;
// 1: the labels, which lie in `data`; 0: there is no such number.
int entity_get(struct database *database, struct hash_key key, uint32_t number,
               char data[ENTITY_DATA_BYTES_MAX], struct metric_set *set) MUST_USE;

#endif
