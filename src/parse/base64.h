// Base64 (RFC 4648, section 4) and bytes.
#ifndef SKERRY_PARSE_BASE64_H
#define SKERRY_PARSE_BASE64_H

#include "base/text.h"

// Blanks and line ends between the letters are passed over; padding may be
// missing. -ERR_MALFORMED, or -ERR_TOO_LONG when `out` is full.
int base64_decode(struct text encoded, struct out *out) MUST_USE;

// Standard alphabet, padded, in one line.
void base64_encode(struct text bytes, struct out *out);

#endif
