#include "sets.h"

#include "base/version.h"
#include "sink/otlp_name.h"
#include "sink/protobuf.h"

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

// As protoc reads them with opentelemetry-proto's field numbers.
TEST(bytes)
{
    static const char bytes[] =
        "\x0a\xe4\x01\x0a"
        "a"
        "\x0a\x14\x0a\x0dk8s.node.name\x12\x03\x0a\x01n"
        "\x0a\x19\x0a\x12k8s.namespace.name\x12\x03\x0a\x01s"
        "\x0a\x13\x0a\x0ck8s.pod.name\x12\x03\x0a\x01p"
        "\x0a\x19\x0a\x12k8s.container.name\x12\x03\x0a\x01"
        "c"
        "\x12\x7f\x0a\x0f\x0a\x06skerry\x12\x05" SKERRY_VERSION "\x12:\x0a\x12"
        "container.cpu.time\x1a\x01s:!"
        "\x0a\x1b\x11\x00\xa6\xbe\x04\x1ao\xea\x18\x19\x00\xc8\xa0"
        "8(o\xea\x18"
        "!\x00\x00\x00\x00\x00\x00\xf8?\x10\x02\x18\x01"
        "\x12"
        "0\x0a\x14"
        "container.memory.rss\x1a\x02"
        "By*\x14"
        "\x0a\x12\x19\x00\xc8\xa0"
        "8(o\xea\x18"
        "1\x00\x10\x00\x00\x00\x00\x00\x00";
    struct metric_set set = small();
    CHECK_EQUAL_TEXT(sets_encode(sets_sink_of("otlp:"), &set),
                     ((struct text){bytes, sizeof bytes - 1}));
}

// The next field, which must be a message or text of that number.
static struct text
enter(struct text *rest, uint32_t number)
{
    struct protobuf_field field;
    CHECK(protobuf_next(rest, &field));
    CHECK_EQUAL_U64(field.number, number);
    CHECK_EQUAL_U64(field.type, PROTOBUF_BYTES);
    return field.bytes;
}

static bool
is_name(struct text name)
{
    for (size_t i = 0; i < name.size; i++) {
        char byte = name.at[i];
        bool good = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '.' ||
                    byte == '_' || byte == '-';
        if (!good) {
            return false;
        }
    }
    return name.size != 0 && name.at[0] >= 'a';
}

// Every text is UTF-8, every metric has one point; gives how many there are.
static uint32_t
count_metrics(struct text body)
{
    uint32_t count = 0;
    while (body.size != 0) {
        struct text resource_metrics = enter(&body, 1);
        struct text resource = enter(&resource_metrics, 1);
        struct text scope_metrics = enter(&resource_metrics, 2);
        CHECK_EQUAL_U64(resource_metrics.size, 0);
        while (resource.size != 0) {
            struct text attribute = enter(&resource, 1);
            CHECK(text_is_utf8(enter(&attribute, 1)));
            struct text any = enter(&attribute, 2);
            struct text value = enter(&any, 1);
            CHECK(value.size != 0 && text_is_utf8(value));
        }
        enter(&scope_metrics, 1);
        CHECK(scope_metrics.size != 0);
        while (scope_metrics.size != 0) {
            struct text metric = enter(&scope_metrics, 2);
            struct protobuf_field data;
            CHECK(is_name(enter(&metric, 1)));
            enter(&metric, 3);
            CHECK(protobuf_next(&metric, &data));
            CHECK(data.number == 5 || data.number == 7);
            CHECK(enter(&data.bytes, 1).size != 0);
            count++;
        }
    }
    return count;
}

TEST(names)
{
    struct metric_set set = sets_container();
    sets_give(&set, METRIC_RESTART_COUNT, 3);
    sets_give(&set, METRIC_MEMORY_LIMIT, 1024);
    struct text body = sets_encode(sets_sink_of("otlp:?cluster=c1&label=team:x"), &set);
    CHECK_EQUAL_U64(count_metrics(body), 6);
    CHECK_HAS(body, "k8s.cluster.name\x12\x04\n\x02"
                    "c1");
    CHECK_HAS(body, "team");
    CHECK_HAS(body, "k8s.container.name\x12\x05\n\x03web");
    CHECK_HAS(body, "container.image.name");
    CHECK_HAS(body, "k8s.pod.uid");
    CHECK_HAS(body, "k8s.container.restarts\x1a\x09{restart}*");
    CHECK_HAS(body, "k8s.container.memory_limit\x1a\x02"
                    "By*");
    CHECK_HAS(body, "container.cpu.usage\x1a\x05{cpu}*");
    CHECK(!sets_has(body, "page_faults_rate"));
    CHECK_HAS(sets_encode(sets_sink_of("otlp:?rates=true"), &set),
              "skerry.container.memory.page_faults_rate");
}

TEST(names_of_nodes_and_pods)
{
    static struct labelled_value volume = {
        METRIC_FILESYSTEM_LIMIT, TEXT("filesystem/limit"), TEXT("Volume:data"), {.u64 = 9}};
    struct metric_set set = sets_node();
    sets_give(&set, METRIC_NETWORK_TX, 5);
    struct text body = sets_encode(sets_sink_of("otlp:"), &set);
    CHECK_HAS(body, "k8s.node.network.io\x1a\x02"
                    "By:");
    CHECK_HAS(body, "direction\x12\x0a\n\x08transmit");
    CHECK_HAS(body, "k8s.node.filesystem.capacity");
    CHECK_HAS(body, "skerry.node.memory.node_capacity");
    struct metric_set pod = sets_empty(ENTITY_POD);
    pod.labelled = &volume;
    pod.labelled_count = 1;
    body = sets_encode(&sets_sink, &pod);
    CHECK_HAS(body, "k8s.volume.capacity");
    CHECK_HAS(body, "k8s.volume.name\x12\x06\n\x04"
                    "data");
}

TEST(all_names_are_good)
{
    for (unsigned entity = 0; entity < ENTITY_COUNT; entity++) {
        for (unsigned metric = 0; metric < METRIC_COUNT; metric++) {
            struct metric_set set = sets_empty((enum entity)entity);
            struct set_point point = {(enum metric)metric,
                                      text_of(metric_info((enum metric)metric)->name),
                                      {0},
                                      {.u64 = 1}};
            struct otlp_point named;
            CHECK(otlp_name(&set, &point, &named));
            CHECK(is_name(named.name));
        }
    }
}

TEST(hostile_names_are_utf8)
{
    struct metric_set set = sets_hostile();
    CHECK_EQUAL_U64(count_metrics(sets_encode(sets_sink_of("otlp:"), &set)), 2);
}

TEST(numbers_that_cannot_be_said)
{
    struct metric_set set = sets_numbers();
    struct text body = sets_encode(sets_sink_of("otlp:"), &set);
    CHECK_EQUAL_U64(count_metrics(body) + sets_sink.skipped_total, 6);
    CHECK_EQUAL_U64(sets_sink.skipped_total, 2);
}

static void
check_message(struct text body, uint32_t points)
{
    CHECK_EQUAL_U64(count_metrics(body), points);
}

TEST(batches_are_whole_messages)
{
    struct metric_set set = sets_node();
    struct sink *sink = sets_sink_of("otlp:");
    // Closing needs no room, but lengths are wide while they are open.
    sets_sweep(sink, &set, sets_encode(sink, &set).size + 8, 4, check_message);
}

TEST(bad_options)
{
    sets_refuses("otlp:?label=:x", "KEY:VALUE");
    sets_refuses("otlp:?header=a:b%0ac", "NAME:VALUE");
    sets_refuses("otlp:?protocol=grpc", "protocol");
}

static struct sink_result
judge(long status, struct text body, enum sink_verdict verdict)
{
    struct sink *sink = sets_sink_of("otlp:");
    struct sink_result result = {0};
    struct sink_answer answer = {.status = status, .body = body};
    size_t used = 0;
    CHECK_EQUAL_U64(sink->kind->judge(sink, &answer, &used, &result), verdict);
    CHECK_EQUAL_U64(used, body.size);
    return result;
}

TEST(answers)
{
    CHECK_EQUAL_U64(judge(200, TEXT(""), SINK_TAKEN).refused, 0);
    CHECK_EQUAL_U64(judge(200, TEXT("\x0a\x04\x12\x02hi"), SINK_TAKEN).refused, 0);
    struct sink_result partial = judge(200,
                                       TEXT("\x0a\x09\x08\x03\x12\x05"
                                            "older"),
                                       SINK_TAKEN);
    CHECK_EQUAL_U64(partial.refused, 3);
    CHECK_EQUAL_U64(partial.error, ERR_HTTP_4XX);
    CHECK_EQUAL_TEXT((const char *)partial.why, "the server says: older");
    CHECK_EQUAL_U64(judge(200, TEXT("\x0a\xff\xff\xff\x7f"), SINK_TAKEN).refused, 0);
    CHECK_EQUAL_U64(judge(200, TEXT("<html>"), SINK_TAKEN).refused, 0);
    struct sink_result bad = judge(400,
                                   TEXT("\x08\x03\x12\x04"
                                        "grrr"),
                                   SINK_REFUSED);
    CHECK(strstr(bad.why, "the server says: grrr") != NULL);
    judge(503, TEXT("busy"), SINK_RETRY);
    judge(429, TEXT(""), SINK_RETRY);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"bytes", bytes},
        {"names", names},
        {"names_of_nodes_and_pods", names_of_nodes_and_pods},
        {"all_names_are_good", all_names_are_good},
        {"hostile_names_are_utf8", hostile_names_are_utf8},
        {"numbers_that_cannot_be_said", numbers_that_cannot_be_said},
        {"batches_are_whole_messages", batches_are_whole_messages},
        {"bad_options", bad_options},
        {"answers", answers},
    };
    fake_open(&sets_machine, 1);
    return test_run(cases, ARRAY_COUNT(cases));
}
