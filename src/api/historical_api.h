// Heapster's historical API, /api/v1/historical: names, values and aggregates of
// everything that was recorded, also of what is gone.
//
// The same paths, parameters and shapes, without its known faults: pod-id routes
// work, lists hold the names that lookups use and come from the history, metric
// names may hold slashes. start= is required for values and aggregates; end=
// defaults to now. bucket= is an integer with ms, s, m, h or d; buckets begin at
// multiples of it since 1970, as InfluxDB's, and only those with values are
// listed; without it there is one from start to end.
//
//   {"buckets":[{"timestamp":T,"count":N,"average":V,"maximum":V,"minimum":V,
//     "median":V,"percentiles":{"50":V,"95":V,"99":V}}],"bucketSize":NS}
//
// Several metrics of one entity at once, which Heapster had not: names with commas
// between in the place of the metric's, {"items":[...]} as of a list of pods.
//
// V is {"intValue":N} or {"floatValue":F}. Counts and percentiles are of the finest
// that was kept for that time; averages and extremes of buckets of a minute and
// more may come from the coarser tiers, which keep them. An answer that had to
// end early says "truncated":true, one that failed under way also "error".
//
// 404 with what is near for unknown names; 400 with the reason for bad times,
// buckets and aggregations; 404 when no history is kept; 503 while it cannot be read.
#ifndef SKERRY_API_HISTORICAL_API_H
#define SKERRY_API_HISTORICAL_API_H

#include "api/exchange.h"

exchange_handler historical_api_metrics;     // names of metrics
exchange_handler historical_api_list;        // names of nodes, pods, containers...
exchange_handler historical_api_series;
exchange_handler historical_api_aggregated;

// A bucket size such as "5m": -ERR_MALFORMED, with the sentence in `why`.
int historical_bucket_size(struct text text, int64_t *ms, struct out *why) MUST_USE;

#endif
