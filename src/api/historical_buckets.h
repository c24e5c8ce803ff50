// The series of exchange->past in buckets, as JSON; historical_api.h shows the form.
#ifndef SKERRY_API_HISTORICAL_BUCKETS_H
#define SKERRY_API_HISTORICAL_BUCKETS_H

#include "api/exchange.h"

// Feeds exchange->past.bucket until it is complete, from cursor.time on (0: the
// start). STEP_DONE: it is there, and cursor.time is behind it; STEP_MORE: there
// are no more points, the bucket is empty; STEP_PAUSE: to be called again.
enum step historical_gather(struct exchange *exchange);

// One series, from cursor.inner 0 on.
enum step historical_buckets_step(struct exchange *exchange, struct out *out);

#endif
