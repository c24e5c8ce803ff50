/* The control port: one row a command. README.md lists them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "http.h"
#include "server.h"
#include "truth.h"

struct command {
    const char *path;
    /* NULL = done ("ok"); else a sentence, and the answer is a 400. */
    const char *(*run)(struct sim *sim, const char *query);
};

static bool
parameter_is(const char *query, const char *name, const char *value)
{
    char text[64] = "";
    http_query(query, name, text, sizeof(text));
    return strcmp(text, value) == 0;
}

static const char *
parse_fault(const char *query, struct fault *fault)
{
    char kind[32] = "";
    char seconds[32] = "0";
    http_query(query, "kind", kind, sizeof(kind));
    http_query(query, "seconds", seconds, sizeof(seconds));
    *fault = (struct fault){.kind = fault_by_name(kind)};
    fault->code = (uint32_t)http_query_number(query, "code", 500);
    if (strncmp(kind, "http=", 5) == 0) {
        fault->kind = FAULT_HTTP;
        fault->code = (uint32_t)strtoul(kind + 5, NULL, 10);
    }
    if (strncmp(kind, "skew=", 5) == 0) {
        fault->kind = FAULT_SKEW;
        snprintf(seconds, sizeof(seconds), "%s", kind + 5);
    }
    if (fault->kind == FAULT_COUNT) {
        return "kind= names no fault";
    }
    fault->retry_after_s = (uint32_t)http_query_number(query, "retry-after", 0);
    fault->bytes = http_query_number(query, "bytes", 0);
    fault->skew_ms = 1000 * strtoll(seconds, NULL, 10);
    fault->count = (int64_t)http_query_number(query, "count", UINT64_MAX);
    http_query(query, "path", fault->path, sizeof(fault->path));
    return NULL;
}

static void
fault_node(struct sim *sim, struct node *node, const struct fault *fault)
{
    bool certificate = fault->kind == FAULT_EXPIRED_CERT || fault->kind == FAULT_OTHER_CERT ||
                       fault_is(node->fault, FAULT_EXPIRED_CERT) ||
                       fault_is(node->fault, FAULT_OTHER_CERT);
    if (node->fault == NULL) {
        node->fault = xcalloc(1, sizeof(*fault));
    }
    *node->fault = *fault;
    node->changed_ms = clock_now_ms(&sim->clock);
    if (certificate) {
        server_kill_node(sim, node, false);
    }
    server_resume(sim, node);
}

static const char *
run_fault(struct sim *sim, const char *query)
{
    struct fault fault;
    char name[256] = "";
    char fraction[32] = "";
    unsigned index = 0;
    unsigned of = 1;
    const char *wrong = parse_fault(query, &fault);
    if (wrong != NULL) {
        return wrong;
    }
    if (parameter_is(query, "target", "api")) {
        sim->api_fault = fault;
        server_resume(sim, NULL);
        return NULL;
    }
    if (http_query(query, "node", name, sizeof(name))) {
        struct node *node = cluster_node(&sim->cluster, name);
        if (node == NULL) {
            return "node= names no node";
        }
        fault_node(sim, node, &fault);
    } else if (http_query(query, "nodes", fraction, sizeof(fraction))) {
        if (sscanf(fraction, "%u/%u", &index, &of) != 2 || of == 0) {
            return "nodes= wants I/N: every node whose index is I modulo N";
        }
    } else if (!parameter_is(query, "target", "all")) {
        return "give target=api, target=all, node=NAME or nodes=I/N";
    }
    for (uint32_t i = 0; name[0] == 0 && i < sim->cluster.node_index_next; i++) {
        if (sim->cluster.nodes[i] != NULL && i % of == index) {
            fault_node(sim, sim->cluster.nodes[i], &fault);
        }
    }
    if (fault.kind == FAULT_EXPIRED_CERT || fault.kind == FAULT_OTHER_CERT ||
        fault.kind == FAULT_NONE) {
        tls_renew_tickets(sim->tls);
    }
    return NULL;
}

static const char *
run_token(struct sim *sim, const char *query)
{
    if (parameter_is(query, "do", "revoke")) {
        sim->tokens_revoked = true;
    } else if (parameter_is(query, "do", "restore")) {
        sim->tokens_revoked = false;
    } else if (parameter_is(query, "do", "rotate")) {
        pki_rotate_token(&sim->pki);
        sim->tokens_revoked = false;
    } else if (!parameter_is(query, "do", "write")) {
        return "do= wants revoke, restore, rotate or write";
    }
    if (parameter_is(query, "write", "1") || parameter_is(query, "do", "write")) {
        return pki_write_token(&sim->pki) == 0 ? NULL : "the token file was not written";
    }
    return NULL;
}

static const char *
run_deny(struct sim *sim, const char *query)
{
    if (sim->denied_count == DENIED_MAX) {
        return "too many resources are denied already";
    }
    char *row = sim->denied[sim->denied_count];
    if (!http_query(query, "resource", row, sizeof(sim->denied[0]))) {
        return "resource= is missing: pods, nodes/stats...";
    }
    sim->denied_count++;
    return NULL;
}

static const char *
run_allow(struct sim *sim, const char *query)
{
    char resource[64] = "";
    unsigned kept = 0;
    http_query(query, "resource", resource, sizeof(resource));
    for (unsigned i = 0; i < sim->denied_count; i++) {
        if (resource[0] != 0 && strcmp(resource, sim->denied[i]) != 0) {
            memmove(sim->denied[kept++], sim->denied[i], sizeof(sim->denied[0]));
        }
    }
    sim->denied_count = kept;
    return NULL;
}

static const char *
run_cut(struct sim *sim, const char *query)
{
    server_cut_watches(sim, parameter_is(query, "reset", "1"));
    return NULL;
}

static const char *
run_too_old(struct sim *sim, const char *query)
{
    cluster_drop_events(&sim->cluster);
    return parameter_is(query, "cut", "1") ? run_cut(sim, query) : NULL;
}

static const char *
run_api(struct sim *sim, const char *query)
{
    if (parameter_is(query, "cut", "1")) {
        server_kill_port(sim, PORT_API);
    }
    if (parameter_is(query, "do", "down")) {
        server_close_port(sim, PORT_API);
        return NULL;
    }
    if (parameter_is(query, "do", "up")) {
        return server_open_port(sim, PORT_API) == 0 ? NULL : "the port is taken";
    }
    return "do= wants down or up";
}

static const char *
run_kubelets(struct sim *sim, const char *query)
{
    if (parameter_is(query, "do", "down")) {
        server_close_port(sim, PORT_KUBELET_TLS);
        server_close_port(sim, PORT_KUBELET_PLAIN);
        server_kill_port(sim, PORT_KUBELET_TLS);
        server_kill_port(sim, PORT_KUBELET_PLAIN);
        return NULL;
    }
    if (parameter_is(query, "do", "up")) {
        int rc = server_open_port(sim, PORT_KUBELET_TLS);
        rc |= server_open_port(sim, PORT_KUBELET_PLAIN);
        return rc == 0 ? NULL : "a port is taken";
    }
    return "do= wants down or up";
}

static const char *
run_node(struct sim *sim, const char *query)
{
    char name[256] = "";
    if (parameter_is(query, "do", "add")) {
        struct node *added = cluster_add_node(&sim->cluster);
        if (added == NULL) {
            return "there are as many nodes as there can be";
        }
        uint64_t pods = http_query_number(query, "pods", 0);
        for (uint64_t i = 0; i < pods && i < 1000; i++) {
            struct space *space = sim->cluster.spaces[4 + i % (sim->cluster.space_count - 4)];
            churn_add_pod(&sim->churn, space, NULL, added, true);
        }
        return NULL;
    }
    http_query(query, "name", name, sizeof(name));
    struct node *node = cluster_node(&sim->cluster, name);
    if (node == NULL) {
        return "name= names no node";
    }
    if (parameter_is(query, "do", "remove")) {
        server_kill_node(sim, node, true);
        cluster_remove_node(&sim->cluster, node);
    } else if (parameter_is(query, "do", "ready")) {
        cluster_set_ready(&sim->cluster, node, true);
    } else if (parameter_is(query, "do", "notready")) {
        cluster_set_ready(&sim->cluster, node, false);
    } else {
        return "do= wants add, remove, ready or notready";
    }
    return NULL;
}

static const char *
add_pod(struct sim *sim, const char *query, const char *space_name, const char *name)
{
    char node_name[256] = "";
    struct space *space = cluster_space(&sim->cluster, space_name);
    http_query(query, "node", node_name, sizeof(node_name));
    struct node *node = cluster_node(&sim->cluster, node_name);
    if (space == NULL) {
        return "ns= names no namespace";
    }
    if (node == NULL && node_name[0] != 0) {
        return "node= names no node";
    }
    if (name[0] != 0 && cluster_pod(&sim->cluster, space_name, name) != NULL) {
        return "that pod is there already";
    }
    churn_add_pod(&sim->churn, space, name[0] != 0 ? name : NULL, node,
                  parameter_is(query, "at-once", "1"));
    return NULL;
}

static const char *
run_pod(struct sim *sim, const char *query)
{
    char space[256] = "";
    char name[256] = "";
    uint64_t container = http_query_number(query, "container", 0);
    http_query(query, "ns", space, sizeof(space));
    http_query(query, "name", name, sizeof(name));
    if (parameter_is(query, "do", "add")) {
        return add_pod(sim, query, space, name);
    }
    struct pod *pod = cluster_pod(&sim->cluster, space, name);
    if (pod == NULL) {
        return "ns= and name= name no pod";
    }
    if (parameter_is(query, "do", "remove")) {
        churn_remove_pod(&sim->churn, pod, parameter_is(query, "at-once", "1"));
    } else if (parameter_is(query, "do", "restart")) {
        if (pod->phase != POD_RUNNING || container >= pod->container_count) {
            return "that pod has no such container running";
        }
        cluster_restart(&sim->cluster, pod, (uint32_t)container,
                        parameter_is(query, "reason", "oom") ? RESTART_OOM : RESTART_ERROR);
    } else if (parameter_is(query, "do", "move")) {
        churn_remove_pod(&sim->churn, pod, true);
        return add_pod(sim, query, space, name);
    } else {
        return "do= wants add, remove, restart or move";
    }
    return NULL;
}

static const char *
run_namespace(struct sim *sim, const char *query)
{
    char name[64] = "";
    http_query(query, "name", name, sizeof(name));
    struct space *space = cluster_space(&sim->cluster, name);
    if (parameter_is(query, "do", "add")) {
        if (name[0] == 0 || space != NULL) {
            return "name= wants the name of a new namespace";
        }
        cluster_add_space(&sim->cluster, name);
        return NULL;
    }
    if (!parameter_is(query, "do", "remove")) {
        return "do= wants add or remove";
    }
    if (space == NULL) {
        return "name= names no namespace";
    }
    if (sim->cluster.space_count <= 5 || space == sim->cluster.spaces[0] ||
        space == sim->cluster.spaces[1] || space == sim->cluster.spaces[2] ||
        space == sim->cluster.spaces[3]) {
        return "that namespace stays: it is the system's, or the last one";
    }
    cluster_remove_space(&sim->cluster, space);
    return NULL;
}

static const char *
run_churn(struct sim *sim, const char *query)
{
    sim->churn.rate = (uint32_t)http_query_number(query, "rate", 0);
    sim->churn.credit = 0;
    if (parameter_is(query, "settle", "1")) {
        churn_settle(&sim->churn);
    }
    return NULL;
}

static const char *
run_time(struct sim *sim, const char *query)
{
    if (parameter_is(query, "do", "freeze")) {
        clock_freeze(&sim->clock, true);
    } else if (parameter_is(query, "do", "run")) {
        clock_freeze(&sim->clock, false);
    } else if (parameter_is(query, "do", "advance")) {
        clock_advance(&sim->clock, (int64_t)http_query_number(query, "ms", 0));
    } else {
        return "do= wants freeze, run or advance (with ms=)";
    }
    return NULL;
}

static const char *
run_quit(struct sim *sim, const char *query)
{
    (void)query;
    sim->quit = true;
    return NULL;
}

static const struct command commands[] = {
    {"/fault", run_fault}, {"/token", run_token},         {"/deny", run_deny},
    {"/allow", run_allow}, {"/410", run_too_old},         {"/cut", run_cut},
    {"/api", run_api},     {"/kubelets", run_kubelets},   {"/node", run_node},
    {"/pod", run_pod},     {"/namespace", run_namespace}, {"/churn", run_churn},
    {"/time", run_time},   {"/quit", run_quit},
};

static void
put_stats(const struct sim *sim, struct buf *out)
{
    const struct counters *counters = &sim->counters;
    BUF_LIT(out, "{");
#define X(field) buf_printf(out, "\"" #field "\":%llu,", (unsigned long long)counters->field);
    COUNTER_TABLE(X)
#undef X
    buf_printf(out,
               "\"churn_added\":%llu,\"churn_removed\":%llu,\"churn_restarted\":%llu,"
               "\"churn_moved\":%llu}",
               (unsigned long long)sim->churn.total[0], (unsigned long long)sim->churn.total[1],
               (unsigned long long)sim->churn.total[2], (unsigned long long)sim->churn.total[3]);
}

/* True when the path is one that is read. */
static bool
answer_reading(struct conn *conn, const struct request *request)
{
    const struct http_head json_head = {200, "application/json", NULL};
    struct sim *sim = conn->sim;
    struct buf out = {0};
    char name[256] = "";
    bool found = true;
    if (strcmp(request->path, "/stats") == 0) {
        sim->counters.connections_open = sim->conn_count;
        put_stats(sim, &out);
    } else if (strcmp(request->path, "/truth") == 0) {
        found = truth_write(sim, request->query, &out);
    } else if (strcmp(request->path, "/truth/totals") == 0) {
        truth_totals(sim, request->query, &out);
    } else if (strcmp(request->path, "/truth/served") == 0) {
        http_query(request->query, "node", name, sizeof(name));
        found = truth_served(sim, name, &out);
    } else {
        return false;
    }
    if (found) {
        BUF_LIT(&out, "\n");
        http_reply(conn, &json_head, out.data, out.len);
    } else {
        http_reply_text(conn, 404, "no such entity, or nothing was served yet\n");
    }
    buf_free(&out);
    return true;
}

void
admin_request(struct conn *conn, const struct request *request)
{
    conn->sim->counters.requests_admin++;
    if (answer_reading(conn, request)) {
        return;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].path, request->path) != 0) {
            continue;
        }
        const char *wrong = commands[i].run(conn->sim, request->query);
        char text[160];
        snprintf(text, sizeof(text), "%s\n", wrong == NULL ? "ok" : wrong);
        http_reply_text(conn, wrong == NULL ? 200 : 400, text);
        return;
    }
    http_reply_text(conn, 404, "no such command; tests/sim/README.md lists them\n");
}
