// The part of summary_part.h about who uses most.
#include "api/summary_part.h"
#include "api/summary_row.h"

// Rows of each list.
#define TOP_ROWS 10

// Keeps the rows with the largest values, largest first.
static void
offer_top(struct exchange *exchange, row_index row, double value)
{
    unsigned at = exchange->top_count;
    while (at > 0 && exchange->top[at - 1].value < value) {
        at--;
    }
    if (at == TOP_ROWS) {
        return;
    }
    unsigned last = exchange->top_count < TOP_ROWS ? exchange->top_count++ : TOP_ROWS - 1;
    for (unsigned i = last; i > at; i--) {
        exchange->top[i] = exchange->top[i - 1];
    }
    exchange->top[at] = (struct top_row){row, value};
}

_Static_assert(TOP_ROWS <= EXCHANGE_TOP_MAX, "the exchange has room for the rows");

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

// Looks at a bounded number of rows a call. STEP_DONE: at all of them.
static enum step
scan_top(struct exchange *exchange, enum entity entity, enum metric metric)
{
    const struct table_reader *table = exchange->api->table;
    enum table_pool pool = entity == ENTITY_POD ? POOL_PODS : POOL_CONTAINERS;
    struct cursor *cursor = &exchange->cursor;
    struct target target;
    exchange->top_count = cursor->row == 0 ? 0 : exchange->top_count;
    for (int i = 0; i < EXCHANGE_ROWS_PER_STEP; i++) {
        cursor->row = table_next_row(table, pool, cursor->row);
        if (cursor->row == 0) {
            return STEP_DONE;
        }
        if (read_top(table, entity, cursor->row, &target)) {
            double value = summary_value(&target, metric);
            if (value > 0) {
                offer_top(exchange, cursor->row, value);
            }
        }
    }
    return STEP_PAUSE;
}

// cursor.inner: 0 scanning, then 1 and the rows written.
static enum step
write_top(struct exchange *exchange, struct out *out, enum entity entity, enum metric metric,
          const char *id, const char *title)
{
    struct cursor *cursor = &exchange->cursor;
    struct target target;
    if (cursor->inner == 0) {
        if (scan_top(exchange, entity, metric) == STEP_PAUSE) {
            return STEP_PAUSE;
        }
        cursor->inner = 1;
        return exchange->top_count == 0 ? STEP_DONE : STEP_MORE;
    }
    if (cursor->inner == 1) {
        summary_table_begin(out, id, title, 0);
        summary_top_head(out, entity == ENTITY_POD ? "Pod" : "Service or container");
        out_string(out, "<tbody>");
    }
    unsigned at = cursor->inner++ - 1;
    if (at == exchange->top_count) {
        return summary_table_end(out, 0, 0);
    }
    if (read_top(exchange->api->table, entity, exchange->top[at].row, &target)) {
        summary_top_row(out, &target, metric, exchange->top[0].value);
    }
    return STEP_MORE;
}

enum step
summary_top_pods_cpu(struct exchange *exchange, struct out *out)
{
    return write_top(exchange, out, ENTITY_POD, METRIC_CPU_USAGE_RATE, "pods-cpu",
                     "Pods by CPU");
}

enum step
summary_top_pods_memory(struct exchange *exchange, struct out *out)
{
    return write_top(exchange, out, ENTITY_POD, METRIC_MEMORY_WORKING_SET, "pods-memory",
                     "Pods by memory");
}

enum step
summary_top_services_cpu(struct exchange *exchange, struct out *out)
{
    return write_top(exchange, out, ENTITY_SYSTEM_CONTAINER, METRIC_CPU_USAGE_RATE,
                     "services-cpu", "Services by CPU");
}

enum step
summary_top_services_memory(struct exchange *exchange, struct out *out)
{
    return write_top(exchange, out, ENTITY_SYSTEM_CONTAINER, METRIC_MEMORY_WORKING_SET,
                     "services-memory", "Services by memory");
}
