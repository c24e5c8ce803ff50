// The server's side of TLS for a fixed number of connections.
//
// Each has an mbedTLS context that is set up once and reset between clients, so
// that its two record buffers are never given back; what a handshake takes
// besides comes from the library heap, planned for all connections at once. A
// handshake goes on step by step (tls_server_shake), so that the caller decides
// how much of its turn it may take.
//
// The certificate may be replaced while connections are open: handshakes that
// began with the old one end with it. TLS 1.2 and 1.3, ALPN http/1.1, no
// renegotiation. A client comes back by a session ticket for an hour, or until the
// certificate is replaced; nothing is kept here for it but two keys. With an
// authority of clients there are no tickets, and a certificate of theirs is asked
// for; who shows none comes in all the same, who shows a wrong one does not.
//
// Sockets are the caller's, non-blocking. Not thread-safe.
#ifndef SKERRY_PLATFORM_TLS_SERVER_H
#define SKERRY_PLATFORM_TLS_SERVER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "limits.h"

struct tls_server;

struct tls_server_files {
    struct text certificate_pem;  // the server's, and those between it and its authority
    struct text key_pem;
    struct text authority_pem;  // of clients; empty: none is asked for a certificate
    struct text allowed_names;  // common names of clients, commas between; empty: all
};

size_t tls_server_footprint(uint32_t clients);
// Of the library heap, in the worst case: handshakes of all clients at once.
size_t tls_server_heap_bytes(uint32_t clients, bool with_authority);

// -ERR_HEAP_FULL when the planned heap does not do, with a sentence in `why`.
int tls_server_init(struct tls_server **server, struct arena *arena, uint32_t clients,
                    struct out *why) MUST_USE;

// Takes certificate and key for handshakes from now on; `files` are copied.
// -ERR_BAD_CONFIG with a sentence, -ERR_BUSY while handshakes still hold the last
// but one, -ERR_IO without random bytes; what was there stays.
int tls_server_load(struct tls_server *server, const struct tls_server_files *files,
                    struct out *why) MUST_USE;

// Client `index` begins on the socket. tls_server_load was called.
void tls_server_begin(struct tls_server *server, uint32_t index, int fd);
// The client is gone; safe at any time after begin, once.
void tls_server_end(struct tls_server *server, uint32_t index);

enum tls_next {
    TLS_GOOD,    // done, or bytes came
    TLS_MORE,    // of a handshake: the next step may follow at once
    TLS_READ,    // wait until the socket is readable
    TLS_WRITE,   // wait until the socket is writable, and call again with the same
    TLS_END,     // the client closed in order
    TLS_BROKEN,  // give it up
};

// One step of the handshake.
enum tls_next tls_server_shake(struct tls_server *server, uint32_t index);
// Whether the client proved by certificate to be one of the authority's.
bool tls_server_is_known(const struct tls_server *server, uint32_t index);

enum tls_next tls_server_read(struct tls_server *server, uint32_t index, void *bytes, size_t size,
                              size_t *got);
enum tls_next tls_server_write(struct tls_server *server, uint32_t index, const void *bytes,
                               size_t size, size_t *written);
// Tells the client that no more comes.
enum tls_next tls_server_close(struct tls_server *server, uint32_t index);
// Bytes that came and were not read.
bool tls_server_has_bytes(const struct tls_server *server, uint32_t index);

#endif
