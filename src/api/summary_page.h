// The page at /: one plain HTML document about everything at a glance, without
// scripts, that reloads itself.
//
// /?namespace=NAME shows the pods of that namespace. Lists are cut where they
// would be too long to read, with a sentence that says so; nothing here grows
// with the size of the cluster but the time to walk it.
#ifndef SKERRY_API_SUMMARY_PAGE_H
#define SKERRY_API_SUMMARY_PAGE_H

#include "api/exchange.h"
#include "limits.h"

exchange_handler summary_page;

#endif
