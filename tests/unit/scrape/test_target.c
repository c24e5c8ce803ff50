#include "../test.h"

#include <string.h>

#include "scrape/endpoint.h"

#define LIMIT 8

static unsigned char memory[1 << 16] __attribute__((aligned(16)));
static struct targets targets;
static struct node_object node;

static void
begin(void)
{
    struct arena arena;
    memset(memory, 0, sizeof memory);
    memset(&node, 0, sizeof node);
    arena_init(&arena, memory, targets_footprint(LIMIT));
    targets_init(&targets, &arena, LIMIT, (struct hash_key){1, 2});
    CHECK_EQUAL_U64(arena.used, arena.size);
}

static void
add(enum address_type type, const char *address)
{
    node.addresses[node.address_count].type = type;
    node.addresses[node.address_count++].address = text_of(address);
}

static struct target *
put(const char *name)
{
    bool fresh = false;
    uint32_t index = targets_put(&targets, 1, text_of(name), &fresh);
    CHECK(index != TARGET_NONE);
    return &targets.target[index];
}

static void
check_host(const struct target *target, const char *expected)
{
    char host[TARGET_HOST_BYTES];
    CHECK_EQUAL_TEXT(target_host(target, host), expected);
}

TEST(addresses_in_turn)
{
    begin();
    struct target *target = put("n1");
    add(ADDRESS_EXTERNAL_IP, "203.0.113.5");
    add(ADDRESS_HOSTNAME, "n1");
    add(ADDRESS_INTERNAL_IP, "10.0.0.5");
    add(ADDRESS_INTERNAL_IP, "fd00::5");
    add(ADDRESS_INTERNAL_DNS, "n1.internal");
    target_describe(target, &node);
    static const char *const order[] = {"10.0.0.5", "fd00::5", "n1", "n1.internal",
                                        "203.0.113.5", "10.0.0.5"};
    for (size_t i = 0; i < ARRAY_COUNT(order); i++) {
        check_host(target, order[i]);
        target_try_next(target);
    }
}

TEST(what_worked_is_kept)
{
    begin();
    struct target *target = put("n1");
    add(ADDRESS_INTERNAL_IP, "10.0.0.5");
    add(ADDRESS_HOSTNAME, "n1");
    target_describe(target, &node);
    target_try_next(target);
    check_host(target, "n1");
    add(ADDRESS_EXTERNAL_IP, "203.0.113.5");
    target_describe(target, &node);  // a heartbeat of the node
    check_host(target, "n1");
    CHECK(target_address_type(target) == ADDRESS_HOSTNAME);
    node.address_count = 1;
    target_describe(target, &node);
    check_host(target, "10.0.0.5");
}

TEST(strange_addresses)
{
    static char large[300];
    begin();
    struct target *target = put("n1");
    memset(large, 'x', sizeof large - 1);
    add(ADDRESS_INTERNAL_IP, "");
    add(ADDRESS_HOSTNAME, large);
    target_describe(target, &node);
    check_host(target, "n1");  // its name is always there
    node.address_count = 0;
    for (int i = 0; i < NODE_ADDRESSES_MAX; i++) {
        static char texts[NODE_ADDRESSES_MAX][16];
        struct out out = out_of(texts[i], sizeof texts[i]);
        out_format(&out, "10.0.0.%d", i);
        add(ADDRESS_INTERNAL_IP, out_c_string(&out));
    }
    target_describe(target, &node);
    CHECK_EQUAL_U64(target->address_count, TARGET_ADDRESSES_MAX);
    node.address_count = 0;
    add(ADDRESS_INTERNAL_DNS, "a.example");
    add(ADDRESS_EXTERNAL_DNS, "b.example");
    target_describe(target, &node);
    CHECK_EQUAL_U64(target->address_count, 1);  // only one of them fits
    check_host(target, "a.example");
}

TEST(full_and_free_again)
{
    begin();
    static const char *const names[LIMIT] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    bool fresh = false;
    for (int i = 0; i < LIMIT; i++) {
        put(names[i]);
    }
    CHECK_EQUAL_U64(targets_put(&targets, 1, TEXT("i"), &fresh), TARGET_NONE);
    CHECK_EQUAL_U64(targets.refused_total, 1);
    uint32_t index = targets_find(&targets, 1, TEXT("d"));
    CHECK(targets_remove(&targets, index));
    CHECK_EQUAL_U64(targets_find(&targets, 1, TEXT("d")), TARGET_NONE);
    CHECK(targets_put(&targets, 2, TEXT("a"), &fresh) != TARGET_NONE);
    CHECK(fresh);  // another source's node of the same name
    CHECK(targets_find(&targets, 1, TEXT("a")) != targets_find(&targets, 2, TEXT("a")));
}

TEST(busy_targets_leave_later)
{
    begin();
    struct target *target = put("a");
    uint32_t index = targets_find(&targets, 1, TEXT("a"));
    target->busy = true;
    CHECK(!targets_remove(&targets, index));
    CHECK_EQUAL_U64(targets_find(&targets, 1, TEXT("a")), TARGET_NONE);
    struct target *again = put("a");  // it came back meanwhile
    CHECK(again != target);
    CHECK(targets_release(&targets, index));
    CHECK(targets_find(&targets, 1, TEXT("a")) == (uint32_t)(again - targets.target));
    CHECK_EQUAL_U64(targets.count, 1);
}

// Against a list of names that the test keeps itself.
TEST(random_names)
{
    bool known[64] = {0};
    uint32_t count = 0;
    uint64_t seed = test_seed();
    begin();
    for (int i = 0; i < 20000; i++) {
        char text[16];
        uint64_t which = test_random_below(&seed, ARRAY_COUNT(known));
        struct out out = out_of(text, sizeof text);
        out_format(&out, "node-%u", (unsigned)which);
        uint32_t index = targets_find(&targets, 1, out_view(&out));
        CHECK((index != TARGET_NONE) == known[which]);
        if (known[which]) {
            CHECK(targets_remove(&targets, index));
            known[which] = false;
            count--;
        } else {
            bool fresh = false;
            index = targets_put(&targets, 1, out_view(&out), &fresh);
            CHECK((index != TARGET_NONE) == (count < LIMIT));
            known[which] = index != TARGET_NONE;
            count += known[which] ? 1 : 0;
        }
        CHECK_EQUAL_U64(targets.count, count);
    }
}

TEST(requests)
{
    struct endpoint endpoint;
    struct fetch_request request = {0};
    struct scrape_access access = {.https = true, .identity = 3, .trust = TRUST_PIN};
    begin();
    struct target *target = put("n1");
    add(ADDRESS_INTERNAL_IP, "10.0.0.5");
    node.kubelet_port = 20250;
    target_describe(target, &node);
    endpoint_request(&access, target, &endpoint, &request);
    CHECK_EQUAL_TEXT(request.scheme, "https");
    CHECK_EQUAL_TEXT(request.host, "10.0.0.5");
    CHECK_EQUAL_TEXT(request.server_name, "n1");
    CHECK_EQUAL_TEXT(request.path, "/stats/summary");
    CHECK_EQUAL_U64(request.port, 20250);
    CHECK_EQUAL_U64(request.identity, 3);
    CHECK(request.pin == &target->pin);
    access.port = 10255;
    access.https = false;
    access.format = FORMAT_RESOURCE;
    endpoint_request(&access, target, &endpoint, &request);
    CHECK_EQUAL_TEXT(request.scheme, "http");
    CHECK_EQUAL_TEXT(request.path, "/metrics/resource");
    CHECK_EQUAL_U64(request.port, 10255);
    CHECK_EQUAL_U64(request.identity, 0);
    target->port = 0;
    access.port = 0;
    CHECK_EQUAL_U64(endpoint_port(&access, target), 10250);
}

TEST(requests_through_the_proxy)
{
    struct endpoint endpoint;
    struct fetch_request request = {0};
    struct scrape_access access = {
        .proxy = true, .https = true, .api_https = true, .api_host = TEXT("api"),
        .api_server_name = TEXT("kubernetes"), .api_port = 6443, .api_identity = 1, .identity = 2,
    };
    begin();
    struct target *target = put("n1");
    target_describe(target, &node);
    endpoint_request(&access, target, &endpoint, &request);
    CHECK_EQUAL_TEXT(request.host, "api");
    CHECK_EQUAL_TEXT(request.server_name, "kubernetes");
    CHECK_EQUAL_TEXT(request.path, "/api/v1/nodes/n1/proxy/stats/summary");
    CHECK_EQUAL_U64(request.identity, 1);
    CHECK(request.pin == NULL);
    access.https = false;
    access.port = 10255;
    endpoint_request(&access, target, &endpoint, &request);
    CHECK_EQUAL_TEXT(request.path, "/api/v1/nodes/http:n1:10255/proxy/stats/summary");
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"addresses_in_turn", addresses_in_turn},
        {"what_worked_is_kept", what_worked_is_kept},
        {"strange_addresses", strange_addresses},
        {"full_and_free_again", full_and_free_again},
        {"busy_targets_leave_later", busy_targets_leave_later},
        {"random_names", random_names},
        {"requests", requests},
        {"requests_through_the_proxy", requests_through_the_proxy},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
