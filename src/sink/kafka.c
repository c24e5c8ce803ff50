// Kafka: one message of JSON for each point, as Heapster's sink wrote them, in
// record batches to the leader of the topic's partitions. The producer is our own
// and minimal: the usual library has threads and queues that grow.
//
//   kafka:?brokers=HOST:9092&brokers=...       tried in turn; or kafka:HOST:9092
//     timeseriestopic=heapster-metrics
//     eventstopic=heapster-events              of an event sink
//     compression=none|gzip|snappy|lz4
//     acks=all|-1|1                            who must have it (all)
//     partition=N                              only this one; else all in turn
//     user=, password=                         SASL/PLAIN
//     caCert=, or cert= and key=               TLS, as tls:// before the host
//
// Life of a connection: versions, SASL, the topic's metadata; when these name
// another broker as leader, a connection there. Whatever fails begins with the
// next of the brokers named. Each batch goes to one partition; delivery is at
// least once: a batch whose answer got lost is there twice.
#include "sink/sink.h"

#include <string.h>

#include "base/calendar.h"
#include "base/error.h"
#include "base/json.h"
#include "sink/gzip.h"
#include "sink/kafka_error.h"
#include "sink/kafka_state.h"
#include "sink/lz4.h"
#include "sink/sink_batch.h"
#include "sink/sink_label.h"
#include "sink/snappy.h"

#define BATCH_BYTES ((size_t)256 * 1024)
// How long the broker waits for replicas; less than a request may take.
#define REPLICAS_TIMEOUT_MS 10000
// gzip_footprint() at least.
#define GZIP_BYTES ((size_t)60 * 1024)

struct second {
    _Alignas(ARENA_ALIGN) unsigned char gzip[GZIP_BYTES];
    struct repeat_table table;
    char request[KAFKA_PRODUCE_HEAD_BYTES_MAX + SNAPPY_BYTES_MAX(BATCH_BYTES)];
};
_Static_assert(LZ4_BYTES_MAX(BATCH_BYTES) <= SNAPPY_BYTES_MAX(BATCH_BYTES), "LZ4's fits too");

static void
write_text(struct out *out, struct text text)
{
    struct json json = json_of(out);
    json_text(&json, text);
}

// A piece of an object: the caller puts commas and braces around it.
static void
write_tag(struct out *out, struct text key, struct text value)
{
    write_text(out, key);
    out_byte(out, ':');
    write_text(out, value);
}

static void
prepare(struct sink *sink, const struct metric_set *set)
{
    struct kafka *state = sink->state;
    struct sink_labels labels;
    struct out tags = out_of(state->tags, sizeof state->tags);
    sink_labels_collect(&labels, sink, set);
    state->before_resource = 0;
    for (unsigned i = 0; i < labels.count; i++) {
        size_t before = tags.used;
        if (before > 0) {
            out_byte(&tags, ',');
        }
        write_tag(&tags, labels.label[i].key, labels.label[i].value);
        if (tags.full) {
            // Better without a label than not at all: the values are still told
            // apart by the shorter ones.
            tags.used = before;
            tags.full = false;
        }
        if (text_compare(labels.label[i].key, TEXT("resource_id")) < 0) {
            state->before_resource = tags.used;
        }
    }
    state->tags_used = tags.used;
    state->set = set;
}

static void
write_tags(struct out *out, const struct kafka *state, struct text resource_id)
{
    struct text tags = {state->tags, state->tags_used};
    struct text head = text_sub(tags, 0, state->before_resource);
    struct text tail = text_sub(tags, state->before_resource, SIZE_MAX);
    out_text(out, head);
    if (resource_id.size != 0) {
        out_string(out, head.size != 0 ? "," : "");
        write_tag(out, TEXT("resource_id"), resource_id);
        // The tail begins with the comma that parts it from the head.
        out_string(out, head.size == 0 && tail.size != 0 ? "," : "");
    }
    out_text(out, tail);
}

static bool
write_message(void *context, struct out *out, const struct set_point *point,
              const struct sink_number *number)
{
    struct kafka *state = context;
    struct out message = out_of(state->scratch, sizeof state->scratch);
    out_string(&message, "{\"MetricsName\":");
    write_text(&message, point->name);
    out_string(&message, ",\"MetricsValue\":{\"value\":");
    sink_number_write(&message, number);
    out_string(&message, "},\"MetricsTimestamp\":\"");
    calendar_write(&message, state->set->time);
    out_string(&message, "\",\"MetricsTags\":{");
    write_tags(&message, state, point->resource_id);
    out_string(&message, "}}");
    kafka_record(out, state->set->time.ms - state->first_ms, (int32_t)state->batch->points,
                 out_view(&message));
    out->full = out->full || message.full;
    return true;
}

void
kafka_begin_batch(struct kafka *state, struct sink_batch *batch, int64_t ms)
{
    static const char zeros[KAFKA_PRODUCE_HEAD_BYTES_MAX];
    if (batch->body.used == 0) {
        out_bytes(&batch->body, zeros, kafka_produce_head_bytes(state->topic));
    }
    if (batch->points == 0) {
        state->first_ms = ms;
        state->last_ms = ms;
    }
    state->batch = batch;
}

void
kafka_note_time(struct kafka *state, bool added, int64_t ms)
{
    if (added && ms > state->last_ms) {
        state->last_ms = ms;
    }
}

static bool
add(struct sink *sink, struct sink_batch *batch, const struct metric_set *set, unsigned *at)
{
    struct kafka *state = sink->state;
    uint32_t points = batch->points;
    kafka_begin_batch(state, batch, set->time.ms);
    prepare(sink, set);
    bool all = sink_batch_add(sink, batch, set, at, 0, write_message, state);
    kafka_note_time(state, batch->points > points, set->time.ms);
    return all;
}

static bool
pack_gzip(struct second *second, struct text records, struct out *out)
{
    struct arena arena;
    struct text packed;
    ASSERT(gzip_footprint() <= sizeof second->gzip);
    memset(second->gzip, 0, sizeof second->gzip);
    arena_init(&arena, second->gzip, sizeof second->gzip);
    bool fits = gzip_pack(gzip_new(&arena), records, out->at, out->size, &packed) == 0;
    out->used = fits ? packed.size : 0;
    return fits;
}

// The records packed behind the room of the head, in `second`; false: they are
// sent as they are.
static bool
pack(struct second *second, struct text records, enum kafka_compression compression,
     size_t head_bytes, size_t *packed_bytes)
{
    struct out out = out_of(second->request + head_bytes, sizeof second->request - head_bytes);
    bool fits = true;
    switch (compression) {
    case KAFKA_GZIP:
        fits = pack_gzip(second, records, &out);
        break;
    case KAFKA_SNAPPY:
        snappy_pack(&second->table, records, &out);
        break;
    case KAFKA_LZ4:
        lz4_pack(&second->table, records, &out);
        break;
    case KAFKA_NONE:
        return false;
    }
    *packed_bytes = out.used;
    return fits && !out.full;
}

static int
finish(struct sink *sink, struct sink_batch *batch, struct sink_request *request)
{
    struct kafka *state = sink->state;
    size_t head_bytes = kafka_produce_head_bytes(state->topic);
    char *at = batch->body.at;
    size_t records_bytes = batch->body.used - head_bytes;
    ASSERT(batch->body.used >= head_bytes);
    struct kafka_produce produce = {
        .correlation = kafka_next_correlation(state),
        .acks = state->acks,
        .timeout_ms = REPLICAS_TIMEOUT_MS,
        .topic = state->topic,
        .partition = kafka_cluster_partition(&state->cluster),
        .compression = state->compression,
        .first_ms = state->first_ms,
        .last_ms = state->last_ms,
        .record_count = (int32_t)batch->points,
    };
    if (produce.compression != KAFKA_NONE) {
        ASSERT(sink->second_bytes >= sizeof(struct second));
        struct second *second = (void *)sink->second;
        struct text records = {at + head_bytes, records_bytes};
        size_t packed_bytes = 0;
        if (pack(second, records, produce.compression, head_bytes, &packed_bytes)) {
            at = second->request;
            records_bytes = packed_bytes;
        } else {
            produce.compression = KAFKA_NONE;
        }
    }
    kafka_produce_seal(&produce, at, head_bytes + records_bytes);
    *request = (struct sink_request){.body = {at, head_bytes + records_bytes}};
    return 0;
}

// The error of the one partition, or KAFKA_NO_ANSWER.
static int
read_produced(struct kafka_reader *reader)
{
    int32_t topics = kafka_read_i32(reader);
    kafka_read_string(reader);
    int32_t partitions = kafka_read_i32(reader);
    kafka_read_i32(reader);
    int code = kafka_read_i16(reader);
    kafka_read_i64(reader);  // the first offset
    kafka_read_i64(reader);  // when it was appended
    return reader->failed || topics != 1 || partitions != 1 ? KAFKA_NO_ANSWER : code;
}

static enum sink_verdict
judge_code(struct sink *sink, int code, struct sink_result *result)
{
    struct kafka *state = sink->state;
    struct kafka_error error = kafka_error_of(code);
    result->error = (int)error.error;
    kafka_say_error(result, code);
    if (error.action == KAFKA_ELSEWHERE) {
        // This broker is well: it is asked who leads now.
        state->cluster.has_leader = false;
        return SINK_SETUP;
    }
    return error.action == KAFKA_NEVER ? SINK_REFUSED : SINK_RETRY;
}

static enum sink_verdict
judge(struct sink *sink, const struct sink_answer *answer, size_t *used, struct sink_result *result)
{
    struct kafka *state = sink->state;
    struct kafka_reader reader;
    *result = (struct sink_result){0};
    *used = 0;
    enum kafka_frame frame = kafka_frame(answer->body, state->correlation, &reader, used);
    bool no_more = answer->truncated || answer->body.size >= SINK_ANSWER_BYTES_MAX;
    if (frame == KAFKA_FRAME_MORE && !no_more) {
        *used = 0;
        return SINK_MORE;
    }
    state->unanswered = false;
    int code = frame == KAFKA_FRAME_WHOLE ? read_produced(&reader) : KAFKA_NO_ANSWER;
    if (code == KAFKA_NO_ANSWER) {
        *used = answer->body.size;
        return kafka_give_up(sink, result);
    }
    return code == 0 ? SINK_TAKEN : judge_code(sink, code, result);
}

const struct sink_kind sink_kafka = {
    .name = "kafka",
    .transport = SINK_STREAM,
    .default_port = 9092,
    .default_host = "",
    .state_bytes = sizeof(struct kafka),
    .batch_bytes = BATCH_BYTES,
    .batch_points = 10000,
    .second_bytes = sizeof(struct second),
    .configure = kafka_configure,
    .setup = kafka_setup,
    .setup_judge = kafka_setup_judge,
    .add = add,
    .add_event = kafka_add_event,
    .finish = finish,
    .judge = judge,
};
