#include "api/http.h"

#include <poll.h>

#include "api/http_state.h"

// Clients taken in one turn of the loop.
#define ACCEPTS_PER_STEP 16
// How often deadlines are looked at.
#define SWEEP_MS 200
// For the last bytes of an answer over TLS, when the library is through with it.
#define LINGER_MS 3000
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

// What TLS takes

struct http_tls_bytes
http_tls_bytes(uint32_t clients, bool with_authority)
{
    return (struct http_tls_bytes){
        .arena = bridge_footprint(clients) + tls_server_footprint(clients),
        .sockets = bridge_socket_bytes(clients),
        .heap = tls_server_heap_bytes(clients, with_authority),
    };
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
    client->served = false;
    client->hung_up = false;
    if (client->bridged) {
        client->phase = PHASE_LINGER;
        client->since = http_now(http);
        client->deadline = mono_add_ms(client->since, LINGER_MS);
    } else {
        http_free_slot(client);
    }
}

// The loop

// The library gets a descriptor to serve; false when it has closed it instead.
static bool
serve_client(struct client *client, int fd, const struct sockaddr *address, socklen_t size)
{
    struct http *http = client->http;
    client->phase = PHASE_HEAD;
    client->fd = fd;
    client->served = true;
    client->deadline = mono_add_ms(http_now(http), http->head_ms);
    http->accepting = client;
    bool good = MHD_add_connection(http->daemon, fd, address, size) != MHD_NO;
    http->accepting = NULL;
    if (!good) {
        http->api->http.failed_total++;
        client->served = false;
    }
    return good;
}

// Of the bridge: the client's handshake is over.
static void
bridge_ready(void *context, uint32_t index, int plain)
{
    static const struct sockaddr nobody = {.sa_family = AF_UNIX};
    struct http *http = context;
    struct client *client = &http->clients[index];
    http->api->http.handshakes_total++;
    if (!serve_client(client, plain, &nobody, sizeof nobody) && client->phase != PHASE_LINGER) {
        client->phase = PHASE_LINGER;
        client->deadline = mono_add_ms(http_now(http), LINGER_MS);
    }
}

static void
bridge_gone(void *context, uint32_t index, bool failed)
{
    struct http *http = context;
    struct client *client = &http->clients[index];
    http->api->http.handshakes_failed_total += failed;
    client->bridged = false;
    if (client->served) {
        http_hang_up(client);
    } else {
        http_free_slot(client);
    }
}

static void
take_client(struct http *http, const struct listener_client *accepted)
{
    struct http_use *use = &http->api->http;
    uint64_t address = listener_peer(accepted);
    uint8_t peer = (uint8_t)(hash_bytes(http->peer_key, &address, sizeof address) % HTTP_PEERS);
    struct client *client = http_find_slot(http);
    if (client == NULL) {
        client = http_make_room(http, peer);
    }
    if (client == NULL) {
        use->refused_total++;
        listener_refuse(accepted->fd, http->bridge == NULL ? text_of(too_many) : TEXT(""));
        return;
    }
    http_take_slot(client, peer, http_now(http));
    if (http->bridge != NULL) {
        client->phase = PHASE_SHAKE;
        client->deadline = mono_add_ms(client->since, http->shake_ms);
        client->bridged = bridge_take(http->bridge, http_slot_index(client), accepted->fd);
        if (!client->bridged) {
            use->failed_total++;
            http_free_slot(client);
            return;
        }
    } else if (!serve_client(client, accepted->fd, (const struct sockaddr *)&accepted->address,
                             accepted->address_size)) {
        if (client->phase != PHASE_FREE) {
            http_free_slot(client);
        }
        return;
    }
    use->accepted_total++;
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
        if (http_has_left(client)) {
            http_hang_up(client);
            continue;
        }
        if (client->phase == PHASE_FREE || client->hung_up ||
            !mono_before(client->deadline, now)) {
            continue;
        }
        if (client->phase != PHASE_IDLE && client->phase != PHASE_LINGER) {
            http->api->http.timeout_total++;
        }
        if (client->phase == PHASE_HEAD || client->phase == PHASE_BEGUN) {
            listener_tell(client->fd, text_of(too_slow));
        }
        http_hang_up(client);
    }
}

// Milliseconds to wait, rounded up.
static int
wait_ms(const struct http *http, struct mono_ns now, struct mono_ns deadline)
{
    int64_t wait = deadline.ns > now.ns ? (deadline.ns - now.ns + NS_PER_MS - 1) / NS_PER_MS : 0;
    int64_t library = MHD_get_timeout64s(http->daemon);
    wait = library >= 0 && library < wait ? library : wait;
    if (http->bridge != NULL && bridge_is_busy(http->bridge)) {
        return 0;
    }
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
        {.fd = http->bridge == NULL ? -1 : bridge_descriptor(http->bridge), .events = POLLIN},
    };
    (void)poll(polled, ARRAY_COUNT(polled), wait_ms(http, now, deadline));
    if (polled[1].revents != 0) {
        take_clients(http);
    }
    if (http->bridge != NULL) {
        bridge_step(http->bridge);
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

static int
open_bridge(struct http *http, struct arena *arena)
{
    const struct bridge_events events = {http, bridge_ready, bridge_gone};
    if (http->config->tls == NULL) {
        return 0;
    }
    return bridge_init(&http->bridge, arena, http->client_limit, http->config->platform,
                       http->config->tls, &events);
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
    http->shake_ms = or_default(config->shake_ms, HTTP_SHAKE_MS);
    http->head_ms = or_default(config->head_ms, HTTP_HEAD_MS);
    http->idle_ms = or_default(config->idle_ms, HTTP_IDLE_MS);
    http->answer_ms = or_default(config->answer_ms, HTTP_ANSWER_MS);
    for (uint32_t i = 0; i < config->clients; i++) {
        http->clients[i].http = http;
        http->clients[i].fd = -1;
    }
    api->http.clients_limit = config->clients;
    int error = platform_random_bytes(config->platform, &http->peer_key, sizeof http->peer_key);
    if (error == 0) {
        error = open_bridge(http, arena);
    }
    if (error != 0) {
        out_string(why, error_sentence(error));
        return error;
    }
    error = listener_open(&http->listener, config->ip, config->port, why);
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
        if (phase == PHASE_BEGUN || phase == PHASE_READY || phase == PHASE_ANSWER ||
            phase == PHASE_LINGER) {
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
    for (uint32_t i = 0; i < http->client_limit; i++) {
        if (http->clients[i].bridged) {
            bridge_drop(http->bridge, i);
        }
    }
}
