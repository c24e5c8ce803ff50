// One sink's requests, one at a time: setup first, then a batch, and the same again
// after a failure, for ever, after 1, 2, 4 ... 60 s with jitter. What the server refuses
// is counted by reason and passed over.
//
// What goes into a batch and what its end means is the owner's: delivery.h for
// metrics, event_delivery.h for events.
#ifndef SKERRY_SINK_SENDER_H
#define SKERRY_SINK_SENDER_H

#include "platform/platform.h"
#include "sink/sink.h"
#include "sink/sink_status.h"
#include "sink/transport.h"

enum sender_state {
    SENDER_READY,    // to do the next thing, if there is one
    SENDER_SENDING,  // a request is under way
    SENDER_WAITING,  // after a failure
};

// `context` is the owner's.
struct sender_events {
    void *context;
    // A request had no answer, before the next try is planned. NULL: nothing to do.
    void (*broke)(void *context);
    // The same batch is tried again later, or setup is. NULL: nothing to do.
    void (*failed)(void *context);
    // The server has the batch, or never will: the owner empties it (sender_empty).
    void (*ended)(void *context);
};

struct sender_config {
    const struct platform *platform;
    struct sink *sink;
    const char *what;                  // "metrics", "events": for people
    uint32_t batch_points;             // of one request
    int64_t timeout_ms;                // of one request
    struct fetch *fetch;               // of HTTP and streams
    struct resolver *resolver;         // of datagrams
    void (*write_line)(struct text line);  // of a log sink
    // What people should know of this sink; NULL: nobody listens.
    void (*say)(const struct sink *sink, const char *sentence);
    struct sender_events events;
};

struct sender {
    struct sender_config config;
    struct transport *transport;
    enum sender_state state;
    struct mono_ns wait_until;
    struct mono_ns sent_at;
    unsigned tries;         // failures in a row
    bool is_set_up;
    unsigned setup_number;
    unsigned moves;         // to other servers, since the last batch was taken
    bool leaving;           // the connection is given up before the next request
    bool in_setup;          // the request under way belongs to setup
    struct sink_batch batch;
    bool finished;          // `request` holds it
    size_t body_bytes;      // of the batch before it was finished
    struct sink_request request;
    struct sink_request setup;
    struct sink_status status;
};

size_t sender_footprint(const struct sink *sink);
// Reads certificates. -ERR_BAD_CONFIG with the sentence.
int sender_open(struct arena *arena, const struct sender_config *config, struct sender *sender,
                struct out *why) MUST_USE;

// After a wait that is over it is ready again. False: it waits.
bool sender_is_due(struct sender *sender, struct mono_ns now);
// Does what comes before anything new: leaves a connection that was given up, and sends
// a batch that is finished again. True: it did that, or setup for it.
bool sender_go_on(struct sender *sender);
// True: setup has something to do first, and does it.
bool sender_set_up(struct sender *sender);
// Sends the batch; the server is set up.
void sender_send(struct sender *sender);
void sender_empty(struct sender *sender);

void sender_say(const struct sender *sender, const char *sentence);
// For the status; without `why` the error's own sentence.
void sender_note_error(struct sender *sender, int error, struct text why);

#endif
