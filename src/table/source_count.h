// What is counted of a source beside the answers of its API server: watches
// begun, and lists begun again. They only grow, and outlive a restart of the
// writer as the table does.
//
// Part of the writing side: only who has a table_writer may call. Nothing here
// fails.
#ifndef SKERRY_TABLE_SOURCE_COUNT_H
#define SKERRY_TABLE_SOURCE_COUNT_H

#include "table/writer.h"

// A watch of one of its kinds began or was resumed.
void source_count_watch(struct table_writer *writer, unsigned source);

// A list of a kind begins that was begun before: its version was too old, its
// watches failed, or it broke off in the middle.
void source_count_relist(struct table_writer *writer, unsigned source);

#endif
