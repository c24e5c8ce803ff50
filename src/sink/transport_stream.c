#include "sink/transport_state.h"

#include <string.h>

// How soon it is asked again whether the other side has it all: no event tells.
#define CONFIRM_MS 3
#define NEVER_MS ((int64_t)24 * 60 * 60 * 1000)

static void
forget(struct transport *transport)
{
    transport->open = false;
    transport->opening = false;
    transport->fetch_id = 0;
}

// What does not fit now goes with the next on_room.
static void
push(struct transport *transport)
{
    struct text rest = text_sub(transport->body, transport->sent, SIZE_MAX);
    if (!transport->busy || rest.size == 0) {
        return;
    }
    int64_t taken = fetch_send(transport->config.fetch, transport->fetch_id, rest.at, rest.size);
    transport->sent += taken > 0 ? (size_t)taken : 0;
}

static void
on_open(void *context)
{
    struct transport *transport = context;
    transport->open = true;
    transport->opening = false;
    push(transport);
}

static void
on_room(void *context)
{
    push(context);
}

// Bytes that nobody asked for are not kept.
static int
on_bytes(void *context, const void *bytes, size_t size)
{
    struct transport *transport = context;
    const char *at = bytes;
    while (transport->busy && transport->answered && size > 0) {
        size_t room = sizeof transport->answer_body - transport->answer_bytes;
        size_t part = size < room ? size : room;
        if (part == 0) {
            return -ERR_TOO_LARGE;
        }
        memcpy(transport->answer_body + transport->answer_bytes, at, part);
        transport->answer_bytes += part;
        at += part;
        size -= part;
        if (transport_done(transport, 0, TEXT(""))) {
            break;
        }
    }
    return 0;
}

static void
on_end(void *context, int error, struct text detail)
{
    struct transport *transport = context;
    if (transport->dropped > 0) {
        transport->dropped--;
        return;
    }
    forget(transport);
    if (transport->busy) {
        (void)transport_done(transport, error == 0 ? -ERR_RESET : error, detail);
    }
}

static int
open_stream(struct transport *transport)
{
    const struct sink *sink = transport->sink;
    struct fetch_request request = {
        .method = TEXT("GET"),
        .scheme = sink->tls ? TEXT("https") : TEXT("http"),
        .host = sink->host,
        .port = sink->port,
        .path = TEXT("/"),
        .identity = transport->identity,
        .connect_timeout_ms = transport->config.timeout_ms,
        .stream = true,
        .context = transport,
        .on_open = on_open,
        .on_room = on_room,
        .on_bytes = on_bytes,
        .on_done = on_end,
    };
    int error = fetch_start(transport->config.fetch, &request, &transport->fetch_id);
    transport->opening = error == 0;
    return error;
}

int
transport_stream_send(struct transport *transport)
{
    if (transport->open) {
        push(transport);
        return 0;
    }
    return transport->opening ? 0 : open_stream(transport);
}

struct mono_ns
transport_stream_turn(struct transport *transport, struct mono_ns now)
{
    if (!transport->busy) {
        return mono_add_ms(now, NEVER_MS);
    }
    bool all = transport->open && transport->sent == transport->body.size;
    if (all && !transport->answered &&
        fetch_unconfirmed(transport->config.fetch, transport->fetch_id) == 0) {
        (void)transport_done(transport, 0, TEXT(""));
        return now;
    }
    if (!mono_before(now, transport->deadline)) {
        transport_stream_drop(transport);
        (void)transport_done(transport, -ERR_TIMEOUT,
                             text_of(error_sentence(-ERR_TIMEOUT)));
        return now;
    }
    return all && !transport->answered ? mono_add_ms(now, CONFIRM_MS) : transport->deadline;
}

void
transport_stream_drop(struct transport *transport)
{
    fetch_id id = transport->fetch_id;
    forget(transport);
    if (id != 0) {
        transport->dropped++;
        fetch_cancel(transport->config.fetch, id, ERR_RESET);
    }
}
