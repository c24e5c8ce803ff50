// Guesses are only where to look first: whatever the order of the lines, and
// whatever rows were given back and taken again, a value is its owner's.
#include "kit.h"

enum { PODS = 40, SPACES = 4, NODES = 3, CONTAINERS = 3, LINES = PODS * (CONTAINERS + 1) };

// Names that begin alike, also beyond the first cell of a text.
static const char *const space_names[SPACES] = {"a", "aa", "a-name-of-sixteen",
                                                "a-name-of-sixteen-b"};
static const char *const container_names[CONTAINERS] = {"c", "cc", "a-container-of-many-bytes"};

struct pod {
    bool known;
    unsigned space, node;
    unsigned number;  // in its name
    uint64_t told[CONTAINERS + 1];  // of each container, then of itself; 0 = not in this cycle
};

static struct kit kit;
static struct pod pods[PODS];
static unsigned order[LINES];
static uint64_t seed;

static unsigned
below(unsigned limit)
{
    return (unsigned)test_random_below(&seed, limit);
}

static const char *
pod_name(const struct pod *pod)
{
    static char name[64];
    // Every name is in every namespace, sooner or later.
    snprintf(name, sizeof name, "%s-%u", pod->number % 2 ? "pod" : "pod-with-a-long-name",
             pod->number);
    return name;
}

static const char *
node_name(unsigned node)
{
    static const char *const names[NODES] = {"n0", "n1", "n2"};
    return names[node];
}

static bool
is_taken(unsigned space, unsigned number)
{
    for (unsigned i = 0; i < PODS; i++) {
        if (pods[i].known && pods[i].space == space && pods[i].number == number) {
            return true;
        }
    }
    return false;
}

static void
change(struct pod *pod)
{
    if (pod->known && below(2) == 0) {
        kit_remove_pod(&kit, space_names[pod->space], pod_name(pod));
        pod->known = false;
        return;
    }
    unsigned space = below(SPACES);
    unsigned number = below(20);
    if (!pod->known && !is_taken(space, number)) {
        *pod = (struct pod){.known = true, .space = space, .number = number};
    }
    if (pod->known) {
        pod->node = below(NODES);
        // This object names no containers, so that the rows of all of them are
        // given back, and the next ones told of take them.
        memset(pod->told, 0, CONTAINERS * sizeof pod->told[0]);
        kit_put_pod(&kit, space_names[pod->space], pod_name(pod), node_name(pod->node), 0);
    }
}

static void
tell(struct pod *pod, unsigned part)
{
    static struct container_seen container;
    struct text space = text_of(space_names[pod->space]);
    uint64_t value = 2 * (1 + (uint64_t)below(1 << 20));
    pod->told[part] = value;
    if (part == CONTAINERS) {
        struct pod_seen *seen = kit_seen(&kit, space_names[pod->space], pod_name(pod), 0, value);
        seen->cpu.has = 0;
        table_observe_pod(kit.writer, seen);
        return;
    }
    memset(&container, 0, sizeof container);
    container.name = text_of(container_names[part]);
    container.memory = kit_memory(&kit, value);
    table_observe_container(kit.writer, space, text_of(pod_name(pod)), &container);
}

static void
shuffle(void)
{
    for (unsigned i = 0; i < LINES; i++) {
        unsigned other = i + below(LINES - i);
        unsigned was = order[i];
        order[i] = order[other];
        order[other] = was;
    }
}

// Lines of all the node's pods, some left out; with `mixed`, deletions between.
static void
scrape(unsigned node, bool mixed)
{
    row_index row = table_find_node(kit.writer, text_of(node_name(node)));
    kit_node_begin(&kit, row);
    for (unsigned i = 0; i < LINES; i++) {
        struct pod *pod = &pods[order[i] / (CONTAINERS + 1)];
        if (pod->known && pod->node == node && below(20) != 0) {
            tell(pod, order[i] % (CONTAINERS + 1));
        }
        if (mixed && below(30) == 0) {
            change(&pods[below(PODS)]);
            kit_node_begin(&kit, row);
        }
    }
    table_node_end(kit.writer);
    VERIFY(&kit);
}

static void
check_container(const struct pod *pod, unsigned part)
{
    static struct container_view view;
    const struct pod_view *of = kit_read_pod(&kit, space_names[pod->space], pod_name(pod));
    row_index index = table_lookup_container(&kit.reader, of, text_of(container_names[part]));
    CHECK(index != 0 || pod->told[part] == 0);
    if (index == 0) {
        return;
    }
    CHECK(table_read_container(&kit.reader, index, VIEW_DETAILS, &view));
    bool fresh = view.row.samples[view.row.head.newest].head.cycle_s == kit.cycle_s;
    CHECK(fresh == (pod->told[part] != 0));
    if (fresh) {
        double value = kit_container_metric(&kit, &view, METRIC_MEMORY_USAGE, "");
        CHECK_EQUAL_U64(value, pod->told[part]);
    }
}

static void
check_pod(const struct pod *pod)
{
    for (unsigned part = 0; part < CONTAINERS; part++) {
        check_container(pod, part);
    }
    if (pod->told[CONTAINERS] != 0) {
        const char *space = space_names[pod->space];
        CHECK_EQUAL_U64(kit_pod_metric(&kit, space, pod_name(pod), METRIC_MEMORY_USAGE),
                        pod->told[CONTAINERS]);
    }
}

static void
run_cycle(unsigned cycle)
{
    // Most cycles have the order of the one before; pods come and go between.
    if (below(5) == 0) {
        shuffle();
    }
    for (unsigned i = below(4); i > 0; i--) {
        change(&pods[below(PODS)]);
    }
    for (unsigned i = 0; i < PODS; i++) {
        memset(pods[i].told, 0, sizeof pods[i].told);
    }
    bool mixed = cycle % 7 == 6;
    for (unsigned node = 0; node < NODES; node++) {
        scrape(node, mixed);
    }
    for (unsigned i = 0; i < PODS; i++) {
        if (pods[i].known) {
            check_pod(&pods[i]);
        }
    }
    kit_end_cycle(&kit);
}

TEST(every_value_is_its_owners)
{
    seed = test_seed();
    memset(pods, 0, sizeof pods);
    // Rows for little more than there is, so that they are taken again soon.
    kit_open(&kit, kit_capacity(NODES, 8, PODS * 3, PODS * CONTAINERS * 3));
    for (unsigned node = 0; node < NODES; node++) {
        CHECK(kit_put_node(&kit, node_name(node)) != 0);
    }
    for (unsigned i = 0; i < LINES; i++) {
        order[i] = i;
    }
    for (unsigned i = 0; i < PODS * 2; i++) {
        change(&pods[below(PODS)]);
    }
    for (unsigned cycle = 0; cycle < 400; cycle++) {
        run_cycle(cycle);
    }
    kit_close(&kit);
}

// What the last lines of a node's pods say of their order in its list.
static void
check_order(row_index node, const char *const *names, unsigned count)
{
    static struct pod_view view;
    static struct node_view node_view;
    CHECK(table_read_node(&kit.reader, node, VIEW_NAMES, &node_view));
    row_index at = node_view.row.first_pod;
    for (unsigned i = 0; i < count; i++) {
        CHECK(at != 0);
        CHECK(table_read_pod(&kit.reader, at, VIEW_NAMES, &view));
        CHECK_EQUAL_TEXT(view.name, names[i]);
        at = view.row.node_next;
    }
}

TEST(a_nodes_pods_come_to_lie_in_the_order_of_their_lines)
{
    static const char *const lines[] = {"a", "b", "c", "d"};
    static const char *const after[] = {"a", "b", "c", "d", "finished"};
    kit_open(&kit, kit_capacity(2, 2, 8, 8));
    row_index node = kit_put_node(&kit, "n0");
    static const char *const put[] = {"c", "a", "finished", "d", "b"};
    for (unsigned i = 0; i < ARRAY_COUNT(put); i++) {
        kit_put_pod(&kit, "ns", put[i], "n0", 0);
    }
    for (unsigned round = 0; round < 2; round++) {
        kit_node_begin(&kit, node);
        for (unsigned i = 0; i < ARRAY_COUNT(lines); i++) {
            table_observe_pod(kit.writer, kit_seen(&kit, "ns", lines[i], 0, 1));
        }
        table_node_end(kit.writer);
        VERIFY(&kit);
        check_order(node, after, ARRAY_COUNT(after));
        kit_end_cycle(&kit);
    }
    kit_close(&kit);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"every_value_is_its_owners", every_value_is_its_owners},
        {"a_nodes_pods_come_to_lie_in_the_order_of_their_lines",
         a_nodes_pods_come_to_lie_in_the_order_of_their_lines},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
