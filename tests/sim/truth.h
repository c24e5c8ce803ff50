/* What is true: the values of any entity as its kubelet served them last and
 * the time before, and the sums that follow. Names are Heapster's. */
#ifndef SIM_TRUTH_H
#define SIM_TRUTH_H

#include "sim.h"

/* JSON into out; false when there is no such entity. query: entity=cluster |
 * ns | node | pod | container | system, ns=, name=, container=; of=resource: of
 * /metrics/resource instead of the summary. */
bool truth_write(const struct sim *sim, const char *query, struct buf *out);
void truth_totals(const struct sim *sim, const char *query, struct buf *out);
/* The last summary of a node once more; false when none was served. */
bool truth_served(struct sim *sim, const char *name, struct buf *out);

#endif
