// The HTTP server: a fixed number of clients on one event loop.
//
// Each client has a slot with room for its request line and one piece of an
// answer; long answers are written piece by piece as the client reads them.
// libmicrohttpd parses and frames; it gets a fixed amount of memory for each
// connection, so the whole takes http_footprint() of the arena and
// http_heap_bytes() of the library heap, whatever clients do.
//
// When all slots are taken, somebody makes room for a new client: who has been
// idle longest; else somebody of the address that has the most slots, if it has
// two more than the new one's; else who has said nothing for a second. Without
// any of these the new client is told 503 and closed at once, and counted.
// Slow clients are cut: a TLS handshake must be complete within shake_ms, a
// request's head within head_ms, a kept connection may idle idle_ms, an answer
// must be taken within answer_ms.
//
// With `tls` every client speaks TLS, by way of bridge.h; with `access` every
// path but a few needs the token (access.h), and POST logs a browser in. But for
// that only GET and HEAD are served, and no bodies. One thread.
#ifndef SKERRY_API_HTTP_H
#define SKERRY_API_HTTP_H

#include "api/access.h"
#include "api/exchange.h"
#include "api/host_check.h"
#include "base/arena.h"
#include "limits.h"
#include "platform/platform.h"
#include "platform/tls_server.h"

#define HTTP_SHAKE_MS 5000
#define HTTP_HEAD_MS 10000
#define HTTP_IDLE_MS 30000
#define HTTP_ANSWER_MS 60000

struct http_config {
    const struct platform *platform;
    struct text ip;
    uint16_t port;
    uint32_t clients;
    int wake_fd;  // http_step returns when it is readable; -1: none
    struct host_check hosts;
    const struct access *access;  // NULL: open to all
    struct tls_server *tls;       // NULL: plain
    int64_t shake_ms, head_ms, idle_ms, answer_ms;  // 0: the figures above
};

struct http;

size_t http_footprint(uint32_t clients);
// What clients over TLS take besides; of the arena, the kernel, the library heap.
struct http_tls_bytes {
    size_t arena, sockets, heap;
};
struct http_tls_bytes http_tls_bytes(uint32_t clients, bool with_authority);
// Of the kernel, for the sockets' buffers.
size_t http_socket_bytes(uint32_t clients);
// Of the library heap, with what fragmentation may cost.
size_t http_heap_bytes(uint32_t clients);

// Listens. `api` and `config` live as long as the server; api->http is kept up
// to date. -ERR_BAD_CONFIG with a sentence in `why`, or -ERR_HEAP_FULL.
int http_init(struct http **http, struct arena *arena, const struct http_config *config,
              struct api *api, struct out *why) MUST_USE;

uint16_t http_port(const struct http *http);

// Serves until `deadline`, or until something happened.
void http_step(struct http *http, struct mono_ns deadline);

// Takes no new clients; http_busy tells when the answers under way are out.
void http_drain(struct http *http);
bool http_busy(const struct http *http);
void http_stop(struct http *http);

#endif
