// The lists of page_api.h: one row a node, namespace, pod or container, one
// writer a column.
#include "api/page_api.h"
#include "api/page_part.h"
#include "base/error.h"

// What a column is written from.
struct line {
    struct target target;
    struct page_storage storage;        // of a node
    struct text namespace, pod, node;   // of a container; a system container has the last
    union {
        struct page_pod_state state;    // of a pod
        struct pod_view parent;         // of a container
        struct node_view host;          // of a system container
    };
};

typedef void column_writer(struct json *json, const struct line *line);

struct column {
    const char *name;
    column_writer *write;  // NULL: the metric
    enum metric metric;
};

#define NODE(line) ((line)->target.node.row)
#define POD(line) ((line)->target.pod.row)
#define CONTAINER(line) ((line)->target.container.row)

static void
positive(struct json *json, uint64_t value)
{
    if (value == 0) {
        json_null(json);
    } else {
        json_u64(json, value);
    }
}

static void
amount(struct json *json, double value)
{
    if (value < 0) {
        json_null(json);
    } else {
        page_number(json, value);
    }
}

#define WRITER(name, expression)                        \
    static void name(struct json *json, const struct line *line) \
    {                                                   \
        expression;                                     \
    }

WRITER(node_name, json_text(json, line->target.node.name))
WRITER(node_ready, json_bool(json, page_node_is_ready(&NODE(line))))
WRITER(node_pseudo, json_bool(json, (NODE(line).head.flags & ROW_PSEUDO) != 0))
WRITER(node_cordoned, json_bool(json, (NODE(line).head.flags & ROW_UNSCHEDULABLE) != 0))
WRITER(node_memory_pressure, json_bool(json, NODE(line).memory_pressure == CONDITION_TRUE))
WRITER(node_disk_pressure, json_bool(json, NODE(line).disk_pressure == CONDITION_TRUE))
WRITER(node_pid_pressure, json_bool(json, NODE(line).pid_pressure == CONDITION_TRUE))
WRITER(node_cpu_size, positive(json, NODE(line).cpu_allocatable_milli > 0
                                         ? NODE(line).cpu_allocatable_milli
                                         : NODE(line).cpu_capacity_milli))
WRITER(node_memory_size, positive(json, NODE(line).memory_allocatable > 0
                                            ? NODE(line).memory_allocatable
                                            : NODE(line).memory_capacity))
WRITER(node_storage_used, amount(json, line->storage.used))
WRITER(node_storage_size, amount(json, line->storage.size))
WRITER(node_pods, json_u64(json, NODE(line).pod_count))
WRITER(node_pods_size, positive(json, NODE(line).pods_allocatable))
WRITER(node_containers, json_u64(json, NODE(line).container_count))
WRITER(node_streak, json_u64(json, NODE(line).scrape.failure_streak))
WRITER(node_error, json_string(json, NODE(line).scrape.failure_streak == 0
                                         ? ""
                                         : error_sentence(NODE(line).scrape.last_error)))
WRITER(node_scraped, page_seconds(json, NODE(line).scrape.last_success_ms / MS_PER_S))
WRITER(node_latency, page_number(json, (double)NODE(line).scrape.latency_us / 1000))
WRITER(node_bytes, json_u64(json, NODE(line).scrape.bytes))
WRITER(node_scrapes, json_u64(json, NODE(line).scrape.success_total))
WRITER(node_failures, json_u64(json, NODE(line).scrape.failure_total))
WRITER(node_version, json_text(json, line->target.node.kubelet_version))
WRITER(node_created, page_seconds(json, NODE(line).created_s))

static const struct column node_columns[] = {
    {"name", node_name, 0},
    {"ready", node_ready, 0},
    {"pseudo", node_pseudo, 0},
    {"cordoned", node_cordoned, 0},
    {"memoryPressure", node_memory_pressure, 0},
    {"diskPressure", node_disk_pressure, 0},
    {"pidPressure", node_pid_pressure, 0},
    {"cpu", NULL, METRIC_CPU_USAGE_RATE},
    {"cpuSize", node_cpu_size, 0},
    {"cpuRequest", NULL, METRIC_CPU_REQUEST},
    {"cpuLimit", NULL, METRIC_CPU_LIMIT},
    {"memory", NULL, METRIC_MEMORY_WORKING_SET},
    {"memorySize", node_memory_size, 0},
    {"memoryRequest", NULL, METRIC_MEMORY_REQUEST},
    {"memoryLimit", NULL, METRIC_MEMORY_LIMIT},
    {"rx", NULL, METRIC_NETWORK_RX_RATE},
    {"tx", NULL, METRIC_NETWORK_TX_RATE},
    {"storage", node_storage_used, 0},
    {"storageSize", node_storage_size, 0},
    {"pods", node_pods, 0},
    {"podsSize", node_pods_size, 0},
    {"containers", node_containers, 0},
    {"streak", node_streak, 0},
    {"error", node_error, 0},
    {"scraped", node_scraped, 0},
    {"latency", node_latency, 0},
    {"bytes", node_bytes, 0},
    {"scrapes", node_scrapes, 0},
    {"failures", node_failures, 0},
    {"version", node_version, 0},
    {"created", node_created, 0},
};

WRITER(namespace_name, json_text(json, line->target.namespace_row.name))
WRITER(namespace_terminating, json_bool(json, line->target.namespace_row.row.terminating != 0))
WRITER(namespace_created, page_seconds(json, line->target.namespace_row.row.created_s))

static const struct column namespace_columns[] = {
    {"name", namespace_name, 0},
    {"terminating", namespace_terminating, 0},
    {"pods", NULL, METRIC_POD_COUNT},
    {"containers", NULL, METRIC_CONTAINER_COUNT},
    {"cpu", NULL, METRIC_CPU_USAGE_RATE},
    {"cpuRequest", NULL, METRIC_CPU_REQUEST},
    {"cpuLimit", NULL, METRIC_CPU_LIMIT},
    {"memory", NULL, METRIC_MEMORY_WORKING_SET},
    {"memoryRequest", NULL, METRIC_MEMORY_REQUEST},
    {"memoryLimit", NULL, METRIC_MEMORY_LIMIT},
    {"created", namespace_created, 0},
};

WRITER(pod_namespace, json_text(json, line->target.pod.namespace_name))
WRITER(pod_name, json_text(json, line->target.pod.name))
WRITER(pod_phase, json_string(json, cluster_phase_name(POD(line).phase)))
WRITER(pod_deleting, json_bool(json, (POD(line).head.flags & ROW_DELETING) != 0))
WRITER(pod_reason, json_text(json, ((struct text){line->state.reason, line->state.reason_bytes})))
WRITER(pod_ready, json_u64(json, line->state.ready))
WRITER(pod_containers, json_u64(json, line->state.containers))
WRITER(pod_restarts, json_u64(json, POD(line).restart_count))
WRITER(pod_cpu_request, positive(json, POD(line).resources.cpu_request))
WRITER(pod_cpu_limit, positive(json, POD(line).resources.cpu_limit))
WRITER(pod_memory_request, positive(json, POD(line).resources.memory_request))
WRITER(pod_memory_limit, positive(json, POD(line).resources.memory_limit))
WRITER(pod_node, json_text(json, line->target.pod.node_name))
WRITER(pod_created, page_seconds(json, POD(line).created_s))

static const struct column pod_columns[] = {
    {"namespace", pod_namespace, 0},
    {"name", pod_name, 0},
    {"phase", pod_phase, 0},
    {"deleting", pod_deleting, 0},
    {"reason", pod_reason, 0},
    {"ready", pod_ready, 0},
    {"containers", pod_containers, 0},
    {"restarts", pod_restarts, 0},
    {"cpu", NULL, METRIC_CPU_USAGE_RATE},
    {"cpuRequest", pod_cpu_request, 0},
    {"cpuLimit", pod_cpu_limit, 0},
    {"memory", NULL, METRIC_MEMORY_WORKING_SET},
    {"memoryRequest", pod_memory_request, 0},
    {"memoryLimit", pod_memory_limit, 0},
    {"rx", NULL, METRIC_NETWORK_RX_RATE},
    {"tx", NULL, METRIC_NETWORK_TX_RATE},
    {"storage", NULL, METRIC_EPHEMERAL_USAGE},
    {"node", pod_node, 0},
    {"created", pod_created, 0},
};

static const char *
role_name(unsigned role)
{
    static const char *const names[] = {
        [CONTAINER_MAIN] = "main",
        [CONTAINER_INIT] = "init",
        [CONTAINER_SIDECAR] = "sidecar",
        [CONTAINER_EPHEMERAL] = "ephemeral",
    };
    return role < ARRAY_COUNT(names) ? names[role] : "main";
}

WRITER(container_namespace, json_text(json, line->namespace))
WRITER(container_pod, json_text(json, line->pod))
WRITER(container_name, json_text(json, line->target.container.name))
WRITER(container_node, json_text(json, line->node))
WRITER(container_role, json_string(json, CONTAINER(line).pod == 0 ? "system"
                                                             : role_name(CONTAINER(line).role)))
WRITER(container_state,
       json_string(json, cluster_container_state_name(CONTAINER(line).container_state)))
WRITER(container_reason, json_text(json, line->target.container.waiting_reason.size > 0
                                             ? line->target.container.waiting_reason
                                             : line->target.container.last_reason))
WRITER(container_restarts, json_u64(json, CONTAINER(line).restart_count))
WRITER(container_cpu_request, positive(json, CONTAINER(line).resources.cpu_request))
WRITER(container_cpu_limit, positive(json, CONTAINER(line).resources.cpu_limit))
WRITER(container_memory_request, positive(json, CONTAINER(line).resources.memory_request))
WRITER(container_memory_limit, positive(json, CONTAINER(line).resources.memory_limit))
WRITER(container_start, page_seconds(json, CONTAINER(line).start_s))

static const struct column container_columns[] = {
    {"namespace", container_namespace, 0},
    {"pod", container_pod, 0},
    {"name", container_name, 0},
    {"node", container_node, 0},
    {"role", container_role, 0},
    {"state", container_state, 0},
    {"reason", container_reason, 0},
    {"restarts", container_restarts, 0},
    {"cpu", NULL, METRIC_CPU_USAGE_RATE},
    {"cpuRequest", container_cpu_request, 0},
    {"cpuLimit", container_cpu_limit, 0},
    {"memory", NULL, METRIC_MEMORY_WORKING_SET},
    {"memoryRequest", container_memory_request, 0},
    {"memoryLimit", container_memory_limit, 0},
    {"rss", NULL, METRIC_MEMORY_RSS},
    {"storage", NULL, METRIC_EPHEMERAL_USAGE},
    {"started", container_start, 0},
};

// Whether a parameter of the query is absent or names this.
static bool
chosen(const struct exchange *exchange, const char *parameter, struct text name)
{
    struct text wanted = query_get(&exchange->query, text_of(parameter));
    return wanted.size == 0 || text_equal(wanted, name);
}

typedef bool line_reader(const struct exchange *exchange, row_index row, struct line *line);

static bool
read_node_line(const struct exchange *exchange, row_index row, struct line *line)
{
    struct node_view *view = &line->target.node;
    (void)exchange;
    if (!table_read_node(line->target.table, row, VIEW_DETAILS, view)) {
        return false;
    }
    line->storage = page_node_storage(&line->target);
    return true;
}

static bool
read_namespace_line(const struct exchange *exchange, row_index row, struct line *line)
{
    (void)exchange;
    return table_read_namespace(line->target.table, row, VIEW_NAMES,
                                &line->target.namespace_row);
}

static bool
read_pod_line(const struct exchange *exchange, row_index row, struct line *line)
{
    struct pod_view *view = &line->target.pod;
    if (!table_read_pod(line->target.table, row, VIEW_DETAILS, view) ||
        !chosen(exchange, "namespace", view->namespace_name) ||
        !chosen(exchange, "node", view->node_name)) {
        return false;
    }
    page_pod_state(line->target.table, view, &line->state);
    return true;
}

static bool
read_parent(const struct table_reader *table, const struct container_row *row, struct line *line)
{
    line->namespace = line->pod = line->node = (struct text){"", 0};
    if (row->pod == 0) {
        line->target.entity = ENTITY_SYSTEM_CONTAINER;
        bool found = table_read_node(table, row->node, VIEW_NAMES, &line->host);
        line->node = line->host.name;
        return found;
    }
    line->target.entity = ENTITY_CONTAINER;
    bool found = table_read_pod(table, row->pod, VIEW_NAMES, &line->parent);
    line->namespace = line->parent.namespace_name;
    line->pod = line->parent.name;
    line->node = line->parent.node_name;
    return found;
}

static bool
read_container_line(const struct exchange *exchange, row_index row, struct line *line)
{
    return table_read_container(line->target.table, row, VIEW_DETAILS,
                                &line->target.container) &&
           read_parent(line->target.table, &line->target.container.row, line) &&
           chosen(exchange, "namespace", line->namespace) &&
           chosen(exchange, "pod", line->pod) && chosen(exchange, "node", line->node);
}

struct list {
    enum table_pool pool;
    enum entity entity;
    line_reader *read;
    const struct column *column;
    unsigned column_count;
};

#define COLUMNS(array) (array), ARRAY_COUNT(array)
static const struct list node_list = {POOL_NODES, ENTITY_NODE, read_node_line,
                                      COLUMNS(node_columns)};
static const struct list namespace_list = {POOL_NAMESPACES, ENTITY_NAMESPACE, read_namespace_line,
                                           COLUMNS(namespace_columns)};
static const struct list pod_list = {POOL_PODS, ENTITY_POD, read_pod_line, COLUMNS(pod_columns)};
static const struct list container_list = {POOL_CONTAINERS, ENTITY_CONTAINER, read_container_line,
                                           COLUMNS(container_columns)};

static void
write_list_head(const struct exchange *exchange, const struct list *list, struct out *out)
{
    struct json json = json_of(out);
    page_begin(&json, exchange);
    json_key(&json, "columns");
    json_array(&json);
    for (unsigned i = 0; i < list->column_count; i++) {
        json_string(&json, list->column[i].name);
    }
    json_array_end(&json);
    out_string(out, ",\"rows\":[\n");
}

static void
write_line(const struct list *list, const struct line *line, struct out *out)
{
    struct json json = json_of(out);
    json_array(&json);
    for (unsigned i = 0; i < list->column_count; i++) {
        const struct column *column = &list->column[i];
        if (column->write != NULL) {
            column->write(&json, line);
        } else {
            page_metric(&json, &line->target, column->metric);
        }
    }
    json_array_end(&json);
}

// cursor.stage: 0 the head, 1 the rows.
static enum step
list_step(struct exchange *exchange, struct out *out, const struct list *list)
{
    const struct table_reader *table = exchange->api->table;
    struct cursor *cursor = &exchange->cursor;
    struct line line;
    if (cursor->stage == 0) {
        write_list_head(exchange, list, out);
        cursor->stage = 1;
        return STEP_MORE;
    }
    line.target.table = table;
    line.target.entity = list->entity;
    for (int i = 0; i < EXCHANGE_ROWS_PER_STEP; i++) {
        cursor->row = table_next_row(table, list->pool, cursor->row);
        if (cursor->row == 0) {
            out_string(out, "]}\n");
            return STEP_DONE;
        }
        if (list->read(exchange, cursor->row, &line)) {
            if (exchange->row_limit > 0 && cursor->written == exchange->row_limit) {
                out_string(out, "],\"truncated\":true}\n");
                return STEP_DONE;
            }
            out_string(out, cursor->written++ == 0 ? "" : ",\n");
            write_line(list, &line, out);
            return STEP_MORE;
        }
    }
    return STEP_PAUSE;
}

// The names of namespace= and node= stand where a path would have them.
static bool
finds_chosen(struct exchange *exchange, const char *parameter, enum entity entity)
{
    struct target target;
    exchange->match.value[0] = query_get(&exchange->query, text_of(parameter));
    return exchange->match.value[0].size == 0 || target_find(exchange, entity, &target);
}

// A pod's name alone may be that of several.
static bool
finds_pod(struct exchange *exchange)
{
    struct target target;
    exchange->match.value[0] = query_get(&exchange->query, TEXT("namespace"));
    exchange->match.value[1] = query_get(&exchange->query, TEXT("pod"));
    if (exchange->match.value[1].size == 0) {
        return true;
    }
    if (exchange->match.value[0].size == 0) {
        exchange_fail(exchange, 400, "pod=" TEXT_FORMAT " needs its namespace: add namespace=NAME",
                      TEXT_ARGS(exchange->match.value[1]));
        return false;
    }
    return target_find(exchange, ENTITY_POD, &target);
}

static void
answer_list(struct exchange *exchange, exchange_step *step)
{
    struct out why = exchange_message(exchange);
    uint64_t limit;
    if (!page_has_table(exchange)) {
        return;
    }
    if (query_limit(&exchange->query, &limit, &why) != 0) {
        exchange_fail_message(exchange, 400, &why);
        return;
    }
    if (finds_chosen(exchange, "namespace", ENTITY_NAMESPACE) &&
        finds_chosen(exchange, "node", ENTITY_NODE) && finds_pod(exchange)) {
        exchange->row_limit = limit;
        exchange_answer_of_table(exchange, CONTENT_JSON, step);
    }
}

#define LIST(kind)                                                    \
    static enum step kind##_step(struct exchange *exchange, struct out *out) \
    {                                                                 \
        return list_step(exchange, out, &kind##_list);                \
    }                                                                 \
    void page_api_##kind##s(struct exchange *exchange)                \
    {                                                                 \
        answer_list(exchange, kind##_step);                           \
    }
LIST(node)
LIST(namespace)
LIST(pod)
LIST(container)
