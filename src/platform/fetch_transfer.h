// One request of fetch_curl from start to end: the easy handle, its callbacks
// and its timeouts. Internal to fetch_curl.c, which owns the pool and the loop.
#ifndef SKERRY_PLATFORM_FETCH_TRANSFER_H
#define SKERRY_PLATFORM_FETCH_TRANSFER_H

#include <curl/curl.h>

#include "limits.h"
#include "platform/fetch.h"
#include "platform/fetch_options.h"
#include "platform/fetch_park.h"
#include "platform/fetch_tls.h"

// What is known of an open socket, by descriptor.
struct fetch_link {
    bool open;
    bool watched;       // in the epoll set
    bool wanted;        // curl wants to hear of it; else the set is only not changed
    uint32_t events;    // of the epoll set
    uint32_t stream;    // place of the transfer + 1 that has it as a stream; 0: none
    uint32_t serial;    // changes with every socket of this descriptor
    uint64_t counter;   // of a parked TLS connection
};

struct fetch_links {
    uint32_t limit;  // descriptors below it can be used
    struct fetch_link *link;
    uint64_t opened_total;
    uint32_t serial;
    int receive_buffer_bytes;
    int send_buffer_bytes;
};

// What all transfers share.
struct fetch_shared {
    struct fetch_tls *tls;
    struct fetch_sessions sessions;
    struct fetch_links links;
    uint32_t handshakes;  // running
    uint32_t handshake_limit;
    uint64_t handshakes_full_total;
    uint64_t handshakes_resumed_total;
    struct fetch_scratch scratch;
};

enum transfer_state {
    TRANSFER_FREE,
    TRANSFER_QUEUED,   // not yet given to curl
    TRANSFER_RUNNING,
    TRANSFER_STREAM,   // a stream that is open
};

struct transfer {
    struct fetch_shared *shared;
    CURL *easy;
    uint32_t place;      // from 0, below FETCH_TRANSFERS_MAX
    enum transfer_state state;
    uint32_t generation;
    bool listed;         // in the loop's list of things to do
    bool wants_cancel;
    bool wants_resume;
    bool connected;      // handshake over, request on its way
    bool handshaking;    // counts in shared->handshakes
    bool head_done;
    bool body_begun;
    bool paused;
    int error;           // enum error given by cancel, a callback or a timeout
    const char *when;    // what a timeout interrupted
    size_t head_bytes;
    int64_t started_ns;
    int64_t heard_ns;    // connected, or the last byte
    struct fetch_request request;  // its texts are not valid after start
    uint64_t server;     // key in the session table
    mbedtls_ssl_context *ssl;  // of the connection in use; NULL: plain or none
    struct fetch_link *link;   // its socket, if that is known already
    uint32_t serial;
    struct tls_proof proof;
    struct fetch_options options;
    char curl_text[CURL_ERROR_SIZE];
};

// Takes the easy handle and sets what never changes. 0 or -ERR_HEAP_FULL.
int transfer_init(struct transfer *transfer, struct fetch_shared *shared,
                  uint32_t place) MUST_USE;

// Sets the easy handle up for a request. -ERR_BAD_CONFIG for a host or path
// that no URL can have, -ERR_HEAP_FULL.
int transfer_prepare(struct transfer *transfer, const struct fetch_request *request,
                     int64_t now_ns) MUST_USE;

// When a timeout ends it, as things stand, and what that interrupts; INT64_MAX
// if none does.
int64_t transfer_deadline(const struct transfer *transfer, const char **when);
// When to look again: no timeout ends it before, however it goes on.
int64_t transfer_next_look(const struct transfer *transfer, int64_t now_ns);

// Before it leaves the multi handle by itself: notes which socket it used.
void transfer_settle(struct transfer *transfer);
// After it left the multi handle: parks the connection, frees what it held.
// Gives 0 or the negative enum error, and the sentence.
int transfer_finish(struct transfer *transfer, CURLcode code, struct out *detail);

#endif
