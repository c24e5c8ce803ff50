#include "parse/kubeconfig.h"

#include "base/error.h"
#include "fixture.h"

#define SPACE_BYTES 65536

struct world {
    struct kubeconfig kubeconfig;
    struct workspace space;
    char sentence[1024];
    struct text reason;
    int error;
};

static struct world
read_sized(const char *content, const char *context, size_t bytes)
{
    static struct world world;
    struct arena arena = fixture_arena(SPACE_BYTES);
    workspace_init(&world.space, &arena, bytes);
    struct kubeconfig_source source = {
        .file_name = TEXT("/etc/k/config"),
        .content = text_of(content),
        .context = text_of(context),
    };
    struct out out = out_of(world.sentence, sizeof world.sentence);
    world.error = kubeconfig_read(&world.kubeconfig, &source, &world.space, &out);
    world.reason = out_view(&out);
    CHECK((world.error == 0) == (world.reason.size == 0));
    CHECK(!out.full);
    return world;
}

static struct world
read_config(const char *content)
{
    return read_sized(content, "", SPACE_BYTES);
}

static const char whole[] = "apiVersion: v1\n"
                            "kind: Config\n"
                            "current-context: main\n"
                            "contexts:\n"
                            "- name: other\n"
                            "  context: {cluster: second, user: nobody}\n"
                            "- name: main\n"
                            "  context:\n"
                            "    cluster: first\n"
                            "    user: admin\n"
                            "    namespace: x\n"
                            "clusters:\n"
                            "- cluster:\n"
                            "    server: https://10.0.0.1:6443\n"
                            "    certificate-authority-data: Zm9v\n"
                            "      YmFy\n"
                            "    tls-server-name: api.example.org\n"
                            "  name: first\n"
                            "- name: second\n"
                            "  cluster:\n"
                            "    server: http://127.0.0.1:8080\n"
                            "    insecure-skip-tls-verify: true\n"
                            "users:\n"
                            "- name: admin\n"
                            "  user:\n"
                            "    client-certificate-data: Y2VydA==\n"
                            "    client-key-data: a2V5\n"
                            "    token: abc\n"
                            "    tokenFile: token\n"
                            "    username: u\n"
                            "    password: \"p: #\"\n"
                            "- name: nobody\n"
                            "  user: {}\n";

TEST(reads_the_current_context)
{
    struct world world = read_config(whole);
    const struct kubeconfig *k = &world.kubeconfig;
    CHECK_EQUAL_TEXT(world.reason, "");
    CHECK_EQUAL_TEXT(k->context, "main");
    CHECK_EQUAL_TEXT(k->server, "https://10.0.0.1:6443");
    CHECK_EQUAL_TEXT(k->ca_data, "foobar");
    CHECK_EQUAL_TEXT(k->ca_file, "");
    CHECK(!k->insecure);
    CHECK_EQUAL_TEXT(k->tls_server_name, "api.example.org");
    CHECK_EQUAL_TEXT(k->client_certificate_data, "cert");
    CHECK_EQUAL_TEXT(k->client_key_data, "key");
    CHECK_EQUAL_TEXT(k->token, "abc");
    CHECK_EQUAL_TEXT(k->token_file, "/etc/k/token");
    CHECK_EQUAL_TEXT(k->username, "u");
    CHECK_EQUAL_TEXT(k->password, "p: #");
}

TEST(reads_a_context_by_name)
{
    struct world world = read_sized(whole, "other", SPACE_BYTES);
    CHECK_EQUAL_U64(world.error, 0);
    CHECK_EQUAL_TEXT(world.kubeconfig.server, "http://127.0.0.1:8080");
    CHECK(world.kubeconfig.insecure);
    CHECK_EQUAL_TEXT(world.kubeconfig.token, "");
    world = read_sized(whole, "third", SPACE_BYTES);
    CHECK_EQUAL_TEXT(world.reason, "/etc/k/config line 5: contexts has none "
                                   "with the name \"third\"");
}

#define CONFIG(cluster, user)                                                                      \
    "current-context: c\n"                                                                         \
    "contexts: [{name: c, context: {cluster: k, user: u}}]\n"                                      \
    "clusters: [{name: k, cluster: {" cluster "}}]\n"                                              \
    "users: [{name: u, user: {" user "}}]\n"
#define SERVER "server: \"https://h\""

TEST(reads_files_json_and_nulls)
{
    struct world world =
        read_config(CONFIG(SERVER ", certificate-authority: ca.pem",
                           "client-certificate: /a/cert.pem, client-key: ../key.pem, "
                           "token: null, username: ~"));
    CHECK_EQUAL_TEXT(world.reason, "");
    CHECK_EQUAL_TEXT(world.kubeconfig.ca_file, "/etc/k/ca.pem");
    CHECK_EQUAL_TEXT(world.kubeconfig.client_certificate_file, "/a/cert.pem");
    CHECK_EQUAL_TEXT(world.kubeconfig.client_key_file, "/etc/k/../key.pem");
    CHECK_EQUAL_TEXT(world.kubeconfig.token, "");
    world = read_config("{\"current-context\":\"c\",\"contexts\":[{\"name\":"
                        "\"c\",\"context\":{\"cluster\":\"k\"}}],\"clusters\":"
                        "[{\"name\":\"k\",\"cluster\":{\"server\":"
                        "\"https://h\"}}]}");
    CHECK_EQUAL_TEXT(world.reason, "");
    CHECK_EQUAL_TEXT(world.kubeconfig.server, "https://h");
}

TEST(refuses_with_a_sentence)
{
    static const struct {
        const char *content;
        int error;
        const char *sentence;
    } rows[] = {
        {"", -ERR_BAD_CONFIG,
         "/etc/k/config: the file is no kubeconfig: it must be a mapping with "
         "clusters, users and contexts"},
        {"- a\n", -ERR_BAD_CONFIG,
         "/etc/k/config line 1: the file is no kubeconfig: it must be a "
         "mapping with clusters, users and contexts"},
        {"a: b\n c: d\n", -ERR_BAD_CONFIG,
         "/etc/k/config line 2: the file is not valid YAML: mapping values are "
         "not allowed in this context"},
        {"a: b\n", -ERR_BAD_CONFIG,
         "/etc/k/config: current-context is missing: set it, or name a "
         "context"},
        {"current-context: c\n", -ERR_BAD_CONFIG,
         "/etc/k/config: contexts has none with the name \"c\""},
        {"current-context: c\ncontexts: {}\n", -ERR_BAD_CONFIG,
         "/etc/k/config line 2: contexts must be a list"},
        {"current-context: [c]\n", -ERR_BAD_CONFIG,
         "/etc/k/config line 1: current-context must be a single text"},
        {"current-context: c\ncurrent-context: d\n", -ERR_BAD_CONFIG,
         "/etc/k/config line 2: current-context stands here a second time"},
        {CONFIG("", ""), -ERR_BAD_CONFIG,
         "/etc/k/config line 3: server is missing: it is the URL of the API "
         "server"},
        {CONFIG("server: h", ""), -ERR_BAD_CONFIG,
         "/etc/k/config line 3: server must start with https:// or http://"},
        {CONFIG(SERVER ", proxy-url: \"http://p\"", ""), -ERR_UNSUPPORTED,
         "/etc/k/config line 3: proxy-url is not supported: the API server "
         "must be reachable without a proxy"},
        {CONFIG(SERVER ", certificate-authority-data: \"!\"", ""), -ERR_BAD_CONFIG,
         "/etc/k/config line 3: certificate-authority-data is not valid "
         "base64"},
        {CONFIG(SERVER ", insecure-skip-tls-verify: maybe", ""), -ERR_BAD_CONFIG,
         "/etc/k/config line 3: insecure-skip-tls-verify must be true or "
         "false"},
        {CONFIG(SERVER ", certificate-authority: c, "
                       "insecure-skip-tls-verify: true",
                ""),
         -ERR_BAD_CONFIG,
         "/etc/k/config line 3: insecure-skip-tls-verify and a "
         "certificate-authority exclude each other: remove one of them"},
        {CONFIG(SERVER, "exec: {command: aws}"), -ERR_UNSUPPORTED,
         "/etc/k/config line 4: exec (a login by a helper program) is not "
         "supported; make a service account and use its token instead: "
         "`skerry rbac` prints the manifest"},
        {CONFIG(SERVER, "auth-provider: {name: gcp}"), -ERR_UNSUPPORTED,
         "/etc/k/config line 4: auth-provider (a login by a cloud provider) "
         "is not supported; make a service account and use its token instead: "
         "`skerry rbac` prints the manifest"},
        {CONFIG(SERVER, "client-certificate: c"), -ERR_BAD_CONFIG,
         "/etc/k/config line 4: client-key is missing beside the "
         "client-certificate"},
        {CONFIG(SERVER, "client-key-data: a2V5"), -ERR_BAD_CONFIG,
         "/etc/k/config line 4: client-certificate is missing beside the "
         "client-key"},
        {CONFIG(SERVER, "token: {a: b}"), -ERR_BAD_CONFIG,
         "/etc/k/config line 4: token must be a single text"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct world world = read_config(rows[i].content);
        CHECK_EQUAL_TEXT(world.reason, rows[i].sentence);
        CHECK_EQUAL_U64(world.error, rows[i].error);
    }
}

// With any workspace it is read, or refused with a sentence.
TEST(says_when_there_is_no_room)
{
    size_t good = 0;
    for (size_t bytes = 0; bytes < 1024; bytes += 8) {
        struct world world = read_sized(whole, "", bytes);
        good += world.error == 0;
        CHECK(world.error == 0 || world.reason.size > 0);
    }
    CHECK(good > 10 && good < 120);
}

TEST(survives_aliases_and_nesting)
{
    struct world world =
        read_config("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"
                    "current-context: c\ncontexts: [*c, {name: c, context: *b}]\n");
    CHECK_EQUAL_TEXT(world.reason, "/etc/k/config line 2: cluster is missing "
                                   "in this context");
    char deep[4001];
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    CHECK_EQUAL_U64(read_config(deep).error, -ERR_BAD_CONFIG);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"reads_the_current_context", reads_the_current_context},
        {"reads_a_context_by_name", reads_a_context_by_name},
        {"reads_files_json_and_nulls", reads_files_json_and_nulls},
        {"refuses_with_a_sentence", refuses_with_a_sentence},
        {"says_when_there_is_no_room", says_when_there_is_no_room},
        {"survives_aliases_and_nesting", survives_aliases_and_nesting},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
