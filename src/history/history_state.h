// What the files of history.h share; for history*.c, window.c and replay.c only.
#ifndef SKERRY_HISTORY_HISTORY_STATE_H
#define SKERRY_HISTORY_HISTORY_STATE_H

#include "history/database.h"
#include "history/entity.h"
#include "history/history.h"
#include "history/kind.h"
#include "history/label.h"
#include "history/rollup.h"
#include "limits.h"

// Cycles whose blocks lie together and share a key.
#define HISTORY_WINDOW_CYCLES 16
// A window of a tier.
struct history_window {
    enum history_tier tier;
    uint32_t start_s, end_s;
    int64_t at;  // its table of fresh blocks (raw), or how far the work on it is
    bool done;
};

// What a row of the live table was when it was last put.
struct history_row {
    uint32_t number;  // in `entity`; 0 = none
    uint32_t check;   // of its identity
};

// Memory of the writer alone.
struct history_writer {
    struct history_row *rows[KIND_MAIN_COUNT];
    uint32_t limit[KIND_MAIN_COUNT];     // rows
    uint64_t *flushed[KIND_MAIN_COUNT];  // a bit per group: put in this cycle
    struct label_cache labels;

    bool in_cycle, in_group;
    uint32_t cycle_s;
    struct history_window window;  // that the cycle lies in
    enum history_kind kind;  // of the open group
    uint32_t group;
    unsigned sub;  // of the labelled rows being filled
    unsigned labelled_count;
    uint64_t samples, bytes;  // of this cycle
    uint32_t blocks;          // the same

    uint32_t pages_wanted;  // room kept free; more once it was too little
    bool work_due;  // something may be to do between cycles
    bool sweep_due, collect_due;
    uint32_t swept, collected;  // numbers of entities looked at
    uint32_t opened_s;          // the newest cycle when rows were last forgotten
    uint32_t forget_from_s;     // cycles from here on are to be forgotten; 0 = none
    int64_t forget_at;          // entities looked at for that
    // By the transaction that is under way: how many, and the newest that is left.
    uint32_t forgotten, forgotten_until_s;

    struct rollup_map map, coarse_map;
    struct rollup rollup;
    size_t pack_used;
    char pack[HISTORY_PACK_BYTES_MAX];
    char data[ENTITY_DATA_BYTES_MAX];
    uint32_t label_of[HISTORY_SET_LABELLED_MAX];
};

struct history {
    struct history_config config;
    struct platform platform;
    char path[HISTORY_PATH_BYTES_MAX];
    struct database database;
    bool is_open, is_damaged;
    bool has_lock;
    int lock;  // handle that holds the writer's lock
    struct catalogue catalogue;
    struct hash_key key;
    uint32_t set_aside_total;

    // As in `total`; of a transaction that is under way only when it commits.
    struct history_totals {
        uint64_t samples, bytes;
        uint64_t tier_bytes[TIER_COUNT];
    } totals, kept;
    uint32_t newest_s;  // cycle
    uint64_t bad_blocks_total;
    uint64_t cycles_refused_total, cycles_forgotten_total;
    int last_error;

    // Blocks: for the writer the group, its labelled rows, and a key; for the
    // others a key and what is read.
    struct block_rows *rows[3];
    struct history_writer *writer;  // NULL for readers
};

// Notes an error and what it says of the file. Returns it.
int history_failed(struct history *history, int error);
// The writer has no rows or labels in mind any more.
void history_forget(struct history *history);
// Totals and the key from the file.
int history_load_totals(struct history *history) MUST_USE;
// Totals into the file, and commit.
int history_commit(struct history *history) MUST_USE;
int history_begin(struct history *history) MUST_USE;

// Upkeep, in the transaction that is under way. In small pieces with every cycle
// (history_upkeep), so that no cycle costs more than another; what is left over
// otherwise (history_maintain) is done when it is late.
int history_upkeep(struct history *history) MUST_USE;
// Packs groups of the oldest raw window that is over: 1, or 0 when there is none,
// or with `late_only` when the next one still grows.
int history_pack(struct history *history, unsigned groups, bool late_only) MUST_USE;
// Rolls some groups into the coarser tiers: 1, or 0 when nothing is due, or with
// `late_only` when nothing is late.
int history_roll(struct history *history, bool late_only) MUST_USE;

// A cycle that is not newer than the newest: the error that says what becomes of it.
int history_step_note(struct history *history, uint32_t cycle_s) MUST_USE;
// Forgets some of what is to be forgotten: 1, or 0 when nothing is.
int history_step_back(struct history *history) MUST_USE;
// Drops one row of a window: 1, or 0 when there is none.
int history_drop_block(struct history *history, const struct history_window *window) MUST_USE;

// Seconds that one point of a tier stands for; 0: there is no such tier.
uint32_t history_tier_step_s(const struct history *history, enum history_tier tier);

// Room for a namespace's and a pod's name.
#define ENTITY_NAMES_BYTES (2 * ENTITY_LABEL_BYTES_MAX)

// 1: found. The statement is one of WINDOW_...
int history_window(struct history *history, enum statement which, int64_t first, int64_t end,
                   struct history_window *window) MUST_USE;
// The window of a tier that holds `time_s`, or the first one after it.
int history_window_at(struct history *history, enum history_tier tier, uint32_t time_s,
                      struct history_window *window) MUST_USE;
// Whether it can be read. A reader whose file was replaced would go on reading
// the old one for ever: -ERR_NO_FILE.
int history_check(struct history *history) MUST_USE;
// The same before values are read of cycles that were not looked at yet: they may have
// columns that were not there when the reader opened the file.
int history_check_columns(struct history *history) MUST_USE;
// Where to look for an entity. 1, or 0 when its pod_id was never recorded.
int history_place(struct history *history, const struct history_name *name,
                  char texts[ENTITY_NAMES_BYTES], struct entity_place *place) MUST_USE;

// FRESH0_... or FRESH1_..., whichever has the raw window's blocks.
static inline enum statement
history_fresh(enum statement of_first, const struct history_window *window)
{
    return (enum statement)(of_first + (unsigned)(window->at & 1));
}
_Static_assert(STATEMENT_FRESH1_ADD == STATEMENT_FRESH0_ADD + 1 &&
                   STATEMENT_FRESH1_GET == STATEMENT_FRESH0_GET + 1 &&
                   STATEMENT_FRESH1_NEXT == STATEMENT_FRESH0_NEXT + 1 &&
                   STATEMENT_FRESH1_DROP == STATEMENT_FRESH0_DROP + 1 &&
                   STATEMENT_FRESH1_CLEAR == STATEMENT_FRESH0_CLEAR + 1,
               "statements of fresh blocks come in pairs");

static inline int64_t
window_id(enum history_tier tier, uint64_t start_s)
{
    return (int64_t)((uint64_t)tier << 32 | start_s);
}

#endif
