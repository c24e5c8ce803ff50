#include "sink/event_delivery.h"

#include "sink/event_delivery_state.h"
#include "table/event_view.h"

#define STEPS_PER_TURN 8
// What goes without waiting for anybody, into the small pipe of the logger.
#define LOG_BATCH_MAX 16
#define LOG_PAUSE_MS 2
#define IDLE_MS 1000
// How late an event may be seen.
#define LOOK_MS 100

size_t
event_delivery_footprint(const struct sink *sink)
{
    return arena_bytes(sizeof(struct event_delivery)) + sender_footprint(sink);
}

// Opening

static void
open_cursor(struct event_delivery *delivery)
{
    struct event_cursor *cursor = &delivery->cursor;
    event_cursor_init(cursor, delivery->config.platform, delivery->config.cursor_path);
    int error = event_cursor_load(cursor);
    if (error != 0 && error != -ERR_NO_FILE) {
        sender_say(&delivery->sender, "the file that says what it has is not usable; all events "
                                      "that are kept are sent again");
        sender_note_error(&delivery->sender, error, TEXT(""));
    }
    delivery->evicted = cursor->file.at.evicted;
    delivery->missed_total = cursor->file.at.missed_total;
}

static void
name_status(struct event_delivery *delivery)
{
    struct out name = out_of(delivery->sender.status.name, sizeof delivery->sender.status.name);
    out_string(&name, "events ");
    out_text(&name, delivery->sink->uri.name);
    (void)out_c_string(&name);
    delivery->sender.status.events = 1;
}

static void
on_ended(void *context)
{
    event_batch_accept(context);
}

int
event_delivery_open(struct arena *arena, const struct event_delivery_config *config,
                    struct event_delivery **made, struct out *why)
{
    struct sink *sink = config->sink;
    struct event_delivery *delivery = arena_take(arena, sizeof *delivery);
    struct sender_config sender = {
        .platform = config->platform,
        .sink = sink,
        .what = "events",
        .batch_points = sink->kind->transport == SINK_LOG ? LOG_BATCH_MAX : EVENT_BATCH_MAX,
        .timeout_ms = config->timeout_ms,
        .fetch = config->fetch,
        .write_line = config->write_line,
        .say = config->say,
        .events = {.context = delivery, .ended = on_ended},
    };
    ASSERT(sink->events && sink->kind->add_event != NULL);
    delivery->config = *config;
    delivery->sink = sink;
    *made = delivery;
    int error = sender_open(arena, &sender, &delivery->sender, why);
    name_status(delivery);
    open_cursor(delivery);
    return error;
}

// Sending

// False: nothing is due now. Setup's requests and events share the kind's scratch, so
// that setup ends before events are looked at.
static bool
step(struct event_delivery *delivery)
{
    struct sender *sender = &delivery->sender;
    if (sender_go_on(sender)) {
        return true;
    }
    bool due = delivery->filled ||
               (delivery->reader != NULL &&
                table_event_serial(delivery->reader) > delivery->cursor.file.at.serial);
    if (!due) {
        return false;
    }
    if (sender_set_up(sender)) {
        return true;
    }
    if (delivery->filled) {
        sender_send(sender);
        return true;
    }
    return event_batch_fill(delivery) || delivery->filled;
}

static struct mono_ns
work(struct event_delivery *delivery, struct mono_ns now)
{
    struct sender *sender = &delivery->sender;
    unsigned steps = delivery->sink->kind->transport == SINK_LOG ? 2 : STEPS_PER_TURN;
    for (unsigned i = 0; i < steps; i++) {
        if (!sender_is_due(sender, now)) {
            return sender->wait_until;
        }
        if (sender->state == SENDER_SENDING) {
            return mono_add_ms(now, IDLE_MS);
        }
        if (!step(delivery)) {
            return mono_add_ms(now, LOOK_MS);
        }
    }
    return mono_add_ms(now, LOG_PAUSE_MS);
}

static void
keep(struct event_delivery *delivery, struct mono_ns now)
{
    int error = event_cursor_store(&delivery->cursor, now, false);
    if (error != 0 && error != -delivery->sender.status.cursor_error) {
        sender_say(&delivery->sender, "what it has cannot be written to --state-dir; after a "
                                      "restart some is sent twice");
    }
    delivery->sender.status.cursor_error = -delivery->cursor.last_error;
}

struct mono_ns
event_delivery_turn(struct event_delivery *delivery, struct mono_ns now,
                    const struct table_reader *reader)
{
    delivery->reader = reader;
    if (reader != NULL) {
        event_batch_note_table(delivery);
        event_batch_note_evicted(delivery);
    }
    (void)transport_turn(delivery->sender.transport, now);
    struct mono_ns next = work(delivery, now);
    struct mono_ns due = transport_turn(delivery->sender.transport, now);
    keep(delivery, now);
    return mono_before(due, next) ? due : next;
}

void
event_delivery_stop(struct event_delivery *delivery)
{
    (void)event_cursor_store(&delivery->cursor, platform_mono_now(delivery->config.platform),
                             true);
}

void
event_delivery_status(const struct event_delivery *delivery, struct sink_status *status)
{
    uint32_t oldest_s;
    int64_t now_ms = platform_wall_now(delivery->config.platform).ms;
    *status = delivery->sender.status;
    status->skipped_total = delivery->sink->skipped_total;
    status->missed_total = delivery->missed_total;
    status->backlog_cycles = event_batch_due(delivery, &oldest_s);
    int64_t age_ms = oldest_s == 0 ? 0 : now_ms - (int64_t)oldest_s * MS_PER_S;
    status->lag_ms = age_ms > 0 ? age_ms : 0;
    status->state = delivery->sender.tries > 0              ? SINK_STATE_RETRYING
                    : delivery->reader == NULL       ? SINK_STATE_WAITING
                    : status->backlog_cycles == 0    ? SINK_STATE_LIVE
                                                     : SINK_STATE_CATCHING;
}
