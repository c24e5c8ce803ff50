#include "api/appliance_sinks.h"

#include "base/calendar.h"

static void
key_u64(struct json *json, const char *key, uint64_t value)
{
    json_key(json, key);
    json_u64(json, value);
}

static void
key_time(struct json *json, const char *key, int64_t ms)
{
    char room[40];
    struct out text = out_of(room, sizeof room);
    json_key(json, key);
    if (ms == 0) {
        json_null(json);
        return;
    }
    calendar_write(&text, (struct wall_ms){ms});
    json_text(json, out_view(&text));
}

void
appliance_sink_reasons(struct json *json, const char *key, const uint64_t totals[ERR_COUNT])
{
    json_key(json, key);
    json_object(json);
    for (unsigned i = 0; i < ERR_COUNT; i++) {
        if (totals[i] != 0) {
            key_u64(json, error_name((int)i), totals[i]);
        }
    }
    json_object_end(json);
}

void
appliance_sink_progress(struct json *json, const struct sink_status *sink)
{
    bool events = sink->events != 0;
    json_key(json, "name");
    json_string(json, sink->name);
    json_key(json, "takes");
    json_string(json, events ? "events" : "metrics");
    json_key(json, "state");
    json_string(json, sink_state_name(sink->state));
    key_u64(json, "lagMs", (uint64_t)sink->lag_ms);
    key_u64(json, events ? "backlogEvents" : "backlogCycles", sink->backlog_cycles);
    key_u64(json, "points", sink->points_total);
    if (!events) {
        key_u64(json, "cycles", sink->cycles_total);
    }
    key_u64(json, "bytes", sink->bytes_total);
    key_u64(json, "retried", sink_status_retried(sink));
    key_u64(json, "skipped", sink->skipped_total);
    key_u64(json, events ? "missedEvents" : "missedCycles", sink->missed_total);
    if (!events) {
        key_u64(json, "historyErrors", sink->unread_total);
    }
}

static void
write_sink(struct json *json, const struct sink_status *sink)
{
    json_object(json);
    appliance_sink_progress(json, sink);
    key_time(json, "lastSuccess", sink->success_ms);
    key_time(json, "lastFailure", sink->error_ms);
    json_key(json, "error");
    json_string(json, error_name(sink->error_ms == 0 ? ERR_OK : sink->last_error));
    json_key(json, "lastError");
    json_string(json, sink->error_ms == 0 ? "" : sink->why);
    appliance_sink_reasons(json, "retriedFor", sink->retried_total);
    appliance_sink_reasons(json, "refused", sink->refused_total);
    json_object_end(json);
}

enum step
sinks_member(struct exchange *exchange, struct out *out, sink_writer *write)
{
    const struct sink_statuses *sinks = exchange->api->sinks;
    struct cursor *cursor = &exchange->cursor;
    struct json json = json_of(out);
    out_string(out, cursor->inner == 0 ? ",\"sinks\":[" : "");
    if (sinks == NULL || cursor->inner >= sinks->count) {
        out_byte(out, ']');
        return STEP_DONE;
    }
    out_string(out, cursor->inner == 0 ? "" : ",");
    write(&json, &sinks->sink[cursor->inner++]);
    return STEP_MORE;
}

enum step
appliance_sinks(struct exchange *exchange, struct out *out)
{
    return sinks_member(exchange, out, write_sink);
}
