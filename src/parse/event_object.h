// One Event of the API server (core/v1) -> struct event_object.
#ifndef SKERRY_PARSE_EVENT_OBJECT_H
#define SKERRY_PARSE_EVENT_OBJECT_H

#include "model/object.h"
#include "parse/cursor.h"
#include "parse/decoder.h"

extern const struct shape event_object_shape;

// -ERR_MISSING without a uid, or without a time of any kind.
int event_object_read(struct cursor *cursor, struct event_object *event, struct text *version,
                      struct parse_counters *counters) MUST_USE;

#endif
