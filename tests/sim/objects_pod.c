/* The pod object: the largest and the most frequent, so a file of its own. */
#include <stdio.h>
#include <string.h>

#include "mix.h"
#include "objects.h"
#include "workload.h"

#define TOKEN_MOUNT                                                                                \
    "{\"name\":\"kube-api-access\",\"readOnly\":true,\"mountPath\":"                               \
    "\"/var/run/secrets/kubernetes.io/serviceaccount\"}"

static const char *
container_name(const struct cluster *cluster, uint32_t index)
{
    return cluster->container_names[index];
}

static const char *
last_dash(const struct pod *pod, int *len)
{
    const char *dash = strrchr(pod->object.name, '-');
    *len = dash == NULL ? (int)pod->object.name_len : (int)(dash - pod->object.name);
    return dash == NULL ? "" : pod->object.name;
}

static void
put_labels(struct buf *out, const struct cluster *cluster, const struct pod *pod)
{
    int set_len = 0;
    uint32_t count = cluster->options->labels;
    const char *name = last_dash(pod, &set_len);
    const char *hash = set_len > 10 ? name + set_len - 10 : "none";
    if (count == 0) {
        return;
    }
    buf_printf(out, ",\"labels\":{\"app\":\"%s\"", workload_app(pod->object.seed));
    if (count > 1) {
        buf_printf(out, ",\"pod-template-hash\":\"%.10s\"", hash);
    }
    if (count > 2) {
        buf_printf(out, ",\"tier\":\"%s\"", mix_below(pod->object.seed, 2) == 0 ? "api" : "back");
    }
    for (uint32_t i = 3; i < count; i++) {
        buf_printf(out, ",\"example.com/label-%02u\":\"value-%u\"", i,
                   (unsigned)mix_below(mix_with(pod->object.seed, i), 10));
    }
    BUF_LIT(out, "}");
}

static void
put_owner(struct buf *out, const struct pod *pod)
{
    int set_len = 0;
    const char *name = last_dash(pod, &set_len);
    if (pod->host_network) {
        BUF_LIT(out, ",\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":"
                     "\"DaemonSet\",\"name\":\"kube-proxy\",\"uid\":\"");
    } else {
        buf_printf(out,
                   ",\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":"
                   "\"ReplicaSet\",\"name\":\"%.*s\",\"uid\":\"",
                   set_len, name);
    }
    char uid[UID_TEXT_BYTES];
    workload_uid(uid, mix64(pod->space->object.seed));
    buf_put(out, uid, sizeof(uid));
    BUF_LIT(out, "\",\"controller\":true,\"blockOwnerDeletion\":true}]");
}

static void
put_spec_fields(struct buf *out, const struct cluster *cluster, const struct pod *pod)
{
    BUF_LIT(out, "{\"manager\":\"kube-controller-manager\",\"operation\":\"Update\","
                 "\"apiVersion\":\"v1\",\"time\":\"");
    buf_time(out, pod->object.created_ms);
    BUF_LIT(out, "\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:metadata\":{"
                 "\"f:generateName\":{},\"f:labels\":{\".\":{},\"f:app\":{},"
                 "\"f:pod-template-hash\":{},\"f:tier\":{}},\"f:ownerReferences\":{\".\":{},"
                 "\"k:{\\\"uid\\\":\\\"ca9a57a2-a373-4c27-af46-067716c627f6\\\"}\":{\".\":{},"
                 "\"f:apiVersion\":{},\"f:blockOwnerDeletion\":{},\"f:controller\":{},"
                 "\"f:kind\":{},\"f:name\":{},\"f:uid\":{}}}},\"f:spec\":{\"f:containers\":{");
    for (uint32_t i = 0; i < pod->container_count; i++) {
        buf_printf(out,
                   "%s\"k:{\\\"name\\\":\\\"%s\\\"}\":{\".\":{},\"f:image\":{},"
                   "\"f:imagePullPolicy\":{},\"f:name\":{},\"f:resources\":{\".\":{},"
                   "\"f:limits\":{\".\":{},\"f:cpu\":{},\"f:memory\":{}},\"f:requests\":{"
                   "\".\":{},\"f:cpu\":{},\"f:memory\":{}}},\"f:terminationMessagePath\":"
                   "{},\"f:terminationMessagePolicy\":{}}",
                   i == 0 ? "" : ",", container_name(cluster, i));
    }
    BUF_LIT(out, "},\"f:dnsPolicy\":{},\"f:enableServiceLinks\":{},"
                 "\"f:restartPolicy\":{},\"f:schedulerName\":{},\"f:securityContext\":{},"
                 "\"f:terminationGracePeriodSeconds\":{}}}}");
}

static void
put_status_fields(struct buf *out, const struct pod *pod)
{
    BUF_LIT(out, ",{\"manager\":\"kubelet\",\"operation\":\"Update\","
                 "\"apiVersion\":\"v1\",\"time\":\"");
    buf_time(out, pod->start_ms);
    BUF_LIT(out, "\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:status\":{"
                 "\"f:conditions\":{\"k:{\\\"type\\\":\\\"ContainersReady\\\"}\":{\".\":{},"
                 "\"f:lastProbeTime\":{},\"f:lastTransitionTime\":{},\"f:status\":{},"
                 "\"f:type\":{}},\"k:{\\\"type\\\":\\\"Initialized\\\"}\":{\".\":{},"
                 "\"f:lastProbeTime\":{},\"f:lastTransitionTime\":{},\"f:status\":{},"
                 "\"f:type\":{}},\"k:{\\\"type\\\":\\\"Ready\\\"}\":{\".\":{},"
                 "\"f:lastProbeTime\":{},\"f:lastTransitionTime\":{},\"f:status\":{},"
                 "\"f:type\":{}}},\"f:containerStatuses\":{},\"f:hostIP\":{},\"f:phase\":{},"
                 "\"f:podIP\":{},\"f:podIPs\":{\".\":{},\"k:{\\\"ip\\\":\\\"10.244.0.3\\\"}\":"
                 "{\".\":{},\"f:ip\":{}}},\"f:startTime\":{}}}}");
}

static void
put_metadata(struct buf *out, const struct cluster *cluster, const struct pod *pod)
{
    objects_metadata(out, &pod->object);
    if (pod->deleted_ms != 0) {
        BUF_LIT(out, ",\"deletionTimestamp\":\"");
        buf_time(out, pod->deleted_ms);
        BUF_LIT(out, "\",\"deletionGracePeriodSeconds\":1");
    }
    put_labels(out, cluster, pod);
    put_owner(out, pod);
    BUF_LIT(out, ",\"managedFields\":[");
    put_spec_fields(out, cluster, pod);
    if (pod->containers_created) {
        put_status_fields(out, pod);
    }
    BUF_LIT(out, "]}");
}

static void
put_quantities(struct buf *out, uint32_t cpu_m, uint64_t memory, uint64_t storage, uint32_t gpus)
{
    const char *comma = "";
    BUF_LIT(out, "{");
    if (cpu_m > 0) {
        buf_printf(out, cpu_m % 1000 == 0 ? "\"cpu\":\"%u\"" : "\"cpu\":\"%um\"",
                   cpu_m % 1000 == 0 ? cpu_m / 1000 : cpu_m);
        comma = ",";
    }
    if (storage > 0) {
        buf_printf(out, "%s\"ephemeral-storage\":\"%uGi\"", comma, (unsigned)(storage >> 30));
        comma = ",";
    }
    if (memory > 0) {
        buf_printf(out, "%s\"memory\":\"%uMi\"", comma, (unsigned)(memory >> 20));
        comma = ",";
    }
    if (gpus > 0) {
        buf_printf(out, "%s\"nvidia.com/gpu\":\"%u\"", comma, gpus);
    }
    BUF_LIT(out, "}");
}

static void
put_resources(struct buf *out, const struct pod *pod, uint32_t index)
{
    struct resources res;
    workload_resources(pod, index, &res);
    BUF_LIT(out, "\"resources\":{");
    if (res.cpu_limit_m > 0) {
        BUF_LIT(out, "\"limits\":");
        put_quantities(out, res.cpu_limit_m, res.memory_limit, res.storage_limit, res.gpus);
        BUF_LIT(out, ",");
    }
    if (res.cpu_request_m > 0) {
        BUF_LIT(out, "\"requests\":");
        put_quantities(out, res.cpu_request_m, res.memory_request, res.storage_request, res.gpus);
    }
    BUF_LIT(out, "}");
}

static void
put_containers(struct buf *out, const struct cluster *cluster, const struct pod *pod)
{
    if (pod->has_init) {
        BUF_LIT(out, "\"initContainers\":[{\"name\":\"init\",\"image\":"
                     "\"registry.local/busybox:1\",\"command\":[\"sh\",\"-c\",\"true\"],"
                     "\"resources\":{},\"volumeMounts\":[" TOKEN_MOUNT "],"
                     "\"terminationMessagePath\":\"/dev/termination-log\","
                     "\"terminationMessagePolicy\":\"File\",\"imagePullPolicy\":"
                     "\"IfNotPresent\"}],");
    }
    BUF_LIT(out, "\"containers\":[");
    for (uint32_t i = 0; i < pod->container_count; i++) {
        buf_printf(out, "%s{\"name\":\"%s\",\"image\":\"registry.local/%s:1.%u\",",
                   i == 0 ? "" : ",", container_name(cluster, i), workload_app(pod->object.seed),
                   i);
        put_resources(out, pod, i);
        BUF_LIT(out, ",\"volumeMounts\":[" TOKEN_MOUNT "],"
                     "\"terminationMessagePath\":\"/dev/termination-log\","
                     "\"terminationMessagePolicy\":\"File\",\"imagePullPolicy\":"
                     "\"IfNotPresent\"}");
    }
    BUF_LIT(out, "]");
}

static void
put_spec(struct buf *out, const struct cluster *cluster, const struct pod *pod)
{
    BUF_LIT(out, ",\"spec\":{\"volumes\":[{\"name\":\"kube-api-access\",\"secret\":"
                 "{\"secretName\":\"default-token-5jzgh\",\"defaultMode\":420}}");
    for (uint32_t i = 1; i < cluster->options->volumes_per_pod; i++) {
        buf_printf(out, ",{\"name\":\"data-%u\",\"emptyDir\":{}}", i);
    }
    BUF_LIT(out, "],");
    put_containers(out, cluster, pod);
    BUF_LIT(out, ",\"restartPolicy\":\"Always\",\"terminationGracePeriodSeconds\":1,"
                 "\"dnsPolicy\":\"ClusterFirst\",\"serviceAccountName\":\"default\","
                 "\"serviceAccount\":\"default\"");
    if (pod->node != NULL) {
        buf_printf(out, ",\"nodeName\":\"%s\"", pod->node->object.name);
    }
    if (pod->host_network) {
        BUF_LIT(out, ",\"hostNetwork\":true");
    }
    BUF_LIT(out, ",\"securityContext\":{},\"schedulerName\":\"default-scheduler\","
                 "\"tolerations\":[{\"key\":\"node.kubernetes.io/not-ready\",\"operator\":"
                 "\"Exists\",\"effect\":\"NoExecute\",\"tolerationSeconds\":300},{\"key\":"
                 "\"node.kubernetes.io/unreachable\",\"operator\":\"Exists\",\"effect\":"
                 "\"NoExecute\",\"tolerationSeconds\":300}],\"priority\":0,"
                 "\"enableServiceLinks\":true,\"preemptionPolicy\":\"PreemptLowerPriority\"}");
}

static void
put_condition(struct buf *out, const char *type, bool yes, int64_t time_ms)
{
    buf_printf(out,
               "{\"type\":\"%s\",\"status\":\"%s\",\"lastProbeTime\":null,"
               "\"lastTransitionTime\":\"",
               type, yes ? "True" : "False");
    buf_time(out, time_ms);
    BUF_LIT(out, "\"");
}

static void
put_conditions(struct buf *out, const struct cluster *cluster, const struct pod *pod)
{
    bool running = pod->phase == POD_RUNNING;
    bool done = pod->phase == POD_SUCCEEDED;
    if (pod->containers_created) {
        put_condition(out, "Initialized", true, pod->start_ms);
        if (done) {
            BUF_LIT(out, ",\"reason\":\"PodCompleted\"");
        }
        for (unsigned i = 0; i < 2; i++) {
            BUF_LIT(out, "},");
            put_condition(out, i == 0 ? "Ready" : "ContainersReady", running,
                          running ? pod->containers[0].start_ms : pod->start_ms);
            if (done) {
                BUF_LIT(out, ",\"reason\":\"PodCompleted\"");
            } else if (!running) {
                buf_printf(out,
                           ",\"reason\":\"ContainersNotReady\",\"message\":"
                           "\"containers with unready status: [%s]\"",
                           container_name(cluster, 0));
            }
        }
        BUF_LIT(out, "},");
    }
    put_condition(out, "PodScheduled", true, pod->object.created_ms);
    BUF_LIT(out, "}");
}

static void
put_container_id(struct buf *out, uint64_t seed)
{
    buf_printf(out, "\"containerID\":\"containerd://%016llx%016llx%016llx%016llx\"",
               (unsigned long long)mix64(seed), (unsigned long long)mix64(seed + 1),
               (unsigned long long)mix64(seed + 2), (unsigned long long)mix64(seed + 3));
}

static void
put_terminated(struct buf *out, const char *reason, int code, int64_t start_ms, int64_t finish_ms,
               uint64_t id_seed)
{
    buf_printf(out,
               "{\"terminated\":{\"exitCode\":%d,\"reason\":\"%s\","
               "\"startedAt\":\"",
               code, reason);
    buf_time(out, start_ms);
    BUF_LIT(out, "\",\"finishedAt\":\"");
    buf_time(out, finish_ms);
    BUF_LIT(out, "\",");
    put_container_id(out, id_seed);
    BUF_LIT(out, "}}");
}

static void
put_container_status(struct buf *out, const struct cluster *cluster, const struct pod *pod,
                     uint32_t index)
{
    const struct container *container = &pod->containers[index];
    uint64_t id = pod->object.seed + 1000u * (index + 1u) + container->restart_count;
    bool running = pod->phase == POD_RUNNING;
    buf_printf(out, "{\"name\":\"%s\",\"state\":", container_name(cluster, index));
    if (running) {
        BUF_LIT(out, "{\"running\":{\"startedAt\":\"");
        buf_time(out, container->start_ms);
        BUF_LIT(out, "\"}}");
    } else if (pod->phase == POD_PENDING) {
        BUF_LIT(out, "{\"waiting\":{\"reason\":\"ContainerCreating\"}}");
    } else {
        put_terminated(out, "Completed", 0, container->start_ms, container->start_ms + 2000, id);
    }
    BUF_LIT(out, ",\"lastState\":");
    if (container->restart_count > 0) {
        bool oom = container->reason == RESTART_OOM;
        put_terminated(out, oom ? "OOMKilled" : "Error", oom ? 137 : 3, container->last_start_ms,
                       container->last_finish_ms, id - 1);
    } else {
        BUF_LIT(out, "{}");
    }
    buf_printf(out,
               ",\"ready\":%s,\"restartCount\":%u,\"image\":"
               "\"registry.local/%s:1.%u\",\"imageID\":\"",
               running ? "true" : "false", container->restart_count, workload_app(pod->object.seed),
               index);
    if (pod->phase == POD_PENDING) {
        BUF_LIT(out, "\",\"started\":false}");
        return;
    }
    BUF_LIT(out, "sha256:d013a415d6962b0179883f70de921b62d2128611523e01326b53d7aa0"
                 "6325fb7\",");
    put_container_id(out, id);
    buf_printf(out, ",\"started\":%s}", running ? "true" : "false");
}

static void
put_init_status(struct buf *out, const struct pod *pod)
{
    uint64_t id = pod->object.seed + 500;
    BUF_LIT(out, "\"initContainerStatuses\":[{\"name\":\"init\",\"state\":");
    put_terminated(out, "Completed", 0, pod->start_ms, pod->start_ms, id);
    BUF_LIT(out, ",\"lastState\":{},\"ready\":true,\"restartCount\":0,\"image\":"
                 "\"registry.local/busybox:1\",\"imageID\":\"sha256:d013a415d6962b0179883f70"
                 "de921b62d2128611523e01326b53d7aa06325fb7\",");
    put_container_id(out, id);
    BUF_LIT(out, "}],");
}

static void
put_addresses(struct buf *out, const struct pod *pod)
{
    uint32_t host = pod->node->address;
    uint32_t ip = pod->host_network ? host : 0x0a000000u | (uint32_t)(pod->object.seed & 0xffffff);
    char text[20];
    snprintf(text, sizeof(text), "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
    buf_printf(out, "\"hostIP\":\"%u.%u.%u.%u\",", host >> 24, host >> 16 & 255, host >> 8 & 255,
               host & 255);
    if (pod->phase != POD_PENDING) {
        buf_printf(out, "\"podIP\":\"%s\",\"podIPs\":[{\"ip\":\"%s\"}],", text, text);
    }
}

static void
put_status(struct buf *out, const struct cluster *cluster, const struct pod *pod)
{
    static const char *const phases[] = {"Pending", "Running", "Succeeded"};
    buf_printf(out, ",\"status\":{\"phase\":\"%s\",", phases[pod->phase]);
    if (pod->node != NULL) {
        BUF_LIT(out, "\"conditions\":[");
        put_conditions(out, cluster, pod);
        BUF_LIT(out, "],");
    }
    if (pod->containers_created && pod->node != NULL) {
        put_addresses(out, pod);
        BUF_LIT(out, "\"startTime\":\"");
        buf_time(out, pod->start_ms);
        BUF_LIT(out, "\",");
        if (pod->has_init) {
            put_init_status(out, pod);
        }
        BUF_LIT(out, "\"containerStatuses\":[");
        for (uint32_t i = 0; i < pod->container_count; i++) {
            if (i > 0) {
                BUF_LIT(out, ",");
            }
            put_container_status(out, cluster, pod, i);
        }
        BUF_LIT(out, "],");
    }
    buf_printf(out, "\"qosClass\":\"%s\"}", workload_quality(pod));
}

void
objects_pod(struct buf *out, const struct cluster *cluster, const struct pod *pod)
{
    put_metadata(out, cluster, pod);
    put_spec(out, cluster, pod);
    put_status(out, cluster, pod);
}
