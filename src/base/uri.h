// What source and sink URIs, and the URLs of requests, share: percent-encoding
// (RFC 3986, section 2.1), HOST:PORT (section 3.2), and variables of the
// environment in them. Pure.
#ifndef SKERRY_BASE_URI_H
#define SKERRY_BASE_URI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/error.h"
#include "base/text.h"

// The value of an environment variable; false when there is none.
typedef bool uri_variable(void *context, struct text name, struct text *value);

// Copies `uri` with $NAME and ${NAME} replaced. `variable` may be NULL: then a $
// stays as it is. -ERR_BAD_CONFIG with the sentence in `why` when one is not set
// or the result is longer than the room of `copy`.
int uri_expand(struct text uri, uri_variable *variable, void *context, struct out *copy,
               struct out *why) MUST_USE;

// Copies `from` to `to` with every %XX decoded and, where `plus_is_blank`, every
// '+' as a blank. `to` needs room for from.size bytes and may be the same place
// as from.at or lie before it. -ERR_MALFORMED on a broken escape and on %00;
// other bytes are the caller's to judge.
int uri_decode(char *to, struct text from, bool plus_is_blank, struct text *decoded) MUST_USE;

// As a part of a path or a query: what is not unreserved there becomes %XX.
void uri_escape(struct out *out, struct text text);

// HOST, HOST:PORT, [V6] or [V6]:PORT; *port, 1 to 65535, stays as it is when none
// is given. -ERR_MALFORMED: it is none of these, or the host has bytes that no
// name or address has, or more than NAME_BYTES_MAX.
int uri_authority(struct text authority, struct text *host, uint16_t *port) MUST_USE;

#endif
