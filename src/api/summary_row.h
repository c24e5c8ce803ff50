// Rows of the summary page's tables: what one node, namespace, pod or system
// container looks like. For summary_page.c.
#ifndef SKERRY_API_SUMMARY_ROW_H
#define SKERRY_API_SUMMARY_ROW_H

#include "api/target.h"

// The value of a metric's newest sample as a number; negative: none.
double summary_value(const struct target *target, enum metric metric);

void summary_node_head(struct out *out);
void summary_node_row(struct out *out, const struct target *node, struct wall_ms now);
void summary_namespace_head(struct out *out);
void summary_namespace_row(struct out *out, const struct target *namespace_row);
void summary_pod_head(struct out *out);
void summary_pod_row(struct out *out, const struct target *pod);
// Rows of a list by use; bars are relative to `most`.
void summary_top_head(struct out *out, const char *what);
void summary_top_row(struct out *out, const struct target *target, enum metric metric,
                     double most);

#endif
