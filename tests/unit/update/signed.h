// Update files for tests, signed with a key that is made here.
#ifndef SKERRY_TESTS_UNIT_UPDATE_SIGNED_H
#define SKERRY_TESTS_UNIT_UPDATE_SIGNED_H

#include <string.h>

#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/sha256.h>

#include "../test.h"
#include "update/update_file.h"

struct signer {
    uint64_t random;
    mbedtls_pk_context key;
    char public_key[1024];
};

static inline int
signer_random(void *state, unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (unsigned char)test_random(state);
    }
    return 0;
}

static inline void
signer_open(struct signer *signer, uint64_t seed)
{
    signer->random = seed;
    mbedtls_pk_init(&signer->key);
    CHECK_EQUAL_U64(mbedtls_pk_setup(&signer->key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
    CHECK_EQUAL_U64(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(signer->key),
                                        signer_random, &signer->random),
                    0);
    CHECK_EQUAL_U64(mbedtls_pk_write_pubkey_pem(&signer->key, (unsigned char *)signer->public_key,
                                                sizeof signer->public_key),
                    0);
}

static inline void
signer_close(struct signer *signer)
{
    mbedtls_pk_free(&signer->key);
}

static inline void
put_number(char *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        at[i] = (char)(value >> (8 * i));
    }
}

// The head of `image`, unsigned: to be bent before it is signed.
static inline void
head_make(char head[UPDATE_HEAD_BYTES], const char *version, struct text image)
{
    memset(head, 0, UPDATE_HEAD_BYTES);
    memcpy(head, "SKERRYUP", 8);
    put_number(head + 8, 1, 4);
    put_number(head + 16, image.size, 8);
    CHECK_EQUAL_U64(
        mbedtls_sha256((const unsigned char *)image.at, image.size, (unsigned char *)head + 24, 0),
        0);
    memcpy(head + 56, version, strlen(version));
}

// An ECDSA signature has 70 to 72 bytes; how many is part of what is signed.
static inline void
head_sign(struct signer *signer, char head[UPDATE_HEAD_BYTES])
{
    size_t size = 0;
    put_number(head + 12, 71, 4);
    while (size != 71) {
        unsigned char digest[32];
        memset(head + 512, 0, 512);
        CHECK_EQUAL_U64(mbedtls_sha256((unsigned char *)head, 512, digest, 0), 0);
        CHECK_EQUAL_U64(mbedtls_pk_sign(&signer->key, MBEDTLS_MD_SHA256, digest, sizeof digest,
                                        (unsigned char *)head + 512, 512, &size, signer_random,
                                        &signer->random),
                        0);
    }
}

#endif
