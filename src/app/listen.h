// What the address and the flags about it come to: open and plain, or TLS with a
// token.
#ifndef SKERRY_APP_LISTEN_H
#define SKERRY_APP_LISTEN_H

#include "app/config.h"

// Any address but loopback, unless --insecure-open; loopback when asked by --tls
// or one of the flags that only mean something with it.
bool listen_is_secure(const struct config *config);

// All addresses of this machine: 0.0.0.0 or ::.
bool listen_is_everywhere(const struct config *config);

// One sentence in `why` and -ERR_BAD_CONFIG for flags that contradict each other
// or an address that is none. An empty address becomes 0.0.0.0.
int listen_check(struct config *config, struct out *why) MUST_USE;

#endif
