// What the tests of the table share: a table of a small capacity in memory of
// their own, and short ways to say what happens to it.
#ifndef SKERRY_TESTS_UNIT_TABLE_KIT_H
#define SKERRY_TESTS_UNIT_TABLE_KIT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../test.h"
#include "table/reader.h"
#include "table/writer.h"
#include "verify.h"

#define KIT static __attribute__((unused))

#define CYCLE_S 15u
#define FIRST_CYCLE_S 1700000010u  // a multiple of the resolution
#define RESOLUTION_MS 15000u

struct kit {
    struct capacity capacity;
    size_t size;
    unsigned char *memory;  // the table's file
    unsigned char *block;   // the writer's own
    struct table_writer *writer;
    struct table_reader reader;
    uint32_t cycle_s;  // running
    bool kept;
};

KIT struct capacity
kit_capacity(uint32_t nodes, uint32_t namespaces, uint32_t pods, uint32_t containers)
{
    struct capacity capacity = {.nodes = nodes, .namespaces = namespaces, .pods = pods,
                                .containers = containers, .connections = 1, .clients = 1, .events = 150,
                                .pressure = PRESSURE_CONTAINERS};
    capacity_derive(&capacity);
    return capacity;
}

// A writer over the kit's memory, as a process that begins has one.
KIT void
kit_begin_writer(struct kit *kit)
{
    struct arena arena;
    size_t bytes = table_writer_footprint(&kit->capacity);
    free(kit->block);
    kit->block = aligned_alloc(64, (bytes + 63) / 64 * 64);
    memset(kit->block, 0, bytes);
    arena_init(&arena, kit->block, bytes);
    kit->writer = table_writer_init(&arena, kit->memory, kit->size, &kit->capacity,
                                    (struct hash_key){11, 12}, RESOLUTION_MS,
                                    (struct wall_ms){1700000000000}, &kit->kept);
    CHECK_EQUAL_U64(arena.used, arena.size);
}

KIT void
kit_add_source(struct kit *kit, unsigned source, enum source_kind kind)
{
    table_put_source(kit->writer, source, kind, TEXT("kubernetes:https://api:6443"), false, false);
}

KIT void
kit_open(struct kit *kit, struct capacity capacity)
{
    *kit = (struct kit){.capacity = capacity, .cycle_s = FIRST_CYCLE_S};
    kit->size = table_bytes(&capacity);
    kit->memory = aligned_alloc(64, (kit->size + 63) / 64 * 64);
    memset(kit->memory, 0xa5, kit->size);  // a new table needs no zeroes
    kit_begin_writer(kit);
    CHECK(!kit->kept);
    kit_add_source(kit, 1, SOURCE_KUBERNETES);
    CHECK(table_reader_init(&kit->reader, kit->memory, kit->size) == 0);
}

KIT void
kit_close(struct kit *kit)
{
    free(kit->memory);
    free(kit->block);
    *kit = (struct kit){0};
}

#define VERIFY(kit)                                                        \
    do {                                                                   \
        const char *wrong_ = table_verify_writer((kit)->writer);           \
        if (wrong_ != NULL) {                                              \
            test_fail(__FILE__, __LINE__, wrong_);                         \
        }                                                                  \
    } while (0)

KIT void
kit_end_cycle(struct kit *kit)
{
    table_cycle_end(kit->writer, kit->cycle_s);
    kit->cycle_s += CYCLE_S;
}

KIT struct wall_ms
kit_now(const struct kit *kit)
{
    return (struct wall_ms){(int64_t)kit->cycle_s * 1000};
}

KIT row_index
kit_put_node(struct kit *kit, const char *name)
{
    static struct node_object node;
    memset(&node, 0, sizeof node);
    node.name = text_of(name);
    node.ready = CONDITION_TRUE;
    node.allocatable.cpu_milli = 4000;
    node.allocatable.memory = UINT64_C(8) << 30;
    node.capacity = node.allocatable;
    return table_put_node(kit->writer, 1, &node, TEXT(""));
}

KIT row_index
kit_put_namespace(struct kit *kit, const char *name)
{
    static struct namespace_object object;
    memset(&object, 0, sizeof object);
    object.name = text_of(name);
    return table_put_namespace(kit->writer, 1, &object);
}

// A running pod with `containers` containers "c0", "c1" ... that request 100 m
// and 1 MiB each. Change what differs, then put it.
KIT struct pod_object *
kit_pod(const char *space, const char *name, const char *node, uint32_t containers)
{
    static struct pod_object pod;
    static const char *const names[] = {"c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"};
    memset(&pod, 0, sizeof pod);
    pod.namespace_name = text_of(space);
    pod.name = text_of(name);
    pod.node_name = text_of(node);
    pod.phase = POD_RUNNING;
    pod.container_count = containers;
    for (uint32_t i = 0; i < containers; i++) {
        pod.containers[i].name = text_of(names[i % ARRAY_COUNT(names)]);
        pod.containers[i].image = TEXT("registry.example/app:1.0");
        pod.containers[i].state = CONTAINER_RUNNING;
        pod.containers[i].requests.cpu_milli = 100;
        pod.containers[i].requests.memory = 1 << 20;
    }
    return &pod;
}

KIT row_index
kit_put_pod(struct kit *kit, const char *space, const char *name, const char *node,
            uint32_t containers)
{
    return table_put_pod(kit->writer, 1, kit_pod(space, name, node, containers));
}

KIT void
kit_remove_pod(struct kit *kit, const char *space, const char *name)
{
    table_remove_pod(kit->writer, 1, kit_pod(space, name, "", 0));
}

KIT void
kit_node_begin(struct kit *kit, row_index node)
{
    table_node_begin(kit->writer, 1, node, kit->cycle_s, kit_now(kit));
}

KIT struct cpu_seen
kit_cpu(const struct kit *kit, uint64_t usage_ns, uint64_t nanocores)
{
    return (struct cpu_seen){.has = HAS_CPU_USAGE | HAS_CPU_NANOCORES, .time = kit_now(kit),
                             .usage_ns = usage_ns, .usage_nanocores = nanocores};
}

KIT struct memory_seen
kit_memory(const struct kit *kit, uint64_t usage)
{
    return (struct memory_seen){.has = HAS_MEMORY_USAGE | HAS_MEMORY_WORKING_SET,
                                .time = kit_now(kit), .usage = usage, .working_set = usage / 2};
}

// What a kubelet says of a pod: CPU and memory of its own. Change what differs,
// then hand it over.
KIT struct pod_seen *
kit_seen(const struct kit *kit, const char *space, const char *name, uint64_t usage_ns,
         uint64_t memory)
{
    static struct pod_seen seen;
    memset(&seen, 0, sizeof seen);
    seen.namespace_name = text_of(space);
    seen.name = text_of(name);
    seen.cpu = kit_cpu(kit, usage_ns, 0);
    seen.cpu.has = HAS_CPU_USAGE;
    seen.memory = kit_memory(kit, memory);
    return &seen;
}

KIT void
kit_add_container(const struct kit *kit, struct pod_seen *seen, const char *name,
                  uint64_t usage_ns, uint64_t memory)
{
    struct container_seen *container = &seen->containers[seen->container_count++];
    container->name = text_of(name);
    container->cpu = kit_cpu(kit, usage_ns, 0);
    container->cpu.has = HAS_CPU_USAGE;
    container->memory = kit_memory(kit, memory);
}

KIT row_index
kit_find_pod(const struct kit *kit, const char *space, const char *name)
{
    row_index index = table_lookup_namespace(&kit->reader, text_of(space));
    return index == 0 ? 0 : table_lookup_pod(&kit->reader, index, text_of(name));
}

// The row of a pod; the case fails when there is none.
KIT const struct pod_view *
kit_read_pod(const struct kit *kit, const char *space, const char *name)
{
    static struct pod_view view;
    row_index index = kit_find_pod(kit, space, name);
    CHECK(index != 0);
    CHECK(table_read_pod(&kit->reader, index, VIEW_LABELS | VIEW_DETAILS, &view));
    CHECK_EQUAL_TEXT(view.name, name);
    CHECK_EQUAL_TEXT(view.namespace_name, space);
    return &view;
}

KIT const struct container_view *
kit_read_container(const struct kit *kit, const char *space, const char *pod, const char *name)
{
    static struct container_view view;
    row_index index = table_lookup_container(&kit->reader, kit_read_pod(kit, space, pod),
                                             text_of(name));
    CHECK(index != 0);
    CHECK(table_read_container(&kit->reader, index, VIEW_DETAILS, &view));
    return &view;
}

KIT struct totals
kit_namespace_totals(const struct kit *kit, const char *name)
{
    static struct namespace_view view;
    row_index index = table_lookup_namespace(&kit->reader, text_of(name));
    CHECK(index != 0);
    CHECK(table_read_namespace(&kit->reader, index, VIEW_NAMES, &view));
    return view.row.totals[view.row.head.newest];
}

KIT struct totals
kit_cluster_totals(const struct kit *kit)
{
    struct totals totals;
    CHECK(table_read_totals(&kit->reader, 0, &totals));
    return totals;
}

KIT uint64_t
kit_error_count(const struct kit *kit, enum error error)
{
    return kit->reader.header->error_total[error];
}

// A metric of a pod; -1 when it is absent.
KIT double
kit_pod_metric(const struct kit *kit, const char *space, const char *name, enum metric metric)
{
    struct metric_value value;
    struct wall_ms time;
    if (!table_pod_metric(&kit->reader, kit_read_pod(kit, space, name), metric, TEXT(""), 0,
                          &value, &time)) {
        return -1;
    }
    return value.is_double ? value.real : (double)value.u64;
}

KIT double
kit_container_metric(const struct kit *kit, const struct container_view *view, enum metric metric,
                     const char *resource_id)
{
    struct metric_value value;
    struct wall_ms time;
    if (!table_container_metric(&kit->reader, view, metric, text_of(resource_id), 0, &value,
                                &time)) {
        return -1;
    }
    return value.is_double ? value.real : (double)value.u64;
}

KIT double
kit_node_metric(const struct kit *kit, const char *name, enum metric metric,
                const char *resource_id)
{
    static struct node_view view;
    struct metric_value value;
    struct wall_ms time;
    row_index index = table_lookup_node(&kit->reader, text_of(name));
    CHECK(index != 0);
    CHECK(table_read_node(&kit->reader, index, VIEW_NAMES, &view));
    if (!table_node_metric(&kit->reader, &view, metric, text_of(resource_id), 0, &value, &time)) {
        return -1;
    }
    return value.is_double ? value.real : (double)value.u64;
}

#endif
