// The short lists that hang on rows: file systems, disks, extra values,
// pressure. Each is a chain through `next`, kept by name.
#include <string.h>

#include "base/check.h"
#include "table/writer_state.h"

void
writer_drop_filesystems(struct table_writer *writer, row_index *first, uint32_t keep_cycle_s)
{
    row_index *link = first;
    while (*link != 0) {
        row_index index = *link;
        struct filesystem_row *row = filesystem_row_at(writer->header, index);
        if (row->cycle_s == keep_cycle_s) {
            link = &row->next;
            continue;
        }
        *link = row->next;
        string_drop(writer->header, row->name);
        pool_give(writer->header, POOL_FILESYSTEMS, index);
    }
}

void
writer_drop_disks(struct table_writer *writer, row_index *first, uint32_t keep_cycle_s)
{
    row_index *link = first;
    while (*link != 0) {
        row_index index = *link;
        struct disk_row *row = disk_row_at(writer->header, index);
        if (row->cycle_s == keep_cycle_s) {
            link = &row->next;
            continue;
        }
        *link = row->next;
        string_drop(writer->header, row->name);
        pool_give(writer->header, POOL_DISKS, index);
    }
}

static void
free_extra_row(struct table_writer *writer, row_index index)
{
    struct extra_row *row = extra_row_at(writer->header, index);
    string_drop(writer->header, row->metric);
    string_drop(writer->header, row->label);
    pool_give(writer->header, POOL_EXTRAS, index);
}

static void
free_extra(struct table_writer *writer, row_index *link)
{
    row_index index = *link;
    *link = extra_row_at(writer->header, index)->next;
    free_extra_row(writer, index);
}

void
writer_drop_extras(struct table_writer *writer, row_index *first, uint32_t keep_cycle_s)
{
    row_index *link = first;
    while (*link != 0) {
        struct extra_row *row = extra_row_at(writer->header, *link);
        bool keep = row->cycle_s == keep_cycle_s ||
                    (row->cycle_s == 0 && keep_cycle_s != 0 && keep_cycle_s != UINT32_MAX);
        if (keep) {
            link = &row->next;
            continue;
        }
        free_extra(writer, link);
    }
}

void
writer_drop_requests(struct table_writer *writer, row_index *first)
{
    row_index *link = first;
    while (*link != 0) {
        struct extra_row *row = extra_row_at(writer->header, *link);
        if (row->cycle_s != 0) {
            link = &row->next;
            continue;
        }
        free_extra(writer, link);
    }
}

void
writer_drop_pressure(struct table_writer *writer, row_index *pressure)
{
    if (*pressure != 0) {
        pool_give(writer->header, POOL_PRESSURES, *pressure);
        *pressure = 0;
    }
}

void
writer_put_extra(struct table_writer *writer, row_index *first, struct text metric,
                 struct text label, double value, uint32_t cycle_s)
{
    struct table_header *header = writer->header;
    metric = string_cut(metric, SHORT_NAME_BYTES_MAX);
    label = string_cut(label, SHORT_NAME_BYTES_MAX);
    row_index index = *first;
    while (index != 0) {
        struct extra_row *row = extra_row_at(header, index);
        if (string_equals(header, row->metric, metric) && string_equals(header, row->label, label)) {
            row->value = cycle_s == 0 ? row->value + value : value;
            row->cycle_s = cycle_s;
            return;
        }
        index = row->next;
    }
    index = pool_take_near(header, POOL_EXTRAS, writer_near(writer, POOL_EXTRAS));
    if (index == 0) {
        table_count_error(writer, ERR_EXTRAS_FULL, 1);
        return;
    }
    struct extra_row *row = extra_row_at(header, index);
    writer_set_text(writer, &row->metric, metric);
    writer_set_text(writer, &row->label, label);
    if (row->metric == 0 || (row->label == 0 && label.size != 0)) {
        free_extra_row(writer, index);
        return;
    }
    row->value = value;
    row->cycle_s = cycle_s;
    row->next = *first;
    *first = index;
}
