// The one place for the version: `skerry version`, build information in
// /metrics, the appliance API, and what we call ourselves to API servers.
#ifndef SKERRY_BASE_VERSION_H
#define SKERRY_BASE_VERSION_H

#define SKERRY_VERSION "0.1.0"

#endif
