#include "app/tool.h"

// Which address the API server shall call; what listens on loopback only, or on
// all addresses, does not say it.
#define ADDRESS_UNKNOWN "ADDRESS-OF-THE-APPLIANCE"

static const char introduction[] =
    "# Registers the appliance as the cluster's metrics API, so that kubectl top and\n"
    "# autoscalers ask it through the API server. Replaces metrics-server: remove that\n"
    "# first. The API server speaks HTTPS to the address below and must reach it.\n"
    "#\n"
    "#   skerry apiservice --listen-ip=ADDRESS | kubectl apply -f -\n"
    "#\n"
    "# Taken back by: kubectl delete apiservice v1.metrics.k8s.io v1beta1.metrics.k8s.io\n";

static const char service_begin[] =
    "apiVersion: v1\n"
    "kind: Namespace\n"
    "metadata:\n"
    "  name: skerry\n"
    "---\n"
    "# Without a selector: the endpoint is a machine outside the cluster.\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata:\n"
    "  name: skerry\n"
    "  namespace: skerry\n"
    "spec:\n"
    "  ports:\n"
    "  - name: https\n"
    "    protocol: TCP\n"
    "    port: 443\n"
    "    targetPort: ";

static const char slice_begin[] =
    "---\n"
    "# The port has the name of the service's.\n"
    "apiVersion: discovery.k8s.io/v1\n"
    "kind: EndpointSlice\n"
    "metadata:\n"
    "  name: skerry\n"
    "  namespace: skerry\n"
    "  labels:\n"
    "    kubernetes.io/service-name: skerry\n"
    "    endpointslice.kubernetes.io/managed-by: skerry\n";

static bool
is_named(struct text ip)
{
    return ip.size > 0 && !text_starts(ip, TEXT("127.")) && !text_equal(ip, TEXT("0.0.0.0")) &&
           !text_equal(ip, TEXT("::")) && !text_equal(ip, TEXT("::1"));
}

static void
write_slice(struct out *out, struct text ip, uint64_t port)
{
    bool six = text_find(ip, ':', 0) != SIZE_MAX;
    out_string(out, slice_begin);
    out_string(out, six ? "addressType: IPv6\n" : "addressType: IPv4\n");
    out_string(out, "ports:\n- name: https\n  protocol: TCP\n  port: ");
    out_u64(out, port);
    out_string(out, "\nendpoints:\n- addresses: [\"");
    if (is_named(ip)) {
        out_text(out, ip);
    } else {
        out_string(out, ADDRESS_UNKNOWN);
    }
    out_string(out, "\"]\n  conditions:\n    ready: true\n");
}

// Newest clients ask for v1 first and fall back to v1beta1.
static void
write_apiservice(struct out *out, const char *version, unsigned priority)
{
    out_format(out,
               "---\n"
               "apiVersion: apiregistration.k8s.io/v1\n"
               "kind: APIService\n"
               "metadata:\n"
               "  name: %s.metrics.k8s.io\n"
               "spec:\n"
               "  group: metrics.k8s.io\n"
               "  version: %s\n"
               "  groupPriorityMinimum: 100\n"
               "  versionPriority: %u\n"
               "  # Or caBundle, the certificate's authority in base64.\n"
               "  insecureSkipTLSVerify: true\n"
               "  service:\n"
               "    name: skerry\n"
               "    namespace: skerry\n"
               "    port: 443\n",
               version, version, priority);
}

int
apiservice_tool(struct tool *tool)
{
    struct text ip = config_text(tool->config, CONFIG_LISTEN_IP);
    uint64_t port = (uint64_t)config_number(tool->config, CONFIG_HEAPSTER_PORT);
    out_string(tool->out, introduction);
    if (!is_named(ip)) {
        out_string(tool->out, "#\n# --listen-ip does not tell it: put the address in.\n");
    }
    out_string(tool->out, service_begin);
    out_u64(tool->out, port);
    out_byte(tool->out, '\n');
    write_slice(tool->out, ip, port);
    write_apiservice(tool->out, "v1beta1", 100);
    write_apiservice(tool->out, "v1", 200);
    return 0;
}
