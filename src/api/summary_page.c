#include "api/summary_page.h"

#include "api/health_api.h"
#include "api/html.h"
#include "api/summary_part.h"
#include "api/summary_row.h"
#include "api/summary_style.h"
#include "base/error.h"

static struct text
chosen_namespace(const struct exchange *exchange)
{
    return query_get(&exchange->query, TEXT("namespace"));
}

static enum step
write_head(struct exchange *exchange, struct out *out)
{
    (void)exchange;
    out_string(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
                    "<meta http-equiv=\"refresh\" content=\"15\"><title>Skerry</title><style>");
    out_string(out, summary_style);
    out_string(out, "</style></head>\n<body>");
    return STEP_DONE;
}

static enum step
write_header(struct exchange *exchange, struct out *out)
{
    const struct api *api = exchange->api;
    enum health health = health_of(api, exchange->now);
    out_string(out, "<header><h1><a href=\"/plain\">Skerry</a></h1>");
    out_format(out, "<span class=\"pill %s\">%s</span><span class=\"dim\">",
               health == HEALTH_OK ? "ok" : "bad", health == HEALTH_OK ? "collecting" : "trouble");
    health_write(health, api, exchange->now, out);
    out_string(out, "</span></header>\n<main>");
    if (api->table == NULL) {
        out_string(out, "<p class=\"alert\">The collecting role has not written anything yet. "
                        "This page reloads by itself.</p>");
    }
    return STEP_DONE;
}

static void
write_source_alert(struct out *out, const struct source_row *row, struct wall_ms now)
{
    out_string(out, "<p class=\"alert\">");
    html_text(out, text_of(row->name));
    out_string(out, ": ");
    const char *last = row->last_error[0] != '\0' ? row->last_error
                                                  : error_sentence((int)row->api_last_error);
    html_text(out, text_of(last));
    if (row->api_last_success_ms > 0) {
        out_string(out, " (last answer ");
        html_duration(out, now.ms - row->api_last_success_ms);
        out_string(out, " ago; the nodes known then are still watched)");
    }
    out_string(out, "</p>");
}

static enum step
write_alerts(struct exchange *exchange, struct out *out)
{
    const struct table_reader *table = exchange->api->table;
    struct source_row row;
    unsigned index = ++exchange->cursor.inner;
    if (index > table->header->source_count || index > SOURCES_MAX) {
        return STEP_DONE;
    }
    if (table_read_source(table, index, &row) && row.api_last_error != ERR_OK) {
        write_source_alert(out, &row, exchange->now);
    }
    return STEP_MORE;
}

struct sums {
    double cpu_used, cpu_whole;        // millicores
    double memory_used, memory_whole;  // bytes
    unsigned nodes, ready, failing;
};

static void
add_node(struct sums *sums, const struct target *node)
{
    const struct node_row *row = &node->node.row;
    double cpu = summary_value(node, METRIC_CPU_USAGE_RATE);
    double memory = summary_value(node, METRIC_MEMORY_WORKING_SET);
    sums->cpu_used += cpu > 0 ? cpu : 0;
    sums->memory_used += memory > 0 ? memory : 0;
    sums->cpu_whole += (double)(row->cpu_allocatable_milli > 0 ? row->cpu_allocatable_milli
                                                               : row->cpu_capacity_milli);
    sums->memory_whole += (double)(row->memory_allocatable > 0 ? row->memory_allocatable
                                                               : row->memory_capacity);
    bool pseudo = (row->head.flags & ROW_PSEUDO) != 0;
    bool answers = row->scrape.failure_streak == 0;
    sums->nodes++;
    sums->ready += row->ready == CONDITION_TRUE || (pseudo && answers) ? 1 : 0;
    sums->failing += answers ? 0 : 1;
}

static struct sums
sum_nodes(const struct table_reader *table)
{
    struct sums sums = {0};
    struct target node = {.entity = ENTITY_NODE, .table = table};
    row_index row = table_next_row(table, POOL_NODES, 0);
    while (row != 0) {
        if (table_read_node(table, row, VIEW_NAMES, &node.node)) {
            add_node(&sums, &node);
        }
        row = table_next_row(table, POOL_NODES, row);
    }
    return sums;
}

static void
begin_card(struct out *out, const char *title)
{
    out_format(out, "<div class=\"card\"><span class=\"dim\">%s</span><b>", title);
}

static void
write_node_card(struct out *out, const struct sums *sums)
{
    begin_card(out, "Nodes");
    out_format(out, "%u / %u</b>", sums->ready, sums->nodes);
    html_bar(out, 0, 0);
    out_format(out, "<span class=\"dim\">ready%s", sums->failing == 0 ? "" : "; ");
    if (sums->failing > 0) {
        out_format(out, "%u not answering", sums->failing);
    }
    out_string(out, "</span></div>");
}

static void
write_use_card(struct out *out, const char *title, double used, double whole,
               void (*write)(struct out *out, double value))
{
    begin_card(out, title);
    write(out, used);
    out_string(out, "</b>");
    html_bar(out, used, whole);
    if (whole > 0) {
        out_string(out, "<span class=\"dim\">");
        html_percent(out, used, whole);
        out_string(out, " of ");
        write(out, whole);
        out_string(out, "</span>");
    }
    out_string(out, "</div>");
}

static enum step
write_cards(struct exchange *exchange, struct out *out)
{
    struct totals totals;
    struct sums sums = sum_nodes(exchange->api->table);
    out_string(out, "<div class=\"cards\">");
    write_node_card(out, &sums);
    write_use_card(out, "CPU", sums.cpu_used, sums.cpu_whole, html_cpu);
    write_use_card(out, "Memory", sums.memory_used, sums.memory_whole, html_bytes);
    if (table_read_totals(exchange->api->table, 0, &totals)) {
        begin_card(out, "Pods");
        out_format(out, "%u</b><span class=\"dim\">%u containers</span></div>",
                   totals.pod_count, totals.container_count);
        if (totals.memory_request > 0) {
            write_use_card(out, "CPU requested", (double)totals.cpu_request, sums.cpu_whole,
                           html_cpu);
            write_use_card(out, "Memory requested", (double)totals.memory_request,
                           sums.memory_whole, html_bytes);
        }
    }
    out_string(out, "</div>\n");
    return STEP_DONE;
}

static enum step
write_nodes(struct exchange *exchange, struct out *out)
{
    const struct table_reader *table = exchange->api->table;
    const struct order *order = exchange_order(exchange);
    struct cursor *cursor = &exchange->cursor;
    struct target node = {.entity = ENTITY_NODE, .table = table};
    uint32_t all = order_count(order, ORDER_NODES);
    if (cursor->inner == 0) {
        summary_table_begin(out, "nodes", "Nodes", all);
        summary_node_head(out);
        out_string(out, "<tbody>");
        cursor->inner = 1;
        return STEP_MORE;
    }
    row_index row = 0;
    if (cursor->written < SUMMARY_NODES_MAX) {
        row = order_next(order, table, ORDER_NODES, &cursor->order);
    }
    if (row == 0) {
        return summary_table_end(out, cursor->written, all);
    }
    cursor->written++;
    if (table_read_node(table, row, VIEW_DETAILS, &node.node)) {
        summary_node_row(out, &node, exchange->now);
    }
    return STEP_MORE;
}

static enum step
write_namespaces(struct exchange *exchange, struct out *out)
{
    const struct table_reader *table = exchange->api->table;
    const struct order *order = exchange_order(exchange);
    struct cursor *cursor = &exchange->cursor;
    struct target target = {.entity = ENTITY_NAMESPACE, .table = table};
    uint32_t all = order_count(order, ORDER_NAMESPACES);
    if (all == 0) {
        return STEP_DONE;
    }
    if (cursor->inner == 0) {
        summary_table_begin(out, "namespaces", "Namespaces", all);
        summary_namespace_head(out);
        out_string(out, "<tbody>");
        cursor->inner = 1;
        return STEP_MORE;
    }
    row_index row = 0;
    if (cursor->written < SUMMARY_NAMESPACES_MAX) {
        row = order_next(order, table, ORDER_NAMESPACES, &cursor->order);
    }
    if (row == 0) {
        return summary_table_end(out, cursor->written, all);
    }
    cursor->written++;
    if (table_read_namespace(table, row, VIEW_NAMES, &target.namespace_row)) {
        summary_namespace_row(out, &target);
    }
    return STEP_MORE;
}

static void
begin_pods(struct exchange *exchange, struct out *out)
{
    struct text chosen = chosen_namespace(exchange);
    struct cursor *cursor = &exchange->cursor;
    const struct order *order = exchange_order(exchange);
    if (chosen.size > 0) {
        out_string(out, "<section id=\"pods\"><h2>Pods of ");
        html_text(out, chosen);
        out_string(out, "<small><a href=\"/plain\">all namespaces</a></small></h2>"
                        "<div class=\"box\"><table>");
        order_begin_namespace(order, exchange->api->table, text_sub(chosen, 0, NAME_BYTES_MAX),
                              &cursor->order);
    } else {
        summary_table_begin(out, "pods", "Pods", order_count(order, ORDER_PODS));
    }
    summary_pod_head(out);
    out_string(out, "<tbody>");
    cursor->inner = 1;
}

// The next pod of the chosen namespace, or of all; 0 at the end.
static row_index
next_pod(struct exchange *exchange)
{
    struct order_cursor *cursor = &exchange->cursor.order;
    row_index row = order_next(exchange_order(exchange), exchange->api->table, ORDER_PODS, cursor);
    struct text chosen = chosen_namespace(exchange);
    struct text group = {cursor->group, cursor->group_bytes};
    return chosen.size > 0 && !text_equal(chosen, group) ? 0 : row;
}

static enum step
end_pods(struct exchange *exchange, struct out *out)
{
    uint32_t shown = exchange->cursor.written;
    if (shown == 0) {
        out_string(out, "<tr><td class=\"dim\" colspan=\"6\">There are no pods of this "
                        "namespace.</td></tr>");
    }
    if (chosen_namespace(exchange).size == 0) {
        return summary_table_end(out, shown, order_count(exchange_order(exchange), ORDER_PODS));
    }
    return summary_table_end(out, shown, shown == SUMMARY_PODS_MAX ? shown + 1 : shown);
}

static enum step
write_pods(struct exchange *exchange, struct out *out)
{
    const struct table_reader *table = exchange->api->table;
    struct cursor *cursor = &exchange->cursor;
    struct target pod = {.entity = ENTITY_POD, .table = table};
    if (order_count(exchange_order(exchange), ORDER_PODS) == 0) {
        return STEP_DONE;
    }
    if (cursor->inner == 0) {
        begin_pods(exchange, out);
        return STEP_MORE;
    }
    row_index row = cursor->written < SUMMARY_PODS_MAX ? next_pod(exchange) : 0;
    if (row == 0) {
        return end_pods(exchange, out);
    }
    cursor->written++;
    if (table_read_pod(table, row, VIEW_DETAILS, &pod.pod)) {
        summary_pod_row(out, &pod);
    }
    return STEP_MORE;
}

static enum step
begin_top(struct exchange *exchange, struct out *out)
{
    (void)exchange;
    out_string(out, "<div class=\"two top\">");
    return STEP_DONE;
}

static enum step
begin_two(struct exchange *exchange, struct out *out)
{
    (void)exchange;
    out_string(out, "<div class=\"two\">");
    return STEP_DONE;
}

static enum step
end_two(struct exchange *exchange, struct out *out)
{
    (void)exchange;
    out_string(out, "</div>\n");
    return STEP_DONE;
}

static enum step
write_footer(struct exchange *exchange, struct out *out)
{
    const struct api *api = exchange->api;
    out_string(out, "</main><footer>Skerry ");
    html_text(out, text_of(api->version));
    out_string(out, ", up ");
    html_duration(out, exchange->now.ms - api->started.ms);
    out_string(out, " · <a href=\"/api/v1/appliance\">appliance</a> · "
                    "<a href=\"/metrics\">metrics</a> · "
                    "<a href=\"/api/v1/model/nodes/\">model API</a> · "
                    "<a href=\"/healthz?verbose\">health</a></footer></body></html>\n");
    return STEP_DONE;
}

// When a section is on the page.
enum when { ALWAYS, WITH_TABLE, WITHOUT_CHOICE };

static const struct {
    summary_section *write;
    enum when when;
} sections[] = {
    {write_head, ALWAYS},
    {write_header, ALWAYS},
    {write_alerts, WITH_TABLE},
    {write_cards, WITH_TABLE},
    {write_nodes, WITHOUT_CHOICE},
    {begin_top, WITHOUT_CHOICE},
    {summary_top_pods_cpu, WITHOUT_CHOICE},
    {summary_top_pods_memory, WITHOUT_CHOICE},
    {summary_top_services_cpu, WITHOUT_CHOICE},
    {summary_top_services_memory, WITHOUT_CHOICE},
    {end_two, WITHOUT_CHOICE},
    {write_namespaces, WITHOUT_CHOICE},
    {write_pods, WITH_TABLE},
    {begin_two, WITHOUT_CHOICE},
    {summary_roles, ALWAYS},
    {summary_errors, WITHOUT_CHOICE},
    {summary_pools, WITHOUT_CHOICE},
    {end_two, WITHOUT_CHOICE},
    {write_footer, ALWAYS},
};

static bool
is_shown(const struct exchange *exchange, enum when when)
{
    switch (when) {
    case ALWAYS:
        return true;
    case WITH_TABLE:
        return exchange->api->table != NULL;
    case WITHOUT_CHOICE:
        return exchange->api->table != NULL && chosen_namespace(exchange).size == 0;
    }
    return false;
}

// cursor.stage is the section.
static enum step
page_step(struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    if (is_shown(exchange, sections[cursor->stage].when)) {
        enum step step = sections[cursor->stage].write(exchange, out);
        if (step != STEP_DONE) {
            return step;
        }
    }
    unsigned stage = cursor->stage + 1;
    *cursor = (struct cursor){.stage = stage};
    return stage == ARRAY_COUNT(sections) ? STEP_DONE : STEP_MORE;
}

void
summary_page(struct exchange *exchange)
{
    exchange_answer(exchange, CONTENT_HTML, page_step);
    exchange->policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                       "form-action 'none'; frame-ancestors 'none'";
}
