#include "api/labelled.h"

#include <string.h>

static bool
is_on_disk(enum metric metric)
{
    return metric >= METRIC_DISK_IO_READ_BYTES && metric <= METRIC_DISK_IO_WRITE_BYTES_RATE;
}

// The row that lists hang on, for looking whether it is still the same.
static bool
is_unchanged(const struct target *target)
{
    const struct table_reader *table = target->table;
    switch (target->entity) {
    case ENTITY_NODE:
        return table_is_unchanged(table, POOL_NODES, target->node.index,
                                  target->node.row.head.seq);
    case ENTITY_POD:
        return table_is_unchanged(table, POOL_PODS, target->pod.index, target->pod.row.head.seq);
    default:
        return table_is_unchanged(table, POOL_CONTAINERS, target->container.index,
                                  target->container.row.head.seq);
    }
}

static row_index
first_of(const struct target *target, bool disks)
{
    switch (target->entity) {
    case ENTITY_NODE:
        return disks ? target->node.row.disks : target->node.row.filesystems;
    case ENTITY_POD:
        return disks ? 0 : target->pod.row.filesystems;
    case ENTITY_CONTAINER:
    case ENTITY_SYSTEM_CONTAINER:
        return disks ? target->container.row.disk : 0;
    default:
        return 0;
    }
}

// The file systems of a container are in its row.
static bool
of_container(unsigned number, struct text *resource_id)
{
    static const struct text names[] = {TEXT("/"), TEXT("logs")};
    if (number >= ARRAY_COUNT(names)) {
        return false;
    }
    *resource_id = names[number];
    return true;
}

bool
labelled_resource(const struct target *target, enum metric metric, unsigned number,
                  char room[SHORT_NAME_BYTES_MAX], struct text *resource_id)
{
    struct labelled_view view;
    bool disks = is_on_disk(metric);
    bool contained =
        target->entity == ENTITY_CONTAINER || target->entity == ENTITY_SYSTEM_CONTAINER;
    if (contained && !disks) {
        return of_container(number, resource_id);
    }
    row_index at = first_of(target, disks);
    for (unsigned i = 0; i <= number; i++) {
        if (!(disks ? table_read_disk(target->table, &at, &view)
                    : table_read_filesystem(target->table, &at, &view))) {
            return false;
        }
    }
    memcpy(room, view.name.at, view.name.size);
    *resource_id = (struct text){room, view.name.size};
    return is_unchanged(target);
}

static row_index
first_extra(const struct target *target)
{
    switch (target->entity) {
    case ENTITY_NODE:
        return target->node.row.extras;
    case ENTITY_POD:
        return target->pod.row.extras;
    case ENTITY_CONTAINER:
    case ENTITY_SYSTEM_CONTAINER:
        return target->container.row.extras;
    default:
        return 0;
    }
}

bool
labelled_extra(const struct target *target, unsigned number, struct labelled_view *view)
{
    row_index at = first_extra(target);
    for (unsigned i = 0; i <= number; i++) {
        if (!table_read_extra(target->table, &at, view)) {
            return false;
        }
    }
    return is_unchanged(target);
}
