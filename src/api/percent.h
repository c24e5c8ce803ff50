// Percent-encoding of request URLs: uri_decode(), and what no name has is refused.
//
// Pure; shared by the path (route.c) and the query (query.c).
#ifndef SKERRY_API_PERCENT_H
#define SKERRY_API_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/error.h"
#include "base/text.h"

// Copies `from` to `to` with every %XX decoded and, where `plus_is_blank`, every
// '+' as a blank. `to` needs room for from.size bytes and may be the same place
// as from.at or lie before it. -ERR_MALFORMED on a broken escape, on a control
// byte and on what is not UTF-8.
int percent_decode(char *to, struct text from, bool plus_is_blank, struct text *decoded) MUST_USE;

#endif
