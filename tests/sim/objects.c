#include "objects.h"

#include <stdio.h>
#include <string.h>

#include "mix.h"
#include "workload.h"

#define KIB 1024u

const char *
objects_kind_name(enum object_kind kind)
{
    static const char *const names[] = {"Node", "Pod", "Namespace", "Event"};
    return names[kind];
}

const char *
objects_resource_name(enum object_kind kind)
{
    static const char *const names[] = {"nodes", "pods", "namespaces", "events"};
    return names[kind];
}

static void
put_uid(struct buf *out, uint64_t seed)
{
    char uid[UID_TEXT_BYTES];
    workload_uid(uid, seed);
    buf_put(out, uid, sizeof(uid));
}

void
objects_metadata(struct buf *out, const struct object *object)
{
    BUF_LIT(out, "\"metadata\":{\"name\":\"");
    buf_put(out, object->name, object->name_len);
    if (object->name != object->key) {
        BUF_LIT(out, "\",\"namespace\":\"");
        buf_put(out, object->key, (size_t)(object->name - object->key) - 1);
    }
    BUF_LIT(out, "\",\"uid\":\"");
    put_uid(out, object->seed);
    BUF_LIT(out, "\",\"resourceVersion\":\"");
    buf_u64(out, object->version);
    BUF_LIT(out, "\",\"creationTimestamp\":\"");
    buf_time(out, object->created_ms);
    BUF_LIT(out, "\"");
}

static void
write_namespace(struct buf *out, const struct object *object)
{
    objects_metadata(out, object);
    if (strncmp(object->name, "team-", 5) == 0) {
        buf_printf(out, ",\"labels\":{\"team\":\"%s\"}", object->name + 5);
    }
    BUF_LIT(out, ",\"managedFields\":[{\"manager\":\"kube-apiserver\",\"operation\":"
                 "\"Update\",\"apiVersion\":\"v1\",\"time\":\"");
    buf_time(out, object->created_ms);
    BUF_LIT(out, "\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:status\":"
                 "{\"f:phase\":{}}}}]},\"spec\":{\"finalizers\":[\"kubernetes\"]},"
                 "\"status\":{\"phase\":\"Active\"}");
}

static void
write_event(struct buf *out, const struct incident *event)
{
    const char *slash = strchr(event->about_key, '/');
    const char *name = slash == NULL ? event->about_key : slash + 1;
    objects_metadata(out, &event->object);
    BUF_LIT(out, "},\"involvedObject\":{");
    buf_printf(out, "\"kind\":\"%s\",", objects_kind_name(event->about_kind));
    if (slash != NULL) {
        buf_printf(out, "\"namespace\":\"%.*s\",", (int)(slash - event->about_key),
                   event->about_key);
    }
    buf_printf(out, "\"name\":\"%s\",\"uid\":\"", name);
    put_uid(out, event->about_seed);
    buf_printf(out, "\",\"apiVersion\":\"v1\"},\"reason\":\"%s\",\"message\":\"%s\",",
               event->reason, event->message);
    if (event->new_style) {
        BUF_LIT(out, "\"source\":{},\"firstTimestamp\":null,\"lastTimestamp\":null,"
                     "\"type\":\"Normal\",\"eventTime\":\"");
        buf_time(out, event->object.created_ms);
        out->len--;
        buf_printf(out,
                   ".%06uZ\",\"action\":\"Binding\",\"reportingComponent\":\"%s\","
                   "\"reportingInstance\":\"%s-sim\"",
                   (unsigned)(event->object.created_ms % 1000) * 1000, event->component,
                   event->component);
        return;
    }
    buf_printf(out, "\"source\":{\"component\":\"%s\"},\"firstTimestamp\":\"", event->component);
    buf_time(out, event->object.created_ms);
    BUF_LIT(out, "\",\"lastTimestamp\":\"");
    buf_time(out, event->last_ms);
    buf_printf(out,
               "\",\"count\":%u,\"type\":\"%s\",\"eventTime\":null,"
               "\"reportingComponent\":\"\",\"reportingInstance\":\"\"",
               event->count, event->warning ? "Warning" : "Normal");
}

static const char node_fields[] =
    "{\"f:metadata\":{\"f:annotations\":{\".\":{},\"f:volumes.kubernetes.io/"
    "controller-managed-attach-detach\":{}},\"f:labels\":{\".\":{},"
    "\"f:beta.kubernetes.io/arch\":{},\"f:beta.kubernetes.io/os\":{},"
    "\"f:kubernetes.io/arch\":{},\"f:kubernetes.io/hostname\":{},"
    "\"f:kubernetes.io/os\":{},\"f:skerry.io/kind\":{}}},\"f:status\":{"
    "\"f:addresses\":{\".\":{},\"k:{\\\"type\\\":\\\"Hostname\\\"}\":{\".\":{},"
    "\"f:address\":{},\"f:type\":{}},\"k:{\\\"type\\\":\\\"InternalIP\\\"}\":{"
    "\".\":{},\"f:address\":{},\"f:type\":{}}},\"f:allocatable\":{\".\":{},"
    "\"f:cpu\":{},\"f:ephemeral-storage\":{},\"f:hugepages-1Gi\":{},"
    "\"f:hugepages-2Mi\":{},\"f:memory\":{},\"f:pods\":{}},\"f:capacity\":{"
    "\".\":{},\"f:cpu\":{},\"f:ephemeral-storage\":{},\"f:hugepages-1Gi\":{},"
    "\"f:hugepages-2Mi\":{},\"f:memory\":{},\"f:pods\":{}},\"f:daemonEndpoints\":"
    "{\"f:kubeletEndpoint\":{\"f:Port\":{}}},\"f:images\":{},\"f:nodeInfo\":{"
    "\"f:architecture\":{},\"f:bootID\":{},\"f:containerRuntimeVersion\":{},"
    "\"f:kernelVersion\":{},\"f:kubeProxyVersion\":{},\"f:kubeletVersion\":{},"
    "\"f:machineID\":{},\"f:operatingSystem\":{},\"f:osImage\":{},"
    "\"f:systemUUID\":{}}}}";

static void
node_metadata(struct buf *out, const struct node *node)
{
    objects_metadata(out, &node->object);
    buf_printf(out,
               ",\"labels\":{\"beta.kubernetes.io/arch\":\"amd64\","
               "\"beta.kubernetes.io/os\":\"linux\",\"kubernetes.io/arch\":\"amd64\","
               "\"kubernetes.io/hostname\":\"%s\",\"kubernetes.io/os\":\"linux\","
               "\"skerry.io/kind\":\"sim\",\"topology.kubernetes.io/zone\":\"zone-%c\"},"
               "\"annotations\":{\"node.alpha.kubernetes.io/ttl\":\"0\","
               "\"volumes.kubernetes.io/controller-managed-attach-detach\":\"true\"},"
               "\"managedFields\":[{\"manager\":\"kubelet\",\"operation\":\"Update\","
               "\"apiVersion\":\"v1\",\"time\":\"",
               node->object.name, 'a' + (int)(node->index % 3));
    buf_time(out, node->object.created_ms);
    BUF_LIT(out, "\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":");
    buf_put(out, node_fields, sizeof(node_fields) - 1);
    BUF_LIT(out, "}]},\"spec\":{");
    if (!node->ready) {
        BUF_LIT(out, "\"taints\":[{\"key\":\"node.kubernetes.io/unreachable\","
                     "\"effect\":\"NoSchedule\",\"timeAdded\":\"");
        buf_time(out, node->transition_ms);
        BUF_LIT(out, "\"}]");
    }
    BUF_LIT(out, "}");
}

static void
node_condition(struct buf *out, const struct node *node, const char *const row[4])
{
    buf_printf(out, "{\"type\":\"%s\",\"status\":\"%s\",\"lastHeartbeatTime\":\"", row[0],
               node->ready ? row[1] : "Unknown");
    buf_time(out, node->heartbeat_ms);
    BUF_LIT(out, "\",\"lastTransitionTime\":\"");
    buf_time(out, node->transition_ms);
    buf_printf(out, "\",\"reason\":\"%s\",\"message\":\"%s\"}",
               node->ready ? row[2] : "NodeStatusUnknown",
               node->ready ? row[3] : "Kubelet stopped posting node status.");
}

static void
node_sizes(struct buf *out, const struct node_size *size, uint64_t reserved)
{
    uint64_t memory_kib = (size->memory - reserved) / KIB;
    buf_printf(out, "{\"cpu\":\"%u\",\"ephemeral-storage\":\"", size->cpus);
    if (reserved == 0) {
        buf_printf(out, "%lluKi", (unsigned long long)(size->storage / KIB));
    } else {
        buf_printf(out, "%llu", (unsigned long long)(size->storage / 10 * 9));
    }
    buf_printf(out,
               "\",\"hugepages-1Gi\":\"0\",\"hugepages-2Mi\":\"0\",\"memory\":"
               "\"%lluKi\",\"pods\":\"110\"}",
               (unsigned long long)memory_kib);
}

static void
node_info(struct buf *out, const struct cluster *cluster, const struct node *node)
{
    char uid[UID_TEXT_BYTES + 1] = {0};
    workload_uid(uid, node->object.seed + 1);
    buf_printf(out,
               "\"addresses\":[{\"type\":\"InternalIP\",\"address\":\"%u.%u.%u.%u\"},"
               "{\"type\":\"Hostname\",\"address\":\"%s\"}],\"daemonEndpoints\":"
               "{\"kubeletEndpoint\":{\"Port\":%u}},\"nodeInfo\":{\"machineID\":"
               "\"%016llx%016llx\",\"systemUUID\":\"%s\",\"bootID\":\"%s\","
               "\"kernelVersion\":\"6.1.0-28-amd64\",\"osImage\":\"Debian GNU/Linux 12"
               " (bookworm)\",\"containerRuntimeVersion\":\"containerd://1.6.20\","
               "\"kubeletVersion\":\"v1.20.2\",\"kubeProxyVersion\":\"v1.20.2\","
               "\"operatingSystem\":\"linux\",\"architecture\":\"amd64\"},\"images\":[",
               node->address >> 24, node->address >> 16 & 255, node->address >> 8 & 255,
               node->address & 255, node->object.name, cluster->kubelet_port,
               (unsigned long long)node->object.seed, (unsigned long long)mix64(node->object.seed),
               uid, uid);
    for (uint32_t i = 0; i < cluster->options->node_images; i++) {
        uint64_t draw = mix_with(node->object.seed, 500 + i);
        buf_printf(out,
                   "%s{\"names\":[\"registry.local/library/image-%u@sha256:%016llx%016llx"
                   "%016llx%016llx\",\"registry.local/library/image-%u:1.%u\"],"
                   "\"sizeBytes\":%u}",
                   i == 0 ? "" : ",", i, (unsigned long long)draw, (unsigned long long)mix64(draw),
                   (unsigned long long)mix64(draw + 1), (unsigned long long)mix64(draw + 2), i, i,
                   (unsigned)(draw >> 36));
    }
    BUF_LIT(out, "]");
}

static void
write_node(struct buf *out, const struct cluster *cluster, const struct node *node)
{
    static const char *const conditions[4][4] = {
        {"MemoryPressure", "False", "KubeletHasSufficientMemory",
         "kubelet has sufficient memory available"},
        {"DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"},
        {"PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"},
        {"Ready", "True", "KubeletReady", "kubelet is posting ready status"},
    };
    struct node_size size;
    workload_node_size(node, &size);
    node_metadata(out, node);
    BUF_LIT(out, ",\"status\":{\"capacity\":");
    node_sizes(out, &size, 0);
    BUF_LIT(out, ",\"allocatable\":");
    node_sizes(out, &size, 100 * KIB * KIB);
    BUF_LIT(out, ",\"conditions\":[");
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0) {
            BUF_LIT(out, ",");
        }
        node_condition(out, node, conditions[i]);
    }
    BUF_LIT(out, "],");
    node_info(out, cluster, node);
    BUF_LIT(out, "}");
}

void
objects_write(struct buf *out, const struct cluster *cluster, const struct object *object,
              bool typed)
{
    buf_reserve(out, 8192);
    BUF_LIT(out, "{");
    if (typed) {
        buf_printf(out, "\"kind\":\"%s\",\"apiVersion\":\"v1\",", objects_kind_name(object->kind));
    }
    switch (object->kind) {
    case KIND_NODE:
        write_node(out, cluster, (const struct node *)(const void *)object);
        break;
    case KIND_POD:
        objects_pod(out, cluster, (const struct pod *)(const void *)object);
        break;
    case KIND_NAMESPACE:
        write_namespace(out, object);
        break;
    default:
        write_event(out, (const struct incident *)(const void *)object);
        break;
    }
    BUF_LIT(out, "}");
}
