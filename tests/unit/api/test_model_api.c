// The model API against the answers in tests/fixtures/api. With
// SKERRY_FIXTURES=write those are written afresh: look at the difference.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../test.h"
#include "api/dispatch.h"
#include "world.h"

#define MODEL "/api/v1/model"
#define SHOP MODEL "/namespaces/shop"
#define DB SHOP "/pods/db-0"
#define NODE MODEL "/nodes/node-a"

static const struct {
    const char *file;
    unsigned status;
    const char *target;
} cases[] = {
    {"cluster_names.json", 200, MODEL "/metrics/"},
    {"cluster_series.json", 200, MODEL "/metrics/memory/usage"},
    {"nodes.json", 200, MODEL "/nodes/"},
    {"node_names.json", 200, NODE "/metrics/"},
    {"node_series.json", 200, NODE "/metrics/cpu/usage"},
    {"node_float.json", 200, NODE "/metrics/cpu/node_utilization"},
    {"node_labelled.json", 200, NODE "/metrics/filesystem/usage?labels=resource_id:/"},
    {"system_containers.json", 200, NODE "/freecontainers/"},
    {"system_names.json", 200, NODE "/freecontainers/kubelet/metrics"},
    {"system_series.json", 200, NODE "/freecontainers/kubelet/metrics/cpu/usage_rate"},
    {"namespaces.json", 200, MODEL "/namespaces/"},
    {"namespace_names.json", 200, SHOP "/metrics"},
    {"namespace_series.json", 200, SHOP "/metrics/memory/working_set"},
    {"pods.json", 200, SHOP "/pods/"},
    {"pod_names.json", 200, DB "/metrics"},
    {"pod_series.json", 200, DB "/metrics/cpu/usage_rate"},
    {"pod_network.json", 200, DB "/metrics/network/rx"},
    {"pod_volume.json", 200, DB "/metrics/filesystem/usage?labels=resource_id:Volume:data"},
    {"pod_not_yet.json", 200, MODEL "/namespaces/many/pods/pod-000001/metrics/cpu/usage"},
    {"containers.json", 200, DB "/containers"},
    {"container_names.json", 200, DB "/containers/main/metrics"},
    {"container_series.json", 200, DB "/containers/main/metrics/memory/usage"},
    {"container_root.json", 200,
     DB "/containers/main/metrics/filesystem/usage?labels=resource_id:/"},
    {"container_extra.json", 200, DB "/containers/main/metrics/custom/queue_length"},
    {"pod_list.json", 200,
     SHOP "/pod-list/web-7594557864-x2x9k,gone,db-0,web-7594557864-x2x9k/metrics/cpu/usage_rate"},
    {"all_keys.json", 200, MODEL "/debug/allkeys"},
    {"range_start.json", 200, NODE "/metrics/cpu/usage?start=2026-11-18T13:26:41Z"},
    {"range_end.json", 200, NODE "/metrics/cpu/usage?end=2026-11-18T13:26:40Z"},
    {"range_none.json", 200,
     NODE "/metrics/cpu/usage?start=2026-11-18T13:26:41Z&end=2026-11-18T13:26:54Z"},
    {"no_node.txt", 404, MODEL "/nodes/node-x/metrics/cpu/usage"},
    {"no_hostname.txt", 404, MODEL "/nodes/host-a/metrics"},
    {"no_system.txt", 404, NODE "/freecontainers/kublet/metrics"},
    {"no_namespace.txt", 404, MODEL "/namespaces/shap/pods/db-0/metrics"},
    {"no_pod.txt", 404, SHOP "/pods/web-7594557864-x2x8j/metrics/cpu/usage"},
    {"no_container.txt", 404, DB "/containers/mian/metrics"},
    {"no_metric.txt", 404, DB "/metrics/cpu/usage_rat"},
    {"no_metric_here.txt", 404, SHOP "/metrics/network/rx"},
    {"no_labels.txt", 400, NODE "/metrics/filesystem/usage"},
    {"no_such_labels.txt", 404, NODE "/metrics/filesystem/usage?labels=resource_id:/var"},
    {"labels_unwanted.txt", 400, NODE "/metrics/cpu/usage?labels=resource_id:/"},
    {"bad_start.txt", 400, NODE "/metrics/cpu/usage?start=now"},
    {"bad_labels.txt", 400, NODE "/metrics/cpu/usage?labels=x"},
    {"no_path.txt", 404, MODEL "/node/node-a"},
    {"bad_path.txt", 400, MODEL "/nodes/%ff/metrics"},
};

static const char *
path_of(const char *file)
{
    static char path[256];
    (void)snprintf(path, sizeof path, "tests/fixtures/api/%s", file);
    return path;
}

static void
write_fixture(const char *file, struct text answer)
{
    FILE *stream = fopen(path_of(file), "wb");
    CHECK(stream != NULL);
    CHECK(fwrite(answer.at, 1, answer.size, stream) == answer.size);
    CHECK(fclose(stream) == 0);
}

static struct text
read_fixture(const char *file)
{
    static char content[1 << 16];
    FILE *stream = fopen(path_of(file), "rb");
    if (stream == NULL) {
        printf("%s is not there\n", path_of(file));
    }
    CHECK(stream != NULL);
    size_t size = fread(content, 1, sizeof content, stream);
    CHECK(fclose(stream) == 0);
    return (struct text){content, size};
}

TEST(answers_are_as_the_fixtures)
{
    struct world *world = world_make(3);
    const char *mode = getenv("SKERRY_FIXTURES");
    bool write = mode != NULL && strcmp(mode, "write") == 0;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct text answer = world_get(world, cases[i].target);
        if (world->exchange.status != cases[i].status) {
            printf("%s: %u " TEXT_FORMAT "\n", cases[i].target, world->exchange.status,
                   TEXT_ARGS(answer));
        }
        CHECK_EQUAL_U64(world->exchange.status, cases[i].status);
        if (write) {
            write_fixture(cases[i].file, answer);
        } else {
            CHECK_EQUAL_TEXT(answer, read_fixture(cases[i].file));
        }
    }
}

TEST(deprecated_names_are_the_same)
{
    static const char *const names[][2] = {
        {"cpu-usage", "cpu/usage_rate"},   {"cpu-limit", "cpu/limit"},
        {"memory-limit", "memory/limit"},  {"memory-usage", "memory/usage"},
        {"memory-working", "memory/working_set"},
    };
    static char first[4096];
    struct world *world = world_make(0);
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        char target[256];
        (void)snprintf(target, sizeof target, DB "/metrics/%s", names[i][1]);
        struct text answer = world_get(world, target);
        CHECK_EQUAL_U64(world->exchange.status, 200);
        CHECK(answer.size > 60 && answer.size < sizeof first);
        memcpy(first, answer.at, answer.size);
        size_t size = answer.size;
        (void)snprintf(target, sizeof target, DB "/metrics/%s", names[i][0]);
        CHECK_EQUAL_TEXT(world_get(world, target), ((struct text){first, size}));
    }
}

// A list far larger than any buffer: complete, sorted, each name once.
TEST(long_lists_are_complete)
{
    struct world *world = world_make(5000);
    struct text rest = world_get(world, MODEL "/namespaces/many/pods");
    struct text line;
    CHECK(world->answer.pieces > 5);
    CHECK(text_cut(rest, '\n', &line, &rest));
    CHECK_EQUAL_TEXT(line, "[");
    for (unsigned i = 0; i < 5000; i++) {
        char expected[64];
        (void)snprintf(expected, sizeof expected, " \"pod-%06u\"%s", i, i < 4999 ? "," : "");
        CHECK(text_cut(rest, '\n', &line, &rest));
        CHECK_EQUAL_TEXT(line, (const char *)expected);
    }
    CHECK_EQUAL_TEXT(rest, "]");
}

// A path with "nix" for every name, the version aside.
static const char *
nowhere_below(enum route route)
{
    static char target[256];
    struct out out = out_of(target, sizeof target);
    struct text rest = text_of(route_path(route));
    struct text head;
    while (text_cut(rest, '{', &head, &rest)) {
        struct text name;
        out_text(&out, head);
        (void)text_cut(rest, '}', &name, &rest);
        out_string(&out, text_equal(name, TEXT("version")) ? "v1alpha1" : "nix");
    }
    out_text(&out, head);
    return out_c_string(&out);
}

// Whatever path a name stands in, one that is unknown is told by name. A namespace
// without pods is none that Kubernetes knows from one that is not; recorded names
// are in test_historical_api.c.
TEST(unknown_names_of_every_route)
{
    unsigned asked = 0;
    struct world *world = world_make(3);
    for (int i = 0; i < ROUTE_COUNT; i++) {
        struct text path = text_of(route_path((enum route)i));
        const char *target = nowhere_below((enum route)i);
        bool is_list = i == ROUTE_RESOURCE_NAMESPACE_PODS || i == ROUTE_HEAPSTER_NAMESPACE_PODS ||
                       i == ROUTE_CORE_NAMESPACE_PODS;
        if (strstr(target, "nix") == NULL || text_starts(path, TEXT("/api/v1/historical"))) {
            continue;
        }
        struct text answer = world_get(world, target);
        bool good = is_list ? world->exchange.status == 200 && text_ends(answer, TEXT("[]}"))
                            : world->exchange.status == 404 &&
                                  memmem(answer.at, answer.size, "nix", 3) != NULL;
        if (!good) {
            printf("%s: %u " TEXT_FORMAT "\n", target, world->exchange.status, TEXT_ARGS(answer));
        }
        CHECK(good);
        asked++;
    }
    CHECK(asked > 25);
}

TEST(nothing_collected_is_503)
{
    static const char *const targets[] = {MODEL "/metrics", MODEL "/nodes", DB "/metrics",
                                          SHOP "/pods", MODEL "/debug/allkeys",
                                          SHOP "/pod-list/a,b/metrics/cpu/usage"};
    struct world *world = world_empty();
    for (size_t i = 0; i < ARRAY_COUNT(targets); i++) {
        struct text answer = world_get(world, targets[i]);
        CHECK_EQUAL_U64(world->exchange.status, 503);
        CHECK(text_starts(answer, TEXT("nothing has been collected yet")));
    }
}

// Goes `steps` elements into an answer, takes the table away and asks for the rest.
// False: the answer was over before.
static bool
lose_table(struct world *world, const char *target, int steps, bool of_table)
{
    static char room[EXCHANGE_ELEMENT_BYTES_MAX];
    struct exchange *exchange = &world->exchange;
    struct out out;
    size_t size = strlen(target);
    memcpy(world->target, target, size);
    world->api.table = &world->reader;
    exchange_begin(exchange, &world->api, world->now);
    dispatch(exchange, TEXT("GET"), world->target, size);
    CHECK_EQUAL_U64(exchange->status, 200);
    for (int i = 0; i < steps; i++) {
        out = out_of(room, sizeof room);
        if (exchange->step(exchange, &out) == STEP_DONE) {
            return false;
        }
        CHECK(!out.full);
    }
    world->api.table = NULL;
    bool done = false;
    for (int piece = 0; !done; piece++) {
        CHECK(piece < 1000);
        out = out_of(room, sizeof room);
        done = exchange_fill(exchange, &out);
        CHECK(!of_table || out.used == 0);
    }
    CHECK_EQUAL_U64(exchange->cut, of_table);
    return true;
}

// The table goes away behind any element of an answer: what is of the table is cut,
// so that nobody takes it for whole, and what is of the appliance goes on without.
TEST(table_may_go_away)
{
    static const struct {
        const char *target;
        bool of_table;
    } answers[] = {
        {MODEL "/nodes", true},
        {MODEL "/namespaces/many/pods", true},
        {DB "/metrics", true},
        {DB "/containers", true},
        {DB "/metrics/cpu/usage_rate", true},
        {SHOP "/pod-list/db-0,db-0/metrics/cpu/usage_rate", true},
        {MODEL "/debug/allkeys", true},
        {"/api/v1/metric-export", true},
        {"/metrics/cluster", true},
        {"/apis/metrics.k8s.io/v1beta1/nodes", true},
        {"/apis/metrics.k8s.io/v1beta1/pods", true},
        {"/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods/db-0", true},
        {"/api/v1/nodes", true},
        {"/api/v1/pods", true},
        {"/api/v1/page/overview", true},
        {"/api/v1/page/nodes", true},
        {"/api/v1/page/namespaces", true},
        {"/api/v1/page/pods", true},
        {"/api/v1/page/containers", true},
        {"/api/v1/page/node/node-a", true},
        {"/api/v1/page/pod/shop/db-0", true},
        {"/metrics", false},
        {"/api/v1/appliance", false},
        {"/plain", false},
    };
    struct world *world = world_make(40);
    for (size_t i = 0; i < ARRAY_COUNT(answers); i++) {
        int steps = 0;
        while (steps < 600 && lose_table(world, answers[i].target, steps, answers[i].of_table)) {
            steps++;
        }
        CHECK(steps > 0);
    }
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"answers_are_as_the_fixtures", answers_are_as_the_fixtures},
            {"deprecated_names_are_the_same", deprecated_names_are_the_same},
            {"long_lists_are_complete", long_lists_are_complete},
            {"unknown_names_of_every_route", unknown_names_of_every_route},
            {"nothing_collected_is_503", nothing_collected_is_503},
            {"table_may_go_away", table_may_go_away},
        },
        6);
}
