// How the requests of one sink get to its server: HTTP over platform/fetch.h, a
// stream of bytes over TCP or TLS, datagrams, or lines of the role's log. One
// request at a time; delivery.h decides what is sent and when.
//
// Owns its connection and the buffers for headers, the answer and the compressed
// body: transport_footprint(). Nothing here waits: everything that takes time ends
// with on_done, within transport_send, transport_turn or fetch_step.
#ifndef SKERRY_SINK_TRANSPORT_H
#define SKERRY_SINK_TRANSPORT_H

#include "base/arena.h"
#include "platform/datagram.h"
#include "platform/fetch.h"
#include "platform/platform.h"
#include "sink/sink.h"

struct transport_events {
    void *context;
    // The request is over. error 0: `answer` is complete, or there is none to come;
    // else why not (enum error, negative), with a sentence. False, of a stream: the
    // answer is not complete yet; *used says how much of it is not needed again.
    bool (*on_done)(void *context, int error, const struct sink_answer *answer, size_t *used,
                    struct text detail);
};

struct transport_config {
    const struct platform *platform;
    struct sink *sink;          // configured
    struct fetch *fetch;        // of SINK_HTTP and SINK_STREAM
    struct resolver *resolver;  // of SINK_DATAGRAM
    int64_t timeout_ms;         // of one request, connecting included
    void (*write_line)(struct text line);  // of SINK_LOG
    struct transport_events events;
};

struct transport;

size_t transport_footprint(const struct sink *sink);
// Certificates are read here, before rights are dropped; `scratch` holds them
// meanwhile: half of it that of the authorities, the rest our own and its key.
// -ERR_BAD_CONFIG with the sentence.
int transport_open(struct arena *arena, const struct transport_config *config,
                   struct workspace *scratch, struct transport **transport,
                   struct out *why) MUST_USE;

// 0: on_done comes, or came already. -ERR_... when it cannot even be begun. The
// texts of the request live until on_done. `answered`, of a stream: the other side
// answers; without, it counts as done when the other side's kernel has all of it.
int transport_send(struct transport *transport, const struct sink_request *request,
                   bool answered) MUST_USE;
// A stream has no connection now: the next request begins a new one. Others are
// never new.
bool transport_is_new(const struct transport *transport);
// Looks for what no event tells: timeouts, names of datagrams, confirmations.
// When to call it again.
struct mono_ns transport_turn(struct transport *transport, struct mono_ns now);
// Ends the request under way, without on_done, and the connection of a stream.
void transport_drop(struct transport *transport);

#endif
