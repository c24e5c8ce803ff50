/* A node's kubelet: the statistics endpoints, for the kubelet ports and for
 * the API server's proxy. */
#ifndef SIM_KUBELET_H
#define SIM_KUBELET_H

#include "sim.h"

struct stats_view kubelet_view(const struct sim *sim, const struct node *node, int64_t now_ms);

/* Answers `path` of the node; more: header lines to add (the proxy's). */
void kubelet_answer(struct conn *conn, struct node *node, const char *path, const char *query,
                    const char *more);

#endif
