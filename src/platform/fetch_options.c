#include "platform/fetch_options.h"

#include <limits.h>
#include <string.h>

#include "base/version.h"

#define USER_AGENT "skerry/" SKERRY_VERSION
// Two records of TLS, or most of what a socket holds: curl has one such buffer for
// all transfers, and each read costs a turn of its state machine. But what was read
// of an answer that is paused is kept by it: with twice as much the planned heap
// was full when many nodes came back at once.
#define READ_BYTES 32768L
#define UPLOAD_BYTES 16384L
// Connections are kept as long as the server does; resolution sets the pace.
#define CONNECTION_AGE_S (24L * 60 * 60)
// A server that vanished is noticed after a minute, also where nothing is sent.
#define KEEPALIVE_IDLE_S 30L
#define KEEPALIVE_INTERVAL_S 10L
#define KEEPALIVE_PROBES 3L

void
fetch_options_common(CURL *easy)
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
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPCNT, KEEPALIVE_PROBES);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, READ_BYTES);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BYTES);
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

static bool
is_https(const struct fetch_request *request)
{
    return text_equal(request->scheme, TEXT("https"));
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
set_url(struct fetch_options *options, CURL *easy, const struct fetch_request *request)
{
    struct text name = request->server_name.size != 0 ? request->server_name : request->host;
    struct out url = out_of(options->scratch->text, sizeof(options->scratch->text));
    out_text(&url, request->scheme);
    out_string(&url, "://");
    write_host(&url, name);
    out_format(&url, ":%u", request->port);
    out_text(&url, request->path);
    const char *string = out_c_string(&url);
    return !url.full
           && curl_easy_setopt(easy, CURLOPT_URL, string) == CURLE_OK;
}

static bool
set_target(struct fetch_options *options, CURL *easy, const struct fetch_request *request)
{
    struct out host = out_of(options->host, sizeof(options->host));
    out_text(&host, request->host);
    out_c_string(&host);
    struct curl_slist *list = NULL;
    if (request->server_name.size != 0 && !text_equal(request->server_name, request->host)) {
        struct out out = out_of(options->connect_to_text, sizeof(options->connect_to_text));
        out_string(&out, "::");
        write_host(&out, request->host);
        out_format(&out, ":%u", request->port);
        options->connect_to = (struct curl_slist){.data = out_c_string(&out)};
        list = &options->connect_to;
    }
    return curl_easy_setopt(easy, CURLOPT_CONNECT_TO, list) == CURLE_OK;
}

// Curl changes none of the texts.
static void
add_header(struct fetch_options *options, unsigned *count, const char *header)
{
    union {
        const char *given;
        char *data;
    } text = {.given = header};
    options->headers[*count] = (struct curl_slist){.data = text.data};
    if (*count > 0) {
        options->headers[*count - 1].next = &options->headers[*count];
    }
    (*count)++;
}

static bool
set_headers(struct fetch_options *options, CURL *easy, const struct fetch_request *request)
{
    // No "Accept: */*" of curl's own.
    struct out out = out_of(options->accept, sizeof(options->accept));
    out_string(&out, "Accept:");
    if (request->accept.size != 0) {
        out_format(&out, " %.*s", TEXT_ARGS(request->accept));
    }
    bool is_put = text_equal(request->method, TEXT("PUT"));
    bool has_body = is_put || text_equal(request->method, TEXT("POST"));
    unsigned count = 0;
    ASSERT(has_body || text_equal(request->method, TEXT("GET")));
    add_header(options, &count, out_c_string(&out));
    if (has_body) {
        // No wait for "100 Continue": bodies are small.
        add_header(options, &count, "Expect:");
    }
    if (has_body && request->header_count == 0) {
        add_header(options, &count, "Content-Type: application/json");
    }
    for (unsigned i = 0; i < request->header_count && i < FETCH_HEADERS_MAX; i++) {
        add_header(options, &count, request->headers[i]);
    }
    if (out.full || curl_easy_setopt(easy, CURLOPT_HTTPHEADER, options->headers) != 0) {
        return false;
    }
    if (!has_body) {
        return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK
               && curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL) == CURLE_OK;
    }
    // A PUT is a POST of another name: curl's own would read the body bit by bit.
    return curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, is_put ? "PUT" : NULL) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                               (curl_off_t)request->body.size) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                               request->body.size != 0 ? request->body.at : "") == CURLE_OK;
}

static bool
set_account(struct fetch_options *options, CURL *easy, const struct fetch_request *request)
{
    struct out user = out_of(options->scratch->text, sizeof(options->scratch->text) / 2);
    struct out password = out_of(options->scratch->text + user.size, user.size);
    out_text(&user, request->user);
    out_text(&password, request->password);
    bool fits = curl_easy_setopt(easy, CURLOPT_USERNAME, out_c_string(&user)) == CURLE_OK
                && curl_easy_setopt(easy, CURLOPT_PASSWORD, out_c_string(&password)) == CURLE_OK;
    explicit_bzero(options->scratch->text, user.size + password.used);
    return fits && !user.full && !password.full;
}

// AWS Signature Version 4: curl signs target, headers and body.
static bool
set_signature(CURL *easy, const struct fetch_request *request)
{
    char text[64];
    struct out out = out_of(text, sizeof text);
    out_string(&out, "aws:amz:");
    out_text(&out, request->aws_scope);
    return curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, out_c_string(&out)) == CURLE_OK && !out.full;
}

// A token over https only, so that none crosses the network in the clear.
static bool
set_login(struct fetch_options *options, CURL *easy, const struct fetch_request *request)
{
    if (request->user.size != 0) {
        // Signing is a kind of login of its own, which setting the option chooses.
        return set_account(options, easy, request)
               && curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) == CURLE_OK
               && (request->aws_scope.size == 0 || set_signature(easy, request));
    }
    bool wanted = is_https(request) && request->bearer.size != 0;
    long login = wanted ? (long)CURLAUTH_BEARER : (long)CURLAUTH_NONE;
    if (login != 0) {
        struct out out = out_of(options->scratch->text, sizeof(options->scratch->text));
        out_text(&out, request->bearer);
        if (curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, out_c_string(&out)) != 0
            || out.full) {
            return false;
        }
    }
    return curl_easy_setopt(easy, CURLOPT_HTTPAUTH, login) == CURLE_OK;
}

// Curl compares this name of a file, which is never read, before it uses a
// connection again: so connections of other identities are not mixed up.
static bool
set_identity(struct fetch_options *options, CURL *easy, const struct fetch_request *request)
{
    struct out out = out_of(options->identity_label, sizeof(options->identity_label));
    out_format(&out, "identity %u", is_https(request) ? request->identity : 0);
    return curl_easy_setopt(easy, CURLOPT_CAINFO, out_c_string(&out)) == CURLE_OK;
}

int
fetch_options_apply(struct fetch_options *options, CURL *easy,
                    const struct fetch_request *request)
{
    if (!is_host(request->host) || !is_path(request->path)
        || (request->server_name.size != 0 && !is_host(request->server_name))) {
        return -ERR_BAD_CONFIG;
    }
    // The bearer uses the scratch buffer first, so that the URL wipes it.
    if (!set_login(options, easy, request) || !set_url(options, easy, request)
        || !set_target(options, easy, request) || !set_headers(options, easy, request)
        || !set_identity(options, easy, request)) {
        return -ERR_HEAP_FULL;
    }
    // Curl closes what may not be used again before a stream could have it.
    bool keeps = request->keep_alive || request->stream;
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, keeps ? 0L : 1L);
    // A stream is never a connection that served requests.
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->stream ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, request->stream ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, request->stream ? 0L : 1L);
    return 0;
}

void
fetch_options_drop(CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, NULL);
    curl_easy_setopt(easy, CURLOPT_USERNAME, NULL);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, NULL);
    curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, NULL);
}
