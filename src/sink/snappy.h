// Snappy's block format (google/snappy, format_description.txt), encoding only:
// what remote write must and Kafka may be given. The reference library is C++.
//
// Repeats are looked for in one fragment of 64 KB after the other, so that every
// copy reaches back at most that far. Pure.
#ifndef SKERRY_SINK_SNAPPY_H
#define SKERRY_SINK_SNAPPY_H

#include "sink/repeat.h"

// At most so many bytes come of `size`; `size` is below 2^32.
#define SNAPPY_BYTES_MAX(size) (32 + (size) + (size) / 6)

// Appends the block to `out`, which has room for SNAPPY_BYTES_MAX, or is full
// then.
void snappy_pack(struct repeat_table *table, struct text body, struct out *out);

#endif
