// Heapster's model API, /api/v1/model: names of what exists, and series.
//
// The same paths and shapes, without its known faults: what is unknown answers
// 404 with a sentence that names it and what is near; floats are in
// `floatValue`; the node list holds the names that lookups use; lists are
// sorted. Before anything was collected the answer is 503. pod-list answers one
// series a name in the order asked for, an empty one for a pod unknown.
#ifndef SKERRY_API_MODEL_API_H
#define SKERRY_API_MODEL_API_H

#include "api/exchange.h"

// Which entity or list is meant, the route says.
exchange_handler model_api_metrics;     // names of metrics
exchange_handler model_api_series;
exchange_handler model_api_containers;  // of a pod, or of the system on a node
exchange_handler model_api_list;        // nodes, namespaces, pods of a namespace
exchange_handler model_api_pod_list;
exchange_handler model_api_all_keys;

#endif
