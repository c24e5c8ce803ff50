#include "table/source_count.h"

#include "base/check.h"

// Under the row's sequence lock, so that readers see both halves of a number.
static void
add_one(struct source_row *row, uint64_t *total)
{
    atomic_fetch_add_explicit(&row->seq, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    *total += 1;
    atomic_fetch_add_explicit(&row->seq, 1, memory_order_release);
}

static struct source_row *
row_of(struct table_writer *writer, unsigned source)
{
    ASSERT(source >= 1);
    ASSERT(source <= SOURCES_MAX);
    return &table_writer_header(writer)->source[source];
}

void
source_count_watch(struct table_writer *writer, unsigned source)
{
    struct source_row *row = row_of(writer, source);
    add_one(row, &row->watch_total);
}

void
source_count_relist(struct table_writer *writer, unsigned source)
{
    struct source_row *row = row_of(writer, source);
    add_one(row, &row->relist_total);
}
