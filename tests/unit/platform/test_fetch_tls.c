#include "platform/fetch_tls.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <psa/crypto.h>
#include <string.h>

#include "../test.h"
#include "base/check.h"

static unsigned char memory[1 << 20] __attribute__((aligned(16)));

// What the client sent first.
struct wire {
    size_t size;
    unsigned char bytes[4096];
};

static int
send_to_wire(void *context, const unsigned char *bytes, size_t size)
{
    struct wire *wire = context;
    CHECK(size <= sizeof(wire->bytes) - wire->size);
    memcpy(wire->bytes + wire->size, bytes, size);
    wire->size += size;
    return (int)size;
}

static int
receive_nothing(void *context, unsigned char *bytes, size_t size)
{
    (void)context;
    (void)bytes;
    (void)size;
    return MBEDTLS_ERR_SSL_WANT_READ;
}

static void
say_hello(mbedtls_ssl_config *config, struct wire *wire)
{
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_ssl_context ssl;
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&random);
    mbedtls_ssl_init(&ssl);
    CHECK(psa_crypto_init() == PSA_SUCCESS);
    CHECK(mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0) == 0);
    mbedtls_ssl_conf_rng(config, mbedtls_ctr_drbg_random, &random);
    CHECK(mbedtls_ssl_setup(&ssl, config) == 0);
    CHECK(mbedtls_ssl_set_hostname(&ssl, "node-1") == 0);
    mbedtls_ssl_set_bio(&ssl, wire, send_to_wire, receive_nothing, NULL);
    CHECK(mbedtls_ssl_handshake(&ssl) == MBEDTLS_ERR_SSL_WANT_READ);
    mbedtls_ssl_free(&ssl);
    mbedtls_ctr_drbg_free(&random);
    mbedtls_entropy_free(&entropy);
    mbedtls_psa_crypto_free();
}

// The suites that a ClientHello offers (RFC 8446, section 4.1.2); how many.
static size_t
offered_suites(const struct wire *wire, unsigned *suites, size_t limit)
{
    size_t at = 5 + 4 + 2 + 32;  // heads of record and message, version, random
    CHECK(wire->size > at && wire->bytes[0] == 22 && wire->bytes[5] == 1);
    at += 1u + wire->bytes[at];
    CHECK(at + 2 <= wire->size);
    size_t count = ((size_t)wire->bytes[at] << 8 | wire->bytes[at + 1]) / 2;
    at += 2;
    CHECK(count <= limit && at + 2 * count <= wire->size);
    for (size_t i = 0; i < count; i++, at += 2) {
        suites[i] = (unsigned)(wire->bytes[at] << 8 | wire->bytes[at + 1]);
    }
    return count;
}

TEST(aes_128_gcm_is_offered_first)
{
    struct arena arena;
    arena_init(&arena, memory, sizeof(memory));
    struct fetch_tls *tls = fetch_tls_init(&arena, 1);
    char text[256];
    struct out why = out_of(text, sizeof(text));
    fetch_identity identity;
    CHECK(fetch_tls_add(tls, &(struct identity_config){.trust = TRUST_INSECURE}, &identity, &why)
          == 0);
    mbedtls_ssl_config config;
    mbedtls_ssl_config_init(&config);
    CHECK(mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                      MBEDTLS_SSL_PRESET_DEFAULT) == 0);
    struct tls_proof proof = {.host = "node-1"};
    CHECK(fetch_tls_prepare(tls, &config, identity, &proof) == 0);

    static struct wire wire;
    say_hello(&config, &wire);
    unsigned suites[64];
    size_t count = offered_suites(&wire, suites, ARRAY_COUNT(suites));
    // RFC 8446, appendix B.4, and RFC 5289, RFC 7905.
    static const unsigned wanted[] = {0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f,
                                      0xc02c, 0xc030, 0xcca9, 0xcca8};
    CHECK(count >= ARRAY_COUNT(wanted));
    for (size_t i = 0; i < ARRAY_COUNT(wanted); i++) {
        CHECK_EQUAL_U64(suites[i], wanted[i]);
    }
    fetch_tls_release(&proof);
    mbedtls_ssl_config_free(&config);
    fetch_tls_close(tls);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"aes_128_gcm_is_offered_first", aes_128_gcm_is_offered_first},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
