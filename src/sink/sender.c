#include "sink/sender.h"

#define BACKOFF_MS_MIN 1000
#define BACKOFF_MS_MAX (60 * 1000)
// From one server to the next without a failure; more mean that they go in circles.
#define MOVES_MAX 8

static size_t
body_bytes_of(const struct sink *sink)
{
    const struct sink_kind *kind = sink->kind;
    return kind->transport == SINK_DATAGRAM ? kind->datagram_bytes : kind->batch_bytes;
}

size_t
sender_footprint(const struct sink *sink)
{
    return arena_bytes(body_bytes_of(sink)) + arena_bytes(sink->kind->second_bytes) +
           transport_footprint(sink);
}

void
sender_say(const struct sender *sender, const char *sentence)
{
    if (sender->config.say != NULL) {
        sender->config.say(sender->config.sink, sentence);
    }
}

void
sender_note_error(struct sender *sender, int error, struct text why)
{
    struct sink_status *status = &sender->status;
    struct out out = out_of(status->why, sizeof status->why);
    status->last_error = error < 0 ? -error : error;
    status->error_ms = platform_wall_now(sender->config.platform).ms;
    out_text(&out, why.size > 0 ? why : text_of(error_sentence(error)));
    (void)out_c_string(&out);
}

// How a request ends

static int64_t
wait_ms(const struct sender *sender, int64_t retry_after_ms)
{
    uint32_t chance = 0;
    ASSERT(sender->tries >= 1);
    unsigned doublings = sender->tries < 7 ? sender->tries - 1 : 6;
    int64_t ms = (int64_t)BACKOFF_MS_MIN << doublings;
    ms = ms < retry_after_ms ? retry_after_ms : ms;
    ms = ms < BACKOFF_MS_MAX ? ms : BACKOFF_MS_MAX;
    if (platform_random_bytes(sender->config.platform, &chance, sizeof chance) != 0) {
        return ms;
    }
    return ms / 2 + chance % (ms / 2 + 1);
}

// The index of its counter.
static unsigned
reason_of(int error)
{
    unsigned reason = (unsigned)(error < 0 ? -error : error);
    return reason < ERR_COUNT && reason != ERR_OK ? reason : ERR_HTTP_OTHER;
}

static void
fail(struct sender *sender, int error, struct text why, int64_t retry_after_ms)
{
    struct mono_ns now = platform_mono_now(sender->config.platform);
    const struct sender_events *events = &sender->config.events;
    sender->tries++;
    sender->status.retried_total[reason_of(error)]++;
    sender->state = SENDER_WAITING;
    sender->wait_until = mono_add_ms(now, wait_ms(sender, retry_after_ms));
    sender_note_error(sender, error, why);
    if (sender->tries == 1) {
        sender_say(sender, sender->status.why);
    }
    if (events->failed != NULL) {
        events->failed(events->context);
    }
}

static void
succeed(struct sender *sender)
{
    if (sender->tries > 0) {
        char sentence[64];
        struct out out = out_of(sentence, sizeof sentence);
        out_format(&out, "takes %s again", sender->config.what);
        sender_say(sender, out_c_string(&out));
    }
    sender->tries = 0;
    sender->state = SENDER_READY;
    sender->moves = sender->in_setup ? sender->moves : 0;
    sender->status.success_ms = platform_wall_now(sender->config.platform).ms;
}

static void
refuse(struct sender *sender, uint32_t points, const struct sink_result *result)
{
    unsigned reason = reason_of(result->error);
    bool is_first = sink_status_refused(&sender->status) == 0;
    if (points == 0) {
        return;
    }
    sender->status.refused_total[reason] += points;
    sender_note_error(sender, (int)reason, text_of(result->why));
    if (is_first) {
        sender_say(sender, sender->status.why);
    }
}

// It was taken but for what `result` says, or with `refused_all` not at all.
static void
end_batch(struct sender *sender, const struct sink_result *result, bool refused_all)
{
    uint32_t points = sender->batch.points;
    uint32_t refused = refused_all || result->refused > points ? points : result->refused;
    sender->status.points_total += points - refused;
    sender->status.bytes_total += sender->batch.body.used;
    refuse(sender, refused, result);
    sender->config.events.ended(sender->config.events.context);
}

static enum sink_verdict
judge(struct sender *sender, const struct sink_answer *answer, size_t *used,
      struct sink_result *result)
{
    struct sink *sink = sender->config.sink;
    const struct sink_kind *kind = sink->kind;
    if (sender->in_setup && kind->setup_judge != NULL) {
        *used = answer->body.size;
        return kind->setup_judge(sink, sender->setup_number, answer, result);
    }
    if (!sender->in_setup && kind->judge != NULL) {
        return kind->judge(sink, answer, used, result);
    }
    return kind->transport == SINK_HTTP ? sink_judge_status(answer, result) : SINK_TAKEN;
}

// The connection is left, too, but not from within its own callback.
static void
begin_again(struct sender *sender)
{
    sender->is_set_up = false;
    sender->setup_number = 0;
    sender->leaving = sender->config.sink->kind->transport == SINK_STREAM;
}

static void
take_verdict(struct sender *sender, enum sink_verdict verdict, const struct sink_answer *answer,
             const struct sink_result *result)
{
    if (verdict == SINK_SETUP) {
        begin_again(sender);
    }
    if (verdict == SINK_SETUP && result->error == 0 && sender->moves++ < MOVES_MAX) {
        sender->state = SENDER_READY;
    } else if (verdict == SINK_RETRY || verdict == SINK_SETUP ||
               (sender->in_setup && verdict != SINK_TAKEN)) {
        int error = result->error == 0 ? ERR_HTTP_OTHER : result->error;
        fail(sender, error, text_of(result->why), answer->retry_after_ms);
    } else if (sender->in_setup) {
        sender->setup_number++;
        succeed(sender);
    } else {
        succeed(sender);
        end_batch(sender, result, verdict == SINK_REFUSED);
    }
}

static bool
on_done(void *context, int error, const struct sink_answer *answer, size_t *used,
        struct text detail)
{
    struct sender *sender = context;
    struct sink *sink = sender->config.sink;
    const struct sender_events *events = &sender->config.events;
    struct sink_result result = {0};
    if (error != 0) {
        if (events->broke != NULL) {
            events->broke(events->context);
        }
        if (sink->kind->unanswered != NULL) {
            sink->kind->unanswered(sink);
        }
        fail(sender, error, detail, 0);
        return true;
    }
    enum sink_verdict verdict = judge(sender, answer, used, &result);
    result.why[sizeof result.why - 1] = '\0';
    if (verdict == SINK_MORE) {
        return false;
    }
    take_verdict(sender, verdict, answer, &result);
    return true;
}

// Opening

int
sender_open(struct arena *arena, const struct sender_config *config, struct sender *sender,
            struct out *why)
{
    struct sink *sink = config->sink;
    size_t body_bytes = body_bytes_of(sink);
    struct transport_config transport = {
        .platform = config->platform,
        .sink = sink,
        .fetch = config->fetch,
        .resolver = config->resolver,
        .timeout_ms = config->timeout_ms,
        .write_line = config->write_line,
        .events = {.context = sender, .on_done = on_done},
    };
    sender->config = *config;
    sender->batch.body = out_of(arena_take(arena, body_bytes), body_bytes);
    sender->batch.limit_points = config->batch_points;
    sink->second_bytes = sink->kind->second_bytes;
    sink->second = arena_take(arena, sink->second_bytes);
    // The batch is not needed yet.
    struct workspace scratch = {
        .base = (unsigned char *)sender->batch.body.at,
        .size = body_bytes,
    };
    return transport_open(arena, &transport, &scratch, &sender->transport, why);
}

// Sending

static void
send_request(struct sender *sender, bool in_setup)
{
    const struct sink_kind *kind = sender->config.sink->kind;
    bool answered = in_setup ? kind->setup_judge != NULL : kind->judge != NULL;
    sender->in_setup = in_setup;
    sender->state = SENDER_SENDING;
    sender->sent_at = platform_mono_now(sender->config.platform);
    int error = transport_send(sender->transport, in_setup ? &sender->setup : &sender->request,
                               answered);
    if (error != 0) {
        fail(sender, error, TEXT(""), 0);
    }
}

bool
sender_set_up(struct sender *sender)
{
    struct sink *sink = sender->config.sink;
    if (transport_is_new(sender->transport)) {
        sender->is_set_up = false;
        sender->setup_number = 0;
    }
    if (sender->is_set_up) {
        return false;
    }
    sender->setup = (struct sink_request){0};
    if (sink->kind->setup == NULL ||
        !sink->kind->setup(sink, sender->setup_number, &sender->setup)) {
        sender->is_set_up = true;
        return false;
    }
    send_request(sender, true);
    return true;
}

// Also before a new try: setup may have found another server for it.
void
sender_send(struct sender *sender)
{
    struct sink *sink = sender->config.sink;
    if (sender->finished) {
        sender->batch.body.used = sender->body_bytes;
    }
    sender->body_bytes = sender->batch.body.used;
    sender->request = (struct sink_request){0};
    int error = sink->kind->finish(sink, &sender->batch, &sender->request);
    if (error != 0) {
        struct sink_result result = {.error = error};
        end_batch(sender, &result, true);
        return;
    }
    sender->finished = true;
    send_request(sender, false);
}

void
sender_empty(struct sender *sender)
{
    sender->batch.body.used = 0;
    sender->batch.body.full = false;
    sender->batch.points = 0;
    sender->finished = false;
}

bool
sender_is_due(struct sender *sender, struct mono_ns now)
{
    if (sender->state == SENDER_WAITING && !mono_before(now, sender->wait_until)) {
        sender->state = SENDER_READY;
    }
    return sender->state != SENDER_WAITING;
}

bool
sender_go_on(struct sender *sender)
{
    if (sender->leaving) {
        sender->leaving = false;
        transport_drop(sender->transport);
    }
    if (!sender->finished) {
        return false;
    }
    if (!sender_set_up(sender)) {
        sender_send(sender);
    }
    return true;
}
