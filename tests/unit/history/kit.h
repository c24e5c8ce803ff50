// A small cluster whose every value is a function of row and time, recorded into
// a history on the fake machine, and compared with what the history gives back.
#ifndef SKERRY_TESTS_UNIT_HISTORY_KIT_H
#define SKERRY_TESTS_UNIT_HISTORY_KIT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../platform/fake.h"
#include "../test.h"
#include "base/hash.h"
#include "history/history.h"
#include "history/replay.h"

#define KIT_PATH "/data/history"

enum { KIT_NODES = 3, KIT_SPACES = 2, KIT_PODS = 40, KIT_CONTAINERS = 70 };

struct kit {
    struct fake fake;
    struct history_config config;
    struct capacity capacity;
    struct history *history;
    struct history *reader;
    struct replay *replay;
    struct arena arena;
    unsigned pods, containers;  // of those planned
    bool set_aside;
    char why[256];
    unsigned char memory[8 << 20] __attribute__((aligned(16)));
};

static struct labelled_value kit_values[16];
static char kit_texts[4096];
static struct out kit_out;

static inline uint64_t
kit_number(unsigned entity, uint32_t index, unsigned metric, uint32_t cycle_s)
{
    return hash_mix(hash_mix(entity, index), hash_mix(metric, cycle_s));
}

static inline struct text
kit_text(const char *prefix, uint64_t number)
{
    size_t from = kit_out.used;
    out_format(&kit_out, "%s%llu", prefix, (unsigned long long)number);
    CHECK(!kit_out.full);
    return text_sub(out_view(&kit_out), from, SIZE_MAX);
}

static inline struct metric_value
kit_value(unsigned entity, uint32_t index, unsigned metric, uint32_t cycle_s)
{
    const struct metric_info *info = metric_info((enum metric)metric);
    uint64_t number = kit_number(entity, index, metric, cycle_s);
    struct metric_value value = {.is_double = info->value_type == METRIC_DOUBLE};
    if (value.is_double) {
        value.real = (float)(number % 100000) / 8;
    } else if (info->type == METRIC_CUMULATIVE) {
        value.u64 = (uint64_t)index * 1000000000 + (uint64_t)cycle_s * 1000 + number % 1000;
    } else {
        value.u64 = number % 4096 * 4096;
    }
    return value;
}

// Pods come and go: each is away for some stretches of seven minutes.
static inline bool
kit_is_there(unsigned entity, uint32_t index, uint32_t cycle_s)
{
    return entity != ENTITY_POD || index % 4 != 0 || hash_mix(index, cycle_s / 420) % 3 != 0;
}

// Nothing has a value from then on.
static uint32_t kit_silent_s;

static inline bool
kit_is_silent(uint32_t cycle_s)
{
    return kit_silent_s != 0 && cycle_s >= kit_silent_s;
}

// Metrics of an entity that it has at that time.
static inline bool
kit_has(unsigned entity, uint32_t index, unsigned metric, uint32_t cycle_s)
{
    return !kit_is_silent(cycle_s) && metric_has_entity((enum metric)metric, (enum entity)entity) &&
           !metric_is_labelled((enum metric)metric) &&
           hash_mix(hash_mix(index, metric), cycle_s / 1000) % 16 != 0;
}

static inline void
kit_labels(struct metric_set *set, uint32_t index, uint32_t cycle_s)
{
    uint32_t pod = set->entity == ENTITY_CONTAINER ? index % KIT_PODS : index;
    struct text *label = set->label;
    if (set->entity == ENTITY_NODE || set->entity == ENTITY_SYSTEM_CONTAINER) {
        label[SET_LABEL_NODE] = kit_text("node-", set->entity == ENTITY_NODE ? index : 1);
        label[SET_LABEL_HOSTNAME] = label[SET_LABEL_NODE];
    }
    if (set->entity == ENTITY_NAMESPACE) {
        label[SET_LABEL_NAMESPACE] = kit_text("space-", index);
    }
    if (set->entity == ENTITY_POD || set->entity == ENTITY_CONTAINER) {
        label[SET_LABEL_NAMESPACE] = kit_text("space-", pod % KIT_SPACES + 1);
        label[SET_LABEL_POD] = kit_text("pod-", pod);
        label[SET_LABEL_POD_ID] = kit_text("uid-", pod);
        label[SET_LABEL_NODE] = kit_text("node-", pod % KIT_NODES + 1);
    }
    if (set->entity == ENTITY_POD) {
        label[SET_LABEL_LABELS] = kit_text("app:a,version:", index % 5 == 0 ? cycle_s / 900 : 0);
    }
    if (set->entity == ENTITY_CONTAINER || set->entity == ENTITY_SYSTEM_CONTAINER) {
        label[SET_LABEL_CONTAINER] = kit_text("main-", index);
        label[SET_LABEL_IMAGE] = TEXT("registry.example.com/team/service:v1");
    }
}

static inline void
kit_labelled(struct metric_set *set, uint32_t index, uint32_t cycle_s)
{
    set->labelled = kit_values;
    if (kit_is_silent(cycle_s) || (set->entity != ENTITY_POD && set->entity != ENTITY_NODE)) {
        return;
    }
    for (unsigned i = 0; i < index % 3; i++) {
        struct text resource = kit_text("Volume:", i == 0 ? 0 : index);
        for (unsigned metric = METRIC_FILESYSTEM_USAGE; metric <= METRIC_FILESYSTEM_LIMIT;
             metric++) {
            kit_values[set->labelled_count++] = (struct labelled_value){
                (enum metric)metric, text_of(metric_info((enum metric)metric)->name), resource,
                kit_value(set->entity, index + i, metric, cycle_s)};
        }
    }
    if (index % 8 == 1) {
        kit_values[set->labelled_count++] = (struct labelled_value){
            METRIC_COUNT, TEXT("nvidia.com/gpu/request"), TEXT(""), {.u64 = index % 5}};
    }
}

static inline const struct metric_set *
kit_set(unsigned entity, uint32_t index, uint32_t cycle_s)
{
    static struct metric_set set;
    kit_out = out_of(kit_texts, sizeof kit_texts);
    set = (struct metric_set){.entity = (enum entity)entity,
                              .time = {(int64_t)cycle_s * MS_PER_S},
                              .start_s = 1000 + index,
                              .created_s = 500 + index};
    for (unsigned metric = 0; metric < METRIC_COUNT; metric++) {
        set.present[metric] = kit_has(entity, index, metric, cycle_s);
        if (set.present[metric]) {
            set.value[metric] = kit_value(entity, index, metric, cycle_s);
        }
    }
    kit_labels(&set, index, cycle_s);
    kit_labelled(&set, index, cycle_s);
    return &set;
}

static inline int
kit_put_all(struct kit *kit, unsigned entity, uint32_t first, uint32_t last, uint32_t cycle_s)
{
    int error = 0;
    for (uint32_t index = first; index <= last && error == 0; index++) {
        if (kit_is_there(entity, index, cycle_s)) {
            error = history_put(kit->history, index, kit_set(entity, index, cycle_s));
        }
    }
    return error;
}

// 0, or an error after which everything is rolled back.
static inline int
kit_record(struct kit *kit, uint32_t cycle_s)
{
    int error = history_begin_cycle(kit->history, cycle_s);
    error = error == 0 ? kit_put_all(kit, ENTITY_CLUSTER, 0, 0, cycle_s) : error;
    error = error == 0 ? kit_put_all(kit, ENTITY_NAMESPACE, 1, KIT_SPACES, cycle_s) : error;
    error = error == 0 ? kit_put_all(kit, ENTITY_NODE, 1, KIT_NODES, cycle_s) : error;
    error = error == 0 ? kit_put_all(kit, ENTITY_POD, 1, kit->pods, cycle_s) : error;
    error = error == 0 ? kit_put_all(kit, ENTITY_CONTAINER, 1, kit->containers, cycle_s) : error;
    error = error == 0 ? kit_put_all(kit, ENTITY_SYSTEM_CONTAINER, kit->containers + 1,
                                     kit->containers + 1, cycle_s)
                       : error;
    error = error == 0 ? history_end_cycle(kit->history) : error;
    if (error != 0) {
        history_rollback(kit->history);
    }
    return error;
}

static inline int
kit_maintain(struct kit *kit)
{
    int more = 1;
    for (unsigned i = 0; i < 100000 && more > 0; i++) {
        more = history_maintain(kit->history);
    }
    CHECK(more <= 0);
    if (more < 0) {
        history_rollback(kit->history);
    }
    return more;
}

static inline int
kit_open_history(struct kit *kit)
{
    struct out why = out_of(kit->why, sizeof kit->why);
    kit->arena.used = 0;
    memset(kit->memory, 0, sizeof kit->memory);
    return history_open(&kit->arena, &kit->config, &kit->history, &kit->set_aside, &why);
}

static inline void
kit_open(struct kit *kit, uint64_t seed, uint32_t resolution_s, uint64_t bytes_limit)
{
    kit_silent_s = 0;
    fake_open(&kit->fake, seed);
    fake_add_directory(&kit->fake, "/data");
    arena_init(&kit->arena, kit->memory, sizeof kit->memory);
    kit->pods = KIT_PODS - 1;
    kit->containers = KIT_CONTAINERS;
    kit->capacity = (struct capacity){.nodes = KIT_NODES,
                                      .namespaces = KIT_SPACES,
                                      .pods = KIT_PODS,
                                      .containers = KIT_CONTAINERS + 1};
    kit->config = (struct history_config){.platform = &kit->fake.platform,
                                          .path = KIT_PATH,
                                          .bytes_limit = bytes_limit,
                                          .capacity = &kit->capacity,
                                          .resolution_s = resolution_s,
                                          .writer = true};
}

static inline void
kit_close(struct kit *kit)
{
    history_close(kit->history);
    CHECK_EQUAL_U64(fake_open_handles(&kit->fake), 0);
    fake_close(&kit->fake);
}

// --- Comparing

static inline bool
kit_equal(const struct metric_value *a, const struct metric_value *b)
{
    return a->is_double == b->is_double && a->u64 == b->u64 &&
           memcmp(&a->real, &b->real, sizeof a->real) == 0;
}

static inline uint32_t
kit_index(const struct metric_set *set)
{
    static const enum set_label own[ENTITY_COUNT] = {
        [ENTITY_NODE] = SET_LABEL_NODE,           [ENTITY_POD] = SET_LABEL_POD,
        [ENTITY_CONTAINER] = SET_LABEL_CONTAINER, [ENTITY_SYSTEM_CONTAINER] = SET_LABEL_CONTAINER,
        [ENTITY_NAMESPACE] = SET_LABEL_NAMESPACE, [ENTITY_CLUSTER] = SET_LABEL_NODE};
    struct text name = set->label[own[set->entity]];
    struct text rest;
    uint64_t index = 0;
    if (set->entity != ENTITY_CLUSTER) {
        CHECK(text_cut(name, '-', &name, &rest));
        CHECK(text_to_u64(rest, &index) == 0);
    }
    return (uint32_t)index;
}

static inline bool
kit_has_labelled(const struct metric_set *set, const struct labelled_value *wanted)
{
    for (unsigned i = 0; i < set->labelled_count; i++) {
        const struct labelled_value *value = &set->labelled[i];
        if (value->metric == wanted->metric && text_equal(value->name, wanted->name) &&
            text_equal(value->resource_id, wanted->resource_id)) {
            return kit_equal(&value->value, &wanted->value);
        }
    }
    return false;
}

static inline void
kit_compare(const struct metric_set *set, uint32_t cycle_s)
{
    CHECK(set->entity < ENTITY_COUNT);
    const struct metric_set *truth = kit_set(set->entity, kit_index(set), cycle_s);
    CHECK(kit_is_there(set->entity, kit_index(set), cycle_s));
    CHECK_EQUAL_U64(set->time.ms, truth->time.ms);
    CHECK_EQUAL_U64(set->start_s, truth->start_s);
    CHECK_EQUAL_U64(set->created_s, truth->created_s);
    for (unsigned i = 0; i < SET_LABEL_COUNT; i++) {
        CHECK_EQUAL_TEXT(set->label[i], truth->label[i]);
    }
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        CHECK(set->present[i] == truth->present[i]);
        CHECK(!set->present[i] || kit_equal(&set->value[i], &truth->value[i]));
    }
    CHECK_EQUAL_U64(set->labelled_count, truth->labelled_count);
    for (unsigned i = 0; i < truth->labelled_count; i++) {
        CHECK(kit_has_labelled(set, &truth->labelled[i]));
    }
}

// Every set of the cycle, none wrong; returns how many there are.
static inline unsigned
kit_check_cycle(struct replay *replay, struct history *history, uint32_t cycle_s)
{
    const struct metric_set *set;
    unsigned count = 0;
    CHECK_EQUAL_U64((uint64_t)-replay_begin(replay, history, cycle_s), 0);
    int more = replay_next(replay, &set);
    for (; more > 0; more = replay_next(replay, &set)) {
        kit_compare(set, cycle_s);
        count++;
    }
    CHECK_EQUAL_U64((uint64_t)-more, 0);
    return count;
}

static inline unsigned
kit_sets_of(const struct kit *kit, uint32_t cycle_s)
{
    unsigned count = 1 + KIT_SPACES + KIT_NODES + kit->containers + 1;
    for (uint32_t index = 1; index <= kit->pods; index++) {
        count += kit_is_there(ENTITY_POD, index, cycle_s);
    }
    return count;
}

#endif
