// A Kubernetes event as sinks are given it, and what the kinds that take events share.
#ifndef SKERRY_SINK_SINK_EVENT_H
#define SKERRY_SINK_SINK_EVENT_H

#include "base/json.h"
#include "base/times.h"
#include "sink/sink.h"

// Texts that were too long are cut and end with an ellipsis; empty: not known.
struct sink_event {
    struct text uid;
    struct text kind, namespace_name, name, object_uid;  // of what it is about
    struct text reason, message;
    struct text component, node;  // who says it, and where
    bool warning;                 // else normal
    uint32_t count;               // times seen, at least 1
    struct wall_ms first, last;
};

const char *sink_event_type(const struct sink_event *event);  // "Warning" or "Normal"
bool sink_event_is_of_pod(const struct sink_event *event);

// As the API server's Event of core/v1 in one line, as far as it is known.
void sink_event_write(struct out *out, const struct sink_event *event);
// Its member of that name: `key`, with the value behind it.
void sink_event_write_object(struct json *json, const char *key, const struct sink_event *event);
void sink_event_write_source(struct json *json, const char *key, const struct sink_event *event);
// Members of Heapster's EventTags.
void sink_event_write_tags(struct json *json, const struct sink_event *event);
// Not at all when it is empty.
void sink_event_member(struct json *json, const char *key, struct text value);
void sink_event_time(struct json *json, const char *key, struct wall_ms time);

// The body of sink_kind.add_event: writes it whole, or not at all.
typedef void sink_event_writer(struct sink *sink, struct out *out, const struct sink_event *event);
bool sink_event_add(struct sink *sink, struct sink_batch *batch, const struct sink_event *event,
                    size_t reserve, sink_event_writer *write);

#endif
