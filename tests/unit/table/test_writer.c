// Identity: what API servers say of nodes, namespaces, pods and containers.
#include "kit.h"

static struct kit kit;

static void
open_small(void)
{
    kit_open(&kit, kit_capacity(4, 6, 12, 40));
}

static void
end_cycles(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        kit_end_cycle(&kit);
        VERIFY(&kit);
    }
}

static uint32_t
used(enum table_pool pool)
{
    return table_read_pool(&kit.reader, pool).used;
}

TEST(a_node_is_kept_as_it_was_named)
{
    open_small();
    static struct node_object node;
    memset(&node, 0, sizeof node);
    node.name = TEXT("worker-1");
    node.created = (struct wall_ms){1600000000123};
    node.ready = CONDITION_TRUE;
    node.disk_pressure = CONDITION_FALSE;
    node.unschedulable = true;
    node.allocatable = (struct quantities){.cpu_milli = 3900, .memory = 7, .ephemeral = 8,
                                           .pods = 110};
    node.capacity = (struct quantities){.cpu_milli = 4000, .memory = 9, .ephemeral = 10};
    node.kubelet_port = 10250;
    node.kubelet_version = TEXT("v1.33.1");
    node.os_image = TEXT("Debian GNU/Linux 12 (bookworm)");
    node.address_count = 2;
    node.addresses[0].type = ADDRESS_INTERNAL_IP;
    node.addresses[0].address = TEXT("10.0.0.1");
    node.addresses[1].type = ADDRESS_HOSTNAME;
    node.addresses[1].address = TEXT("worker-1.example");
    node.label_count = 2;
    node.labels[0] = (struct label){TEXT("arch"), TEXT("amd64")};
    node.labels[1] = (struct label){TEXT("zone"), TEXT("")};
    row_index index = table_put_node(kit.writer, 1, &node, TEXT("aws:///i-1"));
    VERIFY(&kit);
    static struct node_view view;
    CHECK_EQUAL_U64(table_lookup_node(&kit.reader, TEXT("worker-1")), index);
    CHECK(table_read_node(&kit.reader, index, VIEW_LABELS | VIEW_DETAILS, &view));
    CHECK_EQUAL_TEXT(view.name, "worker-1");
    CHECK_EQUAL_TEXT(view.hostname, "worker-1.example");
    CHECK_EQUAL_TEXT(view.host_id, "aws:///i-1");
    CHECK_EQUAL_TEXT(view.labels, "arch:amd64,zone:");
    CHECK_EQUAL_TEXT(view.kubelet_version, "v1.33.1");
    CHECK_EQUAL_TEXT(view.os_image, "Debian GNU/Linux 12 (bookworm)");
    CHECK_EQUAL_U64(view.row.created_s, 1600000000);
    CHECK_EQUAL_U64(view.row.kubelet_port, 10250);
    CHECK_EQUAL_U64(view.row.ready, CONDITION_TRUE);
    CHECK_EQUAL_U64(view.row.disk_pressure, CONDITION_FALSE);
    CHECK_EQUAL_U64(view.row.pid_pressure, CONDITION_UNKNOWN);
    CHECK_EQUAL_U64(view.row.pods_allocatable, 110);
    CHECK(view.row.head.flags & ROW_UNSCHEDULABLE);
    node.unschedulable = false;
    node.address_count = 0;
    CHECK_EQUAL_U64(table_put_node(kit.writer, 1, &node, TEXT("")), index);
    CHECK(table_read_node(&kit.reader, index, VIEW_DETAILS, &view));
    CHECK(!(view.row.head.flags & ROW_UNSCHEDULABLE));
    CHECK_EQUAL_TEXT(view.hostname, "worker-1");  // no address of that type
    CHECK_EQUAL_TEXT(view.host_id, "");
    VERIFY(&kit);
    kit_close(&kit);
}

TEST(nodes_beyond_the_plan_are_refused_and_counted)
{
    open_small();
    CHECK(kit_put_node(&kit, "a") != 0 && kit_put_node(&kit, "b") != 0);
    CHECK(kit_put_node(&kit, "c") != 0 && kit_put_node(&kit, "d") != 0);
    CHECK_EQUAL_U64(kit_put_node(&kit, "e"), 0);
    CHECK_EQUAL_U64(kit_error_count(&kit, ERR_NODES_FULL), 1);
    CHECK_EQUAL_U64(table_read_pool(&kit.reader, POOL_NODES).refused_total, 1);
    table_note_overflow_nodes(kit.writer, 1, 3, 2);
    end_cycles(1);
    CHECK_EQUAL_U64(kit_cluster_totals(&kit).node_count, 7);
    CHECK_EQUAL_U64(kit_cluster_totals(&kit).node_ready_count, 6);
    kit_close(&kit);
}

TEST(a_name_without_bytes_is_refused)
{
    open_small();
    CHECK_EQUAL_U64(kit_put_node(&kit, ""), 0);
    CHECK_EQUAL_U64(kit_put_pod(&kit, "ns", "", "", 1), 0);
    CHECK_EQUAL_U64(kit_error_count(&kit, ERR_MISSING), 2);
    VERIFY(&kit);
    kit_close(&kit);
}

// Names from outside may be longer than Kubernetes allows.
TEST(long_names_are_cut_and_found)
{
    open_small();
    static char name[700];
    memset(name, 'n', sizeof name - 1);
    row_index node = kit_put_node(&kit, name);
    row_index pod = kit_put_pod(&kit, name, name, name, 0);
    CHECK(node != 0 && pod != 0);
    CHECK_EQUAL_U64(kit_put_node(&kit, name), node);
    CHECK_EQUAL_U64(kit_put_pod(&kit, name, name, name, 0), pod);
    CHECK_EQUAL_U64(kit_find_pod(&kit, name, name), pod);
    CHECK_EQUAL_U64(table_lookup_node(&kit.reader, text_of(name)), node);
    struct pod_seen *seen = kit_seen(&kit, name, name, 1, 2);
    kit_add_container(&kit, seen, name, 1, 2);
    kit_node_begin(&kit, node);
    table_observe_pod(kit.writer, seen);
    table_observe_pod(kit.writer, seen);
    CHECK_EQUAL_U64(used(POOL_CONTAINERS), 1);
    CHECK_EQUAL_U64(used(POOL_PODS), 1);
    kit_remove_pod(&kit, name, name);
    table_remove_node(kit.writer, 1, text_of(name));
    table_remove_namespace(kit.writer, 1, text_of(name));
    end_cycles(GONE_CYCLES + 3);
    CHECK_EQUAL_U64(used(POOL_STRINGS), 0);
    kit_close(&kit);
}

TEST(a_pod_is_kept_as_it_was_named)
{
    open_small();
    kit_put_node(&kit, "n1");
    struct pod_object *pod = kit_pod("shop", "web-1", "n1", 2);
    pod->uid = TEXT("12345678-9abc-def0-1234-56789abcdef0");
    pod->owner_kind = TEXT("ReplicaSet");
    pod->owner_name = TEXT("web");
    pod->reason = TEXT("Evicted");
    pod->start_time = (struct wall_ms){1600000001000};
    pod->label_count = 1;
    pod->labels[0] = (struct label){TEXT("app"), TEXT("web")};
    pod->containers[0].restart_count = 3;
    pod->containers[1].restart_count = 4;
    pod->containers[1].last_termination_reason = TEXT("OOMKilled");
    pod->containers[1].waiting_reason = TEXT("CrashLoopBackOff");
    pod->containers[1].last_exit_code = 137;
    table_put_pod(kit.writer, 1, pod);
    VERIFY(&kit);
    const struct pod_view *view = kit_read_pod(&kit, "shop", "web-1");
    CHECK_EQUAL_TEXT(view->node_name, "n1");
    CHECK_EQUAL_TEXT(view->hostname, "n1");
    CHECK_EQUAL_TEXT(view->owner, "ReplicaSet/web");
    CHECK_EQUAL_TEXT(view->reason, "Evicted");
    CHECK_EQUAL_TEXT(view->labels, "app:web");
    CHECK_EQUAL_U64(view->row.restart_count, 7);
    CHECK_EQUAL_U64(view->row.container_count, 2);
    CHECK_EQUAL_U64(view->row.resources.cpu_request, 200);
    CHECK_EQUAL_U64(view->row.resources.memory_request, 2 << 20);
    char bytes[40];
    struct out out = out_of(bytes, sizeof bytes);
    CHECK_EQUAL_TEXT(table_uid_text(view->row.uid, view->row.uid_form, &out),
                     "12345678-9abc-def0-1234-56789abcdef0");
    const struct container_view *container = kit_read_container(&kit, "shop", "web-1", "c1");
    CHECK_EQUAL_TEXT(container->image, "registry.example/app:1.0");
    CHECK_EQUAL_TEXT(container->last_reason, "OOMKilled");
    CHECK_EQUAL_TEXT(container->waiting_reason, "CrashLoopBackOff");
    CHECK_EQUAL_U64(container->row.last_exit_code, 137);
    CHECK_EQUAL_U64(container->row.resources.cpu_request, 100);
    kit_close(&kit);
}

TEST(uids_of_every_form)
{
    static const struct {
        const char *given, *shown;
    } uids[] = {
        {"12345678-9abc-def0-1234-56789abcdef0", "12345678-9abc-def0-1234-56789abcdef0"},
        {"0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"},
        {"12345678-9abc-def0-1234-56789abcdefg", ""},
        {"123456789-abc-def0-1234-56789abcdef0", ""},
        {"", ""},
        {"0123456789ABCDEF0123456789abcdef", ""},
    };
    open_small();
    for (size_t i = 0; i < ARRAY_COUNT(uids); i++) {
        struct pod_object *pod = kit_pod("ns", "pod", "", 0);
        pod->uid = text_of(uids[i].given);
        table_put_pod(kit.writer, 1, pod);
        const struct pod_view *view = kit_read_pod(&kit, "ns", "pod");
        char bytes[40];
        struct out out = out_of(bytes, sizeof bytes);
        CHECK_EQUAL_TEXT(table_uid_text(view->row.uid, view->row.uid_form, &out), uids[i].shown);
    }
    kit_close(&kit);
}

TEST(init_containers_have_rows_and_do_not_count)
{
    open_small();
    struct pod_object *pod = kit_pod("ns", "pod", "", 4);
    pod->containers[0].role = CONTAINER_INIT;
    pod->containers[1].role = CONTAINER_SIDECAR;
    pod->containers[2].role = CONTAINER_EPHEMERAL;
    table_put_pod(kit.writer, 1, pod);
    const struct pod_view *view = kit_read_pod(&kit, "ns", "pod");
    CHECK_EQUAL_U64(view->row.container_count, 2);
    CHECK_EQUAL_U64(view->row.resources.cpu_request, 200);
    CHECK_EQUAL_U64(used(POOL_CONTAINERS), 4);
    end_cycles(1);
    CHECK_EQUAL_U64(kit_cluster_totals(&kit).container_count, 2);
    kit_close(&kit);
}

TEST(requests_of_other_resources_add_up)
{
    open_small();
    struct pod_object *pod = kit_pod("ns", "pod", "", 2);
    for (uint32_t i = 0; i < 2; i++) {
        pod->containers[i].requests.other_count = 1;
        pod->containers[i].requests.others[0].name = TEXT("nvidia.com/gpu");
        pod->containers[i].requests.others[0].value = 2 + i;
    }
    for (unsigned i = 0; i < 3; i++) {  // again and again: it does not grow
        table_put_pod(kit.writer, 1, pod);
        VERIFY(&kit);
        CHECK_EQUAL_U64(used(POOL_EXTRAS), 3);
    }
    static struct labelled_view extra;
    row_index at = kit_read_pod(&kit, "ns", "pod")->row.extras;
    CHECK(table_read_extra(&kit.reader, &at, &extra));
    CHECK_EQUAL_TEXT(extra.metric, "nvidia.com/gpu/request");
    CHECK(extra.extra.value == 5);
    CHECK_EQUAL_U64(at, 0);
    at = kit_read_container(&kit, "ns", "pod", "c1")->row.extras;
    CHECK(table_read_extra(&kit.reader, &at, &extra));
    CHECK(extra.extra.value == 3);
    pod->containers[0].requests.other_count = 0;
    pod->containers[1].requests.other_count = 0;
    table_put_pod(kit.writer, 1, pod);
    CHECK_EQUAL_U64(used(POOL_EXTRAS), 0);
    VERIFY(&kit);
    kit_close(&kit);
}

TEST(sums_of_requests_stop_at_the_largest_value)
{
    open_small();
    struct pod_object *pod = kit_pod("ns", "pod", "", 2);
    for (uint32_t i = 0; i < 2; i++) {
        pod->containers[i].requests.cpu_milli = UINT64_MAX;
        pod->containers[i].requests.memory = UINT64_MAX;
    }
    table_put_pod(kit.writer, 1, pod);
    const struct pod_view *view = kit_read_pod(&kit, "ns", "pod");
    CHECK_EQUAL_U64(view->row.resources.cpu_request, UINT32_MAX);
    CHECK_EQUAL_U64(view->row.resources.memory_request, UINT64_MAX);
    kit_close(&kit);
}

TEST(containers_that_are_not_named_any_more_leave)
{
    open_small();
    kit_put_pod(&kit, "ns", "pod", "", 3);
    CHECK_EQUAL_U64(used(POOL_CONTAINERS), 3);
    kit_put_pod(&kit, "ns", "pod", "", 1);
    VERIFY(&kit);
    CHECK_EQUAL_U64(used(POOL_CONTAINERS), 1);
    CHECK_EQUAL_TEXT(kit_read_container(&kit, "ns", "pod", "c0")->name, "c0");
    kit_close(&kit);
}

TEST(a_pod_moves_between_nodes)
{
    open_small();
    row_index first = kit_put_node(&kit, "n1");
    row_index second = kit_put_node(&kit, "n2");
    kit_put_pod(&kit, "ns", "a", "n1", 0);
    kit_put_pod(&kit, "ns", "b", "n1", 0);
    kit_put_pod(&kit, "ns", "c", "n1", 0);
    kit_put_pod(&kit, "ns", "b", "n2", 0);
    VERIFY(&kit);
    CHECK_EQUAL_U64(kit_read_pod(&kit, "ns", "b")->row.node_index, second);
    kit_put_pod(&kit, "ns", "b", "", 0);
    VERIFY(&kit);
    CHECK_EQUAL_U64(kit_read_pod(&kit, "ns", "b")->row.node_index, 0);
    kit_node_begin(&kit, first);
    table_observe_pod(kit.writer, kit_seen(&kit, "ns", "b", 1, 1));
    VERIFY(&kit);
    CHECK_EQUAL_U64(kit_read_pod(&kit, "ns", "b")->row.node_index, first);
    kit_close(&kit);
}

// Pods are made before a node is chosen for them; what was never measured may move.
TEST(a_pod_lies_with_its_node)
{
    kit_open(&kit, kit_capacity(3, 6, 30, 60));
    kit_put_node(&kit, "n1");
    kit_put_node(&kit, "n2");
    kit_put_node(&kit, "n3");
    CHECK_EQUAL_U64(kit_put_pod(&kit, "ns", "a", "n2", 2), 11);
    CHECK_EQUAL_U64(kit_put_pod(&kit, "ns", "b", "n3", 2), 21);
    CHECK_EQUAL_U64(kit_put_pod(&kit, "ns", "c", "n3", 2), 22);
    CHECK_EQUAL_U64(kit_put_pod(&kit, "ns", "late", "", 2), 1);
    CHECK_EQUAL_U64(kit_put_pod(&kit, "ns", "late", "n3", 2), 23);
    CHECK_EQUAL_U64(kit_find_pod(&kit, "ns", "late"), 23);
    CHECK_EQUAL_U64(table_writer_header(kit.writer)->pool[POOL_PODS].used, 4);
    const struct container_view *container = kit_read_container(&kit, "ns", "late", "c1");
    CHECK(container->index >= 45 && container->index <= 46);
    VERIFY(&kit);

    kit_node_begin(&kit, table_find_node(kit.writer, TEXT("n2")));
    table_observe_pod(kit.writer, kit_seen(&kit, "ns", "a", 1, 2));
    table_remove_node(kit.writer, 1, TEXT("n2"));
    for (unsigned i = 0; i < 3; i++) {
        kit_end_cycle(&kit);
    }
    CHECK_EQUAL_U64(kit_read_pod(&kit, "ns", "a")->row.node_index, 0);
    CHECK_EQUAL_U64(kit_put_pod(&kit, "ns", "a", "n3", 2), 11);
    VERIFY(&kit);
    kit_close(&kit);
}

TEST(gone_rows_stay_for_two_cycles)
{
    open_small();
    kit_put_node(&kit, "n1");
    kit_put_namespace(&kit, "ns");
    kit_put_pod(&kit, "ns", "pod", "n1", 2);
    end_cycles(1);
    kit_remove_pod(&kit, "ns", "pod");
    table_remove_node(kit.writer, 1, TEXT("n1"));
    table_remove_namespace(kit.writer, 1, TEXT("ns"));
    CHECK_EQUAL_U64(kit_find_pod(&kit, "ns", "pod"), 0);
    CHECK_EQUAL_U64(table_lookup_node(&kit.reader, TEXT("n1")), 0);
    CHECK_EQUAL_U64(table_find_node(kit.writer, TEXT("n1")), 0);
    end_cycles(GONE_CYCLES);
    CHECK_EQUAL_U64(used(POOL_PODS), 1);
    CHECK_EQUAL_U64(used(POOL_NODES), 1);
    end_cycles(2);
    for (unsigned i = 0; i < POOL_COUNT; i++) {
        CHECK_EQUAL_U64(used((enum table_pool)i), 0);
    }
    kit_close(&kit);
}

TEST(a_gone_row_comes_back_as_a_new_pod)
{
    open_small();
    row_index node = kit_put_node(&kit, "n1");
    kit_put_pod(&kit, "ns", "pod", "n1", 2);
    kit_node_begin(&kit, node);
    table_observe_pod(kit.writer, kit_seen(&kit, "ns", "pod", 5, 5));
    kit_remove_pod(&kit, "ns", "pod");
    struct pod_object *pod = kit_pod("ns", "pod", "n1", 1);
    table_put_pod(kit.writer, 1, pod);
    VERIFY(&kit);
    const struct pod_view *view = kit_read_pod(&kit, "ns", "pod");
    CHECK_EQUAL_U64(view->row.samples[0].head.cycle_s, 0);
    CHECK_EQUAL_U64(view->row.samples[1].head.cycle_s, 0);
    CHECK_EQUAL_U64(used(POOL_CONTAINERS), 1);
    end_cycles(GONE_CYCLES + 2);
    CHECK(kit_find_pod(&kit, "ns", "pod") != 0);
    kit_close(&kit);
}

// Kubelets go on to speak of a pod for a moment after its deletion.
TEST(a_kubelet_does_not_revive_what_was_deleted)
{
    open_small();
    row_index node = kit_put_node(&kit, "n1");
    kit_put_namespace(&kit, "ns");
    kit_put_pod(&kit, "ns", "pod", "n1", 1);
    kit_remove_pod(&kit, "ns", "pod");
    table_remove_namespace(kit.writer, 1, TEXT("ns"));
    kit_node_begin(&kit, node);
    table_observe_pod(kit.writer, kit_seen(&kit, "ns", "pod", 5, 5));
    VERIFY(&kit);
    CHECK_EQUAL_U64(kit_find_pod(&kit, "ns", "pod"), 0);
    CHECK_EQUAL_U64(table_lookup_namespace(&kit.reader, TEXT("ns")), 0);
    end_cycles(1);
    CHECK_EQUAL_U64(kit_cluster_totals(&kit).pod_count, 0);
    CHECK_EQUAL_U64(kit_cluster_totals(&kit).memory_usage, 0);
    kit_close(&kit);
}

// Also where the deletion is the first that the API server says of it.
TEST(a_deletion_of_a_pod_that_only_a_kubelet_named_holds)
{
    open_small();
    row_index node = kit_put_node(&kit, "n1");
    for (unsigned i = 0; i < 2; i++) {
        kit_node_begin(&kit, node);
        table_observe_pod(kit.writer, kit_seen(&kit, "ns", "pod", 5, 5));
        CHECK((kit_find_pod(&kit, "ns", "pod") != 0) == (i == 0));
        kit_remove_pod(&kit, "ns", "pod");
    }
    VERIFY(&kit);
    kit_close(&kit);
}

TEST(a_namespace_that_only_pods_name_leaves_with_them)
{
    open_small();
    kit_put_pod(&kit, "early", "pod", "", 0);
    end_cycles(2);
    CHECK(table_lookup_namespace(&kit.reader, TEXT("early")) != 0);
    kit_remove_pod(&kit, "early", "pod");
    end_cycles(2 * GONE_CYCLES + 4);
    CHECK_EQUAL_U64(used(POOL_NAMESPACES), 0);
    // Deleted, named again by a late pod, and then left for good.
    kit_put_namespace(&kit, "late");
    table_remove_namespace(kit.writer, 1, TEXT("late"));
    kit_put_pod(&kit, "late", "pod", "", 0);
    kit_remove_pod(&kit, "late", "pod");
    end_cycles(2 * GONE_CYCLES + 4);
    CHECK_EQUAL_U64(used(POOL_NAMESPACES), 0);
    kit_close(&kit);
}

TEST(same_name_other_uid_begins_anew)
{
    open_small();
    row_index node = kit_put_node(&kit, "n1");
    struct pod_object *pod = kit_pod("ns", "db-0", "n1", 1);
    pod->uid = TEXT("11111111-9abc-def0-1234-56789abcdef0");
    pod->start_time = (struct wall_ms){1600000000000};
    table_put_pod(kit.writer, 1, pod);
    struct pod_seen *seen = kit_seen(&kit, "ns", "db-0", 1000, 5);
    kit_add_container(&kit, seen, "c0", 1000, 5);
    kit_node_begin(&kit, node);
    table_observe_pod(kit.writer, seen);
    kit_end_cycle(&kit);
    pod->uid = TEXT("22222222-9abc-def0-1234-56789abcdef0");
    pod->start_time = (struct wall_ms){0};
    table_put_pod(kit.writer, 1, pod);
    VERIFY(&kit);
    CHECK_EQUAL_U64(kit_read_pod(&kit, "ns", "db-0")->row.start_s, 0);
    CHECK_EQUAL_U64(kit_read_container(&kit, "ns", "db-0", "c0")->row.samples[0].head.cycle_s, 0);
    CHECK_EQUAL_U64(kit_read_container(&kit, "ns", "db-0", "c0")->row.samples[1].head.cycle_s, 0);
    seen = kit_seen(&kit, "ns", "db-0", 2000, 5);
    kit_add_container(&kit, seen, "c0", 2000, 5);
    kit_node_begin(&kit, node);
    table_observe_pod(kit.writer, seen);
    // Its counters are higher, but nothing it may be compared with.
    CHECK(kit_pod_metric(&kit, "ns", "db-0", METRIC_CPU_USAGE_RATE) == -1);
    CHECK(kit_container_metric(&kit, kit_read_container(&kit, "ns", "db-0", "c0"),
                               METRIC_CPU_USAGE_RATE, "") == -1);
    kit_close(&kit);
}

TEST(a_deletion_of_the_pod_before_is_not_one_of_the_new)
{
    open_small();
    struct pod_object *pod = kit_pod("ns", "db-0", "", 1);
    pod->uid = TEXT("22222222-9abc-def0-1234-56789abcdef0");
    table_put_pod(kit.writer, 1, pod);
    pod->uid = TEXT("11111111-9abc-def0-1234-56789abcdef0");
    table_remove_pod(kit.writer, 1, pod);
    CHECK(kit_find_pod(&kit, "ns", "db-0") != 0);
    pod->uid = TEXT("22222222-9abc-def0-1234-56789abcdef0");
    table_remove_pod(kit.writer, 1, pod);
    CHECK(kit_find_pod(&kit, "ns", "db-0") == 0);
    kit_close(&kit);
}

TEST(a_complete_list_removes_what_it_does_not_name)
{
    open_small();
    kit_put_node(&kit, "a");
    kit_put_node(&kit, "b");
    kit_put_pod(&kit, "ns", "a", "a", 0);
    kit_put_pod(&kit, "ns", "b", "a", 0);
    kit_put_pod(&kit, "ns", "c", "a", 0);
    table_list_begin(kit.writer, 1, OBJECT_POD);
    kit_put_pod(&kit, "ns", "a", "a", 0);
    kit_put_pod(&kit, "ns", "d", "a", 0);
    CHECK(kit_find_pod(&kit, "ns", "c") != 0);  // not before the end
    table_list_end(kit.writer, 1, OBJECT_POD);
    VERIFY(&kit);
    CHECK(kit_find_pod(&kit, "ns", "a") != 0);
    CHECK(kit_find_pod(&kit, "ns", "b") == 0);
    CHECK(kit_find_pod(&kit, "ns", "c") == 0);
    CHECK(kit_find_pod(&kit, "ns", "d") != 0);
    CHECK(table_lookup_node(&kit.reader, TEXT("b")) != 0);  // another kind
    table_list_begin(kit.writer, 1, OBJECT_NODE);
    kit_put_node(&kit, "b");
    table_list_end(kit.writer, 1, OBJECT_NODE);
    CHECK(table_lookup_node(&kit.reader, TEXT("a")) == 0);
    CHECK(table_lookup_node(&kit.reader, TEXT("b")) != 0);
    struct source_row source;
    CHECK(table_read_source(&kit.reader, 1, &source));
    CHECK_EQUAL_U64(source.synced, 1U << OBJECT_POD | 1U << OBJECT_NODE);
    CHECK_EQUAL_U64(source.list_total, 2);
    end_cycles(GONE_CYCLES + 2);
    kit_close(&kit);
}

TEST(a_list_that_begins_again_counts_from_its_last_begin)
{
    open_small();
    kit_put_pod(&kit, "ns", "old", "", 0);
    table_list_begin(kit.writer, 1, OBJECT_POD);
    kit_put_pod(&kit, "ns", "old", "", 0);  // then the connection broke
    table_list_begin(kit.writer, 1, OBJECT_POD);
    kit_put_pod(&kit, "ns", "new", "", 0);
    table_list_end(kit.writer, 1, OBJECT_POD);
    CHECK(kit_find_pod(&kit, "ns", "old") == 0);
    CHECK(kit_find_pod(&kit, "ns", "new") != 0);
    kit_close(&kit);
}

TEST(a_list_spares_what_others_named)
{
    open_small();
    table_put_source(kit.writer, 2, SOURCE_KUBERNETES, TEXT("kubernetes:https://b"), false, false);
    kit_put_pod(&kit, "one", "pod", "", 0);
    table_put_pod(kit.writer, 2, kit_pod("two", "pod", "", 0));
    row_index node = kit_put_node(&kit, "n1");
    kit_node_begin(&kit, node);
    table_observe_pod(kit.writer, kit_seen(&kit, "ns", "kubelet-only", 1, 1));
    table_list_begin(kit.writer, 1, OBJECT_POD);
    table_list_end(kit.writer, 1, OBJECT_POD);
    CHECK(kit_find_pod(&kit, "one", "pod") == 0);
    CHECK(kit_find_pod(&kit, "two", "pod") != 0);
    CHECK(kit_find_pod(&kit, "ns", "kubelet-only") != 0);
    VERIFY(&kit);
    kit_close(&kit);
}

TEST(finished_pods_leave_room_for_running_ones)
{
    open_small();
    char name[8] = "done-a";
    unsigned kept = 0;
    for (unsigned i = 0; i < 12; i++) {
        name[5] = (char)('a' + i);
        struct pod_object *pod = kit_pod("ns", name, "", 0);
        pod->phase = POD_SUCCEEDED;
        kept += table_put_pod(kit.writer, 1, pod) != 0;
    }
    CHECK_EQUAL_U64(kept, 9);  // three quarters of the plan
    CHECK(kit_put_pod(&kit, "ns", "running", "", 0) != 0);
    end_cycles(1);
    CHECK_EQUAL_U64(kit_cluster_totals(&kit).pod_count, 1);
    kit_close(&kit);
}

TEST(texts_that_find_no_room_are_counted)
{
    struct capacity capacity = kit_capacity(2, 2, 4, 4);
    capacity.string_cells = 12;
    kit_open(&kit, capacity);
    CHECK(kit_put_node(&kit, "n") != 0);
    static struct pod_object *pod;
    pod = kit_pod("ns", "pod", "n", 1);
    pod->label_count = 1;
    static char value[400];
    memset(value, 'v', sizeof value);
    pod->labels[0] = (struct label){TEXT("k"), {value, sizeof value}};
    CHECK(table_put_pod(kit.writer, 1, pod) != 0);
    CHECK(kit_error_count(&kit, ERR_STRINGS_FULL) != 0);
    CHECK_EQUAL_TEXT(kit_read_pod(&kit, "ns", "pod")->labels, "");
    VERIFY(&kit);
    struct pod_seen *seen = kit_seen(&kit, "ns", "pod", 1, 1);
    seen->volume_count = 1;
    seen->volumes[0] = (struct filesystem_seen){.has = HAS_FS_USED, .name = {value, 300}};
    for (unsigned i = 0; i < 3; i++) {
        kit_node_begin(&kit, 1);
        table_observe_pod(kit.writer, seen);
        CHECK_EQUAL_U64(used(POOL_FILESYSTEMS), 0);
        VERIFY(&kit);
    }
    kit_close(&kit);
}

TEST(labels_that_do_not_fit_are_dropped_and_counted)
{
    open_small();
    static char value[LABELS_BYTES_MAX];
    memset(value, 'v', sizeof value);
    struct pod_object *pod = kit_pod("ns", "pod", "", 0);
    pod->label_count = 3;
    pod->labels[0] = (struct label){TEXT("a"), TEXT("1")};
    pod->labels[1] = (struct label){TEXT("long"), {value, sizeof value}};
    pod->labels[2] = (struct label){TEXT("z"), TEXT("26")};
    table_put_pod(kit.writer, 1, pod);
    CHECK_EQUAL_TEXT(kit_read_pod(&kit, "ns", "pod")->labels, "a:1,z:26");
    CHECK_EQUAL_U64(kit_error_count(&kit, ERR_TOO_LONG), 1);
    kit_close(&kit);
}

TEST(sources_are_noted)
{
    open_small();
    struct source_row source;
    CHECK(table_read_source(&kit.reader, 1, &source));
    CHECK_EQUAL_TEXT(source.name, "kubernetes:https://api:6443");
    static char long_text[SOURCE_TEXT_BYTES * 2];
    memset(long_text, 'x', sizeof long_text);
    table_note_source(kit.writer, 1, -ERR_CONNECT, (struct text){long_text, sizeof long_text},
                      (struct wall_ms){5000});
    CHECK(table_read_source(&kit.reader, 1, &source));
    CHECK_EQUAL_U64(source.api_last_error, ERR_CONNECT);
    CHECK_EQUAL_U64(source.api_last_failure_ms, 5000);
    CHECK_EQUAL_U64(text_of(source.last_error).size, SOURCE_TEXT_BYTES - 1);
    table_note_source(kit.writer, 1, 0, TEXT(""), (struct wall_ms){6000});
    CHECK(table_read_source(&kit.reader, 1, &source));
    CHECK_EQUAL_U64(source.api_last_error, ERR_OK);
    CHECK_EQUAL_U64(source.api_last_success_ms, 6000);
    CHECK(!table_read_source(&kit.reader, 0, &source));
    CHECK(!table_read_source(&kit.reader, 2, &source));
    kit_close(&kit);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"a_node_is_kept_as_it_was_named", a_node_is_kept_as_it_was_named},
        {"nodes_beyond_the_plan_are_refused_and_counted",
         nodes_beyond_the_plan_are_refused_and_counted},
        {"a_name_without_bytes_is_refused", a_name_without_bytes_is_refused},
        {"long_names_are_cut_and_found", long_names_are_cut_and_found},
        {"a_pod_is_kept_as_it_was_named", a_pod_is_kept_as_it_was_named},
        {"uids_of_every_form", uids_of_every_form},
        {"init_containers_have_rows_and_do_not_count", init_containers_have_rows_and_do_not_count},
        {"requests_of_other_resources_add_up", requests_of_other_resources_add_up},
        {"sums_of_requests_stop_at_the_largest_value", sums_of_requests_stop_at_the_largest_value},
        {"containers_that_are_not_named_any_more_leave",
         containers_that_are_not_named_any_more_leave},
        {"a_pod_moves_between_nodes", a_pod_moves_between_nodes},
        {"a_pod_lies_with_its_node", a_pod_lies_with_its_node},
        {"gone_rows_stay_for_two_cycles", gone_rows_stay_for_two_cycles},
        {"a_gone_row_comes_back_as_a_new_pod", a_gone_row_comes_back_as_a_new_pod},
        {"a_kubelet_does_not_revive_what_was_deleted", a_kubelet_does_not_revive_what_was_deleted},
        {"a_deletion_of_a_pod_that_only_a_kubelet_named_holds",
         a_deletion_of_a_pod_that_only_a_kubelet_named_holds},
        {"a_namespace_that_only_pods_name_leaves_with_them",
         a_namespace_that_only_pods_name_leaves_with_them},
        {"same_name_other_uid_begins_anew", same_name_other_uid_begins_anew},
        {"a_deletion_of_the_pod_before_is_not_one_of_the_new",
         a_deletion_of_the_pod_before_is_not_one_of_the_new},
        {"a_complete_list_removes_what_it_does_not_name",
         a_complete_list_removes_what_it_does_not_name},
        {"a_list_that_begins_again_counts_from_its_last_begin",
         a_list_that_begins_again_counts_from_its_last_begin},
        {"a_list_spares_what_others_named", a_list_spares_what_others_named},
        {"finished_pods_leave_room_for_running_ones", finished_pods_leave_room_for_running_ones},
        {"texts_that_find_no_room_are_counted", texts_that_find_no_room_are_counted},
        {"labels_that_do_not_fit_are_dropped_and_counted",
         labels_that_do_not_fit_are_dropped_and_counted},
        {"sources_are_noted", sources_are_noted},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
