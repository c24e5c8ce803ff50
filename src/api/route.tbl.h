// Every path that is served, one row each, looked through from the top:
//   ROUTE(id, "METHOD", "/path/{value}/{rest...}", handler, "doc")
// {value} takes one segment, {rest...} all that are left, slashes included.
// A GET row serves HEAD too; a slash at the end makes no difference.
// Handlers have the type exchange_handler of exchange.h.
ROUTE(PAGE, "GET", "/", summary_page, "the summary page")
ROUTE(HEALTHZ, "GET", "/healthz", health_api_healthz, "ok while collection goes on")
ROUTE(HEALTHZ_TWICE, "GET", "/healthz/healthz", health_api_healthz, "the same, where Heapster had it too")
ROUTE(READYZ, "GET", "/readyz", health_api_readyz, "ok as soon as something has been collected")
ROUTE(METRICS, "GET", "/metrics", own_metrics, "own state as Prometheus text")
ROUTE(APPLIANCE, "GET", "/api/v1/appliance", appliance_api, "plan, use, roles, sources and errors")
#define MODEL "/api/v1/model"
#define POD MODEL "/namespaces/{namespace}/pods/{pod}"
ROUTE(CLUSTER_NAMES, "GET", MODEL "/metrics", model_api_metrics, "metric names of the cluster")
ROUTE(CLUSTER_SERIES, "GET", MODEL "/metrics/{metric...}", model_api_series, "a metric of the cluster")
ROUTE(NODES, "GET", MODEL "/nodes", model_api_list, "node names")
ROUTE(NODE_NAMES, "GET", MODEL "/nodes/{node}/metrics", model_api_metrics, "metric names of a node")
ROUTE(NODE_SERIES, "GET", MODEL "/nodes/{node}/metrics/{metric...}", model_api_series, "a metric of a node")
ROUTE(SYSTEM, "GET", MODEL "/nodes/{node}/freecontainers", model_api_containers, "system containers of a node")
ROUTE(SYSTEM_NAMES, "GET", MODEL "/nodes/{node}/freecontainers/{container}/metrics", model_api_metrics, "metric names of a system container")
ROUTE(SYSTEM_SERIES, "GET", MODEL "/nodes/{node}/freecontainers/{container}/metrics/{metric...}", model_api_series, "a metric of a system container")
ROUTE(NAMESPACES, "GET", MODEL "/namespaces", model_api_list, "namespace names")
ROUTE(NAMESPACE_NAMES, "GET", MODEL "/namespaces/{namespace}/metrics", model_api_metrics, "metric names of a namespace")
ROUTE(NAMESPACE_SERIES, "GET", MODEL "/namespaces/{namespace}/metrics/{metric...}", model_api_series, "a metric of a namespace")
ROUTE(PODS, "GET", MODEL "/namespaces/{namespace}/pods", model_api_list, "pod names of a namespace")
ROUTE(POD_NAMES, "GET", POD "/metrics", model_api_metrics, "metric names of a pod")
ROUTE(POD_SERIES, "GET", POD "/metrics/{metric...}", model_api_series, "a metric of a pod")
ROUTE(CONTAINERS, "GET", POD "/containers", model_api_containers, "container names of a pod")
ROUTE(CONTAINER_NAMES, "GET", POD "/containers/{container}/metrics", model_api_metrics, "metric names of a container")
ROUTE(CONTAINER_SERIES, "GET", POD "/containers/{container}/metrics/{metric...}", model_api_series, "a metric of a container")
ROUTE(POD_LIST, "GET", MODEL "/namespaces/{namespace}/pod-list/{pods}/metrics/{metric...}", model_api_pod_list, "a metric of several pods, names with commas between")
ROUTE(ALL_KEYS, "GET", MODEL "/debug/allkeys", model_api_all_keys, "the key of everything that has values")
#undef POD
#undef MODEL
