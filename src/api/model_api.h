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

exchange_handler model_api_cluster_names, model_api_cluster_series;
exchange_handler model_api_nodes, model_api_node_names, model_api_node_series;
exchange_handler model_api_system_containers, model_api_system_names, model_api_system_series;
exchange_handler model_api_namespaces, model_api_namespace_names, model_api_namespace_series;
exchange_handler model_api_pods, model_api_pod_names, model_api_pod_series;
exchange_handler model_api_containers, model_api_container_names, model_api_container_series;
exchange_handler model_api_pod_list;
exchange_handler model_api_all_keys;

#endif
