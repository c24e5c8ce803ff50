// A kubeconfig file -> where the cluster is and who we are.
//
// Reads one context of the file (the current one unless another is named), its
// cluster and its user. Parsing takes memory from libyaml, that is from the
// planned library heap, and so happens before the seal. All texts lie in the
// caller's workspace. What cannot be used is refused with one sentence that
// names file, line and member and says how to mend it: exec and auth-provider
// users, impersonation, proxies, and everything that kubectl refuses too.
#ifndef SKERRY_PARSE_KUBECONFIG_H
#define SKERRY_PARSE_KUBECONFIG_H

#include "base/arena.h"
#include "base/text.h"

// Files are as named, relative ones put behind the kubeconfig's own folder.
// Data and file of the same thing: the data counts. A token file counts for
// more than a token, for it may be renewed.
struct kubeconfig {
    struct text context;
    struct text server;   // http:// or https://
    struct text ca_data;  // PEM
    struct text ca_file;
    bool insecure;  // the server's certificate is not looked at
    struct text tls_server_name;
    struct text token;
    struct text token_file;
    struct text client_certificate_data;  // PEM
    struct text client_certificate_file;
    struct text client_key_data;  // PEM
    struct text client_key_file;
    struct text username;
    struct text password;
};

struct kubeconfig_source {
    struct text file_name;  // for sentences and relative paths
    struct text content;
    struct text context;  // empty: the current one
};

// -ERR_BAD_CONFIG or -ERR_UNSUPPORTED, and a sentence in `reason`; -ERR_TOO_LONG
// when the workspace is full.
int kubeconfig_read(struct kubeconfig *kubeconfig, const struct kubeconfig_source *source,
                    struct workspace *space, struct out *reason) MUST_USE;

#endif
