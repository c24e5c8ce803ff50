// The part of `skerry status` about what collect sees: sources, nodes that cannot
// be scraped, pools, and what was dropped.
#ifndef SKERRY_APP_STATUS_TABLE_H
#define SKERRY_APP_STATUS_TABLE_H

#include "app/tool.h"
#include "base/times.h"

void status_table_write(const struct tool *tool, struct wall_ms now);

#endif
