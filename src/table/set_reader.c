#include "table/set_reader_state.h"

#include <string.h>

#include "base/check.h"
#include "base/hash.h"

size_t
set_reader_footprint(void)
{
    return arena_bytes(sizeof(struct set_reader));
}

struct set_reader *
set_reader_new(struct arena *arena)
{
    return arena_take(arena, sizeof(struct set_reader));
}

// What was read of another table is worth nothing.
static void
use_table(struct set_reader *sets, const struct table_reader *table, uint32_t cycle_s)
{
    sets->cycle_s = cycle_s;
    if (sets->table != table) {
        sets->table = table;
        sets->node.index = 0;
        sets->space.index = 0;
        sets->pod.index = 0;
    }
}

void
set_reader_begin(struct set_reader *sets, const struct table_reader *table, uint32_t cycle_s)
{
    sets->table = NULL;  // a table may have come anew at the same place
    use_table(sets, table, cycle_s);
    sets->with_texts = true;
    sets->count = 0;
    sets->left_out = 0;
    sets->late = 0;
    sets->stage = STAGE_CLUSTER;
    sets->at = 0;
    sets->container_at = 0;
}

uint32_t
set_reader_count(const struct set_reader *sets)
{
    return sets->count;
}

uint32_t
set_reader_late(const struct set_reader *sets)
{
    return sets->late;
}

uint32_t
set_reader_left_out(const struct set_reader *sets)
{
    return sets->left_out;
}

// Identities: of what labels are made, by the stamps of the texts.

static uint64_t
identity_of_texts(const struct set_reader *sets, uint64_t identity, const string_ref *texts,
                  unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        identity = hash_mix(identity, table_text_stamp(sets->table, texts[i]));
    }
    return identity;
}

static uint64_t
identity_of_uid(uint64_t identity, const uint8_t uid[16], uint8_t form)
{
    uint64_t words[2];
    memcpy(words, uid, sizeof words);
    return hash_mix(hash_mix(identity, words[0]), words[1] ^ form);
}

static uint64_t
identity_of_node(const struct set_reader *sets)
{
    const struct node_row *row = &sets->node.row;
    const string_ref texts[] = {row->head.name, row->hostname, row->host_id, row->labels};
    return identity_of_texts(sets, hash_mix(POOL_NODES, row->created_s), texts,
                             ARRAY_COUNT(texts));
}

static uint64_t
identity_of_namespace(const struct set_reader *sets)
{
    const struct namespace_row *row = &sets->space.row;
    uint64_t identity = identity_of_texts(sets, hash_mix(POOL_NAMESPACES, row->created_s),
                                          &row->head.name, 1);
    return identity_of_uid(identity, row->uid, row->uid_form);
}

// Parents are read again only when they changed. A failed read leaves index 0.

static bool
find_node(struct set_reader *sets, row_index index)
{
    struct node_view *view = &sets->node;
    if (index != 0 && view->index == index && sets->node_has_texts >= sets->with_texts &&
        table_is_unchanged(sets->table, POOL_NODES, index, view->row.head.seq)) {
        return true;
    }
    unsigned want = sets->with_texts ? VIEW_LABELS | VIEW_DETAILS : VIEW_ROW;
    if (!table_read_node(sets->table, index, want, view)) {
        view->index = 0;
        return false;
    }
    sets->node_has_texts = sets->with_texts;
    sets->node_identity = identity_of_node(sets);
    return view->index != 0;
}

static bool
find_namespace(struct set_reader *sets, row_index index)
{
    struct namespace_view *view = &sets->space;
    if (index != 0 && view->index == index && sets->space_has_texts >= sets->with_texts &&
        table_is_unchanged(sets->table, POOL_NAMESPACES, index, view->row.head.seq)) {
        return true;
    }
    if (!table_read_namespace(sets->table, index, sets->with_texts ? VIEW_NAMES : VIEW_ROW,
                              view)) {
        view->index = 0;
        return false;
    }
    sets->space_has_texts = sets->with_texts;
    sets->space_identity = identity_of_namespace(sets);
    return view->index != 0;
}

static uint64_t
identity_of_pod(struct set_reader *sets)
{
    const struct pod_row *row = &sets->pod.row;
    const string_ref texts[] = {row->head.name, row->labels};
    uint64_t identity = hash_mix(POOL_PODS, row->created_s);
    if (find_namespace(sets, row->namespace_index)) {
        identity = hash_mix(identity, sets->space_identity);
    }
    if (find_node(sets, row->node_index)) {
        identity = hash_mix(identity, sets->node_identity);
    }
    identity = identity_of_texts(sets, identity, texts, ARRAY_COUNT(texts));
    return identity_of_uid(identity, row->uid, row->uid_form);
}

static bool
find_pod(struct set_reader *sets, row_index index)
{
    struct pod_view *view = &sets->pod;
    if (index != 0 && view->index == index && sets->pod_has_texts >= sets->with_texts &&
        table_is_unchanged(sets->table, POOL_PODS, index, view->row.head.seq)) {
        return true;
    }
    if (!table_read_pod(sets->table, index, sets->with_texts ? VIEW_LABELS : VIEW_ROW, view)) {
        view->index = 0;
        return false;
    }
    sets->pod_has_texts = sets->with_texts;
    sets->pod_identity = identity_of_pod(sets);
    return view->index != 0;
}

static uint64_t
identity_of_container(const struct set_reader *sets)
{
    const struct container_row *row = &sets->container.row;
    const string_ref texts[] = {row->head.name, row->image};
    uint64_t parent = row->pod != 0 ? sets->pod_identity : sets->node_identity;
    return identity_of_texts(sets, hash_mix(POOL_CONTAINERS, parent), texts, ARRAY_COUNT(texts));
}

// Labels

static void
begin_set(struct set_reader *sets, enum entity entity)
{
    struct metric_set *set = &sets->set;
    set->entity = entity;
    set->time = reader_cycle_time(sets->cycle_s);
    set->start_s = 0;
    set->created_s = 0;
    set->identity = 0;
    memset(set->label, 0, sizeof set->label);
    memset(set->present, 0, sizeof set->present);
    set->labelled_count = 0;
    set->labelled = sets->labelled;
    sets->texts = out_of(sets->text_room, sizeof sets->text_room);
}

static void
label_node(struct set_reader *sets)
{
    if (!sets->with_texts) {
        return;
    }
    struct text *label = sets->set.label;
    label[SET_LABEL_NODE] = sets->node.name;
    label[SET_LABEL_HOSTNAME] = sets->node.hostname;
    label[SET_LABEL_HOST_ID] = sets->node.host_id;
}

static void
label_namespace(struct set_reader *sets)
{
    if (!sets->with_texts) {
        return;
    }
    struct out id = out_of(sets->space_id, sizeof sets->space_id);
    struct text *label = sets->set.label;
    const struct namespace_row *row = &sets->space.row;
    label[SET_LABEL_NAMESPACE] = sets->space.name;
    label[SET_LABEL_NAMESPACE_ID] = table_uid_text(row->uid, row->uid_form, &id);
}

static void
label_pod(struct set_reader *sets)
{
    if (!sets->with_texts) {
        return;
    }
    const struct pod_view *pod = &sets->pod;
    struct out id = out_of(sets->pod_id, sizeof sets->pod_id);
    struct text *label = sets->set.label;
    if (find_namespace(sets, pod->row.namespace_index)) {
        label_namespace(sets);
    }
    if (find_node(sets, pod->row.node_index)) {
        label_node(sets);
    }
    label[SET_LABEL_POD] = pod->name;
    label[SET_LABEL_POD_ID] = table_uid_text(pod->row.uid, pod->row.uid_form, &id);
    label[SET_LABEL_NAMESPACE] = pod->namespace_name;
    label[SET_LABEL_NODE] = pod->node_name;
    label[SET_LABEL_HOSTNAME] = pod->hostname;
    label[SET_LABEL_LABELS] = pod->labels;
}

// Whole sets. False: not there, or nothing to say.

static bool
has_values(const struct metric_set *set)
{
    return set->labelled_count > 0 || memchr(set->present, true, sizeof set->present) != NULL;
}

static bool
make_cluster(struct set_reader *sets)
{
    struct totals totals;
    begin_set(sets, ENTITY_CLUSTER);
    for (unsigned i = 0; i < SAMPLES_PER_ROW; i++) {
        if (table_read_totals(sets->table, i, &totals) && totals.cycle_s == sets->cycle_s) {
            set_values_of_totals(sets, &totals);
            return has_values(&sets->set);
        }
    }
    return false;
}

static bool
make_namespace(struct set_reader *sets, row_index index)
{
    if (!find_namespace(sets, index)) {
        return false;
    }
    const struct namespace_row *row = &sets->space.row;
    begin_set(sets, ENTITY_NAMESPACE);
    label_namespace(sets);
    sets->set.identity = sets->space_identity;
    sets->set.created_s = row->created_s;
    for (unsigned i = 0; i < SAMPLES_PER_ROW; i++) {
        if (row->totals[i].cycle_s == sets->cycle_s) {
            set_values_of_totals(sets, &row->totals[i]);
        }
    }
    return has_values(&sets->set);
}

static bool
make_node(struct set_reader *sets, row_index index)
{
    if (!find_node(sets, index)) {
        return false;
    }
    begin_set(sets, ENTITY_NODE);
    label_node(sets);
    sets->set.label[SET_LABEL_LABELS] = sets->with_texts ? sets->node.labels : TEXT("");
    sets->set.identity = sets->node_identity;
    sets->set.start_s = sets->node.row.start_s;
    sets->set.created_s = sets->node.row.created_s;
    set_values_of_node(sets);
    return has_values(&sets->set);
}

static bool
make_pod(struct set_reader *sets, row_index index)
{
    if (!find_pod(sets, index)) {
        return false;
    }
    begin_set(sets, ENTITY_POD);
    label_pod(sets);
    sets->set.identity = sets->pod_identity;
    sets->set.start_s = sets->pod.row.start_s;
    sets->set.created_s = sets->pod.row.created_s;
    set_values_of_pod(sets);
    return has_values(&sets->set);
}

static bool
make_container(struct set_reader *sets, row_index index)
{
    struct container_view *view = &sets->container;
    if (!table_read_container(sets->table, index, sets->with_texts ? VIEW_DETAILS : VIEW_ROW,
                              view)) {
        return false;
    }
    bool is_of_pod = view->row.pod != 0;
    bool has_parent = is_of_pod ? find_pod(sets, view->row.pod) : find_node(sets, view->row.node);
    if (!has_parent) {
        return false;
    }
    begin_set(sets, is_of_pod ? ENTITY_CONTAINER : ENTITY_SYSTEM_CONTAINER);
    if (is_of_pod) {
        label_pod(sets);
    } else {
        label_node(sets);
    }
    if (sets->with_texts) {
        sets->set.label[SET_LABEL_CONTAINER] = view->name;
        sets->set.label[SET_LABEL_IMAGE] = view->image;
    }
    sets->set.identity = identity_of_container(sets);
    sets->set.start_s = view->row.start_s;
    set_values_of_container(sets);
    return has_values(&sets->set);
}

// The walk

// The first container of the row at which the walk stands; 0: none.
static row_index
first_container(const struct set_reader *sets)
{
    if (sets->stage == STAGE_NODES) {
        return sets->node.index == sets->at ? sets->node.row.first_container : 0;
    }
    return sets->pod.index == sets->at ? sets->pod.row.first_container : 0;
}

// A list that changes may lead astray: what hangs on another row is not ours.
static bool
is_ours(const struct set_reader *sets)
{
    const struct container_row *row = &sets->container.row;
    return sets->stage == STAGE_PODS ? row->pod == sets->at
                                     : row->pod == 0 && row->node == sets->at;
}

static bool
next_container(struct set_reader *sets)
{
    while (sets->container_at != 0) {
        row_index index = sets->container_at;
        sets->container_at = table_next_container(sets->table, index);
        if (sets->hops++ > sets->table->place[POOL_CONTAINERS].limit) {
            sets->container_at = 0;
        }
        if (make_container(sets, index) && is_ours(sets)) {
            return true;
        }
    }
    return false;
}

// The next row of a pool, with its containers behind it.
static bool
next_row(struct set_reader *sets, enum table_pool pool)
{
    for (;;) {
        if (next_container(sets)) {
            return true;
        }
        sets->at = table_next_row(sets->table, pool, sets->at);
        if (sets->at == 0) {
            return false;
        }
        bool is_made = pool == POOL_NODES  ? make_node(sets, sets->at)
                       : pool == POOL_PODS ? make_pod(sets, sets->at)
                                           : make_namespace(sets, sets->at);
        sets->hops = 0;
        sets->container_at = pool == POOL_NAMESPACES ? 0 : first_container(sets);
        if (is_made) {
            return true;
        }
    }
}

static bool
next_of_stage(struct set_reader *sets)
{
    switch (sets->stage) {
    case STAGE_CLUSTER:
        return sets->at++ == 0 && make_cluster(sets);
    case STAGE_NAMESPACES:
        return next_row(sets, POOL_NAMESPACES);
    case STAGE_NODES:
        return next_row(sets, POOL_NODES);
    case STAGE_PODS:
        return next_row(sets, POOL_PODS);
    default:
        return false;
    }
}

const struct metric_set *
set_reader_next(struct set_reader *sets)
{
    for (; sets->stage != STAGE_END; sets->stage++) {
        if (next_of_stage(sets)) {
            sets->count++;
            return &sets->set;
        }
        sets->at = 0;
    }
    return NULL;
}

static bool
make_row(struct set_reader *sets, enum table_pool pool, row_index index)
{
    switch (pool) {
    case POOL_NAMESPACES:
        return make_namespace(sets, index);
    case POOL_NODES:
        return make_node(sets, index);
    case POOL_PODS:
        return make_pod(sets, index);
    default:
        ASSERT(pool == POOL_CONTAINERS);
        return make_container(sets, index);
    }
}

bool
set_reader_row(struct set_reader *sets, const struct table_reader *table, enum table_pool pool,
               row_index index, uint32_t cycle_s, const struct metric_set **set)
{
    use_table(sets, table, cycle_s);
    sets->with_texts = true;
    *set = &sets->set;
    return make_row(sets, pool, index);
}

bool
set_reader_values(struct set_reader *sets, const struct table_reader *table, enum table_pool pool,
                  row_index index, uint32_t cycle_s, const struct metric_set **set)
{
    use_table(sets, table, cycle_s);
    sets->with_texts = false;
    *set = &sets->set;
    return make_row(sets, pool, index);
}

bool
set_reader_cluster(struct set_reader *sets, const struct table_reader *table, uint32_t cycle_s,
                   const struct metric_set **set)
{
    use_table(sets, table, cycle_s);
    *set = &sets->set;
    return make_cluster(sets);
}
