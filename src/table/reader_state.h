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

static inline struct wall_ms
reader_cycle_time(uint32_t cycle_s)
{
    return (struct wall_ms){(int64_t)cycle_s * MS_PER_S};
}

// Both give true: there is a value.
static inline bool
reader_whole(struct metric_value *value, uint64_t number)
{
    *value = (struct metric_value){.u64 = number};
    return true;
}

static inline bool
reader_real(struct metric_value *value, double number)
{
    *value = (struct metric_value){.is_double = true, .real = number};
    return true;
}

static inline bool
reader_is_on_disk(enum metric metric)
{
    return metric >= METRIC_DISK_IO_READ_BYTES && metric <= METRIC_DISK_IO_WRITE_BYTES_RATE;
}

// A list that hangs on a row of the file, which may be given back at any time:
// what is read of it counts if the row has not changed meanwhile.
struct owned {
    const struct row_head *head;
    struct text name;  // tells whether the row is still the one that was copied
    const row_index *first;
};

// False: absent, or not a metric of pressure.
bool reader_pressure(const struct table_reader *reader, struct owned owned, enum metric metric,
                     struct metric_value *value);
bool reader_filesystem(const struct filesystem_row *row, enum metric metric,
                       struct metric_value *value);
// The value with this resource_id in the list. Labelled values are kept for the
// newest sample only.
bool reader_labelled(const struct table_reader *reader, struct owned owned, enum metric metric,
                     struct text resource_id, struct metric_value *value, struct wall_ms *time);

#endif
