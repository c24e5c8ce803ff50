/* Lists: whole or page by page, streamed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "http.h"
#include "objects.h"

#define BATCH_BYTES 32768
#define TOO_LARGE_WAIT_MS 3000

struct list_stream {
    struct api_target target;
    uint64_t version;
    uint64_t left; /* items still to send */
    bool any;
    char after[600]; /* key of the last item */
};

bool
api_selects(const struct api_target *target, const struct object *object, const char *key)
{
    const char *path = object != NULL ? object->key : key;
    const char *slash = strchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    size_t space_len = slash == NULL ? 0 : (size_t)(slash - path);
    if (target->space[0] != 0 &&
        (strlen(target->space) != space_len || strncmp(path, target->space, space_len) != 0)) {
        return false;
    }
    return target->name[0] == 0 || strcmp(target->name, name) == 0;
}

void
api_select_name(struct api_target *target, const struct request *request)
{
    static const char field[] = "metadata.name=";
    char selector[400] = "";
    http_query(request->query, "fieldSelector", selector, sizeof(selector));
    const char *value =
        strncmp(selector, field, sizeof(field) - 1) == 0 ? selector + sizeof(field) - 1 : "";
    value += *value == '=';
    snprintf(target->name, sizeof(target->name), "%.255s", value);
}

static bool
shown(const struct list_stream *list, const struct object *object)
{
    return object_visible(object, list->version) && api_selects(&list->target, object, NULL);
}

/* The first index to look at: after the last item, or of the namespace. */
static uint32_t
first_index(const struct collection *set, const struct list_stream *list)
{
    char key[300];
    if (list->after[0] == 0) {
        snprintf(key, sizeof(key), "%s%s", list->target.space,
                 list->target.space[0] != 0 ? "/" : "");
        return collection_lower(set, key);
    }
    uint32_t at = collection_lower(set, list->after);
    while (at < set->count && strcmp(set->at[at]->key, list->after) == 0) {
        at++;
    }
    return at;
}

static bool
beyond_namespace(const struct list_stream *list, const struct object *object)
{
    size_t len = strlen(list->target.space);
    return len > 0 &&
           (strncmp(object->key, list->target.space, len) != 0 || object->key[len] != '/');
}

/* Counts up to `limit` items from the start, and those after them; last: the
 * last item of the page. */
static uint64_t
count_page(const struct collection *set, const struct list_stream *list, uint64_t limit,
           const struct object **last, uint64_t *remaining)
{
    uint64_t count = 0;
    *remaining = 0;
    *last = NULL;
    for (uint32_t i = first_index(set, list); i < set->count; i++) {
        if (beyond_namespace(list, set->at[i])) {
            break;
        }
        if (!shown(list, set->at[i])) {
            continue;
        }
        if (limit != 0 && count == limit) {
            (*remaining)++;
            continue;
        }
        count++;
        *last = set->at[i];
    }
    return count;
}

static bool
fill_list(struct conn *conn)
{
    struct list_stream *list = conn->stream;
    const struct cluster *cluster = &conn->sim->cluster;
    const struct collection *set = &cluster->sets[list->target.kind];
    struct buf *batch = &conn->sim->scratch;
    buf_clear(batch);
    for (uint32_t i = first_index(set, list); i < set->count; i++) {
        if (list->left == 0 || batch->len > BATCH_BYTES || beyond_namespace(list, set->at[i])) {
            break;
        }
        if (!shown(list, set->at[i])) {
            continue;
        }
        if (list->any) {
            BUF_LIT(batch, ",");
        }
        list->any = true;
        list->left--;
        objects_write(batch, cluster, set->at[i], false);
        snprintf(list->after, sizeof(list->after), "%s", set->at[i]->key);
    }
    bool more = batch->len > BATCH_BYTES && list->left > 0;
    if (!more) {
        buf_text(batch, conn->pretty ? "]}" : "]}\n");
    }
    api_chunk(conn, batch);
    if (!more) {
        http_stream_end(conn);
    }
    return more;
}

static void
free_stream(struct conn *conn)
{
    free(conn->stream);
}

static void
put_token(struct buf *out, int64_t version, const char *after)
{
    struct buf text = {0};
    buf_printf(&text, "{\"v\":\"meta.k8s.io/v1\",\"rv\":%lld,\"start\":\"%s\\u0000\"}",
               (long long)version, after);
    size_t start = out->len;
    buf_base64(out, text.data, text.len);
    while (out->len > start && out->data[out->len - 1] == '=') {
        out->len--;
    }
    for (size_t i = start; i < out->len; i++) {
        out->data[i] = out->data[i] == '+' ? '-' : out->data[i] == '/' ? '_' : out->data[i];
    }
    buf_free(&text);
}

static bool
parse_token(const char *token, int64_t *version, char *after, size_t cap)
{
    char text[1200];
    int len = base64_decode(token, strlen(token), text, sizeof(text) - 1);
    if (len < 0) {
        return false;
    }
    text[len] = 0;
    const char *rv = strstr(text, "\"rv\":");
    const char *start = strstr(text, "\"start\":\"");
    const char *end = start == NULL ? NULL : strstr(start, "\\u0000\"");
    if (rv == NULL || end == NULL) {
        return false;
    }
    *version = strtoll(rv + 5, NULL, 10);
    start += 9;
    snprintf(after, cap, "%.*s", (int)(end - start), start);
    return true;
}

static void
refuse_garbage(struct conn *conn)
{
    api_status(conn, &(struct api_status){
                         .code = 400,
                         .reason = "BadRequest",
                         .message = "invalid continue token: continue key is not valid: invalid "
                                    "character '\\u0081' looking for beginning of value"});
}

/* 410 with a token that goes on at the newest version. */
static void
refuse_expired(struct conn *conn, const char *after)
{
    const struct http_head head = {410, "application/json", api_headers};
    struct buf json = {0};
    BUF_LIT(&json, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{"
                   "\"continue\":\"");
    put_token(&json, -1, after);
    BUF_LIT(&json,
            "\"},\"status\":\"Failure\",\"message\":\"The provided continue "
            "parameter is too old to display a consistent list result. You can start a new "
            "list without the continue parameter, or use the continue token in this response "
            "to retrieve the remainder of the results. Continuing with the provided token "
            "results in an inconsistent list - objects that were created, modified, or "
            "deleted between the time the first chunk was returned and now may show up in "
            "the list.\",\"reason\":\"Expired\",\"code\":410}");
    conn->sim->counters.responses_410++;
    http_body_begin(conn);
    if (conn->pretty) {
        indent_put(&conn->indent, &conn->out, json.data, json.len);
    } else {
        buf_put(&conn->out, json.data, json.len);
    }
    http_body_end(conn, &head, 0);
    buf_free(&json);
}

static void
refuse_future(struct conn *conn, uint64_t version)
{
    char message[160];
    snprintf(message, sizeof(message), "Timeout: Too large resource version: %llu, current: %llu",
             (unsigned long long)version, (unsigned long long)conn->sim->cluster.version);
    api_status(conn,
               &(struct api_status){
                   .code = 504,
                   .message = message,
                   .reason = "Timeout",
                   .details = "{\"causes\":[{\"reason\":\"ResourceVersionTooLarge\",\"message\":"
                              "\"Too large resource version\"}],\"retryAfterSeconds\":1}",
                   .retry_after_s = 1});
    conn->hold_until_ms = mono_ms() + TOO_LARGE_WAIT_MS;
}

/* False when the request was refused. */
static bool
take_parameters(struct conn *conn, const struct request *request, struct list_stream *list,
                uint64_t *limit)
{
    const struct cluster *cluster = &conn->sim->cluster;
    char token[1200] = "";
    char version_text[32] = "";
    int64_t version = 0;
    *limit = http_query_number(request->query, "limit", 0);
    list->version = cluster->version;
    http_query(request->query, "resourceVersion", version_text, sizeof(version_text));
    http_query(request->query, "continue", token, sizeof(token));
    uint64_t wanted = strtoull(version_text, NULL, 10);
    if (strcmp(version_text, "0") == 0 && token[0] == 0) {
        *limit = 0;
    }
    if (wanted > cluster->version) {
        refuse_future(conn, wanted);
        return false;
    }
    if (token[0] == 0) {
        return true;
    }
    if (!parse_token(token, &version, list->after, sizeof(list->after))) {
        refuse_garbage(conn);
        return false;
    }
    if (version >= 0) {
        if ((uint64_t)version < cluster->log.floor_version) {
            refuse_expired(conn, list->after);
            return false;
        }
        list->version = (uint64_t)version;
    }
    return true;
}

static void
put_list_start(struct buf *out, const struct conn *conn, const struct list_stream *list,
               const struct object *last, uint64_t remaining)
{
    enum fault_kind fault = conn->sim->api_fault.kind;
    buf_printf(out,
               "{\"kind\":\"%sList\",\"apiVersion\":\"v1\",\"metadata\":{"
               "\"resourceVersion\":\"%llu\"",
               objects_kind_name(list->target.kind), (unsigned long long)list->version);
    if (remaining > 0) {
        BUF_LIT(out, ",\"continue\":\"");
        put_token(out, (int64_t)list->version, last->key);
        buf_printf(out, "\",\"remainingItemCount\":%llu", (unsigned long long)remaining);
    }
    BUF_LIT(out, "},\"items\":[");
    if (conn->list_fault && fault_is_element(fault)) {
        fault_element(out, fault, conn->sim->api_fault.bytes, false);
        out->len -= list->left == 0 ? 1 : 0;
    }
}

void
api_list(struct conn *conn, const struct request *request, const struct api_target *target)
{
    const struct http_head head = {200, "application/json", api_headers};
    struct list_stream *list = xcalloc(1, sizeof(*list));
    const struct object *last = NULL;
    uint64_t limit = 0;
    uint64_t remaining = 0;
    struct buf start = {0};
    conn->sim->counters.requests_api_list++;
    list->target = *target;
    api_select_name(&list->target, request);
    if (!take_parameters(conn, request, list, &limit)) {
        free(list);
        return;
    }
    list->left = count_page(&conn->sim->cluster.sets[target->kind], list, limit, &last, &remaining);
    put_list_start(&start, conn, list, last, remaining);
    http_stream_begin(conn, &head);
    api_chunk(conn, &start);
    buf_free(&start);
    conn->stream = list;
    conn->stream_free = free_stream;
    conn->fill = fill_list;
}
