/* skerry-sim: a simulated Kubernetes cluster in one process. Wiring only. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "server.h"

static const char *const port_flags[PORT_COUNT] = {"port", "kubelet-port", "kubelet-plain-port",
                                                   "admin-port"};

enum who
sim_who(const struct conn *conn, const struct request *request)
{
    const struct sim *sim = conn->sim;
    if (conn->tls != NULL && tls_client_known(conn->tls)) {
        return WHO_ADMIN;
    }
    if (request->token == NULL) {
        return WHO_ANONYMOUS;
    }
    if (sim->tokens_revoked) {
        return WHO_BAD;
    }
    if (strcmp(request->token, sim->pki.token) == 0) {
        return WHO_SKERRY;
    }
    return strcmp(request->token, sim->pki.nobody_token) == 0 ? WHO_NOBODY : WHO_BAD;
}

const char *
sim_user(enum who who)
{
    static const char *const users[] = {"system:anonymous", "",
                                        "system:serviceaccount:kube-system:skerry",
                                        "system:serviceaccount:kube-system:nobody", "skerry-admin"};
    return users[who];
}

bool
sim_allowed(const struct sim *sim, enum who who, const char *resource)
{
    if (who == WHO_ADMIN) {
        return true;
    }
    for (unsigned i = 0; i < sim->denied_count; i++) {
        if (strcmp(sim->denied[i], resource) == 0) {
            return false;
        }
    }
    return who == WHO_SKERRY;
}

static int
open_ports(struct sim *sim)
{
    const struct options *options = &sim->options;
    sim->ports[PORT_API] = options->port;
    sim->ports[PORT_KUBELET_TLS] = options->kubelet_port;
    sim->ports[PORT_KUBELET_PLAIN] = options->kubelet_plain_port;
    sim->ports[PORT_ADMIN] = options->admin_port;
    for (unsigned i = 0; i < PORT_COUNT; i++) {
        sim->listen_fd[i] = -1;
        if (server_open_port(sim, (enum port_kind)i) != 0) {
            fprintf(stderr, "skerry-sim: cannot listen on port %u: %s; see --%s\n", sim->ports[i],
                    strerror(errno), port_flags[i]);
            return -1;
        }
    }
    return 0;
}

static int
start(struct sim *sim)
{
    char server[64];
    sim->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (sim->options.start_s != 0) {
        sim->clock.offset_ms = 1000 * sim->options.start_s - wall_ms();
    }
    if (sim->epoll_fd < 0 || open_ports(sim) != 0 || pki_init(&sim->pki, &sim->options) != 0) {
        return -1;
    }
    sim->tls = tls_init(&sim->pki);
    if (sim->tls == NULL) {
        return -1;
    }
    cluster_init(&sim->cluster, &sim->options, &sim->clock);
    sim->cluster.kubelet_port = sim->ports[PORT_KUBELET_TLS];
    sim->cluster.kubelet_plain_port = sim->ports[PORT_KUBELET_PLAIN];
    cluster_fill(&sim->cluster);
    churn_init(&sim->churn, &sim->cluster, sim->options.churn);
    snprintf(server, sizeof(server), "%s://127.0.0.1:%u", sim->options.plain_api ? "http" : "https",
             sim->ports[PORT_API]);
    if (pki_write_files(&sim->pki, server) != 0) {
        return -1;
    }
    printf("ready api=%s admin=http://127.0.0.1:%u kubeconfig=%s/kubeconfig "
           "kubelet=%u kubelet-plain=%u\n",
           server, sim->ports[PORT_ADMIN], sim->options.directory, sim->ports[PORT_KUBELET_TLS],
           sim->ports[PORT_KUBELET_PLAIN]);
    return fflush(stdout) == 0 ? 0 : -1;
}

static void
raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int
main(int argc, char **argv)
{
    bool help = false;
    sigset_t signals;
    static struct sim world;
    struct sim *sim = &world;
    if (options_parse(&sim->options, argc, argv, &help) != 0) {
        return 100;
    }
    if (help) {
        return 0;
    }
    pid_t parent = getppid();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) {
        return 0; /* it died before that */
    }
    raise_file_limit();
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
    if (signal_fd < 0 || start(sim) != 0) {
        return 111;
    }
    return server_run(sim, signal_fd) == 0 ? 0 : 111;
}
