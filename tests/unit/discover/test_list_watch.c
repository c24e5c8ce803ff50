#include "../test.h"

#include <stdio.h>
#include <string.h>

#include "discover/list_watch.h"
#include "platform/fake.h"
#include "platform/fake_fetch.h"

static struct fake machine;
static struct fake_fetch net;
static struct api_server server;
static struct status status;
static struct list_watch watch;
static unsigned char memory[4 << 20] __attribute__((aligned(16)));

// What was told, as words.
static char told[4096];
static struct out story;
static int last_error;
static char last_sentence[700];
static unsigned results, refusals, decoded;
static uint64_t skipped[ERR_COUNT];
static bool new_credentials;

static struct text
token(void *context)
{
    (void)context;
    return TEXT("bearer");
}

static bool
refused(void *context)
{
    (void)context;
    refusals++;
    return new_credentials;
}

static void
on_begin(void *context, enum object_kind kind)
{
    (void)context;
    (void)kind;
    out_string(&story, "begin ");
}

static void
on_end(void *context, enum object_kind kind)
{
    (void)context;
    (void)kind;
    out_string(&story, "end ");
}

static void
on_result(void *context, enum object_kind kind, int error, struct text sentence)
{
    (void)context;
    (void)kind;
    results++;
    last_error = error;
    snprintf(last_sentence, sizeof last_sentence, TEXT_FORMAT, TEXT_ARGS(sentence));
}

static void
on_started(void *context, enum object_kind kind)
{
    (void)context;
    (void)kind;
    out_string(&story, "watch ");
}

static void
on_size(void *context, size_t size)
{
    (void)context;
    (void)size;
}

static void
on_decoded(void *context, const struct parse_counters *counters, bool is_watch)
{
    (void)context;
    (void)is_watch;
    decoded++;
    for (int i = 0; i < ERR_COUNT; i++) {
        skipped[i] += counters->skipped[i];
    }
}

static void
on_namespace(void *context, enum object_change change, struct text version,
             const struct namespace_object *seen)
{
    static const char letters[] = {'=', '+', '*', '-'};
    (void)context;
    (void)version;
    out_byte(&story, letters[change]);
    out_text(&story, seen->name);
    out_byte(&story, ' ');
}

static void
begin(void)
{
    struct arena arena;
    fake_open(&machine, test_seed());
    fake_fetch_open(&net);
    memset(memory, 0, sizeof memory);
    arena_init(&arena, memory, sizeof memory);
    struct decode_space *space = decode_space_new(&arena);
    status_init(&status, &arena, space);
    server = (struct api_server){
        .https = true, .port = 6443, .host = TEXT("api"), .identity = 1,
        .token = token, .refused = refused, .status = &status,
    };
    struct list_watch_hooks hooks = {
        .list_begin = on_begin, .list_end = on_end, .result = on_result,
        .watch_started = on_started, .bytes = on_size, .decoded = on_decoded,
        .objects = {.on_namespace = on_namespace},
    };
    memset(told, 0, sizeof told);
    story = out_of(told, sizeof told - 1);
    last_error = -1;
    results = 0;
    refusals = 0;
    decoded = 0;
    memset(skipped, 0, sizeof skipped);
    new_credentials = false;
    list_watch_init(&watch, &arena, OBJECT_NAMESPACE, &server, &machine.platform, &net.fetch,
                    &hooks, space, NULL, test_seed());
    list_watch_begin(&watch);
}

static struct fake_request *
turn(void)
{
    (void)list_watch_turn(&watch);
    (void)fetch_step(&net.fetch, (struct mono_ns){0});
    return fake_fetch_find(&net, "");
}

// Lets time pass until a request is under way; how long that took.
static int64_t
until_request(void)
{
    int64_t ms = 0;
    while (turn() == NULL) {
        fake_advance(&machine, 50);
        ms += 50;
        CHECK(ms < 20 * 60 * 1000);
    }
    return ms;
}

static struct fake_request *
now_request(const char *part)
{
    until_request();
    struct fake_request *request = fake_fetch_find(&net, part);
    if (request == NULL) {
        test_fail(__FILE__, __LINE__, fake_fetch_find(&net, "")->path);
    }
    return request;
}

static void
told_is(const char *expected)
{
    CHECK_EQUAL_TEXT(out_view(&story), expected);
    story.used = 0;
}

#define LIST(version, token, items)                                        \
    "{\"kind\":\"NamespaceList\",\"apiVersion\":\"v1\",\"metadata\":"      \
    "{\"resourceVersion\":\"" version "\",\"continue\":\"" token "\"},"    \
    "\"items\":[" items "]}"
#define SPACE(name, version) \
    "{\"metadata\":{\"name\":\"" name "\",\"resourceVersion\":\"" version "\"}}"
#define EVENT(type, name, version) \
    "{\"type\":\"" type "\",\"object\":" SPACE(name, version) "}\n"
#define ERROR_EVENT(code)                                                  \
    "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"message\":"     \
    "\"no more\",\"code\":" code "}}\n"
#define STATUS(message, code)                                              \
    "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"" message   \
    "\",\"code\":" code "}"

static void
to_watching(void)
{
    fake_fetch_answer(now_request("limit="), 200, TEXT(LIST("7", "", SPACE("a", "5"))));
    fake_fetch_head(now_request("watch=1"), 200, 0);
    told_is("begin =a end watch ");
}

TEST(lists_in_pages_then_watches)
{
    begin();
    struct fake_request *request = now_request("/api/v1/namespaces?limit=500");
    CHECK(strstr(request->path, "resourceVersion") == NULL);
    CHECK_EQUAL_TEXT(text_of(request->bearer), "bearer");
    CHECK_EQUAL_TEXT(text_of(request->host), "api");
    fake_fetch_answer(request, 200, TEXT(LIST("7", "a=/+", SPACE("a", "5"))));
    request = now_request("continue=a%3D%2F%2B");
    fake_fetch_answer(request, 200, TEXT(LIST("7", "", SPACE("b", "6"))));
    CHECK(watch.synced);
    request = now_request("watch=1");
    CHECK(strstr(request->path, "resourceVersion=7&") != NULL);
    CHECK(strstr(request->path, "allowWatchBookmarks=true") != NULL);
    CHECK(strstr(request->path, "timeoutSeconds=") != NULL);
    fake_fetch_head(request, 200, 0);
    told_is("begin =a =b end watch ");
    CHECK(fake_fetch_body(request, TEXT(EVENT("ADDED", "c", "8") EVENT("MODIFIED", "a", "9"))));
    CHECK(fake_fetch_body(request, TEXT(EVENT("DELETED", "b", "10"))));
    told_is("+c *a -b ");
    CHECK_EQUAL_U64(last_error, 0);
    fake_close(&machine);
}

TEST(resumes_from_the_last_version_seen)
{
    begin();
    to_watching();
    struct fake_request *request = fake_fetch_find(&net, "watch=1");
    CHECK(fake_fetch_body(request, TEXT(EVENT("ADDED", "c", "8") EVENT("BOOKMARK", "", "30"))));
    fake_advance(&machine, 5000);
    fake_fetch_end(request, 0);
    CHECK_EQUAL_U64(until_request(), 0);
    request = now_request("resourceVersion=30&");
    // Broken in the middle of an event: that event comes again.
    fake_fetch_head(request, 200, 0);
    CHECK(fake_fetch_body(request, TEXT("{\"type\":\"ADDED\",\"obj")));
    fake_fetch_end(request, ERR_RESET);
    CHECK(until_request() >= 250);
    now_request("resourceVersion=30&");
    told_is("+c watch ");
    fake_close(&machine);
}

TEST(lists_again_after_410_in_the_stream)
{
    begin();
    to_watching();
    struct fake_request *request = fake_fetch_find(&net, "watch=1");
    fake_fetch_body(request, TEXT(ERROR_EVENT("410")));
    if (request->used) {
        fake_fetch_end(request, 0);
    }
    CHECK(until_request() < 1000);
    now_request("limit=");
    fake_fetch_answer(fake_fetch_find(&net, "limit="), 200, TEXT(LIST("40", "", SPACE("z", "3"))));
    now_request("resourceVersion=40&");
    told_is("begin =z end ");
    fake_close(&machine);
}

TEST(lists_again_after_410_as_an_answer)
{
    begin();
    to_watching();
    fake_fetch_end(fake_fetch_find(&net, "watch=1"), ERR_RESET);
    fake_fetch_answer(now_request("watch=1"), 410, TEXT(STATUS("too old", "410")));
    now_request("limit=500");
    fake_close(&machine);
}

TEST(an_expired_continue_token_begins_anew_with_larger_pages)
{
    begin();
    fake_fetch_answer(now_request("limit=500"), 200, TEXT(LIST("7", "t", SPACE("a", "5"))));
    fake_fetch_answer(now_request("continue=t"), 410, TEXT(STATUS("expired", "410")));
    struct fake_request *request = now_request("limit=1000");
    CHECK(strstr(request->path, "continue") == NULL);
    fake_fetch_answer(request, 200, TEXT(LIST("9", "", SPACE("a", "5"))));
    told_is("begin =a begin =a end ");
    fake_close(&machine);
}

TEST(a_failed_page_is_asked_for_again)
{
    begin();
    fake_fetch_answer(now_request("limit=500"), 200, TEXT(LIST("7", "t", SPACE("a", "5"))));
    fake_fetch_end(now_request("continue=t"), ERR_CONNECT);
    CHECK_EQUAL_U64(last_error, ERR_CONNECT);
    CHECK(until_request() > 0);
    struct fake_request *request = now_request("continue=t");
    // Half of it came: then the list is not complete, and begins anew.
    fake_fetch_head(request, 200, 0);
    CHECK(fake_fetch_body(request, TEXT("{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":["
                                        SPACE("b", "5"))));
    fake_fetch_end(request, ERR_RESET);
    request = now_request("limit=");
    CHECK(strstr(request->path, "continue") == NULL);
    CHECK(!watch.synced);
    fake_close(&machine);
}

TEST(a_list_cut_short_is_not_complete)
{
    begin();
    fake_fetch_answer(now_request("limit="), 200,
                      TEXT("{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":["));
    CHECK_EQUAL_U64(last_error, ERR_TRUNCATED);
    fake_fetch_answer(now_request("limit="), 200, TEXT("{\"items\":[]}"));
    CHECK_EQUAL_U64(last_error, ERR_MISSING);
    fake_fetch_answer(now_request("limit="), 200, TEXT("<html>"));
    CHECK_EQUAL_U64(last_error, ERR_MALFORMED);
    CHECK(!watch.synced);
    CHECK(strstr(told, "end") == NULL);
    fake_close(&machine);
}

TEST(a_forbidden_kind_is_tried_slowly_and_explained)
{
    begin();
    fake_fetch_answer(now_request("limit="), 403, TEXT(STATUS("namespaces is forbidden", "403")));
    CHECK_EQUAL_U64(last_error, ERR_HTTP_403);
    CHECK(strstr(last_sentence, "namespaces is forbidden") != NULL);
    CHECK(strstr(last_sentence, "grant get, list and watch of namespaces") != NULL);
    CHECK(until_request() >= 30000);
    fake_close(&machine);
}

TEST(a_401_reads_credentials_and_tries_once_more)
{
    begin();
    new_credentials = true;
    fake_fetch_answer(now_request("limit="), 401, TEXT(STATUS("Unauthorized", "401")));
    CHECK_EQUAL_U64(refusals, 1);
    CHECK_EQUAL_U64(results, 0);
    CHECK_EQUAL_U64(until_request(), 0);
    fake_fetch_answer(now_request("limit="), 401, TEXT(STATUS("Unauthorized", "401")));
    CHECK_EQUAL_U64(refusals, 1);
    CHECK_EQUAL_U64(last_error, ERR_HTTP_401);
    CHECK(until_request() >= 250);
    // Nothing new: no second try at once.
    new_credentials = false;
    fake_fetch_answer(now_request("limit="), 401, TEXT(""));
    CHECK_EQUAL_U64(refusals, 2);
    CHECK(until_request() >= 250);
    fake_close(&machine);
}

TEST(retry_after_is_honoured)
{
    begin();
    struct fake_request *request = now_request("limit=");
    fake_fetch_head(request, 429, 7000);
    fake_fetch_end(request, 0);
    CHECK_EQUAL_U64(last_error, ERR_HTTP_429);
    int64_t ms = until_request();
    CHECK(ms >= 7000 && ms <= 8100);
    fake_fetch_answer(now_request("limit="), 503,
                      TEXT("{\"kind\":\"Status\",\"details\":{\"retryAfterSeconds\":20}}"));
    ms = until_request();
    CHECK(ms >= 20000 && ms <= 21100);
    // Not for ever, whatever it says.
    request = now_request("limit=");
    fake_fetch_head(request, 429, INT64_C(1) << 50);
    fake_fetch_end(request, 0);
    CHECK(until_request() <= 11 * 60 * 1000);
    fake_close(&machine);
}

// An API server that is away for an hour: asked all the time, ever more seldom,
// at most every 30 s; nothing is forgotten; at its return all goes on.
TEST(an_hour_without_the_server)
{
    begin();
    to_watching();
    fake_fetch_end(fake_fetch_find(&net, "watch=1"), ERR_RESET);
    int64_t passed = 0;
    unsigned tries = 0;
    while (passed < 60 * 60 * 1000) {
        int64_t ms = until_request();
        CHECK(ms <= 31 * 1000);
        passed += ms;
        tries++;
        fake_fetch_end(fake_fetch_find(&net, ""), ERR_CONNECT);
    }
    CHECK(tries > 100 && tries < 300);
    CHECK(watch.synced);
    told_is("");
    until_request();
    fake_fetch_answer(now_request("limit="), 200, TEXT(LIST("99", "", SPACE("a", "5"))));
    fake_fetch_head(now_request("resourceVersion=99&"), 200, 0);
    CHECK_EQUAL_U64(last_error, 0);
    fake_close(&machine);
}

// No turn for a handshake is no word of the API server: nothing is told, and the
// request is soon made again; only for long is it a failure.
TEST(a_request_that_had_no_turn_is_made_again)
{
    begin();
    fake_fetch_end(now_request("limit="), ERR_BUSY);
    CHECK(until_request() <= 150);
    fake_fetch_answer(now_request("limit="), 200, TEXT(LIST("7", "t", SPACE("a", "5"))));
    fake_fetch_end(now_request("continue=t"), ERR_BUSY);
    fake_fetch_answer(now_request("continue=t"), 200, TEXT(LIST("7", "", "")));
    told_is("begin =a end ");
    CHECK_EQUAL_U64(refusals, 0);
    CHECK_EQUAL_U64(last_error, 0);
    int64_t passed = 0;
    while (last_error == 0) {
        passed += until_request();
        fake_fetch_end(now_request("resourceVersion=7&"), ERR_BUSY);
        CHECK(passed < 60 * 1000);
    }
    CHECK(passed > 5 * 1000);
    CHECK_EQUAL_U64(last_error, ERR_BUSY);
    fake_close(&machine);
}

TEST(a_watch_whose_head_never_comes_is_given_up)
{
    begin();
    fake_fetch_answer(now_request("limit="), 200, TEXT(LIST("7", "", "")));
    CHECK(now_request("watch=1") != NULL);
    for (int i = 0; i < 29; i++) {
        fake_advance(&machine, 1000);
        CHECK(turn() != NULL);
    }
    fake_advance(&machine, 1500);
    (void)turn();
    CHECK_EQUAL_U64(last_error, ERR_TIMEOUT);
    fake_close(&machine);
}

TEST(watches_that_end_at_once_are_not_repeated_wildly)
{
    begin();
    fake_fetch_answer(now_request("limit="), 200, TEXT(LIST("7", "", "")));
    unsigned watches = 0;
    int64_t passed = 0;
    while (fake_fetch_find(&net, "limit=") == NULL) {
        passed += until_request();
        if (fake_fetch_find(&net, "watch=1") != NULL) {
            watches++;
            fake_fetch_answer(fake_fetch_find(&net, "watch=1"), 200, TEXT(""));
        }
    }
    CHECK_EQUAL_U64(watches, 3);  // then the version is doubted, and listed again
    CHECK(passed > 500);
    fake_close(&machine);
}

TEST(bad_objects_do_not_stop_a_list)
{
    begin();
    fake_fetch_answer(now_request("limit="), 200,
                      TEXT(LIST("7", "", SPACE("a", "5") ",{\"metadata\":7},[1],"
                                SPACE("b", "6"))));
    told_is("begin =a =b end ");
    CHECK_EQUAL_U64(decoded, 1);
    fake_close(&machine);
}

// In pieces, as a network brings it.
static bool
feed(struct fake_request *request, const char *bytes, size_t size)
{
    for (size_t at = 0; at < size; at += 16384) {
        size_t piece = size - at < 16384 ? size - at : 16384;
        if (!fake_fetch_body(request, (struct text){bytes + at, piece})) {
            return false;
        }
    }
    return true;
}

static bool
feed_text(struct fake_request *request, const char *text)
{
    return feed(request, text, strlen(text));
}

// A namespace whose name is larger than an element may be, and one that nests
// deeper than any.
static void
feed_monsters(struct fake_request *request, const char *before, const char *after)
{
    static char large[ELEMENT_BYTES_MAX + 4096];
    memset(large, 'a', sizeof large);
    CHECK(feed_text(request, before));
    CHECK(feed_text(request, "{\"metadata\":{\"name\":\""));
    CHECK(feed(request, large, sizeof large));
    CHECK(feed_text(request, "\"}}"));
    CHECK(feed_text(request, after));
    CHECK(feed_text(request, before));
    memset(large, '[', 4000);
    memset(large + 4000, ']', 4000);
    CHECK(feed_text(request, "{\"metadata\":{\"labels\":"));
    CHECK(feed(request, large, 8000));
    CHECK(feed_text(request, "}}"));
    CHECK(feed_text(request, after));
}

TEST(monsters_in_a_page_cost_only_themselves)
{
    begin();
    struct fake_request *request = now_request("limit=500");
    fake_fetch_head(request, 200, 0);
    CHECK(feed_text(request, "{\"metadata\":{\"resourceVersion\":\"7\",\"continue\":\"two\"},"
                             "\"items\":[" SPACE("a", "5") ","));
    feed_monsters(request, "", ",");
    CHECK(feed_text(request, SPACE("b", "5") "]}"));
    fake_fetch_end(request, 0);
    told_is("begin =a =b ");
    CHECK_EQUAL_U64(skipped[ERR_TOO_LARGE], 1);
    CHECK_EQUAL_U64(skipped[ERR_TOO_DEEP], 1);
    CHECK_EQUAL_U64(last_error, 0);
    fake_fetch_answer(now_request("continue=two"), 200, TEXT(LIST("7", "", SPACE("c", "6"))));
    told_is("=c end ");
    CHECK(watch.synced);
    fake_close(&machine);
}

TEST(monsters_in_a_watch_cost_only_themselves)
{
    begin();
    to_watching();
    struct fake_request *request = fake_fetch_find(&net, "watch=1");
    feed_monsters(request, "{\"type\":\"ADDED\",\"object\":", "}\n");
    CHECK(fake_fetch_body(request, TEXT(EVENT("ADDED", "c", "8"))));
    told_is("+c ");
    CHECK_EQUAL_U64(skipped[ERR_TOO_LARGE], 1);  // while the watch lasts
    fake_fetch_end(request, ERR_RESET);
    CHECK_EQUAL_U64(skipped[ERR_TOO_LARGE], 1);
    CHECK_EQUAL_U64(skipped[ERR_TOO_DEEP], 1);
    now_request("resourceVersion=8&");
    fake_close(&machine);
}

// What was taken of it stays; the list is not complete, and begins anew.
TEST(a_list_without_end_is_given_up)
{
    begin();
    struct fake_request *request = now_request("limit=500");
    CHECK(request->request.idle_timeout_ms > 0);
    CHECK(request->request.total_timeout_ms > 0);
    CHECK(request->request.total_timeout_ms <= 5 * 60 * 1000);
    fake_fetch_head(request, 200, 0);
    CHECK(feed_text(request, "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":["));
    for (int i = 0; i < 100000; i++) {
        CHECK(feed_text(request, SPACE("again", "5") ","));
        story.used = i == 0 ? story.used : 0;
        story.full = false;
    }
    fake_fetch_end(request, ERR_TIMEOUT);
    CHECK_EQUAL_U64(last_error, ERR_TIMEOUT);
    CHECK_EQUAL_U64(decoded, 1);
    CHECK(!watch.synced);
    story.used = 0;
    CHECK(until_request() >= 250);
    request = now_request("limit=500");
    CHECK(strstr(request->path, "continue") == NULL);
    fake_fetch_answer(request, 200, TEXT(LIST("8", "", SPACE("a", "5"))));
    told_is("begin =a end ");
    fake_close(&machine);
}

// The token is read before the objects: the rest of its page must not be skipped.
TEST(a_page_that_breaks_behind_its_token_begins_anew)
{
    static const int errors[] = {ERR_RESET, ERR_TIMEOUT, 0};
    for (size_t i = 0; i < ARRAY_COUNT(errors); i++) {
        begin();
        struct fake_request *request = now_request("limit=500");
        fake_fetch_head(request, 200, 0);
        CHECK(feed_text(request, "{\"metadata\":{\"resourceVersion\":\"7\","
                                 "\"continue\":\"two\"},\"items\":[" SPACE("a", "5") ","));
        fake_fetch_end(request, errors[i]);
        request = now_request("limit=500");
        CHECK(strstr(request->path, "continue") == NULL);
        fake_fetch_answer(request, 200, TEXT(LIST("7", "", SPACE("a", "5") "," SPACE("b", "5"))));
        told_is("begin =a begin =a =b end ");
        fake_close(&machine);
    }
}

// A token that does not fit cannot be sent back: never half of the objects.
TEST(a_continue_token_too_long_is_no_end_of_the_list)
{
    static char token_text[CONTINUE_BYTES_MAX + 2];
    begin();
    memset(token_text, 't', sizeof token_text - 1);
    struct fake_request *request = now_request("limit=500");
    fake_fetch_head(request, 200, 0);
    CHECK(feed_text(request, "{\"metadata\":{\"resourceVersion\":\"7\",\"continue\":\""));
    CHECK(feed_text(request, token_text));
    CHECK(feed_text(request, "\"},\"items\":[" SPACE("a", "5") "]}"));
    fake_fetch_end(request, 0);
    CHECK(last_error != 0);
    CHECK(!watch.synced);
    CHECK(strstr(told, "end") == NULL);
    fake_close(&machine);
}

TEST(a_401_within_watches_reads_credentials_too)
{
    begin();
    to_watching();
    fake_fetch_end(fake_fetch_find(&net, "watch=1"), ERR_RESET);
    new_credentials = true;
    fake_fetch_answer(now_request("watch=1"), 401, TEXT(STATUS("Unauthorized", "401")));
    CHECK_EQUAL_U64(refusals, 1);
    CHECK_EQUAL_U64(until_request(), 0);
    fake_fetch_head(now_request("resourceVersion=7&"), 200, 0);
    CHECK_EQUAL_U64(last_error, 0);
    fake_close(&machine);
}

// Waits of a server that says 500 again and again.
static void
waits_of(uint64_t seed, int64_t waits[9])
{
    begin();
    watch.random = seed;
    for (int i = 0; i < 9; i++) {
        fake_fetch_answer(now_request("limit="), 500, TEXT(STATUS("broken", "500")));
        CHECK_EQUAL_U64(last_error, ERR_HTTP_5XX);
        waits[i] = until_request();
    }
    fake_close(&machine);
}

TEST(failures_back_off_with_jitter)
{
    int64_t waits[9];
    int64_t others[9];
    unsigned differ = 0;
    waits_of(test_seed(), waits);
    waits_of(test_seed() + 1, others);
    for (int i = 0; i < 9; i++) {
        int64_t longest = INT64_C(500) << (i < 6 ? i : 6);
        longest = longest < 30000 ? longest : 30000;
        CHECK(waits[i] >= longest / 2);
        CHECK(waits[i] <= longest + 50);
        differ += waits[i] != others[i] ? 1 : 0;
    }
    CHECK(differ >= 3);
}

TEST(asked_for_a_list_it_gives_up_its_watch)
{
    begin();
    to_watching();
    list_watch_ask(&watch);
    unsigned before = results;
    (void)turn();
    CHECK_EQUAL_U64(results, before);
    now_request("limit=");
    fake_close(&machine);
}

// Every start may fail, once or from then on until the fault is lifted.
TEST(sweep_of_failing_starts)
{
    for (int for_ever = 0; for_ever < 2; for_ever++) {
        for (uint64_t nth = 1; nth < 6; nth++) {
            begin();
            net.fail_nth = nth;
            net.fail_for_ever = for_ever != 0;
            net.fail_error = nth % 2 == 0 ? ERR_BUSY : ERR_HEAP_FULL;
            bool lifted = false;
            for (int i = 0; i < 4000 && watch.empty_watches == 0 && watch.events < 3; i++) {
                struct fake_request *request = turn();
                if (i == 2000) {
                    net.fail_nth = 0;
                    lifted = true;
                }
                if (request != NULL && strstr(request->path, "limit=") != NULL) {
                    fake_fetch_answer(request, 200, TEXT(LIST("7", "", SPACE("a", "5"))));
                } else if (request != NULL) {
                    fake_fetch_head(request, 200, 0);
                    fake_fetch_body(request, TEXT(EVENT("ADDED", "c", "8")
                                                  EVENT("ADDED", "d", "9")
                                                  EVENT("ADDED", "e", "10")));
                }
                fake_advance(&machine, 100);
            }
            CHECK(watch.synced);
            CHECK_EQUAL_U64(watch.events, 3);
            CHECK(lifted == (for_ever != 0 && nth <= 2));
            fake_close(&machine);
        }
    }
}

// Random answers of every kind: it never stops asking, and comes back when the
// server is well again.
TEST(random_answers)
{
    static const char *const bodies[] = {
        "", "{}", "[", "\xff", LIST("7", "", SPACE("a", "5")), LIST("8", "tok", ""),
        EVENT("ADDED", "c", "8"), ERROR_EVENT("410"), ERROR_EVENT("500"), STATUS("x", "409"),
        EVENT("BOOKMARK", "", "12"), "{\"type\":\"WHAT\",\"object\":{}}", "{\"metadata\":{}}",
    };
    static const long codes[] = {200, 200, 200, 400, 401, 403, 404, 410, 429, 500, 503, 302, 101};
    static const int errors[] = {0, 0, ERR_RESET, ERR_TIMEOUT, ERR_HEAP_FULL, ERR_CERTIFICATE};
    uint64_t seed = test_seed();
    begin();
    for (int i = 0; i < 20000; i++) {
        struct fake_request *request = turn();
        fake_advance(&machine, (int64_t)test_random_below(&seed, 3000));
        if (request == NULL) {
            CHECK(list_watch_turn(&watch).ns != INT64_MAX || fake_fetch_count(&net) == 1);
            continue;
        }
        if (!request->headed && test_random_below(&seed, 8) != 0) {
            fake_fetch_head(request, codes[test_random_below(&seed, ARRAY_COUNT(codes))],
                            (int64_t)test_random_below(&seed, 2) * 1500);
        }
        if (request->used && request->headed) {
            struct text body = text_of(bodies[test_random_below(&seed, ARRAY_COUNT(bodies))]);
            if (body.size != 0) {
                fake_fetch_body(request, body);
            }
        }
        if (request->used && test_random_below(&seed, 3) == 0) {
            fake_fetch_end(request, errors[test_random_below(&seed, ARRAY_COUNT(errors))]);
        }
        story.used = 0;
        story.full = false;
    }
    uint64_t versions = 0;
    for (int i = 0; i < 100000 && versions < 2; i++) {
        struct fake_request *request = turn();
        fake_advance(&machine, 100);
        if (request == NULL) {
            continue;
        }
        if (request->headed) {
            fake_fetch_end(request, ERR_RESET);
        } else if (strstr(request->path, "limit=") != NULL) {
            fake_fetch_answer(request, 200, TEXT(LIST("777", "", SPACE("a", "5"))));
        } else {
            fake_fetch_head(request, 200, 0);
            versions += strstr(request->path, "resourceVersion=777") != NULL ? 1 : 0;
            if (versions == 0) {
                fake_fetch_body(request, TEXT(ERROR_EVENT("410")));
            }
        }
    }
    CHECK_EQUAL_U64(versions, 2);
    fake_close(&machine);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"lists_in_pages_then_watches", lists_in_pages_then_watches},
        {"resumes_from_the_last_version_seen", resumes_from_the_last_version_seen},
        {"lists_again_after_410_in_the_stream", lists_again_after_410_in_the_stream},
        {"lists_again_after_410_as_an_answer", lists_again_after_410_as_an_answer},
        {"an_expired_continue_token_begins_anew_with_larger_pages",
         an_expired_continue_token_begins_anew_with_larger_pages},
        {"a_failed_page_is_asked_for_again", a_failed_page_is_asked_for_again},
        {"a_list_cut_short_is_not_complete", a_list_cut_short_is_not_complete},
        {"a_forbidden_kind_is_tried_slowly_and_explained",
         a_forbidden_kind_is_tried_slowly_and_explained},
        {"a_401_reads_credentials_and_tries_once_more",
         a_401_reads_credentials_and_tries_once_more},
        {"retry_after_is_honoured", retry_after_is_honoured},
        {"an_hour_without_the_server", an_hour_without_the_server},
        {"a_request_that_had_no_turn_is_made_again", a_request_that_had_no_turn_is_made_again},
        {"a_watch_whose_head_never_comes_is_given_up",
         a_watch_whose_head_never_comes_is_given_up},
        {"watches_that_end_at_once_are_not_repeated_wildly",
         watches_that_end_at_once_are_not_repeated_wildly},
        {"bad_objects_do_not_stop_a_list", bad_objects_do_not_stop_a_list},
        {"monsters_in_a_page_cost_only_themselves", monsters_in_a_page_cost_only_themselves},
        {"monsters_in_a_watch_cost_only_themselves", monsters_in_a_watch_cost_only_themselves},
        {"a_list_without_end_is_given_up", a_list_without_end_is_given_up},
        {"a_page_that_breaks_behind_its_token_begins_anew",
         a_page_that_breaks_behind_its_token_begins_anew},
        {"a_continue_token_too_long_is_no_end_of_the_list",
         a_continue_token_too_long_is_no_end_of_the_list},
        {"a_401_within_watches_reads_credentials_too",
         a_401_within_watches_reads_credentials_too},
        {"failures_back_off_with_jitter", failures_back_off_with_jitter},
        {"asked_for_a_list_it_gives_up_its_watch", asked_for_a_list_it_gives_up_its_watch},
        {"sweep_of_failing_starts", sweep_of_failing_starts},
        {"random_answers", random_answers},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
