// Parking needs members of mbedTLS' structs that its API does not offer. They
// are checked by the unit test against the version that is built in.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include "platform/fetch_tls.h"

#include <arpa/inet.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>
#include <mbedtls/x509_crt.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"

// A ticket of a Go server without client certificates takes about 300 bytes;
// larger ones are not kept.
#define SESSION_BYTES_MAX 504
#define SESSION_WAYS 8

// mbedTLS wants PEM with its NUL: copied into a scratch buffer of this size.
#define PEM_BYTES_MAX (64 * 1024 + 16)
#define SYSTEM_BUNDLE "/etc/ssl/certs/ca-certificates.crt"

struct tls_material {
    bool used;
    bool has_own;
    uint32_t handshakes;  // that hold it
    uint32_t serial;      // never used twice
    enum trust_mode trust;
    mbedtls_x509_crt ca;
    mbedtls_x509_crt own;
    mbedtls_pk_context key;
};

struct tls_session {
    uint64_t server;  // 0 = free
    uint16_t size;
    unsigned char bytes[SESSION_BYTES_MAX];
};

struct fetch_tls {
    uint32_t identity_limit;
    uint32_t identity_count;
    uint32_t material_limit;
    uint32_t session_sets;
    uint32_t serial;
    uint32_t victim;  // which way of a set is replaced next
    struct tls_material **current;  // of each identity
    struct tls_material *materials;
    struct tls_session *sessions;
    unsigned char *pem;  // scratch
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
};

// Each identity, its predecessor, and one more while a third is parsed.
static uint32_t
material_limit_of(uint32_t identities)
{
    return 2 * identities + 1;
}

static uint32_t
session_sets_of(uint32_t sessions)
{
    return (sessions + SESSION_WAYS - 1) / SESSION_WAYS;
}

size_t
fetch_tls_footprint(uint32_t identities, uint32_t sessions)
{
    return arena_bytes(sizeof(struct fetch_tls))
           + arena_bytes(identities * sizeof(struct tls_material *))
           + arena_bytes(material_limit_of(identities) * sizeof(struct tls_material))
           + arena_bytes(session_sets_of(sessions) * SESSION_WAYS * sizeof(struct tls_session))
           + arena_bytes(PEM_BYTES_MAX);
}

struct fetch_tls *
fetch_tls_init(struct arena *arena, uint32_t identities, uint32_t sessions)
{
    struct fetch_tls *tls = arena_take(arena, sizeof(*tls));
    tls->identity_limit = identities;
    tls->material_limit = material_limit_of(identities);
    tls->session_sets = session_sets_of(sessions);
    tls->current = arena_take_array(arena, identities, sizeof(*tls->current));
    tls->materials = arena_take_array(arena, tls->material_limit, sizeof(*tls->materials));
    tls->sessions =
        arena_take_array(arena, (size_t)tls->session_sets * SESSION_WAYS, sizeof(*tls->sessions));
    tls->pem = arena_take(arena, PEM_BYTES_MAX);
    mbedtls_entropy_init(&tls->entropy);
    mbedtls_ctr_drbg_init(&tls->random);
    // Fails only where the kernel gives no random bytes: then keys do not load.
    (void)mbedtls_ctr_drbg_seed(&tls->random, mbedtls_entropy_func, &tls->entropy, NULL, 0);
    return tls;
}

static void
material_free(struct tls_material *material)
{
    mbedtls_x509_crt_free(&material->ca);
    mbedtls_x509_crt_free(&material->own);
    mbedtls_pk_free(&material->key);
    *material = (struct tls_material){0};
}

void
fetch_tls_close(struct fetch_tls *tls)
{
    for (uint32_t i = 0; i < tls->material_limit; i++) {
        if (tls->materials[i].used) {
            material_free(&tls->materials[i]);
        }
    }
    mbedtls_ctr_drbg_free(&tls->random);
    mbedtls_entropy_free(&tls->entropy);
}

static bool
material_is_current(const struct fetch_tls *tls, const struct tls_material *material)
{
    for (uint32_t i = 0; i < tls->identity_count; i++) {
        if (tls->current[i] == material) {
            return true;
        }
    }
    return false;
}

static struct tls_material *
material_take(struct fetch_tls *tls)
{
    for (uint32_t i = 0; i < tls->material_limit; i++) {
        struct tls_material *material = &tls->materials[i];
        if (material->used && material->handshakes == 0 && !material_is_current(tls, material)) {
            material_free(material);
        }
        if (!material->used) {
            material->used = true;
            material->serial = ++tls->serial;
            mbedtls_x509_crt_init(&material->ca);
            mbedtls_x509_crt_init(&material->own);
            mbedtls_pk_init(&material->key);
            return material;
        }
    }
    return NULL;
}

static void
explain_code(struct out *why, const char *what, int code)
{
    char text[128];
    mbedtls_strerror(code, text, sizeof(text));
    out_format(why, "%s cannot be used: %s", what, text);
}

// False when it is too large.
static bool
copy_pem(struct fetch_tls *tls, struct text pem)
{
    if (pem.size >= PEM_BYTES_MAX) {
        return false;
    }
    if (pem.size != 0) {
        memcpy(tls->pem, pem.at, pem.size);
    }
    tls->pem[pem.size] = '\0';
    return true;
}

static int
parse_certificates(struct fetch_tls *tls, mbedtls_x509_crt *chain, struct text pem,
                   const char *what, struct out *why)
{
    if (!copy_pem(tls, pem)) {
        out_format(why, "%s is too large", what);
        return -ERR_TOO_LONG;
    }
    int code = mbedtls_x509_crt_parse(chain, tls->pem, pem.size + 1);
    // A positive code counts certificates that were left out; others are there.
    if (code < 0 || chain->version == 0) {
        explain_code(why, what, code);
        return -ERR_BAD_CONFIG;
    }
    return 0;
}

static int
parse_key(struct fetch_tls *tls, struct tls_material *material, struct text pem, struct out *why)
{
    if (!copy_pem(tls, pem)) {
        out_string(why, "the client key is too large");
        return -ERR_TOO_LONG;
    }
    int code = mbedtls_pk_parse_key(&material->key, tls->pem, pem.size + 1, NULL, 0,
                                    mbedtls_ctr_drbg_random, &tls->random);
    mbedtls_platform_zeroize(tls->pem, PEM_BYTES_MAX);
    if (code != 0) {
        explain_code(why, "the client key", code);
        return -ERR_BAD_CONFIG;
    }
    if (mbedtls_pk_check_pair(&material->own.pk, &material->key, mbedtls_ctr_drbg_random,
                              &tls->random) != 0) {
        out_string(why, "the client key does not belong to the client certificate");
        return -ERR_BAD_CONFIG;
    }
    return 0;
}

static int
parse_own(struct fetch_tls *tls, struct tls_material *material,
          const struct identity_config *config, struct out *why)
{
    if (config->client_cert_pem.size == 0) {
        return 0;
    }
    int error = parse_certificates(tls, &material->own, config->client_cert_pem,
                                   "the client certificate", why);
    if (error == 0) {
        error = parse_key(tls, material, config->client_key_pem, why);
    }
    material->has_own = error == 0;
    return error;
}

static int
parse_authorities(struct fetch_tls *tls, struct tls_material *material,
                  const struct identity_config *config, struct out *why)
{
    if (config->trust != TRUST_VERIFY) {
        return 0;
    }
    if (config->ca_pem.size != 0) {
        return parse_certificates(tls, &material->ca, config->ca_pem,
                                  "the certificate authority", why);
    }
    int code = mbedtls_x509_crt_parse_file(&material->ca, SYSTEM_BUNDLE);
    if (code < 0) {
        explain_code(why, "no certificate authority is given, and " SYSTEM_BUNDLE, code);
        return -ERR_BAD_CONFIG;
    }
    return 0;
}

static int
material_make(struct fetch_tls *tls, const struct identity_config *config,
              struct tls_material **result, struct out *why)
{
    struct tls_material *material = material_take(tls);
    if (material == NULL) {
        out_string(why, "earlier credentials are still in use");
        return -ERR_BUSY;
    }
    material->trust = config->trust;
    int error = parse_authorities(tls, material, config, why);
    if (error == 0) {
        error = parse_own(tls, material, config, why);
    }
    if (error != 0) {
        material_free(material);
        return error;
    }
    *result = material;
    return 0;
}

int
fetch_tls_add(struct fetch_tls *tls, const struct identity_config *config,
              fetch_identity *identity, struct out *why)
{
    if (tls->identity_count == tls->identity_limit) {
        out_string(why, "there are more credentials than planned");
        return -ERR_TOO_MANY;
    }
    struct tls_material *material = NULL;
    int error = material_make(tls, config, &material, why);
    if (error != 0) {
        return error;
    }
    tls->current[tls->identity_count++] = material;
    *identity = tls->identity_count;
    return 0;
}

int
fetch_tls_replace(struct fetch_tls *tls, fetch_identity identity,
                  const struct identity_config *config, struct out *why)
{
    ASSERT(identity >= 1 && identity <= tls->identity_count);
    struct tls_material *material = NULL;
    int error = material_make(tls, config, &material, why);
    if (error == 0) {
        tls->current[identity - 1] = material;
    }
    return error;
}

// The address as a certificate's IP SAN has it: 4 or 16 bytes, or 0.
static size_t
address_bytes(const char *host, unsigned char *bytes)
{
    if (inet_pton(AF_INET, host, bytes) == 1) {
        return 4;
    }
    return inet_pton(AF_INET6, host, bytes) == 1 ? 16 : 0;
}

static bool
names_equal(const unsigned char *name, size_t size, const char *host)
{
    if (size != strlen(host)) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        unsigned char a = name[i];
        unsigned char b = (unsigned char)host[i];
        a = a >= 'A' && a <= 'Z' ? (unsigned char)(a | 0x20) : a;
        b = b >= 'A' && b <= 'Z' ? (unsigned char)(b | 0x20) : b;
        if (a != b) {
            return false;
        }
    }
    return true;
}

// Whether the certificate names what was dialled (RFC 5280, section 4.2.1.6).
static bool
names_host(const mbedtls_x509_crt *certificate, const char *host)
{
    unsigned char address[16];
    size_t size = address_bytes(host, address);
    for (const mbedtls_x509_sequence *san = &certificate->subject_alt_names; san != NULL;
         san = san->next) {
        unsigned type = (unsigned)san->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK;
        if (type == MBEDTLS_X509_SAN_IP_ADDRESS && size != 0 && san->buf.len == size
            && memcmp(san->buf.p, address, size) == 0) {
            return true;
        }
        if (type == MBEDTLS_X509_SAN_DNS_NAME && size == 0
            && names_equal(san->buf.p, san->buf.len, host)) {
            return true;
        }
    }
    return false;
}

static void
check_pin(struct tls_proof *proof, uint32_t *flags)
{
    *flags = 0;
    if (proof->pin != NULL && proof->pin->known
        && memcmp(proof->pin->sha256, proof->seen.sha256, sizeof(proof->seen.sha256)) != 0) {
        proof->changed = true;
        *flags = MBEDTLS_X509_BADCERT_OTHER;
    }
}

static void
check_server(struct tls_proof *proof, const mbedtls_x509_crt *certificate, uint32_t *flags)
{
    proof->verified = true;
    proof->seen.known = mbedtls_sha256(certificate->raw.p, certificate->raw.len,
                                       proof->seen.sha256, 0) == 0;
    if (proof->trust == TRUST_PIN) {
        check_pin(proof, flags);
    } else if ((*flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) != 0
               && names_host(certificate, proof->host)) {
        *flags &= ~(uint32_t)MBEDTLS_X509_BADCERT_CN_MISMATCH;
    }
}

static int
verify(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    struct tls_proof *proof = context;
    if (proof->trust != TRUST_VERIFY) {
        *flags = 0;
    }
    if (depth == 0) {
        check_server(proof, certificate, flags);
    }
    proof->flags |= *flags;
    return 0;
}

static struct tls_session *
session_set(struct fetch_tls *tls, uint64_t server)
{
    return &tls->sessions[(server % tls->session_sets) * SESSION_WAYS];
}

static struct tls_session *
session_find(struct fetch_tls *tls, uint64_t server)
{
    struct tls_session *set = session_set(tls, server);
    for (unsigned i = 0; i < SESSION_WAYS; i++) {
        if (set[i].server == server) {
            return &set[i];
        }
    }
    return NULL;
}

// A ticket serves once (RFC 8446, C.4), and not at all when it was refused.
static void
session_offer(struct fetch_tls *tls, mbedtls_ssl_context *ssl, uint64_t server)
{
    struct tls_session *slot = session_find(tls, server);
    if (slot == NULL) {
        return;
    }
    slot->server = 0;
    mbedtls_ssl_session session;
    mbedtls_ssl_session_init(&session);
    if (mbedtls_ssl_session_load(&session, slot->bytes, slot->size) == 0) {
        // Without it the handshake is a full one.
        (void)mbedtls_ssl_set_session(ssl, &session);
    }
    mbedtls_ssl_session_free(&session);
}

static void
session_keep(struct fetch_tls *tls, const mbedtls_ssl_context *ssl, uint64_t server)
{
    if (ssl->session == NULL || ssl->session->ticket == NULL || session_find(tls, server) != NULL) {
        return;
    }
    struct tls_session *slot = session_set(tls, server);
    unsigned way = 0;
    while (way < SESSION_WAYS && slot[way].server != 0) {
        way++;
    }
    if (way == SESSION_WAYS) {
        way = tls->victim++ % SESSION_WAYS;
    }
    size_t size = 0;
    int code = mbedtls_ssl_session_save(ssl->session, slot[way].bytes, SESSION_BYTES_MAX, &size);
    slot[way].server = code == 0 ? server : 0;
    slot[way].size = (uint16_t)size;
}

int
fetch_tls_prepare(struct fetch_tls *tls, mbedtls_ssl_config *config, mbedtls_ssl_context *ssl,
                  fetch_identity identity, uint64_t server, struct tls_proof *proof)
{
    ASSERT(identity >= 1 && identity <= tls->identity_count);
    fetch_tls_release(proof);
    struct tls_material *material = tls->current[identity - 1];
    proof->tls = tls;
    proof->trust = material->trust;
    proof->flags = 0;
    proof->changed = false;
    proof->verified = false;
    if (material->has_own
        && mbedtls_ssl_conf_own_cert(config, &material->own, &material->key) != 0) {
        return -ERR_HEAP_FULL;
    }
    material->handshakes++;
    proof->material = material;
    mbedtls_ssl_conf_ca_chain(config, &material->ca, NULL);
    mbedtls_ssl_conf_verify(config, verify, proof);
    // SHA-1, MD5 and RSA below 2,048 bits are refused.
    mbedtls_ssl_conf_cert_profile(config, &mbedtls_x509_crt_profile_default);
    mbedtls_ssl_conf_session_tickets(config, MBEDTLS_SSL_SESSION_TICKETS_ENABLED);
    session_offer(tls, ssl, server);
    return 0;
}

void
fetch_tls_release(struct tls_proof *proof)
{
    if (proof->material != NULL) {
        ASSERT(proof->material->handshakes > 0);
        proof->material->handshakes--;
        proof->material = NULL;
    }
}

void
fetch_tls_explain(const struct tls_proof *proof, struct out *out)
{
    static const struct {
        uint32_t flag;
        const char *what;
    } rows[] = {
        {MBEDTLS_X509_BADCERT_EXPIRED, "it has expired"},
        {MBEDTLS_X509_BADCERT_FUTURE, "it is not valid yet"},
        {MBEDTLS_X509_BADCERT_CN_MISMATCH, "it names neither this host nor its address"},
        {MBEDTLS_X509_BADCERT_NOT_TRUSTED, "it is not signed by the given authority"},
        {MBEDTLS_X509_BADCERT_MISSING, "the server showed none"},
        {MBEDTLS_X509_BADCERT_BAD_KEY, "its key is too short or of a bad kind"},
        {MBEDTLS_X509_BADCERT_BAD_MD, "it is signed with a weak hash"},
        {MBEDTLS_X509_BADCERT_BAD_PK, "its key is of a bad kind"},
        {MBEDTLS_X509_BADCERT_KEY_USAGE, "its key usage does not allow this"},
        {MBEDTLS_X509_BADCERT_EXT_KEY_USAGE, "its extended key usage does not allow this"},
    };
    const char *separator = "";
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        if ((proof->flags & rows[i].flag) != 0) {
            out_format(out, "%s%s", separator, rows[i].what);
            separator = ", ";
        }
    }
}

uint64_t
fetch_tls_server(const struct fetch_tls *tls, fetch_identity identity, struct text host,
                 struct text name, uint16_t port)
{
    // Not keyed: a collision costs one ticket, and tickets are bound to their
    // server by its own key.
    static const struct hash_key key = {0};
    ASSERT(identity >= 1 && identity <= tls->identity_count);
    uint64_t server = hash_bytes(key, host.at, host.size);
    server = hash_mix(server, hash_bytes(key, name.at, name.size));
    server = hash_mix(server, (uint64_t)tls->current[identity - 1]->serial << 16 | port);
    return server == 0 ? 1 : server;
}

// Not in the middle of a record, a message or a handshake.
static bool
is_quiet(const mbedtls_ssl_context *ssl)
{
    return ssl->in_buf != NULL && ssl->out_buf != NULL
           && ssl->state == MBEDTLS_SSL_HANDSHAKE_OVER && ssl->in_offt == NULL
           && ssl->in_left == 0 && ssl->in_hslen == 0 && ssl->out_left == 0
           && ssl->keep_current_message == 0 && ssl->send_alert == 0
           && ssl->in_ctr == ssl->in_buf && ssl->out_ctr == ssl->out_buf;
}

// Moved into an empty session, which then is freed.
static void
forget_certificate(mbedtls_ssl_session *session)
{
    if (session == NULL || session->peer_cert == NULL) {
        return;
    }
    mbedtls_ssl_session empty;
    mbedtls_ssl_session_init(&empty);
    empty.peer_cert = session->peer_cert;
    session->peer_cert = NULL;
    mbedtls_ssl_session_free(&empty);
}

// The same with the buffers and an empty connection, which wipes them.
static void
drop_buffers(mbedtls_ssl_context *ssl)
{
    mbedtls_ssl_context empty;
    mbedtls_ssl_init(&empty);
    empty.in_buf = ssl->in_buf;
    empty.out_buf = ssl->out_buf;
    ssl->in_buf = NULL;
    ssl->out_buf = NULL;
    mbedtls_ssl_free(&empty);
}

// While parked, the pointers into the buffers keep their distances from
// in_ctr and out_ctr, which are the buffers' starts; the counter of received
// records lies in the buffer and moves to the caller; and the state is one that
// no client's handshake has after its parameters are dropped (TLS 1.2) or at
// all (TLS 1.3), so that mbedTLS refuses to read or write, and closing stays
// harmless.
#define STATE_PARKED MBEDTLS_SSL_SERVER_HELLO_DONE

void
fetch_tls_park(struct fetch_tls *tls, mbedtls_ssl_context *ssl, uint64_t server,
               uint64_t *counter)
{
    if (!is_quiet(ssl)) {
        return;
    }
    forget_certificate(ssl->session);
    session_keep(tls, ssl, server);
    _Static_assert(sizeof(*counter) == MBEDTLS_SSL_SEQUENCE_NUMBER_LEN, "one record counter");
    memcpy(counter, ssl->in_ctr, sizeof(*counter));
    drop_buffers(ssl);
    ssl->state = STATE_PARKED;
}

static unsigned char *
moved(const unsigned char *pointer, const unsigned char *old_base, unsigned char *base)
{
    return base + ((uintptr_t)pointer - (uintptr_t)old_base);
}

static void
take_buffers(mbedtls_ssl_context *ssl, mbedtls_ssl_context *donor)
{
    unsigned char *in = donor->in_buf;
    unsigned char *out = donor->out_buf;
    const unsigned char *old_in = ssl->in_ctr;
    const unsigned char *old_out = ssl->out_ctr;
    donor->in_buf = NULL;
    donor->out_buf = NULL;
    ssl->in_buf = in;
    ssl->in_ctr = in;
    ssl->in_hdr = moved(ssl->in_hdr, old_in, in);
    ssl->in_len = moved(ssl->in_len, old_in, in);
    ssl->in_iv = moved(ssl->in_iv, old_in, in);
    ssl->in_msg = moved(ssl->in_msg, old_in, in);
    ssl->out_buf = out;
    ssl->out_ctr = out;
    ssl->out_hdr = moved(ssl->out_hdr, old_out, out);
    ssl->out_len = moved(ssl->out_len, old_out, out);
    ssl->out_iv = moved(ssl->out_iv, old_out, out);
    ssl->out_msg = moved(ssl->out_msg, old_out, out);
}

// New buffers come from a connection that is set up and never used.
int
fetch_tls_unpark(mbedtls_ssl_context *ssl, uint64_t counter)
{
    if (ssl->in_buf != NULL) {
        return 0;
    }
    mbedtls_ssl_context donor;
    mbedtls_ssl_init(&donor);
    int code = mbedtls_ssl_setup(&donor, ssl->conf);
    if (code == 0) {
        take_buffers(ssl, &donor);
        memcpy(ssl->in_ctr, &counter, sizeof(counter));
        ssl->state = MBEDTLS_SSL_HANDSHAKE_OVER;
    }
    mbedtls_ssl_free(&donor);
    return code == 0 ? 0 : -ERR_HEAP_FULL;
}
