// Token and certificate of serve: made at its first start, kept below its state
// directory, or given by files; read again when they change.
//
// Files below STATE/serve, mode 0600: `token`, `tls.key`, `tls.crt`. Where the
// state cannot be written they lie below the run directory and last as long as
// that. The seal forbids writing: a certificate that has to be renewed (it ends
// soon, or this machine has a name that it lacks) is made at the next start, which
// serve_access_look() asks for.
#ifndef SKERRY_APP_SERVE_ACCESS_H
#define SKERRY_APP_SERVE_ACCESS_H

#include "api/access.h"
#include "app/config.h"
#include "base/arena.h"
#include "platform/platform.h"
#include "platform/tls_server.h"

#define SERVE_DIR "serve"
#define SERVE_TOKEN_FILE "serve/token"
#define SERVE_CERTIFICATE_FILE "serve/tls.crt"
#define SERVE_KEY_FILE "serve/tls.key"
#define SERVE_PATH_BYTES 512

struct serve_access;

// 0 when the address is open.
size_t serve_access_footprint(const struct config *config);

// Takes memory, and the library heap of all TLS clients. NULL in *result when the
// address is open. Sentence on failure.
int serve_access_init(struct serve_access **result, struct arena *arena,
                      const struct config *config, const struct platform *platform,
                      struct out *why) MUST_USE;

// Makes what is not there and reads everything; as the role's own user and before
// the seal. A sentence and -ERR_BAD_CONFIG when it cannot be used.
int serve_access_open(struct serve_access *serve, struct out *why) MUST_USE;

// Whether the files that flags name can be used, as serve_access_open() takes them: a
// sentence and -ERR_BAD_CONFIG otherwise. With 0 there is a sentence when the
// certificate has ended. Makes nothing, writes nothing. Takes serve_access_check_bytes() of the arena.
size_t serve_access_check_bytes(void);
int serve_access_check(struct arena *arena, const struct config *config,
                       const struct platform *platform, struct out *why) MUST_USE;

const struct access *serve_access_token(const struct serve_access *serve);
struct tls_server *serve_access_tls(const struct serve_access *serve);

// Once in a second: reads changed files again. True: the certificate is to be
// renewed, so the role should end in order.
bool serve_access_look(struct serve_access *serve, struct mono_ns now);

// Where the file of one of the names above is: below the state, else below the run
// directory; NULL when neither has it.
const char *serve_access_find(const struct config *config, const struct platform *platform,
                              const char *name, struct out *out);

#endif
