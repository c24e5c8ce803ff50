// The kinds of rows in the history, how their blocks are numbered, and which
// column of a block is which metric.
//
// A kind has one row per row of the live table (main kinds); what such a row has
// per resource (file systems, devices, metrics without a column) are rows of the
// kind's *labelled* twin, in blocks of the same group.
#ifndef SKERRY_HISTORY_KIND_H
#define SKERRY_HISTORY_KIND_H

#include "history/block.h"
#include "history/database.h"
#include "history/history.h"
#include "history/rollup.h"

// In the file: never renumber.
enum history_kind {
    KIND_CLUSTER,
    KIND_NAMESPACE,
    KIND_NODE,
    KIND_POD,
    KIND_CONTAINER,  // of pods and of nodes: one pool of the live table
    KIND_MAIN_COUNT,
    KIND_LABELLED = KIND_MAIN_COUNT,  // + the kind of the parent
    KIND_COUNT = 2 * KIND_MAIN_COUNT
};

enum history_kind kind_of_entity(enum entity entity);

// The number of a block: tier 2 bits, time 32, kind 4, group 16, sub 6, part 3.
// So blocks are in order of time within a tier, and the parts of one group lie
// together.
#define KIND_SUBS_MAX 64
#define KIND_PARTS_MAX 8
#define KIND_GROUPS_MAX 65536

struct block_id {
    enum history_tier tier;
    uint32_t time_s;
    enum history_kind kind;
    uint32_t group;
    unsigned sub;   // of labelled kinds: which 32 of the group's
    unsigned part;  // of a window that is more than fits one row
};

int64_t block_id_pack(const struct block_id *id);
struct block_id block_id_unpack(int64_t number);
// The first number of a tier at or after that time.
int64_t block_id_floor(enum history_tier tier, uint32_t time_s);

// A labelled row's number in a block: the label's and the parent's slot.
#define KIND_LABELS_MAX (UINT32_C(1) << 27)
static inline uint32_t
labelled_number(uint32_t label, unsigned parent_slot)
{
    return label << 5 | parent_slot;
}

#define KIND_COLUMNS_MAX (BLOCK_COLUMNS_MAX / STAT_COUNT)
#define KIND_NO_COLUMN 255
// Columns that are no metric of the catalogue.
enum column_special {
    COLUMN_START = METRIC_COUNT,  // since when the row's counters count, s
    COLUMN_EXTRA_WHOLE,           // a labelled value without a metric
    COLUMN_EXTRA_REAL,
    COLUMN_UNKNOWN,  // of a program that knew more
    COLUMN_END
};

struct catalogue {
    uint8_t count[KIND_COUNT];
    uint16_t metric[KIND_COUNT][KIND_COLUMNS_MAX];  // by column: metric or special
    bool is_real[KIND_COUNT][KIND_COLUMNS_MAX];
    bool is_counter[KIND_COUNT][KIND_COLUMNS_MAX];
    uint8_t column[KIND_COUNT][COLUMN_END];  // by metric: KIND_NO_COLUMN
};

// Reads the columns that the file has, and as writer adds those it lacks.
int catalogue_load(struct catalogue *catalogue, struct database *database) MUST_USE;
// The same for a reader when the file has others by now: a writer that was begun
// after it adds them in a transaction of their own.
int catalogue_refresh(struct catalogue *catalogue, struct database *database) MUST_USE;

// Columns of a raw block when the kind had `count` of them.
void catalogue_shape(const struct catalogue *catalogue, enum history_kind kind, unsigned count,
                     struct block_shape *shape);
// The same for the tier above; its shape is map->to.
void catalogue_map(const struct catalogue *catalogue, enum history_kind kind, unsigned count,
                   struct rollup_map *map);

#endif
