// What the files of the server share; for http.c and http_request.c only.
#ifndef SKERRY_API_HTTP_STATE_H
#define SKERRY_API_HTTP_STATE_H

#include <microhttpd.h>

#include "api/bridge.h"
#include "api/http.h"
#include "api/listener.h"
#include "base/hash.h"

// For answers to HTTP/1.0, which are not sent in chunks.
#define HTTP_BLOCK_BYTES 1024

// Clients are counted by a hash of their address into so many counts.
#define HTTP_PEERS 256

enum phase {
    PHASE_FREE,
    PHASE_SHAKE,   // the TLS handshake is under way
    PHASE_HEAD,    // the first request is arriving
    PHASE_BEGUN,   // the request line is there
    PHASE_READY,   // the head is complete
    PHASE_ANSWER,  // the answer is on its way
    PHASE_IDLE,    // answered; the next request may come
    PHASE_LINGER,  // over for the library; the bridge brings the last bytes out
};

struct client {
    struct http *http;
    enum phase phase;
    int fd;       // as the library has it: the client's, or its plain end
    bool served;   // the library has it
    bool bridged;  // the bridge has it
    uint8_t peer;  // hash of the address
    bool hung_up;
    bool target_too_long;
    bool close;     // behind the answer
    bool complete;  // the piece is the answer's last
    struct mono_ns deadline;
    struct mono_ns since;  // of its coming; PHASE_IDLE: when it began; PHASE_ANSWER: the
                           // request's end
    size_t target_bytes;
    size_t body_bytes;  // of a login, in `buffer` until the answer takes that
    size_t piece_at;  // bytes of the piece that are sent
    struct out piece;
    struct exchange exchange;
    char target[HTTP_TARGET_BYTES_MAX + 1];
    char buffer[EXCHANGE_ELEMENT_BYTES_MAX];
};

struct http {
    const struct http_config *config;
    struct api *api;
    struct MHD_Daemon *daemon;
    struct listener listener;
    struct bridge *bridge;  // NULL: plain
    int epoll_fd;
    uint16_t peers[HTTP_PEERS];
    struct hash_key peer_key;
    uint32_t client_limit;
    struct client *clients;
    struct client *accepting;  // the slot of the connection being added
    struct mono_ns next_sweep;
    struct mono_ns accept_from;
    int64_t shake_ms, head_ms, idle_ms, answer_ms;
};

static inline struct mono_ns
http_now(const struct http *http)
{
    return platform_mono_now(http->config->platform);
}

// Places, in http_slots.c. A free one, or NULL.
struct client *http_find_slot(struct http *http);
uint32_t http_slot_index(const struct client *client);
void http_take_slot(struct client *client, uint8_t peer, struct mono_ns now);
void http_free_slot(struct client *client);
// Has the client go; its place is free when library and bridge are through with it.
void http_hang_up(struct client *client);
// Whether the client closed without having asked for anything. The library asks
// for edges only: an end that comes along with a part of a head is lost on it.
bool http_has_left(const struct client *client);
// A place that somebody had to give up for a client of that address, or NULL.
struct client *http_make_room(struct http *http, uint8_t newcomer);

// The library's callbacks for one request, in the order in which it calls them.
void *http_request_begun(void *context, const char *target, struct MHD_Connection *connection);
enum MHD_Result http_on_request(void *context, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *upload,
                                size_t *upload_size, void **request);
void http_request_ended(void *context, struct MHD_Connection *connection, void **request,
                        enum MHD_RequestTerminationCode code);

#endif
