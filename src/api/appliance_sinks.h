// The part of /api/v1/appliance about sinks: what export wrote last.
#ifndef SKERRY_API_APPLIANCE_SINKS_H
#define SKERRY_API_APPLIANCE_SINKS_H

#include "api/exchange.h"
#include "base/json.h"
#include "sink/sink_status.h"

typedef void sink_writer(struct json *json, const struct sink_status *sink);

// The member "sinks", an array of what `write` says of each, one sink a call; begins
// with a comma.
enum step sinks_member(struct exchange *exchange, struct out *out, sink_writer *write);
// As above, of all that is known.
enum step appliance_sinks(struct exchange *exchange, struct out *out);
// The first members of a sink's object: what it takes, and how far it is.
void appliance_sink_progress(struct json *json, const struct sink_status *sink);
// A member that tells totals by reason, those that are not 0.
void appliance_sink_reasons(struct json *json, const char *key, const uint64_t totals[ERR_COUNT]);

#endif
