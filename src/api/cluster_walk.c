#include "api/cluster_walk.h"

static enum table_pool
pool_of(enum entity entity)
{
    switch (entity) {
    case ENTITY_NAMESPACE:
        return POOL_NAMESPACES;
    case ENTITY_POD:
        return POOL_PODS;
    case ENTITY_CONTAINER:
        return POOL_CONTAINERS;
    default:
        return POOL_NODES;  // system containers hang on nodes
    }
}

static row_index
first_container(const struct table_reader *table, row_index node)
{
    struct node_view view;
    return table_read_node(table, node, VIEW_NAMES, &view) ? view.row.first_container : 0;
}

static void
enter(const struct table_reader *table, enum entity entity, struct cursor *cursor, row_index row)
{
    bool system = entity == ENTITY_SYSTEM_CONTAINER;
    cursor->row = row;
    cursor->hops = 0;
    cursor->inner = system && row != 0 ? first_container(table, row) : 0;
}

void
cluster_walk_begin(const struct table_reader *table, enum entity entity, struct cursor *cursor)
{
    bool one = entity == ENTITY_CLUSTER;
    enter(table, entity, cursor, one ? 1 : table_next_row(table, pool_of(entity), 0));
}

void
cluster_walk_on(const struct table_reader *table, enum entity entity, struct cursor *cursor)
{
    if (entity == ENTITY_CLUSTER) {
        cursor->row = 0;
        return;
    }
    if (cursor->inner != 0 && cursor->hops++ < table->place[POOL_CONTAINERS].limit) {
        cursor->inner = table_next_container(table, cursor->inner);
    } else {
        cursor->inner = 0;
    }
    if (cursor->inner == 0) {
        enter(table, entity, cursor, table_next_row(table, pool_of(entity), cursor->row));
    }
}

bool
cluster_walk_read(const struct table_reader *table, enum entity entity,
                  const struct cursor *cursor, struct target *target)
{
    target->table = table;
    target->entity = entity;
    switch (entity) {
    case ENTITY_NODE:
        return table_read_node(table, cursor->row, VIEW_NAMES, &target->node);
    case ENTITY_NAMESPACE:
        return table_read_namespace(table, cursor->row, VIEW_NAMES, &target->namespace_row);
    case ENTITY_POD:
        return table_read_pod(table, cursor->row, VIEW_NAMES, &target->pod);
    case ENTITY_CONTAINER:
        return table_read_container(table, cursor->row, VIEW_DETAILS, &target->container) &&
               target->container.row.pod != 0;
    case ENTITY_SYSTEM_CONTAINER:
        return table_read_container(table, cursor->inner, VIEW_DETAILS, &target->container) &&
               target->container.row.pod == 0 && target->container.row.node == cursor->row;
    default:
        return true;
    }
}
