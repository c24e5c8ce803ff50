#include "sets.h"

static struct sink_labels labels;
static char joined[4096];

// "key=value;..."
static struct text
collect(struct sink *sink, const struct metric_set *set)
{
    struct out out = out_of(joined, sizeof joined);
    sink_labels_collect(&labels, sink, set);
    for (unsigned i = 0; i < labels.count; i++) {
        CHECK(i == 0 || text_compare(labels.label[i - 1].key, labels.label[i].key) < 0);
        out_text(&out, labels.label[i].key);
        out_byte(&out, '=');
        out_text(&out, labels.label[i].value);
        out_byte(&out, ';');
    }
    return out_view(&out);
}

TEST(sorted_and_not_empty)
{
    struct sink sink = {0};
    struct metric_set set = sets_container();
    CHECK_EQUAL_TEXT(collect(&sink, &set),
                     "container_base_image=nginx:1.27;container_name=web;host_id=i-1;"
                     "hostname=node1.example.com;labels=app:shop,tier:front;namespace_id=ns-uid;"
                     "namespace_name=shop;nodename=node1;pod_id=pod-uid;pod_name=web-0;"
                     "type=pod_container;");
    set = sets_empty(ENTITY_CLUSTER);
    CHECK_EQUAL_TEXT(collect(&sink, &set), "type=cluster;");
}

TEST(rules)
{
    struct sink_label_rules rules = {
        .ignore_count = 1,
        .ignore = {TEXT("tier")},
        .store_count = 3,
        .store = {{TEXT("tier"), TEXT("a_tier")},
                  {TEXT("app"), TEXT("zapp")},
                  {TEXT("x"), TEXT("y")}},
    };
    struct sink sink = {.label_rules = &rules, .labels_separator = TEXT(";;")};
    struct metric_set set = sets_empty(ENTITY_NODE);
    set.label[SET_LABEL_LABELS] = TEXT("app:shop,b:2,tier:front");
    CHECK_EQUAL_TEXT(collect(&sink, &set),
                     "a_tier=front;labels=app:shop;;b:2;type=node;zapp=shop;");
}

TEST(the_joined_ones_are_cut_at_a_pair)
{
    static char many[SINK_LABELS_JOINED_MAX * 2];
    struct out out = out_of(many, sizeof many);
    struct sink sink = {.labels_separator = TEXT("|")};
    struct metric_set set = sets_empty(ENTITY_NODE);
    for (unsigned i = 0; i < 400; i++) {
        out_format(&out, "%sk%03u:v", i == 0 ? "" : ",", i);
    }
    set.label[SET_LABEL_LABELS] = out_view(&out);
    collect(&sink, &set);
    struct text cut = sink_labels_value(&labels, TEXT("labels"));
    CHECK(cut.size > SINK_LABELS_JOINED_MAX - 8 && text_ends(cut, TEXT(":v")));
}

TEST(more_than_fit)
{
    labels.count = 0;
    char keys[SINK_LABELS_MAX + 9][8];
    for (unsigned i = 0; i < SINK_LABELS_MAX + 9; i++) {
        struct out key = out_of(keys[i], sizeof keys[i]);
        out_format(&key, "k%u", 100 - i);
        sink_labels_put(&labels, out_view(&key), TEXT("v"));
    }
    CHECK_EQUAL_U64(labels.count, SINK_LABELS_MAX);
    sink_labels_put(&labels, TEXT("k100"), TEXT("w"));
    CHECK_EQUAL_TEXT(sink_labels_value(&labels, TEXT("k100")), "w");
    sink_labels_drop(&labels, TEXT("k100"));
    CHECK_EQUAL_TEXT(sink_labels_value(&labels, TEXT("k100")), "");
    CHECK_EQUAL_U64(labels.count, SINK_LABELS_MAX - 1);
}

static void
has_key(enum entity entity, const char *key)
{
    char room[256];
    struct out out = out_of(room, sizeof room);
    struct metric_set set = sets_container();
    set.entity = entity;
    sink_set_key(&out, &set);
    CHECK_EQUAL_TEXT(out_view(&out), key);
}

TEST(keys)
{
    has_key(ENTITY_NODE, "node:node1");
    has_key(ENTITY_SYSTEM_CONTAINER, "node:node1/container:web");
    has_key(ENTITY_NAMESPACE, "namespace:shop");
    has_key(ENTITY_POD, "namespace:shop/pod:web-0");
    has_key(ENTITY_CONTAINER, "namespace:shop/pod:web-0/container:web");
    has_key(ENTITY_CLUSTER, "cluster");
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"sorted, and none is empty", sorted_and_not_empty},
        {"ignored and stored labels, another separator", rules},
        {"joined labels are cut at a pair", the_joined_ones_are_cut_at_a_pair},
        {"labels beyond the room are left out", more_than_fit},
        {"Heapster's keys", keys},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
