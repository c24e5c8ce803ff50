// What the files of the reader share; for them only.
#ifndef SKERRY_TABLE_READER_STATE_H
#define SKERRY_TABLE_READER_STATE_H

#include "table/reader.h"
#include "table/string_store.h"

// A row is copied again when the writer was inside; the writer holds a row for
// microseconds, so that a few tries are plenty. A writer that died inside
// leaves the row unreadable until its successor comes.
#define READ_TRIES 64

// The row in the file, or NULL for an index outside the pool.
const void *reader_row(const struct table_reader *reader, enum table_pool pool, row_index index);

struct string_cells reader_cells(const struct table_reader *reader);

// A link that the writer may be changing: read once, so that what is checked is
// what is used.
static inline row_index
reader_link(const row_index *link)
{
    return __atomic_load_n(link, __ATOMIC_RELAXED);
}

static inline uint32_t
reader_seq(const struct row_head *head)
{
    return atomic_load_explicit(&head->seq, memory_order_acquire);
}

// True if all that was read of the row since `seq` belongs together.
static inline bool
reader_is_same(const struct row_head *head, uint32_t seq)
{
    atomic_thread_fence(memory_order_acquire);
    return (seq & 1U) == 0 && atomic_load_explicit(&head->seq, memory_order_relaxed) == seq;
}

#endif
