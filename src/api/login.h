// For those who did not bring the token: the refusal, and the form by which a
// browser logs in.
//
// The form is posted to the address at which it stands, fragment included, so
// that a link that somebody shared is shown after logging in. No token ever
// stands in an address. Needs no script.
#ifndef SKERRY_API_LOGIN_H
#define SKERRY_API_LOGIN_H

#include "api/access.h"
#include "api/exchange.h"
#include "limits.h"

// The few paths that say nothing of the inside, and the form.
bool login_is_open(struct text path);

// 401: the form for browsers, a sentence for all others.
void login_refuse(struct exchange *exchange);

// GET /login.
void login_page(struct exchange *exchange);

// A form was posted to `target` (a C string): 303 to that with the cookie, or 401
// with the form again. `body` is decoded in place.
void login_post(struct exchange *exchange, const struct access *access, const char *target,
                char *body, size_t body_bytes);

// GET /logout: takes the cookie away and shows the form.
void login_logout(struct exchange *exchange);

#endif
