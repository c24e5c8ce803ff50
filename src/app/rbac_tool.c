#include "app/tool.h"

static const char introduction[] =
    "# The account of the appliance in the cluster: reads nodes, pods, namespaces\n"
    "# and events, and asks kubelets for their statistics. Apply it, then make a\n"
    "# kubeconfig:\n"
    "#\n"
    "#   kubectl apply -f skerry-rbac.yaml\n"
    "#   server=$(kubectl config view --minify -o jsonpath='{.clusters[0].cluster.server}')\n"
    "#   kubectl -n skerry get secret skerry-token -o jsonpath='{.data.ca\\.crt}' |\n"
    "#     base64 -d > skerry-ca.crt\n"
    "#   token=$(kubectl -n skerry get secret skerry-token -o jsonpath='{.data.token}' |\n"
    "#     base64 -d)\n"
    "#   touch skerry.kubeconfig && chmod 600 skerry.kubeconfig\n"
    "#   export KUBECONFIG=skerry.kubeconfig\n"
    "#   kubectl config set-cluster cluster --server=\"$server\" \\\n"
    "#     --certificate-authority=skerry-ca.crt --embed-certs\n"
    "#   kubectl config set-credentials skerry --token=\"$token\"\n"
    "#   kubectl config set-context skerry --cluster=cluster --user=skerry\n"
    "#   kubectl config use-context skerry\n"
    "#   unset KUBECONFIG\n"
    "#\n"
    "# and give it to the appliance:\n"
    "#\n";

static const char direct_source[] =
    "#   --source='kubernetes:?inClusterConfig=false&auth=/PATH/skerry.kubeconfig'\n";
static const char proxy_source[] =
    "#   --source='kubernetes:?inClusterConfig=false&auth=/PATH/skerry.kubeconfig&access=proxy'\n";

static const char account[] =
    "apiVersion: v1\n"
    "kind: Namespace\n"
    "metadata:\n"
    "  name: skerry\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: ServiceAccount\n"
    "metadata:\n"
    "  name: skerry\n"
    "  namespace: skerry\n"
    "automountServiceAccountToken: false\n"
    "---\n"
    "# A token that does not expire, for a machine outside the cluster.\n"
    "apiVersion: v1\n"
    "kind: Secret\n"
    "metadata:\n"
    "  name: skerry-token\n"
    "  namespace: skerry\n"
    "  annotations:\n"
    "    kubernetes.io/service-account.name: skerry\n"
    "type: kubernetes.io/service-account-token\n"
    "---\n"
    "apiVersion: rbac.authorization.k8s.io/v1\n"
    "kind: ClusterRole\n"
    "metadata:\n"
    "  name: skerry\n"
    "rules:\n"
    "- apiGroups: [\"\"]\n"
    "  resources: [\"nodes\", \"pods\", \"namespaces\", \"events\"]\n"
    "  verbs: [\"get\", \"list\", \"watch\"]\n";

static const char direct_rule[] =
    "# /stats/summary is nodes/stats, /metrics/resource is nodes/metrics.\n"
    "- apiGroups: [\"\"]\n"
    "  resources: [\"nodes/stats\", \"nodes/metrics\"]\n"
    "  verbs: [\"get\"]\n";

static const char proxy_rule[] =
    "# Kubelets through the API server. This right also allows to run commands in\n"
    "# every pod of every node: leave --access=proxy out where the kubelets' port\n"
    "# 10250 can be reached.\n"
    "- apiGroups: [\"\"]\n"
    "  resources: [\"nodes/proxy\"]\n"
    "  verbs: [\"get\"]\n";

static const char binding[] =
    "---\n"
    "apiVersion: rbac.authorization.k8s.io/v1\n"
    "kind: ClusterRoleBinding\n"
    "metadata:\n"
    "  name: skerry\n"
    "roleRef:\n"
    "  apiGroup: rbac.authorization.k8s.io\n"
    "  kind: ClusterRole\n"
    "  name: skerry\n"
    "subjects:\n"
    "- kind: ServiceAccount\n"
    "  name: skerry\n"
    "  namespace: skerry\n";

enum access { ACCESS_DIRECT, ACCESS_PROXY };

int
rbac_tool(struct tool *tool)
{
    bool proxy = config_number(tool->config, CONFIG_ACCESS) == ACCESS_PROXY;
    out_string(tool->out, introduction);
    out_string(tool->out, proxy ? proxy_source : direct_source);
    out_string(tool->out, account);
    out_string(tool->out, proxy ? proxy_rule : direct_rule);
    out_string(tool->out, binding);
    return 0;
}
