// A Namespace of the API server -> struct namespace_object. For objects.c.
#ifndef SKERRY_PARSE_NAMESPACE_OBJECT_H
#define SKERRY_PARSE_NAMESPACE_OBJECT_H

#include "model/object.h"
#include "parse/cursor.h"
#include "parse/decoder.h"

extern const struct shape namespace_object_shape;

// Fills `seen`, all but unused labels; *version is the object's
// resourceVersion.
int namespace_object_read(struct cursor *cursor, struct namespace_object *seen,
                          struct text *version, struct parse_counters *counters) MUST_USE;

#endif
