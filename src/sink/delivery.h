// One sink's work: every cycle of the live table into its server, and after an
// outage the cycles that it missed, from the history.
//
// Every cycle is owed (cursor.h) from its end until the server took all of it. The
// newest one comes from the live table; as soon as there is a newer one, what is
// left of it is a gap, and gaps come from the archive. A kind that is in_order, or
// a sink with order=true, is sent the gaps first; others get what is live first,
// and gaps in between, for at most half of the time. Missed, that is counted and
// passed over, is what the archive does not have; without an archive, and to a kind
// that has no_times, every gap.
//
// A cycle that the archive has and that cannot be read stays owed, and is tried again
// for as long as the archive has it; after some tries those behind it go first. An
// in_order sink holds live data back for ten minutes at most; then what is older
// follows later, and a server that refuses it says so.
//
// One request at a time. What the server refuses is counted by reason and passed
// over; everything else is tried again for ever, after 1, 2, 4 ... 60 s with
// jitter. A stream that gives no answers and breaks is sent its last cycle again.
//
// Nothing waits, work per turn is bounded, and sinks share nothing but the
// archive, which is lent to one at a time and taken away after a second: so no
// sink holds up another, nor the loop.
#ifndef SKERRY_SINK_DELIVERY_H
#define SKERRY_SINK_DELIVERY_H

#include "sink/cursor.h"
#include "sink/shard.h"
#include "sink/sink.h"
#include "sink/sink_status.h"
#include "sink/transport.h"

struct delivery;

// The live table's sets of one cycle; a reader for each sink, so that each goes at
// its own pace.
struct delivery_live {
    void *context;
    void (*begin)(void *context, uint32_t cycle_s);
    const struct metric_set *(*next)(void *context);  // NULL: the end
    // At the end: nothing of the cycle came too late to be read. NULL: never.
    bool (*is_whole)(void *context);
};

// Recorded cycles (history/replay.h); one for all sinks.
struct delivery_archive {
    void *context;
    int (*next_cycle)(void *context, uint32_t after_s, uint32_t *cycle_s);
    int (*begin)(void *context, uint32_t cycle_s);
    int (*next)(void *context, const struct metric_set **set);
    const struct delivery *holder;
    struct mono_ns held_since;
};

struct delivery_config {
    const struct platform *platform;
    struct sink *sink;                 // configured (sink_open)
    struct delivery_live live;
    struct delivery_archive *archive;  // NULL: there is no history
    struct shard shard;
    const char *cursor_path;
    uint32_t resolution_s;
    int64_t timeout_ms;                // of one request
    struct fetch *fetch;               // of HTTP and streams
    struct resolver *resolver;         // of datagrams
    void (*write_line)(struct text line);  // of a log sink
    // What people should know of this sink; NULL: nobody listens.
    void (*say)(const struct sink *sink, const char *sentence);
};

size_t delivery_footprint(const struct sink *sink);
// Reads certificates and the cursor. -ERR_BAD_CONFIG with the sentence.
int delivery_open(struct arena *arena, const struct delivery_config *config,
                  struct delivery **delivery, struct out *why) MUST_USE;

// `cycle_s` is the newest complete cycle of the live table, 0 = none. When to be
// called again at the latest; earlier after each event of the fetch room.
struct mono_ns delivery_turn(struct delivery *delivery, struct mono_ns now, uint32_t cycle_s);
// Before the end of the process: keeps what is delivered.
void delivery_stop(struct delivery *delivery);

void delivery_status(const struct delivery *delivery, struct sink_status *status);

#endif
