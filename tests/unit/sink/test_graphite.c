#include "sets.h"

#define POD "kubernetes.nodes.node1_example_com.pods.shop.web-0."
#define END " 1795369620\n"

static char whole[1 << 16];
static struct text whole_text;

TEST(writes_heapsters_paths)
{
    struct metric_set set = sets_container();
    struct sink *sink = sets_sink_of("graphite:tcp://g");
    CHECK_EQUAL_TEXT(sets_encode(sink, &set), POD "containers.web.uptime 61000" END POD
                                                  "containers.web.cpu.usage 123456789" END POD
                                                  "containers.web.cpu.usage_rate 12" END POD
                                                  "containers.web.memory.usage 33554432" END POD
                                                  "containers.web.memory.page_faults_rate 0.5" END);
}

static void
has_path(enum entity entity, const char *uri, const char *path)
{
    struct metric_set set = sets_empty(entity);
    set.label[SET_LABEL_HOSTNAME] = TEXT("h");
    set.label[SET_LABEL_NAMESPACE] = TEXT("ns");
    set.label[SET_LABEL_POD] = TEXT("p");
    set.label[SET_LABEL_CONTAINER] = TEXT("c");
    sets_give(&set, METRIC_CPU_LIMIT, 7);
    char line[256];
    struct out out = out_of(line, sizeof line);
    out_format(&out, "%s.cpu.limit 7" END, path);
    CHECK_EQUAL_TEXT(sets_encode(sets_sink_of(uri), &set), out_view(&out));
}

TEST(paths)
{
    has_path(ENTITY_CLUSTER, "graphite:tcp://g", "kubernetes.cluster");
    has_path(ENTITY_NAMESPACE, "graphite:tcp://g", "kubernetes.namespaces.ns");
    has_path(ENTITY_NODE, "graphite:tcp://g?prefix=a.b", "a.b.nodes.h");
    has_path(ENTITY_POD, "graphite:tcp://g?prefix=", "nodes.h.pods.ns.p");
    has_path(ENTITY_SYSTEM_CONTAINER, "graphite:udp://g", "kubernetes.nodes.h.sys-containers.c");
}

TEST(resources_have_paths_of_their_own)
{
    struct metric_set set = sets_node();
    CHECK_EQUAL_TEXT(sets_encode(sets_sink_of("graphite:tcp://g"), &set),
                     "kubernetes.nodes.node1_example_com.memory.node_capacity 8589934592" END
                     "kubernetes.nodes.node1_example_com.filesystem._.usage 1000" END
                     "kubernetes.nodes.node1_example_com.filesystem._.limit 2000" END
                     "kubernetes.nodes.node1_example_com.nvidia_com.gpu.request 2" END);
}

TEST(escapes)
{
    struct metric_set set = sets_hostile();
    CHECK_EQUAL_TEXT(sets_encode(sets_sink_of("graphite:tcp://g"), &set),
                     "kubernetes.nodes.h_o_s_t.pods.n\xc3\xa4_.line_end___.containers."
                     "sp_ace_co=mma.memory.usage 1" END
                     "kubernetes.nodes.h_o_s_t.pods.n\xc3\xa4_.line_end___.containers."
                     "sp_ace_co=mma.filesystem.Volume:x_y___.usage 2" END);
}

static void
check_lines(struct text body, uint32_t points)
{
    sets_check_lines(body, points, whole_text);
}

TEST(batches_hold_whole_lines)
{
    struct metric_set set = sets_container();
    struct sink *sink = sets_sink_of("graphite:udp://g");
    CHECK_EQUAL_U64(sink->kind->transport, SINK_DATAGRAM);
    struct text body = sets_encode(sink, &set);
    memcpy(whole, body.at, body.size);
    whole_text = (struct text){whole, body.size};
    sets_sweep(sink, &set, body.size + 1, 5, check_lines);
}

TEST(mistakes)
{
    sets_refuses("graphite:http://g", "graphite takes tcp://");
    sets_refuses("graphite:tcp://g?prefix=a%20b", "prefix must be names");
    sets_refuses("graphite:tcp://g?perfix=a", "there is no option \"perfix\"");
}

int
main(void)
{
    fake_open(&sets_machine, test_seed());
    static const struct test_case cases[] = {
        {"writes Heapster's paths", writes_heapsters_paths},
        {"paths of every level", paths},
        {"resources have paths of their own", resources_have_paths_of_their_own},
        {"hostile names stay one part of a path", escapes},
        {"batches of every size hold whole lines", batches_hold_whole_lines},
        {"mistakes are one sentence", mistakes},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
