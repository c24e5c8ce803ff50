// What `skerry top` says beside its rows: the sums of the cluster, and what is
// wrong with collect, the sources and the nodes.
#ifndef SKERRY_APP_TOP_STATE_H
#define SKERRY_APP_TOP_STATE_H

#include "app/tool.h"
#include "terminal/top_view.h"

// `table` NULL: there is none, because of `error`.
void top_state_read(struct top_cluster *cluster, const struct tool *tool,
                    const struct table_reader *table, int error);

#endif
