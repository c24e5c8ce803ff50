#include "sets.h"

#include "sink/protobuf.h"

static uint32_t
head_of(struct text body)
{
    CHECK(body.size >= 4);
    const unsigned char *at = (const unsigned char *)body.at;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

// The exact bytes of one small event, by hand from riemann.proto.
TEST(bytes_of_an_event)
{
    static const char bytes[] = "\0\0\0\x41"
                                "\x32\x3f"
                                "\x08\x94\xd5\x8c\xd8\x06"
                                "\x1a\x09"
                                "cpu/limit"
                                "\x12\x02"
                                "ok"
                                "\x22\x01"
                                "h"
                                "\x3a\x01"
                                "a"
                                "\x45\0\0\x70\x42"
                                "\x4a\x0d"
                                "\x0a\x08"
                                "hostname"
                                "\x12\x01"
                                "h"
                                "\x4a\x0c"
                                "\x0a\x04"
                                "type"
                                "\x12\x04"
                                "node"
                                "\x68\x0e";
    struct metric_set set = sets_empty(ENTITY_NODE);
    set.label[SET_LABEL_HOSTNAME] = TEXT("h");
    sets_give(&set, METRIC_CPU_LIMIT, 7);
    struct text body = sets_encode(sets_sink_of("riemann:r?state=ok&tags=a"), &set);
    CHECK_EQUAL_TEXT(body, ((struct text){bytes, sizeof bytes - 1}));
}

static uint32_t
count_events(struct text body)
{
    struct protobuf_field field;
    uint32_t events = 0;
    struct text rest = text_sub(body, 4, SIZE_MAX);
    CHECK_EQUAL_U64(head_of(body), rest.size);
    while (protobuf_next(&rest, &field)) {
        struct protobuf_field part;
        struct text event = field.bytes;
        bool value = false;
        CHECK_EQUAL_U64(field.number, 6);
        CHECK_EQUAL_U64(field.type, PROTOBUF_BYTES);
        while (protobuf_next(&event, &part)) {
            CHECK(part.type != PROTOBUF_BYTES || part.number == 9 || text_is_utf8(part.bytes));
            value = value || part.number == 13 || part.number == 14;
        }
        CHECK_EQUAL_U64(event.size, 0);
        CHECK(value);
        events++;
    }
    CHECK_EQUAL_U64(rest.size, 0);
    return events;
}

TEST(hostile_names_are_utf8)
{
    struct metric_set set = sets_hostile();
    struct text body = sets_encode(sets_sink_of("riemann:r"), &set);
    CHECK_EQUAL_U64(count_events(body), 2);
    CHECK_HAS(body, "heapster");
    CHECK_HAS(body, "resource_id");
}

static void
check_message(struct text body, uint32_t points)
{
    CHECK_EQUAL_U64(count_events(body), points);
}

TEST(batches_are_whole_messages)
{
    struct metric_set set = sets_container();
    struct sink *sink = sets_sink_of("riemann:r");
    sets_sweep(sink, &set, sets_encode(sink, &set).size + 4, 5, check_message);
}

TEST(options)
{
    struct metric_set set = sets_container();
    struct sink *sink = sets_sink_of("riemann:?batchsize=2&ttl=5");
    struct sink_batch batch = sets_batch(65536, 1000);
    unsigned at = 0;
    CHECK_EQUAL_TEXT(sink->host, "riemann-heapster");
    CHECK_EQUAL_U64(sink->port, 5555);
    CHECK(!sink->kind->add(sink, &batch, &set, &at));
    CHECK_EQUAL_U64(batch.points, 2);
    free(batch.body.at);
    sets_refuses("riemann:r?ttl=x", "ttl must be a whole number");
}

static struct sink_result
judge(const char *bytes, size_t size, enum sink_verdict verdict, size_t takes)
{
    struct sink_result result;
    struct sink_answer answer = {.body = {bytes, size}};
    size_t used = 99;
    struct sink *sink = sets_sink_of("riemann:r");
    CHECK_EQUAL_U64(sink->kind->judge(sink, &answer, &used, &result), verdict);
    CHECK_EQUAL_U64(used, takes);
    return result;
}

TEST(answers)
{
    judge("", 0, SINK_MORE, 0);
    judge("\0\0\0\x02\x10", 5, SINK_MORE, 0);
    judge("\0\0\0\x02\x10\x01", 6, SINK_TAKEN, 6);
    judge("\0\0\0\x02\x10\x01\0\0", 8, SINK_TAKEN, 6);
    struct sink_result result = judge("\0\0\0\x07\x10\x00\x1a\x03"
                                      "bad",
                                      11, SINK_REFUSED, 11);
    CHECK(strstr(result.why, "bad") != NULL);
    judge("\0\0\0\x00", 4, SINK_REFUSED, 4);
    judge("\0\0\0\x02\x10\x81", 6, SINK_RETRY, 6);
    judge("\xff\xff\xff\xff\x10\x01", 6, SINK_RETRY, 6);
    judge("HTTP/1.1 400", 12, SINK_RETRY, 12);
}

int
main(void)
{
    fake_open(&sets_machine, test_seed());
    static const struct test_case cases[] = {
        {"the bytes of an event", bytes_of_an_event},
        {"hostile names are UTF-8", hostile_names_are_utf8},
        {"batches of every size are whole messages", batches_are_whole_messages},
        {"options", options},
        {"answers are understood", answers},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
