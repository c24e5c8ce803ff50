// OTLP/HTTP 1.x in protobuf (opentelemetry-proto, metrics/v1/metrics.proto): an
// ExportMetricsServiceRequest with a resource for each set and a metric for each
// of its points.
//
//   otlp:http://HOST:4318                      to /v1/metrics, or the URI's path
//     cluster=NAME         k8s.cluster.name of every resource
//     label=KEY:VALUE, header=NAME:VALUE       sink_extra.h
//     rates=true           all rates; only those of CPU are sent otherwise, as
//                          kubeletstats does, because counters say the same
//
// Counters are cumulative sums that begin with the container; answers that took
// only a part say how much they did not.
#include "sink/sink.h"

#include "base/error.h"
#include "base/version.h"
#include "sink/otlp_name.h"
#include "sink/prometheus_name.h"
#include "sink/protobuf.h"
#include "sink/sink_extra.h"

#define BATCH_BYTES ((size_t)256 * 1024)
// A length of three bytes, which closing a message therefore never makes longer.
#define WIDE ((size_t)1 << 14)
_Static_assert(BATCH_BYTES < (size_t)1 << 21, "a length in three bytes");
#define PATH_BYTES_MAX 1024

enum { REQUEST_RESOURCE_METRICS = 1 };
enum { RESOURCE_METRICS_RESOURCE = 1, RESOURCE_METRICS_SCOPE_METRICS = 2 };
enum { RESOURCE_ATTRIBUTE = 1 };
enum { SCOPE_METRICS_SCOPE = 1, SCOPE_METRICS_METRIC = 2 };
enum { SCOPE_NAME = 1, SCOPE_VERSION = 2 };
enum { METRIC_NAME = 1, METRIC_UNIT = 3, METRIC_GAUGE_DATA = 5, METRIC_SUM_DATA = 7 };
enum { DATA_POINT = 1, SUM_TEMPORALITY = 2, SUM_IS_MONOTONIC = 3 };
enum { TEMPORALITY_CUMULATIVE = 2 };
enum { POINT_START = 2, POINT_TIME = 3, POINT_DOUBLE = 4, POINT_INTEGER = 6, POINT_ATTRIBUTE = 7 };
enum { ATTRIBUTE_KEY = 1, ATTRIBUTE_VALUE = 2 };
enum { ANY_STRING = 1 };
enum { RESPONSE_PARTIAL = 1, PARTIAL_REJECTED = 1, PARTIAL_WHY = 2 };

struct otlp {
    struct text path;
    bool rates;
    struct sink_extra extra;
    struct otlp_point named;
};

static bool
is_attribute_key(struct text key)
{
    return key.size != 0 && text_is_utf8(key);
}

static int
configure(struct sink *sink, struct out *why)
{
    static const char *const options[] = {SINK_EXTRA_OPTIONS, "rates", NULL};
    struct otlp *state = sink->state;
    int error = sink_options_known(sink, options, why);
    if (error == 0) {
        error = sink_option_bool(sink, "rates", &state->rates, why);
    }
    if (error == 0) {
        error = sink_extra_read(sink, "k8s.cluster.name", is_attribute_key, &state->extra, why);
    }
    state->path = sink->uri.path;
    if (state->path.size == 0 || text_equal(state->path, TEXT("/"))) {
        state->path = TEXT("/v1/metrics");
    }
    if (error == 0 && state->path.size > PATH_BYTES_MAX) {
        out_string(why, "the path is too long");
        return -ERR_BAD_CONFIG;
    }
    return error;
}

static void
write_attribute(struct out *out, uint32_t field, struct text key, struct text value)
{
    if (key.size == 0 || value.size == 0) {
        return;
    }
    struct protobuf_message attribute = protobuf_begin(out, field, key.size + value.size);
    protobuf_string(out, ATTRIBUTE_KEY, key);
    struct protobuf_message any = protobuf_begin(out, ATTRIBUTE_VALUE, value.size);
    protobuf_string(out, ANY_STRING, value);
    protobuf_end(out, any);
    protobuf_end(out, attribute);
}

static void
write_resource(struct out *out, const struct otlp *state, const struct metric_set *set)
{
    static const struct {
        enum set_label label;
        const char *key;
    } rows[] = {
        {SET_LABEL_NODE, "k8s.node.name"},
        {SET_LABEL_NAMESPACE, "k8s.namespace.name"},
        {SET_LABEL_POD, "k8s.pod.name"},
        {SET_LABEL_POD_ID, "k8s.pod.uid"},
        {SET_LABEL_IMAGE, "container.image.name"},
        {SET_LABEL_HOST_ID, "host.id"},
        {SET_LABEL_NAMESPACE_ID, "k8s.namespace.uid"},
        {SET_LABEL_HOSTNAME, "host.name"},
    };
    bool in_pod = set->entity == ENTITY_CONTAINER;
    struct protobuf_message resource = protobuf_begin(out, RESOURCE_METRICS_RESOURCE, 200);
    for (unsigned i = 0; i < state->extra.label_count; i++) {
        write_attribute(out, RESOURCE_ATTRIBUTE, state->extra.label[i].key,
                        state->extra.label[i].value);
    }
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        write_attribute(out, RESOURCE_ATTRIBUTE, text_of(rows[i].key), set->label[rows[i].label]);
    }
    write_attribute(out, RESOURCE_ATTRIBUTE,
                    in_pod ? TEXT("k8s.container.name") : TEXT("container.name"),
                    set->label[SET_LABEL_CONTAINER]);
    protobuf_end(out, resource);
}

static void
write_scope(struct out *out)
{
    struct protobuf_message scope = protobuf_begin(out, SCOPE_METRICS_SCOPE, 0);
    protobuf_string(out, SCOPE_NAME, TEXT("skerry"));
    protobuf_string(out, SCOPE_VERSION, TEXT(SKERRY_VERSION));
    protobuf_end(out, scope);
}

static void
write_data_point(struct out *out, const struct metric_set *set, const struct otlp_point *named)
{
    struct protobuf_message point = protobuf_begin(out, DATA_POINT, 0);
    if (named->is_sum && set->start_s != 0) {
        protobuf_fixed64(out, POINT_START, (uint64_t)set->start_s * (uint64_t)NS_PER_S);
    }
    protobuf_fixed64(out, POINT_TIME, (uint64_t)set->time.ms * (uint64_t)NS_PER_MS);
    if (named->is_integer) {
        protobuf_fixed64(out, POINT_INTEGER, (uint64_t)named->integer);
    } else {
        protobuf_double(out, POINT_DOUBLE, named->real);
    }
    for (size_t i = 0; i < ARRAY_COUNT(named->attribute); i++) {
        write_attribute(out, POINT_ATTRIBUTE, named->attribute[i].key, named->attribute[i].value);
    }
    protobuf_end(out, point);
}

static void
write_metric(struct out *out, const struct metric_set *set, const struct otlp_point *named)
{
    struct protobuf_message metric = protobuf_begin(out, SCOPE_METRICS_METRIC, 0);
    protobuf_string(out, METRIC_NAME, named->name);
    protobuf_string(out, METRIC_UNIT, named->unit);
    struct protobuf_message data =
        protobuf_begin(out, named->is_sum ? METRIC_SUM_DATA : METRIC_GAUGE_DATA, 0);
    write_data_point(out, set, named);
    if (named->is_sum) {
        protobuf_u64(out, SUM_TEMPORALITY, TEMPORALITY_CUMULATIVE);
        protobuf_bool(out, SUM_IS_MONOTONIC, true);
    }
    protobuf_end(out, data);
    protobuf_end(out, metric);
}

static bool
is_wanted(const struct otlp *state, const struct set_point *point)
{
    return state->rates || point->metric == METRIC_CPU_USAGE_RATE || !prometheus_is_rate(point);
}

// The points that fit; *count says how many were written.
static bool
add_points(struct sink *sink, struct sink_batch *batch, const struct metric_set *set, unsigned *at,
           uint32_t *count)
{
    struct otlp *state = sink->state;
    struct out *body = &batch->body;
    struct set_point point;
    for (unsigned next = *at; metric_set_next(set, &next, &point); *at = next) {
        size_t before = body->used;
        if (!is_wanted(state, &point)) {
            continue;
        }
        if (batch->points + *count >= batch->limit_points) {
            return false;
        }
        if (!otlp_name(set, &point, &state->named)) {
            sink->skipped_total++;
            continue;
        }
        write_metric(body, set, &state->named);
        if (!body->full) {
            (*count)++;
            continue;
        }
        body->used = before;
        body->full = false;
        if (batch->points + *count != 0) {
            return false;
        }
        sink->skipped_total++;  // it does not even fit alone
    }
    return true;
}

// The resource alone is larger than a request.
static void
skip_all(struct sink *sink, const struct metric_set *set, unsigned *at)
{
    struct set_point point;
    while (metric_set_next(set, at, &point)) {
        sink->skipped_total++;
    }
}

static bool
add(struct sink *sink, struct sink_batch *batch, const struct metric_set *set, unsigned *at)
{
    struct out *body = &batch->body;
    size_t before = body->used;
    uint32_t count = 0;
    bool all = true;
    struct protobuf_message resource = protobuf_begin(body, REQUEST_RESOURCE_METRICS, WIDE);
    write_resource(body, sink->state, set);
    struct protobuf_message scope = protobuf_begin(body, RESOURCE_METRICS_SCOPE_METRICS, WIDE);
    write_scope(body);
    if (!body->full) {
        all = add_points(sink, batch, set, at, &count);
    } else if (batch->points == 0) {
        skip_all(sink, set, at);
    } else {
        all = false;
    }
    if (count == 0) {
        body->used = before;
        body->full = false;
        return all;
    }
    protobuf_end(body, scope);
    protobuf_end(body, resource);
    ASSERT(!body->full);
    batch->points += count;
    return all;
}

static int
finish(struct sink *sink, struct sink_batch *batch, struct sink_request *request)
{
    const struct otlp *state = sink->state;
    *request = (struct sink_request){
        .method = TEXT("POST"),
        .path = state->path,
        .content_type = TEXT("application/x-protobuf"),
        .body = out_view(&batch->body),
        .gzip = sink->gzip,
    };
    sink_extra_add_headers(&state->extra, request);
    return 0;
}

// The message of that number, if there is one.
static bool
find_message(struct text message, uint32_t number, struct text *found)
{
    struct protobuf_field field;
    while (protobuf_next(&message, &field)) {
        if (field.number == number && field.type == PROTOBUF_BYTES) {
            *found = field.bytes;
            return true;
        }
    }
    return false;
}

static void
read_partial(struct text partial, struct sink_result *result)
{
    struct protobuf_field field;
    struct text why = {0};
    uint64_t rejected = 0;
    while (protobuf_next(&partial, &field)) {
        if (field.number == PARTIAL_REJECTED && field.type == PROTOBUF_VARINT) {
            rejected = field.value;
        } else if (field.number == PARTIAL_WHY && field.type == PROTOBUF_BYTES) {
            why = field.bytes;
        }
    }
    if (rejected == 0) {
        return;  // a warning at most
    }
    result->refused = rejected < UINT32_MAX ? (uint32_t)rejected : UINT32_MAX;
    result->error = ERR_HTTP_4XX;
    sink_result_quote(result, why);
}

// Errors come as google.rpc.Status, whose second field is the sentence; proxies
// answer with plain text.
static struct text
sentence_of(struct text body)
{
    enum { STATUS_MESSAGE = 2 };
    struct text sentence = body;
    return find_message(body, STATUS_MESSAGE, &sentence) && text_is_utf8(sentence) ? sentence
                                                                                   : body;
}

static enum sink_verdict
judge(struct sink *sink, const struct sink_answer *answer, size_t *used, struct sink_result *result)
{
    (void)sink;
    *used = answer->body.size;
    struct text partial;
    struct sink_answer readable = *answer;
    readable.body = sentence_of(answer->body);
    enum sink_verdict verdict = sink_judge_status(&readable, result);
    if (verdict == SINK_TAKEN && find_message(answer->body, RESPONSE_PARTIAL, &partial)) {
        read_partial(partial, result);
    }
    return verdict;
}

const struct sink_kind sink_otlp = {
    .name = "otlp",
    .transport = SINK_HTTP,
    .default_port = 4318,
    .default_host = "localhost",
    .state_bytes = sizeof(struct otlp),
    .batch_bytes = BATCH_BYTES,
    .batch_points = 4000,
    .configure = configure,
    .add = add,
    .finish = finish,
    .judge = judge,
};
