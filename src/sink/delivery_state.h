// What the files of delivery share: delivery.c (when something is sent),
// delivery_pass.c (which cycle, and its sets) and delivery_gap.c (cycles from the
// archive). Internal to them; how it is sent is sender.h.
#ifndef SKERRY_SINK_DELIVERY_STATE_H
#define SKERRY_SINK_DELIVERY_STATE_H

#include "sink/delivery.h"
#include "sink/sender.h"

// What is owed when nobody knows what the server has begins here, until the archive
// says where it begins.
#define DELIVERY_OWED_FROM_S 1

// One way through the sets of a cycle.
struct delivery_pass {
    bool open;
    bool live;
    bool ended;       // the last set was read
    bool stale;       // live, and there is a newer cycle
    uint32_t cycle_s;
    uint32_t skip;    // sets that the server has already
    uint32_t sets;    // wholly in batches
    const struct metric_set *set;  // partly in batches; NULL: none
    unsigned at;
};

struct delivery {
    struct delivery_config config;
    struct sink *sink;
    struct sender sender;
    struct cursor cursor;
    bool in_order;
    uint32_t cycle_s;       // newest complete one
    uint32_t partial_s;     // sent, but for what came too late to be read; 0: none
    uint32_t begun_s;       // the first one that this process saw
    struct delivery_pass pass;
    // How far the archived cycle came that was last worked at.
    uint32_t gap_cycle_s;
    uint32_t gap_sets;
    struct mono_ns gap_after;   // not earlier than that
    struct mono_ns starved_since;  // the oldest gap cannot be had; 0: it can
    unsigned gap_failures;         // to read the archive, in a row
    // Owed cycles up to `over_s` could not be read: they hold nothing back. Those up
    // to `tried_s` are not tried again before `round_after`.
    uint32_t over_s, tried_s;
    struct mono_ns round_after;
    bool owes_all;                 // what it has is not known: all that is recorded
    // Sent by a stream without answers; lost when that breaks.
    uint32_t unsure_s;
};

enum pass_result {
    PASS_FULL,   // the batch is full, or the cycle has ended
    PASS_MORE,   // call again
    PASS_PAUSE,  // call again in the next turn
    PASS_NONE,   // there is nothing to do before *look
};

// A new cycle is complete.
void delivery_pass_note(struct delivery *delivery, uint32_t cycle_s);
// Opens the pass that is due, if none is; PASS_NONE: none.
enum pass_result delivery_pass_choose(struct delivery *delivery, struct mono_ns now,
                                      struct mono_ns *look);
// Encodes sets into the batch, a bounded number of them.
enum pass_result delivery_pass_fill(struct delivery *delivery, struct mono_ns now,
                                    struct mono_ns *look);
// The server has the batch.
void delivery_pass_accept(struct delivery *delivery, struct mono_ns now);
// Leaves the pass and its batch; what was sent of an archived cycle counts.
void delivery_pass_close(struct delivery *delivery);

// Opens the pass of the oldest gap that may be tried now; PASS_NONE: there is none.
enum pass_result delivery_gap_choose(struct delivery *delivery, struct mono_ns now,
                                     struct mono_ns *look);
// The archive could not be read, at that cycle or, with 0, at all.
enum pass_result delivery_gap_fail(struct delivery *delivery, uint32_t cycle_s, int error,
                                   struct mono_ns now, struct mono_ns *look);
// What is live has to wait for a gap.
bool delivery_gap_holds_back(const struct delivery *delivery, struct mono_ns now);
// The archive was taken away in the middle of the pass.
bool delivery_gap_is_lost(const struct delivery *delivery);
void delivery_gap_release(struct delivery *delivery);
// Some of a gap was sent: how long the next part waits.
void delivery_gap_pace(struct delivery *delivery, struct mono_ns now);

#endif
