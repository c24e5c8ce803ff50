// InfluxDB: line protocol, with Heapster's names of measurements and tags.
//
// 1.x: POST /write?db=DB&rp=POLICY, after CREATE DATABASE. With bucket=: the API
// of 2.x and 3.x, POST /api/v2/write; there the bucket must exist. A line is
//   MEASUREMENT,TAG=VALUE,... FIELD=NUMBER TIME_NS
// with the tags sorted. Line ends and other control bytes, which lines cannot say
// in names, become "_", and so does a backslash at the end of a value.
#include <string.h>

#include "base/error.h"
#include "sink/influxdb_state.h"
#include "sink/sink_batch.h"
#include "sink/sink_label.h"
#include "sink/sink_uri.h"

#define PATH_BYTES_MAX 1024
#define RETENTION_BYTES_MAX 32

static bool
is_retention(struct text text)
{
    static const char *const units[] = {"ns", "u", "ms", "s", "m", "h", "d", "w"};
    bool good = text.size != 0 && text.size <= RETENTION_BYTES_MAX;
    while (good && text.size != 0) {
        size_t digits = 0;
        size_t letters = 0;
        while (digits < text.size && text.at[digits] >= '0' && text.at[digits] <= '9') {
            digits++;
        }
        struct text rest = text_sub(text, digits, SIZE_MAX);
        while (letters < rest.size && rest.at[letters] >= 'a' && rest.at[letters] <= 'z') {
            letters++;
        }
        good = false;
        for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
            good |= text_equal(text_sub(rest, 0, letters), text_of(units[i]));
        }
        good = good && digits != 0;
        text = text_sub(rest, letters, SIZE_MAX);
    }
    return good;
}

static int
read_retention(struct sink *sink, struct influxdb *state, struct out *why)
{
    struct text given;
    if (!sink_option(sink, "retention", &given)) {
        return 0;
    }
    if (text_equal(given, TEXT("0"))) {
        // Heapster's default, which never had an effect.
        return 0;
    }
    if (text_equal(given, TEXT("INF")) || text_equal(given, TEXT("inf"))) {
        state->retention = TEXT("INF");
        return 0;
    }
    if (!is_retention(given)) {
        out_string(why, "retention must be a duration such as 30d or 720h, or 0 for the server's");
        return -ERR_BAD_CONFIG;
    }
    state->retention = given;
    return 0;
}

static int
read_flags(struct sink *sink, struct influxdb *state, struct out *why)
{
    uint64_t requests = 1;
    bool secure = sink->tls;
    int error = sink_option_bool(sink, "withfields", &state->with_fields, why);
    if (error == 0) {
        error = sink_option_bool(sink, "disable_counter_metrics", &state->no_counters, why);
    }
    if (error == 0) {
        error = sink_option_bool(sink, "secure", &secure, why);
    }
    if (error == 0) {
        // One request at a time is faster than Heapster's many; the option is kept
        // for its users' sake.
        error = sink_option_count(sink, "concurrency", 1, 1000, &requests, why);
    }
    sink->tls = secure;
    return error;
}

static void
write_parameter(struct out *out, const char *name, struct text value)
{
    out_string(out, name);
    uri_escape(out, value);
}

static int
make_path(struct sink *sink, struct influxdb *state, struct out *why)
{
    struct text bucket = {0};
    struct text org = {0};
    char *room = workspace_take(sink->space, PATH_BYTES_MAX);
    struct out path = out_of(room, room == NULL ? 0 : PATH_BYTES_MAX);
    out_text(&path, sink_uri_base(&sink->uri));
    state->api_2 = sink_option(sink, "bucket", &bucket);
    sink_option(sink, "org", &org);
    if (state->api_2 && bucket.size == 0) {
        out_string(why, "bucket must not be empty");
        return -ERR_BAD_CONFIG;
    }
    if (state->api_2) {
        out_string(&path, "/api/v2/write?precision=ns");
        write_parameter(&path, org.size != 0 ? "&org=" : "", org);
        write_parameter(&path, "&bucket=", bucket);
    } else {
        write_parameter(&path, "/write?db=", state->database);
        write_parameter(&path, state->policy.size != 0 ? "&rp=" : "", state->policy);
    }
    if (path.full) {
        out_string(why, "path, database, policy, org and bucket are too long together");
        return -ERR_BAD_CONFIG;
    }
    state->path = out_view(&path);
    return 0;
}

static int
make_authorization(struct sink *sink, struct influxdb *state, struct out *why)
{
    if (sink->token.size == 0) {
        if (sink->user.size == 0 && !state->api_2) {
            sink->user = TEXT("root");
            sink->password = sink->password.size == 0 ? TEXT("root") : sink->password;
        }
        return 0;
    }
    size_t size = sink->token.size + 32;
    char *room = workspace_take(sink->space, size);
    if (room == NULL) {
        out_string(why, "the token is too long");
        return -ERR_BAD_CONFIG;
    }
    struct out header = out_of(room, size);
    out_string(&header, "Authorization: Token ");
    out_text(&header, sink->token);
    state->authorization = out_view(&header);
    return 0;
}

static int
configure(struct sink *sink, struct out *why)
{
    static const char *const options[] = {
        "db",     "retention", "secure", "withfields",  "cluster_name", "disable_counter_metrics",
        "bucket", "org",       "rp",     "concurrency", NULL,
    };
    struct influxdb *state = sink->state;
    state->database = TEXT("k8s");
    state->policy = TEXT("default");
    state->cluster_name = TEXT("default");
    sink_option(sink, "db", &state->database);
    sink_option(sink, "rp", &state->policy);
    sink_option(sink, "cluster_name", &state->cluster_name);
    int error = sink_options_known(sink, options, why);
    if (error == 0 && state->database.size == 0) {
        out_string(why, "db must not be empty");
        return -ERR_BAD_CONFIG;
    }
    if (error == 0) {
        error = read_flags(sink, state, why);
    }
    if (error == 0) {
        error = read_retention(sink, state, why);
    }
    if (error == 0) {
        error = make_path(sink, state, why);
    }
    return error != 0 ? error : make_authorization(sink, state, why);
}

static void
write_escaped(struct out *out, struct text text)
{
    for (size_t at = 0; at < text.size;) {
        char byte = text.at[at];
        size_t length = text_utf8_length(text, at);
        bool control = (unsigned char)byte < ' ' || byte == 0x7f;
        if (length == 0 || control || (byte == '\\' && at + 1 == text.size)) {
            out_byte(out, '_');
            at++;
            continue;
        }
        if (byte == ',' || byte == '=' || byte == ' ') {
            out_byte(out, '\\');
        }
        out_text(out, text_sub(text, at, length));
        at += length;
    }
}

void
influxdb_write_tag(struct out *out, struct text key, struct text value)
{
    out_byte(out, ',');
    write_escaped(out, key);
    out_byte(out, '=');
    write_escaped(out, value);
}

// Tags of ids would make a series for each pod's every life; Heapster leaves
// them out, and the host names with them.
static void
drop_ids(struct sink_labels *labels)
{
    sink_labels_drop(labels, TEXT("pod_id"));
    sink_labels_drop(labels, TEXT("namespace_id"));
    sink_labels_drop(labels, TEXT("hostname"));
    sink_labels_drop(labels, TEXT("host_id"));
}

static void
prepare(struct sink *sink, const struct metric_set *set)
{
    struct influxdb *state = sink->state;
    struct sink_labels labels;
    struct out tags = out_of(state->tags, sizeof state->tags);
    struct out time = out_of(state->time, sizeof state->time);
    sink_labels_collect(&labels, sink, set);
    drop_ids(&labels);
    sink_labels_put(&labels, TEXT("cluster_name"), state->cluster_name);
    state->before_resource = 0;
    for (unsigned i = 0; i < labels.count; i++) {
        influxdb_write_tag(&tags, labels.label[i].key, labels.label[i].value);
        if (text_compare(labels.label[i].key, TEXT("resource_id")) < 0) {
            state->before_resource = tags.used;
        }
    }
    state->gave_up = tags.full;
    state->tags_used = tags.used;
    out_byte(&time, ' ');
    out_i64(&time, set->time.ms);
    out_string(&time, "000000\n");
    state->time_size = time.used;
}

static void
write_name(struct out *out, struct text name, bool with_fields, struct text *field)
{
    struct text measurement = name;
    struct text rest = {0};
    if (with_fields) {
        text_cut(name, '/', &measurement, &rest);
    }
    *field = rest.size != 0 ? rest : TEXT("value");
    if (text_starts(measurement, TEXT("#"))) {
        out_byte(out, '_');
        measurement = text_sub(measurement, 1, SIZE_MAX);
    }
    write_escaped(out, measurement);
}

static bool
write_point(void *context, struct out *out, const struct set_point *point,
            const struct sink_number *number)
{
    const struct influxdb *state = context;
    struct text field;
    if ((state->no_counters && sink_is_counter_with_rate(point->metric)) || point->name.size == 0) {
        return false;
    }
    write_name(out, point->name, state->with_fields, &field);
    out_bytes(out, state->tags, state->before_resource);
    if (point->resource_id.size != 0) {
        influxdb_write_tag(out, TEXT("resource_id"), point->resource_id);
    }
    out_bytes(out, state->tags + state->before_resource, state->tags_used - state->before_resource);
    out_byte(out, ' ');
    write_escaped(out, field);
    out_byte(out, '=');
    sink_number_write(out, number);
    if (number->is_integer) {
        out_byte(out, 'i');
    }
    out_bytes(out, state->time, state->time_size);
    return true;
}

static bool
add(struct sink *sink, struct sink_batch *batch, const struct metric_set *set, unsigned *at)
{
    struct influxdb *state = sink->state;
    prepare(sink, set);
    if (state->gave_up) {
        struct set_point point;
        while (metric_set_next(set, at, &point)) {
            sink->skipped_total++;
        }
        return true;
    }
    return sink_batch_add(sink, batch, set, at, 0, write_point, state);
}

static int
finish(struct sink *sink, struct sink_batch *batch, struct sink_request *request)
{
    const struct influxdb *state = sink->state;
    *request = (struct sink_request){
        .method = TEXT("POST"),
        .path = state->path,
        .content_type = TEXT("text/plain; charset=utf-8"),
        .body = out_view(&batch->body),
        .gzip = sink->gzip,
    };
    if (state->authorization.size != 0) {
        request->header[request->header_count++] = state->authorization;
    }
    return 0;
}

// The number at the start, 0 if there is none; at most 9 digits.
static uint32_t
leading_number(struct text text)
{
    uint32_t number = 0;
    for (size_t i = 0; i < text.size && i < 9 && text.at[i] >= '0' && text.at[i] <= '9'; i++) {
        number = number * 10 + (uint32_t)(text.at[i] - '0');
    }
    return number;
}

// 1.x and 2.x tell a number of points; lines that they cannot read, and all that
// 3.x does not take, are named one by one.
static uint32_t
count_refused(struct text body)
{
    static const struct text dropped = {"dropped=", 8};
    static const struct text each[] = {{"unable to parse '", 17}, {"\"line_number\"", 13}};
    uint32_t told = 0;
    uint32_t named = 0;
    for (size_t at = 0; at < body.size; at++) {
        struct text rest = text_sub(body, at, SIZE_MAX);
        if (text_starts(rest, dropped)) {
            told = leading_number(text_sub(rest, dropped.size, SIZE_MAX));
        }
        named += text_starts(rest, each[0]) || text_starts(rest, each[1]) ? 1 : 0;
    }
    return told + named;
}

static enum sink_verdict
judge(struct sink *sink, const struct sink_answer *answer, size_t *used, struct sink_result *result)
{
    (void)sink;
    *used = answer->body.size;
    enum sink_verdict verdict = sink_judge_status(answer, result);
    if (verdict == SINK_TAKEN) {
        return verdict;
    }
    if (influxdb_says(answer, "database not found") || influxdb_says(answer, "retention policy not found")) {
        return SINK_SETUP;
    }
    bool some = influxdb_says(answer, "partial write") || influxdb_says(answer, "\"line_number\"");
    if (some && (answer->status == 400 || answer->status == 422)) {
        result->refused = count_refused(answer->body);
        return SINK_TAKEN;
    }
    return verdict;
}

const struct sink_kind sink_influxdb = {
    .name = "influxdb",
    .transport = SINK_HTTP,
    .default_port = 8086,
    .default_host = "localhost",
    .state_bytes = sizeof(struct influxdb),
    .batch_bytes = 256 * 1024,
    .batch_points = 10000,
    .configure = configure,
    .setup = influxdb_setup,
    .setup_judge = influxdb_setup_judge,
    .add = add,
    .add_event = influxdb_add_event,
    .finish = finish,
    .judge = judge,
};
