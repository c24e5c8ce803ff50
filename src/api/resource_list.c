#include "api/resource_list.h"

#include <string.h>

#include "api/resource_item.h"
#include "api/selector.h"
#include "api/target.h"
#include "base/error.h"
#include "base/json.h"

// Rows that one step may pass over: each costs a pass over the selectors.
#define ROWS_PER_STEP 256

// cursor.stage. BEGIN and END are a list's own. Inside a pod, cursor.row is the
// pod, cursor.inner its next container and cursor.offset counts them.
enum { BEGIN, ITEMS, FIRST_CONTAINER, CONTAINERS };

static bool
is_selected(const struct exchange *exchange, struct text labels, struct text name,
            struct text namespace_name)
{
    const struct resource_ask *ask = &exchange->resource;
    return selector_matches_fields(ask->fields, name, namespace_name) &&
           selector_matches_labels(ask->labels, labels);
}

static void
begin_item(struct exchange *exchange, struct out *out)
{
    if (exchange->cursor.written++ > 0) {
        out_byte(out, ',');
    }
}

static bool
node_usage(const struct exchange *exchange, struct node_view *view, struct resource_usage *usage)
{
    return exchange->resource.format == RESOURCE_CORE ||
           resource_usage_of_node(exchange->api->table, view, exchange->now, usage);
}

static bool
pod_usage(const struct exchange *exchange, const struct pod_view *view,
          struct resource_usage *usage)
{
    return exchange->resource.format == RESOURCE_CORE ||
           resource_usage_of_pod(exchange->api->table, view, exchange->now, usage);
}

// True: it was written.
static bool
write_node(struct exchange *exchange, struct out *out, row_index row)
{
    struct node_view view;
    struct resource_usage usage;
    if (!table_read_node(exchange->api->table, row, VIEW_LABELS | VIEW_DETAILS, &view) ||
        !is_selected(exchange, view.labels, view.name, (struct text){"", 0}) ||
        !node_usage(exchange, &view, &usage)) {
        return false;
    }
    begin_item(exchange, out);
    resource_item_node(exchange, out, &view, &usage);
    return true;
}

// The containers of metrics follow, one a step.
static bool
write_pod(struct exchange *exchange, struct out *out, row_index row)
{
    struct pod_view view;
    struct resource_usage usage;
    struct cursor *cursor = &exchange->cursor;
    if (!table_read_pod(exchange->api->table, row, VIEW_LABELS, &view) ||
        !is_selected(exchange, view.labels, view.name, view.namespace_name) ||
        !pod_usage(exchange, &view, &usage)) {
        return false;
    }
    begin_item(exchange, out);
    resource_item_pod(exchange, out, &view, &usage);
    if (exchange->resource.format == RESOURCE_METRICS) {
        cursor->stage = FIRST_CONTAINER;
        cursor->row = row;
        cursor->inner = view.row.first_container;
        cursor->offset = 0;
    }
    return true;
}

static enum step
container_step(struct exchange *exchange, struct out *out)
{
    const struct table_reader *table = exchange->api->table;
    struct cursor *cursor = &exchange->cursor;
    struct container_view view;
    struct resource_usage usage;
    if (cursor->inner == 0 || cursor->offset++ == POD_CONTAINERS_MAX ||
        !table_read_container(table, cursor->inner, VIEW_NAMES, &view) ||
        view.row.pod != cursor->row) {
        out_string(out, "]}");
        cursor->stage = ITEMS;
        return exchange->resource.single ? STEP_DONE : STEP_MORE;
    }
    if (resource_usage_of_container(table, &view, exchange->now, &usage)) {
        if (cursor->stage == CONTAINERS) {
            out_byte(out, ',');
        }
        resource_item_container(exchange, out, &view, &usage);
        cursor->stage = CONTAINERS;
    }
    cursor->inner = table_next_container(table, cursor->inner);
    return STEP_MORE;
}

// The next row of the list, 0 behind the last.
static row_index
next_row(struct exchange *exchange)
{
    struct order_cursor *cursor = &exchange->cursor.order;
    const struct table_reader *table = exchange->api->table;
    bool nodes = exchange->resource.nodes;
    row_index row = order_next(exchange_order(exchange), table, nodes ? ORDER_NODES : ORDER_PODS,
                               cursor);
    struct text group = {cursor->group, cursor->group_bytes};
    bool of_one = !nodes && exchange->match.count > 0;
    return of_one && !text_equal(group, exchange->match.value[0]) ? 0 : row;
}

static enum step
items_step(struct exchange *exchange, struct out *out)
{
    bool nodes = exchange->resource.nodes;
    for (int i = 0; i < ROWS_PER_STEP; i++) {
        row_index row = next_row(exchange);
        if (row == 0) {
            out_string(out, "]}");
            return STEP_DONE;
        }
        if (nodes ? write_node(exchange, out, row) : write_pod(exchange, out, row)) {
            return STEP_MORE;
        }
    }
    return STEP_PAUSE;
}

static const char *
list_kind(const struct resource_ask *ask)
{
    if (ask->format == RESOURCE_CORE) {
        return ask->nodes ? "NodeList" : "PodList";
    }
    return ask->nodes ? "NodeMetricsList" : "PodMetricsList";
}

static void
write_head(struct exchange *exchange, struct out *out)
{
    const struct resource_ask *ask = &exchange->resource;
    bool table = ask->format == RESOURCE_TABLE;
    out_string(out, "{\"kind\":\"");
    out_string(out, table ? "Table" : list_kind(ask));
    out_string(out, "\",\"apiVersion\":\"");
    out_string(out, table ? "meta.k8s.io/v1" : ask->version);
    out_string(out, "\",\"metadata\":{},");
    if (table) {
        out_string(out, "\"columnDefinitions\":");
        out_string(out, resource_item_columns);
    }
    out_string(out, table ? ",\"rows\":[" : "\"items\":[");
}

static enum step
list_step(struct exchange *exchange, struct out *out)
{
    switch (exchange->cursor.stage) {
    case BEGIN:
        write_head(exchange, out);
        exchange->cursor.stage = ITEMS;
        return STEP_MORE;
    case ITEMS:
        return items_step(exchange, out);
    default:
        return container_step(exchange, out);
    }
}

// A Table of one object has a head and a tail; an object is alone.
static enum step
object_step(struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    const struct resource_ask *ask = &exchange->resource;
    if (cursor->stage == FIRST_CONTAINER || cursor->stage == CONTAINERS) {
        return container_step(exchange, out);
    }
    if (ask->format == RESOURCE_TABLE) {
        write_head(exchange, out);
    }
    if (!(ask->nodes ? write_node(exchange, out, cursor->row)
                     : write_pod(exchange, out, cursor->row))) {
        // It went between the question and the answer.
        return STEP_CUT;
    }
    if (ask->format == RESOURCE_TABLE) {
        out_string(out, "]}");
    }
    return cursor->stage == BEGIN ? STEP_DONE : STEP_MORE;
}

static bool
check_selectors(struct exchange *exchange)
{
    struct resource_ask *ask = &exchange->resource;
    struct out why = exchange_message(exchange);
    uint64_t limit;
    ask->labels = query_get(&exchange->query, TEXT("labelSelector"));
    ask->fields = query_get(&exchange->query, TEXT("fieldSelector"));
    // As metrics-server, it gives the whole list all the same.
    if (query_limit(&exchange->query, &limit, &why) == 0 &&
        selector_check_labels(ask->labels, &why) == 0 &&
        selector_check_fields(ask->fields, !ask->nodes, &why) == 0) {
        return true;
    }
    exchange_fail_message(exchange, 400, &why);
    return false;
}

static void
answer_list(struct exchange *exchange)
{
    if (exchange->api->table == NULL) {
        exchange_fail(exchange, 503, "%s; try again in a few seconds",
                      error_sentence(ERR_NOT_READY));
        return;
    }
    // What is longer than any name is nobody's.
    if (exchange->match.count > 0 && exchange->match.value[0].size <= NAME_BYTES_MAX) {
        order_begin_namespace(exchange_order(exchange), exchange->api->table,
                              exchange->match.value[0], &exchange->cursor.order);
    }
    exchange_answer_of_table(exchange, CONTENT_JSON, list_step);
}

static bool
has_answer(const struct exchange *exchange, struct target *target)
{
    struct resource_usage usage;
    return target->entity == ENTITY_NODE ? node_usage(exchange, &target->node, &usage)
                                         : pod_usage(exchange, &target->pod, &usage);
}

static void
answer_object(struct exchange *exchange)
{
    struct target target;
    enum entity entity = exchange->resource.nodes ? ENTITY_NODE : ENTITY_POD;
    struct text name = exchange->match.value[exchange->match.count - 1];
    if (!target_find(exchange, entity, &target)) {
        return;
    }
    if (!has_answer(exchange, &target)) {
        struct out message = exchange_message(exchange);
        out_string(&message, entity == ENTITY_NODE ? "node " : "pod ");
        out_text(&message, text_sub(name, 0, NAME_BYTES_MAX));
        out_string(&message, " is known, but has no metrics now");
        exchange_fail_message(exchange, 404, &message);
        return;
    }
    exchange->cursor.row = entity == ENTITY_NODE ? target.node.index : target.pod.index;
    exchange_answer_of_table(exchange, CONTENT_JSON, object_step);
}

void
resource_list_answer(struct exchange *exchange)
{
    if (exchange->resource.single) {
        answer_object(exchange);
    } else if (check_selectors(exchange)) {
        answer_list(exchange);
    }
}
