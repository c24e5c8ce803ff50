// Sets to encode, a sink from its URI, and batches of any size: what the tests of
// the kinds share.
#ifndef SKERRY_TESTS_UNIT_SINK_SETS_H
#define SKERRY_TESTS_UNIT_SINK_SETS_H

#include "../test.h"

#include <stdlib.h>
#include <string.h>

#include "../platform/fake.h"
#include "sink/sink.h"
#include "sink/sink_event.h"
#include "sink/sink_label.h"
#include "table/event_row.h"

static struct fake sets_machine;
static unsigned char sets_memory[1 << 17] __attribute__((aligned(16)));
static struct sink sets_sink;
static char sets_sentence[2048];
static char sets_body[1 << 20];

static inline int
sets_open_for(const char *uri, bool events)
{
    struct arena arena;
    static struct workspace space;
    struct out why = out_of(sets_sentence, sizeof sets_sentence);
    arena_init(&arena, sets_memory, sizeof sets_memory);
    workspace_init(&space, &arena, sink_space_bytes());
    sets_sink.events = events;
    int error =
        sink_open(&sets_sink, text_of(uri), 1, NULL, NULL, &space, &sets_machine.platform, &why);
    out_c_string(&why);
    CHECK((error == 0) == (why.used == 0));
    CHECK(space.peak <= sink_space_bytes());
    return error;
}

static inline int
sets_open(const char *uri)
{
    return sets_open_for(uri, false);
}

static inline struct sink *
sets_event_sink_of(const char *uri)
{
    if (sets_open_for(uri, true) != 0) {
        test_fail(__FILE__, __LINE__, sets_sentence);
    }
    return &sets_sink;
}

static inline struct sink *
sets_sink_of(const char *uri)
{
    if (sets_open(uri) != 0) {
        test_fail(__FILE__, __LINE__, sets_sentence);
    }
    return &sets_sink;
}

// The sentence holds `part`.
static inline void
sets_refuses(const char *uri, const char *part)
{
    CHECK_EQUAL_U64(sets_open(uri), -ERR_BAD_CONFIG);
    if (strstr(sets_sentence, part) == NULL) {
        test_fail(__FILE__, __LINE__, sets_sentence);
    }
}

static inline void
sets_give(struct metric_set *set, enum metric metric, uint64_t value)
{
    set->present[metric] = true;
    set->value[metric] = (struct metric_value){.u64 = value};
}

static inline void
sets_give_real(struct metric_set *set, enum metric metric, double value)
{
    set->present[metric] = true;
    set->value[metric] = (struct metric_value){.is_double = true, .real = value};
}

#define SETS_TIME_MS INT64_C(1795369620000)  // 2026-11-22T17:47:00Z

static inline struct metric_set
sets_empty(enum entity entity)
{
    return (struct metric_set){.entity = entity, .time = {SETS_TIME_MS}};
}

static inline struct metric_set
sets_container(void)
{
    struct metric_set set = sets_empty(ENTITY_CONTAINER);
    set.label[SET_LABEL_IMAGE] = TEXT("nginx:1.27");
    set.label[SET_LABEL_CONTAINER] = TEXT("web");
    set.label[SET_LABEL_HOST_ID] = TEXT("i-1");
    set.label[SET_LABEL_HOSTNAME] = TEXT("node1.example.com");
    set.label[SET_LABEL_LABELS] = TEXT("app:shop,tier:front");
    set.label[SET_LABEL_NAMESPACE_ID] = TEXT("ns-uid");
    set.label[SET_LABEL_NAMESPACE] = TEXT("shop");
    set.label[SET_LABEL_NODE] = TEXT("node1");
    set.label[SET_LABEL_POD_ID] = TEXT("pod-uid");
    set.label[SET_LABEL_POD] = TEXT("web-0");
    sets_give(&set, METRIC_UPTIME, 61000);
    sets_give(&set, METRIC_CPU_USAGE, 123456789);
    sets_give_real(&set, METRIC_CPU_USAGE_RATE, 12.75);
    sets_give(&set, METRIC_MEMORY_USAGE, 33554432);
    sets_give_real(&set, METRIC_MEMORY_PAGE_FAULTS_RATE, 0.5);
    return set;
}

static inline struct metric_set
sets_node(void)
{
    static struct labelled_value labelled[3];
    struct metric_set set = sets_empty(ENTITY_NODE);
    set.label[SET_LABEL_HOSTNAME] = TEXT("node1.example.com");
    set.label[SET_LABEL_NODE] = TEXT("node1");
    sets_give_real(&set, METRIC_MEMORY_NODE_CAPACITY, 8589934592.0);
    labelled[0] = (struct labelled_value){
        METRIC_FILESYSTEM_USAGE, TEXT("filesystem/usage"), TEXT("/"), {.u64 = 1000}};
    labelled[1] = (struct labelled_value){
        METRIC_FILESYSTEM_LIMIT, TEXT("filesystem/limit"), TEXT("/"), {.u64 = 2000}};
    labelled[2] = (struct labelled_value){
        METRIC_COUNT, TEXT("nvidia.com/gpu/request"), TEXT(""), {.is_double = true, .real = 2.0}};
    set.labelled = labelled;
    set.labelled_count = 3;
    return set;
}

// Names that no API server gives, in every place.
static inline struct metric_set
sets_hostile(void)
{
    static struct labelled_value labelled[1];
    struct metric_set set = sets_empty(ENTITY_CONTAINER);
    set.label[SET_LABEL_IMAGE] = TEXT("a\\");
    set.label[SET_LABEL_CONTAINER] = TEXT("sp ace,co=mma");
    set.label[SET_LABEL_HOSTNAME] = TEXT("h.o/s t");
    set.label[SET_LABEL_LABELS] = TEXT("k:\"q\"\n\x01,k2:a|b:c@d#e");
    set.label[SET_LABEL_NAMESPACE] = TEXT("n\xc3\xa4\xff");
    set.label[SET_LABEL_NODE] = TEXT("b\\,s");
    set.label[SET_LABEL_POD] = TEXT("line\nend\r\t\x7f");
    sets_give(&set, METRIC_MEMORY_USAGE, 1);
    labelled[0] = (struct labelled_value){
        METRIC_FILESYSTEM_USAGE, TEXT("filesystem/usage"), TEXT("Volume:x y\n\"{"), {.u64 = 2}};
    set.labelled = labelled;
    set.labelled_count = 1;
    return set;
}

// What a format may leave out, and what it can not say.
static inline struct metric_set
sets_numbers(void)
{
    struct metric_set set = sets_empty(ENTITY_CLUSTER);
    sets_give_real(&set, METRIC_CPU_NODE_UTILIZATION, 1.0 / 0.0);
    sets_give_real(&set, METRIC_CPU_NODE_RESERVATION, 0.0 / 0.0);
    sets_give(&set, METRIC_MEMORY_USAGE, UINT64_MAX);
    sets_give(&set, METRIC_MEMORY_LIMIT, INT64_MAX);
    sets_give_real(&set, METRIC_MEMORY_NODE_UTILIZATION, 1.5e-7);
    sets_give_real(&set, METRIC_MEMORY_NODE_CAPACITY, 1e300);
    return set;
}

static inline struct sink_event
sets_event(void)
{
    return (struct sink_event){
        .uid = TEXT("0a1b"),
        .kind = TEXT("Pod"),
        .namespace_name = TEXT("shop"),
        .name = TEXT("web-0"),
        .object_uid = TEXT("2c3d"),
        .reason = TEXT("BackOff"),
        .message = TEXT("Back-off \"web\" \\ C:\nagain"),
        .component = TEXT("kubelet"),
        .node = TEXT("node1"),
        .warning = true,
        .count = 7,
        .first = {SETS_TIME_MS - 60000},
        .last = {SETS_TIME_MS},
    };
}

// Of nothing but what every event has.
static inline struct sink_event
sets_event_bare(void)
{
    return (struct sink_event){.kind = TEXT("Node"),
                               .name = TEXT("node1"),
                               .count = 1,
                               .first = {SETS_TIME_MS},
                               .last = {SETS_TIME_MS}};
}

// The longest texts, of bytes that grow most when they are escaped.
static inline struct sink_event
sets_event_hostile(void)
{
    static char texts[EVENT_TEXTS_BYTES];
    struct sink_event event = sets_event();
    memset(texts, 1, sizeof texts);
    event.message = (struct text){texts, sizeof texts};
    event.kind = TEXT("a,b=c d\n\\");
    event.reason = TEXT("\xff\"");
    return event;
}

// Without the request around it.
static inline struct text
sets_encode_event(struct sink *sink, const struct sink_event *event)
{
    uint64_t skipped = sink->skipped_total;
    struct sink_batch batch = {.body = out_of(sets_body, sizeof sets_body),
                               .limit_points = 1000000};
    CHECK(sink->kind->add_event(sink, &batch, event));
    CHECK_EQUAL_U64(batch.points, 1);
    CHECK_EQUAL_U64(sink->skipped_total, skipped);
    return out_view(&batch.body);
}

static inline struct sink_batch
sets_batch(size_t size, uint32_t limit)
{
    // A block of its own, so that a sanitizer sees a step beyond.
    char *at = malloc(size == 0 ? 1 : size);
    CHECK(at != NULL);
    return (struct sink_batch){.body = out_of(at, size), .limit_points = limit};
}

// The whole set as one body, without the request around it.
static inline struct text
sets_encode(struct sink *sink, const struct metric_set *set)
{
    unsigned at = 0;
    struct sink_request request;
    struct sink_batch batch = {.body = out_of(sets_body, sizeof sets_body),
                               .limit_points = 1000000};
    CHECK(sink->kind->add(sink, &batch, set, &at));
    CHECK_EQUAL_U64(sink->kind->finish(sink, &batch, &request), 0);
    return request.body;
}

static inline bool
sets_has(struct text text, const char *part)
{
    return memmem(text.at, text.size, part, strlen(part)) != NULL;
}

#define CHECK_HAS(text, part)                                                                      \
    (sets_has(text, part) ? (void)0 : sets_lacks(__FILE__, __LINE__, text, part))

static inline void
sets_lacks(const char *file, int line, struct text text, const char *part)
{
    static char what[8192];
    struct out out = out_of(what, sizeof what);
    out_format(&out, "no \"%s\" in: " TEXT_FORMAT, part, TEXT_ARGS(text));
    test_fail(file, line, out_c_string(&out));
}

// Batches of every size: `check` sees each body, and is told the points that it
// says it has. Nothing may be lost but what is counted as skipped.
typedef void sets_check(struct text body, uint32_t points);

static inline void
sets_sweep(struct sink *sink, const struct metric_set *set, size_t most, uint32_t all,
           sets_check *check)
{
    for (size_t size = 0; size <= most; size++) {
        uint32_t limit = size % 7 == 0 ? 1 : 1000;
        uint64_t skipped = sink->skipped_total;
        uint32_t points = 0;
        unsigned at = 0;
        bool done = false;
        for (unsigned turn = 0; !done; turn++) {
            struct sink_request request = {0};
            struct sink_batch batch = sets_batch(size, limit);
            CHECK(turn < 1000);
            done = sink->kind->add(sink, &batch, set, &at);
            CHECK(!batch.body.full || batch.points == 0);
            CHECK(batch.points > 0 || done);
            points += batch.points;
            if (batch.points > 0) {
                CHECK_EQUAL_U64(sink->kind->finish(sink, &batch, &request), 0);
                check(request.body, batch.points);
            }
            free(batch.body.at);
        }
        CHECK_EQUAL_U64(points + (sink->skipped_total - skipped), all);
        CHECK(size < most || sink->skipped_total == skipped);
    }
}

// The same of one event: into a batch of any size it goes whole or not at all.
static inline void
sets_sweep_event(struct sink *sink, const struct sink_event *event)
{
    size_t whole = sets_encode_event(sink, event).size;
    bool fitted = false;
    for (size_t size = 0; size <= whole + 4; size++) {
        uint64_t skipped = sink->skipped_total;
        struct sink_batch batch = sets_batch(size, 1000);
        CHECK(sink->kind->add_event(sink, &batch, event));
        CHECK_EQUAL_U64(batch.points + (sink->skipped_total - skipped), 1);
        CHECK(!batch.body.full);
        fitted = fitted || batch.points == 1;
        CHECK_EQUAL_U64(batch.points, fitted ? 1 : 0);
        // A second one does not fit, and leaves the first as it was.
        size_t used = batch.body.used;
        bool second = sink->kind->add_event(sink, &batch, event);
        CHECK(!fitted || !second);
        CHECK(!fitted || batch.body.used == used);
        free(batch.body.at);
    }
    CHECK(fitted);
}

// For formats of lines: as many as there are points, none of them cut.
static inline void
sets_check_lines(struct text body, uint32_t points, struct text whole)
{
    uint32_t lines = 0;
    struct text line;
    while (body.size != 0) {
        text_cut(body, '\n', &line, &body);
        lines++;
        CHECK(line.size != 0);
        CHECK(memmem(whole.at, whole.size, line.at, line.size) != NULL);
        const char *found = memmem(whole.at, whole.size, line.at, line.size);
        CHECK(found == whole.at || found[-1] == '\n');
        CHECK(found + line.size == whole.at + whole.size || found[line.size] == '\n');
    }
    CHECK_EQUAL_U64(lines, points);
}

static inline struct sink_result
sets_judge(struct sink *sink, long status, const char *body, enum sink_verdict verdict)
{
    struct sink_result result = {0};
    struct sink_answer answer = {.status = status, .body = text_of(body)};
    size_t used = 0;
    enum sink_verdict given = sink->kind->judge(sink, &answer, &used, &result);
    CHECK_EQUAL_U64(given, verdict);
    CHECK_EQUAL_U64(used, answer.body.size);
    return result;
}

#endif
