// status_tool(): how the roles are doing, who died when and why, and what the
// live table holds. Reads what the guard and collect wrote; asks nobody.
#include <string.h>

#include "app/role.h"
#include "app/roles.h"
#include "app/status_sinks.h"
#include "app/tool.h"
#include "base/calendar.h"
#include "base/json.h"
#include "history/history_status.h"
#include "platform/block.h"
#include "table/reader.h"

// Without a guard for so long, what it wrote says nothing about now.
#define STALE_MS (10 * 1000)

static void
write_role(struct out *out, const struct role_status *role, struct wall_ms now)
{
    char buffer[32];
    struct out age = out_of(buffer, sizeof buffer);
    calendar_write_age(&age, now.ms - role->changed_ms);
    out_format(out, "%-10s %-9s %8u  %-8s %7llu %7llu %7llu  ", role->name,
               role_state_name(role->state), role->pid, out_c_string(&age),
               (unsigned long long)role->death_total, (unsigned long long)role->hang_total,
               (unsigned long long)role->set_aside_total);
    if (role->state == ROLE_WAITING) {
        out_string(out, "begins in ");
        calendar_write_age(out, role->wait_until_ms - now.ms);
    } else if (role->last_death.time_ms != 0) {
        role_death_write(out, &role->last_death);
        out_string(out, ", ");
        calendar_write_age(out, now.ms - role->last_death.time_ms);
        out_string(out, " ago");
    }
    out_byte(out, '\n');
}

static void
write_deaths(struct out *out, const struct roles *roles)
{
    out_string(out, "\ndeaths, newest last\n");
    for (unsigned i = 0; i < roles->death_count; i++) {
        const struct role_death *death = &roles->death[i];
        struct wall_ms time = {death->time_ms};
        out_string(out, "  ");
        calendar_write(out, time);
        out_format(out, "  %-10s ",
                   death->role < ROLE_COUNT ? role_name((enum role)death->role) : "unknown");
        role_death_write(out, death);
        out_byte(out, '\n');
    }
    if (roles->death_count == 0) {
        out_string(out, "  none\n");
    }
}

static void
write_roles(struct out *out, const struct roles *roles, struct wall_ms now)
{
    out_format(out, "%-10s %-9s %8s  %-8s %7s %7s %7s  %s\n", "role", "state", "pid", "since",
               "deaths", "hangs", "renewed", "last death");
    for (unsigned i = 0; i < roles->role_count; i++) {
        if (roles->role[i].state != ROLE_ABSENT) {
            write_role(out, &roles->role[i], now);
        }
    }
    if (now.ms - roles->written_ms > STALE_MS) {
        out_string(out, "the guard wrote this ");
        calendar_write_age(out, now.ms - roles->written_ms);
        out_string(out, " ago: it is not running now\n");
    }
    if (roles->out_of_memory_total > 0) {
        out_format(out, "out-of-memory kills: %llu (please report: the plan should prevent them)\n",
                   (unsigned long long)roles->out_of_memory_total);
    }
    write_deaths(out, roles);
}

static void
write_sources(struct out *out, const struct table_reader *reader, struct wall_ms now)
{
    struct source_row row;
    out_string(out, "\nsources\n");
    for (unsigned i = 1; i <= SOURCES_MAX; i++) {
        if (!table_read_source(reader, i, &row) || row.kind == SOURCE_NONE) {
            continue;
        }
        row.name[sizeof row.name - 1] = '\0';
        row.last_error[sizeof row.last_error - 1] = '\0';
        out_format(out, "  %s\n    %u nodes", row.name, row.nodes_known);
        if (row.api_last_success_ms != 0) {
            out_string(out, ", API server answered ");
            calendar_write_age(out, now.ms - row.api_last_success_ms);
            out_string(out, " ago");
        }
        if (row.api_last_error != ERR_OK) {
            out_format(out, "; %s: %s", error_name((int)row.api_last_error), row.last_error);
        }
        out_byte(out, '\n');
    }
}

static void
write_pools(struct out *out, const struct table_reader *reader)
{
    out_format(out, "\n%-12s %10s %10s %10s %10s\n", "pool", "used", "peak", "planned",
               "refused");
    for (unsigned pool = 0; pool < POOL_SHOWN_COUNT; pool++) {
        struct pool_use use = table_read_pool(reader, (enum table_pool)pool);
        out_format(out, "%-12s %10u %10u %10u %10llu\n",
                   table_pool_name((enum table_pool)pool), use.used, use.peak, use.limit,
                   (unsigned long long)use.refused_total);
    }
}

static void
write_tiers(struct out *out, const struct history_use *use, struct wall_ms now)
{
    static const char *const names[TIER_COUNT] = {"every cycle", "every minute",
                                                  "every ten minutes"};
    for (unsigned tier = 0; tier < TIER_COUNT; tier++) {
        if (use->oldest_s[tier] != 0) {
            out_format(out, "  %s: from ", names[tier]);
            calendar_write_age(out, now.ms - use->oldest_s[tier] * MS_PER_S);
            out_string(out, " to ");
            calendar_write_age(out, now.ms - use->newest_s[tier] * MS_PER_S);
            out_string(out, " ago\n");
        }
    }
}

static void
write_history(struct out *out, const struct tool *tool, struct wall_ms now)
{
    char buffer[512];
    struct history_status status;
    struct out name = out_of(buffer, sizeof buffer);
    const char *path = config_path(tool->config, CONFIG_RUN_DIR, HISTORY_STATUS_FILE, &name);
    int error = path == NULL ? -ERR_TOO_LONG
                             : history_status_read(tool->platform, path, &status);
    const struct history_use *use = &status.use;
    if (error == -ERR_NO_FILE) {
        out_string(out, "\nhistory: nothing was recorded since the start\n");
        return;
    }
    if (error != 0) {
        out_format(out, "\nhistory: %s\n", error_sentence(error));
        return;
    }
    out_string(out, "\nhistory: ");
    plan_write_size(out, use->bytes);
    out_string(out, " of ");
    plan_write_size(out, use->bytes_limit);
    out_format(out, ", %llu samples of %.2f bytes, %llu cycles recorded, %llu lost\n",
               (unsigned long long)use->samples_total,
               use->samples_total == 0
                   ? 0.0 : (double)use->sample_bytes_total / (double)use->samples_total,
               (unsigned long long)status.cycles_total,
               (unsigned long long)status.cycles_lost_total);
    write_tiers(out, use, now);
    if (use->bad_blocks_total > 0 || use->set_aside_total > 0) {
        out_format(out, "  damaged: %llu blocks left out, %u files set aside\n",
                   (unsigned long long)use->bad_blocks_total, use->set_aside_total);
    }
    if (use->cycles_refused_total > 0 || use->cycles_forgotten_total > 0) {
        out_format(out, "  the clock was set back: %llu cycles refused, %llu forgotten\n",
                   (unsigned long long)use->cycles_refused_total,
                   (unsigned long long)use->cycles_forgotten_total);
    }
    if (status.last_error != 0) {
        out_format(out, "  the newest cycle could not be recorded: %s\n", status.last_sentence);
    }
}

static void
write_table(struct out *out, const struct tool *tool, struct wall_ms now)
{
    char buffer[512];
    struct block_shared shared;
    struct table_reader reader;
    struct totals totals;
    struct out name = out_of(buffer, sizeof buffer);
    const char *path = config_path(tool->config, CONFIG_RUN_DIR, ROLE_TABLE_FILE, &name);
    int error = path == NULL ? -ERR_TOO_LONG
                             : block_map_reader(path, sizeof(struct table_header), &shared);
    if (error == 0) {
        error = table_reader_init(&reader, shared.base, shared.bytes);
    }
    if (error != 0) {
        out_format(out, "\nlive table: %s\n", error_sentence(error));
        return;
    }
    if (table_read_totals(&reader, 0, &totals) && totals.cycle_s != 0) {
        out_format(out, "\nlast cycle ");
        calendar_write_age(out, now.ms - (int64_t)totals.cycle_s * MS_PER_S);
        out_format(out, " ago: %u nodes (%u ready), %u pods, %u containers\n",
                   totals.node_count, totals.node_ready_count, totals.pod_count,
                   totals.container_count);
    } else {
        out_string(out, "\nno cycle is complete yet\n");
    }
    write_sources(out, &reader, now);
    write_pools(out, &reader);
}

static void
write_json_role(struct json *json, const struct role_status *role)
{
    char buffer[96];
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
    if (role->last_death.time_ms != 0) {
        role_death_write(&reason, &role->last_death);
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

static void
write_json(const struct tool *tool, const struct roles *roles)
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

static bool
all_ready(const struct roles *roles, struct wall_ms now)
{
    for (unsigned i = 0; i < roles->role_count; i++) {
        if (roles->role[i].state != ROLE_READY && roles->role[i].state != ROLE_ABSENT) {
            return false;
        }
    }
    return now.ms - roles->written_ms <= STALE_MS;
}

int
status_tool(struct tool *tool)
{
    struct roles roles;
    struct wall_ms now = platform_wall_now(tool->platform);
    int error = roles_read(&roles, tool->platform, tool->config);
    if (error != 0) {
        out_format(tool->out, "nothing is running below --run-dir=" TEXT_FORMAT ": %s\n",
                   TEXT_ARGS(config_text(tool->config, CONFIG_RUN_DIR)),
                   error_sentence(error));
        return 1;
    }
    if (config_bool(tool->config, CONFIG_JSON)) {
        write_json(tool, &roles);
    } else {
        write_roles(tool->out, &roles, now);
        write_table(tool->out, tool, now);
        if (config_number(tool->config, CONFIG_HISTORY) > 0) {
            write_history(tool->out, tool, now);
        }
        status_sinks_write(tool, now);
    }
    return all_ready(&roles, now) ? 0 : 1;
}
