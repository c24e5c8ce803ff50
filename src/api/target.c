#include "api/target.h"

#include <string.h>

#include "api/near.h"
#include "base/error.h"

// Names looked at for one sentence of suggestions.
#define NEAR_ROWS_MAX 4096
// A function with a frame of its own, so that not all views are on the stack
// at once.
#define APART __attribute__((noinline))

static const char *const entity_words[ENTITY_COUNT] = {
    [ENTITY_NODE] = "node",
    [ENTITY_POD] = "pod",
    [ENTITY_CONTAINER] = "container",
    [ENTITY_SYSTEM_CONTAINER] = "system container",
    [ENTITY_NAMESPACE] = "namespace",
    [ENTITY_CLUSTER] = "cluster",
};

static bool
read_node(const struct table_reader *table, struct text name, struct node_view *view)
{
    row_index row = table_lookup_node(table, name);
    return row != 0 && table_read_node(table, row, VIEW_NAMES, view);
}

static bool
read_pod(const struct table_reader *table, const struct text *names, struct pod_view *view)
{
    row_index namespace_row = table_lookup_namespace(table, names[0]);
    row_index row = namespace_row == 0 ? 0 : table_lookup_pod(table, namespace_row, names[1]);
    return row != 0 && table_read_pod(table, row, VIEW_NAMES, view);
}

static bool
read_namespace(const struct table_reader *table, struct text name, struct namespace_view *view)
{
    row_index row = table_lookup_namespace(table, name);
    return row != 0 && table_read_namespace(table, row, VIEW_NAMES, view);
}

static bool
read_container(const struct table_reader *table, const struct text *names,
               struct container_view *view)
{
    struct pod_view pod;
    if (!read_pod(table, names, &pod)) {
        return false;
    }
    row_index row = table_lookup_container(table, &pod, names[2]);
    return row != 0 && table_read_container(table, row, VIEW_NAMES, view);
}

static bool
read_system_container(const struct table_reader *table, const struct text *names,
                      struct container_view *view)
{
    struct node_view node;
    if (!read_node(table, names[0], &node)) {
        return false;
    }
    row_index row = table_lookup_system_container(table, &node, names[1]);
    return row != 0 && table_read_container(table, row, VIEW_NAMES, view);
}

bool
target_read(const struct exchange *exchange, enum entity entity, struct target *target)
{
    const struct table_reader *table = exchange->api->table;
    const struct text *names = exchange->match.value;
    target->entity = entity;
    target->table = table;
    ASSERT(table != NULL);
    switch (entity) {
    case ENTITY_CLUSTER:
        return true;
    case ENTITY_NODE:
        return read_node(table, names[0], &target->node);
    case ENTITY_NAMESPACE:
        return read_namespace(table, names[0], &target->namespace_row);
    case ENTITY_POD:
        return read_pod(table, names, &target->pod);
    case ENTITY_CONTAINER:
        return read_container(table, names, &target->container);
    case ENTITY_SYSTEM_CONTAINER:
        return read_system_container(table, names, &target->container);
    case ENTITY_COUNT:
        break;
    }
    ASSERT(false);
    return false;
}

static APART void
offer_nodes(const struct table_reader *table, struct near *near)
{
    struct node_view view;
    row_index row = 0;
    for (int i = 0; i < NEAR_ROWS_MAX; i++) {
        row = table_next_row(table, POOL_NODES, row);
        if (row == 0) {
            return;
        }
        if (table_read_node(table, row, VIEW_NAMES, &view)) {
            near_offer(near, view.name);
        }
    }
}

static APART void
offer_namespaces(const struct table_reader *table, struct near *near)
{
    struct namespace_view view;
    row_index row = 0;
    for (int i = 0; i < NEAR_ROWS_MAX; i++) {
        row = table_next_row(table, POOL_NAMESPACES, row);
        if (row == 0) {
            return;
        }
        if (table_read_namespace(table, row, VIEW_NAMES, &view)) {
            near_offer(near, view.name);
        }
    }
}

static APART void
offer_pods(const struct table_reader *table, row_index first, struct near *near)
{
    struct pod_view view;
    row_index row = first;
    for (int i = 0; i < NEAR_ROWS_MAX && row != 0; i++) {
        if (table_read_pod(table, row, VIEW_NAMES, &view)) {
            near_offer(near, view.name);
        }
        row = table_next_pod_of_namespace(table, row);
    }
}

static APART void
offer_containers(const struct table_reader *table, row_index first, struct near *near)
{
    struct container_view view;
    row_index row = first;
    for (int i = 0; i < NEAR_ROWS_MAX && row != 0; i++) {
        if (table_read_container(table, row, VIEW_NAMES, &view)) {
            near_offer(near, view.name);
        }
        row = table_next_container(table, row);
    }
}

// "there is no pod web-1 in namespace shop; near it: web-2"
static void
say_unknown(struct exchange *exchange, enum entity entity, unsigned depth, const char *where,
            const struct near *near)
{
    const struct text *names = exchange->match.value;
    struct out message = exchange_message(exchange);
    out_format(&message, "there is no %s ", entity_words[entity]);
    out_text(&message, text_sub(names[depth], 0, NAME_BYTES_MAX));
    if (depth > 0) {
        out_format(&message, " in %s ", where);
        out_text(&message, text_sub(names[depth - 1], 0, NAME_BYTES_MAX));
    }
    near_write(near, &message);
    exchange_fail_message(exchange, 404, &message);
}

static APART void
explain_node(struct exchange *exchange, enum entity entity)
{
    const struct table_reader *table = exchange->api->table;
    const struct text *names = exchange->match.value;
    struct node_view node;
    struct near near;
    if (entity == ENTITY_SYSTEM_CONTAINER && read_node(table, names[0], &node)) {
        near_begin(&near, names[1]);
        offer_containers(table, node.row.first_container, &near);
        say_unknown(exchange, ENTITY_SYSTEM_CONTAINER, 1, "node", &near);
        return;
    }
    near_begin(&near, names[0]);
    offer_nodes(table, &near);
    say_unknown(exchange, ENTITY_NODE, 0, "", &near);
}

static APART void
explain_pod(struct exchange *exchange, enum entity entity, row_index first_pod)
{
    const struct table_reader *table = exchange->api->table;
    const struct text *names = exchange->match.value;
    struct pod_view pod;
    struct near near;
    if (entity == ENTITY_CONTAINER && read_pod(table, names, &pod)) {
        near_begin(&near, names[2]);
        offer_containers(table, pod.row.first_container, &near);
        say_unknown(exchange, ENTITY_CONTAINER, 2, "pod", &near);
        return;
    }
    near_begin(&near, names[1]);
    offer_pods(table, first_pod, &near);
    say_unknown(exchange, ENTITY_POD, 1, "namespace", &near);
}

static void
explain(struct exchange *exchange, enum entity entity)
{
    const struct table_reader *table = exchange->api->table;
    struct namespace_view namespace_row;
    struct near near;
    if (entity == ENTITY_NODE || entity == ENTITY_SYSTEM_CONTAINER) {
        explain_node(exchange, entity);
        return;
    }
    struct text name = exchange->match.value[0];
    if (entity != ENTITY_NAMESPACE && read_namespace(table, name, &namespace_row)) {
        explain_pod(exchange, entity, namespace_row.row.first_pod);
        return;
    }
    near_begin(&near, name);
    offer_namespaces(table, &near);
    say_unknown(exchange, ENTITY_NAMESPACE, 0, "", &near);
}

bool
target_find(struct exchange *exchange, enum entity entity, struct target *target)
{
    if (exchange->api->table == NULL) {
        exchange_fail(exchange, 503, "%s; try again in a few seconds",
                      error_sentence(ERR_NOT_READY));
        return false;
    }
    if (target_read(exchange, entity, target)) {
        return true;
    }
    explain(exchange, entity);
    return false;
}

bool
target_metric(const struct target *target, enum metric metric, struct text resource_id,
              unsigned sample, struct metric_value *value, struct wall_ms *time)
{
    const struct table_reader *table = target->table;
    struct totals totals;
    switch (target->entity) {
    case ENTITY_NODE:
        return table_node_metric(table, &target->node, metric, resource_id, sample, value, time);
    case ENTITY_POD:
        return table_pod_metric(table, &target->pod, metric, resource_id, sample, value, time);
    case ENTITY_CONTAINER:
    case ENTITY_SYSTEM_CONTAINER:
        return table_container_metric(table, &target->container, metric, resource_id, sample,
                                      value, time);
    case ENTITY_NAMESPACE: {
        const struct namespace_row *row = &target->namespace_row.row;
        unsigned at = (row->head.newest + sample) % SAMPLES_PER_ROW;
        return table_totals_metric(&row->totals[at], metric, value, time);
    }
    case ENTITY_CLUSTER:
        return table_read_totals(table, sample, &totals) &&
               table_totals_metric(&totals, metric, value, time);
    case ENTITY_COUNT:
        break;
    }
    ASSERT(false);
    return false;
}
