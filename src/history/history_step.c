// A clock that was set back by more than HISTORY_STEP_BACK_S: what bears times
// that have not come yet is forgotten, the newest first and cycles last, so that
// an end half way through is seen and mended.
#include "history/history_state.h"

#define DROP_ROWS 256
#define ENTITY_ROWS 256

// Where a tier ends: coarser ones before an interval that is not over yet.
static uint32_t
cut_of(const struct history *history, enum history_tier tier)
{
    uint32_t from_s = history->writer->forget_from_s;
    uint32_t step = tier == TIER_RAW ? 1 : history_tier_step_s(history, tier);
    return step == 0 ? from_s : from_s - from_s % step;
}

static int
drop_fresh(struct history *history, uint32_t from_s, uint32_t end_s)
{
    struct database *database = &history->database;
    int64_t first = block_id_floor(TIER_RAW, from_s);
    int64_t end = block_id_floor(TIER_RAW, end_s);
    int error = database_run(database, STATEMENT_FRESH0_DROP, DATABASE_VALUES(first, end));
    return error == 0 ? database_run(database, STATEMENT_FRESH1_DROP, DATABASE_VALUES(first, end))
                      : error;
}

static int
drop_cycles(struct history *history, uint32_t from_s, uint32_t end_s)
{
    int64_t newest;
    int error = drop_fresh(history, from_s, end_s);
    error = error == 0 ? database_run(&history->database, STATEMENT_CYCLE_DROP,
                                      DATABASE_VALUES(from_s, end_s))
                       : error;
    if (error != 0) {
        return error;
    }
    history->writer->forgotten += (uint32_t)sqlite3_changes(history->database.sqlite);
    error = database_number(&history->database, STATEMENT_CYCLE_LAST, NULL, 0, &newest);
    history->writer->forgotten_until_s = (uint32_t)newest;
    return error < 0 ? error : 0;
}

// All of a window: 1.
static int
drop_window(struct history *history, const struct history_window *window)
{
    int dropped = 1;
    for (unsigned i = 0; i < DROP_ROWS && dropped > 0; i++) {
        dropped = history_drop_block(history, window);
    }
    if (dropped != 0) {
        return dropped;
    }
    int error = database_change(&history->database, STATEMENT_WINDOW_DROP,
                                DATABASE_VALUES(window_id(window->tier, window->start_s)));
    if (error == 0 && window->tier == TIER_RAW) {
        error = drop_cycles(history, window->start_s, window->end_s);
    }
    return error == 0 ? 1 : error;
}

// The end of a window: its blocks stay as they are, and window_walk_next()
// leaves out what is behind the end.
static int
cut_window(struct history *history, const struct history_window *window, uint32_t cut_s)
{
    int error =
        database_change(&history->database, STATEMENT_WINDOW_CUT,
                        DATABASE_VALUES(window_id(window->tier, window->start_s), cut_s));
    if (error == 0 && window->tier == TIER_RAW) {
        error = drop_cycles(history, cut_s, window->end_s);
    }
    return error == 0 ? 1 : error;
}

static int
forget_of_tier(struct history *history, enum history_tier tier)
{
    struct history_window window;
    uint32_t cut_s = cut_of(history, tier);
    int result = history_window(history, STATEMENT_WINDOW_LAST, window_id(tier, 0),
                                window_id(tier + 1, 0), &window);
    if (result <= 0 || window.end_s <= cut_s) {
        return result < 0 ? result : 0;
    }
    bool is_half_made = tier != TIER_RAW && !window.done;
    return window.start_s >= cut_s || is_half_made ? drop_window(history, &window)
                                                   : cut_window(history, &window, cut_s);
}

// Entities came and went in times that now are yet to come: some of them.
static int
set_entities_back(struct history *history)
{
    struct history_writer *writer = history->writer;
    int64_t last;
    int result = database_number(&history->database, STATEMENT_ENTITY_LAST, NULL, 0, &last);
    if (result < 0 || last <= writer->forget_at) {
        return result < 0 ? result : 0;
    }
    result = database_run(&history->database, STATEMENT_ENTITY_BACK,
                          DATABASE_VALUES(writer->forget_at, writer->forget_from_s));
    writer->forget_at += ENTITY_ROWS;
    return result < 0 ? result : 1;
}

int
history_step_back(struct history *history)
{
    struct history_writer *writer = history->writer;
    if (writer->forget_from_s == 0) {
        return 0;
    }
    int result = set_entities_back(history);
    for (unsigned tier = 0; tier < TIER_COUNT && result == 0; tier++) {
        result = forget_of_tier(history, (enum history_tier)(TIER_COUNT - 1 - tier));
    }
    if (result == 0) {
        writer->forget_from_s = 0;
        writer->opened_s = writer->opened_s < history->newest_s ? writer->opened_s
                                                                : history->newest_s;
    }
    return result;
}

int
history_step_note(struct history *history, uint32_t cycle_s)
{
    struct history_writer *writer = history->writer;
    if (writer->forget_from_s == 0 && history->newest_s - cycle_s <= HISTORY_STEP_BACK_S) {
        history->cycles_refused_total++;
        return -ERR_BAD_TIME;
    }
    if (writer->forget_from_s == 0 || cycle_s < writer->forget_from_s) {
        writer->forget_from_s = cycle_s;
        writer->forget_at = 0;
    }
    writer->work_due = true;
    return -ERR_NOT_READY;
}
