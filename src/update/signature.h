// Whether a text was signed by the holder of a key: mbedTLS, SHA-256 with RSA
// (PKCS #1 v1.5) or ECDSA, as the key is. Takes library heap.
#ifndef SKERRY_UPDATE_SIGNATURE_H
#define SKERRY_UPDATE_SIGNATURE_H

#include "base/error.h"
#include "base/text.h"

// `key`: a public key as PEM, with a byte of zero behind it. -ERR_BAD_CONFIG: it
// is none, or an RSA key of fewer than 2,048 bits; -ERR_CERTIFICATE: somebody
// else signed it, or something else was signed.
int signature_check(struct text key, struct text content, struct text signature) MUST_USE;

#endif
