// Heapster's document of an event. Its name is a hash of all that it says, so that what
// is sent twice is stored once.
#include "base/json.h"
#include "sink/elasticsearch_state.h"
#include "sink/sink_event.h"

static void
write_document(struct out *out, const struct elasticsearch *state, const struct sink_event *event)
{
    struct json json = json_of(out);
    json_object(&json);
    json_key(&json, "Count");
    json_u64(&json, event->count);
    json_key(&json, "Metadata");
    json_object(&json);
    sink_event_member(&json, "namespace", event->namespace_name);
    sink_event_member(&json, "uid", event->uid);
    json_object_end(&json);
    sink_event_write_object(&json, "InvolvedObject", event);
    sink_event_write_source(&json, "Source", event);
    sink_event_time(&json, "FirstOccurrenceTimestamp", event->first);
    sink_event_time(&json, "LastOccurrenceTimestamp", event->last);
    json_key(&json, "Message");
    json_text(&json, event->message);
    json_key(&json, "Reason");
    json_text(&json, event->reason);
    json_key(&json, "Type");
    json_string(&json, sink_event_type(event));
    json_key(&json, "EventTags");
    json_object(&json);
    sink_event_write_tags(&json, event);
    sink_event_member(&json, "cluster_name", state->cluster_name);
    json_object_end(&json);
    json_object_end(&json);
}

static void
write_event(struct sink *sink, struct out *out, const struct sink_event *event)
{
    struct elasticsearch *state = sink->state;
    // The room of the tags is free between sets.
    struct out document = out_of(state->tags, sizeof state->tags);
    write_document(&document, state, event);
    elasticsearch_set_day(state, event->last);
    elasticsearch_write_action(out, state, ELASTICSEARCH_EVENTS, out_view(&document));
    out_text(out, out_view(&document));
    out_byte(out, '\n');
    out->full = out->full || document.full;
}

bool
elasticsearch_add_event(struct sink *sink, struct sink_batch *batch,
                        const struct sink_event *event)
{
    return sink_event_add(sink, batch, event, 0, write_event);
}
