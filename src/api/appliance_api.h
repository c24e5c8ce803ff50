// /api/v1/appliance: how the appliance itself is doing, as JSON.
//
// Version, uptime, the plan and the use of every pool, counters, errors by
// reason, sources, nodes whose scrapes fail (a bounded list with a marker),
// roles with deaths and reasons, this role's heap and clients.
#ifndef SKERRY_API_APPLIANCE_API_H
#define SKERRY_API_APPLIANCE_API_H

#include "api/exchange.h"

// Failing nodes that are listed; `truncated` says when there are more.
#define APPLIANCE_FAILING_MAX 200

exchange_handler appliance_api;

#endif
