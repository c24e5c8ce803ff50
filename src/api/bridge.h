// Clients over TLS: between their sockets and the plain ones of libmicrohttpd.
//
// A client first shakes hands; then a pair of connected sockets is made, of which
// the HTTP server gets one end as if it were the client. The bridge moves bytes
// between the other end and the client, a small piece at a time and in both
// directions, and holds no more than one piece each way. Ends are passed on: the
// server's end, behind the last byte, as TLS close and TCP FIN, the client's as
// the end of the stream.
//
// Memory: bridge_footprint() of the arena, bridge_socket_bytes() of the kernel.
// A turn does a bounded part of the handshakes that are waiting. Deadlines are
// the caller's.
#ifndef SKERRY_API_BRIDGE_H
#define SKERRY_API_BRIDGE_H

#include "base/arena.h"
#include "platform/platform.h"
#include "platform/tls_server.h"

struct bridge;

struct bridge_events {
    void *context;
    // The handshake of a client is over; `plain` is the server's end, whose owner
    // is the callee from now on.
    void (*ready)(void *context, uint32_t client, int plain);
    // The client is gone, and everything of it is closed but the server's end.
    // `failed`: before its handshake was complete.
    void (*gone)(void *context, uint32_t client, bool failed);
};

size_t bridge_footprint(uint32_t clients);
size_t bridge_socket_bytes(uint32_t clients);

// -ERR_IO when the kernel gives no descriptor.
int bridge_init(struct bridge **bridge, struct arena *arena, uint32_t clients,
                const struct platform *platform, struct tls_server *tls,
                const struct bridge_events *events) MUST_USE;

// Readable when there is something to do for bridge_step.
int bridge_descriptor(const struct bridge *bridge);
// Something is left to do that no descriptor tells.
bool bridge_is_busy(const struct bridge *bridge);

// Client `index`, which is free, begins on a non-blocking socket; false, with the
// socket closed, when the kernel refuses.
bool bridge_take(struct bridge *bridge, uint32_t index, int fd) MUST_USE;
// Ends it at once; `gone` is called before this returns.
void bridge_drop(struct bridge *bridge, uint32_t index);

void bridge_step(struct bridge *bridge);

#endif
