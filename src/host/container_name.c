#include "host/container_name.h"

#include <string.h>

#include "base/check.h"
#include "host/cgroup_name.h"
#include "limits.h"

#define RETRY_CYCLES_MAX 64
// Kubernetes: a namespace's name is a label of at most 63 bytes.
#define NAMESPACE_BYTES_MAX 63

static uint32_t
bucket_count(uint32_t limit)
{
    uint32_t count = 1;
    while (count < limit) {
        count *= 2;
    }
    return count;
}

size_t
container_names_footprint(uint32_t limit)
{
    return arena_bytes(bucket_count(limit) * sizeof(uint32_t)) +
           arena_bytes(limit * sizeof(struct container_name));
}

void
container_names_init(struct container_names *names, struct arena *arena, uint32_t limit,
                     struct hash_key key)
{
    ASSERT(limit > 0);
    ASSERT(limit <= CONTAINERS_MAX);
    uint32_t buckets = bucket_count(limit);
    *names = (struct container_names){
        .key = key, .limit = limit, .bucket_mask = buckets - 1, .cycle = 1};
    names->buckets = arena_take_array(arena, buckets, sizeof(uint32_t));
    names->entries = arena_take_array(arena, limit, sizeof(struct container_name));
    for (uint32_t i = 0; i < buckets; i++) {
        names->buckets[i] = CONTAINER_NONE;
    }
}

void
container_names_begin(struct container_names *names)
{
    names->cycle++;
}

static uint32_t *
bucket_of(struct container_names *names, uint64_t hash)
{
    return &names->buckets[(uint32_t)hash & names->bucket_mask];
}

// Two ids with the same 64 bits of a keyed hash do not happen.
static struct container_name *
find(struct container_names *names, uint64_t hash)
{
    uint32_t index = *bucket_of(names, hash);
    while (index != CONTAINER_NONE) {
        if (names->entries[index].hash == hash) {
            return &names->entries[index];
        }
        index = names->entries[index].next;
    }
    return NULL;
}

static void
unlink_entry(struct container_names *names, uint32_t index)
{
    uint32_t *link = bucket_of(names, names->entries[index].hash);
    while (*link != index) {
        ASSERT(*link != CONTAINER_NONE);
        link = &names->entries[*link].next;
    }
    *link = names->entries[index].next;
}

// An entry to use: a fresh one, else one not seen in this cycle.
static uint32_t
take_entry(struct container_names *names)
{
    if (names->count < names->limit) {
        names->count++;
        return names->count - 1;
    }
    for (uint32_t i = 0; i < names->limit; i++) {
        uint32_t index = names->hand;
        names->hand = names->hand + 1 < names->limit ? names->hand + 1 : 0;
        if (names->entries[index].seen_cycle != names->cycle) {
            unlink_entry(names, index);
            names->evicted++;
            return index;
        }
    }
    return CONTAINER_NONE;
}

struct container_name *
container_names_enter(struct container_names *names, struct text id)
{
    uint64_t hash = hash_bytes(names->key, id.at, id.size);
    struct container_name *entry = find(names, hash);
    if (entry == NULL) {
        uint32_t index = take_entry(names);
        if (index == CONTAINER_NONE) {
            names->refused++;
            return NULL;
        }
        uint32_t *bucket = bucket_of(names, hash);
        entry = &names->entries[index];
        memset(entry, 0, offsetof(struct container_name, bytes));
        entry->hash = hash;
        entry->next = *bucket;
        *bucket = index;
    }
    entry->seen_cycle = names->cycle;
    return entry;
}

struct container_name *
container_names_find(struct container_names *names, struct text id)
{
    struct container_name *entry = find(names, hash_bytes(names->key, id.at, id.size));
    return entry != NULL && entry->seen_cycle == names->cycle ? entry : NULL;
}

void
container_name_started(struct container_name *name, uint64_t inode,
                       struct wall_ms modified, struct wall_ms now)
{
    struct wall_ms start = modified.ms > now.ms ? now : modified;
    bool same = name->start_time.ms != 0 && name->inode == inode;
    if (!same || start.ms < name->start_time.ms) {
        name->start_time = start;
    }
    name->inode = inode;
}

bool
container_name_is_due(const struct container_names *names, const struct container_name *name)
{
    // The difference is taken so that a wrapped cycle number does no harm.
    return name->naming == NAMING_UNKNOWN &&
           (name->tries == 0 || (int32_t)(names->cycle - name->retry_cycle) >= 0);
}

void
container_name_missed(struct container_names *names, struct container_name *name, int error)
{
    ASSERT(error < 0 && error > -(int)ERR_COUNT);
    uint32_t wait = name->tries < 6 ? UINT32_C(1) << name->tries : RETRY_CYCLES_MAX;
    names->unnamed[-error]++;
    name->tries = name->tries < UINT8_MAX ? (uint8_t)(name->tries + 1) : UINT8_MAX;
    name->retry_cycle = names->cycle + wait;
}

static bool
is_good_name(struct text text, size_t size_max)
{
    for (size_t i = 0; i < text.size; i++) {
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f) {
            return false;
        }
    }
    return text.size <= size_max && text_is_utf8(text);
}

static uint16_t
put(struct out *out, struct text text)
{
    out_text(out, text);
    return (uint16_t)text.size;
}

bool
container_name_set(struct container_name *name, const struct container_words *words)
{
    size_t size = words->namespace_name.size + words->pod.size + words->container.size;
    if (!is_good_name(words->namespace_name, NAMESPACE_BYTES_MAX) ||
        !is_good_name(words->pod, NAME_BYTES_MAX) ||
        !is_good_name(words->container, NAME_BYTES_MAX) || size == 0 ||
        size > CONTAINER_NAME_BYTES_MAX ||
        (words->pod.size == 0) != (words->namespace_name.size == 0)) {
        return false;
    }
    struct out out = out_of(name->bytes, sizeof name->bytes);
    name->namespace_size = put(&out, words->namespace_name);
    name->pod_size = put(&out, words->pod);
    name->container_size = put(&out, words->container);
    bool image_fits = words->image.size <= out.size - out.used &&
                      is_good_name(words->image, IMAGE_BYTES_MAX);
    name->image_size = image_fits ? put(&out, words->image) : 0;
    name->naming = words->sandbox ? NAMING_SANDBOX : NAMING_FOUND;
    return true;
}

struct container_words
container_name_words(const struct container_name *name)
{
    const char *at = name->bytes;
    struct container_words words = {.sandbox = name->naming == NAMING_SANDBOX};
    words.namespace_name = (struct text){at, name->namespace_size};
    at += name->namespace_size;
    words.pod = (struct text){at, name->pod_size};
    at += name->pod_size;
    words.container = (struct text){at, name->container_size};
    at += name->container_size;
    words.image = (struct text){at, name->image_size};
    return words;
}

bool
container_words_of_k8s(struct text name, struct container_words *words)
{
    struct text rest;
    struct text prefix;
    struct text uid;
    *words = (struct container_words){0};
    bool whole = text_cut(name, '_', &prefix, &rest) &&
                 text_equal(prefix, TEXT("k8s")) &&
                 text_cut(rest, '_', &words->container, &rest) &&
                 text_cut(rest, '_', &words->pod, &rest) &&
                 text_cut(rest, '_', &words->namespace_name, &rest) &&
                 text_cut(rest, '_', &uid, &rest) && rest.size > 0;
    words->sandbox = text_equal(words->container, TEXT("POD"));
    return whole && words->pod.size > 0 && words->namespace_name.size > 0 &&
           words->container.size > 0;
}

bool
container_words_of_log(struct text name, struct text *id, struct container_words *words)
{
    struct text rest;
    size_t tail = 1 + CONTAINER_ID_BYTES + 4;  // -ID.log
    *words = (struct container_words){0};
    if (name.size <= tail || !text_ends(name, TEXT(".log"))) {
        return false;
    }
    *id = text_sub(name, name.size - tail + 1, CONTAINER_ID_BYTES);
    bool dash = name.at[name.size - tail] == '-';
    bool whole = text_cut(text_sub(name, 0, name.size - tail), '_', &words->pod, &rest) &&
                 text_cut(rest, '_', &words->namespace_name, &words->container);
    return dash && whole && words->pod.size > 0 && words->namespace_name.size > 0 &&
           words->container.size > 0;
}

bool
container_words_of_log_dir(struct text name, struct text *uid, struct container_words *words)
{
    struct text rest;
    *words = (struct container_words){0};
    return text_cut(name, '_', &words->namespace_name, &rest) &&
           text_cut(rest, '_', &words->pod, uid) && words->namespace_name.size > 0 &&
           words->pod.size > 0 && uid->size > 0;
}
