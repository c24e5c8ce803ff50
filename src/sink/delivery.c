#include "sink/delivery.h"

#include "sink/delivery_state.h"

#define STEPS_PER_TURN 8
// What goes without waiting for anybody, into the small buffers of a receiver of
// datagrams or of the logger: so much, and a pause.
#define PACKETS_PER_TURN 64
#define LINES_PER_TURN 1
#define PAUSE_MS 2
#define IDLE_MS 1000

size_t
delivery_footprint(const struct sink *sink)
{
    return arena_bytes(sizeof(struct delivery)) + sender_footprint(sink);
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
        sender_say(&delivery->sender,
                     delivery->owes_all
                         ? "the file that says what it has is not usable; all that is recorded is "
                           "sent again"
                         : "the file that says what it has is not usable; sending begins with the "
                           "newest cycle");
        sender_note_error(&delivery->sender, error, TEXT(""));
    }
}

static void
name_status(struct delivery *delivery)
{
    struct out name = out_of(delivery->sender.status.name, sizeof delivery->sender.status.name);
    out_text(&name, delivery->sink->uri.name);
    (void)out_c_string(&name);
}

// A stream without answers broke: what it took may have gone with it.
static void
on_broke(void *context)
{
    struct delivery *delivery = context;
    const struct sink_kind *kind = delivery->sink->kind;
    if (kind->transport != SINK_STREAM || kind->judge != NULL) {
        return;
    }
    if (delivery->unsure_s != 0) {
        cursor_add(&delivery->cursor, delivery->unsure_s, delivery->unsure_s);
    }
    delivery->unsure_s = 0;
    delivery->gap_cycle_s = 0;
    delivery_pass_close(delivery);
}

static void
on_failed(void *context)
{
    struct delivery *delivery = context;
    if (delivery->pass.open && delivery->pass.stale && !delivery->pass.ended) {
        delivery_pass_close(delivery);
    }
}

static void
on_ended(void *context)
{
    struct delivery *delivery = context;
    delivery_pass_accept(delivery, platform_mono_now(delivery->config.platform));
}

int
delivery_open(struct arena *arena, const struct delivery_config *config, struct delivery **made,
              struct out *why)
{
    struct sink *sink = config->sink;
    struct delivery *delivery = arena_take(arena, sizeof *delivery);
    struct sender_config sender = {
        .platform = config->platform,
        .sink = sink,
        .what = "metrics",
        .batch_points = sink->kind->batch_points,
        .timeout_ms = config->timeout_ms,
        .fetch = config->fetch,
        .resolver = config->resolver,
        .write_line = config->write_line,
        .say = config->say,
        .events = {delivery, on_broke, on_failed, on_ended},
    };
    delivery->config = *config;
    delivery->sink = sink;
    if (sink->kind->no_times) {
        delivery->config.archive = NULL;
    }
    *made = delivery;
    int error = sender_open(arena, &sender, &delivery->sender, why);
    name_status(delivery);
    open_cursor(delivery);
    return error != 0 ? error : open_order(delivery, why);
}

// Sending

static enum pass_result
step(struct delivery *delivery, struct mono_ns now, struct mono_ns *look)
{
    struct sender *sender = &delivery->sender;
    if (sender_go_on(sender)) {
        return PASS_MORE;
    }
    enum pass_result result = delivery_pass_choose(delivery, now, look);
    if (result != PASS_FULL) {
        return result;
    }
    if (sender_set_up(sender)) {
        return PASS_MORE;
    }
    result = delivery_pass_fill(delivery, now, look);
    if (result != PASS_FULL) {
        return result;
    }
    if (sender->batch.points > 0) {
        sender_send(sender);
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
        if (!sender_is_due(&delivery->sender, now)) {
            return earlier(next, delivery->sender.wait_until);
        }
        enum pass_result result = delivery->sender.state == SENDER_SENDING
                                      ? PASS_NONE : step(delivery, now, &look);
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
    struct transport *transport = delivery->sender.transport;
    struct mono_ns next = transport_turn(transport, now);
    next = work(delivery, now, next);
    if (delivery->sender.state == SENDER_SENDING) {
        next = earlier(next, transport_turn(transport, now));
    }
    int error = cursor_store(&delivery->cursor, now, false);
    if (error != 0 && error != delivery->sender.status.cursor_error) {
        sender_say(&delivery->sender,
                     "what it has cannot be written to --state-dir; after a restart some is "
                     "sent twice");
    }
    delivery->sender.status.cursor_error = -delivery->cursor.last_error;
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
    if (delivery->sender.tries > 0) {
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
    *status = delivery->sender.status;
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
