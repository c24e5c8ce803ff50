/* What goes wrong on command: one fault for the API server and one for each
 * node. A fault may be limited to paths that begin with `path` and to `count`
 * requests; then it ends by itself. */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

/* kind, name in the admin API */
#define FAULT_TABLE(X)                                                                             \
    X(NONE, "none")                                                                                \
    X(REFUSE, "refuse")             /* reset when accepted */                                      \
    X(HANG, "hang")                 /* accepted, never answered */                                 \
    X(HANG_TLS, "hang-tls")         /* the handshake is never answered */                          \
    X(RESET, "reset")               /* half a response, then reset */                              \
    X(SLOW, "slow")                 /* so many bytes a second */                                   \
    X(GARBAGE, "garbage")           /* not HTTP at all */                                          \
    X(GARBAGE_BODY, "garbage-body") /* HTTP with noise for a body */                               \
    X(TRUNCATED, "truncated")       /* half a response, then a clean close */                      \
    X(WRONG_LENGTH, "wrong-length") /* Content-Length too large by 1000 */                         \
    X(ENDLESS, "endless")           /* a body that never ends */                                   \
    X(HTTP, "http")                 /* status code= */                                             \
    X(EXPIRED_CERT, "expired-cert")                                                                \
    X(OTHER_CERT, "other-cert")     /* another key: the fingerprint changes */                     \
    X(SKEW, "skew")                 /* time stamps off by seconds= */                              \
    X(COUNTER_BACK, "counter-back") /* counters at half their value */                             \
    X(HUGE_ELEMENT, "huge-element")                                                                \
    X(DEEP, "deep")                                                                                \
    X(BAD_UTF8, "bad-utf8")                                                                        \
    X(DUPLICATE_KEYS, "duplicate-keys")                                                            \
    X(BAD_NUMBERS, "bad-numbers")                                                                  \
    X(ODD_NUMBERS, "odd-numbers")                                                                  \
    X(BAD_JSON, "bad-json") /* one element is broken in the middle */

enum fault_kind {
#define X(id, name) FAULT_##id,
    FAULT_TABLE(X)
#undef X
        FAULT_COUNT
};

struct fault {
    enum fault_kind kind;
    uint32_t code;
    uint32_t retry_after_s; /* 0 = no header */
    uint64_t bytes;         /* a second, or of the huge element */
    int64_t skew_ms;
    int64_t count;  /* requests left; negative = no limit */
    char path[128]; /* "" = every path */
};

/* FAULT_COUNT when there is no such kind. */
enum fault_kind fault_by_name(const char *name);
const char *fault_name(enum fault_kind kind);

/* The kind that applies to a request for path; counts it. NULL is no fault. */
enum fault_kind fault_take(struct fault *fault, const char *path);
/* The same without counting, for what applies to a connection. */
bool fault_is(const struct fault *fault, enum fault_kind kind);

/* Whether the fault is one more element in the body's list. */
bool fault_is_element(enum fault_kind kind);
/* That element for a list of pods (of a summary or of the API) or nodes; one
 * that ends in a comma. */
void fault_element(struct buf *out, enum fault_kind kind, uint64_t bytes, bool summary);
/* Lines for the Prometheus text. */
void fault_lines(struct buf *out, enum fault_kind kind, uint64_t bytes);

#endif
