// /api/v1/appliance: how the appliance itself is doing, as JSON.
//
// Version, uptime, the plan and the use of every pool, counters, errors by
// reason, sources, nodes whose scrapes fail (a bounded list with a marker),
// roles with deaths and reasons, this role's heap and clients.
#ifndef SKERRY_API_APPLIANCE_API_H
#define SKERRY_API_APPLIANCE_API_H

#include "api/exchange.h"
#include "limits.h"

exchange_handler appliance_api;

#endif
