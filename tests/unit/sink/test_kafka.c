#include "sets.h"

#include "base/crc32c.h"
#include "sink/kafka_wire.h"
#include "unlz4.h"
#include "unsnappy.h"

#define BYTES(literal) ((struct text){(literal), sizeof(literal) - 1})

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

// What the sink asks in setup, without the size and the correlation before.
static struct text
ask(struct sink *sink, unsigned number)
{
    struct sink_request request = {0};
    CHECK(sink->kind->setup(sink, number, &request));
    CHECK(request.body.size > 12);
    struct kafka_reader reader = {.rest = request.body};
    CHECK_EQUAL_U64(kafka_read_i32(&reader), request.body.size - 4);
    return request.body;
}

static int32_t
correlation_of(struct text request)
{
    struct kafka_reader reader = {.rest = text_sub(request, 8, SIZE_MAX)};
    return kafka_read_i32(&reader);
}

static struct text
frame(struct text body, int32_t correlation)
{
    static char bytes[16384];
    struct out out = out_of(bytes, sizeof bytes);
    kafka_i32(&out, (int32_t)body.size + 4);
    kafka_i32(&out, correlation);
    out_text(&out, body);
    CHECK(!out.full);
    return out_view(&out);
}

static struct sink_result result;

// The answer to a setup request, first in every beginning of it.
static enum sink_verdict
answer_setup(struct sink *sink, unsigned number, struct text request, struct text body)
{
    struct text whole = frame(body, correlation_of(request));
    for (size_t size = 0; size < whole.size && size < 300; size++) {
        char *copy = malloc(size + 1);
        memcpy(copy, whole.at, size);
        struct sink_answer part = {.body = {copy, size}};
        CHECK_EQUAL_U64(sink->kind->setup_judge(sink, number, &part, &result), SINK_MORE);
        free(copy);
    }
    struct sink_answer answer = {.body = text_sub(whole, 0, SINK_ANSWER_BYTES_MAX),
                                 .truncated = whole.size > SINK_ANSWER_BYTES_MAX};
    return sink->kind->setup_judge(sink, number, &answer, &result);
}

#define VERSIONS                                                                                   \
    "\0\0"                                                                                         \
    "\0\0\0\4"                                                                                     \
    "\0\0\0\0\0\x8"                                                                                \
    "\0\3\0\0\0\x9"                                                                                \
    "\0\x11\0\0\0\1"                                                                               \
    "\0\x24\0\0\0\1"

// Broker 7 at HOST:9093 leads partitions 0 and 2 of topic t, broker 8 none.
#define METADATA(host)                                                                             \
    "\0\0\0\2"                                                                                     \
    "\0\0\0\7" host "\0\0\x23\x85"                                                                 \
    "\xff\xff"                                                                                     \
    "\0\0\0\x8"                                                                                    \
    "\0\1x"                                                                                        \
    "\0\0\0\1"                                                                                     \
    "\0\1r"                                                                                        \
    "\0\0\0\7"                                                                                     \
    "\0\0\0\1"                                                                                     \
    "\0\0"                                                                                         \
    "\0\1t"                                                                                        \
    "\0"                                                                                           \
    "\0\0\0\3"                                                                                     \
    "\0\0"                                                                                         \
    "\0\0\0\0"                                                                                     \
    "\0\0\0\7"                                                                                     \
    "\0\0\0\1\0\0\0\7"                                                                             \
    "\0\0\0\1\0\0\0\7"                                                                             \
    "\0\5"                                                                                         \
    "\0\0\0\1"                                                                                     \
    "\xff\xff\xff\xff"                                                                             \
    "\0\0\0\0"                                                                                     \
    "\0\0\0\0"                                                                                     \
    "\0\0"                                                                                         \
    "\0\0\0\2"                                                                                     \
    "\0\0\0\7"                                                                                     \
    "\0\0\0\1\0\0\0\7"                                                                             \
    "\0\0\0\1\0\0\0\7"

// A connection to the leader h:9093.
static void
set_up(struct sink *sink)
{
    CHECK_EQUAL_U64(answer_setup(sink, 0, ask(sink, 0), BYTES(VERSIONS)), SINK_TAKEN);
    CHECK_EQUAL_U64(answer_setup(sink, 1, ask(sink, 1), BYTES(METADATA("\0\1h"))), SINK_TAKEN);
    struct sink_request request;
    CHECK(!sink->kind->setup(sink, 2, &request));
}

TEST(bytes_of_setup)
{
    struct sink *sink = open_sink("kafka:h:9093?timeseriestopic=t&user=u&password=pw");
    CHECK_EQUAL_TEXT(ask(sink, 0), BYTES("\0\0\0\x10"
                                         "\0\x12\0\0"
                                         "\0\0\0\1"
                                         "\0\6skerry"));
    CHECK_EQUAL_TEXT(ask(sink, 1), BYTES("\0\0\0\x17"
                                         "\0\x11\0\1"
                                         "\0\0\0\2"
                                         "\0\6skerry"
                                         "\0\5PLAIN"));
    CHECK_EQUAL_TEXT(ask(sink, 2), BYTES("\0\0\0\x19"
                                         "\0\x24\0\0"
                                         "\0\0\0\3"
                                         "\0\6skerry"
                                         "\0\0\0\5"
                                         "\0u\0pw"));
    CHECK_EQUAL_TEXT(ask(sink, 3), BYTES("\0\0\0\x17"
                                         "\0\3\0\1"
                                         "\0\0\0\4"
                                         "\0\6skerry"
                                         "\0\0\0\1\0\1t"));
}

TEST(sasl)
{
    struct sink *sink = open_sink("kafka:h:9093?timeseriestopic=t&user=u&password=pw");
    CHECK_EQUAL_U64(answer_setup(sink, 0, ask(sink, 0), BYTES(VERSIONS)), SINK_TAKEN);
    CHECK_EQUAL_U64(answer_setup(sink, 1, ask(sink, 1),
                                 BYTES("\0\0"
                                       "\0\0\0\1\0\5PLAIN")),
                    SINK_TAKEN);
    CHECK_EQUAL_U64(answer_setup(sink, 2, ask(sink, 2),
                                 BYTES("\0\x3a"
                                       "\0\2no"
                                       "\0\0\0\0")),
                    SINK_SETUP);
    CHECK_EQUAL_U64(result.error, ERR_HTTP_401);
    CHECK_EQUAL_TEXT((const char *)result.why, "the broker does not accept user and password "
                                               "(Kafka's error 58); the server says: no");
    CHECK_EQUAL_U64(answer_setup(sink, 2, ask(sink, 2), BYTES("\0\0\xff\xff\0\0\0\0")), SINK_TAKEN);
    CHECK_EQUAL_U64(answer_setup(sink, 1, ask(sink, 1),
                                 BYTES("\0\x21"
                                       "\0\0\0\0")),
                    SINK_SETUP);
    CHECK_EQUAL_U64(result.error, ERR_UNSUPPORTED);
}

TEST(brokers_that_are_too_old)
{
    struct sink *sink = open_sink("kafka:h?brokers=i:1");
    CHECK_EQUAL_U64(answer_setup(sink, 0, ask(sink, 0), BYTES("\0\0\0\0\0\1\0\0\0\0\0\2")),
                    SINK_SETUP);
    CHECK_EQUAL_U64(result.error, ERR_UNSUPPORTED);
    CHECK_EQUAL_TEXT(sink->host, "i");
}

TEST(leader_elsewhere)
{
    struct sink *sink = open_sink("kafka:boot:1?timeseriestopic=t");
    CHECK_EQUAL_U64(answer_setup(sink, 0, ask(sink, 0), BYTES(VERSIONS)), SINK_TAKEN);
    CHECK_EQUAL_U64(answer_setup(sink, 1, ask(sink, 1), BYTES(METADATA("\0\1h"))), SINK_SETUP);
    CHECK_EQUAL_U64(result.error, 0);
    CHECK_EQUAL_TEXT(sink->host, "h");
    CHECK_EQUAL_U64(sink->port, 9093);
    // On the new connection it is known.
    CHECK_EQUAL_U64(answer_setup(sink, 0, ask(sink, 0), BYTES(VERSIONS)), SINK_TAKEN);
    struct sink_request request;
    CHECK(!sink->kind->setup(sink, 1, &request));
}

TEST(brokers_in_turn)
{
    struct sink *sink = open_sink("kafka:?brokers=a:1,b:2&brokers=c&timeseriestopic=t");
    static const char *const hosts[] = {"a", "b", "c", "a"};
    for (size_t i = 0; i < ARRAY_COUNT(hosts); i++) {
        ask(sink, 0);  // and no answer comes
        CHECK_EQUAL_TEXT(sink->host, hosts[i]);
    }
    CHECK_EQUAL_U64(sink->port, 1);
    ask(sink, 0);
    ask(sink, 0);
    CHECK_EQUAL_U64(sink->port, 9092);
}

TEST(topics_that_are_not_there)
{
    struct sink *sink = open_sink("kafka:h:9093?timeseriestopic=t");
    CHECK_EQUAL_U64(answer_setup(sink, 0, ask(sink, 0), BYTES(VERSIONS)), SINK_TAKEN);
    CHECK_EQUAL_U64(answer_setup(sink, 1, ask(sink, 1),
                                 BYTES("\0\0\0\0"
                                       "\0\0\0\0"
                                       "\0\0\0\1"
                                       "\0\3"
                                       "\0\1t"
                                       "\0"
                                       "\0\0\0\0")),
                    SINK_SETUP);
    CHECK_EQUAL_U64(result.error, ERR_HTTP_404);
}

TEST(one_partition)
{
    struct sink *sink = open_sink("kafka:h:9093?timeseriestopic=t&partition=1");
    CHECK_EQUAL_U64(answer_setup(sink, 0, ask(sink, 0), BYTES(VERSIONS)), SINK_TAKEN);
    CHECK_EQUAL_U64(answer_setup(sink, 1, ask(sink, 1), BYTES(METADATA("\0\1h"))), SINK_SETUP);
    CHECK_EQUAL_U64(result.error, ERR_NOT_READY);
}

// Of an answer that is longer than what is kept, the beginning is enough.
TEST(many_partitions)
{
    static char bytes[12000];
    struct out out = out_of(bytes, sizeof bytes);
    struct sink *sink = open_sink("kafka:h:9093?timeseriestopic=t");
    kafka_i32(&out, 1);
    kafka_i32(&out, 7);
    kafka_string(&out, TEXT("h"));
    kafka_i32(&out, 9093);
    kafka_i16(&out, -1);
    kafka_i32(&out, 7);
    kafka_i32(&out, 1);
    kafka_i16(&out, 0);
    kafka_string(&out, TEXT("t"));
    out_byte(&out, 0);
    kafka_i32(&out, 400);
    for (int32_t i = 0; i < 400; i++) {
        kafka_i16(&out, 0);
        kafka_i32(&out, i);
        kafka_i32(&out, 7);
        kafka_i32(&out, 0);
        kafka_i32(&out, 0);
    }
    CHECK(!out.full);
    CHECK_EQUAL_U64(answer_setup(sink, 0, ask(sink, 0), BYTES(VERSIONS)), SINK_TAKEN);
    CHECK_EQUAL_U64(answer_setup(sink, 1, ask(sink, 1), out_view(&out)), SINK_SETUP);
    CHECK_EQUAL_U64(result.error, 0);
    CHECK_EQUAL_U64(answer_setup(sink, 0, ask(sink, 0), BYTES(VERSIONS)), SINK_TAKEN);
    struct sink_request request;
    CHECK(!sink->kind->setup(sink, 1, &request));
}

// Messages, and what is around them

static int64_t
read_zigzag(struct kafka_reader *reader)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        CHECK(reader->rest.size > 0);
        unsigned char byte = (unsigned char)reader->rest.at[0];
        kafka_read_skip(reader, 1);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            break;
        }
    }
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

struct produced {
    int acks;
    int32_t partition;
    int compression;
    int64_t first_ms, last_ms;
    uint32_t count;
    struct text records;
};

// Checks every length and the checksum of a Produce request.
static struct produced
read_produce(struct text request)
{
    struct produced produced = {0};
    struct kafka_reader reader = {.rest = request};
    CHECK_EQUAL_U64(kafka_read_i32(&reader), request.size - 4);
    CHECK_EQUAL_U64(kafka_read_i16(&reader), 0);
    CHECK_EQUAL_U64(kafka_read_i16(&reader), 3);
    kafka_read_i32(&reader);
    CHECK_EQUAL_TEXT(kafka_read_string(&reader), "skerry");
    CHECK(kafka_read_i16(&reader) == -1);
    produced.acks = kafka_read_i16(&reader);
    kafka_read_i32(&reader);
    CHECK_EQUAL_U64(kafka_read_i32(&reader), 1);
    CHECK_EQUAL_TEXT(kafka_read_string(&reader), "t");
    CHECK_EQUAL_U64(kafka_read_i32(&reader), 1);
    produced.partition = kafka_read_i32(&reader);
    int32_t size = kafka_read_i32(&reader);
    CHECK_EQUAL_U64(size, reader.rest.size);
    CHECK_EQUAL_U64(kafka_read_i64(&reader), 0);
    int32_t length = kafka_read_i32(&reader);
    CHECK_EQUAL_U64(length, reader.rest.size);
    kafka_read_skip(&reader, 4);
    CHECK_EQUAL_U64(reader.rest.at[0], 2);
    kafka_read_skip(&reader, 1);
    uint32_t sum = (uint32_t)kafka_read_i32(&reader);
    CHECK_EQUAL_U64(sum, crc32c_by_table(0, reader.rest.at, reader.rest.size));
    produced.compression = kafka_read_i16(&reader);
    int32_t last = kafka_read_i32(&reader);
    produced.first_ms = kafka_read_i64(&reader);
    produced.last_ms = kafka_read_i64(&reader);
    kafka_read_skip(&reader, 14);
    produced.count = (uint32_t)kafka_read_i32(&reader);
    CHECK_EQUAL_U64(produced.count, last + 1);
    CHECK(!reader.failed);
    produced.records = reader.rest;
    return produced;
}

// The messages, one in a line.
static struct text
read_records(struct text records, uint32_t count)
{
    static char bytes[1 << 20];
    struct out out = out_of(bytes, sizeof bytes);
    struct kafka_reader reader = {.rest = records};
    for (uint32_t i = 0; i < count; i++) {
        size_t size = (size_t)read_zigzag(&reader);
        size_t before = reader.rest.size;
        kafka_read_skip(&reader, 1);
        CHECK_EQUAL_U64(read_zigzag(&reader), 0);
        CHECK_EQUAL_U64(read_zigzag(&reader), i);
        CHECK(read_zigzag(&reader) == -1);
        size_t length = (size_t)read_zigzag(&reader);
        out_text(&out, text_sub(reader.rest, 0, length));
        out_byte(&out, '\n');
        kafka_read_skip(&reader, length);
        CHECK_EQUAL_U64(read_zigzag(&reader), 0);
        CHECK(!reader.failed);
        CHECK_EQUAL_U64(before - reader.rest.size, size);
    }
    CHECK_EQUAL_U64(reader.rest.size, 0);
    return out_view(&out);
}

static struct metric_set
small(void)
{
    struct metric_set set = sets_empty(ENTITY_NODE);
    set.label[SET_LABEL_NODE] = TEXT("n");
    sets_give(&set, METRIC_CPU_LIMIT, 7);
    return set;
}

// The whole request; a broker's own tools read it so.
TEST(bytes_of_produce)
{
    static const char bytes[] = "\0\0\0\xfe"
                                "\0\0\0\3"
                                "\0\0\0\3"
                                "\0\6skerry"
                                "\xff\xff"
                                "\0\1"
                                "\0\0\x27\x10"
                                "\0\0\0\1"
                                "\0\1t"
                                "\0\0\0\1"
                                "\0\0\0\0"
                                "\0\0\0\xd3"
                                "\0\0\0\0\0\0\0\0"
                                "\0\0\0\xc7"
                                "\xff\xff\xff\xff"
                                "\2"
                                "CRC!"
                                "\0\0"
                                "\0\0\0\0"
                                "\0\0\x01\xa2\x04\x5e\x52\x20"
                                "\0\0\x01\xa2\x04\x5e\x52\x20"
                                "\xff\xff\xff\xff\xff\xff\xff\xff"
                                "\xff\xff"
                                "\xff\xff\xff\xff"
                                "\0\0\0\1"
                                "\xa8\2"
                                "\0"
                                "\0"
                                "\0"
                                "\1"
                                "\x9a\2"
                                "{\"MetricsName\":\"cpu/limit\",\"MetricsValue\":{\"value\":7},"
                                "\"MetricsTimestamp\":\"2026-11-22T17:47:00Z\","
                                "\"MetricsTags\":{\"nodename\":\"n\",\"type\":\"node\"}}"
                                "\0";
    struct sink *sink = open_sink("kafka:h:9093?timeseriestopic=t&acks=1");
    struct metric_set set = small();
    set_up(sink);
    struct text body = sets_encode(sink, &set);
    read_produce(body);
    static char copy[1000];
    CHECK(body.size < sizeof copy);
    memcpy(copy, body.at, body.size);
    memcpy(copy + 64, "CRC!", 4);
    CHECK_EQUAL_TEXT(((struct text){copy, body.size}), ((struct text){bytes, sizeof bytes - 1}));
}

TEST(messages)
{
    struct sink *sink = open_sink("kafka:h:9093?timeseriestopic=t");
    struct metric_set set = sets_node();
    set_up(sink);
    struct produced produced = read_produce(sets_encode(sink, &set));
    CHECK(produced.acks == -1);
    CHECK_EQUAL_U64(produced.count, 4);
    CHECK_HAS(
        read_records(produced.records, 4),
        "{\"MetricsName\":\"filesystem/usage\",\"MetricsValue\":{\"value\":1000},"
        "\"MetricsTimestamp\":\"2026-11-22T17:47:00Z\",\"MetricsTags\":{\"hostname\":"
        "\"node1.example.com\",\"nodename\":\"node1\",\"resource_id\":\"/\",\"type\":\"node\"}}\n");
    set = sets_hostile();
    produced = read_produce(sets_encode(sink, &set));
    struct text text = read_records(produced.records, 2);
    CHECK(text_is_utf8(text));
    CHECK_HAS(text, "\"pod_name\":\"line\\nend\\r\\t");
    CHECK_HAS(text, "\"resource_id\":\"Volume:x y\\n\\\"{\"");
    set = sets_numbers();
    produced = read_produce(sets_encode(sink, &set));
    CHECK_EQUAL_U64(produced.count + sink->skipped_total, 6);
}

TEST(packed_by_snappy)
{
    static char bytes[1 << 16];
    struct out out = out_of(bytes, sizeof bytes);
    struct sink *sink = open_sink("kafka:h:9093?timeseriestopic=t&compression=snappy");
    struct metric_set set = sets_container();
    set_up(sink);
    struct produced produced = read_produce(sets_encode(sink, &set));
    CHECK_EQUAL_U64(produced.compression, 2);
    unsnappy(produced.records, &out);
    CHECK_HAS(read_records(out_view(&out), produced.count), "\"memory/usage\"");
}

TEST(packed_by_lz4)
{
    static char bytes[1 << 16];
    struct out out = out_of(bytes, sizeof bytes);
    struct sink *sink = open_sink("kafka:h:9093?timeseriestopic=t&compression=lz4");
    struct metric_set set = sets_container();
    set_up(sink);
    struct text body = sets_encode(sink, &set);
    struct produced produced = read_produce(body);
    CHECK_EQUAL_U64(produced.compression, 3);
    unlz4(produced.records, &out);
    CHECK(produced.records.size < out.used / 2);
    CHECK_HAS(read_records(out_view(&out), produced.count), "\"memory/usage\"");
}

TEST(packed_by_gzip)
{
    struct sink *sink = open_sink("kafka:h:9093?timeseriestopic=t&compression=gzip");
    struct metric_set set = sets_container();
    set_up(sink);
    struct produced produced = read_produce(sets_encode(sink, &set));
    if (produced.compression == 0) {
        SKIP("there is no zlib here");
    }
    CHECK_EQUAL_U64(produced.compression, 1);
    CHECK(text_starts(produced.records, TEXT("\x1f\x8b")));
}

TEST(partitions_and_times)
{
    struct sink *sink = open_sink("kafka:h:9093?timeseriestopic=t");
    struct sink_batch batch = sets_batch(4000, 100);
    struct sink_request request;
    set_up(sink);
    for (int64_t i = 0; i < 3; i++) {
        struct metric_set set = small();
        unsigned at = 0;
        set.time.ms += (i == 1 ? 60 : i) * 1000;
        CHECK(sink->kind->add(sink, &batch, &set, &at));
    }
    static const int32_t partitions[] = {0, 2, 0};
    for (size_t i = 0; i < ARRAY_COUNT(partitions); i++) {
        CHECK_EQUAL_U64(sink->kind->finish(sink, &batch, &request), 0);
        struct produced produced = read_produce(request.body);
        CHECK_EQUAL_U64(produced.partition, partitions[i]);
        CHECK_EQUAL_U64(produced.count, 3);
        CHECK_EQUAL_U64(produced.first_ms, SETS_TIME_MS);
        CHECK_EQUAL_U64(produced.last_ms, SETS_TIME_MS + 60000);
    }
    free(batch.body.at);
}

static void
check_request(struct text body, uint32_t points)
{
    struct produced produced = read_produce(body);
    CHECK_EQUAL_U64(produced.count, points);
    read_records(produced.records, points);
}

TEST(batches_are_whole_records)
{
    struct metric_set set = sets_node();
    struct sink *sink = open_sink("kafka:h:9093?timeseriestopic=t");
    set_up(sink);
    sets_sweep(sink, &set, sets_encode(sink, &set).size, 4, check_request);
}

// Answers to Produce

static enum sink_verdict
answer_produce(struct sink *sink, struct text body)
{
    struct metric_set set = small();
    struct text request = sets_encode(sink, &set);
    struct text whole = frame(body, correlation_of(request));
    size_t used = 1;
    for (size_t size = 0; size < whole.size; size++) {
        struct sink_answer part = {.body = text_sub(whole, 0, size)};
        CHECK_EQUAL_U64(sink->kind->judge(sink, &part, &used, &result), SINK_MORE);
        CHECK_EQUAL_U64(used, 0);
    }
    struct sink_answer answer = {.body = whole};
    enum sink_verdict verdict = sink->kind->judge(sink, &answer, &used, &result);
    CHECK_EQUAL_U64(used, whole.size);
    return verdict;
}

#define PRODUCED(code)                                                                             \
    BYTES("\0\0\0\1"                                                                               \
          "\0\1t"                                                                                  \
          "\0\0\0\1"                                                                               \
          "\0\0\0\0" code "\0\0\0\0\0\0\0\x2a"                                                     \
          "\xff\xff\xff\xff\xff\xff\xff\xff"                                                       \
          "\0\0\0\0")

TEST(answers)
{
    struct sink *sink = open_sink("kafka:h:9093?timeseriestopic=t&brokers=z:1");
    struct sink_request request;
    set_up(sink);
    CHECK_EQUAL_U64(answer_produce(sink, PRODUCED("\0\0")), SINK_TAKEN);
    CHECK_EQUAL_U64(answer_produce(sink, PRODUCED("\0\xa")), SINK_REFUSED);
    CHECK_EQUAL_U64(result.error, ERR_TOO_LARGE);
    CHECK_EQUAL_U64(answer_produce(sink, PRODUCED("\0\x13")), SINK_RETRY);
    CHECK_EQUAL_U64(answer_produce(sink, PRODUCED("\x7f\xff")), SINK_RETRY);
    CHECK(strstr(result.why, "32767") != NULL);
    // Another leads now: this broker, which is well, is asked who.
    CHECK_EQUAL_U64(answer_produce(sink, PRODUCED("\0\6")), SINK_SETUP);
    CHECK_EQUAL_TEXT(sink->host, "h");
    CHECK_EQUAL_U64(answer_setup(sink, 0, ask(sink, 0), BYTES(VERSIONS)), SINK_TAKEN);
    CHECK(sink->kind->setup(sink, 1, &request));
}

TEST(answers_that_make_no_sense)
{
    static const struct text answers[] = {
        BYTES("HTTP/1.1 400 Bad Request\r\n"),
        BYTES("\0\0\0\0"),
        BYTES("\xff\xff\xff\xff"),
        BYTES("\0\0\0\4\0\0\0\x63"),
        BYTES("\0\0\0\5\0\0\0\3x"),
    };
    for (size_t i = 0; i < ARRAY_COUNT(answers); i++) {
        struct sink *sink = open_sink("kafka:h:9093?timeseriestopic=t&brokers=z:1");
        struct metric_set set = small();
        size_t used = 0;
        struct sink_answer answer = {.body = answers[i]};
        set_up(sink);
        CHECK_EQUAL_U64(correlation_of(sets_encode(sink, &set)), 3);
        CHECK_EQUAL_U64(sink->kind->judge(sink, &answer, &used, &result), SINK_SETUP);
        CHECK_EQUAL_U64(result.error, ERR_MALFORMED);
        CHECK_EQUAL_TEXT(sink->host, "z");
    }
}

TEST(options)
{
    CHECK(!open_sink("kafka:h")->tls);
    CHECK(open_sink("kafka:tls://h")->tls);
    CHECK(open_sink("kafka:h?cacert=/x")->tls);
    CHECK(!open_sink("kafka:h?insecuressl=true")->tls);
    CHECK_EQUAL_U64(open_sink("kafka:h")->port, 9092);
    sets_refuses("kafka", "broker");
    sets_refuses("kafka:?brokers=:9", "HOST");
    sets_refuses("kafka:?brokers=h:99999", "HOST");
    sets_refuses("kafka:h?timeseriestopic=a/b", "timeseriestopic");
    sets_refuses("kafka:h?timeseriestopic=", "timeseriestopic");
    sets_refuses("kafka:h?compression=zstd", "gzip or snappy or lz4");
    sets_refuses("kafka:h?acks=0", "acks");
    sets_refuses("kafka:h?partition=-1", "partition");
    sets_refuses("kafka:h?password=x", "no user");
    sets_refuses("kafka:?brokers=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "at most 16");
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"bytes_of_setup", bytes_of_setup},
        {"sasl", sasl},
        {"brokers_that_are_too_old", brokers_that_are_too_old},
        {"leader_elsewhere", leader_elsewhere},
        {"brokers_in_turn", brokers_in_turn},
        {"topics_that_are_not_there", topics_that_are_not_there},
        {"one_partition", one_partition},
        {"many_partitions", many_partitions},
        {"bytes_of_produce", bytes_of_produce},
        {"messages", messages},
        {"packed_by_snappy", packed_by_snappy},
        {"packed_by_lz4", packed_by_lz4},
        {"packed_by_gzip", packed_by_gzip},
        {"partitions_and_times", partitions_and_times},
        {"batches_are_whole_records", batches_are_whole_records},
        {"answers", answers},
        {"answers_that_make_no_sense", answers_that_make_no_sense},
        {"options", options},
    };
    fake_open(&sets_machine, 1);
    return test_run(cases, ARRAY_COUNT(cases));
}
