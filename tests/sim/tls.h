/* TLS on the server's side of one connection, over a socket that does not
 * block. Wraps mbedTLS; a session resumed from a ticket keeps the identity
 * that its client certificate proved. */
#ifndef SIM_TLS_H
#define SIM_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "pki.h"

enum tls_result { TLS_ERROR = -1, TLS_CLOSED = -2, TLS_WANT_READ = -3, TLS_WANT_WRITE = -4 };

struct tls;
struct tls_session;

struct tls *tls_init(struct pki *pki);
/* Old tickets are no longer taken: every client makes a full handshake. */
int tls_renew_tickets(struct tls *tls);

/* node NULL: the API server's certificate is shown. */
struct tls_session *tls_accept(struct tls *tls, int fd, struct node *node,
                               enum cert_variant variant);
/* 0 when done. */
int tls_handshake(struct tls_session *session);
/* Bytes, or a tls_result. */
int tls_read(struct tls_session *session, void *bytes, size_t cap);
/* Takes everything it is given, into memory. */
int tls_write(struct tls_session *session, const void *bytes, size_t len);
/* Sends what was written; 0 when all of it is gone. */
int tls_flush(struct tls_session *session);
size_t tls_queued(const struct tls_session *session);
/* Bytes that arrived already and make no further event. */
bool tls_pending(const struct tls_session *session);
void tls_free(struct tls_session *session);

bool tls_client_known(const struct tls_session *session);
bool tls_resumed(const struct tls_session *session);

#endif
