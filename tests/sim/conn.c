#include "conn.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fault_body.h"
#include "http.h"
#include "sim.h"

#define READ_BYTES 4096
#define TLS_QUEUE_BYTES 49152
#define RECORD_BYTES 4096

static void
watch_events(struct conn *conn, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = conn};
    if (conn->epoll_events != events) {
        conn->epoll_events = events;
        epoll_ctl(conn->sim->epoll_fd, EPOLL_CTL_MOD, conn->fd, &event);
    }
}

struct conn *
conn_open(struct sim *sim, int fd, enum port_kind port, struct node *node)
{
    struct conn *conn = xcalloc(1, sizeof(*conn));
    bool tls = port == PORT_KUBELET_TLS || (port == PORT_API && !sim->options.plain_api);
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = conn};
    conn->sim = sim;
    conn->fd = fd;
    conn->port = port;
    conn->node = node;
    conn->state = tls ? CONN_HELLO : CONN_READING;
    conn->epoll_events = event.events;
    epoll_ctl(sim->epoll_fd, EPOLL_CTL_ADD, fd, &event);
    conn->next = sim->conns;
    if (sim->conns != NULL) {
        sim->conns->previous = conn;
    }
    sim->conns = conn;
    sim->conn_count++;
    return conn;
}

void
conn_kill(struct conn *conn, bool reset)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    if (conn->state == CONN_DEAD) {
        return;
    }
    if (reset) {
        setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    }
    close(conn->fd);
    conn->state = CONN_DEAD;
    conn->sim->dead_conns = true;
}

static void
end_stream(struct conn *conn)
{
    if (conn->stream_free != NULL) {
        conn->stream_free(conn);
    }
    conn->fill = NULL;
    conn->stream = NULL;
    conn->stream_free = NULL;
}

void
conn_free(struct conn *conn)
{
    struct sim *sim = conn->sim;
    end_stream(conn);
    if (conn->tls != NULL) {
        tls_free(conn->tls);
    }
    if (conn->previous != NULL) {
        conn->previous->next = conn->next;
    } else {
        sim->conns = conn->next;
    }
    if (conn->next != NULL) {
        conn->next->previous = conn->previous;
    }
    sim->conn_count--;
    buf_free(&conn->in);
    buf_free(&conn->out);
    free(conn);
}

void
conn_take_out(struct conn *conn)
{
    struct sim *sim = conn->sim;
    if (conn->out.data == NULL && sim->spare_count > 0) {
        conn->out = sim->spare[--sim->spare_count];
    }
    buf_clear(&conn->out);
    conn->out_sent = 0;
}

void
conn_give_back(struct conn *conn, struct buf *buf)
{
    struct sim *sim = conn->sim;
    if (sim->spare_count < SPARE_BUFFERS && buf->cap < (1u << 20)) {
        sim->spare[sim->spare_count++] = *buf;
        *buf = (struct buf){0};
    } else {
        buf_free(buf);
    }
}

void
conn_hang(struct conn *conn)
{
    conn->state = CONN_HUNG;
    watch_events(conn, EPOLLRDHUP);
}

void
conn_resume(struct conn *conn)
{
    bool plain = conn->port == PORT_KUBELET_PLAIN || conn->port == PORT_ADMIN ||
                 (conn->port == PORT_API && conn->sim->options.plain_api);
    if (conn->state != CONN_HUNG) {
        return;
    }
    if (conn->consumed > 0) {
        conn_kill(conn, false); /* its request was swallowed */
        return;
    }
    conn->state = plain || conn->tls != NULL ? CONN_READING : CONN_HELLO;
    watch_events(conn, EPOLLIN | EPOLLRDHUP);
}

/* The first byte tells TLS from a client that speaks plain HTTP. */
static void
start_tls(struct conn *conn)
{
    static const char wrong[] = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP "
                                "request to an HTTPS server.\n";
    struct fault *fault = conn->node != NULL ? conn->node->fault : &conn->sim->api_fault;
    unsigned char first = 0;
    enum cert_variant variant = CERT_USUAL;
    ssize_t got = recv(conn->fd, &first, 1, MSG_PEEK);
    if (got <= 0) {
        conn_kill(conn, false);
        return;
    }
    if (fault_is(fault, FAULT_HANG) || fault_is(fault, FAULT_HANG_TLS)) {
        conn->sim->counters.faults_applied++;
        conn_hang(conn);
        return;
    }
    if (first != 0x16) {
        send(conn->fd, wrong, sizeof(wrong) - 1, MSG_NOSIGNAL);
        conn_kill(conn, false);
        return;
    }
    variant = fault_is(fault, FAULT_EXPIRED_CERT) ? CERT_EXPIRED : variant;
    variant = fault_is(fault, FAULT_OTHER_CERT) ? CERT_OTHER : variant;
    conn->tls = tls_accept(conn->sim->tls, conn->fd, conn->node, variant);
    if (conn->tls == NULL) {
        conn_kill(conn, true);
        return;
    }
    conn->state = CONN_HANDSHAKE;
}

static void
step_handshake(struct conn *conn)
{
    struct counters *counters = &conn->sim->counters;
    int rc = tls_handshake(conn->tls);
    int flushed = tls_flush(conn->tls);
    if ((rc != 0 && rc != TLS_WANT_READ) || flushed == TLS_ERROR) {
        counters->handshakes_failed++;
        conn_kill(conn, false);
        return;
    }
    watch_events(conn, (uint32_t)EPOLLIN | EPOLLRDHUP |
                           (flushed == TLS_WANT_WRITE ? (uint32_t)EPOLLOUT : 0u));
    if (rc == 0) {
        conn->state = CONN_READING;
        if (tls_resumed(conn->tls)) {
            counters->handshakes_resumed++;
        } else {
            counters->handshakes_full++;
        }
    }
}

/* Bytes, 0 when there are none for now, -1 when the client is gone. */
static int
read_some(struct conn *conn)
{
    char bytes[READ_BYTES];
    int got = 0;
    if (conn->tls != NULL) {
        got = tls_read(conn->tls, bytes, sizeof(bytes));
        if (got == TLS_WANT_READ || got == TLS_WANT_WRITE) {
            return 0;
        }
    } else {
        got = (int)recv(conn->fd, bytes, sizeof(bytes), 0);
        if (got < 0 && errno == EAGAIN) {
            return 0;
        }
    }
    if (got <= 0) {
        return -1;
    }
    buf_put(&conn->in, bytes, (size_t)got);
    return got;
}

static void
dispatch(struct conn *conn, const struct request *request)
{
    switch (conn->port) {
    case PORT_API:
        api_request(conn, request);
        break;
    case PORT_ADMIN:
        admin_request(conn, request);
        break;
    default:
        kubelet_request(conn, request);
        break;
    }
}

/* True when a request was taken up. */
static bool
take_request(struct conn *conn)
{
    struct request request;
    size_t consumed = 0;
    enum http_parse parsed = http_parse(&conn->in, &request, &consumed);
    if (parsed == HTTP_MORE) {
        return false;
    }
    conn->state = CONN_WRITING;
    conn->consumed = consumed;
    if (parsed == HTTP_BAD) {
        conn->close_after = true;
        http_reply_text(conn, 400, "400 Bad Request");
        return true;
    }
    conn->close_after = !request.keep_alive;
    conn->pretty = request.pretty;
    conn->indent = (struct indent){0};
    dispatch(conn, &request);
    return true;
}

/* The response is out: what follows it in the input stays. */
static void
finish_response(struct conn *conn)
{
    end_stream(conn);
    if (conn->reset_after || conn->close_after) {
        conn_kill(conn, conn->reset_after);
        return;
    }
    conn_give_back(conn, &conn->out);
    conn->out_sent = 0;
    conn->slow_bytes = 0;
    conn->wrong_length = false;
    conn->ticking = false;
    conn->in.len -= conn->consumed;
    memmove(conn->in.data, conn->in.data + conn->consumed, conn->in.len);
    conn->consumed = 0;
    if (conn->in.len == 0) {
        buf_free(&conn->in);
    }
    conn->state = CONN_READING;
    watch_events(conn, EPOLLIN | EPOLLRDHUP);
}

/* How much may go out now under the slow fault. */
static size_t
brake(struct conn *conn, size_t want)
{
    if (conn->slow_bytes == 0) {
        return want;
    }
    int64_t elapsed = mono_ms() - conn->slow_since_ms;
    uint64_t allowed = conn->slow_bytes * (uint64_t)elapsed / 1000;
    uint64_t left = allowed > conn->slow_sent ? allowed - conn->slow_sent : 0;
    conn->ticking = true;
    return left < want ? (size_t)left : want;
}

/* Bytes taken; 0 when the socket takes no more; -1 when it is broken. */
static int
send_some(struct conn *conn, const char *bytes, size_t len)
{
    if (conn->tls == NULL) {
        ssize_t sent = send(conn->fd, bytes, len, MSG_NOSIGNAL);
        return sent >= 0 ? (int)sent : errno == EAGAIN ? 0 : -1;
    }
    if (tls_queued(conn->tls) > TLS_QUEUE_BYTES) {
        int rc = tls_flush(conn->tls);
        if (rc != 0) {
            return rc == TLS_WANT_WRITE ? 0 : -1;
        }
    }
    int sent = tls_write(conn->tls, bytes, len < RECORD_BYTES ? len : RECORD_BYTES);
    return sent > 0 ? sent : -1;
}

/* True to go on, false to wait (or when the connection is dead). */
static bool
send_out(struct conn *conn)
{
    size_t want = brake(conn, conn->out.len - conn->out_sent);
    if (want == 0) {
        return false;
    }
    int sent = send_some(conn, conn->out.data + conn->out_sent, want);
    if (sent < 0) {
        conn_kill(conn, false);
        return false;
    }
    conn->out_sent += (size_t)sent;
    conn->slow_sent += (uint64_t)sent;
    conn->sim->counters.bytes_sent += (uint64_t)sent;
    if (sent == 0) {
        watch_events(conn, EPOLLOUT | EPOLLRDHUP);
    }
    return sent > 0;
}

/* True when what TLS holds is on its way too. */
static bool
drain_tls(struct conn *conn)
{
    int rc = conn->tls == NULL ? 0 : tls_flush(conn->tls);
    if (rc == TLS_ERROR) {
        conn_kill(conn, false);
    } else if (rc == TLS_WANT_WRITE) {
        watch_events(conn, EPOLLOUT | EPOLLRDHUP);
    }
    return rc == 0;
}

void
conn_flush(struct conn *conn)
{
    while (conn->state == CONN_WRITING) {
        if (conn->hold_until_ms > mono_ms()) {
            conn->ticking = true;
            watch_events(conn, EPOLLRDHUP);
            return;
        }
        if (conn->out_sent < conn->out.len) {
            if (!send_out(conn)) {
                break;
            }
            continue;
        }
        if (conn->fill != NULL && !conn->waiting) {
            buf_clear(&conn->out);
            conn->out_sent = 0;
            if (!conn->fill(conn)) {
                conn->fill = NULL;
            }
            continue;
        }
        if (!drain_tls(conn)) {
            return;
        }
        if (conn->fill != NULL) {
            watch_events(conn, EPOLLRDHUP);
            return; /* a watch with nothing to say */
        }
        finish_response(conn);
        return;
    }
    if (conn->state == CONN_WRITING) {
        drain_tls(conn);
    }
}

static void
read_and_answer(struct conn *conn)
{
    bool gone = false;
    while (conn->state == CONN_READING) {
        if (conn->in.len > 0 && take_request(conn)) {
            if (conn->state == CONN_WRITING) {
                conn_flush(conn);
            }
            continue;
        }
        if (gone) {
            conn_kill(conn, false);
            return;
        }
        int got = read_some(conn);
        if (got == 0) {
            return;
        }
        gone = got < 0;
    }
}

void
conn_ready(struct conn *conn, uint32_t events)
{
    if (conn->state == CONN_DEAD) {
        return;
    }
    if (events & (EPOLLHUP | EPOLLERR)) {
        conn_kill(conn, false);
        return;
    }
    if ((events & EPOLLRDHUP) && (conn->state == CONN_HUNG || conn->state == CONN_WRITING)) {
        conn_kill(conn, false);
        return;
    }
    if (conn->state == CONN_HELLO) {
        start_tls(conn);
    }
    if (conn->state == CONN_HANDSHAKE) {
        step_handshake(conn);
    }
    if (conn->state == CONN_WRITING) {
        conn_flush(conn);
    }
    if (conn->state == CONN_READING) {
        read_and_answer(conn);
    }
}

void
conn_tick(struct conn *conn, int64_t now_ms)
{
    if (conn->state == CONN_WRITING && conn->ticking && conn->hold_until_ms <= now_ms) {
        conn->waiting = false;
        conn_flush(conn);
    }
    if (conn->state == CONN_READING && conn->in.len > 0) {
        read_and_answer(conn);
    }
}
