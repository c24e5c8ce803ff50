// Keys and certificates that are made here, and what is found in them.
#include "platform/certificate.h"

#include <string.h>

#include "../test.h"

#define FROM_MS INT64_C(1790000000000)
#define UNTIL_MS INT64_C(1860000000000)

static char key_room[CERTIFICATE_KEY_BYTES];
static char pem_room[CERTIFICATE_BYTES];

static struct text
make(const struct certificate_names *names)
{
    struct out key = out_of(key_room, sizeof key_room);
    struct out pem = out_of(pem_room, sizeof pem_room);
    CHECK(certificate_make_key(&key) == 0);
    CHECK(certificate_make(out_view(&key), names, (struct wall_ms){FROM_MS},
                           (struct wall_ms){UNTIL_MS}, &pem) == 0);
    CHECK(!key.full && !pem.full);
    return out_view(&pem);
}

TEST(what_is_made_is_found)
{
    struct certificate_names names = {0};
    struct certificate_facts facts;
    certificate_names_add(&names, TEXT("localhost"));
    certificate_names_add(&names, TEXT("192.0.2.7"));
    certificate_names_add(&names, TEXT("2001:db8::1"));
    certificate_names_add(&names, TEXT("localhost"));
    CHECK_EQUAL_U64(names.count, 3);
    struct text pem = make(&names);
    CHECK(certificate_inspect(pem, &names, &facts) == 0);
    CHECK(facts.covers);
    CHECK_EQUAL_U64(facts.from.ms, FROM_MS);
    CHECK_EQUAL_U64(facts.until.ms, UNTIL_MS);
    struct certificate_names more = names;
    certificate_names_add(&more, TEXT("192.0.2.8"));
    CHECK(certificate_inspect(pem, &more, &facts) == 0);
    CHECK(!facts.covers);
    more = names;
    certificate_names_add(&more, TEXT("localhos"));
    CHECK(certificate_inspect(pem, &more, &facts) == 0);
    CHECK(!facts.covers);
}

TEST(two_differ)
{
    struct certificate_names names = {.count = 1, .name = {{"a", 1}}};
    struct certificate_facts first;
    struct certificate_facts second;
    CHECK(certificate_inspect(make(&names), NULL, &first) == 0);
    CHECK(certificate_inspect(make(&names), NULL, &second) == 0);
    CHECK(memcmp(first.sha256, second.sha256, sizeof first.sha256) != 0);
}

TEST(as_many_names_as_there_may_be)
{
    static char rooms[CERTIFICATE_NAMES_MAX + 1][64];
    struct certificate_names names = {0};
    struct certificate_facts facts;
    for (unsigned i = 0; i <= CERTIFICATE_NAMES_MAX; i++) {
        struct out name = out_of(rooms[i], sizeof rooms[i]);
        out_format(&name, "a-rather-long-name-of-a-host-%u.example.org", i);
        certificate_names_add(&names, out_view(&name));
    }
    CHECK_EQUAL_U64(names.count, CERTIFICATE_NAMES_MAX);
    CHECK(certificate_inspect(make(&names), &names, &facts) == 0);
    CHECK(facts.covers);
}

TEST(what_is_none_is_refused)
{
    struct certificate_names names = {.count = 1, .name = {{"a", 1}}};
    struct certificate_facts facts;
    struct out pem = out_of(pem_room, sizeof pem_room);
    CHECK(certificate_inspect(TEXT(""), NULL, &facts) == -ERR_BAD_CONFIG);
    CHECK(certificate_inspect(TEXT("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
                              NULL, &facts) == -ERR_BAD_CONFIG);
    CHECK(certificate_make(TEXT("no key"), &names, (struct wall_ms){FROM_MS},
                           (struct wall_ms){UNTIL_MS}, &pem) == -ERR_BAD_CONFIG);
}

TEST(fingerprint)
{
    unsigned char sum[CERTIFICATE_SHA256_BYTES] = {0xab, 1};
    char buffer[CERTIFICATE_SHA256_BYTES * 3];
    struct out out = out_of(buffer, sizeof buffer);
    certificate_write_sha256(&out, sum);
    CHECK_EQUAL_U64(out.used, CERTIFICATE_SHA256_BYTES * 3 - 1);
    CHECK(text_starts(out_view(&out), TEXT("AB:01:00:")));
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"what_is_made_is_found", what_is_made_is_found},
            {"two_differ", two_differ},
            {"as_many_names_as_there_may_be", as_many_names_as_there_may_be},
            {"what_is_none_is_refused", what_is_none_is_refused},
            {"fingerprint", fingerprint},
        },
        5);
}
