#include "platform/tls_server.h"

#include <errno.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/oid.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>
#include <string.h>
#include <sys/socket.h>

#include "platform/tls_suites.h"

#define NAME_BYTES 256
#define NAMES_BYTES 512
// How long a client may come back without a full handshake. The key that tickets
// are sealed with is another as often; the one before it is good until the next.
#define TICKET_S 3600
#define TICKET_NAME_BYTES 4
#define TICKET_KEY_BYTES 32
// The current one, one that handshakes still hold, and one to parse into.
#define MATERIALS 3

struct material {
    bool used;
    bool has_authority;
    uint32_t handshakes;  // that hold it
    mbedtls_x509_crt own;
    mbedtls_pk_context key;
    mbedtls_x509_crt authority;
    size_t names_bytes;
    char names[NAMES_BYTES];
};

struct session {
    struct tls_server *server;
    struct material *material;  // held while the handshake runs
    int fd;
    bool known;
    mbedtls_ssl_context ssl;
};

struct tls_server {
    uint32_t limit;
    struct session *sessions;
    struct material *current;
    struct material materials[MATERIALS];
    mbedtls_ssl_config config;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_ssl_ticket_context tickets;
    unsigned char *pem;  // scratch
};

size_t
tls_server_footprint(uint32_t clients)
{
    return arena_bytes(sizeof(struct tls_server)) +
           arena_bytes((size_t)clients * sizeof(struct session)) +
           arena_bytes(TLS_SERVER_PEM_BYTES_MAX);
}

// Measured with mbedTLS 3.6.7 under musl, amd64, with 32 clients; held by
// tests/serve/test_tls.sh. A context set up takes 22.4 KiB: records of 16 KiB and
// 4 KiB, and what awaits a handshake. A handshake that waits for its client takes
// 3 KiB more, and one that computes 12 KiB, of which there is one at a time. A
// client's certificates stay with its session.
#define CONTEXT_BYTES (23 * 1024)
#define HANDSHAKE_BYTES (5 * 1024)
#define COMPUTING_BYTES (24 * 1024)
#define AUTHORITY_CLIENT_BYTES (10 * 1024)
// Own certificates and keys, two sets and one being read, and the generator.
#define MATERIAL_BYTES (96 * 1024)

size_t
tls_server_heap_bytes(uint32_t clients, bool with_authority)
{
    size_t each = CONTEXT_BYTES + HANDSHAKE_BYTES +
                  (with_authority ? AUTHORITY_CLIENT_BYTES : 0);
    return MATERIAL_BYTES + COMPUTING_BYTES + clients * each;
}

// Material

static void
material_free(struct material *material)
{
    mbedtls_x509_crt_free(&material->own);
    mbedtls_pk_free(&material->key);
    mbedtls_x509_crt_free(&material->authority);
    material->used = false;
}

static struct material *
material_take(struct tls_server *server)
{
    for (unsigned i = 0; i < MATERIALS; i++) {
        struct material *material = &server->materials[i];
        if (material->used && material != server->current && material->handshakes == 0) {
            material_free(material);
        }
        if (!material->used) {
            *material = (struct material){.used = true};
            mbedtls_x509_crt_init(&material->own);
            mbedtls_pk_init(&material->key);
            mbedtls_x509_crt_init(&material->authority);
            return material;
        }
    }
    return NULL;
}

static void
material_release(struct session *session)
{
    if (session->material != NULL) {
        ASSERT(session->material->handshakes > 0);
        session->material->handshakes--;
        session->material = NULL;
    }
}

static int
explain(struct out *why, const char *what, int code)
{
    char text[128];
    mbedtls_strerror(code, text, sizeof text);
    out_format(why, "%s cannot be used: %s", what, text);
    return -ERR_BAD_CONFIG;
}

// mbedTLS wants PEM with its NUL.
static bool
copy_pem(struct tls_server *server, struct text pem)
{
    if (pem.size >= TLS_SERVER_PEM_BYTES_MAX) {
        return false;
    }
    memcpy(server->pem, pem.at, pem.size);
    server->pem[pem.size] = '\0';
    return true;
}

static int
parse_chain(struct tls_server *server, mbedtls_x509_crt *chain, struct text pem, const char *what,
            struct out *why)
{
    int code = copy_pem(server, pem) ? mbedtls_x509_crt_parse(chain, server->pem, pem.size + 1)
                                     : MBEDTLS_ERR_X509_BUFFER_TOO_SMALL;
    // A positive code counts certificates that were left out; others are there.
    return code < 0 || chain->version == 0 ? explain(why, what, code) : 0;
}

static int
parse_key(struct tls_server *server, struct material *material, struct text pem, struct out *why)
{
    int code = copy_pem(server, pem)
                   ? mbedtls_pk_parse_key(&material->key, server->pem, pem.size + 1, NULL, 0,
                                          mbedtls_ctr_drbg_random, &server->random)
                   : MBEDTLS_ERR_PK_BAD_INPUT_DATA;
    mbedtls_platform_zeroize(server->pem, TLS_SERVER_PEM_BYTES_MAX);
    if (code != 0) {
        return explain(why, "the key", code);
    }
    if (mbedtls_pk_check_pair(&material->own.pk, &material->key, mbedtls_ctr_drbg_random,
                              &server->random) != 0) {
        out_string(why, "the key does not belong to the certificate");
        return -ERR_BAD_CONFIG;
    }
    return 0;
}

// Both keys become others: no ticket that is out is good any more.
static int
forget_tickets(struct tls_server *server)
{
    unsigned char name[TICKET_NAME_BYTES];
    unsigned char key[TICKET_KEY_BYTES];
    int code = 0;
    for (int i = 0; i < 2 && code == 0; i++) {
        code = mbedtls_ctr_drbg_random(&server->random, name, sizeof name);
        code = code != 0 ? code : mbedtls_ctr_drbg_random(&server->random, key, sizeof key);
        code = code != 0 ? code : mbedtls_ssl_ticket_rotate(&server->tickets, name, sizeof name,
                                                            key, sizeof key, TICKET_S);
    }
    mbedtls_platform_zeroize(key, sizeof key);
    return code;
}

// A ticket does not tell who the client proved to be: with an authority there are
// none.
static int
renew_tickets(struct tls_server *server, bool with_authority)
{
    mbedtls_ssl_conf_session_tickets_cb(&server->config,
                                        with_authority ? NULL : mbedtls_ssl_ticket_write,
                                        with_authority ? NULL : mbedtls_ssl_ticket_parse,
                                        &server->tickets);
    return forget_tickets(server);
}

int
tls_server_load(struct tls_server *server, const struct tls_server_files *files, struct out *why)
{
    struct material *material = material_take(server);
    if (material == NULL) {
        out_string(why, "the certificate before the last is still in use");
        return -ERR_BUSY;
    }
    int error = parse_chain(server, &material->own, files->certificate_pem, "the certificate", why);
    if (error == 0) {
        error = parse_key(server, material, files->key_pem, why);
    }
    if (error == 0 && files->authority_pem.size > 0) {
        error = parse_chain(server, &material->authority, files->authority_pem,
                            "the authority of clients", why);
        material->has_authority = true;
    }
    if (error == 0 && files->allowed_names.size > sizeof material->names) {
        out_string(why, "the names of allowed clients are too long");
        error = -ERR_TOO_LONG;
    }
    if (error == 0 && renew_tickets(server, material->has_authority) != 0) {
        out_string(why, "no keys for session tickets are to be had");
        error = -ERR_IO;
    }
    if (error != 0) {
        material_free(material);
        return error;
    }
    material->names_bytes = files->allowed_names.size;
    memcpy(material->names, files->allowed_names.at, files->allowed_names.size);
    server->current = material;
    return 0;
}

// Sessions

static int
socket_send(void *context, const unsigned char *bytes, size_t size)
{
    const struct session *session = context;
    ssize_t sent = send(session->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
        return (int)sent;
    }
    return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_WRITE
                                             : MBEDTLS_ERR_NET_SEND_FAILED;
}

static int
socket_receive(void *context, unsigned char *bytes, size_t size)
{
    const struct session *session = context;
    ssize_t got = recv(session->fd, bytes, size, MSG_DONTWAIT);
    if (got >= 0) {
        return (int)got;  // 0: the end, which mbedTLS takes as such
    }
    return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_READ
                                             : MBEDTLS_ERR_NET_RECV_FAILED;
}

// Called when the client's hello is there: what this handshake goes by.
static int
choose_material(mbedtls_ssl_context *ssl)
{
    struct session *session = mbedtls_ssl_get_user_data_p(ssl);
    struct material *material = session->server->current;
    if (session->material == NULL) {
        session->material = material;
        material->handshakes++;
    }
    material = session->material;
    mbedtls_ssl_set_hs_authmode(ssl, material->has_authority ? MBEDTLS_SSL_VERIFY_OPTIONAL
                                                             : MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_set_hs_ca_chain(ssl, &material->authority, NULL);
    return mbedtls_ssl_set_hs_own_cert(ssl, &material->own, &material->key);
}

static int
configure(struct tls_server *server)
{
    static const char *protocols[] = {"http/1.1", NULL};
    mbedtls_ssl_config *config = &server->config;
    mbedtls_ssl_config_init(config);
    int code = mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_SERVER,
                                           MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_rng(config, mbedtls_ctr_drbg_random, &server->random);
    mbedtls_ssl_conf_ciphersuites(config, tls_suites);
    mbedtls_ssl_conf_preference_order(config, MBEDTLS_SSL_SRV_CIPHERSUITE_ORDER_SERVER);
    mbedtls_ssl_conf_cert_profile(config, &mbedtls_x509_crt_profile_default);
    mbedtls_ssl_conf_cert_cb(config, choose_material);
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_NONE);
    return code != 0 ? code : mbedtls_ssl_conf_alpn_protocols(config, protocols);
}

static int
set_up(struct tls_server *server)
{
    mbedtls_entropy_init(&server->entropy);
    mbedtls_ctr_drbg_init(&server->random);
    int code = mbedtls_ctr_drbg_seed(&server->random, mbedtls_entropy_func, &server->entropy,
                                     NULL, 0);
    if (code == 0 && psa_crypto_init() != PSA_SUCCESS) {
        code = MBEDTLS_ERR_SSL_ALLOC_FAILED;
    }
    mbedtls_ssl_ticket_init(&server->tickets);
    code = code != 0 ? code
                     : mbedtls_ssl_ticket_setup(&server->tickets, mbedtls_ctr_drbg_random,
                                                &server->random, MBEDTLS_CIPHER_AES_256_GCM,
                                                TICKET_S);
    code = code != 0 ? code : configure(server);
    for (uint32_t i = 0; i < server->limit && code == 0; i++) {
        struct session *session = &server->sessions[i];
        session->server = server;
        session->fd = -1;
        mbedtls_ssl_init(&session->ssl);
        code = mbedtls_ssl_setup(&session->ssl, &server->config);
        mbedtls_ssl_set_user_data_p(&session->ssl, session);
        mbedtls_ssl_set_bio(&session->ssl, session, socket_send, socket_receive, NULL);
    }
    return code;
}

int
tls_server_init(struct tls_server **result, struct arena *arena, uint32_t clients, struct out *why)
{
    struct tls_server *server = arena_take(arena, sizeof *server);
    server->limit = clients;
    server->sessions = arena_take_array(arena, clients, sizeof *server->sessions);
    server->pem = arena_take(arena, TLS_SERVER_PEM_BYTES_MAX);
    int code = set_up(server);
    if (code != 0) {
        (void)explain(why, "the TLS server", code);
        return -ERR_HEAP_FULL;
    }
    *result = server;
    return 0;
}

static struct session *
session_of(const struct tls_server *server, uint32_t index)
{
    ASSERT(index < server->limit);
    return &server->sessions[index];
}

void
tls_server_begin(struct tls_server *server, uint32_t index, int fd)
{
    struct session *session = session_of(server, index);
    ASSERT(server->current != NULL);
    ASSERT(session->fd < 0);
    session->fd = fd;
    session->known = false;
}

void
tls_server_end(struct tls_server *server, uint32_t index)
{
    struct session *session = session_of(server, index);
    material_release(session);
    session->fd = -1;
    session->known = false;
    // Takes what the next handshake needs; without heap that one fails at once.
    (void)mbedtls_ssl_session_reset(&session->ssl);
}

static bool
is_allowed(const struct material *material, const char *name, size_t size)
{
    struct text rest = {material->names, material->names_bytes};
    if (rest.size == 0) {
        return true;
    }
    while (rest.size > 0) {
        struct text allowed;
        (void)text_cut(rest, ',', &allowed, &rest);
        if (text_equal(text_trim(allowed), (struct text){name, size})) {
            return true;
        }
    }
    return false;
}

static bool
has_allowed_name(const struct material *material, const mbedtls_x509_crt *certificate)
{
    for (const mbedtls_x509_name *part = &certificate->subject; part != NULL; part = part->next) {
        if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &part->oid) == 0) {
            return is_allowed(material, (const char *)part->val.p, part->val.len);
        }
    }
    return is_allowed(material, "", 0);
}

// The handshake is complete. False: a certificate was shown and is not good.
static bool
judge_client(struct session *session)
{
    const struct material *material = session->material;
    const mbedtls_x509_crt *certificate = mbedtls_ssl_get_peer_cert(&session->ssl);
    if (material == NULL || !material->has_authority || certificate == NULL) {
        return true;
    }
    session->known = mbedtls_ssl_get_verify_result(&session->ssl) == 0 &&
                     has_allowed_name(material, certificate);
    return session->known;
}

enum tls_next
tls_server_shake(struct tls_server *server, uint32_t index)
{
    struct session *session = session_of(server, index);
    int code = mbedtls_ssl_handshake_step(&session->ssl);
    switch (code) {
    case 0:
        break;
    case MBEDTLS_ERR_SSL_WANT_READ:
        return TLS_READ;
    case MBEDTLS_ERR_SSL_WANT_WRITE:
        return TLS_WRITE;
    default:
        return TLS_BROKEN;
    }
    if (!mbedtls_ssl_is_handshake_over(&session->ssl)) {
        return TLS_MORE;
    }
    bool good = judge_client(session);
    material_release(session);
    return good ? TLS_GOOD : TLS_BROKEN;
}

bool
tls_server_is_known(const struct tls_server *server, uint32_t index)
{
    return session_of(server, index)->known;
}

static enum tls_next
next_of(int code)
{
    switch (code) {
    case MBEDTLS_ERR_SSL_WANT_READ:
    case MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET:
        return TLS_READ;
    case MBEDTLS_ERR_SSL_WANT_WRITE:
        return TLS_WRITE;
    case 0:
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
    case MBEDTLS_ERR_SSL_CONN_EOF:
        return TLS_END;
    default:
        return TLS_BROKEN;
    }
}

enum tls_next
tls_server_read(struct tls_server *server, uint32_t index, void *bytes, size_t size, size_t *got)
{
    int code = mbedtls_ssl_read(&session_of(server, index)->ssl, bytes, size);
    *got = code > 0 ? (size_t)code : 0;
    return code > 0 ? TLS_GOOD : next_of(code);
}

enum tls_next
tls_server_write(struct tls_server *server, uint32_t index, const void *bytes, size_t size,
                 size_t *written)
{
    int code = mbedtls_ssl_write(&session_of(server, index)->ssl, bytes, size);
    *written = code > 0 ? (size_t)code : 0;
    return code > 0 ? TLS_GOOD : next_of(code);
}

enum tls_next
tls_server_close(struct tls_server *server, uint32_t index)
{
    int code = mbedtls_ssl_close_notify(&session_of(server, index)->ssl);
    return code == 0 ? TLS_GOOD : next_of(code);
}

bool
tls_server_has_bytes(const struct tls_server *server, uint32_t index)
{
    return mbedtls_ssl_check_pending(&session_of(server, index)->ssl) != 0;
}
