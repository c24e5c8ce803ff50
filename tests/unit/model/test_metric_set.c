#include "model/metric_set.h"

#include <string.h>

#include "../test.h"

static struct metric_set set;
static struct labelled_value labelled[2];

static void
fill(void)
{
    memset(&set, 0, sizeof set);
    set.entity = ENTITY_POD;
    set.present[METRIC_MEMORY_USAGE] = true;
    set.value[METRIC_MEMORY_USAGE] = (struct metric_value){.u64 = 7};
    set.present[0] = set.present[METRIC_COUNT - 1] = true;
    labelled[0] = (struct labelled_value){METRIC_FILESYSTEM_USAGE, TEXT("filesystem/usage"),
                                          TEXT("/"), {.u64 = 5}};
    labelled[1] = (struct labelled_value){METRIC_COUNT, TEXT("nvidia.com/gpu/request"), TEXT(""),
                                          {.is_double = true, .real = 2}};
    set.labelled = labelled;
    set.labelled_count = ARRAY_COUNT(labelled);
}

TEST(points_come_in_the_order_of_the_catalogue_then_the_labelled_ones)
{
    unsigned at = 0;
    struct set_point point;
    fill();
    CHECK(metric_set_next(&set, &at, &point));
    CHECK_EQUAL_U64(point.metric, 0);
    CHECK_EQUAL_TEXT(point.name, metric_info((enum metric)0)->name);
    CHECK(metric_set_next(&set, &at, &point));
    CHECK_EQUAL_U64(point.metric, METRIC_MEMORY_USAGE);
    CHECK_EQUAL_TEXT(point.name, "memory/usage");
    CHECK_EQUAL_TEXT(point.resource_id, "");
    CHECK_EQUAL_U64(point.value.u64, 7);
    CHECK(metric_set_next(&set, &at, &point));
    CHECK_EQUAL_U64(point.metric, METRIC_COUNT - 1);
    CHECK(metric_set_next(&set, &at, &point));
    CHECK_EQUAL_TEXT(point.resource_id, "/");
    CHECK(metric_set_next(&set, &at, &point));
    CHECK_EQUAL_U64(point.metric, METRIC_COUNT);
    CHECK_EQUAL_TEXT(point.name, "nvidia.com/gpu/request");
    CHECK(point.value.is_double && point.value.real == 2);
    CHECK(!metric_set_next(&set, &at, &point));
    CHECK(!metric_set_next(&set, &at, &point));
}

// A batch that is full leaves off and goes on there.
TEST(goes_on_from_any_point)
{
    fill();
    unsigned at = 0;
    struct set_point point;
    struct set_point again;
    for (;;) {
        unsigned from = at;
        bool more = metric_set_next(&set, &at, &point);
        unsigned second = from;
        CHECK_EQUAL_U64(metric_set_next(&set, &second, &again), more);
        CHECK_EQUAL_U64(second, at);
        if (!more) {
            break;
        }
        CHECK_EQUAL_TEXT(again.name, point.name);
    }
}

TEST(an_empty_set_has_no_points)
{
    unsigned at = 0;
    struct set_point point;
    memset(&set, 0, sizeof set);
    CHECK(!metric_set_next(&set, &at, &point));
}

TEST(labels_have_their_keys_in_order)
{
    CHECK_EQUAL_TEXT(set_label_key(SET_LABEL_IMAGE), "container_base_image");
    CHECK_EQUAL_TEXT(set_label_key(SET_LABEL_POD), "pod_name");
    for (unsigned i = 1; i < SET_LABEL_COUNT; i++) {
        CHECK(text_compare(text_of(set_label_key((enum set_label)(i - 1))),
                           text_of(set_label_key((enum set_label)i))) < 0);
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"points_come_in_the_order_of_the_catalogue_then_the_labelled_ones",
         points_come_in_the_order_of_the_catalogue_then_the_labelled_ones},
        {"goes_on_from_any_point", goes_on_from_any_point},
        {"an_empty_set_has_no_points", an_empty_set_has_no_points},
        {"labels_have_their_keys_in_order", labels_have_their_keys_in_order},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
