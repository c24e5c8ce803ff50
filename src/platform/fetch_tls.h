// Who is trusted, and as whom we come: the identities of fetch_curl.
//
// The certificates and keys of an identity are parsed once and shared by all its
// connections (curl alone would parse them for each one). Material that was
// replaced lives on until the last handshake that uses it is over.
//
// Trust is decided in mbedTLS' verify callback: see enum trust_mode. A server
// that is dialled by address may prove either its name or that address.
//
// Not thread-safe. Memory: fetch_tls_footprint() from the arena, and what mbedTLS
// allocates from the library heap.
#ifndef SKERRY_PLATFORM_FETCH_TLS_H
#define SKERRY_PLATFORM_FETCH_TLS_H

#include <mbedtls/ssl.h>

#include "base/arena.h"
#include "platform/fetch.h"

struct tls_material;
struct fetch_tls;

// Of one handshake: why a certificate was refused. MBEDTLS_X509_BADCERT_*.
struct tls_proof {
    struct fetch_tls *tls;
    struct tls_material *material;  // held while the handshake runs
    enum trust_mode trust;
    const char *host;               // the address or name dialled
    struct fingerprint *pin;        // as in struct fetch_request
    struct fingerprint seen;        // the server's
    uint32_t flags;
    bool changed;   // the fingerprint differs from the pinned one
    bool verified;  // a certificate was shown: not a resumed session
};

size_t fetch_tls_footprint(uint32_t identities);
struct fetch_tls *fetch_tls_init(struct arena *arena, uint32_t identities);
// Gives the library heap back; no connection may be open.
void fetch_tls_close(struct fetch_tls *tls);

// See struct fetch_ops. -ERR_BAD_CONFIG for material that does not parse,
// -ERR_TOO_MANY beyond the planned identities, -ERR_BUSY while old material of
// many handshakes is still held.
int fetch_tls_add(struct fetch_tls *tls, const struct identity_config *config,
                  fetch_identity *identity, struct out *why) MUST_USE;
int fetch_tls_replace(struct fetch_tls *tls, fetch_identity identity,
                      const struct identity_config *config, struct out *why) MUST_USE;

// Sets up one handshake: fills `proof`, which must live until
// fetch_tls_release, and hands the identity to mbedTLS. 0 or -ERR_HEAP_FULL.
int fetch_tls_prepare(struct fetch_tls *tls, mbedtls_ssl_config *config, fetch_identity identity,
                      struct tls_proof *proof) MUST_USE;
// The handshake is over, well or not; idempotent.
void fetch_tls_release(struct tls_proof *proof);
// Writes why `proof` failed, as a part of a sentence; nothing when it did not.
void fetch_tls_explain(const struct tls_proof *proof, struct out *out);

// Key of a server among the sessions (fetch_park.h); another one after its
// identity's material was replaced.
uint64_t fetch_tls_server(const struct fetch_tls *tls, fetch_identity identity,
                          struct text host, struct text name, uint16_t port);

#endif
