// What the files of delivery share: delivery.c (when something is sent),
// delivery_answer.c (what becomes of it), delivery_pass.c (which cycle, and its sets)
// and delivery_gap.c (cycles from the archive). Internal to them.
#ifndef SKERRY_SINK_DELIVERY_STATE_H
#define SKERRY_SINK_DELIVERY_STATE_H

#include "sink/delivery.h"

// What is owed when nobody knows what the server has begins here, until the archive
// says where it begins.
#define DELIVERY_OWED_FROM_S 1

enum delivery_state {
    DELIVERY_READY,    // to do the next thing, if there is one
    DELIVERY_SENDING,  // a request is under way
    DELIVERY_WAITING,  // after a failure
};

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
    struct transport *transport;
    struct cursor cursor;
    bool in_order;
    enum delivery_state state;
    struct mono_ns wait_until;
    unsigned tries;         // failures in a row
    bool is_set_up;
    unsigned setup_number;
    unsigned moves;         // to other servers, since the last batch was taken
    bool leaving;           // the connection is given up before the next request
    bool in_setup;          // the request under way belongs to setup
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
    struct sink_batch batch;
    bool batch_done;        // finished: `request` holds it
    size_t body_bytes;      // of the batch before it was finished
    struct sink_request request;
    struct sink_request setup;
    struct mono_ns sent_at;
    struct sink_status status;
};

// The transport's event; the end of each request.
bool delivery_on_done(void *context, int error, const struct sink_answer *answer, size_t *used,
                      struct text detail);
// The batch was taken but for what `result` says, or with `refused_all` not at all.
void delivery_end_batch(struct delivery *delivery, const struct sink_result *result,
                        bool refused_all);
// The request is tried again, after a while that grows from try to try.
void delivery_fail(struct delivery *delivery, int error, struct text why,
                   int64_t retry_after_ms);
// For the status; without `why` the error's own sentence.
void delivery_note_error(struct delivery *delivery, int error, struct text why);
void delivery_say(const struct delivery *delivery, const char *sentence);

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
void delivery_batch_reset(struct delivery *delivery);

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
