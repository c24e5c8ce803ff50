// The history: one SQLite file of fixed maximum size with every sample of every
// entity. Written by the role record alone; serve, export and the tools read it.
//
// Tiers: RAW (every cycle, exact), MINUTE and TEN_MINUTES (per metric: least,
// greatest, average, last; of counters the last alone). Each has its share of the
// file; when the file is full the oldest of the tier over its share goes first.
//
// Layout (schema.h): blocks of up to HISTORY_GROUP_ROWS neighbouring entities at
// one time (block.h), 16 of which, a *window*, share a key. They are appended one
// by one as cycles come (`fresh`) and lie together once the window is complete
// (`block`), so that reading one entity for long reads few rows. `entity` has the
// names and labels behind the numbers in blocks. Every block carries a checksum;
// a bad one is counted and left out.
//
// All file access goes through the platform ops table (vfs.c), so that tests
// put faults in. Memory: SQLite takes its own from the library heap
// (history_heap_bytes()), the rest is footprint.
#ifndef SKERRY_HISTORY_HISTORY_H
#define SKERRY_HISTORY_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "budget/capacity.h"
#include "model/metric_set.h"
#include "platform/platform.h"

#define HISTORY_GROUP_ROWS 32

enum history_tier { TIER_RAW, TIER_MINUTE, TIER_TEN_MINUTES, TIER_COUNT };
enum history_stat { STAT_LAST, STAT_LEAST, STAT_GREATEST, STAT_AVERAGE, STAT_COUNT };

struct history;

struct history_config {
    const struct platform *platform;
    const char *path;      // of the file; its journal lies beside it
    uint64_t bytes_limit;  // of the file, journal included
    // Of the live table that is recorded: how many rows there are to tell apart.
    // Readers leave it NULL.
    const struct capacity *capacity;
    uint32_t resolution_s;  // of its cycles
    bool writer;
    bool is_suspect;  // its writer died often: all of the file is checked when it is opened first
};

size_t history_footprint(const struct history_config *config);
size_t history_heap_bytes(const struct history_config *config);

// Opens, or makes when it is the writer. A file that is damaged is set aside by
// the writer as PATH.damaged (the one before is replaced) and a new one begun;
// *set_aside says so. -ERR_NO_FILE: a reader finds none yet. -ERR_BUSY: another
// writer has it. -ERR_LAYOUT: of a newer version of the program.
int history_open(struct arena *arena, const struct history_config *config,
                 struct history **history, bool *set_aside, struct out *why) MUST_USE;
// For a file that vanished or was replaced: closes and opens again.
int history_reopen(struct history *history, struct out *why) MUST_USE;
void history_close(struct history *history);

// What an error of this room means to people: error_sentence() speaks of documents and
// connections.
const char *history_sentence(int error);

struct history_use {
    uint64_t bytes, bytes_limit;
    uint64_t samples_total;       // recorded since the file was begun
    uint64_t sample_bytes_total;  // what they took, all included
    uint32_t entities;
    uint32_t oldest_s[TIER_COUNT], newest_s[TIER_COUNT];  // 0 = none
    uint64_t bad_blocks_total;
    uint32_t set_aside_total;     // damaged files since this process began
    int last_error;
    // Since this process began: cycles a little older than the newest, and cycles
    // of times yet to come when the clock was set back.
    uint64_t cycles_refused_total, cycles_forgotten_total;
};
int history_use(struct history *history, struct history_use *use) MUST_USE;

// --- Reading -----------------------------------------------------------------

// Names of one entity; empty ones do not count for its kind.
struct history_name {
    enum entity entity;
    struct text node, space, pod, container;
    struct text pod_id;  // in place of space and pod
};

struct history_ask {
    struct history_name name;
    struct text metric;       // of the catalogue or an extra
    struct text resource_id;  // of labelled ones
    struct wall_ms start, end;  // both inclusive
    // 0: the finest there is; else the tier fitting this step is read.
    int64_t step_ms;
};

struct history_point {
    struct wall_ms time;
    struct metric_value last;
    double least, greatest, average;  // of the tier's interval; = last when raw
};

// Calls `each` in order of time for every recorded point; each returns false to
// stop. The name may have been several entities one after the other (a pod of a
// StatefulSet made anew): all are read. 0 also when there is nothing; *known tells
// whether such an entity was ever recorded.
typedef bool history_each(void *context, const struct history_point *point);
int history_read(struct history *history, const struct history_ask *ask, history_each *each,
                 void *context, bool *known) MUST_USE;

// Names of entities of a kind below a parent that lived in the range, in the
// alphabet's order, each once, those behind `after`: pods of a namespace,
// containers of a pod, nodes, namespaces. And the metrics of an entity: those of
// the newest window in which it had any.
int history_next_name(struct history *history, const struct history_name *parent,
                      struct wall_ms start, struct wall_ms end, struct text after,
                      struct out *name) MUST_USE;
int history_next_metric(struct history *history, const struct history_name *name,
                        struct wall_ms start, struct wall_ms end, struct text after,
                        struct out *metric) MUST_USE;

// --- Writing (the role record) -----------------------------------------------

// One cycle in one transaction: begin, put every set of the live table, end. A
// row is told by the entity's pool and `index` (0 for the cluster), which groups
// neighbours and finds what the row was the last time; of one pool rows come in
// order, pools one after the other. Fails as a whole: after an error
// history_rollback() and the cycle is lost (counted by the caller).
//
// Times only grow. A cycle not newer than the newest recorded, by up to
// HISTORY_STEP_BACK_S, is -ERR_BAD_TIME: refused and counted. One older than that
// comes of a clock that ran ahead and was set back: -ERR_NOT_READY until
// history_maintain() has forgotten, in all tiers, what bears times yet to come;
// then it is taken. Nothing was begun in either case. -ERR_NO_FILE: the file is gone or another took its
// place; -ERR_MALFORMED: it is damaged: history_reopen() mends both.
// -ERR_DISK_FULL: history_maintain() and try again.
#define HISTORY_STEP_BACK_S 600
int history_begin_cycle(struct history *history, uint32_t cycle_s) MUST_USE;
int history_put(struct history *history, uint32_t index, const struct metric_set *set) MUST_USE;
// Whether the row had this set's identity when it was last put: then
// history_put() does not look at its labels.
bool history_knows(const struct history *history, uint32_t index, const struct metric_set *set);
int history_end_cycle(struct history *history) MUST_USE;
void history_rollback(struct history *history);

// Between cycles: makes room, forgets entities without blocks, and what a clock
// that was set back left behind. Windows are packed and the coarser tiers made in
// small pieces with every cycle, in its transaction; here only what is late.
// Bounded work in one transaction per call, none when nothing can be due. 1: there
// is more to do at once. After an error history_rollback().
int history_maintain(struct history *history) MUST_USE;

#endif
