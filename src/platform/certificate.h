// Keys and certificates as PEM: made, and looked into.
//
// What is made is a P-256 key and a certificate that it signs itself: the names
// it covers are all that a client has to believe. No state and no I/O but random
// bytes of the kernel; mbedTLS takes some kilobytes of the library heap during a
// call and gives them back.
#ifndef SKERRY_PLATFORM_CERTIFICATE_H
#define SKERRY_PLATFORM_CERTIFICATE_H

#include "base/error.h"
#include "base/text.h"
#include "base/times.h"

// Room for what is made here, as PEM with its NUL.
#define CERTIFICATE_KEY_BYTES 512
#define CERTIFICATE_BYTES 4096
#define CERTIFICATE_NAMES_MAX 40
#define CERTIFICATE_SHA256_BYTES 32

struct certificate_names {
    unsigned count;
    struct text name[CERTIFICATE_NAMES_MAX];  // DNS names, or addresses without brackets
};

// Adds a name unless it is there; what is beyond the limit is left out.
void certificate_names_add(struct certificate_names *names, struct text name);

// A new key. -ERR_IO without random bytes, -ERR_HEAP_FULL.
int certificate_make_key(struct out *pem) MUST_USE;

// A certificate for `names`, valid between the two times. -ERR_BAD_CONFIG when
// `key_pem` is no key, -ERR_HEAP_FULL.
int certificate_make(struct text key_pem, const struct certificate_names *names,
                     struct wall_ms from, struct wall_ms until, struct out *pem) MUST_USE;

struct certificate_facts {
    struct wall_ms from;
    struct wall_ms until;
    bool covers;  // every one of the names asked about
    unsigned char sha256[CERTIFICATE_SHA256_BYTES];  // of the certificate as DER
};

// Looks at the first certificate of `pem`; `names` may be NULL.
// -ERR_BAD_CONFIG when there is none, -ERR_HEAP_FULL.
int certificate_inspect(struct text pem, const struct certificate_names *names,
                        struct certificate_facts *facts) MUST_USE;

// "AB:CD:..." as openssl and browsers write it.
void certificate_write_sha256(struct out *out, const unsigned char *sha256);

#endif
