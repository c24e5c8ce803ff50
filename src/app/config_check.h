// What a configuration must hold before a role or tool gets it.
#ifndef SKERRY_APP_CONFIG_CHECK_H
#define SKERRY_APP_CONFIG_CHECK_H

#include "app/config.h"

// Ranges, and what must go together; puts what follows from others in place (a
// scrape timeout that nobody gave is at most the resolution; an empty listen-ip
// is 0.0.0.0, as with Heapster). 0, or -ERR_BAD_CONFIG with the sentence in `why`.
int config_check(struct config *config, struct out *why) MUST_USE;

#endif
