#include "sets.h"

static char whole[1 << 16];
static struct text whole_text;

static struct metric_set
small(enum entity entity)
{
    struct metric_set set = sets_empty(entity);
    set.label[SET_LABEL_HOSTNAME] = TEXT("h.1");
    set.label[SET_LABEL_NODE] = TEXT("n");
    set.label[SET_LABEL_NAMESPACE] = TEXT("ns");
    set.label[SET_LABEL_POD] = TEXT("p");
    set.label[SET_LABEL_CONTAINER] = TEXT("c");
    sets_give(&set, METRIC_CPU_LIMIT, 7);
    return set;
}

static void
writes(const char *uri, enum entity entity, const char *labels, const char *line)
{
    struct metric_set set = small(entity);
    set.label[SET_LABEL_LABELS] = text_of(labels);
    CHECK_EQUAL_TEXT(sets_encode(sets_sink_of(uri), &set), line);
}

TEST(etsys_form)
{
    const char *uri = "statsd:udp://s:8125";
    writes(uri, ENTITY_NODE, "", "node.h_1.cpu/limit:7|g");
    writes(uri, ENTITY_POD, "", "node.h_1.namespace.ns.pod.p.cpu/limit:7|g");
    writes(uri, ENTITY_CONTAINER,
           "a.b/c:d,e:", "node.h_1.namespace.ns.pod.p.container.c.a_b/c.d.cpu/limit:7|g");
    writes(uri, ENTITY_SYSTEM_CONTAINER, "", "node.h_1.sys-container.c.cpu/limit:7|g");
    writes(uri, ENTITY_NAMESPACE, "", "namespace.ns.cpu/limit:7|g");
    writes("statsd:udp://s?prefix=k8s", ENTITY_CLUSTER, "", "k8s.cluster.cpu/limit:7|g");
    writes("statsd:udp://s?allowedLabels=app&renameLabels=app:application", ENTITY_NODE,
           "app:x,tier:y", "node.h_1.application.x.cpu/limit:7|g");
}

TEST(influxs_form)
{
    const char *uri = "statsd:udp://s?protocolType=influxstatsd&prefix=k.";
    writes(uri, ENTITY_NODE, "app:x",
           "k.cpu/limit,container_name=c,hostname=h.1,namespace_name=ns,nodename=n,pod_name=p,"
           "type=node,app=x:7|g");
    writes("statsd:udp://s?protocolType=influxstatsd&labelStyle=lowerCamelCase"
           "&allowedLabels=pod_name,type,my_app&renameLabels=type:k8s_type",
           ENTITY_POD, "my_app:x", "cpu/limit,podName=p,k8s_type=pod,myApp=x:7|g");
    writes("statsd:udp://s?protocolType=influxstatsd&labelStyle=upperCamelCase"
           "&allowedLabels=pod_name",
           ENTITY_POD, "", "cpu/limit,PodName=p:7|g");
}

TEST(resources)
{
    struct metric_set set = sets_node();
    struct text body = sets_encode(sets_sink_of("statsd:udp://s?numMetricsPerMsg=9"), &set);
    CHECK_HAS(body, "node.node1_example_com.filesystem/usage./:1000|g\n");
    body = sets_encode(sets_sink_of("statsd:udp://s?protocolType=influxstatsd&numMetricsPerMsg=9"),
                       &set);
    CHECK_HAS(body, "type=node,resource_id=/:1000|g\n");
}

TEST(escapes)
{
    struct metric_set set = sets_hostile();
    CHECK_EQUAL_TEXT(sets_encode(sets_sink_of("statsd:udp://s"), &set),
                     "node.h_o/s_t.namespace.n\xc3\xa4_.pod.line_end___.container."
                     "sp_ace_co_mma.k.\"q\"__.k2.a_b_c_d_e.memory/usage:1|g\n"
                     "node.h_o/s_t.namespace.n\xc3\xa4_.pod.line_end___.container."
                     "sp_ace_co_mma.k.\"q\"__.k2.a_b_c_d_e.filesystem/usage.Volume_x_y_\"{:2|g");
    struct text body = sets_encode(
        sets_sink_of("statsd:udp://s?protocolType=influxstatsd&allowedLabels=k2,resource_id"),
        &set);
    CHECK_EQUAL_TEXT(body, "memory/usage,k2=a_b_c_d_e:1|g\n"
                           "filesystem/usage,k2=a_b_c_d_e,resource_id=Volume_x_y_\"{:2|g");
}

// What is old would be taken for new.
TEST(the_past_is_not_sent)
{
    CHECK(sets_sink_of("statsd:udp://s")->kind->no_times);
}

TEST(packets)
{
    struct metric_set set = sets_container();
    struct sink *sink = sets_sink_of("statsd:udp://s?numMetricsPerMsg=2");
    struct sink_batch batch = sets_batch(4096, 100);
    unsigned at = 0;
    CHECK(!sink->kind->add(sink, &batch, &set, &at));
    CHECK_EQUAL_U64(batch.points, 2);
    CHECK_EQUAL_U64(batch.limit_points, 100);
    free(batch.body.at);
}

static void
check_lines(struct text body, uint32_t points)
{
    sets_check_lines(body, points, whole_text);
}

TEST(batches_hold_whole_lines)
{
    struct metric_set set = sets_container();
    struct sink *sink = sets_sink_of("statsd:udp://s");
    struct text body = sets_encode(sink, &set);
    memcpy(whole, body.at, body.size);
    whole_text = (struct text){whole, body.size};
    sets_sweep(sink, &set, body.size + 2, 5, check_lines);
}

TEST(mistakes)
{
    sets_refuses("statsd:tcp://s", "statsd takes udp://");
    sets_refuses("statsd:udp://s?protocolType=etsy",
                 "protocolType must be etsystatsd or influxstatsd, not \"etsy\"");
    sets_refuses("statsd:udp://s?renameLabels=a", "renameLabels must be");
    sets_refuses("statsd:udp://s?prefix=a%0ab", "prefix must be plain");
    sets_refuses("statsd:udp://s?numMetricsPerMsg=0", "numMetricsPerMsg must be");
}

int
main(void)
{
    fake_open(&sets_machine, test_seed());
    static const struct test_case cases[] = {
        {"Etsy's form", etsys_form},
        {"Influx's form, renamed, styled and allowed labels", influxs_form},
        {"resources", resources},
        {"hostile names stay one part", escapes},
        {"the past is not sent", the_past_is_not_sent},
        {"points of a packet", packets},
        {"batches of every size hold whole lines", batches_hold_whole_lines},
        {"mistakes are one sentence", mistakes},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
