// A coarser moment from finer ones: least, greatest, average and last of every
// gauge, the last alone of every counter.
//
// Folds the rows of one group, moment by moment in order of time, into the rows
// of one interval of the next tier. A slot whose entity changes within the
// interval keeps the entity that had it last, and only that one's moments: what
// a coarse tier loses of an entity that left is less than one interval.
//
// Averages are of the moments that had a value, each counting alike; they are
// exact when all were equal and have float precision otherwise. Pure.
#ifndef SKERRY_HISTORY_ROLLUP_H
#define SKERRY_HISTORY_ROLLUP_H

#include "history/block.h"

#define ROLLUP_NONE UINT16_MAX  // there is no such column

// How columns of the finer tier become columns of the coarser one.
struct rollup_map {
    struct block_shape to;
    uint16_t from[BLOCK_COLUMNS_MAX];  // of each coarse column: the finer one
    uint8_t stat[BLOCK_COLUMNS_MAX];   // of each coarse column: enum history_stat
    bool is_real_from[BLOCK_COLUMNS_MAX];
};

// From RAW: one column a metric in the finer shape; is_counter tells of each
// which it is. Coarse columns are in the order of the finer ones, of a gauge
// least, greatest, last, average. -ERR_TOO_MANY: more than BLOCK_COLUMNS_MAX.
int rollup_map_raw(struct rollup_map *map, const struct block_shape *from,
                   const bool is_counter[]) MUST_USE;
// From a coarse tier to the next: the columns stay what they are.
void rollup_map_coarse(struct rollup_map *map, const struct rollup_map *from);
// The coarse column of a raw column's stat, ROLLUP_NONE if there is none; `map`
// is one of rollup_map_raw.
uint16_t rollup_column(const struct rollup_map *map, unsigned raw_column,
                       enum history_stat stat);

struct rollup {
    const struct rollup_map *map;
    struct block_rows rows;
    uint16_t count[BLOCK_COLUMNS_MAX][HISTORY_GROUP_ROWS];  // moments in an average
};

// Begins the interval that bears `time_s`.
void rollup_begin(struct rollup *rollup, const struct rollup_map *map, uint32_t time_s);
void rollup_add(struct rollup *rollup, const struct block_rows *finer);
// The interval, until the next begin; nothing is added after it.
const struct block_rows *rollup_end(struct rollup *rollup);

#endif
