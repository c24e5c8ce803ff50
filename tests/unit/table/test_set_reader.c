#include "table/set_reader.h"

#include "churn.h"

static struct kit kit;
static struct set_reader *sets;

static void
open_sets(void)
{
    static unsigned char block[512 * 1024] __attribute__((aligned(16)));
    struct arena arena;
    memset(block, 0, sizeof block);
    CHECK(set_reader_footprint() <= sizeof block);
    arena_init(&arena, block, set_reader_footprint());
    sets = set_reader_new(&arena);
    CHECK_EQUAL_U64(arena.used, arena.size);
}

// A cluster with something of everything

static struct filesystem_seen
filesystem(const char *name, uint64_t used)
{
    return (struct filesystem_seen){.has = HAS_FS_USED | HAS_FS_CAPACITY | HAS_FS_AVAILABLE |
                                           HAS_FS_INODES | HAS_FS_INODES_FREE,
                                    .time = kit_now(&kit), .name = text_of(name), .used = used,
                                    .capacity = 1000, .available = 1000 - used, .inodes = 50,
                                    .inodes_free = 20};
}

static void
see_node(void)
{
    static struct node_seen seen;
    memset(&seen, 0, sizeof seen);
    seen.name = TEXT("n1");
    seen.start_time = (struct wall_ms){kit_now(&kit).ms - 3600000};
    seen.cpu = kit_cpu(&kit, UINT64_C(1000000000) * kit.cycle_s, 0);
    seen.memory = kit_memory(&kit, 1 << 30);
    seen.pressure = (struct pressure_seen){.has = HAS_PRESSURE_CPU | HAS_PRESSURE_IO,
                                           .time = kit_now(&kit), .cpu_some_us = 11,
                                           .cpu_full_us = 12, .io_some_us = 13, .io_full_us = 14};
    seen.filesystem_count = 2;
    seen.filesystems[0] = filesystem("/", 400);
    seen.filesystems[1] = filesystem("/data", 500);
    seen.disk_count = 1;
    seen.disks[0] = (struct disk_seen){.time = kit_now(&kit), .device = TEXT("vda"),
                                       .read_bytes = kit.cycle_s, .write_bytes = 7};
    seen.system_container_count = 1;
    seen.system_containers[0].name = TEXT("kubelet");
    seen.system_containers[0].cpu = kit_cpu(&kit, 5, 0);
    seen.system_containers[0].memory = kit_memory(&kit, 1 << 20);
    table_observe_node(kit.writer, &seen);
}

static void
see_pod(const char *space, const char *name)
{
    struct pod_seen *seen = kit_seen(&kit, space, name, UINT64_C(1000000) * kit.cycle_s, 1 << 22);
    seen->start_time = (struct wall_ms){kit_now(&kit).ms - 60000};
    seen->network = (struct network_seen){.has = HAS_NETWORK_RX | HAS_NETWORK_TX,
                                          .time = kit_now(&kit), .rx = kit.cycle_s, .tx = 4};
    seen->ephemeral = (struct filesystem_seen){.has = HAS_FS_USED, .used = 4096};
    seen->pressure = (struct pressure_seen){.has = HAS_PRESSURE_MEMORY, .time = kit_now(&kit),
                                            .memory_some_us = 5, .memory_full_us = 6};
    seen->volume_count = 1;
    seen->volumes[0] = filesystem("Volume:data", 77);
    for (unsigned i = 0; i < 2; i++) {
        kit_add_container(&kit, seen, i == 0 ? "c0" : "c1", 1000 + kit.cycle_s, 1 << 21);
        seen->containers[i].rootfs = filesystem("", 10 + i);
        seen->containers[i].logs = filesystem("", 20 + i);
    }
    seen->containers[0].extra_count = 1;
    seen->containers[0].extras[0] =
        (struct extra_seen){.time = kit_now(&kit), .metric = TEXT("accelerator/duty_cycle"),
                            .label = TEXT("gpu0"), .value = 42.5};
    table_observe_pod(kit.writer, seen);
}

static void
scrape_all(bool with_second_pod)
{
    row_index node = table_find_node(kit.writer, TEXT("n1"));
    kit_node_begin(&kit, node);
    see_node();
    see_pod("ns", "p");
    if (with_second_pod) {
        see_pod("ns", "q");
    }
    table_node_end(kit.writer);
    kit_end_cycle(&kit);
}

static struct label pod_label = {TEXT("app"), TEXT("web")};

static void
put_pod(const char *name, const char *uid)
{
    struct pod_object *pod = kit_pod("ns", name, "n1", 2);
    pod->uid = text_of(uid);
    pod->created = (struct wall_ms){1690000000000};
    pod->label_count = 1;
    pod->labels[0] = pod_label;
    pod->containers[1].requests.other_count = 1;
    pod->containers[1].requests.others[0].name = TEXT("nvidia.com/gpu");
    pod->containers[1].requests.others[0].value = 2;
    CHECK(table_put_pod(kit.writer, 1, pod) != 0);
}

static void
open_all(void)
{
    kit_open(&kit, kit_capacity(4, 4, 16, 64));
    open_sets();
    static struct node_object node;
    memset(&node, 0, sizeof node);
    node.name = TEXT("n1");
    node.external_id = TEXT("i-123");
    node.allocatable.cpu_milli = 4000;
    node.allocatable.memory = UINT64_C(8) << 30;
    node.capacity = node.allocatable;
    CHECK(table_put_node(kit.writer, 1, &node, TEXT("i-123")) != 0);
    CHECK(kit_put_namespace(&kit, "ns") != 0);
    put_pod("p", "01234567-89ab-cdef-0123-456789abcdef");
    put_pod("q", "11234567-89ab-cdef-0123-456789abcdef");
}

// Comparison with the reader of single metrics

static bool
read_metric(const struct metric_set *set, enum metric metric, struct text resource_id,
            struct metric_value *value, struct wall_ms *time)
{
    static struct node_view node;
    static struct pod_view pod;
    static struct container_view container;
    const struct table_reader *table = &kit.reader;
    const struct text *label = set->label;
    row_index space = table_lookup_namespace(table, label[SET_LABEL_NAMESPACE]);
    row_index index = table_lookup_node(table, label[SET_LABEL_NODE]);
    if (set->entity == ENTITY_NODE || set->entity == ENTITY_SYSTEM_CONTAINER) {
        CHECK(table_read_node(table, index, 0, &node));
        if (set->entity == ENTITY_NODE) {
            return table_node_metric(table, &node, metric, resource_id, 0, value, time);
        }
        index = table_lookup_system_container(table, &node, label[SET_LABEL_CONTAINER]);
    } else {
        index = table_lookup_pod(table, space, label[SET_LABEL_POD]);
        CHECK(table_read_pod(table, index, 0, &pod));
        if (set->entity == ENTITY_POD) {
            return table_pod_metric(table, &pod, metric, resource_id, 0, value, time);
        }
        index = table_lookup_container(table, &pod, label[SET_LABEL_CONTAINER]);
    }
    CHECK(table_read_container(table, index, 0, &container));
    return table_container_metric(table, &container, metric, resource_id, 0, value, time);
}

static bool
is_same(const struct metric_value *a, const struct metric_value *b)
{
    return a->is_double == b->is_double && (a->is_double ? a->real == b->real : a->u64 == b->u64);
}

static bool
has_labelled(const struct metric_set *set, enum metric metric, struct text resource_id,
             struct metric_value *value)
{
    for (unsigned i = 0; i < set->labelled_count; i++) {
        if (set->labelled[i].metric == metric &&
            text_equal(set->labelled[i].resource_id, resource_id)) {
            *value = set->labelled[i].value;
            return true;
        }
    }
    return false;
}

// All that the reader of single metrics says of this entity in the set's cycle.
static void
compare(const struct metric_set *set)
{
    static const char *const ids[] = {"/", "logs", "/data", "vda", "Volume:data"};
    struct metric_value value;
    struct metric_value found = {0};
    struct wall_ms time;
    if (set->entity == ENTITY_CLUSTER || set->entity == ENTITY_NAMESPACE) {
        return;
    }
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        enum metric metric = (enum metric)i;
        if (!metric_is_labelled(metric)) {
            bool there = read_metric(set, metric, TEXT(""), &value, &time);
            CHECK_EQUAL_U64(set->present[i], there);
            CHECK(!there || time.ms == set->time.ms);
            CHECK(!there || is_same(&value, &set->value[i]));
            continue;
        }
        CHECK(!set->present[i]);
        for (size_t k = 0; k < ARRAY_COUNT(ids); k++) {
            bool there = read_metric(set, metric, text_of(ids[k]), &value, &time) &&
                         time.ms == set->time.ms;
            CHECK_EQUAL_U64(has_labelled(set, metric, text_of(ids[k]), &found), there);
            CHECK(!there || is_same(&value, &found));
        }
    }
}

TEST(every_value_of_every_row_in_order)
{
    static const enum entity order[] = {
        ENTITY_CLUSTER, ENTITY_NAMESPACE, ENTITY_NODE,      ENTITY_SYSTEM_CONTAINER, ENTITY_POD,
        ENTITY_CONTAINER, ENTITY_CONTAINER, ENTITY_POD,     ENTITY_CONTAINER, ENTITY_CONTAINER,
    };
    open_all();
    scrape_all(true);
    scrape_all(true);
    uint32_t cycle_s = kit.cycle_s - CYCLE_S;
    set_reader_begin(sets, &kit.reader, cycle_s);
    for (size_t i = 0; i < ARRAY_COUNT(order); i++) {
        const struct metric_set *set = set_reader_next(sets);
        CHECK(set != NULL);
        CHECK_EQUAL_U64(set->entity, order[i]);
        CHECK_EQUAL_U64(set->time.ms, cycle_s * UINT64_C(1000));
        CHECK_EQUAL_U64(set_reader_count(sets), i + 1);
        compare(set);
    }
    CHECK(set_reader_next(sets) == NULL);
    CHECK(set_reader_next(sets) == NULL);
    CHECK_EQUAL_U64(set_reader_left_out(sets), 0);
    kit_close(&kit);
}

TEST(labels_of_a_container_are_those_of_its_parents_too)
{
    const struct metric_set *set;
    open_all();
    scrape_all(true);
    const struct container_view *view = kit_read_container(&kit, "ns", "p", "c0");
    CHECK(set_reader_row(sets, &kit.reader, POOL_CONTAINERS, view->index, FIRST_CYCLE_S, &set));
    CHECK_EQUAL_U64(set->entity, ENTITY_CONTAINER);
    CHECK_EQUAL_TEXT(set->label[SET_LABEL_CONTAINER], "c0");
    CHECK_EQUAL_TEXT(set->label[SET_LABEL_IMAGE], "registry.example/app:1.0");
    CHECK_EQUAL_TEXT(set->label[SET_LABEL_POD], "p");
    CHECK_EQUAL_TEXT(set->label[SET_LABEL_POD_ID], "01234567-89ab-cdef-0123-456789abcdef");
    CHECK_EQUAL_TEXT(set->label[SET_LABEL_NAMESPACE], "ns");
    CHECK_EQUAL_TEXT(set->label[SET_LABEL_NODE], "n1");
    CHECK_EQUAL_TEXT(set->label[SET_LABEL_HOST_ID], "i-123");
    CHECK_EQUAL_TEXT(set->label[SET_LABEL_LABELS], "app:web");
    row_index pod = kit_find_pod(&kit, "ns", "p");
    CHECK(set_reader_row(sets, &kit.reader, POOL_PODS, pod, FIRST_CYCLE_S, &set));
    CHECK_EQUAL_TEXT(set->label[SET_LABEL_CONTAINER], "");
    CHECK_EQUAL_U64(set->created_s, 1690000000);
    kit_close(&kit);
}

static void *
shared_row(enum table_pool pool, row_index index)
{
    const struct pool_place *place = &kit.reader.place[pool];
    return kit.memory + place->offset + (size_t)index * place->row_bytes;
}

static uint64_t
identity_of(enum table_pool pool, row_index index)
{
    const struct metric_set *set;
    CHECK(set_reader_row(sets, &kit.reader, pool, index, FIRST_CYCLE_S, &set));
    static struct metric_set whole;
    whole = *set;
    CHECK(set_reader_values(sets, &kit.reader, pool, index, FIRST_CYCLE_S, &set));
    CHECK_EQUAL_U64(set->identity, whole.identity);
    CHECK(set->identity != 0);
    CHECK_EQUAL_U64(set->entity, whole.entity);
    CHECK_EQUAL_U64(set->start_s, whole.start_s);
    CHECK_EQUAL_U64(set->created_s, whole.created_s);
    CHECK_EQUAL_U64(set->labelled_count, whole.labelled_count);
    CHECK(memcmp(set->present, whole.present, sizeof whole.present) == 0);
    for (unsigned i = 0; i < SET_LABEL_COUNT; i++) {
        CHECK_EQUAL_TEXT(set->label[i], "");
    }
    return set->identity;
}

// Of a row, told by its parents' texts too.
TEST(an_identity_changes_with_the_labels_alone)
{
    open_all();
    scrape_all(true);
    row_index pod = kit_find_pod(&kit, "ns", "p");
    row_index container = kit_read_container(&kit, "ns", "p", "c0")->index;
    uint64_t pod_before = identity_of(POOL_PODS, pod);
    uint64_t container_before = identity_of(POOL_CONTAINERS, container);
    struct pod_row *row = shared_row(POOL_PODS, pod);
    row->restart_count++;
    row->head.seq += 2;
    CHECK_EQUAL_U64(identity_of(POOL_PODS, pod), pod_before);
    CHECK_EQUAL_U64(identity_of(POOL_CONTAINERS, container), container_before);
    row->labels = row->head.name;
    row->head.seq += 2;
    uint64_t pod_after = identity_of(POOL_PODS, pod);
    CHECK(pod_after != pod_before);
    CHECK(identity_of(POOL_CONTAINERS, container) != container_before);
    struct node_row *node = shared_row(POOL_NODES, row->node_index);
    node->host_id = row->head.name;
    node->head.seq += 2;
    row->head.seq += 2;
    CHECK(identity_of(POOL_PODS, pod) != pod_after);
    kit_close(&kit);
}

TEST(extras_and_requests_of_other_resources)
{
    const struct metric_set *set;
    open_all();
    scrape_all(true);
    const struct container_view *view = kit_read_container(&kit, "ns", "p", "c0");
    CHECK(set_reader_row(sets, &kit.reader, POOL_CONTAINERS, view->index, FIRST_CYCLE_S, &set));
    const struct labelled_value *last = &set->labelled[set->labelled_count - 1];
    CHECK_EQUAL_U64(last->metric, METRIC_COUNT);
    CHECK_EQUAL_TEXT(last->name, "accelerator/duty_cycle");
    CHECK_EQUAL_TEXT(last->resource_id, "gpu0");
    CHECK(last->value.is_double && last->value.real == 42.5);
    view = kit_read_container(&kit, "ns", "p", "c1");
    CHECK(set_reader_row(sets, &kit.reader, POOL_CONTAINERS, view->index, FIRST_CYCLE_S, &set));
    last = &set->labelled[set->labelled_count - 1];
    CHECK_EQUAL_TEXT(last->name, "nvidia.com/gpu/request");
    CHECK(last->value.real == 2);
    kit_close(&kit);
}

TEST(a_row_without_a_sample_says_what_holds_without)
{
    const struct metric_set *set;
    open_all();
    scrape_all(true);
    scrape_all(false);
    uint32_t cycle_s = kit.cycle_s - CYCLE_S;
    row_index pod = kit_find_pod(&kit, "ns", "q");
    CHECK(set_reader_row(sets, &kit.reader, POOL_PODS, pod, cycle_s, &set));
    CHECK(!set->present[METRIC_MEMORY_USAGE]);
    CHECK(!set->present[METRIC_UPTIME]);
    CHECK(!set->present[METRIC_PRESSURE_MEMORY_SOME]);
    CHECK(set->present[METRIC_RESTART_COUNT]);
    CHECK_EQUAL_U64(set->value[METRIC_CPU_REQUEST].u64, 200);
    for (unsigned i = 0; i < set->labelled_count; i++) {
        CHECK_EQUAL_U64(set->labelled[i].metric, METRIC_COUNT);
    }
    CHECK(set_reader_row(sets, &kit.reader, POOL_PODS, pod, cycle_s - CYCLE_S, &set));
    CHECK(set->present[METRIC_MEMORY_USAGE]);
    kit_close(&kit);
}

TEST(the_cycle_before_while_the_next_one_runs)
{
    const struct metric_set *set;
    open_all();
    scrape_all(true);
    uint32_t cycle_s = kit.cycle_s - CYCLE_S;
    row_index pod = kit_find_pod(&kit, "ns", "p");
    kit_node_begin(&kit, table_find_node(kit.writer, TEXT("n1")));
    see_pod("ns", "p");
    table_node_end(kit.writer);
    CHECK(set_reader_row(sets, &kit.reader, POOL_PODS, pod, cycle_s, &set));
    CHECK_EQUAL_U64(set->value[METRIC_CPU_USAGE].u64, UINT64_C(1000000) * cycle_s);
    CHECK(!set->present[METRIC_CPU_USAGE_RATE]);
    CHECK(!set->present[METRIC_PRESSURE_MEMORY_SOME]);
    CHECK(set_reader_row(sets, &kit.reader, POOL_PODS, pod, kit.cycle_s, &set));
    CHECK(set->present[METRIC_CPU_USAGE_RATE]);
    CHECK(set->present[METRIC_PRESSURE_MEMORY_SOME]);
    kit_close(&kit);
}

TEST(totals_are_of_the_cycle)
{
    const struct metric_set *set;
    open_all();
    scrape_all(true);
    uint32_t cycle_s = kit.cycle_s - CYCLE_S;
    CHECK(set_reader_cluster(sets, &kit.reader, cycle_s, &set));
    CHECK_EQUAL_U64(set->value[METRIC_POD_COUNT].u64, 2);
    CHECK_EQUAL_U64(set->value[METRIC_NODE_COUNT].u64, 1);
    CHECK_EQUAL_U64(set->value[METRIC_MEMORY_USAGE].u64, 2 << 22);
    CHECK(!set_reader_cluster(sets, &kit.reader, cycle_s - CYCLE_S, &set));
    row_index space = table_lookup_namespace(&kit.reader, TEXT("ns"));
    CHECK(set_reader_row(sets, &kit.reader, POOL_NAMESPACES, space, cycle_s, &set));
    CHECK_EQUAL_TEXT(set->label[SET_LABEL_NAMESPACE], "ns");
    CHECK_EQUAL_U64(set->value[METRIC_CPU_REQUEST].u64, 400);
    CHECK(!set->present[METRIC_NODE_COUNT]);
    CHECK(!set_reader_row(sets, &kit.reader, POOL_NAMESPACES, space, cycle_s + CYCLE_S, &set));
    CHECK(!set_reader_row(sets, &kit.reader, POOL_PODS, 9999, cycle_s, &set));
    CHECK(!set_reader_row(sets, &kit.reader, POOL_PODS, 0, cycle_s, &set));
    kit_close(&kit);
}

// A pod that leaves and one that takes its row: parents are read again.
TEST(nothing_is_kept_of_a_row_that_changed)
{
    const struct metric_set *set;
    open_all();
    scrape_all(true);
    uint32_t cycle_s = kit.cycle_s - CYCLE_S;
    const struct container_view *view = kit_read_container(&kit, "ns", "p", "c0");
    CHECK(set_reader_row(sets, &kit.reader, POOL_CONTAINERS, view->index, cycle_s, &set));
    pod_label.value = TEXT("other");
    put_pod("p", "01234567-89ab-cdef-0123-456789abcdef");
    CHECK(set_reader_row(sets, &kit.reader, POOL_CONTAINERS, view->index, cycle_s, &set));
    CHECK_EQUAL_TEXT(set->label[SET_LABEL_LABELS], "app:other");
    kit_remove_pod(&kit, "ns", "p");
    CHECK(!set_reader_row(sets, &kit.reader, POOL_CONTAINERS, view->index, cycle_s, &set));
    pod_label.value = TEXT("web");
    kit_close(&kit);
}

static unsigned
walk(void)
{
    unsigned count = 0;
    set_reader_begin(sets, &kit.reader, kit.cycle_s - CYCLE_S);
    while (set_reader_next(sets) != NULL) {
        CHECK(++count < 100000);
    }
    return count;
}

TEST(lists_that_go_in_circles_end)
{
    const struct metric_set *set;
    open_all();
    scrape_all(true);
    row_index index = kit_find_pod(&kit, "ns", "p");
    struct pod_row *pod = shared_row(POOL_PODS, index);
    struct container_row *container = shared_row(POOL_CONTAINERS, pod->first_container);
    struct filesystem_row *volume = shared_row(POOL_FILESYSTEMS, pod->filesystems);
    volume->next = pod->filesystems;
    container->next = pod->first_container;
    CHECK(set_reader_row(sets, &kit.reader, POOL_PODS, index, FIRST_CYCLE_S, &set));
    CHECK_EQUAL_U64(set->labelled_count, SET_LABELLED_MAX);
    CHECK(set_reader_left_out(sets) > 0);
    CHECK(walk() <= 10 + kit.reader.place[POOL_CONTAINERS].limit + 2);
    kit_close(&kit);
}

// Whatever a dying writer leaves behind: values may be wrong, but it ends.
TEST(a_damaged_table_ends_the_walk_all_the_same)
{
    uint64_t random = test_seed();
    open_all();
    scrape_all(true);
    const struct pool_place *strings = &kit.reader.place[POOL_STRINGS];
    size_t begin = kit.reader.place[POOL_NODES].offset;
    CHECK(begin < strings->offset && strings->offset < kit.size);
    CHECK_EQUAL_U64(walk(), 10);
    for (unsigned round = 0; round < 3000; round++) {
        size_t at = begin + test_random_below(&random, kit.size - begin);
        kit.memory[at] = (unsigned char)test_random(&random);
        (void)walk();
    }
    kit_close(&kit);
}

TEST(a_churning_cluster_is_walked_whole)
{
    static struct churn churn = {.spaces = 5, .nodes = 4, .pods = 60};
    churn_open(&churn, kit_capacity(8, 8, 100, 400));
    open_sets();
    churn_run(&churn, 12, 30);
    kit = churn.kit;
    set_reader_begin(sets, &kit.reader, kit.cycle_s - CYCLE_S);
    unsigned counts[ENTITY_COUNT] = {0};
    const struct metric_set *set;
    while ((set = set_reader_next(sets)) != NULL) {
        counts[set->entity]++;
        struct metric_value value;
        struct wall_ms time;
        bool of_cycle = set->entity < ENTITY_SYSTEM_CONTAINER &&
                        set->present[METRIC_MEMORY_USAGE];
        CHECK(!of_cycle ||
              (read_metric(set, METRIC_MEMORY_USAGE, TEXT(""), &value, &time) &&
               value.u64 == set->value[METRIC_MEMORY_USAGE].u64 && time.ms == set->time.ms));
    }
    CHECK_EQUAL_U64(counts[ENTITY_CLUSTER], 1);
    CHECK_EQUAL_U64(counts[ENTITY_NODE], 4);
    unsigned pods = 0;
    for (row_index i = 0; (i = table_next_row(&kit.reader, POOL_PODS, i)) != 0;) {
        pods++;
    }
    CHECK(counts[ENTITY_POD] <= pods && counts[ENTITY_POD] + 5 >= pods && pods > 10);
    kit_close(&churn.kit);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"every_value_of_every_row_in_order", every_value_of_every_row_in_order},
        {"labels_of_a_container_are_those_of_its_parents_too",
         labels_of_a_container_are_those_of_its_parents_too},
        {"an_identity_changes_with_the_labels_alone",
         an_identity_changes_with_the_labels_alone},
        {"extras_and_requests_of_other_resources", extras_and_requests_of_other_resources},
        {"a_row_without_a_sample_says_what_holds_without",
         a_row_without_a_sample_says_what_holds_without},
        {"the_cycle_before_while_the_next_one_runs", the_cycle_before_while_the_next_one_runs},
        {"totals_are_of_the_cycle", totals_are_of_the_cycle},
        {"nothing_is_kept_of_a_row_that_changed", nothing_is_kept_of_a_row_that_changed},
        {"lists_that_go_in_circles_end", lists_that_go_in_circles_end},
        {"a_damaged_table_ends_the_walk_all_the_same",
         a_damaged_table_ends_the_walk_all_the_same},
        {"a_churning_cluster_is_walked_whole", a_churning_cluster_is_walked_whole},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
