// query_tool(): recorded values for people and scripts, read from the file itself
// while record writes it. Nothing needs to run.
#include <string.h>

#include "api/historical_api.h"
#include "api/historical_buckets.h"
#include "api/historical_path.h"
#include "api/historical_read.h"
#include "app/history_setup.h"
#include "app/query_format.h"
#include "app/role.h"
#include "app/tool.h"
#include "base/calendar.h"
#include "platform/block.h"
#include "platform/memory.h"

// Between two tries of a file that is being written.
#define BUSY_MS 5
struct query_run query;

// --- What is asked for

static int
refuse(const char *sentence, enum config_id id)
{
    const struct config *config = query.tool->config;
    out_format(query.tool->out, "%s=" TEXT_FORMAT " %s\n", config_flag(id),
               TEXT_ARGS(config_text(config, id)), sentence);
    return EXIT_BAD_CONFIG;
}

// "-6h" counts from now.
static int
read_time(enum config_id id, struct wall_ms now, struct wall_ms *time)
{
    struct text text = config_text(query.tool->config, id);
    char sentence[200];
    struct out why = out_of(sentence, sizeof sentence);
    int64_t ms = 0;
    if (text.size == 0) {
        *time = now;
        return 0;
    }
    if (text.at[0] != '-') {
        return calendar_parse(text, time) == 0
                   ? 0
                   : refuse("is neither a time such as 2026-01-31T12:00:00Z nor one like -6h", id);
    }
    if (historical_bucket_size(text_sub(text, 1, SIZE_MAX), &ms, &why) != 0) {
        return refuse("is not a time such as -6h, -30m or -2d", id);
    }
    time->ms = now.ms > ms ? now.ms - ms : 1;
    return 0;
}

static int
read_range(void)
{
    struct time_range *range = &query.exchange.ask.range;
    struct wall_ms now = query.exchange.now;
    int code = read_time(CONFIG_START, now, &range->start);
    code = code != 0 ? code : read_time(CONFIG_END, now, &range->end);
    if (code == 0 && range->start.ms > range->end.ms) {
        return refuse("is later than --end", CONFIG_START);
    }
    return code;
}

static int
read_step(void)
{
    const struct config *config = query.tool->config;
    struct text step = config_text(config, CONFIG_STEP);
    struct text aggregation = config_text(config, CONFIG_AGGREGATION);
    char sentence[300];
    struct out why = out_of(sentence, sizeof sentence);
    if (step.size > 0 && historical_bucket_size(step, &query.step_ms, &why) != 0) {
        return refuse("is not an interval such as 30s, 5m, 1h or 1d", CONFIG_STEP);
    }
    if (aggregation.size > 0 &&
        aggregation_parse(aggregation, &query.aggregations, &why) != 0) {
        out_format(query.tool->out, "%s: %s\n", config_flag(CONFIG_AGGREGATION),
                   out_c_string(&why));
        return EXIT_BAD_CONFIG;
    }
    return 0;
}

static int
refuse_names(const char *sentence)
{
    out_format(query.tool->out, "%s: one of --cluster, --node=NAME [--container=NAME], "
               "--namespace=NAME, --pod=NAMESPACE/NAME [--container=NAME], --pod-id=UID "
               "[--container=NAME]\n", sentence);
    return EXIT_BAD_CONFIG;
}

static int
read_names(void)
{
    const struct config *config = query.tool->config;
    struct history_name *name = &query.path.name;
    struct text pod = config_text(config, CONFIG_POD);
    name->node = config_text(config, CONFIG_NODE);
    name->space = config_text(config, CONFIG_NAMESPACE);
    name->pod_id = config_text(config, CONFIG_POD_ID);
    name->container = config_text(config, CONFIG_CONTAINER);
    int given = config_bool(config, CONFIG_CLUSTER) + (name->node.size > 0) +
                (name->space.size > 0 && pod.size == 0) + (name->pod_id.size > 0) +
                (pod.size > 0);
    if (given != 1) {
        return refuse_names(given == 0 ? "say of what" : "say of one thing only");
    }
    struct text space = name->space;
    if (pod.size > 0 && !text_cut(pod, '/', &name->space, &name->pod)) {
        name->space = space;
        name->pod = pod;
    }
    if (pod.size > 0 && (name->space.size == 0 || name->pod.size == 0)) {
        return refuse("is not NAMESPACE/NAME", CONFIG_POD);
    }
    bool holds_containers = name->node.size > 0 || pod.size > 0 || name->pod_id.size > 0;
    if (name->container.size > 0 && !holds_containers) {
        return refuse_names("--container needs a pod or node");
    }
    historical_path_kind(&query.path);
    query.path.metric = config_text(config, CONFIG_METRIC);
    return 0;
}

static void
read_labels(void)
{
    static char label[SHORT_NAME_BYTES_MAX + 16];
    struct text resource = config_text(query.tool->config, CONFIG_RESOURCE_ID);
    struct out out = out_of(label, sizeof label);
    if (resource.size == 0) {
        return;
    }
    out_format(&out, "resource_id:" TEXT_FORMAT, TEXT_ARGS(resource));
    query.exchange.query.parameter[0].name = TEXT("labels");
    query.exchange.query.parameter[0].value = out_view(&out);
    query.exchange.query.count = 1;
}

static int
read_flags(void)
{
    const struct config *config = query.tool->config;
    if (config_bool(config, CONFIG_JSON) && config_bool(config, CONFIG_CSV)) {
        out_string(query.tool->out, "say one of --json and --csv, not both\n");
        return EXIT_BAD_CONFIG;
    }
    query.form = config_bool(config, CONFIG_JSON)  ? FORM_JSON
                 : config_bool(config, CONFIG_CSV) ? FORM_CSV
                                                   : FORM_TABLE;
    int code = read_names();
    code = code != 0 ? code : read_range();
    code = code != 0 ? code : read_step();
    read_labels();
    return code;
}

// --- The file

static int
say_no_history(int error, const char *why)
{
    struct out *out = query.tool->out;
    if (error == -ERR_NO_FILE) {
        out_format(out, "there is no history at %s: start the appliance with --history=1G, or "
                   "name the directory that holds it with --state-dir\n", query.history_path);
    } else {
        out_format(out, "the history cannot be read: %s\n", why);
    }
    return 1;
}

// A file that is being written is tried again for two seconds.
static int
open_busy(struct history *history, int error, struct out *why)
{
    const struct platform *platform = query.tool->platform;
    for (int i = 0; i < 2000 / BUSY_MS && error == -ERR_BUSY; i++) {
        platform_sleep_ms(platform, BUSY_MS);
        why->used = 0;
        error = history_reopen(history, why);
    }
    return error;
}

static int
use_busy(struct history *history, struct history_use *use)
{
    int error = history_use(history, use);
    for (int i = 0; i < 2000 / BUSY_MS && error == -ERR_BUSY; i++) {
        platform_sleep_ms(query.tool->platform, BUSY_MS);
        error = history_use(history, use);
    }
    return error;
}

static int
open_history(void)
{
    const struct config *config = query.tool->config;
    struct historical *historical = &query.api.historical;
    struct history *history;
    struct arena arena;
    bool ignored;
    char sentence[HISTORY_PATH_BYTES_MAX + 200];
    struct out why = out_of(sentence, sizeof sentence);
    struct out path = out_of(query.history_path, sizeof query.history_path);
    if (config_path(config, CONFIG_STATE_DIR, ROLE_HISTORY_FILE, &path) == NULL) {
        return say_no_history(-ERR_TOO_LONG, "the path of --state-dir is too long");
    }
    struct history_config reader =
        history_reader_config(config, query.tool->platform, query.history_path);
    size_t heap = history_heap_bytes(&reader);
    size_t bytes = arena_bytes(heap) + history_footprint(&reader) + historical_read_footprint();
    int error = block_map(bytes, &arena, &ignored);
    if (error != 0) {
        return say_no_history(error, error_sentence(error));
    }
    memory_open(arena_take(&arena, heap), heap);
    historical_read_init(&arena, historical);
    error = history_open(&arena, &reader, &history, &ignored, &why);
    error = open_busy(history, error, &why);
    error = error != 0 ? error : use_busy(history, &historical->use);
    historical->history = history;
    historical->kept = true;
    historical->resolution_s = reader.resolution_s;
    return error == 0 ? 0 : say_no_history(error, out_c_string(&why));
}

// --- Reading

static void
pause_if_busy(void)
{
    if (query.exchange.past.tries > 0) {
        platform_sleep_ms(query.tool->platform, BUSY_MS);
    }
}

static void
run_points(void)
{
    struct exchange *exchange = &query.exchange;
    struct wall_ms after = {0};
    bool more = true;
    while (more) {
        struct point points[64];
        unsigned count = 0;
        more = historical_points(exchange, after, exchange->ask.range.end.ms, points,
                                 ARRAY_COUNT(points), &count);
        for (unsigned i = 0; i < count; i++) {
            after = points[i].time;
            if (!query_format_point(&points[i])) {
                return;
            }
        }
        pause_if_busy();
    }
}

static void
run_buckets(void)
{
    struct exchange *exchange = &query.exchange;
    for (;;) {
        enum step step = historical_gather(exchange);
        if (step == STEP_MORE || (step == STEP_DONE && !query_format_bucket())) {
            return;
        }
        if (step == STEP_DONE) {
            exchange->past.bucket.count = 0;
        }
        pause_if_busy();
    }
}

static void
begin_past(void)
{
    struct exchange *exchange = &query.exchange;
    const struct time_range *range = &exchange->ask.range;
    struct historical_ask *past = &exchange->past;
    bool counter = query_format_info() != NULL && query_format_info()->type == METRIC_CUMULATIVE;
    if (query.aggregations == 0 && query.step_ms > 0) {
        query.aggregations = 1u << (counter ? AGGREGATION_GREATEST : AGGREGATION_AVERAGE);
    }
    memset(past, 0, sizeof *past);
    past->name = query.path.name;
    past->aggregations = query.aggregations;
    past->bucket_ms = query.step_ms;
    past->points_left = UINT32_MAX;
    past->step_ms = historical_step(&query.api.historical, query.aggregations,
                                    query.step_ms == 0 ? INT64_MAX : query.step_ms,
                                    range->start.ms, range->end.ms);
    exchange->ask.recorded = true;
}

static int
say_message(void)
{
    struct exchange *exchange = &query.exchange;
    out_bytes(query.tool->out, exchange->message, exchange->message_bytes);
    out_byte(query.tool->out, '\n');
    return 1;
}

static int
say_resource_needed(void)
{
    out_format(query.tool->out, TEXT_FORMAT " has a value for each file system, volume or device: "
               "say which with --resource-id=NAME\n", TEXT_ARGS(query.path.metric));
    return 1;
}

// Names and metric as the API finds them; then the values.
static int
answer(void)
{
    struct exchange *exchange = &query.exchange;
    enum metric metric;
    if (metric_find(query.path.metric, &metric) && metric_is_labelled(metric) &&
        exchange->query.count == 0) {
        return say_resource_needed();
    }
    if (!historical_path_check(exchange, &query.path) ||
        !historical_path_find_metric(exchange, &query.path)) {
        return say_message();
    }
    begin_past();
    query_format_head(query.tool->out);
    if (query.aggregations == 0) {
        run_points();
    } else {
        run_buckets();
    }
    return query_format_end(query.tool->out);
}

int
query_tool(struct tool *tool)
{
    memset(&query, 0, sizeof query);
    query.tool = tool;
    exchange_begin(&query.exchange, &query.api, platform_wall_now(tool->platform));
    int code = read_flags();
    code = code != 0 ? code : open_history();
    if (code != 0) {
        return code;
    }
    code = answer();
    history_close(query.api.historical.history);
    return code;
}
