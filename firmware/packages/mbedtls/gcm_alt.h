/* AES-GCM for mbedTLS by BearSSL: mbedtls/gcm.h includes this in place of its
 * own context (MBEDTLS_GCM_ALT). What it promises is in mbedtls/gcm.h; AES is
 * the only cipher. A context lies where its owner put it: it must not be moved
 * once it has a key. No memory besides it. */
#ifndef SKERRY_GCM_ALT_H
#define SKERRY_GCM_ALT_H

#include <stdint.h>

/* Opaque, so that mbedTLS' headers do not need BearSSL's. */
typedef struct mbedtls_gcm_context {
    uint64_t state[50];
} mbedtls_gcm_context;

/* As mbedtls_gcm_setkey() on a CPU without instructions for AES: for tests. */
int gcm_alt_setkey_portable(mbedtls_gcm_context *ctx, const unsigned char *key,
                            unsigned int keybits);

#endif
