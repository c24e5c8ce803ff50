#include "parse/splitter.h"

#include "fixture.h"
#include "reference_json.h"

static const struct shape everything = {.field_count = 0, .wanted = true};

static const struct field inner_fields[] = {
    {FIELD_KEY("name"), .type = FIELD_TEXT},
    {FIELD_KEY("pods"), .type = FIELD_U64},
    {FIELD_KEY("items"), .type = FIELD_OTHER},
    {FIELD_KEY("usageCoreNanoSeconds"), .type = FIELD_U64},
};
static const struct shape inner_shape = SHAPE(inner_fields);

static const struct field element_fields[] = {
    {FIELD_KEY("name"), .type = FIELD_TEXT},  FIELD_NESTED("cpu", inner_shape),
    FIELD_LIST("containers", inner_shape, 2), FIELD_WHOLE("labels"),
    FIELD_NESTED("annotations", everything),  {FIELD_KEY("time"), .type = FIELD_TIME},
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

static const struct wanted wanted = {1, {TEXT("want/ed")}};

#define ELEMENT_BYTES 4096
#define LOG_BYTES (1 << 17)

struct world {
    struct splitter splitter;
    char *log;
    size_t used;
};

static int
take(void *context, unsigned tag, struct text json)
{
    struct world *world = context;
    CHECK(json.at == world->splitter.buffer);
    CHECK(json.size <= ELEMENT_BYTES);
    CHECK(json.at[json.size] == '\0');
    CHECK(world->used + json.size + 4 < LOG_BYTES);
    world->log[world->used++] = (char)('0' + tag);
    world->log[world->used++] = ' ';
    memcpy(world->log + world->used, json.at, json.size);
    world->used += json.size;
    world->log[world->used++] = '\n';
    world->log[world->used] = '\0';
    return 0;
}

static struct world *
world_new(void)
{
    size_t footprint = splitter_footprint(ELEMENT_BYTES);
    struct arena arena = fixture_arena(footprint);
    struct world *world = fixture_alloc(sizeof *world);
    world->log = fixture_alloc(LOG_BYTES);
    splitter_init(&world->splitter, &arena, ELEMENT_BYTES, take, world);
    return world;
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

static const struct decoder_calls calls = {"splitter", feed, end, counters};

static int
split(struct world *world, const struct document *document, struct text input, size_t piece_max,
      uint64_t *seed)
{
    world->used = 0;
    world->log[0] = '\0';
    splitter_begin(&world->splitter, document, &wanted);
    struct decoder decoder = {&world->splitter, &calls};
    return fixture_decode(decoder, input, piece_max, seed);
}

// One document in one go and byte by byte: the same, and as expected.
static void
expect(enum root_kind kind, const char *input, const char *log, int error)
{
    struct world *world = world_new();
    uint64_t seed = 0;
    for (size_t piece = 0; piece < 2; piece++) {
        CHECK_EQUAL_U64(split(world, &documents[kind], text_of(input), piece, &seed), error);
        CHECK_EQUAL_TEXT((const char *)world->log, log);
    }
}

// The same, and one element was skipped for this reason.
static void
expect_skipped(enum root_kind kind, const char *input, const char *log, enum error reason)
{
    struct world *world = world_new();
    uint64_t seed = 0;
    for (size_t piece = 0; piece < 2; piece++) {
        CHECK_EQUAL_U64(split(world, &documents[kind], text_of(input), piece, &seed), 0);
        CHECK_EQUAL_TEXT((const char *)world->log, log);
        CHECK_EQUAL_U64(fixture_skipped(&world->splitter.counters, reason), 1);
    }
}

TEST(cuts_named_members_and_streams)
{
    expect(ROOT_OBJECT,
           " { \"x\" : [ { } ] , \"node\" : { \"name\" : \"n\" } ,\n"
           "\"pods\":[ {\"name\":\"a\"} , {\"time\":1} , 7 , null ] }\n",
           "0 {\"name\":\"n\"}\n1 {\"name\":\"a\"}\n1 {\"time\":1}\n1 7\n1 null\n", 0);
    expect(ROOT_ARRAY, "[{\"name\":1},[2]]", "0 {\"name\":1}\n0 [2]\n", 0);
    expect(ROOT_ELEMENTS, "{\"name\":1}\n{\"name\":2}{}", "0 {\"name\":1}\n0 {\"name\":2}\n0 {}\n",
           0);
    expect(ROOT_ELEMENTS, " \n", "", 0);
    expect(ROOT_OBJECT, "{\"pods\":null,\"node\":null}", "0 null\n", 0);
    expect(ROOT_OBJECT, "{\"pods\":[]}", "", 0);
}

TEST(matches_names_at_their_own_place_only)
{
    // A system container named "pods", a label named "items", a nested "node".
    expect(ROOT_OBJECT,
           "{\"other\":{\"pods\":[{\"name\":1}],\"node\":{\"name\":2}},"
           "\"pods\":[{\"pods\":[1],\"cpu\":{\"pods\":3,\"node\":4,\"name\":5},"
           "\"labels\":{\"items\":[6],\"pods\":\"p\"}}],"
           "\"pod\":[{\"name\":7}]}",
           "1 {\"cpu\":{\"pods\":3,\"name\":5},"
           "\"labels\":{\"items\":[6],\"pods\":\"p\"}}\n",
           0);
}

TEST(drops_what_no_shape_names)
{
    expect(ROOT_ARRAY,
           "[{\"managedFields\":[{\"name\":{\"a\":[1,2,{}]}}],\"name\":1,"
           "\"env\":\"\\\"}]\",\"time\":2,\"last\":{}}]",
           "0 {\"name\":1,\"time\":2}\n", 0);
    expect(ROOT_ARRAY, "[{\"x\":1}]", "0 {}\n", 0);
    expect(ROOT_ARRAY, "[{\"containers\":[{\"name\":1,\"y\":2},{},3,{\"name\":4}]}]",
           "0 {\"containers\":[{\"name\":1},{}]}\n", 0);
    expect(ROOT_ARRAY, "[{\"annotations\":{\"a\":1,\"want/ed\":2,\"b\":3}}]",
           "0 {\"annotations\":{\"want/ed\":2}}\n", 0);
}

TEST(reads_names_with_escapes)
{
    expect(ROOT_OBJECT, "{\"\\u006eode\":{\"n\\u0061me\":\"\\u0061\",\"n\\nme\":2}}",
           "0 {\"name\":\"\\u0061\"}\n", 0);
}

TEST(drops_blanks_outside_texts_only)
{
    expect(ROOT_ARRAY, "[{\"labels\" : { \" a\\t\" : [ 1 ,\t2 , { } ] } }]",
           "0 {\"labels\":{\" a\\t\":[1,2,{}]}}\n", 0);
}

TEST(skips_a_malformed_element_and_goes_on)
{
    static const char *const broken[] = {
        "{\"name\":tru}",
        "{\"name\":01}",
        "{\"name\":1.}",
        "{\"name\":-}",
        "{\"name\":1e}",
        "{\"name\" 1}",
        "{\"name\":}",
        "{\"name\":1,}",
        "{,}",
        "{name:1}",
        "{\"name\":\"\t\"}",
        "{\"name\":\"\\x\"}",
        "{\"name\":\"\\u12g4\"}",
        "{\"x\":[1 2]}",
        "{\"x\":[,]}",
        "{\"name\":+1}",
        "{\"name\":.5}",
        "{\"name\":NaN}",
        "nul",
        "{\"x\":\"\n\"}",
    };
    for (size_t i = 0; i < ARRAY_COUNT(broken); i++) {
        char input[256];
        snprintf(input, sizeof input, "[{\"name\":1},%s,{\"name\":2}]                 ", broken[i]);
        expect_skipped(ROOT_ARRAY, input, "0 {\"name\":1}\n0 {\"name\":2}\n", ERR_MALFORMED);
    }
    expect_skipped(ROOT_ARRAY, "[{\"x\":y,\"z\":\"\\\"}]\\\\\",\"w\":[{}]},{\"name\":2}]",
                   "0 {\"name\":2}\n", ERR_MALFORMED);
    expect(ROOT_ARRAY, "[{\"name\":1}},{\"name\":2}]", "0 {\"name\":1}\n", -ERR_MALFORMED);
}

TEST(recovers_within_a_watch)
{
    expect_skipped(ROOT_ELEMENTS, "{\"name\":1}{\"name\":x}\n{\"name\":3}",
                   "0 {\"name\":1}\n0 {\"name\":3}\n", ERR_MALFORMED);
    expect(ROOT_ELEMENTS, "{\"name\":1} garbage", "0 {\"name\":1}\n", -ERR_MALFORMED);
}

TEST(fails_where_brackets_do_not_match)
{
    expect(ROOT_ARRAY, "[{\"name\":1},{\"x\":[1},{\"name\":2}]", "0 {\"name\":1}\n",
           -ERR_MALFORMED);
    expect(ROOT_ARRAY, "[{\"name\":nul,\"x\":[1}]},{\"name\":2}]", "", -ERR_MALFORMED);
    expect(ROOT_ARRAY, "[{\"name\":nul,\"x\":[1}},{\"name\":2}]", "", -ERR_MALFORMED);
    expect(ROOT_OBJECT, "[]", "", -ERR_MALFORMED);
    expect(ROOT_ARRAY, "{}", "", -ERR_MALFORMED);
    expect(ROOT_OBJECT, "{} {}", "", -ERR_MALFORMED);
    expect(ROOT_OBJECT, "{\"a\":1 \"b\":2}", "", -ERR_MALFORMED);
    expect(ROOT_OBJECT, "]", "", -ERR_MALFORMED);
    expect(ROOT_OBJECT, "Unauthorized", "", -ERR_MALFORMED);
}

TEST(says_when_the_end_is_missing)
{
    static const char *const cut[] = {
        "", " ", "{", "{\"pods\"", "{\"a\":\"", "{\"a\":tr", "{\"a\":1",
    };
    for (size_t i = 0; i < ARRAY_COUNT(cut); i++) {
        expect(ROOT_OBJECT, cut[i], "", -ERR_TRUNCATED);
    }
    expect(ROOT_OBJECT, "{\"pods\":[{\"name\":1}", "1 {\"name\":1}\n", -ERR_TRUNCATED);
    expect(ROOT_OBJECT, "{\"pods\":[{\"name\":1}, {\"name\"", "1 {\"name\":1}\n", -ERR_TRUNCATED);
    expect(ROOT_ELEMENTS, "{} {", "0 {}\n", -ERR_TRUNCATED);
}

TEST(refuses_deep_nesting)
{
    char input[512];
    int used = snprintf(input, sizeof input, "[{\"labels\":");
    for (int i = 0; i < 62; i++) {
        input[used++] = '[';
    }
    char deepest[512];
    snprintf(deepest, sizeof deepest, "%.*s%.62s},{\"name\":2}]", used, input,
             "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
    struct world *world = world_new();
    uint64_t seed = 0;
    CHECK_EQUAL_U64(split(world, &documents[ROOT_ARRAY], text_of(deepest), 0, &seed), 0);
    CHECK_EQUAL_U64(world->splitter.counters.elements, 2);
    char deeper[512];
    snprintf(deeper, sizeof deeper, "%.*s[[1]]%.62s},{\"name\":2}]", used, input,
             "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
    expect_skipped(ROOT_ARRAY, deeper, "0 {\"name\":2}\n", ERR_TOO_DEEP);
    char outside[128];
    memset(outside, '[', sizeof outside);
    memcpy(outside, "{\"x\":", 5);
    outside[127] = '\0';
    expect(ROOT_OBJECT, outside, "", -ERR_TOO_DEEP);
}

TEST(skips_an_element_that_is_too_large)
{
    char *input = fixture_alloc(3 * ELEMENT_BYTES);
    // The largest that fits, and one byte more, at every split of the pieces.
    for (int more = 0; more < 2; more++) {
        int fill = ELEMENT_BYTES - (int)sizeof "{\"name\":\"\"}" + 1 + more;
        int size =
            snprintf(input, 3 * ELEMENT_BYTES, "[{\"name\":\"%0*d\"},{ \"name\" : 2 }]", fill, 0);
        struct world *world = world_new();
        for (uint64_t seed = 1; seed < 20; seed++) {
            uint64_t state = seed;
            struct text text = {input, (size_t)size};
            CHECK_EQUAL_U64(split(world, &documents[ROOT_ARRAY], text, seed % 2 ? 0 : 700, &state),
                            0);
            CHECK_EQUAL_U64(world->splitter.counters.elements, 2 - more);
            CHECK_EQUAL_U64(fixture_skipped(&world->splitter.counters, ERR_TOO_LARGE), more);
        }
    }
    // Far too large, in a text, a number and a list.
    static const char *const starts[] = {"\"", "1", "[0,"};
    static const char *const ends[] = {"\"", "", ",1]"};
    for (int i = 0; i < 3; i++) {
        int used = sprintf(input, "[{\"labels\":%s", starts[i]);
        for (int left = ELEMENT_BYTES; left > 0; left--) {
            used += sprintf(input + used, "%s", i == 2 ? "0," : "0");
        }
        used -= i == 2;
        sprintf(input + used, "%s},{\"name\":2}]", ends[i]);
        expect_skipped(ROOT_ARRAY, input, "0 {\"name\":2}\n", ERR_TOO_LARGE);
    }
    // What is dropped does not count: any size passes.
    int size =
        snprintf(input, 3 * ELEMENT_BYTES, "[{\"x\":\"%0*d\",\"name\":2}]", 2 * ELEMENT_BYTES, 0);
    struct world *world = world_new();
    uint64_t seed = 0;
    CHECK_EQUAL_U64(
        split(world, &documents[ROOT_ARRAY], (struct text){input, (size_t)size}, 0, &seed), 0);
    CHECK_EQUAL_TEXT((const char *)world->log, "0 {\"name\":2}\n");
}

TEST(passes_a_name_larger_than_the_buffer)
{
    char *input = fixture_alloc(3 * ELEMENT_BYTES);
    int size = snprintf(input, 3 * ELEMENT_BYTES, "{\"%0*d\":1,\"node\":2}", 2 * ELEMENT_BYTES, 0);
    struct world *world = world_new();
    for (uint64_t seed = 1; seed < 20; seed++) {
        uint64_t state = seed;
        CHECK_EQUAL_U64(
            split(world, &documents[ROOT_OBJECT], (struct text){input, (size_t)size}, 100, &state),
            0);
        CHECK_EQUAL_TEXT((const char *)world->log, "0 2\n");
    }
}

TEST(skips_an_element_that_is_not_utf8)
{
    expect_skipped(ROOT_ARRAY, "[{\"name\":\"\xff\"},{\"name\":\"\xc3\xa4\"}]",
                   "0 {\"name\":\"\xc3\xa4\"}\n", ERR_BAD_UTF8);
    // Where it is dropped nobody minds.
    expect(ROOT_ARRAY, "[{\"x\":\"\xff\",\"name\":1}]", "0 {\"name\":1}\n", 0);
}

TEST(counts_a_stream_that_is_no_array)
{
    expect_skipped(ROOT_OBJECT, "{\"pods\":{\"name\":[{}]},\"node\":1}", "0 1\n", ERR_BAD_TYPE);
}

TEST(stays_failed)
{
    struct world *world = world_new();
    splitter_begin(&world->splitter, &documents[ROOT_OBJECT], NULL);
    CHECK_EQUAL_U64(splitter_feed(&world->splitter, "x", 1), -ERR_MALFORMED);
    CHECK_EQUAL_U64(splitter_feed(&world->splitter, "{}", 2), -ERR_MALFORMED);
    CHECK_EQUAL_U64(splitter_end(&world->splitter), -ERR_MALFORMED);
}

// Random documents, mostly of names that the shapes know.
struct maker {
    uint64_t state;
    char *at;
    char *end;
    unsigned depth;
};

static uint64_t
below(struct maker *maker, uint64_t limit)
{
    return test_random_below(&maker->state, limit);
}

static void
make(struct maker *maker, const char *text)
{
    size_t size = strlen(text);
    if ((size_t)(maker->end - maker->at) > size) {
        memcpy(maker->at, text, size);
        maker->at += size;
    }
}

static void
make_blanks(struct maker *maker)
{
    static const char *const blanks[] = {"",   "",        "",       " ",
                                         "\n", "\n     ", "\r\n\t", "\n                     "};
    make(maker, blanks[below(maker, ARRAY_COUNT(blanks))]);
}

static void
make_text(struct maker *maker)
{
    static const char *const parts[] = {
        "a",
        "pods",
        "\\\"",
        "\\\\",
        "\\u00e4",
        "\xc3\xa4",
        "}",
        "]",
        ",",
        ":",
        "2026-11-22T17:47:14Z",
        " ",
        "\\n",
        "\xf0\x9f\x8c\x8a",
        "0123456789abcdef",
    };
    make(maker, "\"");
    for (uint64_t i = below(maker, 6); i > 0; i--) {
        make(maker, parts[below(maker, ARRAY_COUNT(parts))]);
    }
    make(maker, "\"");
}

static void
make_scalar(struct maker *maker)
{
    static const char *const scalars[] = {
        "0",
        "-0",
        "1",
        "12345678901234567",
        "3.25",
        "-1e9",
        "2E+10",
        "1e-3",
        "true",
        "false",
        "null",
        "18446744073709551615",
        "0.0000000000000001",
    };
    if (below(maker, 2) == 0) {
        make_text(maker);
    } else {
        make(maker, scalars[below(maker, ARRAY_COUNT(scalars))]);
    }
}

static void
make_name(struct maker *maker)
{
    static const char *const names[] = {
        "\"node\"",
        "\"pods\"",
        "\"name\"",
        "\"cpu\"",
        "\"containers\"",
        "\"labels\"",
        "\"annotations\"",
        "\"time\"",
        "\"items\"",
        "\"usageCoreNanoSeconds\"",
        "\"want/ed\"",
        "\"nam\\u0065\"",
        "\"usageCoreNanoSecond\"",
        "\"\"",
        "\"unknown member of some length\"",
    };
    make(maker, names[below(maker, ARRAY_COUNT(names))]);
}

static void make_value(struct maker *maker);

static void
make_container(struct maker *maker, bool object)
{
    maker->depth++;
    make(maker, object ? "{" : "[");
    for (uint64_t left = below(maker, 5); left > 0; left--) {
        make_blanks(maker);
        if (object) {
            make_name(maker);
            make_blanks(maker);
            make(maker, ":");
        }
        make_value(maker);
        make(maker, left > 1 ? "," : "");
    }
    make_blanks(maker);
    make(maker, object ? "}" : "]");
    maker->depth--;
}

static void
make_value(struct maker *maker)
{
    make_blanks(maker);
    uint64_t kind = below(maker, 8);
    if (kind < 3 || maker->depth > 7) {
        make_scalar(maker);
    } else {
        make_container(maker, kind < 7);
    }
    make_blanks(maker);
}

static struct text
make_document(uint64_t *seed, enum root_kind kind, char *room, size_t size)
{
    struct maker maker = {test_random(seed), room, room + size, 0};
    uint64_t count = kind == ROOT_ELEMENTS ? below(&maker, 4) : 1;
    for (; count > 0; count--) {
        make_blanks(&maker);
        if (kind == ROOT_OBJECT || kind == ROOT_ARRAY) {
            make_container(&maker, kind == ROOT_OBJECT);
        } else {
            make_value(&maker);
            make(&maker, " ");
        }
    }
    return (struct text){room, (size_t)(maker.at - room)};
}

#define DOCUMENT_BYTES 16384

TEST(agrees_with_the_plain_reference_in_any_pieces)
{
    uint64_t seed = test_seed();
    struct world *world = world_new();
    char *room = fixture_alloc(DOCUMENT_BYTES);
    char *log = fixture_alloc(4 * DOCUMENT_BYTES);
    size_t good = 0;
    for (int round = 0; round < 4000; round++) {
        enum root_kind kind = (enum root_kind)test_random_below(&seed, 4);
        struct text input = make_document(&seed, kind, room, DOCUMENT_BYTES);
        bool whole = reference_split(&documents[kind], &wanted, input, log);
        size_t piece = round % 3 == 0 ? 0 : 1 + test_random_below(&seed, 60);
        int error = split(world, &documents[kind], input, piece, &seed);
        if (world->splitter.counters.skipped[ERR_TOO_LARGE] != 0) {
            continue;
        }
        CHECK(whole == (error == 0));
        if (whole) {
            CHECK_EQUAL_TEXT((const char *)world->log, (const char *)log);
            good++;
        }
    }
    CHECK(good > 1000);
}

// The same result whatever the pieces, for documents that were damaged too.
TEST(does_not_depend_on_the_pieces)
{
    static const char damage[] = "\"\\{}[],:0-e.tn\n \xff\x01x";
    uint64_t seed = test_seed();
    struct world *one = world_new();
    struct world *other = world_new();
    char *room = fixture_alloc(DOCUMENT_BYTES);
    char *log = fixture_alloc(4 * DOCUMENT_BYTES);
    for (int round = 0; round < 6000; round++) {
        enum root_kind kind = (enum root_kind)test_random_below(&seed, 4);
        struct text input = make_document(&seed, kind, room, DOCUMENT_BYTES);
        if (input.size == 0) {
            continue;
        }
        for (uint64_t i = test_random_below(&seed, 3); i > 0; i--) {
            room[test_random_below(&seed, input.size)] =
                damage[test_random_below(&seed, sizeof damage - 1)];
        }
        room[input.size - 1] = ' ';  // a bare number may go on for ever
        int error = split(one, &documents[kind], input, 0, &seed);
        size_t piece = 1 + test_random_below(&seed, 40);
        CHECK_EQUAL_U64(split(other, &documents[kind], input, piece, &seed), error);
        CHECK_EQUAL_TEXT((const char *)other->log, (const char *)one->log);
        const struct parse_counters *a = &one->splitter.counters;
        const struct parse_counters *b = &other->splitter.counters;
        CHECK_EQUAL_U64(memcmp(a->skipped, b->skipped, sizeof a->skipped), 0);
        CHECK_EQUAL_U64(a->elements, b->elements);
        bool skipped = a->skipped[ERR_MALFORMED] + a->skipped[ERR_TOO_DEEP] != 0;
        if (a->skipped[ERR_BAD_UTF8] + a->skipped[ERR_TOO_LARGE] == 0) {
            CHECK(reference_split(&documents[kind], &wanted, input, log) ==
                  (error == 0 && !skipped));
        }
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"cuts_named_members_and_streams", cuts_named_members_and_streams},
        {"matches_names_at_their_own_place_only", matches_names_at_their_own_place_only},
        {"drops_what_no_shape_names", drops_what_no_shape_names},
        {"reads_names_with_escapes", reads_names_with_escapes},
        {"drops_blanks_outside_texts_only", drops_blanks_outside_texts_only},
        {"skips_a_malformed_element_and_goes_on", skips_a_malformed_element_and_goes_on},
        {"recovers_within_a_watch", recovers_within_a_watch},
        {"fails_where_brackets_do_not_match", fails_where_brackets_do_not_match},
        {"says_when_the_end_is_missing", says_when_the_end_is_missing},
        {"refuses_deep_nesting", refuses_deep_nesting},
        {"skips_an_element_that_is_too_large", skips_an_element_that_is_too_large},
        {"passes_a_name_larger_than_the_buffer", passes_a_name_larger_than_the_buffer},
        {"skips_an_element_that_is_not_utf8", skips_an_element_that_is_not_utf8},
        {"counts_a_stream_that_is_no_array", counts_a_stream_that_is_no_array},
        {"stays_failed", stays_failed},
        {"agrees_with_the_plain_reference_in_any_pieces",
         agrees_with_the_plain_reference_in_any_pieces},
        {"does_not_depend_on_the_pieces", does_not_depend_on_the_pieces},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
