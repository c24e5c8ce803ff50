#include "scrape/endpoint.h"

#define KUBELET_PORT_USUAL 10250

// One sample of each container; the path asks for all of them.
#define CADVISOR_PATH "/api/v1.1/subcontainers/"
#define CADVISOR_BODY "{\"num_stats\":1}"

uint16_t
endpoint_port(const struct scrape_access *access, const struct target *target)
{
    if (access->port != 0) {
        return access->port;
    }
    return target->port != 0 ? target->port : KUBELET_PORT_USUAL;
}

static struct text
kubelet_path(const struct scrape_access *access)
{
    return access->format == FORMAT_RESOURCE ? TEXT("/metrics/resource") : TEXT("/stats/summary");
}

static struct text
kubelet_accept(const struct scrape_access *access)
{
    return access->format == FORMAT_RESOURCE ? TEXT("text/plain;version=0.0.4")
                                             : TEXT("application/json");
}

static void
request_direct(const struct scrape_access *access, struct target *target,
               struct endpoint *endpoint, struct fetch_request *request)
{
    request->scheme = access->https ? TEXT("https") : TEXT("http");
    request->host = target_host(target, endpoint->host);
    request->port = endpoint_port(access, target);
    request->server_name = target_name(target);
    request->path = kubelet_path(access);
    request->identity = access->https ? access->identity : 0;
    request->pin = access->trust == TRUST_PIN ? &target->pin : NULL;
}

// Without a port the API server takes the node's own; with one it must be told
// the scheme too.
static void
request_proxy(const struct scrape_access *access, const struct target *target,
              struct endpoint *endpoint, struct fetch_request *request)
{
    struct out path = out_of(endpoint->path, sizeof(endpoint->path));
    out_string(&path, "/api/v1/nodes/");
    if (access->port != 0 || !access->https) {
        out_format(&path, "%s:" TEXT_FORMAT ":%u", access->https ? "https" : "http",
                   TEXT_ARGS(target_name(target)), endpoint_port(access, target));
    } else {
        out_text(&path, target_name(target));
    }
    out_string(&path, "/proxy");
    out_text(&path, kubelet_path(access));
    request->scheme = access->api_https ? TEXT("https") : TEXT("http");
    request->host = access->api_host;
    request->port = access->api_port;
    request->server_name = access->api_server_name;
    request->strict_name = true;
    request->path = out_view(&path);
    request->identity = access->api_identity;
}

static void
request_cadvisor(const struct scrape_access *access, struct fetch_request *request)
{
    request->method = TEXT("POST");
    request->body = TEXT(CADVISOR_BODY);
    request->scheme = access->api_https ? TEXT("https") : TEXT("http");
    request->host = access->api_host;
    request->port = access->api_port;
    request->path = TEXT(CADVISOR_PATH);
    request->accept = TEXT("application/json");
    request->identity = access->api_identity;
}

void
endpoint_request(const struct scrape_access *access, struct target *target,
                 struct endpoint *endpoint, struct fetch_request *request)
{
    request->method = TEXT("GET");
    request->accept = kubelet_accept(access);
    if (access->format == FORMAT_CADVISOR) {
        request_cadvisor(access, request);
    } else if (access->proxy) {
        request_proxy(access, target, endpoint, request);
    } else {
        request_direct(access, target, endpoint, request);
    }
}
