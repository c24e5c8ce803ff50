#include "sets.h"

#define HEAD "heapster.pod_container."
#define TAGS                                                                                       \
    " 1795369620 source=\"node1.example.com\" cluster=\"k8s-cluster\" "                            \
    "container_base_image=\"nginx:1.27\" container_name=\"web\" namespace_name=\"shop\" "          \
    "nodename=\"node1\" pod_name=\"web-0\" type=\"pod_container\""

static char whole[1 << 16];
static struct text whole_text;

TEST(writes_heapsters_lines)
{
    struct metric_set set = sets_container();
    CHECK_EQUAL_TEXT(sets_encode(sets_sink_of("wavefront:proxy:2878"), &set),
                     HEAD "uptime 61000" TAGS "\n" HEAD "cpu.usage 123456789" TAGS "\n" HEAD
                          "cpu.usage_rate 12" TAGS "\n" HEAD "memory.usage 33554432" TAGS "\n" HEAD
                          "memory.page_faults_rate 0.5" TAGS "\n");
}

TEST(options)
{
    struct metric_set set = sets_container();
    struct text body =
        sets_encode(sets_sink_of("wavefront:p?includeLabels=true&prefix=&clusterName=c"), &set);
    CHECK_HAS(body, "pod_container.uptime 61000 1795369620 source=");
    CHECK_HAS(body, " cluster=\"c\"");
    CHECK_HAS(body, " label.app=\"shop\" label.tier=\"front\"\n");
    CHECK_EQUAL_TEXT(sets_encode(sets_sink_of("wavefront:p?includeContainers=false"), &set), "");
    set.label[SET_LABEL_CONTAINER] = TEXT("x/system.slice/y");
    CHECK_EQUAL_TEXT(sets_encode(sets_sink_of("wavefront:p"), &set), "");
    sets_sink_of("wavefront:?testMode=true");
    CHECK_EQUAL_U64(sets_sink.kind->transport, SINK_LOG);
    sets_refuses("wavefront:", "wavefront needs a host");
}

TEST(sources)
{
    struct metric_set set = sets_empty(ENTITY_CLUSTER);
    sets_give(&set, METRIC_NODE_COUNT, 3);
    CHECK_EQUAL_TEXT(sets_encode(sets_sink_of("wavefront:p"), &set),
                     "heapster.cluster.node.count 3 1795369620 source=\"cluster\" "
                     "cluster=\"k8s-cluster\" type=\"cluster\"\n");
    set.entity = ENTITY_NAMESPACE;
    set.label[SET_LABEL_NAMESPACE] = TEXT("shop");
    CHECK_HAS(sets_encode(sets_sink_of("wavefront:p"), &set), "source=\"shop-ns\"");
}

TEST(escapes)
{
    static char longest[400];
    struct metric_set set = sets_hostile();
    memset(longest, 'x', sizeof longest);
    set.label[SET_LABEL_IMAGE] = (struct text){longest, sizeof longest};
    struct text body = sets_encode(sets_sink_of("wavefront:p?includeLabels=true"), &set);
    CHECK_HAS(body, "source=\"h.o/s t\"");
    CHECK_HAS(body, " container_name=\"sp ace,co=mma\"");
    CHECK_HAS(body, " pod_name=\"line_end___\"");
    CHECK_HAS(body, " nodename=\"b_,s\"");
    CHECK_HAS(body, " namespace_name=\"n\xc3\xa4_\"");
    CHECK_HAS(body, " label.k=\"\\\"q\\\"__\"");
    CHECK_HAS(body, " resource_id=\"Volume:x y_\\\"{\"\n");
    memset(longest, 'x', sizeof longest);
    char cut[300] = " container_base_image=\"";
    memset(cut + 23, 'x', 254 - 20);
    strcpy(cut + 23 + 254 - 20, "\" ");
    CHECK_HAS(body, cut);
}

static void
check_lines(struct text body, uint32_t points)
{
    sets_check_lines(body, points, whole_text);
}

TEST(batches_hold_whole_lines)
{
    struct metric_set set = sets_container();
    struct sink *sink = sets_sink_of("wavefront:p");
    struct text body = sets_encode(sink, &set);
    memcpy(whole, body.at, body.size);
    whole_text = (struct text){whole, body.size};
    sets_sweep(sink, &set, body.size, 5, check_lines);
}

int
main(void)
{
    fake_open(&sets_machine, test_seed());
    static const struct test_case cases[] = {
        {"writes Heapster's lines", writes_heapsters_lines},
        {"options", options},
        {"sources", sources},
        {"hostile names stay in their quotes", escapes},
        {"batches of every size hold whole lines", batches_hold_whole_lines},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
