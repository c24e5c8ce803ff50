// What the files of event delivery share: event_delivery.c (when something is sent, and
// what becomes of it) and event_batch.c (which events). Internal to them.
#ifndef SKERRY_SINK_EVENT_DELIVERY_STATE_H
#define SKERRY_SINK_EVENT_DELIVERY_STATE_H

#include "sink/event_cursor.h"
#include "sink/event_delivery.h"

// Of one request; of the log, whose reader has a small pipe, fewer.
#define EVENT_BATCH_MAX 100

enum event_delivery_state {
    EVENT_DELIVERY_READY,    // to do the next thing, if there is one
    EVENT_DELIVERY_SENDING,  // a request is under way
    EVENT_DELIVERY_WAITING,  // after a failure
};

struct event_delivery {
    struct event_delivery_config config;
    struct sink *sink;
    struct transport *transport;
    const struct table_reader *reader;  // NULL: there is no table
    struct event_cursor cursor;
    enum event_delivery_state state;
    struct mono_ns wait_until;
    unsigned tries;      // failures in a row
    bool is_set_up;
    unsigned setup_number;
    unsigned moves;      // to other servers, since the last batch was taken
    bool leaving;        // the connection is given up before the next request
    bool in_setup;       // the request under way belongs to setup
    bool filled;         // the batch waits for its end
    bool finished;       // `request` holds it
    size_t body_bytes;   // of the batch before it was finished
    struct sink_batch batch;
    struct sink_request request, setup;
    // Of the batch.
    uint64_t identity;   // the table that it is from
    uint64_t end;        // the cursor behind it
    uint64_t serial[EVENT_BATCH_MAX];
    uint64_t hash[EVENT_BATCH_MAX];
    // Accounted for by now; the cursor has what was so when it moved last.
    uint64_t evicted;
    uint64_t missed_total;
    struct sink_status status;
};

// After another table came: serials begin anew, and what the server has is known.
void event_batch_note_table(struct event_delivery *delivery);
// Counts what made room unsent.
void event_batch_note_evicted(struct event_delivery *delivery);
// Looks at a bounded number of events that are due. True: there may be more than
// went into the batch, or were known.
bool event_batch_fill(struct event_delivery *delivery);
// The server has the batch, or never will: the cursor moves.
void event_batch_accept(struct event_delivery *delivery);
// Events that are due, and the last time of the first; 0: none.
uint32_t event_batch_due(const struct event_delivery *delivery, uint32_t *oldest_s);

#endif
