// Groups of a cycle that is being written: rows of neighbouring entities are
// gathered, and the group's block goes into the file when a row of the next one
// comes. For history_write.c.
#ifndef SKERRY_HISTORY_HISTORY_GROUP_H
#define SKERRY_HISTORY_HISTORY_GROUP_H

#include "history/history_state.h"

// The group that is open: rows of entities, and of their labelled values.
static inline struct block_rows *
history_main_rows(struct history *history)
{
    return history->rows[0];
}

static inline struct block_rows *
history_labelled_rows(struct history *history)
{
    return history->rows[1];
}

// Makes it the open one; the one before goes into the file.
int history_open_group(struct history *history, enum history_kind kind, uint32_t group) MUST_USE;
// Blocks of the open group into the file. Rows of it that were not put have ended.
int history_flush_group(struct history *history) MUST_USE;
// Those of its labelled values so far: there is room for more.
int history_flush_labelled(struct history *history) MUST_USE;
// The entity of a row has ended, if it has one; those of a group whose rows were not
// used.
int history_end_row(struct history *history, struct history_row *row) MUST_USE;
int history_end_unused(struct history *history, enum history_kind kind, uint32_t group,
                       uint32_t used) MUST_USE;

#endif
