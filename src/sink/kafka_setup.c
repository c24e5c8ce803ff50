#include "base/error.h"
#include "sink/kafka_error.h"
#include "sink/kafka_state.h"

enum setup_step { STEP_VERSIONS, STEP_HANDSHAKE, STEP_AUTHENTICATE, STEP_METADATA, STEP_NONE };

static enum setup_step
step_of(const struct sink *sink, unsigned number)
{
    const struct kafka *state = sink->state;
    unsigned before_metadata = sink->user.size != 0 ? 3 : 1;
    if (number < before_metadata) {
        return (enum setup_step)number;
    }
    return number == before_metadata && !state->cluster.has_leader ? STEP_METADATA : STEP_NONE;
}

static void
go_to(struct sink *sink, struct kafka_broker broker)
{
    sink->host = broker.host;
    sink->port = broker.port;
}

int32_t
kafka_next_correlation(struct kafka *state)
{
    // Never negative, for readers of traces.
    state->correlation = (int32_t)(((uint32_t)state->correlation + 1) & INT32_MAX);
    state->unanswered = true;
    return state->correlation;
}

static void
begin(struct out *out, struct kafka *state, enum kafka_api api, int version)
{
    kafka_begin_request(out, api, version, kafka_next_correlation(state));
}

static void
write_step(struct out *out, const struct sink *sink, enum setup_step step)
{
    struct kafka *state = sink->state;
    switch (step) {
    case STEP_VERSIONS:
        begin(out, state, KAFKA_API_VERSIONS, KAFKA_API_VERSIONS_VERSION);
        break;
    case STEP_HANDSHAKE:
        begin(out, state, KAFKA_SASL_HANDSHAKE, KAFKA_SASL_HANDSHAKE_VERSION);
        kafka_string(out, TEXT("PLAIN"));
        break;
    case STEP_AUTHENTICATE:
        begin(out, state, KAFKA_SASL_AUTHENTICATE, KAFKA_SASL_AUTHENTICATE_VERSION);
        // RFC 4616: no other identity, the user, the password.
        kafka_i32(out, (int32_t)(2 + sink->user.size + sink->password.size));
        out_byte(out, '\0');
        out_text(out, sink->user);
        out_byte(out, '\0');
        out_text(out, sink->password);
        break;
    case STEP_METADATA:
        begin(out, state, KAFKA_METADATA, KAFKA_METADATA_VERSION);
        kafka_i32(out, 1);
        kafka_string(out, state->topic);
        break;
    case STEP_NONE:
        break;
    }
    kafka_end_request(out);
}

bool
kafka_setup(struct sink *sink, unsigned number, struct sink_request *request)
{
    struct kafka *state = sink->state;
    struct out out = out_of(state->scratch, sizeof state->scratch);
    if (number == 0 && state->unanswered) {
        // The last connection ended without an answer, or never came to be.
        go_to(sink, kafka_cluster_turn(&state->cluster));
    }
    enum setup_step step = step_of(sink, number);
    if (step == STEP_NONE) {
        return false;
    }
    write_step(&out, sink, step);
    ASSERT(!out.full);
    *request = (struct sink_request){.body = out_view(&out)};
    return true;
}

// Begins anew with the next broker.
static enum sink_verdict
give_up(struct sink *sink, struct sink_result *result, enum error error, const char *sentence)
{
    struct kafka *state = sink->state;
    struct out why = out_of(result->why, sizeof result->why);
    result->error = (int)error;
    out_string(&why, sentence);
    out_c_string(&why);
    go_to(sink, kafka_cluster_turn(&state->cluster));
    return SINK_SETUP;
}

enum sink_verdict
kafka_give_up(struct sink *sink, struct sink_result *result)
{
    return give_up(sink, result, ERR_MALFORMED, "what answers there is not Kafka");
}

void
kafka_say_error(struct sink_result *result, int code)
{
    struct out why = out_of(result->why, sizeof result->why);
    out_format(&why, "%s (Kafka's error %d)", kafka_error_of(code).sentence, code);
    out_c_string(&why);
}

static enum sink_verdict
give_up_code(struct sink *sink, struct sink_result *result, int code)
{
    struct kafka_error error = kafka_error_of(code);
    enum sink_verdict verdict = give_up(sink, result, error.error, error.sentence);
    kafka_say_error(result, code);
    return verdict;
}

static enum sink_verdict
judge_versions(struct sink *sink, struct kafka_reader *reader, struct sink_result *result)
{
    static const struct {
        enum kafka_api api;
        int version;
    } needed[] = {
        {KAFKA_PRODUCE, KAFKA_PRODUCE_VERSION},
        {KAFKA_METADATA, KAFKA_METADATA_VERSION},
        {KAFKA_SASL_HANDSHAKE, KAFKA_SASL_HANDSHAKE_VERSION},
        {KAFKA_SASL_AUTHENTICATE, KAFKA_SASL_AUTHENTICATE_VERSION},
    };
    unsigned missing = sink->user.size != 0 ? 0xf : 0x3;  // a bit for each that is needed
    int code = kafka_read_i16(reader);
    int32_t count = kafka_read_count(reader, 6);
    for (int32_t i = 0; i < count && !reader->failed; i++) {
        int api = kafka_read_i16(reader);
        int least = kafka_read_i16(reader);
        int most = kafka_read_i16(reader);
        for (unsigned n = 0; n < ARRAY_COUNT(needed) && !reader->failed; n++) {
            bool takes = least <= needed[n].version && needed[n].version <= most;
            if (api == (int)needed[n].api && takes) {
                missing &= ~(1U << n);
            }
        }
    }
    if (code != 0) {
        return give_up_code(sink, result, code);
    }
    if (reader->failed) {
        return kafka_give_up(sink, result);
    }
    return missing == 0 ? SINK_TAKEN
                        : give_up(sink, result, ERR_UNSUPPORTED,
                                  "the broker is too old or too new: it does not take Produce 3, "
                                  "Metadata 1 and, with a user, SASL");
}

static enum sink_verdict
judge_authenticate(struct sink *sink, struct kafka_reader *reader, struct sink_result *result)
{
    int code = kafka_read_i16(reader);
    struct text message = kafka_read_string(reader);
    if (code == 0) {
        return reader->failed ? kafka_give_up(sink, result) : SINK_TAKEN;
    }
    enum sink_verdict verdict = give_up_code(sink, result, code);
    sink_result_quote(result, message);
    return verdict;
}

static bool
is_here(const struct sink *sink, const struct kafka_broker *broker)
{
    return text_equal(sink->host, broker->host) && sink->port == broker->port;
}

static enum sink_verdict
judge_metadata(struct sink *sink, struct kafka_reader *reader, bool whole,
               struct sink_result *result)
{
    struct kafka *state = sink->state;
    int code = kafka_cluster_learn(&state->cluster, *reader);
    if (code == KAFKA_NO_ANSWER) {
        return kafka_give_up(sink, result);
    }
    if (code != 0) {
        return give_up_code(sink, result, code);
    }
    if (whole && is_here(sink, &state->cluster.leader)) {
        return SINK_TAKEN;
    }
    // Also away from the rest of an answer that is too long to be read.
    go_to(sink, state->cluster.leader);
    return SINK_SETUP;
}

enum sink_verdict
kafka_setup_judge(struct sink *sink, unsigned number, const struct sink_answer *answer,
                  struct sink_result *result)
{
    struct kafka *state = sink->state;
    struct kafka_reader reader;
    size_t size;
    enum setup_step step = step_of(sink, number);
    enum kafka_frame frame = kafka_frame(answer->body, state->correlation, &reader, &size);
    bool no_more = answer->truncated || answer->body.size >= SINK_ANSWER_BYTES_MAX;
    *result = (struct sink_result){0};
    if (frame == KAFKA_FRAME_MORE && !no_more) {
        return SINK_MORE;
    }
    state->unanswered = false;
    // Of long lists of partitions the beginning is enough.
    if (frame == KAFKA_FRAME_WRONG || (frame == KAFKA_FRAME_MORE && step != STEP_METADATA)) {
        return kafka_give_up(sink, result);
    }
    switch (step) {
    case STEP_VERSIONS:
        return judge_versions(sink, &reader, result);
    case STEP_HANDSHAKE: {
        int code = kafka_read_i16(&reader);
        return reader.failed ? kafka_give_up(sink, result)
               : code != 0   ? give_up_code(sink, result, code)
                             : SINK_TAKEN;
    }
    case STEP_AUTHENTICATE:
        return judge_authenticate(sink, &reader, result);
    case STEP_METADATA:
        return judge_metadata(sink, &reader, frame == KAFKA_FRAME_WHOLE, result);
    case STEP_NONE:
        break;
    }
    return kafka_give_up(sink, result);
}
