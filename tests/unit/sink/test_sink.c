#include "sets.h"

TEST(every_kind_is_complete)
{
    const char *dead;
    for (unsigned i = 0; sink_kind_at(i) != NULL; i++) {
        const struct sink_kind *kind = sink_kind_at(i);
        CHECK(sink_kind_find(text_of(kind->name), &dead) == kind);
        CHECK(dead == NULL);
        CHECK(kind->configure != NULL && kind->add != NULL && kind->finish != NULL);
        CHECK(kind->default_host != NULL);
        CHECK(kind->batch_bytes >= 16 * 1024 && kind->batch_points > 0);
        CHECK(kind->transport != SINK_DATAGRAM || kind->datagram_bytes >= 512);
        CHECK((kind->setup == NULL) == (kind->setup_judge == NULL));
        CHECK(sink_kind_about(kind)[0] != '\0');
    }
}

TEST(other_names)
{
    const char *dead = "x";
    const struct sink_kind *kind = sink_kind_find(TEXT("opensearch"), &dead);
    CHECK(kind != NULL && dead == NULL);
    CHECK_EQUAL_TEXT(kind->name, "elasticsearch");
    sets_refuses("influx:http://db", "there is no such kind of sink; there are");
    sets_refuses("hawkular:http://h", "the sink hawkular is gone");
    sets_refuses("librato:?token=secret", "librato is gone");
    sets_refuses("honeycomb:?writekey=secret", "honeycomb is gone");
    sets_refuses("gcm:?metrics=all", "gcm is gone");
    sets_refuses("stackdriver:", "use otlp:");
    CHECK(strstr(sets_sentence, "secret") == NULL);
}

TEST(hosts)
{
    sets_sink_of("graphite:tcp://g");
    CHECK_EQUAL_TEXT(sets_sink.host, "g");
    CHECK_EQUAL_U64(sets_sink.port, 2003);
    CHECK(!sets_sink.tls);
    CHECK(sets_sink_of("graphite:tls://g:1")->tls);
    sets_refuses("graphite:", "graphite needs a host");
    sets_refuses("elasticsearch:?index=a", "elasticsearch needs a host");
    sets_sink_of("opentsdb:");
    CHECK_EQUAL_TEXT(sets_sink.host, "127.0.0.1");
    sets_sink_of("log");
}

static struct sink_result
judge_status(long status, const char *body, enum sink_verdict verdict)
{
    struct sink_result result;
    struct sink_answer answer = {.status = status, .body = text_of(body)};
    CHECK_EQUAL_U64(sink_judge_status(&answer, &result), verdict);
    return result;
}

TEST(statuses)
{
    judge_status(200, "", SINK_TAKEN);
    judge_status(204, "", SINK_TAKEN);
    struct sink_result result = judge_status(400, " bad\x01\xff line \n", SINK_REFUSED);
    CHECK_EQUAL_U64(result.error, ERR_HTTP_400);
    CHECK(strstr(result.why, "(400); the server says: bad   line") != NULL);
    judge_status(401, "", SINK_RETRY);
    judge_status(403, "", SINK_RETRY);
    judge_status(404, "", SINK_RETRY);
    judge_status(408, "", SINK_RETRY);
    judge_status(413, "", SINK_REFUSED);
    CHECK_EQUAL_U64(judge_status(429, "", SINK_RETRY).error, ERR_HTTP_429);
    judge_status(500, "", SINK_RETRY);
    judge_status(301, "", SINK_RETRY);
    judge_status(0, "", SINK_RETRY);
}

TEST(sentences_end)
{
    static char body[SINK_ANSWER_BYTES_MAX + 1];
    memset(body, 'a', sizeof body - 1);
    struct sink_result result = judge_status(500, body, SINK_RETRY);
    CHECK(memchr(result.why, '\0', sizeof result.why) != NULL);
    for (unsigned i = 0; i < 5; i++) {
        sink_result_quote(&result, text_of(body));
        CHECK(memchr(result.why, '\0', sizeof result.why) != NULL);
    }
}

int
main(void)
{
    fake_open(&sets_machine, test_seed());
    static const struct test_case cases[] = {
        {"every kind is complete", every_kind_is_complete},
        {"aliases, dead kinds and unknown ones", other_names},
        {"hosts and ports", hosts},
        {"statuses are judged", statuses},
        {"sentences end", sentences_end},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
