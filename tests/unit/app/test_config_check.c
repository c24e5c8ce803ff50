#include "app/config_check.h"

#include <string.h>

#include "app/listen.h"
#include "configured.h"

static struct configured it;

static void
refuses(const char *sentence, char *flag)
{
    CHECK(configured_flags(&it, flag, NULL) == -ERR_BAD_CONFIG);
    if (strstr(it.sentence, sentence) == NULL) {
        CHECK_EQUAL_TEXT((const char *)it.sentence, sentence);
    }
}

static void
refuses_both(const char *sentence, char *first, char *second)
{
    CHECK(configured_flags(&it, first, second, NULL) == -ERR_BAD_CONFIG);
    CHECK(strstr(it.sentence, sentence) != NULL);
}

TEST(ranges)
{
    fake_open(&it.fake, 1);
    refuses("--nodes=0 is out of range: 1 to 20000", "--nodes=0");
    refuses("--nodes=20001 is out of range", "--nodes=20001");
    refuses("--heapster-port=65536 is out of range", "--heapster-port=65536");
    refuses("--clients=0 is out of range", "--clients=0");
    CHECK(configured_flags(&it, "--nodes=20000", NULL) == 0);
    refuses("--history=4194303 bytes is too small: at least 4M, or 0", "--history=4194303");
    CHECK(configured_flags(&it, "--history=4M", NULL) == 0);
    CHECK(configured_flags(&it, "--history=0", NULL) == 0);
    fake_close(&it.fake);
}

TEST(times)
{
    fake_open(&it.fake, 1);
    refuses("5s to 1h", "--metric-resolution=4999ms");
    refuses("5s to 1h", "--metric-resolution=61m");
    CHECK(configured_flags(&it, "--metric-resolution=5s", NULL) == 0);
    CHECK_EQUAL_U64(config_ms(&it.config, CONFIG_SCRAPE_TIMEOUT), 5000);
    refuses("--scrape-timeout", "--scrape-timeout=16s");
    refuses("--scrape-timeout", "--scrape-timeout=99ms");
    fake_close(&it.fake);
}

TEST(addresses)
{
    fake_open(&it.fake, 1);
    refuses("is not an IPv4 or IPv6 address", "--listen-ip=localhost.example");
    refuses("is not an IPv4 or IPv6 address", "--listen-ip=1.2.3");
    CHECK(configured_flags(&it, "--listen-ip=0.0.0.0", NULL) == 0);
    CHECK(listen_is_secure(&it.config));
    CHECK(configured_flags(&it, "--listen-ip=", NULL) == 0);
    CHECK(listen_is_secure(&it.config));
    CHECK(configured_flags(&it, "--listen-ip=::", NULL) == 0);
    CHECK(listen_is_secure(&it.config));
    CHECK(configured_flags(&it, "--listen-ip=::1", "--tls", NULL) == 0);
    CHECK(listen_is_secure(&it.config));
    CHECK(configured_flags(&it, "--token-file=/a", NULL) == 0);
    CHECK(listen_is_secure(&it.config));
    CHECK(configured_flags(&it, NULL) == 0);
    CHECK(!listen_is_secure(&it.config));
    refuses_both("--tls is given too", "--insecure-open", "--tls");
    refuses_both("--tls-cert is given too", "--insecure-open", "--tls-cert=/a");
    refuses("--tls-cert is given without --tls-key", "--tls-cert=/a");
    refuses("--tls-key is given without --tls-cert", "--tls-key=/a");
    CHECK(configured_flags(&it, "--listen-ip=127.0.0.9", NULL) == 0);
    CHECK(!listen_is_secure(&it.config));
    CHECK(configured_flags(&it, "--listen-ip=::1", NULL) == 0);
    CHECK(configured_flags(&it, "--listen-ip=", "--insecure-open", NULL) == 0);
    CHECK(!listen_is_secure(&it.config));
    CHECK_EQUAL_TEXT(config_text(&it.config, CONFIG_LISTEN_IP), "0.0.0.0");
    fake_close(&it.fake);
}

TEST(hosts)
{
    char many[16 * 2 + 16] = "--allow-host=";
    fake_open(&it.fake, 1);
    CHECK(configured_flags(&it, "--allow-host=a.example,b.example", "--allow-host=::2", NULL) == 0);
    refuses("--allow-host=a.example:443 is not a host name", "--allow-host=a.example:443");
    refuses("--allow-host=*.example is not a host name", "--allow-host=b.example,*.example");
    for (unsigned i = 0; i < 16; i++) {
        strcat(many, i == 0 ? "a" : ",a");
    }
    refuses("more than 15 hosts", many);
    fake_close(&it.fake);
}

TEST(texts)
{
    fake_open(&it.fake, 1);
    refuses("holds a control character", "--label-separator=\n");
    refuses("holds a control character", "--source=host:\x1b[2J");
    refuses("is empty", "--source=");
    refuses("longer than 16 bytes", "--label-separator=12345678901234567");
    refuses("neither name nor newName=name", "--store-label=new=");
    CHECK(configured_flags(&it, "--store-label=new=old", "--store-label=app", NULL) == 0);
    fake_close(&it.fake);
}

TEST(sources)
{
    char *flags[18];
    fake_open(&it.fake, 1);
    for (unsigned i = 0; i < 17; i++) {
        flags[i] = "--source=host:";
    }
    flags[17] = NULL;
    CHECK(configured_read(&it, NULL, flags) == -ERR_BAD_CONFIG);
    CHECK(strstr(it.sentence, "at most 16") != NULL);
    flags[16] = NULL;
    CHECK(configured_read(&it, NULL, flags) == 0);
    fake_close(&it.fake);
}

TEST(event_sinks)
{
    char *flags[18];
    fake_open(&it.fake, 1);
    CHECK(configured_flags(&it, "--event-sink=log", "--sink=log", NULL) == 0);
    CHECK(configured_flags(&it, "--event-sink=$WHERE", NULL) == 0);
    refuses("--event-sink: graphite takes no events; these do: influxdb, elasticsearch, riemann, "
            "kafka, log", "--event-sink=graphite:tcp://h");
    refuses("--event-sink: the sink gcl is gone", "--event-sink=gcl:");
    refuses("--event-sink: the sink honeycomb is gone", "--event-sink=honeycomb:");
    refuses("--event-sink: there is no kind of sink named \"x\"; there are influxdb, elastic",
            "--event-sink=x:y");
    refuses_both("--event-sink=log:... is given twice", "--event-sink=log", "--event-sink=log");
    refuses_both("--event-sink has nothing to send with --events=0", "--event-sink=log",
                 "--events=0");
    for (unsigned i = 0; i < 17; i++) {
        flags[i] = i % 2 == 0 ? "--event-sink=log" : "--sink=log";
    }
    flags[17] = NULL;
    CHECK(configured_read(&it, NULL, flags) == -ERR_BAD_CONFIG);
    CHECK(strstr(it.sentence, "given 17 times; one appliance sends to at most 16") != NULL);
    fake_close(&it.fake);
}

int
main(void)
{
    struct test_case cases[] = {
        {"config_check_ranges", ranges}, {"config_check_times", times},
        {"config_check_addresses", addresses}, {"config_check_texts", texts},
        {"config_check_sources", sources},
        {"config_check_hosts", hosts}, {"config_check_event_sinks", event_sinks},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
