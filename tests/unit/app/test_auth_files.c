#include "app/auth_files.h"

#include <string.h>

#include "../platform/fake.h"
#include "../test.h"

static struct fake fake;
static char bytes[4096];
static struct out seen;

static void
note(void *context, struct text path)
{
    CHECK(context == &fake);
    out_text(&seen, path);
    out_byte(&seen, '\n');
}

static struct text
files_of(const char *content)
{
    seen = out_of(bytes, sizeof bytes);
    fake_drop(&fake, "/etc/k8s/config");
    fake_add_file(&fake, "/etc/k8s/config", text_of(content));
    auth_files_visit(&fake.platform, TEXT("/etc/k8s/config"), note, &fake);
    CHECK_EQUAL_U64(fake_open_handles(&fake), 0);
    return out_view(&seen);
}

TEST(yaml_and_json)
{
    fake_open(&fake, 1);
    CHECK_EQUAL_TEXT(files_of("apiVersion: v1\n"
                              "clusters:\n"
                              "- cluster:\n"
                              "    certificate-authority: /pki/ca.crt\n"
                              "    server: https://h:6443\n"
                              "users:\n"
                              "- name: me\n"
                              "  user:\n"
                              "    client-certificate: pki/me.crt # mine\n"
                              "    client-key : 'pki/me.key'\r\n"
                              "- user: \n"
                              "  - tokenFile: \"/a b/token\"\n"),
                     "/pki/ca.crt\n/etc/k8s/pki/me.crt\n/etc/k8s/pki/me.key\n/a b/token\n");
    CHECK_EQUAL_TEXT(files_of("{\n  \"certificate-authority\": \"ca\",\n  \"tokenFile\":\"/t\"\n}"),
                     "/etc/k8s/ca\n/t\n");
    fake_close(&fake);
}

TEST(what_names_no_file)
{
    static char large[80 * 1024];
    fake_open(&fake, 1);
    CHECK_EQUAL_TEXT(files_of(""), "");
    CHECK_EQUAL_TEXT(files_of("certificate-authority-data: LS0t\n"
                              "client-key:\n"
                              "client-certificate\n"
                              "token: secret\n"
                              "# tokenFile: /t\n"
                              ":\n\"\n-\n"),
                     "");
    memset(large, 'x', sizeof large - 1);
    memcpy(large, "client-key: /", 13);
    memcpy(large + 3000, "\ntokenFile: /t\n", 15);
    memcpy(large + 70000, "\ntokenFile: /late\n", 18);
    CHECK_EQUAL_TEXT(files_of(large), "/t\n");
    auth_files_visit(&fake.platform, TEXT("/none"), note, &fake);
    auth_files_visit(&fake.platform, TEXT(""), note, &fake);
    CHECK_EQUAL_TEXT(out_view(&seen), "/t\n");
    fake_close(&fake);
}

// A line that ends anywhere in what one read gives.
TEST(short_reads_change_nothing)
{
    fake_open(&fake, 1);
    for (size_t limit = 1; limit < 40; limit++) {
        fake.read_limit = limit;
        CHECK_EQUAL_TEXT(files_of("certificate-authority: /ca\n  tokenFile: /t\n"), "/ca\n/t\n");
    }
    fake_close(&fake);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"auth_files_yaml_and_json", yaml_and_json},
        {"auth_files_what_names_no_file", what_names_no_file},
        {"auth_files_short_reads_change_nothing", short_reads_change_nothing},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
