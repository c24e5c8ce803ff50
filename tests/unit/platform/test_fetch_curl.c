#include "../test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/certificates.h"
#include "platform/fake_server.h"
#include "platform/fetch_curl.h"

#define BODY_MAX (2 << 20)

static unsigned char memory[4 << 20] __attribute__((aligned(16)));
static struct fetch *net;
static struct fake_server server;
static struct fetch_curl_caps caps;

// One request and what came of it.
struct call {
    struct fetch_request request;
    fetch_id id;
    unsigned done;  // how often on_done was called
    int error;
    long status;
    int64_t retry_after_ms;
    unsigned heads;
    bool pausing;   // the next bytes are not taken
    unsigned pauses;
    int head_result;
    int bytes_result;
    bool cancels_itself;
    struct call *starts;  // when done
    size_t size;
    char detail[512];
    char body[BODY_MAX];
};

static struct call calls[4];

static struct mono_ns
now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (struct mono_ns){(int64_t)time.tv_sec * NS_PER_S + time.tv_nsec};
}

static int
on_head(void *context, long status, int64_t retry_after_ms)
{
    struct call *call = context;
    call->heads++;
    call->status = status;
    call->retry_after_ms = retry_after_ms;
    return call->head_result;
}

static int
on_bytes(void *context, const void *bytes, size_t size)
{
    struct call *call = context;
    CHECK(call->done == 0 && call->heads == 1);
    if (call->pausing) {
        call->pausing = false;
        call->pauses++;
        return FETCH_PAUSE;
    }
    if (call->cancels_itself) {
        fetch_cancel(net, call->id, -ERR_BUSY);
    }
    CHECK(call->size + size < BODY_MAX);
    memcpy(call->body + call->size, bytes, size);
    call->size += size;
    call->body[call->size] = '\0';
    return call->bytes_result;
}

static void
on_done(void *context, int error, struct text detail)
{
    struct call *call = context;
    call->done++;
    call->error = -error;
    CHECK((error == 0) == (detail.size == 0));
    snprintf(call->detail, sizeof call->detail, TEXT_FORMAT, TEXT_ARGS(detail));
    if (call->starts != NULL) {
        CHECK_EQUAL_U64(fetch_start(net, &call->starts->request, &call->starts->id), 0);
    }
}

static void
begin_with(const struct fake_server_config *config)
{
    struct arena arena;
    fake_server_start(&server, config);
    if (caps.transfers == 0) {
        caps = (struct fetch_curl_caps){.transfers = 3, .connections = 4, .handshakes = 4,
                                        .identities = 3, .wake_fd = -1};
    }
    memset(memory, 0, sizeof memory);
    arena_init(&arena, memory, sizeof memory);
    CHECK_EQUAL_U64(fetch_curl_init(&arena, &caps, &net), 0);
    CHECK_EQUAL_U64(arena.used, fetch_curl_footprint(&caps));
}

static void
begin(void)
{
    begin_with(&(struct fake_server_config){0});
}

static void
begin_tls(const char *certificate, const char *key, bool tls12)
{
    begin_with(&(struct fake_server_config){.certificate = certificate, .key = key,
                                            .tls12 = tls12});
}

static void
end(void)
{
    fetch_curl_close(net);
    fake_server_stop(&server);
    caps.transfers = 0;
}

static fetch_identity
identity(enum trust_mode trust)
{
    char text[256];
    fetch_identity id = 0;
    struct out why = out_of(text, sizeof text);
    struct identity_config config = {.trust = trust, .ca_pem = TEXT(AUTHORITY_PEM)};
    CHECK_EQUAL_U64(net->ops->identity_add(net, &config, &id, &why), 0);
    return id;
}

static struct call *
prepare(int which, const char *path, fetch_identity id)
{
    struct call *call = &calls[which];
    memset(call, 0, sizeof *call);
    call->request = (struct fetch_request){
        .method = TEXT("GET"),
        .scheme = id != 0 ? TEXT("https") : TEXT("http"),
        .host = TEXT("127.0.0.1"),
        .port = server.port,
        .server_name = TEXT("node-1"),
        .path = text_of(path),
        .identity = id,
        .connect_timeout_ms = 5000,
        .total_timeout_ms = 10000,
        .keep_alive = true,
        .context = call,
        .on_head = on_head,
        .on_bytes = on_bytes,
        .on_done = on_done,
    };
    return call;
}

static void
start(struct call *call)
{
    CHECK_EQUAL_U64(fetch_start(net, &call->request, &call->id), 0);
    CHECK(call->id != 0);
}

static void
finish(struct call *call)
{
    struct mono_ns limit = mono_add_ms(now(), 20000);
    while (call->done == 0) {
        CHECK(mono_before(now(), limit));
        CHECK_EQUAL_U64(fetch_step(net, limit), 0);
    }
    CHECK_EQUAL_U64(call->done, 1);
}

static struct call *
get(const char *path, fetch_identity id)
{
    struct call *call = prepare(0, path, id);
    start(call);
    finish(call);
    return call;
}

static struct fetch_use
use(void)
{
    struct fetch_use result;
    net->ops->use(net, &result);
    return result;
}

static bool
is_pattern(const struct call *call, size_t size)
{
    for (size_t i = 0; i < call->size; i++) {
        if (call->body[i] != (char)(i % 251)) {
            return false;
        }
    }
    return call->size == size;
}

static void
check_detail(const struct call *call, const char *part)
{
    if (strstr(call->detail, part) == NULL) {
        test_fail(__FILE__, __LINE__, call->detail);
    }
}

TEST(plain_requests_share_a_connection)
{
    begin();
    for (int i = 0; i < 5; i++) {
        struct call *call = get("/ok", 0);
        CHECK_EQUAL_U64(call->error, 0);
        CHECK_EQUAL_U64(call->status, 200);
        CHECK_EQUAL_TEXT(text_of(call->body), "hello");
    }
    CHECK_EQUAL_U64(use().connections_opened_total, 1);
    CHECK_EQUAL_U64(use().transfers, 0);
    CHECK_EQUAL_U64(use().transfers_peak, 1);
    struct call *call = prepare(0, "/ok", 0);
    call->request.keep_alive = false;
    start(call);
    finish(call);
    get("/ok", 0);
    CHECK(use().connections_opened_total >= 2);
    end();
}

TEST(bodies_arrive_as_they_are)
{
    begin();
    CHECK(is_pattern(get("/bytes/0", 0), 0));
    CHECK(is_pattern(get("/bytes/1000000", 0), 1000000));
    CHECK(is_pattern(get("/chunked/123456", 0), 123456));
    end();
}

static void
parked_connections(bool tls12)
{
    begin_tls(NODE_PEM, NODE_KEY, tls12);
    fetch_identity id = identity(TRUST_VERIFY);
    for (int i = 0; i < 5; i++) {
        CHECK(is_pattern(get("/bytes/100000", id), 100000));
        CHECK(is_pattern(get("/chunked/50000", id), 50000));
        CHECK_EQUAL_U64(get("/bytes/0", id)->error, 0);
    }
    CHECK_EQUAL_U64(use().connections_opened_total, 1);
    CHECK_EQUAL_U64(use().handshakes_full_total, 1);
    end();
}

TEST(parked_connections_tls13)
{
    parked_connections(false);
}

TEST(parked_connections_tls12)
{
    parked_connections(true);
}

static void
resumed(bool tls12)
{
    begin_with(&(struct fake_server_config){.certificate = NODE_PEM, .key = NODE_KEY,
                                            .tls12 = tls12, .requests_limit = 2});
    fetch_identity id = identity(TRUST_VERIFY);
    for (int i = 0; i < 10; i++) {
        CHECK(is_pattern(get("/bytes/3000", id), 3000));
    }
    CHECK_EQUAL_U64(use().handshakes_full_total, 1);
    CHECK(use().handshakes_resumed_total >= 4);
    end();
}

TEST(sessions_are_resumed_tls13)
{
    resumed(false);
}

TEST(sessions_are_resumed_tls12)
{
    resumed(true);
}

TEST(either_the_name_or_the_address_is_enough)
{
    begin_tls(ADDRESS_PEM, ADDRESS_KEY, false);
    fetch_identity id = identity(TRUST_VERIFY);
    CHECK_EQUAL_U64(get("/ok", id)->error, 0);
    struct call *call = prepare(0, "/ok", id);
    call->request.server_name = TEXT("");
    start(call);
    finish(call);
    CHECK_EQUAL_U64(call->error, 0);
    end();
    begin_tls(NODE_PEM, NODE_KEY, false);
    id = identity(TRUST_VERIFY);
    call = prepare(0, "/ok", id);
    call->request.server_name = TEXT("node-2");
    start(call);
    finish(call);
    CHECK_EQUAL_U64(call->error, ERR_CERTIFICATE);
    check_detail(call, "names neither");
    check_detail(call, "127.0.0.1:");
    CHECK_EQUAL_U64(call->size, 0);
    end();
}

TEST(a_strict_name_is_the_only_one)
{
    begin_tls(ADDRESS_PEM, ADDRESS_KEY, false);
    struct call *call = prepare(0, "/ok", identity(TRUST_VERIFY));
    call->request.strict_name = true;
    start(call);
    finish(call);
    CHECK_EQUAL_U64(call->error, ERR_CERTIFICATE);
    CHECK_EQUAL_U64(call->size, 0);
    end();
}

TEST(untrusted_certificates)
{
    begin_tls(STRANGER_PEM, STRANGER_KEY, false);
    struct call *call = get("/ok", identity(TRUST_VERIFY));
    CHECK_EQUAL_U64(call->error, ERR_CERTIFICATE);
    check_detail(call, "not signed by the given authority");
    CHECK_EQUAL_U64(get("/ok", identity(TRUST_INSECURE))->error, 0);
    end();
    begin_tls(EXPIRED_PEM, EXPIRED_KEY, true);
    call = get("/ok", identity(TRUST_VERIFY));
    CHECK_EQUAL_U64(call->error, ERR_CERTIFICATE);
    check_detail(call, "expired");
    CHECK_EQUAL_U64(get("/ok", identity(TRUST_INSECURE))->error, 0);
    end();
}

TEST(pins)
{
    struct fingerprint pin = {0};
    begin_tls(STRANGER_PEM, STRANGER_KEY, false);
    fetch_identity id = identity(TRUST_PIN);
    for (int i = 0; i < 2; i++) {
        struct call *call = prepare(0, "/ok", id);
        call->request.pin = &pin;
        call->request.keep_alive = false;
        start(call);
        finish(call);
        CHECK_EQUAL_U64(call->error, 0);
        CHECK(pin.known);
    }
    pin.sha256[7] ^= 1;
    struct fingerprint before = pin;
    struct call *call = prepare(0, "/ok", id);
    call->request.pin = &pin;
    start(call);
    finish(call);
    CHECK_EQUAL_U64(call->error, ERR_CERTIFICATE_CHANGED);
    CHECK_EQUAL_U64(call->size, 0);
    CHECK(memcmp(&before, &pin, sizeof pin) == 0);
    end();
}

TEST(client_certificates)
{
    char text[256];
    begin_with(&(struct fake_server_config){.certificate = NODE_PEM, .key = NODE_KEY,
                                            .client_authority = AUTHORITY_PEM});
    struct out why = out_of(text, sizeof text);
    fetch_identity nobody = identity(TRUST_VERIFY);
    fetch_identity id = 0;
    struct identity_config config = {
        .trust = TRUST_VERIFY, .ca_pem = TEXT(AUTHORITY_PEM),
        .client_cert_pem = TEXT(CLIENT_PEM), .client_key_pem = TEXT(CLIENT_KEY),
    };
    CHECK_EQUAL_U64(net->ops->identity_add(net, &config, &id, &why), 0);
    // Kept connections of one identity never serve another.
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL_TEXT(text_of(get("/client", nobody)->body), "none");
        CHECK_EQUAL_TEXT(text_of(get("/client", id)->body), "CN=collector");
    }
    CHECK_EQUAL_U64(use().connections_opened_total, 2);
    // Renewed material serves new connections; broken material changes nothing.
    CHECK_EQUAL_U64(net->ops->identity_replace(net, id, &config, &why), 0);
    config.client_key_pem = TEXT(NODE_KEY);
    CHECK_EQUAL_U64(net->ops->identity_replace(net, id, &config, &why), -ERR_BAD_CONFIG);
    CHECK(strstr(out_c_string(&why), "does not belong") != NULL);
    struct call *call = prepare(0, "/client", id);
    call->request.keep_alive = false;
    start(call);
    finish(call);
    CHECK_EQUAL_TEXT(text_of(call->body), "CN=collector");
    for (int i = 0; i < 20; i++) {
        config.client_key_pem = TEXT(CLIENT_KEY);
        CHECK_EQUAL_U64(net->ops->identity_replace(net, id, &config, &why), 0);
    }
    end();
}

TEST(bad_material_is_explained)
{
    static const struct {
        const char *ca, *certificate, *key, *says;
    } rows[] = {
        {"nonsense", "", "", "certificate authority cannot be used"},
        {AUTHORITY_PEM, "nonsense", CLIENT_KEY, "client certificate cannot be used"},
        {AUTHORITY_PEM, CLIENT_PEM, "nonsense", "client key cannot be used"},
        {AUTHORITY_PEM, CLIENT_PEM, "", "client key cannot be used"},
    };
    begin();
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char text[256];
        fetch_identity id = 0;
        struct out why = out_of(text, sizeof text);
        struct identity_config config = {
            .trust = TRUST_VERIFY, .ca_pem = text_of(rows[i].ca),
            .client_cert_pem = text_of(rows[i].certificate),
            .client_key_pem = text_of(rows[i].key),
        };
        CHECK_EQUAL_U64(net->ops->identity_add(net, &config, &id, &why), -ERR_BAD_CONFIG);
        CHECK_EQUAL_U64(id, 0);
        CHECK(strstr(out_c_string(&why), rows[i].says) != NULL);
    }
    identity(TRUST_VERIFY);
    identity(TRUST_PIN);
    identity(TRUST_INSECURE);
    char text[256];
    fetch_identity id = 0;
    struct out why = out_of(text, sizeof text);
    struct identity_config config = {.trust = TRUST_INSECURE};
    CHECK_EQUAL_U64(net->ops->identity_add(net, &config, &id, &why), -ERR_TOO_MANY);
    end();
}

TEST(what_is_sent)
{
    begin();
    struct call *call = prepare(0, "/echo", 0);
    call->request.bearer = TEXT("very-secret");
    call->request.accept = TEXT("application/json");
    start(call);
    finish(call);
    CHECK(strstr(call->body, "very-secret") == NULL);  // not in the clear
    CHECK(strstr(call->body, "GET /echo HTTP/1.1\r\n") != NULL);
    CHECK(strstr(call->body, "Host: node-1:") != NULL);
    CHECK(strstr(call->body, "Accept: application/json\r\n") != NULL);
    CHECK(strstr(call->body, "Accept-Encoding") == NULL);
    CHECK(strstr(call->body, "Expect") == NULL);
    CHECK(strstr(call->body, "Cookie") == NULL);
    CHECK(strstr(get("/echo", 0)->body, "Accept:") == NULL);
    call = prepare(0, "/post", 0);
    call->request.method = TEXT("POST");
    call->request.body = TEXT("{\"a\":1}");
    start(call);
    finish(call);
    CHECK_EQUAL_TEXT(text_of(call->body), "{\"a\":1}");
    call = prepare(0, "/echo", 0);
    call->request.method = TEXT("PUT");
    call->request.body = TEXT("{}");
    start(call);
    finish(call);
    CHECK(strstr(call->body, "PUT /echo HTTP/1.1\r\n") != NULL);
    CHECK(strstr(call->body, "Content-Length: 2\r\n") != NULL);
    CHECK(strstr(get("/echo", 0)->body, "GET /echo") != NULL);  // and back
    end();
    begin_tls(NODE_PEM, NODE_KEY, false);
    call = prepare(0, "/echo", identity(TRUST_VERIFY));
    call->request.bearer = TEXT("very-secret");
    start(call);
    finish(call);
    CHECK(strstr(call->body, "Authorization: Bearer very-secret\r\n") != NULL);
    end();
}

TEST(no_proxy_of_the_environment)
{
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    begin();
    CHECK_EQUAL_U64(get("/ok", 0)->error, 0);
    end();
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

TEST(any_status_is_an_answer)
{
    static const long statuses[] = {201, 302, 401, 429, 500, 503, 999};
    begin();
    for (size_t i = 0; i < ARRAY_COUNT(statuses); i++) {
        char path[32];
        snprintf(path, sizeof path, "/status/%ld", statuses[i]);
        struct call *call = get(path, 0);
        CHECK_EQUAL_U64(call->error, 0);
        CHECK_EQUAL_U64(call->status, statuses[i]);
        CHECK_EQUAL_U64(call->retry_after_ms, 7000);
        CHECK_EQUAL_TEXT(text_of(call->body), "said");
    }
    CHECK_EQUAL_U64(use().connections_opened_total, 1);
    end();
}

TEST(transport_errors)
{
    begin();
    CHECK_EQUAL_U64(get("/reset", 0)->error, ERR_RESET);
    CHECK_EQUAL_U64(get("/short", 0)->error, ERR_RESET);
    CHECK_EQUAL_U64(get("/garbage", 0)->error, ERR_HTTP_OTHER);
    CHECK_EQUAL_U64(get("/bighead", 0)->error, ERR_TOO_LARGE);
    struct call *call = prepare(0, "/ok", 0);
    call->request.port = 1;
    start(call);
    finish(call);
    CHECK_EQUAL_U64(call->error, ERR_CONNECT);
    check_detail(call, "127.0.0.1:1:");
    CHECK_EQUAL_U64(get("/ok", 0)->error, 0);
    end();
    begin_tls(NODE_PEM, NODE_KEY, false);
    CHECK(get("/ok", 0)->error != 0);  // plain HTTP to a TLS port
    end();
}

static void
times_out(const char *path, fetch_identity id, int64_t connect, int64_t first, int64_t idle,
          int64_t total, const char *says)
{
    struct call *call = prepare(0, path, id);
    call->request.connect_timeout_ms = connect;
    call->request.first_byte_timeout_ms = first;
    call->request.idle_timeout_ms = idle;
    call->request.total_timeout_ms = total;
    struct mono_ns before = now();
    start(call);
    finish(call);
    CHECK_EQUAL_U64(call->error, ERR_TIMEOUT);
    check_detail(call, says);
    int64_t ms = mono_ms_between(before, now());
    CHECK(ms >= 140);
    CHECK(ms < 4000);
}

TEST(timeouts)
{
    begin();
    times_out("/hang", 0, 5000, 150, 0, 0, "waiting for the answer to begin");
    times_out("/hang", 0, 5000, 0, 0, 150, "not complete");
    times_out("/pause", 0, 5000, 0, 150, 0, "paused too long");
    times_out("/slow", 0, 5000, 1000, 1000, 300, "not complete");
    CHECK_EQUAL_U64(get("/ok", 0)->error, 0);
    end();
    begin_with(&(struct fake_server_config){.silent = true});
    times_out("/ok", identity(TRUST_INSECURE), 150, 0, 0, 0, "while connecting");
    end();
}

TEST(a_paused_one_goes_on_after_resume)
{
    begin_tls(NODE_PEM, NODE_KEY, false);
    fetch_identity id = identity(TRUST_VERIFY);
    for (int i = 0; i < 3; i++) {
        struct call *call = prepare(0, "/bytes/200000", id);
        call->pausing = true;
        start(call);
        while (call->pauses == 0) {
            fetch_step(net, mono_add_ms(now(), 1000));
        }
        // Another request meanwhile.
        struct call *other = prepare(1, "/ok", id);
        start(other);
        finish(other);
        CHECK_EQUAL_U64(other->error, 0);
        call->pausing = i == 2;  // paused once more right after
        fetch_resume(net, call->id);
        while (call->done == 0) {
            fetch_step(net, mono_add_ms(now(), 1000));
            if (call->pauses == 2) {
                call->pauses++;
                fetch_resume(net, call->id);
            }
        }
        CHECK_EQUAL_U64(call->error, 0);
        CHECK(is_pattern(call, 200000));
    }
    end();
}

TEST(cancelling)
{
    begin();
    struct call *call = prepare(0, "/ok", 0);
    start(call);
    fetch_cancel(net, call->id, -ERR_BAD_CONFIG);  // before it began
    fetch_cancel(net, call->id, -ERR_IO);
    CHECK_EQUAL_U64(call->done, 0);
    finish(call);
    CHECK_EQUAL_U64(call->error, ERR_BAD_CONFIG);
    fetch_cancel(net, call->id, 0);  // it is over
    call = prepare(0, "/hang", 0);
    start(call);
    fetch_step(net, mono_add_ms(now(), 50));
    fetch_cancel(net, call->id, 0);
    finish(call);
    CHECK_EQUAL_U64(call->error, ERR_TIMEOUT);
    call = prepare(0, "/bytes/500000", 0);
    call->cancels_itself = true;
    start(call);
    finish(call);
    CHECK_EQUAL_U64(call->error, ERR_BUSY);
    call = prepare(0, "/ok", 0);
    call->head_result = -ERR_UNSUPPORTED;
    start(call);
    finish(call);
    CHECK_EQUAL_U64(call->error, ERR_UNSUPPORTED);
    CHECK_EQUAL_U64(call->size, 0);
    call = prepare(0, "/bytes/500000", 0);
    call->bytes_result = -ERR_MALFORMED;
    start(call);
    finish(call);
    CHECK_EQUAL_U64(call->error, ERR_MALFORMED);
    CHECK_EQUAL_U64(use().transfers, 0);
    end();
}

TEST(full_and_free_again)
{
    begin();
    for (int i = 0; i < 3; i++) {
        start(prepare(i, "/hang", 0));
    }
    struct call *call = prepare(3, "/ok", 0);
    CHECK_EQUAL_U64(fetch_start(net, &call->request, &call->id), -ERR_BUSY);
    calls[1].starts = call;  // from within on_done
    fetch_cancel(net, calls[1].id, 0);
    finish(call);
    CHECK_EQUAL_U64(call->error, 0);
    CHECK_EQUAL_U64(calls[1].done, 1);
    end();
}

TEST(handshakes_are_limited)
{
    caps = (struct fetch_curl_caps){.transfers = 3, .connections = 4, .handshakes = 1,
                                    .identities = 1, .wake_fd = -1};
    begin_with(&(struct fake_server_config){.silent = true});
    fetch_identity id = identity(TRUST_INSECURE);
    struct call *first = prepare(0, "/ok", id);
    first->request.server_name = TEXT("a");
    start(first);
    fetch_step(net, mono_add_ms(now(), 100));
    fetch_step(net, mono_add_ms(now(), 100));
    struct call *second = prepare(1, "/ok", id);
    start(second);
    finish(second);
    CHECK_EQUAL_U64(second->error, ERR_BUSY);
    fetch_cancel(net, first->id, 0);
    finish(first);
    struct call *third = prepare(2, "/ok", id);
    third->request.connect_timeout_ms = 150;
    start(third);
    finish(third);
    CHECK_EQUAL_U64(third->error, ERR_TIMEOUT);
    end();
}

TEST(hosts_and_paths_are_checked)
{
    static const char *const hosts[] = {"", "a b", "a/b", "u@h", "h?x", "a\r\nb", "[::1]"};
    static const char *const paths[] = {"", "ok", "/a b", "/a\r\nX: y", "/\xff"};
    begin();
    for (size_t i = 0; i < ARRAY_COUNT(hosts); i++) {
        struct call *call = prepare(0, "/ok", 0);
        call->request.host = text_of(hosts[i]);
        CHECK_EQUAL_U64(fetch_start(net, &call->request, &call->id), -ERR_BAD_CONFIG);
    }
    for (size_t i = 0; i < ARRAY_COUNT(paths); i++) {
        struct call *call = prepare(0, paths[i], 0);
        CHECK_EQUAL_U64(fetch_start(net, &call->request, &call->id), -ERR_BAD_CONFIG);
    }
    CHECK_EQUAL_U64(use().transfers, 0);
    end();
}

// Paused, cancelled, all mixed: every answer that comes is the right one.
TEST(random_requests)
{
    uint64_t seed = test_seed();
    unsigned good = 0;
    begin_tls(NODE_PEM, NODE_KEY, false);
    fetch_identity id = identity(TRUST_VERIFY);
    for (int round = 0; round < 60; round++) {
        size_t sizes[3];
        for (int i = 0; i < 3; i++) {
            static char paths[3][32];
            sizes[i] = test_random_below(&seed, 60000);
            snprintf(paths[i], sizeof paths[i], "/bytes/%zu", sizes[i]);
            struct call *call = prepare(i, paths[i], id);
            call->pausing = test_random_below(&seed, 4) == 0;
            start(call);
        }
        for (int i = 0; i < 3; i++) {
            while (calls[i].done == 0) {
                fetch_step(net, mono_add_ms(now(), 1000));
                if (test_random_below(&seed, 50) == 0) {
                    fetch_cancel(net, calls[i].id, -ERR_IO);
                }
                for (int j = 0; j < 3; j++) {
                    if (calls[j].pauses != 0) {
                        calls[j].pauses = 0;
                        fetch_resume(net, calls[j].id);
                    }
                }
            }
            CHECK_EQUAL_U64(calls[i].done, 1);
            if (calls[i].error != 0 && calls[i].error != ERR_IO) {
                test_fail(__FILE__, __LINE__, calls[i].detail);
            }
            if (calls[i].error == 0) {
                CHECK(is_pattern(&calls[i], sizes[i]));
                good++;
            }
        }
    }
    CHECK(good > 100);
    CHECK_EQUAL_U64(use().transfers, 0);
    end();
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"plain_requests_share_a_connection", plain_requests_share_a_connection},
        {"bodies_arrive_as_they_are", bodies_arrive_as_they_are},
        {"parked_connections_tls13", parked_connections_tls13},
        {"parked_connections_tls12", parked_connections_tls12},
        {"sessions_are_resumed_tls13", sessions_are_resumed_tls13},
        {"sessions_are_resumed_tls12", sessions_are_resumed_tls12},
        {"either_the_name_or_the_address_is_enough", either_the_name_or_the_address_is_enough},
        {"a_strict_name_is_the_only_one", a_strict_name_is_the_only_one},
        {"untrusted_certificates", untrusted_certificates},
        {"pins", pins},
        {"client_certificates", client_certificates},
        {"bad_material_is_explained", bad_material_is_explained},
        {"what_is_sent", what_is_sent},
        {"no_proxy_of_the_environment", no_proxy_of_the_environment},
        {"any_status_is_an_answer", any_status_is_an_answer},
        {"transport_errors", transport_errors},
        {"timeouts", timeouts},
        {"a_paused_one_goes_on_after_resume", a_paused_one_goes_on_after_resume},
        {"cancelling", cancelling},
        {"full_and_free_again", full_and_free_again},
        {"handshakes_are_limited", handshakes_are_limited},
        {"hosts_and_paths_are_checked", hosts_and_paths_are_checked},
        {"random_requests", random_requests},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
