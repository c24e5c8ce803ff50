#include "platform/fetch_transfer.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "platform/fetch_outcome.h"

#define USER_AGENT "skerry"
// No record of TLS is larger; curl reads at most this much at once.
#define READ_BYTES 16384L
// Connections are kept as long as the server does; resolution sets the pace.
#define CONNECTION_AGE_S (24L * 60 * 60)

static int64_t
now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec;
}

static curl_socket_t
on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    struct transfer *transfer = context;
    struct fetch_links *links = &transfer->shared->links;
    int descriptor =
        socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
    if (descriptor < 0) {
        return CURL_SOCKET_BAD;
    }
    if ((uint32_t)descriptor >= links->limit) {
        close(descriptor);
        transfer->error = ERR_BUSY;
        return CURL_SOCKET_BAD;
    }
    if (links->receive_buffer_bytes > 0) {
        // Best effort: the plan counts what was asked for.
        (void)setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &links->receive_buffer_bytes,
                         sizeof(int));
    }
    if (links->send_buffer_bytes > 0) {
        (void)setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &links->send_buffer_bytes, sizeof(int));
    }
    links->opened_total++;
    links->link[descriptor] = (struct fetch_link){.open = true, .serial = ++links->serial};
    return descriptor;
}

static int
on_close(void *context, curl_socket_t descriptor)
{
    struct fetch_shared *shared = context;
    if (descriptor >= 0 && (uint32_t)descriptor < shared->links.limit) {
        shared->links.link[descriptor].open = false;
        shared->links.link[descriptor].watched = false;
    }
    return close(descriptor);
}

static mbedtls_ssl_context *
ssl_of(CURL *easy)
{
    struct curl_tlssessioninfo *info = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK || info == NULL) {
        return NULL;
    }
    return info->internals;
}

static void
end_handshake(struct transfer *transfer)
{
    if (transfer->handshaking) {
        transfer->handshaking = false;
        transfer->shared->handshakes--;
    }
    fetch_tls_release(&transfer->proof);
}

// Curl is about to begin a TLS handshake.
static CURLcode
on_handshake(CURL *easy, void *config, void *context)
{
    struct transfer *transfer = context;
    struct fetch_shared *shared = transfer->shared;
    mbedtls_ssl_context *ssl = ssl_of(easy);
    end_handshake(transfer);
    if (ssl == NULL || shared->handshakes >= shared->handshake_limit) {
        transfer->error = ERR_BUSY;
        return CURLE_ABORTED_BY_CALLBACK;
    }
    int error = fetch_tls_prepare(shared->tls, config, ssl, transfer->request.identity,
                                  transfer->server, &transfer->proof);
    if (error != 0) {
        return CURLE_OUT_OF_MEMORY;
    }
    transfer->handshaking = true;
    shared->handshakes++;
    return CURLE_OK;
}

static void
note_new_connection(struct transfer *transfer)
{
    struct tls_proof *proof = &transfer->proof;
    if (proof->verified) {
        transfer->shared->handshakes_full_total++;
    } else {
        transfer->shared->handshakes_resumed_total++;
    }
    if (proof->trust == TRUST_PIN && proof->seen.known && proof->pin != NULL
        && !proof->pin->known) {
        *proof->pin = proof->seen;
    }
}

// The socket of a TLS connection is noted in its user data when its first
// request is over; until then it is not parked.
static int
use_connection(struct transfer *transfer)
{
    uint64_t mark = mbedtls_ssl_get_user_data_n(transfer->ssl);
    transfer->descriptor = -1;
    if (mark == 0) {
        return 0;
    }
    transfer->descriptor = (int)(uint32_t)mark;
    transfer->serial = (uint32_t)(mark >> 32);
    ASSERT((uint32_t)transfer->descriptor < transfer->shared->links.limit);
    return fetch_tls_unpark(transfer->ssl,
                            transfer->shared->links.link[transfer->descriptor].counter);
}

// The connection stands, new or used again; the request goes out next.
static int
on_connected(void *context, char *remote, char *local, int remote_port, int local_port)
{
    (void)remote;
    (void)local;
    (void)remote_port;
    (void)local_port;
    struct transfer *transfer = context;
    bool is_new = transfer->handshaking;
    transfer->connected = true;
    transfer->heard_ns = now_ns();
    transfer->ssl = ssl_of(transfer->easy);
    if (transfer->ssl != NULL) {
        if (is_new) {
            note_new_connection(transfer);
        }
        int error = use_connection(transfer);
        if (error != 0) {
            transfer->error = -error;
            return CURL_PREREQFUNC_ABORT;
        }
    }
    end_handshake(transfer);
    return CURL_PREREQFUNC_OK;
}

static bool
finish_head(struct transfer *transfer)
{
    long status = 0;
    curl_off_t retry_after_s = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200) {
        return true;  // another head follows
    }
    curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    transfer->head_done = true;
    int error = 0;
    if (transfer->request.on_head != NULL) {
        error = transfer->request.on_head(transfer->request.context, status,
                                          (int64_t)retry_after_s * MS_PER_S);
    }
    transfer->error = error < 0 ? -error : error;
    return error == 0;
}

static size_t
on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t total = size * count;
    transfer->heard_ns = now_ns();
    transfer->head_bytes += total;
    if (transfer->head_bytes > FETCH_HEAD_BYTES_MAX) {
        transfer->error = ERR_TOO_LARGE;
        return CURL_WRITEFUNC_ERROR;
    }
    bool blank = total <= 2 && (bytes[0] == '\r' || bytes[0] == '\n');
    if (blank && !transfer->head_done && !finish_head(transfer)) {
        return CURL_WRITEFUNC_ERROR;
    }
    return total;
}

static size_t
on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t total = size * count;
    transfer->heard_ns = now_ns();
    transfer->body_begun = true;
    if (transfer->wants_cancel || transfer->request.on_bytes == NULL) {
        return total;
    }
    int result = transfer->request.on_bytes(transfer->request.context, bytes, total);
    if (result == FETCH_PAUSE) {
        transfer->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (result < 0) {
        transfer->error = -result;
        return CURL_WRITEFUNC_ERROR;
    }
    return total;
}

static void
set_callbacks(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, transfer->shared);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_handshake);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->curl_text);
}

static void
set_manners(CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, USER_AGENT);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, READ_BYTES);
    // Curl looks through its whole cache of names with every request. Names are
    // only asked for when a connection is made, which is rare.
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, CONNECTION_AGE_S);
    // Longer than any of ours, which come with a better sentence.
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)INT_MAX / 2);
    // fetch_tls.c decides, and keeps the sessions.
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
}

int
transfer_init(struct transfer *transfer, struct fetch_shared *shared)
{
    transfer->shared = shared;
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL) {
        return -ERR_HEAP_FULL;
    }
    set_callbacks(transfer);
    set_manners(transfer->easy);
    return 0;
}

static bool
is_host(struct text host)
{
    if (host.size == 0 || host.size >= FETCH_HOST_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < host.size; i++) {
        char byte = host.at[i];
        bool alphanumeric = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')
                            || (byte >= '0' && byte <= '9');
        if (!alphanumeric && byte != '.' && byte != '-' && byte != '_' && byte != ':') {
            return false;
        }
    }
    return true;
}

static bool
is_path(struct text path)
{
    for (size_t i = 0; i < path.size; i++) {
        if (path.at[i] <= ' ' || path.at[i] > '~') {
            return false;
        }
    }
    return path.size > 0 && path.at[0] == '/';
}

static void
write_host(struct out *out, struct text host)
{
    bool bare = text_find(host, ':', 0) == SIZE_MAX;
    out_format(out, bare ? "%.*s" : "[%.*s]", TEXT_ARGS(host));
}

static bool
set_url(struct transfer *transfer, const struct fetch_request *request)
{
    struct text name = request->server_name.size != 0 ? request->server_name : request->host;
    struct out url = out_of(transfer->shared->url, sizeof(transfer->shared->url));
    out_text(&url, request->scheme);
    out_string(&url, "://");
    write_host(&url, name);
    out_format(&url, ":%u", request->port);
    out_text(&url, request->path);
    const char *string = out_c_string(&url);
    return !url.full
           && curl_easy_setopt(transfer->easy, CURLOPT_URL, string) == CURLE_OK;
}

static bool
set_target(struct transfer *transfer, const struct fetch_request *request)
{
    struct out host = out_of(transfer->host, sizeof(transfer->host));
    out_text(&host, request->host);
    out_c_string(&host);
    struct curl_slist *list = NULL;
    if (request->server_name.size != 0 && !text_equal(request->server_name, request->host)) {
        struct out out = out_of(transfer->connect_to_text, sizeof(transfer->connect_to_text));
        out_string(&out, "::");
        write_host(&out, request->host);
        out_format(&out, ":%u", request->port);
        transfer->connect_to = (struct curl_slist){.data = out_c_string(&out)};
        list = &transfer->connect_to;
    }
    return curl_easy_setopt(transfer->easy, CURLOPT_CONNECT_TO, list) == CURLE_OK;
}

static bool
set_headers(struct transfer *transfer, const struct fetch_request *request)
{
    // No "Accept: */*" of curl's own.
    struct out out = out_of(transfer->accept, sizeof(transfer->accept));
    out_string(&out, "Accept:");
    if (request->accept.size != 0) {
        out_format(&out, " %.*s", TEXT_ARGS(request->accept));
    }
    static char json[] = "Content-Type: application/json";
    transfer->headers[1] = (struct curl_slist){.data = json};
    transfer->headers[0] = (struct curl_slist){.data = out_c_string(&out)};
    bool post = text_equal(request->method, TEXT("POST"));
    transfer->headers[0].next = post ? &transfer->headers[1] : NULL;
    if (out.full || curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers) != 0) {
        return false;
    }
    if (!post) {
        return curl_easy_setopt(transfer->easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    }
    return curl_easy_setopt(transfer->easy, CURLOPT_POST, 1L) == CURLE_OK
           && curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                               (curl_off_t)request->body.size) == CURLE_OK
           && curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS,
                               request->body.size != 0 ? request->body.at : "") == CURLE_OK;
}

// Over https only, so that no token crosses the network in the clear.
static bool
set_bearer(struct transfer *transfer, const struct fetch_request *request, bool https)
{
    long login = https && request->bearer.size != 0 ? (long)CURLAUTH_BEARER : (long)CURLAUTH_NONE;
    if (login != 0) {
        struct out out = out_of(transfer->shared->url, sizeof(transfer->shared->url));
        out_text(&out, request->bearer);
        if (curl_easy_setopt(transfer->easy, CURLOPT_XOAUTH2_BEARER, out_c_string(&out)) != 0
            || out.full) {
            return false;
        }
    }
    return curl_easy_setopt(transfer->easy, CURLOPT_HTTPAUTH, login) == CURLE_OK;
}

// Curl compares this name of a file, which is never read, before it uses a
// connection again: so connections of other identities are not mixed up.
static bool
set_identity(struct transfer *transfer, const struct fetch_request *request, bool https)
{
    struct out out = out_of(transfer->identity_label, sizeof(transfer->identity_label));
    out_format(&out, "identity %u", https ? request->identity : 0);
    return curl_easy_setopt(transfer->easy, CURLOPT_CAINFO, out_c_string(&out)) == CURLE_OK;
}

int
transfer_prepare(struct transfer *transfer, const struct fetch_request *request, int64_t now)
{
    bool https = text_equal(request->scheme, TEXT("https"));
    if (!is_host(request->host) || !is_path(request->path)
        || (request->server_name.size != 0 && !is_host(request->server_name))) {
        return -ERR_BAD_CONFIG;
    }
    ASSERT(!https || request->identity != 0);
    // The bearer uses the scratch buffer first, so that the URL wipes it.
    if (!set_bearer(transfer, request, https) || !set_url(transfer, request)
        || !set_target(transfer, request) || !set_headers(transfer, request)
        || !set_identity(transfer, request, https)) {
        return -ERR_HEAP_FULL;
    }
    curl_easy_setopt(transfer->easy, CURLOPT_FORBID_REUSE, request->keep_alive ? 0L : 1L);
    transfer->request = *request;
    transfer->server = https ? fetch_tls_server(transfer->shared->tls, request->identity,
                                                request->host, request->server_name, request->port)
                             : 0;
    transfer->proof = (struct tls_proof){.host = transfer->host, .pin = request->pin};
    transfer->started_ns = now;
    transfer->heard_ns = now;
    transfer->connected = false;
    transfer->head_done = false;
    transfer->body_begun = false;
    transfer->paused = false;
    transfer->error = 0;
    transfer->when = NULL;
    transfer->head_bytes = 0;
    transfer->ssl = NULL;
    transfer->curl_text[0] = '\0';
    return 0;
}

static void
consider(int64_t *deadline, const char **when, int64_t from, int64_t ms, const char *what)
{
    if (ms > 0 && from + ms * NS_PER_MS < *deadline) {
        *deadline = from + ms * NS_PER_MS;
        *when = what;
    }
}

int64_t
transfer_deadline(const struct transfer *transfer, const char **when)
{
    const struct fetch_request *request = &transfer->request;
    int64_t deadline = INT64_MAX;
    if (!transfer->connected) {
        consider(&deadline, when, transfer->started_ns, request->connect_timeout_ms,
                 "while connecting");
    } else if (!transfer->paused) {
        consider(&deadline, when, transfer->heard_ns, request->idle_timeout_ms,
                 "the answer paused too long");
    }
    if (!transfer->body_begun) {
        consider(&deadline, when, transfer->started_ns, request->first_byte_timeout_ms,
                 "waiting for the answer to begin");
    }
    consider(&deadline, when, transfer->started_ns, request->total_timeout_ms,
             "the answer was not complete");
    return deadline;
}

int64_t
transfer_next_look(const struct transfer *transfer, int64_t now)
{
    const char *when = NULL;
    int64_t look = transfer_deadline(transfer, &when);
    if (!transfer->connected) {
        // From then on pauses count.
        consider(&look, &when, now, transfer->request.idle_timeout_ms, "");
    }
    return look;
}

void
transfer_settle(struct transfer *transfer)
{
    if (transfer->ssl == NULL || transfer->descriptor >= 0) {
        return;
    }
    // Curl looks through all its connections, so this is asked once for each.
    curl_socket_t descriptor = CURL_SOCKET_BAD;
    curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET, &descriptor);
    struct fetch_links *links = &transfer->shared->links;
    if (descriptor < 0 || (uint32_t)descriptor >= links->limit || !links->link[descriptor].open) {
        transfer->ssl = NULL;  // closed already
        return;
    }
    transfer->descriptor = descriptor;
    transfer->serial = links->link[descriptor].serial;
    mbedtls_ssl_set_user_data_n(transfer->ssl,
                                (uint64_t)transfer->serial << 32 | (uint32_t)descriptor);
}

static void
park(struct transfer *transfer)
{
    if (transfer->ssl == NULL || transfer->descriptor < 0) {
        return;
    }
    struct fetch_link *link = &transfer->shared->links.link[transfer->descriptor];
    if (link->open && link->serial == transfer->serial) {
        fetch_tls_park(transfer->shared->tls, transfer->ssl, transfer->server, &link->counter);
    }
}

int
transfer_finish(struct transfer *transfer, CURLcode code, struct out *detail)
{
    int error = transfer->error;
    if (error == 0) {
        error = fetch_outcome(code, &transfer->proof, transfer->curl_text);
    }
    end_handshake(transfer);
    park(transfer);
    transfer->ssl = NULL;
    if (error != 0) {
        const char *text = transfer->when != NULL ? transfer->when : transfer->curl_text;
        fetch_outcome_explain(error, &transfer->proof, transfer->host, transfer->request.port,
                              transfer->error != 0 && transfer->when == NULL ? "" : text, detail);
    }
    curl_easy_setopt(transfer->easy, CURLOPT_XOAUTH2_BEARER, NULL);
    return -error;
}
