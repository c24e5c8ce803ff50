#include "truth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "kubelet.h"
#include "workload.h"

#define FIELDS_MAX 160
#define FIELD_NAME_BYTES 80

struct field {
    char name[FIELD_NAME_BYTES];
    uint64_t value;
    int64_t time_ms; /* as printed */
    bool counter;
};

struct fields {
    struct field at[FIELDS_MAX];
    unsigned count;
};

static void
add(struct fields *fields, const char *name, uint64_t value, int64_t time_ms, bool counter)
{
    if (fields->count < FIELDS_MAX) {
        struct field *field = &fields->at[fields->count++];
        snprintf(field->name, sizeof(field->name), "%s", name);
        field->value = value;
        field->time_ms = time_ms;
        field->counter = counter;
    }
}

static void
add_use(struct fields *fields, const struct cpu_memory_stats *use, bool swap)
{
    add(fields, "cpu/usage", use->core_ns, use->time_ms, true);
    if (use->has_nano_cores) {
        add(fields, "cpu/nano_cores", use->nano_cores, use->time_ms, false);
    }
    if (use->has_available) {
        add(fields, "memory/available", use->available, use->time_ms, false);
    }
    add(fields, "memory/usage", use->usage, use->time_ms, false);
    add(fields, "memory/working_set", use->working_set, use->time_ms, false);
    add(fields, "memory/rss", use->rss, use->time_ms, false);
    add(fields, "memory/page_faults", use->page_faults, use->time_ms, true);
    add(fields, "memory/major_page_faults", use->major_page_faults, use->time_ms, true);
    if (swap) {
        add(fields, "swap/usage", use->swap_usage, use->time_ms, false);
    }
}

/* Beside the CPU of the entity with that seed; in the summary only. */
static void
add_pressure(struct fields *fields, const struct stats_view *view, uint64_t seed, int64_t time_ms)
{
    static const struct {
        enum psi_part part;
        const char *some;
        const char *full;
    } rows[] = {{PSI_CPU, "pressure/cpu_some", "pressure/cpu_full"},
                {PSI_MEMORY, "pressure/memory_some", "pressure/memory_full"},
                {PSI_IO, "pressure/io_some", "pressure/io_full"}};
    for (unsigned i = 0; i < 3 && view->cluster->options->psi; i++) {
        struct psi_stats psi;
        stats_psi(view, seed, rows[i].part, time_ms, &psi);
        add(fields, rows[i].some, psi.some_total, time_ms, false);
        add(fields, rows[i].full, psi.full_total, time_ms, false);
    }
}

static void
add_network(struct fields *fields, const struct network_stats *net)
{
    add(fields, "network/rx", net->rx_bytes, net->time_ms, true);
    add(fields, "network/rx_errors", net->rx_errors, net->time_ms, true);
    add(fields, "network/tx", net->tx_bytes, net->time_ms, true);
    add(fields, "network/tx_errors", net->tx_errors, net->time_ms, true);
}

static void
add_fs(struct fields *fields, const struct fs_stats *fs, const char *resource)
{
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {{"usage", fs->used},
                {"limit", fs->capacity},
                {"available", fs->available},
                {"inodes", fs->inodes},
                {"inodes_free", fs->inodes_free}};
    for (unsigned i = 0; i < 5; i++) {
        char name[FIELD_NAME_BYTES];
        snprintf(name, sizeof(name), "filesystem/%s[%s]", rows[i].name, resource);
        add(fields, name, rows[i].value, fs->time_ms, false);
    }
}

struct entity {
    const struct node *node;
    const struct pod *pod;
    uint32_t container;
    enum system_container system;
    enum { ENTITY_NODE, ENTITY_POD, ENTITY_CONTAINER, ENTITY_SYSTEM } kind;
};

static void
gather_node(const struct stats_view *view, struct fields *fields)
{
    struct cpu_memory_stats use;
    struct network_stats network;
    struct fs_stats fs;
    stats_node_use(view, &use);
    stats_node_network(view, &network);
    stats_node_fs(view, &fs);
    add_use(fields, &use, view->cluster->options->swap);
    add_pressure(fields, view, view->node->object.seed, use.time_ms);
    add_network(fields, &network);
    add_fs(fields, &fs, "/");
    add(fields, "ephemeral_storage/usage", fs.used, fs.time_ms, false);
}

static void
gather_pod(const struct stats_view *view, const struct pod *pod, struct fields *fields)
{
    struct cpu_memory_stats use;
    struct network_stats network;
    struct fs_stats fs;
    stats_pod_use(view, pod, &use);
    stats_pod_network(view, pod, &network);
    stats_pod_storage(view, pod, &fs);
    add_use(fields, &use, view->cluster->options->swap);
    add_pressure(fields, view, pod->object.seed, use.time_ms);
    add_network(fields, &network);
    add(fields, "ephemeral_storage/usage", fs.used, fs.time_ms, false);
    for (uint32_t i = 0; i < view->cluster->options->volumes_per_pod; i++) {
        char name[VOLUME_NAME_BYTES];
        char resource[VOLUME_NAME_BYTES + 8];
        workload_volume_name(name, i);
        snprintf(resource, sizeof(resource), "Volume:%s", name);
        stats_volume(view, pod, i, &fs);
        add_fs(fields, &fs, resource);
    }
}

static void
gather(const struct stats_view *view, const struct entity *entity, struct fields *fields,
       bool of_resource)
{
    struct container_stats stats;
    struct cpu_memory_stats use;
    fields->count = 0;
    switch (entity->kind) {
    case ENTITY_NODE:
        gather_node(view, fields);
        break;
    case ENTITY_POD:
        gather_pod(view, entity->pod, fields);
        break;
    case ENTITY_CONTAINER:
        stats_container(view, entity->pod, entity->container, &stats);
        add_use(fields, &stats.use, view->cluster->options->swap);
        add_pressure(fields, view, stats_container_seed(entity->pod, entity->container),
                     stats.use.time_ms);
        add_fs(fields, &stats.rootfs, "/");
        add_fs(fields, &stats.logs, "logs");
        add(fields, "ephemeral_storage/usage", stats.rootfs.used + stats.logs.used,
            stats.logs.time_ms, false);
        break;
    default:
        stats_system(view, entity->system, &use);
        add_use(fields, &use, false);
        add_pressure(fields, view, stats_system_seed(view->node, entity->system), use.time_ms);
        break;
    }
    /* The summary prints whole seconds, /metrics/resource milliseconds. */
    for (unsigned i = 0; i < fields->count && !of_resource; i++) {
        fields->at[i].time_ms -= fields->at[i].time_ms % 1000;
    }
}

static void
put_field(struct buf *out, const struct field *now, const struct field *before)
{
    buf_printf(out, "\"%s\":{\"value\":%llu,\"time_ms\":%lld", now->name,
               (unsigned long long)now->value, (long long)now->time_ms);
    if (before != NULL) {
        int64_t elapsed = now->time_ms - before->time_ms;
        buf_printf(out, ",\"previous\":%llu,\"previous_time_ms\":%lld",
                   (unsigned long long)before->value, (long long)before->time_ms);
        if (now->counter && elapsed > 0 && now->value >= before->value) {
            double rate = (double)(now->value - before->value) * 1000.0 / (double)elapsed;
            buf_printf(out, ",\"rate_per_s\":%.17g", rate);
        }
    }
    BUF_LIT(out, "}");
}

static const struct field *
same_field(const struct fields *fields, const char *name)
{
    for (unsigned i = 0; i < fields->count; i++) {
        if (strcmp(fields->at[i].name, name) == 0) {
            return &fields->at[i];
        }
    }
    return NULL;
}

/* When a node was asked last and the time before; 0 = never. */
struct served {
    int64_t now_ms;
    int64_t before_ms;
    bool of_resource;
};

static struct served
served_times(const struct node *node, const char *query)
{
    char of[16] = "";
    http_query(query, "of", of, sizeof(of));
    if (strcmp(of, "resource") == 0) {
        return (struct served){node->resource_served_ms, node->resource_served_before_ms, true};
    }
    return (struct served){node->served_ms, node->served_before_ms, false};
}

static void
put_fields(const struct sim *sim, const struct entity *entity, const char *query, struct buf *out)
{
    const struct node *node = entity->node;
    struct fields *now = xcalloc(2, sizeof(*now));
    struct fields *before = now + 1;
    struct served served = served_times(node, query);
    struct stats_view view = kubelet_view(sim, node, served.now_ms);
    bool same = node->changed_ms < (served.before_ms != 0 ? served.before_ms : served.now_ms);
    if (served.now_ms != 0) {
        gather(&view, entity, now, served.of_resource);
    }
    if (served.before_ms != 0) {
        view.now_ms = served.before_ms;
        gather(&view, entity, before, served.of_resource);
    }
    buf_printf(out,
               "\"node\":\"%s\",\"served_ms\":%lld,\"served_before_ms\":%lld,"
               "\"changed_since\":%s,\"fields\":{",
               node->object.name, (long long)served.now_ms, (long long)served.before_ms,
               same ? "false" : "true");
    for (unsigned i = 0; i < now->count; i++) {
        if (i > 0) {
            BUF_LIT(out, ",");
        }
        put_field(out, &now->at[i], same_field(before, now->at[i].name));
    }
    BUF_LIT(out, "}");
    free(now);
}

static void
put_spec(struct buf *out, const struct resources *res)
{
    buf_printf(out,
               "\"cpu/request\":%u,\"cpu/limit\":%u,\"memory/request\":%llu,"
               "\"memory/limit\":%llu,\"ephemeral_storage/request\":%llu,"
               "\"ephemeral_storage/limit\":%llu,\"nvidia.com/gpu/request\":%u",
               res->cpu_request_m, res->cpu_limit_m, (unsigned long long)res->memory_request,
               (unsigned long long)res->memory_limit, (unsigned long long)res->storage_request,
               (unsigned long long)res->storage_limit, res->gpus);
}

static void
add_resources(const struct pod *pod, uint32_t container, struct resources *sum)
{
    struct resources res;
    workload_resources(pod, container, &res);
    sum->cpu_request_m += res.cpu_request_m;
    sum->cpu_limit_m += res.cpu_limit_m;
    sum->memory_request += res.memory_request;
    sum->memory_limit += res.memory_limit;
    sum->storage_request += res.storage_request;
    sum->storage_limit += res.storage_limit;
    sum->gpus += res.gpus;
}

static bool
write_pod(const struct sim *sim, const char *query, bool container_asked, struct buf *out)
{
    static const char *const phases[] = {"Pending", "Running", "Succeeded"};
    static const char *const reasons[] = {"", "Error", "OOMKilled"};
    char space[256] = "";
    char name[256] = "";
    char container[80] = "";
    struct entity entity = {.kind = container_asked ? ENTITY_CONTAINER : ENTITY_POD};
    struct resources sum = {0};
    uint32_t restarts = 0;
    enum restart_reason reason = RESTART_NONE;
    http_query(query, "ns", space, sizeof(space));
    http_query(query, "name", name, sizeof(name));
    http_query(query, "container", container, sizeof(container));
    const struct pod *pod = cluster_pod(&sim->cluster, space, name);
    if (pod == NULL) {
        return false;
    }
    while (container_asked &&
           strcmp(sim->cluster.container_names[entity.container], container) != 0) {
        if (++entity.container >= pod->container_count) {
            return false;
        }
    }
    for (uint32_t i = 0; i < pod->container_count; i++) {
        if (!container_asked || i == entity.container) {
            add_resources(pod, i, &sum);
            restarts += pod->containers[i].restart_count;
            reason = pod->containers[i].reason != RESTART_NONE ? pod->containers[i].reason : reason;
        }
    }
    int64_t start = container_asked ? pod->containers[entity.container].start_ms : pod->start_ms;
    entity.pod = pod;
    entity.node = pod->node;
    buf_printf(out,
               "{\"entity\":\"%s\",\"namespace\":\"%s\",\"name\":\"%s\",\"uid\":\"%s\","
               "\"phase\":\"%s\",\"host_network\":%s,\"start_ms\":%lld,\"restart_count\":%u,"
               "\"last_reason\":\"%s\",",
               container_asked ? "container" : "pod", space, name, pod->uid, phases[pod->phase],
               pod->host_network ? "true" : "false", (long long)start, restarts, reasons[reason]);
    put_spec(out, &sum);
    if (pod->node != NULL && stats_pod_running(pod)) {
        BUF_LIT(out, ",");
        put_fields(sim, &entity, query, out);
    }
    BUF_LIT(out, "}");
    return true;
}

static bool
write_node(const struct sim *sim, const char *query, bool system_asked, struct buf *out)
{
    char name[256] = "";
    char container[80] = "";
    struct entity entity = {.kind = system_asked ? ENTITY_SYSTEM : ENTITY_NODE};
    struct node_size size;
    http_query(query, "name", name, sizeof(name));
    http_query(query, "container", container, sizeof(container));
    entity.node = cluster_node(&sim->cluster, name);
    while (system_asked && strcmp(stats_system_name(entity.system), container) != 0) {
        if (++entity.system >= SYSTEM_COUNT) {
            return false;
        }
    }
    if (entity.node == NULL) {
        return false;
    }
    workload_node_size(entity.node, &size);
    buf_printf(out,
               "{\"entity\":\"%s\",\"name\":\"%s\",\"ready\":%s,\"pods\":%u,"
               "\"start_ms\":%lld,\"cpu/node_capacity\":%u,\"memory/node_capacity\":%llu,"
               "\"ephemeral_storage/node_capacity\":%llu,",
               system_asked ? "system" : "node", name, entity.node->ready ? "true" : "false",
               entity.node->pod_count, (long long)entity.node->object.created_ms, size.cpus * 1000,
               (unsigned long long)size.memory, (unsigned long long)size.storage);
    put_fields(sim, &entity, query, out);
    BUF_LIT(out, "}");
    return true;
}

struct sums {
    struct resources spec;
    uint64_t pods;
    uint64_t running;
    uint64_t pending;
    uint64_t succeeded;
    uint64_t containers;
    uint64_t restarts;
    uint64_t pods_served;
    uint64_t memory_usage;
    uint64_t working_set;
    double cpu_rate_m;
};

/* Millicores between the two summaries served last, where the second brought
 * a new value; else the kubelet's own figure. */
static double
served_rate(const struct sim *sim, const struct pod *pod, const struct served *served,
            const struct cpu_memory_stats *use)
{
    const struct node *node = pod->node;
    struct cpu_memory_stats before = {0};
    if (served->before_ms >= pod->containers[0].start_ms) {
        struct stats_view view = kubelet_view(sim, node, served->before_ms);
        stats_pod_use(&view, pod, &before);
        int64_t unit = served->of_resource ? 1 : 1000;
        int64_t elapsed = (use->time_ms / unit - before.time_ms / unit) * unit;
        if (elapsed > 0 && use->core_ns >= before.core_ns) {
            return (double)(use->core_ns - before.core_ns) / 1e3 / (double)elapsed;
        }
    }
    return (double)use->nano_cores / 1e6;
}

static void
add_pod(const struct sim *sim, const struct pod *pod, const char *query, struct sums *sums)
{
    sums->pods++;
    sums->running += pod->phase == POD_RUNNING;
    sums->pending += pod->phase == POD_PENDING;
    sums->succeeded += pod->phase == POD_SUCCEEDED;
    for (uint32_t i = 0; i < pod->container_count; i++) {
        sums->restarts += pod->containers[i].restart_count;
        if (pod->phase != POD_SUCCEEDED && pod->node != NULL) {
            add_resources(pod, i, &sums->spec);
        }
    }
    if (!stats_pod_running(pod) || pod->node == NULL) {
        return;
    }
    sums->containers += pod->container_count;
    struct served served = served_times(pod->node, query);
    if (served.now_ms != 0 && pod->node->ready) {
        struct cpu_memory_stats use;
        struct stats_view view = kubelet_view(sim, pod->node, served.now_ms);
        stats_pod_use(&view, pod, &use);
        sums->pods_served++;
        sums->memory_usage += use.usage;
        sums->working_set += use.working_set;
        sums->cpu_rate_m += served_rate(sim, pod, &served, &use);
    }
}

static void
put_sums(const struct sim *sim, const struct space *space, const char *query, struct buf *out)
{
    const struct collection *pods = &sim->cluster.sets[KIND_POD];
    struct sums sums = {0};
    for (uint32_t i = 0; i < pods->count; i++) {
        const struct pod *pod = (const struct pod *)(const void *)pods->at[i];
        if (pod->object.died == 0 && (space == NULL || pod->space == space)) {
            add_pod(sim, pod, query, &sums);
        }
    }
    buf_printf(out,
               "\"pods\":%llu,\"running\":%llu,\"pending\":%llu,\"succeeded\":%llu,"
               "\"containers\":%llu,\"restart_count\":%llu,\"pods_served\":%llu,"
               "\"cpu/usage_rate\":%.17g,\"memory/usage\":%llu,\"memory/working_set\":%llu,",
               (unsigned long long)sums.pods, (unsigned long long)sums.running,
               (unsigned long long)sums.pending, (unsigned long long)sums.succeeded,
               (unsigned long long)sums.containers, (unsigned long long)sums.restarts,
               (unsigned long long)sums.pods_served, sums.cpu_rate_m,
               (unsigned long long)sums.memory_usage, (unsigned long long)sums.working_set);
    put_spec(out, &sums.spec);
}

bool
truth_write(const struct sim *sim, const char *query, struct buf *out)
{
    char entity[16] = "";
    char name[256] = "";
    http_query(query, "entity", entity, sizeof(entity));
    if (strcmp(entity, "pod") == 0 || strcmp(entity, "container") == 0) {
        return write_pod(sim, query, entity[0] == 'c', out);
    }
    if (strcmp(entity, "node") == 0 || strcmp(entity, "system") == 0) {
        return write_node(sim, query, entity[0] == 's', out);
    }
    if (strcmp(entity, "cluster") == 0) {
        BUF_LIT(out, "{\"entity\":\"cluster\",");
        put_sums(sim, NULL, query, out);
        BUF_LIT(out, "}");
        return true;
    }
    if (strcmp(entity, "ns") == 0) {
        http_query(query, "name", name, sizeof(name));
        const struct space *space = cluster_space(&sim->cluster, name);
        buf_printf(out, "{\"entity\":\"ns\",\"name\":\"%s\",", name);
        if (space != NULL) {
            put_sums(sim, space, query, out);
        }
        BUF_LIT(out, "}");
        return space != NULL;
    }
    return false;
}

void
truth_totals(const struct sim *sim, const char *query, struct buf *out)
{
    const struct cluster *cluster = &sim->cluster;
    uint32_t ready = 0;
    uint32_t served = 0;
    for (uint32_t i = 0; i < cluster->node_index_next; i++) {
        const struct node *node = cluster->nodes[i];
        ready += node != NULL && node->ready;
        served += node != NULL && node->served_ms != 0;
    }
    buf_printf(out,
               "{\"now_ms\":%lld,\"frozen\":%s,\"resource_version\":%llu,"
               "\"nodes\":%u,\"nodes_ready\":%u,\"nodes_served\":%u,\"namespaces\":%u,",
               (long long)clock_now_ms(&sim->clock), sim->clock.frozen ? "true" : "false",
               (unsigned long long)cluster->version, cluster->sets[KIND_NODE].live, ready, served,
               cluster->sets[KIND_NAMESPACE].live);
    put_sums(sim, NULL, query, out);
    BUF_LIT(out, "}");
}

bool
truth_served(struct sim *sim, const char *name, struct buf *out)
{
    const struct node *node = cluster_node(&sim->cluster, name);
    if (node == NULL || node->served_ms == 0) {
        return false;
    }
    struct stats_view view = kubelet_view(sim, node, node->served_ms);
    buf_printf(out,
               "{\"node\":\"%s\",\"served_ms\":%lld,\"changed_since\":%s,"
               "\"summary\":",
               name, (long long)node->served_ms,
               node->served_changes == node->change_count ? "false" : "true");
    summary_write(&sim->writer, out, &view, false);
    BUF_LIT(out, "}");
    return true;
}
