// How the kubelets of a cluster are reached, from its URI and credentials.
#ifndef SKERRY_APP_KUBELET_ACCESS_H
#define SKERRY_APP_KUBELET_ACCESS_H

#include "discover/credentials.h"
#include "scrape/endpoint.h"

// Holds what `credentials` holds: valid as long as those.
struct scrape_access kubelet_access(const struct source_uri *uri,
                                    const struct credentials *credentials);

#endif
