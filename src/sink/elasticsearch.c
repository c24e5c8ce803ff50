// Elasticsearch and OpenSearch: POST /_bulk, an index a day.
//
// Heapster's documents: one for the cpu, memory and network values of a set
// each, one for each resource of its file systems, and one for each other value.
// They are named by a hash of what they are, so that a batch sent twice is stored
// once. Up to version 6 they have Heapster's types; from 7 on there are none. The
// version is asked for unless ver= says it, and an index template gives each new
// day's index Heapster's aliases (INDEX-cpu, INDEX-memory, ...).
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "sink/elasticsearch_state.h"
#include "sink/sink_option.h"
#include "sink/sink_uri.h"

static int
read_node(struct sink *sink, struct elasticsearch *state, struct text url, struct out *why)
{
    struct text host;
    struct text authority;
    struct text path;
    uint16_t port = sink->kind->default_port;
    bool tls = text_starts(url, TEXT("https://"));
    size_t scheme = tls ? 8 : text_starts(url, TEXT("http://")) ? 7 : 0;
    text_cut(text_sub(url, scheme, SIZE_MAX), '/', &authority, &path);
    if (uri_authority(authority, &host, &port) != 0) {
        out_string(why, "nodes must be http://HOST:PORT each");
        return -ERR_BAD_CONFIG;
    }
    if (state->node_count == ELASTICSEARCH_SERVERS_MAX) {
        out_format(why, "there are more than %d nodes", ELASTICSEARCH_SERVERS_MAX);
        return -ERR_BAD_CONFIG;
    }
    state->nodes[state->node_count].host = host;
    state->nodes[state->node_count].port = port;
    state->nodes[state->node_count++].tls = tls;
    return 0;
}

static void
use_node(struct sink *sink, struct elasticsearch *state, unsigned number)
{
    state->node = number;
    sink->host = state->nodes[number].host;
    sink->port = state->nodes[number].port;
    sink->tls = state->nodes[number].tls;
}

static int
read_nodes(struct sink *sink, struct elasticsearch *state, struct out *why)
{
    int error = 0;
    for (unsigned i = 0; error == 0 && i < sink->uri.option_count; i++) {
        if (text_equal(sink->uri.option[i].key, TEXT("nodes"))) {
            error = read_node(sink, state, sink->uri.option[i].value, why);
        }
    }
    if (error == 0 && state->node_count == 0 && sink->host.size != 0) {
        state->nodes[0].host = sink->host;
        state->nodes[0].port = sink->port;
        state->nodes[0].tls = sink->tls;
        state->node_count = 1;
    }
    if (error == 0 && state->node_count != 0) {
        use_node(sink, state, 0);
    }
    return error;
}

// Small letters, digits and `others`, at least one and at most `most` bytes.
static bool
is_made_of(struct text name, size_t most, const char *others)
{
    bool good = name.size != 0 && name.size <= most;
    for (size_t i = 0; good && i < name.size; i++) {
        char byte = name.at[i];
        good = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
               (byte != '\0' && strchr(others, byte) != NULL);
    }
    return good;
}

// What servers demand of an index's name.
static bool
is_index(struct text name)
{
    return is_made_of(name, 200, ".-_") && name.at[0] != '-' && name.at[0] != '_';
}

static int
make_bulk_path(struct sink *sink, struct elasticsearch *state, struct out *why)
{
    char *room = workspace_take(sink->space, ELASTICSEARCH_PATH_BYTES_MAX);
    struct out path = out_of(room, room == NULL ? 0 : ELASTICSEARCH_PATH_BYTES_MAX);
    out_text(&path, sink_uri_base(&sink->uri));
    // Only what went wrong is told, so that the answer stays small.
    out_string(&path, "/_bulk?filter_path=errors,error,items.*.error.type");
    if (state->pipeline.size != 0) {
        out_string(&path, "&pipeline=");
        uri_escape(&path, state->pipeline);
    }
    state->bulk_path = out_view(&path);
    if (path.full) {
        out_string(why, "path and pipeline are too long");
        return -ERR_BAD_CONFIG;
    }
    return 0;
}

// Heapster took region and keys from the environment (AWS_REGION, AWS_ACCESS_KEY_ID ...).
static int
read_aws(struct sink *sink, struct elasticsearch *state, struct out *why)
{
    struct text region;
    struct out scope = out_of(state->aws_scope, sizeof state->aws_scope);
    if (!sink_option(sink, "awsRegion", &region)) {
        return 0;
    }
    if (!is_made_of(region, ELASTICSEARCH_REGION_BYTES_MAX, "-")) {
        out_string(why, "awsRegion must be small letters, digits and dashes, such as eu-west-1");
        return -ERR_BAD_CONFIG;
    }
    if (sink->user.size == 0 || sink->password.size == 0) {
        out_string(why, "awsRegion needs an access key and its secret: add user=KEY and "
                        "passwordFile=FILE");
        return -ERR_BAD_CONFIG;
    }
    out_text(&scope, region);
    out_string(&scope, ":es");
    sink->aws_scope = out_view(&scope);
    return 0;
}

// Options that have nothing to set here, and are taken for the sake of URIs that have
// them: a mistake in one is a mistake all the same.
static int
read_unused(struct sink *sink, struct out *why)
{
    static const char *const counts[] = {"maxRetries", "startupHealthcheckTimeout", "bulkWorkers"};
    static const char *const flags[] = {"healthCheck", "sniff"};
    uint64_t count;
    bool flag;
    int error = 0;
    for (size_t i = 0; i < ARRAY_COUNT(counts) && error == 0; i++) {
        error = sink_option_count(sink, counts[i], 0, UINT32_MAX, &count, why);
    }
    for (size_t i = 0; i < ARRAY_COUNT(flags) && error == 0; i++) {
        error = sink_option_bool(sink, flags[i], &flag, why);
    }
    return error;
}

static int
configure(struct sink *sink, struct out *why)
{
    static const char *const options[] = {
        "nodes",
        "index",
        "esUserName",
        "esUserSecret",
        "ver",
        "cluster_name",
        "pipeline",
        "maxRetries",
        "healthCheck",
        "sniff",
        "startupHealthcheckTimeout",
        "bulkWorkers",
        "awsRegion",
        NULL,
    };
    struct elasticsearch *state = sink->state;
    state->index = TEXT("heapster");
    state->cluster_name = TEXT("default");
    sink_option(sink, "index", &state->index);
    sink_option(sink, "cluster_name", &state->cluster_name);
    sink_option(sink, "pipeline", &state->pipeline);
    sink_option(sink, "esUserName", &sink->user);
    sink_option(sink, "esUserSecret", &sink->password);
    int error = sink_options_known(sink, options, why);
    if (error == 0 && !is_index(state->index)) {
        out_string(why, "index must be small letters, digits, dots, dashes and underscores");
        return -ERR_BAD_CONFIG;
    }
    if (error == 0) {
        error = sink_option_count(sink, "ver", 2, 99, &state->version, why);
    }
    state->version_given = state->version != 0;
    if (error == 0) {
        error = read_unused(sink, why);
    }
    if (error == 0) {
        error = read_aws(sink, state, why);
    }
    if (error == 0) {
        error = read_nodes(sink, state, why);
    }
    return error != 0 ? error : make_bulk_path(sink, state, why);
}

uint64_t
elasticsearch_version(const struct elasticsearch *state)
{
    return state->version != 0 ? state->version : ELASTICSEARCH_VERSION_DEFAULT;
}

static void
write_alias(struct json *json, const struct elasticsearch *state, const char *type)
{
    char alias[NAME_BYTES_MAX + 16];
    struct out name = out_of(alias, sizeof alias);
    out_text(&name, state->index);
    out_byte(&name, '-');
    out_string(&name, type);
    json_key_text(json, out_view(&name));
    json_object(json);
    json_object_end(json);
}

static void
write_template(struct out *out, const struct elasticsearch *state, bool events)
{
    struct json json = json_of(out);
    out_string(out,
               elasticsearch_version(state) < 6 ? "{\"template\":\"" : "{\"index_patterns\":[\"");
    out_text(out, state->index);
    out_string(out, elasticsearch_version(state) < 6 ? "-*\",\"aliases\":" : "-*\"],\"aliases\":");
    json_object(&json);
    if (events) {
        write_alias(&json, state, ELASTICSEARCH_EVENTS);
    }
    for (unsigned i = 0; i < FAMILY_COUNT && !events; i++) {
        write_alias(&json, state, elasticsearch_family_type((enum family)i));
    }
    json_object_end(&json);
    out_byte(out, '}');
}

static bool
setup(struct sink *sink, unsigned number, struct sink_request *request)
{
    struct elasticsearch *state = sink->state;
    struct out path = out_of(state->path, sizeof state->path);
    struct out body = out_of(state->request, sizeof state->request);
    unsigned step = number + (state->version_given ? 1 : 0);
    if (step > 1) {
        return false;
    }
    out_text(&path, sink_uri_base(&sink->uri));
    *request = (struct sink_request){.method = TEXT("GET")};
    if (step == 1) {
        out_string(&path, "/_template/");
        out_text(&path, state->index);
        // Servers put templates for the same indexes together.
        out_string(&path, sink->events ? "-" ELASTICSEARCH_EVENTS : "");
        write_template(&body, state, sink->events);
        request->method = TEXT("PUT");
        request->content_type = TEXT("application/json");
    } else {
        out_byte(&path, '/');
    }
    request->path = out_view(&path);
    request->body = out_view(&body);
    return !path.full && !body.full;
}

// {"version":{"number":"7.10.2",...},...}
static uint64_t
read_version(struct text body)
{
    static const char member[] = "\"number\"";
    uint64_t version = 0;
    const char *found =
        body.size == 0 ? NULL : memmem(body.at, body.size, member, sizeof member - 1);
    if (found == NULL) {
        return 0;
    }
    struct text rest = text_sub(body, (size_t)(found - body.at) + sizeof member - 1, 16);
    size_t from = 0;
    while (from < rest.size && (rest.at[from] < '0' || rest.at[from] > '9')) {
        from++;
    }
    size_t digits = 0;
    while (from + digits < rest.size && rest.at[from + digits] >= '0' &&
           rest.at[from + digits] <= '9') {
        digits++;
    }
    return text_to_u64(text_sub(rest, from, digits), &version) == 0 ? version : 0;
}

static bool
says(struct text body, const char *words)
{
    return body.size != 0 && memmem(body.at, body.size, words, strlen(words)) != NULL;
}

static void
next_node(struct sink *sink)
{
    struct elasticsearch *state = sink->state;
    if (state->node_count != 0) {
        use_node(sink, state, (state->node + 1) % state->node_count);
    }
}

// An account that may only write has no answer to either question.
static enum sink_verdict
setup_judge(struct sink *sink, unsigned number, const struct sink_answer *answer,
            struct sink_result *result)
{
    struct elasticsearch *state = sink->state;
    enum sink_verdict verdict = sink_judge_status(answer, result);
    if (verdict == SINK_TAKEN && number == 0 && !state->version_given) {
        // OpenSearch counts anew from 1, and has no types either.
        bool opensearch = says(answer->body, "\"opensearch\"");
        state->version = opensearch ? ELASTICSEARCH_VERSION_DEFAULT : read_version(answer->body);
    }
    if (verdict == SINK_RETRY && answer->status >= 500) {
        next_node(sink);
    }
    bool passable = answer->status == 400 || (answer->status >= 403 && answer->status <= 405);
    return passable ? SINK_TAKEN : verdict;
}

static int
finish(struct sink *sink, struct sink_batch *batch, struct sink_request *request)
{
    const struct elasticsearch *state = sink->state;
    *request = (struct sink_request){
        .method = TEXT("POST"),
        .path = state->bulk_path,
        .content_type = TEXT("application/x-ndjson"),
        .body = out_view(&batch->body),
        .gzip = sink->gzip,
    };
    return 0;
}

static uint32_t
count_words(struct text body, struct text words)
{
    uint32_t count = 0;
    for (size_t at = 0; at + words.size <= body.size; at++) {
        count += text_starts(text_sub(body, at, SIZE_MAX), words) ? 1 : 0;
    }
    return count;
}

// Errors of single items that pass.
static bool
passes(struct text body)
{
    static const char *const words[] = {
        "es_rejected_execution_exception", "rejected_execution_exception",
        "unavailable_shards_exception",    "cluster_block_exception",
        "circuit_breaking_exception",      "process_cluster_event_timeout_exception",
    };
    for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
        if (says(body, words[i])) {
            return true;
        }
    }
    return false;
}

static enum sink_verdict
judge(struct sink *sink, const struct sink_answer *answer, size_t *used, struct sink_result *result)
{
    *used = answer->body.size;
    enum sink_verdict verdict = sink_judge_status(answer, result);
    if (verdict == SINK_RETRY && answer->status >= 500) {
        next_node(sink);
    }
    if (verdict != SINK_TAKEN || !says(answer->body, "\"errors\":true")) {
        return verdict;
    }
    result->error = ERR_HTTP_4XX;
    sink_result_quote(result, answer->body);
    if (passes(answer->body)) {
        return SINK_RETRY;
    }
    result->refused = count_words(answer->body, TEXT("\"error\":"));
    return SINK_TAKEN;
}

const struct sink_kind sink_elasticsearch = {
    .name = "elasticsearch",
    .transport = SINK_HTTP,
    .default_port = 9200,
    .default_host = "",
    .state_bytes = sizeof(struct elasticsearch),
    .batch_bytes = 256 * 1024,
    .batch_points = 10000,
    .configure = configure,
    .setup = setup,
    .setup_judge = setup_judge,
    .add = elasticsearch_add,
    .add_event = elasticsearch_add_event,
    .finish = finish,
    .judge = judge,
    .unanswered = next_node,
};
