#include "sink/shard.h"

#include "base/hash.h"

int
shard_parse(struct text text, struct shard *shard)
{
    struct text number;
    struct text count;
    uint64_t numbers[2];
    *shard = (struct shard){1, 1};
    if (text.size == 0) {
        return 0;
    }
    if (!text_cut(text, '/', &number, &count) || text_to_u64(number, &numbers[0]) != 0 ||
        text_to_u64(count, &numbers[1]) != 0 || numbers[0] < 1 || numbers[0] > numbers[1] ||
        numbers[1] > SHARDS_MAX) {
        return -ERR_BAD_CONFIG;
    }
    *shard = (struct shard){(uint32_t)numbers[0], (uint32_t)numbers[1]};
    return 0;
}

static uint64_t
hash_of(struct text text)
{
    static const struct hash_key key = {0x736b657272792d73, 0x686172642d6b6579};
    return hash_bytes(key, text.at, text.size);
}

static uint64_t
owner_of(const struct metric_set *set)
{
    if (set->label[SET_LABEL_NODE].size > 0) {
        return hash_of(set->label[SET_LABEL_NODE]);
    }
    if (set->entity == ENTITY_NODE && set->label[SET_LABEL_HOSTNAME].size > 0) {
        return hash_of(set->label[SET_LABEL_HOSTNAME]);
    }
    return hash_mix(hash_of(set->label[SET_LABEL_NAMESPACE]), hash_of(set->label[SET_LABEL_POD]));
}

bool
shard_has(const struct shard *shard, const struct metric_set *set)
{
    if (shard->count <= 1) {
        return true;
    }
    if (set->entity == ENTITY_CLUSTER || set->entity == ENTITY_NAMESPACE) {
        return shard->number == 1;
    }
    return owner_of(set) % shard->count == shard->number - 1;
}
