/* Kubernetes' JSON of nodes, pods, namespaces and events, compact, in the
 * shape of Kubernetes 1.20 (see the captures): field order, managedFields and
 * all. */
#ifndef SIM_OBJECTS_H
#define SIM_OBJECTS_H

#include "cluster.h"

/* typed: with kind and apiVersion, as single objects and watches have them;
 * items of lists have not. */
void objects_write(struct buf *out, const struct cluster *cluster, const struct object *object,
                   bool typed);

void objects_pod(struct buf *out, const struct cluster *cluster, const struct pod *pod);
/* metadata from its brace to creationTimestamp; the caller closes it. */
void objects_metadata(struct buf *out, const struct object *object);

/* "Pod", "pods" and the like. */
const char *objects_kind_name(enum object_kind kind);
const char *objects_resource_name(enum object_kind kind);

#endif
