#include "sink/transport.h"

#include <string.h>

#include "sink/transport_state.h"

// Lines of metrics come down to a tenth and less; what does not come down to a
// quarter goes as it is.
#define PACKED_DIVISOR 4
#define PACKED_LEAST_BYTES 4096
// Two requests are never so far apart while a sink is well.
#define NEVER_MS ((int64_t)24 * 60 * 60 * 1000)

static bool
packs(const struct sink *sink)
{
    return sink->gzip && sink->kind->transport == SINK_HTTP;
}

static size_t
packed_bytes_of(const struct sink *sink)
{
    return packs(sink) ? sink->kind->batch_bytes / PACKED_DIVISOR + PACKED_LEAST_BYTES : 0;
}

static size_t
headers_bytes_of(const struct sink *sink)
{
    return sink->kind->transport == SINK_HTTP ? HEADERS_BYTES + sink->token.size : 0;
}

size_t
transport_footprint(const struct sink *sink)
{
    return arena_bytes(sizeof(struct transport)) + arena_bytes(packed_bytes_of(sink)) +
           arena_bytes(headers_bytes_of(sink)) + (packs(sink) ? gzip_footprint() : 0);
}

// Credentials

static int
read_pem(const struct transport_config *config, struct text name, struct workspace *scratch,
         size_t room, struct text *pem, struct out *why)
{
    char path[512];
    struct out out = out_of(path, sizeof path);
    if (name.size == 0) {
        return 0;
    }
    out_text(&out, name);
    const char *c_path = out_c_string(&out);
    char *buffer = workspace_take(scratch, room);
    int error = out.full ? -ERR_TOO_LONG
                : buffer == NULL ? -ERR_TOO_LARGE
                : platform_read_file(config->platform, c_path, buffer, room, pem);
    if (error != 0) {
        out_format(why, TEXT_FORMAT ": %s", TEXT_ARGS(name), error_sentence(error));
        return -ERR_BAD_CONFIG;
    }
    return 0;
}

static int
open_identity(struct transport *transport, struct workspace *scratch, struct out *why)
{
    const struct transport_config *config = &transport->config;
    const struct sink *sink = transport->sink;
    struct identity_config identity = {
        .trust = sink->insecure ? TRUST_INSECURE : TRUST_VERIFY,
    };
    workspace_reset(scratch);
    size_t half = scratch->size / 2;
    int error = read_pem(config, sink->ca_file, scratch, half, &identity.ca_pem, why);
    if (error == 0) {
        error = read_pem(config, sink->cert_file, scratch, half / 2, &identity.client_cert_pem,
                         why);
    }
    if (error == 0) {
        error = read_pem(config, sink->key_file, scratch, half / 4, &identity.client_key_pem, why);
    }
    if (error == 0) {
        error = config->fetch->ops->identity_add(config->fetch, &identity, &transport->identity,
                                                 why);
    }
    explicit_bzero(scratch->base, scratch->size);
    return error != 0 ? -ERR_BAD_CONFIG : 0;
}

int
transport_open(struct arena *arena, const struct transport_config *config,
               struct workspace *scratch, struct transport **made, struct out *why)
{
    struct sink *sink = config->sink;
    struct transport *transport = arena_take(arena, sizeof *transport);
    transport->config = *config;
    transport->sink = sink;
    transport->socket = -1;
    transport->packed_bytes = packed_bytes_of(sink);
    transport->packed = arena_take(arena, transport->packed_bytes);
    transport->headers_bytes = headers_bytes_of(sink);
    transport->headers = arena_take(arena, transport->headers_bytes);
    transport->gzip = packs(sink) ? gzip_new(arena) : NULL;
    *made = transport;
    return sink->tls && config->fetch != NULL ? open_identity(transport, scratch, why) : 0;
}

// The end of a request

bool
transport_done(struct transport *transport, int error, struct text detail)
{
    size_t used = 0;
    uint32_t number = transport->number;
    transport->answer.body = (struct text){transport->answer_body, transport->answer_bytes};
    transport->busy = false;
    bool complete = transport->config.events.on_done(transport->config.events.context, error,
                                                     &transport->answer, &used, detail);
    if (transport->number != number) {
        return true;  // the next one is under way already
    }
    if (!complete) {
        transport->busy = true;
        used = used < transport->answer_bytes ? used : transport->answer_bytes;
        transport->answer_bytes -= used;
        memmove(transport->answer_body, transport->answer_body + used, transport->answer_bytes);
    }
    return complete;
}

// HTTP

static int
on_head(void *context, long status, int64_t retry_after_ms)
{
    struct transport *transport = context;
    transport->answer.status = status;
    transport->answer.retry_after_ms = retry_after_ms;
    return 0;
}

static int
on_bytes(void *context, const void *bytes, size_t size)
{
    struct transport *transport = context;
    size_t room = sizeof transport->answer_body - transport->answer_bytes;
    transport->answer.truncated = transport->answer.truncated || size > room;
    size = size < room ? size : room;
    memcpy(transport->answer_body + transport->answer_bytes, bytes, size);
    transport->answer_bytes += size;
    return 0;
}

static void
on_done(void *context, int error, struct text detail)
{
    struct transport *transport = context;
    transport->fetch_id = 0;
    if (transport->busy) {
        (void)transport_done(transport, error, detail);
    }
}

static bool
is_authorization(struct text header)
{
    static const char name[] = "authorization:";
    if (header.size < sizeof name - 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof name - 1; i++) {
        if ((header.at[i] | 0x20) != (name[i] | 0x20)) {
            return false;
        }
    }
    return true;
}

// Texts that end with a zero, one after the other.
struct headers {
    struct transport *transport;
    struct out out;
    unsigned count;
};

static void
end_header(struct headers *headers, size_t begin)
{
    out_byte(&headers->out, '\0');
    headers->transport->header[headers->count++] = headers->out.at + begin;
}

static void
add_header(struct headers *headers, const char *name, struct text value)
{
    size_t begin = headers->out.used;
    out_string(&headers->out, name);
    out_text(&headers->out, value);
    end_header(headers, begin);
}

static bool
write_headers(struct transport *transport, const struct sink_request *request, bool packed,
              struct fetch_request *fetch)
{
    const struct sink *sink = transport->sink;
    struct headers headers = {
        .transport = transport,
        .out = out_of(transport->headers, transport->headers_bytes),
    };
    bool has_own = false;
    if (request->content_type.size != 0) {
        add_header(&headers, "Content-Type: ", request->content_type);
    }
    if (packed) {
        add_header(&headers, "Content-Encoding: ", TEXT("gzip"));
    }
    for (unsigned i = 0; i < request->header_count && i < SINK_HEADERS_MAX; i++) {
        has_own = has_own || is_authorization(request->header[i]);
        add_header(&headers, "", request->header[i]);
    }
    if (!has_own && sink->user.size != 0) {
        fetch->user = sink->user;
        fetch->password = sink->password;
        fetch->aws_scope = sink->aws_scope;
    } else if (!has_own && sink->token.size != 0) {
        add_header(&headers, "Authorization: Bearer ", sink->token);
    }
    fetch->headers = transport->header;
    fetch->header_count = headers.count;
    return !headers.out.full;
}
_Static_assert(SINK_HEADERS_MAX + 3 <= FETCH_HEADERS_MAX, "all headers fit");

static int
send_http(struct transport *transport, const struct sink_request *request)
{
    const struct transport_config *config = &transport->config;
    const struct sink *sink = transport->sink;
    struct text body = request->body;
    if (transport->fetch_id != 0) {
        return -ERR_BUSY;  // one that was dropped has not ended yet
    }
    bool packed = request->gzip && transport->gzip != NULL && body.size > 0 &&
                  gzip_pack(transport->gzip, body, transport->packed, transport->packed_bytes,
                            &body) == 0;
    struct fetch_request fetch = {
        .method = request->method,
        .scheme = sink->tls ? TEXT("https") : TEXT("http"),
        .host = sink->host,
        .port = sink->port,
        .path = request->path,
        .body = body,
        .identity = transport->identity,
        .connect_timeout_ms = config->timeout_ms,
        .total_timeout_ms = config->timeout_ms,
        .keep_alive = true,
        .context = transport,
        .on_head = on_head,
        .on_bytes = on_bytes,
        .on_done = on_done,
    };
    if (!write_headers(transport, request, packed, &fetch)) {
        return -ERR_TOO_LONG;
    }
    return fetch_start(config->fetch, &fetch, &transport->fetch_id);
}

// The log

static int
send_log(struct transport *transport, const struct sink_request *request)
{
    struct text rest = request->body;
    while (rest.size > 0) {
        struct text line;
        (void)text_cut(rest, '\n', &line, &rest);
        if (line.size > 0) {
            transport->config.write_line(line);
        }
    }
    (void)transport_done(transport, 0, TEXT(""));
    return 0;
}

// All

int
transport_send(struct transport *transport, const struct sink_request *request, bool answered)
{
    ASSERT(!transport->busy);
    int error = 0;
    transport->busy = true;
    transport->number++;
    transport->answered = answered;
    transport->body = request->body;
    transport->sent = 0;
    transport->answer_bytes = 0;
    transport->answer = (struct sink_answer){0};
    transport->deadline = mono_add_ms(platform_mono_now(transport->config.platform),
                                      transport->config.timeout_ms);
    switch (transport->sink->kind->transport) {
    case SINK_HTTP:
        error = send_http(transport, request);
        break;
    case SINK_STREAM:
        error = transport_stream_send(transport);
        break;
    case SINK_DATAGRAM:
        error = transport_datagram_send(transport);
        break;
    case SINK_LOG:
        error = send_log(transport, request);
        break;
    }
    if (error != 0) {
        transport->busy = false;
    }
    return error;
}

bool
transport_is_new(const struct transport *transport)
{
    return transport->sink->kind->transport == SINK_STREAM && !transport->open &&
           !transport->opening;
}

struct mono_ns
transport_turn(struct transport *transport, struct mono_ns now)
{
    switch (transport->sink->kind->transport) {
    case SINK_STREAM:
        return transport_stream_turn(transport, now);
    case SINK_DATAGRAM:
        return transport_datagram_turn(transport, now);
    case SINK_HTTP:
    case SINK_LOG:
        break;
    }
    return mono_add_ms(now, NEVER_MS);
}

void
transport_drop(struct transport *transport)
{
    transport->busy = false;
    transport->number++;
    if (transport->sink->kind->transport == SINK_STREAM) {
        transport_stream_drop(transport);
    } else if (transport->fetch_id != 0) {
        fetch_cancel(transport->config.fetch, transport->fetch_id, ERR_TIMEOUT);
    }
}
