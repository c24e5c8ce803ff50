#include "app/serve_access.h"
#include "app/tool.h"
#include "parse/base64.h"
#include "platform/certificate.h"

// Which address the API server shall call; what listens on loopback only, or on
// all addresses, does not say it.
#define ADDRESS_UNKNOWN "ADDRESS-OF-THE-APPLIANCE"

static const char introduction[] =
    "# Registers the appliance as the cluster's metrics API, so that kubectl top and\n"
    "# autoscalers ask it through the API server. Replaces metrics-server: remove that\n"
    "# first. The API server speaks HTTPS to the address below and must reach it. It\n"
    "# brings no token, but the certificate of its front proxy, whose authority has to\n"
    "# be known to the appliance:\n"
    "#\n"
    "#   kubectl -n kube-system get configmap extension-apiserver-authentication \\\n"
    "#       -o jsonpath='{.data.requestheader-client-ca-file}' >front-proxy-ca.crt\n"
    "#   skerry ... --requestheader-client-ca-file=front-proxy-ca.crt\n"
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
write_apiservice(struct out *out, const char *version, unsigned priority, struct text certificate)
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
               "  service:\n"
               "    name: skerry\n"
               "    namespace: skerry\n"
               "    port: 443\n",
               version, version, priority);
    if (certificate.size > 0) {
        out_string(out, "  caBundle: ");
        base64_encode(certificate, out);
        out_byte(out, '\n');
    } else {
        out_string(out, "  # Or caBundle: the certificate's authority in base64.\n"
                        "  insecureSkipTLSVerify: true\n");
    }
}

// The certificate made here; empty when there is none, or one by --tls-cert, whose
// authority nobody knows here.
static struct text
own_certificate(const struct tool *tool)
{
    static char pem[CERTIFICATE_BYTES];
    char buffer[SERVE_PATH_BYTES];
    struct out out = out_of(buffer, sizeof buffer);
    struct text content = {"", 0};
    if (config_text(tool->config, CONFIG_TLS_CERT).size > 0) {
        return content;
    }
    const char *path = serve_access_find(tool->config, tool->platform, SERVE_CERTIFICATE_FILE, &out);
    bool good = path != NULL &&
                platform_read_file(tool->platform, path, pem, sizeof pem, &content) == 0;
    return good ? content : (struct text){"", 0};
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
    struct text certificate = own_certificate(tool);
    write_apiservice(tool->out, "v1beta1", 100, certificate);
    write_apiservice(tool->out, "v1", 200, certificate);
    return 0;
}
