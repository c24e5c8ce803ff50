// An observer that hashes everything it sees into a struct fuzz.
#ifndef SKERRY_TESTS_FUZZ_FUZZ_OBSERVER_H
#define SKERRY_TESTS_FUZZ_FUZZ_OBSERVER_H

#include "fuzz.h"
#include "model/observation.h"

static inline void
fuzz_cpu(struct fuzz *fuzz, const struct cpu_seen *cpu)
{
    fuzz_u64(fuzz, cpu->has);
    fuzz_u64(fuzz, (uint64_t)cpu->time.ms);
    fuzz_u64(fuzz, cpu->usage_ns ^ cpu->usage_nanocores);
    fuzz_u64(fuzz, cpu->load_milli);
}

static inline void
fuzz_memory(struct fuzz *fuzz, const struct memory_seen *memory)
{
    fuzz_u64(fuzz, memory->has);
    fuzz_u64(fuzz, (uint64_t)memory->time.ms);
    fuzz_u64(fuzz, memory->usage ^ memory->working_set ^ memory->rss);
    fuzz_u64(fuzz, memory->cache ^ memory->swap ^ memory->available);
    fuzz_u64(fuzz, memory->page_faults ^ memory->major_page_faults);
}

static inline void
fuzz_network(struct fuzz *fuzz, const struct network_seen *network)
{
    fuzz_u64(fuzz, network->has);
    fuzz_u64(fuzz, (uint64_t)network->time.ms);
    fuzz_u64(fuzz, network->rx ^ network->tx);
    fuzz_u64(fuzz, network->rx_errors ^ network->tx_errors);
}

static inline void
fuzz_filesystem(struct fuzz *fuzz, const struct filesystem_seen *filesystem)
{
    fuzz_text(fuzz, filesystem->name);
    fuzz_u64(fuzz, filesystem->has);
    fuzz_u64(fuzz, (uint64_t)filesystem->time.ms);
    fuzz_u64(fuzz, filesystem->used ^ filesystem->capacity);
    fuzz_u64(fuzz, filesystem->available ^ filesystem->inodes);
    fuzz_u64(fuzz, filesystem->inodes_free);
}

static inline void
fuzz_pressure(struct fuzz *fuzz, const struct pressure_seen *pressure)
{
    fuzz_u64(fuzz, pressure->has);
    fuzz_u64(fuzz, (uint64_t)pressure->time.ms);
    fuzz_u64(fuzz, pressure->cpu_some_us ^ pressure->cpu_full_us);
    fuzz_u64(fuzz, pressure->memory_some_us ^ pressure->memory_full_us);
    fuzz_u64(fuzz, pressure->io_some_us ^ pressure->io_full_us);
}

static inline void
fuzz_container(struct fuzz *fuzz, const struct container_seen *container)
{
    FUZZ_CHECK(container->name.size > 0);
    FUZZ_CHECK(container->extra_count <= CONTAINER_EXTRAS_MAX);
    fuzz_text(fuzz, container->name);
    fuzz_text(fuzz, container->image);
    fuzz_u64(fuzz, (uint64_t)container->start_time.ms);
    fuzz_cpu(fuzz, &container->cpu);
    fuzz_memory(fuzz, &container->memory);
    fuzz_filesystem(fuzz, &container->rootfs);
    fuzz_filesystem(fuzz, &container->logs);
    fuzz_pressure(fuzz, &container->pressure);
    fuzz_u64(fuzz, container->disk.read_bytes ^ container->disk.write_bytes);
    for (uint32_t i = 0; i < container->extra_count; i++) {
        fuzz_text(fuzz, container->extras[i].metric);
        fuzz_text(fuzz, container->extras[i].label);
        fuzz_u64(fuzz, (uint64_t)container->extras[i].time.ms);
        uint64_t bits;
        memcpy(&bits, &container->extras[i].value, sizeof bits);
        fuzz_u64(fuzz, bits);
    }
}

static inline void
fuzz_on_node(void *context, const struct node_seen *node)
{
    struct fuzz *fuzz = context;
    FUZZ_CHECK(node->filesystem_count <= NODE_FILESYSTEMS_MAX);
    FUZZ_CHECK(node->disk_count <= NODE_DISKS_MAX);
    FUZZ_CHECK(node->system_container_count <= NODE_SYSTEM_CONTAINERS_MAX);
    fuzz_text(fuzz, node->name);
    fuzz_u64(fuzz, (uint64_t)node->start_time.ms);
    fuzz_cpu(fuzz, &node->cpu);
    fuzz_memory(fuzz, &node->memory);
    fuzz_network(fuzz, &node->network);
    fuzz_pressure(fuzz, &node->pressure);
    for (uint32_t i = 0; i < node->filesystem_count; i++) {
        fuzz_filesystem(fuzz, &node->filesystems[i]);
    }
    for (uint32_t i = 0; i < node->disk_count; i++) {
        fuzz_text(fuzz, node->disks[i].device);
        fuzz_u64(fuzz, node->disks[i].read_bytes ^ node->disks[i].write_bytes);
    }
    for (uint32_t i = 0; i < node->system_container_count; i++) {
        fuzz_container(fuzz, &node->system_containers[i]);
    }
}

static inline void
fuzz_on_pod(void *context, const struct pod_seen *pod)
{
    struct fuzz *fuzz = context;
    FUZZ_CHECK(pod->container_count <= POD_CONTAINERS_MAX);
    FUZZ_CHECK(pod->volume_count <= POD_VOLUMES_MAX);
    FUZZ_CHECK(pod->name.size > 0 && pod->namespace_name.size > 0);
    fuzz_text(fuzz, pod->namespace_name);
    fuzz_text(fuzz, pod->name);
    fuzz_text(fuzz, pod->uid);
    fuzz_u64(fuzz, (uint64_t)pod->start_time.ms);
    fuzz_cpu(fuzz, &pod->cpu);
    fuzz_memory(fuzz, &pod->memory);
    fuzz_network(fuzz, &pod->network);
    fuzz_filesystem(fuzz, &pod->ephemeral);
    fuzz_pressure(fuzz, &pod->pressure);
    for (uint32_t i = 0; i < pod->volume_count; i++) {
        fuzz_filesystem(fuzz, &pod->volumes[i]);
    }
    for (uint32_t i = 0; i < pod->container_count; i++) {
        fuzz_container(fuzz, &pod->containers[i]);
    }
}

static inline void
fuzz_on_container(void *context, struct text namespace_name, struct text pod,
                  const struct container_seen *container)
{
    struct fuzz *fuzz = context;
    fuzz_text(fuzz, namespace_name);
    fuzz_text(fuzz, pod);
    fuzz_container(fuzz, container);
}

static inline struct observer
fuzz_observer(struct fuzz *fuzz)
{
    return (struct observer){fuzz, fuzz_on_node, fuzz_on_pod, fuzz_on_container};
}

#endif
