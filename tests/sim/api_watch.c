/* Watches: the event log from a version on, with bookmarks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "http.h"
#include "objects.h"

#define BATCH_BYTES 65536
#define BOOKMARK_MS 60000
#define DEFAULT_TIMEOUT_S 2400

struct watch_stream {
    struct api_target target;
    uint64_t sequence; /* of the next event to look at */
    uint64_t version;  /* of the state sent at first */
    bool initial;      /* that state is still being sent */
    bool dead_end;     /* the version asked for is in the future */
    bool bookmarks;
    int64_t deadline_ms; /* mono */
    int64_t bookmark_ms;
    char after[600];
};

static bool fill_watch(struct conn *conn);

bool
api_is_watch(const struct conn *conn)
{
    return conn->fill == fill_watch;
}

static void
free_stream(struct conn *conn)
{
    conn->sim->counters.watches_open--;
    free(conn->stream);
}

static void
send_initial(struct conn *conn, struct watch_stream *watch)
{
    const struct cluster *cluster = &conn->sim->cluster;
    const struct collection *set = &cluster->sets[watch->target.kind];
    struct buf *line = &conn->sim->scratch;
    uint32_t at = watch->after[0] == 0 ? 0 : collection_lower(set, watch->after);
    while (at < set->count && strcmp(set->at[at]->key, watch->after) == 0) {
        at++;
    }
    for (; at < set->count && conn->out.len < BATCH_BYTES; at++) {
        const struct object *object = set->at[at];
        if (!object_visible(object, watch->version) || !api_selects(&watch->target, object, NULL)) {
            continue;
        }
        buf_clear(line);
        BUF_LIT(line, "{\"type\":\"ADDED\",\"object\":");
        objects_write(line, cluster, object, true);
        BUF_LIT(line, "}\n");
        http_chunk(conn, line->data, line->len);
        snprintf(watch->after, sizeof(watch->after), "%s", object->key);
    }
    if (at == set->count) {
        watch->initial = false;
        watch->sequence = event_log_seek(&cluster->log, watch->version);
    }
}

static void
send_too_old(struct conn *conn, uint64_t version)
{
    char line[256];
    int len = snprintf(
        line, sizeof(line),
        "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\","
        "\"metadata\":{},\"status\":\"Failure\",\"message\":\"too old resource version: "
        "%llu (%llu)\",\"reason\":\"Expired\",\"code\":410}}\n",
        (unsigned long long)version, (unsigned long long)conn->sim->cluster.log.floor_version);
    conn->sim->counters.responses_410++;
    http_chunk(conn, line, (size_t)len);
    http_stream_end(conn);
}

static void
send_bookmark(struct conn *conn, struct watch_stream *watch)
{
    static const char *const rest[] = {
        ("\"spec\":{},\"status\":{\"daemonEndpoints\":{\"kubeletEndpoint\":{\"Port\":0}},"
         "\"nodeInfo\":{\"machineID\":\"\",\"systemUUID\":\"\",\"bootID\":\"\","
         "\"kernelVersion\":\"\",\"osImage\":\"\",\"containerRuntimeVersion\":\"\","
         "\"kubeletVersion\":\"\",\"kubeProxyVersion\":\"\",\"operatingSystem\":\"\","
         "\"architecture\":\"\"}}"),
        "\"spec\":{\"containers\":null},\"status\":{}",
        "\"spec\":{},\"status\":{}",
        ("\"involvedObject\":{},\"source\":{},\"firstTimestamp\":null,\"lastTimestamp\":"
         "null,\"eventTime\":null,\"reportingComponent\":\"\",\"reportingInstance\":\"\""),
    };
    struct buf *line = &conn->sim->scratch;
    buf_clear(line);
    buf_printf(line,
               "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"%s\",\"apiVersion\":\"v1\","
               "\"metadata\":{\"resourceVersion\":\"%llu\",\"creationTimestamp\":null},%s}}\n",
               objects_kind_name(watch->target.kind),
               (unsigned long long)conn->sim->cluster.version, rest[watch->target.kind]);
    http_chunk(conn, line->data, line->len);
    watch->bookmark_ms = mono_ms() + BOOKMARK_MS;
}

static void
send_events(struct conn *conn, struct watch_stream *watch)
{
    const struct event_log *log = &conn->sim->cluster.log;
    while (watch->sequence < log->next && conn->out.len < BATCH_BYTES) {
        const struct logged_event *event = event_log_at(log, watch->sequence++);
        if (event->kind == watch->target.kind && api_selects(&watch->target, NULL, event->key)) {
            http_chunk(conn, event->line, event->line_len);
            conn->sim->counters.watch_events_sent++;
        }
    }
}

static bool
fill_watch(struct conn *conn)
{
    struct watch_stream *watch = conn->stream;
    const struct event_log *log = &conn->sim->cluster.log;
    int64_t now = mono_ms();
    if (watch->initial) {
        send_initial(conn, watch);
        return true;
    }
    if (watch->sequence < log->first && !watch->dead_end) {
        send_too_old(conn, watch->version); /* fell out of the window */
        return false;
    }
    if (!watch->dead_end) {
        send_events(conn, watch);
    }
    if (watch->bookmarks && !watch->dead_end && watch->sequence == log->next &&
        (now >= watch->bookmark_ms || now >= watch->deadline_ms)) {
        send_bookmark(conn, watch);
    }
    if (now >= watch->deadline_ms) {
        http_stream_end(conn);
        return false;
    }
    conn->waiting = conn->out.len == 0;
    return true;
}

void
api_watch(struct conn *conn, const struct request *request, const struct api_target *target)
{
    static const char headers[] = "Cache-Control: no-cache, private\r\n";
    const struct http_head head = {200, "application/json", headers};
    const struct cluster *cluster = &conn->sim->cluster;
    struct watch_stream *watch = xcalloc(1, sizeof(*watch));
    char bookmarks[8] = "";
    uint64_t version = http_query_number(request->query, "resourceVersion", 0);
    int64_t now = mono_ms();
    uint64_t timeout_s = http_query_number(request->query, "timeoutSeconds", DEFAULT_TIMEOUT_S);
    http_query(request->query, "allowWatchBookmarks", bookmarks, sizeof(bookmarks));
    conn->sim->counters.requests_api_watch++;
    conn->sim->counters.watches_open++;
    watch->target = *target;
    api_select_name(&watch->target, request);
    watch->bookmarks = bookmarks[0] == 't' || bookmarks[0] == '1';
    watch->deadline_ms = now + 1000 * (int64_t)timeout_s;
    watch->bookmark_ms = now + BOOKMARK_MS;
    watch->initial = version == 0;
    watch->dead_end = version > cluster->version;
    watch->version = version == 0 ? cluster->version : version;
    watch->sequence = event_log_seek(&cluster->log, watch->version);
    http_stream_begin(conn, &head);
    conn->stream = watch;
    conn->stream_free = free_stream;
    conn->waiting = false;
    conn->ticking = true;
    if (version != 0 && version < cluster->log.floor_version) {
        send_too_old(conn, version);
        return;
    }
    conn->fill = fill_watch;
}
