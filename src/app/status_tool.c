// status_tool(): how the roles are doing, who died when and why, and what the
// live table holds. Reads what the guard and collect wrote; asks nobody. The exit
// code is 0 when every role is ready and the guard lives, else 1.
#include "app/roles.h"
#include "app/status_json.h"
#include "app/status_sinks.h"
#include "app/status_table.h"
#include "app/tool.h"
#include "base/calendar.h"
#include "history/history_status.h"
#include "platform/terminal.h"
#include "terminal/wrap.h"

// Without a guard for so long, what it wrote says nothing about now.
#define STALE_MS (10 * 1000)
#define DEATHS_SHOWN 10
// A sink takes at most 2 KiB, a source 1.
#define REPORT_BYTES (128 * 1024)

static void
write_count(struct out *out, const char *before, uint64_t count, const char *what)
{
    if (count > 0) {
        out_format(out, "%s%s %llu time%s", before, what, (unsigned long long)count,
                   count == 1 ? "" : "s");
    }
}

static void
write_role(struct out *out, const struct role_status *role, struct wall_ms now)
{
    char buffer[32];
    struct out age = out_of(buffer, sizeof buffer);
    calendar_write_age(&age, now.ms - role->changed_ms);
    out_format(out, "%-8s %-9s %8u  %-8s %6llu  ", role->name, role_state_name(role->state),
               role->pid, out_c_string(&age), (unsigned long long)role->death_total);
    if (role->state == ROLE_WAITING) {
        out_string(out, "begins in ");
        calendar_write_age(out, role->wait_until_ms - now.ms);
    } else if (role->last_death.time_ms != 0) {
        role_status_write_reason(out, role);
        out_string(out, ", ");
        calendar_write_age(out, now.ms - role->last_death.time_ms);
        out_string(out, " ago");
    }
    write_count(out, "; ", role->hang_total, "hung");
    write_count(out, "; ", role->set_aside_total, "its state set aside");
    out_byte(out, '\n');
}

static void
write_deaths(struct out *out, const struct roles *roles)
{
    unsigned first = roles->death_count > DEATHS_SHOWN ? roles->death_count - DEATHS_SHOWN : 0;
    out_string(out, "\ndeaths, newest last\n");
    if (roles->death_count == 0) {
        out_string(out, "  none\n");
    }
    if (first > 0) {
        out_format(out, "  %u older ones\n", first);
    }
    for (unsigned i = first; i < roles->death_count; i++) {
        const struct role_death *death = &roles->death[i];
        struct wall_ms time = {death->time_ms / MS_PER_S * MS_PER_S};
        out_string(out, "  ");
        calendar_write(out, time);
        out_format(out, "  %-8s ",
                   death->role < ROLE_COUNT ? role_name((enum role)death->role) : "unknown");
        role_death_write(out, death);
        out_byte(out, '\n');
    }
}

// Roles whose state is not what it should be; the first line says so.
static bool
write_verdict(struct out *out, const struct roles *roles, struct wall_ms now)
{
    bool well = true;
    for (unsigned i = 0; i < roles->role_count; i++) {
        const struct role_status *role = &roles->role[i];
        if (role->state != ROLE_READY && role->state != ROLE_ABSENT) {
            out_format(out, "%s%s is %s", well ? "not well: " : ", ", role->name,
                       role_state_name(role->state));
            well = false;
        }
    }
    if (now.ms - roles->written_ms > STALE_MS) {
        out_format(out, "%sthe guard is not running, what follows is ", well ? "not well: " : ", ");
        calendar_write_age(out, now.ms - roles->written_ms);
        out_string(out, " old");
        well = false;
    }
    out_string(out, well ? "every role is ready\n\n" : "\n\n");
    return well;
}

static void
write_roles(struct out *out, const struct roles *roles, struct wall_ms now)
{
    out_format(out, "%-8s %-9s %8s  %-8s %6s  %s\n", "role", "state", "pid", "since", "deaths",
               "last death");
    for (unsigned i = 0; i < roles->role_count; i++) {
        if (roles->role[i].state != ROLE_ABSENT) {
            write_role(out, &roles->role[i], now);
        }
    }
    if (roles->out_of_memory_total > 0) {
        out_format(out, "out-of-memory kills: %llu (please report: the plan should prevent them)\n",
                   (unsigned long long)roles->out_of_memory_total);
    }
    write_deaths(out, roles);
}

static void
write_heap_size(struct out *out, uint64_t bytes)
{
    char buffer[32];
    struct out size = out_of(buffer, sizeof buffer);
    plan_write_size(&size, bytes);
    out_format(out, "  %10s", out_c_string(&size));
}

// Only of roles that have one.
static void
write_heaps(struct out *out, const struct roles *roles)
{
    out_format(out, "\nlibrary heap  %8s  %10s  %10s  %6s\n", "now", "peak", "limit", "failed");
    for (unsigned i = 0; i < roles->role_count; i++) {
        const struct notify_heap *heap = &roles->role[i].heap;
        if (heap->limit == 0 || roles->role[i].state == ROLE_ABSENT) {
            continue;
        }
        out_format(out, "%-10s", roles->role[i].name);
        write_heap_size(out, heap->now);
        write_heap_size(out, heap->peak);
        write_heap_size(out, heap->limit);
        out_format(out, "  %6llu\n", (unsigned long long)heap->failures_total);
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

// Lines that are too long for a terminal are broken at its edge; elsewhere they
// stay whole, for scripts.
static void
give(struct tool *tool, struct text report)
{
    unsigned rows;
    unsigned columns;
    if (!terminal_is_output()) {
        out_text(tool->out, report);
        return;
    }
    terminal_size(&rows, &columns);
    wrap_write(tool->out, report, columns);
}

static bool
write_report(const struct tool *tool, const struct roles *roles, struct wall_ms now,
             struct out *out)
{
    struct tool part = *tool;
    part.out = out;
    bool well = write_verdict(out, roles, now);
    write_roles(out, roles, now);
    write_heaps(out, roles);
    status_table_write(&part, now);
    if (config_number(tool->config, CONFIG_HISTORY) > 0) {
        write_history(out, &part, now);
    }
    status_sinks_write(&part, now);
    return well;
}

int
status_tool(struct tool *tool)
{
    static char report[REPORT_BYTES];
    struct roles roles;
    struct out out = out_of(report, sizeof report);
    struct wall_ms now = platform_wall_now(tool->platform);
    int error = roles_read(&roles, tool->platform, tool->config);
    if (error != 0) {
        out_format(tool->out, "nothing is running below --run-dir=" TEXT_FORMAT
                   ": %s; start it with skerry run, or give the --run-dir it was started with\n",
                   TEXT_ARGS(config_text(tool->config, CONFIG_RUN_DIR)),
                   error_sentence(error));
        return 1;
    }
    bool well = write_report(tool, &roles, now, &out);
    if (config_bool(tool->config, CONFIG_JSON)) {
        status_json_write(tool, &roles);
    } else {
        give(tool, out_view(&out));
    }
    return well ? 0 : 1;
}
