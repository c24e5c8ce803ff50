/* The objects of one kind in the order of their keys, as etcd keeps them.
 *
 * An object is visible at resource version V when it was born at or before V
 * and had not died by then. Dead ones stay until the event window has passed
 * their death, so that a list continued page by page shows the set of its
 * first page. Pointers into the collection change with every insert and
 * remove: a reader that pauses keeps its key. */
#ifndef SIM_COLLECTION_H
#define SIM_COLLECTION_H

#include <stdbool.h>
#include <stdint.h>

enum object_kind { KIND_NODE, KIND_POD, KIND_NAMESPACE, KIND_EVENT, KIND_COUNT };

struct object {
    char *key;        /* "namespace/name" or "name"; NAME_PADDING behind it */
    const char *name; /* within key */
    uint32_t name_len;
    enum object_kind kind;
    uint64_t seed;
    uint64_t born; /* resource versions */
    uint64_t died; /* 0 = alive */
    uint64_t version;
    int64_t created_ms;
};

struct collection {
    struct object **at;
    uint32_t count; /* with the dead */
    uint32_t cap;
    uint32_t live;
};

static inline bool
object_visible(const struct object *object, uint64_t version)
{
    return object->born <= version && (object->died == 0 || object->died > version);
}

/* key = prefix/name, or name alone where prefix is NULL. */
void object_name(struct object *object, const char *prefix, const char *name);

/* Index of the first object whose key is not before `key`. */
uint32_t collection_lower(const struct collection *set, const char *key);
struct object *collection_find(const struct collection *set, const char *key);
void collection_insert(struct collection *set, struct object *object);
/* For filling: no order until collection_sort. */
void collection_append(struct collection *set, struct object *object);
void collection_sort(struct collection *set);
void collection_remove(struct collection *set, const struct object *object);

#endif
