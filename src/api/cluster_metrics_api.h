// /metrics/cluster: the newest samples of everything in the live table as
// Prometheus text, under the names that kubelet, cAdvisor and kube-state-metrics
// give them, else skerry_...
//
// One family after the other, each with all its rows; without timestamps, so that
// what is gone goes stale. Samples older than STALE_CYCLES and one are left out,
// requests and limits that are not set as well. Of names that are not in the
// catalogue at most CLUSTER_EXTRA_FAMILIES_MAX are told. One sample a step.
#ifndef SKERRY_API_CLUSTER_METRICS_API_H
#define SKERRY_API_CLUSTER_METRICS_API_H

#include "api/exchange.h"
#include "limits.h"

exchange_handler cluster_metrics_api;

#endif
