// Who may see anything: those who know the token.
//
// A request brings it as `Authorization: Bearer TOKEN`, or a cookie that was made
// of it at login: the time until which it is good, and the HMAC-SHA256 of that
// time under the token, so that the cookie does not tell the token and is worth
// nothing once the token is another. Comparisons take the same time wherever two
// values differ. Pure but for the key, which the caller fills with random bytes;
// takes no heap.
#ifndef SKERRY_API_ACCESS_H
#define SKERRY_API_ACCESS_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "base/times.h"
#include "limits.h"

#define ACCESS_MAC_BYTES 32
// How long a browser stays logged in.
#define ACCESS_COOKIE_MS (30 * INT64_C(86400000))
#define ACCESS_COOKIE_BYTES_MAX 200

struct access {
    unsigned char key[ACCESS_MAC_BYTES];  // of this process, random
    unsigned char mac[ACCESS_MAC_BYTES];  // of the token under that key
    size_t token_bytes;
    char token[ACCESS_TOKEN_BYTES_MAX];
};

// The token of a file's content: its one line. -ERR_BAD_CONFIG with a sentence
// when it is too short, too long, or holds anything but visible ASCII.
int access_parse(struct text content, struct text *token, struct out *why) MUST_USE;

// `access->key` is set already.
void access_set_token(struct access *access, struct text token);

bool access_has_token(const struct access *access, struct text given);
// `header`: "Bearer TOKEN".
bool access_has_bearer(const struct access *access, struct text header);
// `header`: all cookies of the request.
bool access_has_cookie(const struct access *access, struct text header, struct wall_ms now);

// The value of Set-Cookie that logs in, or out again.
void access_write_cookie(const struct access *access, struct wall_ms now, struct out *out);
void access_write_no_cookie(struct out *out);

#endif
