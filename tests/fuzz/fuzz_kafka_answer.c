// What a hostile Kafka broker may answer: the first byte chooses the request, and
// whether a right frame stands around the rest. Wherever the sink goes then, it
// has a host and can go on.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sink/kafka_wire.h"
#include "sink/sink.h"
#include "unit/platform/fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define METADATA_STEP 3
#define PRODUCE_STEP 4
#define STEP_COUNT 5

static unsigned char memory[1 << 17] __attribute__((aligned(16)));
static char body_room[4096];
static struct fake machine;

static void
require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void
open_sink(struct sink *sink, struct workspace *space)
{
    struct arena arena;
    char sentence[512];
    struct out why = out_of(sentence, sizeof sentence);
    memset(memory, 0, sizeof memory);
    arena_init(&arena, memory, sizeof memory);
    workspace_init(space, &arena, sink_space_bytes());
    *sink = (struct sink){0};
    int error = sink_open(sink, TEXT("kafka:h:9093?timeseriestopic=t&user=u&password=p"), 1, NULL,
                          NULL, space, &machine.platform, &why);
    require(error == 0);
}

// The answer as it would come: in a block of its size.
static struct text
make_answer(struct text rest, bool framed, struct text request)
{
    struct kafka_reader reader = {.rest = text_sub(request, 8, SIZE_MAX)};
    size_t size = rest.size + (framed ? 8 : 0);
    char *at = malloc(size + 1);
    require(at != NULL);
    struct out out = out_of(at, size);
    if (framed) {
        kafka_i32(&out, (int32_t)rest.size + 4);
        kafka_i32(&out, kafka_read_i32(&reader));
    }
    out_text(&out, rest);
    require(!out.full);
    return out_view(&out);
}

static void
check(const struct sink *sink, enum sink_verdict verdict, const struct sink_result *result)
{
    size_t size = strnlen(result->why, sizeof result->why);
    require(size < sizeof result->why);
    for (size_t i = 0; i < size; i++) {
        require(result->why[i] >= ' ' && result->why[i] <= '~');
    }
    require(verdict <= SINK_MORE);
    require(sink->host.size > 0 && sink->host.size <= 255);
    for (size_t i = 0; i < sink->host.size; i++) {
        require(sink->host.at[i] > ' ' && sink->host.at[i] <= '~');
    }
    require(sink->port != 0);
}

// After metadata that named a leader a batch can be addressed.
static void
produce(struct sink *sink, struct sink_request *request)
{
    struct metric_set set = {.entity = ENTITY_NODE, .time = {1}};
    struct sink_batch batch = {.body = out_of(body_room, sizeof body_room), .limit_points = 1};
    unsigned at = 0;
    set.present[METRIC_CPU_LIMIT] = true;
    require(sink->kind->add(sink, &batch, &set, &at));
    require(sink->kind->finish(sink, &batch, request) == 0);
}

static void
answer_setup(struct sink *sink, unsigned step, struct text rest, bool framed)
{
    struct sink_request request = {0};
    struct sink_result result = {0};
    require(sink->kind->setup(sink, step, &request));
    struct text body = make_answer(rest, framed, request.body);
    struct sink_answer answer = {.body = text_sub(body, 0, SINK_ANSWER_BYTES_MAX)};
    enum sink_verdict verdict = sink->kind->setup_judge(sink, step, &answer, &result);
    check(sink, verdict, &result);
    if (step == METADATA_STEP && (verdict == SINK_TAKEN || result.error == 0) &&
        verdict != SINK_MORE) {
        produce(sink, &request);
    }
    free((void *)(uintptr_t)body.at);
}

static void
answer_produce(struct sink *sink, struct text rest, bool framed)
{
    static const char leader[] =
        "\0\0\0\1\0\0\0\7\0\1h\0\0\x23\x85\xff\xff\0\0\0\7\0\0\0\1\0\0\0\1t"
        "\0\0\0\0\1\0\0\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0\0";
    struct sink_request request = {0};
    struct sink_result result = {0};
    size_t used = 0;
    answer_setup(sink, METADATA_STEP, (struct text){leader, sizeof leader - 1}, true);
    produce(sink, &request);
    struct text body = make_answer(rest, framed, request.body);
    struct sink_answer answer = {.body = text_sub(body, 0, SINK_ANSWER_BYTES_MAX)};
    check(sink, sink->kind->judge(sink, &answer, &used, &result), &result);
    require(used <= answer.body.size);
    free((void *)(uintptr_t)body.at);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sink sink;
    struct workspace space;
    if (size < 1 || size > 20000) {
        return 0;
    }
    unsigned step = data[0] % STEP_COUNT;
    bool framed = data[0] / STEP_COUNT % 4 != 0;
    struct text rest = {(const char *)data + 1, size - 1};
    if (machine.platform.ops == NULL) {
        fake_open(&machine, 1);
    }
    open_sink(&sink, &space);
    if (step == PRODUCE_STEP) {
        answer_produce(&sink, rest, framed);
    } else {
        answer_setup(&sink, step, rest, framed);
    }
    return 0;
}
