/* Version, health, discovery and access reviews. */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "http.h"

static const char version_json[] =
    "{\"major\":\"1\",\"minor\":\"20\",\"gitVersion\":\"v1.20.2\",\"gitCommit\":"
    "\"faecb196815e248d3ecfb03c680a4507229c2a56\",\"gitTreeState\":\"clean\","
    "\"buildDate\":\"2021-01-13T13:20:00Z\",\"goVersion\":\"go1.19.8\",\"compiler\":"
    "\"gc\",\"platform\":\"linux/amd64\"}";

static const char groups_json[] =
    "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[{\"name\":"
    "\"authorization.k8s.io\",\"versions\":[{\"groupVersion\":"
    "\"authorization.k8s.io/v1\",\"version\":\"v1\"}],\"preferredVersion\":{"
    "\"groupVersion\":\"authorization.k8s.io/v1\",\"version\":\"v1\"}},{\"name\":"
    "\"apps\",\"versions\":[{\"groupVersion\":\"apps/v1\",\"version\":\"v1\"}],"
    "\"preferredVersion\":{\"groupVersion\":\"apps/v1\",\"version\":\"v1\"}}]}";

static const struct {
    const char *name;
    const char *kind;
    bool namespaced;
    bool watched;
} resources[] = {
    {"events", "Event", true, true}, {"namespaces", "Namespace", false, true},
    {"nodes", "Node", false, true},  {"nodes/proxy", "NodeProxyOptions", false, false},
    {"pods", "Pod", true, true},
};

static const char *const checks[] = {"ping",
                                     "log",
                                     "etcd",
                                     "informer-sync",
                                     "poststarthook/rbac/bootstrap-roles",
                                     "autoregister-completion",
                                     "shutdown"};

static void
reply_json(struct conn *conn, const char *text)
{
    struct buf json = {0};
    buf_text(&json, text);
    api_json(conn, 200, &json);
    buf_free(&json);
}

static void
reply_health(struct conn *conn, const struct request *request)
{
    char verbose[8];
    struct buf text = {0};
    if (http_query(request->query, "verbose", verbose, sizeof(verbose))) {
        for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
            buf_printf(&text, "[+]%s ok\n", checks[i]);
        }
        buf_printf(&text, "%s check passed\n", request->path + 1);
    } else {
        BUF_LIT(&text, "ok");
    }
    const struct http_head head = {200, "text/plain; charset=utf-8", api_headers};
    http_reply(conn, &head, text.data, text.len);
    buf_free(&text);
}

static void
reply_resources(struct conn *conn)
{
    struct buf json = {0};
    BUF_LIT(&json, "{\"kind\":\"APIResourceList\",\"groupVersion\":\"v1\",\"resources\":[");
    for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
        buf_printf(&json,
                   "%s{\"name\":\"%s\",\"singularName\":\"\",\"namespaced\":%s,"
                   "\"kind\":\"%s\",\"verbs\":[\"get\"%s]}",
                   i == 0 ? "" : ",", resources[i].name, resources[i].namespaced ? "true" : "false",
                   resources[i].kind, resources[i].watched ? ",\"list\",\"watch\"" : "");
    }
    BUF_LIT(&json, "]}");
    api_json(conn, 200, &json);
    buf_free(&json);
}

bool
api_discovery(struct conn *conn, const struct request *request, enum who who)
{
    const char *path = request->path;
    char text[400];
    if (strcmp(path, "/version") == 0) {
        reply_json(conn, version_json);
        return true;
    }
    if (strcmp(path, "/healthz") == 0 || strcmp(path, "/readyz") == 0 ||
        strcmp(path, "/livez") == 0) {
        reply_health(conn, request);
        return true;
    }
    if (who == WHO_ANONYMOUS) {
        return false;
    }
    if (strcmp(path, "/api") == 0) {
        snprintf(text, sizeof(text),
                 "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"],"
                 "\"serverAddressByClientCIDRs\":[{\"clientCIDR\":\"0.0.0.0/0\","
                 "\"serverAddress\":\"127.0.0.1:%u\"}]}",
                 conn->sim->ports[PORT_API]);
        reply_json(conn, text);
    } else if (strcmp(path, "/apis") == 0) {
        reply_json(conn, groups_json);
    } else if (strcmp(path, "/api/v1") == 0) {
        reply_resources(conn);
    } else {
        return false;
    }
    return true;
}

/* The text of a member of the request's JSON, wherever it stands; a review is
 * flat enough for that. */
static void
find_member(const struct request *request, const char *name, char *out, size_t cap)
{
    char quoted[64];
    int quoted_len = snprintf(quoted, sizeof(quoted), "\"%s\"", name);
    const char *end = request->body + request->body_len;
    const char *at = memmem(request->body, request->body_len, quoted, (size_t)quoted_len);
    out[0] = 0;
    if (at == NULL) {
        return;
    }
    at += quoted_len;
    while (at < end && (*at == ':' || *at == ' ' || *at == '\n')) {
        at++;
    }
    if (at == end || *at != '"') {
        return;
    }
    at++;
    size_t len = 0;
    while (at + len < end && at[len] != '"' && at[len] != '\\') {
        len++;
    }
    snprintf(out, cap, "%.*s", (int)len, at);
}

static bool
simulated(const char *right)
{
    static const char *const rights[] = {"nodes",       "pods",          "namespaces", "events",
                                         "nodes/stats", "nodes/metrics", "nodes/proxy"};
    for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
        if (strcmp(rights[i], right) == 0) {
            return true;
        }
    }
    return false;
}

void
api_access_review(struct conn *conn, const struct request *request, enum who who)
{
    char verb[32];
    char resource[64];
    char part[64];
    char space[256];
    char right[136];
    struct buf json = {0};
    find_member(request, "verb", verb, sizeof(verb));
    find_member(request, "resource", resource, sizeof(resource));
    find_member(request, "subresource", part, sizeof(part));
    find_member(request, "namespace", space, sizeof(space));
    snprintf(right, sizeof(right), "%s%s%s", resource, part[0] != 0 ? "/" : "", part);
    bool reading =
        strcmp(verb, "get") == 0 || strcmp(verb, "list") == 0 || strcmp(verb, "watch") == 0;
    bool allowed =
        who == WHO_ADMIN || (reading && simulated(right) && sim_allowed(conn->sim, who, right));
    BUF_LIT(&json, "{\"kind\":\"SelfSubjectAccessReview\",\"apiVersion\":"
                   "\"authorization.k8s.io/v1\",\"metadata\":{\"creationTimestamp\":null},\"spec\":"
                   "{\"resourceAttributes\":{");
    if (space[0] != 0) {
        buf_printf(&json, "\"namespace\":\"%s\",", space);
    }
    buf_printf(&json, "\"verb\":\"%s\",\"resource\":\"%s\"", verb, resource);
    if (part[0] != 0) {
        buf_printf(&json, ",\"subresource\":\"%s\"", part);
    }
    buf_printf(&json, "}},\"status\":{\"allowed\":%s%s}}", allowed ? "true" : "false",
               allowed ? ",\"reason\":\"RBAC: allowed by ClusterRoleBinding \\\"skerry\\\" of "
                         "ClusterRole \\\"skerry\\\" to ServiceAccount "
                         "\\\"skerry/kube-system\\\"\""
                       : "");
    api_json(conn, 201, &json);
    buf_free(&json);
}
