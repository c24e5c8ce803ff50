#include "sets.h"

#define TIME "\"2026-11-22T17:47:00Z\""
#define TAGS                                                                                       \
    "\"MetricsTags\":{\"cluster_name\":\"default\",\"container_base_image\":\"nginx:1.27\","       \
    "\"container_name\":\"web\",\"host_id\":\"i-1\",\"hostname\":\"node1.example.com\","           \
    "\"labels\":\"app:shop,tier:front\",\"namespace_id\":\"ns-uid\","                              \
    "\"namespace_name\":\"shop\",\"nodename\":\"node1\",\"pod_id\":\"pod-uid\","                   \
    "\"pod_name\":\"web-0\",\"type\":\"pod_container\"}"

// The actions, whose ids are another test's matter, without them.
static struct text
documents(struct text body)
{
    static char room[1 << 16];
    struct out out = out_of(room, sizeof room);
    struct text line;
    for (bool action = true; body.size != 0; action = !action) {
        text_cut(body, '\n', &line, &body);
        CHECK(text_starts(line, TEXT("{\"index\":{")) == action);
        if (!action) {
            out_text(&out, line);
            out_byte(&out, '\n');
        }
    }
    return out_view(&out);
}

TEST(writes_heapsters_documents)
{
    struct metric_set set = sets_container();
    CHECK_EQUAL_TEXT(
        documents(sets_encode(sets_sink_of("elasticsearch:http://es"), &set)),
        "{\"CpuMetricsTimestamp\":" TIME ",\"Metrics\":{\"cpu/usage\":{\"value\":123456789},"
        "\"cpu/usage_rate\":{\"value\":12}}," TAGS "}\n"
        "{\"MemoryMetricsTimestamp\":" TIME ",\"Metrics\":{\"memory/usage\":{\"value\":33554432},"
        "\"memory/page_faults_rate\":{\"value\":0.5}}," TAGS "}\n"
        "{\"GeneralMetricsTimestamp\":" TIME "," TAGS ",\"MetricsName\":\"uptime\","
        "\"MetricsValue\":{\"value\":61000}}\n");
}

TEST(one_document_a_resource)
{
    struct metric_set set = sets_node();
    struct text body = documents(sets_encode(sets_sink_of("elasticsearch:http://es"), &set));
    CHECK_HAS(body, "{\"FilesystemMetricsTimestamp\":" TIME ",\"Metrics\":{"
                    "\"filesystem/usage\":{\"value\":1000},\"filesystem/limit\":{\"value\":2000}},"
                    "\"MetricsTags\":{\"cluster_name\":\"default\",\"hostname\":"
                    "\"node1.example.com\",\"nodename\":\"node1\",\"type\":\"node\","
                    "\"resource_id\":\"/\"}}\n");
    CHECK_HAS(body, "\"MetricsName\":\"nvidia.com/gpu/request\",\"MetricsValue\":{\"value\":2}}");
    CHECK_HAS(body, "\"memory/node_capacity\":{\"value\":8589934592.0}");
}

TEST(resources_that_stand_apart)
{
    struct metric_set set = sets_node();
    struct labelled_value mixed[3] = {set.labelled[0], set.labelled[0], set.labelled[1]};
    mixed[1].resource_id = TEXT("logs");
    set.labelled = mixed;
    struct text body = sets_encode(sets_sink_of("elasticsearch:http://es?ver=7"), &set);
    unsigned count = 0;
    for (size_t i = 0; i < body.size; i++) {
        count += text_starts(text_sub(body, i, SIZE_MAX), TEXT("\"FilesystemMetrics")) ? 1 : 0;
    }
    CHECK_EQUAL_U64(count, 3);
    // No two of them have one name, or the later would replace the earlier.
    const char *id[4];
    struct text rest = body;
    for (unsigned i = 0; i < 4; i++) {
        id[i] = memmem(rest.at, rest.size, "\"_id\":\"", 7);
        CHECK(id[i] != NULL);
        rest = text_sub(body, (size_t)(id[i] - body.at) + 8, SIZE_MAX);
        for (unsigned j = 0; j < i; j++) {
            CHECK(memcmp(id[i], id[j], 39) != 0);
        }
    }
}

TEST(actions)
{
    struct metric_set set = sets_container();
    struct text body = sets_encode(sets_sink_of("elasticsearch:http://es?ver=5&index=i"), &set);
    CHECK_HAS(body, "{\"index\":{\"_index\":\"i-2026.11.22\",\"_type\":\"cpu\",\"_id\":\"");
    CHECK_HAS(body, "\"_type\":\"general\",");
    body = sets_encode(sets_sink_of("opensearch:http://es?ver=7"), &set);
    CHECK_HAS(body, "{\"index\":{\"_index\":\"heapster-2026.11.22\",\"_id\":\"");
}

static struct text
first_id(const struct metric_set *set, char room[static 32])
{
    struct text body = sets_encode(sets_sink_of("elasticsearch:http://es"), set);
    const char *id = memmem(body.at, body.size, "\"_id\":\"", 7);
    CHECK(id != NULL && id[7 + 32] == '"');
    memcpy(room, id + 7, 32);
    return (struct text){room, 32};
}

TEST(the_same_point_has_the_same_id)
{
    char a[32];
    char b[32];
    struct metric_set set = sets_container();
    struct metric_set other = sets_container();
    CHECK(text_equal(first_id(&set, a), first_id(&other, b)));
    other.time.ms += 60000;
    CHECK(!text_equal(first_id(&set, a), first_id(&other, b)));
    other = sets_container();
    other.label[SET_LABEL_POD] = TEXT("web-1");
    CHECK(!text_equal(first_id(&set, a), first_id(&other, b)));
}

TEST(hostile_names_stay_in_their_quotes)
{
    struct metric_set set = sets_hostile();
    struct text body = documents(sets_encode(sets_sink_of("elasticsearch:http://es"), &set));
    CHECK_HAS(body, "\"labels\":\"k:\\\"q\\\"\\n\\u0001,k2:a|b:c@d#e\"");
    CHECK_HAS(body, "\"namespace_name\":\"n\xc3\xa4\xef\xbf\xbd\"");
    CHECK_HAS(body, "\"container_base_image\":\"a\\\\\"");
    CHECK_HAS(body, "\"resource_id\":\"Volume:x y\\n\\\"{\"");
}

static void
check_pairs(struct text body, uint32_t points)
{
    uint32_t values = 0;
    CHECK(text_ends(body, TEXT("}\n")));
    struct text rest = documents(body);
    for (size_t i = 0; i < rest.size; i++) {
        values += text_starts(text_sub(rest, i, SIZE_MAX), TEXT("{\"value\":")) ? 1 : 0;
    }
    CHECK_EQUAL_U64(values, points);
}

TEST(batches_hold_whole_documents)
{
    struct metric_set set = sets_container();
    struct metric_set node = sets_node();
    struct sink *sink = sets_sink_of("elasticsearch:http://es?ver=7");
    sets_sweep(sink, &set, sets_encode(sink, &set).size, 5, check_pairs);
    sets_sweep(sink, &node, sets_encode(sink, &node).size, 4, check_pairs);
}

TEST(numbers)
{
    struct metric_set set = sets_numbers();
    struct sink *sink = sets_sink_of("elasticsearch:http://es");
    CHECK_HAS(sets_encode(sink, &set), "\"memory/node_utilization\":{\"value\":0.00000015}");
    CHECK_EQUAL_U64(sink->skipped_total, 3);
}

static void
judge_setup(unsigned number, long status, const char *body, enum sink_verdict verdict)
{
    struct sink_result result;
    struct sink_answer answer = {.status = status, .body = text_of(body)};
    CHECK_EQUAL_U64(sets_sink.kind->setup_judge(&sets_sink, number, &answer, &result), verdict);
}

TEST(setup)
{
    struct sink_request request;
    struct metric_set set = sets_container();
    struct sink *sink = sets_sink_of("elasticsearch:http://es/p/?index=i");
    CHECK(sink->kind->setup(sink, 0, &request));
    CHECK_EQUAL_TEXT(request.method, "GET");
    CHECK_EQUAL_TEXT(request.path, "/p/");
    judge_setup(0, 200, "{\n \"version\" : { \"number\" : \"5.6.16\" } }", SINK_TAKEN);
    CHECK(sink->kind->setup(sink, 1, &request));
    CHECK_EQUAL_TEXT(request.method, "PUT");
    CHECK_EQUAL_TEXT(request.path, "/p/_template/i");
    CHECK_EQUAL_TEXT(request.body,
                     "{\"template\":\"i-*\",\"aliases\":{\"i-cpu\":{},\"i-memory\":{},"
                     "\"i-network\":{},\"i-filesystem\":{},\"i-general\":{}}}");
    CHECK(!sink->kind->setup(sink, 2, &request));
    CHECK_HAS(sets_encode(sink, &set), "\"_type\":\"cpu\"");
    judge_setup(0, 200, "{\"version\":{\"distribution\":\"opensearch\",\"number\":\"2.11.0\"}}",
                SINK_TAKEN);
    CHECK(!sets_has(sets_encode(sink, &set), "\"_type\""));
    judge_setup(0, 403, "", SINK_TAKEN);
    judge_setup(1, 400, "", SINK_TAKEN);
    judge_setup(0, 401, "", SINK_RETRY);
    judge_setup(0, 503, "", SINK_RETRY);
    sets_sink_of("elasticsearch:http://es?ver=8");
    CHECK(sink->kind->setup(sink, 0, &request));
    CHECK_HAS(request.body, "{\"index_patterns\":[\"heapster-*\"],\"aliases\":");
    CHECK(!sink->kind->setup(sink, 1, &request));
}

TEST(several_nodes)
{
    struct sink *sink = sets_sink_of("elasticsearch:?nodes=http://a:9201&nodes=https://b/"
                                     "&esUserName=u&esUserSecret=s");
    CHECK_EQUAL_TEXT(sink->host, "a");
    CHECK_EQUAL_U64(sink->port, 9201);
    CHECK_EQUAL_TEXT(sink->user, "u");
    CHECK_EQUAL_TEXT(sink->password, "s");
    sink->kind->unanswered(sink);
    CHECK_EQUAL_TEXT(sink->host, "b");
    CHECK_EQUAL_U64(sink->port, 9200);
    CHECK(sink->tls);
    sets_judge(sink, 503, "", SINK_RETRY);
    CHECK_EQUAL_TEXT(sink->host, "a");
}

TEST(signs_for_aws)
{
    struct sink *sink = sets_sink_of("opensearch:https://es?awsRegion=eu-west-1&user=KEY&pw=SECRET");
    CHECK_EQUAL_TEXT(sink->aws_scope, "eu-west-1:es");
    CHECK_EQUAL_TEXT(sink->user, "KEY");
    CHECK_EQUAL_U64(sets_sink_of("opensearch:https://es?user=u&pw=p")->aws_scope.size, 0);
    sets_refuses("elasticsearch:http://es?awsRegion=eu-west-1", "needs an access key");
    sets_refuses("elasticsearch:http://es?awsRegion=EU%20west&user=u&pw=p", "such as eu-west-1");
}

TEST(answers)
{
    struct sink *sink = sets_sink_of("elasticsearch:http://es");
    sets_judge(sink, 200, "{\"errors\":false}", SINK_TAKEN);
    CHECK_EQUAL_U64(sets_judge(sink, 200,
                               "{\"errors\":true,\"items\":[{\"index\":{\"error\":{\"type\":"
                               "\"mapper_parsing_exception\"}}},{\"index\":{\"error\":{\"type\":"
                               "\"mapper_parsing_exception\"}}}]}",
                               SINK_TAKEN)
                        .refused,
                    2);
    sets_judge(sink, 200,
               "{\"errors\":true,\"items\":[{\"index\":{\"error\":{\"type\":"
               "\"es_rejected_execution_exception\"}}}]}",
               SINK_RETRY);
    sets_judge(sink, 400, "{\"error\":{}}", SINK_REFUSED);
    sets_judge(sink, 429, "", SINK_RETRY);
}

// All of Heapster's, also those that have nothing to set here.
TEST(options)
{
    struct sink_request request;
    struct sink_batch batch = {0};
    struct sink *sink = sets_sink_of(
        "elasticsearch:?nodes=http://a:9201&index=i&ver=5&maxRetries=3&healthCheck=false&sniff=true"
        "&startupHealthcheckTimeout=5&bulkWorkers=9&cluster_name=c&pipeline=p%2fq");
    CHECK_EQUAL_U64(sink->kind->finish(sink, &batch, &request), 0);
    CHECK_EQUAL_TEXT(request.path,
                     "/_bulk?filter_path=errors,error,items.*.error.type&pipeline=p%2Fq");
    struct metric_set set = sets_container();
    CHECK_HAS(sets_encode(sink, &set), "\"cluster_name\":\"c\"");
}

TEST(mistakes)
{
    sets_refuses("elasticsearch:http://es?maxRetries=x", "maxRetries must be a whole number");
    sets_refuses("elasticsearch:http://es?healthCheck=5", "healthCheck must be true or false");
    sets_refuses("elasticsearch:http://es?sniff=no%20", "sniff must be true or false");
    sets_refuses("elasticsearch:http://es?bulkWorkers=-1", "bulkWorkers must be a whole number");
    sets_refuses("elasticsearch:http://es?index=Heapster", "index must be small letters");
    sets_refuses("elasticsearch:http://es?ver=1", "ver must be a whole number from 2 to 99");
    sets_refuses("elasticsearch:?nodes=a:b", "nodes must be http://HOST:PORT each");
}

int
main(void)
{
    fake_open(&sets_machine, test_seed());
    static const struct test_case cases[] = {
        {"writes Heapster's documents", writes_heapsters_documents},
        {"one document a resource", one_document_a_resource},
        {"resources that stand apart have documents of their own", resources_that_stand_apart},
        {"actions with and without types", actions},
        {"the same point has the same id", the_same_point_has_the_same_id},
        {"hostile names stay in their quotes", hostile_names_stay_in_their_quotes},
        {"batches of every size hold whole documents", batches_hold_whole_documents},
        {"numbers beyond JSON are skipped", numbers},
        {"setup asks for the version and makes the template", setup},
        {"several nodes take turns", several_nodes},
        {"requests to AWS are signed", signs_for_aws},
        {"answers are understood", answers},
        {"Heapster's options", options},
        {"mistakes are one sentence", mistakes},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
