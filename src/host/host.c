#include "host/host.h"

#include <string.h>

#include "base/check.h"
#include "host/cgroup.h"
#include "host/cgroup_usage.h"
#include "host/host_file.h"
#include "host/machine.h"
#include "host/naming.h"
#include "host/word.h"

#define NS_PER_US INT64_C(1000)

struct host {
    struct host_files files;
    struct machine machine;
    struct cgroup_walk walk;
    struct naming naming;
    struct host_counters counters;
    unsigned pod_want;  // WANT_... of cgroup_usage.h
    unsigned container_want;
    struct wall_ms cycle_wall;
    struct mono_ns cycle_mono;
    struct observer observer;
    // One is filled, handed over and done with before the other is begun.
    union {
        struct node_seen node;
        struct pod_seen pod;
    } seen;
};

size_t
host_footprint(const struct host_config *config)
{
    return arena_bytes(sizeof(struct host)) + host_files_footprint() +
           cgroup_walk_footprint(config->containers) +
           naming_footprint(config->containers);
}

static unsigned
pod_want_of(const struct host_config *config)
{
    return config->pressure >= PRESSURE_PODS ? WANT_PRESSURE : 0;
}

static unsigned
container_want_of(const struct host_config *config)
{
    return WANT_DISK | (config->pressure >= PRESSURE_CONTAINERS ? WANT_PRESSURE : 0) |
           (config->limits ? WANT_LIMITS : 0);
}

struct host *
host_init(struct arena *arena, const struct host_config *config,
          const struct platform *platform)
{
    struct host *host = arena_take(arena, sizeof *host);
    host->pod_want = pod_want_of(config);
    host->container_want = container_want_of(config);
    host_files_init(&host->files, arena, platform, config->root);
    cgroup_walk_init(&host->walk, arena, config->containers);
    naming_init(&host->naming, arena, &host->files, &host->walk, config->key);
    machine_init(&host->machine, &host->files, config->name);
    return host;
}

struct text
host_name(const struct host *host)
{
    return out_view(&host->machine.name);
}

void
host_describe(struct host *host, struct node_object *node)
{
    machine_describe(&host->machine, node);
}

// The wall clock as it would be had nobody set it since the cycle began.
static struct wall_ms
now_of(const struct host *host)
{
    struct mono_ns mono = platform_mono_now(host->files.platform);
    return (struct wall_ms){host->cycle_wall.ms + mono_ms_between(host->cycle_mono, mono)};
}

static const struct cgroup_entry *
entry_at(const struct host *host, uint32_t index)
{
    ASSERT(index < host->walk.count);
    return &host->walk.entries[index];
}

static void
add_extra(struct container_seen *seen, struct wall_ms time, struct text metric,
          uint64_t value, bool given)
{
    if (given && seen->extra_count < CONTAINER_EXTRAS_MAX) {
        seen->extras[seen->extra_count] =
            (struct extra_seen){time, metric, TEXT(""), (double)value};
        seen->extra_count++;
    }
}

static void
add_extras(struct container_seen *seen, const struct cgroup_usage *usage)
{
    struct wall_ms time = usage->cpu.time;
    add_extra(seen, time, TEXT("cgroup/pids"), usage->pids,
              (usage->has & HAS_CGROUP_PIDS) != 0);
    add_extra(seen, time, TEXT("cgroup/pids_limit"), usage->pids_limit,
              (usage->has & HAS_CGROUP_PIDS_LIMIT) != 0);
    add_extra(seen, time, TEXT("cgroup/cpu_limit"), usage->cpu_limit_milli,
              (usage->has & HAS_CGROUP_CPU_LIMIT) != 0);
    add_extra(seen, time, TEXT("cgroup/memory_limit"), usage->memory_limit,
              (usage->has & HAS_CGROUP_MEMORY_LIMIT) != 0);
}

static bool
read_usage(struct host *host, const struct cgroup_entry *entry, unsigned want,
           struct cgroup_usage *usage)
{
    bool found = cgroup_usage_read(&host->files, &host->machine.cgroups,
                                   cgroup_path(&host->walk, entry), now_of(host),
                                   want | (host->machine.without_swap ? 0 : WANT_SWAP),
                                   usage);
    host->counters.vanished += found ? 0 : 1;
    return found;
}

// The name that is shown: what was found, else the beginning of the id.
static struct text
shown_name(const struct host *host, const struct cgroup_entry *entry,
           const struct container_name *name)
{
    struct text known = container_name_words(name).container;
    struct text id = cgroup_entry_name(&host->walk, entry).id;
    bool named = name->naming != NAMING_UNKNOWN && known.size > 0;
    return named ? known : text_sub(id, 0, SHORT_ID_BYTES);
}

static bool
fill_container(struct host *host, const struct cgroup_entry *entry,
               const struct container_name *name, struct container_seen *seen)
{
    struct cgroup_usage usage;
    if (!read_usage(host, entry, host->container_want, &usage)) {
        return false;
    }
    seen->name = shown_name(host, entry, name);
    seen->image = container_name_words(name).image;
    seen->start_time = name->start_time;
    seen->cpu = usage.cpu;
    seen->memory = usage.memory;
    seen->pressure = usage.pressure;
    seen->rootfs = (struct filesystem_seen){0};
    seen->logs = (struct filesystem_seen){0};
    seen->disk = (struct disk_seen){0};
    if ((usage.has & HAS_CGROUP_DISK) != 0) {
        seen->disk.time = usage.cpu.time;
        seen->disk.read_bytes = usage.read_bytes;
        seen->disk.write_bytes = usage.write_bytes;
    }
    seen->extra_count = 0;
    add_extras(seen, &usage);
    host->counters.container_count++;
    return true;
}

// Empties a pod without touching what is not used of its 90 KiB.
static void
begin_pod(struct pod_seen *pod, const struct container_words *words)
{
    pod->namespace_name = words->namespace_name;
    pod->name = words->pod;
    pod->uid = TEXT("");
    pod->start_time = (struct wall_ms){0};
    pod->cpu = (struct cpu_seen){0};
    pod->memory = (struct memory_seen){0};
    pod->network = (struct network_seen){0};
    pod->ephemeral = (struct filesystem_seen){0};
    pod->pressure = (struct pressure_seen){0};
    pod->container_count = 0;
    pod->volume_count = 0;
}

static bool
first_pid(struct host *host, const struct cgroup_entry *entry, uint64_t *pid)
{
    char bytes[HOST_PATH_BYTES_MAX];
    struct out dir = out_of(bytes, sizeof bytes);
    struct text content;
    struct text line;
    out_text(&dir, host->walk.mount);
    out_text(&dir, cgroup_path(&host->walk, entry));
    return !dir.full &&
           host_file_read(&host->files, out_view(&dir), TEXT("cgroup.procs"),
                          &content) == 0 &&
           line_next(&content, &line) && text_to_u64(line, pid) == 0 && *pid != 0;
}

// Where names come from the kubelet's logs, the container without one is the
// sandbox, since it alone writes no log; not so when the sandbox is known.
static bool
is_unnamed_sandbox(struct host *host, const struct cgroup_entry *pod)
{
    bool named = false;
    for (uint32_t i = 0; i < pod->below_count; i++) {
        const struct container_name *name =
            naming_of(&host->naming, entry_at(host, pod->first_below + i));
        if (name != NULL && name->naming == NAMING_SANDBOX) {
            return false;
        }
        named = named || (name != NULL && name->naming == NAMING_FOUND);
    }
    return named;
}

static void
fill_pod_containers(struct host *host, const struct cgroup_entry *entry,
                    struct pod_seen *pod)
{
    bool unnamed_sandbox = is_unnamed_sandbox(host, entry);
    uint64_t pid = 0;
    for (uint32_t i = 0; i < entry->below_count; i++) {
        const struct cgroup_entry *below = entry_at(host, entry->first_below + i);
        const struct container_name *name = naming_of(&host->naming, below);
        if (name == NULL || below->kind != CGROUP_CONTAINER) {
            continue;
        }
        // All containers of a pod share its network; any process will do.
        if (pid == 0 && first_pid(host, below, &pid)) {
            network_observe_pod(&host->machine.network, pid, &pod->network);
        }
        if (name->naming == NAMING_SANDBOX ||
            (name->naming == NAMING_UNKNOWN && unnamed_sandbox)) {
            continue;
        }
        if (pod->container_count == POD_CONTAINERS_MAX) {
            (void)host_files_note(&host->files, -ERR_TOO_MANY);
            return;
        }
        if (fill_container(host, below, name, &pod->containers[pod->container_count])) {
            pod->container_count++;
        }
    }
}

// True when the pod could be named and was handed over.
static bool
hand_over_pod(struct host *host, const struct cgroup_entry *entry)
{
    char uid_bytes[UID_BYTES_MAX];
    struct out uid = out_of(uid_bytes, sizeof uid_bytes);
    struct pod_seen *pod = &host->seen.pod;
    struct cgroup_usage usage;
    const struct container_name *name = naming_of(&host->naming, entry);
    if (name == NULL || name->naming != NAMING_FOUND) {
        return false;
    }
    struct container_words words = container_name_words(name);
    if (words.pod.size == 0) {
        return false;
    }
    if (!read_usage(host, entry, host->pod_want, &usage)) {
        return true;
    }
    begin_pod(pod, &words);
    if (cgroup_pod_uid(cgroup_entry_name(&host->walk, entry).id, &uid)) {
        pod->uid = out_view(&uid);
    }
    pod->start_time = name->start_time;
    pod->cpu = usage.cpu;
    pod->memory = usage.memory;
    pod->pressure = usage.pressure;
    pod->network.time = usage.cpu.time;
    fill_pod_containers(host, entry, pod);
    host->counters.pod_count++;
    host->observer.on_pod(host->observer.context, pod);
    return true;
}

// A container of a pod whose own control group is not to be seen.
static void
hand_over_lone_container(struct host *host, const struct cgroup_entry *entry,
                         const struct container_name *name)
{
    struct pod_seen *pod = &host->seen.pod;
    struct container_words words = container_name_words(name);
    begin_pod(pod, &words);
    if (fill_container(host, entry, name, &pod->containers[0])) {
        pod->container_count = 1;
        host->observer.on_pod(host->observer.context, pod);
    }
}

static void
hand_over_pods(struct host *host)
{
    for (uint32_t i = 0; i < host->walk.count; i++) {
        struct cgroup_entry *entry = &host->walk.entries[i];
        entry->done = entry->kind == CGROUP_POD && hand_over_pod(host, entry);
    }
}

static void
begin_batch(struct host *host)
{
    struct node_seen *node = &host->seen.node;
    node->name = host_name(host);
    node->start_time = host->machine.boot_time;
    node->cpu = (struct cpu_seen){0};
    node->memory = (struct memory_seen){0};
    node->network = (struct network_seen){0};
    node->pressure = (struct pressure_seen){0};
    node->filesystem_count = 0;
    node->disk_count = 0;
    node->system_container_count = 0;
}

static void
end_batch(struct host *host)
{
    struct node_seen *node = &host->seen.node;
    if (node->system_container_count > 0) {
        host->observer.on_node(host->observer.context, node);
        node->system_container_count = 0;
    }
}

// Whether an entry goes over as a system container of the node.
static bool
is_system(const struct host *host, const struct cgroup_entry *entry,
          const struct container_name *name)
{
    if (name == NULL || name->naming == NAMING_SANDBOX) {
        return false;
    }
    if (entry->kind != CGROUP_CONTAINER) {
        return cgroup_is_shown(&host->walk, entry) && name->naming == NAMING_FOUND;
    }
    return !cgroup_is_in_pod(&host->walk, entry) || !entry_at(host, entry->parent)->done;
}

static bool
is_lone(const struct cgroup_entry *entry, const struct container_name *name)
{
    return entry->kind == CGROUP_CONTAINER && name != NULL &&
           name->naming == NAMING_FOUND && container_name_words(name).pod.size > 0;
}

static void
hand_over_system(struct host *host)
{
    struct node_seen *node = &host->seen.node;
    begin_batch(host);
    for (uint32_t i = 0; i < host->walk.count; i++) {
        const struct cgroup_entry *entry = entry_at(host, i);
        const struct container_name *name = naming_of(&host->naming, entry);
        if (!is_system(host, entry, name) || is_lone(entry, name)) {
            continue;
        }
        if (fill_container(host, entry, name,
                           &node->system_containers[node->system_container_count])) {
            node->system_container_count++;
        }
        if (node->system_container_count == NODE_SYSTEM_CONTAINERS_MAX) {
            end_batch(host);
        }
    }
    end_batch(host);
}

static void
hand_over_lone(struct host *host)
{
    for (uint32_t i = 0; i < host->walk.count; i++) {
        const struct cgroup_entry *entry = entry_at(host, i);
        const struct container_name *name = naming_of(&host->naming, entry);
        if (is_system(host, entry, name) && is_lone(entry, name)) {
            hand_over_lone_container(host, entry, name);
        }
    }
}

void
host_collect(struct host *host, struct wall_ms now, struct observer observer)
{
    host->observer = observer;
    host->cycle_wall = now;
    host->cycle_mono = platform_mono_now(host->files.platform);
    host->counters.container_count = 0;
    host->counters.pod_count = 0;
    machine_mounts(&host->machine, now);
    machine_observe(&host->machine, now, &host->seen.node);
    observer.on_node(observer.context, &host->seen.node);
    if (cgroup_walk_run(&host->walk, &host->files, &host->machine.cgroups) != 0) {
        // Perhaps mounted elsewhere by now.
        host->machine.mounts_read = (struct wall_ms){0};
    }
    naming_run(&host->naming, now);
    hand_over_pods(host);
    hand_over_lone(host);
    hand_over_system(host);
    host->counters.cycles++;
    struct mono_ns end = platform_mono_now(host->files.platform);
    int64_t us = (end.ns - host->cycle_mono.ns) / NS_PER_US;
    host->counters.duration_us = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

void
host_read_counters(const struct host *host, struct host_counters *counters)
{
    *counters = host->counters;
    counters->reads = host->files.reads;
    memcpy(counters->errors, host->files.errors, sizeof counters->errors);
    memcpy(counters->unnamed, host->naming.names.unnamed, sizeof counters->unnamed);
    counters->groups_refused = host->walk.refused;
    counters->mounts_dropped = host->machine.mounts.dropped;
    counters->names_evicted = host->naming.names.evicted;
    counters->group_count = host->walk.count;
    counters->group_limit = host->walk.limit;
}
