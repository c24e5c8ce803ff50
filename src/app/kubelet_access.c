#include "app/kubelet_access.h"

struct scrape_access
kubelet_access(const struct source_uri *uri, const struct credentials *credentials)
{
    return (struct scrape_access){
        .format = uri->endpoint == ENDPOINT_RESOURCE ? FORMAT_RESOURCE : FORMAT_SUMMARY,
        .proxy = uri->access == ACCESS_PROXY,
        .https = uri->kubelet_https,
        .port = uri->kubelet_port,
        .trust = uri->kubelet_trust,
        .identity = credentials->kubelet,
        .api_https = credentials->https,
        .api_port = credentials->port,
        .api_host = text_of(credentials->host),
        .api_server_name = text_of(credentials->server_name),
        .api_identity = credentials->api,
    };
}
