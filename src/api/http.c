#include "api/http.h"

#include <poll.h>

#include "api/http_state.h"

// Clients taken in one turn of the loop.
#define ACCEPTS_PER_STEP 16
// How often deadlines are looked at.
#define SWEEP_MS 200
// Who has been idle for less is about to ask again and does not make room.
#define EVICT_IDLE_MS 250
// How long no client is accepted after descriptors ran out.
#define ACCEPT_PAUSE_MS 100

static const char too_many[] = "HTTP/1.1 503 Service Unavailable\r\n"
                               "Content-Type: text/plain; charset=utf-8\r\n"
                               "Content-Length: 46\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
                               "every planned client is in use; try again soon";
static const char too_slow[] = "HTTP/1.1 408 Request Timeout\r\n"
                               "Content-Type: text/plain; charset=utf-8\r\n"
                               "Content-Length: 34\r\nConnection: close\r\n\r\n"
                               "the request did not arrive in time";

size_t
http_footprint(uint32_t clients)
{
    return arena_bytes(sizeof(struct http)) + arena_bytes((size_t)clients * sizeof(struct client));
}

size_t
http_socket_bytes(uint32_t clients)
{
    return (size_t)clients * 2 * (LISTENER_SEND_BYTES + LISTENER_RECEIVE_BYTES);
}

// Measured with libmicrohttpd 1.0.1 under musl, amd64, 32 clients reading long
// answers: 416 bytes for the daemon; for each client 14,832, of which the
// connection's memory and 672 are the connection's and the rest the answer's,
// with its headers and block. A sixteenth more against fragmentation.
#define DAEMON_BYTES 1024
#define CONNECTION_BYTES (HTTP_CONNECTION_BYTES + 672 + 128)
#define ANSWER_BYTES (1280 + HTTP_BLOCK_BYTES)

size_t
http_heap_bytes(uint32_t clients)
{
    size_t bytes = DAEMON_BYTES + (size_t)clients * (CONNECTION_BYTES + ANSWER_BYTES);
    return bytes + bytes / 16;
}

// Slots

static struct client *
free_slot(struct http *http)
{
    for (uint32_t i = 0; i < http->client_limit; i++) {
        if (http->clients[i].phase == PHASE_FREE) {
            return &http->clients[i];
        }
    }
    return NULL;
}

static void
hang_up(struct client *client)
{
    if (!client->hung_up) {
        client->hung_up = true;
        listener_hang_up(client->fd);
    }
}

// Makes the client that has been idle longest go; false when none has for long.
static bool
evict_idle(struct http *http)
{
    struct client *oldest = NULL;
    struct mono_ns now = http_now(http);
    for (uint32_t i = 0; i < http->client_limit; i++) {
        struct client *client = &http->clients[i];
        if (client->phase == PHASE_IDLE && !client->hung_up &&
            (oldest == NULL || mono_before(client->since, oldest->since))) {
            oldest = client;
        }
    }
    if (oldest == NULL || mono_ms_between(oldest->since, now) < EVICT_IDLE_MS) {
        return false;
    }
    hang_up(oldest);
    http->api->http.evicted_total++;
    (void)MHD_run(http->daemon);
    return true;
}

static void
connection_notice(void *context, struct MHD_Connection *connection, void **socket_context,
                  enum MHD_ConnectionNotificationCode code)
{
    struct http *http = context;
    (void)connection;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        ASSERT(http->accepting != NULL);
        *socket_context = http->accepting;
        return;
    }
    struct client *client = *socket_context;
    ASSERT(client->phase != PHASE_FREE);
    client->phase = PHASE_FREE;
    client->fd = -1;
    http->api->http.clients--;
}

// The loop

static void
take_client(struct http *http, const struct listener_client *accepted)
{
    struct http_use *use = &http->api->http;
    struct client *client = free_slot(http);
    if (client == NULL && evict_idle(http)) {
        client = free_slot(http);
    }
    if (client == NULL) {
        use->refused_total++;
        listener_refuse(accepted->fd, text_of(too_many));
        return;
    }
    client->phase = PHASE_HEAD;
    client->fd = accepted->fd;
    client->hung_up = false;
    client->deadline = mono_add_ms(http_now(http), http->head_ms);
    use->clients++;
    http->accepting = client;
    // On failure the library has closed the descriptor.
    if (MHD_add_connection(http->daemon, accepted->fd,
                           (const struct sockaddr *)&accepted->address,
                           accepted->address_size) == MHD_NO) {
        if (client->phase != PHASE_FREE) {
            client->phase = PHASE_FREE;
            use->clients--;
        }
        use->failed_total++;
    } else {
        use->accepted_total++;
        use->clients_peak = use->clients > use->clients_peak ? use->clients : use->clients_peak;
    }
    http->accepting = NULL;
}

static void
take_clients(struct http *http)
{
    struct listener_client accepted;
    for (int i = 0; i < ACCEPTS_PER_STEP; i++) {
        int result = listener_accept(&http->listener, &accepted);
        if (result < 0) {
            http->accept_from = mono_add_ms(http_now(http), ACCEPT_PAUSE_MS);
        }
        if (result <= 0) {
            return;
        }
        take_client(http, &accepted);
    }
}

static void
sweep(struct http *http, struct mono_ns now)
{
    if (mono_before(now, http->next_sweep)) {
        return;
    }
    http->next_sweep = mono_add_ms(now, SWEEP_MS);
    for (uint32_t i = 0; i < http->client_limit; i++) {
        struct client *client = &http->clients[i];
        if (client->phase == PHASE_FREE || client->hung_up ||
            !mono_before(client->deadline, now)) {
            continue;
        }
        if (client->phase != PHASE_IDLE) {
            http->api->http.timeout_total++;
        }
        if (client->phase == PHASE_HEAD || client->phase == PHASE_BEGUN) {
            listener_tell(client->fd, text_of(too_slow));
        }
        hang_up(client);
    }
}

// Milliseconds to wait, rounded up.
static int
wait_ms(const struct http *http, struct mono_ns now, struct mono_ns deadline)
{
    int64_t wait = deadline.ns > now.ns ? (deadline.ns - now.ns + NS_PER_MS - 1) / NS_PER_MS : 0;
    int64_t library = MHD_get_timeout64s(http->daemon);
    wait = library >= 0 && library < wait ? library : wait;
    bool watched = http->api->http.clients > 0 || mono_before(now, http->accept_from);
    wait = watched && wait > SWEEP_MS ? SWEEP_MS : wait;
    return (int)(wait < 60000 ? wait : 60000);
}

void
http_step(struct http *http, struct mono_ns deadline)
{
    struct mono_ns now = http_now(http);
    bool accepting = http->listener.fd >= 0 && !mono_before(now, http->accept_from);
    struct pollfd polled[] = {
        {.fd = http->epoll_fd, .events = POLLIN},
        {.fd = accepting ? http->listener.fd : -1, .events = POLLIN},
        {.fd = http->config->wake_fd, .events = POLLIN},
    };
    (void)poll(polled, ARRAY_COUNT(polled), wait_ms(http, now, deadline));
    if (polled[1].revents != 0) {
        take_clients(http);
    }
    sweep(http, http_now(http));
    (void)MHD_run(http->daemon);
}

static struct MHD_Daemon *
start_daemon(struct http *http)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_NO_THREAD_SAFETY, 0, NULL, NULL,
        http_on_request, http, MHD_OPTION_CONNECTION_LIMIT, (unsigned)http->client_limit,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_CONNECTION_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, 0u, MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1,
        MHD_OPTION_URI_LOG_CALLBACK, http_request_begun, http, MHD_OPTION_NOTIFY_CONNECTION,
        connection_notice, http, MHD_OPTION_NOTIFY_COMPLETED, http_request_ended, http,
        MHD_OPTION_END);
}

static int64_t
or_default(int64_t ms, int64_t otherwise)
{
    return ms > 0 ? ms : otherwise;
}

int
http_init(struct http **result, struct arena *arena, const struct http_config *config,
          struct api *api, struct out *why)
{
    struct http *http = arena_take(arena, sizeof *http);
    http->config = config;
    http->api = api;
    http->client_limit = config->clients;
    http->clients = arena_take_array(arena, config->clients, sizeof(struct client));
    http->head_ms = or_default(config->head_ms, HTTP_HEAD_MS);
    http->idle_ms = or_default(config->idle_ms, HTTP_IDLE_MS);
    http->answer_ms = or_default(config->answer_ms, HTTP_ANSWER_MS);
    for (uint32_t i = 0; i < config->clients; i++) {
        http->clients[i].http = http;
        http->clients[i].fd = -1;
    }
    api->http.clients_limit = config->clients;
    int error = listener_open(&http->listener, config->ip, config->port, why);
    if (error != 0) {
        return error;
    }
    http->daemon = start_daemon(http);
    const union MHD_DaemonInfo *info =
        http->daemon == NULL ? NULL : MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL) {
        listener_close(&http->listener);
        out_string(why, "the HTTP server could not be started within its planned memory");
        return -ERR_HEAP_FULL;
    }
    http->epoll_fd = info->epoll_fd;
    *result = http;
    return 0;
}

uint16_t
http_port(const struct http *http)
{
    return http->listener.port;
}

void
http_drain(struct http *http)
{
    listener_close(&http->listener);
}

bool
http_busy(const struct http *http)
{
    for (uint32_t i = 0; i < http->client_limit; i++) {
        enum phase phase = http->clients[i].phase;
        if (phase == PHASE_BEGUN || phase == PHASE_READY || phase == PHASE_ANSWER) {
            return true;
        }
    }
    return false;
}

void
http_stop(struct http *http)
{
    listener_close(&http->listener);
    MHD_stop_daemon(http->daemon);
    http->daemon = NULL;
}
