// /metrics/cluster and Heapster's export: every line in its place.
#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "world.h"

static bool
has_line(struct text answer, const char *line)
{
    struct text rest = answer;
    while (rest.size > 0) {
        struct text one;
        (void)text_cut(rest, '\n', &one, &rest);
        if (text_equal(one, text_of(line))) {
            return true;
        }
    }
    printf("no line %s\n", line);
    return false;
}

static bool
holds(struct text answer, const char *part)
{
    return memmem(answer.at, answer.size, part, strlen(part)) != NULL;
}

TEST(samples_have_the_names_of_the_field)
{
    static const char *const lines[] = {
        "# TYPE node_cpu_usage_seconds_total counter",
        "node_cpu_usage_seconds_total{node=\"node-a\"} 1022.5",
        "# TYPE container_memory_usage_bytes gauge",
        "container_memory_usage_bytes{id=\"/\",node=\"node-a\"} 3221225472",
        "node_memory_working_set_bytes{node=\"node-a\"} 2147483648",
        "container_cpu_usage_seconds_total{container=\"main\",image=\"registry.example/main:1\","
        "namespace=\"shop\",node=\"node-a\",pod=\"db-0\"} 60.15125",
        "container_cpu_usage_seconds_total{id=\"/kubelet\",node=\"node-a\"} 102.25",
        "kube_pod_container_resource_requests{resource=\"cpu\",unit=\"core\",container=\"main\","
        "namespace=\"kube-system\",node=\"node-b\",pod=\"<b>&\\\"odd\"} 0.1",
        "kube_node_status_allocatable{resource=\"cpu\",unit=\"core\",node=\"node-a\"} 3.8",
        "kubelet_volume_stats_used_bytes{volume=\"data\",namespace=\"shop\",node=\"node-a\","
        "pod=\"db-0\"} 1048576",
        "container_fs_usage_bytes{id=\"/\",device=\"/\",node=\"node-a\"} 1073741824",
        "# TYPE skerry_custom_queue_length untyped",
        "skerry_custom_queue_length{type=\"pod_container\",container=\"main\",namespace=\"shop\","
        "node=\"node-a\",pod=\"db-0\"} 12.5",
        "skerry_node_count{type=\"cluster\"} 2",
        "# TYPE kube_pod_status_phase gauge",
        "kube_pod_status_phase{phase=\"Running\",namespace=\"shop\",node=\"node-a\",pod=\"db-0\"} 1",
        "kube_node_status_condition{condition=\"Ready\",status=\"true\",node=\"node-a\"} 1",
    };
    struct world *world = world_make(3);
    struct text answer = world_get(world, "/metrics/cluster");
    for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
        CHECK(has_line(answer, lines[i]));
    }
    CHECK(strcmp(world->exchange.content_type, CONTENT_PROMETHEUS) == 0);
    // Rates of counters that are told, and what is not set.
    CHECK(!holds(answer, "network_rx_rate"));
    CHECK(!holds(answer, "resource=\"ephemeral_storage\""));
}

// Each family once, with all its samples and no others.
TEST(families_are_in_one_piece)
{
    static char seen[256][128];
    unsigned families = 0;
    unsigned samples = 0;
    char family[128] = "";
    struct world *world = world_make(50);
    struct text rest = world_get(world, "/metrics/cluster");
    while (rest.size > 0) {
        struct text line;
        (void)text_cut(rest, '\n', &line, &rest);
        if (text_starts(line, TEXT("# TYPE "))) {
            CHECK(sscanf(line.at, "# TYPE %127s", family) == 1);
            for (unsigned i = 0; i < families; i++) {
                CHECK(strcmp(seen[i], family) != 0);
            }
            CHECK(families < ARRAY_COUNT(seen));
            (void)snprintf(seen[families++], sizeof seen[0], "%s", family);
        } else if (!text_starts(line, TEXT("# HELP "))) {
            size_t size = strlen(family);
            CHECK(text_starts(line, text_of(family)));
            CHECK(line.at[size] == '{' || line.at[size] == ' ');
            samples++;
        }
    }
    CHECK(families > 30);
    CHECK(samples > 300);
}

TEST(old_samples_are_left_out_and_requests_stay_with_them)
{
    struct world *world = world_make(0);
    world->now.ms = (int64_t)WORLD_NEXT_S * MS_PER_S + 60001;
    struct text answer = world_get(world, "/metrics/cluster");
    CHECK(!holds(answer, "cpu_usage_seconds"));
    CHECK_EQUAL_U64(world->exchange.status, 200);
}

TEST(nothing_collected_is_503)
{
    struct world *world = world_empty();
    (void)world_get(world, "/metrics/cluster");
    CHECK_EQUAL_U64(world->exchange.status, 503);
    (void)world_get(world, "/api/v1/metric-export");
    CHECK_EQUAL_U64(world->exchange.status, 503);
    (void)world_get(world, "/api/v1/metric-export-schema");
    CHECK_EQUAL_U64(world->exchange.status, 200);
}

TEST(export_is_as_heapster_wrote_it)
{
    static const char *const parts[] = {
        "{\"metrics\":{\"uptime\":[{\"start\":\"2026-11-17T13:26:40Z\",",
        "\"cpu/usage\":[{\"start\":\"2026-11-17T13:26:40Z\",\"end\":\"2026-11-18T13:26:55Z\","
        "\"value\":1022500000000}]",
        "\"memory/usage\":[{\"start\":\"2026-11-18T13:26:55Z\",\"end\":\"2026-11-18T13:26:55Z\","
        "\"value\":3221225472}]",
        "\"filesystem/usage\":[{\"start\":\"2026-11-18T13:26:55Z\",\"end\":"
        "\"2026-11-18T13:26:55Z\",\"labels\":{\"resource_id\":\"/\"},\"value\":1073741824}]",
        "\"labels\":{\"container_name\":\"machine\",",
        "\"labels\":{\"container_name\":\"/pod\",",
        "\"container_name\":\"main\",\"container_base_image\":\"registry.example/main:1\"",
        "\"pod_name\":\"<b>&\\\"odd\"",
    };
    struct world *world = world_make(3);
    struct text answer = world_get(world, "/api/v1/metric-export");
    for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
        if (!holds(answer, parts[i])) {
            printf("no %s\n", parts[i]);
        }
        CHECK(holds(answer, parts[i]));
    }
    CHECK(answer.at[0] == '[' && answer.at[answer.size - 1] == ']');
    CHECK(!holds(answer, "usage_rate"));
    CHECK(!holds(answer, ",]") && !holds(answer, ",}") && !holds(answer, "[,"));
    answer = world_get(world, "/api/v1/metric-export-schema");
    CHECK(holds(answer, "{\"name\":\"cpu/usage\",\"description\":\"CPU time used, all cores\","
                        "\"labels\":[],\"type\":\"cumulative\",\"value_type\":\"int64\","
                        "\"units\":\"ns\"}"));
    CHECK(holds(answer, "\"common_labels\":[{\"key\":\"nodename\""));
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"samples_have_the_names_of_the_field", samples_have_the_names_of_the_field},
            {"families_are_in_one_piece", families_are_in_one_piece},
            {"old_samples_are_left_out_and_requests_stay_with_them", old_samples_are_left_out_and_requests_stay_with_them},
            {"nothing_collected_is_503", nothing_collected_is_503},
            {"export_is_as_heapster_wrote_it", export_is_as_heapster_wrote_it},
        },
        5);
}
