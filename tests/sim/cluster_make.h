/* New objects of the cluster, and the cluster as it stands at start. No events
 * and no resource versions but those of the start. */
#ifndef SIM_CLUSTER_MAKE_H
#define SIM_CLUSTER_MAKE_H

#include "cluster.h"

#define NODE_ADDRESS_BASE 0x7f0a0001u /* 127.10.0.1 */

struct space *cluster_new_space(struct cluster *cluster, const char *name);
struct node *cluster_new_node(struct cluster *cluster);
/* name NULL: drawn from the pod's seed, perhaps one that is taken. */
struct pod *cluster_new_pod(struct cluster *cluster, struct space *space, const char *name);
/* Into the node's list, in order of keys. */
void cluster_place_pod(struct node *node, struct pod *pod);

#endif
