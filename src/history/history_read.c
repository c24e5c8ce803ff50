// Reading one series, and the names there are.
#include <string.h>

#include "history/history_state.h"
#include "history/window.h"

// Moments of one window: 16, but more where the resolution was changed in it.
#define MOMENTS_MAX 64

struct reading {
    struct history *history;
    const struct history_ask *ask;
    struct entity_place place;
    history_each *each;
    void *context;
    bool stopped;
    uint32_t from_s;  // what is before was given already
    // Of the window that is read: the time that its points stand for, and where a
    // better one goes on.
    uint32_t interval_s, until_s;

    enum history_kind kind;  // of the blocks: the labelled twin for labelled values
    uint32_t label;          // its number
    unsigned columns[2];     // where the value may be: an extra may be whole or real
    unsigned column_count;

    unsigned moment_count;
    struct history_point moments[MOMENTS_MAX];
};

// A version of the entity that was asked for.
struct version {
    uint32_t number, row, first_s, last_s;
};

// --- What is asked for

// 1: it may be recorded; 0: no such column or label.
static int
find_column(struct reading *reading)
{
    const struct history_ask *ask = reading->ask;
    const struct catalogue *catalogue = &reading->history->catalogue;
    enum metric metric;
    bool is_known = metric_find(ask->metric, &metric);
    bool is_labelled = !is_known || metric_is_labelled(metric);
    if (is_labelled) {
        int found =
            label_find(&reading->history->database, reading->history->key,
                       is_known ? TEXT("") : ask->metric, ask->resource_id, &reading->label);
        if (found <= 0) {
            return found;
        }
        reading->kind = (enum history_kind)(reading->place.kind + KIND_LABELLED);
    } else {
        reading->kind = reading->place.kind;
    }
    const uint8_t *column = catalogue->column[reading->kind];
    if (is_known) {
        reading->columns[reading->column_count++] = column[metric];
        return column[metric] != KIND_NO_COLUMN;
    }
    reading->columns[reading->column_count++] = column[COLUMN_EXTRA_WHOLE];
    reading->columns[reading->column_count++] = column[COLUMN_EXTRA_REAL];
    return column[COLUMN_EXTRA_WHOLE] != KIND_NO_COLUMN &&
           column[COLUMN_EXTRA_REAL] != KIND_NO_COLUMN;
}

static int
is_known(struct history *history, const struct entity_place *place)
{
    sqlite3_stmt *statement;
    int result = database_prepare(
        &history->database, STATEMENT_ENTITY_KNOWN,
        DATABASE_VALUES(place->kind, (int64_t)place->parent, (int64_t)place->uid), &statement);
    if (result == 0) {
        database_bind_text(statement, 4, place->leaf);
        result = database_step(&history->database, statement);
        database_done(statement);
    }
    return result;
}

// --- One window

static double
real_of(uint64_t bits, bool is_real)
{
    double real;
    memcpy(&real, &bits, sizeof real);
    return is_real ? real : (double)bits;
}

static struct metric_value
value_of(uint64_t bits, bool is_real)
{
    return is_real ? (struct metric_value){.is_double = true, .real = real_of(bits, true)}
                   : (struct metric_value){.u64 = bits};
}

static bool
take_stat(const struct block_rows *rows, uint16_t column, unsigned slot, bool is_real, double *stat)
{
    if (column == ROLLUP_NONE || (rows->present[column] >> slot & 1) == 0) {
        return false;
    }
    *stat = real_of(rows->value[column][slot], is_real);
    return true;
}

static bool
point_of(const struct rollup_map *map, const struct block_rows *rows, unsigned slot,
         unsigned raw_column, bool is_real, struct history_point *point)
{
    uint16_t last = map == NULL ? (uint16_t)raw_column : rollup_column(map, raw_column, STAT_LAST);
    if (last == ROLLUP_NONE || (rows->present[last] >> slot & 1) == 0) {
        return false;
    }
    uint64_t bits = rows->value[last][slot];
    double real = real_of(bits, is_real);
    *point = (struct history_point){
        {(int64_t)rows->time_s * MS_PER_S}, value_of(bits, is_real), real, real, real};
    if (map != NULL) {
        (void)take_stat(rows, rollup_column(map, raw_column, STAT_LEAST), slot, is_real,
                        &point->least);
        (void)take_stat(rows, rollup_column(map, raw_column, STAT_GREATEST), slot, is_real,
                        &point->greatest);
        (void)take_stat(rows, rollup_column(map, raw_column, STAT_AVERAGE), slot, true,
                        &point->average);
    }
    return true;
}

static void
add_moment(struct reading *reading, const struct history_point *point)
{
    unsigned at = reading->moment_count;
    while (at > 0 && reading->moments[at - 1].time.ms > point->time.ms) {
        at--;
    }
    bool is_there = at > 0 && reading->moments[at - 1].time.ms == point->time.ms;
    if (is_there || reading->moment_count == MOMENTS_MAX) {
        return;
    }
    memmove(&reading->moments[at + 1], &reading->moments[at],
            (reading->moment_count - at) * sizeof reading->moments[0]);
    reading->moments[at] = *point;
    reading->moment_count++;
}

// The slot of the version in a block, or HISTORY_GROUP_ROWS.
static unsigned
slot_of(const struct reading *reading, const struct block_rows *rows, const struct version *version)
{
    unsigned own = version->row % HISTORY_GROUP_ROWS;
    if (reading->kind < KIND_LABELLED) {
        bool is_there = (rows->used >> own & 1) != 0 && rows->entity[own] == version->number;
        return is_there ? own : HISTORY_GROUP_ROWS;
    }
    uint32_t wanted = labelled_number(reading->label, own);
    for (unsigned slot = 0; slot < HISTORY_GROUP_ROWS; slot++) {
        if ((rows->used >> slot & 1) != 0 && rows->entity[slot] == wanted) {
            return slot;
        }
    }
    return HISTORY_GROUP_ROWS;
}

static bool
is_in_range(const struct reading *reading, const struct version *version, uint32_t time_s)
{
    int64_t ms = (int64_t)time_s * MS_PER_S;
    bool is_asked =
        time_s >= reading->from_s && ms >= reading->ask->start.ms && ms <= reading->ask->end.ms;
    int64_t end_s = (int64_t)time_s + reading->interval_s;
    bool lived = end_s > version->first_s && (version->last_s == 0 || time_s <= version->last_s);
    return is_asked && lived && end_s <= reading->until_s;
}

static void
take_rows(struct reading *reading, const struct rollup_map *map, const struct version *version,
          const struct block_rows *rows)
{
    const struct history *history = reading->history;
    struct history_point point;
    unsigned slot = slot_of(reading, rows, version);
    if (slot == HISTORY_GROUP_ROWS || !is_in_range(reading, version, rows->time_s)) {
        return;
    }
    for (unsigned i = 0; i < reading->column_count; i++) {
        unsigned column = reading->columns[i];
        if (point_of(map, rows, slot, column, history->catalogue.is_real[reading->kind][column],
                     &point)) {
            add_moment(reading, &point);
        }
    }
}

static void
want(uint64_t wanted[BLOCK_COLUMNS_MAX / 64], uint16_t column)
{
    if (column != ROLLUP_NONE) {
        wanted[column / 64] |= UINT64_C(1) << column % 64;
    }
}

static void
want_columns(const struct reading *reading, const struct rollup_map *map,
             uint64_t wanted[BLOCK_COLUMNS_MAX / 64])
{
    memset(wanted, 0, BLOCK_COLUMNS_MAX / 8);
    for (unsigned i = 0; i < reading->column_count; i++) {
        for (unsigned stat = 0; map != NULL && stat < STAT_COUNT; stat++) {
            want(wanted, rollup_column(map, reading->columns[i], (enum history_stat)stat));
        }
        if (map == NULL) {
            want(wanted, (uint16_t)reading->columns[i]);
        }
    }
}

static int
read_group(struct reading *reading, const struct history_window *window,
           const struct rollup_map *map, const struct version *version, unsigned sub)
{
    struct history *history = reading->history;
    uint64_t wanted[BLOCK_COLUMNS_MAX / 64];
    const struct block_rows *rows;
    struct window_walk walk;
    window_walk_begin(&walk, history, window, reading->kind, version->row / HISTORY_GROUP_ROWS, sub,
                      history->rows[0], history->rows[1]);
    want_columns(reading, map, wanted);
    walk.wanted = wanted;
    bool found = false;
    int result = window_walk_next(&walk, &rows);
    while (result > 0) {
        found = true;
        take_rows(reading, map, version, rows);
        result = window_walk_next(&walk, &rows);
    }
    window_walk_end(&walk);
    return result < 0 ? result : found;
}

static int
read_version(struct reading *reading, const struct history_window *window,
             const struct rollup_map *map, const struct version *version)
{
    unsigned subs = reading->kind < KIND_LABELLED ? 1 : KIND_SUBS_MAX;
    int result = 1;
    for (unsigned sub = 0; sub < subs && result > 0; sub++) {
        result = read_group(reading, window, map, version, sub);
    }
    return result < 0 ? result : 0;
}

static int
read_versions(struct reading *reading, const struct history_window *window,
              const struct rollup_map *map)
{
    struct database *database = &reading->history->database;
    const struct entity_place *place = &reading->place;
    sqlite3_stmt *row;
    int result =
        database_prepare(database, STATEMENT_ENTITY_VERSIONS,
                         DATABASE_VALUES(place->kind, (int64_t)place->parent, window->end_s - 1,
                                         window->start_s, (int64_t)place->uid),
                         &row);
    if (result != 0) {
        return result;
    }
    database_bind_text(row, 6, place->leaf);
    result = database_step(database, row);
    while (result > 0) {
        struct version version = {
            (uint32_t)sqlite3_column_int64(row, 0), (uint32_t)sqlite3_column_int64(row, 1),
            (uint32_t)sqlite3_column_int64(row, 2), (uint32_t)sqlite3_column_int64(row, 3)};
        bool is_it = entity_is_at(reading->history->key, database_column(row, 4), place);
        result = is_it ? read_version(reading, window, map, &version) : 0;
        result = result == 0 ? database_step(database, row) : result;
    }
    database_done(row);
    return result;
}

static int
read_window(struct reading *reading, const struct history_window *window)
{
    static const uint32_t interval_s[TIER_COUNT] = {1, 60, 600};
    const struct catalogue *catalogue = &reading->history->catalogue;
    struct rollup_map map;
    bool is_coarse = window->tier != TIER_RAW;
    reading->moment_count = 0;
    reading->interval_s = interval_s[window->tier];
    if (is_coarse) {
        catalogue_map(catalogue, reading->kind, catalogue->count[reading->kind], &map);
    }
    return read_versions(reading, window, is_coarse ? &map : NULL);
}

// --- Tiers

static enum history_tier
tier_of_step(int64_t step_ms)
{
    return step_ms >= 600 * MS_PER_S  ? TIER_TEN_MINUTES
           : step_ms >= 60 * MS_PER_S ? TIER_MINUTE
                                      : TIER_RAW;
}

// The window to read for `time_s` on: of the tier that was asked for where it
// has that time, else of a finer one, else of a coarser one, else whichever goes
// on first. A window in the making counts for the finer tier only. *until_s: where
// a tier before it in that order goes on, or the window's end: coarser windows are
// long, and a gap in a finer tier is soon over.
static int
choose_window(struct history *history, enum history_tier tier, uint32_t time_s,
              struct history_window *chosen, uint32_t *until_s)
{
    static const enum history_tier order[TIER_COUNT][TIER_COUNT] = {
        {TIER_RAW, TIER_MINUTE, TIER_TEN_MINUTES},
        {TIER_MINUTE, TIER_RAW, TIER_TEN_MINUTES},
        {TIER_TEN_MINUTES, TIER_MINUTE, TIER_RAW},
    };
    uint32_t better_s = UINT32_MAX;
    int found = 0;
    for (unsigned i = 0; i < TIER_COUNT; i++) {
        struct history_window window;
        int result = history_window_at(history, order[tier][i], time_s, &window);
        if (result < 0) {
            return result;
        }
        bool may_be = result > 0 && (window.done || window.tier == TIER_RAW);
        if (may_be && (!found || (window.start_s < chosen->start_s && chosen->start_s > time_s))) {
            better_s = found ? chosen->start_s : UINT32_MAX;
            *chosen = window;
            found = 1;
        }
    }
    *until_s = found && better_s < chosen->end_s ? better_s : UINT32_MAX;
    return found;
}

static uint32_t
seconds_of(struct wall_ms time, int64_t round_up_ms)
{
    int64_t s = time.ms < 0 ? 0 : (time.ms + round_up_ms) / MS_PER_S;
    return s > UINT32_MAX - 1 ? UINT32_MAX - 1 : (uint32_t)s;
}

// The next window, in a transaction of its own: the writer does not pack it while
// it is read, and gets its turn before the next. 1: *end_s is where it ends.
static int
read_next(struct reading *reading, enum history_tier tier, uint32_t last_s, uint32_t *end_s)
{
    struct history *history = reading->history;
    struct history_window window;
    bool own = !database_in_transaction(&history->database);
    int result = own ? database_begin(&history->database) : 0;
    result = result == 0 ? choose_window(history, tier, reading->from_s, &window, &reading->until_s)
                         : result;
    bool is_there = result > 0 && window.start_s <= last_s;
    result = is_there ? read_window(reading, &window) : result;
    if (own) {
        database_rollback(&history->database);
    }
    *end_s = !is_there ? 0 : reading->until_s < window.end_s ? reading->until_s : window.end_s;
    return result < 0 ? result : is_there;
}

static int
read_range(struct reading *reading)
{
    const struct history_ask *ask = reading->ask;
    enum history_tier tier = tier_of_step(ask->step_ms);
    uint32_t last_s = seconds_of(ask->end, 0);
    reading->from_s = seconds_of(ask->start, MS_PER_S - 1);
    while (reading->from_s <= last_s && !reading->stopped) {
        uint32_t end_s;
        int result = read_next(reading, tier, last_s, &end_s);
        if (result <= 0) {
            return result;
        }
        for (unsigned i = 0; i < reading->moment_count && !reading->stopped; i++) {
            reading->stopped = !reading->each(reading->context, &reading->moments[i]);
        }
        reading->from_s = end_s;
    }
    return 0;
}

int
history_read(struct history *history, const struct history_ask *ask, history_each *each,
             void *context, bool *known)
{
    char names[ENTITY_NAMES_BYTES];
    struct reading reading = {.history = history, .ask = ask, .each = each, .context = context};
    *known = false;
    int result = history_check_columns(history);
    result = result == 0 ? history_place(history, &ask->name, names, &reading.place) : result;
    result = result > 0 ? is_known(history, &reading.place) : result;
    *known = result > 0;
    result = result > 0 ? find_column(&reading) : result;
    result = result > 0 ? read_range(&reading) : result;
    return history_failed(history, result);
}
