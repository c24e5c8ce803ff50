// One event sink's work: every event of the live table into its server, and again
// whenever it was seen again, with its new count.
//
// Events are sent in the order of their changes (table/event_view.h), in bounded
// batches, one request at a time. The cursor moves when the server took the batch, and
// is kept across restarts. What the server refuses is counted by reason and passed over;
// everything else is tried again for ever, after 1, 2, 4 ... 60 s with jitter.
//
// The table keeps the newest events only. What made room before it was sent is counted
// as missed; when so much made room between two looks that the table does not know it one
// by one any more, as during a long absence of this process, all of it counts, so that
// this is an upper bound. Of an event that changes faster than it is sent, the last state
// is sent: that is no loss, because counts only grow.
//
// Sent twice can be: a batch whose answer got lost; what was taken within the last second
// before the process was killed, because the cursor is written once a second; events
// that are older than the newest EVENT_CURSOR_KNOWN ones, after the table was made anew
// or the sink's file was damaged. InfluxDB and Elasticsearch store such an event once.
//
// Nothing waits and work per turn is bounded; sinks share nothing.
#ifndef SKERRY_SINK_EVENT_DELIVERY_H
#define SKERRY_SINK_EVENT_DELIVERY_H

#include "sink/sink.h"
#include "sink/sink_status.h"
#include "sink/transport.h"
#include "table/reader.h"

struct event_delivery;

struct event_delivery_config {
    const struct platform *platform;
    struct sink *sink;                 // configured (sink_open), with `events`
    const char *cursor_path;
    int64_t timeout_ms;                // of one request
    struct fetch *fetch;
    void (*write_line)(struct text line);  // of a log sink
    // What people should know of this sink; NULL: nobody listens.
    void (*say)(const struct sink *sink, const char *sentence);
};

size_t event_delivery_footprint(const struct sink *sink);
// Reads certificates and the cursor. -ERR_BAD_CONFIG with the sentence.
int event_delivery_open(struct arena *arena, const struct event_delivery_config *config,
                        struct event_delivery **delivery, struct out *why) MUST_USE;

// `reader`: of the live table, which stays where it is; NULL: there is none now. When to
// be called again at the latest; earlier after each event of the fetch room.
struct mono_ns event_delivery_turn(struct event_delivery *delivery, struct mono_ns now,
                                   const struct table_reader *reader);
// Before the end of the process: keeps what is delivered.
void event_delivery_stop(struct event_delivery *delivery);

void event_delivery_status(const struct event_delivery *delivery, struct sink_status *status);

#endif
