#include "sink/event_delivery.h"

#include "sink/event_delivery_state.h"
#include "sink/sink_retry.h"
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
    return arena_bytes(sizeof(struct event_delivery)) + arena_bytes(sink->kind->batch_bytes) +
           arena_bytes(sink->kind->second_bytes) + transport_footprint(sink);
}

static void
say(const struct event_delivery *delivery, const char *sentence)
{
    if (delivery->config.say != NULL) {
        delivery->config.say(delivery->sink, sentence);
    }
}

// How a request ends

static void
fail(struct event_delivery *delivery, int error, struct text why, int64_t retry_after_ms)
{
    const struct platform *platform = delivery->config.platform;
    delivery->tries++;
    delivery->status.retried_total[sink_retry_reason(error)]++;
    delivery->state = EVENT_DELIVERY_WAITING;
    delivery->wait_until =
        mono_add_ms(platform_mono_now(platform),
                    sink_retry_ms(platform, delivery->tries, retry_after_ms));
    sink_retry_note(&delivery->status, platform, error, why);
    if (delivery->tries == 1) {
        say(delivery, delivery->status.why);
    }
}

static void
succeed(struct event_delivery *delivery)
{
    if (delivery->tries > 0) {
        say(delivery, "takes events again");
    }
    delivery->tries = 0;
    delivery->state = EVENT_DELIVERY_READY;
    delivery->status.success_ms = platform_wall_now(delivery->config.platform).ms;
}

static void
end_batch(struct event_delivery *delivery, const struct sink_result *result, bool refused_all)
{
    struct sink_status *status = &delivery->status;
    uint32_t events = delivery->batch.points;
    uint32_t refused = refused_all || result->refused > events ? events : result->refused;
    if (refused > 0) {
        bool first = sink_status_refused(status) == 0;
        status->refused_total[sink_retry_reason(result->error)] += refused;
        sink_retry_note(status, delivery->config.platform, result->error, text_of(result->why));
        if (first) {
            say(delivery, status->why);
        }
    }
    status->points_total += events - refused;
    status->bytes_total += delivery->batch.body.used;
    delivery->moves = 0;
    event_batch_accept(delivery);
}

// True: setup begins anew on another server, and nothing failed.
static bool
moves_on(struct event_delivery *delivery, enum sink_verdict verdict,
         const struct sink_result *result)
{
    if (verdict != SINK_SETUP) {
        return false;
    }
    delivery->is_set_up = false;
    delivery->setup_number = 0;
    // Not from within the connection's own callback.
    delivery->leaving = delivery->sink->kind->transport == SINK_STREAM;
    return result->error == 0 && delivery->moves++ < SINK_MOVES_MAX;
}

static bool
on_done(void *context, int error, const struct sink_answer *answer, size_t *used,
        struct text detail)
{
    struct event_delivery *delivery = context;
    struct sink *sink = delivery->sink;
    struct sink_result result = {0};
    int setup_number = delivery->in_setup ? (int)delivery->setup_number : -1;
    if (error != 0) {
        if (sink->kind->unanswered != NULL) {
            sink->kind->unanswered(sink);
        }
        fail(delivery, error, detail, 0);
        return true;
    }
    enum sink_verdict verdict = sink_retry_judge(sink, setup_number, answer, used, &result);
    result.why[sizeof result.why - 1] = '\0';
    if (verdict == SINK_MORE) {
        return false;
    }
    if (moves_on(delivery, verdict, &result)) {
        delivery->state = EVENT_DELIVERY_READY;
    } else if (verdict == SINK_RETRY || verdict == SINK_SETUP ||
               (delivery->in_setup && verdict != SINK_TAKEN)) {
        int why = result.error == 0 ? ERR_HTTP_OTHER : result.error;
        fail(delivery, why, text_of(result.why), answer->retry_after_ms);
    } else if (delivery->in_setup) {
        delivery->setup_number++;
        succeed(delivery);
    } else {
        succeed(delivery);
        end_batch(delivery, &result, verdict == SINK_REFUSED);
    }
    return true;
}

// Opening

static void
open_cursor(struct event_delivery *delivery)
{
    struct event_cursor *cursor = &delivery->cursor;
    event_cursor_init(cursor, delivery->config.platform, delivery->config.cursor_path);
    int error = event_cursor_load(cursor);
    if (error != 0 && error != -ERR_NO_FILE) {
        say(delivery, "the file that says what it has is not usable; all events that are kept "
                      "are sent again");
        sink_retry_note(&delivery->status, delivery->config.platform, error, TEXT(""));
    }
    delivery->evicted = cursor->file.at.evicted;
    delivery->missed_total = cursor->file.at.missed_total;
}

static void
name_status(struct event_delivery *delivery)
{
    struct out name = out_of(delivery->status.name, sizeof delivery->status.name);
    out_string(&name, "events ");
    out_text(&name, delivery->sink->uri.name);
    (void)out_c_string(&name);
    delivery->status.events = 1;
}

int
event_delivery_open(struct arena *arena, const struct event_delivery_config *config,
                    struct event_delivery **made, struct out *why)
{
    struct sink *sink = config->sink;
    const struct sink_kind *kind = sink->kind;
    struct event_delivery *delivery = arena_take(arena, sizeof *delivery);
    struct transport_config transport = {
        .platform = config->platform,
        .sink = sink,
        .fetch = config->fetch,
        .timeout_ms = config->timeout_ms,
        .write_line = config->write_line,
        .events = {.context = delivery, .on_done = on_done},
    };
    ASSERT(sink->events && kind->add_event != NULL);
    delivery->config = *config;
    delivery->sink = sink;
    delivery->batch.body = out_of(arena_take(arena, kind->batch_bytes), kind->batch_bytes);
    sink->second_bytes = kind->second_bytes;
    sink->second = arena_take(arena, sink->second_bytes);
    delivery->batch.limit_points = kind->transport == SINK_LOG ? LOG_BATCH_MAX : EVENT_BATCH_MAX;
    name_status(delivery);
    open_cursor(delivery);
    *made = delivery;
    // The batch is not needed yet.
    struct workspace scratch = {
        .base = (unsigned char *)delivery->batch.body.at,
        .size = delivery->batch.body.size,
    };
    return transport_open(arena, &transport, &scratch, &delivery->transport, why);
}

// Sending

static void
send_request(struct event_delivery *delivery, bool in_setup)
{
    const struct sink_kind *kind = delivery->sink->kind;
    bool answered = in_setup ? kind->setup_judge != NULL : kind->judge != NULL;
    delivery->in_setup = in_setup;
    delivery->state = EVENT_DELIVERY_SENDING;
    int error = transport_send(delivery->transport,
                               in_setup ? &delivery->setup : &delivery->request, answered);
    if (error != 0) {
        fail(delivery, error, TEXT(""), 0);
    }
}

// True: setup has something to do first.
static bool
set_up(struct event_delivery *delivery)
{
    struct sink *sink = delivery->sink;
    if (transport_is_new(delivery->transport)) {
        delivery->is_set_up = false;
        delivery->setup_number = 0;
    }
    delivery->setup = (struct sink_request){0};
    if (delivery->is_set_up || sink->kind->setup == NULL ||
        !sink->kind->setup(sink, delivery->setup_number, &delivery->setup)) {
        delivery->is_set_up = true;
        return false;
    }
    send_request(delivery, true);
    return true;
}

// Also before a new try: setup may have found another server for it.
static void
send_batch(struct event_delivery *delivery)
{
    struct sink *sink = delivery->sink;
    if (delivery->finished) {
        delivery->batch.body.used = delivery->body_bytes;
    }
    delivery->body_bytes = delivery->batch.body.used;
    delivery->request = (struct sink_request){0};
    int error = sink->kind->finish(sink, &delivery->batch, &delivery->request);
    if (error != 0) {
        struct sink_result result = {.error = error};
        end_batch(delivery, &result, true);
        return;
    }
    delivery->finished = true;
    send_request(delivery, false);
}

// False: nothing is due now. Setup's requests and events share the kind's scratch, so
// that setup ends before events are looked at.
static bool
step(struct event_delivery *delivery)
{
    if (delivery->leaving) {
        delivery->leaving = false;
        transport_drop(delivery->transport);
    }
    bool due = delivery->filled ||
               (delivery->reader != NULL &&
                table_event_serial(delivery->reader) > delivery->cursor.file.at.serial);
    if (!due) {
        return false;
    }
    if (set_up(delivery)) {
        return true;
    }
    if (delivery->filled) {
        send_batch(delivery);
        return true;
    }
    return event_batch_fill(delivery) || delivery->filled;
}

static struct mono_ns
work(struct event_delivery *delivery, struct mono_ns now)
{
    unsigned steps = delivery->sink->kind->transport == SINK_LOG ? 2 : STEPS_PER_TURN;
    for (unsigned i = 0; i < steps; i++) {
        if (delivery->state == EVENT_DELIVERY_WAITING) {
            if (mono_before(now, delivery->wait_until)) {
                return delivery->wait_until;
            }
            delivery->state = EVENT_DELIVERY_READY;
        }
        if (delivery->state == EVENT_DELIVERY_SENDING) {
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
    if (error != 0 && error != -delivery->status.cursor_error) {
        say(delivery, "what it has cannot be written to --state-dir; after a restart some is "
                      "sent twice");
    }
    delivery->status.cursor_error = -delivery->cursor.last_error;
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
    (void)transport_turn(delivery->transport, now);
    struct mono_ns next = work(delivery, now);
    struct mono_ns due = transport_turn(delivery->transport, now);
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
    *status = delivery->status;
    status->skipped_total = delivery->sink->skipped_total;
    status->missed_total = delivery->missed_total;
    status->backlog_cycles = event_batch_due(delivery, &oldest_s);
    int64_t age_ms = oldest_s == 0 ? 0 : now_ms - (int64_t)oldest_s * MS_PER_S;
    status->lag_ms = age_ms > 0 ? age_ms : 0;
    status->state = delivery->tries > 0              ? SINK_STATE_RETRYING
                    : delivery->reader == NULL       ? SINK_STATE_WAITING
                    : status->backlog_cycles == 0    ? SINK_STATE_LIVE
                                                     : SINK_STATE_CATCHING;
}
