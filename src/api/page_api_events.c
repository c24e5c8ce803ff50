// The events of page_api.h.
#include "api/page_api.h"
#include "api/page_part.h"
#include "base/error.h"
#include "table/event_view.h"

static const char *const columns[] = {
    "last", "first", "count", "type", "namespace", "kind", "name", "reason", "component", "node",
    "message",
};

static void
write_minutes(struct json *json, const struct table_reader *table)
{
    struct event_minute minutes[EVENT_MINUTES];
    bool whole = table_read_event_minutes(table, minutes);
    json_key(json, "minutes");
    json_array(json);
    for (unsigned i = 0; whole && i < EVENT_MINUTES; i++) {
        if (minutes[i].minute == 0) {
            continue;
        }
        json_array(json);
        json_u64(json, (uint64_t)minutes[i].minute * 60 * MS_PER_S);
        json_u64(json, minutes[i].normal);
        json_u64(json, minutes[i].warning);
        json_array_end(json);
    }
    json_array_end(json);
}

static enum step
write_head(struct exchange *exchange, struct out *out)
{
    const struct table_reader *table = exchange->api->table;
    struct pool_use use = table_read_pool(table, POOL_EVENTS);
    struct json json = json_of(out);
    page_begin(&json, exchange);
    page_key_u64(&json, "kept", use.used);
    page_key_u64(&json, "room", use.limit);
    write_minutes(&json, table);
    out_string(out, ",\"sources\":[");
    exchange->cursor = (struct cursor){.stage = 1, .inner = 1};
    return STEP_MORE;
}

// cursor.inner: the source.
static enum step
write_source(struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    struct source_row row;
    if (cursor->inner <= SOURCES_MAX
        && table_read_source(exchange->api->table, cursor->inner, &row)) {
        struct json json = json_of(out);
        out_string(out, cursor->inner > 1 ? ",\n" : "");
        json_object(&json);
        page_key_string(&json, "name", row.name);
        json_key(&json, "cluster");
        json_bool(&json, row.kind == SOURCE_KUBERNETES);
        json_key(&json, "listed");
        json_bool(&json, row.events_listed != 0);
        page_key_string(&json, "error",
                        row.events_error == ERR_OK || row.events_error >= ERR_COUNT
                            ? ""
                            : error_sentence(row.events_error));
        json_key(&json, "forbidden");
        json_bool(&json, row.events_error == ERR_HTTP_403);
        json_object_end(&json);
        cursor->inner++;
        return STEP_MORE;
    }
    out_string(out, "],\"columns\":");
    struct json json = json_of(out);
    json_array(&json);
    for (unsigned i = 0; i < ARRAY_COUNT(columns); i++) {
        json_string(&json, columns[i]);
    }
    json_array_end(&json);
    out_string(out, ",\"rows\":[\n");
    // The place in the order of times: offset and row.
    *cursor = (struct cursor){.stage = 2, .offset = UINT32_MAX};
    return STEP_MORE;
}

static char
lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static bool
contains(struct text text, struct text part)
{
    for (size_t at = 0; at + part.size <= text.size; at++) {
        size_t same = 0;
        while (same < part.size && lower(text.at[at + same]) == lower(part.at[same])) {
            same++;
        }
        if (same == part.size) {
            return true;
        }
    }
    return false;
}

static const struct {
    const char *parameter;
    enum event_text text;
} exact[] = {
    {"namespace", EVENT_TEXT_NAMESPACE},
    {"kind", EVENT_TEXT_KIND},
    {"object", EVENT_TEXT_NAME},
    {"reason", EVENT_TEXT_REASON},
};

static bool
is_chosen(const struct query *query, const struct event_view *event)
{
    for (unsigned i = 0; i < ARRAY_COUNT(exact); i++) {
        struct text wanted = query_get(query, text_of(exact[i].parameter));
        if (wanted.size != 0 && !text_equal(wanted, event->text[exact[i].text])) {
            return false;
        }
    }
    struct text type = query_get(query, TEXT("type"));
    if (type.size != 0 && text_equal(type, TEXT("warning")) != (event->row.warning != 0)) {
        return false;
    }
    struct text part = query_get(query, TEXT("text"));
    for (unsigned i = 0; i < EVENT_TEXT_COUNT && part.size != 0; i++) {
        if (contains(event->text[i], part)) {
            return true;
        }
    }
    return part.size == 0;
}

static void
write_event(struct json *json, const struct event_view *event)
{
    static const enum event_text texts[] = {
        EVENT_TEXT_NAMESPACE, EVENT_TEXT_KIND, EVENT_TEXT_NAME,    EVENT_TEXT_REASON,
        EVENT_TEXT_COMPONENT, EVENT_TEXT_NODE, EVENT_TEXT_MESSAGE,
    };
    json_array(json);
    page_seconds(json, event->row.last_s);
    page_seconds(json, event->row.first_s);
    json_u64(json, event->row.count);
    json_string(json, event->row.warning != 0 ? "warning" : "normal");
    for (unsigned i = 0; i < ARRAY_COUNT(texts); i++) {
        json_text(json, event->text[texts[i]]);
    }
    json_array_end(json);
}

// A number from 1, at most PAGE_EVENTS_MAX; absent: that many. 0: it is none.
static uint64_t
limit_of(const struct exchange *exchange)
{
    struct text text = query_get(&exchange->query, TEXT("limit"));
    uint64_t limit = PAGE_EVENTS_MAX;
    if (text.size != 0 && text_to_u64(text, &limit) != 0) {
        return 0;
    }
    return limit < PAGE_EVENTS_MAX ? limit : PAGE_EVENTS_MAX;
}

// Each look for the next row goes over all of them.
static enum step
write_next(struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    const struct table_reader *table = exchange->api->table;
    struct event_view event;
    uint32_t last_s;
    row_index row = table_older_event(table, cursor->offset, cursor->row, &last_s);
    cursor->offset = last_s;
    cursor->row = row;
    if (row == 0) {
        out_string(out, "],\"truncated\":false}\n");
        return STEP_DONE;
    }
    if (!table_read_event(table, row, &event) || !is_chosen(&exchange->query, &event)) {
        return STEP_PAUSE;
    }
    if (cursor->written == limit_of(exchange)) {
        out_string(out, "],\"truncated\":true}\n");
        return STEP_DONE;
    }
    struct json json = json_of(out);
    out_string(out, cursor->written++ == 0 ? "" : ",\n");
    write_event(&json, &event);
    return STEP_MORE;
}

// cursor.stage: 0 the head, 1 the sources, 2 the rows.
static enum step
events_step(struct exchange *exchange, struct out *out)
{
    switch (exchange->cursor.stage) {
    case 0:
        return write_head(exchange, out);
    case 1:
        return write_source(exchange, out);
    default:
        return write_next(exchange, out);
    }
}

void
page_api_events(struct exchange *exchange)
{
    struct text type = query_get(&exchange->query, TEXT("type"));
    if (!page_has_table(exchange)) {
        return;
    }
    if (limit_of(exchange) == 0) {
        exchange_fail(exchange, 400, "limit is a number from 1 to %d", PAGE_EVENTS_MAX);
    } else if (type.size != 0 && !text_equal(type, TEXT("warning"))
               && !text_equal(type, TEXT("normal"))) {
        exchange_fail(exchange, 400, "type is normal or warning, not \"" TEXT_FORMAT "\"",
                      (int)(type.size < 64 ? type.size : 64), type.at);
    } else {
        exchange_answer(exchange, CONTENT_JSON, events_step);
    }
}
