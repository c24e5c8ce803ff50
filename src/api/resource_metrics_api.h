// metrics.k8s.io as metrics-server serves it: v1beta1 and v1, for kubectl top and
// autoscalers; Heapster's /apis/metrics/v1alpha1 and /apis/metrics.k8s.io/v1alpha1;
// and of the core API what kubectl top looks up besides, nodes and pods.
//
// JSON only; lists, label and field selectors, tables where Accept asks for one.
// No watch, no chunks. Discovery (discovery_api.h) answers even without data.
#ifndef SKERRY_API_RESOURCE_METRICS_API_H
#define SKERRY_API_RESOURCE_METRICS_API_H

#include "api/exchange.h"

exchange_handler resource_metrics_api;       // the first value of the path is the version
exchange_handler resource_metrics_api_core;  // /api/v1

#endif
