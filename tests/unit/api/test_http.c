// The server over real sockets on loopback, driven step by step by the test;
// its clock is moved by the test, so that nothing waits for a timeout.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../test.h"
#include "api/http.h"
#include "platform/linux.h"
#include "world.h"

#define CLIENTS 4
#define HOST "Host: localhost\r\n"
#define GET_OK "GET /healthz HTTP/1.1\r\n" HOST "\r\n"
// Steps without any byte after which nothing more is expected, and after which
// nothing at all is.
#define QUIET_STEPS 20
#define SILENT_STEPS 400

static struct platform real;
static struct platform_ops ops;
static struct platform platform;
static struct http_config config;
static struct http *http;
static struct world *world;
static int64_t offset_ms;
static void *memory;
static size_t memory_bytes;
static char answer_room[1 << 20];

static struct mono_ns
moved_mono(void *state)
{
    (void)state;
    return mono_add_ms(platform_mono_now(&real), offset_ms);
}

static struct wall_ms
world_wall(void *state)
{
    (void)state;
    return world->now;
}

static int
start(const char *ip, uint16_t port, struct out *why)
{
    struct arena arena;
    real = linux_platform();
    ops = *real.ops;
    ops.mono_now = moved_mono;
    ops.wall_now = world_wall;
    platform = (struct platform){&ops, real.state};
    config = (struct http_config){
        .platform = &platform,
        .ip = text_of(ip),
        .port = port,
        .clients = CLIENTS,
        .wake_fd = -1,
    };
    memory_bytes = http_footprint(CLIENTS);
    memory = mmap(NULL, memory_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    arena_init(&arena, memory, memory_bytes);
    return http_init(&http, &arena, &config, &world->api, why);
}

static void
begin(uint32_t pods)
{
    char sentence[200];
    struct out why = out_of(sentence, sizeof sentence);
    world = world_make(pods);
    CHECK(start("127.0.0.1", 0, &why) == 0);
}

static void
end(void)
{
    http_stop(http);
    CHECK_EQUAL_U64(world->api.http.clients, 0);
    CHECK(munmap(memory, memory_bytes) == 0);
}

static void
turn(void)
{
    http_step(http, mono_add_ms(moved_mono(NULL), 2));
}

static int
dial(int receive_bytes)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(http_port(http))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fd >= 0);
    if (receive_bytes > 0) {
        CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes) == 0);
    }
    CHECK(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    turn();
    return fd;
}

static void
say(int fd, const char *bytes, size_t size)
{
    CHECK(send(fd, bytes, size, MSG_NOSIGNAL) == (ssize_t)size);
}

// What comes until the server hangs up or is quiet; *closed tells which.
static struct text
hear(int fd, bool *closed)
{
    size_t used = 0;
    *closed = false;
    for (int quiet = 0; quiet < (used > 0 ? QUIET_STEPS : SILENT_STEPS) && !*closed;) {
        turn();
        ssize_t got = recv(fd, answer_room + used, sizeof answer_room - used, MSG_DONTWAIT);
        if (got > 0) {
            used += (size_t)got;
            CHECK(used < sizeof answer_room);
            quiet = 0;
        } else {
            *closed = got == 0 || errno != EAGAIN;
            quiet++;
        }
    }
    return (struct text){answer_room, used};
}

static unsigned
status_of(struct text answer)
{
    uint64_t status = 0;
    CHECK(text_starts(answer, TEXT("HTTP/1.1 ")));
    CHECK(text_to_u64(text_sub(answer, 9, 3), &status) == 0);
    return (unsigned)status;
}

static unsigned
count_of(struct text text, const char *part)
{
    unsigned count = 0;
    size_t size = strlen(part);
    for (size_t at = 0; at + size <= text.size; at++) {
        count += memcmp(text.at + at, part, size) == 0 ? 1 : 0;
    }
    return count;
}

static unsigned
ask(const char *request, bool *closed)
{
    int fd = dial(0);
    say(fd, request, strlen(request));
    struct text answer = hear(fd, closed);
    CHECK(close(fd) == 0);
    turn();
    return answer.size == 0 ? 0 : status_of(answer);
}

TEST(serves_and_keeps_alive)
{
    bool closed;
    begin(0);
    int fd = dial(0);
    for (int i = 0; i < 3; i++) {
        say(fd, GET_OK, sizeof GET_OK - 1);
        struct text answer = hear(fd, &closed);
        CHECK(!closed);
        CHECK_EQUAL_U64(status_of(answer), 200);
        CHECK(text_ends(answer, TEXT("\r\n\r\nok")));
        CHECK_EQUAL_U64(count_of(answer, "X-Content-Type-Options: nosniff\r\n"), 1);
        CHECK_EQUAL_U64(count_of(answer, "Cache-Control: no-store\r\n"), 1);
    }
    CHECK(close(fd) == 0);
    turn();
    CHECK_EQUAL_U64(world->api.http.request_total[2], 3);
    end();
}

TEST(answers_a_pipeline_in_order)
{
    static const char requests[] = GET_OK "GET /api/v1/model/namespaces/many/pods HTTP/1.1\r\n" HOST
                                          "\r\n" "GET /nowhere HTTP/1.1\r\n" HOST "\r\n" GET_OK;
    bool closed;
    begin(2000);
    int fd = dial(0);
    say(fd, requests, sizeof requests - 1);
    struct text answer = hear(fd, &closed);
    CHECK(!closed);
    CHECK_EQUAL_U64(count_of(answer, "HTTP/1.1 200 OK"), 3);
    CHECK_EQUAL_U64(count_of(answer, "HTTP/1.1 404 Not Found"), 1);
    CHECK_EQUAL_U64(count_of(answer, "\"pod-00"), 2000);
    CHECK(text_ends(answer, TEXT("ok")));
    CHECK(close(fd) == 0);
    end();
}

TEST(head_has_no_body)
{
    bool closed;
    begin(0);
    int fd = dial(0);
    static const char request[] = "HEAD /healthz HTTP/1.1\r\n" HOST "\r\n";
    say(fd, request, sizeof request - 1);
    struct text answer = hear(fd, &closed);
    CHECK_EQUAL_U64(status_of(answer), 200);
    CHECK_EQUAL_U64(count_of(answer, "Content-Length: 2\r\n"), 1);
    CHECK(text_ends(answer, TEXT("\r\n\r\n")));
    CHECK(close(fd) == 0);
    end();
}

static char long_target[HTTP_TARGET_BYTES_MAX + 100];
static char long_header[2 * HTTP_CONNECTION_BYTES];

static void
make_long_requests(void)
{
    struct out out = out_of(long_target, sizeof long_target);
    out_string(&out, "GET /");
    while (out.used < HTTP_TARGET_BYTES_MAX + 20) {
        out_byte(&out, 'a');
    }
    out_string(&out, " HTTP/1.1\r\n" HOST "\r\n");
    (void)out_c_string(&out);
    out = out_of(long_header, sizeof long_header);
    out_string(&out, "GET /healthz HTTP/1.1\r\n" HOST "X: ");
    while (out.used < HTTP_CONNECTION_BYTES + 4000) {
        out_byte(&out, 'a');
    }
    out_string(&out, "\r\n\r\n");
    (void)out_c_string(&out);
}

// Bad requests get their status, and those that may hide another one behind
// them lose the connection.
TEST(refuses_bad_requests)
{
    static const struct {
        unsigned status;
        bool closed;
        const char *request;
    } cases[] = {
        {405, false, "DELETE /healthz HTTP/1.1\r\n" HOST "\r\n"},
        {405, true, "POST /healthz HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"},
        {413, true, "GET /healthz HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"},
        {413, true, "GET /healthz HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {400, true, "GET /healthz HTTP/1.1\r\n" HOST
                    "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {400, true, "GET /healthz HTTP/1.1\r\n" HOST
                    "Content-Length: 0\r\nContent-Length: 40\r\n\r\n"},
        {400, true, "GET /healthz HTTP/1.1\r\n" HOST "Host: evil.example\r\n\r\n"},
        {400, true, "GET /healthz HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\nabc"},
        {400, true, "GET /healthz HTTP/1.1\r\n" HOST "Content-Length : 3\r\n\r\nabc"},
        {400, true, "GET /healthz HTTP/1.1\r\n\r\n"},
        {400, false, "GET /../etc/passwd HTTP/1.1\r\n" HOST "\r\n"},
        {400, false, "GET http://localhost/healthz HTTP/1.1\r\n" HOST "\r\n"},
        {403, false, "GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n"},
        {403, false, "GET /healthz HTTP/1.1\r\n" HOST "Origin: http://evil.example\r\n\r\n"},
        {414, false, long_target},
        {431, true, long_header},
        {200, false, "GET /healthz HTTP/1.1\r\nHost: [::1]:1\r\nOrigin: http://localhost\r\n\r\n"},
        {200, true, "GET /healthz HTTP/1.0\r\n\r\n"},
        {505, true, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
        {0, true, "\x16\x03\x01\x02\x01\xfc\x03\x03\r\n\r\n"},
    };
    begin(0);
    make_long_requests();
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        bool closed;
        unsigned status = ask(cases[i].request, &closed);
        if (status != cases[i].status || (cases[i].closed && !closed)) {
            printf("%.60s: %u %s\n", cases[i].request, status, closed ? "closed" : "open");
        }
        CHECK(status == cases[i].status || cases[i].status == 0);
        CHECK(closed || !cases[i].closed);
    }
    CHECK_EQUAL_U64(world->api.http.forbidden_total, 2);
    end();
}

TEST(refuses_when_full)
{
    int fds[CLIENTS];
    bool closed;
    begin(0);
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = dial(0);
        say(fds[i], "GET /he", 7);
        turn();
    }
    CHECK_EQUAL_U64(world->api.http.clients, CLIENTS);
    CHECK_EQUAL_U64(ask("", &closed), 503);
    CHECK(closed);
    CHECK_EQUAL_U64(world->api.http.refused_total, 1);
    // One leaves, the next may come.
    CHECK(close(fds[0]) == 0);
    turn();
    CHECK_EQUAL_U64(ask(GET_OK, &closed), 200);
    for (int i = 1; i < CLIENTS; i++) {
        CHECK(close(fds[i]) == 0);
    }
    end();
}

TEST(idle_clients_make_room)
{
    int fds[CLIENTS];
    bool closed;
    begin(0);
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = dial(0);
        say(fds[i], GET_OK, sizeof GET_OK - 1);
        CHECK_EQUAL_U64(status_of(hear(fds[i], &closed)), 200);
        offset_ms += 100;
    }
    offset_ms += 1000;
    CHECK_EQUAL_U64(ask(GET_OK, &closed), 200);
    CHECK_EQUAL_U64(world->api.http.evicted_total, 1);
    CHECK_EQUAL_U64(world->api.http.refused_total, 0);
    // It was the one that had been idle longest.
    CHECK_EQUAL_U64(hear(fds[0], &closed).size, 0);
    CHECK(closed);
    say(fds[3], GET_OK, sizeof GET_OK - 1);
    CHECK_EQUAL_U64(status_of(hear(fds[3], &closed)), 200);
    for (int i = 0; i < CLIENTS; i++) {
        CHECK(close(fds[i]) == 0);
    }
    end();
}

// A byte now and then does not keep a client.
TEST(slow_heads_are_cut)
{
    bool closed;
    begin(0);
    int fd = dial(0);
    say(fd, "GET /healthz HTTP/1.1\r\nX: ", 26);
    for (int i = 0; i < 9; i++) {
        offset_ms += HTTP_HEAD_MS / 20;
        say(fd, "a", 1);
        turn();
        CHECK_EQUAL_U64(world->api.http.clients, 1);
    }
    offset_ms += HTTP_HEAD_MS;
    CHECK_EQUAL_U64(status_of(hear(fd, &closed)), 408);
    CHECK(closed);
    CHECK_EQUAL_U64(world->api.http.clients, 0);
    CHECK_EQUAL_U64(world->api.http.timeout_total, 1);
    CHECK(close(fd) == 0);
    end();
}

TEST(idle_connections_are_closed)
{
    bool closed;
    begin(0);
    int fd = dial(0);
    say(fd, GET_OK, sizeof GET_OK - 1);
    CHECK_EQUAL_U64(status_of(hear(fd, &closed)), 200);
    offset_ms += HTTP_IDLE_MS / 2;  // to hear nothing takes its time, too
    (void)hear(fd, &closed);
    CHECK(!closed);
    offset_ms += HTTP_IDLE_MS;
    CHECK_EQUAL_U64(hear(fd, &closed).size, 0);
    CHECK(closed);
    CHECK_EQUAL_U64(world->api.http.timeout_total, 0);
    CHECK(close(fd) == 0);
    end();
}

#define GET_KEYS "GET /api/v1/model/debug/allkeys HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"

// A client that does not read holds up nobody, and loses its answer in time.
TEST(slow_readers_are_cut)
{
    bool closed;
    begin(6000);
    int slow = dial(4096);
    say(slow, GET_KEYS, sizeof GET_KEYS - 1);
    for (int i = 0; i < 50; i++) {
        turn();
    }
    CHECK_EQUAL_U64(ask(GET_OK, &closed), 200);
    CHECK_EQUAL_U64(world->api.http.clients, 1);
    offset_ms += HTTP_ANSWER_MS + 1000;
    (void)hear(slow, &closed);
    CHECK(closed);
    CHECK_EQUAL_U64(world->api.http.clients, 0);
    CHECK_EQUAL_U64(world->api.http.timeout_total, 1);
    CHECK(close(slow) == 0);
    end();
}

TEST(long_answers_are_whole)
{
    bool closed;
    begin(6000);
    int fd = dial(4096);
    say(fd, GET_KEYS, sizeof GET_KEYS - 1);
    struct text answer = hear(fd, &closed);
    CHECK(closed);
    CHECK_EQUAL_U64(count_of(answer, "\"namespace:many/pod:"), 12000);
    CHECK(text_ends(answer, TEXT("]\r\n0\r\n\r\n")));
    CHECK(close(fd) == 0);
    end();
}

// An answer that cannot be whole has no end, so that nobody takes it for whole.
TEST(cut_answers_have_no_end)
{
    bool closed;
    begin(6000);
    int fd = dial(4096);
    say(fd, GET_KEYS, sizeof GET_KEYS - 1);
    turn();
    world->api.table = NULL;
    struct text answer = hear(fd, &closed);
    CHECK(closed);
    CHECK_EQUAL_U64(status_of(answer), 200);
    CHECK(count_of(answer, "\"namespace:many/pod:") < 12000);
    CHECK(!text_ends(answer, TEXT("0\r\n\r\n")));
    CHECK_EQUAL_U64(world->api.http.cut_total, 1);
    CHECK(close(fd) == 0);
    end();
}

// Clients that leave in the middle leave nothing behind.
TEST(early_leavers)
{
    begin(3000);
    for (int i = 0; i < 200; i++) {
        int fd = dial(0);
        say(fd, GET_KEYS, sizeof GET_KEYS - 1 - (size_t)(i % 3) * 20);
        turn();
        CHECK(close(fd) == 0);
        turn();
    }
    for (int i = 0; i < QUIET_STEPS; i++) {
        turn();
    }
    CHECK_EQUAL_U64(world->api.http.clients, 0);
    end();
}

TEST(random_bytes)
{
    static const char *const parts[] = {"GET ",  "/",       "healthz", " HTTP/1.1", "\r\n", "\n",
                                        "\r",    "Host: ",  "a",       ":",         " ",    "\t",
                                        "\xff",  "\r\n\r\n", "Content-Length: 9", "%",  "?x=",
                                        "HEAD ", "POST ",   "localhost"};
    uint64_t state = test_seed();
    bool closed;
    begin(0);
    for (int round = 0; round < 300; round++) {
        char request[400];
        struct out out = out_of(request, sizeof request);
        uint64_t count = test_random_below(&state, 40);
        for (uint64_t i = 0; i < count; i++) {
            out_string(&out, parts[test_random_below(&state, ARRAY_COUNT(parts))]);
        }
        int fd = dial(0);
        say(fd, request, out.used);
        turn();
        turn();
        CHECK(close(fd) == 0);
        turn();
    }
    CHECK_EQUAL_U64(ask(GET_OK, &closed), 200);
    end();
}

TEST(says_why_it_cannot_listen)
{
    char sentence[200];
    struct out why = out_of(sentence, sizeof sentence);
    begin(0);
    struct http *first = http;
    void *first_memory = memory;
    CHECK(start("127.0.0.1", http_port(first), &why) == -ERR_BAD_CONFIG);
    CHECK(text_ends(out_view(&why), TEXT("is in use by another program: stop that one, or choose "
                                         "another port")));
    CHECK(munmap(memory, memory_bytes) == 0);
    why = out_of(sentence, sizeof sentence);
    CHECK(start("localhorst", 0, &why) == -ERR_BAD_CONFIG);
    CHECK_EQUAL_TEXT(out_view(&why), "not an IP address: localhorst");
    CHECK(munmap(memory, memory_bytes) == 0);
    why = out_of(sentence, sizeof sentence);
    CHECK(start("192.0.2.77", 0, &why) == -ERR_BAD_CONFIG);
    CHECK_EQUAL_TEXT(out_view(&why), "this machine does not have the address 192.0.2.77");
    CHECK(munmap(memory, memory_bytes) == 0);
    http = first;
    memory = first_memory;
    end();
}

TEST(drains)
{
    bool closed;
    begin(3000);
    int fd = dial(4096);
    say(fd, GET_KEYS, sizeof GET_KEYS - 1);
    turn();
    turn();
    http_drain(http);
    CHECK(http_busy(http));
    struct text answer = hear(fd, &closed);
    CHECK(text_ends(answer, TEXT("]\r\n0\r\n\r\n")));
    CHECK(!http_busy(http));
    CHECK(close(fd) == 0);
    end();
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"serves_and_keeps_alive", serves_and_keeps_alive},
            {"answers_a_pipeline_in_order", answers_a_pipeline_in_order},
            {"head_has_no_body", head_has_no_body},
            {"refuses_bad_requests", refuses_bad_requests},
            {"refuses_when_full", refuses_when_full},
            {"idle_clients_make_room", idle_clients_make_room},
            {"slow_heads_are_cut", slow_heads_are_cut},
            {"idle_connections_are_closed", idle_connections_are_closed},
            {"slow_readers_are_cut", slow_readers_are_cut},
            {"long_answers_are_whole", long_answers_are_whole},
            {"cut_answers_have_no_end", cut_answers_have_no_end},
            {"early_leavers", early_leavers},
            {"random_bytes", random_bytes},
            {"says_why_it_cannot_listen", says_why_it_cannot_listen},
            {"drains", drains},
        },
        15);
}
