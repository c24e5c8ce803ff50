// How a request ends: what was taken, refused, or is to be tried again.
#include "sink/delivery_state.h"
#include "sink/sink_retry.h"

void
delivery_say(const struct delivery *delivery, const char *sentence)
{
    if (delivery->config.say != NULL) {
        delivery->config.say(delivery->sink, sentence);
    }
}

void
delivery_note_error(struct delivery *delivery, int error, struct text why)
{
    sink_retry_note(&delivery->status, delivery->config.platform, error, why);
}

// A stream without answers broke: what it took may have gone with it.
static void
distrust(struct delivery *delivery)
{
    if (delivery->sink->kind->transport != SINK_STREAM || delivery->sink->kind->judge != NULL) {
        return;
    }
    if (delivery->unsure_s != 0) {
        cursor_add(&delivery->cursor, delivery->unsure_s, delivery->unsure_s);
    }
    delivery->unsure_s = 0;
    delivery->gap_cycle_s = 0;
    delivery_pass_close(delivery);
}

void
delivery_fail(struct delivery *delivery, int error, struct text why, int64_t retry_after_ms)
{
    struct mono_ns now = platform_mono_now(delivery->config.platform);
    delivery->tries++;
    delivery->status.retried_total[sink_retry_reason(error)]++;
    delivery->state = DELIVERY_WAITING;
    delivery->wait_until = mono_add_ms(
        now, sink_retry_ms(delivery->config.platform, delivery->tries, retry_after_ms));
    delivery_note_error(delivery, error, why);
    if (delivery->tries == 1) {
        delivery_say(delivery, delivery->status.why);
    }
    if (delivery->pass.open && delivery->pass.stale && !delivery->pass.ended) {
        delivery_pass_close(delivery);
    }
}

static void
succeed(struct delivery *delivery)
{
    if (delivery->tries > 0) {
        delivery_say(delivery, "takes metrics again");
    }
    delivery->tries = 0;
    delivery->state = DELIVERY_READY;
    delivery->moves = delivery->in_setup ? delivery->moves : 0;
    delivery->status.success_ms = platform_wall_now(delivery->config.platform).ms;
}

static void
refuse(struct delivery *delivery, uint32_t points, const struct sink_result *result)
{
    unsigned reason = sink_retry_reason(result->error);
    if (points == 0) {
        return;
    }
    if (sink_status_refused(&delivery->status) == 0) {
        delivery_say(delivery, result->why);
    }
    delivery->status.refused_total[reason] += points;
    delivery_note_error(delivery, (int)reason, text_of(result->why));
}

void
delivery_end_batch(struct delivery *delivery, const struct sink_result *result, bool refused_all)
{
    uint32_t points = delivery->batch.points;
    uint32_t refused = refused_all || result->refused > points ? points : result->refused;
    delivery->status.points_total += points - refused;
    delivery->status.bytes_total += delivery->batch.body.used;
    refuse(delivery, refused, result);
    delivery_pass_accept(delivery, platform_mono_now(delivery->config.platform));
}

static void
end_setup(struct delivery *delivery, enum sink_verdict verdict)
{
    if (verdict == SINK_TAKEN) {
        delivery->setup_number++;
        succeed(delivery);
    }
}

// The connection is left, too, but not from within its own callback.
static void
begin_again(struct delivery *delivery)
{
    delivery->is_set_up = false;
    delivery->setup_number = 0;
    delivery->leaving = delivery->sink->kind->transport == SINK_STREAM;
}

bool
delivery_on_done(void *context, int error, const struct sink_answer *answer, size_t *used,
                 struct text detail)
{
    struct delivery *delivery = context;
    struct sink_result result = {0};
    if (error != 0) {
        distrust(delivery);
        if (delivery->sink->kind->unanswered != NULL) {
            delivery->sink->kind->unanswered(delivery->sink);
        }
        delivery_fail(delivery, error, detail, 0);
        return true;
    }
    int setup_number = delivery->in_setup ? (int)delivery->setup_number : -1;
    enum sink_verdict verdict =
        sink_retry_judge(delivery->sink, setup_number, answer, used, &result);
    result.why[sizeof result.why - 1] = '\0';
    if (verdict == SINK_MORE) {
        return false;
    }
    if (verdict == SINK_SETUP) {
        begin_again(delivery);
    }
    if (verdict == SINK_SETUP && result.error == 0 && delivery->moves++ < SINK_MOVES_MAX) {
        delivery->state = DELIVERY_READY;
        return true;
    }
    if (verdict == SINK_RETRY || verdict == SINK_SETUP ||
        (delivery->in_setup && verdict != SINK_TAKEN)) {
        int why = result.error == 0 ? ERR_HTTP_OTHER : result.error;
        delivery_fail(delivery, why, text_of(result.why), answer->retry_after_ms);
        return true;
    }
    if (delivery->in_setup) {
        end_setup(delivery, verdict);
        return true;
    }
    succeed(delivery);
    delivery_end_batch(delivery, &result, verdict == SINK_REFUSED);
    return true;
}
