#include "tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>

#define TICKET_LIFETIME_S 86400

/* A Go server, as kubelets and API servers are, takes AES-128 first whatever
 * the client's order; here the order is the client's, so 1.3 has no other. */
static const int cipher_suites[] = {MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
                                    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                                    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                                    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, 0};

struct tls {
    struct pki *pki;
    mbedtls_ssl_config config;
    mbedtls_ssl_ticket_context tickets;
    struct tls_session *current; /* whose handshake runs: for the callbacks */
    struct buf spare_wire;       /* lent to whoever is sending */
};

struct tls_session {
    mbedtls_ssl_context ssl;
    struct tls *tls;
    struct node *node;
    enum cert_variant variant;
    int fd;
    struct buf wire; /* encrypted, not yet sent */
    size_t wire_sent;
    bool client_known;
    bool resumed;
};

/* Records are gathered, so that a response of many 4 KB records costs one
 * system call; the caller stops writing while the queue is long. */
static int
gather_bytes(void *context, const unsigned char *bytes, size_t len)
{
    struct tls_session *session = context;
    if (session->wire.data == NULL) {
        session->wire = session->tls->spare_wire;
        session->tls->spare_wire = (struct buf){0};
    }
    buf_put(&session->wire, bytes, len);
    return (int)len;
}

static int
receive_bytes(void *context, unsigned char *bytes, size_t cap)
{
    const struct tls_session *session = context;
    ssize_t got = recv(session->fd, bytes, cap, 0);
    if (got < 0) {
        return errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_READ : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    }
    return (int)got;
}

/* The first byte of our tickets says whether the client proved itself. */
static int
write_ticket(void *context, const mbedtls_ssl_session *ssl_session, unsigned char *start,
             const unsigned char *end, size_t *len, uint32_t *lifetime)
{
    struct tls *tls = context;
    if (start + 1 >= end) {
        return MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL;
    }
    start[0] = tls->current != NULL && tls->current->client_known;
    int rc = mbedtls_ssl_ticket_write(&tls->tickets, ssl_session, start + 1, end, len, lifetime);
    *len += 1;
    return rc;
}

static int
parse_ticket(void *context, mbedtls_ssl_session *ssl_session, unsigned char *bytes, size_t len)
{
    struct tls *tls = context;
    if (len < 2) {
        return MBEDTLS_ERR_SSL_INVALID_MAC;
    }
    int rc = mbedtls_ssl_ticket_parse(&tls->tickets, ssl_session, bytes + 1, len - 1);
    if (rc == 0 && tls->current != NULL) {
        tls->current->resumed = true;
        tls->current->client_known = bytes[0] != 0;
    }
    return rc;
}

static int
choose_cert(mbedtls_ssl_context *ssl)
{
    struct tls_session *session = mbedtls_ssl_get_user_data_p(ssl);
    struct pki *pki = session->tls->pki;
    if (session->node == NULL) {
        return mbedtls_ssl_set_hs_own_cert(ssl, &pki->server_cert, &pki->server_key);
    }
    return mbedtls_ssl_set_hs_own_cert(ssl, pki_node_cert(pki, session->node, session->variant),
                                       pki_node_key(pki, session->variant));
}

static int
note_client(void *context, mbedtls_x509_crt *cert, int depth, uint32_t *flags)
{
    struct tls_session *session = context;
    (void)cert;
    if (depth == 0) {
        session->client_known = *flags == 0;
    }
    return 0;
}

struct tls *
tls_init(struct pki *pki)
{
    struct tls *tls = xcalloc(1, sizeof(*tls));
    tls->pki = pki;
    mbedtls_ssl_config_init(&tls->config);
    mbedtls_ssl_ticket_init(&tls->tickets);
    int rc = mbedtls_ssl_config_defaults(&tls->config, MBEDTLS_SSL_IS_SERVER,
                                         MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    rc = rc != 0 ? rc
                 : mbedtls_ssl_ticket_setup(&tls->tickets, mbedtls_ctr_drbg_random, &pki->random,
                                            MBEDTLS_CIPHER_AES_256_GCM, TICKET_LIFETIME_S);
    if (rc != 0) {
        fprintf(stderr, "skerry-sim: cannot set up TLS (mbedTLS error -0x%04x)\n", (unsigned)-rc);
        free(tls);
        return NULL;
    }
    mbedtls_ssl_conf_ciphersuites(&tls->config, cipher_suites);
    mbedtls_ssl_conf_rng(&tls->config, mbedtls_ctr_drbg_random, &pki->random);
    mbedtls_ssl_conf_ca_chain(&tls->config, &pki->ca_cert, NULL);
    mbedtls_ssl_conf_authmode(&tls->config, MBEDTLS_SSL_VERIFY_OPTIONAL);
    mbedtls_ssl_conf_cert_cb(&tls->config, choose_cert);
    mbedtls_ssl_conf_session_tickets_cb(&tls->config, write_ticket, parse_ticket, tls);
    mbedtls_ssl_conf_new_session_tickets(&tls->config, 1);
    return tls;
}

int
tls_renew_tickets(struct tls *tls)
{
    mbedtls_ssl_ticket_free(&tls->tickets);
    mbedtls_ssl_ticket_init(&tls->tickets);
    return mbedtls_ssl_ticket_setup(&tls->tickets, mbedtls_ctr_drbg_random, &tls->pki->random,
                                    MBEDTLS_CIPHER_AES_256_GCM, TICKET_LIFETIME_S);
}

struct tls_session *
tls_accept(struct tls *tls, int fd, struct node *node, enum cert_variant variant)
{
    struct tls_session *session = xcalloc(1, sizeof(*session));
    session->tls = tls;
    session->fd = fd;
    session->node = node;
    session->variant = variant;
    mbedtls_ssl_init(&session->ssl);
    if (mbedtls_ssl_setup(&session->ssl, &tls->config) != 0) {
        free(session);
        return NULL;
    }
    mbedtls_ssl_set_user_data_p(&session->ssl, session);
    mbedtls_ssl_set_verify(&session->ssl, note_client, session);
    mbedtls_ssl_set_bio(&session->ssl, session, gather_bytes, receive_bytes, NULL);
    return session;
}

static int
result_of(int rc)
{
    switch (rc) {
    case MBEDTLS_ERR_SSL_WANT_READ:
        return TLS_WANT_READ;
    case MBEDTLS_ERR_SSL_WANT_WRITE:
        return TLS_WANT_WRITE;
    case 0:
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
    case MBEDTLS_ERR_SSL_CONN_EOF:
        return TLS_CLOSED;
    default:
        return TLS_ERROR;
    }
}

int
tls_handshake(struct tls_session *session)
{
    session->tls->current = session;
    int rc = mbedtls_ssl_handshake(&session->ssl);
    session->tls->current = NULL;
    return rc == 0 ? 0 : result_of(rc);
}

int
tls_read(struct tls_session *session, void *bytes, size_t cap)
{
    int rc = mbedtls_ssl_read(&session->ssl, bytes, cap);
    return rc > 0 ? rc : result_of(rc);
}

int
tls_write(struct tls_session *session, const void *bytes, size_t len)
{
    int rc = mbedtls_ssl_write(&session->ssl, bytes, len);
    return rc > 0 ? rc : result_of(rc);
}

int
tls_flush(struct tls_session *session)
{
    while (session->wire_sent < session->wire.len) {
        ssize_t sent = send(session->fd, session->wire.data + session->wire_sent,
                            session->wire.len - session->wire_sent, MSG_NOSIGNAL);
        if (sent < 0) {
            return errno == EAGAIN ? TLS_WANT_WRITE : TLS_ERROR;
        }
        session->wire_sent += (size_t)sent;
    }
    session->wire_sent = 0;
    buf_clear(&session->wire);
    if (session->tls->spare_wire.data == NULL) {
        session->tls->spare_wire = session->wire;
        session->wire = (struct buf){0};
    } else {
        buf_free(&session->wire);
    }
    return 0;
}

size_t
tls_queued(const struct tls_session *session)
{
    return session->wire.len - session->wire_sent;
}

bool
tls_pending(const struct tls_session *session)
{
    return mbedtls_ssl_check_pending(&session->ssl) != 0;
}

void
tls_free(struct tls_session *session)
{
    mbedtls_ssl_free(&session->ssl);
    buf_free(&session->wire);
    free(session);
}

bool
tls_client_known(const struct tls_session *session)
{
    return session->client_known;
}

bool
tls_resumed(const struct tls_session *session)
{
    return session->resumed;
}
