#include "sets.h"

#define TAGS                                                                                       \
    "\"tags\":{\"cluster\":\"k8s-cluster\",\"container_base_image\":\"nginx_1.27\","               \
    "\"container_name\":\"web\",\"namespace_name\":\"shop\",\"nodename\":\"node1\","               \
    "\"pod_name\":\"web-0\",\"type\":\"pod_container\"}}"
#define TIME "\"timestamp\":1795369620,"

TEST(writes_points)
{
    struct metric_set set = sets_container();
    CHECK_EQUAL_TEXT(sets_encode(sets_sink_of("opentsdb:http://o"), &set),
                     "[{\"metric\":\"uptime_cumulative\"," TIME "\"value\":61000," TAGS
                     ",{\"metric\":\"cpu_usage_cumulative\"," TIME "\"value\":123456789," TAGS
                     ",{\"metric\":\"cpu_usage_rate_gauge\"," TIME "\"value\":12," TAGS
                     ",{\"metric\":\"memory_usage_gauge\"," TIME "\"value\":33554432," TAGS
                     ",{\"metric\":\"memory_page_faults_rate_gauge\"," TIME "\"value\":0.5," TAGS
                     "]");
}

TEST(all_tags_on_demand)
{
    struct metric_set set = sets_container();
    struct text body = sets_encode(sets_sink_of("opentsdb:http://o?tags=20&cluster=a%22b"), &set);
    CHECK_HAS(body, "\"cluster\":\"a_b\"");
    CHECK_HAS(body, "\"labels\":\"app_shop_tier_front\"");
    CHECK_HAS(body, "\"pod_id\":\"pod-uid\"");
}

TEST(resources_and_hostile_names)
{
    struct metric_set set = sets_hostile();
    struct text body = sets_encode(sets_sink_of("opentsdb:http://o"), &set);
    CHECK_HAS(body, "{\"metric\":\"filesystem_usage_gauge\"," TIME "\"value\":2,\"tags\":{"
                    "\"cluster\":\"k8s-cluster\",\"container_base_image\":\"a_\","
                    "\"container_name\":\"sp_ace_co_mma\",\"namespace_name\":\"n__\","
                    "\"nodename\":\"b__s\",\"pod_name\":\"line_end___\","
                    "\"type\":\"pod_container\",\"resource_id\":\"Volume_x_y___\"}}]");
}

static void
check_array(struct text body, uint32_t points)
{
    uint32_t objects = 0;
    CHECK(text_starts(body, TEXT("[{")) && text_ends(body, TEXT("}}]")));
    for (size_t i = 0; i < body.size; i++) {
        objects += text_starts(text_sub(body, i, SIZE_MAX), TEXT("\"timestamp\"")) ? 1 : 0;
    }
    CHECK_EQUAL_U64(objects, points);
}

TEST(batches_are_whole_arrays)
{
    struct metric_set set = sets_container();
    struct sink *sink = sets_sink_of("opentsdb:http://o");
    sets_sweep(sink, &set, sets_encode(sink, &set).size, 5, check_array);
}

TEST(requests)
{
    static struct sink_batch batch;
    char room[8];
    struct sink_request request;
    struct sink *sink = sets_sink_of("opentsdb:https://o/tsdb/");
    batch.body = out_of(room, sizeof room);
    CHECK_EQUAL_U64(sink->kind->finish(sink, &batch, &request), 0);
    CHECK_EQUAL_TEXT(request.path, "/tsdb/api/put?summary");
    CHECK_EQUAL_TEXT(request.content_type, "application/json");
    CHECK_EQUAL_TEXT(request.body, "[]");
    CHECK_EQUAL_U64(sink->port, 4242);
}

TEST(answers)
{
    struct sink *sink = sets_sink_of("opentsdb:http://o");
    sets_judge(sink, 200, "{\"failed\":0,\"success\":5}", SINK_TAKEN);
    sets_judge(sink, 204, "", SINK_TAKEN);
    CHECK_EQUAL_U64(
        sets_judge(sink, 400, "{\"failed\": 3,\"success\":2,\"timeouts\":0}", SINK_TAKEN).refused,
        3);
    sets_judge(sink, 400, "{\"error\":{\"code\":400}}", SINK_REFUSED);
    sets_judge(sink, 400, "{\"failed\":99999999999}", SINK_REFUSED);
    struct sink_result result = sets_judge(
        sink, 400, "{\"error\":{\"message\":\"Chunked request not supported.\"}}", SINK_RETRY);
    CHECK(strstr(result.why, "enable_chunked") != NULL);
    sets_judge(sink, 503, "", SINK_RETRY);
}

int
main(void)
{
    fake_open(&sets_machine, test_seed());
    static const struct test_case cases[] = {
        {"writes Heapster's points", writes_points},
        {"all tags on demand", all_tags_on_demand},
        {"resources and hostile names", resources_and_hostile_names},
        {"batches of every size are whole arrays", batches_are_whole_arrays},
        {"requests", requests},
        {"answers are understood", answers},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
