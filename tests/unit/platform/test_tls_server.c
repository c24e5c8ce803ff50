// The server's side of TLS against a client in the same process, over a pair of
// sockets, each driven as far as it can go: nothing waits.
#include "platform/tls_server.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../test.h"
#include "certificates.h"
#include "fake_tls_client.h"

#define CLIENTS 3
// Turns after which nothing more is expected of a handshake.
#define TURNS_MAX 100

static const struct fake_tls_client_config plain[] = {{.tls12 = true}, {.tls12 = false}};
static const struct fake_tls_client_config known[] = {
    {.tls12 = true, .certificate = CLIENT_PEM, .key = CLIENT_KEY},
    {.tls12 = false, .certificate = CLIENT_PEM, .key = CLIENT_KEY},
};
static const struct fake_tls_client_config strange[] = {
    {.tls12 = true, .certificate = STRANGER_PEM, .key = STRANGER_KEY},
    {.tls12 = false, .certificate = STRANGER_PEM, .key = STRANGER_KEY},
};

// For a server of each case: what one took of the heap is held by it for ever.
static unsigned char memory[4 << 20] __attribute__((aligned(16)));
static struct arena arena;
static char sentence[300];
static struct out why;
static struct tls_server *server;
static struct fake_tls_client *client;
static int ends[2];  // the server's, the client's

static int
load(const char *certificate, const char *key, const char *authority, const char *names)
{
    struct tls_server_files files = {text_of(certificate), text_of(key), text_of(authority),
                                     text_of(names)};
    why = out_of(sentence, sizeof sentence);
    return tls_server_load(server, &files, &why);
}

static void
begin(const char *authority, const char *names)
{
    why = out_of(sentence, sizeof sentence);
    CHECK(tls_server_init(&server, &arena, CLIENTS, &why) == 0);
    CHECK(load(NODE_PEM, NODE_KEY, authority, names) == 0);
}

static void
connect_client(uint32_t index)
{
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    tls_server_begin(server, index, ends[0]);
    fake_tls_client_begin(client, ends[1]);
}

static void
leave(uint32_t index)
{
    tls_server_end(server, index);
    CHECK(close(ends[0]) == 0);
    CHECK(close(ends[1]) == 0);
}

static enum tls_next
shake_server(uint32_t index)
{
    enum tls_next next;
    do {
        next = tls_server_shake(server, index);
    } while (next == TLS_MORE);
    return next;
}

// Both sides in turn until the server is through.
static enum tls_next
shake(uint32_t index)
{
    enum tls_next next = TLS_READ;
    int ours = FAKE_TLS_WAITS;
    for (int i = 0; i < TURNS_MAX && (next == TLS_READ || ours == FAKE_TLS_WAITS); i++) {
        ours = ours == FAKE_TLS_WAITS ? fake_tls_client_shake(client) : ours;
        next = next == TLS_READ ? shake_server(index) : next;
        if (next == TLS_BROKEN) {
            return next;
        }
    }
    return next;
}

// What the server says arrives, and what the client says.
static void
talk(uint32_t index)
{
    char bytes[64];
    size_t count;
    CHECK(tls_server_write(server, index, "hello", 5, &count) == TLS_GOOD);
    CHECK_EQUAL_U64(count, 5);
    CHECK_EQUAL_U64(fake_tls_client_read(client, bytes, sizeof bytes), 5);
    CHECK(memcmp(bytes, "hello", 5) == 0);
    CHECK_EQUAL_U64(fake_tls_client_write(client, "good day", 8), 8);
    CHECK(tls_server_read(server, index, bytes, 4, &count) == TLS_GOOD);
    CHECK_EQUAL_U64(count, 4);
    CHECK(tls_server_has_bytes(server, index));
    CHECK(tls_server_read(server, index, bytes + 4, sizeof bytes - 4, &count) == TLS_GOOD);
    CHECK(memcmp(bytes, "good day", 8) == 0);
    CHECK(tls_server_read(server, index, bytes, sizeof bytes, &count) == TLS_READ);
}

TEST(bytes_and_ends_pass)
{
    char bytes[8];
    size_t count;
    for (size_t i = 0; i < ARRAY_COUNT(plain); i++) {
        begin("", "");
        client = fake_tls_client_make(&plain[i]);
        connect_client(1);
        CHECK(shake(1) == TLS_GOOD);
        CHECK(fake_tls_client_saw_certificate(client));
        CHECK(!tls_server_is_known(server, 1));
        talk(1);
        CHECK(tls_server_close(server, 1) == TLS_GOOD);
        CHECK(fake_tls_client_read(client, bytes, sizeof bytes) == FAKE_TLS_ENDED);
        CHECK(fake_tls_client_close(client) == 0);
        CHECK(tls_server_read(server, 1, bytes, sizeof bytes, &count) == TLS_END);
        leave(1);
        // Its place is as good as new.
        connect_client(1);
        CHECK(shake(1) == TLS_GOOD);
        talk(1);
        leave(1);
    }
}

// By a ticket until the certificate is another one.
TEST(comes_back_by_ticket)
{
    for (size_t i = 0; i < ARRAY_COUNT(plain); i++) {
        begin("", "");
        client = fake_tls_client_make(&plain[i]);
        for (int visit = 0; visit < 3; visit++) {
            connect_client(0);
            CHECK(shake(0) == TLS_GOOD);
            CHECK_EQUAL_U64(fake_tls_client_saw_certificate(client), visit == 0);
            talk(0);
            CHECK(fake_tls_client_keep(client));
            leave(0);
        }
        CHECK(load(NODE_PEM, NODE_KEY, "", "") == 0);
        connect_client(0);
        CHECK(shake(0) == TLS_GOOD);
        CHECK(fake_tls_client_saw_certificate(client));
        leave(0);
    }
}

TEST(authority_of_clients)
{
    for (size_t i = 0; i < ARRAY_COUNT(plain); i++) {
        begin(AUTHORITY_PEM, "somebody, collector");
        client = fake_tls_client_make(&plain[i]);
        connect_client(0);
        CHECK(shake(0) == TLS_GOOD);
        CHECK(!tls_server_is_known(server, 0));
        leave(0);
        client = fake_tls_client_make(&known[i]);
        for (int visit = 0; visit < 2; visit++) {
            connect_client(0);
            CHECK(shake(0) == TLS_GOOD);
            CHECK(tls_server_is_known(server, 0));
            // Who comes back by a ticket would prove nothing.
            CHECK(fake_tls_client_saw_certificate(client));
            talk(0);
            (void)fake_tls_client_keep(client);
            leave(0);
        }
        client = fake_tls_client_make(&strange[i]);
        connect_client(0);
        CHECK(shake(0) == TLS_BROKEN);
        leave(0);
        CHECK(load(NODE_PEM, NODE_KEY, AUTHORITY_PEM, "somebody") == 0);
        client = fake_tls_client_make(&known[i]);
        connect_client(0);
        CHECK(shake(0) == TLS_BROKEN);
        leave(0);
    }
}

TEST(bad_files_change_nothing)
{
    static const struct {
        const char *certificate, *key, *authority, *why;
    } cases[] = {
        {"", NODE_KEY, "", "the certificate cannot be used: "},
        {"no certificate", NODE_KEY, "", "the certificate cannot be used: "},
        {NODE_PEM, "no key", "", "the key cannot be used: "},
        {NODE_PEM, ADDRESS_KEY, "", "the key does not belong to the certificate"},
        {NODE_PEM, NODE_KEY, "nobody", "the authority of clients cannot be used: "},
    };
    begin("", "");
    client = fake_tls_client_make(&plain[1]);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        CHECK(load(cases[i].certificate, cases[i].key, cases[i].authority, "") == -ERR_BAD_CONFIG);
        CHECK(text_starts(out_view(&why), text_of(cases[i].why)));
        connect_client(2);
        CHECK(shake(2) == TLS_GOOD);
        leave(2);
    }
    char names[600];
    memset(names, 'n', sizeof names - 1);
    names[sizeof names - 1] = '\0';
    CHECK(load(NODE_PEM, NODE_KEY, AUTHORITY_PEM, names) == -ERR_TOO_LONG);
}

// Handshakes end with the certificate that they began with (the client takes node's
// only); there is room for two that are held, and one.
TEST(certificates_change_under_handshakes)
{
    int first[2];
    begin("", "");
    client = fake_tls_client_make(&plain[0]);
    connect_client(0);
    CHECK(fake_tls_client_shake(client) == FAKE_TLS_WAITS);
    CHECK(shake_server(0) == TLS_READ);
    memcpy(first, ends, sizeof first);
    CHECK(load(NODE_PEM, NODE_KEY, "", "") == 0);
    connect_client(1);
    CHECK(fake_tls_client_shake(client) == FAKE_TLS_WAITS);
    CHECK(shake_server(1) == TLS_READ);
    CHECK(load(ADDRESS_PEM, ADDRESS_KEY, "", "") == 0);
    CHECK(load(NODE_PEM, NODE_KEY, "", "") == -ERR_BUSY);
    CHECK(shake(1) == TLS_GOOD);
    leave(1);
    CHECK(load(NODE_PEM, NODE_KEY, "", "") == 0);
    memcpy(ends, first, sizeof first);
    leave(0);
}

// Anything that is no handshake, and one that breaks off anywhere.
TEST(rubbish_and_early_ends)
{
    uint64_t state = test_seed();
    begin("", "");
    client = fake_tls_client_make(&plain[1]);
    for (int round = 0; round < 200; round++) {
        unsigned char bytes[512];
        size_t size = 1 + test_random_below(&state, sizeof bytes - 1);
        for (size_t i = 0; i < size; i++) {
            bytes[i] = (unsigned char)test_random(&state);
        }
        connect_client(0);
        if (round % 2 == 0) {
            (void)fake_tls_client_shake(client);
            (void)shake_server(0);
        }
        CHECK(send(ends[1], bytes, size, MSG_NOSIGNAL) == (ssize_t)size);
        CHECK(shutdown(ends[1], SHUT_WR) == 0);
        CHECK(shake_server(0) == TLS_BROKEN);
        leave(0);
    }
    connect_client(0);
    CHECK(send(ends[1], "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL) == 18);
    CHECK(shake_server(0) == TLS_BROKEN);
    leave(0);
    connect_client(0);
    CHECK(shake(0) == TLS_GOOD);
    leave(0);
}

int
main(void)
{
    arena_init(&arena, memory, sizeof memory);
    static const struct test_case cases[] = {
        {"bytes_and_ends_pass", bytes_and_ends_pass},
        {"comes_back_by_ticket", comes_back_by_ticket},
        {"authority_of_clients", authority_of_clients},
        {"bad_files_change_nothing", bad_files_change_nothing},
        {"certificates_change_under_handshakes", certificates_change_under_handshakes},
        {"rubbish_and_early_ends", rubbish_and_early_ends},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
