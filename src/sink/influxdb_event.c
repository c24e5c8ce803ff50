// Heapster's two forms of an event as a point: in the default schema the measurement
// log/events, whose value is the whole event as JSON; with fields events, whose field
// is the message.
#include "sink/influxdb_state.h"
#include "sink/sink_event.h"

// A string in quotes: control bytes but line ends and tabs become "_", and so do
// bytes that are no UTF-8.
static void
write_string(struct out *out, struct text text)
{
    out_byte(out, '"');
    for (size_t at = 0; at < text.size;) {
        char byte = text.at[at];
        size_t length = text_utf8_length(text, at);
        bool control = ((unsigned char)byte < ' ' && byte != '\n' && byte != '\t') || byte == 0x7f;
        if (length == 0 || control) {
            out_byte(out, '_');
            at++;
            continue;
        }
        if (byte == '"' || byte == '\\') {
            out_byte(out, '\\');
        }
        out_text(out, text_sub(text, at, length));
        at += length;
    }
    out_byte(out, '"');
}

static void
write_tag(struct out *out, const char *key, struct text value)
{
    if (value.size != 0) {
        influxdb_write_tag(out, text_of(key), value);
    }
}

// Tags are sorted by key.
static void
write_whole(struct influxdb *state, struct out *out, const struct sink_event *event)
{
    bool of_pod = sink_event_is_of_pod(event);
    // The room of the tags is free between sets.
    struct out whole = out_of(state->tags, sizeof state->tags);
    sink_event_write(&whole, event);
    out_string(out, "log/events");
    write_tag(out, "cluster_name", state->cluster_name);
    write_tag(out, "hostname", event->node);
    write_tag(out, "pod_id", of_pod ? event->object_uid : TEXT(""));
    write_tag(out, "pod_name", of_pod ? event->name : TEXT(""));
    write_tag(out, "uid", event->uid);
    out_string(out, " value=");
    write_string(out, out_view(&whole));
    out->full = out->full || whole.full;
}

static void
write_fields(struct influxdb *state, struct out *out, const struct sink_event *event)
{
    out_string(out, "events");
    write_tag(out, "cluster_name", state->cluster_name);
    write_tag(out, "component", event->component);
    write_tag(out, "hostname", event->node);
    write_tag(out, "kind", event->kind);
    write_tag(out, "namespace_name", event->namespace_name);
    write_tag(out, "object_name", event->name);
    write_tag(out, "pod_id", sink_event_is_of_pod(event) ? event->object_uid : TEXT(""));
    write_tag(out, "reason", event->reason);
    write_tag(out, "type", text_of(sink_event_type(event)));
    write_tag(out, "uid", event->uid);
    out_string(out, " message=");
    write_string(out, event->message);
}

static void
write_event(struct sink *sink, struct out *out, const struct sink_event *event)
{
    struct influxdb *state = sink->state;
    if (state->with_fields) {
        write_fields(state, out, event);
    } else {
        write_whole(state, out, event);
    }
    out_byte(out, ' ');
    out_i64(out, event->last.ms);
    out_string(out, "000000\n");
}

bool
influxdb_add_event(struct sink *sink, struct sink_batch *batch, const struct sink_event *event)
{
    return sink_event_add(sink, batch, event, 0, write_event);
}
