#include "../test.h"

#include <string.h>

#include "discover/source_uri.h"

static unsigned char memory[1 << 18] __attribute__((aligned(16)));
static char sentence[1024];
static struct source_uri uri;

static bool
variable(void *context, struct text name, struct text *value)
{
    (void)context;
    if (text_equal(name, TEXT("NAME"))) {
        *value = TEXT("value&insecure=true");
        return true;
    }
    if (text_equal(name, TEXT("PORT"))) {
        *value = TEXT("1234");
        return true;
    }
    return false;
}

static int
parse(const char *text)
{
    struct arena arena;
    struct workspace space;
    arena_init(&arena, memory, sizeof memory);
    workspace_init(&space, &arena, sizeof memory - 64);
    struct out why = out_of(sentence, sizeof sentence);
    int error = source_uri_parse(text_of(text), variable, NULL, &space, &uri, &why);
    out_c_string(&why);
    CHECK((error == 0) == (why.used == 0));
    return error;
}

static void
refuses(const char *text, const char *part)
{
    CHECK_EQUAL_U64(parse(text), -ERR_BAD_CONFIG);
    if (strstr(sentence, part) == NULL) {
        test_fail(__FILE__, __LINE__, sentence);
    }
}

TEST(defaults)
{
    CHECK_EQUAL_U64(parse("kubernetes:https://api.example.com"), 0);
    CHECK(uri.kind == SOURCE_KUBERNETES);
    CHECK(uri.https);
    CHECK_EQUAL_TEXT(uri.host, "api.example.com");
    CHECK_EQUAL_U64(uri.port, 443);
    CHECK(uri.in_cluster == UNSET);
    CHECK(!uri.insecure && !uri.use_service_account);
    CHECK_EQUAL_U64(uri.kubelet_port, 0);
    CHECK(uri.kubelet_https);
    CHECK(uri.kubelet_trust == TRUST_VERIFY);
    CHECK(uri.endpoint == ENDPOINT_SUMMARY);
    CHECK(uri.access == ACCESS_DIRECT);
    CHECK_EQUAL_TEXT(uri.name, "kubernetes:https://api.example.com");
}

TEST(every_option)
{
    CHECK_EQUAL_U64(parse("kubernetes.summary_api:https://[fd00::1]:6443/path?auth=%2Fetc%2Fa+b"
                          "&context=prod&inClusterConfig=false&useServiceAccount=1&insecure=true"
                          "&kubeletPort=20250&kubeletHttps=false&kubeletTLS=pin&endpoint=resource"
                          "&access=direct&host_id_annotation=a/b&apiVersion=v1"),
                    0);
    CHECK_EQUAL_TEXT(uri.host, "fd00::1");
    CHECK_EQUAL_U64(uri.port, 6443);
    CHECK_EQUAL_TEXT(uri.auth, "/etc/a b");
    CHECK_EQUAL_TEXT(uri.context, "prod");
    CHECK(uri.in_cluster == OFF);
    CHECK(uri.use_service_account);
    CHECK(uri.insecure);
    CHECK_EQUAL_U64(uri.kubelet_port, 20250);
    CHECK(!uri.kubelet_https);
    CHECK(uri.kubelet_trust == TRUST_PIN);
    CHECK(uri.endpoint == ENDPOINT_RESOURCE);
    CHECK_EQUAL_TEXT(uri.host_id_annotation, "a/b");
}

TEST(heapsters_own_lines)
{
    // The line that everybody was told to use.
    CHECK_EQUAL_U64(parse("kubernetes:https://kubernetes.default?kubeletHttps=true"
                          "&kubeletPort=10250&insecure=true"),
                    0);
    CHECK(uri.kubelet_https);
    CHECK(uri.kubelet_trust == TRUST_INSECURE);
    CHECK_EQUAL_U64(parse("kubernetes:http://10.0.0.1:8080?inClusterConfig=false&auth="), 0);
    CHECK(!uri.https);
    CHECK_EQUAL_U64(uri.port, 8080);
    CHECK_EQUAL_U64(parse("kubernetes:?kubeletPort=10255"), 0);
    CHECK(!uri.kubelet_https);
    CHECK_EQUAL_U64(parse("kubernetes:?kubeletHttps=false"), 0);
    CHECK_EQUAL_U64(uri.kubelet_port, 10255);
    CHECK_EQUAL_U64(parse("kubernetes"), 0);
    CHECK_EQUAL_U64(uri.host.size, 0);
    CHECK_EQUAL_U64(parse("kubernetes:"), 0);
    CHECK_EQUAL_U64(parse("kubernetes:?insecure"), 0);
    CHECK(uri.insecure);
}

TEST(other_kinds)
{
    CHECK_EQUAL_U64(parse("host:"), 0);
    CHECK(uri.kind == SOURCE_HOST);
    CHECK_EQUAL_U64(parse("cadvisor:http://10.0.0.1"), 0);
    CHECK(uri.kind == SOURCE_CADVISOR);
    CHECK_EQUAL_U64(uri.port, 8080);
    CHECK_EQUAL_U64(parse("cadvisor:https://c.example:9443/"), 0);
    CHECK(uri.https);
    CHECK_EQUAL_U64(uri.port, 9443);
}

TEST(variables)
{
    CHECK_EQUAL_U64(parse("kubernetes:https://h:$PORT?auth=x"), 0);
    CHECK_EQUAL_U64(uri.port, 1234);
    CHECK_EQUAL_U64(parse("kubernetes:https://h?auth=${NAME}&kubeletPort=1"), 0);
    CHECK(uri.insecure);  // as with Heapster: expanded first, then parsed
    CHECK_EQUAL_TEXT(uri.auth, "value");
    CHECK_EQUAL_U64(parse("kubernetes:https://h?auth=a$"), 0);
    CHECK_EQUAL_TEXT(uri.auth, "a$");
    refuses("kubernetes:https://h?auth=$MISSING", "$MISSING is not set");
}

TEST(refusals)
{
    refuses("", "a source is");
    refuses("kubernetes.metrics:", "a source is");
    refuses("kubernetes:ftp://h", "https://");
    refuses("kubernetes:https://", "host");
    refuses("kubernetes:https://a b", "host");
    refuses("kubernetes:https://u:p@h", "auth=FILE");
    refuses("kubernetes:https://h:0", "port");
    refuses("kubernetes:https://h:65536", "port");
    refuses("kubernetes:https://h:x", "port");
    refuses("kubernetes:https://[fd00::1", "an IPv6 address in []");
    refuses("kubernetes:https://h?kubeletPort=0", "kubeletPort");
    refuses("kubernetes:https://h?kubeletPort=70000", "kubeletPort");
    refuses("kubernetes:https://h?kubeletHttps=maybe", "kubeletHttps must be true or false");
    refuses("kubernetes:https://h?kubeletTLS=no", "verify, pin or insecure");
    refuses("kubernetes:https://h?endpoint=stats", "summary or resource");
    refuses("kubernetes:https://h?access=tunnel", "direct or proxy");
    refuses("kubernetes:https://h?apiVersion=v2", "v1");
    refuses("kubernetes:https://h?kubeletport=1", "kubeletPort");
    refuses("kubernetes:https://h?insecure=true&insecure=true", "stands twice");
    refuses("kubernetes:https://h?auth=%zz", "no escape");
    refuses("kubernetes:https://h?auth=%00", "no escape");
    refuses("kubernetes:https://h?auth=a&inClusterConfig=true", "exclude");
    refuses("kubernetes:https://h?access=proxy&kubeletTLS=pin", "no meaning");
    refuses("cadvisor:", "URL");
    refuses("cadvisor:http://h?insecure=true", "no options");
    refuses("host:http://h", "neither");
    refuses("host:?insecure=true", "neither");
}

TEST(too_long)
{
    static char text[SOURCE_URI_BYTES_MAX + 64];
    memset(text, 'a', sizeof text - 1);
    memcpy(text, "kubernetes:https://h?auth=", 26);
    CHECK_EQUAL_U64(parse(text), -ERR_BAD_CONFIG);
    CHECK(strstr(sentence, "longer than") != NULL);
}

// Whatever it is made of: no crash, and views that lie inside the workspace.
TEST(random_uris)
{
    static const char *const parts[] = {
        "kubernetes:", "https://", "?", "&", "=", "%", "%2", "%41", "$", "${", "}", "[", "]", ":",
        "auth", "insecure", "true", "kubeletPort", "10250", "host:", "cadvisor:", "@", "/", "\x80",
    };
    uint64_t seed = test_seed();
    for (int round = 0; round < 20000; round++) {
        char text[256];
        struct out out = out_of(text, sizeof text);
        uint64_t count = test_random_below(&seed, 12);
        for (uint64_t i = 0; i < count; i++) {
            out_string(&out, parts[test_random_below(&seed, ARRAY_COUNT(parts))]);
        }
        int error = parse(out_c_string(&out));
        if (error == 0 && uri.auth.size != 0) {
            CHECK((const unsigned char *)uri.auth.at >= memory);
            CHECK((const unsigned char *)uri.auth.at + uri.auth.size <= memory + sizeof memory);
        }
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"defaults", defaults},         {"every_option", every_option},
        {"heapsters_own_lines", heapsters_own_lines},
        {"other_kinds", other_kinds},   {"variables", variables},
        {"refusals", refusals},         {"too_long", too_long},
        {"random_uris", random_uris},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
