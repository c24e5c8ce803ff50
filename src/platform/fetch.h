// HTTP requests to others, and plain streams of bytes, many at once, on one event
// loop: an ops table, so
// that tests can answer in its place. The real side is fetch_curl.c (libcurl's
// multi interface over mbedTLS and c-ares).
//
// All memory is planned: a fixed number of transfers and of kept-alive
// connections. fetch_start refuses with -ERR_BUSY when every transfer is in
// use. Callbacks run inside fetch_step and may start or cancel transfers.
// on_done is called exactly once for every started transfer, also after
// fetch_cancel (with -ERR_TIMEOUT or the reason given).
#ifndef SKERRY_PLATFORM_FETCH_H
#define SKERRY_PLATFORM_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "base/times.h"

// How a server is to be trusted. Made once per source before the seal; the
// certificates behind it are parsed once and shared by all connections.
enum trust_mode {
    TRUST_VERIFY,    // chain to the given CA (or the system's), name must match
    TRUST_PIN,       // fingerprint seen first, kept; a change is refused
    TRUST_INSECURE,  // nothing is checked
};

// Credentials and CA of one server group; opaque, made by fetch_identity_add.
// Key material never leaves the fetch room and is never logged.
typedef uint32_t fetch_identity;  // 0 = none

struct identity_config {
    enum trust_mode trust;
    struct text ca_pem;           // empty: the system's bundle
    struct text client_cert_pem;  // empty: none
    struct text client_key_pem;
};

// The SHA-256 of a server certificate (DER), for pinning.
struct fingerprint {
    bool known;
    uint8_t sha256[32];
};

struct fetch_request {
    struct text method;   // "GET", "POST", "PUT"
    struct text scheme;   // "http" or "https"
    struct text host;     // name or address to dial, IPv6 without brackets
    uint16_t port;
    // What the certificate must name and what goes into Host; empty: `host`.
    // A kubelet dialled by address is known by its node's name.
    struct text server_name;
    // With a server_name: the certificate must name it, the host dialled is not enough.
    bool strict_name;
    struct text path;     // with query, already escaped
    struct text accept;   // Accept header, empty: none
    struct text bearer;   // token, empty: none; sent over https only
    // Basic authentication, by any scheme; `user` empty: none.
    struct text user, password;
    // Signed by AWS Signature Version 4 instead, with `user` and `password` as access
    // key and secret: REGION:SERVICE; empty: not.
    struct text aws_scope;
    // "Name: value" C strings; a POST without any says that its body is JSON. They
    // live until on_done and are never logged.
    const char *const *headers;
    unsigned header_count;  // at most FETCH_HEADERS_MAX
    struct text body;     // for POST: any bytes; must live until on_done
    fetch_identity identity;
    struct fingerprint *pin;  // TRUST_PIN: read and set; lives until on_done
    int64_t connect_timeout_ms;  // handshake included
    int64_t first_byte_timeout_ms;  // from start to the first body byte, 0 = none
    int64_t total_timeout_ms;    // 0 = none (watches)
    int64_t idle_timeout_ms;     // no byte for so long: -ERR_TIMEOUT; 0 = none
    bool keep_alive;             // leave the connection open for the next request
    // A stream: the connection is all that is wanted. on_open comes once; then
    // fetch_send and on_bytes until fetch_cancel or the other side's end, which
    // is on_done with -ERR_RESET. Of the timeouts only connect_timeout_ms counts,
    // and there is no on_head and no pause.
    bool stream;

    void *context;
    void (*on_open)(void *context);
    // After fetch_send took less than it was given: now it takes more.
    void (*on_room)(void *context);
    // Status line and headers are complete. Non-zero cancels with that error.
    int (*on_head)(void *context, long status, int64_t retry_after_ms);
    // Body bytes as they arrive. FETCH_PAUSE: give me the same bytes again
    // after fetch_resume. Negative cancels with that error.
    int (*on_bytes)(void *context, const void *bytes, size_t size);
    // error 0: complete answer (any HTTP status). `detail` is one sentence for
    // people, without credentials, valid during the call.
    void (*on_done)(void *context, int error, struct text detail);
};

#define FETCH_PAUSE 1
#define FETCH_HEADERS_MAX 12

typedef uint32_t fetch_id;  // 0 = none; unique until reused much later

struct fetch_use {
    uint32_t transfers, transfers_peak, transfers_limit;
    uint32_t connections_limit;
    uint64_t connections_opened_total;
    uint64_t handshakes_full_total, handshakes_resumed_total;
};

struct fetch;

struct fetch_ops {
    int (*identity_add)(struct fetch *fetch, const struct identity_config *config,
                        fetch_identity *identity, struct out *why);
    // Replaces the key material of an identity (a rotated client certificate).
    int (*identity_replace)(struct fetch *fetch, fetch_identity identity,
                            const struct identity_config *config, struct out *why);
    int (*start)(struct fetch *fetch, const struct fetch_request *request, fetch_id *id);
    void (*cancel)(struct fetch *fetch, fetch_id id, int error);
    void (*resume)(struct fetch *fetch, fetch_id id);
    // Of an open stream: bytes taken, 0 when there is no room now; -ERR_RESET when
    // it broke, on_done follows then.
    int64_t (*send)(struct fetch *fetch, fetch_id id, const void *bytes, size_t size);
    // Of an open stream: bytes that the other side's kernel has not confirmed yet.
    int64_t (*unconfirmed)(struct fetch *fetch, fetch_id id);
    // Waits at most until `deadline` for network events and runs callbacks.
    // Returns after at least one event, a wake-up of `wake_fd`, or the deadline.
    int (*step)(struct fetch *fetch, struct mono_ns deadline);
    void (*use)(const struct fetch *fetch, struct fetch_use *use);
};

// Every implementation begins with this.
struct fetch {
    const struct fetch_ops *ops;
};

static inline int
fetch_start(struct fetch *fetch, const struct fetch_request *request, fetch_id *id)
{
    return fetch->ops->start(fetch, request, id);
}

static inline void
fetch_cancel(struct fetch *fetch, fetch_id id, int error)
{
    fetch->ops->cancel(fetch, id, error);
}

static inline void
fetch_resume(struct fetch *fetch, fetch_id id)
{
    fetch->ops->resume(fetch, id);
}

static inline int64_t
fetch_send(struct fetch *fetch, fetch_id id, const void *bytes, size_t size)
{
    return fetch->ops->send(fetch, id, bytes, size);
}

static inline int64_t
fetch_unconfirmed(struct fetch *fetch, fetch_id id)
{
    return fetch->ops->unconfirmed(fetch, id);
}

static inline int
fetch_step(struct fetch *fetch, struct mono_ns deadline)
{
    return fetch->ops->step(fetch, deadline);
}

#endif
