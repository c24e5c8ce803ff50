#include "scrape/target.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/check.h"

static uint32_t
buckets_for(uint32_t limit)
{
    uint32_t buckets = 16;
    while (buckets < limit) {
        buckets *= 2;
    }
    return buckets;
}

size_t
targets_footprint(uint32_t limit)
{
    return arena_bytes(buckets_for(limit) * sizeof(uint32_t))
           + arena_bytes(limit * sizeof(struct target));
}

void
targets_init(struct targets *targets, struct arena *arena, uint32_t limit, struct hash_key key)
{
    *targets = (struct targets){
        .limit = limit,
        .free = limit == 0 ? TARGET_NONE : 0,
        .bucket_count = buckets_for(limit),
        .key = key,
    };
    targets->buckets = arena_take_array(arena, targets->bucket_count, sizeof(uint32_t));
    targets->target = arena_take_array(arena, limit, sizeof(struct target));
    for (uint32_t i = 0; i < targets->bucket_count; i++) {
        targets->buckets[i] = TARGET_NONE;
    }
    for (uint32_t i = 0; i < limit; i++) {
        targets->target[i].next = i + 1 < limit ? i + 1 : TARGET_NONE;
    }
}

struct text
target_name(const struct target *target)
{
    return (struct text){target->name, target->name_size};
}

uint64_t
target_hash(struct text name)
{
    static const struct hash_key key = {0};
    return hash_bytes(key, name.at, name.size);
}

static uint32_t *
bucket_of(const struct targets *targets, unsigned source, struct text name)
{
    uint64_t hash = hash_mix(hash_bytes(targets->key, name.at, name.size), source);
    return &targets->buckets[hash & (targets->bucket_count - 1)];
}

uint32_t
targets_find(const struct targets *targets, unsigned source, struct text name)
{
    uint32_t index = *bucket_of(targets, source, name);
    while (index != TARGET_NONE) {
        const struct target *target = &targets->target[index];
        if (target->source == source && !target->leaving
            && text_equal(target_name(target), name)) {
            return index;
        }
        index = target->next;
    }
    return TARGET_NONE;
}

uint32_t
targets_put(struct targets *targets, unsigned source, struct text name, bool *fresh)
{
    uint32_t index = targets_find(targets, source, name);
    *fresh = index == TARGET_NONE;
    if (index != TARGET_NONE) {
        return index;
    }
    if (targets->free == TARGET_NONE || name.size == 0 || name.size > NAME_BYTES_MAX) {
        targets->refused_total++;
        return TARGET_NONE;
    }
    index = targets->free;
    struct target *target = &targets->target[index];
    targets->free = target->next;
    uint32_t *bucket = bucket_of(targets, source, name);
    *target = (struct target){
        .used = true,
        .source = (uint8_t)source,
        .name_size = (uint16_t)name.size,
        .next = *bucket,
    };
    memcpy(target->name, name.at, name.size);
    *bucket = index;
    targets->count++;
    return index;
}

static void
give_back(struct targets *targets, uint32_t index)
{
    struct target *target = &targets->target[index];
    uint32_t *link = bucket_of(targets, target->source, target_name(target));
    while (*link != index) {
        ASSERT(*link != TARGET_NONE);
        link = &targets->target[*link].next;
    }
    *link = target->next;
    target->used = false;
    target->next = targets->free;
    targets->free = index;
    targets->count--;
}

bool
targets_remove(struct targets *targets, uint32_t index)
{
    struct target *target = &targets->target[index];
    ASSERT(target->used);
    target->leaving = true;
    if (target->busy) {
        return false;
    }
    give_back(targets, index);
    return true;
}

bool
targets_release(struct targets *targets, uint32_t index)
{
    struct target *target = &targets->target[index];
    ASSERT(target->busy);
    target->busy = false;
    if (target->leaving) {
        give_back(targets, index);
        return true;
    }
    return false;
}

// False when an address of this form cannot be kept.
static bool
set_address(struct target *target, struct target_address *address, struct text text)
{
    char string[INET6_ADDRSTRLEN];
    if (text_equal(text, target_name(target))) {
        address->form = TARGET_NAME;
        return true;
    }
    if (text.size < sizeof(string)) {
        memcpy(string, text.at, text.size);
        string[text.size] = '\0';
        if (inet_pton(AF_INET, string, address->bytes) == 1) {
            address->form = TARGET_IPV4;
            return true;
        }
        if (inet_pton(AF_INET6, string, address->bytes) == 1) {
            address->form = TARGET_IPV6;
            return true;
        }
    }
    struct text known = text_of(target->other);
    bool same = text_equal(known, text);
    if (text.size == 0 || text.size >= sizeof(target->other) || (known.size != 0 && !same)
        || text_find(text, '\0', 0) != SIZE_MAX) {
        return false;
    }
    memcpy(target->other, text.at, text.size);
    target->other[text.size] = '\0';
    address->form = TARGET_OTHER;
    return true;
}

static bool
same_place(const struct target_address *a, const struct target_address *b)
{
    return a->form == b->form
           && (a->form < TARGET_IPV4 || memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0);
}

// Two types often give one and the same place: it is tried once.
static void
add_address(struct target *target, enum address_type type, struct text text)
{
    struct target_address address = {.type = (uint8_t)type};
    if (target->address_count == TARGET_ADDRESSES_MAX || !set_address(target, &address, text)) {
        return;
    }
    for (unsigned i = 0; i < target->address_count; i++) {
        if (same_place(&target->addresses[i], &address)) {
            return;
        }
    }
    target->addresses[target->address_count++] = address;
}

static void
keep_choice(struct target *target, const struct target_address *worked)
{
    target->choice = 0;
    for (uint8_t i = 0; worked != NULL && i < target->address_count; i++) {
        if (same_place(&target->addresses[i], worked)) {
            target->choice = i;
        }
    }
}

void
target_describe(struct target *target, const struct node_object *node)
{
    // Internal ones first: external ones cost money or pass a firewall.
    static const enum address_type order[] = {
        ADDRESS_INTERNAL_IP, ADDRESS_HOSTNAME, ADDRESS_INTERNAL_DNS,
        ADDRESS_EXTERNAL_IP, ADDRESS_EXTERNAL_DNS,
    };
    struct target_address before = {0};
    bool had = target->address_count != 0;
    if (had) {
        before = target->addresses[target->choice];
    }
    if (had && before.form == TARGET_OTHER) {
        had = false;  // its text is about to go
    }
    target->address_count = 0;
    target->other[0] = '\0';
    for (size_t type = 0; type < ARRAY_COUNT(order); type++) {
        for (uint32_t i = 0; i < node->address_count; i++) {
            if (node->addresses[i].type == order[type]) {
                add_address(target, order[type], node->addresses[i].address);
            }
        }
    }
    if (target->address_count == 0) {
        add_address(target, ADDRESS_HOSTNAME, target_name(target));
    }
    target->port = node->kubelet_port;
    target->ready = node->ready == CONDITION_TRUE;
    keep_choice(target, had ? &before : NULL);
}

void
target_describe_address(struct target *target, enum address_type type, struct text address,
                        uint16_t port)
{
    target->address_count = 0;
    target->other[0] = '\0';
    add_address(target, type, address);
    if (target->address_count == 0) {
        add_address(target, ADDRESS_HOSTNAME, target_name(target));
    }
    target->choice = 0;
    target->port = port;
}

struct text
target_host(const struct target *target, char *host)
{
    ASSERT(target->choice < target->address_count);
    const struct target_address *address = &target->addresses[target->choice];
    switch ((enum target_form)address->form) {
    case TARGET_NAME:
        return target_name(target);
    case TARGET_OTHER:
        return text_of(target->other);
    case TARGET_IPV4:
        inet_ntop(AF_INET, address->bytes, host, TARGET_HOST_BYTES);
        break;
    case TARGET_IPV6:
        inet_ntop(AF_INET6, address->bytes, host, TARGET_HOST_BYTES);
        break;
    }
    return text_of(host);
}

enum address_type
target_address_type(const struct target *target)
{
    return (enum address_type)target->addresses[target->choice].type;
}

void
target_try_next(struct target *target)
{
    target->choice = (uint8_t)((target->choice + 1) % target->address_count);
}
