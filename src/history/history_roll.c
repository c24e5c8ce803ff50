// The coarser tiers, made window by window and group by group once all of the
// tier below is there.
#include <string.h>

#include "history/history_state.h"
#include "history/window.h"

// Per call of those that are late: each some milliseconds of work.
#define ROLL_GROUPS 16
// With every cycle as many as finish a window in a quarter of the time until the
// next is due.
#define ROLL_HASTE 4
// Below the kind, group and sub of a block's number.
#define PART_BITS 3

static enum history_tier
source_of(const struct history *history, enum history_tier tier)
{
    bool has_minutes = history_tier_step_s(history, TIER_MINUTE) != 0;
    return tier == TIER_TEN_MINUTES && has_minutes ? TIER_MINUTE : TIER_RAW;
}

// Up to when everything that a coarser tier is made from is there. Coarser tiers
// are asked about only when nothing is left to do for them.
static int
complete_until(struct history *history, enum history_tier tier, uint32_t *until_s)
{
    struct history_window window;
    int result = history_window(history, STATEMENT_WINDOW_OPEN, window_id(TIER_RAW, 0),
                                window_id(TIER_RAW + 1, 0), &window);
    *until_s = result > 0 ? window.start_s : 0;
    if (tier != TIER_RAW) {
        *until_s -= *until_s % (history_tier_step_s(history, tier) * HISTORY_WINDOW_CYCLES);
    }
    return result < 0 ? result : 0;
}

// The window that is being made, or the next one if it may be begun: 1, else 0.
static int
find_window(struct history *history, enum history_tier tier, struct history_window *window)
{
    struct history_window source;
    uint32_t length = history_tier_step_s(history, tier) * HISTORY_WINDOW_CYCLES;
    uint32_t from_s = 0;
    uint32_t until_s;
    int result = history_window(history, STATEMENT_WINDOW_LAST, window_id(tier, 0),
                                window_id(tier + 1, 0), window);
    if (result < 0 || (result > 0 && !window->done)) {
        return result;
    }
    from_s = result > 0 ? window->end_s : 0;
    result = history_window_at(history, source_of(history, tier), from_s, &source);
    if (result <= 0) {
        return result;
    }
    uint32_t start_s = source.start_s > from_s ? source.start_s - source.start_s % length : from_s;
    start_s = start_s > from_s ? start_s : from_s;
    result = complete_until(history, source_of(history, tier), &until_s);
    *window = (struct history_window){tier, start_s, start_s - start_s % length + length, 0, false};
    return result < 0 ? result : window->end_s <= until_s;
}

// The least group at or after window->at in all windows of the source: 1.
static int
next_group(struct history *history, const struct history_window *window, int64_t *group)
{
    enum history_tier from = source_of(history, window->tier);
    struct history_window source;
    uint32_t after_s = window->start_s;
    *group = INT64_MAX;
    for (;;) {
        int64_t number;
        int result = history_window_at(history, from, after_s, &source);
        if (result <= 0 || source.start_s >= window->end_s) {
            return result < 0 ? result : *group != INT64_MAX;
        }
        int64_t first = block_id_floor(from, source.start_s);
        result = database_next(&history->database, STATEMENT_BLOCK_NEXT,
                               first + (window->at << PART_BITS),
                               block_id_floor(from, source.start_s + 1), &number);
        if (result < 0) {
            return result;
        }
        if (result > 0 && (number - first) >> PART_BITS < *group) {
            *group = (number - first) >> PART_BITS;
        }
        after_s = source.end_s;
    }
}

// One group on its way into one window.
struct rolling {
    struct history *history;
    const struct history_window *window;
    struct block_id id;
    unsigned columns;  // raw ones of the kind
    const struct rollup_map *map;
    bool is_begun, has_key;
};

static int
put_row(struct rolling *rolling)
{
    struct history_writer *writer = rolling->history->writer;
    if (writer->pack_used == 0) {
        return 0;
    }
    if (rolling->id.part == KIND_PARTS_MAX) {
        rolling->history->bad_blocks_total++;
        writer->pack_used = 0;
        return 0;
    }
    int error = database_run_blob(&rolling->history->database, STATEMENT_BLOCK_ADD,
                                  block_id_pack(&rolling->id),
                                  (struct text){writer->pack, writer->pack_used});
    rolling->history->totals.tier_bytes[rolling->id.tier] += writer->pack_used;
    rolling->id.part++;
    writer->pack_used = 0;
    return error;
}

static int64_t
encode(struct rolling *rolling, const struct block_rows *rows)
{
    struct history_writer *writer = rolling->history->writer;
    char *at = writer->pack + writer->pack_used;
    size_t room = sizeof writer->pack - writer->pack_used;
    if (room <= PIECE_HEAD_BYTES) {
        return -ERR_TOO_LARGE;
    }
    int64_t size =
        block_encode(&rolling->map->to, rows, rolling->has_key ? rolling->history->rows[2] : NULL,
                     at + PIECE_HEAD_BYTES, room - PIECE_HEAD_BYTES);
    if (size >= 0) {
        piece_head(at, &rolling->id, (size_t)size, rolling->columns);
        writer->pack_used += (size_t)size + PIECE_HEAD_BYTES;
    }
    return size;
}

static void
copy_rows(struct block_rows *to, const struct block_rows *from, unsigned columns)
{
    to->time_s = from->time_s;
    to->used = from->used;
    memcpy(to->entity, from->entity, sizeof to->entity);
    memcpy(to->present, from->present, sizeof to->present);
    memcpy(to->value, from->value, columns * sizeof to->value[0]);
}

// The interval that was begun, at the end of the pack.
static int
end_interval(struct rolling *rolling)
{
    if (!rolling->is_begun) {
        return 0;
    }
    const struct block_rows *rows = rollup_end(&rolling->history->writer->rollup);
    int64_t size = encode(rolling, rows);
    if (size == -ERR_TOO_LARGE && rolling->history->writer->pack_used > 0) {
        int error = put_row(rolling);
        size = error != 0 ? error : encode(rolling, rows);
    }
    if (size >= 0 && !rolling->has_key) {
        copy_rows(rolling->history->rows[2], rows, rolling->map->to.column_count);
        rolling->has_key = true;
    }
    rolling->is_begun = false;
    return size < 0 ? (int)size : 0;
}

static int
take_moment(struct rolling *rolling, const struct block_rows *rows)
{
    struct rollup *rollup = &rolling->history->writer->rollup;
    uint32_t step = history_tier_step_s(rolling->history, rolling->window->tier);
    uint32_t interval = rows->time_s - rows->time_s % step;
    int error = 0;
    if (rows->time_s < rolling->window->start_s || rows->time_s >= rolling->window->end_s) {
        return 0;
    }
    if (rolling->is_begun && rollup->rows.time_s != interval) {
        error = end_interval(rolling);
    }
    if (!rolling->is_begun) {
        rollup_begin(rollup, rolling->map, interval);
        rolling->is_begun = true;
    }
    rollup_add(rollup, rows);
    return error;
}

static int
take_window(struct rolling *rolling, const struct history_window *source)
{
    struct history *history = rolling->history;
    struct window_walk walk;
    const struct block_rows *rows;
    const struct block_id *id = &rolling->id;
    window_walk_begin(&walk, history, source, id->kind, id->group, id->sub, history->rows[0],
                      history->rows[1]);
    int result = window_walk_next(&walk, &rows);
    while (result > 0) {
        result = take_moment(rolling, rows);
        result = result == 0 ? window_walk_next(&walk, &rows) : result;
    }
    window_walk_end(&walk);
    return result;
}

static const struct rollup_map *
map_of(struct history *history, enum history_tier tier, enum history_kind kind, unsigned columns)
{
    struct history_writer *writer = history->writer;
    catalogue_map(&history->catalogue, kind, columns, &writer->map);
    if (source_of(history, tier) == TIER_RAW) {
        return &writer->map;
    }
    rollup_map_coarse(&writer->coarse_map, &writer->map);
    return &writer->coarse_map;
}

static int
roll_group(struct history *history, const struct history_window *window, int64_t group)
{
    enum history_tier from = source_of(history, window->tier);
    struct history_window source;
    uint32_t after_s = window->start_s;
    struct rolling rolling = {.history = history, .window = window};
    rolling.id = block_id_unpack(group << PART_BITS);
    rolling.id.tier = window->tier;
    rolling.id.time_s = window->start_s;
    if (rolling.id.kind >= KIND_COUNT) {
        return 0;  // a damaged number
    }
    rolling.columns = history->catalogue.count[rolling.id.kind];
    rolling.map = map_of(history, window->tier, rolling.id.kind, rolling.columns);
    history->writer->pack_used = 0;
    int result = history_window_at(history, from, after_s, &source);
    while (result > 0 && source.start_s < window->end_s) {
        result = take_window(&rolling, &source);
        if (result < 0) {
            return result;
        }
        result = history_window_at(history, from, source.end_s, &source);
    }
    result = result < 0 ? result : end_interval(&rolling);
    return result < 0 ? result : put_row(&rolling);
}

static int
roll_some(struct history *history, struct history_window *window, unsigned groups)
{
    int more = 1;
    for (unsigned i = 0; i < groups && more > 0; i++) {
        int64_t group;
        more = next_group(history, window, &group);
        if (more > 0) {
            int error = roll_group(history, window, group);
            more = error < 0 ? error : 1;
            window->at = group + 1;
        }
    }
    if (more < 0) {
        return more;
    }
    window->done = more == 0;
    return database_change(
        &history->database, STATEMENT_WINDOW_SET,
        DATABASE_VALUES(window_id(window->tier, window->start_s), window->at, window->done));
}

static unsigned
groups_with_a_cycle(const struct history *history, enum history_tier tier)
{
    uint32_t cycles = history_tier_step_s(history, tier) * HISTORY_WINDOW_CYCLES /
                      history->config.resolution_s;
    return history->writer->blocks * ROLL_HASTE / (cycles + 1) + 1;
}

// A window that is late: all of the one after it could be made by now.
static bool
is_late(const struct history_window *window, uint32_t until_s)
{
    return window->end_s + (window->end_s - window->start_s) <= until_s;
}

static int
roll_tier(struct history *history, enum history_tier tier, bool late_only)
{
    struct history_window window;
    uint32_t until_s;
    int64_t there;
    if (history_tier_step_s(history, tier) == 0) {
        return 0;
    }
    int result = find_window(history, tier, &window);
    if (result <= 0) {
        return result;
    }
    result = complete_until(history, source_of(history, tier), &until_s);
    if (result < 0 || (late_only && !is_late(&window, until_s))) {
        return result;
    }
    int64_t id = window_id(tier, window.start_s);
    result =
        database_number(&history->database, STATEMENT_WINDOW_GET, DATABASE_VALUES(id), &there);
    if (result == 0) {
        result = database_run(&history->database, STATEMENT_WINDOW_ADD,
                              DATABASE_VALUES(id, window.end_s, 0));
    }
    unsigned groups = late_only ? ROLL_GROUPS : groups_with_a_cycle(history, tier);
    result = result < 0 ? result : roll_some(history, &window, groups);
    return result == 0 ? 1 : result;
}

int
history_roll(struct history *history, bool late_only)
{
    int result = 0;
    for (unsigned tier = TIER_MINUTE; tier < TIER_COUNT && result >= 0; tier++) {
        if (result > 0 && late_only) {
            return result;
        }
        int some = roll_tier(history, (enum history_tier)tier, late_only);
        result = some < 0 || result == 0 ? some : result;
    }
    return result;
}
