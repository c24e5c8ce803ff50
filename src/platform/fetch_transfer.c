#include "platform/fetch_transfer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "platform/fetch_outcome.h"

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
    int type = address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK;
    int descriptor = socket(address->family, type, address->protocol);
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
    int error = fetch_tls_prepare(shared->tls, config, transfer->request.identity,
                                  &transfer->proof);
    if (error != 0) {
        return CURLE_OUT_OF_MEMORY;
    }
    fetch_park_offer(&shared->sessions, ssl, transfer->server);
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

// What a TLS connection knows in its user data: who uses it now, because curl may
// lend it to the next request before we hear that the last one is over; and its
// socket, once its first request is over. Until then it is not parked.
struct mark {
    uint32_t owner;       // place + 1
    uint32_t descriptor;  // + 1; 0: not known yet
    uint32_t serial;
};

#define OWNER_BITS 12
#define DESCRIPTOR_BITS 20
_Static_assert(FETCH_TRANSFERS_MAX < 1 << OWNER_BITS, "an owner fits into its bits");

static struct mark
mark_of(mbedtls_ssl_context *ssl)
{
    uint64_t bits = mbedtls_ssl_get_user_data_n(ssl);
    return (struct mark){
        .owner = (uint32_t)bits & ((1U << OWNER_BITS) - 1),
        .descriptor = (uint32_t)(bits >> OWNER_BITS) & ((1U << DESCRIPTOR_BITS) - 1),
        .serial = (uint32_t)(bits >> 32),
    };
}

static void
set_mark(mbedtls_ssl_context *ssl, struct mark mark)
{
    ASSERT(mark.descriptor < 1U << DESCRIPTOR_BITS);
    mbedtls_ssl_set_user_data_n(ssl, (uint64_t)mark.serial << 32 | mark.descriptor << OWNER_BITS
                                         | mark.owner);
}

static int
use_connection(struct transfer *transfer)
{
    struct mark mark = mark_of(transfer->ssl);
    mark.owner = transfer->place + 1;
    set_mark(transfer->ssl, mark);
    transfer->link = NULL;
    if (mark.descriptor == 0) {
        return 0;
    }
    ASSERT(mark.descriptor <= transfer->shared->links.limit);
    transfer->link = &transfer->shared->links.link[mark.descriptor - 1];
    transfer->serial = mark.serial;
    return fetch_unpark(transfer->ssl, transfer->link->counter);
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

int
transfer_init(struct transfer *transfer, struct fetch_shared *shared, uint32_t place)
{
    ASSERT(place < FETCH_TRANSFERS_MAX);
    transfer->shared = shared;
    transfer->place = place;
    transfer->options.scratch = &shared->scratch;
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL) {
        return -ERR_HEAP_FULL;
    }
    set_callbacks(transfer);
    fetch_options_common(transfer->easy);
    return 0;
}

int
transfer_prepare(struct transfer *transfer, const struct fetch_request *request, int64_t now)
{
    bool https = text_equal(request->scheme, TEXT("https"));
    ASSERT(!https || request->identity != 0);
    int error = fetch_options_apply(&transfer->options, transfer->easy, request);
    if (error != 0) {
        return error;
    }
    transfer->request = *request;
    transfer->server = https ? fetch_tls_server(transfer->shared->tls, request->identity,
                                                request->host, request->server_name, request->port)
                             : 0;
    bool strict = request->strict_name && request->server_name.size != 0;
    transfer->proof = (struct tls_proof){.host = strict ? "" : transfer->options.host,
                                         .pin = request->pin};
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
    transfer->link = NULL;
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

// Notes the socket of a connection whose first request is over.
static void
find_link(struct transfer *transfer)
{
    // Curl looks through all its connections, so this is asked once for each.
    curl_socket_t descriptor = CURL_SOCKET_BAD;
    curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET, &descriptor);
    struct fetch_links *links = &transfer->shared->links;
    if (descriptor < 0 || (uint32_t)descriptor >= links->limit || !links->link[descriptor].open) {
        return;  // closed already
    }
    transfer->link = &links->link[descriptor];
    transfer->serial = transfer->link->serial;
    struct mark mark = mark_of(transfer->ssl);
    mark.descriptor = (uint32_t)descriptor + 1;
    mark.serial = transfer->serial;
    set_mark(transfer->ssl, mark);
}

void
transfer_settle(struct transfer *transfer)
{
    if (transfer->ssl != NULL && transfer->link == NULL) {
        find_link(transfer);
    }
}

// A closed connection is gone with its user data: its socket is asked first.
static void
park(struct transfer *transfer)
{
    struct fetch_link *link = transfer->link;
    if (transfer->ssl == NULL || link == NULL || !link->open
        || link->serial != transfer->serial) {
        return;
    }
    if (mark_of(transfer->ssl).owner == transfer->place + 1) {
        fetch_park(&transfer->shared->sessions, transfer->ssl, transfer->server, &link->counter);
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
        fetch_outcome_explain(error, &transfer->proof, transfer->options.host,
                              transfer->request.port, transfer->error != 0 && transfer->when == NULL ? "" : text, detail);
    }
    fetch_options_drop(transfer->easy);
    return -error;
}
