// /healthz and /readyz.
//
// Healthy: the newest cycle is younger than three minutes (as Heapster's) or
// three resolutions, whichever is longer, and has at least one node's sample.
// The answer is `ok`, or 500 with a sentence that says what is wrong; ?verbose
// adds what was looked at. Ready: 200 as soon as a cycle was published, else
// 503.
#ifndef SKERRY_API_HEALTH_API_H
#define SKERRY_API_HEALTH_API_H

#include "api/exchange.h"

enum health {
    HEALTH_OK,
    HEALTH_NO_TABLE,    // nothing collected yet
    HEALTH_NO_CYCLE,    // a table, but no cycle in it yet
    HEALTH_OLD,         // the newest cycle is too old
    HEALTH_NO_SAMPLES,  // cycles go on, but no node has a sample
};

enum health health_of(const struct api *api, struct wall_ms now);
// One sentence for people.
void health_write(enum health health, const struct api *api, struct wall_ms now, struct out *out);
// Age of the newest cycle in ms; negative: none yet.
int64_t health_cycle_age_ms(const struct api *api, struct wall_ms now);

exchange_handler health_api_healthz, health_api_readyz;

#endif
