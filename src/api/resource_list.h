// Lists and single objects of nodes and pods, as the metrics API and the core API
// of Kubernetes give them.
//
// Sorted by namespace and name; only what the selectors leave, and of metrics
// only what has some (resource_usage.h). A list is what the table holds while it
// is written, piece by piece. 404 for an object that is unknown, or known without
// metrics; 503 before anything was collected.
#ifndef SKERRY_API_RESOURCE_LIST_H
#define SKERRY_API_RESOURCE_LIST_H

#include "api/exchange.h"

// exchange->resource is filled but for the selectors, and the values of the path
// are: node | namespace | namespace, pod, or none.
void resource_list_answer(struct exchange *exchange);

#endif
