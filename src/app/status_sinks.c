#include "app/status_sinks.h"

#include "api/appliance_sinks.h"
#include "base/calendar.h"
#include "sink/sink_status.h"

static unsigned
read_statuses(const struct tool *tool, struct sink_statuses *statuses)
{
    char buffer[512];
    struct out out = out_of(buffer, sizeof buffer);
    const char *path = config_path(tool->config, CONFIG_RUN_DIR, SINK_STATUS_FILE, &out);
    bool good = path != NULL && sink_statuses_read(tool->platform, path, statuses) == 0;
    return good ? statuses->count : 0;
}

static void
write_number(struct out *out, const char *before, uint64_t number, const char *behind)
{
    out_format(out, "%s%llu %s", before, (unsigned long long)number, behind);
}

// What it has: the first line of a sink.
static void
write_progress(struct out *out, const struct sink_status *sink, struct wall_ms now)
{
    out_format(out, "  %s\n    %s, ", sink->name, sink_state_name(sink->state));
    write_number(out, "", sink->points_total, sink->events != 0 ? "events" : "points");
    if (sink->events == 0) {
        write_number(out, " in ", sink->cycles_total, "cycles");
    }
    if (sink->success_ms != 0) {
        out_string(out, ", last taken ");
        calendar_write_age(out, now.ms - sink->success_ms);
        out_string(out, " ago");
    }
    if (sink->backlog_cycles > (sink->events != 0 ? 0 : 1)) {
        write_number(out, "\n    ", sink->backlog_cycles,
                     sink->events != 0 ? "events to send, the oldest " : "cycles to send, the oldest ");
        calendar_write_age(out, sink->lag_ms);
        out_string(out, " old");
    }
    out_byte(out, '\n');
}

// " (timeout 3, http_5xx 1)"
static void
write_reasons(struct out *out, const uint64_t totals[ERR_COUNT])
{
    const char *before = " (";
    for (unsigned i = 0; i < ERR_COUNT; i++) {
        if (totals[i] != 0) {
            out_format(out, "%s%s %llu", before, error_name((int)i),
                       (unsigned long long)totals[i]);
            before = ", ";
        }
    }
    out_string(out, before[0] == ',' ? ")" : "");
}

static void
write_sink(struct out *out, const struct sink_status *sink, struct wall_ms now)
{
    uint64_t refused = sink_status_refused(sink);
    uint64_t retried = sink_status_retried(sink);
    write_progress(out, sink, now);
    if (refused + retried + sink->missed_total + sink->unread_total > 0) {
        write_number(out, "    refused ", refused, sink->events != 0 ? "events" : "points");
        write_reasons(out, sink->refused_total);
        write_number(out, ", retried ", retried, "requests");
        write_reasons(out, sink->retried_total);
        write_number(out, ", missed ", sink->missed_total, sink->events != 0 ? "events" : "cycles");
        if (sink->unread_total > 0) {
            write_number(out, ", could not read the history ", sink->unread_total, "times");
        }
        out_byte(out, '\n');
    }
    if (sink->error_ms != 0) {
        out_string(out, "    last error ");
        calendar_write_age(out, now.ms - sink->error_ms);
        out_format(out, " ago: %s: %s\n", error_name(sink->last_error), sink->why);
    }
    if (sink->cursor_error != 0) {
        out_format(out, "    what it has is not kept: %s\n", error_sentence(sink->cursor_error));
    }
}

void
status_sinks_write(const struct tool *tool, struct wall_ms now)
{
    static struct sink_statuses statuses;
    unsigned count = read_statuses(tool, &statuses);
    if (count > 0) {
        out_string(tool->out, "\nsinks\n");
    }
    for (unsigned i = 0; i < count; i++) {
        write_sink(tool->out, &statuses.sink[i], now);
    }
}

static void
write_u64(struct json *json, const char *key, uint64_t value)
{
    json_key(json, key);
    json_u64(json, value);
}

static void
write_json_sink(struct json *json, const struct sink_status *sink)
{
    json_object(json);
    appliance_sink_progress(json, sink);
    write_u64(json, "lastSuccessMs", (uint64_t)sink->success_ms);
    write_u64(json, "lastErrorMs", (uint64_t)sink->error_ms);
    json_key(json, "lastError");
    json_string(json, sink->error_ms == 0 ? "" : sink->why);
    appliance_sink_reasons(json, "retriedFor", sink->retried_total);
    appliance_sink_reasons(json, "refused", sink->refused_total);
    json_object_end(json);
}

void
status_sinks_json(struct json *json, const struct tool *tool)
{
    static struct sink_statuses statuses;
    unsigned count = read_statuses(tool, &statuses);
    json_array(json);
    for (unsigned i = 0; i < count; i++) {
        write_json_sink(json, &statuses.sink[i]);
    }
    json_array_end(json);
}
