// One request and its answer, between libmicrohttpd and the exchange.
#include <string.h>
#include <strings.h>

#include "api/dispatch.h"
#include "api/http_state.h"
#include "api/login.h"

static struct client *
client_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    ASSERT(info != NULL);
    ASSERT(info->socket_context != NULL);
    return info->socket_context;
}

// The request line is complete; `target` is as the client wrote it.
void *
http_request_begun(void *context, const char *target, struct MHD_Connection *connection)
{
    struct client *client = client_of(connection);
    (void)context;
    size_t size = strnlen(target, HTTP_TARGET_BYTES_MAX + 1);
    client->target_too_long = size > HTTP_TARGET_BYTES_MAX;
    client->target_bytes = client->target_too_long ? 0 : size;
    memcpy(client->target, target, client->target_bytes);
    client->target[client->target_bytes] = '\0';
    client->body_bytes = 0;
    client->close = false;
    client->phase = PHASE_BEGUN;
    return client;
}

static struct text
header(struct MHD_Connection *connection, const char *name)
{
    return text_of(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name));
}

// What must not be there twice, or not at all: two lengths or hosts are how
// requests are smuggled past a proxy that believes the other one.
struct heads {
    unsigned hosts;
    unsigned lengths;
    bool body;
    bool chunked;
    uint64_t body_bytes;
};

static enum MHD_Result
look_at_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct heads *heads = context;
    (void)kind;
    if (strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0) {
        heads->hosts++;
    } else if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
        heads->lengths++;
        heads->body = heads->body || value == NULL || strcmp(value, "0") != 0;
        if (value == NULL || text_to_u64(text_of(value), &heads->body_bytes) != 0) {
            heads->body_bytes = UINT64_MAX;
        }
    } else if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
        heads->body = true;
        heads->chunked = true;
    }
    return MHD_YES;
}

static struct heads
look_at_headers(struct MHD_Connection *connection)
{
    struct heads heads = {0};
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, look_at_header, &heads);
    return heads;
}

static bool
is_for_us(const struct http *http, struct MHD_Connection *connection)
{
    const struct host_check *hosts = &http->config->hosts;
    struct text host = header(connection, MHD_HTTP_HEADER_HOST);
    struct text origin = header(connection, MHD_HTTP_HEADER_ORIGIN);
    return (host.size == 0 || host_check_host(hosts, host)) &&
           (origin.size == 0 || host_check_origin(hosts, origin));
}

static bool
is_trusted(const struct client *client, struct MHD_Connection *connection, struct wall_ms now)
{
    const struct http *http = client->http;
    const struct access *access = http->config->access;
    if (access == NULL || access_has_bearer(access, header(connection,
                                                           MHD_HTTP_HEADER_AUTHORIZATION))) {
        return true;
    }
    uint32_t index = (uint32_t)(client - http->clients);
    return access_has_cookie(access, header(connection, MHD_HTTP_HEADER_COOKIE), now) ||
           (client->bridged && tls_server_is_known(http->config->tls, index));
}

// A wrong token, other than none: the next try costs another connection.
static bool
tried(struct MHD_Connection *connection)
{
    return header(connection, MHD_HTTP_HEADER_AUTHORIZATION).size > 0;
}

static bool
accepts_html(struct text accepted)
{
    static const struct text html = TEXT("text/html");
    for (size_t at = 0; at + html.size <= accepted.size; at++) {
        if (text_equal(text_sub(accepted, at, html.size), html)) {
            return true;
        }
    }
    return false;
}

// "gzip" without a weight of 0; browsers send "gzip, deflate, br".
static bool
accepts_gzip(struct text accepted)
{
    struct text rest = accepted;
    while (rest.size > 0) {
        struct text coding;
        (void)text_cut(rest, ',', &coding, &rest);
        coding = text_trim(coding);
        if (text_equal(coding, TEXT("gzip")) ||
            (text_starts(coding, TEXT("gzip;")) && !text_ends(coding, TEXT("q=0")))) {
            return true;
        }
    }
    return false;
}

static void
handle(struct client *client, struct MHD_Connection *connection, const char *method)
{
    struct http *http = client->http;
    struct exchange *exchange = &client->exchange;
    exchange_begin(exchange, http->api, platform_wall_now(http->config->platform));
    exchange->head = (struct request_head){
        .accepts_gzip = accepts_gzip(header(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING)),
        .if_none_match = header(connection, MHD_HTTP_HEADER_IF_NONE_MATCH),
    };
    exchange->accept = header(connection, MHD_HTTP_HEADER_ACCEPT);
    exchange->head.accepts_html = accepts_html(exchange->accept);
    exchange->trusted = is_trusted(client, connection, exchange->now);
    exchange->closes_after = !exchange->trusted && tried(connection);
    if (client->target_too_long) {
        exchange_fail(exchange, 414, "the path is longer than %d bytes",
                      HTTP_TARGET_BYTES_MAX);
    } else if (!is_for_us(http, connection)) {
        http->api->http.forbidden_total++;
        exchange_fail(exchange, 403, "this server answers to its own names only: ask for "
                                     "localhost or its address, or start it with "
                                     "--allow-host=NAME for the name that you asked for");
    } else if (client->body_bytes > 0) {
        login_post(exchange, http->config->access, client->target, client->buffer,
                   client->body_bytes);
    } else {
        dispatch(exchange, text_of(method), client->target, client->target_bytes);
    }
    client->close = client->close || exchange->closes_after;
}

// The only body that is taken: a form that logs in.
static bool
is_login(const struct client *client, struct MHD_Connection *connection, const char *method,
         const struct heads *heads)
{
    return client->http->config->access != NULL && strcmp(method, MHD_HTTP_METHOD_POST) == 0 &&
           !heads->chunked && !client->target_too_long &&
           heads->body_bytes <= LOGIN_BODY_BYTES_MAX &&
           text_starts(header(connection, MHD_HTTP_HEADER_CONTENT_TYPE),
                       TEXT("application/x-www-form-urlencoded"));
}

// True when the request is answered before its end, with the connection closed
// behind the answer: what follows on it is not to be trusted.
static bool
refuse_early(struct client *client, struct MHD_Connection *connection, const char *method)
{
    struct heads heads = look_at_headers(connection);
    bool single = heads.hosts <= 1 && heads.lengths <= 1;
    if (single && (!heads.body || is_login(client, connection, method, &heads))) {
        return false;
    }
    exchange_begin(&client->exchange, client->http->api, (struct wall_ms){0});
    if (heads.hosts > 1 || heads.lengths > 1) {
        exchange_fail(&client->exchange, 400, "Host and Content-Length may stand there once");
    } else if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
               strcmp(method, MHD_HTTP_METHOD_HEAD) == 0) {
        exchange_fail(&client->exchange, 413, "no request may have a body here");
    } else {
        handle(client, connection, method);
    }
    client->close = true;
    return true;
}

// Answers

static bool
next_piece(struct client *client)
{
    client->piece = out_of(client->buffer, sizeof client->buffer);
    client->piece_at = 0;
    client->complete = exchange_fill(&client->exchange, &client->piece);
    return client->piece.used > 0;
}

// An answer that is not whole has no end either, so that nobody takes it for whole.
static ssize_t
end_of(const struct client *client)
{
    return client->exchange.cut ? MHD_CONTENT_READER_END_WITH_ERROR
                                : MHD_CONTENT_READER_END_OF_STREAM;
}

static ssize_t
read_answer(void *context, uint64_t position, char *to, size_t room)
{
    struct client *client = context;
    (void)position;
    if (client->piece_at == client->piece.used) {
        if (client->complete) {
            return end_of(client);
        }
        if (!next_piece(client)) {
            return client->complete ? end_of(client) : 0;
        }
    }
    size_t rest = client->piece.used - client->piece_at;
    size_t size = rest < room ? rest : room;
    memcpy(to, client->buffer + client->piece_at, size);
    client->piece_at += size;
    return (ssize_t)size;
}

static struct MHD_Response *
make_response(struct client *client)
{
    (void)next_piece(client);
    if (client->complete && !client->exchange.cut) {
        return MHD_create_response_from_buffer_static(client->piece.used, client->buffer);
    }
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, HTTP_BLOCK_BYTES, read_answer,
                                             client, NULL);
}

static bool
add_headers(struct MHD_Response *response, const struct client *client)
{
    const struct exchange *exchange = &client->exchange;
    const struct {
        const char *name;
        const char *value;
    } headers[] = {
        {MHD_HTTP_HEADER_CONTENT_TYPE, exchange->content_type},
        {MHD_HTTP_HEADER_CACHE_CONTROL, exchange->etag == NULL ? "no-store" : "no-cache"},
        {MHD_HTTP_HEADER_ETAG, exchange->etag},
        {MHD_HTTP_HEADER_CONTENT_ENCODING, exchange->encoding},
        {MHD_HTTP_HEADER_VARY, exchange->etag == NULL ? NULL : "Accept-Encoding"},
        {"X-Content-Type-Options", "nosniff"},
        {"Content-Security-Policy", exchange->policy},
        {"Referrer-Policy", exchange->policy == NULL ? NULL : "no-referrer"},
        {MHD_HTTP_HEADER_ALLOW, exchange->allow},
        {MHD_HTTP_HEADER_LOCATION, exchange->location},
        {MHD_HTTP_HEADER_SET_COOKIE, exchange->set_cookie[0] == '\0' ? NULL
                                                                     : exchange->set_cookie},
        {MHD_HTTP_HEADER_WWW_AUTHENTICATE,
         exchange->status == 401 ? "Bearer realm=\"skerry\"" : NULL},
        {MHD_HTTP_HEADER_CONNECTION, client->close ? "close" : NULL},
        {MHD_HTTP_HEADER_RETRY_AFTER, exchange->status == 503 ? "5" : NULL},
    };
    for (size_t i = 0; i < ARRAY_COUNT(headers); i++) {
        if (headers[i].value != NULL &&
            MHD_add_response_header(response, headers[i].name, headers[i].value) == MHD_NO) {
            return false;
        }
    }
    return true;
}

static enum MHD_Result
send_answer(struct client *client, struct MHD_Connection *connection)
{
    struct http *http = client->http;
    unsigned status = client->exchange.status;
    ASSERT(status / 100 < HTTP_STATUS_CLASSES);
    client->phase = PHASE_ANSWER;
    client->since = http_now(http);
    client->deadline = mono_add_ms(client->since, http->answer_ms);
    struct MHD_Response *response = make_response(client);
    enum MHD_Result result = MHD_NO;
    if (response != NULL) {
        if (add_headers(response, client)) {
            result = MHD_queue_response(connection, status, response);
        }
        MHD_destroy_response(response);
    }
    if (result == MHD_NO) {
        http->api->http.failed_total++;
    } else {
        http->api->http.request_total[status / 100]++;
    }
    return result;
}

// Keeps a piece of a login's body where its answer will be; false when it is more
// than was said.
static bool
take_body(struct client *client, const char *upload, size_t size)
{
    if (client->http->config->access == NULL || client->body_bytes + size > LOGIN_BODY_BYTES_MAX) {
        return false;
    }
    memcpy(client->buffer + client->body_bytes, upload, size);
    client->body_bytes += size;
    return true;
}

// Called once when the head is complete, for each piece of a body (which only a
// login has), and once behind it.
enum MHD_Result
http_on_request(void *context, struct MHD_Connection *connection, const char *url,
                const char *method, const char *version, const char *upload, size_t *upload_size,
                void **request)
{
    struct client *client = client_of(connection);
    (void)context;
    (void)url;
    (void)version;
    (void)request;
    if (client->phase == PHASE_BEGUN && refuse_early(client, connection, method)) {
        return send_answer(client, connection);
    }
    if (client->phase == PHASE_BEGUN) {
        client->phase = PHASE_READY;
        return MHD_YES;
    }
    if (*upload_size > 0) {
        bool taken = take_body(client, upload, *upload_size);
        *upload_size = 0;
        return taken ? MHD_YES : MHD_NO;
    }
    handle(client, connection, method);
    return send_answer(client, connection);
}

void
http_request_ended(void *context, struct MHD_Connection *connection, void **request,
                   enum MHD_RequestTerminationCode code)
{
    struct http *http = context;
    struct client *client = client_of(connection);
    (void)request;
    struct mono_ns now = http_now(http);
    if (client->phase == PHASE_ANSWER && code == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
        uint64_t took_us = (uint64_t)(now.ns - client->since.ns) / 1000;
        struct http_use *use = &http->api->http;
        use->answer_us_total += took_us;
        use->answer_us_max = took_us > use->answer_us_max
                                 ? (uint32_t)(took_us < UINT32_MAX ? took_us : UINT32_MAX)
                                 : use->answer_us_max;
    }
    client->phase = PHASE_IDLE;
    client->since = now;
    client->deadline = mono_add_ms(now, http->idle_ms);
}
