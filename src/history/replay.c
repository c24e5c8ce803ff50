#include "history/replay.h"

#include <stddef.h>
#include <string.h>

#include "history/history_state.h"
#include "history/window.h"

// Texts of one set: names and labels of the entity apart, those of its labelled
// values. What does not fit is left out and counted.
#define LABEL_TEXTS_BYTES (32 * 1024)

// A raw block has a quarter of the columns that any block may have.
struct replay_rows {
    uint32_t used;
    uint32_t entity[HISTORY_GROUP_ROWS];
    uint32_t present[KIND_COLUMNS_MAX];
    uint64_t value[KIND_COLUMNS_MAX][HISTORY_GROUP_ROWS];
};

struct replay {
    struct history *history;
    struct history_window window;
    uint32_t cycle_s;
    int64_t next_group;  // kind and group as in a block's number, without sub and part
    enum history_kind kind;
    uint32_t group;
    unsigned slot;
    struct replay_rows rows;

    // The labelled rows that go with the group, in order of the parent's slot.
    bool has_labelled;
    unsigned sub, labelled_slot;
    struct replay_rows labelled;

    struct metric_set set;
    struct labelled_value values[HISTORY_SET_LABELLED_MAX];
    char data[ENTITY_DATA_BYTES_MAX];
    char texts[LABEL_TEXTS_BYTES];
};

#define GROUP_SHIFT 9

size_t
replay_footprint(void)
{
    return arena_bytes(sizeof(struct replay));
}

struct replay *
replay_new(struct arena *arena)
{
    return arena_take(arena, sizeof(struct replay));
}

int
replay_next_cycle(struct replay *replay, struct history *history, uint32_t after_s,
                  uint32_t *cycle_s)
{
    int64_t time_s = 0;
    (void)replay;
    int result = history_check(history);
    if (result == 0) {
        result = database_next(&history->database, STATEMENT_CYCLE_NEXT, (int64_t)after_s + 1,
                               INT64_MAX, &time_s);
    }
    if (result > 0 && time_s > UINT32_MAX) {
        result = -ERR_MALFORMED;
    }
    *cycle_s = (uint32_t)time_s;
    return result > 0 ? 0 : result == 0 ? -ERR_NO_FILE : history_failed(history, result);
}

int
replay_begin(struct replay *replay, struct history *history, uint32_t cycle_s)
{
    int64_t time_s;
    replay->history = history;
    replay->cycle_s = cycle_s;
    replay->next_group = 0;
    replay->rows.used = 0;
    replay->slot = HISTORY_GROUP_ROWS;
    int result = cycle_s == 0 ? -ERR_NO_FILE : history_check_columns(history);
    if (result == 0) {
        result = database_next(&history->database, STATEMENT_CYCLE_NEXT, cycle_s,
                               (int64_t)cycle_s + 1, &time_s);
    }
    if (result > 0) {
        result = history_window_at(history, TIER_RAW, cycle_s, &replay->window);
    }
    return result > 0 ? 0 : result == 0 ? -ERR_NO_FILE : history_failed(history, result);
}

// --- Groups

static void
copy_rows(struct replay_rows *to, const struct block_rows *from)
{
    to->used = from->used;
    memcpy(to->entity, from->entity, sizeof to->entity);
    memcpy(to->present, from->present, sizeof to->present);
    memcpy(to->value, from->value, sizeof to->value);
}

// 1: the group has rows of the cycle; 0: none; then *is_there tells whether the
// window has such a group at all.
static int
load_group(struct replay *replay, enum history_kind kind, unsigned sub, struct replay_rows *to,
           bool *is_there)
{
    struct history *history = replay->history;
    const struct block_rows *rows;
    struct window_walk walk;
    window_walk_begin(&walk, history, &replay->window, kind, replay->group, sub, history->rows[0],
                      history->rows[1]);
    walk.only_s = replay->cycle_s;
    int result = window_walk_next(&walk, &rows);
    if (result > 0) {
        copy_rows(to, rows);
    }
    *is_there = walk.is_packed || walk.has_key;
    window_walk_end(&walk);
    return result;
}

static int
least_group(struct replay *replay, enum statement which, int64_t *least)
{
    int64_t first = block_id_floor(TIER_RAW, replay->window.start_s);
    int64_t number;
    int result = database_next(&replay->history->database, which,
                               first + (replay->next_group << GROUP_SHIFT),
                               block_id_floor(TIER_RAW, replay->window.start_s + 1), &number);
    if (result > 0 && (number - first) >> GROUP_SHIFT < *least) {
        *least = (number - first) >> GROUP_SHIFT;
    }
    return result < 0 ? result : 0;
}

// The next group of a main kind that has rows of the cycle: 1.
static int
next_group(struct replay *replay)
{
    for (;;) {
        int64_t group = INT64_MAX;
        bool is_there;
        int result = least_group(replay, STATEMENT_BLOCK_NEXT, &group);
        if (result == 0) {
            enum statement fresh = history_fresh(STATEMENT_FRESH0_NEXT, &replay->window);
            result = least_group(replay, fresh, &group);
        }
        if (result < 0 || group == INT64_MAX) {
            return result;
        }
        struct block_id id = block_id_unpack(group << GROUP_SHIFT);
        if (id.kind >= KIND_LABELLED) {
            return 0;
        }
        replay->next_group = group + 1;
        replay->kind = id.kind;
        replay->group = id.group;
        replay->slot = 0;
        replay->sub = 0;
        replay->has_labelled = true;
        replay->labelled.used = 0;
        replay->labelled_slot = HISTORY_GROUP_ROWS;
        result = load_group(replay, id.kind, 0, &replay->rows, &is_there);
        if (result != 0) {
            return result;
        }
    }
}

// --- Sets

static struct metric_value
value_of(uint64_t bits, bool is_real)
{
    struct metric_value value = {.is_double = is_real};
    if (is_real) {
        memcpy(&value.real, &bits, sizeof bits);
    } else {
        value.u64 = bits;
    }
    return value;
}

static void
take_main(struct replay *replay, unsigned slot)
{
    const struct catalogue *catalogue = &replay->history->catalogue;
    struct metric_set *set = &replay->set;
    for (unsigned column = 0; column < catalogue->count[replay->kind]; column++) {
        unsigned metric = catalogue->metric[replay->kind][column];
        if ((replay->rows.present[column] >> slot & 1) == 0) {
            continue;
        }
        uint64_t bits = replay->rows.value[column][slot];
        if (metric < METRIC_COUNT && metric_has_entity((enum metric)metric, set->entity)) {
            set->present[metric] = true;
            set->value[metric] = value_of(bits, catalogue->is_real[replay->kind][column]);
        } else if (metric == COLUMN_START) {
            set->start_s = (uint32_t)bits;
        }
    }
}

static int
take_labelled_row(struct replay *replay, unsigned slot, struct out *texts)
{
    struct history *history = replay->history;
    const struct catalogue *catalogue = &history->catalogue;
    unsigned kind = KIND_LABELLED + replay->kind;
    struct metric_set *set = &replay->set;
    struct text name;
    struct text resource;
    int result = label_get(&history->database, history->key, replay->labelled.entity[slot] >> 5,
                           texts, &name, &resource);
    if (result <= 0) {
        history->bad_blocks_total++;
        return result == -ERR_TOO_LONG || result == -ERR_MALFORMED ? 0 : result;
    }
    for (unsigned column = 0; column < catalogue->count[kind]; column++) {
        unsigned metric = catalogue->metric[kind][column];
        bool is_there = (replay->labelled.present[column] >> slot & 1) != 0;
        if (!is_there || metric == COLUMN_UNKNOWN ||
            set->labelled_count == ARRAY_COUNT(replay->values)) {
            continue;
        }
        bool is_metric = metric < METRIC_COUNT;
        replay->values[set->labelled_count++] = (struct labelled_value){
            is_metric ? (enum metric)metric : METRIC_COUNT,
            is_metric ? text_of(metric_info((enum metric)metric)->name) : name, resource,
            value_of(replay->labelled.value[column][slot], catalogue->is_real[kind][column])};
    }
    return 0;
}

// The next labelled row of the group that is in use: 1, else 0.
static int
find_labelled(struct replay *replay)
{
    while (replay->has_labelled) {
        for (; replay->labelled_slot < HISTORY_GROUP_ROWS; replay->labelled_slot++) {
            if ((replay->labelled.used >> replay->labelled_slot & 1) != 0) {
                return 1;
            }
        }
        bool is_there = false;
        int result = 0;
        if (replay->sub < KIND_SUBS_MAX) {
            replay->labelled.used = 0;
            result = load_group(replay, (enum history_kind)(KIND_LABELLED + replay->kind),
                                replay->sub++, &replay->labelled, &is_there);
        }
        replay->labelled_slot = 0;
        replay->has_labelled = result > 0 || (result == 0 && is_there);
        if (result < 0) {
            return result;
        }
    }
    return 0;
}

static int
take_labelled(struct replay *replay, unsigned slot)
{
    struct out texts = out_of(replay->texts, sizeof replay->texts);
    for (;;) {
        int result = find_labelled(replay);
        if (result <= 0) {
            return result;
        }
        unsigned parent = replay->labelled.entity[replay->labelled_slot] & (HISTORY_GROUP_ROWS - 1);
        if (parent > slot) {
            return 0;
        }
        result = parent == slot ? take_labelled_row(replay, replay->labelled_slot, &texts) : 0;
        replay->labelled_slot++;
        if (result < 0) {
            return result;
        }
    }
}

// 1: the set of that slot; 0: its entity is not known any more.
static int
take_set(struct replay *replay, unsigned slot)
{
    struct history *history = replay->history;
    replay->set = (struct metric_set){.time = {(int64_t)replay->cycle_s * MS_PER_S},
                                      .labelled = replay->values};
    int result = entity_get(&history->database, history->key, replay->rows.entity[slot],
                            replay->data, &replay->set);
    if (result <= 0) {
        history->bad_blocks_total++;
        return result == -ERR_MALFORMED ? 0 : result;
    }
    take_main(replay, slot);
    result = take_labelled(replay, slot);
    return result < 0 ? result : 1;
}

static int
next_set(struct replay *replay)
{
    for (;;) {
        for (; replay->slot < HISTORY_GROUP_ROWS; replay->slot++) {
            if ((replay->rows.used >> replay->slot & 1) == 0) {
                continue;
            }
            int result = take_set(replay, replay->slot);
            if (result != 0) {
                replay->slot++;
                return result;
            }
        }
        replay->rows.used = 0;
        int result = next_group(replay);
        if (result <= 0) {
            return result;
        }
    }
}

// In a transaction of its own, so that a window is not packed half way through.
int
replay_next(struct replay *replay, const struct metric_set **set)
{
    struct database *database = &replay->history->database;
    bool own = replay->history->is_open && !database_in_transaction(database);
    int result = own ? database_begin(database) : 0;
    result = result == 0 ? history_check(replay->history) : result;
    result = result == 0 ? next_set(replay) : result;
    if (own) {
        database_rollback(database);
    }
    *set = &replay->set;
    return history_failed(replay->history, result);
}
