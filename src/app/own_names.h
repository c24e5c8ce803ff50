// The names and addresses under which this machine may be asked for, for a
// certificate made here.
#ifndef SKERRY_APP_OWN_NAMES_H
#define SKERRY_APP_OWN_NAMES_H

#include "app/config.h"
#include "platform/certificate.h"
#include "platform/platform.h"

// Of the machine's own addresses; more are left out.
#define OWN_ADDRESSES_MAX 16

// The one under which `skerry apiservice` registers the appliance in a cluster.
#define OWN_SERVICE_NAME "skerry.skerry.svc"

struct own_names {
    struct certificate_names names;  // texts of the configuration and of this struct
    unsigned address_count;
    char address[OWN_ADDRESSES_MAX][48];
    char host[256];
};

// localhost and its addresses, OWN_SERVICE_NAME, --listen-ip or, where that is all addresses, the
// machine's, its host name, and --allow-host. `scratch` is for the kernel's tables
// of addresses; one that does not fit is as if it were empty.
void own_names_read(struct own_names *own, const struct config *config,
                    const struct platform *platform, char *scratch, size_t scratch_bytes);

#endif
