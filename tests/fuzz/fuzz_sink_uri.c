// A --sink of any bytes: taken apart, and, if its kind takes it, asked to encode
// a set. Texts must lie in the workspace; sentences and names are for people and
// hold no control bytes.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sink/sink.h"
#include "sink/sink_uri.h"
#include "unit/platform/fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned char memory[1 << 17] __attribute__((aligned(16)));
static struct fake machine;

static void
require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static bool
variable(void *context, struct text name, struct text *value)
{
    (void)context;
    *value = TEXT("v%41");
    return text_equal(name, TEXT("V"));
}

static void
check_plain(struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        require((unsigned char)text.at[i] >= ' ' && text.at[i] != 0x7f);
    }
}

static void
check_inside(struct text text)
{
    const char *base = (const char *)memory;
    require(text.size == 0 || (text.at >= base && text.at + text.size <= base + sizeof memory));
}

static void
check_uri(const struct sink_uri *uri)
{
    check_inside(uri->kind);
    check_inside(uri->user);
    check_inside(uri->password);
    check_inside(uri->host);
    check_inside(uri->path);
    check_inside(uri->name);
    check_plain(uri->name);
    check_plain(uri->path);
    check_plain(uri->host);
    require(uri->option_count <= SINK_OPTIONS_MAX);
    for (unsigned i = 0; i < uri->option_count; i++) {
        check_inside(uri->option[i].key);
        check_inside(uri->option[i].value);
    }
}

static void
encode(struct sink *sink)
{
    static char body[1 << 18];
    unsigned at = 0;
    struct sink_request request;
    struct metric_set set = {.entity = ENTITY_NODE, .time = {1795369620000}};
    struct sink_batch batch = {.body = out_of(body, sizeof body), .limit_points = 100};
    set.label[SET_LABEL_NODE] = TEXT("n");
    set.present[METRIC_CPU_LIMIT] = true;
    sink->kind->add(sink, &batch, &set, &at);
    require(!batch.body.full);
    // A stream's setup has answers that data needs.
    bool ready = sink->kind->transport != SINK_STREAM || sink->kind->setup == NULL;
    if (ready && batch.points != 0 && sink->kind->finish(sink, &batch, &request) == 0) {
        check_plain(request.path);
        for (unsigned i = 0; i < request.header_count; i++) {
            check_plain(request.header[i]);
        }
    }
    for (unsigned i = 0; sink->kind->setup != NULL && i < 8; i++) {
        if (!sink->kind->setup(sink, i, &request)) {
            break;
        }
        check_plain(request.path);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct workspace space;
    static struct sink sink;
    static char second[1 << 20] __attribute__((aligned(16)));
    char sentence[2048];
    struct out why = out_of(sentence, sizeof sentence);
    if (machine.platform.ops == NULL) {
        fake_open(&machine, 1);
    }
    arena_init(&arena, memory, sizeof memory);
    workspace_init(&space, &arena, sink_space_bytes());
    char *copy = malloc(size == 0 ? 1 : size);
    require(copy != NULL);
    memcpy(copy, data, size);
    sink = (struct sink){.second = second, .second_bytes = sizeof second};
    int error = sink_open(&sink, (struct text){copy, size}, 1, variable, NULL, &space,
                          &machine.platform, &why);
    require((error == 0) == (why.used == 0));
    // Without a name it was not taken apart to the end.
    if (sink.uri.name.size != 0) {
        check_uri(&sink.uri);
    }
    free(copy);
    if (error == 0) {
        encode(&sink);
    }
    return 0;
}
