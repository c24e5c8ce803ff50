// Checks everything that must hold in a live table between two calls of its
// writer. For tests only: takes memory from the heap.
#ifndef SKERRY_TESTS_UNIT_TABLE_VERIFY_H
#define SKERRY_TESTS_UNIT_TABLE_VERIFY_H

#include "table/writer.h"

// NULL when all is well, else what is wrong. Lists in both directions, name
// indexes, free lists, pools' figures, string references.
const char *table_verify(const struct table_header *header);

// The same, and the writer's own record of pods that have no row.
const char *table_verify_writer(const struct table_writer *writer);

#endif
