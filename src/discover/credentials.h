// Who we are towards one cluster, and where that cluster is.
//
// Made once from a source's options: from a kubeconfig, from the service account
// that a pod has (in-cluster), or from the URL alone. The certificates go to
// fetch as two identities, one for the API server and one for the kubelets;
// what stays here are the token and the names of the files. Files that change
// are read again: credentials_refresh() looks at most every
// CREDENTIALS_CHECK_MS, or at once after a refusal (401).
//
// Nothing secret is ever written to a sentence. When a file cannot be read, what
// was known before stays in use.
#ifndef SKERRY_DISCOVER_CREDENTIALS_H
#define SKERRY_DISCOVER_CREDENTIALS_H

#include "base/arena.h"
#include "discover/source_uri.h"
#include "limits.h"
#include "platform/fetch.h"
#include "platform/platform.h"

#define CREDENTIALS_CHECK_MS (10 * 1000)
#define CREDENTIALS_PATH_BYTES_MAX 1024

// A file that may change, and how it was when it was read.
struct watched_file {
    char path[CREDENTIALS_PATH_BYTES_MAX];  // empty: none
    uint64_t inode;
    uint64_t size;
    struct wall_ms changed;
};

struct credentials {
    const struct platform *platform;
    struct fetch *fetch;
    bool https;
    bool insecure;          // the API server is not verified
    uint16_t port;
    enum trust_mode kubelet_trust;
    char host[NAME_BYTES_MAX + 1];
    char server_name[NAME_BYTES_MAX + 1];  // of the API server; empty: host
    fetch_identity api;     // 0: plain HTTP
    fetch_identity kubelet;
    struct watched_file config_file;  // the kubeconfig itself
    struct watched_file token_file;
    struct watched_file ca_file;
    struct watched_file certificate_file;
    struct watched_file key_file;
    bool reloadable;        // all certificates come from files
    struct mono_ns checked;
    size_t token_size;
    char token[CREDENTIALS_TOKEN_BYTES_MAX];
};

// What credentials_refresh found.
struct credentials_news {
    bool token;         // another token is in use now
    bool certificates;  // other certificates are in use now
    bool config;        // the kubeconfig changed: start again to use it
};

// Memory for files while they are read, shared by all sources of a process.
size_t credentials_scratch_bytes(void);

// 0 or -ERR_...; `why` is one sentence that names the file and the member.
// `variable` gives the environment (KUBERNETES_SERVICE_HOST and _PORT).
int credentials_load(struct credentials *credentials, const struct source_uri *uri,
                     const struct platform *platform, struct fetch *fetch,
                     uri_variable *variable, void *context, struct workspace *scratch,
                     struct out *why) MUST_USE;

// An error says that a file which changed cannot be used; `why` names it.
int credentials_refresh(struct credentials *credentials, bool refused,
                        struct workspace *scratch, struct credentials_news *news,
                        struct out *why) MUST_USE;

struct text credentials_token(const struct credentials *credentials);

#endif
