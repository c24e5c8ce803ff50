// Names of labelled values: a resource ("/", "Volume:data", "/dev/sda") and, for
// values without a metric of the catalogue, the metric's name. Numbered, so that
// blocks hold numbers; the writer remembers the numbers it met.
#ifndef SKERRY_HISTORY_LABEL_H
#define SKERRY_HISTORY_LABEL_H

#include "base/arena.h"
#include "base/hash.h"
#include "history/database.h"

struct label_slot {
    uint32_t check, number;  // number 0: empty
};

// A place for each hash; a newer label takes an older one's. Emptied once a day,
// so that labels in use are met in the file and marked there.
struct label_cache {
    uint32_t mask;
    uint32_t since_s;
    struct label_slot *slots;
};

size_t label_cache_footprint(uint32_t expected);
void label_cache_init(struct label_cache *cache, struct arena *arena, uint32_t expected);
void label_cache_forget(struct label_cache *cache);

uint64_t label_identity(struct hash_key key, struct text name, struct text resource);
// -ERR_TOO_MANY: there are no numbers left.
int label_number(struct database *database, struct label_cache *cache, struct hash_key key,
                 struct text name, struct text resource, uint32_t now_s, uint32_t *number) MUST_USE;
// For readers: 1, or 0 when no such label was ever recorded.
int label_find(struct database *database, struct hash_key key, struct text name,
               struct text resource, uint32_t *number) MUST_USE;
// 1: texts that were added to `texts`; -ERR_TOO_LONG when they do not fit;
// -ERR_MALFORMED when they are not what was recorded.
int label_get(struct database *database, struct hash_key key, uint32_t number, struct out *texts,
              struct text *name, struct text *resource) MUST_USE;

#endif
