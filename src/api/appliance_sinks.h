// The part of /api/v1/appliance about sinks: what export wrote last.
#ifndef SKERRY_API_APPLIANCE_SINKS_H
#define SKERRY_API_APPLIANCE_SINKS_H

#include "api/exchange.h"

// One sink a call; begins with a comma.
enum step appliance_sinks(struct exchange *exchange, struct out *out);

#endif
