// Where and how one node is asked: the request for a target.
//
// Straight to the kubelet, known by its node's name whatever address is
// dialled; or through the API server's proxy; or to a stand-alone cAdvisor.
// Pure: from access and target to the fields of a fetch_request.
#ifndef SKERRY_SCRAPE_ENDPOINT_H
#define SKERRY_SCRAPE_ENDPOINT_H

#include "platform/fetch.h"
#include "scrape/target.h"
#include "table/table.h"

#define ENDPOINT_PATH_BYTES (NAME_BYTES_MAX + 128)

enum scrape_format { FORMAT_SUMMARY, FORMAT_RESOURCE, FORMAT_CADVISOR };

// How the targets of one source are reached.
struct scrape_access {
    enum scrape_format format;
    bool proxy;          // through the API server
    bool https;          // to the kubelet
    uint16_t port;       // 0: what the node says, else 10250
    enum trust_mode trust;
    fetch_identity identity;  // for the kubelets
    // The API server, for the proxy; or the cAdvisor, as `host` and `port`.
    bool api_https;
    uint16_t api_port;
    struct text api_host;
    struct text api_server_name;
    fetch_identity api_identity;
};

// Texts of the request that have to live until fetch_start.
struct endpoint {
    char host[TARGET_HOST_BYTES];
    char path[ENDPOINT_PATH_BYTES];
};

// Fills scheme, host, port, server_name, path, accept, method, body, identity
// and pin of `request`.
void endpoint_request(const struct scrape_access *access, struct target *target,
                      struct endpoint *endpoint, struct fetch_request *request);

// The port that is dialled on the node itself.
uint16_t endpoint_port(const struct scrape_access *access, const struct target *target);

#endif
