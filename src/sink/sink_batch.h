// Points into the body of a request, whole or not at all, and the numbers in
// them: what the text kinds share.
#ifndef SKERRY_SINK_SINK_BATCH_H
#define SKERRY_SINK_SINK_BATCH_H

#include "model/metric_set.h"
#include "sink/sink.h"

// A point's value in the type that Heapster gives its metric, whatever type it
// has here: stores refuse a series that changes its type.
struct sink_number {
    bool is_integer;
    int64_t integer;
    double real;
};

// False: not a number, or beyond what 64 bits with a sign hold.
bool sink_number_of(const struct set_point *point, struct sink_number *number);
// Decimal, never with an exponent: as Go's strconv writes it with 'f' and -1.
void sink_number_write(struct out *out, const struct sink_number *number);

// Metric counters from which a rate is made: the nine that Heapster leaves out
// with disable_counter_metrics.
bool sink_is_counter_with_rate(enum metric metric);

// Writes one point. False: this kind does not want it.
typedef bool sink_point_write(void *context, struct out *out, const struct set_point *point,
                              const struct sink_number *number);

// The body of sink_kind.add for kinds whose points stand alone. Keeps `reserve`
// bytes of the body free. A point that does not fit into an empty batch is
// skipped and counted.
bool sink_batch_add(struct sink *sink, struct sink_batch *batch, const struct metric_set *set,
                    unsigned *at, size_t reserve, sink_point_write *write, void *context);

// After writing `points` that began at `before`: true and they count, or, when
// they did not fit, they are taken back. *skip: they never will fit.
bool sink_batch_commit(struct sink *sink, struct sink_batch *batch, size_t before, uint32_t points,
                       size_t reserve, bool *skip);

// Bytes of `text` for which `keep` is not set are written as `instead`, and so
// are those that are no UTF-8. Other bytes above 0x7f are kept.
struct sink_bytes {
    uint64_t keep[2];  // a bit for each byte below 0x80
};
void sink_batch_plain(struct out *out, struct text text, const struct sink_bytes *bytes,
                      char instead);
// Everything printable but the bytes of `without`; blanks and control bytes
// never.
struct sink_bytes sink_bytes_without(const char *without);

#endif
