#include "sink/sink_retry.h"

#define BACKOFF_MS_MIN 1000
#define BACKOFF_MS_MAX (60 * 1000)

enum sink_verdict
sink_retry_judge(struct sink *sink, int setup_number, const struct sink_answer *answer,
                 size_t *used, struct sink_result *result)
{
    const struct sink_kind *kind = sink->kind;
    bool in_setup = setup_number >= 0;
    if (in_setup && kind->setup_judge != NULL) {
        *used = answer->body.size;
        return kind->setup_judge(sink, (unsigned)setup_number, answer, result);
    }
    if (!in_setup && kind->judge != NULL) {
        return kind->judge(sink, answer, used, result);
    }
    return kind->transport == SINK_HTTP ? sink_judge_status(answer, result) : SINK_TAKEN;
}

int64_t
sink_retry_ms(const struct platform *platform, unsigned tries, int64_t retry_after_ms)
{
    uint32_t chance = 0;
    ASSERT(tries >= 1);
    unsigned doublings = tries < 7 ? tries - 1 : 6;
    int64_t ms = (int64_t)BACKOFF_MS_MIN << doublings;
    ms = ms < retry_after_ms ? retry_after_ms : ms;
    ms = ms < BACKOFF_MS_MAX ? ms : BACKOFF_MS_MAX;
    if (platform_random_bytes(platform, &chance, sizeof chance) != 0) {
        return ms;
    }
    return ms / 2 + chance % (ms / 2 + 1);
}

unsigned
sink_retry_reason(int error)
{
    unsigned reason = (unsigned)(error < 0 ? -error : error);
    return reason < ERR_COUNT && reason != ERR_OK ? reason : ERR_HTTP_OTHER;
}

void
sink_retry_note(struct sink_status *status, const struct platform *platform, int error,
                struct text why)
{
    struct out out = out_of(status->why, sizeof status->why);
    status->last_error = error < 0 ? -error : error;
    status->error_ms = platform_wall_now(platform).ms;
    out_text(&out, why.size > 0 ? why : text_of(error_sentence(error)));
    (void)out_c_string(&out);
}
