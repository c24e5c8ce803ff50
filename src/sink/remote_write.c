// Prometheus remote write 1.0 (prometheus.io/docs/specs/prw/remote_write_spec):
// a WriteRequest of protobuf, packed with snappy, one series for each point.
//
//   prometheus:http://HOST:9090                to /api/v1/write, or the URI's path
//     cluster=NAME, label=KEY:VALUE, header=NAME:VALUE    sink_extra.h
//     rates=true    rates too; they are left out because counters say the same
//
// Servers take a batch whole or, of samples that are out of order, sometimes none
// of it: batches therefore go strictly in time order, and what is answered with
// 400 is counted and passed over, because it will never be taken.
#include "sink/sink.h"

#include <string.h>

#include "base/error.h"
#include "sink/prometheus_name.h"
#include "sink/protobuf.h"
#include "sink/sink_batch.h"
#include "sink/sink_extra.h"
#include "sink/snappy.h"

// Prometheus refuses names of labels that begin so.
#define RESERVED_PREFIX "__"
#define BATCH_BYTES ((size_t)256 * 1024)
// A series without image has about 150 bytes, one with 300.
#define SERIES_BYTES_USUAL 200
#define PATH_BYTES_MAX 1024
// Those of the entity: container or id, image, namespace, node, pod.
#define ENTITY_LABELS_MAX 5
#define SERIES_LABELS_MAX (SINK_EXTRA_LABELS_MAX + ENTITY_LABELS_MAX + PROMETHEUS_OWN_LABELS_MAX + 1)

enum { WRITE_SERIES = 1 };
enum { SERIES_LABEL = 1, SERIES_SAMPLE = 2 };
enum { LABEL_NAME = 1, LABEL_VALUE = 2 };
enum { SAMPLE_VALUE = 1, SAMPLE_TIME = 2 };

// Sorted by key, as the protocol wants them.
struct labels {
    unsigned count;
    struct prometheus_label label[SERIES_LABELS_MAX];
};

struct remote_write {
    struct text path;
    bool rates;
    struct sink_extra extra;
    struct labels common;  // of the set
    char id[256];          // of a system container
    const struct metric_set *set;
    struct sink *sink;
    struct prometheus_point named;
};

struct second {
    struct repeat_table table;
    char packed[SNAPPY_BYTES_MAX(BATCH_BYTES)];
};

// The first of a key stays: what a set says itself goes before what is added.
static void
put(struct labels *labels, struct text key, struct text value)
{
    unsigned at = labels->count;
    if (value.size == 0) {
        return;
    }
    while (at > 0) {
        int order = text_compare(labels->label[at - 1].key, key);
        if (order == 0) {
            return;
        }
        if (order < 0) {
            break;
        }
        at--;
    }
    ASSERT(labels->count < SERIES_LABELS_MAX);
    memmove(&labels->label[at + 1], &labels->label[at],
            (labels->count - at) * sizeof labels->label[0]);
    labels->label[at] = (struct prometheus_label){key, value};
    labels->count++;
}

static bool
is_label_name(struct text name)
{
    char buffer[128];
    struct out out = out_of(buffer, sizeof buffer);
    prometheus_write_name(&out, name);
    return name.size != 0 && !out.full && text_equal(out_view(&out), name) &&
           !text_starts(name, TEXT(RESERVED_PREFIX));
}

static int
configure(struct sink *sink, struct out *why)
{
    static const char *const options[] = {SINK_EXTRA_OPTIONS, "rates", NULL};
    struct remote_write *state = sink->state;
    int error = sink_options_known(sink, options, why);
    if (error == 0) {
        error = sink_option_bool(sink, "rates", &state->rates, why);
    }
    if (error == 0) {
        error = sink_extra_read(sink, "cluster", is_label_name, &state->extra, why);
    }
    state->path = sink->uri.path;
    if (state->path.size == 0 || text_equal(state->path, TEXT("/"))) {
        state->path = TEXT("/api/v1/write");
    }
    if (error == 0 && state->path.size > PATH_BYTES_MAX) {
        out_string(why, "the path is too long");
        return -ERR_BAD_CONFIG;
    }
    sink->gzip = false;  // snappy is all that the protocol knows
    return error;
}

// A system container is called as its cgroup.
static struct text
write_id(struct remote_write *state, const struct metric_set *set)
{
    struct out id = out_of(state->id, sizeof state->id);
    struct text name = set->label[SET_LABEL_CONTAINER];
    if (!text_starts(name, TEXT("/"))) {
        out_byte(&id, '/');
    }
    out_text(&id, name);
    return out_view(&id);
}

static void
prepare(struct sink *sink, const struct metric_set *set)
{
    struct remote_write *state = sink->state;
    struct labels *common = &state->common;
    bool is_system = set->entity == ENTITY_SYSTEM_CONTAINER;
    common->count = 0;
    if (is_system) {
        put(common, TEXT("id"), write_id(state, set));
    } else {
        put(common, TEXT("container"), set->label[SET_LABEL_CONTAINER]);
    }
    put(common, TEXT("namespace"), set->label[SET_LABEL_NAMESPACE]);
    put(common, TEXT("node"), set->label[SET_LABEL_NODE]);
    put(common, TEXT("pod"), set->label[SET_LABEL_POD]);
    for (unsigned i = 0; i < state->extra.label_count; i++) {
        put(common, state->extra.label[i].key, state->extra.label[i].value);
    }
    state->set = set;
    state->sink = sink;
}

static void
write_label(struct out *out, const struct prometheus_label *label)
{
    struct protobuf_message message = protobuf_begin(out, SERIES_LABEL, label->value.size);
    protobuf_string(out, LABEL_NAME, label->key);
    protobuf_string(out, LABEL_VALUE, label->value);
    protobuf_end(out, message);
}

static bool
write_series(void *context, struct out *out, const struct set_point *point,
             const struct sink_number *number)
{
    struct remote_write *state = context;
    struct prometheus_point *named = &state->named;
    struct labels labels = {0};
    (void)number;  // Heapster's type; here all are doubles
    if (!state->rates && prometheus_is_rate(point)) {
        return false;
    }
    if (!prometheus_name(state->set, point, named)) {
        state->sink->skipped_total++;
        return false;
    }
    put(&labels, TEXT("__name__"), named->name);
    for (unsigned i = 0; i < named->label_count; i++) {
        put(&labels, named->label[i].key, named->label[i].value);
    }
    for (unsigned i = 0; i < state->common.count; i++) {
        put(&labels, state->common.label[i].key, state->common.label[i].value);
    }
    if (text_starts(named->name, TEXT("container_"))) {
        // cAdvisor's series have it, those of others do not.
        put(&labels, TEXT("image"), state->set->label[SET_LABEL_IMAGE]);
    }
    struct protobuf_message series = protobuf_begin(out, WRITE_SERIES, SERIES_BYTES_USUAL);
    for (unsigned i = 0; i < labels.count; i++) {
        write_label(out, &labels.label[i]);
    }
    struct protobuf_message sample = protobuf_begin(out, SERIES_SAMPLE, 0);
    protobuf_double(out, SAMPLE_VALUE, named->value);
    protobuf_u64(out, SAMPLE_TIME, (uint64_t)state->set->time.ms);
    protobuf_end(out, sample);
    protobuf_end(out, series);
    return true;
}

static bool
add(struct sink *sink, struct sink_batch *batch, const struct metric_set *set, unsigned *at)
{
    prepare(sink, set);
    return sink_batch_add(sink, batch, set, at, 0, write_series, sink->state);
}

static int
finish(struct sink *sink, struct sink_batch *batch, struct sink_request *request)
{
    const struct remote_write *state = sink->state;
    ASSERT(sink->second_bytes >= sizeof(struct second));
    ASSERT(batch->body.used <= BATCH_BYTES);
    struct second *second = (void *)sink->second;
    struct out packed = out_of(second->packed, sizeof second->packed);
    snappy_pack(&second->table, out_view(&batch->body), &packed);
    ASSERT(!packed.full);
    *request = (struct sink_request){
        .method = TEXT("POST"),
        .path = state->path,
        .content_type = TEXT("application/x-protobuf"),
        .header_count = 2,
        .header =
            {
                TEXT("Content-Encoding: snappy"),
                TEXT("X-Prometheus-Remote-Write-Version: 0.1.0"),
            },
        .body = out_view(&packed),
    };
    sink_extra_add_headers(&state->extra, request);
    return 0;
}

// What servers say of samples that come too late.
static bool
is_too_late(struct text body)
{
    static const struct text words[] = {
        TEXT("out of order"), TEXT("out-of-order"), TEXT("out of bounds"),
        TEXT("too old"),      TEXT("too far"),      TEXT("duplicate sample"),
    };
    for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
        if (body.size != 0 && memmem(body.at, body.size, words[i].at, words[i].size) != NULL) {
            return true;
        }
    }
    return false;
}

static enum sink_verdict
judge(struct sink *sink, const struct sink_answer *answer, size_t *used, struct sink_result *result)
{
    (void)sink;
    *used = answer->body.size;
    enum sink_verdict verdict = sink_judge_status(answer, result);
    if (verdict == SINK_REFUSED && is_too_late(answer->body)) {
        struct out why = out_of(result->why, sizeof result->why);
        out_string(&why,
                   "the server has newer samples of these series, or others of the same time");
        out_c_string(&why);
        sink_result_quote(result, answer->body);
    }
    return verdict;
}

const struct sink_kind sink_remote_write = {
    .name = "prometheus",
    .transport = SINK_HTTP,
    .default_port = 9090,
    .default_host = "localhost",
    .in_order = true,
    .state_bytes = sizeof(struct remote_write),
    .batch_bytes = BATCH_BYTES,
    .batch_points = 2000,
    .second_bytes = sizeof(struct second),
    .configure = configure,
    .add = add,
    .finish = finish,
    .judge = judge,
};
