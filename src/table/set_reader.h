// Every entity of the live table as a metric set, one after the other: the
// newest sample of each row, or, for `cycle_s` of the cycle before, that one.
//
// Order: the cluster, namespaces, nodes with their system containers, pods with
// their containers. Rows that come and go meanwhile may or may not be seen. A
// row without a sample of that cycle gives what holds without one (requests,
// limits, restarts) and is left out when it has nothing. Never writes; what is
// read is not trusted (reader.h).
#ifndef SKERRY_TABLE_SET_READER_H
#define SKERRY_TABLE_SET_READER_H

#include "base/arena.h"
#include "limits.h"
#include "model/metric_set.h"
#include "table/reader.h"

struct set_reader;

size_t set_reader_footprint(void);
struct set_reader *set_reader_new(struct arena *arena);

// Begins anew at the first set of the cycle `cycle_s` (header.cycle_done_s, or
// the one before that).
void set_reader_begin(struct set_reader *sets, const struct table_reader *table,
                      uint32_t cycle_s);
// The next set, valid until the next call; NULL at the end.
const struct metric_set *set_reader_next(struct set_reader *sets);
// The row of the set that set_reader_next() gave last. The cluster is pool
// POOL_COUNT, index 0.
struct set_place {
    unsigned pool;  // enum table_pool
    row_index index;
};
struct set_place set_reader_place(const struct set_reader *sets);
// Where it stands, for showing progress and for going on in small pieces.
uint32_t set_reader_count(const struct set_reader *sets);
// Labelled values that found no room, or were changing all the time, since begin.
uint32_t set_reader_left_out(const struct set_reader *sets);
// Labelled values of the cycle that were gone since begin, because the table keeps
// the newest of them only and the next cycle had reached their row.
uint32_t set_reader_late(const struct set_reader *sets);

// One row, for history: the pool says the entity (NAMESPACES, NODES, PODS,
// CONTAINERS); false when it is not there or has nothing.
bool set_reader_row(struct set_reader *sets, const struct table_reader *table,
                    enum table_pool pool, row_index index, uint32_t cycle_s,
                    const struct metric_set **set);
// The same without labels: only set->identity tells whose values these are.
bool set_reader_values(struct set_reader *sets, const struct table_reader *table,
                       enum table_pool pool, row_index index, uint32_t cycle_s,
                       const struct metric_set **set);
bool set_reader_cluster(struct set_reader *sets, const struct table_reader *table,
                        uint32_t cycle_s, const struct metric_set **set);

#endif
