// Makes the database and its retention policy on each new connection to a 1.x server.
#include <string.h>

#include "sink/influxdb_state.h"
#include "sink/sink_uri.h"

// InfluxQL: a name in double quotes.
static void
write_identifier(struct out *out, struct text name)
{
    out_byte(out, '"');
    for (size_t i = 0; i < name.size; i++) {
        if (name.at[i] == '"' || name.at[i] == '\\') {
            out_byte(out, '\\');
        }
        out_byte(out, name.at[i]);
    }
    out_byte(out, '"');
}

static void
write_statement(struct out *out, const struct influxdb *state, unsigned number)
{
    bool named = state->policy.size != 0;
    if (number == 0) {
        out_string(out, "CREATE DATABASE ");
        write_identifier(out, state->database);
        if (named) {
            out_string(out, " WITH NAME ");
            write_identifier(out, state->policy);
        }
        return;
    }
    // The database may have been there without the policy, or the policy with
    // another duration.
    out_string(out, number == 1 ? "CREATE RETENTION POLICY " : "ALTER RETENTION POLICY ");
    write_identifier(out, state->policy);
    out_string(out, " ON ");
    write_identifier(out, state->database);
    out_string(out, " DURATION ");
    out_text(out, state->retention.size != 0 ? state->retention : TEXT("INF"));
    out_string(out, number == 1 ? " REPLICATION 1" : "");
}

bool
influxdb_setup(struct sink *sink, unsigned number, struct sink_request *request)
{
    struct influxdb *state = sink->state;
    unsigned count = state->policy.size == 0 ? 1 : state->retention.size == 0 ? 2 : 3;
    char statement[INFLUXDB_QUERY_BYTES_MAX / 4];
    if (state->api_2 || number >= count) {
        return false;
    }
    struct out query = out_of(statement, sizeof statement);
    write_statement(&query, state, number);
    // The room of the tags is free between sets.
    struct out path = out_of(state->tags, sizeof state->tags);
    out_text(&path, sink_uri_base(&sink->uri));
    out_string(&path, "/query");
    struct out body = out_of(state->query, sizeof state->query);
    out_string(&body, "q=");
    uri_escape(&body, out_view(&query));
    if (query.full || body.full || path.full) {
        return false;
    }
    *request = (struct sink_request){
        .method = TEXT("POST"),
        .path = out_view(&path),
        .content_type = TEXT("application/x-www-form-urlencoded"),
        .body = out_view(&body),
    };
    if (state->authorization.size != 0) {
        request->header[request->header_count++] = state->authorization;
    }
    return true;
}

bool
influxdb_says(const struct sink_answer *answer, const char *words)
{
    return answer->body.size != 0 &&
           memmem(answer->body.at, answer->body.size, words, strlen(words)) != NULL;
}

// An account that may only write, a policy that is there already, a server that
// has no /query: whether the database can be written is seen by writing.
enum sink_verdict
influxdb_setup_judge(struct sink *sink, unsigned number, const struct sink_answer *answer,
                     struct sink_result *result)
{
    (void)sink;
    (void)number;
    enum sink_verdict verdict = sink_judge_status(answer, result);
    bool passable = answer->status == 400 || (answer->status >= 403 && answer->status <= 405);
    if (verdict == SINK_TAKEN && influxdb_says(answer, "\"error\"")) {
        sink_result_quote(result, answer->body);
    }
    return passable ? SINK_TAKEN : verdict;
}
