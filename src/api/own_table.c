// The part of own_metrics.h about the live table: cycles, errors, pools, sources,
// nodes.
#include "api/exposition.h"
#include "api/health_api.h"
#include "api/own_family.h"
#include "base/error.h"

enum pool_part {
    POOL_PART_USED,
    POOL_PART_PEAK,
    POOL_PART_LIMIT,
    POOL_PART_BYTES,
    POOL_PART_REFUSED,
};
enum source_part { SOURCE_PART_INFO, SOURCE_PART_UP, SOURCE_PART_NODES, SOURCE_PART_SUCCESS };
enum node_part {
    NODE_PART_DURATION,
    NODE_PART_LAST_SUCCESS,
    NODE_PART_BYTES,
    NODE_PART_SUCCESSES,
    NODE_PART_FAILURES,
};

static enum step
write_cycle_time(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    const struct table_header *header = exchange->api->table->header;
    uint32_t cycle_s = atomic_load_explicit(&header->cycle_done_s, memory_order_acquire);
    exposition_u64(out, family->name, cycle_s);
    return STEP_DONE;
}

static enum step
write_cycle_age(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    int64_t age_ms = health_cycle_age_ms(exchange->api, exchange->now);
    if (age_ms >= 0) {
        exposition_begin(out, family->name);
        exposition_end_seconds(out, age_ms);
    }
    return STEP_DONE;
}

static enum step
write_resolution(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    exposition_begin(out, family->name);
    exposition_end_seconds(out, (int64_t)exchange->api->table->header->resolution_ms);
    return STEP_DONE;
}

static enum step
write_errors(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    const struct table_header *header = exchange->api->table->header;
    for (int error = ERR_OK + 1; error < ERR_COUNT; error++) {
        uint64_t total = atomic_load_explicit(&header->error_total[error], memory_order_relaxed);
        exposition_labelled_u64(out, family->name, "reason", error_name(error), total);
    }
    return STEP_DONE;
}

static uint64_t
pool_value(const struct own_family *family, const struct pool_use *use)
{
    switch (family->part) {
    case POOL_PART_USED:
        return use->used;
    case POOL_PART_PEAK:
        return use->peak;
    case POOL_PART_LIMIT:
        return use->limit;
    case POOL_PART_BYTES:
        return ((uint64_t)use->limit + 1) * use->row_bytes;
    default:
        return use->refused_total;
    }
}

static enum step
write_pools(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    for (int i = 0; i < POOL_SHOWN_COUNT; i++) {
        struct pool_use use = table_read_pool(exchange->api->table, (enum table_pool)i);
        exposition_labelled_u64(out, family->name, "pool", table_pool_name((enum table_pool)i),
                                pool_value(family, &use));
    }
    return STEP_DONE;
}

static const char *
source_kind_name(unsigned kind)
{
    static const char *const names[] = {
        [SOURCE_NONE] = "none",
        [SOURCE_KUBERNETES] = "kubernetes",
        [SOURCE_CADVISOR] = "cadvisor",
        [SOURCE_HOST] = "host",
    };
    return kind < ARRAY_COUNT(names) ? names[kind] : "unknown";
}

static void
write_source(const struct own_family *family, unsigned index, const struct source_row *row,
             struct out *out)
{
    exposition_begin(out, family->name);
    char number[16];
    struct out text = out_of(number, sizeof number);
    out_u64(&text, index);
    exposition_label(out, '{', "source", out_view(&text));
    if (family->part == SOURCE_PART_INFO) {
        exposition_label(out, ',', "kind", text_of(source_kind_name(row->kind)));
        exposition_label(out, ',', "name", text_of(row->name));
    }
    out_byte(out, '}');
    switch (family->part) {
    case SOURCE_PART_INFO:
        exposition_end_u64(out, 1);
        break;
    case SOURCE_PART_UP:
        exposition_end_u64(out, row->api_last_error == ERR_OK);
        break;
    case SOURCE_PART_NODES:
        exposition_end_u64(out, row->nodes_known);
        break;
    default:
        exposition_end_seconds(out, row->api_last_success_ms);
        break;
    }
}

static enum step
write_sources(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    const struct table_reader *table = exchange->api->table;
    struct source_row row;
    for (unsigned i = 1; i <= SOURCES_MAX && i <= table->header->source_count; i++) {
        if (table_read_source(table, i, &row)) {
            write_source(family, i, &row, out);
        }
    }
    return STEP_DONE;
}

static void
write_node_value(const struct own_family *family, const struct scrape_row *scrape, struct out *out)
{
    switch (family->part) {
    case NODE_PART_DURATION:
        exposition_end_double(out, (double)scrape->latency_us / 1e6);
        break;
    case NODE_PART_LAST_SUCCESS:
        exposition_end_seconds(out, scrape->last_success_ms);
        break;
    case NODE_PART_SUCCESSES:
        exposition_end_u64(out, scrape->success_total);
        break;
    case NODE_PART_FAILURES:
        exposition_end_u64(out, scrape->failure_total);
        break;
    default:
        exposition_end_u64(out, scrape->bytes);
        break;
    }
}

// One node a call; two sources may have nodes of one name.
static enum step
write_nodes(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    const struct table_reader *table = exchange->api->table;
    struct cursor *cursor = &exchange->cursor;
    struct node_view view;
    cursor->row = table_next_row(table, POOL_NODES, cursor->row);
    if (cursor->row == 0) {
        return STEP_DONE;
    }
    if (table_read_node(table, cursor->row, VIEW_NAMES, &view)) {
        char number[16];
        struct out text = out_of(number, sizeof number);
        out_u64(&text, view.row.head.source);
        exposition_begin(out, family->name);
        exposition_label(out, '{', "node", view.name);
        exposition_label(out, ',', "source", out_view(&text));
        out_byte(out, '}');
        write_node_value(family, &view.row.scrape, out);
    }
    return STEP_MORE;
}

static const struct own_family families[] = {
    {"cycle_timestamp_seconds", "gauge", "The newest complete cycle, Unix time",
     write_cycle_time, 0},
    {"cycle_age_seconds", "gauge", "Age of the newest complete cycle", write_cycle_age, 0},
    {"resolution_seconds", "gauge", "Interval between two cycles", write_resolution, 0},
    {"errors_total", "counter", "Failures and drops by reason", write_errors, 0},
    {"pool_used", "gauge", "Rows in use", write_pools, POOL_PART_USED},
    {"pool_peak", "gauge", "Rows that were in use at once at most", write_pools, POOL_PART_PEAK},
    {"pool_limit", "gauge", "Rows planned", write_pools, POOL_PART_LIMIT},
    {"pool_bytes", "gauge", "Bytes of the pool, used or not", write_pools, POOL_PART_BYTES},
    {"pool_refused_total", "counter", "Rows refused because the pool was full", write_pools,
     POOL_PART_REFUSED},
    {"source_info", "gauge", "Kind and address of a source", write_sources, SOURCE_PART_INFO},
    {"source_up", "gauge", "1 while the source's API server answers", write_sources,
     SOURCE_PART_UP},
    {"source_nodes", "gauge", "Nodes that the source knows", write_sources, SOURCE_PART_NODES},
    {"source_last_success_timestamp_seconds", "gauge",
     "Last answer of the source's API server, Unix time, 0 = none", write_sources,
     SOURCE_PART_SUCCESS},
    {"node_scrape_duration_seconds", "gauge", "Duration of the last successful scrape",
     write_nodes, NODE_PART_DURATION},
    {"node_scrape_last_success_timestamp_seconds", "gauge",
     "Last successful scrape, Unix time, 0 = none", write_nodes, NODE_PART_LAST_SUCCESS},
    {"node_scrape_bytes", "gauge", "Bytes of the last answer", write_nodes, NODE_PART_BYTES},
    {"node_scrape_successes_total", "counter", "Scrapes of the node that succeeded", write_nodes,
     NODE_PART_SUCCESSES},
    {"node_scrape_failures_total", "counter", "Scrapes of the node that failed", write_nodes,
     NODE_PART_FAILURES},
};

struct own_families
own_table_families(void)
{
    return (struct own_families){families, ARRAY_COUNT(families)};
}
