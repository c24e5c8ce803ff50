#include "app/status_json.h"

#include "app/status_sinks.h"
#include "base/json.h"
#include "history/history_status.h"

// null: it has none, or has not told yet.
static void
write_json_heap(struct json *json, const struct notify_heap *heap)
{
    json_key(json, "heap");
    if (heap->limit == 0) {
        json_null(json);
        return;
    }
    json_object(json);
    json_key(json, "now");
    json_u64(json, heap->now);
    json_key(json, "peak");
    json_u64(json, heap->peak);
    json_key(json, "limit");
    json_u64(json, heap->limit);
    json_key(json, "failures");
    json_u64(json, heap->failures_total);
    json_object_end(json);
}

static void
write_json_role(struct json *json, const struct role_status *role)
{
    char buffer[LIFE_REFUSAL_BYTES];
    struct out reason = out_of(buffer, sizeof buffer);
    json_object(json);
    json_key(json, "role");
    json_string(json, role->name);
    json_key(json, "state");
    json_string(json, role_state_name(role->state));
    json_key(json, "pid");
    json_u64(json, role->pid);
    json_key(json, "changedMs");
    json_i64(json, role->changed_ms);
    json_key(json, "readyMs");
    json_i64(json, role->ready_ms);
    json_key(json, "heartbeatAgeMs");
    json_i64(json, role->heartbeat_age_ms);
    json_key(json, "starts");
    json_u64(json, role->start_total);
    json_key(json, "deaths");
    json_u64(json, role->death_total);
    json_key(json, "hangs");
    json_u64(json, role->hang_total);
    json_key(json, "setAside");
    json_u64(json, role->set_aside_total);
    json_key(json, "deathsLastMinute");
    json_u64(json, role->deaths_last_minute);
    write_json_heap(json, &role->heap);
    if (role->last_death.time_ms != 0) {
        role_status_write_reason(&reason, role);
        json_key(json, "lastDeathMs");
        json_i64(json, role->last_death.time_ms);
        json_key(json, "lastCause");
        json_string(json, death_cause_name(role->last_death.cause));
        json_key(json, "lastReason");
        json_text(json, out_view(&reason));
    }
    json_object_end(json);
}

static void
write_json_history(struct json *json, const struct tool *tool)
{
    char buffer[512];
    struct history_status status;
    struct out name = out_of(buffer, sizeof buffer);
    const char *path = config_path(tool->config, CONFIG_RUN_DIR, HISTORY_STATUS_FILE, &name);
    if (path == NULL || history_status_read(tool->platform, path, &status) != 0) {
        json_null(json);
        return;
    }
    const struct {
        const char *key;
        uint64_t value;
    } rows[] = {
        {"bytes", status.use.bytes},
        {"limit", status.use.bytes_limit},
        {"samples", status.use.samples_total},
        {"sampleBytes", status.use.sample_bytes_total},
        {"cycles", status.cycles_total},
        {"cyclesLost", status.cycles_lost_total},
        {"cyclesRefused", status.use.cycles_refused_total},
        {"cyclesForgotten", status.use.cycles_forgotten_total},
        {"badBlocks", status.use.bad_blocks_total},
        {"setAside", status.use.set_aside_total},
        {"lastCycle", status.last_cycle_s},
    };
    json_object(json);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        json_key(json, rows[i].key);
        json_u64(json, rows[i].value);
    }
    json_key(json, "lastError");
    json_string(json, status.last_error == 0 ? "" : status.last_sentence);
    json_object_end(json);
}

void
status_json_write(const struct tool *tool, const struct roles *roles)
{
    struct out *out = tool->out;
    struct json json = json_of(out);
    json_object(&json);
    json_key(&json, "writtenMs");
    json_i64(&json, roles->written_ms);
    json_key(&json, "outOfMemoryKills");
    json_u64(&json, roles->out_of_memory_total);
    json_key(&json, "roles");
    json_array(&json);
    for (unsigned i = 0; i < roles->role_count; i++) {
        if (roles->role[i].state != ROLE_ABSENT) {
            write_json_role(&json, &roles->role[i]);
        }
    }
    json_array_end(&json);
    json_key(&json, "history");
    write_json_history(&json, tool);
    json_key(&json, "sinks");
    status_sinks_json(&json, tool);
    json_object_end(&json);
    out_byte(out, '\n');
}
