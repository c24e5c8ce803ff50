// OpenTSDB: POST /api/put with an array of points, and whatever else takes that.
//
// A metric is Heapster's name with "_" for "/" and the type behind it
// (cpu_usage_rate_gauge); tags are the labels and `cluster`, and resource_id,
// which Heapster never sent. What OpenTSDB does not take in names becomes "_".
//
// A server takes 8 tags a point unless it is told otherwise, and a container has
// more: tags= says how many may be written, and those that tell least go first.
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "sink/sink.h"
#include "sink/sink_batch.h"
#include "sink/sink_label.h"
#include "sink/sink_uri.h"

#define TAGS_BYTES_MAX 8192
#define TAGS_DEFAULT 8

struct opentsdb {
    struct text cluster;
    struct text path;
    uint64_t tags_limit;
    int64_t seconds;
    size_t tags_size;
    char tags[TAGS_BYTES_MAX];  // of the present set: "KEY":"VALUE",...
};

static int
configure(struct sink *sink, struct out *why)
{
    static const char *const options[] = {"cluster", "tags", NULL};
    static const char put[] = "/api/put?summary";
    struct opentsdb *state = sink->state;
    struct text base = sink_uri_base(&sink->uri);
    state->cluster = TEXT("k8s-cluster");
    state->tags_limit = TAGS_DEFAULT;
    sink_option(sink, "cluster", &state->cluster);
    int error = sink_options_known(sink, options, why);
    if (error == 0) {
        error = sink_option_count(sink, "tags", 1, 64, &state->tags_limit, why);
    }
    char *room = workspace_take(sink->space, base.size + sizeof put);
    if (error == 0 && room == NULL) {
        out_string(why, "the path is too long");
        return -ERR_BAD_CONFIG;
    }
    struct out path = out_of(room, room == NULL ? 0 : base.size + sizeof put);
    out_text(&path, base);
    out_string(&path, put);
    state->path = out_view(&path);
    return error;
}

// Letters, digits and "-_./"; of other letters in UTF-8 servers differ in what
// they take.
static void
write_legal(struct out *out, struct text text, bool slash)
{
    for (size_t at = 0; at < text.size;) {
        char byte = text.at[at];
        bool legal = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                     (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.' ||
                     (byte == '/' && slash);
        size_t length = text_utf8_length(text, at);
        out_byte(out, legal ? byte : '_');
        at += length == 0 ? 1 : length;
    }
}

static void
write_tag(struct out *out, struct text key, struct text value)
{
    out_byte(out, '"');
    write_legal(out, key, true);
    out_string(out, "\":\"");
    write_legal(out, value, true);
    out_byte(out, '"');
}

static void
drop_least(struct sink_labels *labels, uint64_t limit)
{
    static const char *const order[] = {
        "host_id", "pod_id", "namespace_id", "labels", "hostname", "container_base_image",
    };
    for (size_t i = 0; i < ARRAY_COUNT(order) && labels->count > limit; i++) {
        sink_labels_drop(labels, text_of(order[i]));
    }
}

static void
prepare(struct sink *sink, const struct metric_set *set)
{
    struct opentsdb *state = sink->state;
    struct sink_labels labels;
    struct out tags = out_of(state->tags, sizeof state->tags);
    sink_labels_collect(&labels, sink, set);
    sink_labels_put(&labels, TEXT("cluster"), state->cluster);
    // One is left for resource_id, so that all points of a set have the same.
    drop_least(&labels, state->tags_limit - 1);
    for (unsigned i = 0; i < labels.count; i++) {
        size_t before = tags.used;
        out_string(&tags, i == 0 ? "" : ",");
        write_tag(&tags, labels.label[i].key, labels.label[i].value);
        if (tags.full) {
            tags.used = before;
            break;
        }
    }
    state->tags_size = tags.used;
    state->seconds = set->time.ms / MS_PER_S;
}

static bool
write_point(void *context, struct out *out, const struct set_point *point,
            const struct sink_number *number)
{
    const struct opentsdb *state = context;
    bool cumulative =
        point->metric < METRIC_COUNT && metric_info(point->metric)->type == METRIC_CUMULATIVE;
    out_string(out, out->used == 0 ? "[{\"metric\":\"" : ",{\"metric\":\"");
    write_legal(out, point->name, false);
    out_string(out, cumulative ? "_cumulative" : "_gauge");
    out_string(out, "\",\"timestamp\":");
    out_i64(out, state->seconds);
    out_string(out, ",\"value\":");
    sink_number_write(out, number);
    out_string(out, ",\"tags\":{");
    out_bytes(out, state->tags, state->tags_size);
    if (point->resource_id.size != 0) {
        out_string(out, state->tags_size == 0 ? "" : ",");
        write_tag(out, TEXT("resource_id"), point->resource_id);
    }
    out_string(out, "}}");
    return true;
}

static bool
add(struct sink *sink, struct sink_batch *batch, const struct metric_set *set, unsigned *at)
{
    prepare(sink, set);
    return sink_batch_add(sink, batch, set, at, 1, write_point, sink->state);
}

static int
finish(struct sink *sink, struct sink_batch *batch, struct sink_request *request)
{
    const struct opentsdb *state = sink->state;
    out_string(&batch->body, batch->body.used == 0 ? "[]" : "]");
    *request = (struct sink_request){
        .method = TEXT("POST"),
        .path = state->path,
        .content_type = TEXT("application/json"),
        .body = out_view(&batch->body),
        .gzip = sink->gzip,
    };
    return batch->body.full ? -ERR_TOO_LARGE : 0;
}

// The number behind "failed": of a summary; false when there is none.
static bool
read_failed(struct text body, uint64_t *failed)
{
    const char *found = body.size == 0 ? NULL : memmem(body.at, body.size, "\"failed\":", 9);
    if (found == NULL) {
        return false;
    }
    struct text rest = text_trim(text_sub(body, (size_t)(found - body.at) + 9, 12));
    size_t digits = 0;
    while (digits < rest.size && rest.at[digits] >= '0' && rest.at[digits] <= '9') {
        digits++;
    }
    return text_to_u64(text_sub(rest, 0, digits), failed) == 0 && *failed <= UINT32_MAX;
}

static enum sink_verdict
judge(struct sink *sink, const struct sink_answer *answer, size_t *used, struct sink_result *result)
{
    static const char chunked[] = "Chunked request not supported";
    uint64_t failed = 0;
    (void)sink;
    *used = answer->body.size;
    enum sink_verdict verdict = sink_judge_status(answer, result);
    if (verdict != SINK_REFUSED) {
        return verdict;
    }
    if (answer->body.size != 0 &&
        memmem(answer->body.at, answer->body.size, chunked, sizeof chunked - 1) != NULL) {
        struct out why = out_of(result->why, sizeof result->why);
        out_string(&why, "the server wants tsd.http.request.enable_chunked = true for bodies of "
                         "this size");
        out_c_string(&why);
        return SINK_RETRY;
    }
    if (answer->status == 400 && read_failed(answer->body, &failed)) {
        result->refused = (uint32_t)failed;
        return SINK_TAKEN;
    }
    return verdict;
}

const struct sink_kind sink_opentsdb = {
    .name = "opentsdb",
    .transport = SINK_HTTP,
    .default_port = 4242,
    .default_host = "127.0.0.1",
    .state_bytes = sizeof(struct opentsdb),
    .batch_bytes = 256 * 1024,
    .batch_points = 1000,
    .configure = configure,
    .add = add,
    .finish = finish,
    .judge = judge,
};
