// Parking needs members of mbedTLS' structs that its API does not offer. They
// are checked by the unit test against the version that is built in.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include "platform/fetch_park.h"

#include <mbedtls/ssl.h>
#include <stdbool.h>
#include <string.h>

#include "base/check.h"

// A ticket of a Go server without client certificates takes about 300 bytes;
// larger ones are not kept.
#define SESSION_BYTES_MAX 504
#define SESSION_WAYS 8

struct tls_session {
    uint64_t server;  // 0 = free
    uint16_t size;
    unsigned char bytes[SESSION_BYTES_MAX];
};

static uint32_t
sets_of(uint32_t sessions)
{
    return (sessions + SESSION_WAYS - 1) / SESSION_WAYS;
}

size_t
fetch_sessions_footprint(uint32_t sessions)
{
    return arena_bytes(sets_of(sessions) * SESSION_WAYS * sizeof(struct tls_session));
}

void
fetch_sessions_init(struct fetch_sessions *sessions, struct arena *arena, uint32_t count)
{
    *sessions = (struct fetch_sessions){.sets = sets_of(count)};
    sessions->slots = arena_take_array(arena, (size_t)sessions->sets * SESSION_WAYS,
                                       sizeof(*sessions->slots));
}

static struct tls_session *
session_set(struct fetch_sessions *sessions, uint64_t server)
{
    return &sessions->slots[(server % sessions->sets) * SESSION_WAYS];
}

static struct tls_session *
session_find(struct fetch_sessions *sessions, uint64_t server)
{
    struct tls_session *set = session_set(sessions, server);
    for (unsigned i = 0; i < SESSION_WAYS; i++) {
        if (set[i].server == server) {
            return &set[i];
        }
    }
    return NULL;
}

// A ticket serves once (RFC 8446, C.4), and not at all when it was refused.
void
fetch_park_offer(struct fetch_sessions *sessions, mbedtls_ssl_context *ssl, uint64_t server)
{
    struct tls_session *slot = session_find(sessions, server);
    if (slot == NULL) {
        return;
    }
    slot->server = 0;
    mbedtls_ssl_session session;
    mbedtls_ssl_session_init(&session);
    if (mbedtls_ssl_session_load(&session, slot->bytes, slot->size) == 0) {
        // Without it the handshake is a full one.
        (void)mbedtls_ssl_set_session(ssl, &session);
    }
    mbedtls_ssl_session_free(&session);
}

static void
session_keep(struct fetch_sessions *sessions, const mbedtls_ssl_context *ssl, uint64_t server)
{
    if (ssl->session == NULL || ssl->session->ticket == NULL || session_find(sessions, server) != NULL) {
        return;
    }
    struct tls_session *slot = session_set(sessions, server);
    unsigned way = 0;
    while (way < SESSION_WAYS && slot[way].server != 0) {
        way++;
    }
    if (way == SESSION_WAYS) {
        way = sessions->victim++ % SESSION_WAYS;
    }
    size_t size = 0;
    int code = mbedtls_ssl_session_save(ssl->session, slot[way].bytes, SESSION_BYTES_MAX, &size);
    slot[way].server = code == 0 ? server : 0;
    slot[way].size = (uint16_t)size;
}

// Not in the middle of a record, a message or a handshake.
static bool
is_quiet(const mbedtls_ssl_context *ssl)
{
    return ssl->in_buf != NULL && ssl->out_buf != NULL
           && ssl->state == MBEDTLS_SSL_HANDSHAKE_OVER && ssl->in_offt == NULL
           && ssl->in_left == 0 && ssl->in_hslen == 0 && ssl->out_left == 0
           && ssl->keep_current_message == 0 && ssl->send_alert == 0
           && ssl->in_ctr == ssl->in_buf && ssl->out_ctr == ssl->out_buf;
}

// Moved into an empty session, which then is freed.
static void
forget_certificate(mbedtls_ssl_session *session)
{
    if (session == NULL || session->peer_cert == NULL) {
        return;
    }
    mbedtls_ssl_session empty;
    mbedtls_ssl_session_init(&empty);
    empty.peer_cert = session->peer_cert;
    session->peer_cert = NULL;
    mbedtls_ssl_session_free(&empty);
}

// The same with the buffers and an empty connection, which wipes them.
static void
drop_buffers(mbedtls_ssl_context *ssl)
{
    mbedtls_ssl_context empty;
    mbedtls_ssl_init(&empty);
    empty.in_buf = ssl->in_buf;
    empty.out_buf = ssl->out_buf;
    ssl->in_buf = NULL;
    ssl->out_buf = NULL;
    mbedtls_ssl_free(&empty);
}

// While parked, the pointers into the buffers keep their distances from
// in_ctr and out_ctr, which are the buffers' starts; the counter of received
// records lies in the buffer and moves to the caller; and the state is one that
// no client's handshake has after its parameters are dropped (TLS 1.2) or at
// all (TLS 1.3), so that mbedTLS refuses to read or write, and closing stays
// harmless.
#define STATE_PARKED MBEDTLS_SSL_SERVER_HELLO_DONE

void
fetch_park(struct fetch_sessions *sessions, mbedtls_ssl_context *ssl, uint64_t server,
           uint64_t *counter)
{
    if (!is_quiet(ssl)) {
        return;
    }
    forget_certificate(ssl->session);
    session_keep(sessions, ssl, server);
    _Static_assert(sizeof(*counter) == MBEDTLS_SSL_SEQUENCE_NUMBER_LEN, "one record counter");
    memcpy(counter, ssl->in_ctr, sizeof(*counter));
    drop_buffers(ssl);
    ssl->state = STATE_PARKED;
}

static unsigned char *
moved(const unsigned char *pointer, const unsigned char *old_base, unsigned char *base)
{
    return base + ((uintptr_t)pointer - (uintptr_t)old_base);
}

static void
take_buffers(mbedtls_ssl_context *ssl, mbedtls_ssl_context *donor)
{
    unsigned char *in = donor->in_buf;
    unsigned char *out = donor->out_buf;
    const unsigned char *old_in = ssl->in_ctr;
    const unsigned char *old_out = ssl->out_ctr;
    donor->in_buf = NULL;
    donor->out_buf = NULL;
    ssl->in_buf = in;
    ssl->in_ctr = in;
    ssl->in_hdr = moved(ssl->in_hdr, old_in, in);
    ssl->in_len = moved(ssl->in_len, old_in, in);
    ssl->in_iv = moved(ssl->in_iv, old_in, in);
    ssl->in_msg = moved(ssl->in_msg, old_in, in);
    ssl->out_buf = out;
    ssl->out_ctr = out;
    ssl->out_hdr = moved(ssl->out_hdr, old_out, out);
    ssl->out_len = moved(ssl->out_len, old_out, out);
    ssl->out_iv = moved(ssl->out_iv, old_out, out);
    ssl->out_msg = moved(ssl->out_msg, old_out, out);
}

// New buffers come from a connection that is set up and never used.
int
fetch_unpark(mbedtls_ssl_context *ssl, uint64_t counter)
{
    if (ssl->in_buf != NULL) {
        return 0;
    }
    mbedtls_ssl_context donor;
    mbedtls_ssl_init(&donor);
    int code = mbedtls_ssl_setup(&donor, ssl->conf);
    if (code == 0) {
        take_buffers(ssl, &donor);
        memcpy(ssl->in_ctr, &counter, sizeof(counter));
        ssl->state = MBEDTLS_SSL_HANDSHAKE_OVER;
    }
    mbedtls_ssl_free(&donor);
    return code == 0 ? 0 : -ERR_HEAP_FULL;
}
