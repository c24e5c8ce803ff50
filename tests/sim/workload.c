#include "workload.h"

#include <stdio.h>
#include <string.h>

#include "mix.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

enum {
    SALT_CLASS = 1,
    SALT_SIZE,
    SALT_UID_HIGH,
    SALT_UID_LOW,
    SALT_APP,
    SALT_SET,
    SALT_SUFFIX,
    SALT_NODE
};

static const char *const app_words[] = {"checkout", "payments", "frontend", "catalog",
                                        "search",   "identity", "ledger",   "shipping"};
#define APP_COUNT 8

static const char name_padding[] =
    "-service-backend-api-gateway-worker-primary-cluster-internal-service-"
    "backend-api-gateway-worker-primary-cluster-internal-service-backend-api-"
    "gateway-worker-primary-cluster-internal-service-backend-api-gateway-"
    "worker-primary-cluster-internal";

static unsigned
workload_class(const struct pod *pod)
{
    return (unsigned)mix_below(mix_with(pod->object.seed, SALT_CLASS), 4);
}

void
workload_resources(const struct pod *pod, uint32_t container, struct resources *out)
{
    uint64_t draw = mix_with(pod->object.seed, SALT_SIZE + 100 * (container + 1));
    unsigned class = workload_class(pod);
    *out = (struct resources){0};
    if (class == 0) {
        return;
    }
    out->cpu_request_m = (uint32_t)(10 + 10 * mix_below(draw, 20));
    out->memory_request = (1 + mix_below(draw << 8, 8)) * 32 * MIB;
    if (class == 2) {
        out->cpu_limit_m = out->cpu_request_m * 2;
        out->memory_limit = out->memory_request * 2;
    }
    if (class == 3) {
        out->cpu_limit_m = out->cpu_request_m;
        out->memory_limit = out->memory_request;
        out->storage_request = GIB;
        out->storage_limit = 2 * GIB;
        out->gpus = mix_below(draw << 16, 50) == 0 ? 1 : 0;
    }
}

const char *
workload_quality(const struct pod *pod)
{
    static const char *const names[] = {"BestEffort", "Burstable", "Burstable", "Guaranteed"};
    return names[workload_class(pod)];
}

void
workload_node_size(const struct node *node, struct node_size *out)
{
    uint64_t draw = mix_below(mix_with(node->object.seed, SALT_NODE), 3);
    out->cpus = 4u << draw;
    out->memory = (UINT64_C(16) << draw) * GIB;
    out->storage = (UINT64_C(100) << draw) * GIB;
}

void
workload_uid(char *out, uint64_t seed)
{
    char text[40];
    uint64_t high = mix_with(seed, SALT_UID_HIGH);
    uint64_t low = mix_with(seed, SALT_UID_LOW);
    snprintf(text, sizeof(text), "%08x-%04x-4%03x-a%03x-%012llx", (unsigned)(high >> 32),
             (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xfff),
             (unsigned)(low >> 48 & 0xfff), (unsigned long long)(low & 0xffffffffffff));
    memcpy(out, text, UID_TEXT_BYTES);
}

const char *
workload_app(uint64_t seed)
{
    return app_words[mix_below(mix_with(seed, SALT_APP), APP_COUNT)];
}

/* Kubernetes' own alphabet for the random part of names. */
static void
random_letters(char *out, unsigned count, uint64_t draw)
{
    static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
    for (unsigned i = 0; i < count; i++) {
        out[i] = letters[draw % 27];
        draw /= 27;
    }
}

void
workload_pod_name(char *out, const struct options *options, const struct space *space,
                  uint64_t seed)
{
    const char *app = workload_app(seed);
    size_t app_len = strlen(app);
    size_t prefix_len = options->pod_name_length - 17;
    if (app_len > prefix_len) {
        app_len = prefix_len;
    }
    memcpy(out, app, app_len);
    memcpy(out + app_len, name_padding, prefix_len - app_len);
    if (out[prefix_len - 1] == '-') {
        out[prefix_len - 1] = 'x';
    }
    uint64_t set = mix_with(space->object.seed ^ (uint64_t)app[0], SALT_SET);
    out[prefix_len] = '-';
    random_letters(out + prefix_len + 1, 10, set);
    out[prefix_len + 11] = '-';
    random_letters(out + prefix_len + 12, 5, mix_with(seed, SALT_SUFFIX));
    out[prefix_len + 17] = 0;
}

void
workload_container_names(struct cluster *cluster)
{
    static const char *const words[] = {"app", "proxy", "sidecar", "worker"};
    uint32_t want = cluster->options->container_name_length;
    for (uint32_t i = 0; i < CONTAINERS_PER_POD_MAX; i++) {
        char *name = cluster->container_names[i];
        if (i < 4) {
            snprintf(name, 16, "%s", words[i]);
        } else {
            snprintf(name, 16, "z%02u", i);
        }
        size_t len = strlen(name);
        if (len < want) {
            memcpy(name + len, name_padding, want - len);
            name[want] = 0;
        } else {
            name[want] = 0;
        }
        if (name[want - 1] == '-') {
            name[want - 1] = 'x';
        }
        cluster->container_name_len[i] = (uint32_t)strlen(name);
    }
}

void
workload_volume_name(char *out, uint32_t volume)
{
    if (volume == 0) {
        snprintf(out, VOLUME_NAME_BYTES, "kube-api-access");
    } else {
        snprintf(out, VOLUME_NAME_BYTES, "data-%u", volume);
    }
}
