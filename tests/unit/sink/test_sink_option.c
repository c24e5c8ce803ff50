#include "sets.h"

#include "sink/sink_option.h"

TEST(accounts)
{
    sets_sink_of("opentsdb:http://u:p@db");
    CHECK_EQUAL_TEXT(sets_sink.user, "u");
    CHECK_EQUAL_TEXT(sets_sink.password, "p");
    sets_sink_of("opentsdb:http://u:p@db?user=a&password=b&token=t");
    CHECK_EQUAL_TEXT(sets_sink.user, "a");
    CHECK_EQUAL_TEXT(sets_sink.password, "b");
    CHECK_EQUAL_TEXT(sets_sink.token, "t");
}

TEST(secrets_from_files)
{
    fake_add_file(&sets_machine, "/run/pw", TEXT(" p w\n"));
    fake_add_file(&sets_machine, "/run/token", TEXT("t0k\n"));
    fake_add_file(&sets_machine, "/run/two", TEXT("a\nb\n"));
    fake_add_file(&sets_machine, "/run/empty", TEXT(" \n"));
    sets_sink_of("opentsdb:http://u@db?passwordFile=/run/pw&tokenFile=/run/token");
    CHECK_EQUAL_TEXT(sets_sink.password, "p w");
    CHECK_EQUAL_TEXT(sets_sink.token, "t0k");
    sets_refuses("opentsdb:http://db?tokenFile=/run/none", "tokenFile: /run/none: the file does");
    sets_refuses("opentsdb:http://db?tokenFile=/run/empty", "/run/empty is empty");
    sets_refuses("opentsdb:http://db?tokenFile=", "tokenFile must name a file");
    sets_refuses("opentsdb:http://db?passwordFile=/run/two", "the password has control bytes");
    sets_refuses("opentsdb:http://db?token=a%0d%0aX: y", "the token has control bytes");
    CHECK_EQUAL_U64(fake_open_handles(&sets_machine), 0);
}

TEST(trust)
{
    sets_sink_of("opentsdb:https://db?caCert=/ca&cert=/c&key=/k&insecuressl=true");
    CHECK_EQUAL_TEXT(sets_sink.ca_file, "/ca");
    CHECK_EQUAL_TEXT(sets_sink.cert_file, "/c");
    CHECK_EQUAL_TEXT(sets_sink.key_file, "/k");
    CHECK(sets_sink.insecure && sets_sink.tls);
    sets_refuses("opentsdb:https://db?cert=/c", "cert and key must both be given");
    sets_refuses("opentsdb:https://db?insecuressl=perhaps", "insecuressl must be true or false");
}

TEST(gzip)
{
    CHECK(sets_sink_of("opentsdb:http://db")->gzip);
    CHECK(!sets_sink_of("opentsdb:http://db?gzip=false")->gzip);
    CHECK(!sets_sink_of("graphite:tcp://g")->gzip);
    sets_refuses("graphite:tcp://g?gzip=true", "graphite does not take gzip");
    sets_refuses("graphite:tcp://g?order=7", "order must be true or false, not \"7\"");
}

TEST(numbers_and_lists)
{
    uint64_t count = 7;
    struct text part;
    struct text list = TEXT(",a, b ,,c");
    struct out why = out_of(sets_sentence, sizeof sets_sentence);
    sets_sink_of("riemann:r?ttl=12");
    CHECK_EQUAL_U64(sink_option_count(&sets_sink, "ttl", 1, 12, &count, &why), 0);
    CHECK_EQUAL_U64(count, 12);
    CHECK_EQUAL_U64(sink_option_count(&sets_sink, "no", 1, 11, &count, &why), 0);
    CHECK_EQUAL_U64(sink_option_count(&sets_sink, "ttl", 1, 11, &count, &why), -ERR_BAD_CONFIG);
    CHECK_EQUAL_TEXT(out_view(&why), "ttl must be a whole number from 1 to 11, not \"12\"");
    CHECK(sink_option_part(&list, &part));
    CHECK_EQUAL_TEXT(part, "a");
    CHECK(sink_option_part(&list, &part));
    CHECK_EQUAL_TEXT(part, "b");
    CHECK(sink_option_part(&list, &part));
    CHECK_EQUAL_TEXT(part, "c");
    CHECK(!sink_option_part(&list, &part));
}

TEST(unknown_ones)
{
    sets_refuses("log:?colour=red", "there is no option \"colour\" of log; there are user, pw,");
    sets_refuses("statsd:udp://s?protocol=x", "there are prefix, protocolType,");
    sets_refuses("statsd:udp://s?a%0Ab=x", "\"a?b\"");
}

int
main(void)
{
    fake_open(&sets_machine, test_seed());
    static const struct test_case cases[] = {
        {"user, password and token", accounts},
        {"secrets come from files", secrets_from_files},
        {"certificates", trust},
        {"gzip and order", gzip},
        {"numbers and lists", numbers_and_lists},
        {"unknown options are named with those there are", unknown_ones},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
