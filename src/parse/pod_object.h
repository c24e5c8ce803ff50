// A Pod of the API server -> struct pod_object. For objects.c.
#ifndef SKERRY_PARSE_POD_OBJECT_H
#define SKERRY_PARSE_POD_OBJECT_H

#include "model/object.h"
#include "parse/cursor.h"
#include "parse/decoder.h"

extern const struct shape pod_object_shape;

// Fills `pod`, all but unused labels and containers; *version is the object's
// resourceVersion. Containers that have a status and no place in the spec, or
// the other way round, are there too.
int pod_object_read(struct cursor *cursor, struct pod_object *pod, struct text *version,
                    struct parse_counters *counters) MUST_USE;

#endif
