// The bridge between a TLS client in this process and the plain socket that the HTTP
// server would have, turn by turn; its clock is the test's.
#include "api/bridge.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../test.h"
#include "platform/certificates.h"
#include "platform/fake_tls_client.h"

#define CLIENTS 3
#define TURNS_MAX 2000
#define MANY_BYTES (600 * 1024)
#define STUCK_TURNS 20

static const struct fake_tls_client_config versions[] = {{.tls12 = true}, {.tls12 = false}};

static unsigned char memory[4 << 20] __attribute__((aligned(16)));
static struct arena arena;
static struct platform_ops ops;
static struct platform platform;
static int64_t now_ms, ms_per_look;
static struct tls_server *tls;
static struct bridge *bridge;
static struct fake_tls_client *client;
static int net;  // the client's end
static int plain[CLIENTS];  // the server's, -1: none
static unsigned gone, failed;
static char many[MANY_BYTES], heard[MANY_BYTES];

static struct mono_ns
look_at_clock(void *state)
{
    (void)state;
    now_ms += ms_per_look;
    return (struct mono_ns){now_ms * NS_PER_MS};
}

static void
note_ready(void *context, uint32_t index, int fd)
{
    (void)context;
    plain[index] = fd;
}

static void
note_gone(void *context, uint32_t index, bool in_handshake)
{
    (void)context;
    (void)index;
    gone++;
    failed += in_handshake ? 1 : 0;
}

static void
begin(const struct fake_tls_client_config *config)
{
    char sentence[200];
    struct out why = out_of(sentence, sizeof sentence);
    const struct tls_server_files files = {TEXT(NODE_PEM), TEXT(NODE_KEY), TEXT(""), TEXT("")};
    const struct bridge_events events = {NULL, note_ready, note_gone};
    if (arena.size == 0) {
        arena_init(&arena, memory, sizeof memory);
    }
    ops.mono_now = look_at_clock;
    platform.ops = &ops;
    ms_per_look = 0;
    gone = failed = 0;
    for (unsigned i = 0; i < CLIENTS; i++) {
        plain[i] = -1;
    }
    CHECK(tls_server_init(&tls, &arena, CLIENTS, &why) == 0);
    CHECK(tls_server_load(tls, &files, &why) == 0);
    CHECK(bridge_init(&bridge, &arena, CLIENTS, &platform, tls, &events) == 0);
    client = fake_tls_client_make(config);
}

static void
end(void)
{
    CHECK(close(bridge_descriptor(bridge)) == 0);
}

static void
connect_client(uint32_t index)
{
    int ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    net = ends[1];
    fake_tls_client_begin(client, net);
    CHECK(bridge_take(bridge, index, ends[0]));
}

// Turns until the client is through with its handshake and the server has its end.
static void
open_client(uint32_t index)
{
    int ours = FAKE_TLS_WAITS;
    for (int i = 0; i < TURNS_MAX && (ours == FAKE_TLS_WAITS || plain[index] < 0); i++) {
        ours = ours == FAKE_TLS_WAITS ? fake_tls_client_shake(client) : ours;
        bridge_step(bridge);
    }
    CHECK(ours == 0 && plain[index] >= 0);
}

// The client goes, and the server with it.
static void
leave(uint32_t index)
{
    unsigned before = gone;
    CHECK(close(net) == 0);
    CHECK(plain[index] < 0 || close(plain[index]) == 0);
    plain[index] = -1;
    for (int i = 0; i < TURNS_MAX && gone == before; i++) {
        bridge_step(bridge);
    }
    CHECK_EQUAL_U64(gone, before + 1);
    CHECK(!bridge_is_busy(bridge));
}

static void
fill_many(void)
{
    for (size_t i = 0; i < sizeof many; i++) {
        many[i] = (char)(i * 7 % 251);
    }
}

// One side writes until nothing goes any more; then the other reads as well, until all
// is there.
static void
pass_many(int plain_fd, bool to_client)
{
    size_t sent = 0;
    size_t got = 0;
    int stuck = 0;
    for (int i = 0; i < 20 * TURNS_MAX && got < sizeof many; i++) {
        size_t left = sizeof many - sent;
        size_t piece = left < 4000 ? left : 4000;
        ssize_t count = piece == 0     ? 0
                        : to_client ? send(plain_fd, many + sent, piece, MSG_DONTWAIT)
                                    : fake_tls_client_write(client, many + sent, piece);
        sent += count > 0 ? (size_t)count : 0;
        stuck += count > 0 ? 0 : 1;
        bridge_step(bridge);
        if (stuck < STUCK_TURNS) {
            continue;
        }
        count = to_client ? fake_tls_client_read(client, heard + got, sizeof heard - got)
                          : recv(plain_fd, heard + got, sizeof heard - got, MSG_DONTWAIT);
        got += count > 0 ? (size_t)count : 0;
    }
    CHECK_EQUAL_U64(got, sizeof many);
    CHECK(memcmp(many, heard, sizeof many) == 0);
}

TEST(bytes_pass_both_ways)
{
    fill_many();
    for (size_t i = 0; i < ARRAY_COUNT(versions); i++) {
        begin(&versions[i]);
        connect_client(1);
        open_client(1);
        pass_many(plain[1], true);
        pass_many(plain[1], false);
        leave(1);
        CHECK_EQUAL_U64(failed, 0);
        end();
    }
}

// The server closes at once behind its last byte: all of it arrives, then the end of
// TLS, then that of the socket, although the client still sends.
TEST(the_servers_end_comes_last)
{
    char bytes[16384];
    size_t got = 0;
    int code = 0;
    begin(&versions[1]);
    connect_client(0);
    open_client(0);
    memset(bytes, 'x', 6000);
    CHECK(send(plain[0], bytes, 6000, MSG_DONTWAIT) == 6000);
    CHECK(close(plain[0]) == 0);
    plain[0] = -1;
    CHECK(fake_tls_client_write(client, "too late", 8) == 8);
    for (int i = 0; i < TURNS_MAX && code != FAKE_TLS_ENDED; i++) {
        bridge_step(bridge);
        code = fake_tls_client_read(client, bytes, sizeof bytes);
        CHECK(code > 0 || code == FAKE_TLS_WAITS || code == FAKE_TLS_ENDED);
        got += code > 0 ? (size_t)code : 0;
    }
    CHECK_EQUAL_U64(got, 6000);
    CHECK(code == FAKE_TLS_ENDED);
    CHECK(recv(net, bytes, sizeof bytes, MSG_DONTWAIT) == 0);
    // It waits for the client, who is in no hurry.
    CHECK_EQUAL_U64(gone, 0);
    leave(0);
    CHECK_EQUAL_U64(failed, 0);
    end();
}

// One that goes on sending when its last answer is out is dropped.
TEST(who_sends_on_is_dropped)
{
    char bytes[4096];
    int code = FAKE_TLS_WAITS;
    begin(&versions[1]);
    connect_client(0);
    open_client(0);
    CHECK(close(plain[0]) == 0);
    plain[0] = -1;
    for (int i = 0; i < TURNS_MAX && code == FAKE_TLS_WAITS; i++) {
        bridge_step(bridge);
        code = fake_tls_client_read(client, bytes, sizeof bytes);
    }
    CHECK(code == FAKE_TLS_ENDED);
    memset(bytes, 'y', sizeof bytes);
    for (int i = 0; i < TURNS_MAX && gone == 0; i++) {
        (void)send(net, bytes, sizeof bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
        bridge_step(bridge);
    }
    CHECK_EQUAL_U64(gone, 1);
    CHECK(close(net) == 0);
    end();
}

TEST(the_clients_end_is_passed_on)
{
    char bytes[16];
    ssize_t got = -1;
    begin(&versions[1]);
    connect_client(2);
    open_client(2);
    CHECK(fake_tls_client_write(client, "last", 4) == 4);
    CHECK(fake_tls_client_close(client) == 0);
    for (int i = 0; i < TURNS_MAX && got < 0; i++) {
        bridge_step(bridge);
        got = recv(plain[2], bytes, sizeof bytes, MSG_DONTWAIT);
    }
    CHECK_EQUAL_U64(got, 4);
    for (int i = 0; i < TURNS_MAX && got != 0; i++) {
        bridge_step(bridge);
        got = recv(plain[2], bytes, sizeof bytes, MSG_DONTWAIT);
    }
    CHECK_EQUAL_U64(got, 0);
    // What is answered all the same arrives.
    CHECK(send(plain[2], "reply", 5, MSG_DONTWAIT) == 5);
    int code = FAKE_TLS_WAITS;
    for (int i = 0; i < TURNS_MAX && code == FAKE_TLS_WAITS; i++) {
        bridge_step(bridge);
        code = fake_tls_client_read(client, bytes, sizeof bytes);
    }
    CHECK_EQUAL_U64(code, 5);
    leave(2);
    end();
}

TEST(handshakes_that_fail)
{
    begin(&versions[1]);
    connect_client(0);
    leave(0);
    CHECK_EQUAL_U64(failed, 1);
    connect_client(0);
    CHECK(send(net, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL) == 18);
    for (int i = 0; i < TURNS_MAX && gone == 1; i++) {
        bridge_step(bridge);
    }
    CHECK_EQUAL_U64(failed, 2);
    CHECK(close(net) == 0);
    connect_client(0);
    bridge_drop(bridge, 0);
    CHECK_EQUAL_U64(failed, 3);
    CHECK(close(net) == 0);
    // The place is as good as before.
    connect_client(0);
    open_client(0);
    leave(0);
    CHECK_EQUAL_U64(failed, 3);
    end();
}

// On a machine whose every step takes longer than a turn, a handshake still comes to
// its end, and the bridge says that it is not through.
TEST(a_turn_has_an_end)
{
    bool was_busy = false;
    int ours = FAKE_TLS_WAITS;
    begin(&versions[0]);
    connect_client(0);
    ms_per_look = 15;
    for (int i = 0; i < TURNS_MAX && (ours == FAKE_TLS_WAITS || plain[0] < 0); i++) {
        ours = ours == FAKE_TLS_WAITS ? fake_tls_client_shake(client) : ours;
        bridge_step(bridge);
        was_busy = was_busy || bridge_is_busy(bridge);
    }
    CHECK(ours == 0 && plain[0] >= 0);
    CHECK(was_busy);
    leave(0);
    end();
}

static void
connect_tcp(uint32_t index, int *server)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    socklen_t size = sizeof to;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(listener, (struct sockaddr *)&to, sizeof to) == 0);
    CHECK(listen(listener, 1) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&to, &size) == 0);
    net = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(net, (struct sockaddr *)&to, sizeof to) == 0);
    *server = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    CHECK(*server >= 0 && close(listener) == 0);
    fake_tls_client_begin(client, net);
    CHECK(bridge_take(bridge, index, *server));
}

static void
set_cork(int on)
{
    CHECK(setsockopt(net, IPPROTO_TCP, TCP_CORK, &on, sizeof on) == 0);
}

// Neither side waits for the other's delayed acknowledgement: the server's socket
// does not, and the client's last word is acknowledged when the handshake is over.
TEST(nobody_waits_for_an_acknowledgement)
{
    for (int visit = 0; visit < 2; visit++) {
        int server;
        int on = 0;
        int unacknowledged = -1;
        int ours = FAKE_TLS_WAITS;
        socklen_t size = sizeof on;
        if (visit == 0) {
            begin(&versions[0]);
        }
        connect_tcp(0, &server);
        CHECK(getsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, &size) == 0);
        CHECK(on != 0);
        for (int i = 0; i < TURNS_MAX && (ours == FAKE_TLS_WAITS || plain[0] < 0); i++) {
            struct pollfd wait[] = {{net, POLLIN, 0}, {server, POLLIN, 0}};
            // All that it says in one segment, as most clients do.
            set_cork(1);
            ours = ours == FAKE_TLS_WAITS ? fake_tls_client_shake(client) : ours;
            set_cork(0);
            bridge_step(bridge);
            bool done = ours == 0 && plain[0] >= 0;
            CHECK(done || poll(wait, ARRAY_COUNT(wait), 10000) > 0);
        }
        CHECK(ours == 0 && plain[0] >= 0);
        CHECK(ioctl(net, SIOCOUTQ, &unacknowledged) == 0);
        CHECK_EQUAL_U64(unacknowledged, 0);
        CHECK(fake_tls_client_keep(client));
        leave(0);
    }
    CHECK(!fake_tls_client_saw_certificate(client));
    end();
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"bytes_pass_both_ways", bytes_pass_both_ways},
        {"the_servers_end_comes_last", the_servers_end_comes_last},
        {"who_sends_on_is_dropped", who_sends_on_is_dropped},
        {"the_clients_end_is_passed_on", the_clients_end_is_passed_on},
        {"handshakes_that_fail", handshakes_that_fail},
        {"a_turn_has_an_end", a_turn_has_an_end},
        {"nobody_waits_for_an_acknowledgement", nobody_waits_for_an_acknowledgement},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
