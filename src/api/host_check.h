// Whether a request is meant for us: its Host, and its Origin if a page sent it.
//
// A page of any site may make a browser send requests to 127.0.0.1, and with a
// DNS name that resolves there read the answers (DNS rebinding). What listens on
// loopback only therefore answers only to the names that loopback has, and to
// those that somebody allowed: of a proxy that passes the browser's Host on.
#ifndef SKERRY_API_HOST_CHECK_H
#define SKERRY_API_HOST_CHECK_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "limits.h"

struct host_check {
    bool any;  // every name is good
    unsigned count;
    struct text name[HOST_NAMES_MAX];  // besides localhost, 127.0.0.1 and ::1
};

// Adds names with commas between: DNS names or addresses, without a port.
// -ERR_BAD_CONFIG or -ERR_TOO_MANY, and `bad` is the one that was not added.
int host_check_add(struct host_check *check, struct text names, struct text *bad) MUST_USE;

// `host` is the header's value: "localhost:8082", "[::1]". Ports do not matter.
bool host_check_host(const struct host_check *check, struct text host);
// "http://localhost:8082"; "null" is nobody.
bool host_check_origin(const struct host_check *check, struct text origin);

#endif
