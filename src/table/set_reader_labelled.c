// Values per file system, disk or device, and extras.
#include "table/set_reader_state.h"

static void
put(struct set_reader *sets, struct labelled_value value)
{
    struct metric_set *set = &sets->set;
    if (set->labelled_count == SET_LABELLED_MAX) {
        sets->left_out++;
        return;
    }
    sets->labelled[set->labelled_count++] = value;
}

static void
put_catalogued(struct set_reader *sets, enum metric metric, struct text resource_id,
               struct metric_value value)
{
    put(sets, (struct labelled_value){metric, text_of(metric_info(metric)->name), resource_id,
                                      value});
}

// A copy that lives as long as the set. False: no room.
static bool
keep_text(struct set_reader *sets, struct text text, struct text *kept)
{
    if (sets->texts.size - sets->texts.used < text.size) {
        sets->left_out++;
        return false;
    }
    *kept = (struct text){sets->texts.at + sets->texts.used, text.size};
    out_text(&sets->texts, text);
    return true;
}

static void
put_filesystem(struct set_reader *sets, const struct filesystem_row *row, struct text resource_id)
{
    for (unsigned i = METRIC_FILESYSTEM_USAGE; i <= METRIC_FILESYSTEM_INODES_FREE; i++) {
        struct metric_value value;
        if (reader_filesystem(row, (enum metric)i, &value)) {
            put_catalogued(sets, (enum metric)i, resource_id, value);
        }
    }
}

static void
put_disk(struct set_reader *sets, const struct disk_row *row, struct text resource_id)
{
    struct metric_value value;
    (void)reader_whole(&value, row->read_bytes);
    put_catalogued(sets, METRIC_DISK_IO_READ_BYTES, resource_id, value);
    if (row->read_rate >= 0) {
        (void)reader_real(&value, (double)row->read_rate);
        put_catalogued(sets, METRIC_DISK_IO_READ_BYTES_RATE, resource_id, value);
    }
    (void)reader_whole(&value, row->write_bytes);
    put_catalogued(sets, METRIC_DISK_IO_WRITE_BYTES, resource_id, value);
    if (row->write_rate >= 0) {
        (void)reader_real(&value, (double)row->write_rate);
        put_catalogued(sets, METRIC_DISK_IO_WRITE_BYTES_RATE, resource_id, value);
    }
}

static void
put_filesystems(struct set_reader *sets, row_index first)
{
    struct labelled_view view;
    struct text resource_id;
    row_index at = first;
    uint32_t hops = 0;
    while (hops++ < SET_LABELLED_MAX && table_read_filesystem(sets->table, &at, &view)) {
        sets->late += view.filesystem.cycle_s > sets->cycle_s;
        if (view.filesystem.cycle_s == sets->cycle_s && keep_text(sets, view.name, &resource_id)) {
            put_filesystem(sets, &view.filesystem, resource_id);
        }
    }
}

static void
put_disks(struct set_reader *sets, row_index first)
{
    struct labelled_view view;
    struct text resource_id;
    row_index at = first;
    uint32_t hops = 0;
    while (hops++ < SET_LABELLED_MAX && table_read_disk(sets->table, &at, &view)) {
        sets->late += view.disk.cycle_s > sets->cycle_s;
        if (view.disk.cycle_s == sets->cycle_s && keep_text(sets, view.name, &resource_id)) {
            put_disk(sets, &view.disk, resource_id);
        }
    }
}

// Those of the API server (other requests) hold in any cycle.
static void
put_extras(struct set_reader *sets, row_index first)
{
    struct labelled_view view;
    struct labelled_value value = {.metric = METRIC_COUNT};
    row_index at = first;
    uint32_t hops = 0;
    while (hops++ < SET_LABELLED_MAX && table_read_extra(sets->table, &at, &view)) {
        sets->late += view.extra.cycle_s > sets->cycle_s;
        bool holds = view.extra.cycle_s == 0 || view.extra.cycle_s == sets->cycle_s;
        if (holds && keep_text(sets, view.metric, &value.name) &&
            keep_text(sets, view.name, &value.resource_id)) {
            (void)reader_real(&value.value, view.extra.value);
            put(sets, value);
        }
    }
}

void
set_labelled_lists(struct set_reader *sets, struct set_lists lists)
{
    put_filesystems(sets, lists.filesystems);
    put_disks(sets, lists.disk);
    put_extras(sets, lists.extras);
}

// What the node keeps of the file system that a container's lies on.
static void
add_backing(struct set_reader *sets, uint8_t backing, struct filesystem_row *to)
{
    const struct container_row *row = &sets->container.row;
    row_index node_index = row->pod != 0 ? sets->pod.row.node_index : row->node;
    const struct node_row *node = reader_row(sets->table, POOL_NODES, node_index);
    for (unsigned i = 0; node != NULL && backing < NODE_BACKINGS_MAX && i < READ_TRIES; i++) {
        uint32_t seq = reader_seq(&node->head);
        bool kept = backing < node->backing_count && node->backings_cycle_s == sets->cycle_s;
        struct backing_row from = node->backings[backing];
        if (!reader_is_same(&node->head, seq)) {
            continue;
        }
        sets->late += node->backings_cycle_s > sets->cycle_s;
        if (kept) {
            to->has |= from.has;
            to->capacity = from.capacity;
            to->available = from.available;
            to->inodes = from.inodes;
            to->inodes_free = from.inodes_free;
        }
        return;
    }
}

void
set_labelled_storage(struct set_reader *sets)
{
    const struct container_row *row = &sets->container.row;
    struct filesystem_row rootfs = {0};
    struct filesystem_row logs = {0};
    if (row->storage_has & 1U) {
        rootfs.has = HAS_FS_USED;
        rootfs.used = row->rootfs_used;
    }
    if (row->storage_has & 2U) {
        logs.has = HAS_FS_USED;
        logs.used = row->logs_used;
    }
    add_backing(sets, row->rootfs_backing, &rootfs);
    add_backing(sets, row->logs_backing, &logs);
    put_filesystem(sets, &rootfs, TEXT("/"));
    put_filesystem(sets, &logs, TEXT("logs"));
}
