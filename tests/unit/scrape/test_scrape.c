#include "../test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/fake.h"
#include "platform/fake_fetch.h"
#include "scrape/scrape.h"
#include "table/pool.h"

#define RESOLUTION_MS 15000

static struct fake machine;
static struct fake_fetch net;
static struct scrape scrape;
static struct cycle cycle;
static struct table_writer *writer;
static struct capacity capacity;
static struct scrape_caps caps;
static unsigned char memory[48 << 20] __attribute__((aligned(16)));
static unsigned refusals, changes;
static int last_change;
static bool new_token;
static const char *token_text;

static struct text
token(void *context, unsigned source)
{
    (void)context;
    CHECK_EQUAL_U64(source, 1);
    return text_of(token_text);
}

static bool
refused(void *context, unsigned source)
{
    (void)context;
    (void)source;
    refusals++;
    if (new_token) {
        token_text = "new";
    }
    return new_token;
}

static void
changed(void *context, unsigned source, struct text node, int error, struct text detail)
{
    (void)context;
    (void)source;
    (void)node;
    (void)detail;
    changes++;
    last_change = error;
}

static struct mono_ns
now(void)
{
    return platform_mono_now(&machine.platform);
}

static void
begin_with(uint32_t nodes, uint32_t flights, uint32_t streams)
{
    struct arena arena;
    bool kept = false;
    fake_open(&machine, test_seed());
    fake_fetch_open(&net);
    memset(memory, 0, sizeof memory);
    arena_init(&arena, memory, sizeof memory);
    capacity = capacity_for_nodes(nodes);
    size_t bytes = table_bytes(&capacity);
    void *table = arena_take(&arena, bytes);
    writer = table_writer_init(&arena, table, bytes, &capacity, (struct hash_key){1, 2},
                               RESOLUTION_MS, platform_wall_now(&machine.platform), &kept);
    table_put_source(writer, 1, SOURCE_KUBERNETES, TEXT("kubernetes:"), false, false);
    cycle_init(&cycle, RESOLUTION_MS, now(), platform_wall_now(&machine.platform));
    caps = (struct scrape_caps){
        .targets = 4 * nodes, .flights = flights, .streams = streams, .cadvisor_streams = 1,
        .resolution_ms = RESOLUTION_MS, .timeout_ms = 10000, .first_ms = 100,
    };
    struct scrape_hooks hooks = {.token = token, .refused = refused, .changed = changed};
    scrape_init(&scrape, &arena, &caps, &machine.platform, &net.fetch, writer,
                decode_space_new(&arena), &cycle, &hooks, (struct hash_key){3, 4});
    struct scrape_access access = {.https = true, .identity = 1};
    scrape_set_access(&scrape, 1, &access);
    refusals = 0;
    changes = 0;
    new_token = false;
    token_text = "old";
}

static void
begin(void)
{
    begin_with(4, 8, 4);
}

static row_index
put_node(const char *name, const char *address)
{
    static struct node_object node;
    memset(&node, 0, sizeof node);
    node.name = text_of(name);
    node.ready = CONDITION_TRUE;
    node.address_count = 2;
    node.addresses[0].type = ADDRESS_INTERNAL_IP;
    node.addresses[0].address = text_of(address);
    node.addresses[1].type = ADDRESS_HOSTNAME;
    node.addresses[1].address = text_of(name);
    row_index row = table_put_node(writer, 1, &node, TEXT(""));
    scrape_put_node(&scrape, 1, row, &node);
    return row;
}

static void
turn(void)
{
    bool stepped;
    uint32_t ended = cycle.nominal_s;
    if (cycle_turn(&cycle, now(), platform_wall_now(&machine.platform), &stepped)) {
        table_cycle_end(writer, ended);
    }
    (void)scrape_turn(&scrape);
    (void)fetch_step(&net.fetch, now());
}

static void
pass(int64_t ms)
{
    for (int64_t passed = 0; passed < ms; passed += 20) {
        turn();
        fake_advance(&machine, 20);
    }
    turn();
}

// Lets time pass until a request to the host is under way.
static struct fake_request *
request_to(const char *host)
{
    for (int i = 0; i < 10000; i++) {
        struct fake_request *request = fake_fetch_find_host(&net, host);
        if (request != NULL) {
            return request;
        }
        turn();
        fake_advance(&machine, 20);
    }
    test_fail(__FILE__, __LINE__, host);
}

static const struct node_row *
row_at(row_index row)
{
    return node_row_at(table_writer_header(writer), row);
}

static uint64_t
counted(enum counter counter)
{
    return table_writer_header(writer)->counter[counter];
}

static uint64_t
errors(int error)
{
    return table_writer_header(writer)->error_total[error];
}

// A summary whose figures follow from `n`.
static struct text
summary(unsigned n, char *buffer, size_t size)
{
    int length = snprintf(
        buffer, size,
        "{\"node\":{\"nodeName\":\"x\",\"cpu\":{\"time\":\"2026-11-22T18:00:00Z\","
        "\"usageCoreNanoSeconds\":%u},\"memory\":{\"time\":\"2026-11-22T18:00:00Z\","
        "\"usageBytes\":%u,\"workingSetBytes\":%u}},\n \"pods\": [\n"
        "{\"podRef\":{\"name\":\"p%u\",\"namespace\":\"d\",\"uid\":\"\"},\"containers\":["
        "{\"name\":\"c\",\"memory\":{\"time\":\"2026-11-22T18:00:00Z\",\"usageBytes\":%u}}]}]}",
        n * 1000, n * 7, n * 5, n, n * 3);
    CHECK(length > 0 && (size_t)length < size);
    return (struct text){buffer, (size_t)length};
}

static uint64_t
memory_of(row_index row)
{
    const struct node_row *node = row_at(row);
    return node->samples[node->head.newest].value[NODE_VALUE_MEMORY_USAGE];
}

TEST(an_answer_goes_into_the_table)
{
    char body[1024];
    begin();
    row_index row = put_node("n1", "10.0.0.1");
    struct fake_request *request = request_to("10.0.0.1");
    CHECK_EQUAL_TEXT(text_of(request->path), "/stats/summary");
    CHECK_EQUAL_TEXT(text_of(request->server_name), "n1");
    CHECK_EQUAL_TEXT(text_of(request->bearer), "old");
    CHECK(request->request.keep_alive);
    CHECK(request->request.connect_timeout_ms > 0 && request->request.total_timeout_ms == 10000);
    fake_advance(&machine, 40);
    fake_fetch_answer(request, 200, summary(9, body, sizeof body));
    CHECK_EQUAL_U64(counted(COUNTER_SCRAPES), 1);
    CHECK_EQUAL_U64(counted(COUNTER_SCRAPE_BYTES), strlen(body));
    CHECK_EQUAL_U64(memory_of(row), 63);
    CHECK_EQUAL_U64(row_at(row)->scrape.success_total, 1);
    CHECK_EQUAL_U64(row_at(row)->scrape.last_error, 0);
    CHECK_EQUAL_U64(row_at(row)->scrape.bytes, strlen(body));
    CHECK(row_at(row)->scrape.latency_us >= 40000 && row_at(row)->scrape.latency_us <= 60000);
    CHECK(row_at(row)->scrape.address_type == ADDRESS_INTERNAL_IP);
    const struct node_row *node = row_at(row);
    CHECK_EQUAL_U64(node->samples[node->head.newest].head.cycle_s, cycle.nominal_s);
    fake_close(&machine);
}

TEST(once_a_cycle)
{
    char body[1024];
    begin();
    put_node("n1", "10.0.0.1");
    uint64_t before = cycle.number;
    for (int i = 0; i < 20; i++) {
        fake_fetch_answer(request_to("10.0.0.1"), 200, summary(1, body, sizeof body));
    }
    CHECK(cycle.number - before >= 19 && cycle.number - before <= 20);
    fake_close(&machine);
}

TEST(every_status)
{
    static const struct {
        long status;
        int error;
    } rows[] = {
        {400, ERR_HTTP_400}, {401, ERR_HTTP_401}, {403, ERR_HTTP_403}, {404, ERR_HTTP_404},
        {418, ERR_HTTP_4XX}, {429, ERR_HTTP_429}, {500, ERR_HTTP_5XX}, {503, ERR_HTTP_5XX},
        {302, ERR_HTTP_OTHER}, {204, ERR_HTTP_OTHER}, {999, ERR_HTTP_OTHER},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        begin();
        row_index row = put_node("n1", "10.0.0.1");
        fake_fetch_answer(request_to("10.0.0.1"), rows[i].status, TEXT("Unauthorized"));
        CHECK_EQUAL_U64(row_at(row)->scrape.last_error, rows[i].error);
        CHECK_EQUAL_U64(errors(rows[i].error), 1);
        CHECK_EQUAL_U64(counted(COUNTER_SCRAPES), 0);
        CHECK_EQUAL_U64(counted(COUNTER_SCRAPE_FAILURES), 1);
        CHECK_EQUAL_U64(changes, 1);
        CHECK_EQUAL_U64(last_change, rows[i].error);
        CHECK_EQUAL_U64(refusals, rows[i].status == 401 ? 1 : 0);
        CHECK_EQUAL_U64(scrape.flight_count, 0);
        fake_close(&machine);
    }
}

TEST(every_transport_error)
{
    static const int kinds[] = {ERR_RESOLVE, ERR_CONNECT, ERR_TIMEOUT, ERR_RESET, ERR_TLS,
                                ERR_CERTIFICATE, ERR_CERTIFICATE_CHANGED, ERR_HTTP_OTHER};
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        begin();
        row_index row = put_node("n1", "10.0.0.1");
        fake_fetch_end(request_to("10.0.0.1"), kinds[i]);
        CHECK_EQUAL_U64(row_at(row)->scrape.last_error, kinds[i]);
        CHECK_EQUAL_U64(counted(COUNTER_PIN_CHANGES), kinds[i] == ERR_CERTIFICATE_CHANGED);
        bool other = kinds[i] == ERR_RESOLVE || kinds[i] == ERR_CONNECT || kinds[i] == ERR_TIMEOUT;
        CHECK(request_to(other ? "n1" : "10.0.0.1") != NULL);
        fake_close(&machine);
    }
}

TEST(broken_bodies)
{
    static const struct {
        const char *body;
        int error;
    } rows[] = {
        {"", ERR_TRUNCATED}, {"{\"node\":{},\"pods\":[", ERR_TRUNCATED}, {"<html>", ERR_MALFORMED},
        {"{\"pods\":]}", ERR_MALFORMED},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        begin();
        row_index row = put_node("n1", "10.0.0.1");
        fake_fetch_answer(request_to("10.0.0.1"), 200, text_of(rows[i].body));
        if (rows[i].body[0] == '\0') {
            CHECK_EQUAL_U64(scrape.flight_count, 0);
        }
        CHECK_EQUAL_U64(row_at(row)->scrape.last_error, rows[i].error);
        CHECK_EQUAL_U64(scrape.streams.used, 0);
        fake_close(&machine);
    }
}

TEST(half_an_answer_keeps_what_came)
{
    char body[1024];
    begin();
    row_index row = put_node("n1", "10.0.0.1");
    struct text text = summary(4, body, sizeof body);
    struct fake_request *request = request_to("10.0.0.1");
    fake_fetch_head(request, 200, 0);
    CHECK(fake_fetch_body(request, text_sub(text, 0, text.size - 30)));
    fake_fetch_end(request, ERR_RESET);
    CHECK_EQUAL_U64(memory_of(row), 28);
    CHECK_EQUAL_U64(row_at(row)->scrape.last_error, ERR_RESET);
    fake_close(&machine);
}

TEST(a_rejected_token_is_read_again_once)
{
    char body[1024];
    begin();
    row_index row = put_node("n1", "10.0.0.1");
    new_token = true;
    fake_fetch_answer(request_to("10.0.0.1"), 401, TEXT("Unauthorized"));
    struct fake_request *request = fake_fetch_find_host(&net, "10.0.0.1");
    CHECK(request != NULL);  // at once
    CHECK_EQUAL_TEXT(text_of(request->bearer), "new");
    CHECK_EQUAL_U64(counted(COUNTER_SCRAPE_FAILURES), 0);
    fake_fetch_answer(request, 401, TEXT("Unauthorized"));
    CHECK(fake_fetch_find_host(&net, "10.0.0.1") == NULL);
    CHECK_EQUAL_U64(refusals, 1);
    CHECK_EQUAL_U64(row_at(row)->scrape.last_error, ERR_HTTP_401);
    fake_fetch_answer(request_to("10.0.0.1"), 401, TEXT(""));
    fake_fetch_answer(request_to("10.0.0.1"), 200, summary(1, body, sizeof body));
    CHECK_EQUAL_U64(row_at(row)->scrape.last_error, 0);
    CHECK_EQUAL_U64(last_change, 0);
    fake_close(&machine);
}

TEST(retry_after_is_honoured)
{
    begin();
    put_node("n1", "10.0.0.1");
    struct fake_request *request = request_to("10.0.0.1");
    fake_fetch_head(request, 429, 100 * 1000);
    fake_fetch_end(request, 0);
    int64_t before = now().ns;
    request_to("10.0.0.1");
    int64_t ms = (now().ns - before) / NS_PER_MS;
    CHECK(ms >= 100000 && ms < 101000);
    fake_close(&machine);
}

TEST(a_dead_node_is_tried_less_often_but_for_ever)
{
    begin();
    put_node("n1", "10.0.0.1");
    int64_t before = now().ns;
    for (int i = 0; i < 20; i++) {
        struct fake_request *request = NULL;
        while (request == NULL) {
            fake_advance(&machine, 50);
            turn();
            request = fake_fetch_find(&net, "");
        }
        int64_t waited = (now().ns - before) / NS_PER_MS;
        CHECK(waited <= (SCHEDULE_SKIP_MAX + 1) * RESOLUTION_MS);
        before = now().ns;
        fake_fetch_end(request, ERR_CONNECT);
    }
    CHECK_EQUAL_U64(changes, 1);
    fake_close(&machine);
}

TEST(answers_take_turns)
{
    char a[1024];
    char b[1024];
    begin();
    row_index first = put_node("n1", "10.0.0.1");
    row_index second = put_node("n2", "10.0.0.2");
    struct text texts[2] = {summary(11, a, sizeof a), summary(22, b, sizeof b)};
    struct fake_request *requests[2] = {request_to("10.0.0.1"), request_to("10.0.0.2")};
    fake_fetch_head(requests[0], 200, 0);
    fake_fetch_head(requests[1], 200, 0);
    for (size_t at = 0; at < 1024; at += 13) {
        for (int i = 0; i < 2; i++) {
            struct text piece = text_sub(texts[i], at, 13);
            if (piece.size != 0) {
                CHECK(fake_fetch_body(requests[i], piece));
            }
        }
    }
    fake_fetch_end(requests[1], 0);
    fake_fetch_end(requests[0], 0);
    CHECK_EQUAL_U64(memory_of(first), 77);
    CHECK_EQUAL_U64(memory_of(second), 154);
    fake_close(&machine);
}

TEST(answers_wait_for_a_decoder)
{
    static const char *const hosts[] = {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"};
    static const char *const names[] = {"n1", "n2", "n3", "n4"};
    struct fake_request *requests[4];
    row_index rows[4];
    char body[1024];
    begin_with(4, 8, 2);
    for (int i = 0; i < 4; i++) {
        rows[i] = put_node(names[i], hosts[i]);
    }
    for (int i = 0; i < 4; i++) {
        requests[i] = request_to(hosts[i]);
        fake_fetch_head(requests[i], 200, 0);
    }
    for (int i = 0; i < 4; i++) {
        bool taken = fake_fetch_body(requests[i], summary((unsigned)i + 1, body, sizeof body));
        CHECK(taken == (i < 2));
    }
    CHECK_EQUAL_U64(requests[2]->result, FETCH_PAUSE);
    fake_fetch_end(requests[0], 0);
    turn();  // gives the paused bytes again
    CHECK_EQUAL_U64(requests[2]->paused_size, 0);
    CHECK(requests[3]->paused_size != 0);
    fake_fetch_end(requests[1], 0);
    turn();
    fake_fetch_end(requests[3], 0);
    fake_fetch_end(requests[2], 0);
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQUAL_U64(memory_of(rows[i]), 7 * (i + 1));
    }
    CHECK_EQUAL_U64(scrape.streams.used, 0);
    CHECK_EQUAL_U64(scrape.streams.peak, 2);
    fake_close(&machine);
}

TEST(a_waiting_one_may_end)
{
    char body[1024];
    begin_with(4, 8, 1);
    put_node("n1", "10.0.0.1");
    put_node("n2", "10.0.0.2");
    put_node("n3", "10.0.0.3");
    struct fake_request *a = request_to("10.0.0.1");
    struct fake_request *b = request_to("10.0.0.2");
    struct fake_request *c = request_to("10.0.0.3");
    fake_fetch_head(a, 200, 0);
    fake_fetch_head(b, 200, 0);
    fake_fetch_head(c, 200, 0);
    CHECK(fake_fetch_body(a, summary(1, body, sizeof body)));
    CHECK(!fake_fetch_body(b, summary(2, body, sizeof body)));
    CHECK(!fake_fetch_body(c, summary(3, body, sizeof body)));
    fake_fetch_end(b, ERR_TIMEOUT);
    fake_fetch_end(a, 0);
    (void)fetch_step(&net.fetch, now());
    CHECK_EQUAL_U64(c->paused_size, 0);
    fake_fetch_end(c, 0);
    CHECK_EQUAL_U64(scrape.streams.used, 0);
    CHECK_EQUAL_U64(counted(COUNTER_SCRAPES), 2);
    fake_close(&machine);
}

// Nodes that send a byte now and then may not keep the others waiting.
TEST(slow_nodes_give_up_their_decoders)
{
    char body[1024];
    begin_with(4, 8, 2);
    put_node("slow1", "10.0.0.1");
    put_node("slow2", "10.0.0.2");
    put_node("good", "10.0.0.3");
    struct fake_request *slow[2] = {request_to("10.0.0.1"), request_to("10.0.0.2")};
    struct fake_request *good = request_to("10.0.0.3");
    for (int i = 0; i < 2; i++) {
        fake_fetch_head(slow[i], 200, 0);
        CHECK(fake_fetch_body(slow[i], TEXT("{")));
    }
    fake_fetch_head(good, 200, 0);
    CHECK(!fake_fetch_body(good, summary(5, body, sizeof body)));
    int64_t waited = 0;
    while (good->paused_size != 0) {
        fake_advance(&machine, 100);
        turn();
        waited += 100;
        CHECK(waited < 3000);
    }
    fake_fetch_end(good, 0);
    CHECK_EQUAL_U64(counted(COUNTER_SCRAPES), 1);
    CHECK_EQUAL_U64(errors(ERR_TIMEOUT), 1);
    fake_close(&machine);
}

TEST(an_endless_body_is_cut)
{
    static char pods[16384];
    begin();
    row_index row = put_node("n1", "10.0.0.1");
    struct fake_request *request = request_to("10.0.0.1");
    memset(pods, ' ', sizeof pods);
    fake_fetch_head(request, 200, 0);
    CHECK(fake_fetch_body(request, TEXT("{\"pods\":[")));
    uint64_t sent = 0;
    while (fake_fetch_body(request, (struct text){pods, sizeof pods})) {
        sent += sizeof pods;
        CHECK(sent < 2 * (uint64_t)SCRAPE_BYTES_MAX);
    }
    CHECK_EQUAL_U64(row_at(row)->scrape.last_error, ERR_TOO_LARGE);
    CHECK_EQUAL_U64(scrape.streams.used, 0);
    fake_close(&machine);
}

TEST(a_node_leaves_while_it_answers)
{
    char body[1024];
    begin();
    put_node("n1", "10.0.0.1");
    struct text text = summary(6, body, sizeof body);
    struct fake_request *request = request_to("10.0.0.1");
    fake_fetch_head(request, 200, 0);
    CHECK(fake_fetch_body(request, text_sub(text, 0, 100)));
    table_remove_node(writer, 1, TEXT("n1"));
    scrape_remove_node(&scrape, 1, TEXT("n1"));
    CHECK(!fake_fetch_body(request, text_sub(text, 100, SIZE_MAX)));
    CHECK_EQUAL_U64(scrape.targets.count, 0);
    CHECK_EQUAL_U64(scrape.flight_count, 0);
    pass(3 * RESOLUTION_MS);
    CHECK_EQUAL_U64(fake_fetch_count(&net), 0);
    put_node("n1", "10.0.0.9");
    CHECK(request_to("10.0.0.9") != NULL);
    fake_close(&machine);
}

TEST(nodes_that_a_list_leaves_out_leave)
{
    begin();
    put_node("n1", "10.0.0.1");
    put_node("n2", "10.0.0.2");
    scrape_list_begin(&scrape, 1);
    put_node("n2", "10.0.0.2");
    scrape_list_begin(&scrape, 2);  // another source's list in between
    put_node("n3", "10.0.0.3");
    scrape_list_end(&scrape, 2);
    scrape_list_end(&scrape, 1);
    CHECK_EQUAL_U64(scrape.targets.count, 2);
    CHECK_EQUAL_U64(targets_find(&scrape.targets, 1, TEXT("n1")), TARGET_NONE);
    fake_close(&machine);
}

TEST(nodes_beyond_the_plan_count_and_get_rows_later)
{
    char body[1024];
    uint32_t count = 0;
    uint32_t ready = 0;
    begin_with(1, 8, 4);
    CHECK(put_node("n1", "10.0.0.1") != 0);
    CHECK_EQUAL_U64(put_node("n2", "10.0.0.2"), 0);
    scrape_count_beyond(&scrape, 1, &count, &ready);
    CHECK_EQUAL_U64(count, 1);
    CHECK_EQUAL_U64(ready, 1);
    struct fake_request *request = request_to("10.0.0.2");
    fake_fetch_answer(request, 200, summary(8, body, sizeof body));
    CHECK_EQUAL_U64(counted(COUNTER_SCRAPES), 1);
    table_remove_node(writer, 1, TEXT("n1"));
    scrape_remove_node(&scrape, 1, TEXT("n1"));
    if (fake_fetch_find_host(&net, "10.0.0.1") != NULL) {
        fake_fetch_end(fake_fetch_find_host(&net, "10.0.0.1"), ERR_RESET);
    }
    pass(4 * RESOLUTION_MS);
    request = request_to("10.0.0.2");  // it is under way when the row comes
    row_index row = put_node("n2", "10.0.0.2");
    CHECK(row != 0);
    fake_fetch_answer(request, 200, summary(8, body, sizeof body));
    scrape_count_beyond(&scrape, 1, &count, &ready);
    CHECK_EQUAL_U64(count, 0);
    fake_fetch_answer(request_to("10.0.0.2"), 200, summary(8, body, sizeof body));
    CHECK_EQUAL_U64(memory_of(row), 56);
    fake_close(&machine);
}

TEST(known_nodes_are_fetched_without_the_api_server)
{
    char body[1024];
    begin();
    struct node_object node = {.name = TEXT("n1")};
    row_index row = table_put_node(writer, 1, &node, TEXT(""));
    scrape_put_row(&scrape, 1, row, TEXT("n1"), ADDRESS_INTERNAL_IP, TEXT("10.0.0.1"), 10250);
    fake_fetch_answer(request_to("10.0.0.1"), 200, summary(2, body, sizeof body));
    CHECK_EQUAL_U64(memory_of(row), 14);
    fake_close(&machine);
}

TEST(few_go_through_the_proxy_at_once)
{
    static char names[20][16];
    begin_with(20, 16, 4);
    struct scrape_access access = {.proxy = true, .https = true, .api_host = TEXT("api"),
                                   .api_port = 6443, .api_https = true, .api_identity = 1};
    scrape_set_access(&scrape, 1, &access);
    for (int i = 0; i < 20; i++) {
        snprintf(names[i], sizeof names[i], "n%d", i);
        put_node(names[i], "10.0.0.1");
    }
    pass(1000);
    CHECK_EQUAL_U64(fake_fetch_count(&net), SCRAPE_PROXY_FLIGHTS_MAX);
    fake_fetch_end(fake_fetch_find(&net, "/proxy/stats/summary"), ERR_RESET);
    pass(200);
    CHECK_EQUAL_U64(fake_fetch_count(&net), SCRAPE_PROXY_FLIGHTS_MAX);
    fake_close(&machine);
}

// A busy or full network side is nobody's failure, or not for long.
TEST(sweep_of_failing_starts)
{
    static const int kinds[] = {ERR_BUSY, ERR_HEAP_FULL, ERR_BAD_CONFIG};
    char body[1024];
    for (size_t kind = 0; kind < ARRAY_COUNT(kinds); kind++) {
        for (uint64_t nth = 1; nth < 5; nth++) {
            begin();
            row_index row = put_node("n1", "10.0.0.1");
            net.fail_nth = nth;
            net.fail_error = kinds[kind];
            for (int i = 0; i < 5; i++) {
                struct fake_request *request = NULL;
                for (int turns = 0; turns < 4000 && request == NULL; turns++) {
                    turn();
                    fake_advance(&machine, 20);
                    request = fake_fetch_find(&net, "");
                }
                fake_fetch_answer(request, 200, summary(1, body, sizeof body));
            }
            CHECK_EQUAL_U64(row_at(row)->scrape.success_total, 5);
            CHECK_EQUAL_U64(errors(kinds[kind]), kinds[kind] == ERR_BUSY ? 0 : 1);
            CHECK_EQUAL_U64(scrape.flight_count, 0);
            fake_close(&machine);
        }
    }
}

// Nodes come and go, answers are good, bad, slow or cut, at random; then all
// calms down, and every node is fetched in every cycle again.
TEST(random_world)
{
    static const int kinds[] = {ERR_CONNECT, ERR_TIMEOUT, ERR_RESET, ERR_TLS, ERR_BUSY,
                                ERR_HEAP_FULL};
    static const long codes[] = {200, 200, 200, 200, 401, 403, 429, 500};
    static char names[12][16];
    static char hosts[12][24];
    char body[1024];
    uint64_t seed = test_seed();
    begin_with(8, 6, 2);
    for (int i = 0; i < 12; i++) {
        snprintf(names[i], sizeof names[i], "n%d", i);
        snprintf(hosts[i], sizeof hosts[i], "10.0.0.%d", i + 1);
    }
    for (int step = 0; step < 30000; step++) {
        uint64_t which = test_random_below(&seed, 12);
        if (test_random_below(&seed, 20) == 0) {
            put_node(names[which], hosts[which]);
        } else if (test_random_below(&seed, 40) == 0) {
            scrape_remove_node(&scrape, 1, text_of(names[which]));
            table_remove_node(writer, 1, text_of(names[which]));
        }
        struct fake_request *request = &net.request[test_random_below(&seed, 8)];
        if (request->used) {
            struct text text = summary((unsigned)which, body, sizeof body);
            if (!request->headed) {
                fake_fetch_head(request, codes[test_random_below(&seed, ARRAY_COUNT(codes))], 0);
            } else if (request->paused_size == 0 && test_random_below(&seed, 2) == 0) {
                fake_fetch_body(request, text_sub(text, test_random_below(&seed, 200),
                                                  test_random_below(&seed, 300) + 1));
            } else if (test_random_below(&seed, 2) == 0) {
                fake_fetch_end(request, 0);
            } else {
                fake_fetch_end(request, kinds[test_random_below(&seed, ARRAY_COUNT(kinds))]);
            }
        }
        new_token = test_random_below(&seed, 2) == 0;
        turn();
        fake_advance(&machine, (int64_t)test_random_below(&seed, 400));
        CHECK(scrape.flight_count <= 6);
        CHECK(fake_fetch_count(&net) == scrape.flight_count);
        CHECK(scrape.streams.used <= 2);
        CHECK_EQUAL_U64(scrape.planned.count + scrape.beyond.count + scrape.flight_count,
                        scrape.targets.count);
    }
    for (int i = 0; i < 8; i++) {
        put_node(names[i], hosts[i]);
    }
    uint64_t counts[FAKE_REQUESTS_MAX] = {0};
    for (int64_t ms = 0; ms < 20 * RESOLUTION_MS; ms += 20) {
        struct fake_request *request = fake_fetch_find(&net, "");
        if (request != NULL && (request->headed || request->paused_size != 0)) {
            fake_fetch_end(request, ERR_RESET);
        } else if (request != NULL) {
            counts[atoi(request->host + 7)]++;
            fake_fetch_answer(request, 200, summary(1, body, sizeof body));
        }
        turn();
        fake_advance(&machine, 20);
    }
    for (int i = 1; i <= 8; i++) {
        CHECK(counts[i] >= 20 - SCHEDULE_SKIP_MAX - 1 && counts[i] <= 21);
    }
    fake_close(&machine);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"an_answer_goes_into_the_table", an_answer_goes_into_the_table},
        {"once_a_cycle", once_a_cycle},
        {"every_status", every_status},
        {"every_transport_error", every_transport_error},
        {"broken_bodies", broken_bodies},
        {"half_an_answer_keeps_what_came", half_an_answer_keeps_what_came},
        {"a_rejected_token_is_read_again_once", a_rejected_token_is_read_again_once},
        {"retry_after_is_honoured", retry_after_is_honoured},
        {"a_dead_node_is_tried_less_often_but_for_ever",
         a_dead_node_is_tried_less_often_but_for_ever},
        {"answers_take_turns", answers_take_turns},
        {"answers_wait_for_a_decoder", answers_wait_for_a_decoder},
        {"a_waiting_one_may_end", a_waiting_one_may_end},
        {"slow_nodes_give_up_their_decoders", slow_nodes_give_up_their_decoders},
        {"an_endless_body_is_cut", an_endless_body_is_cut},
        {"a_node_leaves_while_it_answers", a_node_leaves_while_it_answers},
        {"nodes_that_a_list_leaves_out_leave", nodes_that_a_list_leaves_out_leave},
        {"nodes_beyond_the_plan_count_and_get_rows_later",
         nodes_beyond_the_plan_count_and_get_rows_later},
        {"known_nodes_are_fetched_without_the_api_server",
         known_nodes_are_fetched_without_the_api_server},
        {"few_go_through_the_proxy_at_once", few_go_through_the_proxy_at_once},
        {"sweep_of_failing_starts", sweep_of_failing_starts},
        {"random_world", random_world},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
