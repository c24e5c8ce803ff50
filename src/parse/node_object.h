// A Node of the API server -> struct node_object. For objects.c.
#ifndef SKERRY_PARSE_NODE_OBJECT_H
#define SKERRY_PARSE_NODE_OBJECT_H

#include "model/object.h"
#include "parse/cursor.h"
#include "parse/decoder.h"

extern const struct shape node_object_shape;

// Fills `node`, all but unused labels; *version is the object's
// resourceVersion.
int node_object_read(struct cursor *cursor, struct node_object *node, struct text *version,
                     struct parse_counters *counters) MUST_USE;

#endif
