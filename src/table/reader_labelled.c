// Values that hang on a row in lists of their own: file systems, disks, and
// pressure.
#include "table/reader_state.h"

static bool
is_still(const struct table_reader *reader, const struct owned *owned)
{
    return owned->head->state == ROW_LIVE &&
           string_cells_equal(reader_cells(reader), owned->head->name, owned->name);
}

static bool
pressure_value(const struct pressure_row *row, enum metric metric, struct metric_value *value)
{
    const struct {
        unsigned bit;
        uint64_t us;
    } values[] = {
        {HAS_PRESSURE_CPU, row->cpu_some_us},       {HAS_PRESSURE_CPU, row->cpu_full_us},
        {HAS_PRESSURE_MEMORY, row->memory_some_us}, {HAS_PRESSURE_MEMORY, row->memory_full_us},
        {HAS_PRESSURE_IO, row->io_some_us},         {HAS_PRESSURE_IO, row->io_full_us},
    };
    size_t i = (size_t)(metric - METRIC_PRESSURE_CPU_SOME);
    return (row->has & values[i].bit) != 0 && reader_whole(value, values[i].us);
}

bool
reader_pressure(const struct table_reader *reader, struct owned owned, enum metric metric,
                struct metric_value *value)
{
    if (metric < METRIC_PRESSURE_CPU_SOME || metric > METRIC_PRESSURE_IO_FULL) {
        return false;
    }
    for (unsigned i = 0; i < READ_TRIES; i++) {
        uint32_t seq = reader_seq(owned.head);
        struct pressure_row row;
        bool found = is_still(reader, &owned) &&
                     table_read_pressure(reader, reader_link(owned.first), &row) &&
                     pressure_value(&row, metric, value);
        if (reader_is_same(owned.head, seq)) {
            return found;
        }
    }
    return false;
}

bool
reader_filesystem(const struct filesystem_row *row, enum metric metric,
                  struct metric_value *value)
{
    switch (metric) {
    case METRIC_FILESYSTEM_USAGE:
        return (row->has & HAS_FS_USED) != 0 && reader_whole(value, row->used);
    case METRIC_FILESYSTEM_LIMIT:
        return (row->has & HAS_FS_CAPACITY) != 0 && reader_whole(value, row->capacity);
    case METRIC_FILESYSTEM_AVAILABLE:
        return (row->has & HAS_FS_AVAILABLE) != 0 && reader_whole(value, row->available);
    case METRIC_FILESYSTEM_INODES:
        return (row->has & HAS_FS_INODES) != 0 && reader_whole(value, row->inodes);
    case METRIC_FILESYSTEM_INODES_FREE:
        return (row->has & HAS_FS_INODES_FREE) != 0 && reader_whole(value, row->inodes_free);
    default:
        return false;
    }
}

static bool
disk_value(const struct disk_row *row, enum metric metric, struct metric_value *value)
{
    switch (metric) {
    case METRIC_DISK_IO_READ_BYTES:
        return reader_whole(value, row->read_bytes);
    case METRIC_DISK_IO_WRITE_BYTES:
        return reader_whole(value, row->write_bytes);
    case METRIC_DISK_IO_READ_BYTES_RATE:
        return row->read_rate >= 0 && reader_real(value, (double)row->read_rate);
    case METRIC_DISK_IO_WRITE_BYTES_RATE:
        return row->write_rate >= 0 && reader_real(value, (double)row->write_rate);
    default:
        return false;
    }
}

static bool
find_labelled(const struct table_reader *reader, row_index first, enum metric metric,
              struct text resource_id, struct metric_value *value, struct wall_ms *time)
{
    struct labelled_view view;
    bool on_disk = reader_is_on_disk(metric);
    row_index at = first;
    uint32_t limit = reader->place[on_disk ? POOL_DISKS : POOL_FILESYSTEMS].limit;
    for (uint32_t hops = 0; hops <= limit; hops++) {
        bool more = on_disk ? table_read_disk(reader, &at, &view)
                            : table_read_filesystem(reader, &at, &view);
        if (!more) {
            return false;
        }
        if (text_equal(view.name, resource_id)) {
            *time = reader_cycle_time(on_disk ? view.disk.cycle_s : view.filesystem.cycle_s);
            return on_disk ? disk_value(&view.disk, metric, value)
                           : reader_filesystem(&view.filesystem, metric, value);
        }
    }
    return false;
}

bool
reader_labelled(const struct table_reader *reader, struct owned owned, enum metric metric,
                struct text resource_id, struct metric_value *value, struct wall_ms *time)
{
    for (unsigned i = 0; i < READ_TRIES; i++) {
        uint32_t seq = reader_seq(owned.head);
        bool found = is_still(reader, &owned) &&
                     find_labelled(reader, reader_link(owned.first), metric, resource_id, value,
                                   time);
        if (reader_is_same(owned.head, seq)) {
            return found;
        }
    }
    return false;
}
