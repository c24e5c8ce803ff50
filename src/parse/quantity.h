// Kubernetes' resource.Quantity: "100m", "32Mi", "1e3", "12E", "0.5".
//
// A decimal number with one of the suffixes n u m k M G T P E, Ki Mi Gi Ti Pi
// Ei, or an exponent (k8s.io/apimachinery/pkg/api/resource). Both functions
// round up, as Value() and MilliValue() do there. -ERR_BAD_NUMBER for anything
// else, for negative ones and for what a uint64_t does not hold.
#ifndef SKERRY_PARSE_QUANTITY_H
#define SKERRY_PARSE_QUANTITY_H

#include "base/text.h"

int quantity_units(struct text text, uint64_t *units) MUST_USE;
int quantity_milli(struct text text, uint64_t *milli) MUST_USE;

#endif
