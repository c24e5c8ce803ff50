#include "app/status_table.h"

#include "app/live_table.h"
#include "base/calendar.h"

#define NODES_SHOWN 5

static void
write_source(struct out *out, const struct source_row *row, struct wall_ms now)
{
    bool failing = row->api_last_error != ERR_OK;
    out_format(out, "  %s\n    %u nodes", row->name, row->nodes_known);
    if (row->api_last_success_ms != 0) {
        out_string(out, failing ? ", the API server last answered " : ", API server answered ");
        calendar_write_age(out, now.ms - row->api_last_success_ms);
        out_string(out, " ago");
    }
    out_byte(out, '\n');
    if (failing) {
        out_format(out, "    %s: %s\n", error_name((int)row->api_last_error), row->last_error);
    }
}

static void
write_sources(struct out *out, const struct table_reader *reader, struct wall_ms now)
{
    struct source_row row;
    out_string(out, "\nsources\n");
    for (unsigned i = 1; i <= SOURCES_MAX; i++) {
        if (table_read_source(reader, i, &row) && row.kind != SOURCE_NONE) {
            write_source(out, &row, now);
        }
    }
}

static void
write_failing_node(struct out *out, const struct node_view *node, struct wall_ms now)
{
    const struct scrape_row *scrape = &node->row.scrape;
    out_format(out, "  " TEXT_FORMAT "  %s, %u times", TEXT_ARGS(node->name),
               error_sentence(scrape->last_error), scrape->failure_streak);
    if (scrape->last_success_ms != 0) {
        out_string(out, ", last answered ");
        calendar_write_age(out, now.ms - scrape->last_success_ms);
        out_string(out, " ago");
    }
    out_byte(out, '\n');
}

static void
write_failing_nodes(struct out *out, const struct table_reader *reader, struct wall_ms now)
{
    static struct node_view node;
    unsigned count = 0;
    for (row_index row = table_next_row(reader, POOL_NODES, 0); row != 0;
         row = table_next_row(reader, POOL_NODES, row)) {
        if (table_read_node(reader, row, VIEW_NAMES, &node) &&
            node.row.scrape.failure_streak > 0) {
            out_string(out, count == 0 ? "\nnodes that cannot be scraped\n" : "");
            if (count++ < NODES_SHOWN) {
                write_failing_node(out, &node, now);
            }
        }
    }
    if (count > NODES_SHOWN) {
        out_format(out, "  and %u more\n", count - NODES_SHOWN);
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

// Everything that failed or found no room since the table began.
static void
write_drops(struct out *out, const struct table_reader *reader)
{
    bool any = false;
    for (unsigned i = 0; i < ERR_COUNT; i++) {
        uint64_t total =
            atomic_load_explicit(&reader->header->error_total[i], memory_order_relaxed);
        if (total > 0) {
            out_string(out, any ? "" : "\nfailed or refused since the table began\n");
            out_format(out, "  %-20s %10llu  %s\n", error_name((int)i),
                       (unsigned long long)total, error_sentence((int)i));
            any = true;
        }
    }
}

static void
write_cycle(struct out *out, const struct table_reader *reader, struct wall_ms now)
{
    struct totals totals;
    if (!table_read_totals(reader, 0, &totals) || totals.cycle_s == 0) {
        out_string(out, "\nno cycle is complete yet\n");
        return;
    }
    out_string(out, "\nlast cycle ");
    calendar_write_age(out, now.ms - (int64_t)totals.cycle_s * MS_PER_S);
    out_format(out, " ago: %u nodes (%u ready), %u pods, %u containers\n", totals.node_count,
               totals.node_ready_count, totals.pod_count, totals.container_count);
}

void
status_table_write(const struct tool *tool, struct wall_ms now)
{
    static struct live_table table;
    int error = live_table_look(&table, tool->config, tool->platform);
    if (error != 0) {
        out_format(tool->out, "\nlive table: %s\n", error_sentence(error));
        return;
    }
    write_cycle(tool->out, &table.reader, now);
    write_sources(tool->out, &table.reader, now);
    write_failing_nodes(tool->out, &table.reader, now);
    write_pools(tool->out, &table.reader);
    write_drops(tool->out, &table.reader);
}
