// Heapster's message of an event, for the topic of events.
#include "base/json.h"
#include "sink/kafka_state.h"
#include "sink/sink_event.h"

static void
write_message(struct kafka *state, struct out *out, const struct sink_event *event)
{
    struct out whole = out_of(state->tags, sizeof state->tags);
    struct json json = json_of(out);
    sink_event_write(&whole, event);
    json_object(&json);
    json_key(&json, "EventValue");
    json_text(&json, out_view(&whole));
    sink_event_time(&json, "EventTimestamp", event->last);
    json_key(&json, "EventTags");
    json_object(&json);
    sink_event_write_tags(&json, event);
    json_object_end(&json);
    json_object_end(&json);
    out->full = out->full || whole.full;
}

static void
write_event(struct sink *sink, struct out *out, const struct sink_event *event)
{
    struct kafka *state = sink->state;
    struct out message = out_of(state->scratch, sizeof state->scratch);
    write_message(state, &message, event);
    kafka_record(out, event->last.ms - state->first_ms, (int32_t)state->batch->points,
                 out_view(&message));
    out->full = out->full || message.full;
}

bool
kafka_add_event(struct sink *sink, struct sink_batch *batch, const struct sink_event *event)
{
    struct kafka *state = sink->state;
    uint32_t points = batch->points;
    kafka_begin_batch(state, batch, event->last.ms);
    bool done = sink_event_add(sink, batch, event, 0, write_event);
    kafka_note_time(state, batch->points > points, event->last.ms);
    return done;
}
