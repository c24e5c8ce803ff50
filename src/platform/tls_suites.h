// The cipher suites of both sides, client (fetch_tls.c) and server
// (tls_server.c): authenticated ones with forward secrecy, the fastest first.
#ifndef SKERRY_PLATFORM_TLS_SUITES_H
#define SKERRY_PLATFORM_TLS_SUITES_H

#include <mbedtls/ssl_ciphersuites.h>

// A Go peer takes AES-GCM only from clients that list it before ChaCha20
// (crypto/tls, isAESGCMPreferred), and mbedTLS' own list starts with ChaCha20,
// which is a tenth as fast.
static const int tls_suites[] = {
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
    MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    0,
};

#endif
