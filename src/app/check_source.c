#include "app/check_source.h"

#include <string.h>

#include "app/kubelet_access.h"
#include "app/source_check.h"
#include "scrape/endpoint.h"

#define LINE_BYTES 400
#define REVIEW_PATH "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

size_t
check_source_footprint(void)
{
    return probe_footprint() + arena_bytes(SOURCE_CHECK_BYTES) +
           arena_bytes(credentials_scratch_bytes()) + arena_bytes(sizeof(struct credentials)) +
           decode_space_footprint() + objects_footprint(ELEMENT_BYTES_MAX) +
           arena_bytes(sizeof(struct objects)) + targets_footprint(CHECK_KUBELETS);
}

void
check_source_init(struct check_source *check, struct arena *arena,
                  const struct platform *platform, struct fetch *fetch,
                  struct check_report *report)
{
    struct hash_key key = {1, 2};  // three names, of which none can collide badly
    memset(check, 0, sizeof *check);
    check->platform = platform;
    check->report = report;
    probe_init(&check->probe, arena, platform, fetch);
    workspace_init(&check->uri_space, arena, SOURCE_CHECK_BYTES);
    workspace_init(&check->scratch, arena, credentials_scratch_bytes());
    check->credentials = arena_take(arena, sizeof *check->credentials);
    struct decode_space *space = decode_space_new(arena);
    check->objects = arena_take(arena, sizeof *check->objects);
    objects_init(check->objects, arena, space, ELEMENT_BYTES_MAX);
    targets_init(&check->targets, arena, CHECK_KUBELETS, key);
}

static void
line(struct check_source *check, bool ok, struct text what, struct text detail,
     const char *advice)
{
    check_report_line(check->report, ok, what, detail, advice);
}

static const char *
api_advice(int error)
{
    switch (-error) {
    case ERR_RESOLVE:
        return "check the host's name and this machine's DNS servers";
    case ERR_CONNECT:
    case ERR_TIMEOUT:
        return "check address and port, and that no firewall is between";
    case ERR_TLS:
        return "check that the port speaks TLS, and the client certificate";
    case ERR_CERTIFICATE:
        return "give the cluster's CA (certificate-authority in the kubeconfig), or "
               "insecure=true if the network is trusted";
    case ERR_HTTP_401:
        return "the token or client certificate is wrong or expired: `skerry rbac` shows how to "
               "make one";
    case ERR_HTTP_403:
        return "apply the manifest that `skerry rbac` prints";
    default:
        return "see the API server's log";
    }
}

static const char *
kubelet_advice(int error)
{
    switch (-error) {
    case ERR_CONNECT:
    case ERR_TIMEOUT:
        return "open port 10250 of the nodes for this machine, or use access=proxy";
    case ERR_CERTIFICATE:
        return "the kubelet's certificate is not signed by the cluster's CA: use kubeletTLS=pin, "
               "or let the cluster sign them (serverTLSBootstrap)";
    case ERR_CERTIFICATE_CHANGED:
        return "the node was made anew, or somebody stands between";
    case ERR_HTTP_401:
        return "the kubelet must accept tokens (authentication.webhook.enabled)";
    case ERR_HTTP_403:
        return "the account needs nodes/stats and nodes/metrics: apply what `skerry rbac` prints";
    case ERR_HTTP_404:
        return "try endpoint=resource, or a kubelet from Kubernetes 1.16 on";
    default:
        return "see the kubelet's log";
    }
}

// What the transport said, or what the status means, and how long it took.
static void
write_result(const struct probe *probe, struct out *out)
{
    if (probe->error == 0) {
        out_format(out, "%lld ms", (long long)probe->took_ms);
    } else if (probe->detail[0] != '\0') {
        out_string(out, probe->detail);
    } else {
        out_string(out, error_sentence(probe->error));
    }
}

static void
api_request(const struct check_source *check, struct text method, struct text path,
            struct fetch_request *request)
{
    const struct credentials *credentials = check->credentials;
    *request = (struct fetch_request){
        .method = method,
        .scheme = credentials->https ? TEXT("https") : TEXT("http"),
        .host = text_of(credentials->host),
        .server_name = text_of(credentials->server_name),
        .strict_name = true,
        .port = credentials->port,
        .path = path,
        .accept = TEXT("application/json"),
        .bearer = credentials_token(credentials),
        .identity = credentials->api,
        .keep_alive = true,
    };
}

static bool
ask_api(struct check_source *check, struct text what, struct fetch_request *request)
{
    char buffer[LINE_BYTES];
    struct out detail = out_of(buffer, sizeof buffer);
    check_report_begin(check->report, what);
    int error = probe_ask(&check->probe, request);
    write_result(&check->probe, &detail);
    line(check, error == 0, what, out_view(&detail), api_advice(error));
    return error == 0;
}

struct permission {
    const char *verb;
    const char *resource;
    const char *subresource;
    const char *without;  // what goes without it; NULL: nothing does
};

// "allowed" of the answer's status; the spec that it repeats has no such member.
static bool
is_allowed(const struct probe *probe)
{
    static const char key[] = "\"allowed\":";
    struct text body = {probe->body, probe->body_size};
    for (size_t at = 0; at + sizeof key - 1 < body.size; at++) {
        if (text_starts(text_sub(body, at, SIZE_MAX), text_of(key))) {
            struct text value = text_trim(text_sub(body, at + sizeof key - 1, 16));
            return text_starts(value, TEXT("true"));
        }
    }
    return false;
}

static void
try_permission(struct check_source *check, const struct permission *permission)
{
    char body_buffer[512];
    char name_buffer[128];
    struct fetch_request request;
    struct out body = out_of(body_buffer, sizeof body_buffer);
    struct out name = out_of(name_buffer, sizeof name_buffer);
    bool has_part = permission->subresource[0] != '\0';
    out_format(&name, "may %s %s%s%s", permission->verb, permission->resource,
               has_part ? "/" : "", permission->subresource);
    out_format(&body,
               "{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"SelfSubjectAccessReview\","
               "\"spec\":{\"resourceAttributes\":{\"verb\":\"%s\",\"resource\":\"%s\","
               "\"subresource\":\"%s\"}}}",
               permission->verb, permission->resource, permission->subresource);
    api_request(check, TEXT("POST"), TEXT(REVIEW_PATH), &request);
    request.body = out_view(&body);
    check_report_begin(check->report, out_view(&name));
    int error = probe_ask(&check->probe, &request);
    if (error != 0) {
        line(check, false, out_view(&name), text_of(error_sentence(error)), api_advice(error));
        return;
    }
    bool allowed = is_allowed(&check->probe);
    if (!allowed && permission->without != NULL) {
        check_report_note(check->report, out_view(&name), text_of(permission->without));
        return;
    }
    line(check, allowed, out_view(&name), TEXT(""), "apply the manifest that `skerry rbac` prints");
}

#define NO_EVENTS \
    "not allowed, so no events are shown; all else works. Apply the manifest that " \
    "`skerry rbac` prints"

static void
try_permissions(struct check_source *check, const struct source_uri *uri)
{
    static const struct permission always[] = {
        {"list", "nodes", "", NULL},      {"watch", "nodes", "", NULL},
        {"list", "pods", "", NULL},       {"watch", "pods", "", NULL},
        {"list", "namespaces", "", NULL}, {"watch", "namespaces", "", NULL},
        {"list", "events", "", NO_EVENTS}, {"watch", "events", "", NO_EVENTS},
    };
    static const struct permission summary = {"get", "nodes", "stats", NULL};
    static const struct permission resource = {"get", "nodes", "metrics", NULL};
    static const struct permission proxy = {"get", "nodes", "proxy", NULL};
    for (size_t i = 0; i < ARRAY_COUNT(always); i++) {
        try_permission(check, &always[i]);
    }
    if (uri->access == ACCESS_PROXY) {
        try_permission(check, &proxy);
    } else {
        try_permission(check, uri->endpoint == ENDPOINT_SUMMARY ? &summary : &resource);
    }
}

static void
take_node(void *context, enum object_change change, struct text version,
          const struct node_object *node)
{
    struct check_source *check = context;
    bool fresh;
    (void)change;
    (void)version;
    if (check->target_count == CHECK_KUBELETS) {
        return;
    }
    uint32_t index = targets_put(&check->targets, 1, node->name, &fresh);
    if (index != TARGET_NONE && fresh) {
        target_describe(&check->targets.target[index], node);
        check->target[check->target_count++] = index;
    }
}

static void
take_page(void *context, const struct page_seen *page)
{
    (void)context;
    (void)page;  // three nodes are enough
}

static bool
find_nodes(struct check_source *check)
{
    struct fetch_request request;
    struct objects_observer observer = {
        .context = check, .on_node = take_node, .on_page = take_page};
    api_request(check, TEXT("GET"), TEXT("/api/v1/nodes?limit=3"), &request);
    objects_begin_list(check->objects, OBJECT_NODE, observer, NULL);
    check->probe.decoder = objects_decoder(check->objects);
    bool ok = ask_api(check, TEXT("list of nodes"), &request);
    check->probe.decoder = (struct decoder){NULL, NULL};
    return ok;
}

static void
try_kubelet(struct check_source *check, const struct source_uri *uri, struct target *target)
{
    char name_buffer[TARGET_HOST_BYTES + 32];
    char detail_buffer[LINE_BYTES];
    struct endpoint endpoint;
    struct fetch_request request = {.keep_alive = false};
    struct scrape_access access = kubelet_access(uri, check->credentials);
    struct out name = out_of(name_buffer, sizeof name_buffer);
    struct out detail = out_of(detail_buffer, sizeof detail_buffer);
    out_format(&name, "kubelet of " TEXT_FORMAT, TEXT_ARGS(target_name(target)));
    endpoint_request(&access, target, &endpoint, &request);
    request.bearer = credentials_token(check->credentials);
    check_report_begin(check->report, out_view(&name));
    int error = probe_ask(&check->probe, &request);
    if (!access.proxy && error == 0) {
        out_text(&detail, request.host);
        out_format(&detail, ":%u, ", (unsigned)request.port);
    }
    write_result(&check->probe, &detail);
    if (error == 0) {
        out_format(&detail, ", %llu bytes", (unsigned long long)check->probe.bytes);
    }
    line(check, error == 0, out_view(&name), out_view(&detail), kubelet_advice(error));
}

static void
try_cluster(struct check_source *check, const struct source_uri *uri)
{
    char buffer[LINE_BYTES];
    struct fetch_request request;
    struct out why = out_of(buffer, sizeof buffer);
    int error = credentials_load(check->credentials, uri, check->platform, check->probe.fetch,
                                 source_check_variable, NULL, &check->scratch, &why);
    line(check, error == 0, TEXT("credentials"), out_view(&why),
         "`skerry rbac` prints the manifest of an account, and how to make a kubeconfig of it");
    if (error != 0) {
        return;
    }
    // Reachable for everybody where RBAC is as it comes, so that a refusal there
    // is about the credentials.
    api_request(check, TEXT("GET"), TEXT("/version"), &request);
    if (!ask_api(check, TEXT("API server"), &request)) {
        return;
    }
    try_permissions(check, uri);
    if (!find_nodes(check)) {
        return;
    }
    line(check, check->target_count > 0, TEXT("nodes"), TEXT(""), "the cluster has none");
    for (unsigned i = 0; i < check->target_count; i++) {
        try_kubelet(check, uri, &check->targets.target[check->target[i]]);
    }
}

static void
try_cadvisor(struct check_source *check, const struct source_uri *uri)
{
    struct fetch_request request = {
        .method = TEXT("GET"),
        .scheme = uri->https ? TEXT("https") : TEXT("http"),
        .host = uri->host,
        .port = uri->port,
        .path = TEXT("/api/v1.3/machine"),
        .accept = TEXT("application/json"),
    };
    ask_api(check, TEXT("cAdvisor"), &request);
}

static void
try_host(struct check_source *check, const struct config *config)
{
    char buffer[512];
    struct platform_status status;
    struct out out = out_of(buffer, sizeof buffer);
    const char *path = config_path(config, CONFIG_HOST_ROOT, "proc/stat", &out);
    int error = path == NULL ? -ERR_TOO_LONG
                             : platform_file_status(check->platform, path, &status);
    line(check, error == 0, TEXT("this machine's /proc"),
         error == 0 ? TEXT("") : text_of(error_sentence(error)),
         "mount the machine's /proc and /sys, and name the place by --host-root");
}

static void
forget_targets(struct check_source *check)
{
    for (unsigned i = 0; i < check->target_count; i++) {
        bool freed = targets_remove(&check->targets, check->target[i]);
        ASSERT(freed);
    }
    check->target_count = 0;
}

void
check_source_try(struct check_source *check, const struct config *config, struct text source)
{
    char buffer[LINE_BYTES];
    struct source_uri uri;
    struct out why = out_of(buffer, sizeof buffer);
    workspace_reset(&check->uri_space);
    workspace_reset(&check->scratch);
    int error = source_uri_parse(source, source_check_variable, NULL, &check->uri_space, &uri,
                                 &why);
    // The configuration was checked before; the text itself may hold secrets.
    struct text shown = error == 0 ? uri.name : TEXT("(source)");
    check_report_head(check->report, "source", shown);
    if (error != 0) {
        line(check, false, TEXT("URI"), out_view(&why), NULL);
        return;
    }
    switch (uri.kind) {
    case SOURCE_KUBERNETES:
        try_cluster(check, &uri);
        break;
    case SOURCE_CADVISOR:
        try_cadvisor(check, &uri);
        break;
    case SOURCE_HOST:
    case SOURCE_NONE:
        try_host(check, config);
        break;
    }
    forget_targets(check);
}
