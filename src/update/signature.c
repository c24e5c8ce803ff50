#include "update/signature.h"

#include <mbedtls/pk.h>
#include <mbedtls/sha256.h>

#define RSA_BITS_MIN 2048

static bool
is_strong(mbedtls_pk_context *key)
{
    return mbedtls_pk_can_do(key, MBEDTLS_PK_ECDSA) ||
           (mbedtls_pk_can_do(key, MBEDTLS_PK_RSA) && mbedtls_pk_get_bitlen(key) >= RSA_BITS_MIN);
}

int
signature_check(struct text key, struct text content, struct text signature)
{
    mbedtls_pk_context context;
    unsigned char digest[32];
    int result = -ERR_BAD_CONFIG;
    mbedtls_pk_init(&context);
    if (mbedtls_pk_parse_public_key(&context, (const unsigned char *)key.at, key.size + 1) == 0 &&
        is_strong(&context)) {
        bool is_theirs =
            mbedtls_sha256((const unsigned char *)content.at, content.size, digest, 0) == 0 &&
            mbedtls_pk_verify(&context, MBEDTLS_MD_SHA256, digest, sizeof digest,
                              (const unsigned char *)signature.at, signature.size) == 0;
        result = is_theirs ? 0 : -ERR_CERTIFICATE;
    }
    mbedtls_pk_free(&context);
    return result;
}
