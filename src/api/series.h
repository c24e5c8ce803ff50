// A series as the model API writes it:
//   {"metrics": [{"timestamp": T, "value": N}, ...], "latestTimestamp": T}
// `value` is a whole number that is never negative, as old clients read it, cut and
// not rounded, as Heapster's was and as sinks write rates of CPU;
// metrics of type DOUBLE have the exact figure in `floatValue` beside it.
// Without points the list is empty and the time is Go's zero time. A series that
// could not be had whole says so: "truncated": true, "error": why.
#ifndef SKERRY_API_SERIES_H
#define SKERRY_API_SERIES_H

#include "api/target.h"

// Indented by one space, as go-restful writes it, or all in one line.
enum series_style { SERIES_INDENTED, SERIES_COMPACT };

// Writes the next piece of the series of exchange->ask, which takes several
// calls; its state is cursor.inner (0 to begin) and cursor.time. `target` NULL:
// nothing of that name, so no points; or with ask.recorded: the series that
// exchange->past names, from the history alone. STEP_DONE: complete.
enum step series_step(struct exchange *exchange, struct out *out, const struct target *target,
                      enum series_style style);

// Cut to a whole number; negative and not-a-number give 0, too large the largest.
uint64_t series_integer(const struct metric_value *value);
void series_write_float(struct out *out, double value);
// The same; whole numbers without an exponent.
void series_write_real(struct out *out, double value);

#endif
