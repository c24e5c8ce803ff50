#include "api/page_part.h"

#include <math.h>
#include <string.h>

double
page_value(const struct target *target, enum metric metric)
{
    struct metric_value value;
    struct wall_ms time;
    if (!target_metric(target, metric, (struct text){"", 0}, 0, &value, &time)) {
        return -1;
    }
    return value.is_double ? value.real : (double)value.u64;
}

void
page_number(struct json *json, double value)
{
    json_double(json, round(value * 10) / 10);
}

void
page_metric(struct json *json, const struct target *target, enum metric metric)
{
    double value = page_value(target, metric);
    if (value < 0) {
        json_null(json);
    } else {
        page_number(json, value);
    }
}

void
page_seconds(struct json *json, int64_t seconds)
{
    if (seconds == 0) {
        json_null(json);
    } else {
        json_i64(json, seconds * MS_PER_S);
    }
}

void
page_key_u64(struct json *json, const char *key, uint64_t value)
{
    json_key(json, key);
    json_u64(json, value);
}

void
page_key_ms(struct json *json, const char *key, int64_t ms)
{
    json_key(json, key);
    if (ms == 0) {
        json_null(json);
    } else {
        json_i64(json, ms);
    }
}

void
page_key_string(struct json *json, const char *key, const char *value)
{
    json_key(json, key);
    json_string(json, value);
}

void
page_key_text(struct json *json, const char *key, struct text value)
{
    json_key(json, key);
    json_text(json, value);
}

void
page_begin(struct json *json, const struct exchange *exchange)
{
    const struct table_header *header = exchange->api->table->header;
    json_object(json);
    json_key(json, "time");
    json_i64(json, exchange->now.ms);
    json_key(json, "cycle");
    page_seconds(json, atomic_load_explicit(&header->cycle_done_s, memory_order_acquire));
}

bool
page_has_table(struct exchange *exchange)
{
    if (exchange->api->table == NULL) {
        exchange_fail(exchange, 503, "nothing has been collected yet");
        return false;
    }
    return true;
}

bool
page_node_is_ready(const struct node_row *row)
{
    bool pseudo = (row->head.flags & ROW_PSEUDO) != 0;
    return row->ready == CONDITION_TRUE || (pseudo && row->scrape.failure_streak == 0);
}

static double
labelled_value(const struct target *target, enum metric metric, struct text resource_id)
{
    struct metric_value value;
    struct wall_ms time;
    if (!target_metric(target, metric, resource_id, 0, &value, &time)) {
        return -1;
    }
    return value.is_double ? value.real : (double)value.u64;
}

struct page_storage
page_node_storage(const struct target *node)
{
    struct page_storage storage = {
        labelled_value(node, METRIC_FILESYSTEM_USAGE, TEXT("/")),
        labelled_value(node, METRIC_FILESYSTEM_LIMIT, TEXT("/")),
    };
    if (storage.used < 0) {
        storage.used = page_value(node, METRIC_EPHEMERAL_USAGE);
        storage.size = page_value(node, METRIC_EPHEMERAL_NODE_ALLOCATABLE);
    }
    return storage;
}

static void
keep_reason(struct page_pod_state *state, struct text reason)
{
    if (state->reason_bytes == 0) {
        state->reason_bytes = text_sub(reason, 0, sizeof state->reason).size;
        memcpy(state->reason, reason.at, state->reason_bytes);
    }
}

// What a container says of the pod: why it waits, or why it ended when it does
// not run.
static void
add_container(struct page_pod_state *state, const struct container_view *view)
{
    const struct container_row *row = &view->row;
    bool lasts = row->role == CONTAINER_MAIN || row->role == CONTAINER_SIDECAR;
    state->containers += lasts ? 1 : 0;
    state->ready += lasts && row->ready != 0 ? 1 : 0;
    if (row->last_finished_s > state->last_finished_s) {
        state->last_finished_s = row->last_finished_s;
    }
    if (view->waiting_reason.size > 0) {
        keep_reason(state, view->waiting_reason);
    } else if (row->container_state == CONTAINER_TERMINATED && row->last_exit_code != 0) {
        keep_reason(state, view->last_reason);
    }
}

void
page_pod_state(const struct table_reader *table, const struct pod_view *pod,
               struct page_pod_state *state)
{
    struct container_view view;
    row_index row = pod->row.first_container;
    *state = (struct page_pod_state){0};
    keep_reason(state, pod->reason);
    for (int i = 0; i < POD_CONTAINERS_MAX && row != 0; i++) {
        if (table_read_container(table, row, VIEW_DETAILS, &view)) {
            add_container(state, &view);
        }
        row = table_next_container(table, row);
    }
}
