#include "platform/certificate.h"

#include <arpa/inet.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/ecp.h>
#include <mbedtls/entropy.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>
#include <mbedtls/x509_crt.h>
#include <string.h>

#include "base/calendar.h"
#include "base/check.h"

#define SERIAL_BYTES 16
#define TIME_BYTES 16
#define ADDRESS_BYTES_MAX 16
#define SUBJECT "CN=skerry"
// Longer PEM files are a chain of several certificates; the first is looked at.
#define PEM_BYTES_MAX (16 * 1024)

struct randomness {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
};

static int
randomness_open(struct randomness *randomness)
{
    mbedtls_entropy_init(&randomness->entropy);
    mbedtls_ctr_drbg_init(&randomness->random);
    return mbedtls_ctr_drbg_seed(&randomness->random, mbedtls_entropy_func, &randomness->entropy,
                                 NULL, 0) == 0 ? 0 : -ERR_IO;
}

static void
randomness_close(struct randomness *randomness)
{
    mbedtls_ctr_drbg_free(&randomness->random);
    mbedtls_entropy_free(&randomness->entropy);
}

static int
error_of(int code)
{
    bool full = code == MBEDTLS_ERR_X509_ALLOC_FAILED || code == MBEDTLS_ERR_PK_ALLOC_FAILED ||
                code == MBEDTLS_ERR_MPI_ALLOC_FAILED || code == MBEDTLS_ERR_ECP_ALLOC_FAILED;
    return full ? -ERR_HEAP_FULL : -ERR_BAD_CONFIG;
}

void
certificate_names_add(struct certificate_names *names, struct text name)
{
    for (unsigned i = 0; i < names->count; i++) {
        if (text_equal(names->name[i], name)) {
            return;
        }
    }
    if (name.size > 0 && names->count < CERTIFICATE_NAMES_MAX) {
        names->name[names->count++] = name;
    }
}

// Keys

int
certificate_make_key(struct out *pem)
{
    unsigned char buffer[CERTIFICATE_KEY_BYTES];
    struct randomness randomness;
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    int error = randomness_open(&randomness);
    if (error == 0) {
        int code = mbedtls_pk_setup(&key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
        code = code != 0 ? code
                         : mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(key),
                                               mbedtls_ctr_drbg_random, &randomness.random);
        code = code != 0 ? code : mbedtls_pk_write_key_pem(&key, buffer, sizeof buffer);
        error = code == 0 ? 0 : -ERR_HEAP_FULL;
    }
    if (error == 0) {
        out_string(pem, (const char *)buffer);
    }
    mbedtls_platform_zeroize(buffer, sizeof buffer);
    mbedtls_pk_free(&key);
    randomness_close(&randomness);
    return error;
}

static int
parse_key(mbedtls_pk_context *key, struct text pem, struct randomness *randomness)
{
    char buffer[CERTIFICATE_KEY_BYTES];
    struct out copy = out_of(buffer, sizeof buffer);
    out_text(&copy, pem);
    const char *c_string = out_c_string(&copy);
    int code = copy.full ? MBEDTLS_ERR_PK_KEY_INVALID_FORMAT
                         : mbedtls_pk_parse_key(key, (const unsigned char *)c_string,
                                                copy.used + 1, NULL, 0, mbedtls_ctr_drbg_random,
                                                &randomness->random);
    mbedtls_platform_zeroize(buffer, sizeof buffer);
    return code == 0 ? 0 : error_of(code);
}

// Names

// The address as a certificate has it: 4 or 16 bytes, or 0 when it is a name.
static size_t
address_bytes(struct text name, unsigned char *bytes)
{
    char buffer[INET6_ADDRSTRLEN + 1];
    struct out copy = out_of(buffer, sizeof buffer);
    out_text(&copy, name);
    const char *c_string = out_c_string(&copy);
    if (copy.full) {
        return 0;
    }
    if (inet_pton(AF_INET, c_string, bytes) == 1) {
        return 4;
    }
    return inet_pton(AF_INET6, c_string, bytes) == 1 ? 16 : 0;
}

struct san {
    mbedtls_x509_san_list item[CERTIFICATE_NAMES_MAX];
    unsigned char name[CERTIFICATE_NAMES_MAX][256];
};

static void
fill_names(struct san *san, const struct certificate_names *names)
{
    for (unsigned i = 0; i < names->count; i++) {
        struct text name = text_sub(names->name[i], 0, sizeof san->name[i]);
        mbedtls_x509_subject_alternative_name *node = &san->item[i].node;
        size_t size = address_bytes(name, san->name[i]);
        node->type = size > 0 ? MBEDTLS_X509_SAN_IP_ADDRESS : MBEDTLS_X509_SAN_DNS_NAME;
        if (size == 0) {
            memcpy(san->name[i], name.at, name.size);
            size = name.size;
        }
        node->san.unstructured_name.tag = node->type;
        node->san.unstructured_name.p = san->name[i];
        node->san.unstructured_name.len = size;
        san->item[i].next = i + 1 < names->count ? &san->item[i + 1] : NULL;
    }
}

static bool
covers(const mbedtls_x509_crt *certificate, struct text name)
{
    unsigned char address[ADDRESS_BYTES_MAX];
    size_t size = address_bytes(name, address);
    int type = size > 0 ? MBEDTLS_X509_SAN_IP_ADDRESS : MBEDTLS_X509_SAN_DNS_NAME;
    const void *wanted = size > 0 ? (const void *)address : name.at;
    size = size > 0 ? size : name.size;
    for (const mbedtls_x509_sequence *san = &certificate->subject_alt_names; san != NULL;
         san = san->next) {
        if ((san->buf.tag & (int)MBEDTLS_ASN1_TAG_VALUE_MASK) == type && san->buf.len == size &&
            memcmp(san->buf.p, wanted, size) == 0) {
            return true;
        }
    }
    return false;
}

// Making

// "YYYYMMDDhhmmss": the digits of RFC 3339.
static void
write_time(struct wall_ms time, char *to)
{
    char buffer[40];
    struct out rfc3339 = out_of(buffer, sizeof buffer);
    struct out out = out_of(to, TIME_BYTES);
    calendar_write(&rfc3339, (struct wall_ms){time.ms - time.ms % MS_PER_S});
    for (size_t i = 0; i < rfc3339.used; i++) {
        if (buffer[i] >= '0' && buffer[i] <= '9') {
            out_byte(&out, buffer[i]);
        }
    }
    (void)out_c_string(&out);
}

static int
set_members(mbedtls_x509write_cert *writing, mbedtls_pk_context *key, const struct san *san,
            struct wall_ms from, struct wall_ms until)
{
    static const mbedtls_asn1_sequence server_use = {
        .buf = {MBEDTLS_ASN1_OID, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH),
                (unsigned char *)(uintptr_t)MBEDTLS_OID_SERVER_AUTH},
    };
    char first[TIME_BYTES];
    char last[TIME_BYTES];
    write_time(from, first);
    write_time(until, last);
    mbedtls_x509write_crt_set_version(writing, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(writing, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(writing, key);
    mbedtls_x509write_crt_set_issuer_key(writing, key);
    int code = mbedtls_x509write_crt_set_validity(writing, first, last);
    code = code != 0 ? code : mbedtls_x509write_crt_set_subject_name(writing, SUBJECT);
    code = code != 0 ? code : mbedtls_x509write_crt_set_issuer_name(writing, SUBJECT);
    code = code != 0 ? code : mbedtls_x509write_crt_set_basic_constraints(writing, 0, -1);
    code = code != 0 ? code : mbedtls_x509write_crt_set_ext_key_usage(writing, &server_use);
    return code != 0 ? code
                     : mbedtls_x509write_crt_set_subject_alternative_name(writing, san->item);
}

static int
write_certificate(mbedtls_pk_context *key, const struct san *san, struct wall_ms from,
                  struct wall_ms until, struct randomness *randomness, struct out *pem)
{
    unsigned char serial[SERIAL_BYTES];
    unsigned char buffer[CERTIFICATE_BYTES];
    mbedtls_x509write_cert writing;
    mbedtls_x509write_crt_init(&writing);
    int code = mbedtls_ctr_drbg_random(&randomness->random, serial, sizeof serial);
    serial[0] = (unsigned char)((serial[0] & 0x3f) | 0x40);  // positive, of full length
    code = code != 0 ? code
                     : mbedtls_x509write_crt_set_serial_raw(&writing, serial, sizeof serial);
    code = code != 0 ? code : set_members(&writing, key, san, from, until);
    code = code != 0 ? code
                     : mbedtls_x509write_crt_pem(&writing, buffer, sizeof buffer,
                                                 mbedtls_ctr_drbg_random, &randomness->random);
    if (code == 0) {
        out_string(pem, (const char *)buffer);
    }
    mbedtls_x509write_crt_free(&writing);
    return code == 0 ? 0 : error_of(code);
}

// One at a time, and only at start: too large for a stack.
static struct san san_room;

int
certificate_make(struct text key_pem, const struct certificate_names *names, struct wall_ms from,
                 struct wall_ms until, struct out *pem)
{
    struct randomness randomness;
    mbedtls_pk_context key;
    ASSERT(names->count > 0);
    mbedtls_pk_init(&key);
    fill_names(&san_room, names);
    int error = randomness_open(&randomness);
    if (error == 0) {
        error = parse_key(&key, key_pem, &randomness);
    }
    if (error == 0) {
        error = write_certificate(&key, &san_room, from, until, &randomness, pem);
    }
    mbedtls_pk_free(&key);
    randomness_close(&randomness);
    return error;
}

// Looking

static struct wall_ms
time_of(const mbedtls_x509_time *time)
{
    char buffer[40];
    struct out out = out_of(buffer, sizeof buffer);
    struct wall_ms wall = {0};
    out_format(&out, "%04d-%02d-%02dT%02d:%02d:%02dZ", time->year, time->mon, time->day,
               time->hour, time->min, time->sec);
    int error = calendar_parse(out_view(&out), &wall);
    (void)error;  // a time that is none is 0: long ago
    return wall;
}

static int
parse_first(mbedtls_x509_crt *certificate, struct text pem)
{
    static const struct text end = TEXT("-----END CERTIFICATE-----\n");
    unsigned char buffer[CERTIFICATE_BYTES];
    size_t size = pem.size;
    for (size_t at = 0; at + end.size <= pem.size && size == pem.size; at++) {
        if (text_equal(text_sub(pem, at, end.size), end)) {
            size = at + end.size;
        }
    }
    if (size >= sizeof buffer) {
        return -ERR_BAD_CONFIG;
    }
    memcpy(buffer, pem.at, size);
    buffer[size] = '\0';
    int code = mbedtls_x509_crt_parse(certificate, buffer, size + 1);
    return code == 0 && certificate->version != 0 ? 0 : error_of(code);
}

int
certificate_inspect(struct text pem, const struct certificate_names *names,
                    struct certificate_facts *facts)
{
    mbedtls_x509_crt certificate;
    mbedtls_x509_crt_init(&certificate);
    int error = parse_first(&certificate, pem);
    if (error == 0) {
        *facts = (struct certificate_facts){
            .from = time_of(&certificate.valid_from),
            .until = time_of(&certificate.valid_to),
            .covers = true,
        };
        for (unsigned i = 0; names != NULL && i < names->count; i++) {
            facts->covers = facts->covers && covers(&certificate, names->name[i]);
        }
        int code = mbedtls_sha256(certificate.raw.p, certificate.raw.len, facts->sha256, 0);
        error = code == 0 ? 0 : -ERR_HEAP_FULL;
    }
    mbedtls_x509_crt_free(&certificate);
    return error;
}

void
certificate_write_sha256(struct out *out, const unsigned char *sha256)
{
    for (unsigned i = 0; i < CERTIFICATE_SHA256_BYTES; i++) {
        out_format(out, "%s%02X", i == 0 ? "" : ":", sha256[i]);
    }
}
