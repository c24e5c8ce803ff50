#include "../test.h"

#include <string.h>

#include "discover/discover.h"
#include "platform/fake.h"
#include "platform/fake_fetch.h"
#include "table/pool.h"

static struct fake machine;
static struct fake_fetch net;
static struct discover discover;
static struct table_writer *writer;
static struct capacity capacity;
static unsigned char memory[32 << 20] __attribute__((aligned(16)));
static char told[4096];
static struct out story;

static struct text
token(void *context)
{
    (void)context;
    return TEXT("t");
}

static bool
refused(void *context)
{
    (void)context;
    return false;
}

static void
node_put(void *context, unsigned source, row_index row, const struct node_object *node)
{
    (void)context;
    CHECK_EQUAL_U64(source, 1);
    out_format(&story, row != 0 ? "+" TEXT_FORMAT " " : "!" TEXT_FORMAT " ",
               TEXT_ARGS(node->name));
}

static void
node_removed(void *context, unsigned source, struct text name)
{
    (void)context;
    (void)source;
    out_format(&story, "-" TEXT_FORMAT " ", TEXT_ARGS(name));
}

static void
nodes_begin(void *context, unsigned source)
{
    (void)context;
    (void)source;
    out_string(&story, "( ");
}

static void
nodes_end(void *context, unsigned source)
{
    (void)context;
    (void)source;
    out_string(&story, ") ");
}

static void
changed(void *context, unsigned source, int error, struct text sentence)
{
    (void)context;
    (void)source;
    (void)sentence;
    out_format(&story, "%s ", error_name(error));
}

static void
begin(void)
{
    struct arena arena;
    bool kept = false;
    fake_open(&machine, test_seed());
    fake_fetch_open(&net);
    memset(memory, 0, sizeof memory);
    memset(told, 0, sizeof told);
    story = out_of(told, sizeof told - 1);
    arena_init(&arena, memory, sizeof memory);
    capacity = capacity_for_nodes(2);
    size_t bytes = table_bytes(&capacity);
    void *table = arena_take(&arena, bytes);
    writer = table_writer_init(&arena, table, bytes, &capacity, (struct hash_key){1, 2}, 15000,
                               platform_wall_now(&machine.platform), &kept);
    table_put_source(writer, 1, SOURCE_KUBERNETES, TEXT("kubernetes:"), false, false);
    struct discover_config config = {
        .source = 1, .host_id_annotation = TEXT("example.com/id"),
        .server = {.host = TEXT("api"), .port = 6443, .token = token, .refused = refused},
        .seed = test_seed(), .events = true,
    };
    struct discover_hooks hooks = {
        .node_put = node_put, .node_removed = node_removed, .nodes_begin = nodes_begin,
        .nodes_end = nodes_end, .changed = changed,
    };
    size_t before = arena.used;
    struct decode_space *space = decode_space_new(&arena);
    before += decode_space_footprint();
    discover_init(&discover, &arena, &config, &machine.platform, &net.fetch, writer, &hooks,
                  space);
    CHECK_EQUAL_U64(arena.used - before, discover_footprint(config.events));
}

static void
turn(void)
{
    (void)discover_turn(&discover);
    (void)fetch_step(&net.fetch, (struct mono_ns){0});
}

static struct fake_request *
request(const char *part)
{
    for (int i = 0; i < 2000; i++) {
        turn();
        if (fake_fetch_find(&net, part) != NULL) {
            return fake_fetch_find(&net, part);
        }
        fake_advance(&machine, 50);
    }
    test_fail(__FILE__, __LINE__, part);
}

static uint64_t
rows(enum table_pool pool)
{
    return table_writer_header(writer)->pool[pool].used;
}

#define LIST(items) "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[" items "]}"
#define NODE(name)                                                             \
    "{\"metadata\":{\"name\":\"" name "\",\"annotations\":{\"example.com/id\":\"id-" name "\"}}," \
    "\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}"
#define SPACE(name) "{\"metadata\":{\"name\":\"" name "\"}}"
#define POD(name, node)                                                        \
    "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"d\"},\"spec\":{\"nodeName\":\"" node \
    "\",\"containers\":[{\"name\":\"c\"}]},\"status\":{\"phase\":\"Running\"}}"
#define EVENT(type, object) "{\"type\":\"" type "\",\"object\":" object "}\n"

static void
sync_all(void)
{
    fake_fetch_answer(request("/nodes?limit"), 200, TEXT(LIST(NODE("n1") "," NODE("n2"))));
    fake_fetch_answer(request("/namespaces?limit"), 200, TEXT(LIST(SPACE("d"))));
    fake_fetch_answer(request("/pods?limit"), 200, TEXT(LIST(POD("p1", "n1") "," POD("p2", "n2"))));
}

TEST(nodes_and_namespaces_come_before_pods)
{
    begin();
    turn();
    CHECK(fake_fetch_find(&net, "/pods") == NULL);
    fake_fetch_answer(request("/nodes?limit"), 200, TEXT(LIST(NODE("n1"))));
    turn();
    CHECK(fake_fetch_find(&net, "/pods") == NULL);
    fake_fetch_answer(request("/namespaces?limit"), 200, TEXT(LIST(SPACE("d"))));
    turn();
    CHECK(fake_fetch_find(&net, "/pods?limit") != NULL);
    CHECK(!discover_is_synced(&discover));
    fake_fetch_answer(request("/pods?limit"), 200, TEXT(LIST("")));
    CHECK(discover_is_synced(&discover));
    fake_close(&machine);
}

TEST(objects_go_into_the_table)
{
    begin();
    sync_all();
    CHECK_EQUAL_U64(rows(POOL_NODES), 2);
    CHECK_EQUAL_U64(rows(POOL_NAMESPACES), 1);
    CHECK_EQUAL_U64(rows(POOL_PODS), 2);
    CHECK_EQUAL_TEXT(out_view(&story), "( +n1 +n2 ) ");
    row_index n1 = table_find_node(writer, TEXT("n1"));
    CHECK(n1 != 0);
    CHECK(node_row_at(table_writer_header(writer), n1)->first_pod != 0);
    CHECK_EQUAL_U64(table_writer_header(writer)->counter[COUNTER_LISTS], 3);
    fake_close(&machine);
}

TEST(watches_change_it)
{
    begin();
    sync_all();
    story.used = 0;
    struct fake_request *nodes = request("/nodes?watch");
    struct fake_request *pods = request("/pods?watch");
    fake_fetch_head(nodes, 200, 0);
    fake_fetch_head(pods, 200, 0);
    CHECK(fake_fetch_body(nodes, TEXT(EVENT("DELETED", NODE("n2")) EVENT("ADDED", NODE("n3")))));
    CHECK(fake_fetch_body(pods, TEXT(EVENT("DELETED", POD("p2", "n2")))));
    CHECK_EQUAL_U64(table_find_node(writer, TEXT("n2")), 0);
    CHECK(strstr(told, "-n2 ") != NULL);
    CHECK_EQUAL_U64(table_writer_header(writer)->counter[COUNTER_WATCH_STARTS], 2);
    CHECK_EQUAL_U64(table_writer_header(writer)->counter[COUNTER_WATCH_EVENTS], 3);
    fake_fetch_end(nodes, 0);
    CHECK_EQUAL_U64(table_writer_header(writer)->counter[COUNTER_WATCH_EVENTS], 3);
    fake_close(&machine);
}

TEST(watches_and_lists_begun_again_are_counted)
{
    begin();
    const struct source_row *source = &table_writer_header(writer)->source[1];
    sync_all();
    CHECK_EQUAL_U64(source->watch_total, 0);
    CHECK_EQUAL_U64(source->relist_total, 0);
    fake_fetch_head(request("/nodes?watch"), 200, 0);
    fake_fetch_head(request("/pods?watch"), 200, 0);
    fake_fetch_head(request("/namespaces?watch"), 200, 0);
    CHECK_EQUAL_U64(source->watch_total, 3);
    // Resumed: a watch, but no list.
    fake_advance(&machine, 5000);
    fake_fetch_end(request("/nodes?watch"), 0);
    fake_fetch_head(request("/nodes?watch"), 200, 0);
    CHECK_EQUAL_U64(source->watch_total, 4);
    CHECK_EQUAL_U64(source->relist_total, 0);
    // Refused: neither.
    fake_fetch_end(request("/pods?watch"), ERR_RESET);
    fake_fetch_answer(request("/pods?watch"), 410, TEXT("{}"));
    CHECK_EQUAL_U64(source->watch_total, 4);
    fake_fetch_answer(request("/pods?limit"), 200, TEXT(LIST(POD("p1", "n1"))));
    CHECK_EQUAL_U64(source->relist_total, 1);
    CHECK_EQUAL_U64(source->list_total, 4);
    CHECK_EQUAL_U64(atomic_load(&source->seq) % 2, 0);
    fake_close(&machine);
}

#define HAPPENED(uid, count)                                                              \
    "{\"metadata\":{\"name\":\"e\",\"uid\":\"" uid "\"},\"involvedObject\":{\"kind\":\"Pod\"," \
    "\"namespace\":\"d\",\"name\":\"p1\"},\"count\":" count ",\"type\":\"Warning\","           \
    "\"lastTimestamp\":\"2026-11-22T17:45:16Z\"}"

TEST(events_are_listed_and_watched)
{
    begin();
    sync_all();
    const struct table_header *header = table_writer_header(writer);
    fake_fetch_answer(request("/events?limit"), 200, TEXT(LIST(HAPPENED("u1", "1"))));
    CHECK_EQUAL_U64(rows(POOL_EVENTS), 1);
    CHECK_EQUAL_U64(header->source[1].events_listed, 1);
    struct fake_request *watch = request("/events?watch");
    fake_fetch_head(watch, 200, 0);
    CHECK(fake_fetch_body(watch, TEXT(EVENT("MODIFIED", HAPPENED("u1", "4"))
                                      EVENT("ADDED", HAPPENED("u2", "1"))
                                      EVENT("DELETED", HAPPENED("u1", "4")))));
    CHECK_EQUAL_U64(rows(POOL_EVENTS), 2);
    CHECK_EQUAL_U64(header->counter[COUNTER_EVENTS], 5);
    // Too old: a list, and nothing is counted twice.
    fake_fetch_end(watch, 0);
    fake_advance(&machine, 5000);
    fake_fetch_answer(request("/events?watch"), 410, TEXT("{}"));
    fake_fetch_answer(request("/events?limit"), 200,
                      TEXT(LIST(HAPPENED("u1", "4") "," HAPPENED("u2", "1"))));
    CHECK_EQUAL_U64(rows(POOL_EVENTS), 2);
    CHECK_EQUAL_U64(header->counter[COUNTER_EVENTS], 5);
    CHECK_EQUAL_U64(header->source[1].relist_total, 1);
    fake_close(&machine);
}

TEST(events_that_are_forbidden_disturb_nothing)
{
    begin();
    sync_all();
    const struct source_row *source = &table_writer_header(writer)->source[1];
    fake_fetch_answer(request("/events?limit"), 403, TEXT("{}"));
    CHECK_EQUAL_U64(source->events_error, ERR_HTTP_403);
    CHECK_EQUAL_U64(source->api_last_error, ERR_OK);
    CHECK_EQUAL_U64(source->api_last_failure_ms, 0);
    CHECK_EQUAL_U64(table_writer_header(writer)->counter[COUNTER_API_FAILURES], 1);
    CHECK(discover_is_synced(&discover));
    CHECK(strstr(told, "http_403 ") != NULL);
    // A success of the others is one.
    fake_advance(&machine, 1000);
    fake_fetch_head(request("/pods?watch"), 200, 0);
    CHECK_EQUAL_U64(source->api_last_success_ms, platform_wall_now(&machine.platform).ms);
    // The right is given later.
    fake_fetch_answer(request("/events?limit"), 200, TEXT(LIST(HAPPENED("u1", "1"))));
    CHECK_EQUAL_U64(source->events_error, ERR_OK);
    CHECK_EQUAL_U64(rows(POOL_EVENTS), 1);
    fake_close(&machine);
}

TEST(nodes_beyond_the_plan_are_told)
{
    begin();
    fake_fetch_answer(request("/nodes?limit"), 200,
                      TEXT(LIST(NODE("n1") "," NODE("n2") "," NODE("n3"))));
    CHECK_EQUAL_TEXT(out_view(&story), "( +n1 +n2 !n3 ) ");
    fake_close(&machine);
}

TEST(pods_do_not_wait_for_what_is_forbidden)
{
    begin();
    fake_fetch_answer(request("/nodes?limit"), 403, TEXT("{}"));
    fake_fetch_answer(request("/namespaces?limit"), 403, TEXT("{}"));
    int64_t before = platform_mono_now(&machine.platform).ns;
    request("/pods?limit");
    CHECK(platform_mono_now(&machine.platform).ns - before < 11 * NS_PER_S);
    CHECK_EQUAL_TEXT(out_view(&story), "http_403 http_403 ");
    CHECK_EQUAL_U64(table_writer_header(writer)->counter[COUNTER_API_FAILURES], 2);
    fake_close(&machine);
}

TEST(the_server_goes_and_everything_stays)
{
    begin();
    sync_all();
    story.used = 0;
    for (int i = 0; i < 200; i++) {
        struct fake_request *any = request("/api/v1/");
        fake_fetch_end(any, ERR_CONNECT);
        fake_advance(&machine, 1000);
    }
    CHECK_EQUAL_U64(rows(POOL_NODES), 2);
    CHECK_EQUAL_U64(rows(POOL_PODS), 2);
    CHECK(strstr(told, "-n") == NULL);
    const struct source_row *source = &table_writer_header(writer)->source[1];
    CHECK_EQUAL_U64(source->api_last_error, ERR_CONNECT);
    // It returns without n2: that leaves by a complete list only.
    for (int i = 0; i < 2000 && rows(POOL_NODES) != 0 && strstr(told, ")") == NULL; i++) {
        struct fake_request *any = request("/api/v1/");
        if (strstr(any->path, "/nodes?limit") != NULL) {
            fake_fetch_answer(any, 200, TEXT(LIST(NODE("n1"))));
        } else {
            fake_fetch_end(any, ERR_CONNECT);
        }
        fake_advance(&machine, 1000);
    }
    CHECK_EQUAL_U64(table_find_node(writer, TEXT("n2")), 0);
    CHECK(table_find_node(writer, TEXT("n1")) != 0);
    fake_close(&machine);
}

TEST(error_bodies_share_one_decoder)
{
    begin();
    struct fake_request *nodes = request("/nodes?limit");
    struct fake_request *spaces = request("/namespaces?limit");
    fake_fetch_head(nodes, 500, 0);
    fake_fetch_head(spaces, 500, 0);
    CHECK(fake_fetch_body(nodes, TEXT("{\"message\":\"first")));
    CHECK(fake_fetch_body(spaces, TEXT("{\"message\":\"second\"}")));
    CHECK(fake_fetch_body(nodes, TEXT(" one\"}")));
    fake_fetch_end(nodes, 0);
    const struct source_row *source = &table_writer_header(writer)->source[1];
    CHECK(strstr(source->last_error, "first one") != NULL);
    fake_fetch_end(spaces, 0);
    CHECK(strstr(source->last_error, "list namespaces: the server failed") != NULL);
    CHECK(discover.server.status_holder == NULL);
    fake_close(&machine);
}

TEST(pods_are_listed_again_when_there_is_room)
{
    begin();
    sync_all();
    fake_fetch_head(request("/pods?watch"), 200, 0);
    discover_ask_pods(&discover);
    turn();
    CHECK(request("/pods?limit") != NULL);
    fake_fetch_answer(request("/pods?limit"), 200, TEXT(LIST("")));
    fake_fetch_head(request("/pods?watch"), 200, 0);
    discover_ask_pods(&discover);  // too soon
    turn();
    CHECK(fake_fetch_find(&net, "/pods?limit") == NULL);
    fake_close(&machine);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"nodes_and_namespaces_come_before_pods", nodes_and_namespaces_come_before_pods},
        {"objects_go_into_the_table", objects_go_into_the_table},
        {"watches_change_it", watches_change_it},
        {"watches_and_lists_begun_again_are_counted",
         watches_and_lists_begun_again_are_counted},
        {"events_are_listed_and_watched", events_are_listed_and_watched},
        {"events_that_are_forbidden_disturb_nothing",
         events_that_are_forbidden_disturb_nothing},
        {"nodes_beyond_the_plan_are_told", nodes_beyond_the_plan_are_told},
        {"pods_do_not_wait_for_what_is_forbidden", pods_do_not_wait_for_what_is_forbidden},
        {"the_server_goes_and_everything_stays", the_server_goes_and_everything_stays},
        {"error_bodies_share_one_decoder", error_bodies_share_one_decoder},
        {"pods_are_listed_again_when_there_is_room", pods_are_listed_again_when_there_is_room},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
