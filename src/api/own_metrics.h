// /metrics: Skerry's own state as Prometheus text (format 0.0.4).
//
// Names skerry_*; every family has HELP and TYPE and stands in one piece. The
// number of series is bounded by the plan: per node only while the node is in
// the table, never for nodes that are gone. The cluster's own samples are not
// here.
#ifndef SKERRY_API_OWN_METRICS_H
#define SKERRY_API_OWN_METRICS_H

#include "api/exchange.h"

exchange_handler own_metrics;

#endif
