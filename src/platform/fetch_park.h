// What an idle TLS connection keeps: as little as possible.
//
// - Between two requests a connection is parked: its record buffers (21 KB) and
//   the server's certificate are given back to the library heap. A parked
//   connection may be closed at any time; before it is used it is unparked.
// - The session tickets of TLS are kept in a table of fixed size, by server, so
//   that a broken connection is resumed without certificates. When a set of the
//   table is full, another server's ticket goes.
//
// Memory: fetch_sessions_footprint() from the arena; buffers come from and go to
// mbedTLS' own heap.
#ifndef SKERRY_PLATFORM_FETCH_PARK_H
#define SKERRY_PLATFORM_FETCH_PARK_H

#include <mbedtls/ssl.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/error.h"

struct tls_session;

struct fetch_sessions {
    uint32_t sets;
    uint32_t victim;  // which way of a set is replaced next
    struct tls_session *slots;
};

size_t fetch_sessions_footprint(uint32_t count);
void fetch_sessions_init(struct fetch_sessions *sessions, struct arena *arena, uint32_t count);

// Before a handshake: hands over the ticket of that server, if there is one.
void fetch_park_offer(struct fetch_sessions *sessions, mbedtls_ssl_context *ssl,
                      uint64_t server);

// Parks an idle connection if nothing is half done on it, and keeps its ticket.
// A connection that cannot be parked stays as it is. `counter` holds what must
// outlive the buffers; give it to fetch_unpark.
void fetch_park(struct fetch_sessions *sessions, mbedtls_ssl_context *ssl, uint64_t server,
                uint64_t *counter);
// 0 or -ERR_HEAP_FULL; nothing to do on a connection that is not parked.
int fetch_unpark(mbedtls_ssl_context *ssl, uint64_t counter) MUST_USE;

#endif
