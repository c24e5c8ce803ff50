#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "api/route.h"

static char path[4096];
static struct route_match match;

static enum route_result
find(const char *method, const char *text)
{
    size_t size = strlen(text);
    CHECK(size < sizeof path);
    memcpy(path, text, size);
    return route_find(text_of(method), path, size, &match);
}

TEST(finds_every_row)
{
    for (int i = 0; i < ROUTE_COUNT; i++) {
        char text[256];
        struct out out = out_of(text, sizeof text);
        // {node} -> node-value, {metric...} -> a/b
        struct text rest = text_of(route_path((enum route)i));
        while (rest.size > 0) {
            struct text head;
            bool more = text_cut(rest, '{', &head, &rest);
            out_text(&out, head);
            if (more) {
                struct text name;
                (void)text_cut(rest, '}', &name, &rest);
                out_string(&out, text_ends(name, TEXT("...")) ? "a/b" : "value");
            }
        }
        CHECK(find(route_method((enum route)i), out_c_string(&out)) == ROUTE_FOUND);
        CHECK_EQUAL_U64(match.route, i);
        CHECK(route_doc((enum route)i)[0] != '\0');
    }
}

TEST(gives_decoded_values)
{
    CHECK(find("GET", "/api/v1/model/namespaces/a%20b/pods/db-0/containers/m/metrics/cpu/usage") ==
          ROUTE_FOUND);
    CHECK_EQUAL_U64(match.route, ROUTE_CONTAINER_SERIES);
    CHECK_EQUAL_U64(match.count, 4);
    CHECK_EQUAL_TEXT(match.value[0], "a b");
    CHECK_EQUAL_TEXT(match.value[1], "db-0");
    CHECK_EQUAL_TEXT(match.value[2], "m");
    CHECK_EQUAL_TEXT(match.value[3], "cpu/usage");
    CHECK(find("GET", "/api/v1/model/metrics/%63pu%2Fusage/%72ate") == ROUTE_FOUND);
    CHECK_EQUAL_TEXT(match.value[0], "cpu/usage/rate");
}

TEST(ignores_one_slash_at_the_end)
{
    CHECK(find("GET", "/api/v1/model/nodes/") == ROUTE_FOUND);
    CHECK_EQUAL_U64(match.route, ROUTE_NODES);
    CHECK(find("GET", "/api/v1/model/nodes/x/metrics/cpu/usage/") == ROUTE_FOUND);
    CHECK_EQUAL_TEXT(match.value[1], "cpu/usage");
    CHECK(find("GET", "/") == ROUTE_FOUND);
    CHECK_EQUAL_U64(match.route, ROUTE_PAGE);
}

TEST(refuses_tricks)
{
    static const char *const tricks[] = {
        "",
        "api",
        "//",
        "/api//v1",
        "/healthz//",
        "/./healthz",
        "/../etc/passwd",
        "/api/v1/model/nodes/%2e%2e/metrics",
        "/api/v1/model/nodes/..",
        "/%00",
        "/%zz",
        "/%",
        "/a%0ab",
        "/%c0%af",
        "http://localhost/healthz",
    };
    for (size_t i = 0; i < ARRAY_COUNT(tricks); i++) {
        CHECK(find("GET", tricks[i]) == ROUTE_BAD_PATH);
    }
}

TEST(unknown_paths)
{
    static const char *const unknown[] = {
        "/healthzz", "/apix", "/api/v1/model", "/api/v1/model/nodes/x", "/HEALTHZ",
        "/api/v1/model/nodes/x/metric", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z",
    };
    for (size_t i = 0; i < ARRAY_COUNT(unknown); i++) {
        CHECK(find("GET", unknown[i]) == ROUTE_UNKNOWN);
    }
}

TEST(names_the_nearest_paths)
{
    static const struct {
        const char *path, *near;
    } cases[] = {
        {"/healthzz", "/healthz"},
        {"/metrics/clusters", "/metrics/cluster"},
        {"/api/v1/model/nods", "/api/v1/model/nodes"},
        {"/api/v1/model/nodes/a%20b/metricz/cpu/usage", "/api/v1/model/nodes/a b/metrics/cpu/usage"},
        {"/api/v1/page/pots", "/api/v1/page/pods"},
        {"/api/v1/aplliance", "/api/v1/appliance"},
        {"/api/v1/namespaces/shop/pod", "/api/v1/namespaces/shop/pods"},
        {"/api/v1/model/node/node-a", "/api/v1/model/nodes/node-a/metrics"},
        {"/api/v1/model/nodes/a", "/api/v1/model/nodes/a/metrics"},
        {"/api/v1/model", "/api/v1/model/metrics"},
        {"/api/v1/historical", "/api/v1/historical/nodes"},
        {"/apis/metrics.k8s.io/v1beta1/node", "/apis/metrics.k8s.io/v1beta1/nodes"},
        {"/apis/apps/v1/deployments", NULL},
        {"/what/is/this", NULL},
        {"/apix/x", NULL},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct near near;
        CHECK(find("GET", cases[i].path) == ROUTE_UNKNOWN);
        near_begin(&near, match.path);
        route_offer_near(match.path, &near);
        if (cases[i].near == NULL) {
            CHECK_EQUAL_U64(near.count, 0);
        } else {
            CHECK(near.count > 0);
            struct text best = {near.best[0].name, near.best[0].size};
            CHECK_EQUAL_TEXT(best, cases[i].near);
        }
    }
}

TEST(tells_methods)
{
    CHECK(find("HEAD", "/healthz") == ROUTE_FOUND);
    CHECK(find("POST", "/healthz") == ROUTE_BAD_METHOD);
    CHECK(find("get", "/healthz") == ROUTE_BAD_METHOD);
    CHECK(find("DELETE", "/nowhere") == ROUTE_UNKNOWN);
}

// Any bytes: no crash, and values inside the path.
TEST(random_paths)
{
    static const char *const parts[] = {"/",  "api", "v1",      "model", "nodes", "namespaces",
                                        "%2", "%2f", "metrics", "..",    "pods",  "\xff",
                                        "x",  "//",  "pod-list"};
    uint64_t state = test_seed();
    for (int round = 0; round < 20000; round++) {
        struct out out = out_of(path, 200);
        uint64_t count = test_random_below(&state, 16);
        for (uint64_t i = 0; i < count; i++) {
            out_string(&out, "/");
            out_string(&out, parts[test_random_below(&state, ARRAY_COUNT(parts))]);
        }
        if (route_find(TEXT("GET"), path, out.used, &match) == ROUTE_FOUND) {
            for (unsigned i = 0; i < match.count; i++) {
                CHECK(match.value[i].at >= path);
                CHECK(match.value[i].at + match.value[i].size <= path + out.used);
            }
        }
    }
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"finds_every_row", finds_every_row},
            {"gives_decoded_values", gives_decoded_values},
            {"ignores_one_slash_at_the_end", ignores_one_slash_at_the_end},
            {"refuses_tricks", refuses_tricks},
            {"unknown_paths", unknown_paths},
            {"names_the_nearest_paths", names_the_nearest_paths},
            {"tells_methods", tells_methods},
            {"random_paths", random_paths},
        },
        8);
}
