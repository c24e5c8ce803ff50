// Work between cycles, a bounded piece of it in one transaction at a time.
#include <string.h>

#include "history/history_state.h"
#include "history/window.h"

// Per call, each some milliseconds of work.
#define PACK_GROUPS 32
#define DROP_ROWS 128
#define COLLECT_ROWS 64
// Cycles in which a window is packed: less than the next one has.
#define PACK_CYCLES 12

// --- Room

static int
pages_left(struct history *history, int64_t *left)
{
    int64_t pages;
    int64_t free_pages;
    int result = database_number(&history->database, STATEMENT_PAGES, NULL, 0, &pages);
    if (result > 0) {
        result = database_number(&history->database, STATEMENT_PAGES_FREE, NULL, 0, &free_pages);
        *left = result > 0 ? (int64_t)history->database.pages_limit - pages + free_pages : 0;
    }
    return result < 0 ? result : 0;
}

// The oldest window of a tier that may go: of the raw tier never the newest.
static int
oldest_window(struct history *history, enum history_tier tier, struct history_window *window)
{
    int result = history_window(history, STATEMENT_WINDOW_NEXT, window_id(tier, 0),
                                window_id(tier + 1, 0), window);
    return result > 0 && !window->done ? 0 : result;
}

// That of the tier that has most of what it may have.
static int
window_to_drop(struct history *history, struct history_window *window)
{
    static const uint64_t share[TIER_COUNT] = {25, 40, 35};
    uint64_t most = 0;
    int found = 0;
    for (unsigned tier = 0; tier < TIER_COUNT; tier++) {
        struct history_window oldest;
        uint64_t part = history->kept.tier_bytes[tier] / share[tier] + 1;
        int result = oldest_window(history, (enum history_tier)tier, &oldest);
        if (result < 0) {
            return result;
        }
        if (result > 0 && part > most) {
            most = part;
            *window = oldest;
            found = 1;
        }
    }
    return found;
}

int
history_drop_block(struct history *history, const struct history_window *window)
{
    sqlite3_stmt *row;
    int result = database_query(&history->database, STATEMENT_BLOCK_NEXT,
                                DATABASE_VALUES(block_id_floor(window->tier, window->start_s),
                                                block_id_floor(window->tier, window->start_s + 1)),
                                &row);
    if (result <= 0) {
        return result;
    }
    int64_t number = sqlite3_column_int64(row, 0);
    uint64_t size = (uint64_t)sqlite3_column_int64(row, 1);
    uint64_t *bytes = &history->totals.tier_bytes[window->tier];
    database_done(row);
    *bytes -= size < *bytes ? size : *bytes;
    result = database_change(&history->database, STATEMENT_BLOCK_DROP, DATABASE_VALUES(number));
    return result < 0 ? result : 1;
}

static int
drop_window(struct history *history, const struct history_window *window)
{
    struct database *database = &history->database;
    int error = database_change(database, STATEMENT_WINDOW_DROP,
                                DATABASE_VALUES(window_id(window->tier, window->start_s)));
    if (error == 0 && window->tier == TIER_RAW) {
        error = database_run(database, STATEMENT_CYCLE_DROP,
                             DATABASE_VALUES(window->start_s, window->end_s));
    }
    history->writer->collect_due = true;
    history->writer->collected = 0;
    return error;
}

static int
make_room(struct history *history)
{
    struct history_window window = {0};
    int64_t left = 0;
    int result = pages_left(history, &left);
    if (result < 0 || left >= history->writer->pages_wanted) {
        return result;
    }
    result = window_to_drop(history, &window);
    if (result <= 0) {
        return result;
    }
    int dropped = 1;
    result = 0;
    for (unsigned i = 0; i < DROP_ROWS && result == 0 && dropped > 0; i++) {
        dropped = history_drop_block(history, &window);
        result = dropped < 0 ? dropped : 0;
    }
    if (result == 0 && dropped == 0) {
        result = drop_window(history, &window);
    }
    return result == 0 ? 1 : result;
}

// --- Entities

static int
oldest_block_s(struct history *history, uint32_t *oldest_s)
{
    *oldest_s = history->newest_s;
    for (unsigned tier = 0; tier < TIER_COUNT; tier++) {
        struct history_window window;
        int result =
            history_window(history, STATEMENT_WINDOW_NEXT, window_id((enum history_tier)tier, 0),
                           window_id((enum history_tier)(tier + 1), 0), &window);
        if (result < 0) {
            return result;
        }
        if (result > 0 && window.start_s < *oldest_s) {
            *oldest_s = window.start_s;
        }
    }
    return 0;
}

// Whether numbers beyond `number` are in use.
static int
is_beyond(struct history *history, uint32_t number)
{
    int64_t last;
    int result = database_number(&history->database, STATEMENT_ENTITY_LAST, NULL, 0, &last);
    return result < 0 ? result : last > number;
}

// Entities of before a restart that nobody has put since.
static int
sweep_some(struct history *history)
{
    struct history_writer *writer = history->writer;
    for (unsigned i = 0; i < COLLECT_ROWS; i++) {
        sqlite3_stmt *found;
        int result = database_query(&history->database, STATEMENT_ENTITY_OPEN,
                                    DATABASE_VALUES(writer->swept), &found);
        if (result <= 0) {
            writer->swept += 256;
            return result;
        }
        uint32_t number = (uint32_t)sqlite3_column_int64(found, 0);
        uint64_t kind = (uint64_t)sqlite3_column_int64(found, 1);
        uint64_t row = (uint64_t)sqlite3_column_int64(found, 2);
        database_done(found);
        if (number <= writer->swept) {
            return -ERR_MALFORMED;
        }
        bool lives = kind < KIND_MAIN_COUNT && row < writer->limit[kind] &&
                     writer->rows[kind][row].number == number;
        writer->swept = number;
        result = lives ? 0
                       : database_run(&history->database, STATEMENT_ENTITY_END,
                                      DATABASE_VALUES(number, writer->opened_s));
        if (result < 0) {
            return result;
        }
    }
    return 0;
}

static int
collect_some(struct history *history, uint32_t oldest_s)
{
    struct history_writer *writer = history->writer;
    for (unsigned i = 0; i < COLLECT_ROWS; i++) {
        int64_t number;
        int result = database_number(&history->database, STATEMENT_ENTITY_OLD,
                                     DATABASE_VALUES(writer->collected, oldest_s), &number);
        if (result <= 0) {
            writer->collected += 256;
            return result;
        }
        result =
            database_change(&history->database, STATEMENT_ENTITY_DROP, DATABASE_VALUES(number));
        if (result < 0) {
            return result;
        }
    }
    return 0;
}

// Labels are marked once a day at least while they are in use, and that mark is
// up to a day old when it is next looked at.
static int
collect_labels(struct history *history, uint32_t oldest_s)
{
    uint32_t days = 2 * 86400;
    return oldest_s <= days ? 0
                            : database_run(&history->database, STATEMENT_LABEL_DROP,
                                           DATABASE_VALUES(oldest_s - days));
}

static int
tidy_entities(struct history *history)
{
    struct history_writer *writer = history->writer;
    uint32_t oldest_s;
    bool sweeps = writer->sweep_due && history->newest_s > writer->opened_s;
    if (!sweeps && !writer->collect_due) {
        return 0;
    }
    int result = oldest_block_s(history, &oldest_s);
    if (result != 0) {
        return result;
    }
    result = sweeps ? sweep_some(history) : collect_some(history, oldest_s);
    int beyond =
        result == 0 ? is_beyond(history, sweeps ? writer->swept : writer->collected) : result;
    if (beyond == 0 && sweeps) {
        writer->sweep_due = false;
    } else if (beyond == 0) {
        writer->collect_due = false;
        beyond = collect_labels(history, oldest_s);
    }
    return beyond < 0 ? beyond : 1;
}

static int
work(struct history *history)
{
    int result = history_step_back(history);
    result = result == 0 ? make_room(history) : result;
    result = result == 0 ? history_pack(history, PACK_GROUPS, true) : result;
    result = result == 0 ? history_roll(history, true) : result;
    return result == 0 ? tidy_entities(history) : result;
}

static void
note_forgotten(struct history *history, int error)
{
    const struct history_writer *writer = history->writer;
    if (error == 0 && writer->forgotten > 0) {
        history->cycles_forgotten_total += writer->forgotten;
        history->newest_s = writer->forgotten_until_s;
    }
}

static int
maintain(struct history *history)
{
    ASSERT(!history->writer->in_cycle);
    if (!history->is_open) {
        return history->last_error != 0 ? history->last_error : -ERR_NO_FILE;
    }
    if (!history->writer->work_due) {
        return 0;
    }
    int result = history_begin(history);
    history->writer->forgotten = 0;
    result = result == 0 ? work(history) : result;
    if (result > 0) {
        int error = history_commit(history);
        note_forgotten(history, error);
        return error == 0 ? 1 : error;
    }
    if (result == 0) {
        database_rollback(&history->database);
        history->writer->work_due = false;
    }
    return result;
}

int
history_upkeep(struct history *history)
{
    unsigned groups = history->writer->blocks / PACK_CYCLES + 1;
    int result = history_pack(history, groups, false);
    result = result < 0 ? result : history_roll(history, false);
    return result < 0 ? result : 0;
}

// Work that found the file full is undone, and tried again with more room.
int
history_maintain(struct history *history)
{
    uint32_t wanted = history->writer->pages_wanted;
    int result = history_failed(history, maintain(history));
    if (result == -ERR_DISK_FULL && history->writer->pages_wanted > wanted) {
        database_rollback(&history->database);
        history->totals = history->kept;
        return 1;
    }
    return result;
}
