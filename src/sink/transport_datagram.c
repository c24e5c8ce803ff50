#include "sink/transport_state.h"

#define NEVER_MS ((int64_t)24 * 60 * 60 * 1000)
// How soon an open question is looked at again.
#define ASK_MS 20
// A name may mean another address after so long.
#define NAME_MS (60 * 1000)
#define AGAIN_MS 2

static void
forget(struct transport *transport)
{
    if (transport->socket >= 0) {
        datagram_close(transport->socket);
    }
    transport->socket = -1;
    transport->question.state = QUESTION_NONE;
}

static void
fail(struct transport *transport, int error)
{
    forget(transport);
    transport->question.turn++;
    (void)transport_done(transport, error, text_of(error_sentence(error)));
}

static void
send_packet(struct transport *transport)
{
    int error = datagram_send(transport->socket, transport->body.at, transport->body.size);
    if (error == -ERR_BUSY) {
        return;
    }
    if (error == -ERR_CONNECT) {
        fail(transport, error);
        return;
    }
    (void)transport_done(transport, error,
                         error == 0 ? TEXT("") : text_of(error_sentence(error)));
}

// One step towards having sent it; each state is left at most once a call.
static void
go_on(struct transport *transport)
{
    const struct sink *sink = transport->sink;
    struct resolver_question *question = &transport->question;
    if (transport->socket >= 0) {
        send_packet(transport);
        return;
    }
    if (question->state == QUESTION_NONE) {
        transport->asked = platform_mono_now(transport->config.platform);
        resolver_ask(transport->config.resolver, question, sink->host, sink->port);
    }
    if (question->state == QUESTION_FAILED) {
        fail(transport, -ERR_RESOLVE);
    } else if (question->state == QUESTION_ANSWERED) {
        if (datagram_open(question, &transport->socket) != 0) {
            fail(transport, -ERR_CONNECT);
        } else {
            send_packet(transport);
        }
    }
}

int
transport_datagram_send(struct transport *transport)
{
    struct mono_ns now = platform_mono_now(transport->config.platform);
    if (transport->socket >= 0 && mono_ms_between(transport->asked, now) > NAME_MS) {
        forget(transport);
    }
    go_on(transport);
    return 0;
}

struct mono_ns
transport_datagram_turn(struct transport *transport, struct mono_ns now)
{
    if (!transport->busy) {
        return mono_add_ms(now, NEVER_MS);
    }
    if (transport->question.state == QUESTION_OPEN) {
        resolver_turn(transport->config.resolver);
    }
    if (transport->question.state == QUESTION_OPEN) {
        return mono_add_ms(now, ASK_MS);  // its own timeout ends it
    }
    go_on(transport);
    return mono_add_ms(now, AGAIN_MS);
}
