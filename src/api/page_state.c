// What of the appliance itself the overview says: sources, roles, sinks and how
// far the history goes back.
#include "api/appliance_sinks.h"
#include "api/page_part.h"
#include "base/error.h"

static void
write_source(struct json *json, const struct source_row *row)
{
    static const char *const kinds[] = {"none", "kubernetes", "cadvisor", "host"};
    const char *last = row->last_error[0] != '\0' ? row->last_error
                                                  : error_sentence((int)row->api_last_error);
    json_object(json);
    page_key_string(json, "kind", row->kind < ARRAY_COUNT(kinds) ? kinds[row->kind] : "unknown");
    page_key_string(json, "name", row->name);
    json_key(json, "up");
    json_bool(json, row->api_last_error == ERR_OK);
    json_key(json, "insecure");
    json_bool(json, row->insecure != 0);
    page_key_u64(json, "nodes", row->nodes_known);
    page_key_ms(json, "lastSuccess", row->api_last_success_ms);
    page_key_string(json, "error", row->api_last_error == ERR_OK ? "" : last);
    json_object_end(json);
}

enum step
page_sources(struct exchange *exchange, struct out *out)
{
    const struct table_reader *table = exchange->api->table;
    struct cursor *cursor = &exchange->cursor;
    struct json json = json_of(out);
    struct source_row row;
    out_string(out, cursor->inner == 0 ? ",\"sources\":[" : "");
    unsigned index = ++cursor->inner;
    if (index > table->header->source_count || index > SOURCES_MAX) {
        out_byte(out, ']');
        return STEP_DONE;
    }
    if (table_read_source(table, index, &row)) {
        out_string(out, cursor->written++ == 0 ? "" : ",");
        write_source(&json, &row);
    }
    return STEP_MORE;
}

enum step
page_roles(struct exchange *exchange, struct out *out)
{
    const struct api *api = exchange->api;
    struct json json = json_of(out);
    out_string(out, ",\"roles\":");
    json_array(&json);
    for (unsigned i = 0; i < api->role_count; i++) {
        const struct role_report *role = &api->role[i];
        json_object(&json);
        page_key_string(&json, "role", role->name);
        page_key_string(&json, "state", role->state);
        json_key(&json, "up");
        json_bool(&json, role->up);
        page_key_ms(&json, "since", role->since.ms);
        page_key_u64(&json, "deaths", role->deaths_total);
        page_key_ms(&json, "lastDeath", role->last_death.ms);
        page_key_string(&json, "lastReason", role->last_reason);
        json_object_end(&json);
    }
    json_array_end(&json);
    return STEP_DONE;
}

static void
write_sink(struct json *json, const struct sink_status *sink)
{
    json_object(json);
    page_key_string(json, "name", sink->name);
    page_key_string(json, "takes", sink->events != 0 ? "events" : "metrics");
    page_key_string(json, "state", sink_state_name(sink->state));
    page_key_u64(json, "lag", (uint64_t)sink->lag_ms);
    page_key_u64(json, "waiting", sink->backlog_cycles);
    page_key_u64(json, "refused", sink_status_refused(sink));
    page_key_u64(json, "missed", sink->missed_total);
    page_key_ms(json, "lastSuccess", sink->success_ms);
    page_key_ms(json, "lastFailure", sink->error_ms);
    page_key_string(json, "error", sink->error_ms == 0 ? "" : sink->why);
    json_object_end(json);
}

enum step
page_sinks(struct exchange *exchange, struct out *out)
{
    return sinks_member(exchange, out, write_sink);
}

// The pools that had to refuse rows.
enum step
page_full(struct exchange *exchange, struct out *out)
{
    struct json json = json_of(out);
    out_string(out, ",\"full\":");
    json_array(&json);
    for (int i = 0; i < POOL_SHOWN_COUNT; i++) {
        struct pool_use use = table_read_pool(exchange->api->table, (enum table_pool)i);
        if (use.refused_total > 0) {
            json_object(&json);
            page_key_string(&json, "pool", table_pool_name((enum table_pool)i));
            page_key_u64(&json, "used", use.used);
            page_key_u64(&json, "limit", use.limit);
            page_key_u64(&json, "refused", use.refused_total);
            json_object_end(&json);
        }
    }
    json_array_end(&json);
    return STEP_DONE;
}

// null: none is kept. Otherwise an object; "oldest" is null while it is empty.
enum step
page_history(struct exchange *exchange, struct out *out)
{
    const struct historical *historical = &exchange->api->historical;
    const struct history_use *use = historical_use(historical);
    struct json json = json_of(out);
    out_string(out, ",\"history\":");
    if (!historical->kept) {
        json_null(&json);
        return STEP_DONE;
    }
    uint32_t oldest_s = 0;
    for (unsigned tier = 0; tier < TIER_COUNT; tier++) {
        uint32_t at_s = use->oldest_s[tier];
        oldest_s = at_s != 0 && (oldest_s == 0 || at_s < oldest_s) ? at_s : oldest_s;
    }
    json_object(&json);
    json_key(&json, "open");
    json_bool(&json, historical->history != NULL);
    json_key(&json, "oldest");
    page_seconds(&json, oldest_s);
    bool failing = historical->has_status && historical->status.last_error != 0;
    page_key_string(&json, "error", failing ? historical->status.last_sentence : "");
    json_object_end(&json);
    return STEP_DONE;
}
