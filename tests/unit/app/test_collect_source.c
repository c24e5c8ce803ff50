#include "app/collect_source.h"

#include <string.h>

#include "configured.h"
#include "platform/fake_fetch.h"
#include "table/pool.h"

#define RESOLUTION_MS 15000

static struct configured it;
static struct fake_fetch net;
static struct collect_rooms rooms;
static struct scrape scrape;
static struct cycle cycle;
static struct arena arena;
static struct collect_source source;
static char sentence[1024];
static unsigned char memory[32 << 20] __attribute__((aligned(16)));

static struct text
node_token(void *context, unsigned number)
{
    (void)context;
    (void)number;
    return source.credentials == NULL ? TEXT("") : credentials_token(source.credentials);
}

static bool
node_refused(void *context, unsigned number)
{
    (void)context;
    (void)number;
    return collect_source_refresh(&source, &rooms, true);
}

static void
node_changed(void *context, unsigned number, struct text node, int error, struct text detail)
{
    (void)context;
    (void)number;
    (void)node;
    (void)error;
    (void)detail;
}

static void
open_rooms(void)
{
    const struct platform *platform = &it.fake.platform;
    struct scrape_caps caps = {
        .targets = 8, .flights = 4, .streams = 2, .cadvisor_streams = 1,
        .resolution_ms = RESOLUTION_MS, .timeout_ms = 10000, .first_ms = 100,
    };
    struct scrape_hooks hooks = {.token = node_token, .refused = node_refused,
                                 .changed = node_changed};
    static struct capacity capacity;
    bool kept = false;
    capacity = capacity_for_nodes(4);
    size_t bytes = table_bytes(&capacity);
    void *table = arena_take(&arena, bytes);
    rooms = (struct collect_rooms){
        .config = &it.config, .platform = platform, .fetch = &net.fetch, .scrape = &scrape,
        .cycle = &cycle, .key = {1, 2}, .space = decode_space_new(&arena),
        .writer = table_writer_init(&arena, table, bytes, &capacity, (struct hash_key){1, 2},
                                    RESOLUTION_MS, platform_wall_now(platform), &kept),
    };
    cycle_init(&cycle, RESOLUTION_MS, platform_mono_now(platform), platform_wall_now(platform));
    scrape_init(&scrape, &arena, &caps, platform, &net.fetch, rooms.writer, rooms.space, &cycle,
                &hooks, rooms.key);
    workspace_init(&rooms.scratch, &arena, credentials_scratch_bytes());
    workspace_init(&rooms.texts, &arena, 4 * SOURCE_URI_BYTES_MAX);
}

#define CONFIG(token)                                                            \
    "apiVersion: v1\nkind: Config\ncurrent-context: c\n"                         \
    "contexts: [{name: c, context: {cluster: k, user: u}}]\n"                    \
    "clusters: [{name: k, cluster: {server: 'https://api.test:6443'}}]\n"        \
    "users: [{name: u, user: {" token "}}]\n"

static void
begin(void)
{
    fake_open(&it.fake, test_seed());
    fake_fetch_open(&net);
    fake_add_file(&it.fake, "/k", TEXT(CONFIG("tokenFile: /token")));
    fake_add_file(&it.fake, "/token", TEXT("first"));
    memset(memory, 0, sizeof memory);
    memset(&source, 0, sizeof source);
    arena_init(&arena, memory, sizeof memory);
    open_rooms();
}

static int
open_source(char *flag)
{
    struct out why = out_of(sentence, sizeof sentence);
    CHECK(configured_flags(&it, flag, NULL) == 0);
    size_t before = arena.used;
    int error = collect_source_open(&source, 1, &arena, &rooms, &why);
    out_c_string(&why);
    if (error == 0) {
        CHECK_EQUAL_U64(arena.used - before,
                        collect_source_footprint(source.uri.kind, &it.config));
    }
    return error;
}

static const struct source_row *
row(void)
{
    return &table_writer_header(rooms.writer)->source[1];
}

static struct fake_request *
request(const char *part)
{
    for (int i = 0; i < 2000; i++) {
        (void)collect_source_turn(&source, &rooms);
        (void)scrape_turn(&scrape);
        (void)fetch_step(&net.fetch, (struct mono_ns){0});
        if (fake_fetch_find(&net, part) != NULL) {
            return fake_fetch_find(&net, part);
        }
        fake_advance(&it.fake, 50);
    }
    test_fail(__FILE__, __LINE__, part);
}

TEST(kinds_are_counted)
{
    fake_open(&it.fake, 1);
    CHECK(configured_flags(&it, "--nodes=3", NULL) == 0);
    struct collect_counts counts = collect_source_counts(&it.config);
    CHECK(counts.hosts == 1 && counts.kubernetes == 0 && counts.cadvisors == 0);
    CHECK_EQUAL_TEXT(collect_source_uri(&it.config, 1), "host:");
    CHECK(configured_flags(&it, "--source=kubernetes:https://a?kubeletTLS=pin",
                           "--source=kubernetes.summary_api:https://b",
                           "--source=cadvisor:http://c", "--source=host:", NULL) == 0);
    counts = collect_source_counts(&it.config);
    CHECK_EQUAL_U64(counts.kubernetes, 2);
    CHECK_EQUAL_U64(counts.cadvisors, 1);
    CHECK_EQUAL_U64(counts.hosts, 1);
    CHECK_EQUAL_U64(counts.pinned, 1);
    CHECK_EQUAL_TEXT(collect_source_uri(&it.config, 3), "cadvisor:http://c");
    fake_close(&it.fake);
}

TEST(a_cluster_says_how_it_is_reached)
{
    begin();
    CHECK_EQUAL_U64(open_source("--source=kubernetes:?auth=/k&kubeletPort=10255&"
                                "kubeletHttps=false&endpoint=resource&access=proxy"), 0);
    CHECK(source.access.proxy && !source.access.https);
    CHECK_EQUAL_U64(source.access.port, 10255);
    CHECK(source.access.format == FORMAT_RESOURCE);
    CHECK_EQUAL_TEXT(source.access.api_host, "api.test");
    CHECK(source.access.api_identity == source.credentials->api);
    CHECK(row()->kind == SOURCE_KUBERNETES && row()->proxy == 1);
    fake_close(&it.fake);
}

TEST(what_is_not_verified_is_said)
{
    static char *const flags[] = {
        "--source=kubernetes:?auth=/k", "--source=kubernetes:?auth=/k&kubeletTLS=insecure",
        "--source=kubernetes:?auth=/k&insecure=true", "--source=cadvisor:http://c:8080",
    };
    static const bool insecure[] = {false, true, true, true};
    for (size_t i = 0; i < ARRAY_COUNT(flags); i++) {
        begin();
        CHECK_EQUAL_U64(open_source(flags[i]), 0);
        CHECK(row()->insecure == insecure[i]);
        fake_close(&it.fake);
    }
}

TEST(a_cadvisor_is_a_node_of_its_own)
{
    begin();
    CHECK_EQUAL_U64(open_source("--source=cadvisor:http://box.test:9000"), 0);
    CHECK(table_find_node(rooms.writer, TEXT("box.test:9000")) == source.row);
    CHECK(source.row != 0);
    struct fake_request *asked = request("/api/");
    CHECK_EQUAL_TEXT(text_of(asked->host), "box.test");
    CHECK_EQUAL_U64(asked->request.port, 9000);
    CHECK_EQUAL_U64(asked->request.bearer.size, 0);
    fake_close(&it.fake);
}

TEST(a_bad_kubeconfig_is_a_sentence)
{
    begin();
    fake_drop(&it.fake, "/k");
    CHECK(open_source("--source=kubernetes:?auth=/k") != 0);
    CHECK(strstr(sentence, "/k") != NULL);
    fake_close(&it.fake);
}

// Many refusals at once read the file once; a new token goes into what is asked
// next.
TEST(a_refusal_reads_the_token_again)
{
    begin();
    CHECK_EQUAL_U64(open_source("--source=kubernetes:?auth=/k"), 0);
    struct fake_request *nodes = request("/nodes?limit");
    CHECK_EQUAL_TEXT(text_of(nodes->bearer), "first");
    fake_drop(&it.fake, "/token");
    fake_advance(&it.fake, 1500);
    fake_add_file(&it.fake, "/token", TEXT("other"));
    fake_fetch_answer(nodes, 401, TEXT("{}"));
    CHECK_EQUAL_TEXT(text_of(request("/nodes?limit")->bearer), "other");
    CHECK_EQUAL_U64(table_writer_header(rooms.writer)->counter[COUNTER_TOKEN_READS], 1);
    fake_drop(&it.fake, "/token");
    fake_advance(&it.fake, 100);
    fake_add_file(&it.fake, "/token", TEXT("third"));
    CHECK(!collect_source_refresh(&source, &rooms, true));
    fake_advance(&it.fake, 1500);
    CHECK(collect_source_refresh(&source, &rooms, true));
    CHECK(!rooms.restart);
    fake_close(&it.fake);
}

TEST(a_changed_kubeconfig_begins_anew)
{
    begin();
    CHECK_EQUAL_U64(open_source("--source=kubernetes:?auth=/k"), 0);
    fake_drop(&it.fake, "/k");
    fake_advance(&it.fake, CREDENTIALS_CHECK_MS + 1);
    fake_add_file(&it.fake, "/k", TEXT(CONFIG("token: inline")));
    (void)collect_source_turn(&source, &rooms);
    CHECK(rooms.restart);
    fake_close(&it.fake);
}

#define NODE                                                                     \
    "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[{\"metadata\":{\"name\":\"n1\"}," \
    "\"status\":{\"addresses\":[{\"type\":\"InternalIP\",\"address\":\"10.0.0.7\"}],"       \
    "\"daemonEndpoints\":{\"kubeletEndpoint\":{\"Port\":10250}}}}]}"

// What the API server said once is asked for after a restart without it.
TEST(nodes_of_the_table_are_asked_without_the_server)
{
    begin();
    CHECK_EQUAL_U64(open_source("--source=kubernetes:?auth=/k"), 0);
    fake_fetch_answer(request("/nodes?limit"), 200, TEXT(NODE));
    struct fake_request *kubelet = request("/stats/summary");
    CHECK_EQUAL_TEXT(text_of(kubelet->host), "10.0.0.7");
    fake_fetch_end(kubelet, ERR_RESET);
    // Another process over the same table.
    struct table_header *header = table_writer_header(rooms.writer);
    struct scrape_caps caps = scrape.caps;
    struct scrape_hooks hooks = scrape.hooks;
    fake_fetch_open(&net);
    scrape_init(&scrape, &arena, &caps, &it.fake.platform, &net.fetch, rooms.writer, rooms.space,
                &cycle, &hooks, rooms.key);
    workspace_reset(&rooms.texts);
    CHECK_EQUAL_U64(open_source("--source=kubernetes:?auth=/k"), 0);
    CHECK_EQUAL_U64(header->pool[POOL_NODES].used, 1);
    collect_source_adopt(&source, &rooms);
    kubelet = request("/stats/summary");
    CHECK_EQUAL_TEXT(text_of(kubelet->host), "10.0.0.7");
    CHECK_EQUAL_U64(kubelet->request.port, 10250);
    fake_close(&it.fake);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"kinds_are_counted", kinds_are_counted},
        {"a_cluster_says_how_it_is_reached", a_cluster_says_how_it_is_reached},
        {"what_is_not_verified_is_said", what_is_not_verified_is_said},
        {"a_cadvisor_is_a_node_of_its_own", a_cadvisor_is_a_node_of_its_own},
        {"a_bad_kubeconfig_is_a_sentence", a_bad_kubeconfig_is_a_sentence},
        {"a_refusal_reads_the_token_again", a_refusal_reads_the_token_again},
        {"a_changed_kubeconfig_begins_anew", a_changed_kubeconfig_begins_anew},
        {"nodes_of_the_table_are_asked_without_the_server",
         nodes_of_the_table_are_asked_without_the_server},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
