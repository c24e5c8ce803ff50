#include "app/status_sinks.h"

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
write_sink(struct out *out, const struct sink_status *sink, struct wall_ms now)
{
    out_format(out, "  %s\n    %s, %llu points in %llu cycles", sink->name,
               sink_state_name(sink->state), (unsigned long long)sink->points_total,
               (unsigned long long)sink->cycles_total);
    if (sink->success_ms != 0) {
        out_string(out, ", last taken ");
        calendar_write_age(out, now.ms - sink->success_ms);
        out_string(out, " ago");
    }
    if (sink->backlog_cycles > 1) {
        out_format(out, "; %u cycles to send, the oldest ", sink->backlog_cycles);
        calendar_write_age(out, sink->lag_ms);
        out_string(out, " old");
    }
    out_format(out, "; refused %llu points, retried %llu requests, missed %llu cycles",
               (unsigned long long)sink_status_refused(sink),
               (unsigned long long)sink->retried_total, (unsigned long long)sink->missed_total);
    if (sink->unread_total > 0) {
        out_format(out, "; could not read the history %llu times",
                   (unsigned long long)sink->unread_total);
    }
    if (sink->error_ms != 0) {
        out_string(out, "\n    last error ");
        calendar_write_age(out, now.ms - sink->error_ms);
        out_format(out, " ago: %s: %s", error_name(sink->last_error), sink->why);
    }
    if (sink->cursor_error != 0) {
        out_format(out, "\n    what it has is not kept: %s", error_sentence(sink->cursor_error));
    }
    out_byte(out, '\n');
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
    json_key(json, "name");
    json_string(json, sink->name);
    json_key(json, "state");
    json_string(json, sink_state_name(sink->state));
    write_u64(json, "lagMs", (uint64_t)sink->lag_ms);
    write_u64(json, "backlogCycles", sink->backlog_cycles);
    write_u64(json, "points", sink->points_total);
    write_u64(json, "cycles", sink->cycles_total);
    write_u64(json, "bytes", sink->bytes_total);
    write_u64(json, "retried", sink->retried_total);
    write_u64(json, "skipped", sink->skipped_total);
    write_u64(json, "missedCycles", sink->missed_total);
    write_u64(json, "historyErrors", sink->unread_total);
    write_u64(json, "lastSuccessMs", (uint64_t)sink->success_ms);
    write_u64(json, "lastErrorMs", (uint64_t)sink->error_ms);
    json_key(json, "lastError");
    json_string(json, sink->error_ms == 0 ? "" : sink->why);
    json_key(json, "refused");
    json_object(json);
    for (unsigned i = 0; i < ERR_COUNT; i++) {
        if (sink->refused_total[i] != 0) {
            write_u64(json, error_name((int)i), sink->refused_total[i]);
        }
    }
    json_object_end(json);
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
