#include "../test.h"

#include <string.h>

#include "model/metric.h"

TEST(every_metric_is_found_by_its_name)
{
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        enum metric found = METRIC_COUNT;
        CHECK(metric_find(text_of(metric_info((enum metric)i)->name), &found));
        CHECK_EQUAL_U64(found, i);
    }
}

TEST(deprecated_names_are_found)
{
    static const struct {
        const char *name;
        enum metric metric;
    } old[] = {
        {"cpu-usage", METRIC_CPU_USAGE_RATE},      {"cpu-limit", METRIC_CPU_LIMIT},
        {"memory-limit", METRIC_MEMORY_LIMIT},     {"memory-usage", METRIC_MEMORY_USAGE},
        {"memory-working", METRIC_MEMORY_WORKING_SET},
    };
    for (size_t i = 0; i < ARRAY_COUNT(old); i++) {
        enum metric found = METRIC_COUNT;
        CHECK(metric_find(text_of(old[i].name), &found));
        CHECK_EQUAL_U64(found, old[i].metric);
    }
}

TEST(other_names_are_not_found)
{
    static const char *const names[] = {"", "cpu", "cpu/", "cpu/usag", "cpu/usagee", "CPU/usage"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        enum metric found = METRIC_COUNT;
        CHECK(!metric_find(text_of(names[i]), &found));
        CHECK_EQUAL_U64(found, METRIC_COUNT);
    }
}

TEST(levels_are_heapsters)
{
    CHECK(metric_has_entity(METRIC_CPU_USAGE_RATE, ENTITY_CLUSTER));
    CHECK(metric_has_entity(METRIC_CPU_USAGE_RATE, ENTITY_NAMESPACE));
    CHECK(metric_has_entity(METRIC_UPTIME, ENTITY_SYSTEM_CONTAINER));
    CHECK(!metric_has_entity(METRIC_UPTIME, ENTITY_NAMESPACE));
    CHECK(!metric_has_entity(METRIC_NETWORK_RX, ENTITY_CONTAINER));
    CHECK(!metric_has_entity(METRIC_RESTART_COUNT, ENTITY_NODE));
    CHECK(metric_has_entity(METRIC_CPU_NODE_RESERVATION, ENTITY_NODE));
    CHECK(!metric_has_entity(METRIC_CPU_NODE_RESERVATION, ENTITY_POD));
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        bool any = false;
        for (unsigned k = 0; k < ENTITY_COUNT; k++) {
            any = any || metric_has_entity((enum metric)i, (enum entity)k);
        }
        CHECK(any);
    }
}

TEST(labelled_are_those_of_file_systems_and_disks)
{
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        const char *name = metric_info((enum metric)i)->name;
        bool expected = strncmp(name, "filesystem/", 11) == 0 || strncmp(name, "disk/", 5) == 0;
        CHECK(metric_is_labelled((enum metric)i) == expected);
    }
}

TEST(rates_are_floats_and_gauges)
{
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        const struct metric_info *info = metric_info((enum metric)i);
        if (text_ends(text_of(info->name), TEXT("_rate"))) {
            CHECK(info->value_type == METRIC_DOUBLE);
            CHECK(info->type == METRIC_GAUGE);
        }
        CHECK(info->description[0] != '\0');
    }
}

TEST(labels_and_units_have_heapsters_texts)
{
    CHECK_EQUAL_TEXT(entity_type_label(ENTITY_NODE), "node");
    CHECK_EQUAL_TEXT(entity_type_label(ENTITY_POD), "pod");
    CHECK_EQUAL_TEXT(entity_type_label(ENTITY_CONTAINER), "pod_container");
    CHECK_EQUAL_TEXT(entity_type_label(ENTITY_SYSTEM_CONTAINER), "sys_container");
    CHECK_EQUAL_TEXT(entity_type_label(ENTITY_NAMESPACE), "ns");
    CHECK_EQUAL_TEXT(entity_type_label(ENTITY_CLUSTER), "cluster");
    CHECK_EQUAL_TEXT(metric_unit_text(METRIC_UNIT_NONE), "");
    CHECK_EQUAL_TEXT(metric_unit_text(METRIC_UNIT_BYTES), "bytes");
    CHECK_EQUAL_TEXT(metric_unit_text(METRIC_UNIT_MS), "ms");
    CHECK_EQUAL_TEXT(metric_unit_text(METRIC_UNIT_NS), "ns");
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"every_metric_is_found_by_its_name", every_metric_is_found_by_its_name},
        {"deprecated_names_are_found", deprecated_names_are_found},
        {"other_names_are_not_found", other_names_are_not_found},
        {"levels_are_heapsters", levels_are_heapsters},
        {"labelled_are_those_of_file_systems_and_disks",
         labelled_are_those_of_file_systems_and_disks},
        {"rates_are_floats_and_gauges", rates_are_floats_and_gauges},
        {"labels_and_units_have_heapsters_texts", labels_and_units_have_heapsters_texts},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
