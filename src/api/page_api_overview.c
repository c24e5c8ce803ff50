// The overview of page_api.h.
#include "api/health_api.h"
#include "api/page_api.h"
#include "api/page_part.h"

typedef enum step part_writer(struct exchange *exchange, struct out *out);

static void
key_number(struct json *json, const char *key, double value)
{
    json_key(json, key);
    page_number(json, value);
}

static enum step
write_head(struct exchange *exchange, struct out *out)
{
    const struct api *api = exchange->api;
    enum health health = health_of(api, exchange->now);
    char room[160];
    struct out sentence = out_of(room, sizeof room);
    struct json json = json_of(out);
    health_write(health, api, exchange->now, &sentence);
    page_begin(&json, exchange);
    page_key_string(&json, "version", api->version);
    page_key_ms(&json, "started", api->started.ms);
    page_key_u64(&json, "resolution", api->table->header->resolution_ms);
    json_key(&json, "healthy");
    json_bool(&json, health == HEALTH_OK);
    page_key_text(&json, "health", out_view(&sentence));
    return STEP_DONE;
}

struct sums {
    double cpu, cpu_size, memory, memory_size, rx, tx, storage, storage_size;
    unsigned pods_size;
};

static double
none_is_zero(double value)
{
    return value > 0 ? value : 0;
}

static void
add_node(struct sums *sums, const struct target *node)
{
    const struct node_row *row = &node->node.row;
    struct page_storage storage = page_node_storage(node);
    sums->cpu += none_is_zero(page_value(node, METRIC_CPU_USAGE_RATE));
    sums->memory += none_is_zero(page_value(node, METRIC_MEMORY_WORKING_SET));
    sums->rx += none_is_zero(page_value(node, METRIC_NETWORK_RX_RATE));
    sums->tx += none_is_zero(page_value(node, METRIC_NETWORK_TX_RATE));
    sums->storage += none_is_zero(storage.used);
    sums->storage_size += none_is_zero(storage.size);
    sums->cpu_size += (double)(row->cpu_allocatable_milli > 0 ? row->cpu_allocatable_milli
                                                              : row->cpu_capacity_milli);
    sums->memory_size += (double)(row->memory_allocatable > 0 ? row->memory_allocatable
                                                              : row->memory_capacity);
    sums->pods_size += row->pods_allocatable;
}

static struct sums
sum_nodes(const struct table_reader *table)
{
    struct sums sums = {0};
    struct target node = {.entity = ENTITY_NODE, .table = table};
    row_index row = table_next_row(table, POOL_NODES, 0);
    while (row != 0) {
        if (table_read_node(table, row, VIEW_NAMES, &node.node)) {
            add_node(&sums, &node);
        }
        row = table_next_row(table, POOL_NODES, row);
    }
    return sums;
}

static bool
is_of_cluster(const struct table_reader *table)
{
    struct source_row row;
    for (unsigned i = 1; i <= table->header->source_count && i <= SOURCES_MAX; i++) {
        if (table_read_source(table, i, &row) && row.kind == SOURCE_KUBERNETES) {
            return true;
        }
    }
    return false;
}

static enum step
write_sums(struct exchange *exchange, struct out *out)
{
    struct sums sums = sum_nodes(exchange->api->table);
    struct totals totals = {0};
    struct json json = json_of(out);
    (void)table_read_totals(exchange->api->table, 0, &totals);
    out_string(out, ",\"sums\":");
    json_object(&json);
    json_key(&json, "ofCluster");
    json_bool(&json, is_of_cluster(exchange->api->table));
    key_number(&json, "cpu", sums.cpu);
    key_number(&json, "cpuPods", totals.cpu_usage_milli);
    key_number(&json, "cpuSize", sums.cpu_size);
    page_key_u64(&json, "cpuRequest", totals.cpu_request);
    page_key_u64(&json, "cpuLimit", totals.cpu_limit);
    key_number(&json, "memory", sums.memory);
    page_key_u64(&json, "memoryPods", totals.memory_working_set);
    key_number(&json, "memorySize", sums.memory_size);
    page_key_u64(&json, "memoryRequest", totals.memory_request);
    page_key_u64(&json, "memoryLimit", totals.memory_limit);
    key_number(&json, "rx", sums.rx);
    key_number(&json, "tx", sums.tx);
    key_number(&json, "storage", sums.storage);
    key_number(&json, "storageSize", sums.storage_size);
    page_key_u64(&json, "storageRequest", totals.ephemeral_request);
    page_key_u64(&json, "storageLimit", totals.ephemeral_limit);
    page_key_u64(&json, "pods", totals.pod_count);
    page_key_u64(&json, "podsSize", sums.pods_size);
    page_key_u64(&json, "containers", totals.container_count);
    json_object_end(&json);
    return STEP_DONE;
}

static enum step
write_counts(struct exchange *exchange, struct out *out)
{
    struct cluster_counts *counts = &exchange->counts;
    struct cursor *cursor = &exchange->cursor;
    struct json json = json_of(out);
    if (cursor->inner == 0) {
        *counts = (struct cluster_counts){0};
        cursor->inner = 1;
    }
    if (cursor->inner == 1) {
        if (!cluster_count(counts, exchange->api->table, EXCHANGE_ROWS_PER_STEP)) {
            return STEP_PAUSE;
        }
        cursor->inner = 2;
        return STEP_MORE;
    }
    out_string(out, ",\"counts\":");
    json_object(&json);
    page_key_u64(&json, "nodes", counts->nodes);
    page_key_u64(&json, "nodesReady", counts->nodes_ready);
    page_key_u64(&json, "nodesFailing", counts->nodes_failing);
    for (unsigned i = 0; i < CLUSTER_POD_PHASES; i++) {
        page_key_u64(&json, cluster_phase_name(i), counts->pods[i]);
    }
    page_key_u64(&json, "deleting", counts->pods_deleting);
    page_key_u64(&json, "crashLooping", counts->crash_looping);
    page_key_u64(&json, "oomKilled", counts->oom_killed);
    page_key_u64(&json, "restarts", counts->restarts);
    json_object_end(&json);
    return STEP_DONE;
}

// Tops

// Keeps the rows with the largest values, largest first.
static void
offer_top(struct exchange *exchange, row_index row, double value)
{
    unsigned at = exchange->top_count;
    while (at > 0 && exchange->top[at - 1].value < value) {
        at--;
    }
    if (at == PAGE_TOP_ROWS) {
        return;
    }
    unsigned last = exchange->top_count < PAGE_TOP_ROWS ? exchange->top_count++
                                                        : PAGE_TOP_ROWS - 1;
    for (unsigned i = last; i > at; i--) {
        exchange->top[i] = exchange->top[i - 1];
    }
    exchange->top[at] = (struct top_row){row, value};
}

_Static_assert(PAGE_TOP_ROWS <= EXCHANGE_TOP_MAX, "the exchange has room for the rows");

struct top {
    const char *key;
    enum entity entity;
    enum metric metric;
};

static bool
read_top(const struct table_reader *table, enum entity entity, row_index row,
         struct target *target)
{
    target->entity = entity;
    target->table = table;
    if (entity == ENTITY_POD) {
        return table_read_pod(table, row, VIEW_NAMES, &target->pod);
    }
    return table_read_container(table, row, VIEW_NAMES, &target->container) &&
           target->container.row.pod == 0;
}

// Looks at a bounded number of rows a call.
static enum step
scan_top(struct exchange *exchange, const struct top *top)
{
    const struct table_reader *table = exchange->api->table;
    enum table_pool pool = top->entity == ENTITY_POD ? POOL_PODS : POOL_CONTAINERS;
    struct cursor *cursor = &exchange->cursor;
    struct target target;
    exchange->top_count = cursor->row == 0 ? 0 : exchange->top_count;
    for (int i = 0; i < EXCHANGE_ROWS_PER_STEP; i++) {
        cursor->row = table_next_row(table, pool, cursor->row);
        if (cursor->row == 0) {
            return STEP_DONE;
        }
        if (read_top(table, top->entity, cursor->row, &target)) {
            double value = page_value(&target, top->metric);
            if (value > 0) {
                offer_top(exchange, cursor->row, value);
            }
        }
    }
    return STEP_PAUSE;
}

static void
write_top_row(struct json *json, const struct target *target, double value)
{
    struct node_view node;
    json_object(json);
    if (target->entity == ENTITY_POD) {
        page_key_text(json, "namespace", target->pod.namespace_name);
        page_key_text(json, "name", target->pod.name);
        page_key_text(json, "node", target->pod.node_name);
    } else {
        page_key_text(json, "name", target->container.name);
        if (table_read_node(target->table, target->container.row.node, VIEW_NAMES, &node)) {
            page_key_text(json, "node", node.name);
        }
    }
    key_number(json, "value", value);
    json_object_end(json);
}

// cursor.inner: 0 while rows are looked at.
static enum step
write_top(struct exchange *exchange, struct out *out, const struct top *top)
{
    struct cursor *cursor = &exchange->cursor;
    struct json json = json_of(out);
    struct target target;
    if (cursor->inner == 0) {
        if (scan_top(exchange, top) == STEP_PAUSE) {
            return STEP_PAUSE;
        }
        cursor->inner = 1;
        return STEP_MORE;
    }
    out_format(out, ",\"%s\":", top->key);
    json_array(&json);
    for (unsigned i = 0; i < exchange->top_count; i++) {
        if (read_top(exchange->api->table, top->entity, exchange->top[i].row, &target)) {
            write_top_row(&json, &target, exchange->top[i].value);
        }
    }
    json_array_end(&json);
    return STEP_DONE;
}

// Ten rows with three names of 253 bytes fit.
_Static_assert(PAGE_TOP_ROWS * (3 * NAME_BYTES_MAX + 20) < EXCHANGE_ELEMENT_BYTES_MAX,
               "a list of tops is one element");

#define TOP(name, entity, metric)                                     \
    static enum step name(struct exchange *exchange, struct out *out) \
    {                                                                 \
        static const struct top top = {#name, entity, metric};        \
        return write_top(exchange, out, &top);                        \
    }
TOP(podsByCpu, ENTITY_POD, METRIC_CPU_USAGE_RATE)
TOP(podsByMemory, ENTITY_POD, METRIC_MEMORY_WORKING_SET)
TOP(podsByNetwork, ENTITY_POD, METRIC_NETWORK_RX_RATE)
TOP(systemByCpu, ENTITY_SYSTEM_CONTAINER, METRIC_CPU_USAGE_RATE)
TOP(systemByMemory, ENTITY_SYSTEM_CONTAINER, METRIC_MEMORY_WORKING_SET)

static enum step
write_end(struct exchange *exchange, struct out *out)
{
    (void)exchange;
    out_string(out, "}\n");
    return STEP_DONE;
}

static part_writer *const parts[] = {
    write_head, page_sources, page_roles,   page_sinks,    page_full,   page_history,   write_sums,
    write_counts, podsByCpu,  podsByMemory, podsByNetwork, systemByCpu, systemByMemory, page_changes,
    write_end,
};

// cursor.stage is the part; the rest of the cursor is the part's own.
static enum step
overview_step(struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    enum step step = parts[cursor->stage](exchange, out);
    if (step != STEP_DONE) {
        return step;
    }
    unsigned stage = cursor->stage + 1;
    *cursor = (struct cursor){.stage = stage};
    return stage == ARRAY_COUNT(parts) ? STEP_DONE : STEP_MORE;
}

void
page_api_overview(struct exchange *exchange)
{
    if (page_has_table(exchange)) {
        exchange_answer_of_table(exchange, CONTENT_JSON, overview_step);
    }
}
