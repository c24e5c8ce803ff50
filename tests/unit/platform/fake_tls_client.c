#include "platform/fake_tls_client.h"

#include <errno.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>
#include <string.h>
#include <sys/socket.h>

#include "platform/certificates.h"
#include "test.h"

// More than tickets that come at once, twice.
#define READS_MAX 4

static struct fake_tls_client {
    bool made, kept, got_ticket, saw_certificate;
    int fd;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_session session;
    mbedtls_x509_crt authority, certificate;
    mbedtls_pk_context key;
} client;

static int
socket_send(void *context, const unsigned char *bytes, size_t size)
{
    (void)context;
    ssize_t sent = send(client.fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
        return errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_WRITE : MBEDTLS_ERR_NET_SEND_FAILED;
    }
    return (int)sent;
}

static int
socket_receive(void *context, unsigned char *bytes, size_t size)
{
    (void)context;
    ssize_t got = recv(client.fd, bytes, size, MSG_DONTWAIT);
    if (got < 0) {
        return errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_READ : MBEDTLS_ERR_NET_RECV_FAILED;
    }
    return (int)got;
}

// Only called for a certificate that came.
static int
verify(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    (void)context;
    (void)certificate;
    (void)depth;
    (void)flags;
    client.saw_certificate = true;
    return 0;
}

static void
end(void)
{
    mbedtls_ssl_free(&client.ssl);
    mbedtls_ssl_session_free(&client.session);
    mbedtls_ssl_config_free(&client.config);
    mbedtls_x509_crt_free(&client.authority);
    mbedtls_x509_crt_free(&client.certificate);
    mbedtls_pk_free(&client.key);
    mbedtls_ctr_drbg_free(&client.random);
    mbedtls_entropy_free(&client.entropy);
}

static void
parse(mbedtls_x509_crt *chain, const char *pem)
{
    CHECK(mbedtls_x509_crt_parse(chain, (const unsigned char *)pem, strlen(pem) + 1) == 0);
}

static void
configure(const struct fake_tls_client_config *config)
{
    mbedtls_ssl_protocol_version version = config->tls12 ? MBEDTLS_SSL_VERSION_TLS1_2
                                                         : MBEDTLS_SSL_VERSION_TLS1_3;
    CHECK(mbedtls_ssl_config_defaults(&client.config, MBEDTLS_SSL_IS_CLIENT,
                                      MBEDTLS_SSL_TRANSPORT_STREAM,
                                      MBEDTLS_SSL_PRESET_DEFAULT) == 0);
    mbedtls_ssl_conf_min_tls_version(&client.config, version);
    mbedtls_ssl_conf_max_tls_version(&client.config, version);
    mbedtls_ssl_conf_rng(&client.config, mbedtls_ctr_drbg_random, &client.random);
    mbedtls_ssl_conf_ca_chain(&client.config, &client.authority, NULL);
    mbedtls_ssl_conf_verify(&client.config, verify, NULL);
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
        &client.config, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
    parse(&client.authority, AUTHORITY_PEM);
    if (config->certificate != NULL) {
        parse(&client.certificate, config->certificate);
        CHECK(mbedtls_pk_parse_key(&client.key, (const unsigned char *)config->key,
                                   strlen(config->key) + 1, NULL, 0, mbedtls_ctr_drbg_random,
                                   &client.random) == 0);
        CHECK(mbedtls_ssl_conf_own_cert(&client.config, &client.certificate, &client.key) == 0);
    }
}

struct fake_tls_client *
fake_tls_client_make(const struct fake_tls_client_config *config)
{
    if (client.made) {
        end();
    }
    memset(&client, 0, sizeof client);
    client.made = true;
    mbedtls_entropy_init(&client.entropy);
    mbedtls_ctr_drbg_init(&client.random);
    mbedtls_ssl_config_init(&client.config);
    mbedtls_ssl_init(&client.ssl);
    mbedtls_ssl_session_init(&client.session);
    mbedtls_x509_crt_init(&client.authority);
    mbedtls_x509_crt_init(&client.certificate);
    mbedtls_pk_init(&client.key);
    CHECK(psa_crypto_init() == PSA_SUCCESS);
    CHECK(mbedtls_ctr_drbg_seed(&client.random, mbedtls_entropy_func, &client.entropy, NULL, 0) ==
          0);
    configure(config);
    return &client;
}

void
fake_tls_client_begin(struct fake_tls_client *it, int fd)
{
    it->fd = fd;
    it->got_ticket = false;
    it->saw_certificate = false;
    mbedtls_ssl_free(&it->ssl);
    mbedtls_ssl_init(&it->ssl);
    CHECK(mbedtls_ssl_setup(&it->ssl, &it->config) == 0);
    CHECK(mbedtls_ssl_set_hostname(&it->ssl, "node-1") == 0);
    mbedtls_ssl_set_bio(&it->ssl, NULL, socket_send, socket_receive, NULL);
    if (it->kept) {
        CHECK(mbedtls_ssl_set_session(&it->ssl, &it->session) == 0);
    }
}

static int
outcome(int code)
{
    switch (code) {
    case MBEDTLS_ERR_SSL_WANT_READ:
    case MBEDTLS_ERR_SSL_WANT_WRITE:
        return FAKE_TLS_WAITS;
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
        return FAKE_TLS_ENDED;
    default:
        return code;
    }
}

int
fake_tls_client_shake(struct fake_tls_client *it)
{
    return outcome(mbedtls_ssl_handshake(&it->ssl));
}

int
fake_tls_client_write(struct fake_tls_client *it, const void *bytes, size_t size)
{
    return outcome(mbedtls_ssl_write(&it->ssl, bytes, size));
}

// A ticket of TLS 1.3 comes among the bytes; behind one mbedTLS wants to be asked
// again, whether more is there or not.
int
fake_tls_client_read(struct fake_tls_client *it, void *bytes, size_t size)
{
    int code = 0;
    for (int i = 0; i < READS_MAX && code <= 0 && code != MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY; i++) {
        code = mbedtls_ssl_read(&it->ssl, bytes, size);
        if (code == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
            it->got_ticket = true;
            mbedtls_ssl_session_free(&it->session);
            mbedtls_ssl_session_init(&it->session);
            CHECK(mbedtls_ssl_get_session(&it->ssl, &it->session) == 0);
        }
    }
    return outcome(code);
}

int
fake_tls_client_close(struct fake_tls_client *it)
{
    return outcome(mbedtls_ssl_close_notify(&it->ssl));
}

bool
fake_tls_client_keep(struct fake_tls_client *it)
{
    if (mbedtls_ssl_get_version_number(&it->ssl) == MBEDTLS_SSL_VERSION_TLS1_2) {
        mbedtls_ssl_session_free(&it->session);
        mbedtls_ssl_session_init(&it->session);
        it->got_ticket = mbedtls_ssl_get_session(&it->ssl, &it->session) == 0;
    }
    it->kept = it->got_ticket;
    return it->kept;
}

bool
fake_tls_client_saw_certificate(const struct fake_tls_client *it)
{
    return it->saw_certificate;
}
