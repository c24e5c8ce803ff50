// How one node or pod looks in the lists of resource_list.h.
//
// A pod of the metrics API is written in three parts, because its containers may
// be many: head, containers, tail. Everything else is whole.
#ifndef SKERRY_API_RESOURCE_ITEM_H
#define SKERRY_API_RESOURCE_ITEM_H

#include "api/exchange.h"
#include "api/resource_usage.h"

void resource_item_node(struct exchange *exchange, struct out *out, const struct node_view *view,
                        const struct resource_usage *usage);
// RESOURCE_METRICS: the head only, up to the bracket of its containers.
void resource_item_pod(struct exchange *exchange, struct out *out, const struct pod_view *view,
                       const struct resource_usage *usage);
void resource_item_container(const struct exchange *exchange, struct out *out,
                             const struct container_view *view,
                             const struct resource_usage *usage);

// The columns of a Table.
extern const char resource_item_columns[];

#endif
