// The reading side: every metric of the catalogue, and what may never happen
// to a reader: a torn row, a crash, a walk without end.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"
#include "table/pool.h"

static struct kit kit;

// A node, a pod, a container and a system container of which all is known.

static void
fill_filesystem(struct filesystem_seen *seen, const char *name, uint64_t base)
{
    *seen = (struct filesystem_seen){
        .has = HAS_FS_USED | HAS_FS_CAPACITY | HAS_FS_AVAILABLE | HAS_FS_INODES |
               HAS_FS_INODES_FREE,
        .name = text_of(name), .used = base + 1, .capacity = base + 2, .available = base + 3,
        .inodes = base + 4, .inodes_free = base + 5};
}

static struct memory_seen
full_memory(uint64_t base)
{
    return (struct memory_seen){.has = 255, .time = kit_now(&kit), .usage = base + 1,
                                .working_set = base + 2, .rss = base + 3, .cache = base + 4,
                                .swap = base + 5, .available = base + 6,
                                .page_faults = base * 15 + 7, .major_page_faults = base * 30 + 8};
}

static struct cpu_seen
full_cpu(uint64_t base)
{
    return (struct cpu_seen){.has = HAS_CPU_USAGE | HAS_CPU_LOAD, .time = kit_now(&kit),
                             .usage_ns = base * 15000000, .load_milli = base};
}

static struct network_seen
full_network(uint64_t base)
{
    return (struct network_seen){.has = 15, .time = kit_now(&kit), .rx = base * 15,
                                 .tx = base * 30, .rx_errors = base * 45, .tx_errors = base * 60};
}

static const struct pressure_seen full_pressure = {
    .has = HAS_PRESSURE_CPU | HAS_PRESSURE_MEMORY | HAS_PRESSURE_IO, .cpu_some_us = 1,
    .cpu_full_us = 2, .memory_some_us = 3, .memory_full_us = 4, .io_some_us = 5, .io_full_us = 6};

static void
fill_container(struct container_seen *container, const char *name, uint64_t base)
{
    container->name = text_of(name);
    container->start_time = (struct wall_ms){(int64_t)FIRST_CYCLE_S * 1000 - 100000};
    container->cpu = full_cpu(base);
    container->memory = full_memory(base);
    container->pressure = full_pressure;
    fill_filesystem(&container->rootfs, "", base);
    fill_filesystem(&container->logs, "", base + 10);
    container->disk = (struct disk_seen){.time = kit_now(&kit), .read_bytes = base * 15,
                                         .write_bytes = base * 30};
}

static void
tell_all(uint64_t base)
{
    static struct node_seen node;
    memset(&node, 0, sizeof node);
    node.start_time = (struct wall_ms){(int64_t)FIRST_CYCLE_S * 1000 - 500000};
    node.cpu = full_cpu(base);
    node.memory = full_memory(base);
    node.network = full_network(base);
    node.pressure = full_pressure;
    node.filesystem_count = 1;
    fill_filesystem(&node.filesystems[0], "/", base);
    node.disk_count = 1;
    node.disks[0] = (struct disk_seen){.time = kit_now(&kit), .device = TEXT("vda"),
                                       .read_bytes = base * 15, .write_bytes = base * 30};
    node.system_container_count = 1;
    fill_container(&node.system_containers[0], "kubelet", base);
    kit_node_begin(&kit, 1);
    table_observe_node(kit.writer, &node);
    struct pod_seen *pod = kit_seen(&kit, "ns", "pod", 0, 0);
    pod->start_time = (struct wall_ms){(int64_t)FIRST_CYCLE_S * 1000 - 200000};
    pod->cpu = full_cpu(base);
    pod->memory = full_memory(base);
    pod->network = full_network(base);
    pod->pressure = full_pressure;
    fill_filesystem(&pod->ephemeral, "", base);
    pod->volume_count = 1;
    fill_filesystem(&pod->volumes[0], "Volume:data", base);
    pod->container_count = 1;
    fill_container(&pod->containers[0], "c0", base);
    table_observe_pod(kit.writer, pod);
    table_node_end(kit.writer);
}

static void
open_full(void)
{
    kit_open(&kit, kit_capacity(2, 2, 2, 8));
    static struct node_object node;
    memset(&node, 0, sizeof node);
    node.name = TEXT("n1");
    node.ready = CONDITION_TRUE;
    node.allocatable = (struct quantities){.cpu_milli = 1000, .memory = 1 << 20,
                                           .ephemeral = 1 << 21};
    node.capacity = (struct quantities){.cpu_milli = 2000, .memory = 1 << 22,
                                        .ephemeral = 1 << 23};
    table_put_node(kit.writer, 1, &node, TEXT(""));
    struct pod_object *pod = kit_pod("ns", "pod", "n1", 1);
    pod->containers[0].requests = (struct quantities){.cpu_milli = 100, .memory = 2048,
                                                      .ephemeral = 4096};
    pod->containers[0].limits = (struct quantities){.cpu_milli = 200, .memory = 8192,
                                                    .ephemeral = 16384};
    pod->containers[0].restart_count = 9;
    table_put_pod(kit.writer, 1, pod);
    tell_all(100);
    kit_end_cycle(&kit);
    tell_all(300);
    table_cycle_end(kit.writer, kit.cycle_s);
    VERIFY(&kit);
}

// What each metric must be for the second tell_all(300), 15 s after tell_all(100).
static double
expected(enum metric metric, enum entity entity)
{
    switch (metric) {
    case METRIC_UPTIME:
        return (entity == ENTITY_NODE ? 500 : entity == ENTITY_POD ? 200 : 100) * 1000 + 15000;
    case METRIC_RESTART_COUNT:
        return 9;
    case METRIC_CPU_USAGE:
        return 300.0 * 15000000;
    case METRIC_CPU_USAGE_RATE:
        return 200;
    case METRIC_CPU_LOAD:
        return 300;
    case METRIC_CPU_REQUEST:
        return 100;
    case METRIC_CPU_LIMIT:
        return 200;
    case METRIC_MEMORY_USAGE:
        return 301;
    case METRIC_MEMORY_WORKING_SET:
        return 302;
    case METRIC_MEMORY_RSS:
        return 303;
    case METRIC_MEMORY_CACHE:
        return 304;
    case METRIC_MEMORY_SWAP:
        return 305;
    case METRIC_MEMORY_AVAILABLE:
        return 306;
    case METRIC_MEMORY_PAGE_FAULTS:
        return 4507;
    case METRIC_MEMORY_PAGE_FAULTS_RATE:
        return 200;
    case METRIC_MEMORY_MAJOR_PAGE_FAULTS:
        return 9008;
    case METRIC_MEMORY_MAJOR_PAGE_FAULTS_RATE:
        return 400;
    case METRIC_MEMORY_REQUEST:
        return 2048;
    case METRIC_MEMORY_LIMIT:
        return 8192;
    case METRIC_NETWORK_RX:
        return 4500;
    case METRIC_NETWORK_RX_RATE:
        return 200;
    case METRIC_NETWORK_TX:
        return 9000;
    case METRIC_NETWORK_TX_RATE:
        return 400;
    case METRIC_NETWORK_RX_ERRORS:
        return 13500;
    case METRIC_NETWORK_RX_ERRORS_RATE:
        return 600;
    case METRIC_NETWORK_TX_ERRORS:
        return 18000;
    case METRIC_NETWORK_TX_ERRORS_RATE:
        return 800;
    case METRIC_EPHEMERAL_USAGE:
        return entity == ENTITY_CONTAINER ? 301 + 311 : 301;
    case METRIC_EPHEMERAL_REQUEST:
        return 4096;
    case METRIC_EPHEMERAL_LIMIT:
        return 16384;
    case METRIC_CPU_NODE_CAPACITY:
        return 2000;
    case METRIC_CPU_NODE_ALLOCATABLE:
        return 1000;
    case METRIC_CPU_NODE_UTILIZATION:
        return 0.2;
    case METRIC_CPU_NODE_RESERVATION:
        return 0.1;
    case METRIC_MEMORY_NODE_CAPACITY:
        return 1 << 22;
    case METRIC_MEMORY_NODE_ALLOCATABLE:
        return 1 << 20;
    case METRIC_MEMORY_NODE_UTILIZATION:
        return 301.0 / (1 << 20);
    case METRIC_MEMORY_NODE_RESERVATION:
        return 2048.0 / (1 << 20);
    case METRIC_EPHEMERAL_NODE_CAPACITY:
        return 1 << 23;
    case METRIC_EPHEMERAL_NODE_ALLOCATABLE:
        return 1 << 21;
    case METRIC_EPHEMERAL_NODE_UTILIZATION:
        return 301.0 / (1 << 21);
    case METRIC_EPHEMERAL_NODE_RESERVATION:
        return 4096.0 / (1 << 21);
    case METRIC_FILESYSTEM_USAGE:
        return 301;
    case METRIC_FILESYSTEM_LIMIT:
        return 302;
    case METRIC_FILESYSTEM_AVAILABLE:
        return 303;
    case METRIC_FILESYSTEM_INODES:
        return 304;
    case METRIC_FILESYSTEM_INODES_FREE:
        return 305;
    case METRIC_DISK_IO_READ_BYTES:
        return 4500;
    case METRIC_DISK_IO_READ_BYTES_RATE:
        return 200;
    case METRIC_DISK_IO_WRITE_BYTES:
        return 9000;
    case METRIC_DISK_IO_WRITE_BYTES_RATE:
        return 400;
    case METRIC_PRESSURE_CPU_SOME:
        return 1;
    case METRIC_PRESSURE_CPU_FULL:
        return 2;
    case METRIC_PRESSURE_MEMORY_SOME:
        return 3;
    case METRIC_PRESSURE_MEMORY_FULL:
        return 4;
    case METRIC_PRESSURE_IO_SOME:
        return 5;
    case METRIC_PRESSURE_IO_FULL:
        return 6;
    case METRIC_POD_COUNT:
    case METRIC_CONTAINER_COUNT:
    case METRIC_NODE_COUNT:
    case METRIC_NODE_READY_COUNT:
        return 1;
    case METRIC_COUNT:
        break;
    }
    return -1;
}

// Kubelets say nothing of these for the entity, so that rows keep no column.
static bool
is_stored(enum metric metric, enum entity entity)
{
    if (entity == ENTITY_POD) {
        return metric != METRIC_MEMORY_CACHE;
    }
    return (entity != ENTITY_CONTAINER && entity != ENTITY_SYSTEM_CONTAINER) ||
           metric != METRIC_CPU_LOAD;
}

static const char *
resource_id_of(enum metric metric, enum entity entity)
{
    bool disk = metric >= METRIC_DISK_IO_READ_BYTES && metric <= METRIC_DISK_IO_WRITE_BYTES_RATE;
    if (disk) {
        return entity == ENTITY_NODE ? "vda" : "";
    }
    return entity == ENTITY_POD ? "Volume:data" : "/";
}

static bool
get(enum metric metric, enum entity entity, unsigned sample, struct metric_value *value,
    struct wall_ms *time)
{
    static struct node_view node;
    static struct container_view container;
    struct text id = text_of(resource_id_of(metric, entity));
    struct totals totals;
    CHECK(table_read_node(&kit.reader, 1, VIEW_NAMES, &node));
    switch (entity) {
    case ENTITY_NODE:
        return table_node_metric(&kit.reader, &node, metric, id, sample, value, time);
    case ENTITY_POD:
        return table_pod_metric(&kit.reader, kit_read_pod(&kit, "ns", "pod"), metric, id, sample,
                                value, time);
    case ENTITY_CONTAINER:
        return table_container_metric(&kit.reader, kit_read_container(&kit, "ns", "pod", "c0"),
                                      metric, id, sample, value, time);
    case ENTITY_SYSTEM_CONTAINER:
        CHECK(table_read_container(
            &kit.reader,
            table_lookup_system_container(&kit.reader, &node, TEXT("kubelet")), VIEW_NAMES,
            &container));
        return table_container_metric(&kit.reader, &container, metric, id, sample, value, time);
    case ENTITY_NAMESPACE:
        totals = kit_namespace_totals(&kit, "ns");
        return table_totals_metric(&totals, metric, value, time);
    case ENTITY_CLUSTER:
        CHECK(table_read_totals(&kit.reader, sample, &totals));
        return table_totals_metric(&totals, metric, value, time);
    case ENTITY_COUNT:
        break;
    }
    return false;
}

static bool
near(double a, double b)
{
    double difference = a > b ? a - b : b - a;
    return difference <= 1e-6 * (b > 0 ? b : -b);
}

TEST(every_metric_of_the_catalogue)
{
    open_full();
    for (unsigned e = 0; e < ENTITY_COUNT; e++) {
        for (unsigned m = 0; m < METRIC_COUNT; m++) {
            enum metric metric = (enum metric)m;
            enum entity entity = (enum entity)e;
            struct metric_value value;
            struct wall_ms time;
            bool found = get(metric, entity, 0, &value, &time);
            bool wanted = metric_has_entity(metric, entity) && is_stored(metric, entity);
            if (found != wanted) {
                printf("%s of %s\n", metric_info(metric)->name, entity_type_label(entity));
            }
            CHECK(found == wanted);
            if (!found) {
                continue;
            }
            double number = value.is_double ? value.real : (double)value.u64;
            if (!near(number, expected(metric, entity))) {
                printf("%s of %s: %f\n", metric_info(metric)->name, entity_type_label(entity),
                       number);
            }
            CHECK(near(number, expected(metric, entity)));
            CHECK(value.is_double == (metric_info(metric)->value_type == METRIC_DOUBLE) ||
                  metric == METRIC_CPU_LOAD);
            CHECK_EQUAL_U64(time.ms, (int64_t)kit.cycle_s * 1000);
        }
    }
    kit_close(&kit);
}

TEST(the_sample_before_is_read_too)
{
    open_full();
    struct metric_value value;
    struct wall_ms time;
    for (unsigned e = 0; e <= ENTITY_SYSTEM_CONTAINER; e++) {
        CHECK(get(METRIC_MEMORY_USAGE, (enum entity)e, 1, &value, &time));
        CHECK_EQUAL_U64(value.u64, 101);
        CHECK_EQUAL_U64(time.ms, (int64_t)FIRST_CYCLE_S * 1000);
        CHECK(!get(METRIC_CPU_USAGE_RATE, (enum entity)e, 1, &value, &time));
        CHECK(!get(METRIC_FILESYSTEM_USAGE, (enum entity)e, 1, &value, &time));
    }
    kit_close(&kit);
}

TEST(labelled_values_of_a_view_that_is_old)
{
    open_full();
    static struct pod_view view;
    struct metric_value value;
    struct wall_ms time;
    view = *kit_read_pod(&kit, "ns", "pod");
    CHECK(table_is_unchanged(&kit.reader, POOL_PODS, view.index, view.row.head.seq));
    kit.cycle_s += CYCLE_S;
    tell_all(500);  // the row goes on: its newest values
    CHECK(!table_is_unchanged(&kit.reader, POOL_PODS, view.index, view.row.head.seq));
    CHECK(table_pod_metric(&kit.reader, &view, METRIC_FILESYSTEM_USAGE, TEXT("Volume:data"), 0,
                           &value, &time));
    CHECK_EQUAL_U64(value.u64, 501);
    kit_remove_pod(&kit, "ns", "pod");  // the row is gone: none
    CHECK(!table_pod_metric(&kit.reader, &view, METRIC_FILESYSTEM_USAGE, TEXT("Volume:data"), 0,
                            &value, &time));
    kit_close(&kit);
}

TEST(walks_meet_every_row_once)
{
    kit_open(&kit, kit_capacity(2, 4, 20, 60));
    kit_put_node(&kit, "n1");
    for (unsigned i = 0; i < 9; i++) {
        char name[8];
        snprintf(name, sizeof name, "p%u", i);
        kit_put_pod(&kit, i % 2 == 0 ? "even" : "odd", name, "n1", 3);
    }
    kit_remove_pod(&kit, "even", "p4");
    unsigned live = 0;
    for (row_index at = table_next_row(&kit.reader, POOL_PODS, 0); at != 0;
         at = table_next_row(&kit.reader, POOL_PODS, at)) {
        live++;
    }
    CHECK_EQUAL_U64(live, 8);
    static struct namespace_view space;
    static struct node_view node;
    static struct pod_view pod;
    CHECK(table_read_namespace(&kit.reader,
                               table_lookup_namespace(&kit.reader, TEXT("odd")), 0, &space));
    unsigned count = 0;
    unsigned containers = 0;
    for (row_index at = space.row.first_pod; at != 0;
         at = table_next_pod_of_namespace(&kit.reader, at)) {
        CHECK(table_read_pod(&kit.reader, at, 0, &pod));
        for (row_index c = pod.row.first_container; c != 0;
             c = table_next_container(&kit.reader, c)) {
            containers++;
        }
        count++;
    }
    CHECK_EQUAL_U64(count, 4);
    CHECK_EQUAL_U64(containers, 12);
    CHECK(table_read_node(&kit.reader, 1, 0, &node));
    count = 0;
    for (row_index at = node.row.first_pod; at != 0; at = table_next_pod_of_node(&kit.reader, at)) {
        count++;
    }
    CHECK_EQUAL_U64(count, 9);  // gone ones stay in their lists
    CHECK_EQUAL_U64(table_next_row(&kit.reader, POOL_PODS, UINT32_MAX), 0);
    kit_close(&kit);
}

TEST(a_row_left_under_writing_is_refused)
{
    open_full();
    static struct pod_view view;
    row_index index = kit_find_pod(&kit, "ns", "pod");
    struct table_header *header = table_writer_header(kit.writer);
    struct row_head *head = &pod_row_at(header, index)->head;
    row_write_begin(head);
    CHECK(!table_read_pod(&kit.reader, index, 0, &view));
    row_write_end(head);
    CHECK(table_read_pod(&kit.reader, index, 0, &view));
    kit_close(&kit);
}

// Copies under way are refused when the row was given back meanwhile.
TEST(giving_a_row_back_changes_its_sequence_number)
{
    static const enum table_pool pools[] = {POOL_NODES, POOL_NAMESPACES, POOL_PODS,
                                            POOL_CONTAINERS};
    uint32_t before[ARRAY_COUNT(pools)];
    open_full();
    struct table_header *header = table_writer_header(kit.writer);
    kit_remove_pod(&kit, "ns", "pod");
    table_remove_node(kit.writer, 1, TEXT("n1"));
    table_remove_namespace(kit.writer, 1, TEXT("ns"));
    for (unsigned i = 0; i < 2 * GONE_CYCLES + 4; i++) {
        for (size_t k = 0; k < ARRAY_COUNT(pools); k++) {
            const struct row_head *head = pool_row_const(header, pools[k], 1);
            if (head->state != ROW_FREE) {
                before[k] = head->seq;
            }
        }
        kit_end_cycle(&kit);
    }
    for (size_t k = 0; k < ARRAY_COUNT(pools); k++) {
        const struct row_head *head = pool_row_const(header, pools[k], 1);
        CHECK_EQUAL_U64(head->state, ROW_FREE);
        CHECK(!table_is_unchanged(&kit.reader, pools[k], 1, before[k]));
    }
    kit_close(&kit);
}

// A view has the name of the pod's node: it is taken again when the node goes.
TEST(losing_its_node_changes_a_pods_sequence_number)
{
    open_full();
    uint32_t before = kit_read_pod(&kit, "ns", "pod")->row.head.seq;
    row_index pod = kit_find_pod(&kit, "ns", "pod");
    table_remove_node(kit.writer, 1, TEXT("n1"));
    for (unsigned i = 0; i < GONE_CYCLES + 2; i++) {
        CHECK(table_is_unchanged(&kit.reader, POOL_PODS, pod, before));
        kit.cycle_s += CYCLE_S;
        table_cycle_end(kit.writer, kit.cycle_s);
        if (table_read_pool(&kit.reader, POOL_NODES).used == 0) {
            break;
        }
    }
    CHECK_EQUAL_U64(table_read_pool(&kit.reader, POOL_NODES).used, 0);
    CHECK(!table_is_unchanged(&kit.reader, POOL_PODS, pod, before));
    CHECK_EQUAL_TEXT(kit_read_pod(&kit, "ns", "pod")->node_name, "");
    kit_close(&kit);
}

// A process that reads while another writes

#define TORN_ROUNDS 30000

static int64_t clock_ms = (int64_t)FIRST_CYCLE_S * 1000;

// Everything in the pod says the same number.
static void
write_number(unsigned slot, uint64_t number)
{
    char text[200];
    char name[8];
    // Lengths differ, so that cells change their owners all the time.
    snprintf(text, sizeof text, "%0*llu", 10 + (int)(number % 90), (unsigned long long)number);
    snprintf(name, sizeof name, "p%u", slot);
    struct pod_object *pod = kit_pod("ns", name, number % 2 == 0 ? "n1" : "n2", 1);
    pod->reason = pod->owner_name = text_of(text);
    pod->label_count = 1;
    pod->labels[0] = (struct label){TEXT("number"), text_of(text)};
    pod->containers[0].image = text_of(text);
    pod->containers[0].restart_count = (uint32_t)number;
    pod->containers[0].requests.memory = number;
    pod->containers[0].limits.memory = number;
    row_index index = table_put_pod(kit.writer, 1, pod);
    if (index == 0) {
        return;
    }
    struct pod_seen *seen = kit_seen(&kit, "ns", name, number, number);
    seen->memory.working_set = seen->memory.rss = number;
    seen->memory.has |= HAS_MEMORY_RSS;
    seen->network = (struct network_seen){.has = 15, .time = kit_now(&kit), .rx = number,
                                          .tx = number, .rx_errors = number, .tx_errors = number};
    seen->ephemeral = (struct filesystem_seen){.has = HAS_FS_USED, .used = number};
    // Times of their own, so that nothing is carried over from the sample before.
    seen->cpu.time.ms = seen->memory.time.ms = seen->network.time.ms = ++clock_ms;
    seen->volume_count = 1;
    fill_filesystem(&seen->volumes[0], "Volume:data", number);
    kit_node_begin(&kit, 0);
    table_observe_pod(kit.writer, seen);
}

static bool
says(struct text text, uint64_t number)
{
    uint64_t read = 0;
    size_t from = text_find(text, '/', 0);
    if (text.size == 0) {
        return true;  // not said yet
    }
    text = from == SIZE_MAX ? text : text_sub(text, from + 1, text.size);
    from = text_find(text, ':', 0);
    text = from == SIZE_MAX ? text : text_sub(text, from + 1, text.size);
    return text_to_u64(text, &read) == 0 && read == number;
}

// Each sample of a row holds one number in all of its places.
static void
check_samples(const struct pod_view *view)
{
    static const enum metric metrics[] = {METRIC_CPU_USAGE, METRIC_MEMORY_WORKING_SET,
                                          METRIC_MEMORY_RSS, METRIC_NETWORK_RX,
                                          METRIC_NETWORK_TX_ERRORS, METRIC_EPHEMERAL_USAGE};
    for (unsigned sample = 0; sample < SAMPLES_PER_ROW; sample++) {
        struct metric_value first;
        struct metric_value other;
        struct wall_ms time;
        if (!table_pod_metric(&kit.reader, view, METRIC_MEMORY_USAGE, TEXT(""), sample, &first,
                              &time)) {
            continue;
        }
        for (size_t i = 0; i < ARRAY_COUNT(metrics); i++) {
            CHECK(table_pod_metric(&kit.reader, view, metrics[i], TEXT(""), sample, &other,
                                   &time));
            CHECK_EQUAL_U64(first.u64, other.u64);
        }
    }
}

static void
check_whole(unsigned slot)
{
    static struct pod_view view;
    char name[8];
    snprintf(name, sizeof name, "p%u", slot);
    row_index index = kit_find_pod(&kit, "ns", name);
    if (index == 0 || !table_read_pod(&kit.reader, index, VIEW_DETAILS | VIEW_LABELS, &view)) {
        return;
    }
    uint64_t number = view.row.resources.memory_request;
    CHECK_EQUAL_U64(view.row.resources.memory_limit, number);
    CHECK_EQUAL_U64(view.row.restart_count, (uint32_t)number);
    CHECK(says(view.reason, number));
    CHECK(says(view.owner, number));
    CHECK(says(view.labels, number));
    CHECK_EQUAL_TEXT(view.namespace_name, "ns");
    CHECK(view.name.size == 2 && view.name.at[0] == 'p');
    if (view.node_name.size != 0) {
        CHECK(view.node_name.size == 2 && view.node_name.at[0] == 'n');
        bool short_name = view.hostname.size == 2;
        CHECK(short_name || (view.hostname.size == 60 && view.hostname.at[59] == 'h'));
    }
    check_samples(&view);
    static struct container_view container;
    row_index at = view.row.first_container;
    if (at != 0 && table_read_container(&kit.reader, at, VIEW_DETAILS, &container)) {
        CHECK(says(container.image, container.row.resources.memory_limit));
        CHECK_EQUAL_U64(container.row.resources.memory_request,
                        container.row.resources.memory_limit);
    }
}

static void
check_labelled(unsigned slot)
{
    static struct pod_view view;
    char name[8];
    struct metric_value used;
    struct wall_ms time;
    snprintf(name, sizeof name, "p%u", slot);
    row_index index = kit_find_pod(&kit, "ns", name);
    if (index != 0 && table_read_pod(&kit.reader, index, VIEW_NAMES, &view) &&
        table_pod_metric(&kit.reader, &view, METRIC_FILESYSTEM_USAGE, TEXT("Volume:data"), 0,
                         &used, &time)) {
        // The row may be another pod's by now; the view says whose.
        CHECK_EQUAL_U64(used.u64 % 16, (uint64_t)(view.name.at[1] - '0') + 1);
    }
}

static void
read_until_stopped(_Atomic bool *stop)
{
    unsigned slot = 0;
    while (!atomic_load(stop)) {
        check_whole(slot);
        check_labelled(slot);
        struct totals totals;
        if (table_read_totals(&kit.reader, 0, &totals)) {
            CHECK_EQUAL_U64(totals.memory_request, totals.memory_limit);
        }
        slot = (slot + 1) % 8;
    }
}

// Nodes come and go with names of other lengths.
static void
turn_node(uint64_t number)
{
    static struct node_object node;
    static const char long_name[] =
        "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh";
    memset(&node, 0, sizeof node);
    node.name = number % 2 == 0 ? TEXT("n1") : TEXT("n2");
    node.address_count = number % 3 == 0;
    node.addresses[0].type = ADDRESS_HOSTNAME;
    node.addresses[0].address = (struct text){long_name, 60};
    if (number % 5 == 0) {
        table_remove_node(kit.writer, 1, node.name);
    } else {
        table_put_node(kit.writer, 1, &node, TEXT(""));
    }
}

static void
write_all(void)
{
    uint64_t random = test_seed();
    for (uint64_t round = 1; round <= TORN_ROUNDS; round++) {
        unsigned slot = (unsigned)test_random_below(&random, 8);
        if (test_random_below(&random, 8) == 0) {
            char name[8];
            snprintf(name, sizeof name, "p%u", slot);
            kit_remove_pod(&kit, "ns", name);
        } else {
            write_number(slot, round * 16 + slot);
        }
        if (test_random_below(&random, 8) == 0) {
            turn_node(test_random(&random));
        }
        if (test_random_below(&random, 4) == 0) {
            kit_end_cycle(&kit);
        }
    }
}

TEST(no_torn_row_is_ever_read)
{
    kit_open(&kit, kit_capacity(3, 2, 8, 16));
    free(kit.memory);
    kit.memory =
        mmap(NULL, kit.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    _Atomic bool *stop = page;
    CHECK((void *)kit.memory != MAP_FAILED && page != MAP_FAILED);
    kit_begin_writer(&kit);
    kit_add_source(&kit, 1, SOURCE_KUBERNETES);
    CHECK(table_reader_init(&kit.reader, kit.memory, kit.size) == 0);
    (void)test_seed();
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        read_until_stopped(stop);
        _exit(0);
    }
    write_all();
    VERIFY(&kit);
    atomic_store(stop, true);
    int status = 1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_EQUAL_U64(status, 0);
    munmap(kit.memory, kit.size);
    munmap(page, 4096);
    kit.memory = NULL;
    kit_close(&kit);
}

// Damage

static void
read_labelled(const struct table_reader *reader)
{
    static struct labelled_view view;
    for (row_index i = 0; i < 40; i++) {
        row_index at = i;
        (void)table_read_filesystem(reader, &at, &view);
        at = i;
        (void)table_read_disk(reader, &at, &view);
        at = i;
        (void)table_read_extra(reader, &at, &view);
        struct pressure_row pressure;
        (void)table_read_pressure(reader, i, &pressure);
    }
}

static void
read_metrics(const struct table_reader *reader, row_index i)
{
    static struct node_view node;
    static struct namespace_view space;
    static struct pod_view pod;
    static struct container_view container;
    unsigned all = VIEW_LABELS | VIEW_DETAILS;
    (void)table_read_node(reader, i, all, &node);
    (void)table_read_namespace(reader, i, all, &space);
    (void)table_read_pod(reader, i, all, &pod);
    (void)table_read_container(reader, i, all, &container);
    node.index = pod.index = container.index = i;
    CHECK(node.row.head.newest < 2 && pod.row.head.newest < 2);
    for (unsigned m = 0; m < METRIC_COUNT; m++) {
        struct metric_value value;
        struct wall_ms time;
        (void)table_node_metric(reader, &node, (enum metric)m, TEXT("/"), m % 2, &value, &time);
        (void)table_pod_metric(reader, &pod, (enum metric)m, TEXT("x"), m % 2, &value, &time);
        (void)table_container_metric(reader, &container, (enum metric)m, TEXT("logs"), 0, &value,
                                     &time);
        (void)table_totals_metric(&space.row.totals[0], (enum metric)m, &value, &time);
    }
    (void)table_next_pod_of_namespace(reader, i);
    (void)table_next_pod_of_node(reader, i);
    (void)table_next_container(reader, i);
    (void)table_lookup_container(reader, &pod, TEXT("c0"));
    (void)table_lookup_system_container(reader, &node, TEXT("kubelet"));
}

static void
read_everything(const struct table_reader *reader)
{
    for (row_index i = 0; i < 20; i++) {
        read_metrics(reader, i);
    }
    read_metrics(reader, UINT32_MAX);
    read_labelled(reader);
    row_index space = table_lookup_namespace(reader, TEXT("ns"));
    (void)table_lookup_node(reader, TEXT("n1"));
    (void)table_lookup_pod(reader, space, TEXT("pod"));
    for (row_index i = 0; i != 0; i = table_next_row(reader, POOL_PODS, i)) {
    }
    struct totals totals;
    struct source_row source;
    for (unsigned i = 0; i < SOURCES_MAX + 3; i++) {
        (void)table_read_totals(reader, i, &totals);
        (void)table_read_source(reader, i, &source);
    }
}

TEST(random_bytes_behind_the_header_crash_nothing)
{
    uint64_t random = test_seed();
    for (unsigned round = 0; round < 60; round++) {
        open_full();
        struct table_reader reader = kit.reader;
        unsigned char *from = kit.memory + sizeof(struct table_header);
        size_t size = kit.size - sizeof(struct table_header);
        // Rounds differ in how much of the table is left: links lead somewhere.
        uint64_t damage = 1 + test_random_below(&random, round % 3 == 0 ? size * 4 : 400);
        for (uint64_t i = 0; i < damage; i++) {
            unsigned char byte = (unsigned char)test_random(&random);
            from[test_random_below(&random, size)] = round % 2 == 0 ? byte : byte % 8;
        }
        read_everything(&reader);
        kit_close(&kit);
    }
}

// Chains that lead in circles: a search ends all the same.
TEST(circles_end)
{
    open_full();
    struct table_header *header = table_writer_header(kit.writer);
    row_index pod = kit_find_pod(&kit, "ns", "pod");
    pod_row_at(header, pod)->head.hash_next = pod;
    node_row_at(header, 1)->head.hash_next = 1;
    for (uint64_t i = 0; i < 16; i++) {
        *pool_bucket(header, POOL_NODES, i) = 1;
        *pool_bucket(header, POOL_PODS, i) = pod;
    }
    CHECK_EQUAL_U64(table_lookup_node(&kit.reader, TEXT("other")), 0);
    CHECK_EQUAL_U64(table_lookup_pod(&kit.reader, 1, TEXT("other")), 0);
    const struct pod_view *view = kit_read_pod(&kit, "ns", "pod");
    row_index container = view->row.first_container;
    container_row_at(header, container)->next = container;
    CHECK_EQUAL_U64(table_lookup_container(&kit.reader, view, TEXT("other")), 0);
    row_index filesystem = view->row.filesystems;
    filesystem_row_at(header, filesystem)->next = filesystem;
    struct metric_value value;
    struct wall_ms time;
    CHECK(!table_pod_metric(&kit.reader, view, METRIC_FILESYSTEM_USAGE, TEXT("other"), 0, &value,
                            &time));
    kit_close(&kit);
}

TEST(a_damaged_header_crashes_nothing)
{
    uint64_t random = test_seed();
    for (unsigned round = 0; round < 100; round++) {
        open_full();
        struct table_reader reader = kit.reader;  // from before the damage
        for (unsigned i = 0; i < 1 + round * 8; i++) {
            kit.memory[test_random_below(&random, sizeof(struct table_header))] =
                (unsigned char)test_random(&random);
        }
        read_everything(&reader);
        if (table_reader_init(&reader, kit.memory, kit.size) == 0) {
            read_everything(&reader);
        }
        kit_close(&kit);
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"every_metric_of_the_catalogue", every_metric_of_the_catalogue},
        {"the_sample_before_is_read_too", the_sample_before_is_read_too},
        {"labelled_values_of_a_view_that_is_old", labelled_values_of_a_view_that_is_old},
        {"walks_meet_every_row_once", walks_meet_every_row_once},
        {"a_row_left_under_writing_is_refused", a_row_left_under_writing_is_refused},
        {"giving_a_row_back_changes_its_sequence_number",
         giving_a_row_back_changes_its_sequence_number},
        {"losing_its_node_changes_a_pods_sequence_number",
         losing_its_node_changes_a_pods_sequence_number},
        {"no_torn_row_is_ever_read", no_torn_row_is_ever_read},
        {"random_bytes_behind_the_header_crash_nothing",
         random_bytes_behind_the_header_crash_nothing},
        {"circles_end", circles_end},
        {"a_damaged_header_crashes_nothing", a_damaged_header_crashes_nothing},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
