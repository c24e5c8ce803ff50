// Samples of our own as Prometheus text (format 0.0.4): names skerry_*.
//
// A sample is begun, gets its labels and a value; the caller keeps the order.
// Values are escaped here; names and help are texts of this program. What does
// not fit the struct out is the caller's to notice.
#ifndef SKERRY_API_EXPOSITION_H
#define SKERRY_API_EXPOSITION_H

#include "base/text.h"

// `name` is without "skerry_" everywhere.
void exposition_head(struct out *out, const char *name, const char *type, const char *help);

void exposition_begin(struct out *out, const char *name);
// `lead` is '{' for the first label of a sample and ',' for the others; the
// caller writes the closing brace.
void exposition_label(struct out *out, char lead, const char *name, struct text value);
void exposition_end_u64(struct out *out, uint64_t value);
void exposition_end_double(struct out *out, double value);
void exposition_end_seconds(struct out *out, int64_t time_ms);

// Whole samples: with no label, and with one.
void exposition_u64(struct out *out, const char *name, uint64_t value);
void exposition_labelled_u64(struct out *out, const char *name, const char *label,
                             const char *value, uint64_t number);

#endif
