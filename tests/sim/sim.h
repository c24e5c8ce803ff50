/* The parts of the program together: wired in main.c, handed to every
 * handler. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "churn.h"
#include "cluster.h"
#include "conn.h"
#include "counters.h"
#include "fault.h"
#include "pki.h"
#include "summary.h"
#include "tls.h"

#define SPARE_BUFFERS 8
#define DENIED_MAX 16

struct sim {
    struct options options;
    struct sim_clock clock;
    struct cluster cluster;
    struct churn churn;
    struct pki pki;
    struct tls *tls;
    struct fault api_fault;
    struct summary_writer writer;
    struct counters counters;
    struct buf scratch;
    struct buf spare[SPARE_BUFFERS];
    unsigned spare_count;
    struct conn *conns; /* every open connection */
    unsigned conn_count;
    int epoll_fd;
    int listen_fd[PORT_COUNT]; /* -1 = closed */
    uint32_t ports[PORT_COUNT];
    bool dead_conns; /* some wait to be freed */
    bool tokens_revoked;
    bool quit;
    /* Resources that are forbidden to everyone but the client certificate:
     * "pods", "nodes/stats"... */
    char denied[DENIED_MAX][64];
    unsigned denied_count;
};

/* What a credential may do. */
enum who { WHO_ANONYMOUS, WHO_BAD, WHO_SKERRY, WHO_NOBODY, WHO_ADMIN };

enum who sim_who(const struct conn *conn, const struct request *request);
const char *sim_user(enum who who);
bool sim_allowed(const struct sim *sim, enum who who, const char *resource);

/* Each puts a response into conn. */
void api_request(struct conn *conn, const struct request *request);
void kubelet_request(struct conn *conn, const struct request *request);
void admin_request(struct conn *conn, const struct request *request);

#endif
