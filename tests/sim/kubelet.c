#include "kubelet.h"

#include <stdio.h>
#include <string.h>

#include "fault_body.h"
#include "http.h"

#define RESOURCE_CHUNK_BYTES 4096

static const char text_plain[] = "text/plain; charset=utf-8";

struct stats_view
kubelet_view(const struct sim *sim, const struct node *node, int64_t now_ms)
{
    return (struct stats_view){.cluster = &sim->cluster,
                               .node = node,
                               .now_ms = now_ms,
                               .skew_ms =
                                   fault_is(node->fault, FAULT_SKEW) ? node->fault->skew_ms : 0,
                               .counters_back = fault_is(node->fault, FAULT_COUNTER_BACK)};
}

/* One more element, first in the list of pods. */
static void
add_element(struct conn *conn, const struct fault *fault, enum fault_kind kind)
{
    static const char start[] = "\n \"pods\": [";
    struct buf *out = &conn->out;
    struct buf element = {0};
    char *at =
        memmem(out->data + HTTP_HEAD_BYTES, out->len - HTTP_HEAD_BYTES, start, sizeof(start) - 1);
    if (at == NULL) {
        return;
    }
    size_t place = (size_t)(at - out->data) + sizeof(start) - 1;
    fault_element(&element, kind, fault->bytes, true);
    if (out->data[place] == ']') {
        element.len--; /* the comma */
    }
    buf_reserve(out, element.len);
    memmove(out->data + place + element.len, out->data + place, out->len - place);
    memcpy(out->data + place, element.data, element.len);
    out->len += element.len;
    buf_free(&element);
}

static void
answer_summary(struct conn *conn, struct node *node, const char *query, const char *more,
               enum fault_kind kind)
{
    struct sim *sim = conn->sim;
    const struct http_head head = {200, "application/json", more};
    char brief_text[8] = "";
    int64_t now = clock_now_ms(&sim->clock);
    struct stats_view view = kubelet_view(sim, node, now);
    http_query(query, "only_cpu_and_memory", brief_text, sizeof(brief_text));
    bool brief = strcmp(brief_text, "true") == 0;
    http_body_begin(conn);
    summary_write(&sim->writer, &conn->out, &view, brief);
    if (fault_is_element(kind)) {
        add_element(conn, node->fault, kind);
    }
    http_body_end(conn, &head, 0);
    if (brief) {
        sim->counters.requests_summary_brief++;
    } else {
        sim->counters.requests_summary++;
    }
    node->served_before_ms = node->served_ms;
    node->served_ms = now;
    node->served_changes = node->change_count;
}

static void
answer_resource(struct conn *conn, struct node *node, const char *more, enum fault_kind kind)
{
    struct sim *sim = conn->sim;
    const struct http_head head = {200, "text/plain; version=0.0.4; charset=utf-8", more};
    struct stats_view view = kubelet_view(sim, node, clock_now_ms(&sim->clock));
    http_body_begin(conn);
    resource_write(&conn->out, &view);
    if (fault_is_element(kind)) {
        fault_lines(&conn->out, kind, node->fault->bytes);
    }
    http_body_end(conn, &head, RESOURCE_CHUNK_BYTES);
    sim->counters.requests_resource++;
    node->resource_served_before_ms = node->resource_served_ms;
    node->resource_served_ms = view.now_ms;
}

void
kubelet_answer(struct conn *conn, struct node *node, const char *path, const char *query,
               const char *more)
{
    enum fault_kind kind = fault_take(node->fault, path);
    bool summary = strcmp(path, "/stats/summary") == 0 || strcmp(path, "/stats/summary/") == 0;
    const struct http_head plain = {200, text_plain, more};
    const struct http_head missing = {404, text_plain, more};
    if (fault_answers(conn, node->fault, kind, summary)) {
        return;
    }
    if (summary) {
        answer_summary(conn, node, query, more, kind);
    } else if (strcmp(path, "/metrics/resource") == 0) {
        answer_resource(conn, node, more, kind);
    } else if (strcmp(path, "/healthz") == 0) {
        conn->sim->counters.requests_kubelet_other++;
        http_reply(conn, &plain, "ok", 2);
    } else {
        conn->sim->counters.requests_kubelet_other++;
        http_reply(conn, &missing, "404 page not found\n", 19);
    }
    fault_spoils(conn, node->fault, kind);
}

/* The right that a path of the kubelet needs. */
static const char *
subresource(const char *path)
{
    if (strncmp(path, "/stats", 6) == 0) {
        return "nodes/stats";
    }
    if (strncmp(path, "/metrics", 8) == 0) {
        return "nodes/metrics";
    }
    return strncmp(path, "/logs", 5) == 0 ? "nodes/log" : "nodes/proxy";
}

void
kubelet_request(struct conn *conn, const struct request *request)
{
    struct sim *sim = conn->sim;
    const char *resource = subresource(request->path);
    enum who who = conn->port == PORT_KUBELET_PLAIN ? WHO_ADMIN : sim_who(conn, request);
    char text[256];
    /* A node that was removed has no kubelet any more. */
    if (conn->node == NULL) {
        conn_kill(conn, true);
        return;
    }
    if (who == WHO_BAD || who == WHO_ANONYMOUS) {
        sim->counters.responses_401++;
        http_reply_text(conn, 401, "Unauthorized");
        return;
    }
    if (!sim_allowed(sim, who, resource)) {
        sim->counters.responses_403++;
        snprintf(text, sizeof(text), "Forbidden (user=%s, verb=%s, resource=nodes, subresource=%s)",
                 sim_user(who), strcmp(request->method, "POST") == 0 ? "create" : "get",
                 resource + 6);
        http_reply_text(conn, 403, text);
        return;
    }
    kubelet_answer(conn, conn->node, request->path, request->query, NULL);
}
