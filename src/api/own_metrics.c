#include "api/own_metrics.h"

#include "api/health_api.h"
#include "base/error.h"

struct family;

// Writes all samples of a family, or those of one row: STEP_MORE asks to be
// called again for the next, with cursor.row as it was left.
typedef enum step family_writer(const struct family *family, struct exchange *exchange,
                                struct out *out);

struct family {
    const char *name;  // without "skerry_"
    const char *type;
    const char *help;
    family_writer *write;
    unsigned part;  // which figure, where one writer serves several families
};

enum pool_part {
    POOL_PART_USED,
    POOL_PART_PEAK,
    POOL_PART_LIMIT,
    POOL_PART_BYTES,
    POOL_PART_REFUSED,
};
enum source_part { SOURCE_PART_INFO, SOURCE_PART_UP, SOURCE_PART_NODES, SOURCE_PART_SUCCESS };
enum role_part { ROLE_PART_UP, ROLE_PART_DEATHS, ROLE_PART_RESTARTS };
enum node_part {
    NODE_PART_DURATION,
    NODE_PART_LAST_SUCCESS,
    NODE_PART_BYTES,
    NODE_PART_SUCCESSES,
    NODE_PART_FAILURES,
};

static void
begin(struct out *out, const struct family *family)
{
    out_string(out, "skerry_");
    out_string(out, family->name);
}

static void
end_u64(struct out *out, uint64_t value)
{
    out_byte(out, ' ');
    out_u64(out, value);
    out_byte(out, '\n');
}

static void
end_double(struct out *out, double value)
{
    out_byte(out, ' ');
    out_double(out, value);
    out_byte(out, '\n');
}

static void
end_seconds(struct out *out, int64_t time_ms)
{
    end_double(out, (double)time_ms / (double)MS_PER_S);
}

// `lead` is '{' for the first label of a sample and ',' for the others; the
// caller writes the closing brace.
static void
label(struct out *out, char lead, const char *name, struct text value)
{
    out_byte(out, lead);
    out_string(out, name);
    out_string(out, "=\"");
    for (size_t i = 0; i < value.size; i++) {
        char byte = value.at[i];
        if (byte == '\n') {
            out_string(out, "\\n");
            continue;
        }
        if (byte == '"' || byte == '\\') {
            out_byte(out, '\\');
        }
        out_byte(out, byte);
    }
    out_byte(out, '"');
}

static void
labelled_u64(struct out *out, const struct family *family, const char *name, const char *value,
             uint64_t number)
{
    begin(out, family);
    label(out, '{', name, text_of(value));
    out_byte(out, '}');
    end_u64(out, number);
}

static enum step
plain_u64(struct out *out, const struct family *family, uint64_t value)
{
    begin(out, family);
    end_u64(out, value);
    return STEP_DONE;
}

static enum step
write_build(const struct family *family, struct exchange *exchange, struct out *out)
{
    labelled_u64(out, family, "version", exchange->api->version, 1);
    return STEP_DONE;
}

static enum step
write_start(const struct family *family, struct exchange *exchange, struct out *out)
{
    begin(out, family);
    end_seconds(out, exchange->api->started.ms);
    return STEP_DONE;
}

static enum step
write_healthy(const struct family *family, struct exchange *exchange, struct out *out)
{
    return plain_u64(out, family, health_of(exchange->api, exchange->now) == HEALTH_OK);
}

static enum step
write_cycle_time(const struct family *family, struct exchange *exchange, struct out *out)
{
    const struct table_header *header = exchange->api->table->header;
    uint32_t cycle_s = atomic_load_explicit(&header->cycle_done_s, memory_order_acquire);
    return plain_u64(out, family, cycle_s);
}

static enum step
write_cycle_age(const struct family *family, struct exchange *exchange, struct out *out)
{
    int64_t age_ms = health_cycle_age_ms(exchange->api, exchange->now);
    if (age_ms >= 0) {
        begin(out, family);
        end_seconds(out, age_ms);
    }
    return STEP_DONE;
}

static enum step
write_resolution(const struct family *family, struct exchange *exchange, struct out *out)
{
    begin(out, family);
    end_seconds(out, (int64_t)exchange->api->table->header->resolution_ms);
    return STEP_DONE;
}

static enum step
write_errors(const struct family *family, struct exchange *exchange, struct out *out)
{
    const struct table_header *header = exchange->api->table->header;
    for (int error = ERR_OK + 1; error < ERR_COUNT; error++) {
        uint64_t total = atomic_load_explicit(&header->error_total[error], memory_order_relaxed);
        labelled_u64(out, family, "reason", error_name(error), total);
    }
    return STEP_DONE;
}

static uint64_t
pool_value(const struct family *family, const struct pool_use *use)
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
write_pools(const struct family *family, struct exchange *exchange, struct out *out)
{
    for (int i = 0; i < POOL_COUNT; i++) {
        struct pool_use use = table_read_pool(exchange->api->table, (enum table_pool)i);
        labelled_u64(out, family, "pool", table_pool_name((enum table_pool)i),
                     pool_value(family, &use));
    }
    return STEP_DONE;
}

static enum step
write_plan(const struct family *family, struct exchange *exchange, struct out *out)
{
    const struct plan *plan = exchange->api->plan;
    struct cursor *cursor = &exchange->cursor;
    if (plan == NULL || cursor->row >= plan->part_count) {
        return STEP_DONE;
    }
    const struct plan_part *part = &plan->part[cursor->row++];
    begin(out, family);
    label(out, '{', "role", text_of(part->role));
    label(out, ',', "part", text_of(part->name));
    out_byte(out, '}');
    end_u64(out, plan_part_bytes(part));
    return STEP_MORE;
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
write_source(const struct family *family, unsigned index, const struct source_row *row,
             struct out *out)
{
    begin(out, family);
    char number[16];
    struct out text = out_of(number, sizeof number);
    out_u64(&text, index);
    label(out, '{', "source", out_view(&text));
    if (family->part == SOURCE_PART_INFO) {
        label(out, ',', "kind", text_of(source_kind_name(row->kind)));
        label(out, ',', "name", text_of(row->name));
    }
    out_byte(out, '}');
    switch (family->part) {
    case SOURCE_PART_INFO:
        end_u64(out, 1);
        break;
    case SOURCE_PART_UP:
        end_u64(out, row->api_last_error == ERR_OK);
        break;
    case SOURCE_PART_NODES:
        end_u64(out, row->nodes_known);
        break;
    default:
        end_seconds(out, row->api_last_success_ms);
        break;
    }
}

static enum step
write_sources(const struct family *family, struct exchange *exchange, struct out *out)
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

static uint64_t
role_value(const struct family *family, const struct role_report *report)
{
    switch (family->part) {
    case ROLE_PART_UP:
        return report->up;
    case ROLE_PART_DEATHS:
        return report->deaths_total;
    default:
        return report->restarts_total;
    }
}

static enum step
write_roles(const struct family *family, struct exchange *exchange, struct out *out)
{
    const struct api *api = exchange->api;
    for (unsigned i = 0; i < api->role_count; i++) {
        labelled_u64(out, family, "role", api->role[i].name, role_value(family, &api->role[i]));
    }
    return STEP_DONE;
}

static enum step
write_requests(const struct family *family, struct exchange *exchange, struct out *out)
{
    static const char *const codes[HTTP_STATUS_CLASSES] = {NULL,  "1xx", "2xx",
                                                           "3xx", "4xx", "5xx"};
    for (int i = 2; i < HTTP_STATUS_CLASSES; i++) {
        labelled_u64(out, family, "code", codes[i], exchange->api->http.request_total[i]);
    }
    return STEP_DONE;
}

static enum step
write_answer_seconds(const struct family *family, struct exchange *exchange, struct out *out)
{
    begin(out, family);
    end_double(out, (double)exchange->api->http.answer_us_total / 1e6);
    return STEP_DONE;
}

static enum step
write_refusals(const struct family *family, struct exchange *exchange, struct out *out)
{
    const struct http_use *use = &exchange->api->http;
    labelled_u64(out, family, "reason", "full", use->refused_total);
    labelled_u64(out, family, "reason", "evicted", use->evicted_total);
    labelled_u64(out, family, "reason", "timeout", use->timeout_total);
    labelled_u64(out, family, "reason", "forbidden", use->forbidden_total);
    labelled_u64(out, family, "reason", "heap_full", use->failed_total);
    labelled_u64(out, family, "reason", "cut", use->cut_total);
    return STEP_DONE;
}

static enum step
write_clients(const struct family *family, struct exchange *exchange, struct out *out)
{
    const struct http_use *use = &exchange->api->http;
    labelled_u64(out, family, "value", "now", use->clients);
    labelled_u64(out, family, "value", "peak", use->clients_peak);
    labelled_u64(out, family, "value", "limit", use->clients_limit);
    return STEP_DONE;
}

static enum step
write_heap(const struct family *family, struct exchange *exchange, struct out *out)
{
    const struct heap_use *use = &exchange->api->heap;
    labelled_u64(out, family, "value", "now", use->now);
    labelled_u64(out, family, "value", "peak", use->peak);
    labelled_u64(out, family, "value", "limit", use->size);
    return STEP_DONE;
}

static enum step
write_heap_failures(const struct family *family, struct exchange *exchange, struct out *out)
{
    return plain_u64(out, family, exchange->api->heap.failures_total);
}

static void
write_node_value(const struct family *family, const struct scrape_row *scrape, struct out *out)
{
    switch (family->part) {
    case NODE_PART_DURATION:
        end_double(out, (double)scrape->latency_us / 1e6);
        break;
    case NODE_PART_LAST_SUCCESS:
        end_seconds(out, scrape->last_success_ms);
        break;
    case NODE_PART_SUCCESSES:
        end_u64(out, scrape->success_total);
        break;
    case NODE_PART_FAILURES:
        end_u64(out, scrape->failure_total);
        break;
    default:
        end_u64(out, scrape->bytes);
        break;
    }
}

// One node a call; two sources may have nodes of one name.
static enum step
write_nodes(const struct family *family, struct exchange *exchange, struct out *out)
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
        begin(out, family);
        label(out, '{', "node", view.name);
        label(out, ',', "source", out_view(&text));
        out_byte(out, '}');
        write_node_value(family, &view.row.scrape, out);
    }
    return STEP_MORE;
}

static const struct family own_families[] = {
    {"build_info", "gauge", "Version of this program", write_build, 0},
    {"start_time_seconds", "gauge", "When this role began, Unix time", write_start, 0},
    {"healthy", "gauge", "1 while /healthz says ok", write_healthy, 0},
    {"plan_bytes", "gauge", "Planned memory by role and part", write_plan, 0},
    {"role_up", "gauge", "1 while the role does its work", write_roles, ROLE_PART_UP},
    {"role_deaths_total", "counter", "Deaths of the role", write_roles, ROLE_PART_DEATHS},
    {"role_restarts_total", "counter", "Starts of the role after its first", write_roles,
     ROLE_PART_RESTARTS},
    {"http_requests_total", "counter", "Requests answered, by class of status", write_requests,
     0},
    {"http_answer_seconds_total", "counter", "Time from request to the end of its answer",
     write_answer_seconds, 0},
    {"http_refusals_total", "counter", "Clients and requests turned away", write_refusals, 0},
    {"http_clients", "gauge", "Clients connected", write_clients, 0},
    {"heap_bytes", "gauge", "Library heap of the role serve", write_heap, 0},
    {"heap_failures_total", "counter", "Requests to that heap that did not fit",
     write_heap_failures, 0},
};

static const struct family table_families[] = {
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

// cursor.stage counts through own families, table families, counters.
#define OWN_END ARRAY_COUNT(own_families)
#define TABLE_END (OWN_END + ARRAY_COUNT(table_families))
#define COUNTERS_END (TABLE_END + COUNTER_COUNT)

static void
write_head(struct out *out, const struct family *family)
{
    out_string(out, "# HELP skerry_");
    out_string(out, family->name);
    out_byte(out, ' ');
    out_string(out, family->help);
    out_string(out, "\n# TYPE skerry_");
    out_string(out, family->name);
    out_byte(out, ' ');
    out_string(out, family->type);
    out_byte(out, '\n');
}

// cursor.inner: 0 before the head of a family, 1 behind it.
static enum step
family_step(const struct family *family, struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    if (cursor->inner == 0) {
        write_head(out, family);
        cursor->inner = 1;
        cursor->row = 0;
    }
    if (family->write(family, exchange, out) == STEP_DONE) {
        cursor->stage++;
        cursor->inner = 0;
    }
    return STEP_MORE;
}

static enum step
write_counter(const struct family *family, struct exchange *exchange, struct out *out)
{
    const struct table_header *header = exchange->api->table->header;
    size_t counter = exchange->cursor.stage - TABLE_END;
    return plain_u64(out, family,
                     atomic_load_explicit(&header->counter[counter], memory_order_relaxed));
}

static enum step
metrics_step(struct exchange *exchange, struct out *out)
{
    size_t stage = exchange->cursor.stage;
    if (stage < OWN_END) {
        return family_step(&own_families[stage], exchange, out);
    }
    if (stage >= COUNTERS_END || exchange->api->table == NULL) {
        return STEP_DONE;
    }
    if (stage < TABLE_END) {
        return family_step(&table_families[stage - OWN_END], exchange, out);
    }
    enum counter counter = (enum counter)(stage - TABLE_END);
    const struct family family = {
        .name = table_counter_name(counter),
        .type = "counter",
        .help = table_counter_help(counter),
        .write = write_counter,
    };
    return family_step(&family, exchange, out);
}

void
own_metrics(struct exchange *exchange)
{
    exchange_answer(exchange, CONTENT_PROMETHEUS, metrics_step);
}
