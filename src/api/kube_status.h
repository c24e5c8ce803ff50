// Errors as Kubernetes clients know them: a Status object instead of a sentence.
//
// Handlers fail as everywhere else (exchange_fail); dispatch.c turns what they
// said into a Status where the path is one of Kubernetes' API.
#ifndef SKERRY_API_KUBE_STATUS_H
#define SKERRY_API_KUBE_STATUS_H

#include "api/exchange.h"

// Whether a path, still as the client wrote it, is answered so.
bool kube_status_is_due(struct text path);

// Does nothing to an answer that is no failure.
void kube_status_wrap(struct exchange *exchange);

#endif
