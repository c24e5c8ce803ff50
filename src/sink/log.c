// The log: every set as lines of this program's own log, for looking at what
// would be exported.
//
//   2026-11-22T17:47:00Z KEY created=TIME started=TIME LABEL="VALUE" ...: METRIC=NUMBER
//   METRIC{RESOURCE}=NUMBER ...
//
// in one line. `created` is when the entity was made, `started` since when its counters
// count; what is not known is not there.
// A set goes on in another line after LINE_BYTES, because loggers cut long ones.
// Blanks, quotes and control bytes in names become "_". An event of Kubernetes is a line
//
//   2026-11-22T17:47:00Z event Warning Pod NAMESPACE/NAME BackOff count=3 first=TIME
//   component=NAME host=NODE uid=UID: MESSAGE
#include "base/calendar.h"
#include "base/error.h"
#include "sink/sink.h"
#include "sink/sink_batch.h"
#include "sink/sink_event.h"
#include "sink/sink_label.h"

#define LINE_BYTES 4096
#define KEY_BYTES 1024
// The most that stands before the first value; longer heads are cut.
#define HEAD_BYTES 6000

struct log_sink {
    size_t call_start;  // of the body
    size_t line_start;
    struct sink_bytes bytes;
    size_t head_size;
    char head[HEAD_BYTES];
};

static int
configure(struct sink *sink, struct out *why)
{
    struct log_sink *state = sink->state;
    state->bytes = sink_bytes_without("\"");
    return sink_options_known(sink, NULL, why);
}

static void
write_since(struct out *out, const char *what, uint32_t seconds)
{
    if (seconds != 0) {
        out_string(out, what);
        calendar_write(out, (struct wall_ms){(int64_t)seconds * MS_PER_S});
    }
}

static void
prepare(struct sink *sink, const struct metric_set *set)
{
    struct log_sink *state = sink->state;
    struct sink_labels labels;
    char key[KEY_BYTES];
    struct out head = out_of(state->head, sizeof state->head);
    struct out written = out_of(key, sizeof key);
    sink_labels_collect(&labels, sink, set);
    sink_set_key(&written, set);
    calendar_write(&head, set->time);
    out_byte(&head, ' ');
    sink_batch_plain(&head, out_view(&written), &state->bytes, '_');
    write_since(&head, " created=", set->created_s);
    write_since(&head, " started=", set->start_s);
    for (unsigned i = 0; i < labels.count; i++) {
        out_byte(&head, ' ');
        sink_batch_plain(&head, labels.label[i].key, &state->bytes, '_');
        out_string(&head, "=\"");
        sink_batch_plain(&head, labels.label[i].value, &state->bytes, '_');
        out_byte(&head, '"');
    }
    state->head_size = head.used;
}

static bool
write_point(void *context, struct out *out, const struct set_point *point,
            const struct sink_number *number)
{
    struct log_sink *state = context;
    bool first = out->used == state->call_start;
    if (first || out->used - state->line_start > LINE_BYTES) {
        out_string(out, first ? "" : "\n");
        state->line_start = out->used;
        out_bytes(out, state->head, state->head_size);
        out_byte(out, ':');
    }
    out_byte(out, ' ');
    sink_batch_plain(out, point->name, &state->bytes, '_');
    if (point->resource_id.size != 0) {
        out_byte(out, '{');
        sink_batch_plain(out, point->resource_id, &state->bytes, '_');
        out_byte(out, '}');
    }
    out_byte(out, '=');
    sink_number_write(out, number);
    return true;
}

static bool
add(struct sink *sink, struct sink_batch *batch, const struct metric_set *set, unsigned *at)
{
    struct log_sink *state = sink->state;
    prepare(sink, set);
    state->call_start = batch->body.used;
    bool all = sink_batch_add(sink, batch, set, at, 1, write_point, state);
    if (batch->body.used > state->call_start) {
        out_byte(&batch->body, '\n');
    }
    return all;
}

static void
write_pair(struct out *out, const struct log_sink *state, const char *key, struct text value)
{
    if (value.size != 0) {
        out_string(out, key);
        sink_batch_plain(out, value, &state->bytes, '_');
    }
}

// Messages are for people: only what would end or break the line is replaced.
static void
write_message(struct out *out, struct text message)
{
    static const struct sink_bytes printable = {{~UINT64_C(0) << ' ', ~(UINT64_C(1) << 63)}};
    sink_batch_plain(out, message, &printable, ' ');
}

static void
write_event(struct sink *sink, struct out *out, const struct sink_event *event)
{
    const struct log_sink *state = sink->state;
    calendar_write(out, event->last);
    out_format(out, " event %s", sink_event_type(event));
    write_pair(out, state, " ", event->kind);
    write_pair(out, state, " ", event->namespace_name);
    write_pair(out, state, event->namespace_name.size != 0 ? "/" : " ", event->name);
    write_pair(out, state, " ", event->reason);
    out_format(out, " count=%u first=", event->count);
    calendar_write(out, event->first);
    write_pair(out, state, " component=", event->component);
    write_pair(out, state, " host=", event->node);
    write_pair(out, state, " uid=", event->uid);
    out_string(out, ": ");
    write_message(out, event->message);
    out_byte(out, '\n');
}

static bool
add_event(struct sink *sink, struct sink_batch *batch, const struct sink_event *event)
{
    return sink_event_add(sink, batch, event, 0, write_event);
}

static int
finish(struct sink *sink, struct sink_batch *batch, struct sink_request *request)
{
    (void)sink;
    *request = (struct sink_request){.body = out_view(&batch->body)};
    return 0;
}

const struct sink_kind sink_log = {
    .name = "log",
    .transport = SINK_LOG,
    .default_host = "",
    .state_bytes = sizeof(struct log_sink),
    .batch_bytes = 64 * 1024,
    .batch_points = 10000,
    .configure = configure,
    .add = add,
    .add_event = add_event,
    .finish = finish,
};
