// The metrics API against known values: what kubectl and autoscalers read.
#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "api/dispatch.h"
#include "world.h"

#define BETA "/apis/metrics.k8s.io/v1beta1"
#define TABLE "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

// As world_get, with an Accept header.
static struct text
get_as(struct world *world, const char *target, const char *accept)
{
    size_t size = strlen(target);
    memcpy(world->target, target, size);
    exchange_begin(&world->exchange, &world->api, world->now);
    world->exchange.accept = text_of(accept);
    dispatch(&world->exchange, TEXT("GET"), world->target, size);
    world->answer.size = 0;
    for (bool done = false; !done;) {
        struct out out = out_of(world->answer.bytes + world->answer.size,
                                EXCHANGE_ELEMENT_BYTES_MAX);
        done = exchange_fill(&world->exchange, &out);
        world->answer.size += out.used;
        CHECK(world->answer.size + EXCHANGE_ELEMENT_BYTES_MAX <= sizeof world->answer.bytes);
    }
    return (struct text){world->answer.bytes, world->answer.size};
}

static bool
holds(struct text answer, const char *part)
{
    bool there = memmem(answer.at, answer.size, part, strlen(part)) != NULL;
    if (!there) {
        printf("no %s in " TEXT_FORMAT "\n", part, TEXT_ARGS(text_sub(answer, 0, 2000)));
    }
    return there;
}

static unsigned
count(struct text answer, const char *part)
{
    unsigned found = 0;
    size_t size = strlen(part);
    for (size_t at = 0; at + size <= answer.size; at++) {
        found += memcmp(answer.at + at, part, size) == 0;
    }
    return found;
}

TEST(nodes_and_pods_are_listed)
{
    struct world *world = world_make(3);
    // node-b was never scraped.
    CHECK_EQUAL_TEXT(
        world_get(world, BETA "/nodes"),
        TEXT("{\"kind\":\"NodeMetricsList\",\"apiVersion\":\"metrics.k8s.io/v1beta1\","
             "\"metadata\":{},\"items\":[{\"kind\":\"NodeMetrics\",\"apiVersion\":"
             "\"metrics.k8s.io/v1beta1\",\"metadata\":{\"name\":\"node-a\","
             "\"creationTimestamp\":\"2026-11-18T13:27:00Z\"},\"timestamp\":"
             "\"2026-11-18T13:26:55Z\",\"window\":\"15s\",\"usage\":{\"cpu\":\"1500000000n\","
             "\"memory\":\"2097152Ki\"}}]}"));
    CHECK_EQUAL_U64(world->exchange.status, 200);
    struct text pods = world_get(world, BETA "/pods");
    CHECK_EQUAL_U64(count(pods, "\"kind\":\"PodMetrics\""), 2);
    CHECK(holds(pods, "\"name\":\"db-0\",\"namespace\":\"shop\""));
    // A container that waits is not one that lacks.
    CHECK(holds(pods, "\"window\":\"15s\",\"containers\":[{\"name\":\"main\",\"usage\":{\"cpu\":"
                      "\"10083333n\",\"memory\":\"51200Ki\"}}]}"));
    CHECK(text_ends(pods, TEXT("]}]}")));
}

TEST(versions_are_the_same_but_for_their_name)
{
    struct world *world = world_make(0);
    CHECK(holds(world_get(world, "/apis/metrics.k8s.io/v1/nodes/node-a"),
                "{\"kind\":\"NodeMetrics\",\"apiVersion\":\"metrics.k8s.io/v1\","));
    // As Heapster wrote quantities.
    struct text old = world_get(world, "/apis/metrics/v1alpha1/nodes/node-a/");
    CHECK(holds(old, "\"apiVersion\":\"metrics/v1alpha1\""));
    CHECK(holds(old, "\"usage\":{\"cpu\":\"1500m\",\"memory\":\"2147483648\"}"));
    CHECK(holds(world_get(world, "/apis/metrics.k8s.io/v1alpha1/namespaces/shop/pods/db-0"),
                "\"cpu\":\"10m\""));
    CHECK(holds(world_get(world, "/apis/metrics.k8s.io/v2/nodes"),
                "\"the group metrics.k8s.io has no version v2; it has v1, v1beta1 and v1alpha1\""));
    CHECK_EQUAL_U64(world->exchange.status, 404);
    CHECK(holds(world_get(world, "/apis/metrics/v1beta1/nodes"),
                "\"the group metrics has no version v1beta1; it has v1alpha1\""));
    CHECK_EQUAL_U64(world->exchange.status, 404);
}

TEST(lists_are_selected)
{
    struct world *world = world_make(2);
    CHECK_EQUAL_U64(count(world_get(world, BETA "/namespaces/shop/pods"), "PodMetrics\""), 2);
    CHECK_EQUAL_U64(count(world_get(world, BETA "/namespaces/none/pods"), "PodMetrics\""), 0);
    CHECK_EQUAL_U64(world->exchange.status, 200);
    CHECK(text_ends(world_get(world, BETA "/namespaces/none/pods"), TEXT("\"items\":[]}")));
    CHECK_EQUAL_U64(
        count(world_get(world, BETA "/pods?fieldSelector=metadata.name%3Ddb-0"), "PodMetrics\""), 1);
    CHECK_EQUAL_U64(count(world_get(world, BETA "/pods?labelSelector=app"), "PodMetrics\""), 0);
    CHECK_EQUAL_U64(count(world_get(world, BETA "/pods?labelSelector=!app"), "PodMetrics\""), 2);
    (void)world_get(world, BETA "/pods?labelSelector=app%3D%3D%3D");
    CHECK_EQUAL_U64(world->exchange.status, 400);
    CHECK(holds(world_get(world, BETA "/nodes?fieldSelector=metadata.namespace%3Da"),
                "\"message\":\"field label not supported: metadata.namespace\","
                "\"reason\":\"BadRequest\""));
}

TEST(tables_are_given_where_asked)
{
    struct world *world = world_make(0);
    struct text table = get_as(world, BETA "/pods", TABLE);
    CHECK(holds(table, "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\","));
    CHECK(holds(table, "\"rows\":[{\"cells\":[\"db-0\",\"10083333n\",\"51200Ki\",\"15s\"],"));
    CHECK_EQUAL_U64(count(table, "PartialObjectMetadata"), 2);
    table = get_as(world, BETA "/nodes/node-a", TABLE);
    CHECK(holds(table, "\"rows\":[{\"cells\":[\"node-a\","));
    CHECK(text_ends(table, TEXT("}}]}")));
    // A table that is not served; protobuf, for which JSON is good enough.
    CHECK(holds(get_as(world, BETA "/nodes",
                       "application/json;as=Table;v=v1beta1;g=meta.k8s.io, application/json"),
                "NodeMetricsList"));
    CHECK(holds(get_as(world, BETA "/nodes", "application/vnd.kubernetes.protobuf, */*"),
                "NodeMetricsList"));
}

TEST(what_is_not_there_is_a_status)
{
    struct world *world = world_make(0);
    CHECK_EQUAL_TEXT(
        world_get(world, BETA "/nodes/node-x"),
        TEXT("{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","
             "\"message\":\"there is no node node-x; near it: node-b, node-a\","
             "\"reason\":\"NotFound\",\"details\":{\"name\":\"node-x\",\"group\":"
             "\"metrics.k8s.io\",\"kind\":\"nodes\"},\"code\":404}\n"));
    CHECK_EQUAL_U64(world->exchange.status, 404);
    CHECK(strcmp(world->exchange.content_type, CONTENT_JSON) == 0);
    CHECK(holds(world_get(world, BETA "/nodes/node-b"),
                "\"message\":\"node node-b is known, but has no metrics now\""));
    CHECK(holds(world_get(world, BETA "/namespaces/shop/pods/db-1"), "near it: db-0"));
    CHECK(holds(world_get(world, "/apis/apps/v1/deployments"), "\"reason\":\"NotFound\""));
    CHECK(holds(world_get(world, BETA "/node"), "near it: " BETA "/nodes"));
    CHECK(holds(world_get(world, BETA "/nodes?labelSelector=%zz"), "\"reason\":\"BadRequest\""));
    CHECK(holds(world_ask(world, "POST", BETA "/nodes", 0), "\"code\":405"));
    // The longest of names, all of it to be escaped.
    char target[1024] = BETA "/nodes/";
    for (int i = 0; i < 253; i++) {
        strcat(target, "%22");
    }
    CHECK(text_ends(world_get(world, target), TEXT("\"code\":404}\n")));
    // Elsewhere errors are sentences.
    CHECK(holds(world_get(world, "/api/v1/model/nodes/node-x/metrics"), "there is no node"));
    CHECK(strcmp(world->exchange.content_type, CONTENT_TEXT) == 0);
}

TEST(without_data_discovery_answers)
{
    struct world *world = world_empty();
    (void)world_get(world, BETA "/nodes");
    CHECK_EQUAL_U64(world->exchange.status, 503);
    CHECK(holds(world_get(world, BETA "/pods"), "\"reason\":\"ServiceUnavailable\""));
    static const char *const documents[][2] = {
        {"/api", "\"versions\":[\"v1\"]"},
        {"/api/v1", "\"name\":\"nodes\""},
        {"/apis", "\"groupVersion\":\"metrics.k8s.io/v1beta1\""},
        {"/apis/", "APIGroupList"},
        {"/apis/metrics.k8s.io", "\"kind\":\"APIGroup\""},
        {BETA, "\"groupVersion\":\"metrics.k8s.io/v1beta1\",\"resources\":[{\"name\":\"nodes\","
               "\"singularName\":\"\",\"namespaced\":false,\"kind\":\"NodeMetrics\""},
        {"/apis/metrics.k8s.io/v1", "\"groupVersion\":\"metrics.k8s.io/v1\""},
        {"/apis/metrics/v1alpha1", "\"groupVersion\":\"metrics/v1alpha1\""},
        {"/version", "\"gitVersion\":\"v1.34.0+skerry-1.2.3\""},
    };
    for (size_t i = 0; i < ARRAY_COUNT(documents); i++) {
        CHECK(holds(world_get(world, documents[i][0]), documents[i][1]));
        CHECK_EQUAL_U64(world->exchange.status, 200);
    }
    CHECK(holds(world_get(world, "/apis/metrics.k8s.io/v2"), "has no version v2"));
    CHECK(holds(world_get(world, "/apis/metrics/v1"), "metrics has no version v1; it has v1alpha1"));
    CHECK_EQUAL_U64(world->exchange.status, 404);
}

// What kubectl top looks up besides.
TEST(core_nodes_and_pods)
{
    struct world *world = world_make(2);
    struct text nodes = world_get(world, "/api/v1/nodes");
    CHECK_EQUAL_U64(count(nodes, "\"kind\":\"Node\""), 2);
    CHECK(holds(nodes, "\"capacity\":{\"cpu\":\"4\",\"memory\":\"8388608Ki\"},"
                       "\"allocatable\":{\"cpu\":\"3800m\",\"memory\":\"7340032Ki\"}"));
    CHECK(holds(world_get(world, "/api/v1/nodes/node-b"),
                "{\"type\":\"Ready\",\"status\":\"False\"}"));
    CHECK_EQUAL_U64(count(world_get(world, "/api/v1/pods"), "\"kind\":\"Pod\""), 5);
    CHECK_EQUAL_U64(count(world_get(world, "/api/v1/namespaces/many/pods"), "\"kind\":\"Pod\""), 2);
    CHECK(holds(world_get(world, "/api/v1/namespaces/shop/pods/db-0"), "\"phase\":\"Running\""));
}

// Values of the past are none of now.
TEST(old_samples_are_left_out)
{
    struct world *world = world_make(0);
    world->now.ms = (int64_t)WORLD_NEXT_S * MS_PER_S + 60000;
    CHECK_EQUAL_U64(count(world_get(world, BETA "/nodes"), "\"NodeMetrics\""), 1);
    world->now.ms += 1;
    CHECK_EQUAL_U64(count(world_get(world, BETA "/nodes"), "\"NodeMetrics\""), 0);
    CHECK_EQUAL_U64(count(world_get(world, BETA "/pods"), "\"PodMetrics\""), 0);
    (void)world_get(world, BETA "/namespaces/shop/pods/db-0");
    CHECK_EQUAL_U64(world->exchange.status, 404);
}

// Lists that nothing is selected from pause for other clients.
TEST(long_lists_are_complete)
{
    struct world *world = world_make(3000);
    struct text pods = world_get(world, "/api/v1/namespaces/many/pods");
    CHECK_EQUAL_U64(count(pods, "\"kind\":\"Pod\""), 3000);
    pods = world_get(world, BETA "/namespaces/many/pods");
    CHECK(text_ends(pods, TEXT("\"items\":[]}")));
    CHECK(world->answer.pieces > 10);
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"nodes_and_pods_are_listed", nodes_and_pods_are_listed},
            {"versions_are_the_same_but_for_their_name", versions_are_the_same_but_for_their_name},
            {"lists_are_selected", lists_are_selected},
            {"tables_are_given_where_asked", tables_are_given_where_asked},
            {"what_is_not_there_is_a_status", what_is_not_there_is_a_status},
            {"without_data_discovery_answers", without_data_discovery_answers},
            {"core_nodes_and_pods", core_nodes_and_pods},
            {"old_samples_are_left_out", old_samples_are_left_out},
            {"long_lists_are_complete", long_lists_are_complete},
        },
        9);
}
