#include "sink/delivery.h"

#include "sink/delivery_state.h"

#define STEPS_PER_TURN 8
// What goes without waiting for anybody, into the small buffers of a receiver of
// datagrams or of the logger: so much, and a pause.
#define PACKETS_PER_TURN 64
#define LINES_PER_TURN 1
#define PAUSE_MS 2
#define IDLE_MS 1000

static size_t
body_bytes_of(const struct sink *sink)
{
    const struct sink_kind *kind = sink->kind;
    return kind->transport == SINK_DATAGRAM ? kind->datagram_bytes : kind->batch_bytes;
}

size_t
delivery_footprint(const struct sink *sink)
{
    return arena_bytes(sizeof(struct delivery)) + arena_bytes(body_bytes_of(sink)) +
           arena_bytes(sink->kind->second_bytes) + transport_footprint(sink);
}

// Opening

static int
open_order(struct delivery *delivery, struct out *why)
{
    delivery->in_order = delivery->sink->kind->in_order;
    return sink_option_bool(delivery->sink, "order", &delivery->in_order, why);
}

static void
open_cursor(struct delivery *delivery)
{
    const struct delivery_config *config = &delivery->config;
    cursor_init(&delivery->cursor, config->platform, config->cursor_path, config->resolution_s);
    int error = cursor_load(&delivery->cursor);
    if (error != 0 && error != -ERR_NO_FILE) {
        delivery->owes_all = config->archive != NULL;
        delivery_say(delivery,
                     delivery->owes_all
                         ? "the file that says what it has is not usable; all that is recorded is "
                           "sent again"
                         : "the file that says what it has is not usable; sending begins with the "
                           "newest cycle");
        delivery_note_error(delivery, error, TEXT(""));
    }
}

static void
name_status(struct delivery *delivery)
{
    struct out name = out_of(delivery->status.name, sizeof delivery->status.name);
    out_text(&name, delivery->sink->uri.name);
    (void)out_c_string(&name);
}

int
delivery_open(struct arena *arena, const struct delivery_config *config, struct delivery **made,
              struct out *why)
{
    struct sink *sink = config->sink;
    struct delivery *delivery = arena_take(arena, sizeof *delivery);
    struct transport_config transport = {
        .platform = config->platform,
        .sink = sink,
        .fetch = config->fetch,
        .resolver = config->resolver,
        .timeout_ms = config->timeout_ms,
        .write_line = config->write_line,
        .events = {.context = delivery, .on_done = delivery_on_done},
    };
    delivery->config = *config;
    delivery->sink = sink;
    if (sink->kind->no_times) {
        delivery->config.archive = NULL;
    }
    delivery->batch.body = out_of(arena_take(arena, body_bytes_of(sink)), body_bytes_of(sink));
    sink->second_bytes = sink->kind->second_bytes;
    sink->second = arena_take(arena, sink->second_bytes);
    delivery->batch.limit_points = sink->kind->batch_points;
    name_status(delivery);
    open_cursor(delivery);
    *made = delivery;
    // The batch is not needed yet.
    struct workspace scratch = {
        .base = (unsigned char *)delivery->batch.body.at,
        .size = delivery->batch.body.size,
    };
    int error = transport_open(arena, &transport, &scratch, &delivery->transport, why);
    return error != 0 ? error : open_order(delivery, why);
}

// Sending

static void
send_request(struct delivery *delivery, bool in_setup)
{
    const struct sink_kind *kind = delivery->sink->kind;
    bool answered = in_setup ? kind->setup_judge != NULL : kind->judge != NULL;
    delivery->in_setup = in_setup;
    delivery->state = DELIVERY_SENDING;
    delivery->sent_at = platform_mono_now(delivery->config.platform);
    int error = transport_send(delivery->transport,
                               in_setup ? &delivery->setup : &delivery->request, answered);
    if (error != 0) {
        delivery_fail(delivery, error, TEXT(""), 0);
    }
}

// True: setup has something to do first.
static bool
set_up(struct delivery *delivery)
{
    const struct sink_kind *kind = delivery->sink->kind;
    if (transport_is_new(delivery->transport)) {
        delivery->is_set_up = false;
        delivery->setup_number = 0;
    }
    if (delivery->is_set_up) {
        return false;
    }
    delivery->setup = (struct sink_request){0};
    if (kind->setup == NULL ||
        !kind->setup(delivery->sink, delivery->setup_number, &delivery->setup)) {
        delivery->is_set_up = true;
        return false;
    }
    send_request(delivery, true);
    return true;
}

// Also before a new try: setup may have found another server for it.
static void
finish_batch(struct delivery *delivery)
{
    struct sink *sink = delivery->sink;
    if (delivery->batch_done) {
        delivery->batch.body.used = delivery->body_bytes;
    }
    delivery->body_bytes = delivery->batch.body.used;
    delivery->request = (struct sink_request){0};
    int error = sink->kind->finish(sink, &delivery->batch, &delivery->request);
    if (error != 0) {
        struct sink_result result = {.error = error};
        delivery_end_batch(delivery, &result, true);
        return;
    }
    delivery->batch_done = true;
    send_request(delivery, false);
}

static enum pass_result
step(struct delivery *delivery, struct mono_ns now, struct mono_ns *look)
{
    enum pass_result result = PASS_FULL;
    if (delivery->leaving) {
        delivery->leaving = false;
        transport_drop(delivery->transport);
    }
    if (delivery->batch_done) {
        if (!set_up(delivery)) {
            finish_batch(delivery);
        }
        return PASS_MORE;
    }
    result = delivery_pass_choose(delivery, now, look);
    if (result != PASS_FULL) {
        return result;
    }
    if (set_up(delivery)) {
        return PASS_MORE;
    }
    result = delivery_pass_fill(delivery, now, look);
    if (result != PASS_FULL) {
        return result;
    }
    if (delivery->batch.points > 0) {
        finish_batch(delivery);
    } else {
        delivery_pass_accept(delivery, now);
    }
    return PASS_MORE;
}

static struct mono_ns
earlier(struct mono_ns a, struct mono_ns b)
{
    return mono_before(a, b) ? a : b;
}

static unsigned
steps_of(const struct sink *sink)
{
    enum sink_transport transport = sink->kind->transport;
    return transport == SINK_DATAGRAM ? PACKETS_PER_TURN
           : transport == SINK_LOG    ? LINES_PER_TURN
                                      : STEPS_PER_TURN;
}

static struct mono_ns
work(struct delivery *delivery, struct mono_ns now, struct mono_ns next)
{
    struct mono_ns look = mono_add_ms(now, IDLE_MS);
    unsigned steps = steps_of(delivery->sink);
    for (unsigned i = 0; i < steps; i++) {
        if (delivery->state == DELIVERY_WAITING) {
            if (mono_before(now, delivery->wait_until)) {
                return earlier(next, delivery->wait_until);
            }
            delivery->state = DELIVERY_READY;
        }
        enum pass_result result =
            delivery->state == DELIVERY_SENDING ? PASS_NONE : step(delivery, now, &look);
        if (result == PASS_NONE) {
            return earlier(next, look);
        }
        if (result == PASS_PAUSE) {
            return now;
        }
    }
    return mono_add_ms(now, PAUSE_MS);
}

struct mono_ns
delivery_turn(struct delivery *delivery, struct mono_ns now, uint32_t cycle_s)
{
    delivery_pass_note(delivery, cycle_s);
    struct mono_ns next = transport_turn(delivery->transport, now);
    next = work(delivery, now, next);
    if (delivery->state == DELIVERY_SENDING) {
        next = earlier(next, transport_turn(delivery->transport, now));
    }
    int error = cursor_store(&delivery->cursor, now, false);
    if (error != 0 && error != delivery->status.cursor_error) {
        delivery_say(delivery,
                     "what it has cannot be written to --state-dir; after a restart some is "
                     "sent twice");
    }
    delivery->status.cursor_error = -delivery->cursor.last_error;
    return next;
}

void
delivery_stop(struct delivery *delivery)
{
    (void)cursor_store(&delivery->cursor, platform_mono_now(delivery->config.platform), true);
}

static enum sink_state
state_of(const struct delivery *delivery, uint32_t backlog)
{
    if (delivery->tries > 0) {
        return SINK_STATE_RETRYING;
    }
    if (delivery->cycle_s == 0) {
        return SINK_STATE_WAITING;
    }
    bool newest_only = backlog <= 1 && cursor_owes(&delivery->cursor, delivery->cycle_s);
    return backlog == 0 || newest_only ? SINK_STATE_LIVE : SINK_STATE_CATCHING;
}

// When nobody knows since when, what this process saw is what can be told.
static struct cursor_range
oldest_range(const struct delivery *delivery)
{
    struct cursor_range range = delivery->cursor.range[0];
    if (range.first_s == DELIVERY_OWED_FROM_S) {
        bool saw_some = delivery->begun_s != 0 && delivery->begun_s < range.last_s;
        range.first_s = saw_some ? delivery->begun_s : range.last_s;
    }
    return range;
}

void
delivery_status(const struct delivery *delivery, struct sink_status *status)
{
    const struct cursor *cursor = &delivery->cursor;
    struct wall_ms wall = platform_wall_now(delivery->config.platform);
    *status = delivery->status;
    status->skipped_total = delivery->sink->skipped_total;
    if (cursor->range_count > 0) {
        struct cursor_range oldest = oldest_range(delivery);
        int64_t age_ms = wall.ms - (int64_t)oldest.first_s * MS_PER_S;
        status->lag_ms = age_ms > 0 ? age_ms : 0;
        status->backlog_cycles = cursor_count(cursor) -
                                 cursor_range_count(cursor, cursor->range[0]) +
                                 cursor_range_count(cursor, oldest);
    }
    status->state = state_of(delivery, status->backlog_cycles);
}
