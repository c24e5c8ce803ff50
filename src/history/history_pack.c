// Packing: the blocks of a complete raw window, group by group, from where they
// came one by one to where those of a group lie together.
#include <string.h>

#include "history/history_state.h"
#include "history/window.h"

// Cycles of a window: HISTORY_WINDOW_CYCLES, but more where the resolution was
// changed in it; those beyond are asked for one by one.
#define TIMES_MAX 32

struct packing {
    struct history *history;
    const struct history_window *window;
    struct block_id id;
    unsigned time_count;
    uint32_t times[TIMES_MAX];
};

static int
put_pack(struct packing *packing)
{
    struct history_writer *writer = packing->history->writer;
    if (packing->id.part == KIND_PARTS_MAX) {
        packing->history->bad_blocks_total++;
        writer->pack_used = 0;
        return 0;
    }
    int error = database_run_blob(&packing->history->database, STATEMENT_BLOCK_ADD,
                                  block_id_pack(&packing->id),
                                  (struct text){writer->pack, writer->pack_used});
    packing->id.part++;
    writer->pack_used = 0;
    return error;
}

// A copy of one fresh row at the end of the pack.
static int
take_fresh(struct packing *packing, uint32_t time_s)
{
    struct history_writer *writer = packing->history->writer;
    struct block_id id = packing->id;
    sqlite3_stmt *row;
    id.time_s = time_s;
    id.part = 0;
    int result = database_query(&packing->history->database,
                                history_fresh(STATEMENT_FRESH0_GET, packing->window),
                                DATABASE_VALUES(block_id_pack(&id)), &row);
    if (result <= 0) {
        return result;
    }
    struct text data = database_column(row, 0);
    int error = 0;
    if (writer->pack_used + data.size > sizeof writer->pack) {
        error = put_pack(packing);
    }
    if (error == 0 && data.size <= sizeof writer->pack) {
        memcpy(writer->pack + writer->pack_used, data.at, data.size);
        writer->pack_used += data.size;
    }
    database_done(row);
    return error;
}

// The first cycle of the window after that one: 1.
static int
next_time(struct packing *packing, uint32_t after_s, uint32_t *time_s)
{
    int64_t found;
    int result = database_next(&packing->history->database, STATEMENT_CYCLE_NEXT,
                               (int64_t)after_s + 1, packing->window->end_s, &found);
    *time_s = (uint32_t)found;
    return result;
}

static int
find_times(struct packing *packing)
{
    uint32_t time_s = packing->window->start_s;
    int result = 1;
    packing->time_count = 0;
    while (result > 0 && packing->time_count < TIMES_MAX) {
        result = next_time(packing, time_s, &time_s);
        if (result > 0) {
            packing->times[packing->time_count++] = time_s;
        }
    }
    return result < 0 ? result : 0;
}

// At least one row, be it empty: it tells that the group is packed.
static int
pack_group(struct packing *packing)
{
    packing->history->writer->pack_used = 0;
    int result = take_fresh(packing, packing->window->start_s);
    for (unsigned i = 0; i < packing->time_count && result == 0; i++) {
        result = take_fresh(packing, packing->times[i]);
    }
    uint32_t time_s = packing->times[TIMES_MAX - 1];
    int more = packing->time_count == TIMES_MAX;
    while (result == 0 && more > 0) {
        more = next_time(packing, time_s, &time_s);
        result = more > 0 ? take_fresh(packing, time_s) : more;
    }
    return result < 0 ? result : put_pack(packing);
}

// 1: a group was packed; 0: there are none left.
static int
pack_next(struct packing *packing)
{
    struct history *history = packing->history;
    const struct history_window *window = packing->window;
    int64_t first = block_id_floor(TIER_RAW, window->start_s);
    int64_t end = block_id_floor(TIER_RAW, window->start_s + 1);
    int64_t last;
    int64_t number;
    int result = database_next(&history->database, STATEMENT_BLOCK_LAST, first, end, &last);
    if (result < 0) {
        return result;
    }
    first = result > 0 ? (last | (KIND_PARTS_MAX - 1)) + 1 : first;
    result = database_next(&history->database, history_fresh(STATEMENT_FRESH0_NEXT, window), first,
                           end, &number);
    if (result <= 0) {
        return result;
    }
    packing->id = block_id_unpack(number);
    result = pack_group(packing);
    return result < 0 ? result : 1;
}

// Empties the window's table of fresh blocks unless another window needs it.
static int
clear_fresh(struct history *history, const struct history_window *window)
{
    struct history_window other = *window;
    for (;;) {
        int result = history_window(history, STATEMENT_WINDOW_OPEN,
                                    window_id(TIER_RAW, (uint64_t)other.start_s + 1),
                                    window_id(TIER_RAW + 1, 0), &other);
        if (result < 0 || (result > 0 && (other.at & 1) == (window->at & 1))) {
            return result < 0 ? result : 0;
        }
        if (result == 0) {
            return database_run(&history->database, history_fresh(STATEMENT_FRESH0_CLEAR, window),
                                NULL, 0);
        }
    }
}

static int
end_window(struct history *history, const struct history_window *window)
{
    int error = database_change(&history->database, STATEMENT_WINDOW_SET,
                                DATABASE_VALUES(window_id(TIER_RAW, window->start_s), window->at, 1));
    return error == 0 ? clear_fresh(history, window) : error;
}

int
history_pack(struct history *history, unsigned groups, bool late_only)
{
    const struct history_writer *writer = history->writer;
    struct history_window window;
    uint32_t newest_s = writer->in_cycle ? writer->cycle_s : history->newest_s;
    int result = history_window(history, STATEMENT_WINDOW_OPEN, window_id(TIER_RAW, 0),
                                window_id(TIER_RAW + 1, 0), &window);
    bool is_over = result > 0 && window.end_s <= newest_s;
    if (!is_over || (late_only && window.end_s >= writer->window.start_s)) {
        return result < 0 ? result : 0;
    }
    struct packing packing = {.history = history, .window = &window};
    int error = find_times(&packing);
    int packed = error == 0 ? 1 : error;
    for (unsigned i = 0; i < groups && packed > 0; i++) {
        packed = pack_next(&packing);
    }
    result = packed == 0 ? end_window(history, &window) : packed;
    return result < 0 ? result : 1;
}
