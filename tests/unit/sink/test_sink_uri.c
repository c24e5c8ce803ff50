#include "../test.h"

#include <string.h>

#include "base/error.h"
#include "sink/sink_uri.h"

static unsigned char memory[1 << 15] __attribute__((aligned(16)));
static char sentence[1024];
static struct sink_uri uri;

static bool
variable(void *context, struct text name, struct text *value)
{
    (void)context;
    if (text_equal(name, TEXT("URL"))) {
        *value = TEXT("http://u:s3cr3t@db:8086/?db=mine");
        return true;
    }
    if (text_equal(name, TEXT("DB"))) {
        *value = TEXT("mine");
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
    workspace_init(&space, &arena, SINK_URI_SPACE_BYTES);
    struct out why = out_of(sentence, sizeof sentence);
    int error = sink_uri_parse(text_of(text), variable, NULL, &space, &uri, &why);
    out_c_string(&why);
    CHECK((error == 0) == (why.used == 0));
    CHECK(strstr(sentence, "s3cr3t") == NULL);
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

TEST(all_parts)
{
    CHECK_EQUAL_U64(parse("influxdb:https://us%40er:p%3Aw+d@db.example:8086/a%2Fb/"
                          "?db=k8s&retention=30+d&tags=a&tags=b%26c&flag"),
                    0);
    CHECK_EQUAL_TEXT(uri.kind, "influxdb");
    CHECK_EQUAL_TEXT(uri.scheme, "https");
    CHECK_EQUAL_TEXT(uri.user, "us@er");
    CHECK_EQUAL_TEXT(uri.password, "p:w+d");
    CHECK_EQUAL_TEXT(uri.host, "db.example");
    CHECK_EQUAL_U64(uri.port, 8086);
    CHECK_EQUAL_TEXT(uri.path, "/a%2Fb/");
    CHECK_EQUAL_TEXT(sink_uri_base(&uri), "/a%2Fb");
    CHECK_EQUAL_U64(uri.option_count, 5);
    CHECK_EQUAL_TEXT(uri.option[1].key, "retention");
    CHECK_EQUAL_TEXT(uri.option[1].value, "30 d");
    CHECK_EQUAL_TEXT(uri.option[3].key, "tags");
    CHECK_EQUAL_TEXT(uri.option[3].value, "b&c");
    CHECK_EQUAL_TEXT(uri.option[4].key, "flag");
    CHECK_EQUAL_TEXT(uri.option[4].value, "");
}

TEST(heapsters_forms)
{
    CHECK_EQUAL_U64(parse("log"), 0);
    CHECK_EQUAL_TEXT(uri.kind, "log");
    CHECK_EQUAL_TEXT(uri.host, "");
    CHECK_EQUAL_U64(parse("log:"), 0);
    CHECK_EQUAL_U64(parse("kafka:?brokers=a:9092&brokers=b:9092"), 0);
    CHECK_EQUAL_TEXT(uri.host, "");
    CHECK_EQUAL_U64(uri.option_count, 2);
    CHECK_EQUAL_U64(parse("riemann:riemann-heapster:5555?ttl=60"), 0);
    CHECK_EQUAL_TEXT(uri.scheme, "");
    CHECK_EQUAL_TEXT(uri.host, "riemann-heapster");
    CHECK_EQUAL_U64(uri.port, 5555);
    CHECK_EQUAL_U64(parse("graphite:tcp://[fd00::1]:2003"), 0);
    CHECK_EQUAL_TEXT(uri.host, "fd00::1");
    CHECK_EQUAL_U64(uri.port, 2003);
    CHECK_EQUAL_U64(parse("statsd:udp://[fd00::2]"), 0);
    CHECK_EQUAL_U64(uri.port, 0);
    CHECK_EQUAL_U64(parse("influxdb:http://u:p@ss@db"), 0);
    CHECK_EQUAL_TEXT(uri.password, "p@ss");
    CHECK_EQUAL_TEXT(uri.host, "db");
}

TEST(variables)
{
    CHECK_EQUAL_U64(parse("influxdb:$URL"), 0);
    CHECK_EQUAL_TEXT(uri.password, "s3cr3t");
    CHECK_EQUAL_TEXT(uri.option[0].value, "mine");
    CHECK_EQUAL_U64(parse("influxdb:http://db?db=${DB}x&b=$"), 0);
    CHECK_EQUAL_TEXT(uri.option[0].value, "minex");
    CHECK_EQUAL_TEXT(uri.option[1].value, "$");
    refuses("influxdb:http://db?db=$NO", "the variable $NO is not set");
}

TEST(names_hold_no_secret)
{
    CHECK_EQUAL_U64(parse("influxdb:$URL&pw=s3cr3t&token=s3cr3t&foo=s3cr3t&bucket=b%0Ac"), 0);
    CHECK_EQUAL_TEXT(uri.name, "influxdb:http://db:8086/?db=mine&bucket=b?c");
    CHECK_EQUAL_U64(parse("elasticsearch:?nodes=http://u:s3cr3t@es:9200&index=i"), 0);
    CHECK_EQUAL_TEXT(uri.name, "elasticsearch:?index=i");
    CHECK_EQUAL_U64(parse("graphite:tcp://[::1]:2003"), 0);
    CHECK_EQUAL_TEXT(uri.name, "graphite:tcp://[::1]:2003");
    CHECK_EQUAL_U64(parse("log"), 0);
    CHECK_EQUAL_TEXT(uri.name, "log:");
}

TEST(mistakes)
{
    char many[1024] = "log:?";
    static char longest[SINK_URI_BYTES_MAX + 2];
    refuses("", "a sink is KIND:URL");
    refuses(":http://db", "a sink is KIND:URL");
    refuses("influxdb:ftp://db", "the URL must begin with");
    refuses("influxdb:http://db:0", "a port from 1 to 65535");
    refuses("influxdb:http://db:65536", "a port from 1 to 65535");
    refuses("influxdb:http://d b", "must name a host");
    refuses("influxdb:http://[::1", "must name a host");
    refuses("influxdb:http://u:s3cr3t@", "the URL must name a host");
    refuses("influxdb:http://u:s3cr3t%zz@db", "a % that is no escape");
    refuses("influxdb:http://db/a b", "the path must be plain");
    refuses("influxdb:http://db?pw=s3cr3t%0", "the value of pw has a %");
    refuses("influxdb:http://db?pw=s3cr3t%00", "the value of pw has a %");
    refuses("influxdb:http://db?=s3cr3t", "the name of an option");
    for (unsigned i = 0; i <= SINK_OPTIONS_MAX; i++) {
        strcat(many, "a=1&");
    }
    refuses(many, "more than 48 options");
    memset(longest, 'a', sizeof longest - 1);
    refuses(longest, "longer than 4096 bytes");
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"all parts", all_parts},
        {"Heapster's forms", heapsters_forms},
        {"variables are replaced", variables},
        {"names for people hold no secret", names_hold_no_secret},
        {"mistakes are one sentence without secrets", mistakes},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
