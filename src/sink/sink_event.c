#include "sink/sink_event.h"

#include "base/calendar.h"
#include "sink/sink_batch.h"

const char *
sink_event_type(const struct sink_event *event)
{
    return event->warning ? "Warning" : "Normal";
}

bool
sink_event_is_of_pod(const struct sink_event *event)
{
    return text_equal(event->kind, TEXT("Pod"));
}

void
sink_event_member(struct json *json, const char *key, struct text value)
{
    if (value.size != 0) {
        json_key(json, key);
        json_text(json, value);
    }
}

void
sink_event_time(struct json *json, const char *key, struct wall_ms time)
{
    char buffer[40];
    struct out out = out_of(buffer, sizeof buffer);
    calendar_write(&out, time);
    json_key(json, key);
    json_text(json, out_view(&out));
}

void
sink_event_write_object(struct json *json, const char *key, const struct sink_event *event)
{
    json_key(json, key);
    json_object(json);
    sink_event_member(json, "kind", event->kind);
    sink_event_member(json, "namespace", event->namespace_name);
    sink_event_member(json, "name", event->name);
    sink_event_member(json, "uid", event->object_uid);
    json_object_end(json);
}

void
sink_event_write_source(struct json *json, const char *key, const struct sink_event *event)
{
    json_key(json, key);
    json_object(json);
    sink_event_member(json, "component", event->component);
    sink_event_member(json, "host", event->node);
    json_object_end(json);
}

void
sink_event_write_tags(struct json *json, const struct sink_event *event)
{
    sink_event_member(json, "eventID", event->uid);
    sink_event_member(json, "hostname", event->node);
    if (sink_event_is_of_pod(event)) {
        sink_event_member(json, "pod_id", event->object_uid);
        sink_event_member(json, "pod_name", event->name);
    }
}

void
sink_event_write(struct out *out, const struct sink_event *event)
{
    struct json json = json_of(out);
    json_object(&json);
    json_key(&json, "metadata");
    json_object(&json);
    sink_event_member(&json, "namespace", event->namespace_name);
    sink_event_member(&json, "uid", event->uid);
    json_object_end(&json);
    sink_event_write_object(&json, "involvedObject", event);
    sink_event_member(&json, "reason", event->reason);
    sink_event_member(&json, "message", event->message);
    sink_event_write_source(&json, "source", event);
    sink_event_time(&json, "firstTimestamp", event->first);
    sink_event_time(&json, "lastTimestamp", event->last);
    json_key(&json, "count");
    json_u64(&json, event->count);
    json_key(&json, "type");
    json_string(&json, sink_event_type(event));
    json_object_end(&json);
}

bool
sink_event_add(struct sink *sink, struct sink_batch *batch, const struct sink_event *event,
               size_t reserve, sink_event_writer *write)
{
    bool skip = false;
    size_t before = batch->body.used;
    if (batch->points >= batch->limit_points) {
        return false;
    }
    write(sink, &batch->body, event);
    return sink_batch_commit(sink, batch, before, 1, reserve, &skip) || skip;
}
