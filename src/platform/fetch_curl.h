// fetch.h over libcurl's multi interface, mbedTLS and c-ares.
//
// One epoll set holds the sockets on which something is awaited, and those of
// connections that wait for their next request, which cost only memory (see
// fetch_tls.h). All easy handles are made at init and used again. Timeouts are
// kept here, so that each ends with its own sentence.
//
// Trust and credentials are never left to curl: see fetch_tls.h. A connection
// is only used again for the same identity.
//
// Memory: fetch_curl_footprint() from the arena; curl, mbedTLS and c-ares take
// theirs by malloc, at most fetch_curl_heap_bytes(). When that heap is full a
// transfer ends with -ERR_HEAP_FULL. At most `handshakes` TLS handshakes run
// at once; one more ends with -ERR_BUSY and may be tried again at once.
#ifndef SKERRY_PLATFORM_FETCH_CURL_H
#define SKERRY_PLATFORM_FETCH_CURL_H

#include "base/arena.h"
#include "platform/fetch.h"

struct fetch_curl_caps {
    uint32_t transfers;    // requests under way at once, watches included
    uint32_t connections;  // kept open
    uint32_t handshakes;   // TLS handshakes at once
    uint32_t identities;
    int wake_fd;           // step returns when it becomes readable; -1 = none
    int receive_buffer_bytes;  // of a socket; 0 = the system's default
    int send_buffer_bytes;
};

size_t fetch_curl_footprint(const struct fetch_curl_caps *caps);
size_t fetch_curl_heap_bytes(const struct fetch_curl_caps *caps);
// Descriptors that may be open at once: what RLIMIT_NOFILE must allow on top
// of the caller's own.
uint32_t fetch_curl_descriptors(const struct fetch_curl_caps *caps);

// 0, -ERR_HEAP_FULL or -ERR_IO.
int fetch_curl_init(struct arena *arena, const struct fetch_curl_caps *caps,
                    struct fetch **fetch) MUST_USE;
// Closes everything and gives the library heap back; for tests and tools.
void fetch_curl_close(struct fetch *fetch);

#endif
