#include "sets.h"

#define TAGS                                                                                       \
    ",cluster_name=default,container_base_image=nginx:1.27,container_name=web,"                    \
    "labels=app:shop\\,tier:front,namespace_name=shop,nodename=node1,pod_name=web-0"
#define END " 1795369620000000000\n"

static char whole[1 << 16];
static struct text whole_text;

TEST(writes_heapsters_lines)
{
    struct metric_set set = sets_container();
    struct sink *sink = sets_sink_of("influxdb:http://db:8086");
    CHECK_EQUAL_TEXT(sets_encode(sink, &set),
                     "uptime" TAGS ",type=pod_container value=61000i" END "cpu/usage" TAGS
                     ",type=pod_container value=123456789i" END "cpu/usage_rate" TAGS
                     ",type=pod_container value=12i" END "memory/usage" TAGS
                     ",type=pod_container value=33554432i" END "memory/page_faults_rate" TAGS
                     ",type=pod_container value=0.5" END);
}

TEST(labelled_values_have_their_resource)
{
    struct metric_set set = sets_node();
    struct sink *sink = sets_sink_of("influxdb:http://db:8086");
    CHECK_EQUAL_TEXT(
        sets_encode(sink, &set),
        "memory/node_capacity,cluster_name=default,nodename=node1,type=node value=8589934592" END
        "filesystem/usage,cluster_name=default,nodename=node1,resource_id=/,type=node "
        "value=1000i" END
        "filesystem/limit,cluster_name=default,nodename=node1,resource_id=/,type=node "
        "value=2000i" END
        "nvidia.com/gpu/request,cluster_name=default,nodename=node1,type=node value=2i" END);
}

TEST(with_fields)
{
    struct metric_set set = sets_container();
    struct sink *sink = sets_sink_of("influxdb:http://db?withfields=true"
                                     "&disable_counter_metrics=true&cluster_name=a%20b");
    struct text body = sets_encode(sink, &set);
    CHECK_HAS(body, "uptime,cluster_name=a\\ b,container_base_image");
    CHECK_HAS(body, "type=pod_container value=61000i" END);
    CHECK_HAS(body, "cpu,cluster_name");
    CHECK_HAS(body, "type=pod_container usage_rate=12i" END);
    CHECK_HAS(body, "memory,cluster_name");
    CHECK_HAS(body, "page_faults_rate=0.5" END);
    CHECK(!sets_has(body, " usage=123456789i"));
    struct metric_set node = sets_node();
    CHECK_HAS(sets_encode(sink, &node), "nvidia.com,cluster_name=a\\ b,nodename=node1,type=node "
                                        "gpu/request=2i" END);
}

TEST(escapes)
{
    struct metric_set set = sets_hostile();
    struct sink *sink = sets_sink_of("influxdb:http://db:8086");
    CHECK_EQUAL_TEXT(sets_encode(sink, &set),
                     "memory/usage,cluster_name=default,container_base_image=a_,"
                     "container_name=sp\\ ace\\,co\\=mma,labels=k:\"q\"__\\,k2:a|b:c@d#e,"
                     "namespace_name=n\xc3\xa4_,nodename=b\\\\,s,pod_name=line_end___,"
                     "type=pod_container value=1i" END
                     "filesystem/usage,cluster_name=default,container_base_image=a_,"
                     "container_name=sp\\ ace\\,co\\=mma,labels=k:\"q\"__\\,k2:a|b:c@d#e,"
                     "namespace_name=n\xc3\xa4_,nodename=b\\\\,s,pod_name=line_end___,"
                     "resource_id=Volume:x\\ y_\"{,type=pod_container value=2i" END);
}

TEST(numbers)
{
    struct metric_set set = sets_numbers();
    struct sink *sink = sets_sink_of("influxdb:http://db:8086");
    struct text body = sets_encode(sink, &set);
    CHECK_EQUAL_U64(sink->skipped_total, 3);
    CHECK_HAS(body,
              "memory/limit,cluster_name=default,type=cluster value=9223372036854775807i" END);
    CHECK_HAS(body, "value=0.00000015" END);
    CHECK_HAS(body, "value=10000000000000000000000");
}

static void
check_lines(struct text body, uint32_t points)
{
    sets_check_lines(body, points, whole_text);
}

TEST(batches_hold_whole_lines)
{
    struct metric_set set = sets_container();
    struct sink *sink = sets_sink_of("influxdb:http://db:8086");
    struct text body = sets_encode(sink, &set);
    CHECK(body.size < sizeof whole);
    memcpy(whole, body.at, body.size);
    whole_text = (struct text){whole, body.size};
    sets_sweep(sink, &set, body.size + 1, 5, check_lines);
}

TEST(too_many_tags_are_skipped)
{
    static char huge[20000];
    struct metric_set set = sets_container();
    memset(huge, ',', sizeof huge);
    set.label[SET_LABEL_POD] = (struct text){huge, sizeof huge};
    struct sink *sink = sets_sink_of("influxdb:http://db:8086");
    CHECK_EQUAL_TEXT(sets_encode(sink, &set), "");
    CHECK_EQUAL_U64(sink->skipped_total, 5);
}

static struct sink_request
request_of(struct sink *sink)
{
    static struct sink_batch batch;
    struct sink_request request;
    CHECK_EQUAL_U64(sink->kind->finish(sink, &batch, &request), 0);
    return request;
}

TEST(requests)
{
    struct sink_request request = request_of(sets_sink_of("influxdb:"));
    CHECK_EQUAL_TEXT(sets_sink.host, "localhost");
    CHECK_EQUAL_U64(sets_sink.port, 8086);
    CHECK(!sets_sink.tls);
    CHECK_EQUAL_TEXT(sets_sink.user, "root");
    CHECK_EQUAL_TEXT(sets_sink.password, "root");
    CHECK_EQUAL_TEXT(request.method, "POST");
    CHECK_EQUAL_TEXT(request.path, "/write?db=k8s&rp=default");
    CHECK(request.gzip);
    request = request_of(sets_sink_of("influxdb:https://u:p@db/x/?db=a%26b&rp=&gzip=false"));
    CHECK_EQUAL_TEXT(request.path, "/x/write?db=a%26b");
    CHECK(!request.gzip && sets_sink.tls);
    CHECK_EQUAL_TEXT(sets_sink.user, "u");
    request = request_of(sets_sink_of("influxdb:http://db?secure=true&user=a&pw=b"));
    CHECK(sets_sink.tls);
    CHECK_EQUAL_TEXT(sets_sink.password, "b");
    request = request_of(sets_sink_of("influxdb:http://db?bucket=b/1&org=my+org&token=t0k"));
    CHECK_EQUAL_TEXT(request.path, "/api/v2/write?precision=ns&org=my%20org&bucket=b%2F1");
    CHECK_EQUAL_U64(request.header_count, 1);
    CHECK_EQUAL_TEXT(request.header[0], "Authorization: Token t0k");
    CHECK_EQUAL_TEXT(sets_sink.user, "");
    CHECK(!sets_sink.kind->setup(&sets_sink, 0, &request));
}

static void
expect_setup(unsigned number, const char *body)
{
    struct sink_request request;
    CHECK(sets_sink.kind->setup(&sets_sink, number, &request));
    CHECK_EQUAL_TEXT(request.method, "POST");
    CHECK_EQUAL_TEXT(request.path, "/query");
    CHECK_EQUAL_TEXT(request.body, body);
    CHECK_EQUAL_TEXT(request.content_type, "application/x-www-form-urlencoded");
}

TEST(setup_makes_database_and_policy)
{
    struct sink_request request;
    sets_sink_of("influxdb:http://db?retention=0");
    expect_setup(0, "q=CREATE%20DATABASE%20%22k8s%22%20WITH%20NAME%20%22default%22");
    expect_setup(1, "q=CREATE%20RETENTION%20POLICY%20%22default%22%20ON%20%22k8s%22%20DURATION"
                    "%20INF%20REPLICATION%201");
    CHECK(!sets_sink.kind->setup(&sets_sink, 2, &request));
    sets_sink_of("influxdb:http://db?retention=30d&db=a%22b");
    expect_setup(1, "q=CREATE%20RETENTION%20POLICY%20%22default%22%20ON%20%22a%5C%22b%22%20"
                    "DURATION%2030d%20REPLICATION%201");
    expect_setup(2, "q=ALTER%20RETENTION%20POLICY%20%22default%22%20ON%20%22a%5C%22b%22%20"
                    "DURATION%2030d");
    CHECK(!sets_sink.kind->setup(&sets_sink, 3, &request));
    sets_sink_of("influxdb:http://db?rp=");
    expect_setup(0, "q=CREATE%20DATABASE%20%22k8s%22");
    CHECK(!sets_sink.kind->setup(&sets_sink, 1, &request));
}

static void
judge_setup(long status, const char *body, enum sink_verdict verdict)
{
    struct sink_result result;
    struct sink_answer answer = {.status = status, .body = text_of(body)};
    CHECK_EQUAL_U64(sets_sink.kind->setup_judge(&sets_sink, 1, &answer, &result), verdict);
}

TEST(setup_answers)
{
    sets_sink_of("influxdb:http://db");
    judge_setup(200, "{\"results\":[{\"statement_id\":0}]}", SINK_TAKEN);
    judge_setup(200, "{\"results\":[{\"error\":\"retention policy already exists\"}]}", SINK_TAKEN);
    judge_setup(403, "{\"error\":\"not authorized\"}", SINK_TAKEN);
    judge_setup(404, "", SINK_TAKEN);
    judge_setup(401, "", SINK_RETRY);
    judge_setup(503, "", SINK_RETRY);
}

TEST(answers)
{
    struct sink *sink = sets_sink_of("influxdb:http://db");
    sets_judge(sink, 204, "", SINK_TAKEN);
    struct sink_result result = sets_judge(
        sink, 400, "{\"error\":\"partial write: points beyond retention policy dropped=3\"}\n",
        SINK_TAKEN);
    CHECK_EQUAL_U64(result.refused, 3);
    CHECK_EQUAL_U64(result.error, ERR_HTTP_400);
    CHECK(strstr(result.why, "points beyond retention policy") != NULL);
    result = sets_judge(sink, 400,
                        "{\"error\":\"partial write: unable to parse 'x': missing fields\\n"
                        "unable to parse 'y': missing fields dropped=0\"}",
                        SINK_TAKEN);
    CHECK_EQUAL_U64(result.refused, 2);
    result = sets_judge(sink, 400,
                        "{\"error\":\"partial write of line protocol occurred\",\"data\":["
                        "{\"line_number\":1},{\"line_number\":4}]}",
                        SINK_TAKEN);
    CHECK_EQUAL_U64(result.refused, 2);
    sets_judge(sink, 422, "{\"message\":\"failure writing points: partial write: dropped=1\"}",
               SINK_TAKEN);
    sets_judge(sink, 404, "{\"error\":\"database not found: \\\"k8s\\\"\"}", SINK_SETUP);
    sets_judge(sink, 400, "{\"error\":\"retention policy not found: default\"}", SINK_SETUP);
    sets_judge(sink, 400, "unable to parse", SINK_REFUSED);
    sets_judge(sink, 401, "", SINK_RETRY);
    sets_judge(sink, 404, "bucket not found", SINK_RETRY);
    sets_judge(sink, 413, "", SINK_REFUSED);
    sets_judge(sink, 429, "", SINK_RETRY);
    sets_judge(sink, 500, "{\"error\":\"timeout\"}", SINK_RETRY);
    sets_judge(sink, 302, "nonsense", SINK_RETRY);
}

TEST(mistakes)
{
    sets_refuses("influxdb:http://db?database=k8s", "there is no option \"database\" of influxdb");
    sets_refuses("influxdb:http://db?withfields=maybe", "withfields must be true or false");
    sets_refuses("influxdb:http://db?retention=soon", "retention must be a duration");
    sets_refuses("influxdb:http://db?retention=1d%3Bdrop", "retention must be a duration");
    sets_refuses("influxdb:http://db?db=", "db must not be empty");
    sets_refuses("influxdb:http://db?bucket=", "bucket must not be empty");
    sets_refuses("influxdb:http://db?concurrency=0", "concurrency must be a whole number");
}

int
main(void)
{
    fake_open(&sets_machine, test_seed());
    static const struct test_case cases[] = {
        {"writes Heapster's lines to the byte", writes_heapsters_lines},
        {"labelled values have their resource", labelled_values_have_their_resource},
        {"withfields, no counters, a cluster's name", with_fields},
        {"escapes hostile names", escapes},
        {"numbers beyond what lines can say are skipped", numbers},
        {"batches of every size hold whole lines", batches_hold_whole_lines},
        {"sets with too many tags are skipped and counted", too_many_tags_are_skipped},
        {"requests of 1.x and 2.x", requests},
        {"setup makes database and policy", setup_makes_database_and_policy},
        {"setup goes on where it may", setup_answers},
        {"answers are understood", answers},
        {"mistakes are one sentence", mistakes},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
