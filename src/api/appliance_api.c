#include "api/appliance_api.h"

#include "api/appliance_sinks.h"
#include "api/health_api.h"
#include "base/calendar.h"
#include "base/error.h"
#include "base/json.h"

// The document is written part by part: each part is one or more members of
// the outermost object, written by its own struct json, commas between by us.
typedef enum step part_writer(struct exchange *exchange, struct out *out);

static void
key_time(struct json *json, const char *key, struct wall_ms time)
{
    char room[40];
    struct out text = out_of(room, sizeof room);
    json_key(json, key);
    if (time.ms == 0) {
        json_null(json);
        return;
    }
    calendar_write(&text, time);
    json_text(json, out_view(&text));
}

static void
key_u64(struct json *json, const char *key, uint64_t value)
{
    json_key(json, key);
    json_u64(json, value);
}

static void
key_string(struct json *json, const char *key, const char *value)
{
    json_key(json, key);
    json_string(json, value);
}

static void
key_bool(struct json *json, const char *key, bool value)
{
    json_key(json, key);
    json_bool(json, value);
}

static enum step
write_self(struct exchange *exchange, struct out *out)
{
    const struct api *api = exchange->api;
    enum health health = health_of(api, exchange->now);
    char room[160];
    struct out sentence = out_of(room, sizeof room);
    struct json json = json_of(out);
    health_write(health, api, exchange->now, &sentence);
    json_object(&json);
    key_string(&json, "version", api->version);
    key_time(&json, "now", exchange->now);
    key_time(&json, "started", api->started);
    key_u64(&json, "uptimeSeconds", (uint64_t)((exchange->now.ms - api->started.ms) / MS_PER_S));
    key_bool(&json, "healthy", health == HEALTH_OK);
    json_key(&json, "health");
    json_text(&json, out_view(&sentence));
    if (api->table != NULL) {
        const struct table_header *header = api->table->header;
        uint32_t cycle_s = atomic_load_explicit(&header->cycle_done_s, memory_order_acquire);
        uint64_t birth_ms = atomic_load_explicit(&header->writer_birth_ms, memory_order_relaxed);
        key_time(&json, "cycle", (struct wall_ms){(int64_t)cycle_s * MS_PER_S});
        key_u64(&json, "resolutionMs", header->resolution_ms);
        key_time(&json, "collectStarted", (struct wall_ms){(int64_t)birth_ms});
    }
    return STEP_DONE;
}

static enum step
write_plan(struct exchange *exchange, struct out *out)
{
    const struct plan *plan = exchange->api->plan;
    struct cursor *cursor = &exchange->cursor;
    struct json json = json_of(out);
    if (plan == NULL) {
        out_string(out, ",\"plan\":null");
        return STEP_DONE;
    }
    if (cursor->inner == 0) {
        out_format(out, ",\"planBytes\":%llu,\"plan\":[",
                   (unsigned long long)plan_bytes(plan, NULL));
    }
    if (cursor->inner == plan->part_count) {
        out_byte(out, ']');
        return STEP_DONE;
    }
    const struct plan_part *part = &plan->part[cursor->inner];
    out_string(out, cursor->inner == 0 ? "" : ",");
    json_object(&json);
    key_string(&json, "role", part->role);
    key_string(&json, "part", part->name);
    key_u64(&json, "count", part->count);
    key_u64(&json, "bytesEach", part->bytes_each);
    key_u64(&json, "bytes", plan_part_bytes(part));
    json_object_end(&json);
    cursor->inner++;
    return STEP_MORE;
}

static enum step
write_pools(struct exchange *exchange, struct out *out)
{
    struct json json = json_of(out);
    out_string(out, ",\"pools\":");
    json_array(&json);
    for (int i = 0; i < POOL_SHOWN_COUNT; i++) {
        struct pool_use use = table_read_pool(exchange->api->table, (enum table_pool)i);
        json_object(&json);
        key_string(&json, "pool", table_pool_name((enum table_pool)i));
        key_u64(&json, "used", use.used);
        key_u64(&json, "peak", use.peak);
        key_u64(&json, "limit", use.limit);
        key_u64(&json, "refused", use.refused_total);
        key_u64(&json, "bytes", ((uint64_t)use.limit + 1) * use.row_bytes);
        json_object_end(&json);
    }
    json_array_end(&json);
    return STEP_DONE;
}

static enum step
write_counters(struct exchange *exchange, struct out *out)
{
    const struct table_header *header = exchange->api->table->header;
    struct json json = json_of(out);
    out_string(out, ",\"counters\":");
    json_object(&json);
    for (int i = 0; i < COUNTER_COUNT; i++) {
        key_u64(&json, table_counter_name((enum counter)i),
                atomic_load_explicit(&header->counter[i], memory_order_relaxed));
    }
    json_object_end(&json);
    return STEP_DONE;
}

// Only those that happened.
static enum step
write_errors(struct exchange *exchange, struct out *out)
{
    const struct table_header *header = exchange->api->table->header;
    struct json json = json_of(out);
    out_string(out, ",\"errors\":");
    json_array(&json);
    for (int i = ERR_OK + 1; i < ERR_COUNT; i++) {
        uint64_t total = atomic_load_explicit(&header->error_total[i], memory_order_relaxed);
        if (total > 0) {
            json_object(&json);
            key_string(&json, "reason", error_name(i));
            key_string(&json, "sentence", error_sentence(i));
            key_u64(&json, "total", total);
            json_object_end(&json);
        }
    }
    json_array_end(&json);
    return STEP_DONE;
}

static void
write_source(struct json *json, unsigned index, const struct source_row *row)
{
    static const char *const kinds[] = {"none", "kubernetes", "cadvisor", "host"};
    json_object(json);
    key_u64(json, "source", index);
    key_string(json, "kind", row->kind < ARRAY_COUNT(kinds) ? kinds[row->kind] : "unknown");
    key_string(json, "name", row->name);
    key_bool(json, "up", row->api_last_error == ERR_OK);
    key_bool(json, "insecure", row->insecure != 0);
    key_bool(json, "proxy", row->proxy != 0);
    key_u64(json, "nodes", row->nodes_known);
    key_u64(json, "lists", row->list_total);
    key_u64(json, "relists", row->relist_total);
    key_u64(json, "watches", row->watch_total);
    key_time(json, "lastSuccess", (struct wall_ms){row->api_last_success_ms});
    key_time(json, "lastFailure", (struct wall_ms){row->api_last_failure_ms});
    key_string(json, "error", error_name((int)row->api_last_error));
    key_string(json, "lastError", row->last_error);
    json_object_end(json);
}

static enum step
write_sources(struct exchange *exchange, struct out *out)
{
    const struct table_reader *table = exchange->api->table;
    struct cursor *cursor = &exchange->cursor;
    struct json json = json_of(out);
    struct source_row row;
    out_string(out, cursor->inner == 0 ? ",\"sources\":[" : "");
    unsigned index = cursor->inner + 1;
    if (index > table->header->source_count || index > SOURCES_MAX) {
        out_byte(out, ']');
        return STEP_DONE;
    }
    cursor->inner++;
    if (table_read_source(table, index, &row)) {
        out_string(out, cursor->written++ == 0 ? "" : ",");
        write_source(&json, index, &row);
    }
    return STEP_MORE;
}

static void
write_pods_by_phase(struct json *json, const struct cluster_counts *counts, uint32_t active)
{
    json_key(json, "pods");
    json_object(json);
    key_u64(json, "active", active);
    for (unsigned i = 0; i < CLUSTER_POD_PHASES; i++) {
        key_u64(json, cluster_phase_name(i), counts->pods[i]);
    }
    key_u64(json, "deleting", counts->pods_deleting);
    json_object_end(json);
}

static void
write_containers_by_state(struct json *json, const struct cluster_counts *counts)
{
    json_key(json, "containers");
    json_object(json);
    for (unsigned i = 0; i < CLUSTER_CONTAINER_STATES; i++) {
        key_u64(json, cluster_container_state_name(i), counts->containers[i]);
    }
    key_u64(json, "crashLooping", counts->crash_looping);
    key_u64(json, "oomKilled", counts->oom_killed);
    key_u64(json, "restarts", counts->restarts);
    json_object_end(json);
}

// What is watched, by state. `active` are the pods that have not ended, those
// beyond the plan included, which have no row and so no phase here.
static enum step
write_cluster(struct exchange *exchange, struct out *out)
{
    const struct table_reader *table = exchange->api->table;
    struct cluster_counts *counts = &exchange->counts;
    struct cursor *cursor = &exchange->cursor;
    struct json json = json_of(out);
    struct totals totals;
    if (cursor->inner == 0) {
        *counts = (struct cluster_counts){0};
        cursor->inner = 1;
    }
    if (cursor->inner == 1) {
        if (!cluster_count(counts, table, EXCHANGE_ROWS_PER_STEP)) {
            return STEP_PAUSE;
        }
        cursor->inner = 2;
        return STEP_MORE;
    }
    bool known = table_read_totals(table, 0, &totals);
    out_string(out, ",\"cluster\":");
    json_object(&json);
    json_key(&json, "nodes");
    json_object(&json);
    key_u64(&json, "known", counts->nodes);
    key_u64(&json, "ready", counts->nodes_ready);
    key_u64(&json, "failing", counts->nodes_failing);
    json_object_end(&json);
    write_pods_by_phase(&json, counts, known ? totals.pod_count : 0);
    write_containers_by_state(&json, counts);
    json_object_end(&json);
    return STEP_DONE;
}

static void
write_failing(struct json *json, const struct node_view *view)
{
    const struct scrape_row *scrape = &view->row.scrape;
    json_object(json);
    json_key(json, "node");
    json_text(json, view->name);
    key_string(json, "error", error_name(scrape->last_error));
    key_string(json, "sentence", error_sentence(scrape->last_error));
    key_u64(json, "streak", scrape->failure_streak);
    key_time(json, "lastSuccess", (struct wall_ms){scrape->last_success_ms});
    key_time(json, "lastAttempt", (struct wall_ms){scrape->last_attempt_ms});
    json_object_end(json);
}

static enum step
end_failing(struct out *out, bool truncated)
{
    out_string(out, truncated ? "],\"failingNodesTruncated\":true"
                              : "],\"failingNodesTruncated\":false");
    return STEP_DONE;
}

static enum step
write_failing_nodes(struct exchange *exchange, struct out *out)
{
    const struct table_reader *table = exchange->api->table;
    struct cursor *cursor = &exchange->cursor;
    struct node_view view;
    struct json json = json_of(out);
    if (cursor->inner == 0) {
        out_string(out, ",\"failingNodes\":[");
        cursor->inner = 1;
    }
    cursor->row = table_next_row(table, POOL_NODES, cursor->row);
    if (cursor->row == 0) {
        return end_failing(out, false);
    }
    if (!table_read_node(table, cursor->row, VIEW_NAMES, &view) ||
        view.row.scrape.failure_streak == 0) {
        return STEP_MORE;
    }
    if (cursor->written == APPLIANCE_FAILING_MAX) {
        return end_failing(out, true);
    }
    out_string(out, cursor->written++ == 0 ? "" : ",");
    write_failing(&json, &view);
    return STEP_MORE;
}

// null: it has none, or it is not known.
static void
write_role_heap(struct json *json, const struct heap_use *heap)
{
    json_key(json, "heap");
    if (heap->size == 0) {
        json_null(json);
        return;
    }
    json_object(json);
    key_u64(json, "now", heap->now);
    key_u64(json, "peak", heap->peak);
    key_u64(json, "limit", heap->size);
    key_u64(json, "failures", heap->failures_total);
    json_object_end(json);
}

static enum step
write_roles(struct exchange *exchange, struct out *out)
{
    const struct api *api = exchange->api;
    struct json json = json_of(out);
    out_string(out, ",\"roles\":");
    json_array(&json);
    for (unsigned i = 0; i < api->role_count; i++) {
        const struct role_report *report = &api->role[i];
        json_object(&json);
        key_string(&json, "role", report->name);
        key_string(&json, "state", report->state);
        key_u64(&json, "pid", report->pid);
        key_time(&json, "since", report->since);
        key_u64(&json, "deaths", report->deaths_total);
        key_u64(&json, "restarts", report->restarts_total);
        key_time(&json, "lastDeath", report->last_death);
        key_string(&json, "lastReason", report->last_reason);
        key_u64(&json, "planBytes",
                api->plan == NULL ? 0 : plan_bytes(api->plan, report->name));
        write_role_heap(&json, &report->heap);
        json_object_end(&json);
    }
    json_array_end(&json);
    return STEP_DONE;
}

static enum step
write_serve(struct exchange *exchange, struct out *out)
{
    const struct http_use *use = &exchange->api->http;
    const struct heap_use *heap = &exchange->api->heap;
    struct json json = json_of(out);
    out_string(out, ",\"serve\":");
    json_object(&json);
    key_u64(&json, "heapBytes", heap->now);
    key_u64(&json, "heapBytesPeak", heap->peak);
    key_u64(&json, "heapBytesLimit", heap->size);
    key_u64(&json, "heapFailures", heap->failures_total);
    key_u64(&json, "clients", use->clients);
    key_u64(&json, "clientsPeak", use->clients_peak);
    key_u64(&json, "clientsLimit", use->clients_limit);
    key_u64(&json, "accepted", use->accepted_total);
    key_u64(&json, "refused", use->refused_total);
    key_u64(&json, "evicted", use->evicted_total);
    key_u64(&json, "timeouts", use->timeout_total);
    key_u64(&json, "forbidden", use->forbidden_total);
    json_object_end(&json);
    return STEP_DONE;
}

static void
write_tiers(struct json *json, const struct history_use *use)
{
    json_key(json, "tiers");
    json_object(json);
    for (unsigned tier = 0; tier < TIER_COUNT; tier++) {
        json_key(json, historical_tier_name((enum history_tier)tier));
        json_object(json);
        key_time(json, "oldest", (struct wall_ms){use->oldest_s[tier] * MS_PER_S});
        key_time(json, "newest", (struct wall_ms){use->newest_s[tier] * MS_PER_S});
        json_object_end(json);
    }
    json_object_end(json);
}

static void
write_recording(struct json *json, const struct history_status *status)
{
    key_time(json, "lastCycle", (struct wall_ms){status->last_cycle_s * MS_PER_S});
    key_u64(json, "cycles", status->cycles_total);
    key_u64(json, "cyclesLost", status->cycles_lost_total);
    key_u64(json, "cyclesRefused", status->use.cycles_refused_total);
    key_u64(json, "cyclesForgotten", status->use.cycles_forgotten_total);
    key_u64(json, "sets", status->sets_total);
    key_time(json, "lastSetAside", (struct wall_ms){status->set_aside_ms});
    key_string(json, "error", error_name(status->last_error < 0 ? -status->last_error
                                                                : status->last_error));
    key_string(json, "lastError", status->last_sentence);
}

// null: none is kept.
static enum step
write_history(struct exchange *exchange, struct out *out)
{
    const struct historical *historical = &exchange->api->historical;
    const struct history_use *use = historical_use(historical);
    struct json json = json_of(out);
    if (!historical->kept) {
        out_string(out, ",\"history\":null");
        return STEP_DONE;
    }
    out_string(out, ",\"history\":");
    json_object(&json);
    key_bool(&json, "open", historical->history != NULL);
    key_string(&json, "readError", error_name(-historical->error));
    key_u64(&json, "reads", historical->pages_total);
    key_u64(&json, "readFailures", historical->failures_total);
    key_u64(&json, "bytes", use->bytes);
    key_u64(&json, "limit", use->bytes_limit);
    key_u64(&json, "samples", use->samples_total);
    json_key(&json, "bytesPerSample");
    json_double(&json, use->samples_total == 0 ? 0
                                               : (double)(use->sample_bytes_total * 100 /
                                                          use->samples_total) / 100);
    key_u64(&json, "entities", use->entities);
    key_u64(&json, "badBlocks", use->bad_blocks_total);
    key_u64(&json, "setAside", use->set_aside_total);
    write_tiers(&json, use);
    if (historical->has_status) {
        write_recording(&json, &historical->status);
    }
    json_object_end(&json);
    return STEP_DONE;
}

static enum step
write_end(struct exchange *exchange, struct out *out)
{
    (void)exchange;
    out_string(out, "}\n");
    return STEP_DONE;
}

static const struct {
    part_writer *write;
    bool of_table;  // left out while there is none
} parts[] = {
    {write_self, false},    {write_roles, false},   {write_serve, false},
    {write_history, false}, {appliance_sinks, false}, {write_pools, true},    {write_counters, true},
    {write_errors, true},   {write_sources, true},  {write_cluster, true},
    {write_failing_nodes, true}, {write_plan, false}, {write_end, false},
};

// cursor.stage is the part; inner, row and written are the part's own.
static enum step
appliance_step(struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    bool skip = parts[cursor->stage].of_table && exchange->api->table == NULL;
    if (!skip && parts[cursor->stage].write(exchange, out) != STEP_DONE) {
        return STEP_MORE;
    }
    cursor->stage++;
    cursor->inner = 0;
    cursor->row = 0;
    cursor->written = 0;
    return cursor->stage == ARRAY_COUNT(parts) ? STEP_DONE : STEP_MORE;
}

void
appliance_api(struct exchange *exchange)
{
    exchange_answer(exchange, CONTENT_JSON, appliance_step);
}
