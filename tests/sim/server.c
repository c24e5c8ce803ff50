#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api.h"

#define EVENTS_MAX 256
#define TICK_MS 50
#define ACCEPTS_A_TURN_MAX 256
#define BACKLOG 4096

/* epoll's data of a port: its address in the table below marks it. */
static void *
port_mark(struct sim *sim, enum port_kind port)
{
    return &sim->listen_fd[port];
}

int
server_open_port(struct sim *sim, enum port_kind port)
{
    bool kubelet = port == PORT_KUBELET_TLS || port == PORT_KUBELET_PLAIN;
    int one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)sim->ports[port]),
                                  .sin_addr.s_addr = htonl(kubelet ? INADDR_ANY : INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    if (sim->listen_fd[port] >= 0) {
        return 0;
    }
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    /* Where it is not allowed, accepting checks the address all the same. */
    if (kubelet) {
        (void)setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2);
    }
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = port_mark(sim, port)};
    epoll_ctl(sim->epoll_fd, EPOLL_CTL_ADD, fd, &event);
    sim->ports[port] = ntohs(address.sin_port);
    sim->listen_fd[port] = fd;
    return 0;
}

void
server_close_port(struct sim *sim, enum port_kind port)
{
    if (sim->listen_fd[port] >= 0) {
        close(sim->listen_fd[port]);
        sim->listen_fd[port] = -1;
    }
}

static bool
is_refused(struct sim *sim, enum port_kind port, const struct node *node)
{
    if (port == PORT_API) {
        return fault_is(&sim->api_fault, FAULT_REFUSE);
    }
    return port != PORT_ADMIN && (node == NULL || fault_is(node->fault, FAULT_REFUSE));
}

static void
refuse(struct sim *sim, int fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    close(fd);
    sim->counters.connections_refused++;
}

static void
accept_one(struct sim *sim, enum port_kind port, int fd)
{
    struct sockaddr_in address = {0};
    socklen_t len = sizeof(address);
    struct node *node = NULL;
    int one = 1;
    if (port == PORT_KUBELET_TLS || port == PORT_KUBELET_PLAIN) {
        if (getsockname(fd, (struct sockaddr *)&address, &len) == 0) {
            node = cluster_node_at(&sim->cluster, ntohl(address.sin_addr.s_addr));
        }
    }
    if (is_refused(sim, port, node)) {
        refuse(sim, fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    sim->counters.connections_accepted++;
    conn_open(sim, fd, port, node);
}

static void
accept_many(struct sim *sim, enum port_kind port)
{
    for (unsigned i = 0; i < ACCEPTS_A_TURN_MAX; i++) {
        int fd = accept4(sim->listen_fd[port], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        accept_one(sim, port, fd);
    }
}

static bool
is_port(struct sim *sim, const void *mark, enum port_kind *port)
{
    for (unsigned i = 0; i < PORT_COUNT; i++) {
        if (mark == port_mark(sim, (enum port_kind)i)) {
            *port = (enum port_kind)i;
            return true;
        }
    }
    return false;
}

static void
sweep_dead(struct sim *sim)
{
    struct conn *next = NULL;
    for (struct conn *conn = sim->conns; conn != NULL; conn = next) {
        next = conn->next;
        if (conn->state == CONN_DEAD) {
            conn_free(conn);
        }
    }
    sim->dead_conns = false;
}

static void
feed_watches(struct sim *sim)
{
    for (struct conn *conn = sim->conns; conn != NULL; conn = conn->next) {
        if (conn->state == CONN_WRITING && api_is_watch(conn) && conn->waiting) {
            conn->waiting = false;
            conn_flush(conn);
        }
    }
    sim->cluster.dirty = false;
}

static void
tick(struct sim *sim)
{
    int64_t now = mono_ms();
    churn_step(&sim->churn);
    for (struct conn *conn = sim->conns; conn != NULL; conn = conn->next) {
        if (conn->ticking) {
            conn_tick(conn, now);
        }
    }
}

int
server_run(struct sim *sim, int signal_fd)
{
    struct epoll_event events[EVENTS_MAX];
    struct epoll_event on_signal = {.events = EPOLLIN, .data.ptr = NULL};
    int64_t tick_ms = mono_ms();
    epoll_ctl(sim->epoll_fd, EPOLL_CTL_ADD, signal_fd, &on_signal);
    while (!sim->quit) {
        int count = epoll_wait(sim->epoll_fd, events, EVENTS_MAX, TICK_MS);
        if (count < 0 && errno != EINTR) {
            perror("skerry-sim: epoll_wait");
            return -1;
        }
        for (int i = 0; i < count; i++) {
            enum port_kind port = PORT_COUNT;
            void *mark = events[i].data.ptr;
            if (mark == NULL) {
                sim->quit = true;
            } else if (is_port(sim, mark, &port)) {
                accept_many(sim, port);
            } else {
                conn_ready(mark, events[i].events);
            }
        }
        if (mono_ms() - tick_ms >= TICK_MS) {
            tick_ms = mono_ms();
            tick(sim);
        }
        if (sim->cluster.dirty) {
            feed_watches(sim);
        }
        if (sim->dead_conns) {
            sweep_dead(sim);
        }
    }
    return 0;
}

void
server_resume(struct sim *sim, const struct node *node)
{
    for (struct conn *conn = sim->conns; conn != NULL; conn = conn->next) {
        bool mine = node == NULL ? conn->port == PORT_API : conn->node == node;
        if (mine && conn->state == CONN_HUNG) {
            conn_resume(conn);
        }
    }
}

void
server_kill_node(struct sim *sim, const struct node *node, bool for_good)
{
    for (struct conn *conn = sim->conns; conn != NULL; conn = conn->next) {
        if (conn->node == node) {
            conn_kill(conn, for_good);
            conn->node = for_good ? NULL : conn->node;
        }
    }
}

void
server_kill_port(struct sim *sim, enum port_kind port)
{
    for (struct conn *conn = sim->conns; conn != NULL; conn = conn->next) {
        if (conn->port == port) {
            conn_kill(conn, true);
        }
    }
}

void
server_cut_watches(struct sim *sim, bool reset)
{
    for (struct conn *conn = sim->conns; conn != NULL; conn = conn->next) {
        if (conn->state == CONN_WRITING && api_is_watch(conn)) {
            conn_kill(conn, reset);
        }
    }
}
