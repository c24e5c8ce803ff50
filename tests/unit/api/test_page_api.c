#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "api/page_api.h"
#include "table/event_ring.h"
#include "world.h"

static bool
holds(struct text text, const char *part)
{
    return memmem(text.at, text.size, part, strlen(part)) != NULL;
}

static unsigned
count_of(struct text text, const char *part)
{
    unsigned count = 0;
    size_t size = strlen(part);
    for (size_t at = 0; at + size <= text.size; at++) {
        count += memcmp(text.at + at, part, size) == 0 ? 1 : 0;
    }
    return count;
}

// Brackets close what they opened, outside of strings.
static void
check_nesting(struct text text)
{
    char stack[32];
    unsigned depth = 0;
    bool inside = false;
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.at[i];
        if (inside) {
            i += byte == '\\' ? 1 : 0;
            inside = byte != '"';
        } else if (byte == '"') {
            inside = true;
        } else if (byte == '{' || byte == '[') {
            CHECK(depth < sizeof stack);
            stack[depth++] = byte == '{' ? '}' : ']';
        } else if (byte == '}' || byte == ']') {
            CHECK(depth > 0 && stack[depth - 1] == byte);
            depth--;
        }
    }
    CHECK(!inside);
    CHECK_EQUAL_U64(depth, 0);
}

static void
check_parts(struct text answer, const char *const *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!holds(answer, parts[i])) {
            printf("not there: %s\n", parts[i]);
        }
        CHECK(holds(answer, parts[i]));
    }
}

TEST(lists_nodes)
{
    static const char *const parts[] = {
        "{\"time\":1795008420000,\"cycle\":1795008415000,\"columns\":[\"name\",\"ready\",",
        "[\"node-a\",true,false,", ",1500,", ",2147483648,", ",1073741824,21474836480,",
        "[\"node-b\",false,",
    };
    struct world *world = world_make(0);
    struct text answer = world_get(world, "/api/v1/page/nodes");
    CHECK_EQUAL_U64(world->exchange.status, 200);
    check_nesting(answer);
    check_parts(answer, parts, ARRAY_COUNT(parts));
}

TEST(lists_namespaces)
{
    struct world *world = world_make(0);
    struct text answer = world_get(world, "/api/v1/page/namespaces");
    check_nesting(answer);
    CHECK_EQUAL_U64(count_of(answer, "[\"shop\",false,2,3,"), 1);
    CHECK_EQUAL_U64(count_of(answer, "[\"many\",false,0,"), 1);
}

TEST(lists_pods)
{
    static const char *const parts[] = {
        "[\"shop\",\"web-7594557864-x2x9k\",\"running\",false,\"\",",
        "[\"shop\",\"db-0\",\"running\",false,\"CrashLoopBackOff\",",
        "[\"kube-system\",\"<b>&\\\"odd\",",
    };
    struct world *world = world_make(40);
    struct text answer = world_get(world, "/api/v1/page/pods");
    check_nesting(answer);
    check_parts(answer, parts, ARRAY_COUNT(parts));
    CHECK_EQUAL_U64(count_of(answer, "\n["), 43);
    answer = world_get(world, "/api/v1/page/pods?namespace=shop");
    CHECK_EQUAL_U64(count_of(answer, "\n["), 2);
    answer = world_get(world, "/api/v1/page/pods?node=node-b");
    CHECK_EQUAL_U64(count_of(answer, "\n["), count_of(answer, "\"node-b\","));
    answer = world_get(world, "/api/v1/page/pods?namespace=none");
    check_nesting(answer);
    CHECK_EQUAL_U64(count_of(answer, "\n["), 0);
}

TEST(lists_containers)
{
    static const char *const parts[] = {
        "[\"shop\",\"db-0\",\"backup\",\"node-a\",\"main\",\"waiting\",\"CrashLoopBackOff\",7,",
        "[\"\",\"\",\"kubelet\",\"node-a\",\"system\",",
    };
    struct world *world = world_make(0);
    struct text answer = world_get(world, "/api/v1/page/containers");
    check_nesting(answer);
    check_parts(answer, parts, ARRAY_COUNT(parts));
    answer = world_get(world, "/api/v1/page/containers?namespace=shop&pod=db-0");
    CHECK_EQUAL_U64(count_of(answer, "\n["), 2);
}

// More rows than one step looks at, in pieces.
TEST(lists_many)
{
    struct world *world = world_make(5000);
    struct text answer = world_get(world, "/api/v1/page/pods");
    check_nesting(answer);
    CHECK_EQUAL_U64(count_of(answer, "\n["), 5003);
    CHECK(world->answer.pieces > 10);
    // The pod that was put last: 4,999 * 7,919 modulo 5,000.
    answer = world_get(world, "/api/v1/page/containers?namespace=many&pod=pod-002081");
    check_nesting(answer);
    CHECK_EQUAL_U64(count_of(answer, "\n["), 1);
}

TEST(sums_up)
{
    static const char *const parts[] = {
        "\"healthy\":true", "\"up\":false", "\"error\":\"the API server does not answer\"",
        "\"ofCluster\":true,\"cpu\":1500,", "\"storage\":1073741824,\"storageSize\":21474836480,",
        "\"nodes\":2,\"nodesReady\":1,\"nodesFailing\":1,", "\"crashLooping\":1,",
        "\"podsByCpu\":[{\"namespace\":\"shop\",\"name\":\"web-7594557864-x2x9k\",",
        "{\"what\":\"nodeFailing\",", "\"changesTruncated\":false}",
        ",\"roles\":[{\"role\":", ",\"sinks\":[", ",\"full\":[", ",\"history\":",
    };
    struct world *world = world_make(30);
    struct text answer = world_get(world, "/api/v1/page/overview");
    CHECK_EQUAL_U64(world->exchange.status, 200);
    check_nesting(answer);
    check_parts(answer, parts, ARRAY_COUNT(parts));
}

TEST(shows_one_of_each)
{
    static const char *const paths[] = {
        "/api/v1/page/node/node-a",          "/api/v1/page/namespace/shop",
        "/api/v1/page/pod/shop/db-0",        "/api/v1/page/container/shop/db-0/main",
        "/api/v1/page/system/node-a/kubelet",
    };
    struct world *world = world_make(0);
    for (size_t i = 0; i < ARRAY_COUNT(paths); i++) {
        struct text answer = world_get(world, paths[i]);
        CHECK_EQUAL_U64(world->exchange.status, 200);
        check_nesting(answer);
        CHECK(holds(answer, "{\"name\":\"memory/working_set\",\"unit\":\"bytes\","));
        CHECK(text_ends(answer, TEXT("]}\n")));
    }
    struct text node = world_get(world, paths[0]);
    CHECK(holds(node, "\"filesystems\":[{\"name\":\"/\",\"used\":1073741824,\"size\":21474836480"));
    struct text pod = world_get(world, paths[2]);
    CHECK(holds(pod, "\"filesystems\":[{\"name\":\"Volume:data\",\"used\":1048576,"));
    struct text container = world_get(world, paths[3]);
    CHECK(holds(container, "{\"name\":\"custom/queue_length\",\"label\":") ||
          holds(container, "{\"name\":\"custom/queue_length\",\"value\":12.5"));
}

static void
put_event(struct world *world, const char *uid, const char *reason, int64_t seconds, bool warning)
{
    struct event_object event = {
        .uid = text_of(uid), .namespace_name = TEXT("shop"), .kind = TEXT("Pod"),
        .name = TEXT("web-0"), .reason = text_of(reason), .message = TEXT("Back-off \"x\""),
        .component = TEXT("kubelet"), .node = TEXT("n1"), .warning = warning, .count = 2,
        .first = {seconds * 1000}, .last = {seconds * 1000},
    };
    table_put_event(world->writer, 1, &event, false);
}

TEST(lists_events)
{
    struct world *world = world_make(0);
    put_event(world, "a", "BackOff", 1795008300, true);
    put_event(world, "b", "Pulled", 1795008360, false);
    struct text answer = world_get(world, "/api/v1/page/events");
    static const char *const parts[] = {
        "\"minutes\":[", "[1795008300000,0,1]", "[1795008360000,1,0]", "\"kept\":2",
        "\"cluster\":true,\"listed\":false,\"error\":\"\",\"forbidden\":false",
        "[1795008360000,1795008360000,2,\"normal\",\"shop\",\"Pod\",\"web-0\",\"Pulled\","
        "\"kubelet\",\"n1\",\"Back-off \\\"x\\\"\"],\n[1795008300000",
        "],\"truncated\":false}",
    };
    check_nesting(answer);
    check_parts(answer, parts, ARRAY_COUNT(parts));
    table_note_events(world->writer, 1, -ERR_HTTP_403);
    CHECK(holds(world_get(world, "/api/v1/page/events"), "\"forbidden\":true"));
}

TEST(chooses_events)
{
    static const struct {
        const char *query;
        const char *reasons;  // B, P
    } rows[] = {
        {"", "PB"},
        {"namespace=shop&kind=Pod&object=web-0", "PB"},
        {"namespace=sho", ""},
        {"kind=Node", ""},
        {"object=web", ""},
        {"reason=BackOff", "B"},
        {"type=warning", "B"},
        {"type=normal", "P"},
        {"text=BACK-OFF", "PB"},
        {"text=pull", "P"},
        {"text=nothing%20of%20it", ""},
    };
    char target[128];
    struct world *world = world_make(0);
    put_event(world, "a", "BackOff", 1795008300, true);
    put_event(world, "b", "Pulled", 1795008360, false);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        (void)snprintf(target, sizeof target, "/api/v1/page/events?%s", rows[i].query);
        struct text answer = world_get(world, target);
        check_nesting(answer);
        CHECK_EQUAL_U64(world->exchange.status, 200);
        CHECK_EQUAL_U64(holds(answer, "\"BackOff\""), strchr(rows[i].reasons, 'B') != NULL);
        CHECK_EQUAL_U64(holds(answer, "\"Pulled\""), strchr(rows[i].reasons, 'P') != NULL);
        CHECK(holds(answer, "\"truncated\":false"));
    }
    struct text answer = world_get(world, "/api/v1/page/events?limit=1");
    CHECK(holds(answer, "\"Pulled\"") && !holds(answer, "\"BackOff\""));
    CHECK(holds(answer, "],\"truncated\":true}"));
    CHECK(holds(world_get(world, "/api/v1/page/events?limit=2"), "\"truncated\":false"));
    CHECK(holds(world_get(world, "/api/v1/page/events?limit=none"), "limit is a number"));
    CHECK_EQUAL_U64(world->exchange.status, 400);
    CHECK(holds(world_get(world, "/api/v1/page/events?type=Bad"), "not \"Bad\""));
    CHECK_EQUAL_U64(world->exchange.status, 400);
}

TEST(names_what_is_near)
{
    struct world *world = world_make(0);
    struct text answer = world_get(world, "/api/v1/page/pod/shop/db-1");
    CHECK_EQUAL_U64(world->exchange.status, 404);
    CHECK(holds(answer, "db-0"));
}

TEST(lists_as_many_as_asked_for)
{
    struct world *world = world_make(50);
    struct text answer = world_get(world, "/api/v1/page/pods?namespace=many&limit=7");
    check_nesting(answer);
    CHECK(count_of(answer, "[\"many\",") == 7);
    CHECK(text_ends(answer, TEXT("],\"truncated\":true}\n")));
    static const char *const whole[] = {"50", "51", "0", ""};
    for (size_t i = 0; i < ARRAY_COUNT(whole); i++) {
        char path[80];
        struct out out = out_of(path, sizeof path);
        out_format(&out, "/api/v1/page/pods?namespace=many&limit=%s", whole[i]);
        answer = world_get(world, out_c_string(&out));
        CHECK(count_of(answer, "[\"many\",") == 50);
        CHECK(!holds(answer, "truncated"));
    }
}

TEST(says_what_is_wrong_with_the_query)
{
    static const struct {
        uint16_t status;
        const char *path, *says;
    } wrong[] = {
        {400, "/api/v1/page/pods?limit=x", "limit is not a whole number: x"},
        {400, "/api/v1/page/nodes?limit=-1", "limit is not a whole number: -1"},
        {400, "/api/v1/page/namespaces?limit=1.5", "limit is not a whole number: 1.5"},
        {400, "/api/v1/page/containers?limit=99999999999999999999", "limit is not"},
        {404, "/api/v1/page/pods?namespace=shap", "there is no namespace shap; near it: shop"},
        {404, "/api/v1/page/containers?node=node-c", "there is no node node-c; near it: node-"},
        {404, "/api/v1/page/pods?namespace=shop&node=node-c", "there is no node node-c"},
        {404, "/api/v1/page/containers?namespace=shop&pod=db-1", "near it: db-0"},
        {400, "/api/v1/page/containers?pod=db-0", "pod=db-0 needs its namespace: add namespace="},
    };
    struct world *world = world_make(0);
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        struct text answer = world_get(world, wrong[i].path);
        CHECK_EQUAL_U64(world->exchange.status, wrong[i].status);
        CHECK(holds(answer, wrong[i].says));
    }
}

TEST(says_that_nothing_is_there_yet)
{
    struct world *world = world_empty();
    (void)world_get(world, "/api/v1/page/overview");
    CHECK_EQUAL_U64(world->exchange.status, 503);
    (void)world_get(world, "/api/v1/page/pods");
    CHECK_EQUAL_U64(world->exchange.status, 503);
    (void)world_get(world, "/api/v1/page/node/a");
    CHECK_EQUAL_U64(world->exchange.status, 503);
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"lists_nodes", lists_nodes},
            {"lists_namespaces", lists_namespaces},
            {"lists_pods", lists_pods},
            {"lists_containers", lists_containers},
            {"lists_many", lists_many},
            {"sums_up", sums_up},
            {"shows_one_of_each", shows_one_of_each},
            {"lists_events", lists_events},
            {"chooses_events", chooses_events},
            {"names_what_is_near", names_what_is_near},
            {"lists_as_many_as_asked_for", lists_as_many_as_asked_for},
            {"says_what_is_wrong_with_the_query", says_what_is_wrong_with_the_query},
            {"says_that_nothing_is_there_yet", says_that_nothing_is_there_yet},
        },
        11);
}
