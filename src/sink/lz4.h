// LZ4's frame format (lz4/lz4, lz4_Frame_format.md and lz4_Block_format.md), encoding
// only: what Kafka may be given. Like Snappy's encoder it takes a hundred lines and
// 16 KB of scratch, and no library beside it.
//
// A frame of blocks of 64 KB that stand alone, as Kafka's own clients demand, without
// checksums: each batch has Kafka's. A block that does not get smaller is stored. Pure.
#ifndef SKERRY_SINK_LZ4_H
#define SKERRY_SINK_LZ4_H

#include "sink/repeat.h"

// At most so many bytes come of `size`, with what a block takes before it is seen that
// it does not get smaller.
#define LZ4_BYTES_MAX(size) (64 + (size) + (size) / 128)

// Appends the frame to `out`, which has room for LZ4_BYTES_MAX, or is full then.
void lz4_pack(struct repeat_table *table, struct text body, struct out *out);

#endif
