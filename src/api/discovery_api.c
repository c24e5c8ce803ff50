#include "api/discovery_api.h"

#define VERSION(name) "{\"groupVersion\":\"metrics.k8s.io/" name "\",\"version\":\"" name "\"}"
#define GROUP                                                                        \
    "\"name\":\"metrics.k8s.io\",\"versions\":[" VERSION("v1") "," VERSION("v1beta1") \
    "],\"preferredVersion\":" VERSION("v1")
#define RESOURCE(name, namespaced, kind)                                              \
    "{\"name\":\"" name "\",\"singularName\":\"\",\"namespaced\":" namespaced         \
    ",\"kind\":\"" kind "\",\"verbs\":[\"get\",\"list\"]}"
#define RESOURCES(group_version, node, pod)                                           \
    "{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\",\"groupVersion\":\"" group_version \
    "\",\"resources\":[" RESOURCE("nodes", "false", node) "," RESOURCE("pods", "true", pod) "]}"
#define METRICS(group_version) RESOURCES(group_version, "NodeMetrics", "PodMetrics")

static const struct document {
    enum route route;
    const char *text;
} documents[] = {
    {ROUTE_API_VERSIONS, "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"],"
                         "\"serverAddressByClientCIDRs\":[]}"},
    {ROUTE_API_CORE, RESOURCES("v1", "Node", "Pod")},
    {ROUTE_API_GROUPS,
     "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[{" GROUP "}]}"},
    {ROUTE_API_GROUP, "{\"kind\":\"APIGroup\",\"apiVersion\":\"v1\"," GROUP "}"},
};

static const struct {
    enum route route;
    struct text version;
    const char *text;
} versions[] = {
    {ROUTE_API_RESOURCES, {"v1", 2}, METRICS("metrics.k8s.io/v1")},
    {ROUTE_API_RESOURCES, {"v1beta1", 7}, METRICS("metrics.k8s.io/v1beta1")},
    {ROUTE_API_RESOURCES, {"v1alpha1", 8}, METRICS("metrics.k8s.io/v1alpha1")},
    {ROUTE_HEAPSTER_RESOURCES, {"v1alpha1", 8}, METRICS("metrics/v1alpha1")},
};

static enum step
document_step(struct exchange *exchange, struct out *out)
{
    for (size_t i = 0; i < ARRAY_COUNT(documents); i++) {
        if (documents[i].route == exchange->match.route) {
            out_string(out, documents[i].text);
        }
    }
    return STEP_DONE;
}

// Clients take what they may ask for from these numbers; the build says who we are.
static enum step
program_step(struct exchange *exchange, struct out *out)
{
    out_string(out, "{\"major\":\"1\",\"minor\":\"34\",\"gitVersion\":\"v1.34.0+skerry-");
    out_string(out, exchange->api->version);
    out_string(out, "\",\"gitCommit\":\"\",\"gitTreeState\":\"\",\"buildDate\":\"\","
                    "\"goVersion\":\"\",\"compiler\":\"\",\"platform\":\"\"}");
    return STEP_DONE;
}

void
discovery_api(struct exchange *exchange)
{
    bool version = exchange->match.route == ROUTE_KUBE_VERSION;
    exchange_answer(exchange, CONTENT_JSON, version ? program_step : document_step);
}

// cursor.offset: which.
static enum step
version_step(struct exchange *exchange, struct out *out)
{
    out_string(out, versions[exchange->cursor.offset].text);
    return STEP_DONE;
}

void
discovery_api_version(struct exchange *exchange)
{
    enum route route = exchange->match.route;
    struct text version = exchange->match.value[0];
    for (uint32_t i = 0; i < ARRAY_COUNT(versions); i++) {
        if (versions[i].route == route && text_equal(versions[i].version, version)) {
            exchange->cursor.offset = i;
            exchange_answer(exchange, CONTENT_JSON, version_step);
            return;
        }
    }
    discovery_api_no_version(exchange, version, route == ROUTE_HEAPSTER_RESOURCES);
}

void
discovery_api_no_version(struct exchange *exchange, struct text version, bool old_group)
{
    struct out message = exchange_message(exchange);
    out_format(&message, "the group %s has no version ", old_group ? "metrics" : "metrics.k8s.io");
    out_text(&message, text_sub(version, 0, NAME_BYTES_MAX));
    out_string(&message, old_group ? "; it has v1alpha1" : "; it has v1, v1beta1 and v1alpha1");
    exchange_fail_message(exchange, 404, &message);
}
