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
#include "platform/tls_suites.h"

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

struct fetch_tls {
    uint32_t identity_limit;
    uint32_t identity_count;
    uint32_t material_limit;
    uint32_t serial;
    struct tls_material **current;  // of each identity
    struct tls_material *materials;
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

size_t
fetch_tls_footprint(uint32_t identities)
{
    return arena_bytes(sizeof(struct fetch_tls))
           + arena_bytes(identities * sizeof(struct tls_material *))
           + arena_bytes(material_limit_of(identities) * sizeof(struct tls_material))
           + arena_bytes(PEM_BYTES_MAX);
}

struct fetch_tls *
fetch_tls_init(struct arena *arena, uint32_t identities)
{
    struct fetch_tls *tls = arena_take(arena, sizeof(*tls));
    tls->identity_limit = identities;
    tls->material_limit = material_limit_of(identities);
    tls->current = arena_take_array(arena, identities, sizeof(*tls->current));
    tls->materials = arena_take_array(arena, tls->material_limit, sizeof(*tls->materials));
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

int
fetch_tls_prepare(struct fetch_tls *tls, mbedtls_ssl_config *config, fetch_identity identity,
                  struct tls_proof *proof)
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
    mbedtls_ssl_conf_ciphersuites(config, tls_suites);
    mbedtls_ssl_conf_ca_chain(config, &material->ca, NULL);
    mbedtls_ssl_conf_verify(config, verify, proof);
    // SHA-1, MD5 and RSA below 2,048 bits are refused.
    mbedtls_ssl_conf_cert_profile(config, &mbedtls_x509_crt_profile_default);
    mbedtls_ssl_conf_session_tickets(config, MBEDTLS_SSL_SESSION_TICKETS_ENABLED);
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

