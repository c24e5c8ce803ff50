// A random life of a cluster, told to the table as API servers and kubelets
// tell it, next to a plain model of what the sums must be. Every pod that
// runs counts, whether the table had a row for it or not.
#ifndef SKERRY_TESTS_UNIT_TABLE_CHURN_H
#define SKERRY_TESTS_UNIT_TABLE_CHURN_H

#include "kit.h"

enum { CHURN_PODS_MAX = 400, CHURN_CONTAINERS_MAX = 4 };

struct churn_pod {
    bool known;    // the API server names it
    bool running;  // a kubelet names it
    bool placed;   // its namespace had a row when it was last told of
    unsigned space, node;  // node 0: not scheduled
    unsigned generation;   // in its uid
    uint32_t containers;
    uint32_t cpu_request, cpu_limit;  // of each container
    uint64_t memory_request, memory_limit, ephemeral_request;
    enum pod_phase phase;
    // As kubelets see it.
    uint64_t cpu_ns;
    uint64_t memory;
    // As last told.
    bool told_cpu, had_row;
    uint64_t told_cpu_ns, told_memory;
    int64_t told_ms;
    uint32_t told_cycle_s;  // 0 = never
    bool has_rate;
    float rate;
};

struct churn {
    struct kit kit;
    uint64_t random;
    unsigned spaces, nodes, pods;
    bool by_line;     // the resource format instead of the summary
    bool may_miss;    // scrapes are missed, pods wait for a node
    bool texts_short; // namespaces may have no row
    unsigned missed[16];
    struct churn_pod pod[CHURN_PODS_MAX];
};

KIT uint64_t
churn_below(struct churn *churn, uint64_t limit)
{
    return test_random_below(&churn->random, limit);
}

KIT const char *
churn_name(const char *prefix, unsigned number)
{
    static char names[8][64];
    static unsigned next;
    char *name = names[next++ % 8];
    snprintf(name, sizeof names[0], "%s-%u-with-a-name-that-takes-cells", prefix, number);
    return name;
}

KIT const char *
churn_node_name(unsigned node)
{
    return node == 0 ? "" : churn_name("n", node);
}

KIT void
churn_open(struct churn *churn, struct capacity capacity)
{
    churn->random = test_seed();
    kit_open(&churn->kit, capacity);
    for (unsigned i = 1; i <= churn->nodes; i++) {
        CHECK(kit_put_node(&churn->kit, churn_node_name(i)) != 0);
    }
}

KIT struct pod_object *
churn_object(const struct churn *churn, unsigned i)
{
    const struct churn_pod *from = &churn->pod[i];
    struct pod_object *pod = kit_pod(churn_name("ns", from->space), churn_name("p", i),
                                     churn_node_name(from->node), from->containers);
    static char uid[40];
    snprintf(uid, sizeof uid, "%08x-0000-0000-0000-%012x", i, from->generation);
    pod->uid = text_of(uid);
    pod->phase = from->phase;
    for (uint32_t k = 0; k < from->containers; k++) {
        pod->containers[k].requests.cpu_milli = from->cpu_request;
        pod->containers[k].limits.cpu_milli = from->cpu_limit;
        pod->containers[k].requests.memory = from->memory_request;
        pod->containers[k].limits.memory = from->memory_limit;
        pod->containers[k].requests.ephemeral = from->ephemeral_request;
    }
    return pod;
}

KIT void
churn_place(struct churn *churn, unsigned i)
{
    struct churn_pod *pod = &churn->pod[i];
    pod->placed = table_lookup_namespace(&churn->kit.reader,
                                         text_of(churn_name("ns", pod->space))) != 0;
}

KIT void
churn_put(struct churn *churn, unsigned i)
{
    churn->pod[i].known = true;
    table_put_pod(churn->kit.writer, 1, churn_object(churn, i));
    churn_place(churn, i);
}

KIT void
churn_forget(struct churn_pod *pod)
{
    unsigned generation = pod->generation + 1;
    *pod = (struct churn_pod){.generation = generation};
}

KIT void
churn_remove(struct churn *churn, unsigned i)
{
    table_remove_pod(churn->kit.writer, 1, churn_object(churn, i));
    churn_forget(&churn->pod[i]);
}

KIT void
churn_request(struct churn *churn, struct churn_pod *pod)
{
    pod->containers = (uint32_t)churn_below(churn, CHURN_CONTAINERS_MAX + 1);
    pod->cpu_request = (uint32_t)churn_below(churn, 4) * 50;
    pod->cpu_limit = (uint32_t)churn_below(churn, 3) * 500;
    pod->memory_request = churn_below(churn, 4) << 24;
    pod->memory_limit = churn_below(churn, 3) << 28;
    pod->ephemeral_request = churn_below(churn, 2) << 30;
}

// A pod that is not there yet: a kubelet, the API server or both know it.
KIT void
churn_create(struct churn *churn, unsigned i)
{
    struct churn_pod *pod = &churn->pod[i];
    pod->phase = POD_RUNNING;
    pod->space = i % churn->spaces;
    pod->node = 1 + (unsigned)churn_below(churn, churn->nodes);
    churn_request(churn, pod);
    pod->running = true;
    if (churn->may_miss && churn_below(churn, 5) == 0) {
        pod->node = 0;
        pod->running = false;
        pod->phase = POD_PENDING;
    }
    // Counters of a later pod of the same name begin lower.
    pod->cpu_ns = (1000000 - (uint64_t)pod->generation) * 1000000000000;
    bool first = pod->generation == 0 && pod->node != 0;
    if (first && !churn->by_line && churn_below(churn, 3) == 0) {
        return;  // the API server names it later
    }
    churn_put(churn, i);
}

KIT void
churn_change(struct churn *churn, unsigned i)
{
    struct churn_pod *pod = &churn->pod[i];
    switch (churn_below(churn, 6)) {
    case 0:
        churn_remove(churn, i);
        return;
    case 1:
        pod->phase = POD_SUCCEEDED;
        pod->running = false;
        break;
    case 2:  // deleted and made anew under its name, unseen between
        if (pod->known) {
            unsigned generation = pod->generation + 1;
            *pod = (struct churn_pod){.generation = generation};
            churn_create(churn, i);
            pod->node = pod->node == 0 ? 1 : pod->node;
            pod->phase = POD_RUNNING;
            pod->running = true;
        }
        break;
    case 3:
        churn_request(churn, pod);  // resized
        break;
    default:
        if (pod->phase == POD_PENDING) {
            pod->node = 1 + (unsigned)churn_below(churn, churn->nodes);
            pod->phase = POD_RUNNING;
            pod->running = true;
        }
        break;
    }
    churn_put(churn, i);
}

KIT bool
churn_exists(const struct churn_pod *pod)
{
    return pod->known || pod->running;
}

KIT void
churn_step(struct churn *churn)
{
    unsigned i = (unsigned)churn_below(churn, churn->pods);
    if (!churn_exists(&churn->pod[i])) {
        churn_create(churn, i);
    } else {
        churn_change(churn, i);
    }
}

// A list after a gap in which some pods were deleted unseen.
KIT void
churn_relist(struct churn *churn)
{
    for (unsigned i = 0; i < churn->pods; i++) {
        if (churn->pod[i].known && churn_below(churn, 8) == 0) {
            churn_forget(&churn->pod[i]);
        }
    }
    table_list_begin(churn->kit.writer, 1, OBJECT_POD);
    unsigned from = (unsigned)churn_below(churn, churn->pods);
    for (unsigned k = 0; k < churn->pods; k++) {
        unsigned i = (from + k) % churn->pods;
        if (churn->pod[i].known) {
            churn_put(churn, i);
        }
    }
    table_list_end(churn->kit.writer, 1, OBJECT_POD);
}

KIT void
churn_tell_lines(struct churn *churn, unsigned i)
{
    const struct churn_pod *pod = &churn->pod[i];
    struct kit *kit = &churn->kit;
    static struct container_seen container;
    for (uint32_t k = 0; k < pod->containers; k++) {
        memset(&container, 0, sizeof container);
        container.name = text_of(k == 0 ? "c0" : k == 1 ? "c1" : k == 2 ? "c2" : "c3");
        container.memory = kit_memory(kit, 1);
        table_observe_container(kit->writer, text_of(churn_name("ns", pod->space)),
                                text_of(churn_name("p", i)), &container);
    }
    struct pod_seen *seen = kit_seen(kit, churn_name("ns", pod->space), churn_name("p", i),
                                     pod->cpu_ns, pod->memory);
    struct memory_seen memory = seen->memory;
    seen->memory.has = 0;
    table_observe_pod(kit->writer, seen);
    seen->memory = memory;
    seen->cpu.has = 0;
    table_observe_pod(kit->writer, seen);
}

KIT void
churn_tell_whole(struct churn *churn, unsigned i)
{
    const struct churn_pod *pod = &churn->pod[i];
    struct kit *kit = &churn->kit;
    struct pod_seen *seen = kit_seen(kit, churn_name("ns", pod->space), churn_name("p", i),
                                     pod->cpu_ns, pod->memory);
    for (uint32_t k = 0; k < pod->containers; k++) {
        kit_add_container(kit, seen, k == 0 ? "c0" : k == 1 ? "c1" : k == 2 ? "c2" : "c3", 1, 1);
    }
    table_observe_pod(kit->writer, seen);
}

// What the sums must make of what is told: a rate needs two counters, and a pod
// that found or lost its row has but one.
KIT void
churn_expect_rate(struct churn *churn, unsigned i, bool has_row)
{
    struct churn_pod *pod = &churn->pod[i];
    int64_t now_ms = kit_now(&churn->kit).ms;
    pod->has_rate = pod->told_cpu && pod->had_row == has_row && pod->cpu_ns >= pod->told_cpu_ns;
    if (pod->has_rate) {
        double ns = (double)(pod->cpu_ns - pod->told_cpu_ns);
        pod->rate = (float)(ns * 1e-3 / (double)(now_ms - pod->told_ms));
    }
    pod->told_cpu = true;
    pod->had_row = has_row;
    pod->told_cpu_ns = pod->cpu_ns;
    pod->told_ms = now_ms;
}

KIT void
churn_tell(struct churn *churn, unsigned i)
{
    struct churn_pod *pod = &churn->pod[i];
    if (pod->told_cycle_s != churn->kit.cycle_s) {
        pod->cpu_ns += churn_below(churn, 1000) * 15000000;
        pod->memory = churn_below(churn, 1 << 20);
    }
    if (churn->by_line) {
        churn_tell_lines(churn, i);
    } else {
        churn_tell_whole(churn, i);
    }
    if (pod->told_cycle_s != churn->kit.cycle_s) {
        bool has_row = kit_find_pod(&churn->kit, churn_name("ns", pod->space),
                                    churn_name("p", i)) != 0;
        churn_expect_rate(churn, i, has_row);
    }
    pod->told_cycle_s = churn->kit.cycle_s;
    pod->told_memory = pod->memory;
    churn_place(churn, i);
}

KIT void
churn_scrape(struct churn *churn, unsigned node)
{
    row_index row = table_find_node(churn->kit.writer, text_of(churn_node_name(node)));
    for (unsigned i = 0; i < churn->pods; i++) {
        const struct churn_pod *pod = &churn->pod[i];
        if (pod->running && pod->node == node) {
            kit_node_begin(&churn->kit, row);
            churn_tell(churn, i);
            if (churn_below(churn, 10) == 0) {
                churn_tell(churn, i);  // an answer that was asked for again
            }
        }
    }
    kit_node_begin(&churn->kit, row);
    table_node_end(churn->kit.writer);
}

KIT void
churn_scrape_all(struct churn *churn)
{
    for (unsigned node = 1; node <= churn->nodes; node++) {
        if (churn->may_miss && churn->missed[node] < 2 && churn_below(churn, 6) == 0) {
            churn->missed[node]++;
        } else {
            churn->missed[node] = 0;
            churn_scrape(churn, node);
        }
    }
}

// The sums

KIT bool
churn_counts(const struct churn_pod *pod)
{
    return churn_exists(pod) && pod->phase != POD_SUCCEEDED;
}

KIT void
churn_add(struct totals *sums, const struct churn_pod *pod, uint32_t cycle_s)
{
    uint64_t requesting = pod->known && pod->node != 0 ? pod->containers : 0;
    sums->pod_count++;
    sums->cpu_request += requesting * pod->cpu_request;
    sums->cpu_limit += requesting * pod->cpu_limit;
    sums->memory_request += requesting * pod->memory_request;
    sums->memory_limit += requesting * pod->memory_limit;
    sums->ephemeral_request += requesting * pod->ephemeral_request;
    sums->container_count += pod->containers;
    if (pod->told_cycle_s != 0 && pod->told_cycle_s + STALE_CYCLES * CYCLE_S >= cycle_s) {
        sums->cpu_usage_milli += pod->has_rate ? (double)pod->rate : 0;
        sums->memory_usage += pod->told_memory;
        sums->memory_working_set += pod->told_memory / 2;
    }
}

// Pods that no one told of yet are in no sum: only a kubelet knows them.
KIT bool
churn_is_told(const struct churn_pod *pod)
{
    return pod->known || pod->told_cycle_s != 0;
}

KIT void
churn_compare(struct totals found, struct totals expected)
{
    CHECK_EQUAL_U64(found.pod_count, expected.pod_count);
    CHECK_EQUAL_U64(found.container_count, expected.container_count);
    CHECK_EQUAL_U64(found.cpu_request, expected.cpu_request);
    CHECK_EQUAL_U64(found.cpu_limit, expected.cpu_limit);
    CHECK_EQUAL_U64(found.memory_request, expected.memory_request);
    CHECK_EQUAL_U64(found.memory_limit, expected.memory_limit);
    CHECK_EQUAL_U64(found.ephemeral_request, expected.ephemeral_request);
    CHECK_EQUAL_U64(found.ephemeral_limit, expected.ephemeral_limit);
    CHECK_EQUAL_U64(found.memory_usage, expected.memory_usage);
    CHECK_EQUAL_U64(found.memory_working_set, expected.memory_working_set);
    double difference = found.cpu_usage_milli - expected.cpu_usage_milli;
    double allowed = 1e-9 * (1 + expected.cpu_usage_milli);
    CHECK(difference <= allowed && difference >= -allowed);
}

KIT void
churn_check_nodes(struct churn *churn)
{
    static struct node_view view;
    for (unsigned node = 1; node <= churn->nodes; node++) {
        struct totals expected = {0};
        for (unsigned i = 0; i < churn->pods; i++) {
            const struct churn_pod *pod = &churn->pod[i];
            if (churn_counts(pod) && churn_is_told(pod) && pod->node == node) {
                churn_add(&expected, pod, 0);
            }
        }
        row_index row = table_lookup_node(&churn->kit.reader, text_of(churn_node_name(node)));
        CHECK(table_read_node(&churn->kit.reader, row, VIEW_NAMES, &view));
        CHECK_EQUAL_U64(view.row.pod_count, expected.pod_count);
        CHECK_EQUAL_U64(view.row.container_count, expected.container_count);
        CHECK_EQUAL_U64(view.row.resources.cpu_request, expected.cpu_request);
        CHECK_EQUAL_U64(view.row.resources.memory_limit, expected.memory_limit);
    }
}

// Ends the cycle and compares every sum.
KIT void
churn_end_cycle(struct churn *churn)
{
    static struct totals spaces[CHURN_PODS_MAX];
    struct totals cluster = {0};
    uint32_t cycle_s = churn->kit.cycle_s;
    memset(spaces, 0, sizeof spaces);
    kit_end_cycle(&churn->kit);
    VERIFY(&churn->kit);
    for (unsigned i = 0; i < churn->pods; i++) {
        const struct churn_pod *pod = &churn->pod[i];
        if (churn_counts(pod) && churn_is_told(pod)) {
            if (pod->placed) {
                churn_add(&spaces[pod->space], pod, cycle_s);
            }
            churn_add(&cluster, pod, cycle_s);
        }
    }
    struct totals found = kit_cluster_totals(&churn->kit);
    CHECK_EQUAL_U64(found.cycle_s, cycle_s);
    CHECK_EQUAL_U64(found.node_count, churn->nodes);
    churn_compare(found, cluster);
    for (unsigned i = 0; i < churn->spaces; i++) {
        const char *name = churn_name("ns", i);
        if (table_lookup_namespace(&churn->kit.reader, text_of(name)) != 0) {
            churn_compare(kit_namespace_totals(&churn->kit, name), spaces[i]);
        } else {
            CHECK(spaces[i].pod_count == 0 || churn->texts_short ||
                  churn->kit.capacity.namespaces < churn->spaces);
        }
    }
    churn_check_nodes(churn);
}

KIT void
churn_run(struct churn *churn, unsigned cycles, unsigned steps_per_cycle)
{
    for (unsigned cycle = 0; cycle < cycles; cycle++) {
        for (unsigned step = 0; step < steps_per_cycle; step++) {
            churn_step(churn);
        }
        VERIFY(&churn->kit);
        if (churn_below(churn, 10) == 0) {
            churn_relist(churn);
            VERIFY(&churn->kit);
        }
        churn_scrape_all(churn);
        churn_end_cycle(churn);
    }
}

#endif
