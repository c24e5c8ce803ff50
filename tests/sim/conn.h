/* One connection: bytes in, one request at a time, bytes out, over plain TCP
 * or TLS, with the faults that concern bytes.
 *
 * A handler answers a request by appending to conn->out, either at once or,
 * where conn->fill is set, piece by piece as the client takes them. */
#ifndef SIM_CONN_H
#define SIM_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "fault.h"
#include "indent.h"
#include "tls.h"

struct sim;
struct conn;

enum port_kind { PORT_API, PORT_KUBELET_TLS, PORT_KUBELET_PLAIN, PORT_ADMIN, PORT_COUNT };

enum conn_state {
    CONN_HELLO, /* TLS: nothing read yet */
    CONN_HANDSHAKE,
    CONN_READING,
    CONN_WRITING,
    CONN_HUNG, /* by a fault: neither read nor answered */
    CONN_DEAD
};

/* Points into the connection's input; valid until the response is done. */
struct request {
    char *method;
    char *path;  /* percent decoded */
    char *query; /* "" when there is none */
    char *token; /* of Authorization: Bearer; NULL = none */
    char *body;
    size_t body_len;
    bool keep_alive;
    bool pretty; /* curl and browsers get indented JSON */
};

/* Adds to conn->out; false when the response is complete. */
typedef bool (*conn_fill)(struct conn *conn);

struct conn {
    struct sim *sim;
    struct conn *next;
    struct conn *previous;
    enum port_kind port;
    enum conn_state state;
    int fd;
    uint32_t epoll_events;
    struct node *node; /* kubelet ports */
    struct tls_session *tls;
    struct buf in;
    struct buf out;
    size_t out_sent;
    conn_fill fill;
    void *stream; /* of fill; freed by stream_free */
    void (*stream_free)(struct conn *conn);
    struct indent indent;
    bool pretty;
    bool close_after;      /* no keep-alive */
    bool reset_after;      /* a fault: RST when out is sent */
    bool wrong_length;     /* a fault: lengths are said 1000 too large */
    bool list_fault;       /* a fault: one more element in the list */
    bool waiting;          /* fill has nothing to send for now */
    size_t consumed;       /* of in, by the request being answered */
    bool ticking;          /* wants conn_tick */
    int64_t hold_until_ms; /* mono; out waits so long */
    uint64_t slow_bytes;   /* a second; 0 = no brake */
    int64_t slow_since_ms;
    uint64_t slow_sent;
};

struct conn *conn_open(struct sim *sim, int fd, enum port_kind port, struct node *node);
void conn_ready(struct conn *conn, uint32_t events);
/* An empty out, from the spare ones where there is any. */
void conn_take_out(struct conn *conn);
void conn_give_back(struct conn *conn, struct buf *buf);
void conn_tick(struct conn *conn, int64_t now_ms);
/* Sends what it can; call after adding to out. */
void conn_flush(struct conn *conn);
void conn_hang(struct conn *conn);
/* A hung one goes on. */
void conn_resume(struct conn *conn);
/* Marks it for the server's sweep; reset: with RST. */
void conn_kill(struct conn *conn, bool reset);
void conn_free(struct conn *conn);

#endif
