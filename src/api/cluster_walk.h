// Walks all rows of one level of the live table, in any order, from where a
// cursor stands: the cluster, namespaces, nodes, pods, containers, or the system
// containers of one node after the other.
//
// Uses cursor.row, cursor.inner and cursor.hops; row is 0 behind the last one. Rows that come or
// go meanwhile may or may not be seen.
#ifndef SKERRY_API_CLUSTER_WALK_H
#define SKERRY_API_CLUSTER_WALK_H

#include "api/target.h"

void cluster_walk_begin(const struct table_reader *table, enum entity entity,
                        struct cursor *cursor);
// To the next row, which may be none that can be read.
void cluster_walk_on(const struct table_reader *table, enum entity entity, struct cursor *cursor);
// The row itself, with details; false: it is gone, or of another level.
bool cluster_walk_read(const struct table_reader *table, enum entity entity,
                       const struct cursor *cursor, struct target *target);

#endif
