// Events as each kind writes them, byte for byte.
#include "sets.h"

#include "sink/protobuf.h"

#define EVENT_JSON                                                                                 \
    "{\"metadata\":{\"namespace\":\"shop\",\"uid\":\"0a1b\"},"                                     \
    "\"involvedObject\":{\"kind\":\"Pod\",\"namespace\":\"shop\",\"name\":\"web-0\","              \
    "\"uid\":\"2c3d\"},\"reason\":\"BackOff\","                                                    \
    "\"message\":\"Back-off \\\"web\\\" \\\\ C:\\nagain\","                                        \
    "\"source\":{\"component\":\"kubelet\",\"host\":\"node1\"},"                                   \
    "\"firstTimestamp\":\"2026-11-22T17:46:00Z\",\"lastTimestamp\":\"2026-11-22T17:47:00Z\","      \
    "\"count\":7,\"type\":\"Warning\"}"

#define BARE_JSON                                                                                  \
    "{\"metadata\":{},\"involvedObject\":{\"kind\":\"Node\",\"name\":\"node1\"},\"source\":{},"    \
    "\"firstTimestamp\":\"2026-11-22T17:47:00Z\",\"lastTimestamp\":\"2026-11-22T17:47:00Z\","      \
    "\"count\":1,\"type\":\"Normal\"}"

// `text` in quotes, as a string of JSON and of InfluxDB's lines are written alike.
static struct text
quoted(const char *text)
{
    static char buffer[4096];
    struct out out = out_of(buffer, sizeof buffer);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            out_byte(&out, '\\');
        }
        out_byte(&out, *text);
    }
    CHECK(!out.full);
    return out_view(&out);
}

static char expected_bytes[8192];

#define EXPECT(body, ...)                                                                          \
    do {                                                                                           \
        struct out expected_ = out_of(expected_bytes, sizeof expected_bytes);                      \
        out_format(&expected_, __VA_ARGS__);                                                       \
        CHECK_EQUAL_TEXT(body, out_view(&expected_));                                              \
    } while (0)

TEST(influxdb_has_the_whole_event)
{
    struct sink_event event = sets_event();
    struct sink *sink = sets_event_sink_of("influxdb:http://db");
    struct text body = sets_encode_event(sink, &event);
    EXPECT(body,
           "log/events,cluster_name=default,hostname=node1,pod_id=2c3d,pod_name=web-0,uid=0a1b "
           "value=\"" TEXT_FORMAT "\" 1795369620000000000\n",
           TEXT_ARGS(quoted(EVENT_JSON)));
    event = sets_event_bare();
    body = sets_encode_event(sink, &event);
    EXPECT(body, "log/events,cluster_name=default value=\"" TEXT_FORMAT "\" 1795369620000000000\n",
           TEXT_ARGS(quoted(BARE_JSON)));
}

TEST(influxdb_with_fields)
{
    struct sink_event event = sets_event();
    struct sink *sink = sets_event_sink_of("influxdb:http://db?withfields=true&cluster_name=c%201");
    CHECK_EQUAL_TEXT(sets_encode_event(sink, &event),
                     "events,cluster_name=c\\ 1,component=kubelet,hostname=node1,kind=Pod,"
                     "namespace_name=shop,object_name=web-0,pod_id=2c3d,reason=BackOff,"
                     "type=Warning,uid=0a1b message=\"Back-off \\\"web\\\" \\\\ C:\nagain\" "
                     "1795369620000000000\n");
    event = sets_event_bare();
    CHECK_EQUAL_TEXT(sets_encode_event(sink, &event),
                     "events,cluster_name=c\\ 1,kind=Node,object_name=node1,type=Normal "
                     "message=\"\" 1795369620000000000\n");
    event = sets_event_hostile();
    CHECK_HAS(sets_encode_event(sink, &event), "kind=a\\,b\\=c\\ d__,");
    CHECK_HAS(sets_encode_event(sink, &event), "reason=_\",");
    CHECK_HAS(sets_encode_event(sink, &event), "message=\"______");
}

#define DOCUMENT                                                                                   \
    "{\"Count\":7,\"Metadata\":{\"namespace\":\"shop\",\"uid\":\"0a1b\"},"                         \
    "\"InvolvedObject\":{\"kind\":\"Pod\",\"namespace\":\"shop\",\"name\":\"web-0\","              \
    "\"uid\":\"2c3d\"},\"Source\":{\"component\":\"kubelet\",\"host\":\"node1\"},"                 \
    "\"FirstOccurrenceTimestamp\":\"2026-11-22T17:46:00Z\","                                       \
    "\"LastOccurrenceTimestamp\":\"2026-11-22T17:47:00Z\","                                        \
    "\"Message\":\"Back-off \\\"web\\\" \\\\ C:\\nagain\",\"Reason\":\"BackOff\","                 \
    "\"Type\":\"Warning\",\"EventTags\":{\"eventID\":\"0a1b\",\"hostname\":\"node1\","             \
    "\"pod_id\":\"2c3d\",\"pod_name\":\"web-0\",\"cluster_name\":\"default\"}}\n"

static void
keep_id(struct text body, char id[33])
{
    const char *at = memmem(body.at, body.size, "\"_id\":\"", 7);
    CHECK(at != NULL);
    memcpy(id, at + 7, 32);
    id[32] = '\0';
}

TEST(elasticsearch_has_heapsters_document)
{
    char id[33];
    char other[33];
    struct sink_event event = sets_event();
    struct sink *sink = sets_event_sink_of("elasticsearch:http://es?index=i&ver=7");
    struct text body = sets_encode_event(sink, &event);
    keep_id(body, id);
    EXPECT(body, "{\"index\":{\"_index\":\"i-2026.11.22\",\"_id\":\"%s\"}}\n%s", id, DOCUMENT);
    keep_id(sets_encode_event(sink, &event), other);
    CHECK(strcmp(id, other) == 0);
    event.count++;
    keep_id(sets_encode_event(sink, &event), other);
    CHECK(strcmp(id, other) != 0);
    sink = sets_event_sink_of("elasticsearch:http://es?index=i&ver=5");
    CHECK_HAS(sets_encode_event(sink, &event), "\"_type\":\"events\",\"_id\"");
}

TEST(elasticsearch_makes_the_alias_of_events)
{
    struct sink_request request;
    struct sink *sink = sets_event_sink_of("elasticsearch:http://es?index=i&ver=7");
    CHECK(sink->kind->setup(sink, 0, &request));
    CHECK_EQUAL_TEXT(request.path, "/_template/i-events");
    CHECK_EQUAL_TEXT(request.body,
                     "{\"index_patterns\":[\"i-*\"],\"aliases\":{\"i-events\":{}}}");
}

// The topic stands in the request for metadata.
static struct text
request_of_topic(struct sink *sink)
{
    struct sink_request request;
    CHECK(sink->kind->setup(sink, 1, &request));
    return request.body;
}

TEST(kafka_has_heapsters_message)
{
    struct sink_event event = sets_event();
    struct sink *sink = sets_event_sink_of("kafka:h:9093");
    struct text body = sets_encode_event(sink, &event);
    struct out expected = out_of(expected_bytes, sizeof expected_bytes);
    // JSON in JSON: what is written as \n has its backslash doubled.
    out_format(&expected,
               "{\"EventValue\":\"" TEXT_FORMAT "\",\"EventTimestamp\":\"2026-11-22T17:47:00Z\","
               "\"EventTags\":{\"eventID\":\"0a1b\",\"hostname\":\"node1\",\"pod_id\":\"2c3d\","
               "\"pod_name\":\"web-0\"}}",
               TEXT_ARGS(quoted(EVENT_JSON)));
    CHECK_HAS(body, out_c_string(&expected));
    CHECK_HAS(request_of_topic(sink), "heapster-events");
    CHECK_HAS(request_of_topic(sets_sink_of("kafka:h")), "heapster-metrics");
    sink = sets_event_sink_of("kafka:h?eventstopic=topic-e&timeseriestopic=t");
    CHECK_HAS(request_of_topic(sink), "topic-e");
    sets_sink_of("kafka:h?eventstopic=e%20f");  // not looked at
    CHECK_EQUAL_U64(sets_open_for("kafka:h?eventstopic=e%20f", true), -ERR_BAD_CONFIG);
    CHECK_HAS(text_of(sets_sentence), "eventstopic must be");
}

static void
expect_field(struct text *rest, uint32_t number, const char *value)
{
    struct protobuf_field field;
    CHECK(protobuf_next(rest, &field));
    CHECK_EQUAL_U64(field.number, number);
    CHECK_EQUAL_TEXT(field.bytes, value);
}

static void
expect_attribute(struct text *rest, const char *key, const char *value)
{
    struct protobuf_field field;
    CHECK(protobuf_next(rest, &field));
    CHECK_EQUAL_U64(field.number, 9);
    expect_field(&field.bytes, 1, key);
    expect_field(&field.bytes, 2, value);
    CHECK_EQUAL_U64(field.bytes.size, 0);
}

static void
expect_number(struct text *rest, uint32_t number, uint64_t value)
{
    struct protobuf_field field;
    CHECK(protobuf_next(rest, &field));
    CHECK_EQUAL_U64(field.number, number);
    CHECK_EQUAL_U64(field.value, value);
}

TEST(riemann_has_heapsters_event)
{
    struct protobuf_field message;
    struct protobuf_field field;
    struct sink_event event = sets_event();
    struct text body = sets_encode_event(sets_event_sink_of("riemann:r?tags=a&tags=b"), &event);
    struct text rest = text_sub(body, 4, SIZE_MAX);
    CHECK(protobuf_next(&rest, &message));
    CHECK_EQUAL_U64(rest.size, 0);
    CHECK_EQUAL_U64(message.number, 6);
    rest = message.bytes;
    expect_number(&rest, 1, 1795369620);
    expect_field(&rest, 2, "warning");
    expect_field(&rest, 3, "Pod.BackOff");
    expect_field(&rest, 4, "node1");
    expect_field(&rest, 5, "Back-off \"web\" \\ C:\nagain");
    expect_field(&rest, 7, "a");
    expect_field(&rest, 7, "b");
    CHECK(protobuf_next(&rest, &field));
    CHECK_EQUAL_U64(field.number, 8);
    expect_attribute(&rest, "component", "kubelet");
    expect_attribute(&rest, "name", "web-0");
    expect_attribute(&rest, "namespace", "shop");
    expect_attribute(&rest, "uid", "0a1b");
    expect_attribute(&rest, "first-timestamp", "2026-11-22T17:46:00Z");
    expect_attribute(&rest, "last-timestamp", "2026-11-22T17:47:00Z");
    expect_number(&rest, 13, 14);  // 7, in zigzag
    CHECK_EQUAL_U64(rest.size, 0);
}

TEST(the_log_has_a_line)
{
    struct sink_event event = sets_event();
    struct sink *sink = sets_event_sink_of("log");
    CHECK_EQUAL_TEXT(sets_encode_event(sink, &event),
                     "2026-11-22T17:47:00Z event Warning Pod shop/web-0 BackOff count=7 "
                     "first=2026-11-22T17:46:00Z component=kubelet host=node1 uid=0a1b: "
                     "Back-off \"web\" \\ C: again\n");
    event = sets_event_bare();
    CHECK_EQUAL_TEXT(sets_encode_event(sink, &event),
                     "2026-11-22T17:47:00Z event Normal Node node1 count=1 "
                     "first=2026-11-22T17:47:00Z: \n");
}

static const char *const every_kind[] = {
    "influxdb:http://db", "influxdb:http://db?withfields=true", "elasticsearch:http://es",
    "kafka:h",            "riemann:h",                          "log",
};

TEST(events_go_whole_or_not_at_all)
{
    struct sink_event events[] = {sets_event(), sets_event_bare(), sets_event_hostile()};
    for (size_t i = 0; i < ARRAY_COUNT(every_kind); i++) {
        for (size_t n = 0; n < ARRAY_COUNT(events); n++) {
            struct sink *sink = sets_event_sink_of(every_kind[i]);
            sets_sweep_event(sink, &events[n]);
        }
    }
}

TEST(batches_have_a_limit)
{
    struct sink_event event = sets_event();
    for (size_t i = 0; i < ARRAY_COUNT(every_kind); i++) {
        struct sink *sink = sets_event_sink_of(every_kind[i]);
        struct sink_batch batch = {.body = out_of(sets_body, sizeof sets_body), .limit_points = 2};
        CHECK(sink->kind->add_event(sink, &batch, &event));
        CHECK(sink->kind->add_event(sink, &batch, &event));
        CHECK(!sink->kind->add_event(sink, &batch, &event));
        CHECK_EQUAL_U64(batch.points, 2);
    }
}

TEST(other_kinds_take_none)
{
    CHECK_EQUAL_U64(sets_open_for("graphite:tcp://h", true), -ERR_BAD_CONFIG);
    CHECK_EQUAL_TEXT(text_of(sets_sentence),
                     "graphite takes no events; these do: influxdb, elasticsearch, riemann, "
                     "kafka, log");
    CHECK_EQUAL_U64(sets_open_for("nothing:", true), -ERR_BAD_CONFIG);
    CHECK_HAS(text_of(sets_sentence), "no such kind of sink; there are influxdb, elasticsearch,");
    CHECK_EQUAL_U64(sets_open_for("gcl:", true), -ERR_BAD_CONFIG);
    CHECK_HAS(text_of(sets_sentence), "gcl is gone");
    CHECK_EQUAL_U64(sets_open_for("honeycomb:", true), -ERR_BAD_CONFIG);
    CHECK_HAS(text_of(sets_sentence), "honeycomb is gone");
}

int
main(void)
{
    fake_open(&sets_machine, test_seed());
    static const struct test_case cases[] = {
        {"influxdb has the whole event", influxdb_has_the_whole_event},
        {"influxdb with fields", influxdb_with_fields},
        {"elasticsearch has Heapster's document", elasticsearch_has_heapsters_document},
        {"elasticsearch makes the alias of events", elasticsearch_makes_the_alias_of_events},
        {"kafka has Heapster's message", kafka_has_heapsters_message},
        {"riemann has Heapster's event", riemann_has_heapsters_event},
        {"the log has a line", the_log_has_a_line},
        {"events go whole or not at all", events_go_whole_or_not_at_all},
        {"batches have a limit", batches_have_a_limit},
        {"other kinds take none", other_kinds_take_none},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
