// Riemann: protobuf over TCP, one message a batch, each answered by another.
//
//   4 bytes of length, most significant first; Msg { repeated Event events = 6 }
//
// An event of Kubernetes is one of Riemann's: service KIND.REASON, state ok or warning,
// its count as the value, the message as description 5.
//
// An event: time 1, state 2, service 3 (the metric), host 4 (the hostname), tags 7,
// ttl 8, attributes 9 (the labels), and the value as metric_sint64 13 or metric_d
// 14. The answer is a Msg with ok 2 and error 3 (riemann.proto, "The Riemann
// protocol"; encoding: "Protocol Buffers, Encoding").
#include "base/calendar.h"
#include "base/error.h"
#include "sink/protobuf.h"
#include "sink/sink.h"
#include "sink/sink_batch.h"
#include "sink/sink_event.h"
#include "sink/sink_label.h"

#define HEAD_BYTES 4
#define TAGS_MAX 16
// Attributes, host, state and tags of one set's events.
#define COMMON_BYTES_MAX 8192

enum {
    EVENT_TIME = 1,
    EVENT_STATE = 2,
    EVENT_SERVICE = 3,
    EVENT_HOST = 4,
    EVENT_DESCRIPTION = 5,
    EVENT_TAGS = 7,
    EVENT_TTL = 8,
    EVENT_ATTRIBUTES = 9,
    ATTRIBUTE_KEY = 1,
    ATTRIBUTE_VALUE = 2,
    EVENT_SINT64 = 13,
    EVENT_DOUBLE = 14,
    MESSAGE_OK = 2,
    MESSAGE_ERROR = 3,
    MESSAGE_EVENTS = 6,
};

struct riemann {
    uint64_t ttl_s;
    uint64_t batch_points;
    struct text event_state;
    unsigned tag_count;
    struct text tags[TAGS_MAX];
    int64_t seconds;
    size_t common_size;
    char common[COMMON_BYTES_MAX];
};

static int
read_tags(struct sink *sink, struct riemann *state, struct out *why)
{
    for (unsigned i = 0; i < sink->uri.option_count; i++) {
        const struct sink_option *option = &sink->uri.option[i];
        if (!text_equal(option->key, TEXT("tags"))) {
            continue;
        }
        if (state->tag_count == TAGS_MAX) {
            out_format(why, "there are more than %d tags", TAGS_MAX);
            return -ERR_BAD_CONFIG;
        }
        state->tags[state->tag_count++] = option->value;
    }
    if (state->tag_count == 0) {
        state->tags[state->tag_count++] = TEXT("heapster");
    }
    return 0;
}

static int
configure(struct sink *sink, struct out *why)
{
    static const char *const options[] = {"ttl", "state", "tags", "batchsize", NULL};
    struct riemann *state = sink->state;
    state->ttl_s = 60;
    state->batch_points = 1000;
    sink_option(sink, "state", &state->event_state);
    int error = sink_options_known(sink, options, why);
    if (error == 0) {
        error = sink_option_count(sink, "ttl", 0, 1000 * 1000, &state->ttl_s, why);
    }
    if (error == 0) {
        error = sink_option_count(sink, "batchsize", 1, 100000, &state->batch_points, why);
    }
    return error != 0 ? error : read_tags(sink, state, why);
}

static void
write_attribute(struct out *out, struct text key, struct text value)
{
    size_t before = out->used;
    struct protobuf_message attribute =
        protobuf_begin(out, EVENT_ATTRIBUTES, key.size + value.size + 4);
    protobuf_string(out, ATTRIBUTE_KEY, key);
    protobuf_string(out, ATTRIBUTE_VALUE, value);
    protobuf_end(out, attribute);
    if (out->full) {
        out->used = before;
    }
}

static void
prepare(struct sink *sink, const struct metric_set *set)
{
    struct riemann *state = sink->state;
    struct sink_labels labels;
    struct out out = out_of(state->common, sizeof state->common);
    if (state->event_state.size != 0) {
        protobuf_string(&out, EVENT_STATE, state->event_state);
    }
    protobuf_string(&out, EVENT_HOST, sink_set_host(set));
    for (unsigned i = 0; i < state->tag_count; i++) {
        protobuf_string(&out, EVENT_TAGS, state->tags[i]);
    }
    protobuf_float(&out, EVENT_TTL, (float)state->ttl_s);
    sink_labels_collect(&labels, sink, set);
    for (unsigned i = 0; i < labels.count && !out.full; i++) {
        write_attribute(&out, labels.label[i].key, labels.label[i].value);
    }
    state->common_size = out.used;
    state->seconds = set->time.ms / MS_PER_S;
}

static void
write_event(struct out *out, const struct riemann *state, const struct set_point *point,
            const struct sink_number *number)
{
    protobuf_u64(out, EVENT_TIME, (uint64_t)state->seconds);
    protobuf_string(out, EVENT_SERVICE, point->name);
    out_bytes(out, state->common, state->common_size);
    if (point->resource_id.size != 0) {
        write_attribute(out, TEXT("resource_id"), point->resource_id);
    }
    if (number->is_integer) {
        protobuf_sint64(out, EVENT_SINT64, number->integer);
    } else {
        protobuf_double(out, EVENT_DOUBLE, number->real);
    }
}

static void
begin_body(struct out *out)
{
    if (out->used == 0) {
        // For the length, which finish knows.
        out_string(out, "0000");
    }
}

static bool
write_point(void *context, struct out *out, const struct set_point *point,
            const struct sink_number *number)
{
    const struct riemann *state = context;
    begin_body(out);
    struct protobuf_message event =
        protobuf_begin(out, MESSAGE_EVENTS, state->common_size + point->name.size + 20);
    write_event(out, state, point, number);
    protobuf_end(out, event);
    return true;
}

static bool
add(struct sink *sink, struct sink_batch *batch, const struct metric_set *set, unsigned *at)
{
    struct riemann *state = sink->state;
    uint32_t limit = batch->limit_points;
    prepare(sink, set);
    batch->limit_points = limit < state->batch_points ? limit : (uint32_t)state->batch_points;
    bool all = sink_batch_add(sink, batch, set, at, 0, write_point, state);
    batch->limit_points = limit;
    return all;
}

static void
write_attribute_time(struct out *out, const char *key, struct wall_ms time)
{
    char buffer[40];
    struct out written = out_of(buffer, sizeof buffer);
    calendar_write(&written, time);
    write_attribute(out, text_of(key), out_view(&written));
}

static void
write_attributes(struct out *out, const struct sink_event *event)
{
    const struct {
        const char *key;
        struct text value;
    } pairs[] = {
        {"component", event->component},
        {"name", event->name},
        {"namespace", event->namespace_name},
        {"uid", event->uid},
    };
    for (size_t i = 0; i < ARRAY_COUNT(pairs); i++) {
        if (pairs[i].value.size != 0) {
            write_attribute(out, text_of(pairs[i].key), pairs[i].value);
        }
    }
    write_attribute_time(out, "first-timestamp", event->first);
    write_attribute_time(out, "last-timestamp", event->last);
}

static void
write_kubernetes_event(struct sink *sink, struct out *body, const struct sink_event *event)
{
    struct riemann *state = sink->state;
    char name[2 * NAME_BYTES_MAX];
    struct out service = out_of(name, sizeof name);
    struct out out = out_of(state->common, sizeof state->common);
    out_text(&service, event->kind);
    out_byte(&service, '.');
    out_text(&service, event->reason);
    protobuf_u64(&out, EVENT_TIME, (uint64_t)(event->last.ms / MS_PER_S));
    protobuf_string(&out, EVENT_STATE, event->warning ? TEXT("warning") : TEXT("ok"));
    protobuf_string(&out, EVENT_SERVICE, out_view(&service));
    protobuf_string(&out, EVENT_HOST, event->node);
    protobuf_string(&out, EVENT_DESCRIPTION, event->message);
    for (unsigned i = 0; i < state->tag_count; i++) {
        protobuf_string(&out, EVENT_TAGS, state->tags[i]);
    }
    protobuf_float(&out, EVENT_TTL, (float)state->ttl_s);
    write_attributes(&out, event);
    protobuf_sint64(&out, EVENT_SINT64, event->count);
    begin_body(body);
    protobuf_text(body, MESSAGE_EVENTS, out_view(&out));
    body->full = body->full || out.full;
}

static bool
add_event(struct sink *sink, struct sink_batch *batch, const struct sink_event *event)
{
    struct riemann *state = sink->state;
    return batch->points < state->batch_points &&
           sink_event_add(sink, batch, event, 0, write_kubernetes_event);
}

static int
finish(struct sink *sink, struct sink_batch *batch, struct sink_request *request)
{
    struct out *body = &batch->body;
    (void)sink;
    if (body->used == 0) {
        out_string(body, "0000");
    }
    if (body->used < HEAD_BYTES) {
        return -ERR_TOO_LARGE;
    }
    size_t size = body->used - HEAD_BYTES;
    for (unsigned i = 0; i < HEAD_BYTES; i++) {
        body->at[i] = (char)(size >> 8 * (HEAD_BYTES - 1 - i) & 0xff);
    }
    *request = (struct sink_request){.body = out_view(body)};
    return 0;
}

struct reply {
    bool ok;
    struct text error;
};

static bool
read_reply(struct text rest, struct reply *reply)
{
    struct protobuf_field field;
    while (protobuf_next(&rest, &field)) {
        if (field.number == MESSAGE_OK && field.type == PROTOBUF_VARINT) {
            reply->ok = field.value != 0;
        } else if (field.number == MESSAGE_ERROR && field.type == PROTOBUF_BYTES) {
            reply->error = field.bytes;
        }
    }
    return rest.size == 0;
}

static enum sink_verdict
judge(struct sink *sink, const struct sink_answer *answer, size_t *used, struct sink_result *result)
{
    struct text body = answer->body;
    struct reply reply = {0};
    uint32_t size = 0;
    (void)sink;
    *used = 0;
    *result = (struct sink_result){0};
    if (body.size < HEAD_BYTES) {
        return SINK_MORE;
    }
    for (unsigned i = 0; i < HEAD_BYTES; i++) {
        size = size << 8 | (unsigned char)body.at[i];
    }
    bool readable = size <= SINK_ANSWER_BYTES_MAX - HEAD_BYTES;
    if (readable && size > body.size - HEAD_BYTES) {
        return SINK_MORE;
    }
    *used = readable ? HEAD_BYTES + size : body.size;
    if (!readable || !read_reply(text_sub(body, HEAD_BYTES, size), &reply)) {
        result->error = ERR_MALFORMED;
        struct out why = out_of(result->why, sizeof result->why);
        out_string(&why, "the answer is not Riemann's");
        out_c_string(&why);
        return SINK_RETRY;
    }
    if (reply.ok) {
        return SINK_TAKEN;
    }
    result->error = ERR_BAD_TYPE;
    sink_result_quote(result, reply.error);
    return SINK_REFUSED;
}

const struct sink_kind sink_riemann = {
    .name = "riemann",
    .transport = SINK_STREAM,
    .default_port = 5555,
    .default_host = "riemann-heapster",
    .state_bytes = sizeof(struct riemann),
    .batch_bytes = 256 * 1024,
    .batch_points = 1000,
    .configure = configure,
    .add = add,
    .add_event = add_event,
    .finish = finish,
    .judge = judge,
};
