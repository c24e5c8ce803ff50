// Streams of fetch.h against a real server, plain and over TLS.
#include "../test.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "platform/certificates.h"
#include "platform/fake_server.h"
#include "platform/fetch_curl.h"

// More than the socket takes at once, less than the server keeps.
#define BODY_BYTES 60000
#define WAIT_MS 20000

static unsigned char memory[4 << 20] __attribute__((aligned(16)));
static struct fetch *net;
static struct fake_server server;

static struct stream {
    fetch_id id;
    bool opened;
    bool room;
    unsigned done;
    int error;
    size_t size;
    char bytes[BODY_BYTES + 4096];
} stream;

static struct mono_ns
now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (struct mono_ns){(int64_t)time.tv_sec * NS_PER_S + time.tv_nsec};
}

static void
on_open(void *context)
{
    CHECK(context == &stream && !stream.opened);
    stream.opened = true;
    stream.room = true;
}

static void
on_room(void *context)
{
    (void)context;
    stream.room = true;
}

static int
on_bytes(void *context, const void *bytes, size_t size)
{
    (void)context;
    CHECK(stream.done == 0 && stream.size + size < sizeof stream.bytes);
    memcpy(stream.bytes + stream.size, bytes, size);
    stream.size += size;
    return 0;
}

static void
on_done(void *context, int error, struct text detail)
{
    (void)context;
    CHECK(detail.size > 0);
    stream.done++;
    stream.error = -error;
}

static void
begin(bool tls, uint16_t port)
{
    char text[256];
    struct arena arena;
    struct out why = out_of(text, sizeof text);
    struct fetch_curl_caps caps = {.transfers = 2, .connections = 2, .handshakes = 1,
                                   .identities = 1, .wake_fd = -1, .send_buffer_bytes = 4096};
    struct identity_config config = {.trust = TRUST_VERIFY, .ca_pem = TEXT(AUTHORITY_PEM)};
    fetch_identity id = 0;
    fake_server_start(&server, &(struct fake_server_config){
                                   .certificate = tls ? ADDRESS_PEM : NULL,
                                   .key = tls ? ADDRESS_KEY : NULL,
                                   .requests_limit = 1,
                               });
    memset(memory, 0, sizeof memory);
    arena_init(&arena, memory, sizeof memory);
    CHECK_EQUAL_U64(fetch_curl_init(&arena, &caps, &net), 0);
    CHECK_EQUAL_U64(net->ops->identity_add(net, &config, &id, &why), 0);
    memset(&stream, 0, sizeof stream);
    struct fetch_request request = {
        .method = TEXT("GET"),
        .scheme = tls ? TEXT("https") : TEXT("http"),
        .host = TEXT("127.0.0.1"),
        .port = port != 0 ? port : server.port,
        .path = TEXT("/"),
        .identity = id,
        .connect_timeout_ms = 10000,
        .stream = true,
        .context = &stream,
        .on_open = on_open,
        .on_room = on_room,
        .on_bytes = on_bytes,
        .on_done = on_done,
    };
    CHECK_EQUAL_U64(fetch_start(net, &request, &stream.id), 0);
}

static void
end(void)
{
    fetch_curl_close(net);
    fake_server_stop(&server);
}

static void
step(void)
{
    CHECK_EQUAL_U64(fetch_step(net, mono_add_ms(now(), 100)), 0);
}

static void
send_all(const char *bytes, size_t size)
{
    size_t sent = 0;
    struct mono_ns limit = mono_add_ms(now(), WAIT_MS);
    while (sent < size) {
        CHECK(mono_before(now(), limit) && stream.done == 0);
        if (!stream.room) {
            step();
            continue;
        }
        int64_t taken = fetch_send(net, stream.id, bytes + sent, size - sent);
        CHECK(taken >= 0);
        sent += (size_t)taken;
        stream.room = sent == size;
    }
}

static void
ask_and_hear(bool tls)
{
    static char body[BODY_BYTES];
    struct mono_ns limit = mono_add_ms(now(), WAIT_MS);
    begin(tls, 0);
    while (!stream.opened) {
        CHECK(stream.done == 0 && mono_before(now(), limit));
        step();
    }
    for (size_t i = 0; i < sizeof body; i++) {
        body[i] = (char)('a' + i % 23);
    }
    // The server gives back what it gets up to an empty line.
    send_all("GET /echo HTTP/1.1\r\nX: ", 23);
    send_all(body, sizeof body);
    send_all("\r\n\r\n", 4);
    while (stream.done == 0) {
        CHECK(mono_before(now(), limit));
        step();
    }
    CHECK_EQUAL_U64(stream.done, 1);
    CHECK_EQUAL_U64(stream.error, ERR_RESET);
    CHECK(stream.size > BODY_BYTES);
    CHECK(memcmp(stream.bytes + stream.size - BODY_BYTES - 4, body, BODY_BYTES) == 0);
    CHECK(fetch_send(net, stream.id, "x", 1) == -ERR_RESET);
    CHECK_EQUAL_U64(fetch_unconfirmed(net, stream.id), 0);
    end();
}

TEST(plain)
{
    ask_and_hear(false);
}

TEST(tls)
{
    ask_and_hear(true);
}

TEST(nobody_there)
{
    begin(false, 1);
    while (stream.done == 0) {
        step();
    }
    CHECK(!stream.opened);
    CHECK_EQUAL_U64(stream.error, ERR_CONNECT);
    end();
}

TEST(cancelled)
{
    begin(false, 0);
    while (!stream.opened) {
        step();
    }
    fetch_cancel(net, stream.id, ERR_TIMEOUT);
    step();
    CHECK_EQUAL_U64(stream.done, 1);
    CHECK_EQUAL_U64(stream.error, ERR_TIMEOUT);
    struct fetch_use use;
    net->ops->use(net, &use);
    CHECK_EQUAL_U64(use.transfers, 0);
    end();
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"a plain stream", plain},
        {"a stream over TLS", tls},
        {"nobody is there", nobody_there},
        {"cancelled", cancelled},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
