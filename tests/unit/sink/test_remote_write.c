#include "sets.h"

#include "base/hash.h"
#include "sink/prometheus_name.h"
#include "sink/protobuf.h"
#include "sink/snappy.h"
#include "unsnappy.h"

static unsigned char second[1 << 20] __attribute__((aligned(16)));

static struct sink *
open_sink(const char *uri)
{
    struct sink *sink = sets_sink_of(uri);
    CHECK(sink->kind->second_bytes <= sizeof second);
    sink->second = (char *)second;
    sink->second_bytes = sink->kind->second_bytes;
    return sink;
}

// The body of a request, unpacked again.
static struct text
unpack(struct text packed)
{
    static char bytes[1 << 20];
    struct out out = out_of(bytes, sizeof bytes);
    unsnappy(packed, &out);
    return out_view(&out);
}

// NAME{key="value",...} VALUE TIME, a line each; checks what the protocol demands.
static void
describe_series(struct out *out, struct text series)
{
    struct protobuf_field field, part;
    struct text last = {0};
    while (protobuf_next(&series, &field)) {
        struct text rest = field.bytes;
        CHECK_EQUAL_U64(field.type, PROTOBUF_BYTES);
        CHECK(protobuf_next(&rest, &part));
        if (field.number == 2) {
            double value;
            memcpy(&value, &part.value, sizeof value);
            out_byte(out, ' ');
            out_double(out, value);
            CHECK(protobuf_next(&rest, &part));
            CHECK_EQUAL_U64(part.value, SETS_TIME_MS);
            continue;
        }
        CHECK(text_compare(last, part.bytes) < 0);
        last = part.bytes;
        out_text(out, part.bytes);
        out_byte(out, '=');
        CHECK(protobuf_next(&rest, &part));
        CHECK(part.bytes.size > 0);
        CHECK(text_is_utf8(part.bytes));
        out_text(out, part.bytes);
        out_byte(out, ';');
    }
    CHECK_EQUAL_U64(series.size, 0);
    out_byte(out, '\n');
}

static struct text
describe(struct text body)
{
    static char bytes[1 << 16];
    struct out out = out_of(bytes, sizeof bytes);
    struct protobuf_field field;
    while (protobuf_next(&body, &field)) {
        CHECK_EQUAL_U64(field.number, 1);
        describe_series(&out, field.bytes);
    }
    CHECK_EQUAL_U64(body.size, 0);
    CHECK(!out.full);
    return out_view(&out);
}

static struct text
encode(const char *uri, const struct metric_set *set)
{
    return describe(unpack(sets_encode(open_sink(uri), set)));
}

static struct metric_set
small(void)
{
    struct metric_set set = sets_empty(ENTITY_CONTAINER);
    set.start_s = 1795369559;
    set.label[SET_LABEL_NODE] = TEXT("n");
    set.label[SET_LABEL_POD] = TEXT("p");
    set.label[SET_LABEL_NAMESPACE] = TEXT("s");
    set.label[SET_LABEL_CONTAINER] = TEXT("c");
    sets_give(&set, METRIC_CPU_USAGE, 1500000000);
    sets_give(&set, METRIC_MEMORY_RSS, 4096);
    return set;
}

// As protoc reads them with prometheus/prompb's field numbers.
TEST(bytes)
{
    static const char bytes[] = "\x0av"
                                "\x0a-\x0a\x08__name__\x12!container_cpu_usage_seconds_total"
                                "\x0a\x0e\x0a\x09"
                                "container\x12\x01"
                                "c"
                                "\x0a\x0e\x0a\x09namespace\x12\x01s"
                                "\x0a\x09\x0a\x04node\x12\x01n"
                                "\x0a\x08\x0a\x03pod\x12\x01p"
                                "\x12\x10\x09\x00\x00\x00\x00\x00\x00\xf8?\x10\xa0\xa4\xf9\xa2\xa0"
                                "4"
                                "\x0ai"
                                "\x0a \x0a\x08__name__\x12\x14"
                                "container_memory_rss"
                                "\x0a\x0e\x0a\x09"
                                "container\x12\x01"
                                "c"
                                "\x0a\x0e\x0a\x09namespace\x12\x01s"
                                "\x0a\x09\x0a\x04node\x12\x01n"
                                "\x0a\x08\x0a\x03pod\x12\x01p"
                                "\x12\x10\x09\x00\x00\x00\x00\x00\x00\xb0@\x10\xa0\xa4\xf9\xa2\xa0"
                                "4";
    struct metric_set set = small();
    struct text body = sets_encode(open_sink("prometheus:"), &set);
    CHECK_EQUAL_TEXT(unpack(body), ((struct text){bytes, sizeof bytes - 1}));
}

TEST(names_of_containers)
{
    struct metric_set set = sets_container();
    set.start_s = 1795369550;
    sets_give(&set, METRIC_CPU_REQUEST, 250);
    sets_give(&set, METRIC_MEMORY_LIMIT, 1024);
    sets_give(&set, METRIC_RESTART_COUNT, 3);
    sets_give(&set, METRIC_PRESSURE_IO_FULL, 2500000);
    sets_give(&set, METRIC_MEMORY_MAJOR_PAGE_FAULTS, 5);
    struct text text = encode("prometheus:", &set);
    CHECK_HAS(text, "__name__=container_start_time_seconds;container=web;image=nginx:1.27;"
                    "namespace=shop;node=node1;pod=web-0; 1795369550\n");
    CHECK_HAS(text, "__name__=container_cpu_usage_seconds_total;container=web;image=nginx:1.27;"
                    "namespace=shop;node=node1;pod=web-0; 0.123456789\n");
    CHECK_HAS(text, "__name__=kube_pod_container_resource_requests;container=web;namespace=shop;"
                    "node=node1;pod=web-0;resource=cpu;unit=core; 0.25\n");
    CHECK_HAS(text, "__name__=kube_pod_container_resource_limits;container=web;namespace=shop;"
                    "node=node1;pod=web-0;resource=memory;unit=byte; 1024\n");
    CHECK_HAS(text, "kube_pod_container_status_restarts_total");
    CHECK_HAS(text, "__name__=container_pressure_io_stalled_seconds_total;");
    CHECK_HAS(text, "; 2.5\n");
    CHECK_HAS(text, "failure_type=pgmajfault;");
    CHECK(!sets_has(text, "_rate"));
    CHECK_HAS(encode("prometheus:?rates=true", &set), "skerry_cpu_usage_rate_cores;");
}

TEST(names_of_nodes)
{
    struct metric_set set = sets_node();
    sets_give(&set, METRIC_CPU_USAGE, 2000000000);
    sets_give(&set, METRIC_NETWORK_RX, 7);
    sets_give(&set, METRIC_MEMORY_USAGE, 8);
    struct text text = encode("prometheus:?cluster=c1&label=job:kubelet", &set);
    CHECK_HAS(text, "__name__=node_cpu_usage_seconds_total;cluster=c1;job=kubelet;node=node1; 2\n");
    CHECK_HAS(text,
              "__name__=container_memory_usage_bytes;cluster=c1;id=/;job=kubelet;node=node1; 8\n");
    CHECK_HAS(text, "__name__=container_network_receive_bytes_total;cluster=c1;id=/;");
    CHECK_HAS(text, "__name__=container_fs_usage_bytes;cluster=c1;device=/;id=/"
                    ";job=kubelet;node=node1; 1000\n");
    CHECK_HAS(text, "__name__=kube_node_status_capacity;cluster=c1;job=kubelet;node=node1;"
                    "resource=memory;unit=byte; 8589934592\n");
    CHECK_HAS(text, "__name__=skerry_nvidia_com_gpu_request;");
}

TEST(names_of_others)
{
    static struct labelled_value volume = {
        METRIC_FILESYSTEM_USAGE, TEXT("filesystem/usage"), TEXT("Volume:data"), {.u64 = 9}};
    static struct labelled_value gpu = {
        METRIC_COUNT, TEXT("nvidia.com/gpu/request"), TEXT(""), {.u64 = 1}};
    struct metric_set pod = sets_empty(ENTITY_POD);
    pod.label[SET_LABEL_POD] = TEXT("p");
    pod.labelled = &volume;
    pod.labelled_count = 1;
    CHECK_EQUAL_TEXT(encode("prometheus:", &pod),
                     "__name__=kubelet_volume_stats_used_bytes;pod=p;volume=data; 9\n");
    struct metric_set container = sets_empty(ENTITY_CONTAINER);
    container.labelled = &gpu;
    container.labelled_count = 1;
    CHECK_EQUAL_TEXT(encode("prometheus:", &container),
                     "__name__=kube_pod_container_resource_requests;"
                     "resource=nvidia_com_gpu;unit=integer; 1\n");
    struct metric_set system = sets_empty(ENTITY_SYSTEM_CONTAINER);
    system.label[SET_LABEL_CONTAINER] = TEXT("kubelet");
    sets_give(&system, METRIC_MEMORY_RSS, 1);
    CHECK_EQUAL_TEXT(encode("prometheus:", &system),
                     "__name__=container_memory_rss;id=/kubelet; 1\n");
    struct metric_set cluster = sets_empty(ENTITY_CLUSTER);
    sets_give(&cluster, METRIC_CPU_REQUEST, 1500);
    sets_give(&cluster, METRIC_NODE_COUNT, 4);
    CHECK_EQUAL_TEXT(encode("prometheus:", &cluster),
                     "__name__=skerry_cpu_request_cores;type=cluster; 1.5\n"
                     "__name__=skerry_node_count;type=cluster; 4\n");
}

// What every metric is called at every level is a good name, and no two of one
// level are told apart by their value alone.
TEST(all_names_are_good)
{
    static uint64_t seen[METRIC_COUNT];
    for (unsigned entity = 0; entity < ENTITY_COUNT; entity++) {
        unsigned count = 0;
        for (unsigned metric = 0; metric < METRIC_COUNT; metric++) {
            struct metric_set set = sets_empty((enum entity)entity);
            struct set_point point = {(enum metric)metric,
                                      text_of(metric_info((enum metric)metric)->name),
                                      {0},
                                      {.u64 = 1}};
            struct prometheus_point named;
            char buffer[200];
            char key[400];
            struct out good = out_of(buffer, sizeof buffer);
            struct out all = out_of(key, sizeof key);
            CHECK(prometheus_name(&set, &point, &named));
            prometheus_write_name(&good, named.name);
            CHECK_EQUAL_TEXT(out_view(&good), named.name);
            out_text(&all, named.name);
            for (unsigned i = 0; i < named.label_count; i++) {
                out_text(&all, named.label[i].key);
                out_text(&all, named.label[i].value);
            }
            CHECK(!all.full);
            uint64_t hash = hash_bytes((struct hash_key){1, 2}, all.at, all.used);
            for (unsigned i = 0; i < count; i++) {
                CHECK(seen[i] != hash);
            }
            seen[count++] = hash;
        }
    }
}

TEST(hostile_names_are_utf8)
{
    struct metric_set set = sets_hostile();
    struct text text = encode("prometheus:", &set);
    CHECK_HAS(text, "namespace=n\xc3\xa4\xef\xbf\xbd;");
    CHECK_HAS(text, "device=Volume:x y\n\"{;");
}

TEST(numbers_that_cannot_be_said)
{
    struct metric_set set = sets_numbers();
    uint64_t before = open_sink("prometheus:")->skipped_total;
    struct text text = describe(unpack(sets_encode(&sets_sink, &set)));
    CHECK(sets_sink.skipped_total > before);
    CHECK(!sets_has(text, "inf"));
    CHECK(!sets_has(text, "nan"));
    CHECK_HAS(text, "skerry_memory_node_utilization;type=cluster; 1.5e-07\n");
}

static void
check_series(struct text body, uint32_t points)
{
    uint32_t lines = 0;
    struct text line;
    struct text rest = describe(unpack(body));
    while (text_cut(rest, '\n', &line, &rest)) {
        lines++;
    }
    CHECK_EQUAL_U64(lines, points);
}

TEST(batches_are_whole_series)
{
    struct metric_set set = sets_node();
    struct sink *sink = open_sink("prometheus:");
    size_t size = unpack(sets_encode(sink, &set)).size;
    sets_sweep(sink, &set, size, 4, check_series);
}

TEST(request)
{
    struct sink_batch batch = sets_batch(1000, 10);
    struct sink_request request;
    struct sink *sink = open_sink("prometheus:http://h:9/a/b?header=X-Scope-OrgID:%20t");
    CHECK_EQUAL_U64(sink->kind->finish(sink, &batch, &request), 0);
    CHECK_EQUAL_TEXT(request.path, "/a/b");
    CHECK_EQUAL_TEXT(request.content_type, "application/x-protobuf");
    CHECK_EQUAL_U64(request.header_count, 3);
    CHECK_EQUAL_TEXT(request.header[0], "Content-Encoding: snappy");
    CHECK_EQUAL_TEXT(request.header[2], "X-Scope-OrgID: t");
    CHECK(!request.gzip);
    CHECK(!sink->gzip);
    free(batch.body.at);
    CHECK_EQUAL_TEXT(sets_sink_of("remote_write:h")->host, "h");
}

TEST(bad_options)
{
    sets_refuses("prometheus:?label=a", "KEY:VALUE");
    sets_refuses("prometheus:?label=__x:y", "KEY:VALUE");
    sets_refuses("prometheus:?label=a-b:y", "KEY:VALUE");
    sets_refuses("prometheus:?label=a:", "KEY:VALUE");
    sets_refuses("prometheus:?label=a:1&label=a:2", "twice");
    sets_refuses("prometheus:?header=x", "NAME:VALUE");
    sets_refuses("prometheus:?header=a:b%0d%0ac:d", "NAME:VALUE");
    sets_refuses("prometheus:?header=a%20b:c", "NAME:VALUE");
    sets_refuses("prometheus:?header=a:1&header=b:1&header=c:1&header=d:1&header=e:1", "at most");
    sets_refuses("prometheus:?rates=maybe", "rates");
    sets_refuses("prometheus:?clustr=x", "clustr");
}

TEST(answers)
{
    struct sink *sink = open_sink("prometheus:");
    sets_judge(sink, 204, "", SINK_TAKEN);
    struct sink_result late = sets_judge(sink, 400, "out of order sample\n", SINK_REFUSED);
    CHECK(strstr(late.why, "newer samples") != NULL);
    CHECK(strstr(late.why, "out of order sample") != NULL);
    sets_judge(sink, 409, "duplicate sample for timestamp", SINK_REFUSED);
    struct sink_result other =
        sets_judge(sink, 400, "label name \"a\" is not unique", SINK_REFUSED);
    CHECK(strstr(other.why, "newer samples") == NULL);
    sets_judge(sink, 429, "", SINK_RETRY);
    sets_judge(sink, 500, "out of order sample", SINK_RETRY);
    sets_judge(sink, 401, "", SINK_RETRY);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"bytes", bytes},
        {"names_of_containers", names_of_containers},
        {"names_of_nodes", names_of_nodes},
        {"names_of_others", names_of_others},
        {"all_names_are_good", all_names_are_good},
        {"hostile_names_are_utf8", hostile_names_are_utf8},
        {"numbers_that_cannot_be_said", numbers_that_cannot_be_said},
        {"batches_are_whole_series", batches_are_whole_series},
        {"request", request},
        {"bad_options", bad_options},
        {"answers", answers},
    };
    fake_open(&sets_machine, 1);
    return test_run(cases, ARRAY_COUNT(cases));
}
