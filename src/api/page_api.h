// What the page asks for, as compact JSON: /api/v1/page/...
//
// overview: sources, roles, sinks, full pools and the history; sums, tops and what
// changed in the last hour. nodes, namespaces,
// pods, containers: every row with its current values, as
// {"time":T,"cycle":T,"columns":["name",...],"rows":[[...],...]}; namespace=,
// pod= (with namespace=) and node= in the query choose rows, limit= how many at most: then a
// "truncated":true behind the rows says that there are more. events: the newest ones,
// newest first, in the same form, behind "minutes" ([start, normal, warning]) and
// "sources"; namespace=, kind=, object=, reason= (exact), type=normal|warning, text=
// (part of any text, whatever the case) and limit= choose. node/, namespace/, pod/, container/,
// system/: one entity with all it has. Times are milliseconds since 1970, CPU
// millicores, sizes bytes; null: not known. Lists come in no order.
//
// A form for the page of the same binary and no promise to others: those have
// the model API. Bounded steps, no memory; lists may miss rows that come or go
// meanwhile. 503 before anything was collected, 404 with what is near.
#ifndef SKERRY_API_PAGE_API_H
#define SKERRY_API_PAGE_API_H

#include "api/exchange.h"
#include "limits.h"

#define PAGE_TOP_ROWS 10

exchange_handler page_api_overview;                                  // page_api_overview.c
exchange_handler page_api_nodes, page_api_namespaces;                // page_api_list.c
exchange_handler page_api_pods, page_api_containers;
exchange_handler page_api_events;                                    // page_api_events.c
exchange_handler page_api_entity;                                    // page_api_entity.c

#endif
