// What a hostile server may answer, for every kind: the first byte chooses the
// kind, the next two the status, the rest is the body.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sink/sink.h"
#include "unit/platform/fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KINDS_MAX 32

static unsigned char memory[KINDS_MAX][1 << 17] __attribute__((aligned(16)));
static struct sink sinks[KINDS_MAX];
static struct workspace spaces[KINDS_MAX];
static unsigned count;
static struct fake machine;

static void
require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void
open_all(void)
{
    fake_open(&machine, 1);
    for (; sink_kind_at(count) != NULL && count < KINDS_MAX; count++) {
        struct arena arena;
        char uri[128];
        char sentence[512];
        struct out why = out_of(sentence, sizeof sentence);
        struct out out = out_of(uri, sizeof uri);
        out_format(&out, "%s:host:1234", sink_kind_at(count)->name);
        arena_init(&arena, memory[count], sizeof memory[count]);
        workspace_init(&spaces[count], &arena, sink_space_bytes());
        if (sink_open(&sinks[count], out_view(&out), count + 1, NULL, NULL, &spaces[count],
                      &machine.platform, &why) != 0) {
            sinks[count].kind = NULL;
        }
    }
}

static void
check_result(const struct sink_result *result)
{
    size_t size = strnlen(result->why, sizeof result->why);
    require(size < sizeof result->why);
    for (size_t i = 0; i < size; i++) {
        require((unsigned char)result->why[i] >= ' ');
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (count == 0) {
        open_all();
    }
    if (size < 3 || sinks[data[0] % count].kind == NULL) {
        return 0;
    }
    struct sink *sink = &sinks[data[0] % count];
    size_t body = size - 3 < SINK_ANSWER_BYTES_MAX ? size - 3 : SINK_ANSWER_BYTES_MAX;
    char *copy = malloc(body == 0 ? 1 : body);
    require(copy != NULL);
    memcpy(copy, data + 3, body);
    struct sink_answer answer = {
        .status = (data[1] << 8 | data[2]) % 1000,
        .body = {copy, body},
        .truncated = size - 3 > body,
    };
    struct sink_result result = {0};
    size_t used = 0;
    sink_judge_status(&answer, &result);
    check_result(&result);
    if (sink->kind->judge != NULL) {
        result = (struct sink_result){0};
        enum sink_verdict verdict = sink->kind->judge(sink, &answer, &used, &result);
        require(used <= body && verdict <= SINK_MORE);
        require(verdict != SINK_MORE || sink->kind->transport == SINK_STREAM);
        check_result(&result);
    }
    if (sink->kind->setup_judge != NULL) {
        for (unsigned number = 0; number < 4; number++) {
            result = (struct sink_result){0};
            sink->kind->setup_judge(sink, number, &answer, &result);
            check_result(&result);
        }
    }
    free(copy);
    return 0;
}
