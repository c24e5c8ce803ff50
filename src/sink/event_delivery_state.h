// What the files of event delivery share: event_delivery.c (when something is sent) and
// event_batch.c (which events). Internal to them; how it is sent is sender.h.
#ifndef SKERRY_SINK_EVENT_DELIVERY_STATE_H
#define SKERRY_SINK_EVENT_DELIVERY_STATE_H

#include "sink/event_cursor.h"
#include "sink/event_delivery.h"
#include "sink/sender.h"

// Of one request; of the log, whose reader has a small pipe, fewer.
#define EVENT_BATCH_MAX 100

struct event_delivery {
    struct event_delivery_config config;
    struct sink *sink;
    struct sender sender;
    const struct table_reader *reader;  // NULL: there is no table
    struct event_cursor cursor;
    bool filled;         // the batch waits for its end
    // Of the batch.
    uint64_t identity;   // the table that it is from
    uint64_t end;        // the cursor behind it
    uint64_t serial[EVENT_BATCH_MAX];
    uint64_t hash[EVENT_BATCH_MAX];
    // Accounted for by now; the cursor has what was so when it moved last.
    uint64_t evicted;
    uint64_t missed_total;
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
