#include "../test.h"

#include <string.h>

#include "discover/credentials.h"
#include "platform/fake.h"
#include "platform/fake_fetch.h"

#define ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount/"

static struct fake machine;
static struct fake_fetch net;
static struct credentials credentials;
static struct workspace scratch;
static struct workspace space;
static struct arena arena;
static unsigned char memory[1 << 20] __attribute__((aligned(16)));
static char sentence[1024];
static bool in_pod;

static bool
variable(void *context, struct text name, struct text *value)
{
    (void)context;
    if (in_pod && text_equal(name, TEXT("KUBERNETES_SERVICE_HOST"))) {
        *value = TEXT("10.96.0.1");
        return true;
    }
    if (in_pod && text_equal(name, TEXT("KUBERNETES_SERVICE_PORT"))) {
        *value = TEXT("8443");
        return true;
    }
    return false;
}

static void
begin(void)
{
    fake_open(&machine, test_seed());
    fake_fetch_open(&net);
    memset(memory, 0, sizeof memory);
    arena_init(&arena, memory, sizeof memory);
    workspace_init(&scratch, &arena, credentials_scratch_bytes());
    workspace_init(&space, &arena, 4 * SOURCE_URI_BYTES_MAX + 256);
    in_pod = false;
}

static int
load(const char *text)
{
    struct source_uri uri;
    struct out why = out_of(sentence, sizeof sentence);
    workspace_reset(&space);
    int error = source_uri_parse(text_of(text), NULL, NULL, &space, &uri, &why);
    CHECK_EQUAL_U64(error, 0);
    error = credentials_load(&credentials, &uri, &machine.platform, &net.fetch, variable, NULL,
                             &scratch, &why);
    out_c_string(&why);
    CHECK((error == 0) == (why.used == 0));
    return error;
}

static int
refresh(bool refused, struct credentials_news *news)
{
    struct out why = out_of(sentence, sizeof sentence);
    int error = credentials_refresh(&credentials, refused, &scratch, news, &why);
    out_c_string(&why);
    return error;
}

static bool
scratch_is_wiped(void)
{
    for (size_t i = 0; i < scratch.size; i++) {
        if (scratch.base[i] != 0) {
            return false;
        }
    }
    return scratch.used == 0;
}

static void
check_says(const char *part)
{
    if (strstr(sentence, part) == NULL) {
        test_fail(__FILE__, __LINE__, sentence);
    }
}

#define CONFIG_HEAD                                                        \
    "apiVersion: v1\nkind: Config\ncurrent-context: c\n"                   \
    "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
#define CONFIG_FILES                                                       \
    CONFIG_HEAD                                                            \
    "clusters: [{name: k, cluster: {server: 'https://api.test:6443', "     \
    "certificate-authority: ca.pem, tls-server-name: kubernetes}}]\n"      \
    "users: [{name: u, user: {tokenFile: /etc/token, "                     \
    "client-certificate: c.pem, client-key: k.pem}}]\n"
#define CONFIG_TOKEN                                                       \
    CONFIG_HEAD                                                            \
    "clusters: [{name: k, cluster: {server: 'https://10.1.2.3'}}]\n"       \
    "users: [{name: u, user: {token: secret}}]\n"

static void
add_files(void)
{
    fake_add_file(&machine, "/etc/k/config", TEXT(CONFIG_FILES));
    fake_add_file(&machine, "/etc/k/ca.pem", TEXT("CA"));
    fake_add_file(&machine, "/etc/k/c.pem", TEXT("CERT"));
    fake_add_file(&machine, "/etc/k/k.pem", TEXT("KEY"));
    fake_add_file(&machine, "/etc/token", TEXT("  first-token \n"));
}

TEST(kubeconfig_by_files)
{
    begin();
    add_files();
    CHECK_EQUAL_U64(load("kubernetes:?auth=/etc/k/config&kubeletTLS=pin"), 0);
    CHECK(credentials.https);
    CHECK_EQUAL_TEXT(text_of(credentials.host), "api.test");
    CHECK_EQUAL_TEXT(text_of(credentials.server_name), "kubernetes");
    CHECK_EQUAL_U64(credentials.port, 6443);
    CHECK_EQUAL_TEXT(credentials_token(&credentials), "first-token");
    CHECK_EQUAL_U64(net.identity_count, 2);
    const struct identity_config *api = &net.identity[credentials.api];
    const struct identity_config *kubelet = &net.identity[credentials.kubelet];
    CHECK(api->trust == TRUST_VERIFY && kubelet->trust == TRUST_PIN);
    CHECK_EQUAL_TEXT(api->ca_pem, "CA");
    CHECK_EQUAL_TEXT(kubelet->client_cert_pem, "CERT");
    CHECK_EQUAL_TEXT(kubelet->client_key_pem, "KEY");
    CHECK(scratch_is_wiped());
    CHECK_EQUAL_U64(fake_open_handles(&machine), 0);
    fake_close(&machine);
}

TEST(kubeconfig_with_token_and_other_server)
{
    begin();
    fake_add_file(&machine, "/c", TEXT(CONFIG_TOKEN));
    CHECK_EQUAL_U64(load("kubernetes:https://tunnel:7443?auth=/c&insecure=true"), 0);
    CHECK_EQUAL_TEXT(text_of(credentials.host), "tunnel");
    CHECK_EQUAL_U64(credentials.port, 7443);
    CHECK_EQUAL_TEXT(credentials_token(&credentials), "secret");
    CHECK(net.identity[credentials.api].trust == TRUST_INSECURE);
    CHECK(net.identity[credentials.kubelet].trust == TRUST_INSECURE);
    fake_close(&machine);
}

TEST(in_cluster)
{
    begin();
    in_pod = true;
    fake_add_file(&machine, ACCOUNT "token", TEXT("pod-token"));
    fake_add_file(&machine, ACCOUNT "ca.crt", TEXT("POD CA"));
    CHECK_EQUAL_U64(load("kubernetes:"), 0);
    CHECK_EQUAL_TEXT(text_of(credentials.host), "10.96.0.1");
    CHECK_EQUAL_U64(credentials.port, 8443);
    CHECK_EQUAL_TEXT(credentials_token(&credentials), "pod-token");
    CHECK_EQUAL_TEXT(net.identity[credentials.api].ca_pem, "POD CA");
    fake_close(&machine);
}

TEST(alone_without_login)
{
    begin();
    CHECK_EQUAL_U64(load("kubernetes:http://10.0.0.1:8080?inClusterConfig=false"), 0);
    CHECK(!credentials.https);
    CHECK_EQUAL_U64(credentials.api, 0);
    CHECK_EQUAL_U64(credentials_token(&credentials).size, 0);
    CHECK(credentials.kubelet != 0);
    fake_close(&machine);
}

TEST(refusals_name_the_file)
{
    begin();
    CHECK(load("kubernetes:?auth=/nowhere") != 0);
    check_says("/nowhere");
    CHECK(load("kubernetes:") != 0);
    check_says("auth=KUBECONFIG");
    CHECK(load("kubernetes:?inClusterConfig=true") != 0);
    check_says("KUBERNETES_SERVICE_HOST");
    add_files();
    fake_drop(&machine, "/etc/token");
    CHECK(load("kubernetes:?auth=/etc/k/config") != 0);
    check_says("/etc/token");
    fake_add_file(&machine, "/etc/token", TEXT(" \n"));
    CHECK(load("kubernetes:?auth=/etc/k/config") != 0);
    check_says("/etc/token holds no usable token");
    fake_drop(&machine, "/etc/token");
    fake_add_file(&machine, "/etc/token", TEXT("two\nlines"));
    CHECK(load("kubernetes:?auth=/etc/k/config") != 0);
    check_says("/etc/token holds bytes");
    fake_drop(&machine, "/etc/token");
    fake_add_file(&machine, "/etc/token", TEXT("good"));
    fake_drop(&machine, "/etc/k/k.pem");
    CHECK(load("kubernetes:?auth=/etc/k/config") != 0);
    check_says("/etc/k/k.pem");
    CHECK(strstr(sentence, "good") == NULL);
    fake_close(&machine);
}

TEST(username_is_refused)
{
    begin();
    fake_add_file(&machine, "/c",
                  TEXT(CONFIG_HEAD "clusters: [{name: k, cluster: {server: 'https://h'}}]\n"
                       "users: [{name: u, user: {username: me, password: hidden}}]\n"));
    CHECK(load("kubernetes:?auth=/c") != 0);
    check_says("skerry rbac");
    CHECK(strstr(sentence, "hidden") == NULL);
    fake_close(&machine);
}

TEST(kubeconfig_with_everything_inline)
{
    struct credentials_news news;
    begin();
    // "INLINE CA", "INLINE CERT", "INLINE KEY"
    fake_add_file(&machine, "/c",
                  TEXT(CONFIG_HEAD "clusters: [{name: k, cluster: {server: 'https://h:1', "
                       "certificate-authority-data: SU5MSU5FIENB}}]\n"
                       "users: [{name: u, user: {client-certificate-data: SU5MSU5FIENFUlQ=, "
                       "client-key-data: SU5MSU5FIEtFWQ==}}]\n"));
    CHECK_EQUAL_U64(load("kubernetes:?auth=/c"), 0);
    const struct identity_config *api = &net.identity[credentials.api];
    CHECK_EQUAL_TEXT(api->ca_pem, "INLINE CA");
    CHECK_EQUAL_TEXT(api->client_cert_pem, "INLINE CERT");
    CHECK_EQUAL_TEXT(net.identity[credentials.kubelet].client_key_pem, "INLINE KEY");
    CHECK_EQUAL_U64(credentials_token(&credentials).size, 0);
    CHECK(scratch_is_wiped());
    // They are only in the kubeconfig: another one begins anew.
    fake_advance(&machine, 1000);
    fake_drop(&machine, "/c");
    fake_add_file(&machine, "/c", TEXT(CONFIG_TOKEN));
    CHECK_EQUAL_U64(refresh(true, &news), 0);
    CHECK(news.config && !news.certificates);
    CHECK_EQUAL_U64(net.identity_replaced, 0);
    fake_close(&machine);
}

// The sentence names the file and a way out, and nothing of what is secret.
static void
refuse_user(const char *user, const char *says)
{
    char text[1024];
    struct out out = out_of(text, sizeof text);
    out_format(&out, CONFIG_HEAD "clusters: [{name: k, cluster: {server: 'https://h'}}]\n"
                     "users: [{name: u, user: {%s}}]\n", user);
    begin();
    fake_add_file(&machine, "/c", out_view(&out));
    CHECK(load("kubernetes:?auth=/c") != 0);
    check_says("/c");
    check_says(says);
    CHECK(strstr(sentence, "hidden") == NULL);
    CHECK(scratch_is_wiped());
    CHECK_EQUAL_U64(net.identity_count, 0);
    fake_close(&machine);
}

TEST(users_that_run_programs_are_refused)
{
    refuse_user("exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, "
                "env: [{name: KEY, value: hidden}]}", "skerry rbac");
    refuse_user("auth-provider: {name: gcp, config: {access-token: hidden}}", "skerry rbac");
}

TEST(a_broken_kubeconfig_is_refused)
{
    static const char *const texts[] = {
        "", "clusters: [", "\xff\xfe", "- a\n- b\n", "apiVersion: v1\nkind: Config\n",
        "current-context: gone\ncontexts: []\nclusters: []\nusers: []\n",
        CONFIG_HEAD "clusters: [{name: k, cluster: {server: 'ftp://h'}}]\nusers: []\n",
        CONFIG_HEAD "clusters: [{name: k, cluster: {server: 'https://h', "
                    "certificate-authority-data: '***'}}]\nusers: [{name: u, user: {}}]\n",
        CONFIG_HEAD "clusters: [{name: k, cluster: {server: 'https://h'}}]\n"
                    "users: [{name: u, user: {token: \"two\\nlines\"}}]\n",
    };
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        begin();
        fake_add_file(&machine, "/c", text_of(texts[i]));
        CHECK(load("kubernetes:?auth=/c") != 0);
        CHECK(strlen(sentence) > 10);
        CHECK(scratch_is_wiped());
        CHECK_EQUAL_U64(fake_open_handles(&machine), 0);
        fake_close(&machine);
    }
}

TEST(a_large_file_is_refused)
{
    static char large[CREDENTIALS_FILE_BYTES_MAX + 100];
    begin();
    add_files();
    memset(large, 'x', sizeof large);
    fake_drop(&machine, "/etc/k/ca.pem");
    fake_add_file(&machine, "/etc/k/ca.pem", (struct text){large, sizeof large});
    CHECK(load("kubernetes:?auth=/etc/k/config") != 0);
    check_says("larger than 64 KiB");
    CHECK(scratch_is_wiped());
    fake_close(&machine);
}

TEST(a_changed_token_is_read_again)
{
    struct credentials_news news;
    begin();
    add_files();
    CHECK_EQUAL_U64(load("kubernetes:?auth=/etc/k/config"), 0);
    fake_drop(&machine, "/etc/token");
    fake_advance(&machine, 1000);
    fake_add_file(&machine, "/etc/token", TEXT("second-token"));
    CHECK_EQUAL_U64(refresh(false, &news), 0);
    CHECK(!news.token);  // not looked at so soon
    fake_advance(&machine, CREDENTIALS_CHECK_MS);
    CHECK_EQUAL_U64(refresh(false, &news), 0);
    CHECK(news.token && !news.certificates && !news.config);
    CHECK_EQUAL_TEXT(credentials_token(&credentials), "second-token");
    CHECK_EQUAL_U64(net.identity_replaced, 0);
    // At once after a refusal.
    fake_drop(&machine, "/etc/token");
    fake_add_file(&machine, "/etc/token", TEXT("third-token!"));
    CHECK_EQUAL_U64(refresh(true, &news), 0);
    CHECK(news.token);
    CHECK_EQUAL_U64(refresh(true, &news), 0);
    CHECK(!news.token);
    CHECK(scratch_is_wiped());
    fake_close(&machine);
}

TEST(a_broken_token_file_changes_nothing)
{
    struct credentials_news news;
    begin();
    add_files();
    CHECK_EQUAL_U64(load("kubernetes:?auth=/etc/k/config"), 0);
    fake_drop(&machine, "/etc/token");
    CHECK_EQUAL_U64(refresh(true, &news), 0);  // being replaced, perhaps
    fake_advance(&machine, 1000);
    fake_add_file(&machine, "/etc/token", TEXT(""));
    CHECK(refresh(true, &news) != 0);
    check_says("/etc/token");
    CHECK_EQUAL_TEXT(credentials_token(&credentials), "first-token");
    fake_close(&machine);
}

TEST(certificates_are_renewed)
{
    struct credentials_news news;
    begin();
    add_files();
    CHECK_EQUAL_U64(load("kubernetes:?auth=/etc/k/config"), 0);
    fake_drop(&machine, "/etc/k/c.pem");
    fake_advance(&machine, 1000);
    fake_add_file(&machine, "/etc/k/c.pem", TEXT("NEW CERT"));
    CHECK_EQUAL_U64(refresh(true, &news), 0);
    CHECK(news.certificates && !news.config);
    CHECK_EQUAL_U64(net.identity_replaced, 2);
    CHECK_EQUAL_TEXT(net.identity[credentials.api].client_cert_pem, "NEW CERT");
    CHECK_EQUAL_TEXT(net.identity[credentials.kubelet].ca_pem, "CA");
    // Half a renewal does not fit together: what was there stays in use.
    fake_drop(&machine, "/etc/k/k.pem");
    fake_advance(&machine, 1000);
    fake_add_file(&machine, "/etc/k/k.pem", TEXT("OTHER KEY"));
    net.identity_error = -ERR_BAD_CONFIG;
    CHECK(refresh(true, &news) != 0);
    CHECK(!news.certificates);
    CHECK_EQUAL_TEXT(net.identity[credentials.api].client_key_pem, "KEY");
    fake_close(&machine);
}

TEST(a_changed_kubeconfig_is_told)
{
    struct credentials_news news;
    begin();
    add_files();
    CHECK_EQUAL_U64(load("kubernetes:?auth=/etc/k/config"), 0);
    fake_drop(&machine, "/etc/k/config");
    fake_advance(&machine, 1000);
    fake_add_file(&machine, "/etc/k/config", TEXT(CONFIG_TOKEN));
    CHECK_EQUAL_U64(refresh(true, &news), 0);
    CHECK(news.config);
    fake_close(&machine);
}

// Whatever fails: an error with a sentence, nothing left open or unwiped.
TEST(sweep)
{
    struct fake_sweep sweep = {0};
    unsigned failures = 0;
    while (fake_sweep_next(&sweep)) {
        begin();
        add_files();
        fake_plan(&machine, &sweep);
        failures += load("kubernetes:?auth=/etc/k/config") != 0 ? 1 : 0;
        fake_done(&machine, &sweep);
        CHECK(scratch_is_wiped());
        CHECK_EQUAL_U64(fake_open_handles(&machine), 0);
        fake_close(&machine);
    }
    CHECK(failures > 10);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"kubeconfig_by_files", kubeconfig_by_files},
        {"kubeconfig_with_token_and_other_server", kubeconfig_with_token_and_other_server},
        {"in_cluster", in_cluster},
        {"alone_without_login", alone_without_login},
        {"refusals_name_the_file", refusals_name_the_file},
        {"username_is_refused", username_is_refused},
        {"kubeconfig_with_everything_inline", kubeconfig_with_everything_inline},
        {"users_that_run_programs_are_refused", users_that_run_programs_are_refused},
        {"a_broken_kubeconfig_is_refused", a_broken_kubeconfig_is_refused},
        {"a_large_file_is_refused", a_large_file_is_refused},
        {"a_changed_token_is_read_again", a_changed_token_is_read_again},
        {"a_broken_token_file_changes_nothing", a_broken_token_file_changes_nothing},
        {"certificates_are_renewed", certificates_are_renewed},
        {"a_changed_kubeconfig_is_told", a_changed_kubeconfig_is_told},
        {"sweep", sweep},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
