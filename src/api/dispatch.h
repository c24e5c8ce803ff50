// From a request line to the handler of its route.
#ifndef SKERRY_API_DISPATCH_H
#define SKERRY_API_DISPATCH_H

#include "api/exchange.h"

// `target` is the caller's copy of what stood in the request line ("/path?query",
// percent-encoded); it is decoded in place and must live as long as the
// exchange, which exchange_begin has prepared. Afterwards the exchange has a
// status and a step. Who is not trusted sees the paths of login_is_open() alone.
// `method` is GET, HEAD or one that is refused.
void dispatch(struct exchange *exchange, struct text method, char *target, size_t size);

#endif
