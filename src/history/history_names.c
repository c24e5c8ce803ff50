// The names there are: of entities, and of an entity's metrics.
#include <string.h>

#include "history/history_state.h"
#include "history/window.h"

static uint32_t
seconds_of(struct wall_ms time)
{
    int64_t s = time.ms < 0 ? 0 : time.ms / MS_PER_S;
    return s > UINT32_MAX ? UINT32_MAX : (uint32_t)s;
}

// The names behind a pod_id.
static int
resolve_pod(struct history *history, struct history_name *name, char texts[ENTITY_NAMES_BYTES])
{
    sqlite3_stmt *row;
    struct metric_set set;
    struct out out = out_of(texts, ENTITY_NAMES_BYTES);
    uint64_t uid = entity_uid(history->key, name->pod_id);
    int result = database_query(&history->database, STATEMENT_ENTITY_UID,
                                DATABASE_VALUES((int64_t)uid, KIND_POD), &row);
    if (result <= 0) {
        return result;
    }
    result = entity_decode(database_column(row, 0), &set);
    if (result == 0) {
        struct text space = set.label[SET_LABEL_NAMESPACE];
        out_text(&out, space);
        out_text(&out, set.label[SET_LABEL_POD]);
        name->space = text_sub(out_view(&out), 0, space.size);
        name->pod = text_sub(out_view(&out), space.size, SIZE_MAX);
    }
    database_done(row);
    return result != 0 ? result : 1;
}

int
history_place(struct history *history, const struct history_name *name,
              char texts[ENTITY_NAMES_BYTES], struct entity_place *place)
{
    struct history_name resolved = *name;
    int result = name->pod_id.size == 0 ? 1 : resolve_pod(history, &resolved, texts);
    if (result > 0) {
        *place = entity_place_of_name(history->key, &resolved);
    }
    return result;
}

static int
next_name(struct history *history, const struct entity_place *place, uint32_t start_s,
          uint32_t end_s, struct text after, struct out *name)
{
    sqlite3_stmt *row;
    int result = database_prepare(
        &history->database, STATEMENT_ENTITY_LEAF,
        DATABASE_VALUES(place->kind, (int64_t)place->parent, end_s, start_s), &row);
    if (result != 0) {
        return result;
    }
    database_bind_text(row, 5, after);
    result = database_step(&history->database, row);
    if (result > 0) {
        struct text leaf = database_column(row, 0);
        result = text_compare(leaf, after) > 0 ? 1 : -ERR_MALFORMED;
        out_text(name, leaf);
        database_done(row);
    }
    return result;
}

int
history_next_name(struct history *history, const struct history_name *parent, struct wall_ms start,
                  struct wall_ms end, struct text after, struct out *name)
{
    char texts[ENTITY_NAMES_BYTES];
    struct entity_place place;
    int result = history_check(history);
    result = result == 0 ? history_place(history, parent, texts, &place) : result;
    if (result > 0) {
        result = next_name(history, &place, seconds_of(start), seconds_of(end), after, name);
    }
    return history_failed(history, result);
}

// --- Metrics

// The least name behind `after` so far.
struct naming {
    struct history *history;
    struct text after;
    struct out *name;
    bool any;  // offered, whether behind `after` or not
    bool found;
};

static void
offer(struct naming *naming, struct text name)
{
    bool is_behind = text_compare(name, naming->after) > 0;
    naming->any = true;
    if (is_behind && (!naming->found || text_compare(name, out_view(naming->name)) < 0)) {
        naming->name->used = 0;
        naming->name->full = false;
        out_text(naming->name, name);
        naming->found = true;
    }
}

static int
offer_extra(struct naming *naming, uint32_t labelled)
{
    char texts[2 * SHORT_NAME_BYTES_MAX];
    struct out out = out_of(texts, sizeof texts);
    struct text name;
    struct text resource;
    int result = label_get(&naming->history->database, naming->history->key, labelled >> 5, &out,
                           &name, &resource);
    if (result > 0) {
        offer(naming, name);
    }
    return result == -ERR_MALFORMED || result > 0 ? 0 : result;
}

// All columns that the slot has a value in.
static int
offer_slot(struct naming *naming, enum history_tier tier, enum history_kind kind,
           const struct block_rows *rows, unsigned slot)
{
    const struct catalogue *catalogue = &naming->history->catalogue;
    struct rollup_map map;
    int result = 0;
    catalogue_map(catalogue, kind, catalogue->count[kind], &map);
    for (unsigned raw = 0; raw < catalogue->count[kind] && result == 0; raw++) {
        unsigned column = tier == TIER_RAW ? raw : rollup_column(&map, raw, STAT_LAST);
        unsigned metric = catalogue->metric[kind][raw];
        if (column == ROLLUP_NONE || (rows->present[column] >> slot & 1) == 0) {
            continue;
        }
        if (metric < METRIC_COUNT) {
            offer(naming, text_of(metric_info((enum metric)metric)->name));
        } else if (metric == COLUMN_EXTRA_WHOLE || metric == COLUMN_EXTRA_REAL) {
            result = offer_extra(naming, rows->entity[slot]);
        }
    }
    return result;
}

static int
offer_rows(struct naming *naming, const struct window_walk *walk, const struct block_rows *rows,
           uint32_t number, unsigned own)
{
    int result = 0;
    for (unsigned slot = 0; slot < HISTORY_GROUP_ROWS && result == 0; slot++) {
        bool is_own = walk->id.kind < KIND_LABELLED
                          ? slot == own && rows->entity[slot] == number
                          : (rows->entity[slot] & (HISTORY_GROUP_ROWS - 1)) == own;
        if ((rows->used >> slot & 1) != 0 && is_own) {
            result = offer_slot(naming, walk->window->tier, walk->id.kind, rows, slot);
        }
    }
    return result;
}

// 1: there was such a group.
static int
offer_group(struct naming *naming, const struct history_window *window, enum history_kind kind,
            uint32_t number, uint32_t row, unsigned sub)
{
    struct history *history = naming->history;
    const struct block_rows *rows;
    struct window_walk walk;
    bool found = false;
    window_walk_begin(&walk, history, window, kind, row / HISTORY_GROUP_ROWS, sub, history->rows[0],
                      history->rows[1]);
    int result = window_walk_next(&walk, &rows);
    while (result > 0) {
        found = true;
        result = offer_rows(naming, &walk, rows, number, row % HISTORY_GROUP_ROWS);
        result = result == 0 ? window_walk_next(&walk, &rows) : result;
    }
    window_walk_end(&walk);
    return result < 0 ? result : found;
}

static int
offer_window(struct naming *naming, const struct history_window *window, enum history_kind kind,
             uint32_t number, uint32_t row)
{
    int result = offer_group(naming, window, kind, number, row, 0);
    for (unsigned sub = 0; sub < KIND_SUBS_MAX && result >= 0; sub++) {
        result = offer_group(naming, window, (enum history_kind)(kind + KIND_LABELLED), number, row,
                             sub);
        if (result == 0) {
            return 0;
        }
    }
    return result < 0 ? result : 0;
}

// One of what an entity was, one after the other.
struct named_version {
    uint32_t number, row;
    uint32_t first_s, seen_s;
};

// The newest version that lived in the range, and when it was last seen there.
static int
newest_version(struct history *history, const struct entity_place *place, uint32_t start_s,
               uint32_t end_s, struct named_version *version)
{
    sqlite3_stmt *found;
    int result = database_prepare(
        &history->database, STATEMENT_ENTITY_VERSIONS,
        DATABASE_VALUES(place->kind, (int64_t)place->parent, end_s, start_s, (int64_t)place->uid),
        &found);
    if (result != 0) {
        return result;
    }
    bool is_there = false;
    database_bind_text(found, 6, place->leaf);
    while ((result = database_step(&history->database, found)) > 0) {
        uint32_t last_s = (uint32_t)sqlite3_column_int64(found, 3);
        if (!entity_is_at(history->key, database_column(found, 4), place)) {
            continue;
        }
        *version = (struct named_version){.number = (uint32_t)sqlite3_column_int64(found, 0),
                                          .row = (uint32_t)sqlite3_column_int64(found, 1),
                                          .first_s = (uint32_t)sqlite3_column_int64(found, 2),
                                          .seen_s = last_s != 0 && last_s < end_s ? last_s : end_s};
        is_there = true;
    }
    return result < 0 ? result : is_there;
}

// The newest window of the tier that has any of it: the last cycles may have none.
static int
offer_tier(struct naming *naming, enum history_tier tier, enum history_kind kind,
           const struct named_version *version, uint32_t from_s)
{
    struct history_window window;
    int found = history_window_at(naming->history, tier, version->seen_s, &window);
    if (found > 0 && window.start_s > version->seen_s) {
        return 0;
    }
    for (unsigned i = 0; i < HISTORY_NAME_WINDOWS_MAX && found > 0 && window.end_s > from_s; i++) {
        int error = offer_window(naming, &window, kind, version->number, version->row);
        if (error != 0 || naming->any) {
            return error;
        }
        found = history_window(naming->history, STATEMENT_WINDOW_LAST, window_id(tier, 0),
                               window_id(tier, window.start_s), &window);
    }
    return found < 0 ? found : 0;
}

// Negative: an error.
static int
name_metrics(struct naming *naming, const struct entity_place *place, uint32_t start_s,
             uint32_t end_s)
{
    struct history *history = naming->history;
    struct named_version version = {0};
    int64_t newest_s;
    int result = database_number(&history->database, STATEMENT_CYCLE_LAST, NULL, 0, &newest_s);
    for (unsigned i = 0; i < HISTORY_NAME_VERSIONS_MAX && result > 0 && !naming->any; i++) {
        result = newest_version(history, place, start_s, end_s, &version);
        if (result <= 0) {
            return result;
        }
        uint32_t from_s = version.first_s > start_s ? version.first_s : start_s;
        version.seen_s = version.seen_s < newest_s ? version.seen_s : (uint32_t)newest_s;
        for (unsigned tier = 0; tier < TIER_COUNT && result > 0 && !naming->any; tier++) {
            int error = offer_tier(naming, (enum history_tier)tier, place->kind, &version, from_s);
            result = error != 0 ? error : result;
        }
        end_s = version.first_s - 1;
    }
    return result;
}

int
history_next_metric(struct history *history, const struct history_name *name, struct wall_ms start,
                    struct wall_ms end, struct text after, struct out *metric)
{
    char texts[ENTITY_NAMES_BYTES];
    struct naming naming = {.history = history, .after = after, .name = metric};
    struct entity_place place;
    int result = history_check_columns(history);
    bool own = result == 0 && !database_in_transaction(&history->database);
    result = result == 0 && own ? database_begin(&history->database) : result;
    result = result == 0 ? history_place(history, name, texts, &place) : result;
    if (result > 0) {
        result = name_metrics(&naming, &place, seconds_of(start), seconds_of(end));
        result = result < 0 ? result : naming.found;
    }
    if (own) {
        database_rollback(&history->database);
    }
    return history_failed(history, result);
}
