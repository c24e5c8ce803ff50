#include "app/top_state.h"

#include "app/roles.h"
#include "base/calendar.h"

// Collect notes a sign of life in every turn of its loop, at least once a second.
#define SILENT_MS 3000
// How long a death of collect that is over is shown.
#define DEATH_SHOWN_MS 30000
// A cycle is complete at the latest one resolution after its nominal time.
#define LATE_CYCLES 3

static const struct role_death *
last_death(const struct tool *tool, struct roles *roles)
{
    if (roles_read(roles, tool->platform, tool->config) != 0) {
        return NULL;
    }
    const struct role_death *death = &roles->role[ROLE_COLLECT].last_death;
    return death->time_ms != 0 ? death : NULL;
}

static void
say_no_table(struct top_cluster *cluster, const struct tool *tool, int error)
{
    struct out *out = top_cluster_notice(cluster);
    if (out != NULL) {
        out_format(out, "no live table below --run-dir=" TEXT_FORMAT ": %s; is the appliance "
                   "running?", TEXT_ARGS(config_text(tool->config, CONFIG_RUN_DIR)),
                   error == -ERR_NO_FILE ? "there is no such file" : error_sentence(error));
    }
}

// Silent now, or it was dead a moment ago.
static void
say_collect(struct top_cluster *cluster, const struct tool *tool,
            const struct table_reader *table)
{
    static struct roles roles;
    const struct role_death *death = last_death(tool, &roles);
    int64_t beat_ms = atomic_load_explicit(&table->header->heartbeat_ms, memory_order_relaxed);
    int64_t silent_ms = cluster->now.ms - beat_ms;
    bool silent = silent_ms > SILENT_MS;
    bool fresh = death != NULL && cluster->now.ms - death->time_ms < DEATH_SHOWN_MS;
    struct out *out = silent || fresh ? top_cluster_notice(cluster) : NULL;
    if (out == NULL) {
        return;
    }
    if (silent) {
        out_string(out, "collect is not running: no sign of life for ");
        calendar_write_age(out, silent_ms);
        out_string(out, ", values are the last it wrote");
    } else {
        out_string(out, "collect died ");
        calendar_write_age(out, cluster->now.ms - death->time_ms);
        out_string(out, " ago and runs again");
    }
    if (death != NULL && (fresh || silent)) {
        out_string(out, " (");
        role_death_write(out, death);
        out_string(out, ")");
    }
}

static void
say_source(struct top_cluster *cluster, const struct source_row *row)
{
    bool failing = row->api_last_error != ERR_OK &&
                   row->api_last_failure_ms > row->api_last_success_ms;
    struct out *out = failing ? top_cluster_notice(cluster) : NULL;
    if (out == NULL) {
        return;
    }
    out_format(out, "%s: the API server does not answer", row->name);
    if (row->api_last_success_ms != 0) {
        out_string(out, ", last did ");
        calendar_write_age(out, cluster->now.ms - row->api_last_success_ms);
        out_string(out, " ago");
    }
    out_format(out, ": %s", row->last_error);
}

static void
say_late(struct top_cluster *cluster, const struct table_reader *table)
{
    int64_t age_ms = cluster->now.ms - (int64_t)cluster->totals.cycle_s * MS_PER_S;
    bool late = cluster->totals.cycle_s != 0 &&
                age_ms > (int64_t)table->header->resolution_ms * LATE_CYCLES;
    struct out *out = late ? top_cluster_notice(cluster) : NULL;
    if (out != NULL) {
        out_string(out, "no cycle was completed for ");
        calendar_write_age(out, age_ms);
    }
}

static double
known(double value)
{
    return value > 0 ? value : 0;
}

// Sums of the nodes, and how many cannot be scraped.
static unsigned
add_nodes(struct top_cluster *cluster, const struct table_reader *table)
{
    static struct top_item item;
    unsigned failing = 0;
    cluster->cpu = cluster->cpu_whole = cluster->memory = cluster->memory_whole = 0;
    for (row_index row = table_next_row(table, POOL_NODES, 0); row != 0;
         row = table_next_row(table, POOL_NODES, row)) {
        if (top_item_read(&item, table, TOP_NODES, row)) {
            cluster->cpu += known(item.cpu);
            cluster->cpu_whole += known(item.cpu_whole);
            cluster->memory += known(item.memory);
            cluster->memory_whole += known(item.memory_whole);
            failing += item.node_view.row.scrape.failure_streak > 0;
        }
    }
    return failing;
}

void
top_state_read(struct top_cluster *cluster, const struct tool *tool,
               const struct table_reader *table, int error)
{
    struct source_row source;
    cluster->now = platform_wall_now(tool->platform);
    cluster->notice_count = 0;
    cluster->totals = (struct totals){0};
    if (table == NULL) {
        say_no_table(cluster, tool, error);
        return;
    }
    (void)table_read_totals(table, 0, &cluster->totals);
    say_collect(cluster, tool, table);
    for (unsigned i = 1; i <= SOURCES_MAX; i++) {
        if (table_read_source(table, i, &source) && source.kind != SOURCE_NONE) {
            say_source(cluster, &source);
        }
    }
    unsigned failing = add_nodes(cluster, table);
    struct out *out = failing > 0 ? top_cluster_notice(cluster) : NULL;
    if (out != NULL) {
        out_format(out, "%u node%s cannot be scraped now; `top nodes` says why", failing,
                   failing == 1 ? "" : "s");
    }
    say_late(cluster, table);
}
