// The first byte chooses what a document is; the rest is also given to the
// plain reference, which must find it well-formed exactly when nothing was
// skipped, and then the same elements.
#include "parse/splitter.h"

#include "fuzz.h"
#include "../unit/parse/reference_json.h"

static const struct shape chosen = {.wanted = true};

static const struct field inner_fields[] = {
    {FIELD_KEY("name"), .type = FIELD_TEXT},
    {FIELD_KEY("pods"), .type = FIELD_U64},
};
static const struct shape inner_shape = SHAPE(inner_fields);

static const struct field element_fields[] = {
    {FIELD_KEY("name"), .type = FIELD_TEXT}, FIELD_NESTED("cpu", inner_shape),
    FIELD_LIST("items", inner_shape, 2),     FIELD_WHOLE("labels"),
    FIELD_NESTED("notes", chosen),
};
static const struct shape element_shape = SHAPE(element_fields);

static const struct field root_fields[] = {
    {FIELD_KEY("node"), .type = FIELD_ELEMENT, .child = &element_shape},
    {FIELD_KEY("pods"), .type = FIELD_STREAM, .child = &element_shape},
};
static const struct shape root_shape = SHAPE(root_fields);

static const struct document documents[] = {
    {ROOT_OBJECT, &root_shape},
    {ROOT_ARRAY, &element_shape},
    {ROOT_ELEMENT, &element_shape},
    {ROOT_ELEMENTS, &element_shape},
};

#define ELEMENT_BYTES 512
#define INPUT_MAX 65536

struct world {
    struct fuzz fuzz;
    struct splitter splitter;
    char log[2 * INPUT_MAX];
    size_t used;
};

static int
take(void *context, unsigned tag, struct text json)
{
    struct world *world = context;
    FUZZ_CHECK(json.at == world->splitter.buffer);
    FUZZ_CHECK(json.size > 0 && json.size <= ELEMENT_BYTES);
    FUZZ_CHECK(json.at[json.size] == '\0');
    FUZZ_CHECK(text_is_utf8(json));
    FUZZ_CHECK(world->used + json.size + 3 < sizeof world->log);
    world->log[world->used++] = (char)('0' + tag);
    world->log[world->used++] = ' ';
    memcpy(world->log + world->used, json.at, json.size);
    world->used += json.size;
    world->log[world->used++] = '\n';
    return 0;
}

static int
feed(void *self, const void *bytes, size_t size)
{
    return splitter_feed(self, bytes, size);
}

static int
end(void *self)
{
    return splitter_end(self);
}

static const struct parse_counters *
counters(const void *self)
{
    return &((const struct splitter *)self)->counters;
}

static const struct wanted wanted = {1, {TEXT("want/ed")}};

static uint64_t
story(struct world *world, const struct document *document, const uint8_t *data, size_t size,
      uint64_t cuts, int *error)
{
    static const struct decoder_calls calls = {"splitter", feed, end, counters};
    struct decoder decoder = {&world->splitter, &calls};
    world->used = 0;
    world->fuzz.story = 0;
    splitter_begin(&world->splitter, document, &wanted);
    *error = fuzz_feed(&world->fuzz, decoder, data, size, cuts);
    struct hash_key key = {5, 6};
    fuzz_u64(&world->fuzz, hash_bytes(key, world->log, world->used));
    return world->fuzz.story;
}

static void
compare(struct world *world, const struct document *document, struct text input, int error)
{
    static char log[2 * INPUT_MAX];
    const uint64_t *skipped = world->splitter.counters.skipped;
    bool whole = reference_split(document, &wanted, input, log);
    if (skipped[ERR_TOO_LARGE] + skipped[ERR_BAD_UTF8] + skipped[ERR_BAD_TYPE] != 0 ||
        error == -ERR_TRUNCATED) {
        return;  // not the reference's business
    }
    bool good = error == 0 && skipped[ERR_MALFORMED] + skipped[ERR_TOO_DEEP] == 0;
    FUZZ_CHECK(whole == good);
    FUZZ_CHECK(!good || (strlen(log) == world->used && memcmp(log, world->log, world->used) == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world world;
    if (world.splitter.buffer == NULL) {
        struct arena arena = fuzz_arena(splitter_footprint(ELEMENT_BYTES));
        splitter_init(&world.splitter, &arena, ELEMENT_BYTES, take, &world);
    }
    if (size == 0 || size > INPUT_MAX) {
        return 0;
    }
    const struct document *document = &documents[data[0] % 4];
    int error;
    int again;
    uint64_t whole = story(&world, document, data + 1, size - 1, 0, &error);
    compare(&world, document, (struct text){(const char *)data + 1, size - 1}, error);
    uint64_t cut = story(&world, document, data + 1, size - 1, fuzz_cuts(data, size), &again);
    FUZZ_CHECK(whole == cut && error == again);
    return 0;
}
