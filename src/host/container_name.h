// From a container's or pod's id to what people call it: the cache.
//
// A fixed number of entries found by a hash of the id. An entry that was not
// seen in the current cycle may be evicted for a new one; when every entry was
// seen, a new id is refused and counted, and goes by its short id. Names are
// found once (container_lookup.h) and kept; what could not be found is tried
// again after 1, 2, 4 ... 64 cycles. The entry also keeps the start time,
// because a control group's directory seems younger after the kernel has
// dropped it from its cache.
#ifndef SKERRY_HOST_CONTAINER_NAME_H
#define SKERRY_HOST_CONTAINER_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/times.h"

// A pod's namespace (63), its name (253) and a container's name (63) fit; the
// image takes what is left and is cut, the others are not.
#define CONTAINER_NAME_BYTES_MAX 448
// What is shown of an id that has no name.
#define SHORT_ID_BYTES 12

enum container_naming {
    NAMING_UNKNOWN,
    NAMING_FOUND,
    NAMING_SANDBOX,  // holds a pod's namespaces and is no container of its own
};

// What a source says about a container or pod; empty texts are unknown.
struct container_words {
    bool sandbox;
    struct text namespace_name;
    struct text pod;
    struct text container;  // empty for a pod
    struct text image;
};

struct container_name {
    uint64_t hash;
    uint32_t next;  // entry in the same bucket, or CONTAINER_NONE
    uint32_t seen_cycle;
    uint32_t retry_cycle;
    uint8_t tries;
    uint8_t naming;  // enum container_naming
    bool used;
    uint16_t namespace_size, pod_size, container_size, image_size;
    uint64_t inode;
    struct wall_ms start_time;
    char bytes[CONTAINER_NAME_BYTES_MAX];
};

#define CONTAINER_NONE UINT32_MAX

struct container_names {
    struct hash_key key;
    uint32_t limit;
    uint32_t bucket_mask;
    uint32_t count;
    uint32_t cycle;  // grows with each container_names_begin
    uint32_t hand;   // where to look for an entry to evict
    uint64_t evicted, refused;       // since init
    uint64_t unnamed[ERR_COUNT];     // lookups that found nothing, by reason
    uint32_t *buckets;
    struct container_name *entries;
};

size_t container_names_footprint(uint32_t limit);
void container_names_init(struct container_names *names, struct arena *arena,
                          uint32_t limit, struct hash_key key);
void container_names_begin(struct container_names *names);
// The entry of an id, made if it is new, marked as seen. NULL when full. It is
// good until the next container_names_begin.
struct container_name *container_names_enter(struct container_names *names, struct text id);
// The entry if there is one that was seen in this cycle, else NULL.
struct container_name *container_names_find(struct container_names *names, struct text id);

// A changed inode is another life of the same name. `now` bounds the time.
void container_name_started(struct container_name *name, uint64_t inode,
                            struct wall_ms modified, struct wall_ms now);
// Whether a lookup is due in this cycle.
bool container_name_is_due(const struct container_names *names,
                           const struct container_name *name);
// False, and nothing changes, when the names do not fit, are not UTF-8 or name
// nothing.
bool container_name_set(struct container_name *name, const struct container_words *words);
// A lookup found nothing, for this reason.
void container_name_missed(struct container_names *names, struct container_name *name,
                           int error);
struct container_words container_name_words(const struct container_name *name);

// The name that old runtimes and CRI-O make up for a container of a pod:
// k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT; the sandbox is called POD.
bool container_words_of_k8s(struct text name, struct container_words *words);
// The name of a log's link: POD_NAMESPACE_CONTAINER-ID.log.
bool container_words_of_log(struct text name, struct text *id,
                            struct container_words *words);
// The name of a pod's log directory: NAMESPACE_POD_UID.
bool container_words_of_log_dir(struct text name, struct text *uid,
                                struct container_words *words);

#endif
