// A map of resources to quantities (requests, limits, capacity, allocatable).
#ifndef SKERRY_PARSE_QUANTITIES_H
#define SKERRY_PARSE_QUANTITIES_H

#include "model/object.h"
#include "parse/cursor.h"
#include "parse/decoder.h"

// Fills `quantities`, which must be zeroed. Resources that find no room are
// counted as trimmed.
int quantities_read(struct cursor *cursor, struct quantities *quantities,
                    struct parse_counters *counters) MUST_USE;

#endif
