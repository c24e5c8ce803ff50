#include "app/query_format.h"

#include <string.h>
#include <time.h>

#include "api/historical_read.h"
#include "api/series.h"
#include "base/calendar.h"
#include "base/error.h"
#include "base/json.h"

// What one line takes at most.
#define LINE_BYTES_MAX 1024

static void
write_local(struct out *out, int64_t time_ms)
{
    char text[48];
    time_t seconds = (time_t)(time_ms / MS_PER_S);
    struct tm parts;
    if (localtime_r(&seconds, &parts) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %z", &parts) == 0) {
        calendar_write(out, (struct wall_ms){time_ms});
        return;
    }
    out_string(out, text);
}

const struct metric_info *
query_format_info(void)
{
    return query.exchange.ask.extra ? NULL : metric_info(query.exchange.ask.metric);
}

static void
write_number(struct out *out, const struct metric_value *value)
{
    if (value->is_double) {
        series_write_real(out, value->real);
    } else {
        out_u64(out, value->u64);
    }
}

static void
write_for_people(struct out *out, const struct metric_value *value, bool has_unit)
{
    char text[48];
    struct out number = out_of(text, sizeof text);
    const struct metric_info *info = query_format_info();
    enum metric_unit unit = info == NULL || !has_unit ? METRIC_UNIT_NONE : info->unit;
    if (unit == METRIC_UNIT_BYTES) {
        plan_write_size(&number, series_integer(value));
    } else if (value->is_double) {
        out_format(&number, "%.*f", value->real < 10 && value->real > -10 ? 4 : 1, value->real);
    } else {
        out_u64(&number, value->u64);
    }
    if (unit == METRIC_UNIT_MS || unit == METRIC_UNIT_NS) {
        out_format(&number, " %s", metric_unit_text(unit));
    }
    out_format(out, "  %16s", out_c_string(&number));
}

// One column: the value itself, or one aggregation.
static void
write_column(struct out *out, const char *name, const struct metric_value *value, bool has_unit)
{
    switch (query.form) {
    case FORM_TABLE:
        write_for_people(out, value, has_unit);
        break;
    case FORM_CSV:
        out_byte(out, ',');
        write_number(out, value);
        break;
    case FORM_JSON:
        out_format(out, ",\"%s\":", name);
        write_number(out, value);
        break;
    }
}

static void
begin_line(struct out *out, int64_t time_ms)
{
    switch (query.form) {
    case FORM_TABLE:
        write_local(out, time_ms);
        break;
    case FORM_CSV:
        calendar_write(out, (struct wall_ms){time_ms});
        break;
    case FORM_JSON:
        out_string(out, query.line_count == 0 ? "\n{\"time\":\"" : ",\n{\"time\":\"");
        calendar_write(out, (struct wall_ms){time_ms});
        out_byte(out, '"');
        break;
    }
}

static bool
end_line(struct out *out)
{
    out_string(out, query.form == FORM_JSON ? "}" : "\n");
    query.line_count++;
    bool is_near_full = out->size - out->used < LINE_BYTES_MAX;
    return !is_near_full || (query.tool->flush != NULL && query.tool->flush(out));
}

bool
query_format_point(const struct point *point)
{
    struct out *out = query.tool->out;
    begin_line(out, point->time.ms);
    write_column(out, "value", &point->value, true);
    return end_line(out);
}

bool
query_format_bucket(void)
{
    struct out *out = query.tool->out;
    const struct historical_ask *past = &query.exchange.past;
    begin_line(out, past->bucket_start_ms);
    for (unsigned i = 0; i < AGGREGATION_COUNT; i++) {
        enum aggregation aggregation = (enum aggregation)i;
        if ((past->aggregations & 1u << i) != 0) {
            struct metric_value value = historical_bucket_value(&past->bucket, aggregation);
            write_column(out, aggregation_name(aggregation), &value,
                         aggregation != AGGREGATION_POINTS);
        }
    }
    return end_line(out);
}

static void
write_subject(struct out *out)
{
    static const char *const words[ENTITY_COUNT] = {"node", "pod", "container",
                                                    "system container", "namespace",
                                                    "the cluster"};
    const struct history_name *name = &query.path.name;
    const struct text parts[] = {name->node, name->space, name->pod, name->pod_id,
                                 name->container};
    out_string(out, words[name->entity]);
    bool first = true;
    for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
        if (parts[i].size > 0) {
            out_string(out, first ? " " : "/");
            out_text(out, parts[i]);
            first = false;
        }
    }
}

static void
write_head_json(struct out *out)
{
    char text[4 * NAME_BYTES_MAX];
    struct out subject = out_of(text, sizeof text);
    struct json json = json_of(out);
    write_subject(&subject);
    json_object(&json);
    json_key(&json, "metric");
    json_text(&json, query.exchange.ask.name);
    json_key(&json, "of");
    json_text(&json, out_view(&subject));
    if (query.exchange.ask.resource_id.size > 0) {
        json_key(&json, "resourceId");
        json_text(&json, query.exchange.ask.resource_id);
    }
    out_string(out, ",\"points\":[");
}

static void
write_title(struct out *out, const char *name)
{
    if (query.form == FORM_CSV) {
        out_format(out, ",%s", name);
    } else {
        out_format(out, "  %16s", name);
    }
}

static void
write_titles(struct out *out)
{
    out_string(out, query.form == FORM_CSV ? "time" : "time                     ");
    for (unsigned i = 0; i < AGGREGATION_COUNT; i++) {
        if ((query.aggregations & 1u << i) != 0) {
            write_title(out, aggregation_name((enum aggregation)i));
        }
    }
    if (query.aggregations == 0) {
        write_title(out, "value");
    }
    out_byte(out, '\n');
}

void
query_format_head(struct out *out)
{
    switch (query.form) {
    case FORM_JSON:
        write_head_json(out);
        return;
    case FORM_CSV:
        write_titles(out);
        return;
    case FORM_TABLE:
        break;
    }
    out_text(out, query.exchange.ask.name);
    if (query.exchange.ask.resource_id.size > 0) {
        out_format(out, " (" TEXT_FORMAT ")", TEXT_ARGS(query.exchange.ask.resource_id));
    }
    out_string(out, " of ");
    write_subject(out);
    if (query_format_info() != NULL) {
        out_format(out, ": %s", query_format_info()->description);
    }
    out_byte(out, '\n');
    write_titles(out);
}

static void
write_span(struct out *out)
{
    const struct history_use *use = &query.api.historical.use;
    out_string(out, "nothing was recorded in that time");
    if (use->newest_s[TIER_RAW] == 0) {
        out_string(out, "; the history is empty");
    } else {
        int64_t first_ms = historical_start_ms(&query.api.historical);
        out_string(out, "; the history goes from ");
        write_local(out, first_ms);
        out_string(out, " to ");
        write_local(out, use->newest_s[TIER_RAW] * MS_PER_S);
    }
    out_byte(out, '\n');
}

int
query_format_end(struct out *out)
{
    const struct historical_ask *past = &query.exchange.past;
    bool is_whole = !past->cut && past->error == 0;
    if (query.form == FORM_JSON) {
        out_format(out, "\n],\"truncated\":%s}\n", is_whole ? "false" : "true");
    } else if (query.form == FORM_TABLE && query.line_count == 0 && is_whole) {
        write_span(out);
    } else if (query.form == FORM_TABLE && past->cut) {
        out_string(out, "that is not all: ask for less time, or a longer --step\n");
    }
    if (past->error != 0 && query.form == FORM_TABLE) {
        out_format(out, "that is not all: the history cannot be read on: %s\n",
                   error_sentence(past->error));
    }
    return past->error == 0 ? 0 : 1;
}
