// What changed in the last hour, as a member of the overview: nodes that are not
// well or new, containers that ended, pods that wait or failed.
#include "api/page_api.h"
#include "api/page_part.h"
#include "base/error.h"

#define CHANGES_S (60 * 60)

static bool
is_recent(const struct exchange *exchange, int64_t seconds)
{
    int64_t now_s = exchange->now.ms / MS_PER_S;
    return seconds > 0 && seconds > now_s - CHANGES_S;
}

static void
begin_change(struct json *json, const char *what, int64_t seconds)
{
    json_object(json);
    page_key_string(json, "what", what);
    json_key(json, "at");
    page_seconds(json, seconds);
}

static bool
node_change(struct exchange *exchange, row_index row, struct json *json)
{
    struct node_view view;
    if (!table_read_node(exchange->api->table, row, VIEW_NAMES, &view)) {
        return false;
    }
    bool failing = view.row.scrape.failure_streak > 0;
    bool ready = page_node_is_ready(&view.row);
    bool fresh = is_recent(exchange, view.row.created_s) &&
                 (view.row.head.flags & ROW_PSEUDO) == 0;
    if (!failing && ready && !fresh) {
        return false;
    }
    const char *what = failing ? "nodeFailing" : !ready ? "nodeNotReady" : "nodeNew";
    // Since when a node that answers has not been ready is not known here.
    begin_change(json, what, failing ? view.row.scrape.last_success_ms / MS_PER_S
                             : ready ? view.row.created_s
                                     : 0);
    page_key_text(json, "node", view.name);
    page_key_string(json, "reason", failing ? error_sentence(view.row.scrape.last_error) : "");
    json_object_end(json);
    return true;
}

static bool
pod_change(struct exchange *exchange, row_index row, struct json *json)
{
    struct pod_view view;
    if (!table_read_pod(exchange->api->table, row, VIEW_DETAILS, &view)) {
        return false;
    }
    bool pending = view.row.phase == POD_PENDING;
    bool failed = view.row.phase == POD_FAILED && is_recent(exchange, view.row.created_s);
    if (!pending && !failed) {
        return false;
    }
    begin_change(json, pending ? "podPending" : "podFailed", view.row.created_s);
    page_key_text(json, "namespace", view.namespace_name);
    page_key_text(json, "pod", view.name);
    page_key_text(json, "reason", view.reason);
    json_object_end(json);
    return true;
}

static bool
container_change(struct exchange *exchange, row_index row, struct json *json)
{
    const struct table_reader *table = exchange->api->table;
    struct container_view view;
    struct pod_view pod;
    if (!table_read_container(table, row, VIEW_DETAILS, &view) || view.row.pod == 0 ||
        !is_recent(exchange, view.row.last_finished_s) || view.row.restart_count == 0 ||
        !table_read_pod(table, view.row.pod, VIEW_NAMES, &pod)) {
        return false;
    }
    bool killed = text_equal(view.last_reason, TEXT("OOMKilled"));
    begin_change(json, killed ? "oomKilled" : "restarted", view.row.last_finished_s);
    page_key_text(json, "namespace", pod.namespace_name);
    page_key_text(json, "pod", pod.name);
    page_key_text(json, "container", view.name);
    page_key_text(json, "reason", view.waiting_reason.size > 0 ? view.waiting_reason
                                                          : view.last_reason);
    json_key(json, "exitCode");
    json_i64(json, view.row.last_exit_code);
    page_key_u64(json, "restarts", view.row.restart_count);
    json_object_end(json);
    return true;
}

static const struct {
    enum table_pool pool;
    bool (*write)(struct exchange *exchange, row_index row, struct json *json);
} changing[] = {
    {POOL_NODES, node_change},
    {POOL_CONTAINERS, container_change},
    {POOL_PODS, pod_change},
};

static enum step
end_changes(struct out *out, bool truncated)
{
    out_string(out, truncated ? "],\"changesTruncated\":true" : "],\"changesTruncated\":false");
    return STEP_DONE;
}

// cursor.inner: 1 and the kind of rows; cursor.offset: written of that kind.
enum step
page_changes(struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    if (cursor->inner == 0) {
        out_string(out, ",\"changes\":[");
        cursor->inner = 1;
        return STEP_MORE;
    }
    for (int i = 0; i < EXCHANGE_ROWS_PER_STEP; i++) {
        unsigned kind = cursor->inner - 1;
        if (kind == ARRAY_COUNT(changing)) {
            return end_changes(out, false);
        }
        if (cursor->written == PAGE_CHANGES_MAX) {
            return end_changes(out, true);
        }
        cursor->row = table_next_row(exchange->api->table, changing[kind].pool, cursor->row);
        if (cursor->row == 0) {
            cursor->inner++;
            continue;
        }
        size_t used = out->used;
        struct json json = json_of(out);
        out_string(out, cursor->written == 0 ? "" : ",\n");
        if (changing[kind].write(exchange, cursor->row, &json)) {
            cursor->written++;
            return STEP_MORE;
        }
        out->used = used;
    }
    return STEP_PAUSE;
}
