#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault_body.h"
#include "http.h"
#include "kubelet.h"
#include "objects.h"

#define PROXY_TIMEOUT_MS 10000

const char api_headers[] =
    "Audit-Id: 7d7a3e2d-3839-4b59-a586-4f892e324ab4\r\n"
    "Cache-Control: no-cache, private\r\n"
    "X-Kubernetes-Pf-Flowschema-Uid: aff351b5-9bf1-4dd2-8b6d-fb4b907f06a2\r\n"
    "X-Kubernetes-Pf-Prioritylevel-Uid: 545af4fc-86e1-4ecb-9e7a-c1599ffeade9\r\n";

static const char proxy_headers[] = "Audit-Id: e4897de3-f0d4-41d2-9d26-47bda727b92e\r\n"
                                    "Cache-Control: no-cache, private\r\n";

void
api_json(struct conn *conn, int code, const struct buf *json)
{
    const struct http_head head = {code, "application/json", api_headers};
    http_body_begin(conn);
    if (conn->pretty) {
        indent_put(&conn->indent, &conn->out, json->data, json->len);
    } else {
        buf_put(&conn->out, json->data, json->len);
        BUF_LIT(&conn->out, "\n");
    }
    http_body_end(conn, &head, 0);
}

void
api_chunk(struct conn *conn, const struct buf *json)
{
    struct buf pretty = {0};
    if (!conn->pretty) {
        http_chunk(conn, json->data, json->len);
        return;
    }
    indent_put(&conn->indent, &pretty, json->data, json->len);
    http_chunk(conn, pretty.data, pretty.len);
    buf_free(&pretty);
}

static void
put_escaped(struct buf *out, const char *text)
{
    for (; *text != 0; text++) {
        if (*text == '"' || *text == '\\') {
            BUF_LIT(out, "\\");
        }
        if ((unsigned char)*text < 32) {
            buf_printf(out, "\\u%04x", (unsigned char)*text);
        } else {
            buf_char(out, *text);
        }
    }
}

void
api_status(struct conn *conn, const struct api_status *status)
{
    char more[sizeof(api_headers) + 32];
    const struct http_head head = {status->code, "application/json", more};
    struct buf json = {0};
    BUF_LIT(&json, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
                   "\"status\":\"Failure\",\"message\":\"");
    put_escaped(&json, status->message);
    BUF_LIT(&json, "\",");
    if (status->reason != NULL) {
        buf_printf(&json, "\"reason\":\"%s\",", status->reason);
    }
    if (status->details != NULL) {
        buf_printf(&json, "\"details\":%s,", status->details);
    }
    buf_printf(&json, "\"code\":%d}", status->code);
    snprintf(more, sizeof(more), "%s", api_headers);
    if (status->retry_after_s > 0) {
        size_t len = strlen(more);
        snprintf(more + len, sizeof(more) - len, "Retry-After: %u\r\n", status->retry_after_s);
    }
    http_body_begin(conn);
    if (conn->pretty) {
        indent_put(&conn->indent, &conn->out, json.data, json.len);
    } else {
        BUF_LIT(&json, "\n");
        buf_put(&conn->out, json.data, json.len);
    }
    http_body_end(conn, &head, 0);
    buf_free(&json);
}

/* One segment of the path; returns what follows it, NULL at the end. */
static const char *
take_segment(const char *path, char *out, size_t cap)
{
    size_t len = strcspn(path, "/");
    snprintf(out, cap, "%.*s", (int)len, path);
    return path[len] == '/' && path[len + 1] != 0 ? path + len + 1 : NULL;
}

static bool
find_kind(struct api_target *target)
{
    for (unsigned i = 0; i < KIND_COUNT; i++) {
        if (strcmp(target->resource, objects_resource_name((enum object_kind)i)) == 0) {
            target->kind = (enum object_kind)i;
            return true;
        }
    }
    return false;
}

static bool
parse_target(const char *path, struct api_target *target)
{
    char tail[64];
    *target = (struct api_target){.kind = KIND_COUNT};
    if (strncmp(path, "/api/v1/", 8) != 0) {
        return false;
    }
    const char *rest = take_segment(path + 8, target->resource, sizeof(target->resource));
    if (strcmp(target->resource, "namespaces") == 0 && rest != NULL) {
        rest = take_segment(rest, target->name, sizeof(target->name));
        if (rest != NULL) {
            snprintf(target->space, sizeof(target->space), "%s", target->name);
            target->name[0] = 0;
            rest = take_segment(rest, target->resource, sizeof(target->resource));
        } else {
            target->known = find_kind(target);
            return true;
        }
    }
    if (rest != NULL) {
        rest = take_segment(rest, target->name, sizeof(target->name));
    }
    if (rest != NULL) {
        const char *after = take_segment(rest, tail, sizeof(tail));
        if (strcmp(tail, "proxy") != 0 || strcmp(target->resource, "nodes") != 0) {
            return false;
        }
        target->rest = after == NULL ? "" : after;
    }
    target->known = find_kind(target);
    return true;
}

static void
refuse_resource(struct conn *conn, enum who who, const struct api_target *target, const char *verb,
                const char *resource)
{
    char message[1000];
    char details[400];
    char scope[300] = "at the cluster scope";
    if (target->space[0] != 0) {
        snprintf(scope, sizeof(scope), "in the namespace \"%s\"", target->space);
    }
    if (target->name[0] != 0) {
        snprintf(message, sizeof(message),
                 "%s \"%s\" is forbidden: User \"%s\" cannot %s resource \"%s\" in API "
                 "group \"\" %s",
                 target->resource, target->name, sim_user(who), verb, resource, scope);
        snprintf(details, sizeof(details), "{\"name\":\"%s\",\"kind\":\"%s\"}", target->name,
                 target->resource);
    } else {
        snprintf(message, sizeof(message),
                 "%s is forbidden: User \"%s\" cannot %s resource \"%s\" in API group \"\" %s",
                 target->resource, sim_user(who), verb, resource, scope);
        snprintf(details, sizeof(details), "{\"kind\":\"%s\"}", target->resource);
    }
    conn->sim->counters.responses_403++;
    api_status(conn,
               &(struct api_status){
                   .code = 403, .message = message, .reason = "Forbidden", .details = details});
}

static void
refuse_path(struct conn *conn, enum who who, const char *path)
{
    char message[700];
    if (who == WHO_ADMIN) {
        api_status(conn, &(struct api_status){
                             .code = 404,
                             .message = "the server could not find the requested resource",
                             .reason = "NotFound",
                             .details = "{}"});
        return;
    }
    snprintf(message, sizeof(message), "forbidden: User \"%s\" cannot get path \"%.300s\"",
             sim_user(who), path);
    conn->sim->counters.responses_403++;
    api_status(conn, &(struct api_status){
                         .code = 403, .message = message, .reason = "Forbidden", .details = "{}"});
}

static void
not_found(struct conn *conn, const struct api_target *target)
{
    char message[400];
    char details[400];
    snprintf(message, sizeof(message), "%s \"%s\" not found", target->resource, target->name);
    snprintf(details, sizeof(details), "{\"name\":\"%s\",\"kind\":\"%s\"}", target->name,
             target->resource);
    api_status(conn,
               &(struct api_status){
                   .code = 404, .message = message, .reason = "NotFound", .details = details});
}

/* NAME, NAME:PORT, SCHEME:NAME or SCHEME:NAME:PORT, as the API server takes a
 * node apart; the name's bytes are cut out of `text`. */
struct proxy_target {
    const char *name;
    bool https;
    uint32_t port; /* 0 = the kubelet's own, whatever the scheme */
};

static bool
parse_proxy_target(char *text, struct proxy_target *out)
{
    char *part[3] = {text, NULL, NULL};
    unsigned count = 1;
    char *end = NULL;
    for (char *at = strchr(text, ':'); at != NULL; at = strchr(at, ':')) {
        if (count == 3) {
            return false;
        }
        *at++ = 0;
        part[count++] = at;
    }
    bool scheme = count == 3 || (count == 2 && part[1][strspn(part[1], "0123456789")] != 0);
    *out = (struct proxy_target){.name = part[scheme ? 1 : 0]};
    if (scheme && strcmp(text, "http") != 0 && strcmp(text, "https") != 0 && text[0] != 0) {
        return false;
    }
    out->https = scheme && strcmp(text, "https") == 0;
    if (count > (scheme ? 2U : 1U)) {
        unsigned long port = strtoul(part[count - 1], &end, 10);
        out->port = (uint32_t)port;
        return *end == 0 && port > 0 && port < 65536;
    }
    return true;
}

static void
proxy_fails(struct conn *conn, const struct node *node, uint32_t port, const char *why)
{
    char text[300];
    conn->sim->counters.faults_applied += node->fault != NULL;
    snprintf(text, sizeof(text), "error trying to reach service: dial tcp %u.%u.%u.%u:%u: %s",
             node->address >> 24, node->address >> 16 & 255, node->address >> 8 & 255,
             node->address & 255, port, why);
    api_status(conn, &(struct api_status){.code = 500, .message = text});
}

/* A port that is not the one in the node's status is dialled with the scheme
 * asked for and without the API server's login. */
static bool
proxy_reaches(struct conn *conn, const struct node *node, const struct proxy_target *to)
{
    const struct cluster *cluster = &conn->sim->cluster;
    if (fault_is(node->fault, FAULT_REFUSE)) {
        proxy_fails(conn, node, to->port != 0 ? to->port : cluster->kubelet_port,
                    "connect: connection refused");
        return false;
    }
    if (to->port == 0 || to->port == cluster->kubelet_port) {
        return true;
    }
    if (to->port != cluster->kubelet_plain_port) {
        proxy_fails(conn, node, to->port, "connect: connection refused");
        return false;
    }
    if (to->https) {
        proxy_fails(conn, node, to->port, "tls: first record does not look like a TLS handshake");
        return false;
    }
    return true;
}

static void
answer_proxy(struct conn *conn, const struct request *request, const struct api_target *target)
{
    struct sim *sim = conn->sim;
    char name[256];
    struct proxy_target to;
    char text[300];
    struct api_status status = {.code = 500, .message = text};
    snprintf(name, sizeof(name), "%s", target->name);
    if (!parse_proxy_target(name, &to)) {
        snprintf(text, sizeof(text), "invalid node request \"%.200s\"", target->name);
        status.code = 400;
        status.reason = "BadRequest";
        api_status(conn, &status);
        return;
    }
    struct node *node = cluster_node(&sim->cluster, to.name);
    if (node == NULL) {
        not_found(conn, target);
        return;
    }
    sim->counters.requests_api_proxy++;
    sim->counters.requests_api_proxy_port += to.port != 0;
    if (!proxy_reaches(conn, node, &to)) {
        return;
    }
    if (fault_is(node->fault, FAULT_HANG) || fault_is(node->fault, FAULT_HANG_TLS)) {
        sim->counters.faults_applied++;
        snprintf(text, sizeof(text),
                 "error trying to reach service: net/http: TLS handshake timeout");
        api_status(conn, &status);
        conn->hold_until_ms = mono_ms() + PROXY_TIMEOUT_MS;
        return;
    }
    snprintf(text, sizeof(text), "/%s", target->rest);
    kubelet_answer(conn, node, text, request->query, proxy_headers);
}

static void
answer_one(struct conn *conn, const struct api_target *target)
{
    const struct cluster *cluster = &conn->sim->cluster;
    char key[600];
    struct buf json = {0};
    snprintf(key, sizeof(key), "%s%s%s", target->space, target->space[0] ? "/" : "", target->name);
    const struct object *object = collection_find(&cluster->sets[target->kind], key);
    conn->sim->counters.requests_api_get++;
    if (object == NULL) {
        not_found(conn, target);
        return;
    }
    objects_write(&json, cluster, object, true);
    api_json(conn, 200, &json);
    buf_free(&json);
}

static void
answer_resource(struct conn *conn, const struct request *request, enum who who,
                struct api_target *target)
{
    char watch[8] = "";
    char right[80];
    http_query(request->query, "watch", watch, sizeof(watch));
    bool watching = strcmp(watch, "1") == 0 || strcmp(watch, "true") == 0;
    const char *verb = target->name[0] != 0 ? "get" : watching ? "watch" : "list";
    snprintf(right, sizeof(right), "%s%s", target->resource, target->rest != NULL ? "/proxy" : "");
    if (!sim_allowed(conn->sim, who, right) || (!target->known && who != WHO_ADMIN)) {
        refuse_resource(conn, who, target, verb, right);
        return;
    }
    if (!target->known) {
        refuse_path(conn, who, request->path);
    } else if (target->rest != NULL) {
        answer_proxy(conn, request, target);
    } else if (target->name[0] != 0) {
        answer_one(conn, target);
    } else if (watching) {
        api_watch(conn, request, target);
    } else {
        api_list(conn, request, target);
    }
}

static void
answer(struct conn *conn, const struct request *request)
{
    enum who who = sim_who(conn, request);
    struct api_target target;
    if (who == WHO_BAD) {
        conn->sim->counters.responses_401++;
        api_status(conn, &(struct api_status){
                             .code = 401, .message = "Unauthorized", .reason = "Unauthorized"});
        return;
    }
    if (api_discovery(conn, request, who)) {
        conn->sim->counters.requests_api_other++;
        return;
    }
    if (strcmp(request->path, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews") == 0 &&
        strcmp(request->method, "POST") == 0 && who != WHO_ANONYMOUS) {
        conn->sim->counters.requests_api_other++;
        api_access_review(conn, request, who);
        return;
    }
    if (!parse_target(request->path, &target)) {
        conn->sim->counters.requests_api_other++;
        refuse_path(conn, who, request->path);
        return;
    }
    answer_resource(conn, request, who, &target);
}

/* Faults by code answer with a Status, as the API server would. */
static void
answer_fault_code(struct conn *conn, const struct fault *fault)
{
    static const struct {
        uint32_t code;
        const char *reason;
        const char *message;
    } rows[] = {{401, "Unauthorized", "Unauthorized"},
                {403, "Forbidden", "forbidden by fault"},
                {410, "Expired", "too old"},
                {429, "TooManyRequests", "too many requests, please try again later"},
                {500, "InternalError", "Internal error occurred: fault"},
                {503, "ServiceUnavailable", "the server is currently unable to handle the request"},
                {504, "Timeout", "Timeout: request did not complete within requested timeout"}};
    struct api_status status = {
        .code = (int)fault->code, .message = "fault", .retry_after_s = fault->retry_after_s};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].code == fault->code) {
            status.reason = rows[i].reason;
            status.message = rows[i].message;
        }
    }
    conn->sim->counters.faults_applied++;
    api_status(conn, &status);
}

void
api_request(struct conn *conn, const struct request *request)
{
    struct fault *fault = &conn->sim->api_fault;
    enum fault_kind kind = fault_take(fault, request->path);
    if (kind == FAULT_HTTP) {
        answer_fault_code(conn, fault);
        return;
    }
    if (fault_answers(conn, fault, kind, false)) {
        return;
    }
    conn->list_fault = fault_is_element(kind);
    answer(conn, request);
    fault_spoils(conn, fault, kind);
}
