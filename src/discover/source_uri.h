// What --source says: one URI, in Heapster's syntax, taken apart and checked.
//
//   kubernetes:https://HOST:6443?auth=FILE&kubeletPort=10250&...
//   kubernetes.summary_api:...      the same
//   cadvisor:http://HOST:PORT
//   host:
//
// Pure. $VAR and ${VAR} are replaced through a callback, as Heapster does with
// the environment; option values are percent-decoded. A mistake is one sentence
// that names the option; nothing is guessed.
#ifndef SKERRY_DISCOVER_SOURCE_URI_H
#define SKERRY_DISCOVER_SOURCE_URI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/uri.h"
#include "limits.h"
#include "platform/fetch.h"
#include "table/table.h"

#define KUBELET_PORT 10250
// The read-only port of old kubelets, plain HTTP.
#define KUBELET_PORT_PLAIN 10255

enum kubelet_endpoint { ENDPOINT_SUMMARY, ENDPOINT_RESOURCE };
enum kubelet_access { ACCESS_DIRECT, ACCESS_PROXY };
enum tristate { UNSET, OFF, ON };

struct source_uri {
    enum source_kind kind;
    struct text name;  // for people: the URI without its options

    // The API server, or the cAdvisor. An empty host: not given.
    bool https;
    struct text host;
    uint16_t port;

    struct text auth;     // kubeconfig file
    struct text context;  // of it; empty: the current one
    enum tristate in_cluster;
    bool use_service_account;
    bool insecure;

    uint16_t kubelet_port;  // 0: what each node says, else KUBELET_PORT
    bool kubelet_https;
    enum trust_mode kubelet_trust;
    enum kubelet_endpoint endpoint;
    enum kubelet_access access;
    struct text host_id_annotation;
};

// The texts of the result lie in `space`. -ERR_BAD_CONFIG with the sentence in
// `why`. `variable` may be NULL: then a $ stays as it is.
int source_uri_parse(struct text uri, uri_variable *variable, void *context,
                     struct workspace *space, struct source_uri *result,
                     struct out *why) MUST_USE;

#endif
