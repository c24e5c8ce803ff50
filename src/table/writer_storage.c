// What lies beside the samples: pressure, file systems, disks, and the sizes
// that containers share with their node.
#include <string.h>

#include "base/check.h"
#include "table/writer_state.h"

void
writer_put_pressure(struct table_writer *writer, row_index *index,
                    const struct pressure_seen *seen, enum pressure_level level)
{
    if (seen->has == 0 || writer->header->capacity.pressure < level) {
        return;
    }
    if (*index == 0) {
        *index = pool_take_near(writer->header, POOL_PRESSURES,
                                writer_near(writer, POOL_PRESSURES));
        if (*index == 0) {
            table_count_error(writer, ERR_EXTRAS_FULL, 1);
            return;
        }
    }
    struct pressure_row *row = pressure_row_at(writer->header, *index);
    row->has = seen->has;
    row->cpu_some_us = seen->cpu_some_us;
    row->cpu_full_us = seen->cpu_full_us;
    row->memory_some_us = seen->memory_some_us;
    row->memory_full_us = seen->memory_full_us;
    row->io_some_us = seen->io_some_us;
    row->io_full_us = seen->io_full_us;
}

static row_index
need_filesystem(struct table_writer *writer, row_index *first, struct text name)
{
    struct table_header *header = writer->header;
    for (row_index at = *first; at != 0; at = filesystem_row_at(header, at)->next) {
        if (string_equals(header, filesystem_row_at(header, at)->name, name)) {
            return at;
        }
    }
    row_index index = pool_take_near(header, POOL_FILESYSTEMS, writer_near(writer, POOL_FILESYSTEMS));
    if (index == 0) {
        table_count_error(writer, ERR_FILESYSTEMS_FULL, 1);
        return 0;
    }
    struct filesystem_row *row = filesystem_row_at(header, index);
    writer_set_text(writer, &row->name, name);
    if (row->name == 0 && name.size != 0) {
        pool_give(header, POOL_FILESYSTEMS, index);
        return 0;
    }
    row->next = *first;
    *first = index;
    return index;
}

void
writer_put_filesystems(struct table_writer *writer, row_index *first,
                       const struct filesystem_seen *seen, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct text name = string_cut(seen[i].name, SHORT_NAME_BYTES_MAX);
        row_index index = need_filesystem(writer, first, name);
        if (index == 0) {
            continue;
        }
        struct filesystem_row *row = filesystem_row_at(writer->header, index);
        row->cycle_s = writer->cycle_s;
        row->has = seen[i].has;
        row->used = seen[i].used;
        row->capacity = seen[i].capacity;
        row->available = seen[i].available;
        row->inodes = seen[i].inodes;
        row->inodes_free = seen[i].inodes_free;
    }
    writer_drop_filesystems(writer, first, writer->cycle_s);
}

static row_index
need_disk(struct table_writer *writer, row_index *first, struct text name)
{
    struct table_header *header = writer->header;
    for (row_index at = *first; at != 0; at = disk_row_at(header, at)->next) {
        if (string_equals(header, disk_row_at(header, at)->name, name)) {
            return at;
        }
    }
    row_index index = pool_take_near(header, POOL_DISKS, writer_near(writer, POOL_DISKS));
    if (index == 0) {
        table_count_error(writer, ERR_FILESYSTEMS_FULL, 1);
        return 0;
    }
    struct disk_row *row = disk_row_at(header, index);
    writer_set_text(writer, &row->name, name);
    if (row->name == 0 && name.size != 0) {
        pool_give(header, POOL_DISKS, index);
        return 0;
    }
    row->read_rate = -1.0F;
    row->write_rate = -1.0F;
    row->next = *first;
    *first = index;
    return index;
}

// Bytes per second, or -1 when the counter or the clock went back.
static float
disk_rate(uint64_t before, uint64_t now, int64_t elapsed_ms)
{
    return now < before || elapsed_ms <= 0
               ? -1.0F
               : (float)((double)(now - before) * 1e3 / (double)elapsed_ms);
}

void
writer_put_disk(struct table_writer *writer, row_index *first, const struct disk_seen *seen)
{
    struct text name = string_cut(seen->device, SHORT_NAME_BYTES_MAX);
    row_index index = need_disk(writer, first, name);
    if (index == 0) {
        return;
    }
    struct disk_row *row = disk_row_at(writer->header, index);
    int64_t cycle_ms = (int64_t)writer->cycle_s * MS_PER_S;
    int64_t time_ms = seen->time.ms != 0 ? seen->time.ms : writer->arrival.ms;
    if (time_ms <= cycle_ms + INT32_MIN || time_ms > cycle_ms + INT32_MAX) {
        time_ms = cycle_ms;  // a clock that cannot be believed
    }
    int64_t before_ms = (int64_t)row->cycle_s * MS_PER_S + row->offset_ms;
    if (row->cycle_s != 0 && time_ms != before_ms) {
        row->read_rate = disk_rate(row->read_bytes, seen->read_bytes, time_ms - before_ms);
        row->write_rate = disk_rate(row->write_bytes, seen->write_bytes, time_ms - before_ms);
    }
    row->offset_ms = (int32_t)(time_ms - cycle_ms);
    row->cycle_s = writer->cycle_s;
    row->read_bytes = seen->read_bytes;
    row->write_bytes = seen->write_bytes;
}

// Containers share the file systems of their node: sizes are kept once.
uint8_t
writer_backing_of(struct table_writer *writer, const struct filesystem_seen *seen)
{
    unsigned sizes = HAS_FS_CAPACITY | HAS_FS_AVAILABLE | HAS_FS_INODES | HAS_FS_INODES_FREE;
    if (writer->node == 0 || (seen->has & sizes) == 0) {
        return BACKING_NONE;
    }
    struct node_row *node = node_row_at(writer->header, writer->node);
    uint8_t count = node->backings_cycle_s == writer->cycle_s ? node->backing_count : 0;
    struct backing_row wanted = {
        .has = seen->has & sizes,
        .capacity = seen->capacity,
        .available = seen->available,
        .inodes = seen->inodes,
        .inodes_free = seen->inodes_free,
    };
    for (uint8_t i = 0; i < count; i++) {
        if (memcmp(&node->backings[i], &wanted, sizeof wanted) == 0) {
            return i;
        }
    }
    if (count == NODE_BACKINGS_MAX) {
        table_count_error(writer, ERR_TOO_MANY, 1);
        return BACKING_NONE;
    }
    row_write_begin(&node->head);
    node->backings_cycle_s = writer->cycle_s;
    node->backings[count] = wanted;
    node->backing_count = (uint8_t)(count + 1);
    row_write_end(&node->head);
    return count;
}
