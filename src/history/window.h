// The blocks of one group in one window, one moment after the other.
//
// A window's blocks lie packed in rows of `block`, or, as long as the raw window
// grows, one by one in `fresh`. Before each block stand 4 bytes: 17 bits of its
// size, 7 of how many raw columns its kind had when it was written, and 8 that
// tell the group, so that a row with a damaged number is not taken for another's.
//
// A block that is damaged is counted and left out. One walk at a time.
#ifndef SKERRY_HISTORY_WINDOW_H
#define SKERRY_HISTORY_WINDOW_H

#include "history/history_state.h"

#define PIECE_HEAD_BYTES 4

struct piece {
    unsigned columns;  // raw ones
    struct text block;
};

void piece_head(char head[PIECE_HEAD_BYTES], const struct block_id *id, size_t block_bytes,
                unsigned columns);
// 1: the next of a row's pieces; 0: no more; -ERR_MALFORMED.
int piece_next(struct text *rest, const struct block_id *id, struct piece *piece) MUST_USE;

struct window_walk {
    struct history *history;
    const struct history_window *window;
    struct block_id id;
    const uint64_t *wanted;  // columns; NULL: all
    struct block_shape shape;  // of pieces with `shape_columns`
    unsigned shape_columns;    // 0: of none yet
    uint32_t only_s;         // not 0: that moment alone
    struct block_rows *key, *now;
    bool has_key, is_packed, is_fresh;
    uint32_t fresh_after_s;
    struct text rest;
    sqlite3_stmt *row;  // what `rest` lies in
};

// `key` and `now` are rows of the history's that nobody else uses meanwhile.
void window_walk_begin(struct window_walk *walk, struct history *history,
                       const struct history_window *window, enum history_kind kind, uint32_t group,
                       unsigned sub, struct block_rows *key, struct block_rows *now);
// 1: a moment in *rows, which is `key` or `now`; 0: no more.
int window_walk_next(struct window_walk *walk, const struct block_rows **rows) MUST_USE;
// Also after an error, and before the end.
void window_walk_end(struct window_walk *walk);

// The shape of blocks of that tier and kind.
void window_shape(const struct history *history, enum history_tier tier, enum history_kind kind,
                  unsigned columns, struct block_shape *shape);

#endif
