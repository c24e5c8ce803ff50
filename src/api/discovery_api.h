// What tells Kubernetes clients which API is served here: /version, /api, /apis,
// the group metrics.k8s.io and its versions, as an aggregated API server has to
// answer them.
//
// Constant but for the program's version: answered even while there is no data,
// because an API server that cannot discover a group slows down for all of them.
#ifndef SKERRY_API_DISCOVERY_API_H
#define SKERRY_API_DISCOVERY_API_H

#include "api/exchange.h"

exchange_handler discovery_api;          // which document, the route says
exchange_handler discovery_api_version;  // resources of a version of the group, or of Heapster's

// Answers 404: the group metrics.k8s.io, or Heapster's old one, has no such version.
void discovery_api_no_version(struct exchange *exchange, struct text version, bool old_group);

#endif
