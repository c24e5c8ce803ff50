/* Ports, the event loop, and what is done to many connections at once. */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "sim.h"

/* Opens one port; sim->ports has its number, 0 for a free one, and gets it.
 * 0, or -1 with errno. */
int server_open_port(struct sim *sim, enum port_kind port);
void server_close_port(struct sim *sim, enum port_kind port);

/* Until sim->quit. */
int server_run(struct sim *sim, int signal_fd);

/* Of this node; NULL = of the API server. */
void server_resume(struct sim *sim, const struct node *node);
/* for_good: the node goes, no connection may point to it. */
void server_kill_node(struct sim *sim, const struct node *node, bool for_good);
void server_kill_port(struct sim *sim, enum port_kind port);
void server_cut_watches(struct sim *sim, bool reset);

#endif
