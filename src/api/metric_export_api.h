// Heapster's export: /api/v1/metric-export, all nodes, pods and containers with
// their newest values, and the schema of it.
//
// As Heapster wrote it, compact, with the same keys; with namespace_name besides,
// without which a pod is not known. Rates are left out but those of disks. 503
// before anything was collected.
#ifndef SKERRY_API_METRIC_EXPORT_API_H
#define SKERRY_API_METRIC_EXPORT_API_H

#include "api/exchange.h"

exchange_handler metric_export_api;
exchange_handler metric_export_api_schema;

#endif
