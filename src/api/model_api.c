#include "api/model_api.h"

#include <string.h>

#include "api/series.h"
#include "api/target.h"
#include "base/json.h"

// Each item of a list of names; the end is the caller's.
static void
write_name(struct exchange *exchange, struct out *out, struct text name)
{
    struct json json = json_of(out);
    out_string(out, exchange->cursor.written++ == 0 ? "[\n " : ",\n ");
    json_text(&json, name);
}

static enum step
end_names(struct exchange *exchange, struct out *out)
{
    out_string(out, exchange->cursor.written == 0 ? "[]" : "\n]");
    return STEP_DONE;
}

// The last name written stands in the cursor's room for names.
_Static_assert(sizeof((struct order_cursor){0}.name) == NAME_BYTES_MAX,
               "the longest name must fit the cursor");

static struct text
last_name(const struct exchange *exchange)
{
    const struct order_cursor *cursor = &exchange->cursor.order;
    return (struct text){cursor->name, cursor->name_bytes};
}

// Names longer than the cursor remembers cannot be gone on from.
static enum step
write_and_remember(struct exchange *exchange, struct out *out, struct text name)
{
    struct order_cursor *cursor = &exchange->cursor.order;
    if (name.size == 0 || name.size > sizeof cursor->name) {
        return end_names(exchange, out);
    }
    write_name(exchange, out, name);
    memcpy(cursor->name, name.at, name.size);
    cursor->name_bytes = (uint16_t)name.size;
    return STEP_MORE;
}

typedef struct text next_name(const struct target *target, struct text after,
                              char room[TARGET_NAME_BYTES_MAX]);

static enum step
next_name_step(struct exchange *exchange, struct out *out, next_name *next)
{
    struct target target;
    char room[TARGET_NAME_BYTES_MAX];
    struct text name = {room, 0};
    if (target_read(exchange, exchange->ask.entity, &target)) {
        name = next(&target, last_name(exchange), room);
    }
    return write_and_remember(exchange, out, name);
}

static enum step
metric_names_step(struct exchange *exchange, struct out *out)
{
    return next_name_step(exchange, out, target_next_metric);
}

static enum step
container_names_step(struct exchange *exchange, struct out *out)
{
    return next_name_step(exchange, out, target_next_container);
}

// Whose names, values or containers a path asks for.
static enum entity
entity_of(enum route route)
{
    switch (route) {
    case ROUTE_NODE_NAMES:
    case ROUTE_NODE_SERIES:
    case ROUTE_SYSTEM:
        return ENTITY_NODE;
    case ROUTE_SYSTEM_NAMES:
    case ROUTE_SYSTEM_SERIES:
        return ENTITY_SYSTEM_CONTAINER;
    case ROUTE_NAMESPACE_NAMES:
    case ROUTE_NAMESPACE_SERIES:
    case ROUTE_PODS:
        return ENTITY_NAMESPACE;
    case ROUTE_POD_NAMES:
    case ROUTE_POD_SERIES:
    case ROUTE_CONTAINERS:
        return ENTITY_POD;
    case ROUTE_CONTAINER_NAMES:
    case ROUTE_CONTAINER_SERIES:
        return ENTITY_CONTAINER;
    default:
        return ENTITY_CLUSTER;
    }
}

static void
answer_names(struct exchange *exchange, exchange_step *step)
{
    struct target target;
    enum entity entity = entity_of(exchange->match.route);
    if (target_find(exchange, entity, &target)) {
        exchange->ask.entity = entity;
        exchange_answer_of_table(exchange, CONTENT_JSON, step);
    }
}

void
model_api_metrics(struct exchange *exchange)
{
    answer_names(exchange, metric_names_step);
}

void
model_api_containers(struct exchange *exchange)
{
    answer_names(exchange, container_names_step);
}

static enum step
one_series_step(struct exchange *exchange, struct out *out)
{
    struct target target;
    bool there = target_read(exchange, exchange->ask.entity, &target);
    return series_step(exchange, out, there ? &target : NULL, SERIES_INDENTED);
}

void
model_api_series(struct exchange *exchange)
{
    struct target target;
    const struct route_match *match = &exchange->match;
    ASSERT(match->count > 0);
    if (target_find(exchange, entity_of(match->route), &target) &&
        target_ask(exchange, &target, match->value[match->count - 1])) {
        exchange_answer_of_table(exchange, CONTENT_JSON, one_series_step);
    }
}

// The name of a row of a sorted list, in `room`; empty when it is gone.
static struct text
row_name(const struct table_reader *table, enum order_kind kind, row_index row,
         char room[NAME_BYTES_MAX])
{
    union {
        struct node_view node;
        struct namespace_view namespace_row;
        struct pod_view pod;
    } view;
    struct text name = {room, 0};
    if (kind == ORDER_NODES && table_read_node(table, row, VIEW_NAMES, &view.node)) {
        name = view.node.name;
    } else if (kind == ORDER_NAMESPACES &&
               table_read_namespace(table, row, VIEW_NAMES, &view.namespace_row)) {
        name = view.namespace_row.name;
    } else if (kind == ORDER_PODS && table_read_pod(table, row, VIEW_NAMES, &view.pod)) {
        name = view.pod.name;
    }
    memcpy(room, name.at, name.size);
    return (struct text){room, name.size};
}

static enum order_kind
order_of(enum route route)
{
    switch (route) {
    case ROUTE_NODES:
        return ORDER_NODES;
    case ROUTE_NAMESPACES:
        return ORDER_NAMESPACES;
    default:
        return ORDER_PODS;
    }
}

static enum step
sorted_names_step(struct exchange *exchange, struct out *out)
{
    enum order_kind kind = order_of(exchange->match.route);
    const struct table_reader *table = exchange->api->table;
    struct order_cursor *cursor = &exchange->cursor.order;
    char room[NAME_BYTES_MAX];
    row_index row = order_next(exchange_order(exchange), table, kind, cursor);
    if (row == 0) {
        return end_names(exchange, out);
    }
    struct text group = {cursor->group, cursor->group_bytes};
    if (kind == ORDER_PODS && !text_equal(group, exchange->match.value[0])) {
        return end_names(exchange, out);
    }
    struct text name = row_name(table, kind, row, room);
    if (name.size > 0) {
        write_name(exchange, out, name);
    }
    return STEP_MORE;
}

void
model_api_list(struct exchange *exchange)
{
    answer_names(exchange, sorted_names_step);
    if (exchange->status == 200 && exchange->match.route == ROUTE_PODS) {
        order_begin_namespace(exchange_order(exchange), exchange->api->table,
                              exchange->match.value[0], &exchange->cursor.order);
    }
}

// cursor.stage of all keys; cursor.row is the node or pod whose containers are
// being listed, cursor.inner the next of them.
enum { KEYS_CLUSTER, KEYS_NODES, KEYS_NAMESPACES, KEYS_PODS, KEYS_END };

static void
write_container_key(struct exchange *exchange, struct out *out, struct text container)
{
    const struct order_cursor *cursor = &exchange->cursor.order;
    char room[3 * NAME_BYTES_MAX + 64];
    struct out key = out_of(room, sizeof room);
    bool of_pod = exchange->cursor.stage == KEYS_PODS;
    out_string(&key, of_pod ? "namespace:" : "node:");
    if (of_pod) {
        out_bytes(&key, cursor->group, cursor->group_bytes);
        out_string(&key, "/pod:");
    }
    out_bytes(&key, cursor->name, cursor->name_bytes);
    if (container.size > 0) {
        out_string(&key, "/container:");
        out_text(&key, container);
    }
    write_name(exchange, out, out_view(&key));
}

static void
write_namespace_key(struct exchange *exchange, struct out *out)
{
    const struct order_cursor *cursor = &exchange->cursor.order;
    char room[NAME_BYTES_MAX + 16];
    struct out key = out_of(room, sizeof room);
    out_string(&key, "namespace:");
    out_bytes(&key, cursor->name, cursor->name_bytes);
    write_name(exchange, out, out_view(&key));
}

static void
write_inner_key(struct exchange *exchange, struct out *out)
{
    const struct table_reader *table = exchange->api->table;
    struct container_view view;
    if (table_read_container(table, exchange->cursor.inner, VIEW_NAMES, &view)) {
        write_container_key(exchange, out, view.name);
    }
    exchange->cursor.inner = table_next_container(table, exchange->cursor.inner);
}

// The first container of a node or pod; 0 when it has none or is gone.
static row_index
first_container(const struct table_reader *table, unsigned stage, row_index row)
{
    union {
        struct node_view node;
        struct pod_view pod;
    } view;
    if (stage == KEYS_NODES && table_read_node(table, row, VIEW_NAMES, &view.node)) {
        return view.node.row.first_container;
    }
    if (stage == KEYS_PODS && table_read_pod(table, row, VIEW_NAMES, &view.pod)) {
        return view.pod.row.first_container;
    }
    return 0;
}

static enum step
next_key(struct exchange *exchange, struct out *out)
{
    static const enum order_kind kinds[] = {
        [KEYS_NODES] = ORDER_NODES,
        [KEYS_NAMESPACES] = ORDER_NAMESPACES,
        [KEYS_PODS] = ORDER_PODS,
    };
    const struct table_reader *table = exchange->api->table;
    struct cursor *cursor = &exchange->cursor;
    row_index row = order_next(exchange_order(exchange), table, kinds[cursor->stage],
                               &cursor->order);
    if (row == 0) {
        cursor->stage++;
        memset(&cursor->order, 0, sizeof cursor->order);
        return STEP_MORE;
    }
    if (cursor->stage == KEYS_NAMESPACES) {
        write_namespace_key(exchange, out);
    } else {
        write_container_key(exchange, out, (struct text){"", 0});
        cursor->inner = first_container(table, cursor->stage, row);
    }
    return STEP_MORE;
}

static enum step
all_keys_step(struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    if (cursor->stage == KEYS_END) {
        return end_names(exchange, out);
    }
    if (cursor->stage == KEYS_CLUSTER) {
        write_name(exchange, out, TEXT("cluster"));
        cursor->stage = KEYS_NODES;
        return STEP_MORE;
    }
    if (cursor->inner != 0) {
        write_inner_key(exchange, out);
        return STEP_MORE;
    }
    return next_key(exchange, out);
}

void
model_api_all_keys(struct exchange *exchange)
{
    answer_names(exchange, all_keys_step);
}
