// Row indexes of nodes, namespaces and pods in the order of their names, so
// that long lists come out sorted without being held whole.
//
// Pods are sorted by namespace, then name. The order is brought up to date
// when the table's structure changed, at most once a second: rows that are
// still in order are kept, new ones are sorted and merged in. What a reader of
// a list gets between two pieces of it is held by name: a cursor goes on
// behind the last name it saw, whatever happened to the order meanwhile.
// Memory: 12 bytes a row of the largest pool and 4 a row of the others.
#ifndef SKERRY_API_ORDER_H
#define SKERRY_API_ORDER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/times.h"
#include "table/reader.h"

enum order_kind { ORDER_NODES, ORDER_NAMESPACES, ORDER_PODS, ORDER_KIND_COUNT };

struct order;

// A place in a list; all zero to begin.
struct order_cursor {
    uint32_t generation;  // of the order in which `position` holds; 0 = none
    uint32_t position;    // of the next row
    uint16_t name_bytes;  // of the last row given
    uint16_t group_bytes; // pods: of its namespace's name
    char name[NAME_BYTES_MAX];
    char group[NAME_BYTES_MAX];
};

size_t order_footprint(const struct capacity *capacity);
struct order *order_init(struct arena *arena, const struct capacity *capacity);

// Call before a list is begun or gone on with.
void order_refresh(struct order *order, const struct table_reader *table, struct wall_ms now);
// Another table was mapped: everything is sorted anew at the next refresh.
void order_forget(struct order *order);

uint32_t order_count(const struct order *order, enum order_kind kind);
// The next row, 0 at the end. The row may be gone when it is read.
row_index order_next(const struct order *order, const struct table_reader *table,
                     enum order_kind kind, struct order_cursor *cursor);
// Puts the cursor in front of the first pod of a namespace; order_next goes on
// to the namespaces behind it.
void order_begin_namespace(const struct order *order, const struct table_reader *table,
                           struct text namespace_name, struct order_cursor *cursor);

#endif
