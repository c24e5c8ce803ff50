#include "api/resource_metrics_api.h"

#include <string.h>

#include "api/discovery_api.h"
#include "api/resource_list.h"

static bool
has_parameter(struct text parameters, struct text wanted)
{
    while (parameters.size > 0) {
        struct text one;
        (void)text_cut(parameters, ';', &one, &parameters);
        if (text_equal(text_trim(one), wanted)) {
            return true;
        }
    }
    return false;
}

// "application/json;as=Table;v=v1;g=meta.k8s.io, application/json": the first form
// that is served decides.
static bool
wants_table(struct text accept)
{
    while (accept.size > 0) {
        struct text range;
        struct text type;
        struct text parameters;
        (void)text_cut(accept, ',', &range, &accept);
        (void)text_cut(range, ';', &type, &parameters);
        bool json = text_equal(text_trim(type), TEXT("application/json"));
        if (json && has_parameter(parameters, TEXT("as=Table")) &&
            has_parameter(parameters, TEXT("v=v1")) &&
            has_parameter(parameters, TEXT("g=meta.k8s.io"))) {
            return true;
        }
        if (json && parameters.size == 0) {
            return false;
        }
    }
    return false;
}

static void
ask(struct exchange *exchange)
{
    struct resource_ask *resource = &exchange->resource;
    switch (exchange->match.route) {
    case ROUTE_RESOURCE_NODE:
    case ROUTE_HEAPSTER_NODE:
    case ROUTE_CORE_NODE:
        resource->single = true;
        // fall through
    case ROUTE_RESOURCE_NODES:
    case ROUTE_HEAPSTER_NODES:
    case ROUTE_CORE_NODES:
        resource->nodes = true;
        break;
    case ROUTE_RESOURCE_POD:
    case ROUTE_HEAPSTER_POD:
    case ROUTE_CORE_POD:
        resource->single = true;
        break;
    default:
        break;
    }
    resource->plural = resource->nodes ? "nodes" : "pods";
}

// From here on the values of the path are those of target.h.
static void
drop_version(struct route_match *match)
{
    ASSERT(match->count > 0);
    match->count--;
    memmove(&match->value[0], &match->value[1], match->count * sizeof match->value[0]);
}

// What a group has, "VERSION" as in its apiVersion; NULL: not this one.
static const char *
version_of(struct text version, bool old_group)
{
    static const char *const versions[] = {
        "metrics.k8s.io/v1beta1",
        "metrics.k8s.io/v1",
        "metrics.k8s.io/v1alpha1",
    };
    if (old_group) {
        return text_equal(version, TEXT("v1alpha1")) ? "metrics/v1alpha1" : NULL;
    }
    for (size_t i = 0; i < ARRAY_COUNT(versions); i++) {
        struct text name = text_sub(text_of(versions[i]), sizeof "metrics.k8s.io/" - 1, SIZE_MAX);
        if (text_equal(version, name)) {
            return versions[i];
        }
    }
    return NULL;
}

static bool
is_of_old_group(enum route route)
{
    return route == ROUTE_HEAPSTER_NODES || route == ROUTE_HEAPSTER_NODE ||
           route == ROUTE_HEAPSTER_PODS || route == ROUTE_HEAPSTER_NAMESPACE_PODS ||
           route == ROUTE_HEAPSTER_POD;
}

void
resource_metrics_api(struct exchange *exchange)
{
    struct resource_ask *resource = &exchange->resource;
    const struct text version = exchange->match.value[0];
    bool old_group = is_of_old_group(exchange->match.route);
    resource->version = version_of(version, old_group);
    if (resource->version == NULL) {
        discovery_api_no_version(exchange, version, old_group);
        return;
    }
    resource->heapster = text_equal(version, TEXT("v1alpha1"));
    resource->format = wants_table(exchange->accept) ? RESOURCE_TABLE : RESOURCE_METRICS;
    ask(exchange);
    drop_version(&exchange->match);
    resource_list_answer(exchange);
}

void
resource_metrics_api_core(struct exchange *exchange)
{
    exchange->resource.version = "v1";
    exchange->resource.format = RESOURCE_CORE;
    ask(exchange);
    resource_list_answer(exchange);
}
