// What all deliveries do with an answer and after a failure.
#ifndef SKERRY_SINK_SINK_RETRY_H
#define SKERRY_SINK_SINK_RETRY_H

#include "platform/platform.h"
#include "sink/sink.h"
#include "sink/sink_status.h"

// From one server to the next without a failure; more mean that they go in circles.
#define SINK_MOVES_MAX 8

// What the kind says of it; `setup_number` of a request of setup, else -1.
enum sink_verdict sink_retry_judge(struct sink *sink, int setup_number,
                                   const struct sink_answer *answer, size_t *used,
                                   struct sink_result *result);
// How long to wait after so many failures in a row: 1, 2, 4 ... 60 s with jitter.
int64_t sink_retry_ms(const struct platform *platform, unsigned tries, int64_t retry_after_ms);
// The index of its counter.
unsigned sink_retry_reason(int error);
// For the status; without `why` the error's own sentence.
void sink_retry_note(struct sink_status *status, const struct platform *platform, int error,
                     struct text why);

#endif
