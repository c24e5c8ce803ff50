// The part of model_api.h about pod-list.
#include <string.h>

#include "api/historical_read.h"
#include "api/model_api.h"
#include "api/series.h"
#include "api/target.h"

// cursor.stage: 0 before the first item, 1 between two, 2 inside one.
enum { LIST_BEGIN, LIST_BETWEEN, LIST_INSIDE };

// match.value: namespace, pods, metric. cursor.offset is where the name of the
// item being written begins.
static struct text
listed_pod(const struct exchange *exchange)
{
    struct text list = exchange->match.value[1];
    size_t from = exchange->cursor.offset;
    size_t end = text_find(list, ',', from);
    return text_sub(list, from, (end == SIZE_MAX ? list.size : end) - from);
}

static bool
read_listed_pod(const struct exchange *exchange, struct text pod, struct target *target)
{
    const struct table_reader *table = exchange->api->table;
    target->entity = ENTITY_POD;
    target->table = table;
    row_index namespace_row = table_lookup_namespace(table, exchange->match.value[0]);
    row_index row = namespace_row == 0 ? 0 : table_lookup_pod(table, namespace_row, pod);
    return row != 0 && table_read_pod(table, row, VIEW_NAMES, &target->pod);
}

static enum step
listed_series(struct exchange *exchange, struct out *out)
{
    struct target target;
    struct cursor *cursor = &exchange->cursor;
    struct text pod = listed_pod(exchange);
    bool there = read_listed_pod(exchange, pod, &target);
    enum step step = series_step(exchange, out, there ? &target : NULL, SERIES_COMPACT);
    if (step != STEP_DONE) {
        return step;
    }
    cursor->offset += (uint32_t)pod.size + 1;
    cursor->stage = LIST_BETWEEN;
    return STEP_MORE;
}

static enum step
pod_list_step(struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    if (cursor->stage == LIST_INSIDE) {
        return listed_series(exchange, out);
    }
    if (cursor->stage == LIST_BETWEEN && cursor->offset > exchange->match.value[1].size) {
        out_string(out, "]}\n");
        return STEP_DONE;
    }
    out_string(out, cursor->stage == LIST_BEGIN ? "{\"items\":[" : ",");
    cursor->stage = LIST_INSIDE;
    cursor->inner = 0;
    historical_next_series(exchange);
    return STEP_MORE;
}

// The metric is checked against the first pod of the list that exists; when
// none does, any metric that pods may have is good.
static bool
find_listed(struct exchange *exchange, struct target *target)
{
    struct text list = exchange->match.value[1];
    while (exchange->cursor.offset <= list.size) {
        struct text pod = listed_pod(exchange);
        if (read_listed_pod(exchange, pod, target)) {
            return true;
        }
        exchange->cursor.offset += (uint32_t)pod.size + 1;
    }
    return false;
}

void
model_api_pod_list(struct exchange *exchange)
{
    struct target target;
    if (!target_find(exchange, ENTITY_NAMESPACE, &target)) {
        return;
    }
    if (!find_listed(exchange, &target)) {
        memset(&target.pod, 0, sizeof target.pod);
    }
    exchange->cursor.offset = 0;
    if (target_ask(exchange, &target, exchange->match.value[2])) {
        exchange_answer_of_table(exchange, CONTENT_JSON, pod_list_step);
    }
}
