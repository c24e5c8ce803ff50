#include "collection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

void
object_name(struct object *object, const char *prefix, const char *name)
{
    size_t prefix_len = prefix == NULL ? 0 : strlen(prefix) + 1;
    size_t name_len = strlen(name);
    free(object->key);
    object->key = xcalloc(1, prefix_len + name_len + 1 + NAME_PADDING);
    if (prefix != NULL) {
        memcpy(object->key, prefix, prefix_len - 1);
        object->key[prefix_len - 1] = '/';
    }
    memcpy(object->key + prefix_len, name, name_len);
    object->name = object->key + prefix_len;
    object->name_len = (uint32_t)name_len;
}

uint32_t
collection_lower(const struct collection *set, const char *key)
{
    uint32_t low = 0;
    uint32_t high = set->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(set->at[middle]->key, key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct object *
collection_find(const struct collection *set, const char *key)
{
    for (uint32_t i = collection_lower(set, key); i < set->count; i++) {
        if (strcmp(set->at[i]->key, key) != 0) {
            return NULL;
        }
        if (set->at[i]->died == 0) {
            return set->at[i];
        }
    }
    return NULL;
}

void
collection_append(struct collection *set, struct object *object)
{
    if (set->count == set->cap) {
        uint32_t cap = set->cap == 0 ? 64 : set->cap * 2;
        struct object **at = xcalloc(cap, sizeof(struct object *));
        if (set->count > 0) {
            memcpy(at, set->at, set->count * sizeof(struct object *));
        }
        free(set->at);
        set->at = at;
        set->cap = cap;
    }
    set->at[set->count++] = object;
    set->live++;
}

void
collection_insert(struct collection *set, struct object *object)
{
    collection_append(set, object);
    uint32_t at = set->count - 1;
    set->count--;
    uint32_t place = collection_lower(set, object->key);
    set->count++;
    memmove(&set->at[place + 1], &set->at[place], (at - place) * sizeof(struct object *));
    set->at[place] = object;
}

static int
compare_keys(const void *left, const void *right)
{
    const struct object *const *a = left;
    const struct object *const *b = right;
    return strcmp((*a)->key, (*b)->key);
}

void
collection_sort(struct collection *set)
{
    if (set->count > 1) {
        qsort(set->at, set->count, sizeof(struct object *), compare_keys);
    }
}

void
collection_remove(struct collection *set, const struct object *object)
{
    for (uint32_t i = collection_lower(set, object->key); i < set->count; i++) {
        if (set->at[i] == object) {
            memmove(&set->at[i], &set->at[i + 1], (set->count - i - 1) * sizeof(struct object *));
            set->count--;
            return;
        }
    }
}
