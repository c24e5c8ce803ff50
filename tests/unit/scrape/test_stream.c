#include "scrape/stream.h"

#include "../parse/fixture.h"
#include "../test.h"

enum { STREAMS = 2 };

static struct streams streams;
static unsigned nodes, pods, containers;

static void
on_node(void *context, const struct node_seen *node)
{
    (void)context;
    (void)node;
    nodes++;
}

static void
on_pod(void *context, const struct pod_seen *pod)
{
    (void)context;
    (void)pod;
    pods++;
}

static void
on_container(void *context, struct text space, struct text pod,
             const struct container_seen *container)
{
    (void)context;
    (void)space;
    (void)pod;
    (void)container;
    containers++;
}

static void
begin(void)
{
    static struct arena arena;
    size_t bytes = streams_footprint(STREAMS, 0) + decode_space_footprint();
    arena_init(&arena, fixture_alloc(bytes), bytes);
    streams_init(&streams, &arena, STREAMS, 0, decode_space_new(&arena));
    CHECK_EQUAL_U64(arena.used, bytes);
}

static uint32_t
lease(enum scrape_format format, bool slow, int64_t at_ns)
{
    struct observer observer = {NULL, on_node, on_pod, on_container};
    return stream_lease(&streams, format, (uint32_t)at_ns, slow, observer, TEXT("n"),
                        (struct mono_ns){at_ns}, (struct wall_ms){1600000000000});
}

// Feeds the first `size` bytes; the answer breaks off when that is not all.
static void
read_part(enum scrape_format format, struct text answer, size_t size)
{
    uint32_t index = lease(format, false, 1);
    CHECK(index != STREAM_NONE);
    struct decoder decoder = streams.stream[index].decoder;
    CHECK(decoder_feed(decoder, answer.at, size) == 0);
    if (size == answer.size) {
        CHECK(decoder_end(decoder) == 0);
    }
    stream_return(&streams, index);
}

static unsigned
seen(enum scrape_format format, struct text answer)
{
    nodes = pods = containers = 0;
    read_part(format, answer, answer.size);
    return nodes + pods * 1000 + containers * 1000000;
}

// The decoders of both formats share their memory: whatever the one left there,
// the other reads as it does afresh.
TEST(formats_take_turns)
{
    begin();
    struct text summary = fixture_read("summary.json");
    struct text resource = fixture_read("resource.txt");
    unsigned of_summary = seen(FORMAT_SUMMARY, summary);
    unsigned of_resource = seen(FORMAT_RESOURCE, resource);
    CHECK(of_summary > 1000 && of_resource > 1000);
    for (size_t cut = 1; cut < summary.size; cut += summary.size / 61) {
        read_part(FORMAT_SUMMARY, summary, cut);
        CHECK_EQUAL_U64(seen(FORMAT_RESOURCE, resource), of_resource);
        read_part(FORMAT_RESOURCE, resource, cut % resource.size);
        CHECK_EQUAL_U64(seen(FORMAT_SUMMARY, summary), of_summary);
    }
}

TEST(slow_ones_leave_room)
{
    struct mono_ns since;
    begin();
    CHECK(stream_slowest(&streams, &since) == STREAM_NONE);
    uint32_t first = lease(FORMAT_SUMMARY, true, 5);
    CHECK(first != STREAM_NONE);
    CHECK(lease(FORMAT_SUMMARY, true, 6) == STREAM_NONE);
    uint32_t second = lease(FORMAT_RESOURCE, false, 7);
    CHECK(second != STREAM_NONE && second != first);
    CHECK(lease(FORMAT_SUMMARY, false, 8) == STREAM_NONE);
    CHECK_EQUAL_U64(stream_slowest(&streams, &since), 5);
    CHECK_EQUAL_U64((uint64_t)since.ns, 5);
    stream_return(&streams, first);
    CHECK_EQUAL_U64(stream_slowest(&streams, &since), 7);
    stream_return(&streams, second);
    CHECK_EQUAL_U64(streams.peak, 2);
    CHECK_EQUAL_U64(streams.used, 0);
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"formats take turns in one memory", formats_take_turns},
            {"slow ones leave room", slow_ones_leave_room},
        },
        2);
}
